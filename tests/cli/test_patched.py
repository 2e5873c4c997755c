"""`archdsl patch` writes what `archdsl compile` writes of the second side, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.tiny_space import Run

_FIRST = """
arch 1
model net {
  input a, b: [b, c = 4]
  x = (a -> linear(4)) * b
  output x
}
"""
_SECOND = """
arch 1
model net {
  input a, b: [b, c = 4]
  x = a * b
  unread = a -> linear(4) as nowhere
  output x + x * 2: [c, b]
}
"""


@pytest.mark.parametrize("pair", [(_FIRST, _SECOND), (_SECOND, _FIRST)])
def test_arithmetic(pair: tuple[str, str], run: Run) -> None:
    for name, text in zip(("a.arch", "b.arch"), pair, strict=True):
        Path(name).write_text(
            text.lstrip().replace("input a, b:", "input a: [b, c = 4], b:"),
            encoding="utf-8",
        )
    Path("p.json").write_text(
        run("diff", "a.arch", "b.arch", "--patch").stdout, encoding="utf-8"
    )
    assert run("patch", "a.arch", "p.json", "-o", "patched.json").exit_code == 0
    assert run("compile", "b.arch", "-o", "compiled.json").exit_code == 0
    assert Path("patched.json").read_bytes() == Path("compiled.json").read_bytes()


def test_two_networks_that_ship(run: Run) -> None:
    a, b = "zoo/x3d.arch:x3d_s", "zoo/slowfast.arch:slowfast_4x16_r50"
    Path("p.json").write_text(run("diff", a, b, "--patch").stdout, encoding="utf-8")
    assert run("patch", a, "p.json", "-o", "patched.json").exit_code == 0
    assert run("compile", b, "-o", "compiled.json").exit_code == 0
    assert Path("patched.json").read_bytes() == Path("compiled.json").read_bytes()
