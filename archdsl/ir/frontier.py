"""The one engine for questions: the space as a layered diagram whose paths are its architectures.

Choices are settled one after the other. A state is what the rest still needs to know: for every expression
that is begun but not finished, which of its residual functions is left (expressions that agree on all that is
to come share a state). Paths are exactly the assignments that satisfy the constraints; each carries the sum
of the cost terms. Counts, extremes and samples follow from one pass over the layers. Everything is exact; a
diagram beyond the limit is refused.

    a ~ 1..4    b ~ 1..4    c ~ 1..4    require a + b + c == 6

After `a` there are four states: 5, 4, 3 or 2 are left. After `b` there are four again: 4, 3, 2 or 1 are left.
a = 1, b = 2 and a = 2, b = 1 share one; a = 4, b = 2, after which nothing is left for `c`, leads nowhere and
is dropped. Counted from the end, each of the last states has one path, those after `a` have 4, 3, 2 and 1 of
them. So there are 10 architectures, on 4 + 10 + 4 edges, where a table would have 64 entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from random import Random
from typing import Any, Literal, TypeAlias

from archdsl.diagnostics.codes.choices import TOO_LARGE
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir import decision
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, TRUE, Expr, fits, index_of, lift, restrict, spread
from archdsl.ir.order import Scopes, climb, components, eager, estimate, scopes
from archdsl.ir.terms import merged
from archdsl.ir.work import spend

EDGE_LIMIT = 4_000_000
_FIRST_LIMIT = 30_000  # edges spent on one order before another is tried
_TABULATED = 16_384  # entries up to which a diagram is looked at as a table
_FINE = 100_000  # an estimate below this needs no better order

Role = Literal["condition", "cost"]
_Rows: TypeAlias = tuple[tuple[int, ...], ...]
Edge: TypeAlias = tuple[int, int, int]  # alternative, state of the next layer, cost


@dataclass(frozen=True, slots=True)
class Layer:
    """One step: `edges[state]` lists what it leads to. `choice` is None only in the diagram without a
    path.
    """

    choice: Choice | None
    edges: tuple[tuple[Edge, ...], ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """The layers, from one start to at most one end; every state lies on a path from the start to the end."""

    layers: tuple[Layer, ...]
    constant: int  # cost that every path has

    def completions(self) -> list[list[int]]:
        """The number of paths to the end from every state of every layer; the last list is the end's."""
        counts = [[1]]
        for layer in reversed(self.layers):
            counts.append(_sums(layer, counts[-1]))
        counts.reverse()
        return counts

    def count(self) -> int:
        """The number of paths: of assignments that satisfy the constraints."""
        return self.completions()[0][0]

    def extremes(self) -> tuple[int, int] | None:
        """The least and the greatest cost of a path, exactly; None where there is no path."""
        if not self.possible:
            return None
        low, high = self.suffixes()
        return low[0][0] + self.constant, high[0][0] + self.constant

    def suffixes(self) -> tuple[list[list[int]], list[list[int]]]:
        """The least and the greatest cost to the end from every state of every layer."""
        low, high = [[0]], [[0]]
        for layer in reversed(self.layers):
            low.append(_ends(layer, low[-1], min))
            high.append(_ends(layer, high[-1], max))
        low.reverse()
        high.reverse()
        return low, high

    @property
    def possible(self) -> bool:
        """Whether there is a path at all."""
        return not self.layers or bool(self.layers[0].edges[0])

    def first(self) -> dict[Choice, int] | None:
        """The first path, as an assignment; None where there is none."""
        if not self.possible:
            return None
        state, found = 0, {}
        for layer in self.layers:
            value, state, _ = layer.edges[state][0]
            if layer.choice is not None:
                found[layer.choice] = value
        return found

    def sample(self, random: Random, counts: Sequence[Sequence[int]]) -> dict[Choice, int]:
        """A path drawn uniformly; `counts` are the completions. The diagram must have a path."""
        return self.path(random.randrange(counts[0][0]), counts)

    def path(self, rank: int, counts: Sequence[Sequence[int]]) -> dict[Choice, int]:
        """The path of this rank among all, in the order of alternatives."""
        state, found = 0, {}
        for layer, after in zip(self.layers, counts[1:], strict=True):
            edges = iter(layer.edges[state])
            value, state, _ = next(edges)
            while rank >= after[state]:
                rank -= after[state]
                value, state, _ = next(edges)
            if layer.choice is not None:
                found[layer.choice] = value
        return found


def _sums(layer: Layer, after: Sequence[int]) -> list[int]:
    """The paths from each state, by those from the states of the next layer."""
    found = []
    for edges in layer.edges:
        found.append(sum([after[target] for _, target, _ in edges]))
    return found


def _ends(layer: Layer, after: Sequence[int], best: Callable[..., int]) -> list[int]:
    """The best cost from each state, by those from the states of the next layer."""
    found = []
    for edges in layer.edges:
        found.append(best([after[target] + cost for _, target, cost in edges], default=0))
    return found


def canonical(choices: Iterable[Choice], guards: Mapping[Choice, Expr]) -> list[Expr]:
    """The constraints that give inactive choices their first alternative, so that architectures are counted
    once.
    """
    return [
        lift(_inactive_is_first, guards.get(c, FALSE), index_of(c))
        for c in choices
        if guards.get(c, FALSE) != TRUE
    ]


def frontier(
    choices: Sequence[Choice],
    guards: Mapping[Choice, Expr],
    constraints: Iterable[Expr] = (),
    costs: Iterable[Expr] = (),
    *,
    limit: int = EDGE_LIMIT,
) -> Diagram:
    """The diagram of all architectures over `choices` that satisfy the constraints, with the sum of the
    costs.

    A choice takes its first alternative where its guard does not hold; one without a guard is never active.
    Choices that only the constraints or costs mention are free. Raises DiagnosticError E0509 where every
    order that was tried needs more than `limit` edges.
    """
    constraints = [
        c for c in dict.fromkeys([*canonical(choices, guards), *constraints]) if c != TRUE
    ]
    terms = merged(costs)
    constant = sum(t.value for t in terms if t.is_constant)
    terms = tuple(t for t in terms if not t.is_constant)
    if FALSE in constraints:
        return Diagram((Layer(None, ((),)),), constant)
    exprs = [*constraints, *terms]
    known = set(choices).union(*(e.choices() for e in exprs))
    space = scopes(exprs, sorted(known, key=lambda c: c.order))
    layers: list[Layer] = []
    alike: dict[
        tuple[Any, ...], tuple[list[Choice], list[Layer]]
    ] = {}  # what differs in names only is built once
    for part in components(space):
        inside = {space.choices[i] for i in part}
        bools = [e for e in constraints if e.choices()[0] in inside]
        adds = [e for e in terms if e.choices()[0] in inside]
        own = [space.choices[i] for i in part]
        key = _likeness(own, bools, adds)
        if key in alike:
            before, layers_before = alike[key]
            place = dict(zip(before, own, strict=True))
            built = [
                Layer(
                    place[layer.choice] if layer.choice is not None else None, layer.edges
                )
                for layer in layers_before
            ]
        else:
            built = _build_best(space, _orders(space, part, guards), bools, adds, limit)
            alike[key] = own, built
        if not built[0].edges[0]:
            return Diagram((Layer(None, ((),)),), constant)
        layers.extend(built)
    return Diagram(tuple(layers), constant)


def _likeness(
    choices: Sequence[Choice], bools: Iterable[Expr], adds: Iterable[Expr]
) -> tuple[Any, ...]:
    """Equal for components that are the same question about choices of other names."""
    place = {choice: i for i, choice in enumerate(choices)}

    def read(expr: Expr) -> tuple[Any, ...]:
        scope = tuple([place[c] for c in expr.scope])
        return scope, expr.table if expr.is_tabled else _shape_of(expr.root, place)

    return tuple([c.size for c in choices]), tuple(map(read, bools)), tuple(map(read, adds))


def _shape_of(root: decision.Diagram, place: Mapping[Choice, int]) -> tuple[Any, ...]:
    """A diagram as numbers: equal for equal functions of choices of other names."""
    numbers: dict[decision.Diagram, Any] = {}
    rows: list[tuple[Any, ...]] = []
    for node in reversed(decision.nodes_of(root)):
        for kid in node.kids:
            if isinstance(kid, decision.Leaf):
                numbers[kid] = ("leaf", kid.value)
        rows.append((place[node.choice], tuple([numbers[kid] for kid in node.kids])))
        numbers[node] = len(rows)
    return tuple(rows)


def witness(condition: Expr, constraints: Iterable[Expr] = ()) -> dict[Choice, int] | None:
    """Choices that make a condition true, none of them idle; None where nothing satisfies it and the
    constraints.

    The condition holds whatever the choices not mentioned are; the constraints can still be met.
    """
    constraints = list(constraints)
    found = frontier((), {}, [condition, *constraints]).first()
    if found is None:
        return None
    wanted = {c: found[c] for c in condition.choices()}
    for choice in reversed(condition.choices()):
        fewer = {c: i for c, i in wanted.items() if c is not choice}
        if restrict(condition, fewer) == TRUE:
            wanted = fewer
    return wanted


def function_text(expr: Expr, text_of: Callable[[Any], str]) -> list[str]:
    """The decision diagram of an expression over its choices in program order: equal for equal functions
    only.
    """
    numbers: dict[decision.Diagram, str] = {}
    lines = []
    for node in reversed(decision.nodes_of(expr.root)):
        for kid in node.kids:
            if isinstance(kid, decision.Leaf):
                numbers[kid] = text_of(kid.value)
        lines.append(f"{node.choice.path}:{'|'.join([numbers[kid] for kid in node.kids])}")
        numbers[node] = f"@{len(lines)}"
    return lines


def _inactive_is_first(active: bool, index: int) -> bool:
    return active or index == 0


def _orders(
    space: Scopes, part: list[int], guards: Mapping[Choice, Expr]
) -> Iterator[list[int]]:
    """Orders to try: the program's and its reverse, the better one first; what guards before what is guarded;
    and these after a hill-climb.
    """
    forwards = sorted([part, part[::-1]], key=lambda order: estimate(space, order))
    if estimate(space, forwards[0]) <= _FINE:
        yield forwards[0]
        return
    place = {space.choices[i]: i for i in part}
    asked = [place[c] for c in _guards_first(list(place), guards)]
    for order in (*forwards, asked):
        yield eager(space, order)
    yield eager(space, climb(space, part))
    yield eager(space, climb(space, asked))


def _guards_first(choices: Sequence[Choice], guards: Mapping[Choice, Expr]) -> list[Choice]:
    """The choices in order, each after those that decide whether it is active (round a cycle, program order
    decides).
    """
    done: dict[Choice, None] = {}
    begun: set[Choice] = set()
    stack = [(c, False) for c in reversed(choices)]
    while stack:
        choice, ready = stack.pop()
        if ready:
            done[choice] = None
        elif choice not in begun:
            begun.add(choice)
            stack.append((choice, True))
            stack.extend((c, False) for c in reversed(guards.get(choice, TRUE).choices()))
    return [c for c in done if c in set(choices)]


def _build_best(
    space: Scopes,
    orders: Iterator[list[int]],
    bools: list[Expr],
    adds: list[Expr],
    limit: int,
) -> list[Layer]:
    """The layers in the order that needs the fewest edges, about: all race under a limit that grows fourfold.

    An estimate cannot rank orders well, because it does not know how many residual functions coincide; but it
    bounds what one needs from above, and an order that surely ends is taken once all were given a start.
    """
    most = min(limit, _FIRST_LIMIT)
    tried: dict[tuple[int, ...], list[Choice]] = {}
    for order in orders:
        if tuple(order) in tried:
            continue
        choices = tried[tuple(order)] = [space.choices[i] for i in order]
        layers = _build(choices, bools, adds, most)
        if layers is not None:
            return layers
    best = min(tried, key=lambda order: estimate(space, order))
    if estimate(space, best) <= limit / 4:
        tried, most = {best: tried[best]}, limit // 4
    while most < limit:
        most = min(limit, 4 * most)
        for choices in tried.values():
            layers = _build(choices, bools, adds, most)
            if layers is not None:
                return layers
    choices = tried[best]
    message = (
        f"{len(choices)} choices hang together so closely that an exact answer needs more than {limit:,} "
        "steps"
    )
    raise DiagnosticError(
        TOO_LARGE.error(
            None, message, help=f"settle some of them, for example `{choices[0].path}`"
        )
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Factor:
    """An expression as an automaton over its choices: `rows[level][state]` lists the next state for each
    alternative.

    Of a condition, state 0 can no longer become true. In the last row stand the results: 0 or 1 of a
    condition, the cost of a term.
    """

    role: Role
    scope: tuple[Choice, ...]
    rows: tuple[_Rows, ...]
    start: int


def _factor(role: Role, expr: Expr, place: Mapping[Choice, int]) -> _Factor:
    scope = tuple(sorted(expr.scope, key=place.__getitem__))
    if not expr.is_tabled and not (
        fits(scope)
        and (prod([c.size for c in scope]) <= _TABULATED or scope[0] is expr.scope[0])
    ):
        return _factor_of_diagram(role, expr.root, scope)
    table = spread(expr, scope)
    ids: Sequence[int] = table
    if role == "condition":
        ids = [int(value is True) for value in table]
    rows: list[tuple[tuple[int, ...], ...]] = []
    for choice in reversed(scope):
        size = choice.size
        known: dict[tuple[int, ...], int] = {(0,) * size: 0} if role == "condition" else {}
        ids = [
            known.setdefault(tuple(ids[k : k + size]), len(known))
            for k in range(0, len(ids), size)
        ]
        rows.append(tuple(known))
    rows.reverse()
    return _Factor(role, scope, tuple(rows), ids[0])


def _factor_of_diagram(
    role: Role, root: decision.Diagram, scope: tuple[Choice, ...]
) -> _Factor:
    """The automaton of a diagram in any order of its choices: a state is what is left of the function."""
    states: list[decision.Diagram] = [decision.NO, root] if role == "condition" else [root]
    rows: list[_Rows] = []
    for level, choice in enumerate(scope):
        last = level == len(scope) - 1
        after: dict[decision.Diagram, int] = {decision.NO: 0} if role == "condition" else {}
        level_rows = []
        for state in states:
            kids = decision.answers(state, choice)
            if last:
                level_rows.append(tuple([_result(role, kid) for kid in kids]))
            else:
                level_rows.append(
                    tuple([after.setdefault(kid, len(after)) for kid in kids])
                )
        rows.append(tuple(level_rows))
        states = list(after)
    return _Factor(role, scope, tuple(rows), 1 if role == "condition" else 0)


def _result(role: Role, kid: decision.Diagram) -> int:
    assert isinstance(kid, decision.Leaf)
    if role == "condition":
        return 1 if kid.value is True else 0
    value: int = kid.value
    return value


def _build(
    order: list[Choice], bools: list[Expr], adds: list[Expr], limit: int
) -> list[Layer] | None:
    """The layers in one order, without dead ends; None where they need more than `limit` edges."""
    place = {choice: i for i, choice in enumerate(order)}
    factors = [_factor("condition", e, place) for e in bools] + [
        _factor("cost", e, place) for e in adds
    ]
    blank = [f.start for f in factors]
    opened: list[int] = []  # the factors that a state speaks of
    states: list[tuple[int, ...]] = [()]
    layers: list[list[list[Edge]]] = []
    spent = 0
    for position, choice in enumerate(order):
        before, opened = (
            opened,
            [
                i
                for i, f in enumerate(factors)
                if place[f.scope[0]] <= position < place[f.scope[-1]]
            ],
        )
        step = _step(choice, factors)
        index: dict[tuple[int, ...], int] = {}
        layer: list[list[Edge]] = []
        for state in states:
            cells = blank.copy()
            for i, value in zip(before, state, strict=True):
                cells[i] = value
            edges = []
            for value in range(choice.size):
                reached = cells.copy()
                cost = _walk(step, value, reached)
                if cost is not None:
                    edges.append(
                        (
                            value,
                            index.setdefault(
                                tuple([reached[i] for i in opened]), len(index)
                            ),
                            cost,
                        )
                    )
            layer.append(edges)
            spent += len(edges)
            spend(choice.size * (1 + len(step.conditions) // 4))
            if spent > limit:
                return None
        layers.append(layer)
        states = list(index)
    return _alive(order, layers)


@dataclass(frozen=True, slots=True)
class _Step:
    """What settling a choice moves: each factor with its rows; of costs, those that it completes apart."""

    conditions: list[tuple[int, _Rows]]
    complete: list[tuple[int, _Rows]]
    costs: list[tuple[int, _Rows]]


def _step(choice: Choice, factors: list[_Factor]) -> _Step:
    step = _Step([], [], [])
    for i, factor in enumerate(factors):
        if choice in factor.scope:
            level = factor.scope.index(choice)
            if factor.role == "condition":
                step.conditions.append((i, factor.rows[level]))
            elif level == len(factor.scope) - 1:
                step.complete.append((i, factor.rows[level]))
            else:
                step.costs.append((i, factor.rows[level]))
    return step


def _walk(step: _Step, value: int, cells: list[int]) -> int | None:
    """Settles a choice; the cost that becomes known, or None where a condition fails."""
    for i, rows in step.conditions:
        state = rows[cells[i]][value]
        if not state:
            return None
        cells[i] = state
    cost = 0
    for i, rows in step.complete:
        cost += rows[cells[i]][value]
    for i, rows in step.costs:
        cells[i] = rows[cells[i]][value]
    return cost


def _alive(choices: list[Choice], layers: list[list[list[Edge]]]) -> list[Layer]:
    """The layers without states and edges from which nothing reaches the end; states are numbered anew."""
    place = {0: 0}  # the end
    result: list[Layer] = []
    for choice, layer in zip(reversed(choices), reversed(layers), strict=True):
        edges = [_placed(row, place) for row in layer]
        alive = [i for i, e in enumerate(edges) if e]
        place = {old: new for new, old in enumerate(alive)}
        result.append(Layer(choice, tuple([edges[i] for i in alive]) or ((),)))
    result.reverse()
    return result


def _placed(edges: Iterable[Edge], place: Mapping[int, int]) -> tuple[Edge, ...]:
    """The edges to states that are kept, by their new numbers."""
    return tuple(
        [(value, place[target], cost) for value, target, cost in edges if target in place]
    )
