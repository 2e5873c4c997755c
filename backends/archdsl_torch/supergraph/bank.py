"""The weights of a supergraph: one parameter for each weight of the space and each alternative that it is
separate for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

import torch
from torch import nn

from archdsl.diagnostics.codes.supergraphs import TOO_MANY_WEIGHTS
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import Activity, Identity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, restrict
from archdsl.ir.graph import Graph, Init, Weight
from archdsl.ir.instance import key
from archdsl_lowering.supergraph.axes import Given
from archdsl_lowering.supergraph.layouts import Layouts
from archdsl_torch.initialise import fill

_MOST = 1024  # separate copies of one weight
_ESCAPES = str.maketrans(
    {"%": "%25", ".": "%2E"}
)  # a dot would make another level of the name


class Bank:
    """Super-weights by weight and alternatives. `root` holds them as nested modules by `state_dict` key.

    The name of a weight is its key, with `::` and the labels of the alternatives for which it is separate,
    e.g. `group.3.block.0.spread.weight::3x3x3`. Each starts as the text says, from the seed and its own name
    alone. Combinations of alternatives in which a weight is never used have none. Raises DiagnosticError
    E1001.
    """

    def __init__(
        self, graph: Graph, layouts: Layouts, active: Activity, seed: int = 0
    ) -> None:
        self.root = nn.Module()
        self._layouts = layouts
        self._places: dict[tuple[Identity, Given], tuple[nn.Module, str]] = {}
        self._names: dict[tuple[Identity, Given], str] = {}
        taken: set[str] = set()
        for weight in graph.weights().values():
            for given in self._alternatives(weight, active):
                name = _name(weight, given, False)
                name = _name(weight, given, True) if name in taken else name
                taken.add(name)
                parameter = nn.Parameter(torch.empty(layouts.super_shape(weight, given)))
                fill(parameter, _init(weight, given), seed, name)
                self._names[weight.identity, given] = name
                self._places[weight.identity, given] = self._attach(name, parameter)

    def parameter(self, weight: Weight, given: Given = ()) -> nn.Parameter:
        """The super-weight for some alternatives of the choices that the weight is separate for."""
        module, name = self._places[weight.identity, given]
        parameter = module._parameters[name]
        assert parameter is not None
        return parameter

    def name(self, weight: Weight, given: Given = ()) -> str:
        """Its name in the `state_dict` of `root`."""
        return self._names[weight.identity, given]

    def entries(self) -> Iterator[tuple[Identity, Given, str]]:
        """Everything that there is: the weight's identity, its alternatives, its name."""
        for (identity, given), name in self._names.items():
            yield identity, given, name

    def _alternatives(self, weight: Weight, active: Activity) -> Iterator[Given]:
        choices = self._layouts.separate(weight)
        if prod(c.size for c in choices) > _MOST:
            named = ", ".join(f"`{c.path}`" for c in choices[:3]) + (
                ", …" if len(choices) > 3 else ""
            )
            message = (
                f"`{weight.full_name}` would have {prod(c.size for c in choices):,} copies, one for each "
                f"answer to {named}"
            )
            raise DiagnosticError(
                TOO_MANY_WEIGHTS.error(
                    choices[0].span,
                    message,
                    help="let widths be ranges, which share one weight",
                )
            )
        guard = active.weights.get(weight.identity, FALSE)
        for indices in product(*(range(c.size) for c in choices)):
            given = tuple(zip(choices, indices, strict=True))
            if restrict(guard, dict(given)) != FALSE and not any(
                i and _is_idle(c, given, active) for c, i in given
            ):
                yield given

    def _attach(self, name: str, parameter: nn.Parameter) -> tuple[nn.Module, str]:
        *parts, last = name.split(".")
        at = self.root
        for part in parts:
            if part not in at._modules:
                at._modules[part] = nn.Module()
            inner = at._modules[part]
            assert inner is not None
            at = inner
        at._parameters[last] = parameter
        return at, last


def _is_idle(choice: Choice, given: Given, active: Activity) -> bool:
    """Whether the other answers leave a choice inactive, which then counts as answered by its first
    alternative.
    """
    return (
        restrict(active.guard(choice), {c: i for c, i in given if c is not choice}) == FALSE
    )


def _name(weight: Weight, given: Given, full: bool) -> str:
    """`key::label,label`; `full` adds the paths of the choices, for where labels alone do not tell two
    weights apart.
    """
    answers = [
        *weight.variant,
        *((c.path, c.alternatives[i].label) for c, i in given),
    ]
    labels = ",".join(
        f"{path}={label}" if full else label for path, label in answers
    ).translate(_ESCAPES)
    return key(weight.full_name) + ("::" + labels if labels else "")


def _init(weight: Weight, given: Given) -> Init:
    """How the weight starts; where choices decide that, as it does for the last of their alternatives."""
    init = restrict(weight.init, dict(given)).distinct()[-1]
    assert isinstance(init, Init)
    return init
