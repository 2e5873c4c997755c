"""Supergraphs: a sampled step beside the standalone network, mixing beside one module per alternative and
beside NNI's DARTS.

A step is a forward and a backward pass in training mode, gradients cleared before. One thread, at least 20
pairs a race, and seconds of the processor: all of it happens in this thread, so that others who use the
machine disturb less.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from racing import Race, race, raced

PAIRS = 20
FEW = 4  # architectures
SETTINGS: Mapping[str, tuple[dict[str, int], int]] = {  # and the batch
    "zoo/motion.arch:narrow": ({"size": 32}, 16),
    "zoo/autotsnet.arch:auto_tsnet_small": ({"size": 32}, 16),
    "zoo/nas.arch:darts": ({"layers": 6, "channels": 8}, 16),
    "zoo/attentionnas.arch:attention_structures": (
        {"channels": 32, "frames": 8, "size": 14},
        2,
    ),
}
LARGE = (
    "zoo/autox3d.arch:autox3d",
    "zoo/autotsnet.arch:auto_tsnet",
    "zoo/nas.arch:darts",
    "zoo/attentionnas.arch:attention_cell_gpb",
)

# One attention with four ways to weigh its positions, which is all that differs between the modules that it
# is compared to.
ATTENTION = """arch 1
use zoo.attentionnas: attention_op, dot, acts
space attention(channels, size, frames = 4) {
  input x: [b, c = channels, t = frames, h = size, w = size]
  output (x, x) -> attention_op(channels // 2, dim = @thw, kind = dot, act = acts, gate = false) as op
}
"""


def races(rounds: int) -> Iterator[Race]:
    """Every race that there is a rival for."""
    import torch

    torch.set_num_threads(1)
    rounds = max(rounds, PAIRS)
    for reference in SETTINGS:
        yield from sampled(reference, rounds)
    for channels, size in ((64, 7), (32, 14)):
        yield attention(channels, size, rounds)
    if find_spec("nni") is not None:
        yield darts(rounds)


def facts() -> Iterator[str]:
    """One line for each number that has no rival: memory in ratios, questions in milliseconds."""
    import torch

    torch.set_num_threads(1)
    for reference in SETTINGS:
        yield memory(reference)
    for reference in LARGE:
        yield questions(reference)


def sampled(reference: str, rounds: int) -> Iterator[Race]:
    """The same steps twice: with an architecture that stays, and with a new one before every step, whose
    `set` is timed as well.

    The standalone networks are compiled outside of what is timed.
    """
    import archdsl

    settings, batch = SETTINGS[reference]
    space = archdsl.load(reference, settings=text(settings))
    above = archdsl.supergraph(space)
    inputs = example(space, batch)
    genotypes = space.samples(rounds + 1, seed=1)
    networks = [archdsl.compile(space.fix(g), weights=above.extract(g)) for g in genotypes]
    for network in networks:
        step(network, inputs)()  # the kernels of every shape are made ready
    few = list(zip(genotypes, [step(n, inputs) for n in networks], strict=True))[:FEW]
    ours = step(above, inputs)
    for genotype, _ in few:
        above.set(genotype)
        ours()
    pairs: list[tuple[float, float]] = []
    for genotype, alone in islice(cycle(few), rounds):
        above.set(genotype)
        pairs.append((seconds(ours), seconds(alone)))
    name = reference.rpartition(":")[2]
    yield raced(f"{name}, sampled step", "standalone", pairs)
    fresh = archdsl.supergraph(space)
    ours = step(fresh, inputs)
    fresh.set(genotypes[-1])
    ours()
    pairs = []
    for genotype, network in zip(genotypes[:rounds], networks, strict=False):
        alone = step(network, inputs)
        # oneDNN keeps the kernels of about a thousand shapes: whoever comes first would make them for both
        alone()
        settled = seconds(partial(fresh.set, genotype))
        pairs.append((settled + seconds(ours), seconds(alone)))
    yield raced(f"{name}, `set` to a new one and sampled step", "standalone", pairs)


def attention(channels: int, size: int, rounds: int) -> Race:
    """All activations of one attention mixed, beside a module for each whose outputs are mixed."""
    import torch

    import archdsl

    with TemporaryDirectory() as folder:
        path = Path(folder) / "attention.arch"
        path.write_text(ATTENTION, encoding="utf-8")
        space = archdsl.load(
            f"{path}:attention", settings=text({"channels": channels, "size": size})
        )
    mixed = archdsl.supergraph(space, "mixed")
    (choice,) = space.graph.choices
    networks = [
        archdsl.compile(space.fix({choice.path: label})) for label in choice.labels()
    ]
    alpha = torch.nn.Parameter(torch.zeros(len(networks)))
    inputs = example(space, 4)

    class Apart(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.networks = torch.nn.ModuleList(networks)
            self.alpha = alpha

        def forward(self, x: Any) -> Any:
            return sum(
                w * network(x)
                for w, network in zip(
                    torch.softmax(self.alpha, 0), self.networks, strict=True
                )
            )

    ours, theirs = step(mixed, inputs), step(Apart(), inputs)
    ours(), theirs()
    return race(
        f"mixed attention of 4 x {size} x {size} positions",
        ours,
        "one module per alternative",
        theirs,
        rounds,
        seconds,
    )


def darts(rounds: int) -> Race:
    """DARTS's space on CIFAR, 8 channels, 6 cells, batch 8: all edges and operations, the zero operation
    among them.
    """
    import warnings

    import torch

    import archdsl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nni.nas.hub.pytorch import DARTS
        from nni.nas.strategy import DARTS as Strategy

        theirs = Strategy().mutate_model(DARTS(width=8, num_cells=6, dataset="cifar"))
    space = archdsl.load("zoo/nas.arch:darts", settings={"layers": "6", "channels": "8"})
    ours = archdsl.supergraph(space, "mixed", zero=True, edges="by_op")
    theirs.train()
    inputs = (torch.randn(8, 3, 32, 32),)
    one, other = step(ours, inputs), step(theirs, inputs)
    one(), other()
    return race(
        "mixed step of DARTS's space on CIFAR",
        one,
        "nni 3.0's supernet",
        other,
        rounds,
        seconds,
    )


def memory(reference: str) -> str:
    """The largest allocation above what was there before a step, ours over the standalone network's, of four
    architectures.
    """
    import archdsl

    settings, batch = SETTINGS[reference]
    space = archdsl.load(reference, settings=text(settings))
    above = archdsl.supergraph(space)
    inputs = example(space, batch)
    found = []
    for genotype in space.samples(FEW, seed=1):
        network = archdsl.compile(space.fix(genotype), weights=above.extract(genotype))
        above.set(genotype)
        ours, theirs = (
            median(peak(one, inputs) for _ in range(2)) for one in (above, network)
        )
        found.append((ours / theirs, theirs))
    ratio, bytes_ = (median(column) for column in zip(*found, strict=True))
    name = reference.rpartition(":")[2]
    return (
        f"{name + ', peak of a sampled step':<58} {ratio:.3f} of the standalone network's "
        f"{bytes_ / 2**20:.1f} MiB"
    )


def questions(reference: str) -> str:
    """Milliseconds of what a search asks between two steps, of architectures that were not seen before."""
    import archdsl

    space = archdsl.load(reference)
    above = archdsl.supergraph(space)
    genotypes = iter(space.samples(2 * PAIRS + 2, seed=2))
    above.set(next(genotypes))
    above.extract(next(genotypes))
    times = {
        "set": [seconds(lambda: above.set(next(genotypes))) for _ in range(PAIRS)],
        "extract": [seconds(lambda: above.extract(next(genotypes))) for _ in range(PAIRS)],
    }
    above.set({})  # or nothing is left to be differentiated
    above.expected_macs().backward()
    times |= {
        "expected_macs": [seconds(above.expected_macs) for _ in range(PAIRS)],
        "with backward": [
            seconds(lambda: above.expected_macs().backward()) for _ in range(PAIRS)
        ],
    }
    told = "   ".join(
        f"{name} {1000 * median(found):.1f} ms" for name, found in times.items()
    )
    return f"{reference.rpartition(':')[2]:<24} {told}"


def step(module: Any, inputs: tuple[Any, ...]) -> Callable[[], None]:
    """A training step without an optimiser; gradients are given back before it, as `zero_grad` does."""
    parameters = list(module.parameters())

    def run() -> None:
        for parameter in parameters:
            parameter.grad = None
        module(*inputs).sum().backward()

    return run


@contextmanager
def _unheard() -> Iterator[None]:
    """Without what the profiler's native code says on standard error each time it begins and ends."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def peak(module: Any, inputs: tuple[Any, ...]) -> int:
    """The most bytes that a step held at once, above what there was before, by the allocator's own events;
    gradients begin as None.
    """
    from torch.profiler import ProfilerActivity, profile

    module.zero_grad(set_to_none=True)
    with (
        _unheard(),
        profile(activities=[ProfilerActivity.CPU], profile_memory=True) as trace,
    ):
        module(*inputs).sum().backward()
    events = [e for e in trace.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def example(space: Any, batch: int) -> tuple[Any, ...]:
    import torch

    return tuple(
        torch.randn([batch if d == "b" else x.shape[d].value for d in x.dims])
        for x in space.graph.inputs
    )


def text(settings: Mapping[str, int]) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items()}


def seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    for line in facts():
        print(line, flush=True)
    for result in races(PAIRS):
        print(result, flush=True)
