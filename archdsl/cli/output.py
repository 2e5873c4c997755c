"""What commands print, and which suffix stands for what.

Three kinds of text leave on standard output: lines for people (`say`), in which nothing of a stranger's acts
on the terminal; facts (`print_json`) and documents (`print_document`), which are files as soon as they are
redirected and therefore UTF-8 whatever the locale.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.visible import visible

Format = TypeVar("Format")

_ASTRAL = 0x10000  # from here on a character is two escapes in JSON


def say(text: str = "", *, end: str = "\n", to_errors: bool = False) -> None:
    """Prints lines for people. Raises DiagnosticError E0903 where standard output cannot be written."""
    show(visible(text, keep="\n"), end=end, to_errors=to_errors)


def show(text: str, *, end: str = "\n", to_errors: bool = False) -> None:
    """Prints what has colours of ours, and whose other parts are visible already."""
    _write(f"{text}{end}", to_errors=to_errors)


def print_json(facts: Any, indent: int | None = 2) -> None:
    """Facts as every `--json` prints them.

    What a terminal would obey is written as `\\u…`, which is the same text to whoever reads JSON.
    """
    text = json.dumps(facts, indent=indent, ensure_ascii=False)
    print_document(_SPECIAL.sub(_escaped, text) + "\n")


def print_document(text: str) -> None:
    """Prints a document as it stands, in UTF-8 with the line ends that it has."""
    _write(text.encode("utf-8", "surrogatepass"))


_SPECIAL = re.compile(r"[^\x20-\x7e\n]")


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char.isprintable():
        return char
    code = ord(char)
    if code < _ASTRAL:
        return f"\\u{code:04x}"
    high, low = divmod(code - _ASTRAL, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _write(text: str | bytes, *, to_errors: bool = False) -> None:
    try:
        click.echo(text, nl=False, err=to_errors, color=True)
    except OSError as error:
        if error.errno == errno.EPIPE:  # nobody reads any more, which is no mistake
            raise
        if not to_errors:  # else there is nobody to tell
            raise DiagnosticError(
                files.UNWRITABLE.error(
                    None, f"standard output cannot be written: {error.strerror}"
                )
            ) from error


def by_suffix(path: Path, known: Mapping[str, Format]) -> Format:
    """What the suffix of a path stands for.

    Raises DiagnosticError (E0904) with the list of known suffixes.
    """
    suffix = path.suffix.lower()
    if suffix not in known:
        listed = ", ".join(known)
        problem = (
            f"unknown suffix `{path.suffix}` of `{path}`"
            if path.suffix
            else f"`{path}` has no suffix"
        )
        raise DiagnosticError(
            files.UNKNOWN_SUFFIX.error(None, problem, help=f"known suffixes: {listed}")
        )
    return known[suffix]
