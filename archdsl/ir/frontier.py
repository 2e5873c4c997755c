"""The one engine for questions: the space as a layered diagram whose paths are its architectures.

Choices are settled one after the other. A state is what the rest still needs to know: for every expression that is
begun but not finished, which of its residual functions is left (expressions that agree on all that is to come share
a state). A derived variable takes its value as soon as its own choices are settled. Paths are exactly the
assignments that satisfy the constraints; each carries the sum of the cost terms. Counts, extremes, samples and
probabilities follow from one pass over the layers. Everything is exact; a diagram beyond the limit is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, TypeAlias

from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, TRUE, Derived, Expr, Variable, derive, index_of, lift, restrict, spread
from archdsl.ir.order import Scopes, climb, components, eager, estimate, scopes, sequence
from archdsl.ir.terms import merged
from archdsl.syntax.codes.choices import TOO_LARGE
from archdsl.syntax.diagnostics import DiagnosticError

EDGE_LIMIT = 4_000_000
_FIRST_LIMIT = 30_000  # edges spent on one order before another is tried
_FINE = 100_000  # an estimate below this needs no better order

Role = Literal["condition", "cost", "definition"]
Edge: TypeAlias = tuple[int, int, int]  # alternative (or value of a derived variable), state of the next layer, cost


@dataclass(frozen=True, slots=True)
class Layer:
    """One step: `edges[state]` lists what it leads to. `choice` is None where a derived variable takes its value."""

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
            after = counts[-1]
            counts.append([sum([after[target] for _, target, _ in edges]) for edges in layer.edges])
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
            after_low, after_high = low[-1], high[-1]
            low.append([min([after_low[t] + c for _, t, c in edges], default=0) for edges in layer.edges])
            high.append([max([after_high[t] + c for _, t, c in edges], default=0) for edges in layer.edges])
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
        rank = random.randrange(counts[0][0])
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


def canonical(choices: Iterable[Choice], guards: Mapping[Choice, Expr]) -> list[Expr]:
    """The constraints that give inactive choices their first alternative, so that architectures are counted once."""
    return [lift(_inactive_is_first, derive(guards.get(c, FALSE)), index_of(c)) for c in choices if guards.get(c, FALSE) != TRUE]


def frontier(
    choices: Sequence[Choice],
    guards: Mapping[Choice, Expr],
    constraints: Iterable[Expr] = (),
    costs: Iterable[Expr] = (),
    *,
    limit: int = EDGE_LIMIT,
) -> Diagram:
    """The diagram of all architectures over `choices` that satisfy the constraints, with the sum of the costs.

    A choice takes its first alternative where its guard does not hold; one without a guard is never active. Choices
    that only the constraints or costs mention are free. Raises DiagnosticError E0509 where every order that was
    tried needs more than `limit` edges.
    """
    constraints = [c for c in dict.fromkeys([*canonical(choices, guards), *constraints]) if c != TRUE]
    terms = merged(costs)
    constant = sum(t.value for t in terms if t.is_constant)
    terms = tuple(t for t in terms if not t.is_constant)
    if FALSE in constraints:
        return Diagram((Layer(None, ((),)),), constant)
    exprs = [*constraints, *terms]
    known = set(choices).union(*(e.choices() for e in exprs))
    space = scopes(exprs, sorted(known, key=lambda c: c.order))
    layers: list[Layer] = []
    for part in components(space):
        inside = {space.choices[i] for i in part}
        bools = [e for e in constraints if e.choices()[0] in inside]
        adds = [e for e in terms if e.choices()[0] in inside]
        derived = [d for d in space.derived if d.expr.choices()[0] in inside]
        orders = [sequence([space.choices[i] for i in order], derived) for order in _orders(space, part, guards)]
        built = _build_best(orders, bools, adds, limit)
        if not built[0].edges[0]:
            return Diagram((Layer(None, ((),)),), constant)
        layers.extend(built)
    return Diagram(tuple(layers), constant)


def witness(condition: Expr, constraints: Iterable[Expr] = ()) -> dict[Choice, int] | None:
    """Choices that make a condition true, none of them idle; None where nothing satisfies it and the constraints.

    The condition holds whatever the choices not mentioned are; the constraints can still be met.
    """
    constraints = list(constraints)
    if not constraints and all(isinstance(v, Choice) for v in condition.scope):
        found = _first_true(condition)
    else:
        found = frontier((), {}, [condition, *constraints]).first()
    if found is None:
        return None
    wanted = {c: found[c] for c in condition.choices()}
    for choice in reversed(condition.choices()):
        fewer = {c: i for c, i in wanted.items() if c is not choice}
        if restrict(condition, fewer) == TRUE:
            wanted = fewer
    return wanted


def probability(condition: Expr, weights: Mapping[Choice, Sequence[float]]) -> float:
    """The probability of a condition where each choice is drawn independently; `weights` sum to 1 for each choice.

    A choice without weights is uniform. Guards read active choices only, so this is P(active) of a guard.
    """
    diagram = frontier((), {}, [condition])
    after = [1.0]
    for layer in reversed(diagram.layers):
        if layer.choice is None:
            after = [sum(after[target] for _, target, _ in edges) for edges in layer.edges]
        else:
            p = weights.get(layer.choice) or [1.0 / layer.choice.size] * layer.choice.size
            after = [sum(p[value] * after[target] for value, target, _ in edges) for edges in layer.edges]
    return after[0]


def function_text(expr: Expr, text_of: Callable[[Any], str]) -> list[str]:
    """The reduced decision diagram of an expression over its choices in program order: equal for equal functions only."""
    values = tuple(dict.fromkeys(expr.table))
    coded = lift({value: code for code, value in enumerate(values)}.__getitem__, expr)
    choices = expr.choices()
    layers = _build(sequence(choices, scopes([expr], choices).derived), [], [coded], EDGE_LIMIT)
    assert layers is not None, "an expression has fewer residual functions than its derived variables have values"
    numbers: dict[tuple[str, tuple[str, ...]], str] = {}
    after: list[str] = []
    for layer in reversed(layers):
        here = []
        for edges in layer.edges:
            children = tuple(after[target] if after else text_of(values[code]) for _, target, code in edges)
            node = (layer.choice.path if layer.choice is not None else "", children)
            here.append(children[0] if len(set(children)) == 1 else numbers.setdefault(node, f"@{len(numbers)}"))
        after = here
    return [f"{path}:{'|'.join(children)}" for path, children in numbers]


def _inactive_is_first(active: bool, index: int) -> bool:
    return active or index == 0


def _first_true(condition: Expr) -> dict[Choice, int] | None:
    at = next((i for i, value in enumerate(condition.table) if value is True), None)
    if at is None:
        return None
    found: dict[Choice, int] = {}
    for variable in reversed(condition.scope):
        at, index = divmod(at, variable.size)
        assert isinstance(variable, Choice)
        found[variable] = index
    return found


def _orders(space: Scopes, part: list[int], guards: Mapping[Choice, Expr]) -> list[list[int]]:
    """Orders to try: the program's; what guards before what is guarded; and both after a hill-climb."""
    if estimate(space, part) <= _FINE:
        return [part]
    first = _guards_first([space.choices[i] for i in part], guards)
    place = {space.choices[i]: i for i in part}
    asked = [place[c] for c in first]
    orders = [part, asked, climb(space, part), climb(space, asked)]
    return [list(order) for order in dict.fromkeys(tuple(eager(space, o)) for o in orders)]


def _guards_first(choices: Sequence[Choice], guards: Mapping[Choice, Expr]) -> list[Choice]:
    """The choices in order, each after those that decide whether it is active (round a cycle, program order decides)."""
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


def _build_best(orders: list[list[Variable]], bools: list[Expr], adds: list[Expr], limit: int) -> list[Layer]:
    """The layers in the order that needs the fewest edges, about: all race under a limit that grows fourfold.

    An estimate cannot rank orders well, because it does not know how many residual functions coincide.
    """
    most = min(limit, _FIRST_LIMIT)
    while True:
        for order in orders:
            layers = _build(order, bools, adds, most)
            if layers is not None:
                return layers
        if most >= limit:
            break
        most = min(limit, 4 * most)
    choices = [v.path for v in orders[0] if isinstance(v, Choice)]
    message = f"{len(choices)} choices hang together so closely that an exact answer needs more than {limit:,} steps"
    raise DiagnosticError(TOO_LARGE.error(None, message, help=f"settle some of them, for example `{choices[0]}`"))


@dataclass(frozen=True, eq=False, slots=True)
class _Factor:
    """An expression as an automaton over its variables: `rows[level][state]` lists the next state for each value.

    Of a condition, state 0 can no longer become true. In the last row stand the results: 0 or 1 of a condition, the
    cost of a term, the value's index of a derived variable.
    """

    role: Role
    scope: tuple[Variable, ...]
    rows: tuple[tuple[tuple[int, ...], ...], ...]
    start: int


def _factor(role: Role, expr: Expr, place: Mapping[Variable, int]) -> _Factor:
    scope = tuple(sorted(expr.scope, key=place.__getitem__))
    table = spread(expr, scope)
    ids: Sequence[int] = [1 if value is True else 0 for value in table] if role == "condition" else table
    rows: list[tuple[tuple[int, ...], ...]] = []
    for variable in reversed(scope):
        size = variable.size
        known: dict[tuple[int, ...], int] = {(0,) * size: 0} if role == "condition" else {}
        ids = [known.setdefault(tuple(ids[k : k + size]), len(known)) for k in range(0, len(ids), size)]
        rows.append(tuple(known))
    rows.reverse()
    return _Factor(role, scope, tuple(rows), ids[0])


def _build(order: list[Variable], bools: list[Expr], adds: list[Expr], limit: int) -> list[Layer] | None:
    """The layers in one order, without dead ends; None where they need more than `limit` edges."""
    place = {variable: i for i, variable in enumerate(order)}
    factors = [_factor("condition", e, place) for e in bools] + [_factor("cost", e, place) for e in adds]
    for variable in order:
        if isinstance(variable, Derived):
            factors.append(_factor("definition", Expr(variable.expr.scope, variable.codes), place))
    definitions = factors[len(bools) + len(adds) :]
    results = dict(zip(definitions, [v for v in order if isinstance(v, Derived)], strict=True))
    layers: list[list[list[Edge]]] = []
    slots: list[_Factor] = []  # what each place of a state belongs to
    states: list[tuple[int, ...]] = [()]
    spent = 0
    for variable in order:
        step = _Step(variable, slots, factors, results)
        index: dict[tuple[int, ...], int] = {}
        layer: list[list[Edge]] = []
        for state in states:
            edges = step.edges(state, index)
            spent += len(edges)
            layer.append(edges)
            if spent > limit:
                return None
        layers.append(layer)
        slots, states = step.slots, list(index)
    return _alive(order, layers)


class _Step:
    """What settling one variable does to a state."""

    def __init__(self, variable: Variable, slots: list[_Factor], factors: list[_Factor], results: Mapping[_Factor, Derived]) -> None:
        touched = [f for f in factors if variable in f.scope]
        more = [f for f in touched if f.scope[-1] is not variable or f in results]
        last = [f for f in touched if f.scope[-1] is variable and f not in results]
        self.size = variable.size
        self.forced = next((i for i, f in enumerate(slots) if results.get(f) is variable), None)
        self.kept = [i for i, f in enumerate(slots) if f not in touched and i != self.forced]
        self.slots = [slots[i] for i in self.kept] + more
        self.more = [self._rows(f, variable, slots) for f in more]
        self.conditions = [self._rows(f, variable, slots) for f in last if f.role == "condition"]
        self.costs = [self._rows(f, variable, slots) for f in last if f.role == "cost"]
        self.open = [i for i, f in enumerate(more) if f.role == "condition"]

    @staticmethod
    def _rows(factor: _Factor, variable: Variable, slots: list[_Factor]) -> tuple[int, tuple[tuple[int, ...], ...]]:
        """Where the state of a factor stands, and its rows for this variable; a place of -1: it begins here."""
        level = factor.scope.index(variable)
        return (slots.index(factor), factor.rows[level]) if level else (-1, (factor.rows[0][factor.start],))

    def edges(self, state: tuple[int, ...], index: dict[tuple[int, ...], int]) -> list[Edge]:
        kept = tuple([state[i] for i in self.kept])
        more = [rows[state[at] if at >= 0 else 0] for at, rows in self.more]
        conditions = [rows[state[at] if at >= 0 else 0] for at, rows in self.conditions]
        conditions += [more[i] for i in self.open]
        costs = [rows[state[at] if at >= 0 else 0] for at, rows in self.costs]
        values: Iterable[int] = range(self.size) if self.forced is None else (state[self.forced],)
        if conditions:
            values = [v for v in values if all(row[v] for row in conditions)]
        edges = []
        for value in values:
            key = kept + tuple([row[value] for row in more]) if more else kept
            target = index.setdefault(key, len(index))
            edges.append((value, target, sum([row[value] for row in costs]) if costs else 0))
        return edges


def _alive(order: list[Variable], layers: list[list[list[Edge]]]) -> list[Layer]:
    """The layers without states and edges from which nothing reaches the end; states are numbered anew."""
    place = {0: 0}  # the end
    result: list[Layer] = []
    for variable, layer in zip(reversed(order), reversed(layers), strict=True):
        edges = [tuple([(v, place[t], c) for v, t, c in edges if t in place]) for edges in layer]
        alive = [i for i, e in enumerate(edges) if e]
        place = {old: new for new, old in enumerate(alive)}
        result.append(Layer(variable if isinstance(variable, Choice) else None, tuple([edges[i] for i in alive]) or ((),)))
    result.reverse()
    return result
