"""Law 13: fed sizes that it was not compiled for, a compiled form gives the right answer or a coded error.

The right answer is that of the text elaborated at those sizes with the same weights. It is the same where the
two programs are one, instruction for instruction, so whatever a program says that it takes is compared with
the program at that size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl_torch
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.files.project import Project
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.ops.entries import Entry, fits
from archdsl_lowering.fixed import lower
from archdsl_lowering.program import Program
from archdsl_lowering.rows.layout import canonical
from archdsl_torch.supergraph import supergraph
from tests.laws.subjects import (
    SHIPPED,
    SPECS,
    Assignment,
    answers,
    examples,
    shipped_graph,
    some_answers,
)
from tests.strategies.specs import Spec, read, specs

Shapes = list[list[int]]

# Networks that ship, and which sizes of their inputs they take.
HANDFUL = {
    "zoo/x3d.arch:x3d_xs": "c 3 t 4+ h 129+ w 129+",
    "zoo/slowfast.arch:slowfast_4x16_r50": "c 3 t 32 h 193+ w 193+",
    "zoo/i3d.arch:i3d": "c 3 t 9+ by 8 h 193+ by 32 w 193+ by 32",
    "zoo/nas.arch:mobilenet_v2": "c 3 h 1+ w 1+",
    "zoo/motion.arch:host": "c 3 t 1+ h 1+ w 1+",
    "zoo/timesformer.arch:timesformer_divided": "c 3 t 8 h 224 w 224",
    "zoo/autox3d.arch:example_s": "c 3 t 13 h 160 w 160",
}


def shapes(graph: Graph) -> Shapes:
    return [[one.shape[d].value for d in one.dims] for one in graph.inputs]


def others(
    graph: Graph, amounts: tuple[int, ...] = (-32, -8, -2, -1, 1, 2, 3, 8, 32)
) -> Iterator[Shapes]:
    """Each dimension but the batch, up and down by several amounts and doubled."""
    for place, one in enumerate(graph.inputs):
        for axis, dim in enumerate(one.dims):
            size = one.shape[dim].value
            for other in {size + amount for amount in amounts} | {2 * size}:
                if dim != "b" and other > 0:
                    changed = shapes(graph)
                    changed[place][axis] = other
                    yield changed


def takes(entries: tuple[Entry, ...], fed: Shapes) -> bool:
    return all(fits(entry.wanted, shape) for entry, shape in zip(entries, fed, strict=True))


def same(graph: Graph, assignment: Assignment) -> Mapping[Any, int]:
    """The same answers in another elaboration of the text."""
    by_path = {c.path: i for c, i in assignment.items()}
    return {c: by_path[c.path] for c in graph.choices}


def computed(program: Program) -> tuple[object, ...]:
    """What a program computes, without where it comes from."""
    calls = [(one.kind, one.target, one.args, one.kwargs) for one in program.instructions]
    return (
        calls,
        program.outputs,
        program.modules,
        {key: weight.shape for key, weight in program.weights.items()},
    )


class Subject:
    """A network of a file at its declared sizes and at others, with some answers to its choices."""

    def __init__(self, project: Project, module: Any, name: str) -> None:
        self._elaborate = lambda inputs: (
            project.elaborate(module, name, inputs=inputs).graph
        )
        self.graph = self._elaborate(None)

    def at(self, fed: Shapes) -> Graph:
        return self._elaborate(
            {one.name: shape for one, shape in zip(self.graph.inputs, fed, strict=True)}
        )

    def holds(self, assignment: Assignment, tried: list[Shapes]) -> int:
        """Checks that the program of some answers is right for what it takes; how many of the sizes that
        is.
        """
        model = fix(self.graph, assignment)
        program = lower(model)
        assert takes(program.entries, shapes(model))
        taken = [fed for fed in tried if takes(program.entries, fed)]
        for fed in taken:
            space = self.at(fed)
            other = fix(space, same(space, assignment))
            if computed(lower(other)) != computed(program):
                agree(model, other, fed)
        return len(taken)


def agree(model: Graph, other: Graph, fed: Shapes) -> None:
    """Two programs give the same numbers on the same weights: `resize` leaves out what has its size
    already.
    """
    net = archdsl_torch.compile(model).double().eval()
    wanted = archdsl_torch.compile(other, weights=net.state_dict()).double().eval()
    tensors = [
        torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        for shape in fed
    ]
    torch.testing.assert_close(
        net(*tensors),
        wanted(*tensors),
        rtol=1e-9,
        atol=1e-9,
        msg=lambda text: f"{fed}: {text}",
    )


def spec_subject(spec: Spec, name: str) -> Subject:
    module, project = read(spec)
    return Subject(project, module, name)


@st.composite
def fed_to(draw: st.DrawFn, graph: Graph) -> Shapes:
    """Shapes near the declared ones, in several dimensions at once."""
    changed = shapes(graph)
    for place, one in enumerate(graph.inputs):
        for axis, dim in enumerate(one.dims):
            if dim != "b" and draw(st.booleans()):
                changed[place][axis] = max(
                    1, changed[place][axis] + draw(st.integers(-3, 6))
                )
    return changed


@pytest.mark.parametrize("feature", SPECS)
def test_of_every_feature(feature: str) -> None:
    for name in SPECS[feature].names[:1]:
        subject = spec_subject(SPECS[feature], name)
        subject.holds(
            some_answers(subject.graph, feature), list(others(subject.graph, (-1, 1, 2, 6)))
        )


@given(specs(), st.data())
@examples(60)
def test_of_random_specs(spec: Spec, data: st.DataObject) -> None:
    subject = spec_subject(spec, data.draw(st.sampled_from(spec.names)))
    subject.holds(
        data.draw(answers(subject.graph)),
        [data.draw(fed_to(subject.graph)) for _ in range(4)],
    )


@given(specs(choices=True), st.data())
@examples(20)
def test_of_mixed_supergraphs(spec: Spec, data: st.DataObject) -> None:
    subject = spec_subject(spec, spec.names[0])
    try:
        program = supergraph(subject.graph, "mixed")._program  # type: ignore[attr-defined]
    except DiagnosticError:  # what cannot be mixed
        return
    for fed in (data.draw(fed_to(subject.graph)) for _ in range(4)):
        if takes(program.entries, fed):
            assert computed(supergraph(subject.at(fed), "mixed")._program) == computed(
                program
            ), fed  # type: ignore[attr-defined]


@given(specs(choices=False), st.data())
@examples(20)
def test_of_what_pytorch_makes_of_it(spec: Spec, data: st.DataObject) -> None:
    """What is taken gives an output of the size that the text gives; all else is a coded error."""
    subject = spec_subject(spec, spec.names[0])
    net = archdsl_torch.compile(subject.graph, meta=True).eval()
    for fed in (data.draw(fed_to(subject.graph)) for _ in range(4)):
        tensors = [torch.empty(shape, device="meta") for shape in fed]
        if not takes(net.entries, fed):
            with pytest.raises(DiagnosticError, match="E0954"):
                net(*tensors)
            continue
        found = net(*tensors)
        wanted = [
            [v.shape[d].value for d in canonical(v.shape)] for v in subject.at(fed).outputs
        ]
        assert [
            list(y.shape) for y in (found if isinstance(found, tuple) else (found,))
        ] == wanted


@pytest.mark.parametrize(
    "reference", HANDFUL if settings.default.max_examples <= 100 else SHIPPED
)
def test_of_what_ships(reference: str) -> None:
    """At a few of the sizes that each takes; in the profile "deep" every network at all of them."""
    file, _, name = reference.partition(":")
    project = Project()
    subject = Subject(project, project.module(file), name)
    assignment = dict.fromkeys(subject.graph.choices, 1)
    entries = lower(fix(subject.graph, assignment)).entries
    taken = [fed for fed in others(subject.graph) if takes(entries, fed)]
    subject.holds(
        assignment,
        Random(reference).sample(taken, min(len(taken), examples(2).max_examples)),
    )


@pytest.mark.parametrize(("reference", "wanted"), HANDFUL.items())
def test_what_ships_stays_open(reference: str, wanted: str) -> None:
    graph = shipped_graph(reference)
    (entry,) = lower(fix(graph, dict.fromkeys(graph.choices, 1))).entries
    assert (
        " ".join(_spelt(entry.dims[axis], *sizes) for axis, *sizes in entry.wanted)
        == wanted
    )


def _spelt(dim: str, size: int, least: int, step: int) -> str:
    """`h 224` where no other is taken, `h 193+` for 193 and more, `h 193+ by 32` in steps."""
    if not step:
        return f"{dim} {size}"
    return f"{dim} {least}+" + (f" by {step}" if step > 1 else "")
