"""Random valid specs, for the laws and for whatever else is to hold of all networks.

    @given(specs(choices=True, must={"concat", "grouped"}))
    def test_something(spec): graph = elaborate(spec)

Every spec elaborates without errors, has small sizes and at most `grid` combinations of answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st

from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project
from archdsl.ir.graph import Graph
from archdsl.syntax.shipped import shipped
from tests.strategies.choice_parts import CHOICES
from tests.strategies.plain_parts import PLAIN, Part
from tests.strategies.variations import VARIATIONS, vary
from tests.strategies.writing import Sizes, Writer, is_known, space

# Features of the frame around the parts.
FRAME = (
    "two_inputs",
    "two_outputs",
    "comments",
    "one_dimension",
    "two_dimensions",
    "three_dimensions",
)
# Only where they are demanded: what makes a count an interval.
RARE = ("cost_bound",)
PARTS = {**PLAIN, **CHOICES}
FEATURES = (
    frozenset(PARTS)
    | {g for p in PARTS.values() for g in p.gives}
    | set(FRAME)
    | set(VARIATIONS)
    | set(RARE)
)
NEED_CHOICES = frozenset(CHOICES) | {"narrow", "settle", "partial_genotype", "cost_bound"} | (
    {g for p in CHOICES.values() for g in p.gives} - {g for p in PLAIN.values() for g in p.gives}
)  # fmt: skip
_TWO = "size_kernel padding_size take_index merge split split_sizes split_like structural size_list resize".split()
_DIMS = {
    "one_dimension": ("t",),
    "two_dimensions": ("hw",),
    "three_dimensions": ("thw",),
    **dict.fromkeys(_TWO, ("hw", "thw")),
}
# The part without which a variation has nothing to vary.
_STARTS = {"instance": "if_parameter", "parameters": "if_parameter", "insert": "conv", "set_parameter": "conv", "replace": "activation",
           "remove": "batch_norm", "narrow": "width_range", "settle": "width_range", "partial_genotype": "width_range"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spec:
    """A file: its text, the networks and genotypes that it declares (the plainest first), and what it
    exercises.
    """

    text: str
    names: tuple[str, ...]
    features: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dials:
    """What is asked of a generator of specs.

    `choices` wants spaces (True), models (False) or either; `must` and `without` are among FEATURES; as many
    parts as `parts` says stand beside those that are demanded; `grid` bounds the product of all domains, so
    that a space can be enumerated. Raises ValueError for demands that no spec meets.
    """

    choices: bool | None = None
    must: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    parts: tuple[int, int] = (1, 4)
    grid: int = 256

    def __post_init__(self) -> None:
        if unknown := (self.must | self.without) - FEATURES:
            raise ValueError(f"no such features: {', '.join(sorted(unknown))}")
        if self.choices is False and self.must & NEED_CHOICES:
            raise ValueError(
                f"these features need choices: {', '.join(sorted(self.must & NEED_CHOICES))}"
            )
        if self.must & self.without:
            raise ValueError(
                f"demanded and refused: {', '.join(sorted(self.must & self.without))}"
            )
        if not self.dims():
            raise ValueError("the demanded features need different dimensions")

    def dims(self) -> list[str]:
        """The dimensions in space that an input may have."""
        return [
            d for d in ("hw", "t", "thw") if all(d in _DIMS.get(f, (d,)) for f in self.must)
        ]


def specs(
    *,
    choices: bool | None = None,
    must: Collection[str] = (),
    without: Collection[str] = (),
    parts: tuple[int, int] = (1, 4),
    grid: int = 256,
) -> st.SearchStrategy[Spec]:
    """Specs by `Dials`, as a strategy that shrinks."""
    return _drawn(Dials(choices, frozenset(must), frozenset(without), parts, grid))


def spec_of(seed: str, **dials: Any) -> Spec:
    """The spec of a seed: independent of the others, which the examples of a strategy are not."""
    sets = {
        name: frozenset(value)
        for name, value in dials.items()
        if name in ("must", "without")
    }
    return _written(Random(seed).randrange, Dials(**{**dials, **sets}))


def read(spec: Spec) -> tuple[Module, Project]:
    """The parsed file of a spec, and the project that elaborates its networks."""
    importer = Importer(shipped("specs"))
    module = importer.load_text(Source("spec.arch", spec.text), Path("."))
    found = [d for ds in importer.diagnostics.values() for d in ds]
    assert not found, found
    return module, Project(importer)


def elaborate(spec: Spec, name: str | None = None) -> Graph:
    """The graph of a network or genotype of a spec, by default its first. Raises DiagnosticError."""
    module, project = read(spec)
    return project.elaborate(module, name or spec.names[0]).graph


@st.composite
def _drawn(draw: st.DrawFn, dials: Dials) -> Spec:
    return _written(lambda n: draw(st.integers(0, n - 1)), dials)


def _written(pick: Callable[[int], int], dials: Dials) -> Spec:
    must = dials.must
    w = Writer(pick, set(must), dials.without, dials.grid)
    searched = bool(
        dials.choices or NEED_CHOICES & must or (dials.choices is None and w.maybe())
    )
    x = _inputs(w, dials)
    for key in _queue(w, must, searched, dials.parts):
        if key is None:
            key = w.one([k for k, p in PARTS.items() if _open(w, k, p, x, searched)])
        part = PARTS[key]
        if part.known and not is_known(x):
            x = _settled(w, x)
        w.mark(key)
        x = part.write(w, x)
    if searched and w.used == 1:
        w.mark("width_range")
        x = CHOICES["width_range"].write(w, x)
    if "cost_bound" in must:
        w.mark("cost_bound")
        w.put(f"require {w.one(['macs', 'params'])} <= {w.one(['1.0M', '50K'])}")
    _outputs(w, x)
    text, names = vary(w, "space" if searched else "model")
    return Spec(text, names, frozenset(w.features))


def _queue(
    w: Writer, must: frozenset[str], searched: bool, parts: tuple[int, int]
) -> list[str | None]:
    """The demanded parts in any order, among others that are drawn when their turn comes."""
    wanted: list[str | None] = []
    for feature in sorted(must):
        key = (
            feature
            if feature in PARTS
            else _STARTS.get(feature)
            or next((k for k, p in PARTS.items() if feature in p.gives), None)
        )
        # One part has one of its options, so each demanded option has a part of its own.
        if key is not None and (key not in wanted or feature not in PARTS):
            wanted.append(key)
    wanted += [None] * w.number(*parts)
    if searched and w.maybe():
        wanted.append("width_range")
    order = w.shuffled(wanted)
    if must & {"padding_number", "padding_size"}:
        # These need sizes that are known, and other parts may hand them to a choice.
        order = sorted(order, key=lambda key: key != "conv")
    if "take_index" in must:
        # It removes what others may need.
        order = sorted(order, key=lambda key: key == "slices")
    return order


def _open(w: Writer, key: str, part: Part, x: Sizes, searched: bool) -> bool:
    """Whether a part may come next without being demanded."""
    if key in w.without or not part.fits(x):
        return False
    return part.least == 1 or (searched and w.used * part.least <= w.grid)


def _inputs(w: Writer, dials: Dials) -> Sizes:
    dims = w.one(dials.dims())
    w.mark({"t": "one_dimension", "hw": "two_dimensions", "thw": "three_dimensions"}[dims])
    x: Sizes = {
        "c": w.number(1, 4),
        **{d: w.number(2, 4) if d == "t" else w.number(3, 6) for d in dims},
    }
    text = ", ".join(["b", *(f"{d} = {n}" for d, n in x.items())])
    if w.option("", "two_inputs"):
        order = ", ".join(["b", *(f"{d} = {x[d]}" for d in dims), "c = 2"])
        w.put(f"input x: [{text}], flow: [{order}]")
        w.put("x = [x, flow -> relu] -> concat(@c)")
        c = x["c"]
        assert c is not None
        x = {**x, "c": c + 2}
    else:
        w.put(f"input x: [{text}]")
    return x


def _settled(w: Writer, x: Sizes) -> Sizes:
    """Sizes in space that choices decided, made known again."""
    known: Sizes = {d: 3 for d in space(x) if x[d] is None}
    w.put(f"x = x -> resize({', '.join(f'{d} = {n}' for d, n in known.items())})")
    return {**x, **known}


def _outputs(w: Writer, x: Sizes) -> None:
    dims = space(x)
    pooled = f"x -> mean(@{dims})" if dims else "x"
    head = f"{pooled} -> linear({w.number(1, 5)}) as head"
    kind = w.option("", "two_outputs")
    if kind == "two_outputs":
        w.put(f"output x, {head}")
    else:
        w.put(f"output {head if w.number(0, 3) else 'x'}")
