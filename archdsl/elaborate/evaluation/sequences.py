"""Lists, tuples, ranges and sizes: iterating, indexing, unpacking, and turning tuples of numbers into
sizes.
"""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.ranges import numbers, refusal
from archdsl.elaborate.evaluation.state import State, fail
from archdsl.elaborate.evaluation.values import (
    POISON,
    CountV,
    Item,
    ListV,
    PickV,
    Poison,
    RangeV,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, Undefined, constant, lift, placed
from archdsl.ir.notation import value_text

LENGTH_LIMIT = 10_000


def size_expr(value: Thing) -> Expr | None:
    """A scalar, or a tuple of scalars as one expression; None for anything else."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, TupleV):
        parts = [size_expr(v) for v in value.values()]
        if all(p is not None for p in parts):
            return lift(_tuple, *parts)
    return None


def numbers_of(
    value: RangeV, span: Span | None, state: State, what: str = "a range"
) -> tuple[Any, ...]:
    """The numbers `low..high by step`, both ends included; decimal steps are exact.

    Raises DiagnosticError for a range that is not of numbers, misses its end, or is too long; Structural
    where an end is a choice.
    """
    low, high, step = (state.concrete(e, span, what) for e in value.ends)
    _judge((low, high, step), span)
    if high - low > step * LENGTH_LIMIT:
        fail(
            bounds.TOO_MUCH_WORK,
            span,
            f"a range of more than {LENGTH_LIMIT:,} numbers",
            help="take larger steps, or fewer of them",
        )
    return numbers(low, high, step)


def judge(value: RangeV, span: Span) -> None:
    """Refuses a range where it stands, as far as its ends are numbers there. Raises DiagnosticError."""
    if all(end.is_constant for end in value.ends):
        _judge(tuple(end.value for end in value.ends), span)


def _judge(ends: tuple[Any, ...], span: Span | None) -> None:
    for number in ends:
        if isinstance(number, Undefined):
            fail(codes.NO_VALUE, span, number.message)
        if isinstance(number, bool) or not isinstance(number, int | float):
            fail(
                codes.WRONG_KIND,
                span,
                f"a range runs over numbers, not {describe(constant(number))}",
            )
    refused = refusal(*ends)
    if refused is not None:
        fail(codes.BAD_RANGE, span, refused.message, help=refused.help)


def range_expr(value: RangeV) -> Expr:
    """`low..high by step` of whole numbers as one expression: a Python range."""
    return lift(_range, *value.ends)


def count_of(value: CountV, span: Span | None, state: State) -> range:
    """The numbers that `range(…)` counts.

    Raises Structural where a bound is a choice; DiagnosticError for bounds that are not whole numbers.
    """
    bounds_ = [state.concrete(e, span, "the number of turns") for e in value.ends]
    return _checked(bounds_, span)


def most_turns(value: CountV, span: Span, state: State) -> tuple[Expr, range]:
    """For `range(stop)` with a choice for `stop`: the bound, and the turns of its largest value."""
    stop = state.settled(value.stop)
    start = state.concrete(value.start, span, "the first number of a loop")
    step = state.concrete(value.step, span, "the step of a loop")
    longest = range(0)
    for bound in stop.distinct():
        if isinstance(bound, int) and not isinstance(bound, bool):
            turns = _checked([start, bound, step], span)
            longest = max(longest, turns, key=len)
    return stop, longest


def turns_of(value: CountV, span: Span, state: State) -> Expr:
    """How many numbers `range(…)` counts; undefined where that is no number."""
    return state.settled(placed(lift(count_turns, *value.ends), span, codes.NO_VALUE))


def count_turns(start: Any, stop: Any, step: Any) -> int:
    """The length of a range. Raises Undefined for anything but whole numbers, and steps of 0."""
    for number in (start, stop, step):
        if isinstance(number, bool) or not isinstance(number, int):
            raise Undefined(
                f"`range` counts whole numbers, not {describe(constant(number))}",
                code=codes.WRONG_KIND,
                help="round it: `int(…)`, `ceil(…)`" if isinstance(number, float) else None,
            )
    if step == 0:
        raise Undefined("`range` cannot go in steps of 0")
    return len(range(start, stop, step))


def iterate(value: Thing, span: Span, state: State) -> list[Thing]:
    """The elements of something that `for` runs over.

    Raises DiagnosticError for what has no elements.
    """
    found: list[Thing] | None = None
    if isinstance(value, ListV):
        found = list(value.values())
    if isinstance(value, RangeV):
        found = [constant(n) for n in numbers_of(value, span, state)]
    if isinstance(value, CountV):
        found = [constant(n) for n in count_of(value, span, state)]
    if isinstance(value, PickV):
        found = [
            value.items[i].value
            for i in state.concrete(value.subset, span, "a loop over what was picked")
        ]
    if found is not None:
        state.tick(span, len(found))
        return found
    hint = None
    if isinstance(value, Expr) and value.is_constant and isinstance(value.value, int):
        hint = "use `range(n)`"
    fail(
        codes.NOT_ITERABLE,
        span,
        f"{describe(value)} has no elements to iterate over",
        help=hint,
    )


def items_of(value: Thing) -> tuple[Item, ...] | None:
    """The parts of a tuple, a list or a size; None for anything else."""
    if isinstance(value, TupleV | ListV):
        return value.items
    if isinstance(value, Expr):
        lengths = {len(v) for v in value.distinct() if isinstance(v, tuple)}
        if len(lengths) == 1:
            return tuple([Item(lift(_item, value, i)) for i in range(lengths.pop())])
    return None


def is_undefined(value: Thing) -> bool:
    """Whether a value has no value, whatever is chosen."""
    return isinstance(value, Expr) and value.is_constant and value.is_partial


def unpack(value: Thing, count: int, span: Span) -> tuple[Thing, ...]:
    """The parts of a value for as many names.

    Raises DiagnosticError where the numbers differ.
    """
    if isinstance(value, Poison):
        return (POISON,) * count
    if is_undefined(value):
        return (value,) * count
    items = items_of(value)
    if items is None:
        fail(
            codes.UNPACK,
            span,
            f"{describe(value)} cannot be taken apart into {count} names",
        )
    if len(items) != count:
        fail(codes.UNPACK, span, f"{count} names for {len(items)} parts")
    return tuple(i.value for i in items)


def _checked(bounds_: list[Any], span: Span | None) -> range:
    for bound in bounds_:
        if isinstance(bound, Undefined):
            fail(codes.NO_VALUE, span, bound.message)
        if isinstance(bound, bool) or not isinstance(bound, int):
            hint = "round it: `int(…)`, `ceil(…)`" if isinstance(bound, float) else None
            fail(
                codes.WRONG_KIND,
                span,
                f"`range` counts whole numbers, not {describe(constant(bound))}",
                help=hint,
            )
    if bounds_[2] == 0:
        fail(codes.NO_VALUE, span, "`range` cannot go in steps of 0")
    turns = range(*bounds_)
    if len(turns) > LENGTH_LIMIT:
        fail(bounds.TOO_MUCH_WORK, span, f"a range of more than {LENGTH_LIMIT:,} numbers")
    return turns


def _tuple(*values: Any) -> tuple[Any, ...]:
    return values


def _item(values: Any, index: int) -> Any:
    if not isinstance(values, tuple):
        raise Undefined(
            f"{value_text(values)} is one number and has no parts", code=codes.WRONG_KIND
        )
    return values[index]


def _range(low: Any, high: Any, step: Any) -> range:
    for number in (low, high, step):
        if isinstance(number, bool) or not isinstance(number, int):
            raise Undefined(
                f"a range of positions needs whole numbers, not {value_text(number)}"
            )
    refused = refusal(low, high, step)
    if refused is not None:
        raise Undefined(refused.message)
    return range(low, high + 1, step)
