"""`archdsl list`."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from functools import cache
from itertools import groupby

import click

from archdsl.cli.options import json_option
from archdsl.cli.output import print_json, say
from archdsl.diagnostics.source import Source
from archdsl.syntax import ast
from archdsl.syntax.parser import parse
from archdsl.syntax.shipped import shipped


@dataclass(frozen=True, slots=True)
class _Entry:
    """One declaration: `of` is the text after `of` in a genotype or a plan, `about` what its comment says,
    else its definition.
    """

    file: str
    name: str
    kind: str
    about: str
    of: str | None = None

    @property
    def reference(self) -> str:
        return f"{self.file}:{self.name}"


@click.command()
@click.argument("pattern", required=False)
@json_option
def command(pattern: str | None, as_json: bool) -> None:
    """List what ships with archdsl: FILE:NAME of every block, space, model, genotype and plan, and what it
    is.

    PATTERN keeps what contains it; `*` and `?` work as in a shell. Lines are cut at the width of the
    terminal, never in a file or a pipe.

    \b
    Examples:
      archdsl list
      archdsl list x3d
      archdsl list 'zoo/*:*_s'
    """
    entries = [
        entry
        for entry in _entries()
        if pattern is None or _matches(entry.reference, pattern)
    ]
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    for place, (file, of_file) in enumerate(groupby(entries, key=lambda entry: entry.file)):
        if place:
            say()
        say(_cut(f"# {_title(file)}"))
        listed = list(of_file)
        width = max(len(entry.reference) for entry in listed)
        kinds = max(len(entry.kind) for entry in listed)
        for entry in listed:
            say(
                _cut(
                    f"{entry.reference:<{width}}  {entry.kind:<{kinds}}  {entry.about}".rstrip()
                )
            )


def _cut(line: str) -> str:
    width = shutil.get_terminal_size().columns
    return (
        line
        if len(line) <= width or not (sys.stdout and sys.stdout.isatty())
        else f"{line[: width - 1]}…"
    )


@cache
def _entries() -> tuple[_Entry, ...]:
    """What ships does not change while a process runs."""
    return tuple(_declared())


def _declared() -> Iterator[_Entry]:
    root = shipped("specs")
    for path in sorted(root.rglob("*.arch")):
        source = _source(path.relative_to(root).as_posix())
        tree, _ = parse(source)
        for declaration in tree.declarations:
            about = _comment_above(source.text, declaration.span.start)
            match declaration:
                case ast.Net(kind=kind, name=name):
                    yield _Entry(source.name, name, kind, about or _definition(declaration))
                case ast.Block(name=name):
                    yield _Entry(
                        source.name, name, "block", about or _definition(declaration)
                    )
                case ast.Genotype(name=name, of=of) | ast.Search(name=name, of=of):
                    of_text = _one_line(of.span.text)
                    what = "search" if isinstance(declaration, ast.Search) else "genotype"
                    yield _Entry(source.name, name, what, about or f"of {of_text}", of_text)


def _source(file: str) -> Source:
    return Source(file, (shipped("specs") / file).read_text(encoding="utf-8"))


def _title(file: str) -> str:
    """The first sentence of a file's first comment, or its first heading: the paper."""
    first = re.search(
        r"^# -- (.+?) -*$|^#(?! --).*(?:\n#(?! --).*)*", _source(file).text, re.MULTILINE
    )
    return first[1] or _sentence(first[0]) if first else file


def _comment_above(text: str, start: int) -> str:
    """The first sentence of the comment that ends on the line before; what belongs to a section is no
    declaration's own.
    """
    lines: list[str] = []
    for line in reversed(text[:start].split("\n")[:-1]):
        if not line.startswith("#") or line.startswith("# --"):
            break
        lines.append(line)
    return _sentence("\n".join(reversed(lines)))


def _sentence(comment: str) -> str:
    words = " ".join(line.removeprefix("#").strip() for line in comment.split("\n"))
    return re.split(r"(?<=[\w)`’'])\.(?:\s|$)", words, maxsplit=1)[0]


def _definition(declaration: ast.Net | ast.Block) -> str:
    """`= slowfast(8, 4)` where there is one; else the parameters."""
    text = declaration.span.text
    if declaration.value is not None:
        return _one_line(
            text[declaration.value.span.start - declaration.span.start - 2 :].lstrip("= ")
        ).join(("= ", ""))
    return f"({', '.join(p.name for p in declaration.params or ())})"


def _one_line(text: str) -> str:
    return (
        re.sub(r"([(\[]) | ,? ?(?=[)\]])", r"\1", " ".join(text.split()))
        .replace(",)", ")")
        .replace(",]", "]")
    )


def _matches(reference: str, pattern: str) -> bool:
    """Whether the pattern fits the whole reference, or, without wildcards, occurs in it."""
    return fnmatch(
        reference.lower(),
        pattern.lower() if any(c in pattern for c in "*?[") else f"*{pattern.lower()}*",
    )
