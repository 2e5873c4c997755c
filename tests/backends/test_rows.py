"""Every row of the lowering table against a direct statement of it, gradients too, in every order of
dimensions.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import (
    ACTS,
    Named,
    arithmetic,
    attend,
    batch_norm,
    concat,
    conv,
    dot,
    group_norm,
    layer_norm,
    linear,
    pool,
)
from small_models import Net

from archdsl.ops.table import PRIMITIVES
from archdsl_lowering.fixed import lower
from archdsl_lowering.rows.layout import canonical
from archdsl_lowering.rows.table import ROWS
from archdsl_torch.model import build

SIZES = {"b": 2, "c": 4, "t": 5, "h": 6, "w": 7, "n": 3, "s": 2, "g": 2, "k": 3}
Reference = Callable[..., Named]


def check(
    primitive: str,
    dims: Sequence[str],
    reference: Reference,
    sizes: Sequence[Mapping[str, int]] = (),
    **given: Any,
) -> None:
    """One op on inputs with these dimensions in this order equals the reference: output, and gradients of
    everything.
    """
    torch.manual_seed(0)
    net = Net()
    own = [
        {d: (sizes[i] if i < len(sizes) else {}).get(d, SIZES[d]) for d in letters}
        for i, letters in enumerate(dims)
    ]
    inputs = [
        net.input(letters, f"x{i}", **{"b": 2, **own[i]}) for i, letters in enumerate(dims)
    ]
    op = net.op(primitive, *inputs, name="op", **given)
    model = build(lower(net.graph(op))).double().train()
    for weight in model.parameters():
        torch.nn.init.normal_(weight)
    attrs = {name: e.value for name, e in op.attrs.items()}
    tensors = [
        torch.randn([own[i][d] for d in letters], dtype=torch.float64, requires_grad=True)
        for i, letters in enumerate(dims)
    ]
    learned = [*tensors, *model.parameters()]
    found = model(*tensors)
    weights = {name.rpartition(".")[2]: w for name, w in model.named_parameters()}
    expected = reference(
        weights, attrs, *(Named(t, d) for t, d in zip(tensors, dims, strict=True))
    )
    order = "".join(canonical(op.shape))
    assert sorted(expected.dims) == sorted(order)
    assert found.shape == tuple(2 if d == "b" else op.shape[d].value for d in order)
    close(found, expected.to(order))
    direction = torch.randn_like(found)
    ours, theirs = (
        torch.autograd.grad((y * direction).sum(), learned, allow_unused=True)
        for y in (found, expected.to(order))
    )
    for a, b in zip(ours, theirs, strict=True):
        close(torch.zeros(()) if a is None else a, torch.zeros(()) if b is None else b)


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(
        a, b.expand_as(a) if not b.dim() else b, rtol=1e-9, atol=1e-9, check_dtype=False
    )


def orders(dims: str, count: int = 3) -> list[str]:
    """The given order, its reverse and random ones."""
    shuffle = random.Random(dims)
    return [
        dims,
        dims[::-1],
        *("".join(shuffle.sample(dims, len(dims))) for _ in range(count)),
    ]


def unary(fn: Callable[[Named, Mapping[str, Any]], Named]) -> Reference:
    return lambda weights, attrs, x: fn(x, attrs)


CONVOLUTIONS = [
    ("bcthw", {"channels": 6, "kernel": 3}),
    ("bcthw", {"channels": 6, "kernel": (1, 3, 3), "stride": (1, 2, 2), "bias": True}),
    ("bcthw", {"channels": 8, "kernel": (5, 1, 1), "groups": 4}),
    ("bcthw", {"channels": 4, "kernel": 3, "groups": 4, "dilation": 2}),
    ("bcthw", {"channels": 4, "kernel": (2, 3, 3), "stride": 2, "padding": "same"}),
    ("bcthw", {"channels": 3, "kernel": (3, 3), "stride": (2, 1), "padding": (1, 0)}),
    ("bcthwg", {"channels": 3, "kernel": 3, "stride": 3, "padding": 0}),
    ("bct", {"channels": 3, "kernel": 3}),
    ("bchw", {"channels": 3, "kernel": 2, "padding": 1}),
    ("bc", {"channels": 3, "kernel": (1, 1, 1), "bias": True}),
    ("bchw", {"channels": 3, "kernel": (1, 3, 3)}),
    ("chw", {"channels": 3, "kernel": 3}),
]
POOLS = [
    ("bcthw", {"window": 3, "stride": 2, "padding": 1}),
    ("bcthw", {"window": (1, 3, 3), "stride": (1, 2, 2), "padding": "same"}),
    ("bcthw", {"window": (2, 2), "stride": 2, "padding": "same"}),
    ("bcthw", {"window": (3, 3, 3), "stride": 1, "padding": "same"}),
    ("bthw", {"window": 2}),
    ("bchwg", {"window": 2, "stride": 1, "padding": (1, 0)}),
    ("bct", {"window": 3, "stride": 3, "padding": 1}),
    ("hw", {"window": 4, "stride": 3, "padding": "same"}),
]


@pytest.mark.parametrize(("dims", "given"), CONVOLUTIONS)
def test_conv(dims: str, given: dict[str, Any]) -> None:
    for order in orders(dims):
        check("conv", [order], conv, **given)


@pytest.mark.parametrize(("dims", "given"), POOLS)
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_pools(kind: str, dims: str, given: dict[str, Any]) -> None:
    for order in orders(dims):
        check(
            f"{kind}_pool", [order], unary(lambda x, attrs: pool(x, attrs, kind)), **given
        )


@pytest.mark.parametrize(
    ("dims", "given"),
    [
        ("bcthw", {"width": 3}),
        ("bcthw", {"width": 3, "dim": "chw", "bias": False}),
        ("bcthw", {"width": 3, "dim": "wh"}),
        ("bsn", {"width": 2, "dim": "n"}),
        ("c", {"width": 3}),
        ("bc", {"width": 1}),
    ],
)
def test_linear(dims: str, given: dict[str, Any]) -> None:
    for order in orders(dims):
        check("linear", [order], linear, **given)


@pytest.mark.parametrize("dims", ["bc", "bcthw", "bcn", "cbthwg", "bchw", "bct"])
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm(dims: str, affine: bool) -> None:
    for order in orders(dims):
        check("batch_norm", [order], batch_norm, affine=affine, eps=1e-3)


@pytest.mark.parametrize(
    ("dims", "over"), [("bcthw", "c"), ("bcn", "cn"), ("bchw", "wc"), ("c", "c")]
)
def test_layer_norm(dims: str, over: str) -> None:
    for order in orders(dims):
        check("layer_norm", [order], layer_norm, dim=over)
    check("layer_norm", [dims], layer_norm, dim=over, affine=False, eps=1e-2)


@pytest.mark.parametrize(
    ("a", "b", "over"),
    [
        ("bsthw", "bnthw", "thw"),
        ("bsn", "bnthw", "n"),
        ("bcn", "cs", "c"),
        ("cn", "bcs", "c"),
        ("bn", "bn", "n"),
        ("c", "c", "c"),
        ("bchw", "bcnh", "hc"),
    ],
)
def test_dot(a: str, b: str, over: str) -> None:
    for one, other in zip(orders(a), orders(b), strict=True):
        check("dot", [one, other], lambda _, attrs, x, y: dot(attrs, x, y), over=over)


@pytest.mark.parametrize(
    ("q", "k", "v", "over"),
    [
        ("bcn", "bcn", "bcn", "n"),
        ("bcthw", "bcthw", "bcthw", "thw"),
        ("bcthw", "bcthw", "bcthw", "hw"),
        ("bcthw", "bcthw", "bcthw", "t"),
        ("bctn", "bcn", "bcn", "n"),
        ("bctn", "bcn", "bctn", "n"),
        ("bctn", "bctn", "bcn", "n"),
        ("bcn", "cn", "bcn", "n"),
        ("bcn", "cn", "cn", "n"),
        ("cn", "cn", "cn", "n"),
        ("bct", "bct", "bcthw", "t"),
        ("ct", "ct", "bcthw", "t"),
    ],
)
@pytest.mark.parametrize(
    ("heads", "act", "scale"),
    [(1, "softmax", None), (2, "softmax", 1), (2, "sigmoid", 1), (1, "identity", 0.5)],
)
def test_attend(
    q: str, k: str, v: str, over: str, heads: int, act: str, scale: float | None
) -> None:
    fewer = {d: SIZES[d] - 1 for d in over}
    for one, two, three in zip(orders(q, 1), orders(k, 1), orders(v, 1), strict=True):
        for few in ({}, fewer):
            sizes = [{}, few, {**few, "c": 6}]
            check(
                "attend",
                [one, two, three],
                lambda _, attrs, *x: attend(attrs, *x),
                sizes,
                over=over,
                heads=heads,
                act=act,
                scale=scale,
            )


@pytest.mark.parametrize(
    ("dims", "groups", "over"),
    [
        ("bcthw", 2, None),
        ("bcthw", 1, "hw"),
        ("bcthw", 4, "t"),
        ("bchw", 4, None),
        ("bcn", 2, None),
        ("bcng", 2, "g"),
        ("bc", 2, None),
    ],
)
def test_group_norm(dims: str, groups: int, over: str | None) -> None:
    for order in orders(dims):
        check("group_norm", [order], group_norm, groups=groups, over=over)
    check(
        "group_norm", [dims], group_norm, groups=groups, over=over, affine=False, eps=1e-2
    )


@pytest.mark.parametrize("name", sorted(ACTS))
def test_activations(name: str) -> None:
    check(name, ["cbn"], unary(lambda x, _: Named(ACTS[name](x.data), x.dims)))


@pytest.mark.parametrize(
    ("dims", "over"), [("bcthw", "c"), ("bchw", "hw"), ("bcn", "n"), ("bchw", "wc")]
)
def test_softmax(dims: str, over: str) -> None:
    def softmax(x: Named, attrs: Mapping[str, Any]) -> Named:
        x = x.front(over)
        return Named(
            x.data.flatten(0, len(over) - 1).softmax(0).reshape(x.data.shape), x.dims
        )

    for order in orders(dims):
        check("softmax", [order], unary(softmax), over=over)


@pytest.mark.parametrize(
    "parts",
    [
        ("bcn", "bcn"),
        ("cn", "bcn"),
        ("c", "bcn", "bcn"),
        ("bcn", "c", "cn"),
        ("tc", "btcn"),
        ("c", "n"),
        ("bc", "bthwcn"),
    ],
)
def test_concat(parts: tuple[str, ...]) -> None:
    for orderings in zip(*(orders(p, 2) for p in parts), strict=True):
        sizes = [{"n": 2 + i} for i in range(len(parts))]
        check(
            "concat", list(orderings), lambda _, attrs, *x: concat("n", *x), sizes, dim="n"
        )


def test_concat_of_one() -> None:
    check("concat", ["bc"], unary(lambda x, _: x), dim="c")


PAIRS = [
    ("bcthw", "bcthw"),
    ("bcthw", "bc"),
    ("c", "bcthw"),
    ("bthw", "bcthw"),
    ("nc", "btnc"),
    ("bcthw", "th"),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic(name: str, a: str, b: str) -> None:
    op = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
    }[name]
    for one, other in zip(orders(a, 2), orders(b, 2), strict=True):
        check(name, [one, other], lambda _, __, x, y: arithmetic(op, x, y))


def test_add_many() -> None:
    check(
        "add",
        ["bc", "cb", "cnb", "n"],
        lambda _, __, *x: arithmetic(
            operator.add,
            arithmetic(operator.add, x[2], x[3]),
            arithmetic(operator.add, x[0], x[1]),
        ),
    )


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
@pytest.mark.parametrize("left", [False, True])
def test_scalar(name: str, left: bool) -> None:
    op = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
    }[name]
    check(
        "scalar",
        ["bc"],
        unary(lambda x, _: Named(op(2.5, x.data) if left else op(x.data, 2.5), x.dims)),
        op=name,
        by=2.5,
        left=left,
    )


def test_weighted_sum() -> None:
    def reference(weights: Mapping[str, torch.Tensor], _: Any, *x: Named) -> Named:
        return Named(
            sum(w * one.to("bcn") for w, one in zip(weights["weight"], x, strict=True)),
            "bcn",
        )  # type: ignore[arg-type]

    check("weighted_sum", ["bcn", "ncb", "bcn"], reference)


@pytest.mark.parametrize(
    ("dims", "over"), [("bcthw", "thw"), ("bcthw", "tw"), ("bcn", "c"), ("n", "n")]
)
def test_mean(dims: str, over: str) -> None:
    for order in orders(dims):
        check(
            "mean",
            [order],
            unary(
                lambda x, _: Named(
                    x.front(over).data.flatten(0, len(over) - 1).mean(0),
                    x.front(over).dims[len(over) :],
                )
            ),
            over=over,
        )


@pytest.mark.parametrize(
    ("over", "into"),
    [("hw", "n"), ("wh", "n"), ("th", "t"), ("thw", "n"), ("h", "n"), ("tc", "c")],
)
def test_merge(over: str, into: str) -> None:
    for order in orders("bcthw"):
        check(
            "merge",
            [order],
            unary(
                lambda x, _: Named(
                    x.front(over).data.flatten(0, len(over) - 1),
                    into + x.front(over).dims[len(over) :],
                )
            ),
            over=over,
            into=into,
        )


@pytest.mark.parametrize(
    ("over", "into", "given"),
    [("h", "ih", {"i": 2}), ("c", "gc", {"c": 2}), ("h", "nsk", {"n": 3, "s": 2})],
)
def test_split(over: str, into: str, given: dict[str, int]) -> None:
    for order in orders("bcthw"):
        check(
            "split",
            [order],
            unary(
                lambda x, a: Named(
                    x.front(over).data.unflatten(0, [given.get(d, -1) for d in into]),
                    into + x.front(over).dims[1:],
                )
            ),
            over=over,
            into=into,
            **given,
        )


def test_rename() -> None:
    check(
        "rename",
        ["bchw"],
        unary(lambda x, _: Named(x.data, "bswh")),
        over="chw",
        into="swh",
    )


@pytest.mark.parametrize(
    "which",
    [
        {"t": 1},
        {"t": range(1, 4)},
        {"t": range(0, 5, 2), "h": 3},
        {"c": range(3, 0, -1)},
        {"t": 0, "h": 0, "w": range(6, -1, -3)},
    ],
)
def test_take(which: dict[str, Any]) -> None:
    def take(x: Named, _: Any) -> Named:
        for d, at in which.items():
            x = x.front(d)
            x = (
                Named(x.data[at], x.dims[1:])
                if isinstance(at, int)
                else Named(x.data[list(at)], x.dims)
            )
        return x

    for order in orders("bcthw"):
        check("take", [order], unary(take), **which)


def test_chunk() -> None:
    for order in orders("bch"):
        for index in range(2):
            check(
                "chunk",
                [order],
                unary(
                    lambda x, _, i=index: Named(
                        x.front("c").data.chunk(2)[i], x.front("c").dims
                    )
                ),
                index=index,
                c=2,
            )


def test_expand() -> None:
    for order in orders("bch"):
        check(
            "expand",
            [order],
            unary(lambda x, _: Named(x.data.expand(4, 5, *x.data.shape), "tw" + x.dims)),
            t=4,
            w=5,
        )


@pytest.mark.parametrize(
    "amounts", [{"t": (0, 2)}, {"h": (1, 0), "c": (2, 3)}, {"w": (0, 0)}]
)
def test_pad(amounts: dict[str, tuple[int, int]]) -> None:
    def pad(x: Named, _: Any) -> Named:
        for d, (low, high) in amounts.items():
            x = x.front(d)
            x = Named(
                torch.cat(
                    [
                        x.data.new_zeros(low, *x.data.shape[1:]),
                        x.data,
                        x.data.new_zeros(high, *x.data.shape[1:]),
                    ]
                ),
                x.dims,
            )
        return x

    for order in orders("bcthw"):
        check("pad", [order], unary(pad), **amounts)


@pytest.mark.parametrize(
    "sizes",
    [
        {"h": 3, "w": 9},
        {"t": 7},
        {"t": 3, "h": 6, "w": 7},
        {"t": 2, "h": 3, "w": 4},
        {"h": 11},
    ],
)
def test_resize(sizes: dict[str, int]) -> None:
    def interpolation(n: int, m: int) -> torch.Tensor:
        at = ((torch.arange(m, dtype=torch.float64) + 0.5) * n / m - 0.5).clamp(min=0)
        low = at.floor().long()
        matrix = torch.zeros(m, n, dtype=torch.float64)
        matrix[torch.arange(m), low] += 1 - (at - low)
        matrix[torch.arange(m), (low + 1).clamp(max=n - 1)] += at - low
        return matrix

    def resize(x: Named, _: Any) -> Named:
        for d, m in sizes.items():
            x = x.front(d)
            x = Named(torch.tensordot(interpolation(x.sizes[d], m), x.data, 1), x.dims)
        return x

    for order in orders("bcthw"):
        check("resize", [order], unary(resize), **sizes)


@pytest.mark.parametrize(
    ("offset", "channels"),
    [
        (1, range(2)),
        (-2, range(1, 4)),
        (1, range(0, 4, 2)),
        (9, range(2)),
        (0, range(2)),
        (-1, range(3, 0, -1)),
    ],
)
def test_shift(offset: int, channels: range) -> None:
    def shift(x: Named, _: Any) -> Named:
        x = x.front("ct")
        moved = torch.zeros_like(x.data)
        for i in range(x.sizes["t"]):
            if 0 <= i + offset < x.sizes["t"]:
                moved[:, i] = x.data[:, i + offset]
        chosen = torch.tensor([c in channels for c in range(x.sizes["c"])]).reshape(
            [-1] + [1] * (x.data.dim() - 1)
        )
        return Named(torch.where(chosen, moved, x.data), x.dims)

    for order in orders("bcth"):
        check("shift", [order], unary(shift), over="t", offset=offset, channels=channels)


def test_weight() -> None:
    net = Net()
    graph = net.graph(net.op("weight", name="cls", n=2, c=3))
    model = build(lower(graph))
    assert [*model.state_dict()] == ["cls"]
    assert model().shape == (3, 2)
    assert torch.equal(model(), model.cls.T)


@pytest.mark.parametrize("name", ["dropout", "drop_path"])
def test_dropped(name: str) -> None:
    net = Net()
    x = net.input("ctb", c=40, t=30)
    model = build(lower(net.graph(net.op(name, x, p=0.25))))
    x = torch.ones(40, 30, 200)
    assert torch.equal(model.eval()(x), x.permute(2, 0, 1))
    y = model.train()(x)
    assert y.unique().tolist() == pytest.approx([0, 4 / 3])
    assert y.mean() == pytest.approx(1, abs=0.2)
    per_sample = y.flatten(1)
    assert (name == "drop_path") == bool((per_sample == per_sample[:, :1]).all())
    without = Net()
    assert not [
        n
        for n in lower(
            without.graph(without.op(name, without.input("bc", c=2), p=0))
        ).instructions
        if n.kind != "input"
    ]


def test_every_primitive_has_a_row() -> None:
    assert set(ROWS) == set(PRIMITIVES)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_chains_of_rearrangements_keep_the_values(data: st.DataObject) -> None:
    """merge, split, rename, sums and products in any order of dimensions, against the reference."""
    dims = "".join(data.draw(st.permutations("bcthw")))
    net = Net()
    given_ = net.input(dims, b=2, **{d: SIZES[d] + (d == "t") for d in "cthw"})
    tensor = torch.randn(
        [2 if d == "b" else given_.shape[d].value for d in dims], dtype=torch.float64
    )
    value: Any = given_
    named = Named(tensor, dims)
    for _ in range(data.draw(st.integers(1, 5))):
        free = [d for d in named.dims if d != "b"]
        match data.draw(
            st.sampled_from(["merge", "split", "add", "linear", "mean", "softmax"])
        ):
            case "merge" if len(free) > 1:
                over = "".join(
                    data.draw(st.permutations(free))[: data.draw(st.integers(2, len(free)))]
                )
                value = net.op(
                    "merge", value, over=over, into="n" if "n" not in free else over[0]
                )
                moved = named.front(over)
                named = Named(
                    moved.data.flatten(0, len(over) - 1),
                    ("n" if "n" not in free else over[0]) + moved.dims[len(over) :],
                )
            case "split":
                even = [d for d in free if named.sizes[d] % 2 == 0]
                fresh = [d for d in "gijk" if d not in named.dims]
                if even and fresh:
                    d, new = data.draw(st.sampled_from(even)), fresh[0]
                    value = net.op("split", value, over=d, into=d + new, **{new: 2})
                    moved = named.front(d)
                    named = Named(
                        moved.data.unflatten(0, (-1, 2)), d + new + moved.dims[1:]
                    )
            case "add":
                kept = "".join(d for d in named.dims if data.draw(st.booleans()))
                gone = "".join(d for d in free if d not in kept)
                other, reference = value, named
                if gone:
                    other = net.op("mean", value, over=gone)
                    moved = named.front(gone)
                    reference = Named(
                        moved.data.flatten(0, len(gone) - 1).mean(0),
                        moved.dims[len(gone) :],
                    )
                value = (
                    net.op("mul", other, value)
                    if data.draw(st.booleans())
                    else net.op("mul", value, other)
                )
                named = arithmetic(operator.mul, named, reference)
            case "softmax" if free:
                over = "".join(data.draw(st.permutations(free))[:2])
                value = net.op("softmax", value, over=over)
                moved = named.front(over)
                named = Named(
                    moved.data.flatten(0, len(over) - 1)
                    .softmax(0)
                    .reshape(moved.data.shape),
                    moved.dims,
                )
            case _:
                pass
    found = build(lower(net.graph(value))).double()(tensor)
    close(found, named.to("".join(canonical(named.dims))))
