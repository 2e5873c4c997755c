"""What a strategy is given: the space with what is settled, an evaluation, data, random numbers, and the
other ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.drafts import Budget
from archdsl.elaborate.plans.plan import Step
from archdsl.ir.instance import key
from archdsl.questions.genotype import Genotype
from archdsl.search.evaluation import Evaluation, Score, evaluation
from archdsl.search.inheritance import inherit
from archdsl.search.learning import Learning
from archdsl.search.points import Points
from archdsl.search.ranks import Ranks

_DRAWS = 10_000  # from a distribution, before a hard bound counts as out of reach


@dataclass(eq=False)
class Problem(Learning):
    """One step of a plan, ready to be searched.

    `seed` is the plan's; `storage`, `study_name` and `worker` say where and as whom trials are shared; `cuts`
    is the number of chunks that every batch is computed in, over all ranks.
    """

    step: Step
    points: Points
    seed: int
    data: Any
    ranks: Ranks
    storage: str
    worker: str
    study_name: str
    options: Mapping[str, Any]
    inherited: Mapping[str, Tensor] = field(default_factory=dict)
    cuts: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def name(self) -> str:
        """The step's."""
        return self.step.name

    @property
    def settings(self) -> Mapping[str, Any]:
        """The step's, by name."""
        return self.step.settings

    @cached_property
    def evaluation(self) -> Evaluation:
        """The way of evaluation that the strategy's options name."""
        return evaluation(self, self.options)

    @property
    def settled(self) -> Mapping[str, str]:
        """What the step fixes, and what earlier steps found."""
        return self.points.settled

    @property
    def soft_budgets(self) -> Sequence[Budget]:
        return [b for b in self.points.costs.budgets if not b.hard]

    def evaluate(self, genotype: Mapping[str, str], number: int) -> Score:
        """What an architecture is worth."""
        return self.evaluation.evaluate(genotype, number)

    # -- supergraphs ---------------------------------------------------------------------------------------

    def supergraph(
        self,
        mode: str,
        *,
        zero: bool = False,
        edges: Literal["own", "by_op"] = "own",
        **options: Any,
    ) -> Any:
        """A supergraph of the space with what the step settles, and weights that earlier steps left.

        Raises DiagnosticError where the space cannot be mixed, or needs too many weights.
        """
        from archdsl_torch.distribution import Distribution

        if mode == "sampled":
            from archdsl_torch.supergraph.sampled import Sampled as Kind
        else:
            from archdsl_torch.supergraph.mixed import Mixed as Kind
        graph = self.points.graph
        distribution = Distribution(
            graph, zero=zero, edges=edges, active=self.points.active
        )
        made = Kind(
            graph,
            seed=self.seed_for("weights") % 2**31,
            distribution=distribution,
            **options,
        )
        made.checkpointing = self.settings["checkpointing"]
        self.prepared(made)
        inherit(made.weights, self.inherited)
        made.set(self.settled)
        return made

    def trained(self, supergraph: Any) -> list[Tensor]:
        """The weights that the step does not freeze."""
        frozen = {key(name) for name in self.step.frozen}
        found = []
        for name, parameter in supergraph.weights.named_parameters():
            if name.partition("::")[0] in frozen:
                parameter.requires_grad_(False)
            else:
                found.append(parameter)
        return found

    # -- hard bounds ----------------------------------------------------------------------------------------

    def within(self, draw: Callable[[], Genotype]) -> Genotype:
        """The first draw within the hard bounds. Raises DiagnosticError E0712 where hardly any is."""
        for _ in range(_DRAWS):
            found = draw()
            if self.points.costs.allows(found):
                return found
        raise DiagnosticError(
            codes.NOTHING_OPEN.error(
                None,
                f"none of {_DRAWS:,} draws is within the step's `require`",
            )
        )

    def favoured(self, supergraph: Any) -> Mapping[str, str]:
        """What a supergraph's distribution derives; where that breaks a hard bound, the likeliest of a
        thousand draws that do not.
        """
        found: Mapping[str, str] = supergraph.genotype()
        if self.points.costs.allows(found):
            return found
        generator = self.generator("favoured")
        with torch.no_grad():
            draws = [
                self.within(lambda: supergraph.distribution.sample(generator, self.settled))
                for _ in range(1000)
            ]
            return max(
                draws,
                key=lambda g: float(supergraph.distribution.log_prob(g, self.settled)),
            )
