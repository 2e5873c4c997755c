"""Where positions of a result come from, what is done over those of the inputs, how weights lie along both.

`[x, y] -> concat(@c)`, x of 8 channels and y of 16, has `c` from `Ended(((0, "c"), (1, "c")))`: position 3 of
the result is position 3 of x, position 10 is position 2 of y. `x -> conv(32, 3)` has `c` from `New()`; over
the `c` of x it sums, along t, h and w a window moves; its weight lies along `Made("c")`, `Read("c")` and then
its window.

Who follows channels (labels in a diff, windows and masks in a supergraph) reads this, and knows no primitive
by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from archdsl.ir.expr import Expr
from archdsl.ir.graph import Shape
from archdsl.ops.call import Call

Place: TypeAlias = tuple[int, str]  # an input by its number, and a dimension of it


# -- where the positions of a dimension come from --------------------------------------------


@dataclass(frozen=True, slots=True)
class Same:
    """Those of an input, one for one: of the first of `places`; the inputs behind it lie alike."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class New:
    """A width: each position is a row of a weight that reads all of the input."""


@dataclass(frozen=True, slots=True)
class Own:
    """The positions of a learnable tensor, which are told apart by their number alone."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Those of several inputs end to end; None is a single position of an input that lacks the dimension."""

    parts: tuple[Place | None, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """All combinations of the positions of several dimensions of the first input, the first the slowest."""

    dims: str


@dataclass(frozen=True, slots=True)
class Factor:
    """One of the dimensions `into` that a dimension of the first input is cut into."""

    dim: str
    into: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Some positions of a dimension of the first input, which a range counts."""

    dim: str
    positions: Expr


@dataclass(frozen=True, slots=True)
class Part:
    """One of `count` equal parts of a dimension of the first input."""

    dim: str
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Padded:
    """A dimension of the first input with zeros before and after."""

    dim: str
    amounts: Expr


Origin: TypeAlias = Same | New | Own | Ended | Merged | Factor | Taken | Part | Padded
Origins: TypeAlias = Mapping[
    str, Origin
]  # by dimension of the result; nobody follows one that is left out


def through(call: Call, out: Shape) -> Origins:
    """Every dimension as the inputs that have it."""
    if len(call.inputs) == 1:
        there = call.inputs[0]
        return _of_the_first(
            "".join(out if out.keys() == there.keys() else [d for d in out if d in there])
        )
    found: dict[str, Origin] = {}
    for dim in out:
        places = tuple((i, dim) for i, one in enumerate(call.inputs) if dim in one)
        if places:
            found[dim] = Same(places)
    return found


@lru_cache(maxsize=256)
def _of_the_first(dims: str) -> Origins:
    return {dim: Same(((0, dim),)) for dim in dims}


def resized(call: Call, out: Shape) -> Origins:
    """As `through`, but where a dimension has another size than before."""
    there = call.input
    return _of_the_first(
        "".join([d for d, n in out.items() if d in there and _is_as(n, there[d])])
    )


def _is_as(a: Expr, b: Expr) -> bool:
    return a is b or a == b


# -- what is done over the dimensions of the inputs --------------------------------------------

Deed: TypeAlias = Literal[
    "summed",  # with a weight or a partner: a position that is zero drops out
    "counted",  # what becomes of a position depends on its number
    "statistics",  # a mean, a variance, a largest: all positions count
    "moved",  # the positions go where the origins say
    "partly",  # only the positions that an attribute counts are changed, each by itself
]


@dataclass(frozen=True, slots=True)
class Dims:
    """Some dimensions of an input, by a rule; `words` says which on the page of the primitives."""

    words: str
    of: Callable[[Call, Shape], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Over:
    """What a primitive does over some dimensions of its inputs; all others are left alone.

    `inputs` are those of which that holds, None for all. `when` says for which calls, in `words` on the page.
    `why` is what an error says where positions that are not there would count; `attribute` is the one that
    counts for `partly`.
    """

    deed: Deed
    dims: Dims
    why: str = ""
    inputs: tuple[int, ...] | None = None
    when: Callable[[Call, Shape], bool] | None = None
    words: str = ""
    attribute: str = ""


def letters(dims: str) -> Dims:
    """Dimensions by their names."""
    return Dims(", ".join(f"`{d}`" for d in dims), lambda call, out: dims)


def named(parameter: str) -> Dims:
    """The dimensions that a parameter of kind `axes` names."""
    return Dims(
        f"the dimensions of `{parameter}`",
        lambda call, out: call.attrs[parameter].value or "",
    )


def others(dim: str) -> Dims:
    """All dimensions but one."""
    return Dims(f"all but `{dim}`", lambda call, out: [d for d in call.input if d != dim])


def done(overs: Sequence[Over], call: Call, out: Shape) -> Mapping[Place, Over]:
    """By input and dimension what is done there; the first of `overs` that speaks of it counts."""
    found: dict[Place, Over] = {}
    for over in overs:
        if over.when is not None and not over.when(call, out):
            continue
        wanted = set(over.dims.of(call, out))
        for i, one in enumerate(call.inputs):
            if over.inputs is None or i in over.inputs:
                for dim in one:
                    if dim in wanted:
                        found.setdefault((i, dim), over)
    return found


# -- how weights lie --------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    """Along a dimension of the result."""

    dim: str


@dataclass(frozen=True, slots=True)
class Read:
    """Along dimensions of the first input, all combinations of them."""

    dims: str


@dataclass(frozen=True, slots=True)
class Within:
    """Along a window, which lies along a dimension."""

    dim: str


Lie: TypeAlias = Made | Read | Within | None  # None: by a size of its own
Lies: TypeAlias = Mapping[
    str, tuple[Lie, ...]
]  # by the name of the weight, an entry for each of its axes


def apart(call: Call, out: Shape) -> Lies:
    """Weights whose axes have nothing to do with the tensors."""
    return {}
