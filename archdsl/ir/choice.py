"""Choices: the questions a search space leaves open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from archdsl.diagnostics.source import Span

Kind = Literal["list", "range", "subset"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One answer: `label` is its text in a genotype; `value` what an attribute reads (for a layer, its
    label).
    """

    label: str
    value: Any


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """A named question with its alternatives. Compared by identity: two choices of one graph never share a
    path.

    A `range` slices one super-weight, a `list` has weights of its own per alternative, a `subset` picks
    several of a list (its values are tuples of indices). `order` is the place in program order.
    """

    path: str
    alternatives: tuple[Alternative, ...]
    kind: Kind
    order: int
    span: Span | None = field(default=None, repr=False)
    nodes: dict[Any, Any] = field(
        default_factory=dict, init=False, repr=False
    )  # of decision diagrams, by their children
    joined: dict[Any, Any] = field(
        default_factory=dict, init=False, repr=False
    )  # `and` and `or` of two conditions that read this choice

    @property
    def size(self) -> int:
        return len(self.alternatives)

    def labels(self) -> tuple[str, ...]:
        return tuple(a.label for a in self.alternatives)

    def values(self) -> tuple[Any, ...]:
        return tuple(a.value for a in self.alternatives)
