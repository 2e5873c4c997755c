"""Comparing expressions of two graphs: equal where they agree on every alternative that both still have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

from archdsl.ir.choice import Choice
from archdsl.ir.codec import function
from archdsl.ir.expr import TABLE_LIMIT, Expr


@dataclass(eq=False, slots=True)
class ChoicePairs:
    """Which choice of one graph is which of the other, and which alternatives they share, by label."""

    pairs: dict[Choice, Choice] = field(default_factory=dict)
    # by the first graph's choice
    shared: dict[Choice, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def add(self, a: Choice, b: Choice) -> None:
        place = {label: i for i, label in enumerate(b.labels())}
        self.pairs[a] = b
        self.shared[a] = tuple(
            (i, place[label]) for i, label in enumerate(a.labels()) if label in place
        )

    def identical(self, a: Choice) -> bool:
        return a in self.pairs and a.labels() == self.pairs[a].labels()


def agree(a: Expr, b: Expr, choices: ChoicePairs) -> bool:
    """Whether the expressions are the same, apart from what other alternatives or settled choices account
    for.

    A choice that only one side has is taken as settled by the other: its values must cover the other side's.
    """
    if a.is_constant and b.is_constant:
        return bool(a.value == b.value)
    scope_a, scope_b = list(a.scope), list(b.scope)
    if [choices.pairs.get(c) for c in scope_a] == scope_b and all(
        map(choices.identical, scope_a)
    ):
        return function(a) == function(b)
    backward = {y: x for x, y in choices.pairs.items()}
    common = [c for c in scope_a if c in choices.pairs]
    common += [backward[c] for c in scope_b if c in backward and backward[c] not in scope_a]
    only_a = [c for c in scope_a if c not in choices.pairs]
    only_b = [c for c in scope_b if c not in backward]
    cases = prod(len(choices.shared[c]) for c in common)
    if (
        cases * max(prod(c.size for c in only_a), prod(c.size for c in only_b))
        > TABLE_LIMIT
    ):
        return set(map(repr, a.distinct())) == set(map(repr, b.distinct()))
    for case in product(*(choices.shared[c] for c in common)):
        at_a = {c: i for c, (i, _) in zip(common, case, strict=True)}
        at_b = {choices.pairs[c]: j for c, (_, j) in zip(common, case, strict=True)}
        values_a, values_b = _values(a, at_a, only_a), _values(b, at_b, only_b)
        if not (values_a <= values_b or values_b <= values_a):
            return False
    return True


def _values(expr: Expr, settled: Mapping[Choice, int], free: Sequence[Choice]) -> set[str]:
    found = set()
    for rest in product(*(range(c.size) for c in free)):
        found.add(repr(expr.at({**settled, **dict(zip(free, rest, strict=True))})))
    return found
