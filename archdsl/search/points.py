"""The architectures that a step may try: drawn uniformly, mutated, enumerated, and as points of a grid of
levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from random import Random

from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import Activity
from archdsl.ir.choice import Choice
from archdsl.ir.fix import fix
from archdsl.ir.graph import CostBound, Graph
from archdsl.questions.genotype import (
    Genotype,
    assignment,
    complete,
    genotype_of,
)
from archdsl.questions.sample import sample
from archdsl.search.costs import Costs

_GRID = 10_000  # architectures that a grid may have
_PRODUCT = 1_000_000  # combinations of answers that are looked at for them
_TRIES = 1_000  # mutations that break a hard bound, before a uniform draw takes their place


@dataclass(frozen=True, eq=False, slots=True)
class Points:
    """What is open of a space, and how architectures are drawn from it. `settled` answers the rest."""

    graph: Graph
    active: Activity
    settled: Mapping[str, str]
    opened: tuple[Choice, ...]
    costs: Costs

    def whole(self, answers: Mapping[str, str]) -> Genotype:
        """The architecture of answers to what is open, with those of inactive choices left out.

        Raises DiagnosticError where an active choice is not answered.
        """
        return genotype_of(
            self.graph,
            complete(self.graph, {**self.settled, **answers}, self.active),
            self.active,
        )

    def uniform(self, n: int, seed: int) -> list[Genotype]:
        """`n` architectures drawn uniformly from those within the hard bounds. Raises DiagnosticError where
        there are none.
        """
        rest = fix(self.graph, assignment(self.graph, self.settled))
        counted = [b for b in self.costs.budgets if b.hard and b.metric != "latency"]
        hard = tuple(CostBound(b.metric, b.op, b.limit) for b in counted)  # type: ignore[arg-type]
        rest = replace(rest, bounds=self.graph.bounds + hard)
        measured = any(b.hard and b.metric == "latency" for b in self.costs.budgets)
        drawn = [self.whole(g) for g in sample(rest, n * (20 if measured else 1), seed)]
        if measured:
            drawn = [g for g in drawn if self.costs.allows(g)][:n]
            if len(drawn) < n:
                raise DiagnosticError(
                    codes.NOTHING_OPEN.error(
                        None,
                        "hardly any architecture is within the bound on latency",
                    )
                )
        return drawn

    def distinct(self, n: int, seed: int) -> list[Genotype]:
        """`n` different architectures within the hard bounds, drawn uniformly one after the other; all of
        them, in such an order, where there are no more.

        Of a space that cannot be listed they may be fewer, where 8 n draws found no more. Raises
        DiagnosticError where there is none.
        """
        found: dict[Genotype, None] = {}
        for times in (1, 2, 4, 8):
            found.update(dict.fromkeys(self.uniform(times * n, seed)))
            if len(found) >= n:
                return list(found)[:n]
        rest = [g for g in self._listed() or () if g not in found]
        Random(seed).shuffle(rest)
        return [*found, *rest][:n]

    def mutated(self, genotype: Mapping[str, str], random: Random) -> Genotype:
        """The architecture with another answer to one of its active open choices; what that makes active is
        drawn uniformly.
        """
        before = assignment(self.graph, {**self.settled, **genotype})
        changeable = [c for c in self.opened if c.path in genotype]
        for _ in range(_TRIES):
            at = {
                c: before[c] if c in before else random.randrange(c.size)
                for c in self.graph.choices
            }
            choice = random.choice(changeable)
            at[choice] = (at[choice] + random.randrange(1, choice.size)) % choice.size
            if self.costs.allows_at(at):
                return genotype_of(self.graph, at, self.active)
        return self.uniform(1, random.randrange(1 << 31))[0]

    def all(self) -> list[Genotype]:
        """Every architecture within the hard bounds, once. Raises DiagnosticError E0706 where there are too
        many for a grid.
        """
        allowed = self._listed()
        if allowed is None:
            many = f"more than {_GRID:,} architectures are too many for a grid"
            help = "fix some choices, or take `random` or `evolution`"
            raise DiagnosticError(codes.BAD_OPTION.error(None, many, help=help))
        if not allowed:
            problem = f"no architecture of `{self.graph.name}` is within every bound"
            raise DiagnosticError(codes.NOTHING_OPEN.error(None, problem))
        return allowed

    def _listed(self) -> list[Genotype] | None:
        """Every architecture within the hard bounds, once; None where there are too many."""
        if prod(c.size for c in self.opened) > _PRODUCT:
            return None
        found: dict[Genotype, None] = {}
        for genotype in self._combinations():
            found[genotype] = None
            if len(found) > _GRID:
                return None
        return [g for g in found if self.costs.allows(g)]

    def levels(self, genotype: Mapping[str, str]) -> list[int]:
        """For each open choice 0 where it is inactive, else 1 + the index of its answer."""
        # a `Genotype` finds a path by looking at all of its answers
        answers = dict(genotype.answers if isinstance(genotype, Genotype) else genotype)
        return [
            1 + c.labels().index(answers[c.path]) if c.path in answers else 0
            for c in self.opened
        ]

    def _combinations(self) -> Iterator[Genotype]:
        at = dict.fromkeys(self.graph.choices, 0) | assignment(self.graph, self.settled)
        for indices in product(*(range(c.size) for c in self.opened)):
            yield genotype_of(
                self.graph,
                at | dict(zip(self.opened, indices, strict=True)),
                self.active,
            )
