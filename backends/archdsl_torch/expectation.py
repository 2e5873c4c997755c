"""Exact expectations of expressions where every choice is drawn by itself, differentiable in the probabilities.

A table is contracted with the marginals of its variables, one after the other. That needs variables that are
independent. Where derived ones share choices, the expression is tabulated anew over choices alone, alternatives that
nothing tells apart as one: of a subset mostly only matters whether it has a certain member. Where even that table is
too large, the expression is unrolled into a diagram, and its expectation is accumulated backwards over the layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import torch

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Derived, Expr, Variable, spread
from archdsl.ir.frontier import frontier
from archdsl.ir.terms import merged

Marginals: TypeAlias = Mapping[Choice, torch.Tensor]  # [alternatives] of each choice, in float64

_ENTRIES = 1 << 20  # of a table over classes of alternatives


class Expectation:
    """The expected sum of numeric expressions; made once, asked often. Truth values count as 0 and 1.

    Raises DiagnosticError E0509 where an expression cannot be disentangled within the limits.
    """

    def __init__(self, terms: Iterable[Expr]) -> None:
        self._constant = 0.0
        apart: list[Expr] = []
        tangled: dict[Expr, float] = {}
        for term in terms:
            if _independent(term.scope):
                apart.append(term)
            else:
                unit, factor = _unit(term)
                tangled[unit] = tangled.get(unit, 0.0) + factor
        self._tables: list[_Table] = []
        for term in merged(apart):
            if term.is_constant:
                self._constant += float(term.value)
            else:
                self._tables.append(_Table(term.scope, _Tensor(_shaped(term.table, term.scope))))
        self._others = [(_pivoted(unit) or _unrolled(unit), factor) for unit, factor in tangled.items()]

    def __call__(self, marginals: Marginals, device: torch.device | None = None) -> torch.Tensor:
        """The expectation, a float64 scalar."""
        total = torch.tensor(self._constant, dtype=torch.float64, device=device)
        known: dict[Derived, torch.Tensor] = {}
        for table in self._tables:
            total = total + table.expected(marginals, known, device)
        for other, factor in self._others:
            total = total + factor * other.expected(marginals, device)
        return total


class _Tensor:
    """A constant, kept on each device that asked for it."""

    def __init__(self, value: torch.Tensor) -> None:
        self._on = {value.device: value}
        self._value = value

    def on(self, device: torch.device | None) -> torch.Tensor:
        if device is None:
            return self._value
        if device not in self._on:
            self._on[device] = self._value.to(device)
        return self._on[device]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table over independent variables."""

    scope: tuple[Variable, ...]
    table: _Tensor

    def expected(self, marginals: Marginals, known: dict[Derived, torch.Tensor], device: torch.device | None) -> torch.Tensor:
        value = self.table.on(device)
        for variable in reversed(self.scope):
            value = value @ _marginal(variable, marginals, known)
        return value


def _marginal(variable: Variable, marginals: Marginals, known: dict[Derived, torch.Tensor]) -> torch.Tensor:
    """The probability of each value of a variable; of a derived one, of its expression's values."""
    if isinstance(variable, Choice):
        return marginals[variable]
    found = known.get(variable)
    if found is None:
        joint: torch.Tensor | None = None
        for inner in variable.expr.scope:
            p = _marginal(inner, marginals, known)
            joint = p if joint is None else (joint[:, None] * p[None, :]).flatten()
        assert joint is not None
        found = known[variable] = _by_class(joint, torch.tensor(variable.codes, device=joint.device), variable.size)
    return found


def _by_class(p: torch.Tensor, classes: torch.Tensor, count: int) -> torch.Tensor:
    return torch.zeros(count, dtype=p.dtype, device=p.device).index_add(0, classes, p)


@dataclass(frozen=True, slots=True)
class _Quotient:
    """A table over classes of alternatives; `classes` gives that of each alternative."""

    choices: tuple[Choice, ...]
    classes: tuple[_Tensor, ...]
    table: _Tensor

    def expected(self, marginals: Marginals, device: torch.device | None) -> torch.Tensor:
        value = self.table.on(device)
        for choice, classes in reversed(list(zip(self.choices, self.classes, strict=True))):
            value = value @ _by_class(marginals[choice], classes.on(device), value.shape[-1])
        return value


@dataclass(frozen=True, slots=True)
class _Pivoted:
    """One quotient for each group of alternatives of a choice, by which everything else becomes simpler."""

    choice: Choice
    groups: _Tensor  # of each alternative
    parts: tuple[_Quotient, ...]

    def expected(self, marginals: Marginals, device: torch.device | None) -> torch.Tensor:
        p = _by_class(marginals[self.choice], self.groups.on(device), len(self.parts))
        return p @ torch.stack([part.expected(marginals, device) for part in self.parts])


def _pivoted(term: Expr) -> _Pivoted | None:
    """None where there are too many classes."""
    derived: dict[Derived, None] = {}
    _collect(term.scope, derived)
    tables = [term, *(Expr(d.expr.scope, d.codes) for d in derived)]
    codes = {d: torch.tensor(d.codes) for d in reversed(derived)}  # what a variable is made of comes after it in `derived`
    values = torch.tensor([float(v) for v in term.table], dtype=torch.float64)
    choices = term.choices()
    pivot = max(choices, key=lambda c: sum(c in t.scope for t in tables))
    others = tuple(c for c in choices if c is not pivot)
    whole = {c: _signatures(c, pivot, [t for t in tables if c in t.scope]) for c in others}
    entries = 0
    groups: list[int] = []
    known: dict[object, int] = {}
    parts: list[_Quotient] = []
    for k in range(pivot.size):
        classes = {c: _numbered([s[k] for s in whole[c]]) for c in others}
        entries += prod(max(classes[c]) + 1 for c in others)
        if entries > _ENTRIES:
            return None
        reduced, table = _reduced(_tabulated(term.scope, values, codes, classes, {pivot: torch.tensor(k)}), classes)
        mark = tuple((c, tuple(n)) for c, n in reduced.items()), tuple(table.flatten().tolist())
        if mark not in known:
            known[mark] = len(parts)
            parts.append(_Quotient(tuple(reduced), tuple(_Tensor(torch.tensor(n)) for n in reduced.values()), _Tensor(table)))
        groups.append(known[mark])
    return _Pivoted(pivot, _Tensor(torch.tensor(groups)), tuple(parts))


def _tabulated(
    scope: Sequence[Variable],
    table: torch.Tensor,
    codes: Mapping[Derived, torch.Tensor],
    classes: Mapping[Choice, list[int]],
    known: Mapping[Choice, torch.Tensor],
) -> torch.Tensor:
    """A table over classes, where the other choices are known; `codes` in the order in which they can be computed."""
    firsts = [torch.tensor([n.index(k) for k in range(max(n) + 1)]) for n in classes.values()]
    grid = torch.meshgrid(*firsts, indexing="ij") if firsts else ()
    values: dict[Variable, torch.Tensor] = {**known, **dict(zip(classes, grid, strict=True))}
    for variable, numbers in codes.items():
        values[variable] = numbers[_flat(variable.expr.scope, values)]
    return table[_flat(scope, values)].expand([len(f) for f in firsts])


def _reduced(table: torch.Tensor, classes: Mapping[Choice, list[int]]) -> tuple[dict[Choice, list[int]], torch.Tensor]:
    """The fewest classes that the table tells apart; choices that it does not depend on are gone."""
    found: dict[Choice, list[int]] = {}
    for choice, numbers in classes.items():
        axis = len(found)
        distinct, inverse = torch.unique(table, dim=axis, return_inverse=True)
        if distinct.shape[axis] == 1:
            table = distinct.squeeze(axis)
        else:
            table = distinct
            found[choice] = [int(inverse[n]) for n in numbers]
    return found, table


def _collect(scope: Iterable[Variable], found: dict[Derived, None]) -> None:
    for variable in scope:
        if isinstance(variable, Derived):
            found.pop(variable, None)
            found[variable] = None
            _collect(variable.expr.scope, found)


def _signatures(choice: Choice, pivot: Choice, tables: Sequence[Expr]) -> list[list[tuple[object, ...]]]:
    """For each alternative of a choice and of the pivot, what all tables say of them."""
    found: list[list[tuple[object, ...]]] = [[() for _ in range(pivot.size)] for _ in range(choice.size)]
    for table in tables:
        shared = pivot in table.scope
        rest = tuple(v for v in table.scope if v is not choice and v is not pivot)
        rows = tuple(spread(table, (choice, pivot, *rest) if shared else (choice, *rest)))
        width = prod(v.size for v in rest)
        for i in range(choice.size):
            for k in range(pivot.size):
                start = (i * pivot.size + k if shared else i) * width
                found[i][k] += (rows[start : start + width],)
    return found


def _numbered(signatures: Iterable[object]) -> list[int]:
    known: dict[object, int] = {}
    return [known.setdefault(s, len(known)) for s in signatures]


def _flat(scope: Sequence[Variable], values: Mapping[Variable, torch.Tensor]) -> torch.Tensor:
    index = torch.tensor(0)
    for variable in scope:
        index = index * variable.size + values[variable]
    return index


@dataclass(frozen=True, slots=True)
class _Layer:
    """The edges of a layer: from which state, by which alternative, to which state, at what cost."""

    choice: Choice
    states: int
    source: _Tensor
    value: _Tensor
    target: _Tensor
    cost: _Tensor


@dataclass(frozen=True, slots=True)
class _Unrolled:
    """A diagram, its last layer first."""

    layers: tuple[_Layer, ...]
    constant: float

    def expected(self, marginals: Marginals, device: torch.device | None) -> torch.Tensor:
        after = torch.zeros(1, dtype=torch.float64, device=device)
        for layer in self.layers:
            p = marginals[layer.choice][layer.value.on(device)]
            each = p * (layer.cost.on(device) + after[layer.target.on(device)])
            after = _by_class(each, layer.source.on(device), layer.states)
        return after[0] + self.constant


def _unrolled(term: Expr) -> _Unrolled:
    diagram = frontier((), {}, (), [term])
    layers = []
    for layer in reversed(diagram.layers):
        assert layer.choice is not None, "without constraints there is a path"
        rows = [(source, *edge) for source, edges in enumerate(layer.edges) for edge in edges]
        source, value, target, cost = zip(*rows, strict=True)
        layers.append(
            _Layer(layer.choice, len(layer.edges), _whole(source), _whole(value), _whole(target), _Tensor(torch.tensor(cost).double()))
        )
    return _Unrolled(tuple(layers), float(diagram.constant))


def _whole(numbers: Sequence[int]) -> _Tensor:
    return _Tensor(torch.tensor(numbers, dtype=torch.long))


def _unit(term: Expr) -> tuple[Expr, float]:
    """An expression of one value besides 0 as that value times an indicator, so that equal guards are one."""
    values = {v for v in term.table if v}
    if len(values) != 1:
        return term, 1.0
    return Expr(term.scope, tuple(int(bool(v)) for v in term.table)), float(values.pop())


def _shaped(table: Sequence[float], scope: Sequence[Variable]) -> torch.Tensor:
    return torch.tensor([float(v) for v in table], dtype=torch.float64).reshape([v.size for v in scope])


def _independent(scope: Iterable[Variable]) -> bool:
    """Whether no choice lies under two of the variables, here and below."""
    seen: set[Choice] = set()
    count = 0
    for variable in scope:
        if isinstance(variable, Derived):
            if not _independent(variable.expr.scope):
                return False
            own = set(variable.expr.choices())
        else:
            own = {variable}
        count += len(own)
        seen |= own
    return count == len(seen)
