"""One run reports every independent error: n of them give n diagnostics, each with its code and its place."""

from __future__ import annotations

from itertools import combinations

import pytest

from archdsl.diagnostics.source import Source
from archdsl.syntax.parser import parse, parse_expression, parse_path


def errors(text: str) -> list[str]:
    """Each diagnostic as `line:column code`."""
    return [
        f"{':'.join(map(str, diagnostic.span.source.position(diagnostic.span.start)))} {diagnostic.code}"
        for diagnostic in parse(Source("test.arch", text))[1]
        if diagnostic.span is not None
    ]


SLIPS = {
    "": ["1:1 E0102"],
    "# nothing": ["1:1 E0102"],
    "width = 8": ["1:1 E0102"],
    "arch": ["1:1 E0102"],
    "arch 7": ["1:6 E0103"],
    "arch 1 x = 8 9": ["1:14 E0101"],
    "arch 1\nx = 8;\ny = 3": ["2:6 E0104"],
    "arch 1\nx = a && b": ["2:7 E0104"],
    'arch 1\nx = "same\ny = 1': ["2:5 E0105"],
    'arch 1\nx = "a\tb"': ["2:5 E0105"],
    "arch 1\nx = 3y\nz = 2g": ["2:5 E0106", "3:5 E0106"],
    "arch 1\nx = @HW": ["2:5 E0107"],
    "arch 1\nrows = [1, 2\nwidth = 8": ["3:1 E0108"],
    "arch 1\nblock b {\n  if x {\n  y = 3\n}\nblock c {\n}": ["6:1 E0108"],
    "arch 1\nmodel m { input x": ["2:18 E0108"],
    "arch 1\nx = f(a, [b": ["2:12 E0108"],
    "arch 1\nx = 8)\ny = 1": ["2:6 E0109"],
    "arch 1\nblock b { }\n}\ny = 1": ["3:1 E0109"],
    "arch 1\nx = (1, 2]": ["2:10 E0109"],
    "arch 1\nx = 1 < 2 < 3": ["2:11 E0110"],
    "arch 1\ninput = 8": ["2:1 E0111"],
    "arch 1\nblock of { }": ["2:7 E0111"],
    "arch 1\nx = y.if": ["2:7 E0111"],
    "arch 1\ndef double(x) = 2 * x": ["2:1 E0112"],
    "arch 1\nimport torch": ["2:1 E0112"],
    "arch 1\nx = lambda y: y": ["2:5 E0112"],
    "arch 1\nx = a ** 2": ["2:7 E0112"],
    "arch 1\nblock b(n) { if n = 1 { } }": ["2:19 E0113"],
    "arch 1\nblock b {\n  for i in range(2):\n    x = x -> relu\n  output x\n}": [
        "3:20 E0114"
    ],
    "arch 1\nrows = [1 2]": ["2:11 E0115"],
    "arch 1\nx = if a b else c": ["2:10 E0115"],
    "arch 1\nx = +3": ["2:5 E0101"],
    "arch 1\nx = 1..\ny = 3": ["2:6 E0101"],
    "arch 1\nx = 1..2..3": ["2:9 E0101"],
    "arch 1\nx = ()": ["2:6 E0101"],
    "arch 1\nx ~ [1, 2]": ["2:3 E0101"],
    "arch 1\nx = ": ["2:4 E0101"],
    "arch 1\nx = {a: 3}\ny = 3": ["2:5 E0112"],
    "arch 1\nx = 1111111111111111111": ["2:5 E0803"],
    "arch 1\nx = 1e999": ["2:5 E0803"],
}


@pytest.mark.parametrize("text", SLIPS, ids=range(len(SLIPS)))
def test_a_slip_is_one_diagnostic_at_its_place(text: str) -> None:
    assert errors(text) == SLIPS[text]


SOUND = """arch 1
use std: glore, project
fn near8(w) = max(8, int(w + 4) // 8 * 8)
block b(width, n = 2) {
  input x
  for i in range(n) as step {
    if i == 0 {
      x = x -> conv(width, 1x3x3) as first
    } else {
      x = x -> relu
    }
  }
  output x -> mean(@thw)
}
genotype g of s {
  group[0] { kernel = 3x3x3  channels = 24 }
  after head insert glore
}
search p of s {
  step one {
    open group[*]
    epochs = 8
  }
}
last = [1, 2]
"""
INJECTED = [
    ("use std: glore", "use std glore"),
    ("max(8, int", "max(8 int"),
    ("block b(width,", "block b(width;,"),
    ("input x", "input 3"),
    ("for i in range", "for i on range"),
    ("if i == 0 {", "if i = 0 {"),
    ("conv(width, 1x3x3)", "conv(width, 1x3x3"),
    ("x -> relu", "x -> -> relu"),
    ("output x ->", "output ->"),
    ("group[0] {", "group[0 {"),
    ("insert glore", "insrt glore"),
    ("open group[*]", "open group[+]"),
    ("epochs = 8", "epochs 8"),
    ("last = [1, 2]", "last = [1, 2"),
]


@pytest.mark.parametrize(
    "slips",
    [*((slip,) for slip in INJECTED), *combinations(INJECTED, 2), INJECTED],
    ids=lambda slips: str(len(slips)),
)
def test_independent_errors_are_all_reported(slips: list[tuple[str, str]]) -> None:
    text = SOUND
    for sound, broken in slips:
        assert text.count(sound) == 1
        text = text.replace(sound, broken)
    found = parse(Source("test.arch", text))[1]
    assert len(found) == len(slips), errors(text)
    assert errors(SOUND) == []


def test_what_is_sound_is_kept() -> None:
    file, found = parse(Source("test.arch", SOUND.replace("x -> relu", "x -> -> relu")))
    assert len(found) == 1
    assert len(file.declarations) == 6


def test_expressions_and_paths_are_one_thing() -> None:
    for text in ("", "1 2", "x = 1", "f(", ")", "1 # no\n 2"):
        value, found = parse_expression(Source("<value>", text))
        assert value is None and len(found) == 1
    for text in ("", "a.", "a[b]", "a[-1]", "1", "a b", "a[1..2..3]"):
        node, found = parse_path(Source("<path>", text))
        assert node is None and len(found) == 1
