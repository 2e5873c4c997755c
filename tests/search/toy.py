"""A problem whose evaluation is a formula: what strategies find can be compared with what there is to
find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from archdsl.elaborate.plans.drafts import Budget
from archdsl.ir.activity import activity
from archdsl.ir.graph import Graph
from archdsl.search.costs import costs_of
from archdsl.search.evaluation import Score
from archdsl.search.points import Points
from tests.elaborate.texts import graph_of

Result = TypeVar("Result")

# Eleven choices in three places; the middle one may be left out, with all that is in it. 1,105,920
# architectures.
TEXT = """
block cell(n) {
  input x
  for i in range(n) as node {
    op ~ [identity, conv3: conv(8, 3), conv5: conv(8, 5), pool: max_pool(3, 1, 1)]
    x = x -> op
  }
  act ~ [relu, gelu, swish]
  output x -> act
}
space toy {
  input x: [b, c = 3, h = 8, w = 8]
  x = x -> conv(8) as stem -> cell(3) as first
  inner ~ [identity, deep: cell(2)]
  x = x -> inner -> cell(2) as last
  output x -> mean(@hw) -> linear(2) as classify
}
"""


class Toy:
    """Stands in for a `Problem`: `value` says what an architecture is worth."""

    is_first = True
    worker = "toy"
    study_name = "toy"

    def __init__(
        self,
        value: Callable[[Mapping[str, str]], float],
        seed: int = 0,
        budgets: tuple[Budget, ...] = (),
    ) -> None:
        self.graph: Graph = graph_of(TEXT, "toy")
        active = activity(self.graph.outputs)
        self.points = Points(
            self.graph,
            active,
            {},
            self.graph.choices,
            costs_of(self.graph, active, budgets),
        )
        self.settings: dict[str, Any] = {}
        self.value, self.seed, self.storage = value, seed, ""
        self.evaluation = self
        self.asked: list[Mapping[str, str]] = []

    def seed_for(self, *purpose: object) -> int:
        digest = hashlib.sha256(repr((self.seed, purpose)).encode()).digest()
        return int.from_bytes(digest[:7], "big")

    def agreed(self, decide: Callable[[], Result]) -> Result:
        return decide()

    def evaluate(self, genotype: Mapping[str, str], number: int) -> Score:
        self.asked.append(genotype)
        value = self.value(genotype)
        return Score(value, value, value, 0.0, {})

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, tensors: Mapping[str, Any]) -> None:
        assert not tensors

    def weights(self) -> dict[str, Any]:
        return {}

    def in_folder(self, folder: Path) -> Toy:
        self.storage = str(folder / "trials.journal")
        return self


def worth(genotype: Mapping[str, str]) -> float:
    """Places ask for different operations, next to each other as well; at most 7.5."""
    ops = [
        label
        for path, label in genotype.items()
        if path.endswith(".op") or ".op" in path or "node" in path
    ]
    total = 1.0 * sum(
        label == ("conv5", "pool", "conv3", "identity")[i % 4]
        for i, label in enumerate(ops)
    )
    total += genotype.get("first.act") == "gelu"
    if genotype["inner"] == "deep":
        total += 0.5 * (genotype.get("inner.deep.act") == "swish") + 0.5
    return total - 0.5 * (genotype.get("last.act") == "relu")
