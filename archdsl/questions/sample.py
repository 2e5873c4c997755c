"""Architectures drawn uniformly."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from archdsl.diagnostics.codes.choices import TOO_LARGE, UNSATISFIABLE
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import Activity
from archdsl.ir.budget import Draws
from archdsl.ir.choice import Choice
from archdsl.ir.costs import METRICS, Metric, cost_terms, limits
from archdsl.ir.expr import Expr, lift
from archdsl.ir.frontier import Diagram
from archdsl.ir.graph import CostBound, Graph
from archdsl.ir.notation import exact
from archdsl.questions.diagram import diagram, live
from archdsl.questions.genotype import Genotype, genotype_of

_REJECTIONS = 100_000  # in a row, before drawing under several bounds at once is given up


def sample(
    graph: Graph, n: int, seed: int = 0, max_macs: float | None = None
) -> list[Genotype]:
    """`n` genotypes drawn independently and uniformly from the architectures within every requirement and
    bound.

    The same seed gives the same list, and a longer one begins with it. Under a bound on cost the draw is
    uniform up to the rounding of floating-point counts. Raises DiagnosticError E0504 where nothing is within
    the bounds, E0508 or E0509 where the space is out of reach.
    """
    active = live(graph)
    bounds = graph.bounds + (
        (CostBound("macs", "<=", max_macs),) if max_macs is not None else ()
    )
    drawn = _bounded(graph, bounds, seed, active) if bounds else _free(graph, seed, active)
    return [genotype_of(graph, assignment, active) for assignment in islice(drawn, n)]


def _free(graph: Graph, seed: int, active: Activity) -> Iterator[dict[Choice, int]]:
    space = diagram(graph, active=active)
    if not space.possible:
        raise DiagnosticError(
            UNSATISFIABLE.error(
                None, f"no architecture of `{graph.name}` satisfies every requirement"
            )
        )
    counts = space.completions()
    random = Random(f"archdsl.sample:{seed}")
    while True:
        yield space.sample(random, counts)


def _bounded(
    graph: Graph, bounds: tuple[CostBound, ...], seed: int, active: Activity
) -> Iterator[dict[Choice, int]]:
    """Draws under the bounds of one metric from its histograms, and rejects what breaks another bound."""
    within: dict[Metric, tuple[int | None, int | None]] = {}
    for metric in METRICS:
        low, high = limits(b for b in bounds if b.metric == metric)
        if low is not None or high is not None:
            within[metric] = low, high
    terms = {metric: cost_terms(graph, metric, active) for metric in within}
    spaces = {metric: diagram(graph, terms[metric], active) for metric in within}
    for metric, (low, high) in within.items():
        _possible(graph.name, metric, low, high, spaces[metric])
    leading: Metric = next(
        (m for m in ("macs", "params") if m in within and within[m][1] is not None),
        next(iter(within)),
    )
    low, high = within[leading]
    if high is not None:
        draws = Draws(spaces[leading], high, f"archdsl.sample:{seed}")
    else:
        assert low is not None
        draws = Draws(
            diagram(graph, [lift(_negative, t) for t in terms[leading]], active),
            -low,
            f"archdsl.sample:{seed}",
        )
    in_vain = 0
    for assignment in draws:
        if all(_holds(terms[metric], *within[metric], assignment) for metric in within):
            in_vain = 0
            yield assignment
        elif (in_vain := in_vain + 1) > _REJECTIONS:
            raise DiagnosticError(
                TOO_LARGE.error(
                    None,
                    f"hardly any architecture of `{graph.name}` is within all bounds at once",
                )
            )


def _possible(
    name: str, metric: Metric, low: int | None, high: int | None, space: Diagram
) -> None:
    extremes = space.extremes()
    if extremes is None:
        raise DiagnosticError(
            UNSATISFIABLE.error(
                None, f"no architecture of `{name}` satisfies every requirement"
            )
        )
    if high is not None and extremes[0] > high:
        message = (
            f"no architecture of `{name}` has {exact(high)} {metric} or less: the least is "
            f"{exact(extremes[0])}"
        )
        raise DiagnosticError(UNSATISFIABLE.error(None, message))
    if low is not None and extremes[1] < low:
        message = (
            f"no architecture of `{name}` has {exact(low)} {metric} or more: the most is "
            f"{exact(extremes[1])}"
        )
        raise DiagnosticError(UNSATISFIABLE.error(None, message))


def _holds(
    terms: tuple[Expr, ...],
    low: int | None,
    high: int | None,
    assignment: dict[Choice, int],
) -> bool:
    if low is None and high is None:
        return True
    total = sum(t.at(assignment) for t in terms)
    return (low is None or total >= low) and (high is None or total <= high)


def _negative(value: int) -> int:
    return -value
