"""Expressions over choices, each canonical: a table over the choices it really depends on.

Two expressions are equal exactly when they have the same value for every assignment, as long as their tables fit
`TABLE_LIMIT`. An operation whose joint table would not fit first replaces arguments by `Derived` variables (their
distinct values), so a size that sums or chains dozens of choices stays small: 24 stride choices make 25 values.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from operator import and_, itemgetter, or_
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from archdsl.ir.choice import Choice

TABLE_LIMIT = 65_536
_KEPT = 4_096  # ways of laying out tables up to this size are remembered
_PROMOTE_ABOVE = 1_024  # a joint table over this gives way to derived variables where those are few-valued

_serials = itertools.count(1)


class Undefined(Exception):
    """The value of an expression where it has none (a division by zero, say); also raised by lifted functions."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Undefined) and other.message == self.message

    def __hash__(self) -> int:
        return hash(self.message)


class TooWide(Exception):
    """A table over `TABLE_LIMIT` entries that no derived variable makes smaller."""

    def __init__(self, scope: tuple[Variable, ...]) -> None:
        super().__init__(f"an expression over {len(scope)} choices has more than {TABLE_LIMIT:,} values")
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Expr:
    """A value for every assignment of `scope`; `table` is row-major, the last variable fastest."""

    scope: tuple[Variable, ...]
    table: tuple[Any, ...]

    @property
    def is_constant(self) -> bool:
        return not self.scope

    @property
    def value(self) -> Any:
        """The value of a constant expression."""
        assert not self.scope, "only a constant has a value of its own"
        return self.table[0]

    def choices(self) -> tuple[Choice, ...]:
        """The choices under the scope, derived variables opened, in program order."""
        for variable in self.scope:
            if variable.__class__ is not Choice:
                break
        else:
            return self.scope  # type: ignore[return-value]  # a scope is in program order
        found: set[Choice] = set()
        _collect(self, found, set())
        return tuple(sorted(found, key=lambda c: c.order))

    def at(self, assignment: Mapping[Choice, int]) -> Any:
        """The value where each choice has the alternative with this index."""
        index = 0
        for variable in self.scope:
            index = index * variable.size + variable_index(variable, assignment)
        return self.table[index]

    def distinct(self) -> tuple[Any, ...]:
        """The distinct values, in order of first appearance (an upper bound where variables are derived)."""
        return tuple(dict.fromkeys(self.table))


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Derived:
    """A variable that stands for an expression: its domain is the expression's distinct values."""

    expr: Expr
    domain: tuple[Any, ...]
    codes: tuple[int, ...]  # index into `domain` for each entry of the expression's table
    rank: tuple[int, int] = field(default=(0, 0))

    @property
    def size(self) -> int:
        return len(self.domain)

    def values(self) -> tuple[Any, ...]:
        return self.domain


Variable: TypeAlias = Choice | Derived

_derived: WeakValueDictionary[Any, Derived] = WeakValueDictionary()


def variable_index(variable: Variable, assignment: Mapping[Choice, int]) -> int:
    """The index of a variable's value under an assignment of choices."""
    if isinstance(variable, Choice):
        return assignment[variable]
    index = 0
    for inner in variable.expr.scope:
        index = index * inner.size + variable_index(inner, assignment)
    return variable.codes[index]


def constant(value: Any) -> Expr:
    return Expr((), (value,))


TRUE, FALSE = constant(True), constant(False)


def of_choice(choice: Choice) -> Expr:
    """The value of the chosen alternative."""
    return _canonical((choice,), choice.values())


def index_of(choice: Choice) -> Expr:
    """The index of the chosen alternative."""
    return _canonical((choice,), tuple(range(choice.size)))


def lift(fn: Callable[..., Any], *args: Any) -> Expr:
    """`fn` applied pointwise: arguments that are not expressions are constants.

    Raises TooWide where the joint table cannot be kept within `TABLE_LIMIT`.
    """
    for a in args:
        if a.__class__ is Expr and a.scope:
            break
    else:
        return Expr((), (_call(fn, [a.table[0] if a.__class__ is Expr else a for a in args]),))
    return _pointwise(_call, fn, [a if isinstance(a, Expr) else Expr((), (a,)) for a in args])


def problems(expr: Expr) -> Expr:
    """The messages where an expression is undefined, None elsewhere."""
    return _canonical(expr.scope, tuple(v.message if isinstance(v, Undefined) else None for v in expr.table))


def _pointwise(call: Callable[[Callable[..., Any], Sequence[Any]], Any], fn: Callable[..., Any], exprs: list[Expr]) -> Expr:
    scope, exprs = _fitting(exprs)
    if not scope:
        return Expr((), (call(fn, [e.table[0] for e in exprs]),))
    columns = [spread(e, scope) for e in exprs]
    return _canonical(scope, tuple([call(fn, row) for row in zip(*columns, strict=True)]))


def _fitting(exprs: list[Expr]) -> tuple[tuple[Variable, ...], list[Expr]]:
    """The joint scope of the arguments, some of them through derived variables where the joint table is wide."""
    scope = union(exprs)
    size = prod(v.size for v in scope)
    if size > _PROMOTE_ABOVE:
        exprs = _promote(exprs, size)
        scope = union(exprs)
        if prod(v.size for v in scope) > TABLE_LIMIT:
            raise TooWide(scope)
    return scope, exprs


def where(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """`yes` where the condition holds, else `no`."""
    if condition.is_constant:
        return yes if condition.value else no
    return yes if yes == no else _pointwise(_lazily, _where, [condition, yes, no])


def select(index: Expr, options: Sequence[Expr]) -> Expr:
    """The option that the index points to."""
    if index.is_constant:
        chosen: Expr = options[index.value]
        return chosen
    if all(o == options[0] for o in options):
        return options[0]
    return _pointwise(_lazily, _select, [index, *options])


def both(a: Expr, b: Expr) -> Expr:
    if a.is_constant:
        return b if a.value else FALSE
    if b.is_constant:
        return a if b.value else FALSE
    return a if a == b else _logical(and_, _and, a, b)


def either(a: Expr, b: Expr) -> Expr:
    if a.is_constant:
        return TRUE if a.value else b
    if b.is_constant:
        return TRUE if b.value else a
    return a if a == b else _logical(or_, _or, a, b)


def _logical(whole: Callable[[bool, bool], bool], fn: Callable[[bool, bool], bool], a: Expr, b: Expr) -> Expr:
    """`fn` pointwise, by `whole` where nothing is undefined: guards are the widest tables that there are."""
    if not (_is_boolean(a) and _is_boolean(b)):
        return _pointwise(_lazily, fn, [a, b])
    scope, (one, other) = _fitting([a, b])
    return _canonical(scope, tuple(map(whole, spread(one, scope), spread(other, scope))))


def _is_boolean(expr: Expr) -> bool:
    return set(map(type, expr.table)) == {bool}


def negate(a: Expr) -> Expr:
    return lift(_not, a)


def product(factors: Iterable[Expr | int]) -> Expr:
    """The product of sizes."""
    result = constant(1)
    for factor in factors:
        result = lift(_mul, result, factor)
    return result


def restrict(expr: Expr, assignment: Mapping[Choice, int]) -> Expr:
    """The expression with some choices settled; derived variables that become narrow are opened again."""
    return _restrict(expr, assignment, {})


def depends(expr: Expr, order: Sequence[Variable] | None = None) -> dict[Choice, Expr]:
    """For each choice, whether the value still depends on it once the variables before it in `order` are settled.

    This is what makes a choice of an attribute active: asked in order, it is asked only where its answer matters.
    The order defaults to that of the scope. Where a derived variable is too wide to be opened, a choice under it
    counts where it changes the variable and the variable matters.
    """
    found: dict[Choice, Expr] = {}
    known: list[Variable] = []
    for variable in order if order is not None else expr.scope:
        matters = matters_given(expr, variable, known)
        known.append(variable)
        if isinstance(variable, Choice):
            found[variable] = either(found.get(variable, FALSE), matters)
        else:
            for choice, condition in depends(variable.expr).items():
                found[choice] = either(found.get(choice, FALSE), both(matters, condition))
    return found


def matters_given(expr: Expr, variable: Variable, known: Sequence[Variable]) -> Expr:
    """Where, by the values of `known`, the expression can still change with `variable`."""
    first = tuple(sorted(known, key=lambda v: v.rank))
    rest = tuple(v for v in expr.scope if v is not variable and v not in known)
    table = tuple(spread(expr, (*first, variable, *rest)))
    inner = prod(v.size for v in rest)
    width = variable.size * inner
    flags = []
    for start in range(0, len(table), width):
        row = table[start : start + inner]
        flags.append(any(table[k : k + inner] != row for k in range(start + inner, start + width, inner)))
    return _canonical(first, tuple(flags))


def union(exprs: Iterable[Expr]) -> tuple[Variable, ...]:
    """The joint scope, in order of rank."""
    scopes = [e.scope for e in exprs if e.scope]
    if not scopes:
        return ()
    first = scopes[0]
    if all(s == first for s in scopes):
        return first
    return tuple(sorted({v for s in scopes for v in s}, key=lambda v: v.rank))


def spread(expr: Expr, scope: tuple[Variable, ...]) -> Sequence[Any]:
    """The table of an expression laid out over a larger scope."""
    if expr.scope == scope:
        return expr.table
    strides: dict[Variable, int] = {}
    stride = 1
    for variable in reversed(expr.scope):
        strides[variable] = stride
        stride *= variable.size
    moves = tuple((strides.get(variable, 0), variable.size) for variable in scope)
    return _read(expr.table, moves) if prod(size for _, size in moves) <= _KEPT else [expr.table[i] for i in _indices(moves)]


def _read(table: tuple[Any, ...], moves: tuple[tuple[int, int], ...]) -> Sequence[Any]:
    reader = _reader(moves)
    return reader(table) if reader is not None else table


@lru_cache(maxsize=256)
def _reader(moves: tuple[tuple[int, int], ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
    """What lays a table out; None where it stays the single value that it is."""
    indices = _indices(moves)
    return itemgetter(*indices) if len(indices) > 1 else None


def _indices(moves: Iterable[tuple[int, int]]) -> list[int]:
    """Where each entry of the larger table stands in the smaller one: `moves` is how far each variable steps, and its size."""
    indices = [0]
    for step, size in moves:
        if step:
            steps = range(0, step * size, step)
            indices = [i + m for i in indices for m in steps]
        else:
            indices = [i for i in indices for _ in range(size)]
    return indices


def derive(expr: Expr) -> Expr:
    """The same values through a derived variable; equal expressions share it, so that equality stays semantic."""
    if len(expr.scope) <= 1:
        return expr
    values: Sequence[Any] = expr.table
    kinds = set(map(type, values))
    if len(kinds) > 1:  # 1, 1.0 and True are told apart
        values = list(zip(map(type, expr.table), expr.table, strict=True))
    numbers = {value: code for code, value in enumerate(dict.fromkeys(values))}
    codes = tuple(map(numbers.__getitem__, values))
    domain = tuple(numbers) if len(kinds) == 1 else tuple(v for _, v in numbers)
    cell = (expr.scope, codes, tuple(map(type, domain)), domain)
    variable = _derived.get(cell)
    if variable is None:
        variable = Derived(expr, domain, codes, (expr.scope[-1].rank[0], next(_serials)))
        _derived[cell] = variable
    return Expr((variable,), domain)


def opened(expr: Expr) -> Expr:
    """The expression without derived variables where its table over choices fits `TABLE_LIMIT`, else as it is."""
    if all(isinstance(v, Choice) for v in expr.scope) or prod(c.size for c in expr.choices()) > TABLE_LIMIT:
        return expr
    scope: tuple[Variable, ...] = expr.choices()
    columns = [spread(opened(Expr(v.expr.scope, v.codes)) if isinstance(v, Derived) else index_of(v), scope) for v in expr.scope]
    sizes = [v.size for v in expr.scope]
    table = []
    for row in zip(*columns, strict=True):
        at = 0
        for index, size in zip(row, sizes, strict=True):
            at = at * size + index
        table.append(expr.table[at])
    return _canonical(scope, tuple(table))


def _promote(exprs: list[Expr], size: int) -> list[Expr]:
    """Replaces the arguments with the best ratio of table to distinct values until the joint table is small."""
    candidates = sorted(
        (i for i, e in enumerate(exprs) if len(e.scope) > 1),
        key=lambda i: len(set(exprs[i].table)) / len(exprs[i].table),
    )
    for i in candidates:
        promoted = derive(exprs[i])
        trial = [promoted if e is exprs[i] or e == exprs[i] else e for e in exprs]
        smaller = prod(v.size for v in union(trial))
        if smaller < size:
            exprs, size = trial, smaller
        if size <= _PROMOTE_ABOVE:
            break
    return exprs


def _restrict(expr: Expr, assignment: Mapping[Choice, int], memo: dict[Derived, Expr]) -> Expr:
    if not expr.scope:
        return expr
    parts: list[Expr] = []  # the index of each variable, after restriction
    changed = False
    for variable in expr.scope:
        if isinstance(variable, Choice):
            if variable in assignment:
                parts.append(constant(assignment[variable]))
                changed = True
            else:
                parts.append(index_of(variable))
            continue
        if variable not in memo:
            memo[variable] = _restrict(Expr(variable.expr.scope, variable.codes), assignment, memo)
        inner = memo[variable]
        changed = changed or inner != Expr(variable.expr.scope, variable.codes)
        parts.append(inner)
    if not changed:
        return expr
    sizes = [v.size for v in expr.scope]
    table = expr.table

    def look_up(*indices: int) -> Any:
        at = 0
        for index, size in zip(indices, sizes, strict=True):
            at = at * size + index
        value = table[at]
        if isinstance(value, Undefined):
            raise value
        return value

    return lift(look_up, *parts)


def _canonical(scope: tuple[Variable, ...], table: tuple[Any, ...]) -> Expr:
    """Drops the variables that the table does not depend on."""
    stride = len(table)
    position = 0
    while position < len(scope):
        size = scope[position].size
        stride //= size
        if size == 1 or not _varies(table, stride, size):
            width = stride * size
            table = table if size == 1 else tuple(v for start in range(0, len(table), width) for v in table[start : start + stride])
            scope = scope[:position] + scope[position + 1 :]
        else:
            position += 1
    return Expr(scope, table)


def _varies(table: tuple[Any, ...], stride: int, size: int) -> bool:
    width = stride * size
    for start in range(0, len(table), width):
        first = table[start : start + stride]
        for k in range(start + stride, start + width, stride):
            if table[k : k + stride] != first:
                return True
    return False


def _call(fn: Callable[..., Any], row: Sequence[Any]) -> Any:
    try:
        for value in row:
            if value.__class__ is Undefined:
                return value
        return fn(*row)
    except Undefined as undefined:
        return undefined
    except ZeroDivisionError:
        return Undefined("division by zero")
    except (OverflowError, ValueError) as error:
        return Undefined(str(error))


def _lazily(fn: Callable[..., Any], row: Sequence[Any]) -> Any:
    """For functions that read only some of their arguments: what is not selected may be undefined."""
    return row[0] if row[0].__class__ is Undefined else fn(*row)


def _collect(expr: Expr, found: set[Choice], seen: set[Derived]) -> None:
    for variable in expr.scope:
        if isinstance(variable, Choice):
            found.add(variable)
        elif variable not in seen:
            seen.add(variable)
            _collect(variable.expr, found, seen)


def _where(condition: bool, yes: Any, no: Any) -> Any:
    return yes if condition else no


def _select(index: int, *options: Any) -> Any:
    return options[index]


def _and(a: bool, b: bool) -> bool:
    return a and b


def _or(a: bool, b: bool) -> bool:
    return a or b


def _not(a: bool) -> bool:
    return not a


def _mul(a: Any, b: Any) -> Any:
    return a * b
