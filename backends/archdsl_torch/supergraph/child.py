"""One architecture of a supergraph: its program, and what it takes of which super-weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from archdsl.ir.activity import Identity
from archdsl.ir.choice import Choice
from archdsl.ir.complete import Settling, complete
from archdsl.ir.graph import Graph, Op, Weight
from archdsl.ir.instance import key
from archdsl_lowering.fixed import program_of
from archdsl_lowering.program import Program
from archdsl_lowering.supergraph.axes import Given
from archdsl_lowering.supergraph.layouts import Layouts
from archdsl_lowering.supergraph.windows import Positions, some_of
from archdsl_torch.supergraph.bank import Bank

_REMEMBERED = 16_384  # shares of weights


@dataclass(frozen=True, slots=True)
class Share:
    """What an architecture takes of a super-weight: for each axis the positions, None for all of them as they
    are.
    """

    weight: Weight
    given: Given
    taken: tuple[Positions | None, ...]


@dataclass(frozen=True, slots=True)
class Child:
    """The program of an architecture, the one that compiling it alone gives; `shares` are by `state_dict`
    key.
    """

    program: Program
    shares: Mapping[str, Share]


class Children:
    """Makes the architectures of a space, and remembers what several of them have in common."""

    def __init__(self, space: Graph, layouts: Layouts, bank: Bank) -> None:
        self._space = space
        self._layouts = layouts
        self._bank = bank
        self._settling = Settling()
        self._shares: dict[tuple[Identity, tuple[int, ...]], Share] = {}

    def of(self, at: Mapping[Choice, int]) -> Child:
        """The architecture of a complete assignment."""
        model, source = complete(self._space, at, self._settling)
        shares: dict[str, Share] = {}
        for value in model.values:
            for weight in source[value].weights if isinstance(value, Op) else ():  # type: ignore[union-attr]
                name = key(weight.full_name)
                if name not in shares:
                    shares[name] = self._share(weight, at)
        return Child(program_of(model), shares)

    def _share(self, weight: Weight, at: Mapping[Choice, int]) -> Share:
        answers = tuple([at[c] for c in self._layouts.deciding(weight)])
        place = weight.identity, answers
        known = self._shares.get(place)
        if known is None:
            given = self._layouts.given(weight, at)
            whole = self._layouts.super_shape(weight, given)
            taken = self._layouts.taken(weight, at, given)
            if len(self._shares) >= _REMEMBERED:
                self._shares.clear()
            known = self._shares[place] = Share(
                weight, given, tuple(map(some_of, taken, whole))
            )
        return known


class Gatherer:
    """Takes shares of super-weights as tensors; index tensors are made once."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._indices: dict[tuple[Positions, torch.device], torch.Tensor] = {}

    def __call__(self, share: Share) -> torch.Tensor:
        """The share, differentiable in the super-weight: the parameter itself where it takes everything."""
        found: torch.Tensor = self._bank.parameter(share.weight, share.given)
        for axis, positions in enumerate(share.taken):
            if positions is not None:
                found = found.index_select(axis, self._index(positions, found.device))
        return found

    def _index(self, positions: Positions, device: torch.device) -> torch.Tensor:
        place = positions, device
        known = self._indices.get(place)
        if known is None:
            known = self._indices[place] = torch.tensor(
                positions, dtype=torch.long, device=device
            )
        return known


def extracted(child: Child, gather: Gatherer) -> dict[str, torch.Tensor]:
    """The state dict of an architecture by itself: copies of its shares, and fresh statistics for its batch
    norms.
    """
    with torch.no_grad():
        found = {
            name: gather(child.shares[name]).detach().clone()
            for name in child.program.weights
        }
    kinds = next(
        ((t.dtype, t.device) for t in found.values()),
        (torch.get_default_dtype(), torch.device("cpu")),
    )
    for path, module in child.program.modules.items():
        if module.type.startswith("torch.nn.BatchNorm"):
            found[f"{path}.running_mean"] = torch.zeros(
                module.args[0], dtype=kinds[0], device=kinds[1]
            )
            found[f"{path}.running_var"] = torch.ones(
                module.args[0], dtype=kinds[0], device=kinds[1]
            )
            found[f"{path}.num_batches_tracked"] = torch.tensor(0, device=kinds[1])
    return found
