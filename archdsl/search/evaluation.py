"""What an architecture is worth: trained by itself for a while, or with its share of a supergraph's
weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from archdsl.ir.fix import fix
from archdsl.questions.genotype import assignment
from archdsl.search.batches import evenly
from archdsl.search.learnable import check_statistics, least_chunk

if TYPE_CHECKING:
    from archdsl.search.problem import Problem


_STATISTICS = 8  # batches that statistics are measured on
_LEAST = (
    -20.0
)  # nats an example: lower is as bad, and would only drown what else a search has seen


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy in 0..1 and mean log-likelihood on the validation data, costs, and the value that a search
    maximises.
    """

    accuracy: float
    likelihood: float
    value: float
    excess: float
    costs: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """As it is logged."""
        return {
            "value": self.value,
            "accuracy": self.accuracy,
            "likelihood": self.likelihood,
            **self.costs,
        }


class Evaluation(Protocol):
    """How trials are judged. What it learns once for all of them is its state."""

    def evaluate(self, genotype: Mapping[str, str], number: int) -> Score: ...
    def state(self) -> Mapping[str, Tensor]: ...
    def restore(self, tensors: Mapping[str, Tensor]) -> None: ...
    def weights(self) -> Mapping[str, Tensor]: ...


def evaluation(problem: Problem, options: Mapping[str, Any]) -> Evaluation:
    """The evaluation that a strategy's options name: `evaluate`, `scores` and `beta`."""
    kind = Shared if options.get("evaluate") == "shared" else Scratch
    return kind(
        problem,
        options.get("scores", "accuracy"),
        float(options.get("beta", 1.0)),
    )


class _Judge:
    def __init__(self, problem: Problem, scores: str, beta: float) -> None:
        self.problem = problem
        self._scores = scores
        self._beta = beta

    def _judged(self, network: torch.nn.Module, genotype: Mapping[str, str]) -> Score:
        problem = self.problem
        sums, count = torch.zeros(2, dtype=torch.float64), 0
        network.eval()
        with torch.no_grad():
            for batch in problem.validation():
                sums += problem.judged(network, batch)
                count += batch.size
        likelihood, accuracy = (problem.summed(sums) / max(1, count)).tolist()
        if not isfinite(likelihood):  # it diverged while it learnt
            likelihood, accuracy = _LEAST, 0.0
        likelihood = max(likelihood, _LEAST)
        costs = problem.points.costs.of(genotype)
        excess = problem.points.costs.excess(costs)
        score = accuracy if self._scores == "accuracy" else likelihood
        return Score(accuracy, likelihood, score - self._beta * excess, excess, costs)


class Scratch(_Judge):
    """Each architecture is compiled and trained anew for the step's epochs; its start depends on the trial's
    number.

    The statistics of its batch norms are then measured on some training batches, the same on all ranks.
    """

    def evaluate(self, genotype: Mapping[str, str], number: int) -> Score:
        return self._judged(self.trained(genotype, number), genotype)

    def trained(self, genotype: Mapping[str, str], number: int) -> torch.nn.Module:
        """The network after its epochs."""
        from archdsl_torch import compile
        from archdsl_torch.recalibrate import recalibrate

        problem, graph = self.problem, self.problem.points.graph
        model = fix(graph, assignment(graph, genotype))
        network = compile(model, seed=problem.seed_for("trial", number) % 2**31)
        problem.prepared(network)
        problem.taught(
            problem.computing(network).train(),
            list(network.parameters()),
            ("trial", number),
        )
        recalibrate(network, problem.whole(_STATISTICS))
        return network

    def state(self) -> Mapping[str, Tensor]:
        return {}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        if tensors:
            raise ValueError("nothing was learnt for all trials")

    def weights(self) -> Mapping[str, Tensor]:
        return {}


class Shared(_Judge):
    """One supergraph is trained for the step's epochs before the first trial, a uniform architecture each
    batch.

    Trials are judged by the statistics of the validation batches, as supergraphs are.
    """

    def __init__(self, problem: Problem, scores: str, beta: float) -> None:
        super().__init__(problem, scores, beta)
        least = min(map(len, evenly(len(problem.data.validation), problem.batch_size)))
        check_statistics(problem.points.graph, least_chunk(least, least, problem.cuts))
        self._supergraph: Any = None
        self._left: Mapping[str, Tensor] = {}

    def evaluate(self, genotype: Mapping[str, str], number: int) -> Score:
        supergraph = self._ready()
        supergraph.set(genotype)
        return self._judged(supergraph, genotype)

    def state(self) -> Mapping[str, Tensor]:
        return {f"weights/{name}": tensor for name, tensor in self.weights().items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        self._left = {name.partition("/")[2]: tensor for name, tensor in tensors.items()}

    def weights(self) -> Mapping[str, Tensor]:
        if self._supergraph is None:
            return self._left
        return {
            name: tensor.detach()
            for name, tensor in self._supergraph.weights.state_dict().items()
        }

    def _ready(self) -> Any:
        if self._supergraph is None:
            supergraph = self.problem.supergraph("sampled")
            if self._left:
                supergraph.weights.load_state_dict(self._left)
            else:
                self._train(supergraph)
            self._supergraph = supergraph
        return self._supergraph

    def _train(self, supergraph: Any) -> None:
        problem = self.problem
        drawn = problem.points.uniform(
            problem.rounds_an_epoch * problem.epochs,
            problem.seed_for("shared"),
        )
        supergraph.train()
        weights = problem.trained(supergraph)
        problem.taught(
            supergraph,
            weights,
            ("shared",),
            lambda number: supergraph.set(drawn[number]),
        )
        supergraph.set(problem.settled)
