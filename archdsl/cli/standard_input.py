"""`-` in place of a file: the text on standard input, read once however often a command asks for it.

archdsl sample zoo/autox3d.arch:autox3d | archdsl check -
archdsl summary -:net < net.arch
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.syntax.decoding import MAX_BYTES, decode

if TYPE_CHECKING:
    from archdsl.elaborate.files.project import Project

NAME = "-"
_SHOWN = "<stdin>"
_HELD = "archdsl.standard_input"


def read() -> Source:
    """The text on standard input. Raises DiagnosticError where it is closed or no text."""
    held = click.get_current_context().find_root().meta
    if _HELD not in held:
        held[_HELD] = decode(_SHOWN, _bytes())
    source: Source = held[_HELD]
    return source


def named(reference: str) -> str:
    """A reference to standard input by the name that messages have for it; any other as it is.

    It does not begin with a dash, so that `-:net` is no option.
    """
    file, colon, name = reference.partition(":")
    return f"{_SHOWN}{colon}{name}" if file == NAME else reference


def given(project: Project, *references: str | None) -> Project:
    """The project, in which `-` is standard input if one of the references means it; what that uses is looked
    for in the current folder.
    """
    if any(
        reference is not None and named(reference).startswith(_SHOWN)
        for reference in references
    ):
        project.importer.texts[Path(_SHOWN).absolute()] = read().text
    return project


def _bytes() -> bytes:
    if sys.stdin is None:
        raise DiagnosticError(files.UNREADABLE.error(None, "standard input is closed"))
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"standard input cannot be read: {error.strerror}"
        raise DiagnosticError(files.UNREADABLE.error(None, problem)) from None
