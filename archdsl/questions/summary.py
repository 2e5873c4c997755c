"""The paper's macro table of a space or a model: stage by stage its shape, params, MACs and choices, all
exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.ir.activity import Activity, activity, binding
from archdsl.ir.choice import Choice
from archdsl.ir.expr import Expr, constant, product, where
from archdsl.ir.extremes import extremes_of
from archdsl.ir.graph import Graph, Op, Pick, Shape, canonical
from archdsl.ir.notation import digits
from archdsl.outline.reading import batch_of
from archdsl.questions.count import architectures
from archdsl.questions.stages import Stage, stages


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact number, or the exact extremes of one over a space."""

    low: int
    high: int

    def facts(self) -> int | dict[str, int]:
        return self.low if self.low == self.high else {"min": self.low, "max": self.high}


@dataclass(frozen=True, slots=True)
class Row:
    """A stage and what it costs; weights that several stages share are counted in the first."""

    stage: Stage
    output: Mapping[str, Amount]
    params: Amount
    macs: Amount

    def facts(self) -> dict[str, Any]:
        return {
            "stage": self.stage.name,
            "repeat": self.stage.repeat,
            "operators": list(self.stage.operators),
            "output": _shape_facts(self.output),
            "params": self.params.facts(),
            "macs": self.macs.facts(),
            "choices": [_choice_facts(choice) for choice in self.stage.choices],
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that `archdsl summary` prints. `elsewhere` are the choices declared outside of any stage,
    `batch` is what MACs are counted at."""

    graph: Graph
    inputs: Mapping[str, Mapping[str, Amount]]
    outputs: Mapping[str, Mapping[str, Amount]]
    rows: tuple[Row, ...]
    params: Amount
    macs: Amount
    architectures: int | tuple[int, int]
    elsewhere: tuple[Choice, ...]
    batch: int

    def facts(self) -> dict[str, Any]:
        """As `grammar/summary.schema.json` has it."""
        count = self.architectures
        return {
            "name": self.graph.name,
            "kind": self.graph.kind,
            "params": self.params.facts(),
            "macs": self.macs.facts(),
            "inputs": {name: _shape_facts(shape) for name, shape in self.inputs.items()},
            "outputs": {name: _shape_facts(shape) for name, shape in self.outputs.items()},
            "choices": len(self.graph.choices),
            "architectures": digits(count)
            if isinstance(count, int)
            else {"min": digits(count[0]), "max": digits(count[1])},
            "rows": [row.facts() for row in self.rows],
        }


def summarise(graph: Graph) -> Summary:
    """The table of a graph. The rows of a model add up to its totals.

    Raises DiagnosticError where a space is too large for the exact engine, or holds no architecture.
    """
    live = activity(graph.outputs)
    constraints = [binding(requirement, live) for requirement in graph.requirements]
    table = stages(graph)
    seen: set[Any] = set()
    params = [_params(stage, live, seen) for stage in table]
    macs = [_macs(stage, live) for stage in table]
    sums = [
        *params,
        *macs,
        [term for terms in params for term in terms],
        [term for terms in macs for term in terms],
    ]
    found = extremes_of(sums, constraints, live.choices)
    assert found is not None, "elaboration refuses a space without architectures"
    amounts = [Amount(*ends) for ends in found]
    rows = tuple(
        Row(stage, _shape(stage.output), amounts[i], amounts[len(table) + i])
        for i, stage in enumerate(table)
    )
    placed = {choice for stage in table for choice in stage.choices}
    return Summary(
        graph,
        {
            given.name: {dim: _amount(given.shape[dim]) for dim in given.dims}
            for given in graph.inputs
        },
        {
            result.name: _in_order(value.shape, result.dims)
            for result, value in zip(graph.results, graph.outputs, strict=True)
        },
        rows,
        amounts[-2],
        amounts[-1],
        architectures(graph),
        tuple(choice for choice in graph.choices if choice not in placed),
        batch_of(graph),
    )


def _macs(stage: Stage, live: Activity) -> list[Expr]:
    return [
        where(live.values[value], value.macs, _NONE)
        for value in stage.values
        if isinstance(value, Op)
    ]


def _params(stage: Stage, live: Activity, seen: set[Any]) -> list[Expr]:
    """The sizes of the weights that no earlier stage has counted."""
    terms = []
    for value in stage.values:
        for weight in value.weights if isinstance(value, Op | Pick) else ():
            if weight.identity not in seen:
                seen.add(weight.identity)
                terms.append(
                    where(live.weights[weight.identity], product(weight.shape), _NONE)
                )
    return terms


_NONE = constant(0)


def _shape(shape: Shape) -> dict[str, Amount]:
    """The sizes in the order that papers print: batch, channels, time, height, width, then the rest."""
    return _in_order(shape, canonical(shape))


def _in_order(shape: Shape, dims: str) -> dict[str, Amount]:
    return {dim: _amount(shape[dim]) for dim in dims}


def _amount(size: Expr) -> Amount:
    return Amount(min(size.table), max(size.table))


def _shape_facts(shape: Mapping[str, Amount]) -> dict[str, Any]:
    return {dim: size.facts() for dim, size in shape.items()}


def _choice_facts(choice: Choice) -> dict[str, Any]:
    return {"path": choice.path, "kind": choice.kind, "alternatives": list(choice.labels())}
