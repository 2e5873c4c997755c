"""`archdsl list`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatch

import click

from archdsl.cli.options import json_option
from archdsl.cli.output import print_json
from archdsl.syntax import ast
from archdsl.syntax.parser import parse
from archdsl.syntax.shipped import shipped
from archdsl.syntax.source import Source


@dataclass(frozen=True, slots=True)
class _Entry:
    """One declaration; `of` is the text after `of` in a genotype or a plan."""

    file: str
    name: str
    kind: str
    of: str | None = None

    @property
    def reference(self) -> str:
        return f"{self.file}:{self.name}"


@click.command()
@click.argument("pattern", required=False)
@json_option
def command(pattern: str | None, as_json: bool) -> None:
    """List what ships with archdsl: FILE:NAME of every block, space, model, genotype and plan.

    PATTERN keeps what contains it; `*` and `?` work as in a shell.

    \b
    Examples:
      archdsl list
      archdsl list x3d
      archdsl list 'zoo/*:*_s'
    """
    entries = [entry for entry in _entries() if pattern is None or _matches(entry.reference, pattern)]
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    width = max((len(entry.reference) for entry in entries), default=0)
    for entry in entries:
        click.echo(f"{entry.reference:<{width}}  {entry.kind}" + (f" of {entry.of}" if entry.of else ""))


def _entries() -> Iterator[_Entry]:
    root = shipped("specs")
    for path in sorted(root.rglob("*.arch")):
        file = path.relative_to(root).as_posix()
        tree, _ = parse(Source(file, path.read_text(encoding="utf-8")))
        for declaration in tree.declarations:
            match declaration:
                case ast.Net(kind=kind, name=name):
                    yield _Entry(file, name, kind)
                case ast.Block(name=name):
                    yield _Entry(file, name, "block")
                case ast.Genotype(name=name, of=of):
                    yield _Entry(file, name, "genotype", of.span.text)
                case ast.Search(name=name, of=of):
                    yield _Entry(file, name, "search", of.span.text)


def _matches(reference: str, pattern: str) -> bool:
    """Whether the pattern fits the whole reference, or, without wildcards, occurs in it."""
    return fnmatch(reference.lower(), pattern.lower() if any(c in pattern for c in "*?[") else f"*{pattern.lower()}*")
