"""What a box says of its unit: channels, kernels, expansion, attention, and marks for what only some blocks have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from archdsl.compare.expressions import domain_text
from archdsl.compare.paths import base
from archdsl.ir.activity import Activity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, TooWide, Undefined, Variable, lift, spread
from archdsl.ir.graph import Op, Pick, Select, Value
from archdsl_draw.macro import Unit

Range = tuple[float, float]
_TABLE = 16_384


@dataclass(frozen=True, slots=True)
class Look:
    """How a unit is drawn. `kernels` are all that it may have; `channels`, `sizes` and `expansion` are texts and ranges
    over the space, of a model single values. `attention` is "maybe" where a choice decides."""

    name: str
    channels: str
    kernels: tuple[str, ...]
    kernel_choice: bool
    options: tuple[str, ...]  # the labels of a choice of layers
    expansion: Range | None
    attention: Literal["no", "maybe", "yes"]
    marks: tuple[str, ...]
    sizes: str
    macs: Range
    params: Range


def looks(units: Sequence[Unit], live: Activity) -> dict[Unit, Look]:
    """The look of every unit. What all blocks of one kind have inside is not marked, what only some have is."""
    inner: dict[str, Counter[str]] = {}
    members: Counter[str] = Counter()
    parts = {unit: {c.callee for c in unit.node.walk() if c is not unit.node and c.level == "block"} for unit in units}
    for unit in units:
        members[unit.node.callee] += 1
        inner.setdefault(unit.node.callee, Counter()).update(parts[unit])
    found = {}
    for unit in units:
        kind = unit.node.callee
        marks = sorted(p for p in parts[unit] if members[kind] > 1 and inner[kind][p] < members[kind])
        found[unit] = _look(unit, tuple(marks), live)
    return found


def _look(unit: Unit, marks: tuple[str, ...], live: Activity) -> Look:
    ops = [v for v in unit.values if isinstance(v, Op)]
    kernels, chosen = _kernels(ops)
    numbered = base(unit.node.segment) != unit.node.segment
    attends = [op for op in ops if op.name in ("attend", "dot")]
    always = any(_is_true(live.values.get(op)) for op in attends)
    return Look(
        name="" if numbered and kernels else _name(unit),
        channels=_channels(unit),
        kernels=kernels,
        kernel_choice=chosen,
        options=_options(unit),
        expansion=_expansion(ops, unit.last),
        attention="yes" if always else "maybe" if attends else "no",
        marks=marks,
        sizes=_sizes(unit.last),
        macs=_total((op.macs, live.values.get(op)) for op in ops),
        params=_total(
            (size, live.weights.get(w.identity)) for v in unit.values for w in getattr(v, "weights", ()) for size in (_numel(w.shape),)
        ),
    )


def _name(unit: Unit) -> str:
    alternative = next((n.segment for n in unit.node.walk() if n.level == "alternative"), None)
    return alternative if alternative is not None and not _options(unit) else base(unit.node.segment)


def _is_true(guard: Expr | None) -> bool:
    return guard is not None and guard.is_constant and bool(guard.value)


def _kernels(ops: Iterable[Op]) -> tuple[tuple[str, ...], bool]:
    """The windows larger than one position: of a model those of its convolutions, largest first, of a space all that the
    largest may be, and whether that is so."""
    windows: dict[tuple[tuple[int, ...], ...], int] = {}
    for op in ops:
        if op.name == "conv" and op.weights and len(op.weights[0].shape) > 2:
            joint = _joint(op.weights[0].shape[2:])
            sizes = tuple(dict.fromkeys(v for v in joint if isinstance(v, tuple)))
            volume = max((_volume(v) for v in sizes), default=1)
            if volume > 1:
                windows.setdefault(sizes, volume)
    ranked = sorted(windows, key=lambda s: -windows[s])
    if not ranked:
        return (), False
    if len(ranked[0]) > 1:
        return tuple("×".join(map(str, v)) for v in sorted(ranked[0])), True
    return tuple("×".join(map(str, s[0])) for s in ranked[:2] if len(s) == 1), False


def _joint(sizes: Sequence[Expr]) -> tuple[Any, ...]:
    return lift(_as_tuple, *sizes).distinct()


def _as_tuple(*values: int) -> tuple[int, ...]:
    return values


def _volume(sizes: Iterable[int]) -> int:
    product = 1
    for n in sizes:
        product *= n
    return product


def _channels(unit: Unit) -> str:
    shape = unit.last.shape
    dim = "c" if "c" in shape else next((d for d in reversed(list(shape)) if d != "b"), None)
    return _domain(shape[dim]) if dim is not None and not unit.is_input else ""


def _domain(expr: Expr) -> str:
    values = sorted(v for v in set(expr.distinct()) if not isinstance(v, Undefined))
    if not values:
        return "?"
    if len(values) == 1:
        return str(values[0])
    text = domain_text([str(v) for v in values])
    return text.replace("..", "–") if ".." in text else f"{values[0]}–{values[-1]}" if len(values) > 3 else text.strip("{}")


def _sizes(value: Value) -> str:
    """The size of a feature map, t×h×w as far as present."""
    rest = [d for d in "thw" if d in value.shape] or [d for d in value.shape if d not in ("b", "c")]
    return "×".join(_domain(value.shape[d]) for d in rest)


def _options(unit: Unit) -> tuple[str, ...]:
    """The alternatives of the choice of layers that the unit is."""
    choice: Choice | None = next((n.choice for n in unit.node.children if n.level == "alternative" and n.choice is not None), None)
    decides = [v for v in unit.values if isinstance(v, Select | Pick)]
    if choice is None or not any(choice in (v.index if isinstance(v, Select) else v.subset).choices() for v in decides):
        return ()
    return choice.labels()


def _expansion(ops: Iterable[Op], last: Value) -> Range | None:
    """Channels of the depthwise convolution over those that leave the block."""
    for op in ops:
        groups = op.attrs.get("groups")
        if op.name == "conv" and groups is not None and groups == op.shape.get("c") and not (groups.is_constant and groups.value == 1):
            out = last.shape.get("c")
            if out is None or groups == out:
                return None
            try:
                ratios = [v for v in lift(_ratio, groups, out).distinct() if not isinstance(v, Undefined)]
            except TooWide:
                return None
            return min(ratios), max(ratios)
    return None


def _ratio(hidden: int, out: int) -> float:
    return round(hidden / out, 2)


def _numel(shape: Sequence[Expr]) -> Expr:
    return lift(_product, *shape)


def _product(*sizes: int) -> int:
    return _volume(sizes)


def _total(terms: Iterable[tuple[Expr, Expr | None]]) -> Range:
    """Least and most of a sum of costs under their guards: exact where one table over all their choices is small, else
    the sum of the ends of smaller tables."""
    tables: dict[tuple[Variable, ...], list[int]] = {}
    for cost, guard in terms:
        guarded = cost if guard is None or _is_true(guard) else lift(_guarded, guard, cost)
        numbers = [0 if isinstance(v, Undefined) else v for v in guarded.table]
        known = tables.get(guarded.scope)
        tables[guarded.scope] = numbers if known is None else [a + b for a, b in zip(known, numbers, strict=True)]
    scope = tuple(sorted({v for s in tables for v in s}, key=lambda v: v.rank))
    if _volume(v.size for v in scope) <= _TABLE:
        columns = [spread(Expr(s, tuple(t)), scope) for s, t in tables.items()]
        totals = [sum(row) for row in zip(*columns, strict=True)] or [0]
        return min(totals), max(totals)
    return sum(min(t) for t in tables.values()), sum(max(t) for t in tables.values())


def cost_of(units: Iterable[Unit], found: Mapping[Unit, Look]) -> Range:
    """What several boxes cost together: exact for models, bounds for spaces."""
    known = [found[unit].macs for unit in units]
    return sum(low for low, _ in known), sum(high for _, high in known)


def _guarded(active: bool, cost: int) -> int:
    return cost if active else 0
