"""The elimination order of the frontier: which choice is settled when, and what that is estimated to cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log2

from archdsl.ir.choice import Choice
from archdsl.ir.expr import Derived, Expr, Variable

_WINDOW = 12  # how far one move of the hill-climb carries a choice
_TRIALS = 4_000  # moves tried before the hill-climb settles


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of all factors as bit sets over choices and derived variables."""

    choices: tuple[Choice, ...]
    derived: tuple[Derived, ...]  # inner ones before those that read them
    definitions: tuple[int, ...]  # the scope of each derived variable
    factors: tuple[int, ...]
    bits: tuple[float, ...]  # log2 of the size of each variable, choices first


def scopes(exprs: Iterable[Expr], choices: Sequence[Choice]) -> Scopes:
    """The scopes of these expressions; `choices` lists every choice of the question."""
    derived: dict[Derived, None] = {}
    exprs = tuple(exprs)
    for expr in exprs:
        _collect(expr, derived)
    variables: list[Variable] = [*choices, *derived]
    place = {v: i for i, v in enumerate(variables)}
    definitions = tuple(_mask(d.expr, place) for d in derived)
    factors = {_mask(e, place) for e in exprs} | {m | 1 << place[d] for d, m in zip(derived, definitions, strict=True)}
    return Scopes(tuple(choices), tuple(derived), definitions, tuple(sorted(factors)), tuple(log2(v.size) for v in place))


def components(all_scopes: Scopes) -> list[list[int]]:
    """Choices that hang together, as lists of positions in program order; each list is a question of its own."""
    parts: list[int] = []
    for factor in [*all_scopes.factors, *(1 << i for i in range(len(all_scopes.choices)))]:
        apart = []
        for part in parts:
            if part & factor:
                factor |= part
            else:
                apart.append(part)
        parts = [*apart, factor]
    lists = [[i for i in range(len(all_scopes.choices)) if part >> i & 1] for part in parts]
    return sorted(part for part in lists if part)


def estimate(all_scopes: Scopes, order: Sequence[int]) -> float:
    """An upper estimate of the edges that this order makes."""
    return _edges(all_scopes, 0, order, {})


def climb(all_scopes: Scopes, order: Sequence[int]) -> list[int]:
    """A cheaper order: each choice in turn is moved where the estimate falls most, until nothing helps."""
    best = list(order)
    known: dict[int, float] = {}
    trials = 0
    improved = True
    while improved and trials < _TRIALS:
        improved = False
        for position in list(best):
            at = best.index(position)
            low, high = max(0, at - _WINDOW), min(len(best), at + _WINDOW + 1)
            before = sum(1 << p for p in best[:low])
            window = best[low:high]
            rest = [p for p in window if p != position]
            options = [rest[:i] + [position] + rest[i:] for i in range(len(window))]
            trials += len(options)
            costs = [_edges(all_scopes, before, option, known) for option in options]
            least = min(costs)
            if least < costs[at - low] * 0.999:
                best[low:high] = options[costs.index(least)]
                improved = True
    return best


def eager(all_scopes: Scopes, order: Sequence[int]) -> list[int]:
    """The order with every choice moved forward to where it ends all that it takes part in: it then adds no state."""
    result: list[int] = []
    placed = 0
    waiting = dict.fromkeys(order)
    while waiting:
        known = closure(all_scopes, placed)
        ready = [p for p in waiting if placed and _ends(all_scopes, known, p)] or [next(iter(waiting))]
        for position in ready:
            del waiting[position]
            result.append(position)
            placed |= 1 << position
    return result


def closure(all_scopes: Scopes, placed: int) -> int:
    """The variables known once these choices are: them, and the derived variables over them."""
    first = len(all_scopes.choices)
    for i, scope in enumerate(all_scopes.definitions):
        if scope & placed == scope:
            placed |= 1 << (first + i)
    return placed


def _ends(all_scopes: Scopes, known: int, position: int) -> bool:
    bit = 1 << position
    return all(not f & bit or not f & ~(known | bit) for f in all_scopes.factors)


def sequence(order: Sequence[Choice], derived: Sequence[Derived]) -> list[Variable]:
    """The order with every derived variable as soon as its value is known."""
    result: list[Variable] = []
    known: set[Variable] = set()
    waiting = list(derived)
    for choice in order:
        result.append(choice)
        known.add(choice)
        ready = True
        while ready:
            ready = False
            for variable in [d for d in waiting if all(v in known for v in d.expr.scope)]:
                result.append(variable)
                known.add(variable)
                waiting.remove(variable)
                ready = True
    return result


def _edges(all_scopes: Scopes, placed: int, order: Sequence[int], known: dict[int, float]) -> float:
    """The edges that these choices make after those that are placed: states times alternatives. `known` is a memo."""
    total = 0.0
    for position in order:
        bits = known.get(placed)
        if bits is None:
            bits = known[placed] = _open_bits(all_scopes, placed)
        total += 2.0 ** min(bits + all_scopes.bits[position], 200.0)
        placed |= 1 << position
    return total


def _open_bits(all_scopes: Scopes, placed: int) -> float:
    """The logarithm of the states: of the values of all variables that are known and still needed."""
    placed = closure(all_scopes, placed)
    open_variables = 0
    for factor in all_scopes.factors:
        if factor & ~placed:
            open_variables |= factor & placed
    bits = 0.0
    while open_variables:
        lowest = open_variables & -open_variables
        bits += all_scopes.bits[lowest.bit_length() - 1]
        open_variables ^= lowest
    return bits


def _mask(expr: Expr, place: dict[Variable, int]) -> int:
    return sum(1 << place[v] for v in expr.scope)


def _collect(expr: Expr, found: dict[Derived, None]) -> None:
    for variable in expr.scope:
        if isinstance(variable, Derived) and variable not in found:
            _collect(variable.expr, found)
            found[variable] = None
