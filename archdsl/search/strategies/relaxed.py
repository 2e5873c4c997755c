"""What strategies share that learn a distribution and the weights of a supergraph together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.search.learnable import check_statistics, least_chunk
from archdsl.search.strategies.protocol import Answers, Facts, State

if TYPE_CHECKING:
    from archdsl.search.problem import Problem


class Relaxed:
    """A supergraph with two optimisers, one for its logits and one for its weights; a round is one batch of
    each.
    """

    def __init__(self, problem: Problem, supergraph: Any) -> None:
        self.problem = problem
        self.supergraph = supergraph
        self.rounds = 0
        self.every = 1
        self._warmup = 0

    def _plan_rounds(self, fewest: int, examples: int, warmup: int) -> None:
        """So many rounds as there are batches of the examples in the step's epochs; the logits move after
        `warmup` epochs.

        Raises DiagnosticError E0729 where a batch of the `fewest` examples that are learned from together
        has no statistics.
        """
        problem = self.problem
        check_statistics(
            problem.points.graph,
            least_chunk(problem.batch_size, fewest, problem.cuts),
        )
        self.every = max(1, examples // problem.batch_size)
        self.rounds = self.every * problem.epochs
        self._warmup = warmup
        self.learning = problem.optimiser(
            "weights", problem.trained(self.supergraph), self.every
        )
        self.logits = problem.optimiser(
            "alpha", list(self.supergraph.logit_parameters()), self.every
        )

    def _summary(self, number: int) -> Facts:
        """At the end of an epoch, where the distribution stands. Raises DiagnosticError E0725 where it is
        nowhere any more.
        """
        if not all(bool(alpha.isfinite().all()) for alpha in self.logits.parameters):
            raise DiagnosticError(
                codes.DIVERGED.error(None, f"the logits have diverged in round {number}")
            )
        if (number + 1) % self.every:
            return {}
        with torch.no_grad():
            return {
                "entropy": float(self.supergraph.entropy()),
                "expected_macs": float(self.supergraph.expected_macs()),
            }

    def derived(self) -> Answers:
        """What the distribution favours, within the hard bounds: else the likeliest of many draws that
        are.
        """
        return self.problem.favoured(self.supergraph)

    def probabilities(self) -> Mapping[str, Mapping[str, float]]:
        opened = {c.path for c in self.problem.points.opened}
        return {
            path: p for path, p in self.supergraph.probabilities().items() if path in opened
        }

    def saved(self) -> State:
        parts = {
            "weights": self.supergraph.weights.state_dict(),
            "logits": self.supergraph.distribution.state_dict(),
            "learning": self.learning.tensors(),
            "moving": self.logits.tensors(),
        }
        tensors: dict[str, Tensor] = {}
        for part, held in parts.items():
            tensors.update(
                {f"{part}/{name}": tensor.detach() for name, tensor in held.items()}
            )
        return State(tensors)

    def restore(self, state: State) -> None:
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in state.tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = tensor
        self.supergraph.weights.load_state_dict(parts.get("weights", {}))
        self.supergraph.distribution.load_state_dict(parts.get("logits", {}))
        self.learning.restore(parts.get("learning", {}))
        self.logits.restore(parts.get("moving", {}))

    def weights(self) -> Mapping[str, Tensor]:
        return {
            name: tensor.detach()
            for name, tensor in self.supergraph.weights.state_dict().items()
        }
