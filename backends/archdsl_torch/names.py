"""Qualified names as PyTorch's objects."""

from __future__ import annotations

import operator
from functools import cache
from typing import Any

import torch

_ROOTS = {"torch": torch, "operator": operator}


@cache
def resolve(name: str) -> Any:
    """The function or class that a qualified name of the lowering table stands for, e.g.
    `torch.nn.functional.relu`.
    """
    root, *parts = name.split(".")
    found: Any = _ROOTS[root]
    for part in parts:
        found = getattr(found, part)
    return found
