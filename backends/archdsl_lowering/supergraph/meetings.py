"""Where widths meet in an op: what has to be masked, what may pass, and what is wrong on a super-axis.

The op table says of each primitive what happens along the axis that it works on; here is which axis that is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from archdsl.ir.expr import constant
from archdsl.ir.graph import Input, Op, Pick, Select, Value
from archdsl.ops.table import PRIMITIVES
from archdsl_lowering.supergraph.axes import Chunk, Outer
from archdsl_lowering.supergraph.layouts import Layouts

Wide: TypeAlias = frozenset[str]
_SPACE = "thw"


@dataclass(frozen=True, slots=True)
class Meeting:
    """What an op does with the masked dimensions of its inputs.

    masked   inputs and dimensions that are multiplied by their masks, because positions are summed there
    refused  values and dimensions along which masked positions would count, and why
    free     inputs and dimensions that need not lie as in the other inputs
    sizes    attributes that are the size of a dimension, of an input by its place or (None) of the result
    """

    masked: frozenset[tuple[int, str]] = frozenset()
    refused: tuple[tuple[Value, str, str], ...] = ()
    free: frozenset[tuple[int, str]] = frozenset()
    sizes: Mapping[str, tuple[int | None, str]] = field(default_factory=dict)


def wide_dims(value: Value, read: Sequence[Wide]) -> Wide:
    """The dimensions that may be widths: outputs of convolutions, linear layers and learnable tensors, and where those go.

    Layers of different widths that are selected from make a width too.
    """
    if isinstance(value, Input):
        return frozenset()
    joined: set[str] = set().union(*read)
    found = joined & set(value.shape)
    if isinstance(value, Select | Pick):
        found |= {d for d in "c" if d in value.shape and value.shape[d].scope}
        return frozenset(found | {value.dim} if isinstance(value, Pick) and value.dim is not None else found)
    match value.name:
        case "conv":
            found = (found - {"c"}) | ({"c"} if not is_depthwise(value) or "c" in joined else set())
        case "linear":
            dims = value.attrs["dim"].value
            found = (found - set(dims)) | {"c" if "c" in dims else dims[0]}
        case "weight":
            found = {d for d in value.shape if d not in "bthw"}
        case "concat":
            found |= joined & {value.attrs["dim"].value}
        case "merge" | "split" | "rename":
            over, into = value.attrs["over"].value, value.attrs["into"].value
            found = joined - set(over)
            if value.name == "rename":
                found |= {new for old, new in zip(over, into, strict=True) if old in joined}
            elif joined & set(over):
                found |= set(into)
    return frozenset(found & set(value.shape))


def is_depthwise(conv: Op) -> bool:
    """Whether each channel is convolved by itself, however many there are."""
    channels = conv.inputs[0].shape.get("c")
    return channels is not None and conv.shape["c"] == channels == conv.attrs["groups"]


def meeting(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    """What an op does with the masked dimensions `wides` of its inputs; `wide` are those of its result."""
    rule = _RULES.get(op.name)
    if rule is not None:
        return rule(op, wides, wide, layouts)
    if PRIMITIVES[op.name].masked in ("pointwise", "renames"):
        return Meeting()
    return _refused(op, [(i, d) for i, w in enumerate(wides) for d in w], f"`{op.name}` has no rule for masked positions")


def _refused(op: Op, places: Sequence[tuple[int, str]], why: str) -> Meeting:
    return Meeting(refused=tuple((op.inputs[i], d, why) for i, d in sorted(places)))


def _conv(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    sizes: dict[str, tuple[int | None, str]] = {"channels": (None, "c")}
    refused = [(op.inputs[0], d, "a window moves along it") for d in sorted(wides[0] & set(_SPACE))]
    if is_depthwise(op):
        return Meeting(refused=tuple(refused), sizes={**sizes, "groups": (0, "c")})
    if op.attrs["groups"] == constant(1):
        return Meeting(frozenset({(0, "c")}), tuple(refused), sizes=sizes)
    if "c" in wides[0]:
        refused.append((op.inputs[0], "c", "groups of channels lie otherwise for each width"))
    elif "c" in wide:
        refused.append((op, "c", "groups of channels lie otherwise for each width"))
    return Meeting(refused=tuple(refused), sizes=sizes)


def _linear(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    dims = op.attrs["dim"].value
    return Meeting(frozenset((0, d) for d in dims), sizes={"width": (None, "c" if "c" in dims else dims[0])})


def _batch_norm(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    return _refused(op, [(0, d) for d in wides[0] - {"c"}], "a batch norm takes statistics over it")


def _statistics(attr: str) -> _Rule:
    """Normalises or averages over the dimensions that an attribute names."""

    def rule(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
        return _refused(op, [(0, d) for d in wides[0] & set(op.attrs[attr].value)], f"`{op.name}` takes statistics over it")

    return rule


def _pool(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    return _refused(op, [(0, d) for d in wides[0] & set(_SPACE)], "a window moves along it")


def _dot(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    return Meeting(frozenset((0, d) for d in op.attrs["over"].value))


def _attend(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    over = set(op.attrs["over"].value)
    found = _refused(op, [(i, d) for i, w in enumerate(wides) for d in w & over], "`attend` takes statistics over it").refused
    if op.attrs["heads"] != constant(1):
        found += _refused(
            op, [(i, "c") for i, w in enumerate(wides) if "c" in w], "heads cut the channels otherwise for each width"
        ).refused
    elif op.attrs["scale"] == constant(None):
        found += _refused(op, [(0, "c")] if "c" in wides[0] else [], "the scale of `attend` counts the channels").refused
    return Meeting(frozenset({(0, "c")}), found, frozenset({(2, "c")}))


def _concat(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    return Meeting(free=frozenset((i, op.attrs["dim"].value) for i in range(len(op.inputs))))


def _letters(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    named = {d for d in wides[0] if d in op.attrs and op.attrs[d] != constant(None)}
    return _refused(op, [(0, d) for d in named], f"`{op.name}` counts positions along it")


def _resize(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    changed = {d for d in wides[0] if op.shape.get(d) != op.inputs[0].shape[d]}
    return _refused(op, [(0, d) for d in changed], "`resize` interpolates along it")


def _shift(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    return _refused(op, [(0, d) for d in wides[0] & {"c", *op.attrs["over"].value}], "`shift` counts positions along it")


def _chunk(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    """Parts of one width each keep their positions."""
    cut = [d for d in wides[0] if d in op.attrs and isinstance(layouts.of(op)[d], Chunk)]
    return _refused(op, [(0, d) for d in cut], "`chunk` cuts it otherwise for each width")


def _split(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    over, into = op.attrs["over"].value, op.attrs["into"].value
    whole = layouts.of(op.inputs[0])[over]
    as_made = isinstance(whole, Outer) and whole.sizes == tuple(op.shape[d] for d in into)
    return Meeting() if as_made or over not in wides[0] else _refused(op, [(0, over)], "`split` cuts it otherwise for each width")


_Rule: TypeAlias = Callable[[Op, Sequence[Wide], Wide, Layouts], Meeting]

_RULES: Mapping[str, _Rule] = {
    "conv": _conv,
    "linear": _linear,
    "batch_norm": _batch_norm,
    "layer_norm": _statistics("dim"),
    "softmax": _statistics("over"),
    "mean": _statistics("over"),
    "max_pool": _pool,
    "avg_pool": _pool,
    "dot": _dot,
    "attend": _attend,
    "concat": _concat,
    "take": _letters,
    "pad": _letters,
    "resize": _resize,
    "shift": _shift,
    "chunk": _chunk,
    "split": _split,
}
