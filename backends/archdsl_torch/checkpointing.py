"""Gradient checkpointing: a model that keeps a few activations and computes the others again in the backward
pass.

Chen et al., Training Deep Nets with Sublinear Memory Cost: of n operations about √n segments are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain, pairwise
from math import isqrt
from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


class Checkpointed(nn.Module):
    """Computes what `model` computes, with its parameters; only what passes between segments is kept for the
    backward pass.

    `model` is a `torch.fx.GraphModule` with one output. Random numbers (dropout) are the same both times, and
    the statistics of batch norms follow each batch once. While nothing is learned the model itself runs.
    """

    def __init__(self, model: fx.GraphModule, segments: int | None = None) -> None:
        super().__init__()
        self.model = model
        nodes = [n for n in model.graph.nodes if n.op.startswith("call_")]
        count = max(1, min(len(nodes), segments or isqrt(len(nodes))))
        cuts = [len(nodes) * i // count for i in range(count + 1)]
        (output,) = (n for n in model.graph.nodes if n.op == "output")
        (self._result,) = output.args
        self._inputs = [n for n in model.graph.nodes if n.op == "placeholder"]
        self._segments = [_Segment(model, nodes[a:b]) for a, b in pairwise(cuts)]

    def forward(self, *inputs: torch.Tensor) -> Any:
        if not (self.training and torch.is_grad_enabled()):
            return self.model(*inputs)
        values: dict[fx.Node, Any] = dict(zip(self._inputs, inputs, strict=True))
        for segment in self._segments:
            found = checkpoint(
                segment.run,
                *(values[n] for n in segment.reads),
                use_reentrant=False,
                context_fn=segment.contexts,
                preserve_rng_state=True,
            )
            values.update(zip(segment.gives, found, strict=True))
        return values[self._result]


class _Segment:
    """Consecutive operations: `reads` are the values that come from before, `gives` those that are used
    afterwards.
    """

    def __init__(self, model: fx.GraphModule, nodes: Sequence[fx.Node]) -> None:
        inside = set(nodes)
        operands = dict.fromkeys(
            chain.from_iterable(node.all_input_nodes for node in nodes)
        )
        self.reads = [n for n in operands if n not in inside and n.op != "get_attr"]
        self.gives = [n for n in nodes if not inside.issuperset(n.users)]
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {n: graph.placeholder(n.name) for n in self.reads}
        for node in operands:
            if node.op == "get_attr":
                copies[node] = graph.node_copy(node)
        for node in nodes:
            copies[node] = graph.node_copy(node, lambda n: copies[n])
        graph.output(tuple(copies[n] for n in self.gives))
        self.run = fx.GraphModule(model, graph)
        called = {n.target for n in nodes if n.op == "call_module"}
        self._norms = [
            m
            for name, m in model.named_modules()
            if name in called and isinstance(m, _BatchNorm)
        ]

    def contexts(
        self,
    ) -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
        """Around the first computation, and around the one in the backward pass."""
        return nullcontext(), self._statistics_kept()

    @contextmanager
    def _statistics_kept(self) -> Iterator[None]:
        momenta = [norm.momentum for norm in self._norms]
        counts = [norm.num_batches_tracked.clone() for norm in self._norms]
        for norm in self._norms:
            norm.momentum = 0.0
        try:
            yield
        finally:
            for norm, momentum, count in zip(self._norms, momenta, counts, strict=True):
                norm.momentum = momentum
                norm.num_batches_tracked.copy_(count)
