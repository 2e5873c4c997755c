"""`archdsl patch A[:NAME] PATCH.json`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from archdsl.backends import backend, suffixes
from archdsl.cli.files import read
from archdsl.cli.output import by_suffix, print_document
from archdsl.cli.sides import Side, open_side, single
from archdsl.cli.target import module_path
from archdsl.compare import Patch, apply, read_patch
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.codec import to_json
from archdsl.questions.genotype import Genotype
from archdsl.syntax import ast
from archdsl.whole_files import replacing, write_text


@click.command()
@click.argument("a", metavar="A[:NAME]")
@click.argument("patch", metavar="PATCH.json")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="Where to instead of standard output: .arch, .json (IR), or what `compile` writes.",
)
@click.option(
    "--reverse", is_flag=True, help="Lead back instead: A is what the patch leads to."
)
def command(a: str, patch: str, output: str | None, reverse: bool) -> None:
    """Apply a patch that `archdsl diff --patch` has printed: to a genotype, or to a space or model as
    elaborated.

    Prints a genotype as .arch, an architecture as its IR in JSON.

    \b
    Examples:
      archdsl patch found.arch:found change.json > changed.arch
      archdsl patch zoo/x3d.arch:x3d_s change.json -o x3d_m.py
    """
    change = read_patch(_json(Path(patch)))
    change = change.inverse() if reverse else change
    side = open_side(a)
    name = single(side)
    path = None if output is None else Path(output)
    if isinstance(change, Patch):
        if path is not None:
            by_suffix(path, {".arch": None})
        _deliver(_genotype(side, name, change), path)
        return
    writer = backend(path.suffix.lower()) if path is not None else None
    if writer is None and path is not None and path.suffix.lower() != ".json":
        by_suffix(path, dict.fromkeys((*suffixes(), ".json")))
    graph = apply(change, side.graph(name))
    if writer is None or path is None:
        _deliver(json.dumps(to_json(graph), ensure_ascii=False) + "\n", path)
        return
    with replacing(path) as beside:
        writer.write(graph, beside)


def _genotype(side: Side, name: str, change: Patch) -> str:
    """The text of a genotype with the patch applied."""
    opened = side.genotype(name)
    if opened is None:
        raise DiagnosticError(
            files.NOT_A_PATCH.error(
                None, f"this is a patch of a genotype, and `{name}` is none"
            )
        )
    answers = apply(change, opened.genotype)
    text = Genotype(tuple(answers.items())).to_text(name, opened.definition.name)
    return f"arch 1\n{_use(side, opened.definition.name)}\n{text}"


def _use(side: Side, space: str) -> str:
    """The line that brings the space into a file of its own: as the patched file does, or from that file."""
    for declaration in side.meant.module.file.declarations:
        if isinstance(declaration, ast.Use) and any(
            (alias.alias or alias.name) == space for alias in declaration.names
        ):
            return f"use {'.'.join(declaration.module)}: {space}\n"
    module = None if side.is_elsewhere else module_path(side.label)
    return f"use {module}: {space}\n" if module else ""


def _deliver(text: str, path: Path | None) -> None:
    if path is None:
        print_document(text)
    else:
        write_text(path, text)


def _json(path: Path) -> object:
    source = read(path)
    try:
        return json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise DiagnosticError(
            files.NOT_A_PATCH.error(None, f"`{path}` is no JSON: {error}")
        ) from None
