"""A graph as data in which everything goes by a name, and back: what patches are written in.

The document is of JSON's types. A value goes by the path and the word of its op (`group[0].block[1].spread:
conv`, the second of a kind `…: relu#2`), an instance and a choice by their paths, so a change in one place
leaves the names elsewhere as they were. Only what is live is in it; the order of values and instances follows
from the dataflow, that of choices from `after`, the one before (none: ""), that of inputs from `signature`:
the order of a mapping means nothing. Spans and settled conditions are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from math import prod
from typing import Any, TypeAlias

from archdsl.cycles import walk
from archdsl.ir import decision
from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.codec import function, scalar
from archdsl.ir.expr import TABLED, Expr, Undefined, constant, of_diagram, of_table
from archdsl.ir.graph import (
    CostBound,
    Graph,
    Init,
    Input,
    Op,
    Pick,
    Requirement,
    Result,
    Select,
    Value,
    Weight,
    choices_read,
    in_order,
)
from archdsl.ir.instance import Instance

Document: TypeAlias = dict[str, Any]
PARTS = frozenset(
    "kind name definition settings choices requirements bounds signature inputs instances values outputs "
    "results".split()
)


class Malformed(ValueError):
    """A document that no graph has; the message says where."""


def to_names(graph: Graph) -> Document:
    """The document of a graph."""
    return _Writer(graph).document()


def from_names(document: Mapping[str, Any]) -> Graph:
    """The graph of a document. Raises Malformed for anything that is none."""
    try:
        return _Reader(document).graph()
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Malformed(f"it lacks something, or holds another type: {error}") from error


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._order = in_order(graph.outputs)
        self._instances: dict[Instance, str] = {}
        self._names: dict[Value, str] = {}
        self._seen: dict[str, int] = {}
        self._written: dict[
            int, tuple[Expr, Any]
        ] = {}  # by identity of the expression, which is kept alive

    def document(self) -> Document:
        graph = self._graph
        for value in (*graph.inputs, *self._order):
            if value not in self._names:
                self._names[value] = self._fresh(_value_name(value))
        values = {
            self._names[v]: self._value(v) for v in self._order if not isinstance(v, Input)
        }
        instances = {
            name: self._instance(i)
            for i, name in self._instances.items()
            if i.parent is not None
        }
        return {
            "kind": graph.kind,
            "name": graph.name,
            "definition": graph.root.callee,
            "settings": [[name, scalar(value)] for name, value in graph.settings.items()],
            "choices": self._choices(),
            "requirements": [self._expr(r.condition) for r in graph.requirements],
            "bounds": [[b.metric, b.op, b.limit] for b in graph.bounds],
            "signature": [i.name for i in graph.inputs],
            "inputs": {i.name: self._input(i) for i in graph.inputs},
            "instances": instances,
            "values": values,
            "outputs": [self._names[o] for o in graph.outputs],
            "results": [[result.name, result.dims] for result in graph.results],
        }

    def _input(self, given: Input) -> Document:
        found: Document = {"dims": given.dims, "shape": self._shape(given.shape)}
        read = "".join(d for d in given.dims if (given.name, d) in self._graph.read)
        return {**found, "read": read} if read else found

    def _fresh(self, name: str) -> str:
        count = self._seen[name] = self._seen.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"

    def _place(self, instance: Instance) -> str:
        """The name of an instance; those around it get theirs first."""
        chain = []
        at: Instance | None = instance
        while at is not None and at not in self._instances:
            chain.append(at)
            at = at.parent
        for inner in reversed(chain):
            self._instances[inner] = "" if inner.parent is None else self._fresh(inner.path)
        return self._instances[instance]

    def _instance(self, instance: Instance) -> Document:
        assert instance.parent is not None
        found: Document = {
            "in": self._instances[instance.parent],
            "segment": instance.segment,
            "callee": instance.callee,
        }
        found["level"] = instance.level
        if instance.choice is not None:
            found["answers"] = instance.choice.path
        if instance.home is not None:
            found["shared"] = instance.home
        if instance.tie is not None:
            found["tied"] = instance.tie
        return found

    def _choices(self) -> Document:
        read = {*self._graph.choices, *choices_read(self._order)}
        for requirement in self._graph.requirements:
            read.update(requirement.condition.choices())
        order = sorted(read, key=lambda c: c.order)
        before = ["", *(c.path for c in order)]
        return {
            c.path: {
                "after": b,
                "kind": c.kind,
                "alternatives": [[a.label, scalar(a.value)] for a in c.alternatives],
            }
            for c, b in zip(order, before, strict=False)
        }

    def _value(self, value: Value) -> Document:
        assert not isinstance(value, Input)
        place = self._place(value.instance)
        found: Document = {"at": place}
        if isinstance(value, Op):
            found["op"] = value.name
            found["inputs"] = [self._names[o] for o in value.inputs]
            found["attrs"] = self._shape(value.attrs)
            found["macs"] = self._expr(value.macs)
        elif isinstance(value, Select):
            found["select"] = [self._names[o] for o in value.operands]
            found["index"] = self._expr(value.index)
        else:
            found["pick"] = [self._names[o] for o in value.operands]
            found["subset"] = self._expr(value.subset)
            found["combine"] = [value.combine, value.dim]
        if isinstance(value, Op | Pick) and value.weights:
            found["weights"] = [
                {
                    "path": w.path,
                    "name": w.name,
                    "shape": [self._expr(e) for e in w.shape],
                    "init": self._expr(w.init),
                }
                | ({"variant": [list(v) for v in w.variant]} if w.variant else {})
                for w in value.weights
            ]
        found["shape"] = self._shape(value.shape)
        return found

    def _shape(self, exprs: Mapping[str, Expr]) -> Document:
        return {name: self._expr(e) for name, e in exprs.items()}

    def _expr(self, expr: Expr) -> Any:
        """A constant as `{"value": …}`, anything else as its scope and its table."""
        known = self._written.get(id(expr))
        if known is None:
            if expr.is_constant:
                data: Any = {"value": scalar(expr.value)}
            else:
                data = {"scope": [c.path for c in expr.scope], **function(expr)}
            known = self._written[id(expr)] = expr, data
        return known[1]


def _value_name(value: Value) -> str:
    if isinstance(value, Input):
        return f"{value.name}: input"
    return f"{value.instance.path}: {value.word}"


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._root = Instance("", None, _text(document["definition"]), "root")
        self._instances: dict[str, Instance] = {"": self._root}
        self._choices: dict[str, Choice] = {}
        self._values: dict[str, Value] = {}

    def graph(self) -> Graph:
        document = self._document
        unknown = set(document) - PARTS
        if unknown:
            raise Malformed(f"`{min(unknown)}` is no part of a graph")
        self._read_choices(document["choices"])
        inputs = []
        read: set[tuple[str, str]] = set()
        if sorted(document["signature"]) != sorted(document["inputs"]):
            raise Malformed("the signature is not that of the inputs")
        for name in document["signature"]:
            given = document["inputs"][name]
            inputs.append(Input(name, _text(given["dims"]), self._shape(given["shape"])))
            if not set(given["dims"]) == set(given["shape"]):
                raise Malformed(f"the input `{name}` has other dimensions than sizes")
            self._values[f"{name}: input"] = inputs[-1]
            read.update((name, d) for d in _text(given.get("read", "")))
        for name in self._value_order(document["outputs"]):
            self._values[name] = self._value(name)
        outputs = tuple(self._values[name] for name in document["outputs"])
        order = in_order(outputs)
        if len(document["values"]) != sum(not isinstance(v, Input) for v in order):
            raise Malformed("it holds values that no output needs")
        if len(document["instances"]) != len(self._instances) - 1:
            raise Malformed("it holds instances in which nothing is live")
        return Graph(
            _text(document["name"]),
            _one_of(document["kind"], "space", "model"),
            tuple(inputs),
            outputs,
            order,
            tuple(self._choices.values()),
            tuple(Requirement(self._expr(c)) for c in document["requirements"]),
            tuple(
                CostBound(
                    _one_of(m, "macs", "params"), _one_of(op, "<=", "<", ">=", ">"), limit
                )
                for m, op, limit in document["bounds"]
            ),
            self._root,
            {_text(name): _plain(value) for name, value in document["settings"]},
            results=_results(document["results"], outputs),
            read=frozenset(read),
        )

    def _read_choices(self, choices: Mapping[str, Any]) -> None:
        following = {given["after"]: path for path, given in choices.items()}
        if len(following) != len(choices):
            raise Malformed("two choices come after one")
        path = following.get("")
        while path is not None:
            given = choices[path]
            alternatives = tuple(
                Alternative(_text(label), _plain(value))
                for label, value in given["alternatives"]
            )
            if not alternatives:
                raise Malformed(f"the choice `{path}` has no alternative")
            kind = _one_of(given["kind"], "list", "range", "subset")
            self._choices[path] = Choice(path, alternatives, kind, len(self._choices))
            path = following.get(path)
        if len(self._choices) != len(choices):
            raise Malformed("the choices come in no order")

    def _value_order(self, outputs: Sequence[str]) -> Iterable[str]:
        """The names of values, operands first. Raises Malformed where one reads itself or is missing."""
        values = self._document["values"]

        def read(name: str) -> Sequence[str]:
            if name not in values:
                raise Malformed(f"`{name}` is read and not there")
            return [other for other in _read(values[name]) if other not in self._values]

        order = walk([name for name in outputs if name not in self._values], read)
        try:
            TopologicalSorter({name: read(name) for name in order}).prepare()
        except CycleError as error:
            raise Malformed(f"`{error.args[1][0]}` reads itself") from None
        return order

    def _instance(self, name: str) -> Instance:
        chain = []
        while name not in self._instances:
            chain.append(name)
            if len(chain) > len(self._document["instances"]):
                raise Malformed(f"`{name}` is inside itself")
            name = self._document["instances"][name]["in"]
        for inner in reversed(chain):
            given = self._document["instances"][inner]
            parent = self._instances[given["in"]]
            level = _one_of(given["level"], "loop", "block", "primitive", "alternative")
            answered = self._choices.get(given["answers"]) if "answers" in given else None
            made = Instance(
                _text(given["segment"]),
                parent,
                _text(given["callee"]),
                level,
                choice=answered,
            )
            made.home, made.tie = given.get("shared"), given.get("tied")
            parent.children.append(made)
            self._instances[inner] = made
        return self._instances[chain[0] if chain else name]

    def _value(self, name: str) -> Value:
        given = self._document["values"][name]
        operands = tuple(self._values[o] for o in _read(given))
        shape, place = self._shape(given["shape"]), self._instance(given["at"])
        weights = tuple(map(self._weight, given.get("weights", ())))
        if "op" in given:
            return Op(
                _text(given["op"]),
                operands,
                self._shape(given["attrs"]),
                shape,
                weights,
                self._expr(given["macs"]),
                place,
            )
        if "select" in given:
            return Select(self._expr(given["index"]), operands, shape, place)
        combine, dim = given["combine"]
        return Pick(
            self._expr(given["subset"]),
            operands,
            _one_of(combine, "sum", "weighted", "concat"),
            dim,
            weights,
            shape,
            place,
        )

    def _weight(self, given: Mapping[str, Any]) -> Weight:
        variant = tuple(
            (_text(path), _text(label)) for path, label in given.get("variant", ())
        )
        return Weight(
            _text(given["path"]),
            _text(given["name"]),
            tuple(map(self._expr, given["shape"])),
            self._expr(given["init"]),
            variant,
        )

    def _shape(self, given: Mapping[str, Any]) -> dict[str, Expr]:
        return {_text(name): self._expr(e) for name, e in given.items()}

    def _expr(self, given: Mapping[str, Any]) -> Expr:
        if "value" in given:
            return constant(_plain(given["value"]))
        scope = tuple([self._choices[path] for path in given["scope"]])
        if any(a.order >= b.order for a, b in pairwise(scope)):
            raise Malformed("the choices of a table are in program order")
        if "nodes" in given:
            return self._diagram(scope, given)
        table = tuple(map(_plain, given["table"]))
        if not scope or len(table) > TABLED or len(table) != prod([c.size for c in scope]):
            raise Malformed("a table has one entry for each combination of its choices")
        return of_table(scope, table)

    def _diagram(self, scope: tuple[Choice, ...], given: Mapping[str, Any]) -> Expr:
        """A decision diagram from its nodes, each after those that it leads to."""
        parts: list[decision.Diagram] = [
            decision.leaf(_plain(value)) for value in given["values"]
        ]
        for position, kids in given["nodes"]:
            if not 0 <= position < len(scope) or len(kids) != scope[position].size:
                raise Malformed(
                    "a node asks a choice of its scope and leads on for each alternative"
                )
            if not all(0 <= kid < len(parts) for kid in kids):
                raise Malformed("a node leads to values and to earlier nodes")
            below = tuple([parts[kid] for kid in kids])
            if any(kid.rank <= -scope[position].order for kid in below):
                raise Malformed(
                    "the choices of a diagram are asked from the last to the first"
                )
            parts.append(decision.node(scope[position], below))
        if not parts:
            raise Malformed("a diagram has values")
        return of_diagram(parts[-1])


def _results(given: Sequence[Any], outputs: tuple[Value, ...]) -> tuple[Result, ...]:
    """The name and order of every output. Raises Malformed for an order that is not that of its
    dimensions.
    """
    found = tuple(Result(_text(name), _text(dims)) for name, dims in given)
    if len(found) != len(outputs) or any(
        sorted(r.dims) != sorted(o.shape) for r, o in zip(found, outputs, strict=True)
    ):
        raise Malformed("the results are not those of the outputs")
    return found


def _read(value: Mapping[str, Any]) -> Sequence[str]:
    """The names of what a value reads."""
    kind = next((word for word in ("op", "select") if word in value), "pick")
    found: Sequence[str] = value["inputs" if kind == "op" else kind]
    return found


def _plain(value: Any) -> Any:
    """A value of a table from its JSON form."""
    if not isinstance(value, Mapping):
        if isinstance(value, list):
            raise Malformed("a list is no value of a table")
        return value
    match dict(value):
        case {"tuple": list(parts)}:
            return tuple(map(_plain, parts))
        case {"range": [int(start), int(stop), int(step)]} if step:
            return range(start, stop, step)
        case {"init": str(name), "args": list(args)}:
            return Init(name, tuple(args))
        case {"undefined": str(message)}:
            return Undefined(message)
    raise Malformed(f"{value} is no value of a table")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{value!r} is no name")
    return value


def _one_of(value: Any, *known: str) -> Any:
    if value not in known:
        raise Malformed(f"{value!r} is none of {', '.join(known)}")
    return value
