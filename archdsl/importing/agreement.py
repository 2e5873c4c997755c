"""Whether a text elaborates to the graph that was lifted, each op with its arguments and weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from archdsl.importing.calls import Call, Held, Letters, Lifted, Span
from archdsl.importing.templates import defaults
from archdsl.ir.graph import Graph, Op, Value
from archdsl.ir.instance import key as key_of

_IGNORED = ("init", "gamma", "like")  # how a weight starts is not part of what was captured
_NAMES = {"param": "weight", "scalar": "scalar"}


def differences(graph: Graph, lifted: Lifted, keys: Mapping[str, Held]) -> list[str]:
    """What stands in one and not in the other, one line each; nothing where they are the same graph.

    Values that are computed alike of values that are alike have one number on both sides.
    """
    numbers: dict[Hashable, int] = {}
    theirs: dict[int, int] = {}
    ours: dict[Value, int] = {}
    for place, (given, source) in enumerate(zip(graph.inputs, lifted.inputs, strict=True)):
        ours[given] = theirs[source.value] = numbers.setdefault(
            ("input", place), len(numbers)
        )
    wanted: Counter[tuple[Hashable, ...]] = Counter()
    for call in lifted.calls:
        reads = tuple(theirs[each] for each in call.inputs)
        for index, made in enumerate(call.outputs):
            key = (*_of_call(call, reads), index)
            theirs[made] = numbers.setdefault(key, len(numbers))
            wanted[key] += 1
    found: list[str] = []
    for value in graph.values:
        if not isinstance(value, Op):
            continue
        ins = tuple(ours.get(operand, -1) for operand in value.inputs)
        index = value.attrs["index"].value if value.name == "chunk" else 0
        key = (*_of_op(value, ins, keys), index)
        ours[value] = numbers.setdefault(key, len(numbers))
        if not wanted[key]:
            found.append(
                f"only the text has `{value.name}` at {value.instance.path or value.name}"
            )
        wanted[key] -= 1
    missing = [key[0] for key, count in wanted.items() if count > 0 and key[0] != "chunk"]
    found += [f"only the source has `{name}`" for name in missing]
    if [ours.get(value, -1) for value in graph.outputs] != [
        theirs[out.value] for out in lifted.outputs
    ]:
        found.append("the outputs are other values")
    if [result.dims for result in graph.results] != [out.letters for out in lifted.outputs]:
        found.append("the outputs have another order of dimensions")
    return found


def _of_call(call: Call, ins: tuple[int, ...]) -> tuple[Hashable, ...]:
    usual = {} if call.op in ("param", "scalar") else defaults(call.op)
    args = {**usual, **call.args}
    args.pop("index", None)
    if call.op == "linear" or call.op == "layer_norm":
        args["dim"] = args["dim"] or Letters("c")
    if call.op == "scalar":
        args.setdefault("left", False)
    held = tuple(sorted(h.key for h in call.weights if not h.name.startswith("running")))
    return _NAMES.get(call.op, call.op), _inputs(call.op, ins), _frozen(args.items()), held


def _of_op(op: Op, ins: tuple[int, ...], keys: Mapping[str, Held]) -> tuple[Hashable, ...]:
    args = {name: value.value for name, value in op.attrs.items() if name not in _IGNORED}
    args.pop("index", None)
    names = [key_of(weight.full_name) for weight in op.weights]
    held = tuple(sorted(keys[name].key if name in keys else name for name in names))
    return op.name, _inputs(op.name, ins), _frozen(args.items()), held


def _inputs(op: str, ins: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(ins)) if op in ("add", "mul") else ins


def _frozen(args: Iterable[tuple[str, Any]]) -> Hashable:
    return tuple(sorted((name, _plain(value)) for name, value in args if value is not None))


def _plain(value: Any) -> str:
    """An argument in one spelling: windows of one size are that size."""
    if isinstance(value, Letters):
        return value.names
    if isinstance(value, Span):
        value = range(value.low, value.high + 1, value.step)
    if isinstance(value, range):
        return f"{value.start}..{value[-1]}..{value.step}"
    if isinstance(value, tuple | list):
        return ",".join(map(_plain, value))
    return (
        str(float(value))
        if isinstance(value, int | float) and not isinstance(value, bool)
        else str(value)
    )
