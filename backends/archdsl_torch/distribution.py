"""A distribution over the architectures of a space: one vector of logits for each choice, choices drawn one
by one.

A choice of one alternative is categorical: P = softmax(α). A choice of a subset has one logit for each
member, and P(S) ∝ exp(Σ_{i in S} α_i) over the subsets that there are. Only active choices count: an inactive
one is neither drawn nor part of a probability. All probabilities are computed in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Literal, TypeAlias

import torch
from torch import nn

from archdsl.diagnostics.codes.supergraphs import NOT_FOUND
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.ir.activity import Activity, activity
from archdsl.ir.choice import Choice
from archdsl.ir.costs import Metric, single_costs
from archdsl.ir.expr import FALSE, Expr
from archdsl.ir.graph import Graph, Pick, Select, Value
from archdsl.ir.instance import key
from archdsl.ir.requirements import Requirements
from archdsl.questions.genotype import Genotype, assignment, complete, genotype_of
from archdsl_lowering.supergraph.masks import positions_of
from archdsl_torch.expectation import Expectation
from archdsl_torch.favourite import favourite

Answers: TypeAlias = Mapping[str, str]
OPEN: Answers = MappingProxyType({})  # nothing is settled
Edges: TypeAlias = Literal["own", "by_op"]
_DRAWS = 10_000  # draws in a row that may break a requirement


class Distribution(nn.Module):
    """The logits of a space, all 0 at the start: each choice uniform. They are named by the keys of their
    choices.

    Two options of DARTS. `zero`: each list of layers has one more logit, the last, for a competitor that
    yields nothing; it takes part in mixing only, and is never drawn or derived. `edges="by_op"`: where a
    subset is picked among values that each have a list of layers, it has no logits of its own; all of them
    are mixed in full, and those are derived whose best layer is strongest, the competitor counted in.

    Requirements of the space hold for what is drawn and derived; probabilities leave them out of account.
    """

    def __init__(
        self,
        space: Graph,
        *,
        zero: bool = False,
        edges: Edges = "own",
        active: Activity | None = None,
    ) -> None:
        super().__init__()
        self.space = space
        self.active = active or activity(space.outputs)
        self.logits = nn.Module()
        layers = layer_lists(space) if zero else frozenset()
        self._competitors = frozenset(c for c in space.choices if c in layers)
        self._edges = edges_of(space) if edges == "by_op" else {}
        self._members = {c: membership(c) for c in space.choices if c.kind == "subset"}
        self._places: dict[Choice, tuple[nn.Module, str]] = {}
        self._costs: dict[Metric, Expectation] = {}
        for choice in space.choices:
            if choice not in self._edges:
                logits = nn.Parameter(torch.zeros(self._number_of_logits(choice)))
                self._places[choice] = _attach(self.logits, key(choice.path), logits)

    def _number_of_logits(self, choice: Choice) -> int:
        if choice in self._members:
            return self._members[choice].shape[1]
        return choice.size + (choice in self._competitors)

    def logits_of(self, choice: Choice) -> torch.Tensor:
        """The logits of a choice: one an alternative, then that of the competitor if it has one; of a subset,
        one a member.
        """
        if choice in self._edges:
            return torch.zeros(self._members[choice].shape[1], device=self._device)
        module, name = self._places[choice]
        found = module._parameters[name]
        assert found is not None
        return found

    def has_logits(self, choice: Choice) -> bool:
        """Whether a choice has logits of its own: not those that `edges="by_op"` ranks by their layers."""
        return choice not in self._edges

    def has_competitor(self, choice: Choice) -> bool:
        """Whether the last logit is that of a competitor which yields nothing."""
        return choice in self._competitors

    def log_marginals(self, settled: Answers = OPEN) -> dict[Choice, torch.Tensor]:
        """For each choice the log probability of each alternative [alternatives], whatever the others are."""
        at = assignment(self.space, settled)
        return {c: self._log_marginal(c, at.get(c)) for c in self.space.choices}

    def sample(self, generator: torch.Generator, settled: Answers = OPEN) -> Genotype:
        """An architecture: what is settled, and the other active choices drawn.

        The same numbers are taken from the generator whatever is settled. Raises DiagnosticError E1002 where
        no draw meets the requirements.
        """
        with torch.no_grad():
            at = assignment(self.space, settled)
            steps = {
                c: self._log_marginal(c, at.get(c)).exp().cumsum(0).cpu()
                for c in self.space.choices
            }
        for _ in range(_DRAWS):
            numbers = torch.empty(len(steps), dtype=torch.float64, device=generator.device)
            drawn = numbers.uniform_(generator=generator).cpu()
            found = {}
            for (choice, step), number in zip(steps.items(), drawn, strict=True):
                index = int(torch.searchsorted(step, number * step[-1], right=True))
                found[choice] = min(index, choice.size - 1)
            found.update(at)
            if self._is_allowed(found):
                return genotype_of(self.space, found, self.active)
        raise self._none(f"none of {_DRAWS:,} draws meets the requirements")

    def log_prob(self, genotype: Answers, settled: Answers = OPEN) -> torch.Tensor:
        """The log probability of an architecture: the sum over its active choices; −inf where it contradicts
        what is settled.

        Raises DiagnosticError E0601 to E0603 where it is none of the space.
        """
        at = complete(self.space, {**settled, **genotype}, self.active)
        fixed = assignment(self.space, settled)
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        for choice, index in at.items():
            if self.active.guard(choice).at(at):
                total = total + self._log_marginal(choice, fixed.get(choice))[index]
        return total

    def probabilities(self, settled: Answers = OPEN) -> dict[str, dict[str, float]]:
        """The probability of each alternative of each choice where it is active, by path and label."""
        with torch.no_grad():
            found = self.log_marginals(settled)
        return {
            c.path: dict(zip(c.labels(), p.exp().tolist(), strict=True))
            for c, p in found.items()
        }

    def entropy(self, settled: Answers = OPEN) -> torch.Tensor:
        """In nats: the entropy of each choice times the probability that it is active, summed."""
        logs = self.log_marginals(settled)
        marginals = {c: p.exp() for c, p in logs.items()}
        at = assignment(self.space, settled)
        known: dict[Expr, torch.Tensor] = {}
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        for choice in self.space.choices:
            if choice in at:
                continue
            guard = self.active.guard(choice)
            if guard not in known:
                known[guard] = self._guards[guard](marginals, self._device)
            total = total - known[guard] * (marginals[choice] * logs[choice]).sum()
        return total

    def expected_macs(self, settled: Answers = OPEN) -> torch.Tensor:
        """The expected multiply–accumulates at the declared sizes: exact, and differentiable in the
        logits.
        """
        return self._expected("macs", settled)

    def expected_params(self, settled: Answers = OPEN) -> torch.Tensor:
        """The expected number of learnable numbers."""
        return self._expected("params", settled)

    def genotype(self, settled: Answers = OPEN) -> Genotype:
        """The favourite: of each active choice the alternative with the greatest logit; of subsets the
        greatest k, k as large as may be.

        The first among equals. Where that breaks a requirement, the most probable architecture that meets
        them. Raises DiagnosticError E1002 where there is none, or where only a bound on cost is broken.
        """
        at = assignment(self.space, settled)
        with torch.no_grad():
            scores = {c: self._scores(c) for c in self.space.choices}
            found = {
                c: max(range(c.size), key=scores[c].__getitem__) for c in self.space.choices
            }
            found.update(at)
            if not all(condition.at(found) for condition in self._requirements.conditions):
                logs = {
                    c: self._log_marginal(c, at.get(c)).tolist() for c in self.space.choices
                }
                best = favourite(self.space, self.active, logs)
                if best is None:
                    raise self._none("no architecture meets the requirements")
                found = best
        if not self._is_allowed(found):
            raise self._none(
                "the architecture that the distribution favours is outside the bounds on cost"
            )
        return genotype_of(self.space, found, self.active)

    def strength(self, choice: Choice) -> float:
        """The weight of the strongest alternative of a list, the competitor counted in but not asked."""
        with torch.no_grad():
            return float(
                torch.softmax(self.logits_of(choice).double(), 0)[: choice.size].max()
            )

    @property
    def _device(self) -> torch.device:
        return next((p.device for p in self.logits.parameters()), torch.device("cpu"))

    @cached_property
    def _guards(self) -> Mapping[Expr, Expectation]:
        guards = {FALSE, *map(self.active.guard, self.space.choices)}
        return {guard: Expectation([guard]) for guard in guards}

    @cached_property
    def _requirements(self) -> Requirements:
        return Requirements.of(self.space, self.active)

    def _log_marginal(self, choice: Choice, settled: int | None) -> torch.Tensor:
        if settled is not None:
            found = torch.full(
                (choice.size,), -torch.inf, dtype=torch.float64, device=self._device
            )
            found[settled] = 0.0
            return found
        alpha = self.logits_of(choice).double()
        if choice in self._members:
            return torch.log_softmax(self._members[choice].to(alpha.device) @ alpha, 0)
        return torch.log_softmax(alpha[: choice.size], 0)

    def _expected(self, metric: Metric, settled: Answers) -> torch.Tensor:
        if metric not in self._costs:
            self._costs[metric] = Expectation(single_costs(self.space, metric, self.active))
        marginals = {c: p.exp() for c, p in self.log_marginals(settled).items()}
        return self._costs[metric](marginals, self._device)

    def _scores(self, choice: Choice) -> list[float]:
        """What derivation ranks the alternatives by."""
        alpha = self.logits_of(choice).double()
        if choice not in self._members:
            return list(alpha[: choice.size].tolist())
        if choice in self._edges:
            strengths = [
                1.0 if op is None else self.strength(op) for op in self._edges[choice]
            ]
            alpha = torch.tensor(strengths, dtype=torch.float64)
        members = self._members[choice]
        most = members.sum(1).max()
        scores = members @ alpha.cpu()
        return list(torch.where(members.sum(1) == most, scores, -torch.inf).tolist())

    def broken(self, at: Mapping[Choice, int]) -> Diagnostic | None:
        """The requirement of the space that the architecture of an assignment breaks: E0504; None where it
        satisfies all.
        """
        return self._requirements.broken(at)

    def _is_allowed(self, at: Mapping[Choice, int]) -> bool:
        return self.broken(at) is None

    def _none(self, why: str) -> DiagnosticError:
        return DiagnosticError(
            NOT_FOUND.error(self.space.root.span, f"`{self.space.name}`: {why}")
        )


def layer_lists(space: Graph) -> frozenset[Choice]:
    """The choices whose alternatives are layers."""
    return frozenset(
        i.choice
        for i in space.root.walk()
        if i.level == "alternative" and i.choice is not None
    )


def edges_of(space: Graph) -> dict[Choice, tuple[Choice | None, ...]]:
    """The subset choices whose members are values with a list of layers each: for every member its list.

    Of members that have none, None; subsets of which no member has one are left out.
    """
    layers = layer_lists(space)
    found: dict[Choice, tuple[Choice | None, ...]] = {}
    for value in space.values:
        if not isinstance(value, Pick) or len(value.subset.scope) != 1:
            continue
        (choice,) = value.subset.scope
        if not isinstance(choice, Choice) or choice.kind != "subset" or choice in found:
            continue
        places = positions_of(choice, value.subset)
        if places is None:
            continue
        lists: list[Choice | None] = [None] * len(places)
        for member, position in places.items():
            lists[member] = _list_of(value.operands[position], layers)
        if any(lists):
            found[choice] = tuple(lists)
    return found


def _list_of(value: Value, layers: frozenset[Choice]) -> Choice | None:
    """The list of layers that makes a value."""
    if not isinstance(value, Select) or len(value.index.scope) != 1:
        return None
    (choice,) = value.index.scope
    return choice if choice in layers else None


def membership(choice: Choice) -> torch.Tensor:
    """Which members each subset has [alternatives, members], as 0 and 1."""
    count = 1 + max(chain.from_iterable(choice.values()))
    found = torch.zeros((choice.size, count), dtype=torch.float64)
    for row, subset in enumerate(choice.values()):
        found[row, list(subset)] = 1.0
    return found


def _attach(root: nn.Module, name: str, parameter: nn.Parameter) -> tuple[nn.Module, str]:
    """Past `register_parameter`, because a choice may be called what a module has as an attribute, or what
    holds other choices.
    """
    *parts, last = name.split(".")
    at = root
    for part in parts:
        if at._modules.get(part) is None:
            at._modules[part] = nn.Module()
        at = at._modules[part]
    at._parameters[last] = parameter
    return at, last
