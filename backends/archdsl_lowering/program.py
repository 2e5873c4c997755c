"""A model as a list of calls, without PyTorch: what both the fx module and the Python source are made
from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from archdsl.ir.graph import Init
from archdsl.ir.instance import Instance
from archdsl.ops.entries import Entry
from archdsl_lowering.rows.layers import Module

Kind = Literal["input", "weight", "module", "function", "method"]


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of the instruction with this index."""

    index: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an instruction comes from: the op's path and primitive, its place as `file:line:col`, and the
    scope it runs in.
    """

    path: str
    primitive: str
    span: str
    scope: Instance


@dataclass(frozen=True, slots=True)
class Instruction:
    """One node: `target` is the name of an input, the key of a weight, the path of a module, or the name of a
    function or method.

    Arguments are plain values in which `Ref`s stand for results; `name` is a legible suggestion for a
    variable.
    """

    kind: Kind
    target: str
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]
    name: str
    origin: Origin | None = None

    def reads(self) -> list[int]:
        """The indices of the results in its arguments, in order."""
        return references((self.args, self.kwargs))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A weight by its key: its shape and how it starts."""

    shape: tuple[int, ...]
    init: Init


@dataclass(frozen=True, slots=True)
class Program:
    """A model without choices. Inputs come first; the instructions of a scope lie together.

    `modules` are by path, `weights` by `state_dict` key, those of modules included; `dissolved` are the
    scopes whose instructions do not lie together because something outside depends on one part of them and
    feeds another. `entries` are what the inputs may be.
    """

    name: str
    instructions: tuple[Instruction, ...]
    outputs: tuple[Ref, ...]
    modules: Mapping[str, Module]
    weights: Mapping[str, Parameter]
    root: Instance
    dissolved: frozenset[Instance]
    entries: tuple[Entry, ...]


def references(value: Any) -> list[int]:
    """The indices of all results within an argument, in order."""
    if isinstance(value, Ref):
        return [value.index]
    if isinstance(value, tuple):
        return list(chain.from_iterable(map(references, value)))
    if isinstance(value, slice):
        return references((value.start, value.stop, value.step))
    return []


def substitute(value: Any, replace: Callable[[Ref], Any]) -> Any:
    """An argument with every `Ref` replaced by what the function `replace` makes of it."""
    if isinstance(value, Ref):
        return replace(value)
    if isinstance(value, tuple):
        return tuple(substitute(part, replace) for part in value)
    if isinstance(value, slice):
        return slice(
            *(substitute(part, replace) for part in (value.start, value.stop, value.step))
        )
    return value
