"""Tensors by formulas of their positions, as numbers.

They are computed in double precision and kept in single, wherever they are used, so that a model and a
supergraph in double precision have the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from archdsl.diagnostics.codes.files import NO_NUMBER
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ops.formula import Computation, Computed, Positions
from archdsl_lowering.program import Constant
from archdsl_torch.names import resolve


def tensor_of(constant: Constant) -> torch.Tensor:
    """The numbers of a constant. Raises DiagnosticError (E0955) where the formula gives none, as 0 / 0."""
    with torch.inference_mode(False), torch.no_grad(), torch.device("cpu"):
        found = torch.as_tensor(_computed(constant.computation()), dtype=torch.float64)
        found = found.expand(constant.shape).float().contiguous()
    wrong = torch.isnan(found).nonzero()
    if len(wrong):
        places = zip(constant.sizes, wrong[0].tolist(), strict=True)
        where = ", ".join(f"{dim} = {at}" for (dim, _), at in places)
        message = f"the formula `{constant.formula}` of a constant has no value at {where}"
        raise DiagnosticError(NO_NUMBER.error(None, message))
    return found


@lru_cache(maxsize=256)
def tensor_on(constant: Constant, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """The same once for a kind of numbers and a device."""
    with torch.inference_mode(False):
        return tensor_of(constant).to(device, dtype)


def _computed(part: Computation) -> Any:
    if isinstance(part, Positions):
        return torch.arange(part.size, dtype=torch.float64).reshape(part.shape)
    if isinstance(part, Computed):
        return resolve(part.function)(*[_computed(arg) for arg in part.args])
    return part
