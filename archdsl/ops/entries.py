"""What a compiled network may be fed: of each input the sizes that it depends on, checked once a call.

`fits` and `misfit` are also written into emitted Python files as they stand here, so they use nothing from
around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from archdsl.ir.graph import Graph, Input
from archdsl.ops.extents import Demands

Wanted: TypeAlias = tuple[int, int, int, int]
"""An axis, its size when compiled, the least size, and the step to others: 0 where there is no other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One input: the letters of its axes, what is wanted of their sizes, and the letters that an exported
    program leaves open.

        Of an open dimension only the least size is wanted. The batch is open and in neither.
    """

    name: str
    dims: str
    wanted: tuple[Wanted, ...]
    open: str

    def least(self, dim: str) -> int:
        """The smallest size of an open dimension."""
        return next(least for axis, _, least, _ in self.wanted if self.dims[axis] == dim)


def entries(graph: Graph, demands: Demands) -> tuple[Entry, ...]:
    """The inputs of a network of which computing it makes these demands."""
    return tuple(_entry(given, graph, demands) for given in graph.inputs)


def _entry(given: Input, graph: Graph, demands: Demands) -> Entry:
    wanted: list[Wanted] = []
    open_ = ""
    for axis, dim in enumerate(given.dims):
        if dim == "b":
            continue
        origin = given.name, dim
        fixed = origin in demands.fixed or origin in graph.read
        step = 0 if fixed else demands.step.get(origin, 1)
        wanted.append((axis, given.shape[dim].value, demands.least.get(origin, 1), step))
        if step == 1 and origin not in demands.guarded:
            open_ += dim
    return Entry(given.name, given.dims, tuple(wanted), open_)


def fits(wanted: Iterable[tuple[int, int, int, int]], shape: Sequence[int]) -> bool:
    """Whether a tensor has the sizes that are wanted: (axis, size when compiled, least size, step to others,
    0 for none).
    """
    for axis, size, least, step in wanted:
        given = shape[axis]
        if step == 0:
            if given != size:
                return False
        elif given < least or (step > 1 and (given - size) % step != 0):
            return False
    return True


def misfit(
    network: str,
    name: str,
    dims: str,
    wanted: Iterable[tuple[int, int, int, int]],
    shape: Sequence[int],
) -> str:
    """Why a network cannot be fed a tensor of this shape as the input `name`, whose axes have the letters
    `dims`.
    """
    fed = "x".join(
        "1" if dim == "b" else str(size) for dim, size in zip(dims, shape, strict=False)
    )
    if len(shape) != len(dims):
        return f"`{network}` takes `{name}` as [{', '.join(dims)}], and is fed {len(shape)} dimensions"
    found, known = [], []
    for axis, size, least, step in wanted:
        if not fits([(axis, size, least, step)], shape):
            first = least + (size - least) % max(step, 1)
            others = f" (or {first}, {first + step}, {first + 2 * step}, …)" if step else ""
            found.append(f"{dims[axis]} = {shape[axis]}")
            known.append(f"{dims[axis]} = {size}{others}")
    return (
        f"`{network}` is fed `{name}` with {', '.join(found)}, but was compiled for {', '.join(known)}; "
        "compile it for that size "
        f"by `--input {name}={fed}` (`inputs=` of `archdsl.load`) or, where a parameter decides it, by "
        "`--set`"
    )
