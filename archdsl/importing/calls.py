"""What lifting gives: applications of primitives to values, in the order of the source.

    Call("conv", inputs=(0,), args={"channels": 64, "kernel": 7, "stride": 2}, outputs=(1,),
         scope="", name="conv1", weights=(("weight", "conv1.weight"),))

Arguments are what a text would hold: numbers, truth, texts, `Letters` for `@hw`, `Span` for `0..7 by 2`, and
tuples. Defaults are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from archdsl.importing.captured import Source


@dataclass(frozen=True, slots=True)
class Letters:
    """`@hw`."""

    names: str


@dataclass(frozen=True, slots=True)
class Span:
    """`low..high by step`, both ends included."""

    low: int
    high: int
    step: int = 1


Literal: TypeAlias = int | float | bool | str | Letters | Span | tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Held:
    """A weight of a call: what it is called there, its key in the source, and whether it lies transposed
    there.
    """

    name: str
    key: str
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A primitive applied to values, which are numbers; a `param` has no inputs and its dimensions as
    `args`.

    `scope` is the module of the source that the call stands in, `name` that of the layer itself where it has
    weights.
    """

    op: str
    inputs: tuple[int, ...]
    args: Mapping[str, Literal]
    outputs: tuple[int, ...]
    scope: str = ""
    name: str = ""
    weights: tuple[Held, ...] = ()
    line: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Given:
    """An input of the network: its dimensions in the order in which callers pass them."""

    source: Source
    value: int
    letters: str
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Yielded:
    """An output of the network; `letters` in the order in which the source gives them."""

    name: str | None
    value: int
    letters: str


@dataclass(frozen=True, eq=False, slots=True)
class Lifted:
    """A network in primitives."""

    name: str
    inputs: tuple[Given, ...]
    calls: tuple[Call, ...]
    outputs: tuple[Yielded, ...]
    kinds: Mapping[str, str]
    sizes: Mapping[int, Mapping[str, int]] = field(repr=False)  # of each value, by letter
