"""Models without choices, built by hand from the table of primitives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archdsl.ir.expr import constant
from archdsl.ir.graph import Graph, Input, Op, Value, Weight, in_order
from archdsl.ir.instance import Instance, Level
from archdsl.ops.call import Call
from archdsl.ops.primitive import REQUIRED
from archdsl.ops.table import PRIMITIVES


class Net:
    """Adds values in program order; `scope` opens a block, a loop turn or an alternative."""

    def __init__(self, name: str = "net") -> None:
        self.name = name
        self.root = Instance("", None, name, "root")
        self.at = self.root
        self.inputs: list[Input] = []

    def input(
        self, dims: str = "bcthw", name: str = "clip", b: int = 1, **sizes: int
    ) -> Input:
        sizes["b"] = b
        given = Input(name, dims, {d: constant(sizes[d]) for d in dims})
        self.inputs.append(given)
        return given

    @contextmanager
    def scope(
        self,
        segment: str,
        callee: str = "",
        level: Level = "block",
        home: str | None = None,
    ) -> Iterator[Instance]:
        inner = Instance(
            segment, self.at, callee or segment.partition("[")[0], level, home=home
        )
        self.at.children.append(inner)
        self.at, outer = inner, self.at
        yield inner
        self.at = outer

    def op(self, primitive: str, *inputs: Value, name: str = "", **given: Any) -> Op:
        rule = PRIMITIVES[primitive]
        attrs = {
            p.name: constant(given.get(p.name, p.default))
            for p in rule.parameters
            if p.kind != "like"
        }
        assert all(e.value is not REQUIRED for e in attrs.values()), attrs
        dims = {d: constant(v) for d, v in given.items() if d not in attrs}
        call = Call(tuple(v.shape for v in inputs), attrs, dims)
        result = rule.shape(call)
        assert not result.problems, result.problems
        instance = Instance(name or primitive, self.at, primitive, "primitive")
        self.at.children.append(instance)
        weights = tuple(
            Weight(instance.weights_path, w.name, w.shape, w.init)
            for w in rule.weights(call, result.shape)
        )
        return Op(
            primitive,
            inputs,
            attrs | dims,
            result.shape,
            weights,
            rule.macs(call, result.shape),
            instance,
        )

    def graph(self, *outputs: Value) -> Graph:
        values = in_order(outputs)
        return Graph(
            self.name, "model", tuple(self.inputs), outputs, values, (), (), (), self.root
        )
