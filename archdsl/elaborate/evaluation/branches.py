"""Joining what the alternatives of a choice give: one value that selects among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.sequences import size_expr
from archdsl.elaborate.evaluation.state import State, Structural, fail
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    ChosenL,
    Item,
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


def join(
    index: Expr, things: Sequence[Thing], words: Sequence[str], span: Span, instance: Instance, state: State
) -> Thing:
    """The thing that `index` points to. `words` name the alternatives where they are layers.

    Where the index is undefined, so is the thing: an error if it is needed. Raises Structural where the
    alternatives differ in dimensions or length, DiagnosticError where in kind.
    """
    index = state.settled(index)
    if index.is_constant and not index.is_partial:
        only: Thing = things[index.value]
        return only
    index = _without_undefined(index, things)
    reachable = [i for i in index.distinct() if not isinstance(i, Undefined)] or range(len(things))
    reachable = sorted(set(reachable))
    live = [things[i] for i in reachable]
    first: Thing = live[0]
    if any(isinstance(t, Poison) for t in live):
        return POISON
    if all(t is first for t in live) and not index.is_partial:
        return first
    if all(isinstance(t, Tensor) for t in live):
        return _tensors(index, things, reachable, span, instance, state)
    if all(isinstance(t, LAYERS) for t in live):
        if live.count(live[0]) == len(live) and not index.is_partial:
            return first
        return _layers(index, things, words, reachable)
    for kind in (TupleV, ListV):
        if all(isinstance(t, kind) for t in live):
            return _sequences(index, things, words, reachable, span, instance, state)
    if all(isinstance(t, RangeV) for t in live):
        ranges = [t if isinstance(t, RangeV) else first for t in things]
        low, high, step = ([getattr(r, end) for r in ranges] for end in ("low", "high", "step"))
        return RangeV(select(index, low), select(index, high), select(index, step))
    scalars = [size_expr(t) for t in things]
    filler = scalars[reachable[0]]
    if filler is not None and all(scalars[i] is not None for i in reachable):
        return select(index, [s if s is not None else filler for s in scalars])
    kinds = list(dict.fromkeys([describe(t) for t in live]))
    depends = f", depending on `{index.scope[0].path}`" if index.scope else ""
    fail(choice_codes.MIXED_DOMAIN, span, f"one name would hold {' or '.join(kinds)}{depends}")


def _without_undefined(index: Expr, things: Sequence[Thing]) -> Expr:
    """The index of things of which some are undefined beside tensors or layers: there it is undefined
    itself.
    """
    if all(isinstance(t, Expr | TupleV) for t in things):
        return index
    reasons: dict[int, Undefined] = {}
    for i, thing in enumerate(things):
        if isinstance(thing, Expr) and thing.is_constant and isinstance(thing.value, Undefined):
            reasons[i] = thing.value
    return each(lambda i: reasons.get(i, i), index) if reasons else index


def _tensors(
    index: Expr, things: Sequence[Thing], reachable: list[int], span: Span, instance: Instance, state: State
) -> Thing:
    values = {i: t.value for i in reachable if isinstance(t := things[i], Tensor)}
    reasons = _reasons(values, state)
    sound = {i: v for i, v in values.items() if i not in reasons}
    if reasons and sound and len({frozenset(v.shape) for v in values.values()}) > 1:
        index = each(lambda i: reasons.get(i, i), index)  # of other dimensions because it is wrong
        values = sound
    first = next(iter(values.values()))
    for other in values.values():
        if set(other.shape) != set(first.shape):
            a, b = ", ".join(first.shape), ", ".join(other.shape)
            where = f"the choice `{index.scope[0].path}` decides" if index.scope else "this decides"
            message = f"{where} which dimensions there are: [{a}] or [{b}]"
            raise Structural(
                index.scope,
                choice_codes.STRUCTURE_DIFFERS.error(
                    span, message, help="bring the alternatives to the same dimensions before they meet"
                ),
            )
    operands = tuple([values.get(i, first) for i in range(len(things))])
    if all(o is first for o in operands) and not index.is_partial:
        return Tensor(first)
    shape = {}
    for dim in first.shape:
        sizes = [state.settled(o.shape[dim]) for o in operands]
        shape[dim] = mend(select(index, sizes), first.shape[dim].first)
    state.tick(span, 10 + len(things))
    return Tensor(
        Select(index, operands, shape, Instance("select", instance, "select", "primitive", span), span)
    )


def _reasons(values: Mapping[int, Value], state: State) -> dict[int, Undefined]:
    """Why each of the values that are wrong whatever is chosen is so."""
    found = {}
    for i, value in values.items():
        check = state.wrong.get(value)
        if check is not None:
            found[i] = Undefined(check.problem.first, check.span, check.code, check.help)
    return found


def _layers(index: Expr, things: Sequence[Thing], words: Sequence[str], reachable: list[int]) -> Thing:
    filler = things[reachable[0]]
    options = tuple(t if isinstance(t, LAYERS) else filler for t in things)
    labels = [words[i] for i in range(len(things))]
    if len({labels[i] for i in reachable}) < len(reachable):
        labels = [f"{w}_{i}" for i, w in enumerate(labels)]
    return ChosenL(index, tuple(labels), options)  # type: ignore[arg-type]


def _sequences(
    index: Expr,
    things: Sequence[Thing],
    words: Sequence[str],
    reachable: list[int],
    span: Span,
    instance: Instance,
    state: State,
) -> Thing:
    rows = {i: t.items for i in reachable if isinstance(t := things[i], TupleV | ListV)}
    lengths = {len(r) for r in rows.values()}
    if len(lengths) > 1:
        sizes = " or ".join(map(str, sorted(lengths)))
        depends = f", depending on `{index.scope[0].path}`" if index.scope else ""
        message = f"a list of {sizes} elements{depends}"
        raise Structural(index.scope, codes.NOT_CONSTANT.error(span, message))
    first = rows[reachable[0]]
    items = []
    for k in range(len(first)):
        parts = [rows.get(i, first)[k].value for i in range(len(things))]
        items.append(Item(join(index, parts, words, span, instance, state), first[k].label, first[k].word))
    return TupleV(tuple(items)) if isinstance(things[reachable[0]], TupleV) else ListV(tuple(items))
