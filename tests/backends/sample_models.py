"""Models that use every way in which layers share, repeat, nest and take turns."""

from __future__ import annotations

from small_models import Net

from archdsl.ir.graph import Graph, Value


def squeeze(net: Net, x: Value, width: int) -> Value:
    with net.scope("se"):
        y = net.op("mean", x, over="thw")
        y = net.op("relu", net.op("linear", y, name="squeeze", width=width))
        y = net.op("sigmoid", net.op("linear", y, name="excite", width=x.shape["c"].value))
        return net.op("mul", x, y)


def mobile(
    net: Net, segment: str, x: Value, channels: int, stride: int, gate: bool
) -> Value:
    with net.scope(segment, "mbconv3d"):
        hidden = 2 * channels
        y = net.op(
            "relu",
            net.op(
                "batch_norm",
                net.op("conv", x, name="widen", channels=hidden),
                name="widen_norm",
            ),
        )
        y = net.op(
            "conv",
            y,
            name="spread",
            channels=hidden,
            kernel=3,
            stride=(1, stride, stride),
            groups=hidden,
        )
        y = net.op("batch_norm", y, name="spread_norm")
        if gate:
            y = squeeze(net, y, 4)
        y = net.op("conv", net.op("swish", y), name="narrow", channels=channels)
        y = net.op("batch_norm", y, name="narrow_norm", gamma=0)
        if stride > 1:
            with net.scope("shortcut", "project"):
                x = net.op(
                    "conv", x, name="conv", channels=channels, stride=(1, stride, stride)
                )
                x = net.op("batch_norm", x, name="norm")
        return net.op("relu", net.op("add", x, y))


def convolutional() -> Graph:
    """Groups of inverted bottlenecks: a loop in a loop, with and without gates and shortcuts."""
    net = Net("x3d_like")
    x: Value = net.input("bcthw", c=3, t=4, h=16, w=16)
    x = net.op(
        "relu",
        net.op(
            "batch_norm",
            net.op("conv", x, name="stem", channels=8, kernel=(1, 3, 3)),
            name="stem_norm",
        ),
    )
    for i, channels in enumerate((8, 12)):
        with net.scope(f"group[{i}]", level="loop"):
            for j in range(4):
                x = mobile(net, f"block[{j}]", x, channels, 2 if j == 0 else 1, gate=False)
            x = squeeze(net, x, 2 + i)
    x = net.op("dropout", net.op("mean", x, over="thw"), p=0.5)
    return net.graph(net.op("linear", x, name="classify", width=5))


def attention(net: Net, x: Value, heads: int = 2) -> Value:
    with net.scope("attention"):
        qkv = net.op("linear", x, name="qkv", width=3 * x.shape["c"].value)
        q, k, v = (net.op("chunk", qkv, index=i, c=3) for i in range(3))
        return net.op(
            "linear",
            net.op("attend", q, k, v, over="n", heads=heads),
            name="proj",
            width=x.shape["c"].value,
        )


def transformer() -> Graph:
    """Tokens, a class token, position weights, shared layers and two outputs, as TimeSformer has them."""
    net = Net("transformer")
    x: Value = net.input("bcthw", c=3, t=2, h=8, w=8)
    x = net.op(
        "conv",
        x,
        name="patch",
        channels=8,
        kernel=(4, 4),
        stride=(4, 4),
        padding=0,
        bias=True,
    )
    x = net.op("merge", x, over="hw", into="n")
    cls = net.op("weight", name="cls", c=8)
    x = net.op("concat", cls, x, dim="n")
    x = net.op("add", x, net.op("weight", name="position", n=5, c=8))
    for i in range(3):
        with net.scope(f"block[{i}]", "vit_block"):
            y = net.op("layer_norm", x, name="norm1", eps=1e-6)
            y = net.op("drop_path", attention(net, y), p=0.1 * i)
            x = net.op("add", x, y)
            y = net.op("layer_norm", x, name="norm2", eps=1e-6)
            with net.scope("mlp"):
                y = net.op(
                    "linear",
                    net.op("gelu", net.op("linear", y, name="fc1", width=16)),
                    name="fc2",
                    width=8,
                )
            x = net.op("add", x, y)
    first = net.op("take", x, n=0)
    ends = []
    for n, value in enumerate((first, x)):
        with net.scope(f"feed_{n}", "mlp", home="feed"):
            ends.append(
                net.op(
                    "linear",
                    net.op("relu", net.op("linear", value, name="fc1", width=4)),
                    name="fc2",
                    width=8,
                )
            )
    return net.graph(
        net.op("linear", net.op("mean", ends[0], over="t"), name="head", width=3), ends[1]
    )


def reasoning() -> Graph:
    """A GloRe unit and a non-local block, and a kept alternative's level in the path."""
    net = Net("reasoning")
    x: Value = net.input("bcthw", c=8, t=2, h=4, w=4)
    with net.scope("attention"), net.scope("glore", level="alternative"):
        state = net.op(
            "rename",
            net.op("conv", x, name="state", channels=4, bias=True),
            over="c",
            into="s",
        )
        assign = net.op(
            "rename",
            net.op("conv", x, name="assign", channels=2, bias=True),
            over="c",
            into="n",
        )
        v = net.op("dot", state, assign, over="thw")
        v = net.op(
            "relu",
            net.op("add", v, net.op("linear", v, name="mix_nodes", width=2, dim="n")),
        )
        v = net.op("linear", v, name="mix_states", width=4, dim="s", bias=False)
        y = net.op("rename", net.op("dot", v, assign, over="n"), over="s", into="c")
        y = net.op(
            "batch_norm",
            net.op("conv", y, name="extend", channels=8),
            name="norm",
            eps=1e-4,
            gamma=0,
        )
        x = net.op("add", x, y)
    with net.scope("non_local"):
        small = net.op("max_pool", x, window=(1, 2, 2), stride=(1, 2, 2))
        parts = [
            net.op("conv", v, name=n, channels=4, bias=True)
            for v, n in ((x, "theta"), (small, "phi"), (small, "g"))
        ]
        y = net.op("attend", *parts, over="thw")
        x = net.op("add", x, net.op("conv", y, name="expand", channels=8, bias=True))
    x = net.op(
        "avg_pool", net.op("resize", x, h=6, w=6), window=3, stride=2, padding="same"
    )
    x = net.op("shift", x, over="t", offset=1, channels=range(2))
    return net.graph(
        net.op(
            "sub",
            net.op("scalar", x, op="sub", by=1, left=True),
            net.op("softmax", x, over="hw"),
        )
    )


def cell() -> Graph:
    """Several inputs of one block, two outputs of another, a weighted sum, a list with gaps, and parts that
    take turns.
    """
    net = Net("cell")
    a: Value = net.input("bchw", name="rgb", c=4, h=4, w=4)
    b: Value = net.input("cbhw", name="flow", c=4, h=4, w=4)
    for i in (0, 2):
        with net.scope(f"node[{i}]", "node"):
            left = net.op("conv", a, name="left", channels=4, kernel=3)
            right = net.op("conv", b, name="right", channels=4, kernel=3)
            a, b = net.op("add", left, right), net.op("sub", left, right)
    with net.scope("outer"):
        y = net.op("conv", a, name="first", channels=4)
        net.at, inside = net.root, net.at
        y = net.op("conv", y, name="between", channels=4)
        net.at = inside
        y = net.op("conv", y, name="second", channels=4)
    y = net.op("weighted_sum", y, a, b, name="blend")
    with net.scope("twin[0]", "twin"):
        y = net.op("linear", y, name="fc", width=4)
    with net.scope("twin[1]", "twin", home="twin[0]"):
        y = net.op("linear", y, name="fc", width=4)
    for i in (
        1,
        0,
    ):  # a list that does not run in its order, and something inserted inside what it follows
        with net.scope(f"late[{i}]", "late") as late:
            y = net.op("relu", net.op("linear", y, name="fc", width=4 + i))
        net.at = late
        with net.scope("inserted"):
            y = net.op("linear", y, name="fc", width=4)
        net.at = net.root
    return net.graph(net.op("concat", y, b, dim="c"))


MODELS = {f.__name__: f for f in (convolutional, transformer, reasoning, cell)}
