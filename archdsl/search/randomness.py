"""Random numbers by purpose: every draw is seeded by what it is for, so that nothing depends on what was
drawn before.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch


def seed_for(seed: int, *purpose: Any) -> int:
    """A seed of 63 bits for one purpose: `seed_for(0, "batch", epoch)`. A purpose is made of texts and
    numbers.
    """
    text = json.dumps([seed, *purpose], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: Any) -> torch.Generator:
    """A generator of torch, started for one purpose."""
    return torch.Generator().manual_seed(seed_for(seed, *purpose))
