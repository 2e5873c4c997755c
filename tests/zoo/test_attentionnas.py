"""AttentionNAS's cells against plain statements, and where they may be inserted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from plain_attention import cell, supergraph_cell
from torch import Tensor

import archdsl
from archdsl.elaborate.files.project import Project
from archdsl.questions.genotype import Genotype

PROJECT = Project()
HEAD = "arch 1\nuse zoo.attentionnas: attention_cell, attention_supergraph, dot, map\n"


def space(
    folder: Path, expression: str, c: int, t: int, h: int, w: int
) -> archdsl.Architecture:
    path = folder / "net.arch"
    path.write_text(
        f"{HEAD}space net {{ input x: [b, c = {c}, t = {t}, h = {h}, w = {w}]  output x -> {expression} as cell }}\n",
        "utf-8",
    )
    return archdsl.load(str(path))


def agree(
    architecture: archdsl.Architecture,
    genotype: Genotype,
    plain: Callable[..., Tensor],
    shape: tuple[int, ...],
) -> None:
    """Output and gradients, to 1e-5 in float32 of what is largest, and to 1e-9 in float64."""
    for kind, tolerance in ((torch.float64, 1e-9), (torch.float32, 1e-5)):
        model = archdsl.compile(architecture.fix(genotype), seed=3).to(kind)
        generator = torch.Generator().manual_seed(1)
        for parameter in model.parameters():
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator).to(
                kind
            )
        x = torch.randn(2, *shape, generator=generator).to(kind)
        ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
        weights = {
            name: p.detach().clone().requires_grad_()
            for name, p in model.named_parameters()
        }
        y, expected = model(ours), plain(theirs, weights, genotype)
        assert y.shape == x.shape == expected.shape
        probe = torch.randn(y.shape, generator=generator).to(kind)
        (y * probe).sum().backward()
        (expected * probe).sum().backward()
        grads = {name: p.grad for name, p in model.named_parameters()}
        largest = max(
            [
                1.0,
                *[
                    float(w.grad.abs().max())
                    for w in weights.values()
                    if w.grad is not None
                ],
            ]
        )
        for name, a, b in [
            ("y", y, expected),
            ("x", ours.grad, theirs.grad),
            *((n, grads[n], w.grad) for n, w in weights.items()),
        ]:
            assert a is not None and b is not None, name
            scale = max(1.0 if name in ("x", "y") else largest, b.abs().max().item())
            assert (a - b).abs().max().item() <= tolerance * scale, name


@pytest.mark.parametrize("shape", [(6, 5, 7, 6), (3, 3, 4, 4), (4, 7, 3, 9), (5, 1, 2, 2)])
@pytest.mark.parametrize("sources", [1, 2])
def test_cells_of_three_operations(
    shape: tuple[int, int, int, int], sources: int, tmp_path: Path
) -> None:
    """Whatever comes in, more frames than a group or fewer, wide or high, has the same shape afterwards."""
    net = space(
        tmp_path,
        f"attention_cell(k = 3, sources = {sources}, width = 4, side = 5, frames = 3)",
        *shape,
    )
    for genotype in net.samples(4, seed=sources):
        agree(net, genotype, lambda x, p, g: cell(x, p, g, 3, 5, 3), shape)


def test_every_operation(tmp_path: Path) -> None:
    """Both kinds, over time, space and both, with four activations, gated or not: 48 of them."""
    net = space(
        tmp_path, "attention_cell(k = 1, width = 3, side = 4, frames = 2)", 4, 3, 4, 5
    )
    seen = set()
    for genotype in net.samples(160, seed=0):
        if str(genotype) not in seen:
            seen.add(str(genotype))
            agree(net, genotype, lambda x, p, g: cell(x, p, g, 1, 4, 2), (4, 3, 4, 5))
    assert net.count() == 48 and len(seen) >= 40


def test_cells_of_the_supergraph(tmp_path: Path) -> None:
    nodes = [("@t", "dot"), ("@hw", "map"), ("@thw", "dot")]
    written = ", ".join(f"({dim}, {kind})" for dim, kind in nodes)
    net = space(
        tmp_path,
        f"attention_supergraph([{written}], levels = 3, width = 4, side = 3, frames = 2)",
        5,
        3,
        4,
        3,
    )

    def plain(x: Tensor, p: dict[str, Tensor], genotype: Genotype) -> Tensor:
        return supergraph_cell(x, p, genotype, nodes, 3, 3, 2)

    for genotype in net.samples(6, seed=1):
        agree(net, genotype, plain, (5, 3, 4, 3))


def test_the_bandits_cell(tmp_path: Path) -> None:
    net = archdsl.load(
        "zoo/attentionnas.arch:attention_cell_gpb",
        settings={"channels": "5", "frames": "9", "size": "6"},
        project=PROJECT,
    )
    for genotype in net.samples(1, seed=5):
        agree(net, genotype, lambda x, p, g: cell(x, p, g, 4, 14, 8), (5, 9, 6, 6))


def test_one_dot_product_is_the_core_of_a_non_local_block() -> None:
    """`like_non_local`: softmax(query · key) over all positions, without the block's scale, pooled keys and
    final norm.
    """
    found = archdsl.load("zoo/attentionnas.arch:like_non_local", project=PROJECT)
    assert found.kind == "model"
    names = {op.name for op in found.graph.ops()}
    assert "attend" in names and "batch_norm" not in names and "max_pool" not in names


HOSTS = [
    "i3d.arch:i3d",
    "i3d.arch:i3d_r50",
    "s3d.arch:s3d_slim",
    "slowfast.arch:slow_8x8_r50",
    "x3d.arch:x3d_s",
    "glore.arch:r50_lite",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_cell_goes_after_any_named_layer(host: str, tmp_path: Path) -> None:
    """One line in a spec; the host's other weights and what it gives stay as they are."""
    file, _, name = host.partition(":")
    plain = archdsl.load(f"zoo/{host}", project=PROJECT)
    named = _layers(plain)
    for layer in named[:: len(named) // 4]:
        path = tmp_path / "with_cell.arch"
        path.write_text(
            f"{HEAD}use zoo.{file.removesuffix('.arch')}: {name}\n"
            f"space net = {name} with {{ after {layer} insert attention_cell(k = 1, width = 8, side = 4) }}\n",
            "utf-8",
        )
        found = archdsl.load(str(path), project=Project())
        assert found.count() == 48 and [v.shape for v in found.graph.outputs] == [
            v.shape for v in plain.graph.outputs
        ]
        ours, before = set(found.graph.weights()), set(plain.graph.weights())
        assert before <= ours and all("attention_cell" in path for path, _ in ours - before)


def _layers(model: archdsl.Architecture) -> list[str]:
    """Layers with a map of all four dimensions after them, by their path: convolutions anywhere, and the
    blocks around them.
    """
    found: dict[str, None] = {}
    for op in model.graph.ops():
        if op.name == "conv" and set(op.shape) == {"b", "c", "t", "h", "w"}:
            found[op.instance.path] = None
            parent = op.instance.parent
            if parent is not None and parent.level not in ("root", "loop"):
                found[parent.path] = None
    return list(found)
