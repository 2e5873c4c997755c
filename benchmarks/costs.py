"""Params and MACs of a million AutoX3D genotypes, beside compiling and counting a few of them on the meta
device; and of genotypes as mappings, beside a look-up of each answer in a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterator

from racing import Race, race

SPACE = "zoo/autox3d.arch:autox3d"
MANY, MAPPINGS, FEW = 1_000_000, 20_000, 5


def races(rounds: int) -> Iterator[Race]:
    """Two races: a million against five, and twenty thousand mappings against as many sums by hand."""
    import numpy as np
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    import archdsl
    import archdsl_torch

    space = archdsl.load(SPACE)
    sizes = np.array([choice.size for choice in space.graph.choices])
    indices = np.random.default_rng(0).integers(0, sizes, (MANY, len(sizes)))
    genotypes = space.samples(FEW, seed=0)

    def count() -> list[int]:
        totals = []
        for genotype in genotypes:
            network = archdsl_torch.compile(space.fix(genotype).graph, meta=True).eval()
            with FlopCounterMode(display=False) as counter:
                network(torch.empty(1, 3, 13, 160, 160, device="meta"))
            totals.append(counter.get_total_flops() // 2)
        return totals

    assert count() == space.cost(genotypes)["macs"].tolist()
    yield race(
        f"space.cost of {MANY:,} genotypes",
        lambda: space.cost(indices),
        f"compile and count {FEW} on meta",
        count,
        rounds,
    )

    drawn = [dict(genotype.items()) for genotype in space.samples(MAPPINGS, seed=0)]
    by_hand = {
        c.path: {label: i for i, label in enumerate(c.labels())}
        for c in space.graph.choices
    }

    def looked_up() -> list[int]:
        return [
            sum([by_hand[path][label] for path, label in genotype.items()])
            for genotype in drawn
        ]

    yield race(
        f"space.cost of {MAPPINGS:,} mappings",
        lambda: space.cost(drawn),
        "one look-up an answer, by hand",
        looked_up,
        rounds,
    )
