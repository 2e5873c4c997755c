"""Law 9: any bytes in, a result or diagnostics with a position out; no other exception, no hang, no file read
elsewhere.

Tried on valid specs changed by a few characters or tokens, on soups of the language's own words, and on raw
bytes.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.checking import checked
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project, networks
from archdsl.questions.count import architectures
from archdsl.syntax.decoding import decode
from archdsl.syntax.shipped import shipped
from tests.fuzz.mutations import TOKEN
from tests.laws.subjects import SPECS, examples
from tests.strategies.specs import specs

HANG = 60  # seconds after which a text that took milliseconds counts as a hang
ROOT = Path(__file__).parents[2]
TEXTS = [spec.text for spec in SPECS.values()] + [
    p.read_text(encoding="utf-8") for p in sorted(shipped("specs").rglob("*.arch"))
]
WORDS = sorted({t for text in TEXTS for t in TOKEN.findall(text) if not t.isspace()})

_opened: list[str] | None = None


def _audit(event: str, args: tuple[object, ...]) -> None:
    """Notes files that are opened and code that is run while a text is read."""
    if _opened is None:
        return
    if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
        name = os.fsdecode(args[0])
        if not name.endswith((".py", ".pyc", ".so")):
            _opened.append(name)
    elif event in (
        "os.system",
        "subprocess.Popen",
        "socket.connect",
        "os.remove",
        "os.rename",
    ):
        _opened.append(event)


sys.addaudithook(_audit)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Fails on a hang; yields what was opened meanwhile."""
    global _opened

    def hung(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no answer after {HANG} s of the processor")

    before = signal.signal(signal.SIGVTALRM, hung)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def answer(source: Source) -> list[Diagnostic]:
    """What checking a text says; every network without errors is counted too."""
    importer = Importer(shipped("specs"))
    project = Project(importer)
    module = importer.load_text(source, ROOT / "tests" / "laws")
    found = checked(
        module, importer.diagnostics[(ROOT / "tests" / "laws" / "<text>").absolute()]
    )
    if not any(d.severity == "error" for d in found):
        for name in networks(module):
            try:
                architectures(project.elaborate(module, name).graph)
            except DiagnosticError as error:
                found.extend(error.diagnostics)
    return found


def check(text: str | bytes) -> None:
    with watched() as opened:
        try:
            source = (
                decode("fuzz.arch", text)
                if isinstance(text, bytes)
                else Source("fuzz.arch", text)
            )
            found: Sequence[Diagnostic] = answer(source)
        except DiagnosticError as error:
            found = error.diagnostics
        for diagnostic in found:
            assert re.fullmatch(r"E0\d{3}", diagnostic.code), diagnostic
            if diagnostic.span is not None:
                inside = diagnostic.span.source.text
                assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(inside), (
                    diagnostic
                )
            assert render(diagnostic)
    assert all(
        name.endswith((".arch", ".yaml", ".json"))
        and Path(name).absolute().is_relative_to(ROOT)
        for name in opened
    ), opened


@st.composite
def mutated(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text with a few tokens dropped, doubled, swapped or replaced, or a piece of another in their
    place.
    """
    tokens = TOKEN.findall(draw(texts))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(tokens) - 1)))
        kind = draw(st.sampled_from(["replace", "drop", "double", "swap", "insert", "cut"]))
        word = draw(st.sampled_from(WORDS))
        if kind == "replace":
            tokens[at : at + 1] = [word]
        elif kind == "drop":
            del tokens[at]
        elif kind == "double":
            tokens[at:at] = tokens[at : at + draw(st.integers(1, 12))]
        elif kind == "swap":
            other = draw(st.integers(0, len(tokens) - 1)) if tokens else 0
            tokens[at : at + 1], tokens[other : other + 1] = (
                tokens[other : other + 1],
                tokens[at : at + 1],
            )
        elif kind == "insert":
            tokens[at:at] = [" ", word, " "]
        else:
            del tokens[at : at + draw(st.integers(1, 20))]
        if not tokens:
            tokens = [word]
    return "".join(tokens)


@given(mutated(st.sampled_from(TEXTS)))
@examples(250)
def test_changed_tokens_of_known_specs(text: str) -> None:
    check(text)


@given(mutated(specs().map(lambda spec: spec.text)))
@examples(80)
def test_changed_tokens_of_random_specs(text: str) -> None:
    check(text)


@given(st.sampled_from(TEXTS), st.data())
@examples(120)
def test_changed_characters(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        other = data.draw(
            st.text(max_size=3)
            | st.sampled_from(list("{}()[]~@.,=-><#\"'0x\0\r\n\t\ufeff\u2028"))
        )
        text = text[:at] + other + text[at + data.draw(st.integers(0, 2)) :]
    check(text)


@given(st.lists(st.sampled_from(WORDS), max_size=60), st.booleans())
@examples(150)
def test_soups_of_words(words: list[str], inside: bool) -> None:
    soup = " ".join(words)
    check(
        f"arch 1\nspace s {{\n  input x: [b, c = 2, h = 4, w = 4]\n  {soup}\n  output x\n}}\n"
        if inside
        else f"arch 1\n{soup}\n"
    )


@given(
    st.binary(max_size=400)
    | st.sampled_from(TEXTS)
    .map(str.encode)
    .flatmap(lambda b: st.integers(0, len(b)).map(lambda n: b[:n] + b"\xff\x00"))
)
@examples(80)
def test_bytes(data: bytes) -> None:
    check(data)


SMALL = (
    "arch 1\nspace s {{\n  input x: [b, c = 2, t = 4, h = 4, w = 4]\n{}\n  output x\n}}\n"
)


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(1000000000) { x = x -> relu }",
        "for i in range(9999) { for j in range(9999) { for k in range(9999) { x = x -> relu } } }",
        "y = [k for k in range(9999) for j in range(9999) for i in range(9999)]",
        "w ~ 1..1000000000\nx = x -> conv(w)",
        "w ~ 1..1000000000000000000000 by 1\nx = x -> conv(w)",
        "x = x -> conv(99999999999999999999999999999)",
        "x = x -> conv(2, 3, 0)",
        "x = x -> pad(t = (999999999, 999999999)) -> pad(t = (999999999, 999999999))",
        "k = " + "*".join(["99999999999999"] * 200),
        "p ~ 20 of [" + ", ".join(["x"] * 40) + "]\nx = p -> add",
        "\n".join(f"k_{i} ~ 1..60\nx = x -> conv(k_{i})" for i in range(60)),
        "x = x -> conv(" + "+".join(f"w_{i}" for i in range(40)) + ")",
        "\n".join(f"w_{i} ~ 1..40" for i in range(8))
        + "\nx = x -> conv("
        + "*".join(f"w_{i}" for i in range(8))
        + ")",
        "\n".join(f"w_{i} ~ 1..9\nx = x -> conv(w_{i} * x.c)" for i in range(24)),
        "x = " + "(" * 5000 + "x" + ")" * 5000,
        "x = x" + " -> relu" * 5000,
        "x = x -> f(f(f(f(f(f(f(1)))))))",
        "x = x -> conv(1e308 * 1e308)",
        "x = x -> conv(2.0K, 1e9)",
        "n ~ range(5)\nfor i in range(n * 1000000) { x = x -> relu }",
        "x = x -> chunk(c = 1000000000)",
        "y = x -> expand(n = 1000000000000)",
    ],
)
def test_what_would_take_forever(body: str) -> None:
    check(SMALL.format(body))


def test_blocks_that_multiply() -> None:
    """Each calls the next twice: a short text of 2^60 layers."""
    blocks = "".join(
        f"block a{i} {{ input x  output x -> a{i + 1} as p -> a{i + 1} as q }}\n"
        for i in range(60)
    )
    check(
        f"arch 1\n{blocks}block a60 {{ input x  output x -> relu }}\nmodel m "
        f"{{ input x: [b, c = 1]  output x -> a0 }}\n"
    )


def test_functions_that_multiply() -> None:
    functions = "".join(f"fn f{i}(x) = f{i + 1}(x) + f{i + 1}(x)\n" for i in range(60))
    check(
        f"arch 1\n{functions}fn f60(x) = x\nmodel m {{ input x: [b, c = f0(1)]  output x }}\n"
    )


@pytest.mark.parametrize(
    "use",
    [
        "etc.passwd: x",
        "test_law_9_bytes: x",
        "std: nothing",
        "zoo.x3d: x3d",
        "con: x",
        "a.b.c.d: e",
        "law: law",
    ],
)
def test_imports_stay_inside(use: str) -> None:
    check(f"arch 1\nuse {use}\n")


def test_the_watch_sees_what_is_opened() -> None:
    with watched() as opened:
        answer(Source("fuzz.arch", "arch 1\nuse std: se\n"))
    assert [Path(name).name for name in opened] == ["std.arch"]
