"""What boxes say: operations, shapes and answered questions in few words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from archdsl.diagnostics.suggestions import few
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Op, Pick, Select, Shape, Value
from archdsl.ir.notation import between, choice_text, extent_text, value_text
from archdsl.ops.primitive import Role
from archdsl.ops.table import PRIMITIVES, role_of
from archdsl.outline.asking import answered_in, declared_in
from archdsl.outline.attributes import axes_text
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline
from archdsl.outline.tree import Node

# What an operation does, so that it can be seen from afar: the roles that have a colour, by the word of a
# legend.
FAMILIES: Mapping[str, tuple[Role, ...]] = {
    "convolution": ("convolution",),
    "linear": ("linear",),
    "attention": ("attention",),
    "pooling": ("pool", "average"),
}
_PRODUCTS = ("convolution", "linear", "attention", "pool")
_NOTHING = ("none", "identity")
_DIMENSIONS = "bcthw"
_BETWEEN_SIZES = re.compile(r"(?<=\d)x(?=\d)")
_FEW_DECIDING = 3  # choices that are told with their alternatives
_DECIDING = 8  # choices that are named one by one
_LONGEST = 30  # characters of the alternatives of a choice


def short(name: str) -> str:
    """`BN` for `batch_norm`, `max pool` for `max_pool`, and the name of what is no primitive."""
    primitive = PRIMITIVES.get(name)
    return primitive.word if primitive is not None else name.replace("_", " ")


def absorbed_text(nodes: Iterable[Node]) -> str:
    """The norms and activations of a layer: `BN → ReLU`."""
    return " → ".join(short(node.callee) for node in nodes)


def sign_of(name: str) -> str:
    """`+` for `add`; "" for what has no sign."""
    primitive = PRIMITIVES.get(name)
    return primitive.sign if primitive is not None else ""


def family_of(value: Value) -> str:
    """The word for the colour of an operation; "" for one that has none."""
    role = role_of(value.name) if isinstance(value, Op) else None
    return next((word for word, roles in FAMILIES.items() if role in roles), "")


def shape_text(shape: Shape) -> str:
    """Sizes with the names of their dimensions, without the batch: `c64 t16 h28 w28`."""
    known = sorted(
        (d for d in shape if d != "b"),
        key=lambda d: (_DIMENSIONS.find(d) if d in _DIMENSIONS else 9, d),
    )
    return " ".join(f"{d}{span_text(shape[d])}" for d in known) or "scalar"


def span_text(expr: Expr) -> str:
    """A size, or the least and most of those that it may be."""
    return pictured(extent_text(expr))


def pictured(text: str) -> str:
    """What a file writes as a diagram shows it: `3×3×3` for `3x3x3`, a text without its quotes."""
    return _BETWEEN_SIZES.sub("×", text).replace('"', "")


def operation(value: Value) -> list[str]:
    """An operation in one or two lines: `conv 3×3×3`, `64 channels, /2`."""
    if isinstance(value, Select):
        return [f"one of {len(value.operands)}"]
    if isinstance(value, Pick):
        return [short(value.primitive), f"{_counts(value.subset)} of {len(value.operands)}"]
    if not isinstance(value, Op):
        return ["input"]
    words, details = list(_called(value)), list(_details(value))
    return [" ".join(words), *([", ".join(details)] if details else [])]


def _called(op: Op) -> Iterator[str]:
    """The name of an operation with its window and what it goes over, where that is not the usual."""
    yield short(op.name)
    window = op.attrs.get("kernel") or op.attrs.get("window")
    if window is not None:
        yield _window(window, op)
    over = op.attrs.get("over") or op.attrs.get("dim")
    if over is None or over.distinct() == (None,):
        return
    is_usual = role_of(op.name) in ("linear", "join") and over.distinct() == ("c",)
    if not is_usual:
        yield _dims(over)


def _details(op: Op) -> Iterator[str]:
    """Channels, groups, stride and activation, as far as they are not the usual."""
    attrs = op.attrs
    if "channels" in attrs:
        yield f"{span_text(attrs['channels'])} channels"
    elif "width" in attrs:
        yield f"to {span_text(attrs['width'])}"
    groups = attrs.get("groups")
    if groups is not None and groups.distinct() != (1,):
        is_depthwise = groups == op.inputs[0].shape.get("c")
        yield "depthwise" if is_depthwise else f"{span_text(groups)} groups"
    stride = attrs.get("stride")
    if stride is not None and any(map(_strides, stride.distinct())):
        yield f"/{span_text(stride)}"
    act = attrs.get("act")
    if act is not None and act.distinct() != ("identity",):
        yield _joined(pictured(value_text(v)) for v in act.distinct())


def _strides(step: Any) -> bool:
    """Whether a stride, one number or one a dimension, leaves positions out."""
    steps = step if isinstance(step, tuple) else (step,)
    return any(n != 1 for n in steps)


def _joined(words: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def _window(window: Expr, op: Op) -> str:
    dims = max(1, sum(d in op.inputs[0].shape for d in "thw"))
    words = []
    for sizes in window.distinct():
        each = [str(sizes)] * dims  # one number is that of every dimension
        words.append(
            "×".join(each) if isinstance(sizes, int) else pictured(value_text(sizes))
        )
    return _joined(words)


def _dims(over: Expr) -> str:
    return axes_text(over).strip("{}")


def _counts(subset: Expr) -> str:
    counts = sorted({len(s) for s in subset.distinct()})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]}..{counts[-1]}"


def depending_on(choices: Sequence[Choice]) -> str:
    """The choices that decide a part, those that are alike but for an index once: `group[*].kernel ×3,
    width`.
    """
    alike = Counter(KeyPath.parse(c.path).starred for c in choices)
    names = [path if n == 1 else f"{path} ×{n}" for path, n in alike.items()]
    return few(names, _DECIDING)


def count_text(count: tuple[int, int]) -> str:
    """`4`, or `2–4` where a choice decides how many there are."""
    return between(str(count[0]), str(count[1]))


def deciders_of(choices: Sequence[Choice], at: KeyPath) -> list[str]:
    """The choices that decide a part with their alternatives, `kernel: 3×3×3, 5×5×5`, or their names alone
    where they are many.
    """
    if not choices:
        return []
    if len(choices) > _FEW_DECIDING:
        return [f"by {depending_on(choices)}"]
    return [f"{KeyPath.parse(c.path).beside(at)}: {domain_words(c)}" for c in choices]


def answers_of(node: Node, outline: Outline) -> dict[str, str]:
    """The answered questions of an instance, by their names below it, in program order; of a chosen layer
    that one too.
    """
    return {str(path): label for path, label in answered_in(node, outline).items()}


def open_choices(node: Node, outline: Outline) -> dict[str, Choice]:
    """The open questions of an instance, by their names below it; of a choice of layers that one too."""
    return {str(path): choice for path, choice in declared_in(node, outline).items()}


def answered(name: str, label: str) -> str:
    """An answer so that it can stand alone: `@thw`, `softmax`, `gate`, `act: none`; "" for what is switched
    off.
    """
    word = KeyPath.parse(name).name
    if label == "true":
        return word
    if label == "false":
        return ""
    if label.startswith("@"):
        return label
    label = pictured(label)
    if label in _NOTHING or not label[:1].isalpha():
        return f"{word}: {label}"
    return short(label)


def domain_words(choice: Choice) -> str:
    """The alternatives in few words: `@t, @hw, @thw`, `24..64 by 8`, `2 of 6`."""
    text = pictured(choice_text(choice)).strip("{}")
    return text if len(text) <= _LONGEST else f"one of {choice.size}"


def wrapped(words: Sequence[str], columns: int, separator: str = " · ") -> Iterator[str]:
    """Words put into lines of about so many characters."""
    line = ""
    for word in words:
        if line and len(line) + len(separator) + len(word) > columns:
            yield line
            line = word
        else:
            line = f"{line}{separator}{word}" if line else word
    if line:
        yield line


def contents(node: Node) -> list[str]:
    """What a block consists of: its convolutions, products and blocks in order, equal neighbours counted."""
    found: list[list[Any]] = []
    for child in node.children:
        word = ""
        if child.level == "primitive" and child.values:
            if role_of(child.callee) in _PRODUCTS:
                word = operation(child.values[-1])[0]
        elif child.level != "primitive":
            word = child.callee if child.callee != "turn" else child.path.base
        if not word:
            continue
        if found and found[-1][0] == word:
            found[-1][1] += 1
        else:
            found.append([word, 1])
    return [word if count == 1 else f"{count} × {word}" for word, count in found]
