"""The mixed supergraph at soft weights, against independent statements of the papers' equations; what it
shares and refuses.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import prod
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import archdsl_torch
from archdsl.architecture import Architecture
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph
from archdsl_lowering.supergraph.layouts import Channels
from archdsl_torch.supergraph import supergraph
from archdsl_torch.supergraph.mixed import Mixed
from tests.strategies.specs import Spec, elaborate


def space(text: str) -> Graph:
    return elaborate(Spec("arch 1\n" + text, ("s",), frozenset()))


def mixed(graph: Graph, seed: int = 0, **options: Any) -> Mixed:
    """In float64, with random logits and weights."""
    made = supergraph(graph, "mixed", **options).double()
    assert isinstance(made, Mixed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(torch.randn(p.shape, generator=random, dtype=p.dtype) * 0.5)
    return made


def drawn(*shape: int) -> Tensor:
    return torch.randn(
        *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


# -- Wang et al., AttentionNAS, 4.2: equations 4 to 6 ----------------------------------------------------

CELL = """
use zoo.attentionnas: attention_supergraph, dot, map
space s {
  input x: [b, c = 6, t = 4, h = 3, w = 3]
  output x -> attention_supergraph([(@t, dot), (@hw, map), (@thw, dot)], width = 4, side = 3, frames = 4) as cell
}
"""


def attention_cell(x: Tensor, p: dict[str, Tensor], alpha: dict[str, Tensor]) -> Tensor:
    """Two levels of three nodes on x (b, c, t, h, w); no positions are padded or resized at these sizes."""

    def softmax(name: str) -> Tensor:
        return torch.softmax(alpha[name], 0)

    def conv(name: str, f: Tensor) -> Tensor:
        return torch.einsum("oc,bcthw->bothw", p[f"{name}.weight"].flatten(1), f) + (
            p[f"{name}.bias"][:, None, None, None] if f"{name}.bias" in p else 0
        )

    def activations(at: str, scores: Tensor) -> Tensor:
        """Σ_k w_k φ_k(scores), over the last axis: attention is linear in its weights, so this is equation
        5's mixture.
        """
        w = softmax(f"{at}.act")
        return (
            w[0] * scores
            + w[1] * torch.relu(scores)
            + w[2] * torch.sigmoid(scores)
            + w[3] * torch.softmax(scores, -1)
        )

    def described(name: str, f: Tensor, dim: str) -> Tensor:
        """What is left of a position of `dim`, through a linear layer: (groups, positions, width)."""
        b, c, t, h, w = f.shape
        if dim == "t":
            tokens = f.permute(0, 2, 1, 3, 4).reshape(b, t, c * h * w)
        elif dim == "hw":
            tokens = f.permute(0, 2, 3, 4, 1).reshape(b * t, h * w, c)
        else:
            tokens = f.permute(0, 2, 3, 4, 1).reshape(b, t * h * w, c)
        return F.linear(tokens, p[f"{name}.weight"], p[f"{name}.bias"])

    def dot(at: str, op: str, f: Tensor, source: Tensor, dim: str) -> Tensor:
        b, _, t, h, w = f.shape
        scores = described(f"{op}.g1", f, dim) @ described(
            f"{op}.g2", source, dim
        ).transpose(1, 2)
        values = conv(f"{op}.g3", source)
        attention = activations(at, scores)
        if dim == "t":
            return torch.einsum("bij,bcjhw->bcihw", attention, values)
        tokens = values.permute(0, 2, 3, 4, 1).reshape(
            attention.shape[0], -1, values.shape[1]
        )
        return (attention @ tokens).reshape(b, t, h, w, -1).permute(0, 4, 1, 2, 3)

    def position_map(at: str, op: str, f: Tensor) -> Tensor:
        """Equation 1 over space: a weight for each position of a frame from an average of its channels."""
        b, _, t, h, w = f.shape
        g = described(f"{op}.g1", f, "hw").mean(2)
        hidden = torch.relu(F.linear(g, p[f"{op}.g2a.weight"], p[f"{op}.g2a.bias"]))
        weights = activations(
            at, F.linear(hidden, p[f"{op}.g2b.weight"], p[f"{op}.g2b.bias"])
        ).reshape(b, 1, t, h, w)
        return conv(f"{op}.g3", f) * weights

    def gated(at: str, y: Tensor) -> Tensor:
        w = softmax(f"{at}.gate")
        gate = torch.sigmoid(
            F.linear(y.mean((2, 3, 4)), p[f"{at}.feature_gate.weigh.weight"])
        )
        return w[0] * y + w[1] * y * gate[:, :, None, None, None]

    f0 = conv("cell.enter.reduce", x)
    levels: list[list[Tensor]] = [[f0]]
    for i in range(2):
        current = []
        for j, (dim, kind) in enumerate([("t", "dot"), ("hw", "map"), ("thw", "dot")]):
            at = f"cell.level.{i}.node.{j}.op"
            if i == 0:
                f = f0  # the first level reads the cell's input
            else:
                w = softmax(f"cell.level.1.node.{j}.source")  # equation 4
                f = sum((w[k] * levels[-1][k] for k in range(3)), torch.zeros_like(f0))
            y = (
                dot(at, f"{at}.kind.dot", f, f0, dim)
                if kind == "dot"
                else position_map(at, f"{at}.kind.map", f)
            )
            current.append(gated(at, y))
        levels.append(current)
    nodes = levels[1] + levels[2]
    w = softmax("cell.sink")
    joined = torch.cat(
        [w[k] * node for k, node in enumerate(nodes)], 1
    )  # equation 6: G as blocks of one weight
    return x + conv("cell.leave.combine", joined)


def test_attention_cells_are_equations_4_to_6() -> None:
    above = mixed(space(CELL))
    weights = dict(above.weights.named_parameters())
    alpha = dict(above.distribution.logits.named_parameters())
    x = drawn(2, 6, 4, 3, 3)
    one = above(x)
    given = {name: w.detach().clone().requires_grad_() for name, w in weights.items()}
    logits = {name: a.detach().clone().requires_grad_() for name, a in alpha.items()}
    other = attention_cell(x, given, logits)
    close(one, other)
    one.square().sum().backward()
    other.square().sum().backward()
    for name, weight in weights.items():
        if given[name].grad is None:
            assert weight.grad is None, (
                name
            )  # the combining weights of sums, for which the logits stand
        else:
            close(weight.grad, given[name].grad)
    for name, a in alpha.items():
        close(a.grad, logits[name].grad)


def test_activations_share_what_comes_before_them() -> None:
    """One similarity matrix and one of each embedding for all activations of an attention."""
    above = mixed(space(CELL))
    calls = Counter(step.instruction.target for _, step in above._calls._steps)
    modules = [
        step.module.type.rpartition(".")[2]
        for _, step in above._calls._steps
        if step.module is not None
    ]
    assert calls["torch.nn.functional.scaled_dot_product_attention"] == 0
    assert calls["torch.matmul"] == 4 * (
        1 + 4
    )  # four attentions by dot product: scores once, answers for each activation
    embeddings = (
        4 * 2 + 2 * 3 + 6 * 1
    )  # g1, g2 of dot products; g1, g2a, g2b of maps; a gate for each node
    assert Counter(modules) == {
        "Linear": embeddings,
        "Conv3d": 2 + 6,
    }  # enter, leave, and g3 of each node


# -- Liu et al., DARTS, 2.2: the mixed operation ----------------------------------------------------------

DARTS = """
block cell {
  input a, b
  states = [a, b]
  for i in range(2) as node {
    edges = []
    for (j, state) in enumerate(states) {
      op ~ [
        max3: max_pool(3, 1, "half") -> batch_norm(affine = false),
        skip: identity,
        conv3: relu -> conv(4, 3) as conv -> batch_norm as norm,
      ]
      edges = edges + [state -> op]
    }
    keep ~ 2 of edges
    states = states + [keep -> add]
  }
  output states[2..3] -> concat(@c)
}
space s {
  input x: [b, c = 4, h = 5, w = 5]
  output (x, x -> conv(4) as enter) -> cell -> conv(3) as leave -> mean(@hw)
}
"""


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("edges", ["own", "by_op"])
def test_mixed_operations_are_those_of_darts(zero: bool, edges: str) -> None:
    graph = space(DARTS)
    above = mixed(graph, zero=zero, edges=edges)
    p = dict(above.weights.named_parameters())
    alpha = dict(above.distribution.logits.named_parameters())

    def norm(x: Tensor, *affine: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, *affine, training=True)

    def operation(x: Tensor, at: str) -> Tensor:
        w = torch.softmax(alpha[at], 0)
        assert len(w) == 3 + zero
        conv = F.conv2d(torch.relu(x), p[name(at, "conv.weight")], padding=1)
        return (
            w[0] * norm(F.max_pool2d(x, 3, 1, 1))
            + w[1] * x
            + w[2] * norm(conv, p[name(at, "norm.weight")], p[name(at, "norm.bias")])
        )

    def name(at: str, last: str) -> str:
        return f"{at}.conv3.{last}"

    x = drawn(3, 4, 5, 5)
    states = [x, F.conv2d(x, p["enter.weight"])]
    for i in range(2):
        weighted = i == 1 and edges == "own"  # two of two are no choice
        w = (
            torch.softmax(alpha["cell.node.1.keep"], 0)
            if weighted
            else torch.ones(len(states), dtype=torch.float64)
        )
        states.append(
            sum(
                (
                    w[j] * operation(s, f"cell.node.{i}.op.{j}")
                    for j, s in enumerate(states)
                ),
                torch.zeros_like(x),
            )
        )
    close(above(x), F.conv2d(torch.cat(states[2:], 1), p["leave.weight"]).mean((2, 3)))


# -- widths, shapes, depth ---------------------------------------------------------------------------------


def test_widths_are_masked_where_channels_are_summed() -> None:
    """Masks are applied by the second convolution, behind the norm, which would undo them."""
    above = mixed(
        space(
            "space s { input x: [b, c = 2, t = 5] w ~ 2..6 by 2 output x -> conv(w) as a -> batch_norm as "
            "n -> relu -> conv(3) as d }"
        ),
        channels="naive",
    )
    p = dict(above.weights.named_parameters())
    w = torch.softmax(dict(above.distribution.logits.named_parameters())["w"], 0)
    mask = torch.stack([torch.ones_like(w[0]), w[1] + w[2], w[2]]).repeat_interleave(2)
    x = drawn(4, 2, 5)
    y = torch.relu(
        F.batch_norm(
            F.conv1d(x, p["a.weight"]),
            None,
            None,
            p["n.weight"],
            p["n.bias"],
            training=True,
        )
    )
    close(above(x), F.conv1d(y * mask[:, None], p["d.weight"]))


def test_strides_are_computed_apart_until_shapes_agree() -> None:
    above = mixed(
        space(
            "space s { input x: [b, c = 2, h = 6, w = 6] k ~ [1, 2] output x -> conv(3, 3, k) as a -> "
            "relu -> mean(@hw) -> linear(2) as d }"
        )
    )
    p = dict(above.weights.named_parameters())
    w = torch.softmax(dict(above.distribution.logits.named_parameters())["k"], 0)
    x = drawn(4, 2, 6, 6)
    shared = "a.weight" in p
    kernels = [p["a.weight"]] * 2 if shared else [p["a.weight::1"], p["a.weight::2"]]
    means = [
        torch.relu(F.conv2d(x, kernels[i], stride=i + 1, padding=1)).mean((2, 3))
        for i in range(2)
    ]
    close(above(x), F.linear(w[0] * means[0] + w[1] * means[1], p["d.weight"], p["d.bias"]))


def test_depth_mixes_the_results_of_all_depths() -> None:
    above = mixed(
        space(
            "space s { input x: [b, c = 2] depth ~ 0..2"
            " for i in range(depth) { x = x -> linear(2) as layer -> relu } output x -> linear(2) as d }"
        )
    )
    p = dict(above.weights.named_parameters())
    w = torch.softmax(dict(above.distribution.logits.named_parameters())["depth"], 0)
    x = [drawn(4, 2)]
    for i in range(2):
        x.append(torch.relu(F.linear(x[-1], p[f"layer.{i}.weight"], p[f"layer.{i}.bias"])))
    close(
        above(x[0]),
        F.linear(w[0] * x[0] + w[1] * x[1] + w[2] * x[2], p["d.weight"], p["d.bias"]),
    )


def test_partly_settled() -> None:
    """What is settled is one-hot; the rest stays a mixture; draws hold until the next answer."""
    graph = space(
        "space s { input x: [b, c = 2] a ~ [one: linear(2), two: relu] d ~ [one: linear(2), two: relu] "
        "output x -> a -> d }"
    )
    above = mixed(graph)
    x = drawn(4, 2)
    w = torch.softmax(dict(above.distribution.logits.named_parameters())["d"], 0)
    p = dict(above.weights.named_parameters())
    above.set({"a": "two"})
    y = torch.relu(x)
    close(above(x), w[0] * F.linear(y, p["d.one.weight"], p["d.one.bias"]) + w[1] * y)
    genotype = above.sample(torch.Generator().manual_seed(0))
    assert genotype["a"] == "two"
    whole = above(x)
    above.set(genotype)
    close(above(x), whole)
    above.set({})
    assert not torch.allclose(above(x), whole)


def test_combining_weights_are_the_softmax_of_what_is_kept() -> None:
    graph = space(
        "space s { input x: [b, c = 2] m = [x -> linear(2) as a, x -> linear(2) as f, x] keep ~ 2 of m "
        "output keep -> weighted_sum }"
    )
    above = mixed(graph)
    alpha = next(iter(above.logit_parameters()))
    above.set({"keep": "[0, 2]"})
    found = above.extract({"keep": "[0, 2]"})
    (combining,) = [v for k, v in found.items() if v.shape == (2,) and "bias" not in k]
    close(combining, torch.softmax(alpha[[0, 2]], 0))
    p = dict(above.weights.named_parameters())
    x = drawn(4, 2)
    close(
        above(x), combining[0] * F.linear(x, p["a.weight"], p["a.bias"]) + combining[1] * x
    )


# -- what moves the positions of a width ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "y = a -> take(c = 0..3)",
        "y = a -> take(c = 1..w - 1 by 2, t = 0..1)",
        "y = a -> pad(c = (1, 4))",
        "y = a -> pad(c = (2, 0), t = (1, 1))",
        "y = a -> shift(@t, 1, channels = 0..3)",
        "y = a -> shift(@t, -1, channels = 1..w - 1 by 2)",
        "y = a -> shift(@h, 2, channels = n)",
        "p, y, q = a -> chunk(c = 3)",
    ],
)
@pytest.mark.parametrize("channels", ["fair", "naive"])
def test_masks_move_with_positions(body: str, channels: Channels) -> None:
    """Between linear layers mixing is linear: the result is the sum of the architectures', each times its
    probability.
    """
    soft, expected = mixed_and_apart(body, channels)
    close(soft, expected)


def test_masks_move_through_several_ops() -> None:
    """One op after the other is mixed by itself; what is settled is exact."""
    mixed_and_apart(
        "p, q = a -> pad(c = (1, 1)) -> chunk(c = 2) y = q -> shift(@t, 1, channels = 0..1) -> take(c = "
        "1..3)",
        "fair",
    )


def mixed_and_apart(body: str, channels: Channels) -> tuple[Tensor, Tensor]:
    """What is mixed, and the sum of what the architectures give, each times its probability; each is compared
    once settled.
    """
    start = "space s { input x: [b, c = 2, t = 4, h = 3] w ~ 6..18 by 6 n ~ [0..2, 3..5] "
    ends = (
        "output (a -> mean(@t) -> linear(3, bias = false) as e) + (y -> mean(@t) -> linear(3, bias = "
        "false) as z)"
    )
    graph = space(f"{start} a = x -> linear(w, bias = false) as a {body} {ends} }}")
    above = mixed(graph, channels=channels)
    x = drawn(2, 2, 4, 3)
    soft, probabilities = above(x), above.probabilities()
    expected = torch.zeros_like(soft)
    for answers in product(*(labels.items() for labels in probabilities.values())):
        genotype = {
            path: label for path, (label, _) in zip(probabilities, answers, strict=True)
        }
        alone = archdsl_torch.compile(Architecture(graph).fix(genotype).graph).double()
        alone.load_state_dict(above.extract(genotype))
        expected += prod(p for _, p in answers) * alone(x)
        above.set(genotype)
        close(above(x), alone(x))
        above.set({})
    return soft, expected


# -- what cannot be mixed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (
            "k ~ [1, 2] output x -> conv(3, 3, k) as a",
            "E1003",
            "`k` cannot be mixed: the shape of an output depends on it",
        ),
        (
            "w ~ 2..6 by 2 output x -> conv(w) as a",
            "E1004",
            "`w` cannot be mixed: it reaches an output as its dimension `c`",
        ),
        (
            "w ~ 2..6 by 2 output x -> linear(w) as a -> layer_norm(@c) as n -> linear(2) as d",
            "E1004",
            "`layer_norm` takes statistics over it",
        ),
        (
            "w ~ 4..8 by 4 output x -> conv(w) as a -> group_norm(2) as n -> conv(2) as d",
            "E1004",
            "groups of channels",
        ),
        (
            "w ~ 2..6 by 2 output x -> linear(w) as a -> softmax(@c) -> linear(2) as d",
            "E1004",
            "`softmax` takes statistics over it",
        ),
        (
            "w ~ 2..6 by 2 output x -> linear(w) as a -> mean(@c)",
            "E1004",
            "`mean` takes statistics over it",
        ),
        (
            "w ~ 2..6 by 2 y = x -> conv(w) as a output (y, y, x) -> attend(@hw) -> linear(2) as d",
            "E1004",
            "the scale of `attend`",
        ),
        (
            "w ~ 4..8 by 4 output x -> conv(w) as a -> conv(8, 3, groups = 2) as e -> mean(@hw)",
            "E1004",
            "groups of channels",
        ),
        (
            "w ~ 2..6 by 2 v ~ 2..6 by 2 require w == v output (x -> conv(w) as a) + (x -> conv(v) as e) "
            "-> conv(2) as d",
            "E1005",
            "`w`, `v` cannot be mixed",
        ),
        (
            "for i in range(7) as at { k ~ [1, 2] x = x -> conv(3, 3, k) as a } output x -> mean(@hw)",
            "E1003",
            "more than 64",
        ),
    ],
)
def test_what_cannot_be_mixed_names_the_choice(body: str, code: str, text: str) -> None:
    graph = space("space s { input x: [b, c = 2, h = 6, w = 6] " + body + " }")
    with pytest.raises(DiagnosticError) as caught:
        supergraph(graph, "mixed")
    (found,) = caught.value.diagnostics
    assert found.code == code and text in found.message, found.message
    assert found.help == '`mode = "sampled"` takes any space' and found.span is not None
    supergraph(graph, "sampled")
