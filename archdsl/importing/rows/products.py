"""Arithmetic: of elements, of numbers, products over shared dimensions, attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from archdsl.importing.builder import ONE, WHOLE, WINDOWED, Tensor
from archdsl.importing.calls import Letters, Literal
from archdsl.importing.lifting import Constant, Lift, Scaled, Scores
from archdsl.importing.rows.dims import is_present, same_axis, uncut
from archdsl.importing.values import Layout

_NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "div": 1}


def product(lift: Lift, x: Any, y: Any) -> Any:
    """A matrix product, which is put off where it may be the first half of an attention, and is the second
    half where the first was put off.
    """
    if isinstance(x, Scores) and len(y.shape) == x.query.rank:
        return attend(lift, x.query, x.key, lift.tensor(y), x.scale, x.act or "identity")
    scale = 1.0
    parts = []
    for each in (x, y):
        scale *= each.by if isinstance(each, Scaled) else 1.0
        parts.append(each.x if isinstance(each, Scaled) else each)
    if all(
        isinstance(each, Tensor) and each.rank > 2 and each.value not in lift.make.pending
        for each in parts
    ):
        query, turned = parts
        order = (*range(turned.rank - 2), turned.rank - 1, turned.rank - 2)
        if query.rank == turned.rank:
            return Scores(query, turned.over(turned.layout.permuted(order)), scale)
    return matmul(lift, lift.tensor(x), lift.tensor(y))


def settled(lift: Lift, thing: Scores | Scaled) -> Tensor:
    """What was put off, written out."""
    if isinstance(thing, Scaled):
        return scalar(lift, "mul", thing.x, thing.by)
    order = (*range(thing.key.rank - 2), thing.key.rank - 1, thing.key.rank - 2)
    found = matmul(lift, thing.query, thing.key.over(thing.key.layout.permuted(order)))
    if thing.scale != 1:
        found = scalar(lift, "mul", found, thing.scale)
    if not thing.act:
        return found
    return (
        softmax(lift, found, -1)
        if thing.act == "softmax"
        else pointwise(thing.act, lift, found)
    )


def pointwise(op: str, lift: Lift, x: Any) -> Any:
    """An activation without parameters; one of scores is put off with them."""
    if isinstance(x, Scores) and not x.act:
        return Scores(x.query, x.key, x.scale, op)
    tensor = lift.make.named(lift.tensor(x))
    return lift.make.emit(op, [tensor], {}, tensor.layout)


def matmul(lift: Lift, x: Tensor, y: Tensor) -> Tensor:
    """[…, m, k] · [k, n] or […, k, n], the first axes broadcast."""
    if x.rank < 2 or y.rank < 2:
        lift.make.refuse("a product with a vector")
    rank = max(x.rank, y.rank)
    letters = "abcdefghij"[: rank - 2]
    first, second = letters[rank - x.rank :], letters[rank - y.rank :]
    return einsum(lift, f"{first}MK,{second}KN->{letters}MN", [x, y])


def einsum(lift: Lift, equation: str, operands: Sequence[Tensor]) -> Tensor:
    """Two tensors by an equation without repeated letters in one operand."""
    terms, _, result = equation.replace(" ", "").partition("->")
    names = terms.split(",")
    plain_terms = all(
        len(set(name)) == len(name) == x.rank
        for name, x in zip(names, operands, strict=True)
    )
    if len(names) != 2 or "." in equation or "->" not in equation or not plain_terms:
        lift.make.refuse(
            f"of einsum two tensors without repetition can be said, not {equation!r}"
        )
    x, y = operands
    shared = [d for d in names[0] if d in names[1]]
    x, y = _met(lift, x, y, names, shared)
    over = [d for d in shared if d not in result]
    # letters of the result, by those of the equation
    lies = {d: x.layout.axes[i] for i, d in enumerate(names[0])}
    for i, d in enumerate(names[1]):
        if not lies.get(d) or d not in names[0]:
            lies[d] = y.layout.axes[i]
    dims = {**y.layout.dims, **x.layout.dims}
    layout = Layout(dims, ()).with_axes([lies[d] for d in result])
    summed = "".join(dict.fromkeys(letter for d in over for letter, _ in lies[d]))
    lost = [d for d in names[0] + names[1] if d not in result and d not in shared]
    if lost:
        lift.make.refuse("it sums over a dimension of one tensor alone")
    if not summed:
        return _outer(lift, x, y, layout)
    return lift.make.emit("dot", [x, y], {"over": Letters(summed)}, layout)


def _outer(lift: Lift, x: Tensor, y: Tensor, layout: Layout) -> Tensor:
    """A product without a sum: elementwise, over all letters of either."""
    for d in layout.letters:
        if d not in x.layout.letters:
            x = _widened(lift, x, d, layout.size(d))
    return lift.make.emit("mul", [x, y], {}, layout)


def _widened(lift: Lift, x: Tensor, letter: str, size: int) -> Tensor:
    dims = {**x.layout.dims, letter: (size,)}
    axes = (*x.layout.axes, ((letter, 0),))
    return lift.make.emit("expand", [x], {letter: size}, Layout(dims, axes))


def _met(
    lift: Lift, x: Tensor, y: Tensor, names: Sequence[str], shared: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """Both with whole letters along each axis: the same along what they share, others along all else."""
    make = lift.make
    if y.value not in make.pending and x.value in make.pending:
        y, x = _met(lift, y, x, (names[1], names[0]), shared)
        return x, y
    places = [(names[0].index(d), names[1].index(d)) for d in shared]
    for i, j in places:
        if x.shape[i] != y.shape[j]:
            x = make.single(x, i) if x.shape[i] == 1 else x
            y = make.single(y, j) if y.shape[j] == 1 else y
    places = [(i, j) for i, j in places if is_present(x, i) and is_present(y, j)]
    alike = {
        i for i, j in places if x.layout.whole(i) and x.layout.whole(i) == y.layout.whole(j)
    }
    first = {i: WHOLE for i in range(x.rank) if is_present(x, i)}
    x = make.conform(x, {**first, **{i: ONE for i, _ in places if i not in alike}})
    wishes = {j: x.layout.axes[i][0][0] for i, j in places if i not in alike}
    others = {j: WHOLE for j in range(y.rank) if is_present(y, j) and j not in wishes}
    y = make.conform(y, {**others, **wishes}, x.layout.letters)
    met = {d for _, j in places for d, _ in y.layout.axes[j]}
    clash: dict[str, str] = {}
    for letter in y.layout.letters:
        if letter in x.layout.letters and letter not in met:
            clash[letter] = make.fresh(
                (x.layout.letters, y.layout.letters, *clash.values(), WINDOWED)
            )
    return x, make.rename(y, clash)


def attend(
    lift: Lift, q: Tensor, k: Tensor, v: Tensor, scale: float | None, act: str = "softmax"
) -> Tensor:
    """[…, N, d], [M, d], [M, e] → [N, e]; where heads are parts of the channels they are told as such."""
    heads = {_heads(each) for each in (q, k, v)}
    rank = q.rank
    whole = None not in heads and len(heads) == 1
    args: dict[str, Literal] = {}
    count = next(iter(heads)) or 1
    if whole and rank > 3:
        args["heads"] = count
        q, k, v = (_folded(each) for each in (q, k, v))
    if args.get("heads") == 1:
        del args["heads"]
    make = lift.make
    last = q.rank - 1
    q, k, v = (uncut(lift, each, range(last)) for each in (q, k, v))
    spans = {each.layout.whole(last - 1) for each in (q, k, v)}
    is_alike = (
        len(spans) == 1
        and None not in spans
        and all(is_present(each, last - 1) for each in (q, k, v))
    )
    q = make.conform(q, {last - 1: WHOLE if is_alike else ONE, last: "c"})
    over = q.layout.whole(last - 1) or ""
    positions = WHOLE if is_alike else over
    kept = [i for i in range(last - 1) if same_axis(q, k, i) and same_axis(q, v, i)]
    q = make.conform(
        q, {i: ONE for i in range(last - 1) if q.layout.axes[i] and i not in kept}
    )
    leads = {
        i: q.layout.axes[i][0][0]
        for i in range(last - 1)
        if q.layout.axes[i] and i not in kept
    }
    k = make.conform(k, {last - 1: positions, last: "c", **_present(k, leads)})
    v = make.conform(v, {last - 1: positions, last: "c", **_present(v, leads)})
    written: dict[str, Literal] = {"over": Letters(over), **args}
    width = q.layout.size("c") // (count if "heads" in args else 1)
    if act != "softmax":
        written["act"] = act
    if scale is not None and abs(scale * width**0.5 - 1) > 1e-6:
        written["scale"] = scale
    dims = {**q.layout.dims, "c": v.layout.dims["c"]}
    result = make.emit("attend", [q, k, v], written, Layout(dims, q.layout.axes))
    if not (whole and rank > 3):
        return result
    return _unfolded(
        make.reshape(result, (*result.shape[:-1], count, result.shape[-1] // count))
    )


def _present(x: Tensor, wishes: Mapping[int, str]) -> dict[int, str]:
    return {i: d for i, d in wishes.items() if x.layout.axes[i]}


def _heads(x: Tensor) -> int | None:
    """How many heads, where the axis before the positions is the slower factor of the last one's letter."""
    if x.rank < 4 or len(x.layout.axes[-3]) != 1 or len(x.layout.axes[-1]) != 1:
        return None
    (head, first), (letter, second) = x.layout.axes[-3][0], x.layout.axes[-1][0]
    if head != letter or (first, second) != (0, 1) or len(x.layout.dims[letter]) != 2:
        return None
    return x.layout.dims[letter][0]


def _folded(x: Tensor) -> Tensor:
    """The heads back among the channels."""
    axes = (*x.layout.axes[:-3], x.layout.axes[-2], x.layout.axes[-3] + x.layout.axes[-1])
    return x.over(Layout(x.layout.dims, axes).coalesced())


def _unfolded(x: Tensor) -> Tensor:
    """[…, N, heads, d] as […, heads, N, d]."""
    order = (*range(x.rank - 3), x.rank - 2, x.rank - 3, x.rank - 1)
    return x.over(x.layout.permuted(order))


def soft(lift: Lift, x: Any, dim: int) -> Any:
    """A softmax, which is put off with what it reads."""
    if isinstance(x, Scores) and not x.act and dim in (-1, x.query.rank - 1):
        return Scores(x.query, x.key, x.scale, "softmax")
    return softmax(lift, lift.tensor(x), dim)


def softmax(lift: Lift, x: Tensor, dim: int) -> Tensor:
    axis = x.axis(dim)
    x = lift.make.conform(x, {axis: WHOLE if x.layout.axes[axis] else ONE})
    return lift.make.emit(
        "softmax", [x], {"over": Letters(x.layout.whole(axis) or "")}, x.layout
    )


def scalar(lift: Lift, op: str, x: Tensor, by: float, left: bool = False) -> Tensor:
    x = lift.make.named(x)
    args: dict[str, Literal] = {"op": op, "by": by}
    if left:
        args["left"] = True
    return lift.make.emit("scalar", [x], args, x.layout)


def arithmetic(lift: Lift, op: str, x: Any, y: Any) -> Any:
    """Tensors and numbers; a constant of equal numbers is a number."""
    a, b = number(x), number(y)
    if a is not None and b is not None:
        return {"add": a + b, "sub": a - b, "mul": a * b, "div": a / b if b else 0.0}[op]
    by = b if b is not None else a
    if by is not None and (op == "mul" or (op == "div" and b)):
        other = x if b is not None else y
        by = by if op == "mul" else 1 / by
        if isinstance(other, Scores) and not other.act:
            return Scores(other.query, other.key, other.scale * by)
        if isinstance(other, Tensor) and _is_multiplied(lift):
            return Scaled(other, by)
    if b is not None:
        return lift.tensor(x) if b == _NEUTRAL[op] else scalar(lift, op, lift.tensor(x), b)
    if a is not None:
        if op in ("add", "mul"):
            return (
                lift.tensor(y) if a == _NEUTRAL[op] else scalar(lift, op, lift.tensor(y), a)
            )
        return scalar(lift, op, lift.tensor(y), a, left=True)
    return lift.make.elementwise(op, lift.tensor(x), lift.tensor(y))


def _is_multiplied(lift: Lift) -> bool:
    """Whether the one step that reads what the step at hand gives is a matrix product."""
    readers = lift.users.get(lift.make.step.outputs[0], [])
    kinds = ("matmul", "bmm", "MatMul")
    return len(readers) == 1 and readers[0].target.rpartition(".")[2] in kinds


def number(thing: Any) -> float | int | None:
    if isinstance(thing, int | float):
        return thing
    if isinstance(thing, Constant) and prod(thing.shape) >= 1:
        array = thing.array
        first = array.reshape(-1)[0]
        if bool((array == first).all()):
            value = first.item()
            return value if isinstance(value, int | float) else None
    return None
