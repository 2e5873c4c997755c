"""Joining what the alternatives of a choice give: one value that selects among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.sequences import size_expr
from archdsl.elaborate.evaluation.state import State, Structural, fail
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    ChosenL,
    ListV,
    Poison,
    RangeV,
    Tensor,
    Thing,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, Undefined, each, mend, select
from archdsl.ir.graph import Select, Value
from archdsl.ir.instance import Instance


@dataclass(frozen=True, slots=True)
class _Meeting:
    """Things that an index points to; `live` are those that it can point to, by position."""

    index: Expr
    things: Sequence[Thing]
    words: Sequence[str]
    live: Mapping[int, Thing]
    place: Place

    @property
    def first(self) -> Thing:
        return next(iter(self.live.values()))

    @property
    def by_which(self) -> str:
        scope = self.index.scope
        return f", depending on `{scope[0].path}`" if scope else ""


def join(index: Expr, things: Sequence[Thing], words: Sequence[str], place: Place) -> Thing:
    """The thing that `index` points to. `words` name the alternatives where they are layers.

    Where the index is undefined, so is the thing: an error if it is needed. Raises Structural where the
    alternatives differ in dimensions or length, DiagnosticError where in kind.
    """
    index = place.state.settled(index)
    if index.is_constant and not index.is_partial:
        only: Thing = things[index.value]
        return only
    index = _without_undefined(index, things)
    reachable = {i for i in index.distinct() if not isinstance(i, Undefined)}
    live = {i: things[i] for i in sorted(reachable or range(len(things)))}
    meeting = _Meeting(index, things, words, live, place)
    first = meeting.first
    if any(isinstance(t, Poison) for t in live.values()):
        return POISON
    if all(t is first for t in live.values()) and not index.is_partial:
        return first
    for types, joined in _JOINED:
        if all(isinstance(t, types) for t in live.values()):
            return joined(meeting)
    return _scalars(meeting)


def _without_undefined(index: Expr, things: Sequence[Thing]) -> Expr:
    """The index of things of which some are undefined beside tensors or layers: there it is undefined
    itself.
    """
    if all(isinstance(t, Expr | TupleV) for t in things):
        return index
    reasons: dict[int, Undefined] = {}
    for i, thing in enumerate(things):
        if (
            isinstance(thing, Expr)
            and thing.is_constant
            and isinstance(thing.value, Undefined)
        ):
            reasons[i] = thing.value
    return each(lambda i: reasons.get(i, i), index) if reasons else index


def _tensors(meeting: _Meeting) -> Thing:
    index, state, span = meeting.index, meeting.place.state, meeting.place.span
    values = {i: t.value for i, t in meeting.live.items() if isinstance(t, Tensor)}
    reasons = _reasons(values, state)
    sound = {i: v for i, v in values.items() if i not in reasons}
    if reasons and sound and len({frozenset(v.shape) for v in values.values()}) > 1:
        index = each(
            lambda i: reasons.get(i, i), index
        )  # of other dimensions because it is wrong
        values = sound
    first = next(iter(values.values()))
    for other in values.values():
        if set(other.shape) != set(first.shape):
            raise _differ(index, first, other, meeting.place)
    operands = tuple([values.get(i, first) for i in range(len(meeting.things))])
    if all(o is first for o in operands) and not index.is_partial:
        return Tensor(first)
    shape = {}
    for dim in first.shape:
        sizes = [state.settled(o.shape[dim]) for o in operands]
        shape[dim] = mend(select(index, sizes), first.shape[dim].first)
    state.tick(span, 10 + len(operands))
    instance = Instance("select", meeting.place.instance, "select", "primitive", span)
    return Tensor(Select(index, operands, shape, instance, span))


def _differ(index: Expr, first: Value, other: Value, place: Place) -> Structural:
    a, b = ", ".join(first.shape), ", ".join(other.shape)
    where = f"the choice `{index.scope[0].path}` decides" if index.scope else "this decides"
    message = f"{where} which dimensions there are: [{a}] or [{b}]"
    help = "bring the alternatives to the same dimensions before they meet"
    return Structural(
        index.scope, choice_codes.STRUCTURE_DIFFERS.error(place.span, message, help=help)
    )


def _reasons(values: Mapping[int, Value], state: State) -> dict[int, Undefined]:
    """Why each of the values that are wrong whatever is chosen is so."""
    found = {}
    for i, value in values.items():
        check = state.wrong.get(value)
        if check is not None:
            found[i] = Undefined(check.problem.first, check.span, check.code, check.help)
    return found


def _layers(meeting: _Meeting) -> Thing:
    live = list(meeting.live.values())
    filler = live[0]
    if live.count(filler) == len(live) and not meeting.index.is_partial:
        return filler
    options = tuple(t if isinstance(t, LAYERS) else filler for t in meeting.things)
    labels = list(meeting.words[: len(options)])
    if len({labels[i] for i in meeting.live}) < len(live):
        labels = [f"{w}_{i}" for i, w in enumerate(labels)]
    return ChosenL(meeting.index, tuple(labels), options)  # type: ignore[arg-type]


def _sequences(meeting: _Meeting) -> Thing:
    rows = {i: t.items for i, t in meeting.live.items() if isinstance(t, TupleV | ListV)}
    lengths = {len(r) for r in rows.values()}
    index, place = meeting.index, meeting.place
    if len(lengths) > 1:
        sizes = " or ".join(map(str, sorted(lengths)))
        message = f"a list of {sizes} elements{meeting.by_which}"
        raise Structural(index.scope, codes.NOT_CONSTANT.error(place.span, message))
    first = next(iter(rows.values()))
    items = []
    for k, item in enumerate(first):
        parts = [rows.get(i, first)[k].value for i in range(len(meeting.things))]
        items.append(replace(item, value=join(index, parts, meeting.words, place)))
    return (
        TupleV(tuple(items)) if isinstance(meeting.first, TupleV) else ListV(tuple(items))
    )


def _ranges(meeting: _Meeting) -> Thing:
    first, index = meeting.first, meeting.index
    assert isinstance(first, RangeV)
    ranges = [t if isinstance(t, RangeV) else first for t in meeting.things]
    low = select(index, [r.low for r in ranges])
    high = select(index, [r.high for r in ranges])
    return RangeV(low, high, select(index, [r.step for r in ranges]))


def _scalars(meeting: _Meeting) -> Thing:
    scalars = [size_expr(t) for t in meeting.things]
    filler = size_expr(meeting.first)
    if filler is not None and all(scalars[i] is not None for i in meeting.live):
        return select(meeting.index, [filler if s is None else s for s in scalars])
    kinds = " or ".join(dict.fromkeys(map(describe, meeting.live.values())))
    message = f"one name would hold {kinds}{meeting.by_which}"
    fail(choice_codes.MIXED_DOMAIN, meeting.place.span, message)


_JOINED: tuple[tuple[type | tuple[type, ...], Callable[[_Meeting], Thing]], ...] = (
    (Tensor, _tensors),
    (LAYERS, _layers),
    (TupleV, _sequences),
    (ListV, _sequences),
    (RangeV, _ranges),
)
