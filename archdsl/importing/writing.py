"""Blocks and a model as text, laid out by the formatter; and which weight is which of the source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.importing.blocks import Block, Folded, Member
from archdsl.importing.bodies import Body
from archdsl.importing.calls import Held
from archdsl.importing.naming import instance_names, sane
from archdsl.importing.regions import Region
from archdsl.importing.spelling import literal
from archdsl.importing.templates import ANY, Node, Template
from archdsl.ir.graph import canonical
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse


@dataclass(frozen=True, slots=True)
class Written:
    """A text, the name of its model, and the weights by their key in it."""

    text: str
    model: str
    keys: Mapping[str, Held]


def write(folded: Folded, comment: str = "") -> Written:
    """The text of a network."""
    _name(folded.blocks)
    model = sane(folded.lifted.name) or "net"
    while model in {block.name for block in folded.blocks} or is_reserved(model):
        model += "_net"
    parts = [f"arch 1\n{comment}"]
    parts += [_block(block) for block in folded.blocks]
    parts.append(_model(folded, model))
    text = "\n\n".join(parts) + "\n"
    file, problems = parse(Source("import", text))
    assert not problems, (problems[0].message, text)
    return Written(format(file), model, dict(_keys(folded)))


def _name(blocks: Sequence[Block]) -> None:
    """Names of blocks, after the classes of their modules."""
    meant = {*PRIMITIVES, *(p.name for block in blocks for p in block.parameters)}
    taken = {"model"}
    for block in blocks:
        own = block.base.region
        word = (
            block.kind
            if block.kind not in ("", "Sequential", "ModuleList", "ModuleDict")
            else own.segment.name
        )
        stem = sane(_snake(word)) or "part"
        if stem in meant or is_reserved(stem):
            stem += "_block"
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        block.name = name


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _block(block: Block) -> str:
    params = []
    for parameter in block.parameters:
        kind = f": {parameter.kind}" if parameter.kind else ""
        default = "" if parameter.default is ANY else f" = {literal(parameter.default)}"
        params.append(
            f"{parameter.name}{kind if parameter.kind == 'layer' else ''}{default}"
        )
    head = f"block {block.name}" + (f"({', '.join(params)})" if params else "")
    body = Body(block.base, block.args, block.options, {p.name for p in block.parameters})
    lines, results = body.written()
    inputs = body.input_names
    if not lines and len(results) == 1 and len(inputs) == 1:
        start = f"{inputs[0]} -> "
        rest = results[0][len(start) :]
        if results[0].startswith(start) and not re.search(
            rf"(?<![\w.@]){inputs[0]}(?!\w)", rest
        ):
            return f"{head} = {rest}"
    given = [f"  input {', '.join(inputs)}"] if inputs else []
    return "\n".join([f"{head} {{", *given, *lines, f"  output {', '.join(results)}", "}"])


def _model(folded: Folded, name: str) -> str:
    lifted = folded.lifted
    names: list[str] = []
    for given in lifted.inputs:
        called = sane(given.source.name) or "x"
        while called in names or is_reserved(called):
            called += "_"
        names.append(called)
    body = Body(
        folded.root,
        {},
        (),
        set(),
        dict(zip([g.value for g in lifted.inputs], names, strict=True)),
    )
    wanted = [sane(out.name) if out.name else None for out in lifted.outputs]
    lines, results = body.written_outputs([out.value for out in lifted.outputs], wanted)
    ports = []
    for given, called in zip(lifted.inputs, names, strict=True):
        sizes = [
            d if d == "b" else f"{d} = {n}"
            for d, n in zip(given.letters, given.sizes, strict=True)
        ]
        ports.append(f"{called}: [{', '.join(sizes)}]")
    shown = []
    for text, out in zip(results, lifted.outputs, strict=True):
        order = (
            "" if out.letters == canonical(out.letters) else f": [{', '.join(out.letters)}]"
        )
        shown.append(text + order)
    return "\n".join(
        [
            f"model {name} {{",
            *(f"  input {port}" for port in ports),
            *lines,
            f"  output {', '.join(shown)}",
            "}",
        ]
    )


# -- keys ----------------------------------------------------------------------------------------------


def _keys(folded: Folded) -> Iterable[tuple[str, Held]]:
    members = {
        member.template.region: (block, member)
        for block in folded.blocks
        for member in block.members
    }
    root = folded.root
    yield from _within(root, root.nodes, "", members)


def _within(
    base: Template,
    nodes: Sequence[Node | None],
    path: str,
    members: Mapping[Region, tuple[Block, Member]],
) -> Iterable[tuple[str, Held]]:
    names = instance_names(base.nodes)
    for place, (name, node) in enumerate(zip(names, nodes, strict=True)):
        if node is None or node.shared is not None:
            continue
        own = f"{path}{name}"
        if node.call is not None:
            for held in node.call.weights:
                yield (f"{own}.{held.name}" if held.name else own), held
            continue
        turns = node.turns or (node,)
        is_loop = bool(base.nodes[place].turns)
        for number, turn in enumerate(turns):
            assert turn.region is not None
            block, member = members[turn.region]
            below = f"{own}.{number}." if is_loop else f"{own}."
            yield from _within(block.base, member.nodes, below, members)
