"""What a search strategy is: something that takes rounds, can be saved between any two, and has an answer at
any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from torch import Tensor

from archdsl.elaborate.plans.table import Option

if TYPE_CHECKING:
    from archdsl.search.problem import Problem

Facts = dict[str, Any]
Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class State:
    """All that a strategy needs to go on: tensors by name, and facts that JSON can hold."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)


class Strategy(Protocol):
    """A way to search one step of a plan.

    A strategy is made of a problem: the space with what is settled in it, its costs, an evaluation, data, and
    random numbers that depend on the seed and on what they are for, never on what was drawn before. So a
    search that is stopped and resumed from `state` goes on as if nothing had happened.
    """

    OPTIONS: ClassVar[Sequence[Option]]
    rounds: int  # how many there are
    every: int  # rounds between two saves

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None: ...

    def round(self, number: int) -> Facts | None:
        """Takes one round, counted from 0, and returns what there is to log; None where there is nothing left
        to do.
        """

    def genotype(self) -> Answers:
        """The best answer so far: complete, and within the hard bounds."""

    def probabilities(self) -> Mapping[str, Mapping[str, float]]:
        """How likely each alternative of each open choice is by now."""

    def state(self) -> State:
        """All that `restore` needs."""

    def restore(self, state: State) -> None:
        """Goes on from a state; the strategy is new and took no round yet."""

    def weights(self) -> Mapping[str, Tensor]:
        """The weights that the next step of the plan inherits, by name; none where a strategy has none."""
