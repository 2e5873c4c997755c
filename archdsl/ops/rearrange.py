"""Dimensions merged, split, renamed, cut, padded, resized and shifted."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import Expr, lift
from archdsl.ir.graph import Shape
from archdsl.ir.notation import value_text
from archdsl.ops import checks
from archdsl.ops.axes import (
    Dims,
    Factor,
    Merged,
    Origins,
    Over,
    Padded,
    Part,
    Same,
    Taken,
    letters,
    named,
    resized,
    through,
)
from archdsl.ops.call import Call
from archdsl.ops.checks import Problems
from archdsl.ops.primitive import Likeness, Parameter, Primitive, Result
from archdsl.ops.sizes import ONE, SPATIAL, quotient, volume


def _axes(call: Call, name: str) -> tuple[str, Problems]:
    return checks.settled(name, call.attrs[name])


def _nothing(call: Call, name: str, example: str) -> Problems:
    """A rearrangement by keywords has at least one."""
    if call.dims:
        return ()
    return (
        checks.problem(
            shapes.UNSPECIFIED, f"{name} names no dimension", f"write {example}"
        ),
    )


def _keywords(call: Call) -> Problems:
    """Keyword dimensions are present."""
    return checks.present(call.input, "".join(call.dims))


# -- merge, split, rename --------------------------------------------------------------------------


def _merge_shape(call: Call) -> Result:
    over, found = _axes(call, "over")
    into, wrong = _axes(call, "into")
    kept = {d: n for d, n in call.input.items() if d not in over}
    found += (
        wrong
        + checks.present(call.input, over)
        + checks.named(into)
        + checks.single("into", into)
        + checks.vacant(kept, into)
    )
    target = into[:1] or over[:1]
    return Result(kept | {target: volume(call.input.get(d, ONE) for d in over)}, found)


def _split_shape(call: Call) -> Result:
    over, found = _axes(call, "over")
    into, wrong = _axes(call, "into")
    kept = {d: n for d, n in call.input.items() if d not in over}
    found += (
        wrong
        + checks.present(call.input, over)
        + checks.single("over", over)
        + checks.named(into)
        + checks.vacant(kept, into)
    )
    whole = call.input.get(over[:1], ONE)
    sizes: dict[str, Expr] = {}
    for d, value in call.dims.items():
        size, wrong = checks.whole(d, value)
        found += wrong
        if d in into:
            sizes[d] = size
        else:
            found += (
                checks.problem(
                    shapes.ATTRIBUTE,
                    f"`{d}` is given a size, but the split is into @{into}",
                ),
            )
    open_ = [d for d in into if d not in sizes]
    given = volume(sizes.values())
    if not open_:
        if given != whole:
            found += checks.unless(
                shapes.NOT_DIVISIBLE,
                _not_parts,
                over,
                whole,
                into,
                *(sizes[d] for d in into),
            )
    elif len(open_) == 1:
        found += _cut(over, whole, given)
        sizes[open_[0]] = quotient(whole, given)
    else:
        message = f"the sizes of {' and '.join(open_)} are open; all but one of @{into} must be given"
        found += (
            checks.problem(
                shapes.UNSPECIFIED,
                message,
                f"write split(@{over}, @{into}, {open_[-1]} = …) or like = …",
            ),
        )
        sizes |= dict.fromkeys(open_, ONE) | {open_[0]: quotient(whole, given)}
    return Result(kept | {d: sizes[d] for d in into}, found)


def _split_like(call: Call, like: Shape) -> Likeness:
    into = call.attrs["into"].table[0]
    missing = [d for d in into if d not in like and d not in call.dims]
    found = () if len(missing) <= 1 else (_no_like(missing[0], like),)
    sizes = {d: like[d] for d in into if d in like and d not in call.dims}
    return Likeness({}, {**call.dims, **sizes}, found)


def _no_like(dim: str, like: Shape) -> Any:
    return checks.problem(
        shapes.MISSING_DIMENSION,
        f"dimension `{dim}` is missing from `like`, which has {checks.listing(like)}",
    )


def _cut(dim: str, whole: Expr, parts: Expr) -> Problems:
    what = "{} channels" if dim == "c" else f"{dim} = {{}}"
    return checks.divisible(whole, parts, what, "parts" if dim != "c" else "equal parts")


def _not_parts(over: str, whole: int, into: str, *sizes: int) -> str | None:
    product = 1
    for size in sizes:
        product *= size
    if product == whole:
        return None
    parts = ", ".join(f"{d} = {n}" for d, n in zip(into, sizes, strict=True))
    return f"{over} = {whole} cannot be split into {parts}, which make {product}"


def _rename_shape(call: Call) -> Result:
    over, found = _axes(call, "over")
    into, wrong = _axes(call, "into")
    kept = [d for d in call.input if d not in over]
    found += (
        wrong
        + checks.present(call.input, over)
        + checks.named(into)
        + checks.vacant(kept, into)
    )
    if len(over) != len(into):
        found += (
            checks.problem(
                shapes.ATTRIBUTE,
                f"@{over} and @{into} name differently many dimensions; they are renamed in pairs",
            ),
        )
    names = dict(zip(over, into, strict=False))
    shape = {names.get(d, d): n for d, n in call.input.items()}
    return Result(shape | {n: ONE for d, n in names.items() if d not in call.input}, found)


# -- take, chunk -----------------------------------------------------------------------------------


def _take_shape(call: Call) -> Result:
    found = _nothing(call, "take", "take(t = 0) or take(t = 0..7)") + _keywords(call)
    shape = dict(call.input)
    for d, index in call.dims.items():
        if d not in shape or d == "b":
            continue
        ranges = [v.__class__ is range for v in checks.defined(index)]
        if any(ranges) != all(ranges):
            values = " or ".join(value_text(v) for v in index.distinct())
            found += (
                checks.problem(
                    shapes.UNSETTLED,
                    f"`{d}` is {values} by a choice: a position removes the dimension, a range keeps it",
                ),
            )
        if any(ranges):
            found += _bounded(d, index, shape[d])
            shape[d] = lift(_length, index)
        else:
            found += checks.unless(shapes.OUT_OF_BOUNDS, _outside, d, index, shape[d])
            del shape[d]
    return Result(shape, found)


def _bounded(dim: str, positions: Expr, size: Expr) -> Problems:
    found = checks.unless(shapes.OUT_OF_BOUNDS, _range_outside, dim, positions, size)
    return found + checks.unless(shapes.OUT_OF_BOUNDS, _empty_range, dim, positions)


def _length(positions: Any) -> int:
    return max(1, len(positions)) if isinstance(positions, range) else 1


def _outside(dim: str, index: Any, size: int) -> str | None:
    if index.__class__ is not int:
        if isinstance(index, range):
            return None
        return f"`{dim}` is {value_text(index)}, neither a position nor a range"
    if 0 <= index < size:
        return None
    return (
        f"position {index} lies outside {dim} = {size}, whose positions are 0..{size - 1}"
    )


def _range_outside(dim: str, positions: Any, size: int) -> str | None:
    if not isinstance(positions, range) or not positions:
        return None
    for end in (positions[0], positions[-1]):
        if not 0 <= end < size:
            return (
                f"position {end} of {value_text(positions)} lies outside {dim} = {size}, whose positions "
                f"are 0..{size - 1}"
            )
    return None


def _empty_range(dim: str, positions: Any) -> str | None:
    if positions or not isinstance(positions, range):
        return None
    return f"{value_text(positions)} is empty, so nothing would be left of `{dim}`"


def _chunk_shape(call: Call) -> Result:
    found = _keywords(call)
    if len(call.dims) != 1:
        message = "chunk cuts one dimension" + (
            "" if not call.dims else f", not {len(call.dims)}"
        )
        found += (checks.problem(shapes.UNSPECIFIED, message, "write chunk(c = 3)"),)
    shape = dict(call.input)
    for d, value in call.dims.items():
        parts, wrong = checks.whole(d, value)
        count, unsettled = checks.settled(d, parts)
        found += wrong + unsettled
        index, _ = checks.settled("index", call.attrs["index"])
        if count.__class__ is int and not (index.__class__ is int and 0 <= index < count):
            found += (
                checks.problem(
                    shapes.OUT_OF_BOUNDS, f"part {index} of {count} does not exist"
                ),
            )
        if d in shape and d != "b":
            found += _cut(d, shape[d], parts)
            shape[d] = quotient(shape[d], parts)
    return Result(shape, found)


# -- expand, pad, resize, shift --------------------------------------------------------------------


def _expand_shape(call: Call) -> Result:
    dims = "".join(call.dims)
    found = (
        _nothing(call, "expand", "expand(t = 8)")
        + checks.named(dims)
        + checks.vacant(call.input, dims)
    )
    shape = dict(call.input)
    for d, value in call.dims.items():
        size, wrong = checks.whole(d, value)
        found += wrong
        shape.setdefault(d, size)
    return Result(shape, found)


def _pad_shape(call: Call) -> Result:
    found = _nothing(call, "pad", "pad(t = (0, 2))") + _keywords(call)
    shape = dict(call.input)
    for d, amounts in call.dims.items():
        if not all(_wrong_pair(d, v) is None for v in amounts.table):
            fraction = any(checks.fractional(v) for v in amounts.table)
            code = shapes.FRACTIONAL if fraction else shapes.ATTRIBUTE
            found += checks.unless(
                code, _wrong_pair, d, amounts, help=checks.ROUND if fraction else None
            )
        if d in shape and d != "b":
            shape[d] = lift(_padded, shape[d], amounts)
    return Result(shape, found)


def _wrong_pair(dim: str, amounts: Any) -> str | None:
    if not isinstance(amounts, tuple) or len(amounts) != 2:
        return f"`{dim}` is {value_text(amounts)}; padding is a pair, (before, after)"
    for amount in amounts:
        wrong = checks.not_whole(f"padding of `{dim}`", amount, 0)
        if wrong:
            return wrong
    return None


def _padded(size: int, amounts: Any) -> int:
    if not isinstance(amounts, tuple):
        return size
    return size + sum(checks.nearest(a, 0) for a in amounts)


def _resize_shape(call: Call) -> Result:
    found = _nothing(
        call, "resize", "resize(h = 14, w = 14) or resize(like = x)"
    ) + _keywords(call)
    shape = dict(call.input)
    for d, value in call.dims.items():
        size, wrong = checks.whole(d, value)
        found += wrong
        if d not in SPATIAL and d != "b":
            found += (
                checks.problem(
                    shapes.ATTRIBUTE,
                    f"`{d}` cannot be resized: only t, h and w have a resolution",
                ),
            )
        elif d in shape and d != "b":
            shape[d] = size
    return Result(shape, found)


def _resize_like(call: Call, like: Shape) -> Likeness:
    sizes = {d: like[d] for d in SPATIAL if d in call.input and d in like}
    found: Problems = ()
    if not sizes:
        message = (
            f"`like` {checks.listing(like)} shares none of t, h, w with the tensor, which has "
            f"{checks.listing(call.input)}"
        )
        found = (checks.problem(shapes.MISSING_DIMENSION, message),)
    return Likeness({}, {**sizes, **call.dims}, found)


def _shift_shape(call: Call) -> Result:
    over, found = _axes(call, "over")
    found += (
        checks.present(call.input, over)
        + checks.single("over", over)
        + checks.unless(shapes.ATTRIBUTE, _no_offset, call.attrs["offset"])
    )
    if "c" in over:
        found += (
            checks.problem(
                shapes.ATTRIBUTE,
                "`over` is what channels are shifted along, so it cannot be c",
            ),
        )
    found += checks.present(call.input, "c")
    if "c" in call.input:
        found += checks.unless(shapes.ATTRIBUTE, _no_channels, call.attrs["channels"])
        found += checks.unless(
            shapes.OUT_OF_BOUNDS,
            _range_outside,
            "c",
            call.attrs["channels"],
            call.input["c"],
        )
    return Result(call.input, found)


def _no_offset(offset: Any) -> str | None:
    return (
        None
        if offset.__class__ is int
        else f"`offset` is {value_text(offset)}, not a whole number"
    )


def _no_channels(channels: Any) -> str | None:
    return (
        None
        if isinstance(channels, range)
        else f"`channels` is {value_text(channels)}, not a range"
    )


# -- where positions go ----------------------------------------------------------------------------


def _merged(call: Call, out: Shape) -> Origins:
    return {
        **through(call, out),
        call.attrs["into"].value: Merged(call.attrs["over"].value),
    }


def _factors(call: Call, out: Shape) -> Origins:
    over, into = call.attrs["over"].value, call.attrs["into"].value
    return {**through(call, out), **{d: Factor(over, into) for d in into}}


def _renamed(call: Call, out: Shape) -> Origins:
    old = dict(zip(call.attrs["into"].value, call.attrs["over"].value, strict=True))
    return {d: Same(((0, old.get(d, d)),)) for d in out}


def _taken(call: Call, out: Shape) -> Origins:
    return {
        **through(call, out),
        **{d: Taken(d, which) for d, which in call.dims.items() if d in out},
    }


def _part(call: Call, out: Shape) -> Origins:
    ((dim, count),) = call.dims.items()
    return {**through(call, out), dim: Part(dim, call.attrs["index"].value, count.value)}


def _padding(call: Call, out: Shape) -> Origins:
    return {
        **through(call, out),
        **{d: Padded(d, amounts) for d, amounts in call.dims.items()},
    }


_KEYWORDS = Dims("the dimensions given", lambda call, out: call.dims)
_POSITIONS = Dims(
    "the dimensions of which one position is taken",
    lambda call, out: [d for d in call.dims if d not in out],
)
_RANGES = Dims(
    "those of which a range is taken", lambda call, out: [d for d in call.dims if d in out]
)
_SETTLED = Dims(
    "the dimensions given numbers",
    lambda call, out: [d for d, n in call.dims.items() if n.is_constant],
)
_RESIZED = Dims(
    "the dimensions that get another size",
    lambda call, out: [d for d, n in call.input.items() if out.get(d) != n],
)

_OVER, _INTO = "the dimensions that go in", "the dimensions that come out"

PRIMITIVES = (
    Primitive(
        name="merge",
        parameters=(
            Parameter(
                "over",
                "axes",
                doc="the dimensions that become one; the first letter is the slowest",
            ),
            Parameter("into", "axes", doc="the letter of the result, new or one of them"),
        ),
        shape=_merge_shape,
        role="rearrange",
        origins=_merged,
        over=(Over("moved", named("over")),),
        doc="""Several dimensions as one: `merge(@hw, @n)` makes a sequence of positions.

y[…, i·W + j] = x[…, i, j]. […, h, w] → […, n = h·w].""",
        source="einops: Rogozhnikov, Einops (2022)",
    ),
    Primitive(
        name="split",
        parameters=(
            Parameter("over", "axes", doc="the dimension that is cut"),
            Parameter(
                "into",
                "axes",
                doc=(
                    "the dimensions that come out; the first letter is the slowest, one may be that of `over`"
                ),
            ),
            Parameter("like", "like", None, "take the sizes from this tensor"),
        ),
        shape=_split_shape,
        like=_split_like,
        dims="int",
        role="rearrange",
        origins=_factors,
        over=(
            Over("moved", named("over"), words="where they are cut as they were merged"),
        ),
        doc="""One dimension as several: `split(@t, @ta, a = 8)`. One size may be left out and follows from
the rest.

y[…, i, j] = x[…, i·A + j]. […, t] → […, t = t / 8, a = 8].""",
        source="einops: Rogozhnikov, Einops (2022)",
    ),
    Primitive(
        name="rename",
        parameters=(
            Parameter("over", "axes", doc=_OVER),
            Parameter("into", "axes", doc=f"{_INTO}, in pairs with `over`"),
        ),
        shape=_rename_shape,
        role="rearrange",
        origins=_renamed,
        over=(Over("moved", named("over")),),
        doc="""Dimensions under other names, values untouched: `rename(@c, @s)`.

[…, c] → […, s = c].""",
        source="Chiang et al., Named Tensor Notation (2021)",
    ),
    Primitive(
        name="take",
        parameters=(),
        shape=_take_shape,
        dims="index",
        role="rearrange",
        origins=_taken,
        over=(Over("counted", _POSITIONS), Over("moved", _RANGES)),
        doc="""Some positions of a dimension: `take(n = 0)` one, which removes the dimension; `take(t = 0..x.t
- 1 by 8)` every eighth.

y[…, i] = x[…, start + i·step]. […, t] → [… ] or […, t = number of positions]. Positions count from 0, ranges
include both ends.""",
        source="Feichtenhofer et al., SlowFast (2019): time-strided sampling",
    ),
    Primitive(
        name="chunk",
        parameters=(
            Parameter(
                "index",
                "int",
                0,
                "which part; the compiler makes one operation for each",
                given=False,
            ),
        ),
        shape=_chunk_shape,
        dims="int",
        role="rearrange",
        origins=_part,
        over=(Over("moved", _KEYWORDS),),
        doc="""A dimension cut into equal parts, several tensors: `q, k, v = x -> chunk(c = 3)`.

y_i = x[…, i·c/3 .. (i+1)·c/3 − 1]. […, c] → […, c / 3], as many as parts.""",
        source=(
            "Vaswani et al., Attention Is All You Need (2017): queries, keys and values from one projection"
        ),
    ),
    Primitive(
        name="expand",
        parameters=(),
        shape=_expand_shape,
        dims="int",
        role="rearrange",
        doc="""The tensor repeated along a new dimension: `cls -> expand(t = 8)`.

y[…, i] = x[…]. […] → […, t = 8].""",
        source="Chiang et al., Named Tensor Notation (2021)",
    ),
    Primitive(
        name="pad",
        parameters=(),
        shape=_pad_shape,
        dims="amounts",
        role="rearrange",
        origins=_padding,
        over=(Over("moved", _SETTLED), Over("counted", _KEYWORDS, words="by a choice")),
        doc="""Zeros before and after: `pad(t = (0, -x.t % 8))` fills t up to a multiple of 8.

y[…, i] = x[…, i − low], 0 outside. […, t] → […, t + low + high].""",
        source="LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998)",
    ),
    Primitive(
        name="resize",
        parameters=(
            Parameter(
                "like",
                "like",
                None,
                "take t, h, w from this tensor, as far as both have them",
            ),
        ),
        shape=_resize_shape,
        like=_resize_like,
        dims="int",
        role="resize",
        origins=resized,
        over=(Over("counted", _RESIZED, "`resize` interpolates along it"),),
        doc="""Another resolution by linear interpolation, bilinear over h and w: `resize(h = 14, w = 14)`.

y[i] interpolates x at (i + ½) · n / n' − ½ (corners are not aligned). [t, h, w] → the sizes given; channels
never meet.""",
        source="Wang et al., AttentionNAS (2020), B.2",
    ),
    Primitive(
        name="shift",
        parameters=(
            Parameter("over", "axes", doc="the dimension along which channels move"),
            Parameter(
                "offset",
                "int",
                doc="from how many positions later they come; negative is earlier",
            ),
            Parameter("channels", "range", doc="which channels move; the others stay"),
        ),
        shape=_shift_shape,
        role="rearrange",
        over=(
            Over("counted", named("over")),
            Over("partly", letters("c"), attribute="channels"),
        ),
        doc="""Some channels taken from a neighbouring position: `shift(@t, 1, channels = 0..95)`.

y[c, i] = x[c, i + offset] for those channels, 0 outside; x[c, i] for the others. [c, over, …] → the same.""",
        source="Lin et al., TSM (2019); Bulat et al., X-ViT (2021)",
    ),
)
