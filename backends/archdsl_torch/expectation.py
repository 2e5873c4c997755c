"""Exact expectations of expressions where every choice is drawn by itself, differentiable in the
probabilities.

A table over a few choices is contracted with their marginals, one after the other: `E[width * depth]` of the
table [[8, 16], [16, 32]] is `table @ p(depth) @ p(width)`. What hangs on many choices is a decision diagram;
the expectation of a node is that of its children, weighted by the probabilities of its choice. All diagrams
that are asked together are one forest, and all nodes of a choice are one tensor operation, from the last
choice back to the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import torch

from archdsl.ir.choice import Choice
from archdsl.ir.decision import Diagram, Leaf, Node, nodes_of
from archdsl.ir.expr import Expr
from archdsl.ir.terms import merged

Marginals: TypeAlias = Mapping[
    Choice, torch.Tensor
]  # [alternatives] of each choice, in float64


class Expectation:
    """The expected sum of numeric expressions; made once, asked often. Truth values count as 0 and 1."""

    def __init__(self, terms: Iterable[Expr]) -> None:
        self._constant = 0.0
        self._tables: list[_Table] = []
        diagrams: list[Expr] = []
        for term in merged(terms):
            if term.is_constant:
                self._constant += float(term.value)
            elif term.is_tabled:
                self._tables.append(
                    _Table(term.scope, _Tensor(_shaped(term.table, term.scope)))
                )
            else:
                diagrams.append(term)
        self._forest = _Forest.of(diagrams) if diagrams else None

    def __call__(
        self, marginals: Marginals, device: torch.device | None = None
    ) -> torch.Tensor:
        """The expectation, a float64 scalar."""
        total = torch.tensor(self._constant, dtype=torch.float64, device=device)
        for table in self._tables:
            total = total + table.expected(marginals, device)
        if self._forest is not None:
            total = total + self._forest.expected(marginals, device)
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
    """A table over choices."""

    scope: tuple[Choice, ...]
    table: _Tensor

    def expected(self, marginals: Marginals, device: torch.device | None) -> torch.Tensor:
        value = self.table.on(device)
        for choice in reversed(self.scope):
            value = value @ marginals[choice]
        return value


@dataclass(frozen=True, slots=True)
class _Level:
    """The nodes that ask one choice: where the value of each child stands [nodes, alternatives]."""

    choice: Choice
    kids: _Tensor


@dataclass(frozen=True, slots=True)
class _Forest:
    """Diagrams, the last choice first. Values stand in a row: those of the leaves, then those of each
    level.
    """

    leaves: _Tensor
    levels: tuple[_Level, ...]
    roots: _Tensor

    @staticmethod
    def of(terms: Sequence[Expr]) -> _Forest:
        """The forest of some expressions, equal parts once."""
        nodes = list(reversed(nodes_of(*[t.root for t in terms])))
        kids = chain.from_iterable(node.kids for node in nodes)
        leaves = list(dict.fromkeys(kid for kid in kids if isinstance(kid, Leaf)))
        place: dict[Diagram, int] = {leaf: i for i, leaf in enumerate(leaves)}
        by_choice: dict[Choice, list[Node]] = {}
        for node in nodes:
            by_choice.setdefault(node.choice, []).append(node)
        levels = []
        for choice, asking in by_choice.items():
            rows = [list(map(place.__getitem__, node.kids)) for node in asking]
            levels.append(_Level(choice, _Tensor(torch.tensor(rows, dtype=torch.long))))
            for node in asking:
                place[node] = len(place)
        roots = torch.tensor([place[t.root] for t in terms], dtype=torch.long)
        values = torch.tensor([float(leaf.value) for leaf in leaves], dtype=torch.float64)
        return _Forest(_Tensor(values), tuple(levels), _Tensor(roots))

    def expected(self, marginals: Marginals, device: torch.device | None) -> torch.Tensor:
        values = self.leaves.on(device)
        for level in self.levels:
            values = torch.cat(
                [values, values[level.kids.on(device)] @ marginals[level.choice]]
            )
        return values[self.roots.on(device)].sum()


def _shaped(table: Sequence[float], scope: Sequence[Choice]) -> torch.Tensor:
    return torch.tensor([float(v) for v in table], dtype=torch.float64).reshape(
        [c.size for c in scope]
    )
