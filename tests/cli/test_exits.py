"""Exit codes, and that bad input ends in a coded message: never a traceback, never half a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.cli.main import COMMANDS
from archdsl.diagnostics.source import Source
from archdsl.syntax.parser import parse
from tests.cli.tiny_space import TINY, Run


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"archdsl {command}" in result.stdout.split("Example", 1)[1]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["check", "nothing.arch"], 2, "E0901"),
        (["check", "zoo/autox4d.arch"], 2, "did you mean `zoo/autox3d.arch`?"),
        (["check", "folder.arch"], 2, "E0902"),
        (["check", "bytes.arch"], 1, "E0805"),
        (["check", "\0"], 2, "E0901"),
        (["check", "tiny.arch", "nothing.arch"], 2, "E0901"),
        (["fmt", "bytes.arch"], 1, "E0805"),
        (["fmt", "folder.arch"], 2, "E0902"),
        (["fmt", "tiny.txt"], 2, "known suffixes: .arch"),
        (["fmt", "nothing.arch"], 2, "E0901"),
        (["convert", "tiny.arch", "tiny.jsn"], 2, "known suffixes: .arch, .yaml"),
        (["convert", "tiny.arch", "nowhere/tiny.yaml"], 2, "E0903"),
        (["convert", "bytes.arch", "out.yaml"], 1, "E0805"),
        (["summary", "tiny.arch"], 0, ""),
        (["summary", "zoo/x3d.arch"], 2, "E0906"),
        (["summary", "zoo/x3d.arch:x3d_xxl"], 2, "did you mean `x3d_xl`?"),
        (["summary", "tiny.arch:tiny", "--genotype", "smal"], 2, "E0912"),
        (["summary", "tiny.arch:tiny", "--genotype", "nothing.arch"], 2, "E0901"),
        (["summary", "tiny.arch:tiny", "--input", "x=3"], 2, "E0907"),
        (["summary", "tiny.arch:tiny", "--input", "y=1x3x8x8"], 2, "its inputs are `x`"),
        (["summary", "tiny.arch:tiny", "--input", "x=1x3x8xten"], 2, "E0907"),
        (
            ["summary", "tiny.arch:tiny", "--input", "x=1x3x8x8", "--input", "x=1x3x8x8"],
            2,
            "is given twice",
        ),
        (["summary", "tiny.arch:tiny", "--set", "width"], 2, "E0908"),
        (["summary", "tiny.arch:tiny", "--set", "widht=3"], 2, "did you mean `width`?"),
        (["summary", "tiny.arch:tiny", "--set", "width=(("], 1, "--set width:1:3: error"),
        (["summary", "tiny.arch:tiny", "--set", "width=-1"], 1, "error[E"),
        (["sample", "tiny.arch:tiny", "--max-macs", "2,0"], 2, "E0909"),
        (["sample", "tiny.arch:tiny", "--max-macs", "1"], 1, "E0504"),
        (["sample", "tiny.arch:tiny", "-n", "0"], 2, "Usage"),
        (["compile", "tiny.arch:small", "-o", "small.onx"], 2, "known suffixes: .py"),
        (["compile", "tiny.arch:small", "-o", "nowhere/small.json"], 2, "E0903"),
        (["compile", "tiny.arch:small", "-o", "folder.arch/"], 2, "E0904"),
        (["compile", "tiny.arch:small"], 2, "Usage"),
        (["compile", "tiny.arch:tiny", "-o", "tiny.py"], 2, "E0950"),
        (["render", "tiny.arch:tiny", "-o", "tiny"], 2, "has no suffix"),
        (["render", "tiny.arch:tiny", "-o", "tiny.gif"], 2, ".svg"),
        (["render", "tiny.arch:tiny", "-o", "nowhere/tiny.svg"], 2, "E0903"),
        (["render", "tiny.arch:tiny", "-o", "folder.svg"], 2, "E0903"),
        (["diff", "tiny.arch:small", "nothing.arch"], 2, "E0901"),
        (["diff", "tiny.arch:small", "tiny.arch:large"], 1, ""),
        (["diff", "tiny.arch:small", "tiny.arch:small"], 0, ""),
        (["explain", "E9999"], 2, "E0910"),
        (["chek"], 2, "did you mean `check`?"),
        (["check"], 2, "Usage"),
        (["--version"], 0, "archdsl "),
    ],
)
def test_exit_codes_and_messages(
    run: Run, tiny: Path, args: list[str], code: int, says: str
) -> None:
    Path("folder.arch").mkdir()
    Path("folder.svg").mkdir()
    Path("bytes.arch").write_bytes(b"arch 1\n\xff\xfe\x00\x80")
    before = sorted(Path().iterdir())
    result = run(*args)
    assert result.exit_code == code, result.output
    assert says in result.output
    if code:
        assert sorted(Path().iterdir()) == before, (
            "a command that fails leaves nothing behind"
        )


def test_an_unreadable_file(run: Run, tiny: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    tiny.chmod(0)
    assert run("check", "tiny.arch").exit_code == 2


def test_a_failed_write_keeps_the_old_file(run: Run, tiny: Path) -> None:
    Path("out.py").write_text("old", encoding="utf-8")
    assert run("compile", "tiny.arch:tiny", "-o", "out.py").exit_code == 2
    assert Path("out.py").read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in Path().iterdir()) == ["out.py", "tiny.arch"]


def test_fmt_writes_checks_and_keeps_the_mode(run: Run, tiny: Path) -> None:
    assert run("fmt", "--check", "tiny.arch").exit_code == 0
    tiny.write_text(TINY.replace("  ", "\t"), encoding="utf-8")
    tiny.chmod(0o640)
    assert run("fmt", "--check", "tiny.arch").exit_code == 1
    assert tiny.read_text(encoding="utf-8") != TINY
    assert run("fmt", "tiny.arch").exit_code == 0
    assert tiny.read_text(encoding="utf-8") == TINY
    assert tiny.stat().st_mode & 0o777 == 0o640


def test_convert_there_and_back(run: Run, tiny: Path) -> None:
    assert run("convert", "tiny.arch", "tiny.yaml").exit_code == 0
    assert run("check", "tiny.yaml").exit_code == 0
    assert run("convert", "tiny.yaml", "back.arch").exit_code == 0
    (before, _), (after, _) = (
        parse(Source(name, Path(name).read_text(encoding="utf-8")))
        for name in ("tiny.arch", "back.arch")
    )
    assert before == after


def test_a_local_file_comes_before_a_shipped_one(run: Run) -> None:
    Path("zoo").mkdir()
    Path("zoo/x3d.arch").write_text(TINY, encoding="utf-8")
    assert (
        "tiny"
        in run("summary", "zoo/x3d.arch:small").stdout
        + run("summary", "zoo/x3d.arch:tiny").stdout
    )
    assert run("summary", "zoo/x3d.arch:x3d_s").exit_code == 2


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = (
        f"{sys.executable} -m archdsl sample zoo/autox3d.arch:autox3d -n 300 | head -n 1"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("arch 1\n", "")


def test_a_mistake_of_our_own_is_a_message_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no such thing")

    monkeypatch.delenv("ARCHDSL_TRACEBACK")
    monkeypatch.setattr("archdsl.cli.commands.check.command.callback", broken)
    result = run("check", "tiny.arch")
    assert result.exit_code == 2
    assert "E0999" in result.output and "ZeroDivisionError: no such thing" in result.output


def test_diagnostics_have_colours_on_terminals_only(run: Run) -> None:
    assert "\x1b[" not in run("check", "nothing.arch").output
