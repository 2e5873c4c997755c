"""archdsl: neural architectures and search spaces as text, and their compiler to PyTorch.

    space = archdsl.load("zoo/autox3d.arch:autox3d")
    genotype = space.sample(seed=0, max_macs=2.0e9)
    model = space.fix(genotype)
    net = archdsl.compile(model)          # torch.fx.GraphModule
    sup = archdsl.supergraph(space)       # torch.nn.Module: all architectures over shared weights

Importing this package imports neither torch nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Unpack

from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.fx import GraphModule
    from torch.nn import Module

    from archdsl.architecture import Architecture
    from archdsl.importing.imported import Imported
    from archdsl_torch.supergraph import Sharing
    from archdsl_torch.supergraph.base import Supergraph


def load(reference: str, **options: Any) -> Architecture:
    """The space or model of `file:name`; see `archdsl.architecture.load` for the options.

    Raises DiagnosticError with everything wrong.
    """
    from archdsl.architecture import load

    return load(reference, **options)


def compile(
    model: Architecture, *, weights: Any = None, seed: int = 0, **options: Any
) -> GraphModule:
    """A model as a `torch.fx.GraphModule` whose `state_dict` keys are the paths in the text.

    `weights` is a state dict; without one every weight starts as the text says, by `seed`.

    Raises DiagnosticError where choices are still open, or weights do not fit.
    """
    import archdsl_torch

    return archdsl_torch.compile(model.graph, weights=weights, seed=seed, **options)


def supergraph(
    space: Architecture,
    mode: Literal["sampled", "mixed"] = "sampled",
    *,
    zero: bool = False,
    edges: Literal["own", "by_op"] = "own",
    **sharing: Unpack[Sharing],
) -> Supergraph:
    """All architectures of a space over shared weights, as a `torch.nn.Module`; see docs/supergraphs.md.

    `mode="sampled"` computes one architecture at a time, exactly as it is by itself; `mode="mixed"` computes
    all at once, weighted by a distribution. A range of widths shares one weight, of which each width takes a
    window: "fair" ones are laid on a ring, so that every channel is trained equally often, "naive" ones are
    prefixes. A list of kernels has one weight for each ("separate"), or smaller kernels are the centre of the
    largest ("centre"). Weights start as the text says, by `seed`. Two options of DARTS: with `zero` each list
    of layers has a competitor that yields nothing and is never derived; with `edges="by_op"` what is picked
    among such lists is ranked by their layers.

    Raises DiagnosticError E1001 where a weight would need too many copies, and what `mode="mixed"` cannot
    mix.
    """
    from archdsl_torch.supergraph import supergraph

    return supergraph(space.graph, mode, zero=zero, edges=edges, **sharing)


def from_module(
    module: Module, example_inputs: Sequence[Any], *, name: str = ""
) -> Imported:
    """An `nn.Module` as text, verified: `.text`, `.architecture`, `.weights()`, `.save(path)`.

    `example_inputs` are the tensors that `forward` takes; see docs/import.md. Raises DiagnosticError: E1401
    (what cannot be said), E1403 (`torch.export` does not follow it), E1404 (text and module differ).
    """
    from archdsl.importing.capture import capture
    from archdsl.importing.imported import import_captured

    return import_captured(capture(module, example_inputs, name))


def diff(a: Any, b: Any) -> Any:
    """What differs by meaning between two architectures, or two genotypes."""
    from archdsl.compare import diff

    return diff(getattr(a, "graph", a), getattr(b, "graph", b))


def render(architecture: Architecture, **options: Any) -> Any:
    """A drawing, with `.save(path)`."""
    import archdsl_draw

    return archdsl_draw.render(architecture.graph, **options)


__all__ = [
    "Diagnostic",
    "DiagnosticError",
    "__version__",
    "compile",
    "diff",
    "from_module",
    "load",
    "render",
    "supergraph",
]
