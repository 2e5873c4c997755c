"""What is open: which choices decide a part, which are declared in it, and how many of some layers there are.

A part is open where an open choice is read by its parameters, picks among its alternatives, or decides
whether it is there at all: a convolution of an open width, a cell with open edges, and the third layer where
`depth ~ 2..4`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from archdsl.ir.choice import Choice
from archdsl.ir.expr import TRUE, Expr, TooWide, lift, somewhere
from archdsl.ir.graph import Op, Pick, Select, Value
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline
from archdsl.outline.tree import Node


def read_by(value: Value) -> tuple[Choice, ...]:
    """The choices that the parameters of an operation, or a selection, depend on."""
    if not isinstance(value, Op):
        asked = selection_of(value)
        return asked.choices() if asked is not None else ()
    found: set[Choice] = set()
    for attribute in value.attrs.values():
        if attribute.scope:
            found.update(attribute.choices())
    return tuple(sorted(found, key=_order))


def selection_of(value: Value) -> Expr | None:
    """What a selection is decided by: the index of one operand, or the positions of several."""
    if isinstance(value, Select):
        return value.index
    return value.subset if isinstance(value, Pick) else None


def conditions(value: Value, outline: Outline) -> tuple[Choice, ...]:
    """The choices that a value stands under: those that decide whether it is there at all."""
    return outline.live.values.get(value, TRUE).choices()


def deciding(values: Iterable[Value], outline: Outline) -> tuple[Choice, ...]:
    """All choices that a part depends on, in program order, with those that it stands under."""
    found: set[Choice] = set()
    for value in values:
        found.update(read_by(value))
        found.update(conditions(value, outline))
    return tuple(sorted(found, key=_order))


def picking(values: Iterable[Value]) -> tuple[Choice, ...]:
    """The choices between layers, and of what is joined, inside a part, in program order."""
    found: set[Choice] = set()
    for value in values:
        if not isinstance(value, Op):
            found.update(read_by(value))
    return tuple(sorted(found, key=_order))


def declared_in(node: Node, outline: Outline) -> dict[KeyPath, Choice]:
    """The open choices of an instance, by their paths below it; of a choice of layers that one too."""
    at = node.choices_path
    paths = ((KeyPath.parse(c.path), c) for c in outline.graph.choices)
    return {_below(path, at): choice for path, choice in paths if path.startswith(at)}


def answered_in(node: Node, outline: Outline) -> dict[KeyPath, str]:
    """The answered choices of an instance, by their paths below it, in program order; of a chosen layer that
    one too."""
    at = node.choices_path
    answers = (
        (KeyPath.parse(path), label) for path, label in outline.graph.answers.items()
    )
    return {_below(path, at): label for path, label in answers if path.startswith(at)}


def _below(path: KeyPath, at: KeyPath) -> KeyPath:
    return path.below(at) or KeyPath((path.name,))


def times(parts: Collection[Iterable[Value]], outline: Outline) -> tuple[int, int]:
    """How many of some equal parts there are, at least and at most: (2, 4) for the layers of `depth ~ 2..4`.

    Where something around them all is optional, it is taken as there.
    """
    guards = [_guard(values, outline) for values in parts]
    always = sum(guard == TRUE for guard in guards)
    if always == len(guards):
        return always, always
    try:
        numbers = lift(_count, *guards).distinct()
    except TooWide:
        return max(always, 1), len(guards)
    counts = [n for n in numbers if isinstance(n, int) and n]
    return min(counts, default=1), max(counts, default=len(guards))


def is_optional(values: Iterable[Value], outline: Outline) -> bool:
    """Whether a choice decides that a part is there at all."""
    return _guard(values, outline) != TRUE


def _guard(values: Iterable[Value], outline: Outline) -> Expr:
    """When a part is there: when its last operation is, whatever is chosen inside the part.

    The second turn of `for i in range(depth) { op ~ [identity, wide] … }` is there where the depth is 2 or
    more, though its only operation is there where `op` is `wide`, too.
    """
    held = list(values)
    last = next((v for v in reversed(held) if isinstance(v, Op)), None)
    guard = outline.live.values.get(last, TRUE) if last is not None else TRUE
    return somewhere(guard, picking(held))


def _count(*present: bool) -> int:
    return sum(present)


def _order(choice: Choice) -> int:
    return choice.order
