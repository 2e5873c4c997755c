"""The module that compiling gives: an fx module which looks at its inputs before it computes.

The check stands around `forward`, so that a direct call of it is checked as well, and outside of the graph:
that, its code and the keys of `state_dict` are those of a plain `GraphModule`, and `torch.export` sees no
more than comparisons of sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import torch
from torch import fx
from torch.fx.graph import PythonCode

from archdsl.diagnostics.codes.files import OTHER_SIZE
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ops.entries import Entry, fits, misfit


def check_inputs(
    network: str,
    entries: Sequence[Entry],
    given: Sequence[Any],
    named: Mapping[str, Any],
) -> None:
    """Raises DiagnosticError (E0954) where an input has a size that the network cannot be right for.

    What is no tensor is passed over: tracers feed proxies, and what is missing the call itself reports.
    """
    for place, entry in enumerate(entries):
        x = given[place] if place < len(given) else named.get(entry.name)
        if isinstance(x, torch.Tensor) and not (
            x.dim() == len(entry.dims) and fits(entry.wanted, x.shape)
        ):
            text = misfit(network, entry.name, entry.dims, entry.wanted, x.shape)
            raise DiagnosticError(OTHER_SIZE.error(None, text))


class Compiled(fx.GraphModule):
    """A model as an fx module; calling it, or its `forward`, raises DiagnosticError (E0954) for sizes that it
    was not compiled for.

    `network` is its name and `entries` what its inputs may be. Copies and pickles keep both.
    """

    network: str
    entries: tuple[Entry, ...]

    def recompile(self) -> PythonCode:
        """The code of the graph as `forward`, which looks at its inputs first."""
        code = super().recompile()
        own: Any = type(self)  # every fx module has a class of its own
        own.forward = _looking(own.forward)
        return code

    def __copy__(self) -> Compiled:
        copied = compiled(self, self.graph, type(self).__name__, self.network, self.entries)
        copied.meta = self.meta
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        copied = super().__deepcopy__(memo)
        assert isinstance(copied, Compiled)
        copied.network, copied.entries = self.network, self.entries
        type(copied).__name__ = type(self).__name__
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self).__name__, *super().__reduce__())


def _looking(forward: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(forward)
    def checked(self: Compiled, *given: Any, **named: Any) -> Any:
        check_inputs(self.network, self.entries, given, named)
        return forward(self, *given, **named)

    return checked


def compiled(
    root: torch.nn.Module,
    graph: fx.Graph,
    class_name: str,
    network: str,
    entries: tuple[Entry, ...],
) -> Compiled:
    """The module of a graph over the layers and weights of `root`."""
    made = Compiled(root, graph, class_name=class_name)
    made.network, made.entries = network, entries
    return made


def _restored(
    class_name: str, rebuild: Callable[..., fx.GraphModule], parts: tuple[Any, ...]
) -> Compiled:
    """A pickled module, from the plain one that PyTorch makes of the pickle; what else it holds goes over to
    it.
    """
    plain = rebuild(*parts)
    made = Compiled(plain, plain.graph, class_name=class_name)
    for name, value in vars(plain).items():
        vars(made).setdefault(name, value)
    return made
