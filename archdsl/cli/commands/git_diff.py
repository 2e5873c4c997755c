"""`archdsl git-diff`: what `git diff` calls for .arch files once `archdsl diff --install-git` has set it
up.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import click

from archdsl.cli.commands.diff import of_files
from archdsl.cli.files import read
from archdsl.cli.output import say, show
from archdsl.cli.revisions import configure, git_folder
from archdsl.cli.sides import Side, compare_files
from archdsl.cli.terminal import has_color
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.diagnostics.visible import visible
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import Reference
from archdsl.syntax.shipped import shipped

_PATTERN = "*.arch diff=archdsl"
_MOST_LINES = 2_000  # that are compared: the time for it grows with their square
_GIT_PASSES = 7  # path, then file, hash and mode of either side


@click.command()
@click.argument("arguments", nargs=-1, metavar="PATH OLD HASH MODE NEW HASH MODE")
def command(arguments: tuple[str, ...]) -> None:
    """Show what differs between two versions of a file; git calls this, with arguments of its own.

    \b
    Example:
      git config diff.archdsl.command "archdsl git-diff"
    """
    if len(arguments) < _GIT_PASSES:
        say(f"{arguments[0] if arguments else '?'} is unmerged")
        return
    path, old, _, _, new = arguments[:5]
    before, after = _text(path, old), _text(path, new)
    title = visible(f"archdsl diff {path}")
    show(click.style(title, bold=True) if has_color(sys.stdout) else title)
    if before is None or after is None:
        say("added" if before is None else "removed")
    else:
        say(_shown(path, before, after), end="")


def install() -> str:
    """Sets git up in this repository: its attributes and its configuration. Returns what was done.

    Raises DiagnosticError outside a repository.
    """
    top = git_folder()
    if top is None:
        raise DiagnosticError(
            files.NOT_FOUND.error(
                None, "this folder is in no git repository", help="`git init` makes one"
            )
        )
    attributes = top / ".gitattributes"
    lines = read(attributes).text.splitlines() if attributes.exists() else []
    if _PATTERN not in lines:
        from archdsl.whole_files import write_text

        write_text(attributes, "\n".join([*lines, _PATTERN]) + "\n")
    configure("diff.archdsl.command", "archdsl git-diff")
    return f"{attributes}: {_PATTERN}\n.git/config: diff.archdsl.command = archdsl git-diff"


def _text(path: str, version: str) -> Source | None:
    """A version that git has written beside; None where there was none."""
    return None if version == "/dev/null" else Source(path, read(Path(version)).text)


def _shown(path: str, before: Source, after: Source) -> str:
    """The difference by meaning; by lines where one version has errors, or where only its form has
    changed.
    """
    try:
        found = compare_files(_side(path, before), _side(path, after))
    except DiagnosticError as error:
        first = error.diagnostics[0]
        return f"{first.code}: {first.message}; by lines:\n{_lines(before, after)}"
    if not any(found.values()):
        return f"the same architectures; by lines:\n{_lines(before, after)}"
    return of_files(found, "text", full=False)


def _side(path: str, source: Source) -> Side:
    """A version in the folder of its file, where what it uses is looked for as it is now."""
    importer = Importer(shipped("specs"))
    module = importer.load_text(source, Path(path).absolute().parent)
    found = chain.from_iterable(importer.diagnostics.values())
    errors = [d for d in found if d.severity == "error"]
    if errors:
        raise DiagnosticError(*errors)
    return Side(path, Reference(Project(importer), module, None))


def _lines(before: Source, after: Source) -> str:
    """What differs line by line; of two texts that differ in too much only how much."""
    old, new = before.text.splitlines(), after.text.splitlines()
    if _differing(old, new) > _MOST_LINES:
        return f"-{len(old):,} lines\n+{len(new):,} lines\n"
    parts = difflib.unified_diff(old, new, "before", "after", lineterm="", n=2)
    return "".join(f"{line}\n" for line in parts)


def _differing(old: Sequence[str], new: Sequence[str]) -> int:
    """The lines of the longer text between those with which both begin and both end."""
    shorter = min(len(old), len(new))
    begin = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next(
        (i for i in range(shorter - begin) if old[-1 - i] != new[-1 - i]), shorter - begin
    )
    return max(len(old), len(new)) - begin - end
