"""Public checkpoints, made with the published keys at small widths: imported one to one, and the plain
statements' functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from agreement import randomise
from networks import load
from plain_i3d_r50 import I3DR50
from plain_inception import Inception
from plain_r50_lite import Lite
from plain_slowfast import SlowFast
from plain_x3d import X3D
from plain_xvit import XViT
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.cli.rename_tables import table_named, tables_for
from archdsl.questions.rename import Resize
from archdsl_torch.importing import Imported, import_weights, resize

SMALL: Mapping[
    str, tuple[str, str, dict[str, Any]]
] = {  # the table, the network, and its settings
    "x3d_s": (
        "x3d_pytorchvideo",
        "x3d.arch:x3d",
        {"frames": 4, "size": 32, "width": 0.6, "depth": 0.6, "classes": 7},
    ),
    "slowfast_4x16_r50": (
        "slowfast_slowfast",
        "slowfast.arch:slowfast_4x16_r50",
        {"width": 8, "size": 64, "classes": 5},
    ),
    "i3d_r50_nl": (
        "i3d_r50_slowfast",
        "i3d.arch:i3d_r50_nl",
        {"width": 4, "size": 64, "classes": 5},
    ),
    "i3d": (
        "i3d_piergiaj",
        "i3d.arch:i3d",
        {"frames": 16, "size": 32, "classes": 5, "width": 0.125},
    ),
    "s3d": (
        "s3d_torchvision",
        "s3d.arch:s3d",
        {"frames": 16, "size": 32, "classes": 5, "width": 0.125},
    ),
    "glore_r50_lite": (
        "glore_facebook",
        "glore.arch:glore_r50",
        {"frames": 4, "size": 64, "classes": 5, "width": 8},
    ),
    "timesformer_divided": (
        "timesformer_divided_facebook",
        "timesformer.arch:timesformer_divided",
        {"width": 24, "classes": 5},
    ),
    "xvit_8f": ("xvit_1adrianb", "xvit.arch:xvit_b16", {"width": 24, "classes": 5}),
}

# What training scripts make of a state dict.
WRAPPED: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "bare": lambda state: state,
    "in several processes": lambda state: {
        "state_dict": {f"module.{k}": v for k, v in state.items()},
        "epoch": 7,
    },
    "as SlowFast saves": lambda state: {
        "epoch": 3,
        "model_state": state,
        "optimizer_state": {"state": {}},
        "cfg": "TRAIN: {}",
    },
    "as DeiT saves": lambda state: {"model": state, "args": None},
    "twice": lambda state: {
        "state_dict": {f"module.model.{k}": v for k, v in state.items()}
    },
    "under another name": lambda state: {
        "ours": {f"net.{k}": v for k, v in state.items()},
        "best": 0.7,
    },
}


def published(name: str) -> dict[str, tuple[int, ...]]:
    folder = Path(__file__).parent
    path = folder / "published" / f"{name}.tsv"
    text = (path if path.is_file() else folder / f"{name}_pytorchvideo.tsv").read_text(
        encoding="utf-8"
    )
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {
        key: tuple(int(n) for n in shape.strip("()").split(",") if n.strip())
        for key, _, shape in lines
    }


def checkpoint(name: str, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights of a small network under the published keys, with the published sizes of 1."""
    shapes = published(name)
    rules = table_named(SMALL[name][0]).rules
    keys = {key: "".join(found.names) for key in shapes if (found := rules.find(key))}
    found = {}
    for key, shape in shapes.items():
        ours = keys.get(key)
        if not ours:  # left out by the table
            found[key] = torch.ones(2)
        elif ours in state:
            sizes = [n for n in state[ours].shape if n != 1]
            longer = sum(n != 1 for n in shape)
            found[key] = state[ours].reshape(
                [1 if n == 1 else sizes.pop(0) for n in shape]
                if longer == len(sizes)
                else state[ours].shape
            )
    assert {keys[key] for key in found if keys[key]} == set(state), (
        "every weight has a published key"
    )
    return found


def filled(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    return {
        key: torch.rand(t.shape, generator=random) + 0.5
        if t.is_floating_point()
        else torch.tensor(3)
        for key, t in state.items()
    }


def imported(
    name: str, content: Any, folder: Path, **settings: Any
) -> tuple[archdsl.architecture.Architecture, Imported]:
    torch.save(content, folder / "checkpoint.pth")
    _, network, small = SMALL[name]
    model = load(network, **{**small, **settings})
    return model, import_weights(
        model.graph, folder / "checkpoint.pth", tables_for(f"zoo/{network}")
    )


PLAIN: Mapping[str, Callable[[], nn.Module]] = {
    "x3d_s": lambda: X3D(**SMALL["x3d_s"][2]),
    "slowfast_4x16_r50": lambda: SlowFast(frames=4, size=64, classes=5, width=8),
    "i3d_r50_nl": lambda: I3DR50(
        size=64, classes=5, width=4, non_local=[(1, 1), (1, 3), (2, 1), (2, 3), (2, 5)]
    ),
    "i3d": lambda: Inception("i3d", **SMALL["i3d"][2]),
    "s3d": lambda: Inception("s3d", **SMALL["s3d"][2]),
    "glore_r50_lite": lambda: Lite(
        frames=4,
        size=64,
        classes=5,
        width=8,
        units=[(1, 0), (1, 2), (2, 0), (2, 2), (2, 4)],
    ),
}


@pytest.mark.parametrize(("name", "wrapped"), list(zip(PLAIN, WRAPPED, strict=True)))
def test_an_imported_model_is_the_plain_statement(
    name: str, wrapped: str, tmp_path: Path
) -> None:
    """X3D's statement has the public code's own keys; the others have ours, and get the published ones."""
    plain = PLAIN[name]()
    declared = {
        d: n.value
        for d, n in load(SMALL[name][1], **SMALL[name][2]).graph.inputs[0].shape.items()
    }
    clip = torch.randn(
        2, *(declared[d] for d in "cthw"), generator=torch.Generator().manual_seed(1)
    )
    randomise(plain, clip)
    state = plain.state_dict()
    model, found = imported(
        name,
        WRAPPED[wrapped](state if name == "x3d_s" else checkpoint(name, state)),
        tmp_path,
    )
    assert found and found.fit.table == SMALL[name][0] and not found.fit.anew
    net = archdsl.compile(model, weights=found.weights).eval()
    assert net.state_dict().keys() == found.weights.keys() == found.fit.taken.keys()
    expected = plain.eval()(clip)
    torch.testing.assert_close(
        net(clip), expected, rtol=0, atol=1e-5 * expected.abs().max().item()
    )


@pytest.mark.parametrize("name", ["timesformer_divided", "xvit_8f"])
def test_every_published_key_of_a_transformer_is_imported(
    name: str, tmp_path: Path
) -> None:
    table, network, small = SMALL[name]
    state = filled(archdsl.compile(load(network, **small), meta=True).state_dict())
    _, found = imported(
        name,
        {"model_state": {f"model.{k}": v for k, v in checkpoint(name, state).items()}},
        tmp_path,
    )
    assert found and found.fit.table == table and not found.fit.anew
    assert found.weights.keys() == state.keys() == found.fit.taken.keys()
    assert all(torch.equal(found.weights[key], tensor) for key, tensor in state.items())


def test_kylemins_s3d_pools_whatever_is_left_of_a_larger_picture() -> None:
    """Its head has the window of what is left, torchvision's that of the declared size."""
    small = {**SMALL["s3d"][2], "size": 64}
    plain = Inception("s3d", **small)
    clip = torch.randn(2, 3, 16, 96, 128, generator=torch.Generator().manual_seed(1))
    randomise(plain, clip)
    model = load("s3d.arch:s3d_kylemin", larger=(16, 96, 128), **small)
    state = {**plain.state_dict(), "logits.weight": plain.logits.weight.detach()[..., 0, 0]}
    actual = archdsl.compile(model, weights=state).eval()(clip)
    declared = plain.eval()(clip)
    plain.window = (plain.window[0], 3, 4)
    expected = plain(clip)
    torch.testing.assert_close(
        actual, expected, rtol=0, atol=1e-5 * expected.abs().max().item()
    )
    assert not torch.allclose(actual, declared, rtol=1e-3)


# The public configurations of 16 frames: settings here, and what the public code does in its own words.
RELEASED: Mapping[str, dict[str, Any]] = {
    "xvit_b16_16x16_k400": {"segments": 8},
    "xvit_b16_16x16_k600": {"segments": 8, "classes": 600},
    "xvit_b16_16x16_ssv2": {"fraction": 0.5, "classes": 174},
}


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_xvit_is_what_its_public_code_computes(
    name: str, tmp_path: Path
) -> None:
    """Its time embedding has 8 rows for 16 frames; K400 and K600 mix within windows of 8."""
    sizes = {"width": 24, "size": 32}
    plain = XViT(frames=16, times=8, **sizes, **RELEASED[name])
    clip = torch.randn(2, 3, 16, 32, 32, generator=torch.Generator().manual_seed(1))
    randomise(plain, clip)
    torch.save(
        {"model_state": checkpoint("xvit_8f", plain.state_dict())},
        tmp_path / "checkpoint.pth",
    )
    model = load(f"xvit.arch:{name}", **sizes)
    found = import_weights(
        model.graph, tmp_path / "checkpoint.pth", tables_for("zoo/xvit.arch")
    )
    assert found and set(found.shapes) == {"time_embedding"} and not found.fit.anew
    expected = plain.eval()(clip)
    actual = archdsl.compile(model, weights=found.weights).eval()(clip)
    torch.testing.assert_close(
        actual, expected, rtol=0, atol=1e-5 * expected.abs().max().item()
    )


# -- positions ---------------------------------------------------------------------------------------


def test_timesformer_takes_the_nearest_position_as_its_public_code_does(
    tmp_path: Path,
) -> None:
    """load_pretrained interpolates the flattened patches and the frames, each as one row."""
    state = filled(
        archdsl.compile(
            load("timesformer.arch:timesformer_divided", width=24, classes=5), meta=True
        ).state_dict()
    )
    _, found = imported(
        "timesformer_divided",
        checkpoint("timesformer_divided", state),
        tmp_path,
        frames=12,
        size=320,
    )
    space, time = state["position_embedding"], state["time_embedding"]
    patches = F.interpolate(
        space[None, 1:].transpose(1, 2), size=400, mode="nearest"
    ).transpose(1, 2)[0]
    assert torch.equal(found.weights["position_embedding"], torch.cat([space[:1], patches]))
    assert torch.equal(found.weights["time_embedding"], time[torch.arange(12) * 8 // 12])
    assert set(found.shapes) == {"position_embedding", "time_embedding"}
    same = [key for key in state if key not in found.shapes]
    assert all(torch.equal(found.weights[key], state[key]) for key in same)


def test_timesformer_at_test_time_takes_the_nearest_on_the_grid(tmp_path: Path) -> None:
    """The forward of the public code interpolates the square of patches, its load_pretrained the row."""
    state = filled(
        archdsl.compile(
            load("timesformer.arch:timesformer_divided", width=24, classes=5), meta=True
        ).state_dict()
    )
    torch.save(checkpoint("timesformer_divided", state), tmp_path / "checkpoint.pth")
    model = load("timesformer.arch:timesformer_divided", width=24, classes=5, size=256)
    tables = tables_for("zoo/timesformer.arch")
    on_the_grid = {"position_embedding": Resize("nearest", is_grid=True, after=1)}
    found = import_weights(
        model.graph, tmp_path / "checkpoint.pth", tables, changes=on_the_grid
    )
    patches = state["position_embedding"][1:].T.reshape(1, 24, 14, 14)
    grid = F.interpolate(patches, size=(16, 16), mode="nearest").flatten(2)[0].T
    assert torch.equal(found.weights["position_embedding"][1:], grid)
    in_a_row = import_weights(model.graph, tmp_path / "checkpoint.pth", tables)
    assert not torch.equal(in_a_row.weights["position_embedding"][1:], grid)


def test_our_own_keys_are_resized_as_the_tables_beside_the_model_say(
    tmp_path: Path,
) -> None:
    state = filled(
        archdsl.compile(
            load("timesformer.arch:timesformer_divided", width=24, classes=5), meta=True
        ).state_dict()
    )
    _, theirs = imported(
        "timesformer_divided",
        checkpoint("timesformer_divided", state),
        tmp_path,
        frames=12,
        size=320,
    )
    _, ours = imported("timesformer_divided", state, tmp_path, frames=12, size=320)
    assert ours.fit.table is None and set(ours.shapes) == {
        "position_embedding",
        "time_embedding",
    }
    assert all(
        torch.equal(ours.weights[key], tensor) for key, tensor in theirs.weights.items()
    )


def test_xvit_interpolates_a_grid_and_repeats_times(tmp_path: Path) -> None:
    """Its forward resizes the grid of 224 / 16 by a factor, bicubic, and looks at 8 frames at a time."""
    state = filled(
        archdsl.compile(
            load("xvit.arch:xvit_b16", width=24, classes=5), meta=True
        ).state_dict()
    )
    _, found = imported(
        "xvit_8f", checkpoint("xvit_8f", state), tmp_path, frames=16, size=288
    )
    space = state["position_embedding"]
    grid = F.interpolate(
        space[1:].reshape(1, 14, 14, 24).permute(0, 3, 1, 2),
        scale_factor=(288 / 16) / (224 / 16),
        mode="bicubic",
    )
    grid = grid.permute(0, 2, 3, 1).reshape(-1, 24)
    torch.testing.assert_close(
        found.weights["position_embedding"], torch.cat([space[:1], grid])
    )
    time = state["time_embedding"]
    assert (
        torch.equal(found.weights["time_embedding"], torch.cat([time, time]))
        and not found.fit.anew
    )
    _, found = imported("xvit_8f", checkpoint("xvit_8f", state), tmp_path, frames=12)
    assert [m.ours for m in found.fit.misshapen] == ["time_embedding"], (
        "12 frames are no groups of 8"
    )


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("shape", ["row", "grid"])
def test_resizing_there_and_back_keeps_a_constant_and_the_first(
    mode: str, shape: str
) -> None:
    how = Resize(mode, shape == "grid", after=2)
    tensor = torch.cat([torch.tensor([[5.0, 6], [7, 8]]), torch.full((16, 2), 3.0)])
    larger = resize(tensor, (27, 2), how)
    assert torch.equal(larger[:2], tensor[:2]) and torch.allclose(
        larger[2:], torch.full((25, 2), 3.0)
    )
    assert torch.allclose(resize(larger, (18, 2), how), tensor)
    assert torch.equal(
        resize(tensor[2:, 0].half(), (4,), Resize(mode, shape == "grid")),
        torch.full((4,), 3.0),
    )
