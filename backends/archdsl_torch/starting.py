"""Single weights as they start: what a state dict lacks is filled in without building the rest of the
model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from archdsl_lowering.program import Program
from archdsl_torch.initialise import fill
from archdsl_torch.model import skeleton


def outline(program: Program) -> dict[str, torch.Tensor]:
    """The state dict of a program as keys, shapes and kinds of numbers: its tensors are without memory."""
    return dict(skeleton(program).state_dict())


def start(
    program: Program,
    shapes: Mapping[str, torch.Tensor],
    keys: Iterable[str],
    seed: int,
) -> dict[str, torch.Tensor]:
    """Weights as compiling with this seed starts them, running statistics as those of nothing seen."""
    found: dict[str, torch.Tensor] = {}
    for key in keys:
        parameter = program.weights.get(key)
        found[key] = torch.zeros(shapes[key].shape, dtype=shapes[key].dtype)
        if parameter is not None:
            fill(found[key], parameter.init, seed, key)
        elif key.endswith(".running_var"):
            found[key].fill_(1)
    return found
