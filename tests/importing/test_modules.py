"""Small modules of every kind: each is imported and verified, and its text is one that a person would write."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

import archdsl  # noqa: E402
from archdsl.diagnostics.diagnostic import DiagnosticError  # noqa: E402


def imported(module: nn.Module, *shapes: tuple[int, ...]) -> Any:
    torch.manual_seed(0)
    return archdsl.from_module(module, [torch.zeros(shape) for shape in shapes])


class Calls(nn.Module):
    """A function of inputs, and layers by name."""

    def __init__(self, function: Any, **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Any, y: Any = None) -> Any:
        return self.function(self, x) if y is None else self.function(self, x, y)


IMAGE = (1, 8, 12, 12)
TOKENS = (1, 6, 8)
CLIP = (1, 4, 5, 8, 8)


def _pooled(x: Any) -> Any:
    return x.mean((2, 3))


ONE_INPUT = {
    "conv": (lambda m, x: m.a(x), {"a": nn.Conv2d(8, 4, 3, 2, 1)}, IMAGE),
    "conv of another padding": (lambda m, x: m.a(x), {"a": nn.Conv2d(8, 4, (3, 5), 1, (0, 2))}, IMAGE),
    "conv with dilation and groups": (lambda m, x: m.a(x), {"a": nn.Conv2d(8, 8, 3, 1, 2, 2, 4)}, IMAGE),
    "conv of one dimension": (lambda m, x: m.a(x), {"a": nn.Conv1d(6, 4, 3)}, TOKENS),
    "conv of three dimensions": (lambda m, x: m.a(x), {"a": nn.Conv3d(4, 4, (3, 1, 1), (2, 1, 1), (1, 0, 0))}, CLIP),
    "conv padded alike": (lambda m, x: m.a(x), {"a": nn.Conv2d(8, 4, 4, padding="same")}, IMAGE),
    "pad before conv": (lambda m, x: m.a(functional.pad(x, (0, 1, 0, 1))), {"a": nn.Conv2d(8, 4, 3, 2)}, IMAGE),
    "linear": (lambda m, x: m.a(x), {"a": nn.Linear(8, 4, bias=False)}, TOKENS),
    "linear of a flattened tensor": (lambda m, x: m.a(x.flatten(1)), {"a": nn.Linear(8 * 144, 4)}, IMAGE),
    "linear of the tokens": (lambda m, x: m.a(x.transpose(1, 2)).transpose(1, 2), {"a": nn.Linear(6, 5)}, TOKENS),
    "batch norm": (lambda m, x: m.a(x), {"a": nn.BatchNorm2d(8, eps=1e-3)}, IMAGE),
    "layer norm": (lambda m, x: m.a(x), {"a": nn.LayerNorm(8)}, TOKENS),
    "layer norm of an image": (lambda m, x: m.a(x), {"a": nn.LayerNorm((8, 12, 12))}, IMAGE),
    "group norm": (lambda m, x: m.a(x), {"a": nn.GroupNorm(4, 8)}, IMAGE),
    "instance norm": (lambda m, x: m.a(x), {"a": nn.InstanceNorm2d(8, affine=True)}, IMAGE),
    "max pool": (lambda m, x: functional.max_pool2d(x, 3, 2, 1), {}, IMAGE),
    "max pool over the edge": (lambda m, x: functional.max_pool2d(x, 3, 2, ceil_mode=True), {}, IMAGE),
    "average pool": (lambda m, x: functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False), {}, IMAGE),
    "average pool that counts padding": (lambda m, x: functional.avg_pool2d(x, 3, 2, 1), {}, IMAGE),
    "adaptive pool": (lambda m, x: functional.adaptive_avg_pool2d(x, (3, 4)), {}, IMAGE),
    "pool to one": (lambda m, x: m.a(functional.adaptive_avg_pool2d(x, 1)), {"a": nn.Conv2d(8, 4, 1)}, IMAGE),
    "mean and sum": (lambda m, x: x.mean((2, 3)) + x.sum((2, 3)), {}, IMAGE),
    "gate": (lambda m, x: x * m.a(_pooled(x)).sigmoid()[:, :, None, None], {"a": nn.Linear(8, 8)}, IMAGE),
    "activations": (lambda m, x: functional.silu(functional.gelu(x)) - functional.hardswish(x).tanh(), {}, IMAGE),
    "composed activations": (
        lambda m, x: functional.hardsigmoid(x) + functional.leaky_relu(x, 0.2) + functional.gelu(x, approximate="tanh"),
        {},
        IMAGE,
    ),
    "bounds": (lambda m, x: x.clamp(0, 6) + functional.hardtanh(x) + x.clamp(min=-1), {}, IMAGE),
    "numbers": (lambda m, x: 1 - (2 * x + 3) / 4 - x**2, {}, IMAGE),
    "softmax": (lambda m, x: x.softmax(-1), {}, TOKENS),
    "concat": (lambda m, x: torch.cat([x, m.a(x)], 1), {"a": nn.Conv2d(8, 4, 1)}, IMAGE),
    "stack": (lambda m, x: torch.stack([x, x.relu()], 1).mean(1), {}, IMAGE),
    "chunk": (lambda m, x: (lambda a, b: a * b.sigmoid())(*m.a(x).chunk(2, -1)), {"a": nn.Linear(8, 16)}, TOKENS),
    "uneven split": (lambda m, x: torch.cat(x.split([2, 6], 1)[::-1], 1), {}, IMAGE),
    "positions": (lambda m, x: x[:, :, ::2, 3:9] + x[:, :, 1::2, :6], {}, IMAGE),
    "one position": (lambda m, x: m.a(x[:, 0]), {"a": nn.Linear(8, 3)}, TOKENS),
    "channel shuffle": (lambda m, x: m.a(functional.channel_shuffle(x, 2)), {"a": nn.Conv2d(8, 4, 1)}, IMAGE),
    "pixel shuffle": (lambda m, x: m.a(functional.pixel_shuffle(x, 2)), {"a": nn.Conv2d(2, 4, 1)}, IMAGE),
    "space to depth": (
        lambda m, x: m.a(x.reshape(-1, 8, 6, 2, 6, 2).permute(0, 1, 3, 5, 2, 4).reshape(-1, 32, 6, 6)),
        {"a": nn.Conv2d(32, 4, 1)},
        IMAGE,
    ),
    "channels last": (lambda m, x: m.a(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), {"a": nn.LayerNorm(8)}, IMAGE),
    "resize": (lambda m, x: functional.interpolate(x, size=(24, 20), mode="bilinear"), {}, IMAGE),
    "nearest": (lambda m, x: functional.interpolate(x, scale_factor=2), {}, IMAGE),
    "roll": (lambda m, x: x.roll((1, -2), (2, 3)), {}, IMAGE),
    "frames as a batch": (
        lambda m, x: m.a(x.transpose(1, 2).flatten(0, 1)).unflatten(0, (-1, 5)).mean(1),
        {"a": nn.Conv2d(4, 6, 3, 1, 1)},
        CLIP,
    ),
    "attention": (
        lambda m, x: m.a(x, x, x, need_weights=False)[0],
        {"a": nn.MultiheadAttention(8, 2, batch_first=True)},
        TOKENS,
    ),
    "attention by hand": (
        lambda m, x: (
            lambda q, k, v: ((q * 0.5) @ k.transpose(-2, -1)).softmax(-1) @ v
        )(*m.a(x).reshape(-1, 6, 3, 2, 4).permute(2, 0, 3, 1, 4)),
        {"a": nn.Linear(8, 24)},
        TOKENS,
    ),
    "transformer layer": (
        lambda m, x: m.a(x),
        {"a": nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=True)},
        TOKENS,
    ),
    "einsum": (lambda m, x: torch.einsum("bnc,bmc->bnm", x, x.relu()), {}, TOKENS),
    "one layer twice": (lambda m, x: m.a(m.a(x).relu()), {"a": nn.Conv2d(8, 8, 3, 1, 1)}, IMAGE),
    "one block twice": (
        lambda m, x: m.a(m.a(x)),
        {"a": nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.ReLU())},
        IMAGE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_INPUT)
def test_a_module_is_imported_and_verified(name: str) -> None:
    function, layers, shape = ONE_INPUT[name]
    found = imported(Calls(function, **layers), shape)
    assert found.verified.problems() == []
    assert archdsl.compile(found.architecture, weights=found.weights())


class Scaled(nn.Module):
    """Weights of its own, one of them through an activation."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((8, 1, 1), 0.5))
        self.gate = nn.Parameter(torch.randn(12))

    def forward(self, x: Any) -> Any:
        return x * self.scale + self.gate.sigmoid() * 2


def test_weights_of_a_module_itself_are_params() -> None:
    found = imported(Scaled(), IMAGE)
    assert found.renamed == {}
    assert "param scale: [c = 8]" in found.text
    assert found.verified.problems() == []


def test_two_inputs_keep_their_names_and_order() -> None:
    found = imported(
        Calls(lambda m, x, y: m.a(x) + y.mean((2, 3))[:, None], a=nn.Linear(8, 8)),
        TOKENS,
        IMAGE,
    )
    assert [given.name for given in found.architecture.graph.inputs] == ["x", "y"]
    assert found.verified.problems() == []


def test_outputs_that_have_names_keep_them() -> None:
    found = imported(
        Calls(lambda m, x: {"out": m.a(x), "aux": x.mean((2, 3))}, a=nn.Conv2d(8, 4, 1)),
        IMAGE,
    )
    assert [result.name for result in found.architecture.graph.results] == ["out", "aux"]


class Residual(nn.Module):
    def __init__(self, width: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride > 1 or width != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(width, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class Stages(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1)
        self.layer1 = nn.Sequential(Residual(8, 8), Residual(8, 8), Residual(8, 8))
        self.layer2 = nn.Sequential(Residual(8, 16, 2), Residual(16, 16), Residual(16, 16))
        self.fc = nn.Linear(16, 10)

    def forward(self, image: Any) -> Any:
        return self.fc(self.layer2(self.layer1(self.stem(image))).mean((2, 3)))


def test_equal_modules_become_one_block_and_lists_of_them_loops() -> None:
    found = imported(Stages(), (1, 3, 16, 16))
    assert found.text.count("block residual") == 1
    assert "for i in range(3) { image = image -> residual(8) as layer1 }" in found.text
    assert "if downsample {" in found.text
    assert {key for key in found.renamed if "downsample" not in key} == set()
    assert (
        found.renamed["layer2.0.downsample.0.weight"] == "layer2.0.downsample.conv.weight"
    )


def test_a_saved_import_is_checked_and_its_rename_table_reads(tmp_path: Any) -> None:
    from archdsl.diagnostics.source import Source
    from archdsl.elaborate.files.project import Project
    from archdsl.questions import rename

    found = imported(Stages(), (1, 3, 16, 16))
    found.save(tmp_path / "stages.arch")
    assert Project().check(str(tmp_path / "stages.arch")) == []
    rules = rename.read(Source("t", (tmp_path / "stages.rename").read_text()))
    for ours, held in found.keys.items():
        line = rules.find(held.key)
        assert line is not None
        assert line.names == (ours,)


UNSAYABLE = {
    "fft": (lambda m, x: torch.fft.rfft2(x).real, IMAGE, "fft"),
    "argsort": (lambda m, x: x.sort(1)[0], IMAGE, "sort"),
    "corners aligned": (
        lambda m, x: functional.interpolate(x, size=(24, 24), mode="bilinear", align_corners=True), IMAGE, "corners",
    ),
    "the mean of a batch": (lambda m, x: x - x.mean(0), IMAGE, "batch"),
    "a masked attention": (
        lambda m, x: functional.scaled_dot_product_attention(x, x, x, is_causal=True), TOKENS, "mask",
    ),
    "unequal windows": (lambda m, x: functional.adaptive_avg_pool2d(x, 5), IMAGE, "unequal"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAYABLE)
def test_what_cannot_be_said_is_an_error_with_its_place(name: str) -> None:
    function, shape, word = UNSAYABLE[name]
    with pytest.raises(DiagnosticError) as caught:
        imported(Calls(function), shape)
    (problem,) = caught.value.diagnostics
    assert problem.code == "E1401"
    assert word in problem.message
    assert "test_modules.py" in problem.message


def test_a_module_that_branches_on_numbers_is_not_captured() -> None:
    with pytest.raises(DiagnosticError) as caught:
        imported(Calls(lambda m, x: x if x.sum() > 0 else -x), IMAGE)
    assert caught.value.diagnostics[0].code == "E1403"
