"""What parts of a graph cost: params and MACs, of a space the least and the most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import Activity, activity, binding
from archdsl.ir.expr import TRUE, Expr, TooWide, Undefined, constant, product, where
from archdsl.ir.extremes import extremes_of
from archdsl.ir.graph import Graph, Op, Value
from archdsl.ir.notation import amounts
from archdsl.ir.terms import merged
from archdsl.outline.tree import weights_of

Bounds = tuple[int, int]
_ZERO = constant(0)


@dataclass(frozen=True, slots=True)
class Worth:
    """Least and most; of a model both are equal."""

    params: Bounds
    macs: Bounds

    def lines(self) -> list[str]:
        """`2.10M params`, `3.40G MACs`, without what is 0."""
        return [
            f"{amounts(b)} {what}"
            for b, what in ((self.params, "params"), (self.macs, "MACs"))
            if b[1]
        ]


def worth(values: Iterable[Value], live: Activity) -> Worth:
    """The cost of values; a weight that several of them share counts once. Of a space the sums of what each
    operation needs at least and at most, which a whole architecture may not reach.
    """
    params, macs = _terms(values, live)
    return Worth(_ends(params), _ends(macs))


def worths(groups: Sequence[Iterable[Value]], graph: Graph) -> list[Worth]:
    """The costs of groups of values of a graph, of a space exactly, unless that is out of reach."""
    live = activity(graph.outputs)
    terms = list(chain.from_iterable(_terms(group, live) for group in groups))
    ends: list[Bounds] | None = None
    if graph.choices:
        with suppress(DiagnosticError, TooWide):  # the looser ends do
            ends = extremes_of(
                terms, [binding(r, live) for r in graph.requirements], live.choices
            )
    if ends is None:
        ends = [_ends(each) for each in terms]
    return [Worth(*pair) for pair in zip(ends[::2], ends[1::2], strict=True)]


def _terms(values: Iterable[Value], live: Activity) -> tuple[list[Expr], list[Expr]]:
    """Params and MACs as terms, each 0 where it is not live."""
    values = list(values)
    weights = {w.identity: w for w in chain.from_iterable(map(weights_of, values))}
    params = [
        where(live.weights.get(i, TRUE), product(w.shape), _ZERO)
        for i, w in weights.items()
    ]
    return params, [
        where(live.values.get(v, TRUE), v.macs, _ZERO) for v in values if isinstance(v, Op)
    ]


def _ends(terms: Iterable[Expr]) -> Bounds:
    low = high = 0
    for term in merged(terms):
        numbers = [0 if isinstance(v, Undefined) else int(v) for v in term.distinct()]
        low, high = low + min(numbers), high + max(numbers)
    return low, high
