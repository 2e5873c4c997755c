"""Supergraphs: all architectures of a space over shared weights, one at a time (sampled) or all at once
(mixed).
"""

from __future__ import annotations

from typing import Literal, TypedDict, Unpack

from archdsl.ir.graph import Graph
from archdsl_lowering.supergraph.layouts import Channels, Kernels
from archdsl_torch.distribution import Distribution, Edges
from archdsl_torch.supergraph.base import Supergraph


class Sharing(TypedDict, total=False):
    """How weights are shared, and the seed that they start from; left out, "fair", "separate" and 0."""

    channels: Channels
    kernels: Kernels
    seed: int


def supergraph(
    space: Graph,
    mode: Literal["sampled", "mixed"],
    *,
    zero: bool = False,
    edges: Edges = "own",
    **sharing: Unpack[Sharing],
) -> Supergraph:
    """The supergraph of a space; see `archdsl.supergraph`. `zero` and `edges` are those of `Distribution`."""
    distribution = Distribution(space, zero=zero, edges=edges)
    if mode == "sampled":
        from archdsl_torch.supergraph.sampled import Sampled

        return Sampled(space, distribution=distribution, **sharing)
    if mode == "mixed":
        from archdsl_torch.supergraph.mixed import Mixed

        return Mixed(space, distribution=distribution, **sharing)
    raise ValueError(f"`mode` is {mode!r}; it is one of 'sampled' and 'mixed'")
