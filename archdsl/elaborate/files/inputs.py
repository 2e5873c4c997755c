"""Other sizes for the inputs of a network, in the forms in which callers give them.

"clip=1x3x16x224x224"                          as after `--input`; a list of such texts for several inputs
{"clip": "1x3x16x224x224"}                     all sizes in the order of the input's dimensions
{"clip": (1, 3, 16, 224, 224)}
{"clip": {"h": 224, "w": 224}}                 some of them by letter
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import index
from typing import Any, NoReturn, TypeAlias

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.suggestions import quoted
from archdsl.elaborate.evaluation.arguments import LARGEST
from archdsl.elaborate.evaluation.state import fail
from archdsl.ir.graph import Graph, Input

Given: TypeAlias = str | Sequence[int] | Mapping[str, int]
Inputs: TypeAlias = str | Sequence[str] | Mapping[str, Given]

_TEXT = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*([1-9]\d{0,9}(?:x[1-9]\d{0,9})*)\s*", re.ASCII)
_SIZES = re.compile(r"\s*[1-9]\d{0,9}(?:x[1-9]\d{0,9})*\s*", re.ASCII)
_EXAMPLE = "clip=1x3x16x224x224"


def by_input(inputs: Inputs) -> Mapping[str, Given]:
    """What is given of each input, texts as numbers. Raises DiagnosticError (E0907) for what is no such
    form.
    """
    if isinstance(inputs, Mapping):
        return {name: _numbers(name, given) for name, given in inputs.items()}
    if not isinstance(inputs, str | Sequence):
        _wrong(f"`inputs` is {inputs!r}")
    found: dict[str, Given] = {}
    for text in (inputs,) if isinstance(inputs, str) else inputs:
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if match is None or match[1] in found:
            fail(
                codes.BAD_INPUT,
                None,
                f"`--input {text}` {'is given twice' if match else 'is not a name and sizes'}",
                help=_hint(),
            )
        found[match[1]] = _numbers(match[1], match[2])
    return found


def sizes_of(inputs: Mapping[str, Given], graph: Graph) -> dict[str, dict[str, int]]:
    """The sizes by input and dimension, those that a network has already left out.

    Raises DiagnosticError (E0907) for inputs and dimensions that it does not have, and for what is no size.
    """
    known = {given.name: given for given in graph.inputs}
    found: dict[str, dict[str, int]] = {}
    for name, given in inputs.items():
        if name not in known:
            names = ", ".join(quoted(known))
            fail(
                codes.BAD_INPUT,
                None,
                f"`{graph.name}` has no input `{name}`",
                help=f"its inputs are {names}",
            )
        sizes = {
            dim: _size(name, dim, n) for dim, n in _by_dimension(known[name], given).items()
        }
        other = {dim: n for dim, n in sizes.items() if n != known[name].shape[dim].value}
        if other:
            found[name] = other
    return found


def _numbers(name: str, given: Any) -> Given:
    if isinstance(given, str):
        if _SIZES.fullmatch(given) is None:
            _wrong(f"the input `{name}` is given {given!r}, which are no sizes")
        return tuple(map(int, given.split("x")))
    if not isinstance(given, Mapping | Sequence):
        _wrong(f"the input `{name}` is given {given!r}, which are no sizes")
    return given


def _by_dimension(known: Input, given: Given) -> Mapping[str, int]:
    if isinstance(given, Mapping):
        for dim in given:
            if dim not in known.shape:
                dims = ", ".join(known.dims)
                message = (
                    f"the input `{known.name}` has no dimension `{dim}`; it is [{dims}]"
                )
                fail(codes.BAD_INPUT, None, message)
        return given
    assert not isinstance(given, str)
    if len(given) != len(known.dims):
        wanted = (
            f"`{known.name}` has the {len(known.dims)} dimensions {', '.join(known.dims)}"
        )
        fail(codes.BAD_INPUT, None, f"{wanted}, but {len(given)} sizes were given")
    return dict(zip(known.dims, given, strict=True))


def _size(name: str, dim: str, size: Any) -> int:
    """A size as a number. Raises DiagnosticError for anything but a whole number that a tensor can have."""
    try:
        number = index(size)
    except TypeError:
        number = None
    if number is None or isinstance(size, bool):
        _wrong(f"`{dim}` of the input `{name}` is {size!r}, which is not a whole number")
    if not 1 <= number <= LARGEST:
        fail(
            codes.BAD_INPUT,
            None,
            f"the size of `{dim}` is at least 1 and at most {LARGEST:,}, not {number}",
        )
    return number


def _wrong(message: str) -> NoReturn:
    fail(codes.BAD_INPUT, None, message, help=_hint())


def _hint() -> str:
    return f'write `--input {_EXAMPLE}`; from Python `inputs = "{_EXAMPLE}"`, or sizes by input and dimension'
