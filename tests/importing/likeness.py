"""Whether two models are the same up to names: of instances, of dimensions, and how weights start.

Each value becomes a description in which letters are sizes. What computes nothing goes: `identity`, `rename`,
and what is off in evaluation, dropout and stochastic depth, which exporters leave out. What is one thing in two
spellings is spelt in one way: a window of one size, a default that is written, a merge before a linear map of
several dimensions.
"""

from __future__ import annotations

from collections import Counter

from archdsl.ir.graph import Graph, Input, Op, Value

_NOTHING = ("identity", "rename", "dropout", "drop_path")
_COMMUTES = ("add", "mul")
_LETTERS = ("over", "dim", "into")


def skeleton(graph: Graph) -> Counter[str]:
    """The descriptions of all operations, by how often each is there."""
    known: dict[Value, str] = {}
    found: Counter[str] = Counter()
    for value in graph.values:
        text = _described(value, known)
        known[value] = text if len(text) < 200 else f"#{hash(text)}"
        if isinstance(value, Op) and value.name not in _NOTHING:
            found[_short(value)] += 1
    found["outputs " + " ".join(known[output] for output in graph.outputs)] += 1
    return found


def _described(value: Value, known: dict[Value, str]) -> str:
    if isinstance(value, Input):
        return f"input{sorted(value.shape[d].value for d in value.shape)}"
    assert isinstance(value, Op)
    operands = [known[each] for each in value.inputs]
    if value.name in _NOTHING:
        return operands[0]
    if value.name in _COMMUTES:
        operands = sorted(operands)
    return f"{_short(value)}({', '.join(operands)})"


def _short(op: Op) -> str:
    sizes = sorted(size.value for d, size in op.shape.items() if d != "b")
    attrs = {
        name: attr.value
        for name, attr in op.attrs.items()
        if name not in ("init", "gamma", "momentum")
    }
    told = []
    for name in sorted(attrs):
        if len(name) == 1:
            told.append(_keyword(op, name, attrs[name]))
        elif name in _LETTERS:
            told.append(f"{name} {_sizes(op, attrs[name])}" if name != "into" else "")
        else:
            told.append(f"{name} {_plain(op, name, attrs[name])}")
    weights = [[n.value for n in weight.shape if n.value != 1] for weight in op.weights]
    return f"{op.name} {sizes} {' '.join(filter(None, told))} {weights or ''}".strip()


def _keyword(op: Op, letter: str, value: object) -> str:
    if op.name in ("split", "expand", "param", "weight"):
        return ""
    return f"{getattr(value, 'low', value)}"


def _sizes(op: Op, letters: object) -> str:
    if not isinstance(letters, str):
        return str(letters)
    source = op.inputs[0].shape
    return str(sorted(source[d].value for d in letters if d in source))


def _plain(op: Op, name: str, value: object) -> str:
    if name in ("kernel", "window", "stride", "dilation"):
        return str([n for n in _each(op, value) if n != 1])
    if name == "padding":
        return str([pair for pair in _padding(op, value) if pair != (0, 0)])
    if name == "scale" and value is None:
        width = op.inputs[0].shape["c"].value // op.attrs["heads"].value
        return f"{width**-0.5:.6g}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _window(op: Op) -> tuple[str, tuple[int, ...]]:
    """The dimensions that a window lies over, and its sizes."""
    size = (op.attrs["kernel"] if "kernel" in op.attrs else op.attrs["window"]).value
    if isinstance(size, tuple):
        return "thw"[-len(size) :], size
    dims = "".join(d for d in "thw" if d in op.inputs[0].shape)
    return dims, (size,) * len(dims)


def _each(op: Op, value: object) -> tuple[int, ...]:
    dims, _ = _window(op)
    return value if isinstance(value, tuple) else (value,) * len(dims)  # type: ignore[return-value]


def _padding(op: Op, value: object) -> list[tuple[int, int]]:
    """What is padded before and after each dimension of a window."""
    dims, sizes = _window(op)
    shape = op.inputs[0].shape
    steps = _each(op, op.attrs["dilation"].value if "dilation" in op.attrs else 1)
    strides = _each(op, op.attrs["stride"].value)
    words = value if isinstance(value, tuple) else (value,) * len(dims)
    found = []
    for d, word, k, s, step in zip(dims, words, sizes, strides, steps, strict=True):
        n = shape[d].value if d in shape else 1
        total = max((-(-n // s) - 1) * s + step * (k - 1) + 1 - n, 0)
        half = (k - 1) // 2 * step
        found.append(
            (total // 2, total - total // 2)
            if word == "same"
            else (half, half)
            if word == "half"
            else (word, word)
        )
    return found
