"""Arguments and calls as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archdsl.importing.blocks import Row
from archdsl.importing.calls import Letters, Span
from archdsl.importing.templates import Word, defaults
from archdsl.ops.table import PRIMITIVES

_PLACED = {
    "conv": 3,
    "max_pool": 2,
    "avg_pool": 2,
    "split": 2,
    "merge": 2,
    "rename": 2,
}  # without a name


def literal(value: Any) -> str:
    """A value as it is written."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Word):
        return value.name
    if isinstance(value, Letters):
        return f"@{value.names}"
    if isinstance(value, Span):
        return f"{value.low}..{value.high}" + (
            f" by {value.step}" if value.step != 1 else ""
        )
    if isinstance(value, Row):
        texts = [literal(each) for each in value.values]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
    if isinstance(value, tuple):
        return _several(value)
    return repr(value)


def _several(value: tuple[Any, ...]) -> str:
    if value and isinstance(value[0], Row):
        return f"[{', '.join(map(literal, value))}]"
    return "x".join(map(str, value))


def arguments(op: str, args: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """What stands in the parentheses of a primitive; `texts` are the arguments as they are written here."""
    usual = defaults(op)
    primitive = PRIMITIVES[op]
    order = [p.name for p in primitive.parameters]
    named = [
        name for name in (*order, *(n for n in args if n not in order)) if name in args
    ]
    found: list[str] = []
    is_placed = True
    for place, name in enumerate(named):
        is_usual = name in usual and texts[name] == literal(usual[name])
        if is_usual:
            is_placed = False
            continue
        may_be = place < _PLACED.get(op, 1) and name in order
        is_placed = is_placed and may_be and order[place] == name
        found.append(texts[name] if is_placed else f"{name} = {texts[name]}")
    return ", ".join(found)


def pairs(value: Any) -> str:
    """Zeros before and after: `(0, 1)`."""
    return f"({', '.join(map(str, value))})" if isinstance(value, tuple) else literal(value)


def call(op: str, args: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """A layer: the primitive, with parentheses where there is something in them."""
    inside = arguments(op, args, texts)
    return f"{op}({inside})" if inside else op


def joined(items: Sequence[str]) -> str:
    """Several tensors that go into one layer."""
    return items[0] if len(items) == 1 else f"({', '.join(items)})"
