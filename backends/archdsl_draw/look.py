"""What a box says of its unit: channels, kernels, expansion, attention, and marks for what only some blocks
have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any, Literal

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, TooWide, Undefined, constant, lift, mend, where
from archdsl.ir.extremes import extremes
from archdsl.ir.graph import Op, Value
from archdsl.ir.notation import between, choice_text, defined, domain_text
from archdsl.ir.terms import merged
from archdsl.ops.table import role_of
from archdsl.outline.asking import conditions, declared_in, picking, selection_of, times
from archdsl.outline.reading import Outline
from archdsl.outline.tree import Node, weights_of
from archdsl_draw.macro import Unit
from archdsl_draw.words import sign_of

Range = tuple[float, float]
_FEW = 3  # sizes that are listed


@dataclass(frozen=True, slots=True)
class Look:
    """How a unit is drawn. `kernels` are all that it may have; `channels`, `sizes` and `expansion` are texts
    and ranges over the space, of a model single values. `attention` is "maybe" where a choice decides.
    """

    name: str
    sign: str  # of arithmetic
    window: str  # of pooling
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
    repeat: tuple[
        int, int
    ]  # how many equal blocks in a row there are, at least and at most
    # how many choices there are inside, where some are between layers and nothing else in the box tells them
    inside: int


def looks(units: Sequence[Unit], outline: Outline) -> dict[Unit, Look]:
    """The look of every unit. What all blocks of one kind have inside is not marked, what only some have is.
    The kind that most boxes are is not named in each.
    """
    inner: dict[str, Counter[str]] = {}
    members: Counter[str] = Counter()
    for unit in units:
        members[unit.node.callee] += 1
        inner.setdefault(unit.node.callee, Counter()).update(
            {c.callee for c in _blocks(unit.node)}
        )
    usual = usual_kind(units)
    found = {}
    for unit in units:
        kind = unit.node.callee
        rare = {part for part, count in inner[kind].items() if count < members[kind]}
        found[unit] = _look(unit, _marks(unit, rare), usual, outline)
    return found


def usual_kind(units: Iterable[Unit]) -> str:
    """What most of the numbered boxes are; nothing where no two are alike."""
    counts = Counter(
        u.node.callee
        for u in units
        if u.node.level == "block" and u.node.path.index is not None
    )
    kind, count = counts.most_common(1)[0] if counts else ("", 0)
    return kind if count > 1 else ""


def _blocks(node: Node) -> Iterator[Node]:
    return (c for c in node.walk() if c is not node and c.level == "block")


def _marks(unit: Unit, rare: Container[str]) -> tuple[str, ...]:
    """The outermost of the blocks inside that not all units of this kind have."""
    found: set[str] = set()
    stack = list(unit.node.children)
    while stack:
        child = stack.pop()
        if child.level == "block" and child.callee in rare:
            found.add(child.callee)
        else:
            stack.extend(child.children)
    return tuple(sorted(found))


def _look(unit: Unit, marks: tuple[str, ...], usual: str, outline: Outline) -> Look:
    live = outline.live
    ops = [v for v in unit.values if isinstance(v, Op)]
    first = [v for v in unit.blocks[0] if isinstance(v, Op)]
    inner = set(picking(unit.blocks[0]))
    kernels, chosen = _kernels(
        op for op in first if inner.isdisjoint(conditions(op, outline))
    )
    is_plain = unit.node.level == "primitive" and not any(op.weights for op in ops)
    attends = [op for op in ops if role_of(op.name) == "attention"]
    channels = _channels(unit)
    if is_plain and unit.before and _channels(unit.before[0]) == channels:
        channels = ""
    weights = chain.from_iterable(map(weights_of, unit.values))
    return Look(
        name="" if unit.node.callee == usual and kernels else _name(unit),
        sign=sign_of(unit.node.callee) if is_plain and not unit.followers else "",
        window=_window(ops) if is_plain else "",
        channels=channels,
        kernels=kernels,
        kernel_choice=chosen,
        options=_options(unit),
        expansion=_expansion(first, unit.main),
        attention=_attention(attends, outline),
        marks=marks,
        sizes=_sizes(unit.main),
        macs=_total((op.macs, live.values.get(op)) for op in ops),
        params=_total((_numel(w.shape), live.weights.get(w.identity)) for w in weights),
        repeat=times(unit.blocks, outline),
        inside=_inside(unit, inner - _told(attends, outline), outline),
    )


def _attention(attends: Collection[Op], outline: Outline) -> Literal["no", "maybe", "yes"]:
    if any(_is_true(outline.live.values.get(op)) for op in attends):
        return "yes"
    return "maybe" if attends else "no"


def _inside(unit: Unit, untold: set[Choice], outline: Outline) -> int:
    return max(len(untold), len(declared_in(unit.node, outline))) if untold else 0


def _told(attends: Iterable[Op], outline: Outline) -> set[Choice]:
    """The choices that the star says: whether there is attention."""
    return set(chain.from_iterable(conditions(op, outline) for op in attends))


def _name(unit: Unit) -> str:
    alternative = next(
        (n.segment for n in unit.node.children if n.level == "alternative"), None
    )
    if alternative is not None and not _options(unit):
        return alternative
    is_block = unit.node.level == "block"
    is_one_of_many = unit.node.path.index is not None or unit.is_lateral
    return unit.node.callee if is_block and is_one_of_many else unit.node.path.base


def _window(ops: Iterable[Op]) -> str:
    sizes = next((op.attrs["window"] for op in ops if role_of(op.name) == "pool"), None)
    if sizes is None or not sizes.is_constant:
        return ""
    return (
        "×".join(map(str, sizes.value))
        if isinstance(sizes.value, tuple)
        else str(sizes.value)
    )


def _is_true(guard: Expr | None) -> bool:
    return guard is not None and guard.is_constant and bool(guard.value)


def _kernels(ops: Iterable[Op]) -> tuple[tuple[str, ...], bool]:
    """The windows larger than one position: of a model those of its convolutions, largest first, of a space
    all that the largest may be, and whether that is so.
    """
    windows: dict[tuple[tuple[int, ...], ...], int] = {}
    for op in ops:
        if (
            role_of(op.name) == "convolution"
            and op.weights
            and len(op.weights[0].shape) > 2
        ):
            joint = _joint(op.weights[0].shape[2:])
            sizes = tuple(dict.fromkeys(v for v in joint if isinstance(v, tuple)))
            volume = max((prod(v) for v in sizes), default=1)
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


def _channels(unit: Unit) -> str:
    shape = unit.main.shape
    dim = (
        "c" if "c" in shape else next((d for d in reversed(list(shape)) if d != "b"), None)
    )
    return _domain(shape[dim]) if dim is not None and not unit.is_input else ""


def _domain(expr: Expr) -> str:
    choice = next(iter(expr.choices()), None)
    if choice is not None and len(expr.scope) == 1 and expr.table == choice.values():
        return choice_text(choice).strip("{}")
    values = sorted(defined(expr))
    if not values:
        return "?"
    text = domain_text([str(v) for v in values])
    if len(values) > _FEW and ".." not in text:
        return between(str(values[0]), str(values[-1]))
    return text.strip("{}")


def _sizes(value: Value) -> str:
    """The size of a feature map, t×h×w as far as present."""
    rest = [d for d in "thw" if d in value.shape] + [
        d for d in value.shape if d not in "bcthw"
    ]
    return "×".join(_domain(value.shape[d]) for d in rest)


def _options(unit: Unit) -> tuple[str, ...]:
    """The alternatives of the choice of layers that the unit is."""
    choice: Choice | None = next(
        (
            n.choice
            for n in unit.node.children
            if n.level == "alternative" and n.choice is not None
        ),
        None,
    )
    asked = [e for e in map(selection_of, unit.values) if e is not None]
    if choice is None or not any(choice in e.choices() for e in asked):
        return ()
    return choice.labels()


def _expansion(ops: Iterable[Op], last: Value) -> Range | None:
    """Channels of the depthwise convolution over those that leave the block; a block with several has no one
    expansion.
    """
    convolutions = [op for op in ops if role_of(op.name) == "convolution"]
    found = [
        op.attrs["groups"] for op in convolutions if op.attrs["groups"] == op.shape.get("c")
    ]
    wide = [groups for groups in found if not (groups.is_constant and groups.value == 1)]
    out = last.shape.get("c")
    if len(wide) != 1 or out is None or wide[0] == out:
        return None
    try:
        ratios = [
            v for v in lift(_ratio, wide[0], out).distinct() if not isinstance(v, Undefined)
        ]
    except TooWide:
        return None
    return min(ratios), max(ratios)


def _ratio(hidden: int, out: int) -> float:
    return round(hidden / out, 2)


def _numel(shape: Sequence[Expr]) -> Expr:
    return lift(_product, *shape)


def _product(*sizes: int) -> int:
    return prod(sizes)


def _total(terms: Iterable[tuple[Expr, Expr | None]]) -> Range:
    """Least and most of a sum of costs under their guards: exactly, unless that is out of reach; then the sum
    of what each term is at least and at most.
    """
    guarded = merged(_guarded(cost, guard) for cost, guard in terms)
    try:
        return extremes(guarded) or (0, 0)
    except (DiagnosticError, TooWide):
        numbers = [term.distinct() for term in guarded]
        return sum(map(min, numbers)), sum(map(max, numbers))


def _guarded(cost: Expr, guard: Expr | None) -> Expr:
    """A cost where it is paid, else nothing, also where it would be undefined."""
    return mend(cost if guard is None else where(guard, cost, constant(0)), 0)


def cost_of(units: Iterable[Unit], found: Mapping[Unit, Look]) -> Range:
    """What several boxes cost together: exact for models, bounds for spaces."""
    known = [found[unit].macs for unit in units]
    return sum(low for low, _ in known), sum(high for _, high in known)
