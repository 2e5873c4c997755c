"""Graphs built by hand: the papers' spaces in outline, and random conditional ones, for tests of the
questions.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from archdsl.ir.choice import Alternative, Choice, Kind
from archdsl.ir.expr import Expr, constant, index_of, lift, of_choice, product, select
from archdsl.ir.graph import (
    CostBound,
    Graph,
    Init,
    Input,
    Op,
    Pick,
    Requirement,
    Select,
    Value,
    Weight,
    in_order,
)
from archdsl.ir.instance import Instance

NORMAL = constant(Init("normal", (0.02,)))


class Builder:
    """Collects choices in program order and makes values with the shapes that their operands give them."""

    def __init__(self, name: str, **sizes: int) -> None:
        self.name = name
        self.root = Instance("", None, name, "root")
        self.choices: list[Choice] = []
        self.input = Input("x", "".join(sizes), {d: constant(s) for d, s in sizes.items()})

    def choice(self, path: str, values: Any, kind: Kind = "list") -> Choice:
        made = Choice(
            path, tuple(Alternative(str(v), v) for v in values), kind, len(self.choices)
        )
        self.choices.append(made)
        return made

    def subset(self, path: str, k: int, n: int) -> Choice:
        alternatives = tuple(
            Alternative(f"[{', '.join(map(str, s))}]", s) for s in combinations(range(n), k)
        )
        made = Choice(path, alternatives, "subset", len(self.choices))
        self.choices.append(made)
        return made

    def op(
        self,
        name: str,
        *inputs: Value,
        attrs: Mapping[str, Expr] | None = None,
        c: Expr | None = None,
        weights: tuple[Weight, ...] = (),
        macs: Expr | None = None,
        at: str = "",
        **dims: Expr,
    ) -> Op:
        shape = dict(inputs[0].shape) | dims
        if c is not None:
            shape["c"] = c
        instance = Instance(at, self.root, name, "primitive")
        return Op(
            name,
            inputs,
            attrs or {},
            shape,
            weights,
            macs if macs is not None else constant(0),
            instance,
        )

    def conv(
        self,
        x: Value,
        out: Expr | int,
        kernel: Expr | tuple[int, int, int] = (1, 1, 1),
        groups: bool = False,
        at: str = "conv",
        stride: int = 1,
    ) -> Op:
        out = out if isinstance(out, Expr) else constant(out)
        kernel = kernel if isinstance(kernel, Expr) else constant(kernel)
        h = lift(lambda s: -(-s // stride), x.shape["h"])
        inner = constant(1) if groups else x.shape["c"]
        shape = (out, inner, *(lift(lambda k, i=i: k[i], kernel) for i in range(3)))
        macs = lift(
            lambda o, i, k, t, s: o * i * k[0] * k[1] * k[2] * t * s * s,
            out,
            inner,
            kernel,
            x.shape["t"],
            h,
        )
        weight = Weight(at, "weight", shape, NORMAL)
        attrs = {
            "channels": out,
            "kernel": kernel,
            "stride": constant(stride),
            "groups": out if groups else constant(1),
        }
        return self.op(
            "conv", x, attrs=attrs, c=out, weights=(weight,), macs=macs, at=at, h=h, w=h
        )

    def norm(self, x: Value, at: str) -> Op:
        weights = tuple(
            Weight(at, name, (x.shape["c"],), NORMAL) for name in ("weight", "bias")
        )
        return self.op(
            "batch_norm", x, attrs={"eps": constant(1e-5)}, weights=weights, at=at
        )

    def select(self, index: Expr, *operands: Value) -> Select:
        shape = {
            d: select(index, [o.shape[d] for o in operands]) for d in operands[0].shape
        }
        return Select(index, operands, shape, self.root)

    def pick(
        self, subset: Expr, *operands: Value, combine: Any = "sum", dim: str | None = None
    ) -> Pick:
        return Pick(subset, operands, combine, dim, (), operands[0].shape, self.root)

    def graph(
        self,
        *outputs: Value,
        requirements: tuple[Expr, ...] = (),
        bounds: tuple[CostBound, ...] = (),
    ) -> Graph:
        conditions = tuple(Requirement(r) for r in requirements)
        return Graph(
            self.name,
            "space",
            (self.input,),
            outputs,
            in_order(outputs),
            tuple(self.choices),
            conditions,
            bounds,
            self.root,
        )


ROWS = [(12, 28, 4, 1, 2), (12, 28, 4, 2, 1), (24, 64, 8, 2, 2), (24, 64, 8, 3, 1), (48, 132, 12, 2, 2), (48, 132, 12, 3, 1),
        (48, 132, 12, 3, 1), (48, 132, 12, 3, 1), (96, 264, 24, 2, 2), (96, 264, 24, 2, 1), (96, 264, 24, 3, 1)]  # fmt: skip
KERNELS = [(1, 3, 3), (1, 5, 5), (3, 3, 3), (3, 5, 5), (5, 3, 3), (5, 5, 5)]


def autox3d() -> Graph:
    """Jiang et al., AutoX3D, Tables 1 and 2, in outline: 44 choices, 31 blocks."""
    b = Builder("autox3d", b=1, c=3, t=13, h=160, w=160)
    x: Value = b.op(
        "relu", b.norm(b.conv(b.input, 24, (1, 3, 3), stride=2, at="stem"), "stem_norm")
    )
    for g, (low, high, step, blocks, stride) in enumerate(ROWS):
        path = f"group[{g}]"
        kernel = of_choice(b.choice(f"{path}.kernel", KERNELS))
        channels = of_choice(
            b.choice(f"{path}.channels", range(low, high + 1, step), "range")
        )
        expand = of_choice(
            b.choice(f"{path}.expand", [1.5 + 0.75 * i for i in range(7)], "range")
        )
        attention = b.choice(f"{path}.attention", ["identity", "glore"])
        for i in range(blocks):
            at = f"{path}.block[{i}]"
            s = stride if i == 0 else 1
            hidden = lift(lambda c, e: int(c * e), channels, expand)
            y: Value = b.op(
                "relu", b.norm(b.conv(x, hidden, at=f"{at}.widen"), f"{at}.widen_norm")
            )
            y = b.norm(
                b.conv(y, hidden, kernel, groups=True, stride=s, at=f"{at}.spread"),
                f"{at}.spread_norm",
            )
            y = b.norm(
                b.conv(b.op("swish", y), channels, at=f"{at}.narrow"), f"{at}.narrow_norm"
            )
            short = (
                x
                if i
                else b.norm(
                    b.conv(x, channels, stride=s, at=f"{at}.shortcut"),
                    f"{at}.shortcut_norm",
                )
            )
            x = b.op("relu", b.op("add", short, y))
        glore = f"{path}.attention.glore"
        mid = lift(lambda c: c // 4, channels)
        state, assign = (
            b.conv(x, product([2, mid]), at=f"{glore}.state"),
            b.conv(x, mid, at=f"{glore}.assign"),
        )
        positions = product([x.shape["t"], x.shape["h"], x.shape["w"], 4, mid, mid])
        mixed = b.op("dot", state, assign, macs=positions)
        x = b.select(
            index_of(attention),
            x,
            b.op("add", x, b.conv(mixed, channels, at=f"{glore}.extend")),
        )
    x = b.op("relu", b.norm(b.conv(x, 432, at="head"), "head_norm"))
    return b.graph(
        b.op(
            "mean",
            x,
            attrs={"over": constant("thw")},
            h=constant(1),
            w=constant(1),
            t=constant(1),
        )
    )


def attention_cell(k: int = 4) -> Graph:
    """Wang et al., AttentionNAS, the bandit's space: k operations, each fed by one earlier map; one `kv` for
    the cell.
    """
    b = Builder("cell", b=1, c=8, t=2, h=4, w=4)
    kv = b.choice("kv", ["op", "cell"])
    f0: Value = b.op("enter", b.input)
    maps = [f0]
    for i in range(k):
        source = b.choice(f"node[{i}].source", [(j,) for j in range(len(maps))], "subset")
        f = b.pick(of_choice(source), *maps, combine="weighted")
        dim = b.choice(f"node[{i}].op.dim", ["t", "hw", "thw"])
        kind = b.choice(f"node[{i}].op.kind", ["map", "dot"])
        act = b.choice(f"node[{i}].op.act", ["none", "relu", "sigmoid", "softmax"])
        gate = b.choice(f"node[{i}].op.gate", [False, True])
        keys = b.select(index_of(kv), f, f0)
        attend = {"dim": of_choice(dim), "act": of_choice(act)}
        y: Value = b.select(
            index_of(kind), b.op("map", f, attrs=attend), b.op("dot", f, keys, attrs=attend)
        )
        y = b.select(index_of(gate), y, b.op("gate", y))
        maps.append(y)
    return b.graph(b.op("leave", b.op("concat", *maps[1:]), b.input))


def supergraph(nodes: int = 6, activations: int = 1, gates: int = 1) -> Graph:
    """AttentionNAS's derivable structures: two levels, three nodes reach the sink, two of the first level
    feed each of the second.
    """
    b = Builder("supergraph", b=1, c=8, t=2, h=4, w=4)
    f0: Value = b.op("enter", b.input)

    def node(at: str, f: Value) -> Value:
        act = of_choice(b.choice(f"{at}.act", range(activations)))
        gate = b.choice(f"{at}.gate", range(gates))
        y = b.op("attend", f, attrs={"act": act})
        return b.select(index_of(gate), y, *(b.op("gate", y) for _ in range(gates - 1)))

    first = [node(f"level[0].node[{i}]", f0) for i in range(nodes)]
    second = []
    for i in range(nodes):
        source = b.subset(f"level[1].node[{i}].source", 2, nodes)
        second.append(
            node(
                f"level[1].node[{i}]", b.pick(of_choice(source), *first, combine="weighted")
            )
        )
    sink = b.subset("sink", 3, 2 * nodes)
    return b.graph(
        b.op(
            "leave",
            b.pick(of_choice(sink), *first, *second, combine="concat", dim="c"),
            b.input,
        )
    )


@st.composite
def graphs(draw: st.DrawFn, requirements: bool = False) -> Graph:
    """A small random space: selections on one or two choices, picks, attributes that read choices, dead
    ends.
    """
    b = Builder("random", b=1, c=4)
    choices = [
        b.subset(f"s{i}", draw(st.integers(1, 2)), 3)
        if draw(st.integers(0, 4)) == 0
        else b.choice(f"c{i}", range(draw(st.integers(2, 3))))
        for i in range(draw(st.integers(2, 6)))
    ]

    def index(size: int) -> Expr:
        a, c = draw(st.sampled_from(choices)), draw(st.sampled_from(choices))
        rule = draw(
            st.sampled_from(
                [
                    lambda i, j: i,
                    lambda i, j: i + j,
                    lambda i, j: i if j else 0,
                    lambda i, j: int(i == j),
                ]
            )
        )
        return lift(lambda i, j: rule(i, j) % size, index_of(a), index_of(c))

    def amount() -> Expr:
        return index(4) if draw(st.booleans()) else constant(draw(st.integers(0, 3)))

    values: list[Value] = [b.input]
    for number in range(draw(st.integers(2, 9))):
        pick = st.sampled_from(values[-5:])
        kind = draw(st.integers(0, 5))
        if kind <= 2:
            shape = (amount(), constant(2))
            weights = (
                (
                    Weight(
                        f"op[{draw(st.integers(0, 1)) * number}]",
                        f"w{number}",
                        shape,
                        NORMAL,
                    ),
                )
                if draw(st.booleans())
                else ()
            )
            inputs = [draw(pick) for _ in range(draw(st.integers(1, 2)))]
            macs = amount()  # costs and shapes follow from parameters
            attrs = {
                "a": amount(),
                "macs": macs,
                **{f"w{i}": w.shape[0] for i, w in enumerate(weights) if w.shape},
            }
            values.append(
                b.op(f"op{number}", *inputs, attrs=attrs, weights=weights, macs=macs)
            )
        elif kind <= 4:
            operands = [draw(pick) for _ in range(draw(st.integers(2, 3)))]
            values.append(b.select(index(len(operands)), *operands))
        else:
            subsets = [c for c in choices if c.kind == "subset"]
            operands = [draw(pick) for _ in range(3)]
            subset = (
                of_choice(draw(st.sampled_from(subsets)))
                if subsets
                else lift(lambda i: [(0,), (0, 1), (1, 2)][i], index(3))
            )
            values.append(b.pick(subset, *operands))
    last = values[-1] if draw(st.booleans()) else b.op("last", values[-1], values[-2])
    conditions = (lift(bool, index(3)),) if requirements and draw(st.booleans()) else ()
    return b.graph(last, requirements=conditions)


def assignments(graph: Graph) -> list[dict[Choice, int]]:
    """Every assignment of a small graph."""
    return [
        dict(zip(graph.choices, row, strict=True))
        for row in itertools.product(*(range(c.size) for c in graph.choices))
    ]
