"""Units of one pattern as one class: what differs between them becomes the parameters of its constructor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archdsl_lowering.program import Program
from archdsl_python.body import Body, Made
from archdsl_python.containers import Containers
from archdsl_python.expressions import literal
from archdsl_python.inputs import call
from archdsl_python.lines import repeats, wrapped
from archdsl_python.units import Unit, under, units

_RESERVED = {"F", "STARTS", "INPUTS", "Any", "Iterable", "Sequence"}


@dataclass(slots=True)
class _Class:
    """A class and the constants of its members, one column for each slot, constructor before forward."""

    name: str
    members: list[Unit]
    columns: list[tuple[str, tuple[Any, ...]]]
    parameters: list[str | None]  # for each slot, the parameter it has become


def classes(program: Program) -> tuple[list[str], str, list[str]]:
    """The text of every class, inner ones first, the name of the model's own, and the arguments of its
    `forward`.
    """
    root = units(program)
    everything = root.walk()
    containers = Containers(
        [
            *program.modules,
            *program.weights,
            *(u.home for u in everything if u.home),
        ]
    )
    made: dict[Unit, Made] = {}
    body = Body(program, containers, everything, made)
    names: set[str] = set(_RESERVED)
    texts: list[str] = []
    for level in _by_height(everything):
        patterns: dict[tuple[str, ...], list[Unit]] = {}
        for unit in level:
            own = "the model" if unit is root else ""  # it alone looks at its inputs
            patterns.setdefault(
                (_label(unit, program), own, *_pattern(body, unit)), []
            ).append(unit)
        for pattern, members in patterns.items():
            found = _class(_class_name(pattern[0], names), members, body)
            for n, unit in enumerate(members):
                made[unit] = Made(found.name, _arguments(found, n))
            texts.append(_write(found, body, call(program) if root in members else []))
    arguments, _ = body.forward(root, lambda value, name: "")
    return texts, made[root].name, arguments


def _by_height(everything: Sequence[Unit]) -> list[list[Unit]]:
    """Units by how deep others live inside them, those without any first. An edit may put a unit inside one
    that does not run it.
    """
    heights: dict[str, int] = {}
    homes = sorted(
        {u.home for u in everything},
        key=lambda home: home.count(".") + bool(home),
        reverse=True,
    )
    for home in homes:
        heights[home] = 1 + max((heights[h] for h in heights if under(h, home)), default=0)
    levels: list[list[Unit]] = [[] for _ in range(max(heights.values()))]
    for unit in everything:
        levels[heights[unit.home] - 1].append(unit)
    return levels


def _label(unit: Unit, program: Program) -> str:
    """What a class is called after: the block, or the loop's label."""
    if not unit.home:
        return program.name
    segment = unit.scope.segment.partition("[")[0]
    return segment if unit.scope.level == "loop" else unit.scope.callee or segment


def _pattern(body: Body, unit: Unit) -> tuple[str, ...]:
    constructor = body.constructor(unit, lambda value, name: f"<{type(value).__name__}>")
    inputs, lines = body.forward(unit, lambda value, name: f"<{type(value).__name__}>")
    return (*constructor, "", *inputs, "", *lines)


def _class(name: str, members: list[Unit], body: Body) -> _Class:
    rows: list[list[tuple[str, Any]]] = []
    for unit in members:
        row: list[tuple[str, Any]] = []

        def note(value: Any, hint: str, row: list[tuple[str, Any]] = row) -> str:
            row.append((hint, value))
            return ""

        body.constructor(unit, note)
        body.forward(unit, note)
        rows.append(row)
    columns = []
    for slot in zip(*rows, strict=True):
        columns.append((slot[0][0], tuple([value for _, value in slot])))
    return _Class(name, members, columns, _parameters(columns))


def _parameters(columns: list[tuple[str, tuple[Any, ...]]]) -> list[str | None]:
    """A name for each column that varies; columns that are equal throughout share one."""
    named: dict[tuple[Any, ...], str] = {}
    found: list[str | None] = []
    for hint, values in columns:
        key = tuple((type(v), v) for v in values)
        if len(set(key)) == 1:
            found.append(None)
            continue
        if key not in named:
            name, count = hint, 1
            while name in named.values():
                count += 1
                name = f"{hint}_{count}"
            named[key] = name
        found.append(named[key])
    return found


def _arguments(made: _Class, member: int) -> tuple[tuple[str, Any], ...]:
    found: dict[str, Any] = {}
    for (_, values), name in zip(made.columns, made.parameters, strict=True):
        if name is not None:
            found.setdefault(name, values[member])
    return tuple(found.items())


def _write(made: _Class, body: Body, more: Sequence[str]) -> str:
    """The text of a class; `more` are the lines of further methods."""
    unit = made.members[0]
    slots = iter(zip(made.columns, made.parameters, strict=True))
    kept: dict[str, None] = {}  # parameters that forward reads

    def in_constructor(value: Any, hint: str) -> str:
        name = next(slots)[1]
        return literal(value) if name is None else name

    def in_forward(value: Any, hint: str) -> str:
        name = next(slots)[1]
        if name is None:
            return literal(value)
        kept[name] = None
        return f"self._{name}"

    constructor = body.constructor(unit, in_constructor)
    inputs, forward = body.forward(unit, in_forward)
    parameters = [f"{name}: {_type(value)}" for name, value in _arguments(made, 0)]
    results = ["torch.Tensor"] * len(unit.outputs)
    result = results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"
    lines = [
        f"class {made.name}(nn.Module):",
        f'    """{_where(made.members)}"""',
        "",
    ]
    lines += wrapped(f"    def __init__({', '.join(['self', *parameters])}) -> None:")
    statements = [
        "super().__init__()",
        *(f"self._{n} = {n}" for n in kept),
        *repeats(constructor),
    ]
    lines += _indented(statements)
    lines.append("")
    given = ", ".join(["self", *[f"{name}: torch.Tensor" for name in inputs]])
    lines += wrapped(f"    def forward({given}) -> {result}:")
    lines += _indented(forward)
    if more:
        lines += ["", *[f"    {line}" for line in more]]
    return "\n".join(lines)


def _indented(statements: Sequence[str]) -> Iterator[str]:
    """The lines of a method's body."""
    for statement in statements:
        yield from wrapped(f"        {statement}")


def _where(members: Sequence[Unit]) -> str:
    """Which instances a class stands for."""
    first, others = members[0].scope.path, len(members) - 1
    if not first:
        return "The whole model."
    return f"`{first}`" + (f" and {others} more." if others else ".")


def _type(value: Any) -> str:
    return "tuple[int, ...]" if isinstance(value, tuple) else type(value).__name__


def _class_name(label: str, taken: set[str]) -> str:
    base = (
        "".join(part[:1].upper() + part[1:] for part in label.split("_") if part) or "Model"
    )
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}{count}"
    taken.add(name)
    return name
