"""What `FILE[:NAME]` stands for: the one thing of its kind, or an error that says which there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import Reference, opened

NET = "{ input x: [b, c = 3, h = 8, w = 8]  k ~ [1, 3]  output x -> conv(3, k) as a }"
NONE = "arch 1\n\nwidth = 8\n"
ONE = (
    f"arch 1\n\nspace some {NET}\n\ngenotype g of some {{ k = 1 }}\n\nsearch p of some "
    f"{{ strategy = random()  open k }}\n"
)
TWO = (
    ONE
    + f"\nspace t {NET}\n\ngenotype h of t {{ k = 1 }}\n\nsearch q of t {{ strategy = random()  open k }}\n"
)


def network(reference: Reference) -> str:
    return reference.network()


def genotype(reference: Reference) -> str:
    return reference.genotype().genotype.name


def plan(reference: Reference) -> str:
    return reference.plan().name


def asked(folder: Path, text: str, name: str, what: Callable[[Reference], str]) -> str:
    """The name that is meant, or the code and the help of the error."""
    file = folder / "own.arch"
    file.write_text(text, encoding="utf-8")
    try:
        return what(opened(f"{file}{name}", Project()))
    except DiagnosticError as error:
        (problem,) = error.diagnostics
        return (
            f"{problem.code} {(problem.help or '').replace(str(file), 'own.arch')}".rstrip()
        )


@pytest.mark.parametrize(
    ("text", "name", "what", "expected"),
    [
        (ONE, "", network, "some"),
        (ONE, "", genotype, "g"),
        (ONE, "", plan, "p"),
        (TWO, ":h", genotype, "h"),
        (TWO, ":q", plan, "q"),
        (TWO, "", network, "E0906 name one: `own.arch:some`"),
        (TWO, "", genotype, "E0906 name one: `own.arch:g`"),
        (TWO, "", plan, "E0906 name one: `own.arch:p`"),
        (TWO, ":Q", plan, "E0905 did you mean `q`?"),
        (TWO, ":other", plan, "E0905 it has `p`, `q`"),
        (TWO, ":other", genotype, "E0912 it has `g`, `h`"),
        (TWO, ":some", genotype, "E0912 it has `g`, `h`"),
        (NONE, "", network, "E0905"),
        (NONE, "", genotype, "E0912"),
        (NONE, "", plan, "E0905 a plan is written `search NAME of SPACE { … }`"),
    ],
)
def test_what_is_meant(
    text: str, name: str, what: Callable[[Reference], str], expected: str, tmp_path: Path
) -> None:
    assert asked(tmp_path, text, name, what) == expected
