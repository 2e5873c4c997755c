"""The mixed supergraph: all architectures at once, every choice relaxed to a mixture of its alternatives."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import torch

from archdsl.ir.choice import Choice
from archdsl.ir.graph import Input, Pick
from archdsl.ir.instance import key
from archdsl.questions.genotype import Genotype
from archdsl.questions.genotype import assignment as answers_of
from archdsl_lowering.supergraph.masks import picked
from archdsl_lowering.supergraph.relaxation import Gathered, relaxed
from archdsl_lowering.supergraph.widths import Index
from archdsl_torch.supergraph.base import Answers, Supergraph
from archdsl_torch.supergraph.calls import Calls
from archdsl_torch.supergraph.child import Share
from archdsl_torch.supergraph.shares import Values, Weights, values_of


class Mixed(Supergraph):
    """All architectures at once, mixed by the softmax of the logits; what `set` settles, or `sample` draws,
    is one-hot.

    Attributes, layers and depths are mixed where they are read; widths are computed at their largest, with
    soft masks where channels are summed; other shapes once for each combination up to where shapes agree
    again. Of several picked from a list, each is weighted by the softmax over all members; settled ones by 1,
    in a weighted sum by the softmax restricted to them, which extraction writes as the combining weights. At
    a settled architecture outputs and gradients are those of the compiled one up to rounding, dropout aside.

    Batch norms always use the statistics of the batch and track none. Raises DiagnosticError E1003 to E1005
    for spaces that cannot be mixed, naming the choice.
    """

    _current: dict[Choice, int]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        program, given = relaxed(self.space, self.layouts, self.active)
        self._program = program
        self._calls = Calls(program)
        self._given: Mapping[str, Hashable] = given
        self._shares: Mapping[str, Values] = {
            name: values_of(what)
            for name, what in given.items()
            if not isinstance(what, Gathered | Index)
        }
        self._indices: dict[tuple[Index, torch.device], torch.Tensor] = {}
        self._current = {}

    def set(self, genotype: Answers) -> None:
        super().set(genotype)
        self._current = answers_of(self.space, genotype)

    def sample(self, generator: torch.Generator) -> Genotype:
        drawn: Genotype = self.distribution.sample(generator, settled=self.settled)
        self._current = answers_of(self.space, {**self.settled, **drawn})
        return drawn

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """The output of the mixture, or a tuple of its outputs."""
        weights = self.mixing(self._current)
        kind = next(self.weight_parameters(), torch.empty(()))
        found = zip(
            self.space.inputs,
            self.inputs(inputs, named, self._program),
            strict=True,
        )
        given = {one.name: _channels_last(one, x) for one, x in found}
        gather = partial(self._gathered, weights, kind)
        return self._calls.run(given, gather, self.training, self.segments(self._calls))

    def mixing(self, settled: Mapping[Choice, int]) -> Weights:
        """What a forward pass mixes by, where some choices are settled by index."""
        alternatives: dict[Choice, torch.Tensor] = {}
        members: dict[Choice, torch.Tensor] = {}
        restricted: dict[Choice, torch.Tensor] = {}
        for choice in self.space.choices:
            alpha = self.distribution.logits_of(choice).double()
            at = settled.get(choice)
            if at is None:
                alternatives[choice] = self._open(choice, alpha)
            else:
                alternatives[choice] = torch.zeros(
                    choice.size, dtype=alpha.dtype, device=alpha.device
                )
                alternatives[choice][at] = 1.0
            if choice.kind == "subset":
                inside = torch.zeros_like(alpha)
                inside[
                    list(choice.alternatives[at].value) if at is not None else slice(None)
                ] = 1.0
                restricted[choice] = torch.softmax(
                    alpha.masked_fill(inside == 0, -torch.inf), 0
                )
                whole = at is not None or not self.distribution.has_logits(choice)
                members[choice] = inside if whole else restricted[choice]
        return Weights(alternatives, members, restricted)

    def extract(self, genotype: Answers) -> dict[str, torch.Tensor]:
        """As that of every supergraph; combining weights are those by which the mixture would weigh what is
        picked.
        """
        found = super().extract(genotype)
        at = self.assignment(genotype)
        weights = self.mixing(at)
        for value in self.space.values:
            if isinstance(value, Pick) and value.combine == "weighted":
                name, chosen = key(value.weights[0].full_name), value.subset.at(at)
                if name in found and len(chosen) == len(found[name]):
                    with torch.no_grad():
                        share = values_of(picked(value.subset, len(value.operands), True))(
                            weights
                        )[list(chosen)]
                        found[name] = share.to(found[name])
        return found

    def _open(self, choice: Choice, alpha: torch.Tensor) -> torch.Tensor:
        """The weight of each alternative of an open choice; with a competitor they do not sum to 1."""
        if choice.kind == "subset":
            return self.distribution.log_marginals()[choice].exp()
        return torch.softmax(alpha, 0)[: choice.size]

    def _gathered(self, weights: Weights, kind: torch.Tensor, name: str) -> torch.Tensor:
        what = self._given[name]
        if isinstance(what, Gathered):
            return self.gather(Share(what.weight, what.given, what.taken))
        if isinstance(what, Index):
            place = what, kind.device
            if place not in self._indices:
                self._indices[place] = torch.tensor(
                    what.positions, dtype=torch.long, device=kind.device
                )
            return self._indices[place]
        return self._shares[name](weights).to(kind)


def _channels_last(one: Input, x: torch.Tensor) -> torch.Tensor:
    """An image with its channels innermost, where depthwise convolutions and pools run 2 to 5 times as fast;
    clips gain nothing.
    """
    return x.contiguous(memory_format=torch.channels_last) if one.dims == "bchw" else x
