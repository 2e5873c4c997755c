"""The sampled supergraph: one architecture at a time, computed as it is by itself, on its shares of the
super-weights.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import torch

from archdsl.ir.choice import Choice
from archdsl.questions.genotype import Genotype
from archdsl_torch.supergraph.base import Answers, Supergraph
from archdsl_torch.supergraph.calls import Calls
from archdsl_torch.supergraph.child import Child, extracted

_REMEMBERED = 64  # architectures whose program is kept ready


@dataclass(frozen=True, slots=True)
class _Ready:
    child: Child
    calls: Calls


class Sampled(Supergraph):
    """One architecture at a time: what is not chosen costs neither work nor memory.

    Outputs and gradients are bitwise those of the compiled architecture with the extracted weights, in
    training mode. Batch norms always use the statistics of the batch and track none. A super-weight that the
    current architecture does not touch keeps `grad = None`; of one that it touches, positions outside its
    window get zero gradients, and so still decay where an optimiser has weight decay or momentum.
    """

    _ready: OrderedDict[tuple[int, ...], _Ready]
    _current: dict[Choice, int] | None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._ready = OrderedDict()
        self._current = None

    def _settle(self, at: dict[Choice, int] | None) -> None:
        self._current = at
        if at is not None:
            self._prepared(at)

    def sample(self, generator: torch.Generator) -> Genotype:
        drawn = self.distribution.sample(generator, settled=self.settled)
        self._settle(self.assignment({**self.settled, **drawn}))
        return drawn

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """The output of the current architecture, or a tuple of its outputs.

        Raises DiagnosticError E0603 where an active choice is neither settled nor drawn.
        """
        if self._current is None:
            self._current = self.assignment(self.settled)
        ready = self._prepared(self._current)
        shares = ready.child.shares
        given = dict(
            zip(
                (x.name for x in self.space.inputs),
                self.inputs(inputs, named, ready.child.program),
                strict=True,
            )
        )
        return ready.calls.run(
            given,
            lambda key: self.gather(shares[key]),
            self.training,
            self.segments(ready.calls),
        )

    def extract(self, genotype: Answers) -> dict[str, torch.Tensor]:
        return extracted(self._prepared(self.assignment(genotype)).child, self.gather)

    def _prepared(self, at: dict[Choice, int]) -> _Ready:
        place = tuple(at.values())
        known = self._ready.pop(place, None)
        if known is None:
            made = self.child(at)
            known = _Ready(made, Calls(made.program))
        self._ready[place] = known
        if len(self._ready) > _REMEMBERED:
            self._ready.popitem(last=False)
        return known
