"""A graph as JSON: all of it, with full tables, for tools that read the IR without this package.

The form is described by `grammar/ir.schema.json`. Expressions that are not constant stand once, in
`expressions`; everywhere else they are numbers into that list, as values and choices are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archdsl.ir.activity import activity
from archdsl.ir.choice import Choice
from archdsl.ir.decision import Diagram, Node, nodes_of
from archdsl.ir.expr import Expr, Undefined
from archdsl.ir.graph import Graph, Init, Input, Op, Pick, Select, Value, Weight
from archdsl.ir.instance import Instance

FORMAT = "archdsl.ir"
VERSION = 1


def to_json(graph: Graph) -> dict[str, Any]:
    """The graph as JSON data: names, choices with their guards, values in order, weights, the instance
    tree.
    """
    return _Writer(graph).document()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.choices = {choice: i for i, choice in enumerate(graph.choices)}
        self.values = {value: i for i, value in enumerate(graph.values)}
        self.instances: dict[Instance, int] = {
            instance: i for i, instance in enumerate(_live(graph))
        }
        self.expressions: list[dict[str, Any]] = []
        self._numbers: dict[Expr, int] = {}

    def document(self) -> dict[str, Any]:
        graph = self.graph
        live = activity(graph.outputs)
        body = {
            "choices": [self._choice(c, live.guard(c)) for c in graph.choices],
            "requirements": [self.expr(r.condition) for r in graph.requirements],
            "bounds": [
                {"metric": b.metric, "op": b.op, "limit": b.limit} for b in graph.bounds
            ],
            "instances": [self._instance(i) for i in self.instances],
            "inputs": [
                {"name": i.name, "dims": i.dims, "shape": self._named(i.shape)}
                for i in graph.inputs
            ],
            "values": [self._value(v) for v in graph.values],
            "outputs": [self.values[o] for o in graph.outputs],
            "results": [
                {"name": result.name, "dims": result.dims} for result in graph.results
            ],
        }
        head = {
            "format": FORMAT,
            "version": VERSION,
            "kind": graph.kind,
            "name": graph.name,
        }
        settings = {name: scalar(value) for name, value in graph.settings.items()}
        return {**head, "settings": settings, **body, "expressions": self.expressions}

    def expr(self, expr: Expr) -> dict[str, Any]:
        """A constant as `{"value": …}`, anything else as `{"expression": number}`."""
        if expr.is_constant:
            return {"value": scalar(expr.value)}
        number = self._numbers.get(expr)
        if number is None:
            entry = {
                "scope": [{"choice": self.choices[c]} for c in expr.scope],
                **function(expr),
            }
            number = self._numbers[expr] = len(self.expressions)
            self.expressions.append(entry)
        return {"expression": number}

    def _choice(self, choice: Choice, guard: Expr) -> dict[str, Any]:
        alternatives = [
            {"label": a.label, "value": scalar(a.value)} for a in choice.alternatives
        ]
        return {
            "path": choice.path,
            "kind": choice.kind,
            "alternatives": alternatives,
            "active": self.expr(guard),
        }

    def _instance(self, instance: Instance) -> dict[str, Any]:
        parent = None if instance.parent is None else self.instances.get(instance.parent)
        found: dict[str, Any] = {
            "path": instance.path,
            "parent": parent,
            "callee": instance.callee,
            "level": instance.level,
        }
        if instance.home is not None:
            found["shared"] = instance.home
        if instance.tie is not None:
            found["tied"] = instance.tie
        return found

    def _value(self, value: Value) -> dict[str, Any]:
        if isinstance(value, Input):
            return {
                "kind": "input",
                "input": self.graph.inputs.index(value),
                "shape": self._named(value.shape),
            }
        found: dict[str, Any]
        if isinstance(value, Op):
            inputs = [self.values[o] for o in value.inputs]
            found = {
                "kind": "op",
                "op": value.name,
                "inputs": inputs,
                "attrs": self._named(value.attrs),
                "macs": self.expr(value.macs),
            }
        elif isinstance(value, Select):
            found = {
                "kind": "select",
                "operands": [self.values[o] for o in value.operands],
                "index": self.expr(value.index),
            }
        else:
            found = {
                "kind": "pick",
                "operands": [self.values[o] for o in value.operands],
                "subset": self.expr(value.subset),
            }
            found |= {"combine": value.combine, "dim": value.dim}
        if isinstance(value, Op | Pick):
            found["weights"] = self._weights(value.weights)
        return {
            **found,
            "shape": self._named(value.shape),
            "instance": self.instances.get(value.instance),
        }

    def _weights(self, weights: Sequence[Weight]) -> list[dict[str, Any]]:
        found = []
        for w in weights:
            shape = [self.expr(e) for e in w.shape]
            found.append(
                {
                    "key": w.full_name,
                    "variant": [list(v) for v in w.variant],
                    "shape": shape,
                    "init": self.expr(w.init),
                }
            )
        return found

    def _named(self, exprs: Mapping[str, Expr]) -> dict[str, Any]:
        return {name: self.expr(e) for name, e in exprs.items()}


def _live(graph: Graph) -> Iterator[Instance]:
    """The root and every instance that holds something live, those around it first: in the order of the
    values.

    What no value belongs to is left out, so that graphs of the same values have one form however they were
    made: a settled space and a patched model as well as what was elaborated.
    """
    known = {graph.root}
    yield graph.root
    for value in graph.values:
        chain = []
        at = None if isinstance(value, Input) else value.instance
        while at is not None and at not in known:
            chain.append(at)
            at = at.parent
        known.update(chain)
        yield from reversed(chain)


def function(expr: Expr) -> dict[str, Any]:
    """An expression as JSON: its table, or its decision diagram.

    `depth * width` over two choices of the scope is `{"values": [8, 16, 32], "nodes": [[1, [0, 1]], [1, [1,
    2]], [0, [3, 4]]]}`: a node has the place of its choice in the scope and, for each alternative, a value or
    an earlier node, numbered after the values. The last node is the whole.
    """
    if expr.is_tabled:
        return {"table": [scalar(v) for v in expr.table]}
    place = {choice: i for i, choice in enumerate(expr.scope)}
    numbers: dict[Diagram, int] = {}
    nodes = []
    below = list(reversed(nodes_of(expr.root)))
    for node in below:
        for kid in node.kids:
            if not isinstance(kid, Node) and kid not in numbers:
                numbers[kid] = len(numbers)
    values = tuple([leaf.value for leaf in numbers if not isinstance(leaf, Node)])
    for node in below:
        nodes.append([place[node.choice], [numbers[kid] for kid in node.kids]])
        numbers[node] = len(values) + len(nodes) - 1
    return {"values": [scalar(v) for v in values], "nodes": nodes}


def scalar(value: Any) -> Any:
    """A value of a table as JSON: what JSON lacks is an object with one key that names its type."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | list):
        return {"tuple": [scalar(v) for v in value]}
    if isinstance(value, range):
        return {"range": [value.start, value.stop, value.step]}
    if isinstance(value, Init):
        return {"init": value.name, "args": list(value.args)}
    if isinstance(value, Undefined):
        return {"undefined": value.message}
    raise TypeError(f"a {type(value).__name__} cannot stand in a table")
