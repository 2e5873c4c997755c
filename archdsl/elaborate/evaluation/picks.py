"""Combining what was picked from a list: `2 of [a, b, c]`, then `-> weighted_sum`, `-> add` or `-> concat`.

Which tensors are combined is a choice, so the result is one value over all subsets. Where the tensors are
alike so is the result; where they differ, its sizes and what is wrong are worked out for each subset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.arguments import arguments, state_shape
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.problems import check_of, homed, is_real, labels_of, told
from archdsl.elaborate.evaluation.state import fail
from archdsl.elaborate.evaluation.values import PickV, Poison, PrimitiveL, Tensor, describe
from archdsl.ir.expr import Expr, constant, each, lift, mend, select
from archdsl.ir.graph import Check, Init, Pick, Shape, Value, Weight
from archdsl.ops.call import Call
from archdsl.ops.primitive import Primitive, Problem, Result

_COMBINE: dict[str, Literal["weighted", "sum", "concat"]] = {
    "weighted_sum": "weighted",
    "add": "sum",
    "concat": "concat",
}
_MOST_CASES = 4096  # subsets of unlike tensors


def picked_tensors(name: str, picked: PickV, span: Span) -> tuple[Value, ...] | None:
    """The tensors that are picked from, for the primitive of this name; None where one of them is poisoned.

    Raises DiagnosticError for other primitives and things.
    """
    if name not in _COMBINE:
        message = (
            "what is picked from a list is combined by `weighted_sum`, `add` or `concat`"
        )
        fail(codes.WRONG_INPUTS, span, f"{message}, not by `{name}`")
    values = []
    for item in picked.items:
        if isinstance(item.value, Poison):
            return None
        if not isinstance(item.value, Tensor):
            fail(
                codes.WRONG_KIND,
                span,
                f"`{name}` combines tensors, not {describe(item.value)}",
            )
        values.append(item.value.value)
    return tuple(values)


def combined(
    layer: PrimitiveL, values: tuple[Value, ...], subset: Expr, place: Place
) -> Tensor:
    """The picked values in one, by the primitive."""
    primitive, state = layer.primitive, place.state
    shapes = tuple([state_shape(v, state) for v in values])
    call, extra = arguments(layer, shapes, place)
    whole = primitive.shape(call)
    dim: str | None = call.attrs["dim"].value if primitive.name == "concat" else None
    checks: tuple[Check, ...] = ()
    shape = dict(whole.shape)
    if len(set(map(frozenset, shapes))) > 1 or any(map(is_real, (*extra, *whole.problems))):
        cases = _cases(primitive, subset, call, place.span)
        shape, problem = _shape_of_cases(subset, cases)
        checks = _checks(problem, extra, values, place)
    elif dim is not None:
        shape[dim] = lift(_chosen_sum, subset, *[s.get(dim, constant(1)) for s in shapes])
    weights: tuple[Weight, ...] = ()
    if primitive.name == "weighted_sum":
        weights = (_mixing_weight(primitive, call, shape, subset, place),)
    state.tick(place.span, 25 + len(values))
    combine = _COMBINE[primitive.name]
    return Tensor(
        Pick(
            subset, values, combine, dim, weights, shape, place.instance, place.span, checks
        )
    )


def _checks(
    problem: Expr, extra: tuple[Problem, ...], values: tuple[Value, ...], place: Place
) -> tuple[Check, ...]:
    checks = [check_of(p, values, place) for p in extra if is_real(p)]
    if any(message is not None for message in problem.distinct()):
        labels = labels_of(values, place.span)
        checks.append(
            homed(Check(problem, shape_codes.SIZES_DIFFER, place.span, labels), place)
        )
    return tuple(checks)


def _mixing_weight(
    primitive: Primitive, call: Call, shape: Shape, subset: Expr, place: Place
) -> Weight:
    """One factor for each of the picked; none for a single one."""
    rule = primitive.weights(call, shape)[0]
    size, init = (lift(_factors, subset),), lift(_even, subset)
    weight = Weight(place.instance.weights_path, rule.name, size, init, place.state.variant)
    return place.state.weight(weight, place.instance, place.span)


def _cases(
    primitive: Primitive, subset: Expr, call: Call, span: Span
) -> dict[tuple[int, ...], Result]:
    """What each of the subsets gives that can be picked; a single one is itself."""
    found: dict[tuple[int, ...], Result] = {}
    subsets = subset.distinct()
    if len(subsets) > _MOST_CASES:
        fail(
            bounds.TOO_MUCH_WORK,
            span,
            f"{len(subsets):,} subsets of tensors that differ in their sizes; at most {_MOST_CASES:,} can "
            "be looked at",
            help="bring the tensors to one shape before they are picked from",
        )
    for chosen in subsets:
        parts = tuple([call.inputs[i] for i in chosen])
        single = len(parts) == 1
        found[chosen] = (
            Result(parts[0]) if single else primitive.shape(replace(call, inputs=parts))
        )
    return found


def _shape_of_cases(
    subset: Expr, cases: Mapping[tuple[int, ...], Result]
) -> tuple[dict[str, Expr], Expr]:
    """The sizes of what is picked, by what is picked, and what is wrong with it: dimensions have to be the
    same.
    """
    first = next(iter(cases.values())).shape
    number = lift({chosen: i for i, chosen in enumerate(cases)}.__getitem__, subset)
    shape = {}
    for dim, size in first.items():
        shape[dim] = mend(
            select(number, [case.shape.get(dim, size) for case in cases.values()]), 1
        )
    return shape, select(number, [_message(case, first) for case in cases.values()])


def _message(case: Result, first: Shape) -> Expr:
    """What is wrong with one case, or None."""
    real = [p.message for p in case.problems if is_real(p)]
    if real:
        return each(told, real[0])
    if set(case.shape) == set(first):
        return constant(None)
    return constant(
        f"dimensions differ: [{', '.join(first)}] and [{', '.join(case.shape)}]"
    )


def _chosen_sum(subset: tuple[int, ...], *sizes: Any) -> Any:
    return sum(sizes[i] for i in subset)


def _factors(subset: tuple[int, ...]) -> int:
    return len(subset) if len(subset) > 1 else 0


def _even(subset: tuple[int, ...]) -> Init:
    return Init("constant", (1 / max(len(subset), 1),))
