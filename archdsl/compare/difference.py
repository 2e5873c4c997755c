"""The result of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archdsl.compare.edits import Edit
from archdsl.compare.rollup import PartCost


@dataclass(frozen=True, slots=True)
class Totals:
    """What an architecture costs and how many there are. A model has equal ends and one architecture.

    `params` and `macs` as (least, most), exact; `architectures` likewise, with different ends only where a
    cost constraint makes it an interval. None where nobody could say.
    """

    params: tuple[int, int] | None
    macs: tuple[int, int] | None
    architectures: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Inheritance:
    """How many of the second architecture's weights the first one provides: elements of equal tensors,
    elements of tensors of another size that can be sliced or extended, and all. Of a space, at its widest.
    """

    same: int
    sliceable: int
    total: int

    @property
    def share(self) -> float:
        return self.same / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """The edits that lead from one architecture to the other, and what they amount to.

    `unchanged` counts ops with equal parameters (of genotypes: equal answers), `following` those among them
    of which the sizes follow from edits elsewhere; `kept` are their paths. `costs` says where the totals of
    two models differ.
    """

    kind: Literal["architectures", "genotypes"]
    names: tuple[str, str]
    edits: tuple[Edit, ...]
    unchanged: int
    following: int = 0
    before: Totals | None = None
    after: Totals | None = None
    inherits: Inheritance | None = None
    kept: tuple[str, ...] = ()
    costs: tuple[PartCost, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.edits)
