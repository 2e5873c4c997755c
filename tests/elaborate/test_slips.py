"""Random slips in sound files: as many errors as slips, each at its place, and nothing that only follows from
them.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.builtin import BUILTIN_NAMES
from archdsl.elaborate.files.checking import checked
from archdsl.elaborate.files.importer import Importer
from archdsl.syntax.complaints import RESERVED
from archdsl.syntax.shipped import shipped
from tests.strategies.slips import HABITS, OTHERS, PROMISED, Slipped, slipped, with_habits
from tests.strategies.specs import spec_of

HERE = Path(__file__).parent
EACH = 16  # files for each kind of slip
WORDS = (
    RESERVED
    | BUILTIN_NAMES
    | set(
        "arch use fn block space model genotype search after before insert replace remove step open".split()
    )
)
PLACEHOLDERS = ("BROKEN", "$ERROR", "`_`", "`_.", "nothing,", "not nothing", "``")


def diagnosed(text: str) -> list[Diagnostic]:
    """What `check` says of a text, with nothing in it that recovery has put there, and no name that does not
    exist.
    """
    importer = Importer(shipped("specs"))
    module = importer.load_text(Source("slip.arch", text), HERE)
    found = checked(module, importer.diagnostics[(HERE / "<text>").absolute()])
    for diagnostic in found:
        said = f"{diagnostic.message} {diagnostic.help or ''}"
        assert not any(placeholder in said for placeholder in PLACEHOLDERS), said
        assert render(diagnostic)
        for name in re.findall(r"did you mean `([A-Za-z_]\w*)`", said):
            assert name in WORDS or re.search(rf"\b{name}\b", text), said
    return found


def lines_of(found: list[Diagnostic]) -> list[int]:
    return [d.span.source.position(d.span.start)[0] for d in found if d.span is not None]


def slips(kind: str, seed: int) -> Slipped | None:
    return slipped(spec_of(f"slip:{kind}:{seed}").text, kind, Random(f"{kind}:{seed}"))


@pytest.mark.parametrize("kind", PROMISED)
def test_a_slip_is_one_error_on_its_line(kind: str) -> None:
    for seed in range(EACH):
        one = slips(kind, seed)
        if one is None:
            continue
        found = diagnosed(one.text)
        assert lines_of([d for d in found if d.severity == "error"]) == list(one.lines), (
            one.text,
            found,
        )


@pytest.mark.parametrize("kind", OTHERS)
def test_no_error_stands_before_its_slip(kind: str) -> None:
    for seed in range(EACH):
        one = slips(kind, seed)
        if one is None:
            continue
        found = lines_of(diagnosed(one.text))
        assert not found or min(found) >= one.lines[0] - 1, one.text


def test_independent_slips_are_all_told() -> None:
    for seed in range(EACH):
        several = with_habits(spec_of(f"several:{seed}").text, 3, Random(seed))
        if several is None:
            continue
        found = diagnosed(several.text)
        assert lines_of([d for d in found if d.severity == "error"]) == list(
            several.lines
        ), (
            several.text,
            found,
        )


@pytest.mark.parametrize("habit", [*HABITS, "// new", '"""new"""'])
def test_every_habit_has_a_mend(habit: str) -> None:
    text = f"arch 1\nmodel m {{\n  input x: [b, c = 8, h = 8, w = 8]\n  {habit}\n  output x -> conv(8)\n}}\n"
    (only,) = diagnosed(text)
    assert lines_of([only]) == [4]
    assert only.help or "expected `" in only.message
