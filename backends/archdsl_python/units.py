"""Which instances become classes: those whose instructions lie together and whose weights lie under their own
path.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

from archdsl.ir.instance import Instance, key
from archdsl_lowering.program import Program, substitute

Item: TypeAlias = "int | Unit"


@dataclass(eq=False, slots=True)
class Unit:
    """A run of instructions that becomes one `forward`. `inputs` and `outputs` are indices of instructions.

    `home` is the key under which its weights live; several units may share one.
    """

    scope: Instance
    home: str
    items: list[Item] = field(default_factory=list)
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()

    def walk(self) -> list[Unit]:
        """This unit and all inside it, the outer first."""
        found = [self]
        for inner in self.inner():
            found += inner.walk()
        return found

    def inner(self) -> list[Unit]:
        """The units right inside this one."""
        return [item for item in self.items if isinstance(item, Unit)]

    def instructions(self) -> list[int]:
        """All instructions in order, those of inner units included."""
        found: list[int] = []
        for item in self.items:
            found += item.instructions() if isinstance(item, Unit) else [item]
        return found


def units(program: Program) -> Unit:
    """The tree of units. An instance that cannot be a class is written out in the one around it."""
    inlined = set(program.dissolved)
    while True:
        root, again = _tree(program, inlined)
        unfit = (
            again
            | {u.scope for u in root.walk()[1:] if not _fits(u, program)}
            | _unlike(root, program)
        )
        if not unfit:
            return root
        inlined |= unfit


def under(path: str, home: str) -> bool:
    """Whether a key lies below another."""
    return not home or path.startswith(home + ".")


def _tree(program: Program, inlined: set[Instance]) -> tuple[Unit, set[Instance]]:
    """The tree with some scopes written out; and the scopes that were entered twice."""
    root = Unit(program.root, "")
    stack = [root]
    seen = {program.root}
    twice: set[Instance] = set()
    for index, instruction in enumerate(program.instructions):
        if instruction.kind == "input":
            continue
        scopes = (
            _scopes(instruction.origin.scope, inlined)
            if instruction.origin is not None
            else []
        )
        common = 0
        for outer, scope in zip(stack[1:], scopes, strict=False):
            if outer.scope is not scope:
                break
            common += 1
        del stack[common + 1 :]
        for scope in scopes[common:]:
            if scope in seen:
                twice.add(scope)
            seen.add(scope)
            inner = Unit(scope, key(scope.weights_path))
            stack[-1].items.append(inner)
            stack.append(inner)
        stack[-1].items.append(index)
    _connect(root, program)
    return root, twice


def _scopes(scope: Instance, inlined: set[Instance]) -> list[Instance]:
    found = []
    at: Instance | None = scope
    while at is not None and at.parent is not None:
        if at not in inlined:
            found.append(at)
        at = at.parent
    return found[::-1]


def _connect(root: Unit, program: Program) -> None:
    """What goes into each unit and comes out of it."""
    last: dict[int, int] = {}  # the last user of a result
    for index, instruction in enumerate(program.instructions):
        last.update(dict.fromkeys(instruction.reads(), index))
    for ref in program.outputs:
        last[ref.index] = len(program.instructions)
    for unit in root.walk():
        inside = unit.instructions()
        begin, end = inside[0] if inside else 0, inside[-1] if inside else 0
        used = chain.from_iterable(program.instructions[i].reads() for i in inside)
        unit.inputs = tuple(dict.fromkeys(r for r in used if r < begin))
        unit.outputs = tuple(i for i in inside if last.get(i, -1) > end)
    root.inputs = tuple(
        i for i, one in enumerate(program.instructions) if one.kind == "input"
    )
    root.outputs = tuple(ref.index for ref in program.outputs)


def _fits(unit: Unit, program: Program) -> bool:
    """It has weights, all of them at home, and inner units at home too; something comes out of it, and its
    home is no layer itself: an edit puts what it inserts next to a layer under the layer's own path.
    """
    inside = [program.instructions[i] for i in unit.instructions()]
    targets = [one.target for one in inside if one.kind in ("module", "weight")]
    if not targets or not unit.outputs or unit.home in program.modules:
        return False
    inner = [one.home for one in unit.inner()]
    return all(under(path, unit.home) for path in targets + inner)


def _unlike(root: Unit, program: Program) -> set[Instance]:
    """Of units with one home, those that compute something else than the first."""
    first: dict[str, tuple[object, ...]] = {}
    found = set()
    for unit in root.walk()[1:]:
        shape = _signature(unit, program)
        if first.setdefault(unit.home, shape) != shape:
            found.add(unit.scope)
    return found


def _signature(unit: Unit, program: Program) -> tuple[object, ...]:
    """Everything a unit computes, results numbered from its first instruction."""
    inside = unit.instructions()
    number = {index: n for n, index in enumerate((*unit.inputs, *inside))}
    calls = []
    for i in inside:
        one = program.instructions[i]
        used = tuple([number[r] for r in one.reads()])
        calls.append(
            (
                one.kind,
                one.target,
                repr(_blank(one.args)),
                repr(_blank(one.kwargs)),
                used,
            )
        )
    return (
        tuple(calls),
        tuple(number[o] for o in unit.outputs),
        tuple(u.home for u in unit.walk()),
    )


def _blank(args: tuple[object, ...]) -> object:
    return substitute(args, lambda _: None)
