"""Law 12: a space that `check` accepts elaborates for every genotype; one that it refuses fails for some by
itself.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.activity import activity
from archdsl.ir.requirements import Requirements
from archdsl.questions.genotype import genotype_of
from tests.elaborate.texts import elaborated
from tests.laws.subjects import assignments, examples
from tests.strategies.partial import partial_program

UNMET = "E0504"
_CHOICE = re.compile(r"^  (\w+) ~ (.*)$", re.MULTILINE)


def alternatives(domain: str) -> list[str]:
    """The labels of a domain that a program of these tests may have."""
    if domain.startswith("[identity"):
        return ["identity", "conv"]
    if domain.startswith("["):
        return [label.strip() for label in domain[1:-1].split(",")]
    low, high = domain.split("..")
    return [str(n) for n in range(int(low), int(high) + 1)]


def errors(text: str, genotypes: tuple[str, ...] = ()) -> set[str]:
    """The codes of what is wrong with the network of a text."""
    try:
        elaborated(text, genotypes=genotypes)
    except DiagnosticError as error:
        return {d.code for d in error.diagnostics if d.severity == "error"}
    return set()


def with_answers(text: str, answers: Mapping[str, str]) -> set[str]:
    """What is wrong with the network where these choices are answered."""
    told = "  ".join(f"{path} = {label}" for path, label in answers.items())
    return errors(f"{text}\ngenotype g of net {{ {told} }}\n", ("g",))


def alone(text: str) -> list[set[str]]:
    """What is wrong with each architecture: all choices answered, and elaborated by itself."""
    choices = [(name, alternatives(domain)) for name, domain in _CHOICE.findall(text)]
    names = [name for name, _ in choices]
    every = itertools.product(*(labels for _, labels in choices))
    return [with_answers(text, dict(zip(names, labels, strict=True))) for labels in every]


def check_sound(text: str) -> None:
    """Of a space that is accepted, every architecture elaborates; of one that is refused, some does not by
    itself.
    """
    together = errors(text)
    if together:
        each = alone(text)
        if UNMET in together:
            assert all(each), text
        else:
            assert any(codes - {UNMET} for codes in each), text
        return
    graph = elaborated(text).graph
    live = activity(graph.outputs)
    required = Requirements.of(graph, live)
    for at in assignments(graph):
        broken = required.broken(at) is not None
        assert with_answers(text, genotype_of(graph, at, live)) == (
            {UNMET} if broken else set()
        ), text


@given(st.integers(0, 1 << 32))
@examples(100)
def test_the_check_of_a_space_is_that_of_its_architectures(seed: int) -> None:
    check_sound(partial_program(seed))
