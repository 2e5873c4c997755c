"""The reference page of the primitives, written from the table: `python -m archdsl.ops.reference >
docs/primitives.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from archdsl.ir.notation import value_text
from archdsl.ops.axes import Deed, Over
from archdsl.ops.primitive import REQUIRED, Kind, Parameter, Primitive
from archdsl.ops.table import FAMILIES, INITIALISERS

_KINDS: dict[Kind, str] = {
    "int": "whole number",
    "number": "number",
    "bool": "true or false",
    "size": "size",
    "padding": '"half", "same", number or size',
    "axes": "dimensions",
    "init": "number or initialiser",
    "like": "tensor",
    "range": "range",
    "index": "position or range",
    "amounts": "(before, after)",
    "string": "text",
}
_DONE: dict[Deed, str] = {
    "summed": "summed over, what is masked being zeroed",
    "counted": "counted by position, so a width there cannot be mixed (E1004)",
    "statistics": "statistics are taken, so a width there cannot be mixed (E1004)",
    "moved": "moved, and the mask moves with them",
    "partly": "some positions are changed, of a width those that each architecture counts",
}
_HEAD = """# Primitives

Written from the table in `archdsl/ops` by `python -m archdsl.ops.reference`. Everything larger is a block in
`specs/std`.

Dimensions have one-letter names; shapes below name only those that matter, and their order means nothing. A
size is a number for every one of t, h, w that is present, `1x3x3` for t, h, w, or `3x3` for h, w. A choice
may reach every number; it may not reach dimensions (`@hw`) or true/false within one operation. MACs are
multiply–accumulates; where none are given there are none. *Widths* says what is done over which dimensions,
and so what becomes there of a width that a mixed supergraph computes at its largest with a mask; dimensions
that are not named are left alone, and the mask passes through.
"""


def reference() -> str:
    """The page as Markdown."""
    return "\n".join(_lines())


def signature(primitive: Primitive) -> str:
    """`conv(channels, kernel = 1, …)`, with the dimension keywords that it takes."""
    parts = [
        p.name if p.default is REQUIRED else f"{p.name} = {_default(p)}"
        for p in primitive.parameters
        if p.given
    ]
    if primitive.dims is not None:
        parts.append("dim = …")
    return f"{primitive.name}({', '.join(parts)})"


def _lines() -> Iterator[str]:
    yield _HEAD
    for family, primitives in FAMILIES.items():
        yield f"## {family}\n"
        for primitive in primitives:
            yield from _entry(primitive)
    yield "## Initialisers\n"
    for initialiser in INITIALISERS.values():
        names = ", ".join(p.name for p in initialiser.parameters)
        yield f"### {initialiser.name}\n\n`{initialiser.name}{f'({names})' if names else ''}`\n"
        yield f"{initialiser.doc}\n"
        yield from _parameters(initialiser.parameters)
        yield from _source(initialiser.source)


def _entry(primitive: Primitive) -> Iterator[str]:
    yield f"### {primitive.name}\n"
    yield (
        "*Not called by name.*\n"
        if primitive.internal
        else f"`{_inputs(primitive)}{signature(primitive)}`\n"
    )
    yield f"{primitive.doc}\n"
    if not primitive.internal:
        yield from _parameters([p for p in primitive.parameters if p.given])
    if primitive.dims is not None and not primitive.internal:
        yield f"Keywords name dimensions, each with a {_KINDS[primitive.dims]}.\n"
    yield from _widths(primitive)
    yield from _source(primitive.source)


def _widths(primitive: Primitive) -> Iterator[str]:
    lines = [_done(over) for over in primitive.over] or ["all dimensions are left alone"]
    if len(lines) == 1:
        yield f"*Widths:* {lines[0]}.\n"
        return
    yield "*Widths:*\n"
    yield from (f"- {line};" for line in lines[:-1])
    yield f"- {lines[-1]}.\n"


def _done(over: Over) -> str:
    where = f"{over.dims.words}, {over.words}" if over.words else over.dims.words
    return f"{where}: {_DONE[over.deed]}"


def _parameters(parameters: Sequence[Parameter]) -> Iterator[str]:
    if not parameters:
        return
    yield "| parameter | kind | default | |\n|---|---|---|---|"
    for p in parameters:
        default = "required" if p.default is REQUIRED else f"`{_default(p)}`"
        yield f"| `{p.name}` | {_KINDS[p.kind]} | {default} | {p.doc} |"
    yield ""


def _source(source: str) -> Iterator[str]:
    if source:
        yield f"*Source:* {source}\n"


def _inputs(primitive: Primitive) -> str:
    if primitive.arity == "many":
        return "[x, y, …] -> "
    return {1: "x", 2: "(x, y)", 3: "(q, k, v)"}[primitive.arity] + " -> "


def _default(parameter: Parameter) -> str:
    if parameter.kind == "axes" and parameter.default is not None:
        return f"@{parameter.default}"
    return "none" if parameter.default is None else value_text(parameter.default)


if __name__ == "__main__":
    sys.stdout.write(reference())
