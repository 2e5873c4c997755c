"""The elimination order of the frontier: which choice is settled when, and what that is estimated to cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log2

from archdsl.ir.choice import Choice
from archdsl.ir.decision import nodes_of
from archdsl.ir.expr import Expr

_WINDOW = 12  # how far one move of the hill-climb carries a choice
_TRIALS = 4_000  # moves tried before the hill-climb settles


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of all factors as bit sets over choices."""

    choices: tuple[Choice, ...]
    factors: tuple[int, ...]
    widths: tuple[
        float, ...
    ]  # of each factor, log2 of the residual functions that it can have at one time, about
    bits: tuple[float, ...]  # log2 of the size of each choice


def scopes(exprs: Iterable[Expr], choices: Sequence[Choice]) -> Scopes:
    """The scopes of these expressions; `choices` lists every choice of the question."""
    place = {choice: i for i, choice in enumerate(choices)}
    widths: dict[int, float] = {}
    for expr in exprs:
        mask = sum([1 << place[choice] for choice in expr.scope])
        widths[mask] = widths.get(mask, 0.0) + _width(expr)
    masks = sorted(widths)
    return Scopes(
        tuple(choices),
        tuple(masks),
        tuple([widths[m] for m in masks]),
        tuple([log2(c.size) for c in choices]),
    )


def _width(expr: Expr) -> float:
    """log2 of the residual functions of an expression; of a table, what its entries allow."""
    if expr.is_tabled:
        return log2(len(expr.table))
    level = Counter([node.rank for node in nodes_of(expr.root)])
    return log2(1 + max(level.values()))


def components(all_scopes: Scopes) -> list[list[int]]:
    """Choices that hang together, as lists of positions in program order; each list is a question of its
    own.
    """
    parts: list[int] = []
    for factor in [*all_scopes.factors, *(1 << i for i in range(len(all_scopes.choices)))]:
        apart = []
        for part in parts:
            if part & factor:
                factor |= part
            else:
                apart.append(part)
        parts = [*apart, factor]
    return sorted(filter(None, map(_positions, parts)))


def _positions(mask: int) -> list[int]:
    """Which bits are set."""
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


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
    """The order with every choice moved forward to where it ends all that it takes part in: it then adds no
    state.
    """
    result: list[int] = []
    placed = 0
    waiting = dict.fromkeys(order)
    while waiting:
        ready = [p for p in waiting if placed and _ends(all_scopes, placed, p)] or [
            next(iter(waiting))
        ]
        for position in ready:
            del waiting[position]
            result.append(position)
            placed |= 1 << position
    return result


def _ends(all_scopes: Scopes, known: int, position: int) -> bool:
    bit = 1 << position
    return all(not f & bit or not f & ~(known | bit) for f in all_scopes.factors)


def _edges(
    all_scopes: Scopes, placed: int, order: Sequence[int], known: dict[int, float]
) -> float:
    """The edges that these choices make after those that are placed: states times alternatives. `known` is a
    memo.
    """
    total = 0.0
    for position in order:
        bits = known.get(placed)
        if bits is None:
            bits = known[placed] = _open_bits(all_scopes, placed)
        total += 2.0 ** min(bits + all_scopes.bits[position], 200.0)
        placed |= 1 << position
    return total


def _open_bits(all_scopes: Scopes, placed: int) -> float:
    """The logarithm of the states: by the choices that are still needed, or by what is left of each
    factor.
    """
    open_choices = 0
    by_factor = 0.0
    for factor, width in zip(all_scopes.factors, all_scopes.widths, strict=True):
        if factor & ~placed and factor & placed:
            open_choices |= factor & placed
            by_factor += min(width, _bits(all_scopes, factor & placed))
    return min(by_factor, _bits(all_scopes, open_choices))


def _bits(all_scopes: Scopes, choices: int) -> float:
    """The logarithm of the combinations of choices."""
    bits = 0.0
    while choices:
        lowest = choices & -choices
        bits += all_scopes.bits[lowest.bit_length() - 1]
        choices ^= lowest
    return bits
