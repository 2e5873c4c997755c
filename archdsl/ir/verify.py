"""The invariants of a graph: a violation is a mistake of the compiler, never of a file."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.activity import Activity, Identity, activity
from archdsl.ir.expr import FALSE, both
from archdsl.ir.graph import (
    Graph,
    Input,
    Op,
    Pick,
    Select,
    Value,
    Weight,
    choices_read,
    in_order,
    operands,
)


class InternalError(Exception):
    """The compiler broke one of its own rules; `violations` says which."""

    def __init__(self, violations: tuple[str, ...]) -> None:
        super().__init__("; ".join(violations))
        self.violations = violations


def verify(graph: Graph, live: Activity | None = None) -> None:
    """Checks a graph between two passes; `live` is its activity where the caller has it.

    Raises InternalError with every violation: operands that are undefined or come later, selections of
    different dimensions or beyond their operands, one weight with two shapes, two weights with one key that
    live together, choices with one path, out of order or idle, expressions over foreign choices.
    """
    live = live or activity(graph.outputs)
    violations = (
        *_order(graph),
        *_choices(graph, live),
        *_scopes(graph),
        *_selections(graph),
        *_weights(graph, live),
    )
    if violations:
        raise InternalError(violations)


def _order(graph: Graph) -> Iterator[str]:
    defined: set[Value] = set()
    for value in graph.values:
        if any(o not in defined for o in operands(value)):
            yield f"{_name(value)} reads a value that is not defined before it"
        if isinstance(value, Input) and value not in graph.inputs:
            yield f"{_name(value)} is not an input of the graph"
        defined.add(value)
    if set(in_order(graph.outputs)) != defined:
        yield "the values are not those under the outputs"


def _choices(graph: Graph, live: Activity) -> Iterator[str]:
    paths = [c.path for c in graph.choices]
    for path in dict.fromkeys(p for p in paths if paths.count(p) > 1):
        yield f"two choices have the path `{path}`"
    orders = [c.order for c in graph.choices]
    if orders != sorted(set(orders)):
        yield "the choices are not in program order"
    for choice in graph.choices:
        if live.guard(choice) == FALSE:
            yield f"the choice `{choice.path}` is never active"


def _scopes(graph: Graph) -> Iterator[str]:
    known = set(graph.choices)
    for value in graph.values:
        foreign = choices_read([value]).keys() - known
        for path in sorted(c.path for c in foreign):
            yield f"{_name(value)} depends on `{path}`, which is no choice of the graph"
    for requirement in graph.requirements:
        for path in sorted(c.path for c in set(requirement.condition.choices()) - known):
            yield f"a requirement depends on `{path}`, which is no choice of the graph"


def _selections(graph: Graph) -> Iterator[str]:
    for value in graph.values:
        if isinstance(value, Select):
            if any(set(o.shape) != set(value.shape) for o in value.operands):
                yield f"{_name(value)} selects among different dimensions"
            if any(
                not isinstance(i, int) or not 0 <= i < len(value.operands)
                for i in value.index.distinct()
            ):
                yield f"{_name(value)} has an index beyond its operands"
        elif isinstance(value, Pick):
            members = set().union(*value.subset.distinct())
            if any(
                not isinstance(i, int) or not 0 <= i < len(value.operands) for i in members
            ):
                yield f"{_name(value)} has a member beyond its operands"
            if any(not subset for subset in value.subset.distinct()):
                yield f"{_name(value)} may pick nothing"


def _weights(graph: Graph, live: Activity) -> Iterator[str]:
    first: dict[Identity, Weight] = {}
    by_key: dict[str, list[Identity]] = {}
    for value in graph.values:
        for weight in value.weights if isinstance(value, Op | Pick) else ():
            known = first.setdefault(weight.identity, weight)
            if known.shape != weight.shape or known.init != weight.init:
                yield f"the weight `{weight.full_name}` has two shapes or starts"
            keys = by_key.setdefault(weight.full_name, [])
            if weight.identity not in keys:
                keys.append(weight.identity)
    for key, identities in by_key.items():
        for i, one in enumerate(identities):
            for other in identities[i + 1 :]:
                if (
                    both(live.weights.get(one, FALSE), live.weights.get(other, FALSE))
                    != FALSE
                ):
                    yield f"two variants of the weight `{key}` live together"


def _name(value: Value) -> str:
    if isinstance(value, Input):
        return f"input `{value.name}`"
    word = value.word if isinstance(value, Op) else f"a {value.word}"
    return f"{word} at `{value.instance.path}`"
