"""What supergraphs have in common: one set of weights for all architectures of a space, and a distribution
over them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from math import isqrt
from typing import Any

import torch
from torch import nn

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import activity
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import Genotype, assignment, complete
from archdsl_lowering.program import Program
from archdsl_lowering.supergraph.layouts import Channels, Kernels, Layouts
from archdsl_torch.compiled import check_inputs
from archdsl_torch.distribution import Distribution
from archdsl_torch.supergraph.bank import Bank
from archdsl_torch.supergraph.calls import Calls
from archdsl_torch.supergraph.child import Child, Children, Gatherer, extracted

Answers = Mapping[str, str]


class Supergraph(nn.Module, ABC):
    """All architectures of a space over shared weights.

    `weights` holds the super-weights, named as in the space (and with `::` and labels where a list has
    weights of its own); `distribution` holds the logits. What `set` settles stays settled until the next
    `set`; every question below is then asked of what is left open. With `checkpointing` the backward pass
    computes again what lies between about √n segments of the n calls of a forward pass, instead of keeping
    it.
    """

    checkpointing = False

    def __init__(
        self,
        space: Graph,
        *,
        channels: Channels = "fair",
        kernels: Kernels = "separate",
        seed: int = 0,
        distribution: Distribution | None = None,
    ) -> None:
        super().__init__()
        self.space = space
        self.active = activity(space.outputs)
        self.layouts = Layouts(space, channels, kernels)
        self.bank = Bank(space, self.layouts, self.active, seed)
        self.weights = self.bank.root
        self.gather = Gatherer(self.bank)
        self._children = Children(space, self.layouts, self.bank)
        self.distribution = distribution or Distribution(space, active=self.active)
        self._settled: dict[str, str] = {}

    @property
    def settled(self) -> Answers:
        """What the last `set` settled, by path."""
        return self._settled

    def set(self, genotype: Answers) -> None:
        """Settles what the genotype answers, until the next call; it may be partial, and `{}` opens
        everything.

        Raises DiagnosticError E0601 for unknown paths, E0602 for values outside a domain and E0504 for an
        architecture that breaks a requirement of the space; nothing changes then.
        """
        given = assignment(self.space, genotype)
        completed = self._completed(given)
        broken = self.distribution.broken(completed) if completed is not None else None
        if broken is not None:
            raise DiagnosticError(broken)
        self._settled = {c.path: c.alternatives[i].label for c, i in given.items()}
        self._settle(completed)

    def _settle(self, at: dict[Choice, int] | None) -> None:
        """Called after every change of what is settled, with an answer to every choice where that leaves
        nothing open.
        """

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Genotype:
        """Draws what is not settled from the distribution; the result is the current architecture until the
        next draw or `set`.
        """

    def extract(self, genotype: Answers) -> dict[str, torch.Tensor]:
        """The weights of one architecture: a state dict for `archdsl.compile(space.fix(genotype))`, its
        statistics fresh.

        Raises DiagnosticError E0601 to E0603 where the genotype is none of the space or incomplete.
        """
        return extracted(self.child(self.assignment(genotype)), self.gather)

    def genotype(self) -> Genotype:
        """The architecture that the distribution favours: argmax, for subsets the top k, from the outputs
        over active choices.
        """
        return self.distribution.genotype(settled=self._settled)

    def probabilities(self) -> dict[str, dict[str, float]]:
        """The probability of each alternative of each choice, by path and label."""
        return self.distribution.probabilities(settled=self._settled)

    def entropy(self) -> torch.Tensor:
        """In nats: the entropy of each choice times the probability that it is active, summed."""
        return self.distribution.entropy(settled=self._settled)

    def expected_macs(self) -> torch.Tensor:
        """Multiply–accumulates at the declared sizes, exactly expected and differentiable in the logits."""
        return self.distribution.expected_macs(settled=self._settled)

    def log_prob(self, genotype: Answers) -> torch.Tensor:
        """The log probability of an architecture's answers to its active choices that are not settled."""
        return self.distribution.log_prob(genotype, settled=self._settled)

    def weight_parameters(self) -> Iterator[nn.Parameter]:
        """Every super-weight."""
        return self.weights.parameters()

    def logit_parameters(self) -> Iterator[nn.Parameter]:
        """Every vector of logits."""
        return self.distribution.parameters()

    def assignment(self, genotype: Answers) -> dict[Choice, int]:
        """The index of every choice, 0 for those that are inactive. Raises DiagnosticError E0601 to E0603."""
        at = self._completed(assignment(self.space, genotype))
        return (
            complete(self.space, genotype, self.active) if at is None else at
        )  # the former says what is missing

    def _completed(self, given: Mapping[Choice, int]) -> dict[Choice, int] | None:
        """The given answers with 0 for each inactive choice; None where an active one is not answered."""
        at = {c: given.get(c, 0) for c in self.space.choices}
        asked = {c: self.active.guard(c).at(at) for c in at}
        if any(asked[c] and c not in given for c in at):
            return None
        return {c: i if asked[c] else 0 for c, i in at.items()}

    def child(self, at: Mapping[Choice, int]) -> Child:
        """The architecture of an assignment of every choice."""
        return self._children.of(at)

    def segments(self, calls: Calls) -> int:
        """How many segments a forward pass is cut into."""
        return isqrt(len(calls)) if self.checkpointing and self.training else 1

    def inputs(
        self, given: tuple[Any, ...], named: Mapping[str, Any], program: Program
    ) -> list[Any]:
        """The input tensors in the order of the space.

        Raises TypeError where one is missing, unknown or given twice, and DiagnosticError (E0954) where one
        has a size that the program to be run cannot be right for.
        """
        names = [x.name for x in self.space.inputs]
        found = dict(zip(names, given, strict=False))
        twice = [n for n in named if n in found or n not in names]
        if (
            len(given) > len(names)
            or twice
            or any(n not in found and n not in named for n in names)
        ):
            raise TypeError(f"`{self.space.name}` takes {', '.join(names)}")
        check_inputs(self.space.name, program.entries, given, named)
        return [found[n] if n in found else named[n] for n in names]
