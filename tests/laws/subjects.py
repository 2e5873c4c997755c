"""What the laws are tried on: every network that ships, one generated spec for each feature, and random
ones.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from random import Random

from hypothesis import settings
from hypothesis import strategies as st

from archdsl.elaborate.evaluation.frame import file_frame
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import NetV
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.networks import nets
from archdsl.ir.activity import Activity, activity, binding
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph
from archdsl.ir.requirements import Requirements
from archdsl.questions.genotype import Genotype, genotype_of
from archdsl.questions.sample import sample
from archdsl.syntax import ast
from archdsl.syntax.shipped import shipped
from tests.strategies.specs import FEATURES, Spec, elaborate, spec_of

# One spec for each feature, so that no law misses a construct; `cost_bound` has tests of its own.
SPECS: Mapping[str, Spec] = {
    f: spec_of(f"law:{f}", must={f}) for f in sorted(FEATURES - {"cost_bound"})
}
SPACES = [f for f, spec in SPECS.items() if "\nspace base" in spec.text]

# Five supergraphs in a host take some laws up to a minute: the profile "deep" tries them, the others their
# cells alone.
SLOW = re.compile(r"(i3d|s3d|i3d_r50)_(cells|specific|agnostic|gpb)")

Assignment = dict[Choice, int]


def examples(count: int) -> settings:
    """As many examples as the profile allows: `count` in ci, more in deep."""
    return settings(max_examples=max(1, count * settings.default.max_examples // 100))


def shipped_networks(each: int | None) -> list[str]:
    """`zoo/x3d.arch:x3d_s` for the networks and genotypes of specs/ that need no arguments, at most `each` of
    one body.

    Variants of one body differ in numbers: the laws are tried on some of them, in the profile "deep" on all.
    """
    project, root, found = Project(), shipped("specs"), []
    taken: Counter[ast.Net] = Counter()
    for path in sorted(root.rglob("*.arch")):
        name = str(path.relative_to(root))
        module = project.module(name)
        for declaration in module.file.declarations:
            if isinstance(declaration, ast.Net | ast.Genotype) and not _is_open(
                declaration
            ):
                if each is not None and SLOW.fullmatch(declaration.name):
                    continue
                body = _body(declaration, module)
                taken[body] += 1
                if each is None or taken[body] <= each:
                    found.append(f"{name}:{declaration.name}")
    return found


def _is_open(declaration: ast.Net | ast.Genotype) -> bool:
    return isinstance(declaration, ast.Net) and any(
        p.default is None for p in declaration.params or ()
    )


def _body(declaration: ast.Net | ast.Genotype, module: Module) -> ast.Net:
    state = State()
    if isinstance(declaration, ast.Genotype):
        net, given = nets.base_of(declaration.of, file_frame(module, state))
    else:
        net, given = NetV(declaration, module), {}
    return nets.resolve(net, given, declaration.span, state).net


SHIPPED = shipped_networks(None if settings.default.max_examples > 100 else 2)


@cache
def shipped_graph(reference: str) -> Graph:
    project = Project()
    file, _, name = reference.partition(":")
    return project.elaborate(project.module(file), name).graph


@cache
def graph_of(feature: str) -> Graph:
    """The first network of the spec of a feature."""
    return elaborate(SPECS[feature])


def grid(graph: Graph) -> int:
    return math.prod(c.size for c in graph.choices)


def assignments(graph: Graph) -> Iterator[Assignment]:
    """Every combination of answers, sensible or not."""
    for indices in product(*(range(c.size) for c in graph.choices)):
        yield dict(zip(graph.choices, indices, strict=True))


def is_allowed(graph: Graph, live: Activity, assignment: Assignment) -> bool:
    """Whether an assignment satisfies every requirement."""
    return all(binding(r, live).at(assignment) for r in graph.requirements)


def allowed(graph: Graph, assignment: Assignment) -> Assignment:
    """The assignment where it satisfies every requirement, else one that is drawn."""
    live = activity(graph.outputs)
    if Requirements.of(graph, live).broken(assignment) is None:
        return assignment
    drawn = sample(graph, 1, seed=1)[0]
    return {
        c: c.labels().index(drawn[c.path]) if c.path in drawn else 0 for c in graph.choices
    }


@cache
def architectures_of(graph: Graph) -> Mapping[Genotype, Assignment]:
    """Every architecture by brute force: the genotypes of all assignments, each with one that has it."""
    live = activity(graph.outputs)
    return {
        genotype_of(graph, a, live): a
        for a in assignments(graph)
        if is_allowed(graph, live, a)
    }


def answers(graph: Graph) -> st.SearchStrategy[Assignment]:
    """An answer to every choice."""
    return st.fixed_dictionaries({c: st.integers(0, c.size - 1) for c in graph.choices})


def some_answers(graph: Graph, seed: str) -> Assignment:
    """An answer to every choice, by a seed."""
    random = Random(seed)
    return {c: random.randrange(c.size) for c in graph.choices}
