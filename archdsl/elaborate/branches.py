"""Joining what the alternatives of a choice give: one value that selects among them."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.sequences import size_expr
from archdsl.elaborate.state import State, Structural, fail
from archdsl.elaborate.values import LAYERS, POISON, ChosenL, Item, ListV, Poison, RangeV, Tensor, Thing, TupleV, describe
from archdsl.ir.expr import Expr, select
from archdsl.ir.graph import Select
from archdsl.ir.instance import Instance


def join(index: Expr, things: Sequence[Thing], words: Sequence[str], span: Span, instance: Instance, state: State) -> Thing:
    """The thing that `index` points to. `words` name the alternatives where they are layers.

    Raises Structural where the alternatives differ in dimensions or length, DiagnosticError where in kind.
    """
    index = state.settled(index)
    if index.is_constant:
        only: Thing = things[index.value]
        return only
    reachable = sorted(set(index.table))
    live = [things[i] for i in reachable]
    first: Thing = live[0]
    if any(isinstance(t, Poison) for t in live):
        return POISON
    if all(t is first for t in live):
        return first
    if all(isinstance(t, Tensor) for t in live):
        return _tensors(index, things, reachable, span, instance, state)
    if all(isinstance(t, LAYERS) for t in live):
        if live.count(live[0]) == len(live):
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
    kinds = list(dict.fromkeys(describe(t) for t in live))
    fail(choice_codes.MIXED_DOMAIN, span, f"one name would hold {' or '.join(kinds)}, depending on `{index.choices()[0].path}`")


def _tensors(index: Expr, things: Sequence[Thing], reachable: list[int], span: Span, instance: Instance, state: State) -> Thing:
    values = {i: t.value for i in reachable if isinstance(t := things[i], Tensor)}
    first = values[reachable[0]]
    for i in reachable[1:]:
        if set(values[i].shape) != set(first.shape):
            a, b = ", ".join(first.shape), ", ".join(values[i].shape)
            message = f"the choice `{index.choices()[0].path}` decides which dimensions there are: [{a}] or [{b}]"
            raise Structural(
                index.choices(),
                choice_codes.STRUCTURE_DIFFERS.error(span, message, help="bring the alternatives to the same dimensions before they meet"),
            )
    operands = tuple(values.get(i, first) for i in range(len(things)))
    if all(o is first for o in operands):
        return Tensor(first)
    shape = {dim: select(index, [state.settled(o.shape[dim]) for o in operands]) for dim in first.shape}
    state.tick(span, 10 + len(things) * len(index.table) // 2)  # which is live is asked of every operand
    return Tensor(Select(index, operands, shape, Instance("select", instance, "select", "primitive", span), span))


def _layers(index: Expr, things: Sequence[Thing], words: Sequence[str], reachable: list[int]) -> Thing:
    filler = things[reachable[0]]
    options = tuple(t if isinstance(t, LAYERS) else filler for t in things)
    labels = [words[i] for i in range(len(things))]
    if len({labels[i] for i in reachable}) < len(reachable):
        labels = [f"{w}_{i}" for i, w in enumerate(labels)]
    return ChosenL(index, tuple(labels), options)  # type: ignore[arg-type]


def _sequences(
    index: Expr, things: Sequence[Thing], words: Sequence[str], reachable: list[int], span: Span, instance: Instance, state: State
) -> Thing:
    rows = {i: t.items for i in reachable if isinstance(t := things[i], TupleV | ListV)}
    lengths = {len(r) for r in rows.values()}
    if len(lengths) > 1:
        sizes = " or ".join(map(str, sorted(lengths)))
        message = f"a list of {sizes} elements, depending on `{index.choices()[0].path}`"
        raise Structural(index.choices(), codes.NOT_CONSTANT.error(span, message))
    first = rows[reachable[0]]
    items = []
    for k in range(len(first)):
        parts = [rows.get(i, first)[k].value for i in range(len(things))]
        items.append(Item(join(index, parts, words, span, instance, state), first[k].label, first[k].word))
    return TupleV(tuple(items)) if isinstance(things[reachable[0]], TupleV) else ListV(tuple(items))
