"""Supergraphs: all architectures of a space over shared weights, one at a time (sampled) or all at once
(mixed).
"""

from __future__ import annotations

from typing import Literal

from archdsl.ir.graph import Graph
from archdsl_lowering.supergraph.layouts import Channels, Kernels
from archdsl_torch.distribution import Distribution, Edges
from archdsl_torch.supergraph.base import Supergraph


def supergraph(
    space: Graph,
    mode: Literal["sampled", "mixed"],
    *,
    channels: Channels = "fair",
    kernels: Kernels = "separate",
    seed: int = 0,
    zero: bool = False,
    edges: Edges = "own",
) -> Supergraph:
    """The supergraph of a space; see `archdsl.supergraph`. `zero` and `edges` are those of `Distribution`."""
    distribution = Distribution(space, zero=zero, edges=edges)
    if mode == "sampled":
        from archdsl_torch.supergraph.sampled import Sampled

        return Sampled(space, channels=channels, kernels=kernels, seed=seed, distribution=distribution)
    if mode == "mixed":
        from archdsl_torch.supergraph.mixed import Mixed

        return Mixed(space, channels=channels, kernels=kernels, seed=seed, distribution=distribution)
    raise ValueError(f"`mode` is {mode!r}; it is one of 'sampled' and 'mixed'")
