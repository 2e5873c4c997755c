"""Expressions over choices, each canonical: a table over the choices it really depends on, or a decision
diagram.

`conv(width * 2)` with width ~ [8, 16] has channels over one choice, the table (16, 32). Up to TABLED entries
an expression is such a table; beyond, it is a diagram (`archdsl.ir.decision`), which stays small where a
table would not. Either way two expressions are equal exactly when they have the same value for every
assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from operator import and_, itemgetter, or_
from typing import Any

from archdsl.diagnostics.diagnostic import Code
from archdsl.diagnostics.source import Span
from archdsl.ir import decision
from archdsl.ir.choice import Choice
from archdsl.ir.decision import Diagram, Leaf, TooWide
from archdsl.ir.undefined import Undefined
from archdsl.ir.work import spend

TABLED = 1_024  # entries up to which an expression is a table
TABLE_LIMIT = (
    65_536  # entries of the largest table that is made of a diagram where one is asked for
)
_KEPT = 4_096  # ways of laying out tables up to this size are remembered

__all__ = ["FALSE", "TABLE_LIMIT", "TRUE", "Expr", "TooWide", "Undefined"]


class Expr:
    """A value for every assignment of `scope`: the choices that it depends on, in program order."""

    __slots__ = ("_hash", "_root", "_table", "scope")

    scope: tuple[Choice, ...]

    def __init__(
        self,
        scope: tuple[Choice, ...],
        table: tuple[Any, ...] | None,
        root: Diagram | None = None,
    ) -> None:
        self.scope = scope
        self._table = table
        self._root = root
        self._hash: int | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Expr) or self.scope != other.scope:
            return False
        if self._table is None:
            return self._root is other._root
        return self._table == other._table

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(
                (self.scope, self._table) if self._table is not None else self._root
            )
        return self._hash

    def __repr__(self) -> str:
        paths = ", ".join([c.path for c in self.scope])
        return (
            f"Expr({paths}: {self._table})"
            if self._table is not None
            else f"Expr({paths}: a diagram)"
        )

    @property
    def is_constant(self) -> bool:
        return not self.scope

    @property
    def value(self) -> Any:
        """The value of a constant expression."""
        assert not self.scope, "only a constant has a value of its own"
        assert self._table is not None
        return self._table[0]

    @property
    def table(self) -> tuple[Any, ...]:
        """Every value, row-major, the last choice fastest. Raises TooWide for one of more than TABLE_LIMIT
        entries.
        """
        if self._table is not None:
            return self._table
        if not fits(self.scope):
            raise TooWide(
                self.scope,
                f"a table over {len(self.scope)} choices has more than {TABLE_LIMIT:,} entries",
            )
        return decision.to_table(self.root, self.scope)

    @property
    def root(self) -> Diagram:
        """The same as a diagram."""
        if self._root is None:
            assert self._table is not None
            self._root = decision.from_table(self.scope, self._table)
        return self._root

    @property
    def is_tabled(self) -> bool:
        """Whether it is kept as a table."""
        return self._table is not None

    @property
    def weight(self) -> int:
        """How much there is of it: entries of a table, nodes of a diagram."""
        return (
            len(self._table)
            if self._table is not None
            else len(decision.nodes_of(self.root))
        )

    @property
    def first(self) -> Any:
        """The value where every choice has its first alternative."""
        if self._table is not None:
            return self._table[0]
        return decision.at(self.root, dict.fromkeys(self.scope, 0))

    def choices(self) -> tuple[Choice, ...]:
        """The choices that it depends on, in program order."""
        return self.scope

    def at(self, assignment: Mapping[Choice, int]) -> Any:
        """The value where each choice has the alternative with this index."""
        if self._table is None:
            return decision.at(self.root, assignment)
        index = 0
        for choice in self.scope:
            index = index * choice.size + assignment[choice]
        return self._table[index]

    def distinct(self) -> tuple[Any, ...]:
        """The distinct values, in order of first appearance."""
        table = self._table
        if table is None:
            return decision.values(self.root)
        return table if len(table) == 1 else tuple(dict.fromkeys(table))

    @property
    def is_partial(self) -> bool:
        """Whether it is undefined somewhere."""
        table = self._table
        if table is None:
            return self.root.partial
        if len(table) == 1:
            return table[0].__class__ is Undefined
        return Undefined in set(map(type, table))


def constant(value: Any) -> Expr:
    """The expression that has one value everywhere. Common ones are one object, so that calls of a primitive
    on the same sizes are known by identity.
    """
    kind = value.__class__
    if kind in _COMMON or (kind is tuple and set(map(type, value)) == {int}):
        return _common(value)
    return Expr((), (value,))


# 1, 1.0 and True are told apart by `typed`; 0.0 and -0.0 could not be.
_COMMON = frozenset({int, bool, str, type(None)})


@lru_cache(maxsize=4_096, typed=True)
def _common(value: Any) -> Expr:
    return Expr((), (value,))


TRUE, FALSE = constant(True), constant(False)


def of_choice(choice: Choice) -> Expr:
    """The value of the chosen alternative."""
    return of_table((choice,), choice.values())


def index_of(choice: Choice) -> Expr:
    """The index of the chosen alternative."""
    return of_table((choice,), tuple(range(choice.size)))


def fits(scope: Iterable[Choice]) -> bool:
    """Whether a table over these choices has at most TABLE_LIMIT entries."""
    return prod([c.size for c in scope]) <= TABLE_LIMIT


def of_diagram(root: Diagram) -> Expr:
    """The expression of a diagram: a table again, if that is small."""
    scope = decision.support(root)
    if prod([c.size for c in scope]) <= TABLED:
        return Expr(scope, decision.to_table(root, scope), root)
    return Expr(scope, None, root)


def lift(fn: Callable[..., Any], *args: Any) -> Expr:
    """`fn` applied pointwise: arguments that are not expressions are constants.

    Raises TooWide where the diagram of the result is too large.
    """
    for a in args:
        if a.__class__ is Expr and a.scope:
            break
    else:
        return constant(_call(fn, [a.value if a.__class__ is Expr else a for a in args]))
    exprs = [a if a.__class__ is Expr else Expr((), (a,)) for a in args]
    scope = _small(exprs)
    if scope is None and len(exprs) == 1:
        return of_diagram(
            decision.replaced(exprs[0].root, lambda value: _call(fn, (value,)))
        )
    if scope is None:
        settle = decision.pointwise(lambda row: _call(fn, row))
        return of_diagram(decision.combine(settle, [e.root for e in exprs]))
    columns = [spread(e, scope) for e in exprs]
    table = tuple([_call(fn, row) for row in zip(*columns, strict=True)])
    spend(len(table) // 4)
    return _tabled(scope, table)


def each(fn: Callable[[Any], Any], expr: Expr) -> Expr:
    """`fn` of every value, undefined ones (as `Undefined`) too."""
    if expr._table is not None:
        return _tabled(expr.scope, tuple(map(fn, expr._table)))
    return of_diagram(decision.replaced(expr.root, fn))


def test(fn: Callable[..., bool], *args: Any) -> Expr:
    """A condition `fn` pointwise that does not hold where an argument is undefined."""
    return mend(lift(fn, *args), False)


def mend(expr: Expr, otherwise: Any) -> Expr:
    """The expression with a value where it has none."""
    if not expr.is_partial:
        return expr
    return each(lambda value: otherwise if value.__class__ is Undefined else value, expr)


def placed(expr: Expr, span: Span | None, code: Code, help: str | None = None) -> Expr:
    """The expression with a place for what is undefined and has none yet."""
    if not expr.is_partial:
        return expr
    return each(
        lambda value: (
            value.placed(span, code, help) if value.__class__ is Undefined else value
        ),
        expr,
    )


def _small(exprs: Sequence[Expr]) -> tuple[Choice, ...] | None:
    """The joint scope of the arguments; None where the joint table would be large."""
    for e in exprs:
        if e._table is None:
            return None
    scope = union(exprs)
    return scope if prod([c.size for c in scope]) <= TABLED else None


def where(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """`yes` where the condition holds, else `no`."""
    if condition.is_constant and condition.is_partial:
        return condition
    if condition.is_constant:
        return yes if condition.value else no
    if yes == no:
        return yes
    return select(lift(_side, condition), (yes, no))


def select(index: Expr, options: Sequence[Expr]) -> Expr:
    """The option that the index points to; what is not selected may be undefined."""
    if index.is_constant:
        return index if index.is_partial else options[index.value]
    if all(o == options[0] for o in options) and not index.is_partial:
        return options[0]
    exprs = [index, *options]
    scope = _small(exprs)
    if scope is None:
        return of_diagram(decision.combine(decision.selection, [e.root for e in exprs]))
    columns = [spread(e, scope) for e in exprs]
    spend(len(columns[0]) * len(columns) // 32)
    return _tabled(scope, tuple(map(_selected, zip(*columns, strict=True))))


def _selected(row: Sequence[Any]) -> Any:
    """Of an index and the options, the option."""
    index = row[0]
    return index if index.__class__ is Undefined else row[1 + index]


def both(a: Expr, b: Expr) -> Expr:
    """`a and b`; b may be undefined where a is false."""
    if a.is_constant and a.is_partial:
        return a
    if a.is_constant:
        return b if a.value else FALSE
    if b.is_constant and not b.is_partial and (b.value or not a.is_partial):
        return a if b.value else FALSE
    return a if a == b else _logical(and_, _and, decision.conjunction, a, b)


def either(a: Expr, b: Expr) -> Expr:
    """`a or b`; b may be undefined where a is true."""
    if a.is_constant and a.is_partial:
        return a
    if a.is_constant:
        return TRUE if a.value else b
    if b.is_constant and not b.is_partial and not (b.value and a.is_partial):
        return TRUE if b.value else a
    return a if a == b else _logical(or_, _or, decision.disjunction, a, b)


def _logical(
    whole: Callable[[bool, bool], bool],
    fn: Callable[[bool, bool], bool],
    settle: Callable[[tuple[Diagram, ...]], Diagram | None],
    a: Expr,
    b: Expr,
) -> Expr:
    """`fn` pointwise, by `whole` where nothing is undefined: guards are the widest functions that there
    are. What is live is asked again and again, so what was found is remembered with the first choice.
    """
    scope = _small((a, b))
    if scope is None:
        return _joined(settle, a.root, b.root)
    spend(prod([c.size for c in scope]) // 8)
    if a.is_partial or b.is_partial:
        rows = zip(spread(a, scope), spread(b, scope), strict=True)
        return _tabled(
            scope, tuple([x if x.__class__ is Undefined else fn(x, y) for x, y in rows])
        )
    key = settle, a, b
    known: Expr | None = scope[0].joined.get(key)
    if known is None:
        table = tuple(map(whole, spread(a, scope), spread(b, scope)))
        known = scope[0].joined[key] = _tabled(scope, table)
    return known


def _joined(
    settle: Callable[[tuple[Diagram, ...]], Diagram | None], one: Diagram, other: Diagram
) -> Expr:
    """`and` or `or` of wide conditions, once for each two."""
    if isinstance(one, Leaf):
        return of_diagram(decision.combine(settle, (one, other)))
    key = settle, one, other
    known: Expr | None = one.choice.joined.get(key)
    if known is None:
        known = one.choice.joined[key] = of_diagram(decision.combine(settle, (one, other)))
    return known


def negate(a: Expr) -> Expr:
    return lift(_not, a)


def product(factors: Iterable[Expr | int]) -> Expr:
    """The product of sizes."""
    result: Expr | None = None
    for factor in factors:
        one = factor if isinstance(factor, Expr) else constant(factor)
        result = one if result is None else lift(_mul, result, one)
    return constant(1) if result is None else result


def restrict(expr: Expr, assignment: Mapping[Choice, int]) -> Expr:
    """The expression with some choices settled."""
    settled = [c for c in expr.scope if c in assignment]
    if not settled:
        return expr
    if expr._table is None:
        return of_diagram(decision.restricted(expr.root, assignment))
    rest = tuple([c for c in expr.scope if c not in assignment])
    table = spread(expr, (*settled, *rest))
    position = 0
    for choice in settled:
        position = position * choice.size + assignment[choice]
    width = prod([c.size for c in rest])
    return _tabled(rest, tuple(table[position * width : (position + 1) * width]))


def varies(expr: Expr, choice: Choice) -> Expr:
    """Where, by the other choices, the expression has different values for some answers to this one."""
    if choice not in expr.scope:
        return FALSE
    if len(expr.scope) == 1:
        return TRUE
    if expr._table is None:
        return of_diagram(decision.varies(expr.root, choice))
    rest = tuple([c for c in expr.scope if c is not choice])
    table = spread(expr, (choice, *rest))
    width = len(table) // choice.size
    rows = [table[k : k + width] for k in range(0, len(table), width)]
    return _tabled(
        rest, tuple([len(set(column)) > 1 for column in zip(*rows, strict=True)])
    )


def somewhere(condition: Expr, choices: Iterable[Choice]) -> Expr:
    """Whether a condition holds for some answers to these choices, by the answers to the others."""
    asked = frozenset(choices).intersection(condition.scope)
    if not asked:
        return condition
    if len(asked) == len(condition.scope):
        return TRUE  # it depends on them, so it holds somewhere
    if condition._table is None:
        return of_diagram(decision.somewhere(condition.root, asked))
    rest = tuple([c for c in condition.scope if c not in asked])
    table = spread(condition, (*rest, *[c for c in condition.scope if c in asked]))
    width = len(table) // prod([c.size for c in rest])
    return _tabled(
        rest, tuple([True in table[k : k + width] for k in range(0, len(table), width)])
    )


def union(exprs: Iterable[Expr]) -> tuple[Choice, ...]:
    """The joint scope, in program order."""
    scopes = [e.scope for e in exprs if e.scope]
    if not scopes:
        return ()
    first = scopes[0]
    if all(s == first for s in scopes):
        return first
    joint: set[Choice] = set()
    joint.update(*scopes)
    return tuple(sorted(joint, key=_order))


def spread(expr: Expr, scope: tuple[Choice, ...]) -> Sequence[Any]:
    """The table of an expression laid out over a larger scope, or one in another order."""
    table = expr.table
    if expr.scope == scope:
        return table
    strides: dict[Choice, int] = {}
    stride = 1
    for choice in reversed(expr.scope):
        strides[choice] = stride
        stride *= choice.size
    moves = tuple([(strides.get(choice, 0), choice.size) for choice in scope])
    if prod([size for _, size in moves]) <= _KEPT:
        return _read(table, moves)
    return [table[i] for i in _indices(moves)]


def _read(table: tuple[Any, ...], moves: tuple[tuple[int, int], ...]) -> Sequence[Any]:
    reader = _reader(moves)
    return reader(table) if reader is not None else table


@lru_cache(maxsize=256)
def _reader(
    moves: tuple[tuple[int, int], ...],
) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
    """What lays a table out; None where it stays the single value that it is."""
    indices = _indices(moves)
    return itemgetter(*indices) if len(indices) > 1 else None


def _indices(moves: Iterable[tuple[int, int]]) -> list[int]:
    """Where each entry of the larger table stands in the smaller one: `moves` is how far each choice steps,
    and its size.
    """
    indices = [0]
    for step, size in moves:
        if step:
            steps = range(0, step * size, step)
            indices = [i + m for i in indices for m in steps]
        else:
            indices = [i for i in indices for _ in range(size)]
    return indices


def of_table(scope: tuple[Choice, ...], table: tuple[Any, ...]) -> Expr:
    """The expression of a table over choices in program order, of at most TABLE_LIMIT entries."""
    if len(table) <= TABLED:
        return _tabled(scope, table)
    return of_diagram(decision.from_table(scope, table))


def _tabled(scope: tuple[Choice, ...], table: tuple[Any, ...]) -> Expr:
    """Drops the choices that the table does not depend on."""
    stride = len(table)
    position = 0
    while position < len(scope):
        size = scope[position].size
        stride //= size
        if size == 1 or not _differs(table, stride, size):
            if size > 1:
                width = stride * size
                kept: list[Any] = []
                for start in range(0, len(table), width):
                    kept.extend(table[start : start + stride])
                table = tuple(kept)
            scope = scope[:position] + scope[position + 1 :]
        else:
            position += 1
    return Expr(scope, table)


def _differs(table: tuple[Any, ...], stride: int, size: int) -> bool:
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


def _order(choice: Choice) -> int:
    return choice.order


def _side(condition: bool) -> int:
    return 0 if condition else 1


def _and(a: bool, b: bool) -> bool:
    return a and b


def _or(a: bool, b: bool) -> bool:
    return a or b


def _not(a: bool) -> bool:
    return not a


def _mul(a: Any, b: Any) -> Any:
    return a * b
