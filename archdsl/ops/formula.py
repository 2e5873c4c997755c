"""What a formula of positions computes: the text that the primitive `const` holds, as calls of PyTorch.

`computation("(if (j > i) then (-inf) else 0)", {"i": 4, "j": 4})` is `torch.where` of `operator.gt` of the
positions along j, which lie along the second axis, and of those along i, along the first. Nothing here
imports PyTorch: one backend calls these functions, another writes them down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TypeAlias

from archdsl.diagnostics.source import Source
from archdsl.syntax import ast
from archdsl.syntax.parser import parse_expression

INFINITY = "inf"
LONGEST = 4096  # characters
DEEPEST = 100  # parentheses within each other
LARGEST = 1 << 24  # elements


@dataclass(frozen=True, slots=True)
class Positions:
    """0, 1, 2 … along one of several axes; every other axis has the size 1."""

    size: int
    axis: int
    rank: int

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple([self.size if axis == self.axis else 1 for axis in range(self.rank)])


@dataclass(frozen=True, slots=True)
class Computed:
    """A function by its qualified name, of what is computed before."""

    function: str
    args: tuple[Computation, ...]


Computation: TypeAlias = float | bool | Positions | Computed

_OPERATORS = {
    "+": "operator.add",
    "-": "operator.sub",
    "*": "operator.mul",
    "/": "operator.truediv",
    "//": "operator.floordiv",
    "%": "operator.mod",
    "==": "operator.eq",
    "!=": "operator.ne",
    "<": "operator.lt",
    "<=": "operator.le",
    ">": "operator.gt",
    ">=": "operator.ge",
    "and": "operator.and_",
    "or": "operator.or_",
}
_FUNCTIONS = {"int": "torch.trunc", "min": "torch.minimum", "max": "torch.maximum"}


@lru_cache(maxsize=64)
def _tree(text: str) -> ast.Expr:
    found, wrong = parse_expression(Source("formula", text))
    assert found is not None and not wrong, f"a formula that cannot be read: {text}"
    return found


def computation(text: str, sizes: Mapping[str, int]) -> Computation:
    """The calls that a formula means over dimensions of these sizes, the first on the first axis."""
    dims = tuple(sizes)
    positions = {d: Positions(sizes[d], axis, len(dims)) for axis, d in enumerate(dims)}
    return _computed(_tree(text), positions)


def _computed(node: ast.Expr, positions: Mapping[str, Positions]) -> Computation:
    match node:
        case ast.Int() | ast.Float() | ast.Bool():
            return node.value
        case ast.Ref():
            return inf if node.name == INFINITY else positions[node.name]
        case ast.Unary():
            return _unary(node, positions)
        case ast.Binary():
            sides = _computed(node.left, positions), _computed(node.right, positions)
            return Computed(_OPERATORS[node.op], sides)
        case ast.Conditional():
            parts = [
                _computed(part, positions) for part in (node.test, node.value, node.orelse)
            ]
            return Computed("torch.where", (_tensor(parts[0], positions), *parts[1:]))
        case ast.Call(callee=ast.Ref(name=name)):
            args = [_computed(arg.value, positions) for arg in node.args]
            return _called(name, [_tensor(arg, positions) for arg in args])
    raise AssertionError(f"no part of a formula: {type(node).__name__}")


def _unary(node: ast.Unary, positions: Mapping[str, Positions]) -> Computation:
    inner = _computed(node.operand, positions)
    if node.op == "-" and isinstance(inner, float | int):
        return -inner
    return Computed("operator.neg" if node.op == "-" else "torch.logical_not", (inner,))


def _called(name: str, args: list[Computation]) -> Computation:
    """Several arguments are taken two by two."""
    function = _FUNCTIONS.get(name, f"torch.{name}")
    found = args[0] if len(args) > 1 else Computed(function, (args[0],))
    if len(args) == 1 and name in ("min", "max"):
        return args[0]
    for arg in args[1:]:
        found = Computed(function, (found, arg))
    return found


def _tensor(part: Computation, positions: Mapping[str, Positions]) -> Computation:
    """A number as a tensor, for functions that take nothing else: itself and nothing of a position."""
    if not isinstance(part, float | int):
        return part
    if isinstance(part, bool):
        return Computed("operator.eq", (_zero(positions), 0 if part else 1))
    return Computed("operator.add", (_zero(positions), part))


def _zero(positions: Mapping[str, Positions]) -> Computation:
    return Computed("operator.mul", (next(iter(positions.values())), 0))
