"""Comparing expressions of two graphs: equal where they agree on every alternative that both still have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from math import prod
from typing import Any

from archdsl.ir.choice import Choice
from archdsl.ir.codec import function
from archdsl.ir.expr import TABLE_LIMIT, Expr, Undefined
from archdsl.ir.graph import Init


@dataclass(eq=False, slots=True)
class ChoicePairs:
    """Which choice of one graph is which of the other, and which alternatives they share, by label."""

    pairs: dict[Choice, Choice] = field(default_factory=dict)
    shared: dict[Choice, tuple[tuple[int, int], ...]] = field(default_factory=dict)  # by the first graph's choice

    def add(self, a: Choice, b: Choice) -> None:
        place = {label: i for i, label in enumerate(b.labels())}
        self.pairs[a] = b
        self.shared[a] = tuple((i, place[label]) for i, label in enumerate(a.labels()) if label in place)

    def identical(self, a: Choice) -> bool:
        return a in self.pairs and a.labels() == self.pairs[a].labels()


def agree(a: Expr, b: Expr, choices: ChoicePairs) -> bool:
    """Whether the expressions are the same, apart from what other alternatives or settled choices account for.

    A choice that only one side has is taken as settled by the other: its values must cover the other side's.
    """
    if a.is_constant and b.is_constant:
        return bool(a.value == b.value)
    scope_a, scope_b = list(a.scope), list(b.scope)
    if [choices.pairs.get(c) for c in scope_a] == scope_b and all(map(choices.identical, scope_a)):
        return function(a) == function(b)
    backward = {y: x for x, y in choices.pairs.items()}
    common = [c for c in scope_a if c in choices.pairs] + [backward[c] for c in scope_b if c in backward and backward[c] not in scope_a]
    only_a = [c for c in scope_a if c not in choices.pairs]
    only_b = [c for c in scope_b if c not in backward]
    cases = prod(len(choices.shared[c]) for c in common)
    if cases * max(prod(c.size for c in only_a), prod(c.size for c in only_b)) > TABLE_LIMIT:
        return set(map(repr, a.distinct())) == set(map(repr, b.distinct()))
    for case in product(*(choices.shared[c] for c in common)):
        at_a = {c: i for c, (i, _) in zip(common, case, strict=True)}
        at_b = {choices.pairs[c]: j for c, (_, j) in zip(common, case, strict=True)}
        values_a, values_b = _values(a, at_a, only_a), _values(b, at_b, only_b)
        if not (values_a <= values_b if len(values_a) < len(values_b) else values_b <= values_a):
            return False
    return True


def _values(expr: Expr, settled: Mapping[Choice, int], free: Sequence[Choice]) -> set[str]:
    found = set()
    for rest in product(*(range(c.size) for c in free)):
        found.add(repr(expr.at({**settled, **dict(zip(free, rest, strict=True))})))
    return found


def domain_text(labels: Sequence[str]) -> str:
    """`{relu, gelu}`, or `12..28 by 4` for five numbers in equal steps."""
    numbers = [_number(label) for label in labels]
    if len(labels) > 3 and all(n is not None for n in numbers):
        values = sorted(n for n in numbers if n is not None)
        steps = {round(y - x, 9) for x, y in pairwise(values)}
        if len(steps) == 1:
            step = steps.pop()
            by = "" if step == 1 else f" by {_plain(step)}"
            return f"{_plain(values[0])}..{_plain(values[-1])}{by}"
    return "{" + ", ".join(labels) + "}"


def describe(expr: Expr) -> str:
    """The value, or the values that it can take."""
    values = list(dict.fromkeys(value_text(v) for v in expr.distinct() if not isinstance(v, Undefined)))
    if len(values) == 1:
        return values[0]
    if len(values) > 12:
        return f"{values[0]} … {values[-1]} ({len(values)} values)"
    return domain_text(values)


def value_text(value: Any) -> str:
    """A value as the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple) and value and all(isinstance(v, int) for v in value):
        return "x".join(map(str, value))
    if isinstance(value, Init):
        return str(value)
    if isinstance(value, float):
        return _plain(value)
    return str(value)


def _plain(value: float) -> str:
    return f"{value:.12g}"


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None
