"""An optimiser of a plan whose rate depends on the round alone, and whose state is tensors by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from archdsl.elaborate.plans.table import Invocation

_STEPS = (
    0.5,
    0.75,
)  # of the way, where the schedule "steps" divides the rate by ten


class Optimiser:
    """`sgd(…)` or `adam(…)` over parameters, for `epochs` of `every` rounds each."""

    def __init__(
        self,
        call: Invocation,
        parameters: Sequence[Tensor],
        every: int,
        epochs: int,
    ) -> None:
        self.parameters = list(parameters)
        self._settings = call.named
        self._every, self._rounds = every, max(1, every * epochs)
        options = call.named
        self._optimiser: torch.optim.Optimizer
        if call.name == "sgd":
            self._optimiser = torch.optim.SGD(
                self.parameters or [torch.zeros(0)],
                lr=options["rate"],
                momentum=options["momentum"],
                weight_decay=options["decay"],
                nesterov=options["nesterov"],
            )
        else:
            betas = tuple(options["betas"])
            self._optimiser = torch.optim.Adam(
                self.parameters or [torch.zeros(0)],
                lr=options["rate"],
                betas=betas,
                weight_decay=options["decay"],
            )

    def rate(self, number: int) -> float:
        """The learning rate of a round: risen over the warm-up, then by the schedule over the step's
        rounds.
        """
        risen = self._settings["warmup"] * self._every
        if number < risen:
            return float(self._settings["rate"] * (number + 1) / risen)
        way = (number - risen) / max(1.0, self._rounds - risen)
        return float(self._settings["rate"] * _fall(self._settings["schedule"], way))

    def zero_grad(self) -> None:
        self._optimiser.zero_grad(set_to_none=True)

    def step(self, number: int) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = self.rate(number)
        self._optimiser.step()

    def directions(self) -> list[Tensor | None]:
        """The momentum of each parameter, None where it has none yet."""
        return [self._optimiser.state[p].get("momentum_buffer") for p in self.parameters]

    def tensors(self) -> dict[str, Tensor]:
        """The state of each parameter by its number, `3/momentum_buffer`."""
        found = {}
        for i, parameter in enumerate(self.parameters):
            for name, value in self._optimiser.state[parameter].items():
                if isinstance(value, Tensor):
                    found[f"{i}/{name}"] = value
        return found

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes up a state that `tensors` gave."""
        for place, value in tensors.items():
            number, _, name = place.partition("/")
            self._optimiser.state[self.parameters[int(number)]][name] = value.clone()


def _fall(schedule: str, way: float) -> float:
    """What is left of the rate after a part of the way, 0..1."""
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * min(way, 1.0)))
    return 0.1 ** sum(way >= step for step in _STEPS) if schedule == "steps" else 1.0
