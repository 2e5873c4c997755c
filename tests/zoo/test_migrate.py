"""Wider models of the zoo: their old channels find each other through every block, so that the old function
is still in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from agreement import randomise
from networks import load

import archdsl
from archdsl.compare.migration import migration
from archdsl.ir.graph import Graph
from archdsl_lowering.fixed import lower
from archdsl_torch.migrating import migrate_weights
from archdsl_torch.starting import outline

SMALL: dict[str, Any] = {"frames": 8, "size": 32, "classes": 5}
PAIRS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "i3d.arch:i3d": ({**SMALL, "width": 0.125}, {**SMALL, "width": 0.2}),
    "s3d.arch:s3d_g": ({**SMALL, "width": 0.125}, {**SMALL, "width": 0.2}),
    "x3d.arch:x3d": (
        {**SMALL, "width": 0.6, "depth": 0.6},
        {**SMALL, "width": 1.3, "depth": 0.6},
    ),
    "slowfast.arch:slowfast": (
        {**SMALL, "frames": 2, "alpha": 4, "width": 8},
        {**SMALL, "frames": 2, "alpha": 4, "width": 24, "fusion_kernel": 7},
    ),
    "nas.arch:mobilenet_v2": (
        {"size": 32, "width": 0.5, "classes": 5},
        {"size": 32, "width": 0.8, "classes": 5},
    ),
}


@pytest.mark.parametrize("reference", PAIRS)
def test_a_wider_model_holds_the_old_function(reference: str) -> None:
    """What reads a new channel is set to nothing: then only the old ones count, wherever a layer finds
    them.
    """
    before, after = (load(reference, **settings) for settings in PAIRS[reference])
    old = archdsl.compile(before)
    given = before.graph.inputs[0]
    clip = torch.randn(
        2,
        *(given.shape[d].value for d in given.dims if d != "b"),
        generator=torch.Generator().manual_seed(1),
    )
    randomise(old, clip)
    weights = _there_and_back(before.graph, after.graph, old.state_dict())
    silenced = 0
    for carry in migration(before.graph, after.graph).carries:
        if len(carry.axes) > 1:
            new = [i for i, place in enumerate(carry.axes[1]) if place is None]
            weights[carry.key][:, new] = 0
            silenced += len(new)
    assert silenced
    net = archdsl.compile(after, weights=weights).eval()
    expected = old.eval()(clip)
    torch.testing.assert_close(
        net(clip), expected, rtol=0, atol=1e-5 * expected.abs().max().item()
    )


@pytest.mark.parametrize("reference", ["xvit.arch:xvit", "glore.arch:glore_r50"])
def test_there_and_back_is_nothing(reference: str) -> None:
    """Where new channels meet the old ones (in products, in statistics), the old numbers are still there."""
    before, after = (load(reference, **SMALL, width=width).graph for width in (24, 36))
    random = torch.Generator().manual_seed(4)
    shapes = outline(lower(before))
    _there_and_back(
        before,
        after,
        {
            k: torch.rand(t.shape, generator=random) if t.dim() else torch.tensor(5)
            for k, t in shapes.items()
        },
    )


def _there_and_back(
    before: Graph, after: Graph, state: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """A wider model's weights, which keep every number of the narrower one and give it back."""
    there = migrate_weights(before, after, state)
    assert not there.dropped and all(m.how in ("same", "sliced") for m in there.moved)
    back = migrate_weights(after, before, there.weights, seed=9)
    for key, tensor in back.weights.items():
        assert torch.equal(tensor, state[key]), key
    return dict(there.weights)
