"""Whether a network can learn from data: one input of their sizes, one output with a score for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph


def sizes_of(network: Graph) -> dict[str, int]:
    """The sizes of a network's only input but for the batch, in the order of its axes. Raises DiagnosticError
    E0973.
    """
    if len(network.inputs) != 1:
        named = ", ".join(f"`{given.name}`" for given in network.inputs)
        raise _unfit(
            f"`{network.name}` has {len(network.inputs)} inputs ({named}); examples are one tensor each"
        )
    (given,) = network.inputs
    return {dim: given.shape[dim].value for dim in given.dims if dim != "b"}


def check_fit(
    shape: Mapping[str, int], classes: Sequence[object], network: Graph
) -> dict[str, int]:
    """The shape of examples in the order in which the network takes them. Raises DiagnosticError E0973."""
    wanted = sizes_of(network)
    if len(network.outputs) != 1 or set(network.outputs[0].shape) != {
        "b",
        "c",
    }:
        dims = ", ".join("[" + ", ".join(v.shape) + "]" for v in network.outputs)
        raise _unfit(
            f"`{network.name}` does not sort into classes: its outputs are {dims}, not one [b, c]"
        )
    name = network.inputs[0].name
    if dict(shape) != wanted:
        help = None
        if set(shape) == set(wanted):
            sizes = "x".join(str(shape[d]) for d in wanted)
            help = f"`--input {name}=1x{sizes}` feeds this size to the same network, where its weights allow"
        raise _unfit(
            f"the examples are [{_listed(shape)}], and `{name}` of `{network.name}` is [{_listed(wanted)}]",
            help,
        )
    scores = min(network.outputs[0].shape["c"].distinct())
    if scores < len(classes):
        help = (
            f"ask for so many, as `{network.name}(classes = {len(classes)})` where that is what the "
            "parameter is called"
        )
        raise _unfit(
            f"the data have {len(classes):,} classes, and `{network.name}` {scores:,} outputs",
            help,
        )
    return {dim: shape[dim] for dim in wanted}


def _listed(shape: Mapping[str, int]) -> str:
    return ", ".join(f"{dim} = {size}" for dim, size in shape.items())


def _unfit(problem: str, help: str | None = None) -> DiagnosticError:
    return DiagnosticError(codes.DATA_DOES_NOT_FIT.error(None, problem, help=help))
