"""Files, names and terminals of strangers: nothing blocks, nothing acts on the terminal, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from archdsl.cli.main import cli
from archdsl.diagnostics.codes import names
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.visible import visible
from archdsl.syntax.parser import parse
from archdsl.syntax.yaml_form import to_yaml
from archdsl.whole_files import read_bytes, replacing
from tests.cli.tiny_space import TINY, Run

STRANGE = "a\x1b]0;title\x07\x9b2J\u202e\u2066b\nc\u200b\x85\u2028"
PROGRAM = (sys.executable, "-m", "archdsl")


def is_calm(text: str) -> bool:
    """Whether a terminal shows every character of a text as itself."""
    return all(
        char == "\n" or unicodedata.category(char)[0] not in "CZ" or char == " "
        for char in text
    )


# -- what is no regular file ---------------------------------------------------------------------------

COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "PATH"),
    "fmt": ("fmt", "PATH"),
    "convert": ("convert", "PATH", "out.yaml"),
    "summary": ("summary", "PATH:tiny"),
    "a genotype": ("summary", "tiny.arch:tiny", "--genotype", "PATH:small"),
    "diff": ("diff", "tiny.arch", "PATH"),
    "patch": ("patch", "tiny.arch:small", "PATH"),
    "a table": (
        "import-weights",
        "tiny.arch:small",
        "w.pt",
        "--table",
        "PATH",
        "-o",
        "o.safetensors",
    ),
    "a checkpoint": ("import-weights", "tiny.arch:small", "PATH", "-o", "o.safetensors"),
    "weights": ("compile", "tiny.arch:small", "--weights", "PATH", "-o", "o.safetensors"),
    "a log": ("render", "tiny.arch:tiny", "--probabilities", "PATH", "-o", "o.svg"),
    "an output": ("compile", "tiny.arch:small", "-o", "PATH"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_refused_without_opening_it(
    run: Run, tiny: Path, command: str, kind: str
) -> None:
    """A reader of a pipe that nobody writes to would wait for ever."""
    path = "p.json" if command == "an output" else "p.arch"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        Path(path).symlink_to("/dev/zero")
    signal.alarm(60)
    result = run(*(word.replace("PATH", path) for word in COMMANDS[command]))
    signal.alarm(0)
    assert result.exit_code == 2, result.output
    assert any(code in result.stderr for code in ("E0902", "E0903", "E0901", "E0967")), (
        result.stderr
    )
    assert not Path("out.yaml").exists()


def test_a_pipe_says_what_it_is_and_what_to_do(run: Run) -> None:
    os.mkfifo("p.arch")
    assert run("check", "p.arch").stderr == (
        "error[E0902]: `p.arch` is a pipe\nhelp: `-` reads standard input\n"
    )


def test_a_pipe_among_videos(run: Run, tiny: Path) -> None:
    pytest.importorskip("av", reason="needs PyAV: pip install 'archdsl[video]'")
    Path("clips/one").mkdir(parents=True)
    os.mkfifo("clips/one/a.mp4")
    text = "arch 1\nmodel m { input x: [b, c = 3, t = 2, h = 8, w = 8]  output x -> mean(@thw) -> linear(2) }\n"
    Path("m.arch").write_text(text, encoding="utf-8")
    signal.alarm(60)
    result = run("train", "m.arch", "--data", "video:clips", "--run", "r")
    signal.alarm(0)
    assert (result.exit_code, "E0971" in result.stderr) == (2, True), result.output


def test_a_file_that_is_replaced_by_a_pipe_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    os.mkfifo(path)
    file = tmp_path / "y"
    file.write_text("arch 1\n")
    status = os.stat(file)
    monkeypatch.setattr("archdsl.whole_files.os.stat", lambda _: status)
    with pytest.raises(DiagnosticError, match="is a pipe"):
        read_bytes(path, 10)


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".arch", "a/" * 3000 + "b.arch", "tiny.arch/x.arch"]
)
def test_paths_that_no_system_has(run: Run, tiny: Path, name: str) -> None:
    for args in (
        ("check", name),
        ("fmt", name),
        ("render", "tiny.arch:tiny", "-o", name + ".svg"),
    ):
        assert run(*args).exit_code == 2


# -- links ---------------------------------------------------------------------------------------------


def test_a_link_that_leaves_the_folder_is_said_and_not_read(
    run: Run, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.arch").write_text(TINY, encoding="utf-8")
    (inner / "other.arch").symlink_to("../secret.arch")
    (inner / "x.arch").write_text("arch 1\nuse other: tiny\n", encoding="utf-8")
    result = run("check", "inner/x.arch")
    assert result.exit_code == 1
    assert (
        "`other.arch` is a link that leads out of this folder, so it is not read"
        in result.stderr
    )


def test_a_link_inside_the_folder_is_read(run: Run, tiny: Path) -> None:
    Path("other.arch").symlink_to("tiny.arch")
    Path("x.arch").write_text(
        "arch 1\nuse other: tiny\nmodel m = tiny() with { kernel = 1 }\n", encoding="utf-8"
    )
    assert run("check", "x.arch").exit_code == 0


def test_links_in_a_circle(run: Run) -> None:
    Path("a.arch").symlink_to("b.arch")
    Path("b.arch").symlink_to("a.arch")
    assert run("check", "a.arch").exit_code == 2


# -- what is shown -------------------------------------------------------------------------------------


def test_visible() -> None:
    assert visible("stage[0].conv — 漢 é") == "stage[0].conv — 漢 é"
    assert (
        visible("\x1b[2J\u202e\n\udc80\U000e0001") == "\\x1b[2J\\u202e\\n\\udc80\\U000e0001"
    )
    assert visible("a\nb\x85", keep="\n") == "a\nb\\x85"


def test_every_part_of_a_diagnostic_is_visible() -> None:
    source = Source(STRANGE, STRANGE)
    diagnostic = names.UNKNOWN_NAME.error(
        Span(source, 0, len(STRANGE)), STRANGE, help=STRANGE, items=[STRANGE]
    )
    assert is_calm(render(diagnostic))
    assert STRANGE not in str(DiagnosticError(diagnostic))
    assert STRANGE in diagnostic.facts()["message"], "facts are data"


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("fmt",),
        ("summary",),
        ("compile", "-o", "o.py"),
        ("list",),
        ("explain",),
    ],
)
def test_names_in_arguments(run: Run, tiny: Path, command: tuple[str, ...]) -> None:
    for name in (
        STRANGE,
        f"--{STRANGE}",
        f"tiny.arch:{STRANGE}",
        os.fsdecode(b"\xff\xfe.arch"),
    ):
        result = run(command[0], name, *command[1:])
        assert is_calm(result.stderr), result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("summary", "x.arch"),
        ("render", "x.arch", "-o", "o.svg"),
        ("check", "x.arch"),
        ("diff", "x.arch", "tiny.arch"),
    ],
)
def test_texts_with_marks_of_direction(
    run: Run, tiny: Path, command: tuple[str, ...]
) -> None:
    Path("x.arch").write_text(
        'arch 1\nspace s {\n  input x: [b, c = 3, h = 8, w = 8]\n  word ~ ["a\u202eb", "c\x9b2J"]\n'
        '  if word == "a\u202eb" { x = x -> conv(8) as a } else { x = x -> conv(8, 3) as d }\n  output x\n}\n',
        encoding="utf-8",
    )
    result = run(*command)
    assert is_calm(result.output), result.output
    if "o.svg" in command:
        assert is_calm(Path("o.svg").read_text(encoding="utf-8"))


def test_a_page_shows_them_too(run: Run) -> None:
    Path("x.arch").write_text(
        'arch 1\nspace s {\n  input x: [b, c = 3, h = 8, w = 8]\n  word ~ ["a\u202eb", "same"]\n'
        '  x = x -> conv(8, 3, padding = if word == "same" then "same" else "same") # \u202e\n  output x\n}\n',
        encoding="utf-8",
    )
    assert run("render", "x.arch", "-o", "o.html").exit_code == 0
    page = Path("o.html").read_text(encoding="utf-8")
    assert not {"\u202e", "\x1b", "\x9b"} & set(page)


def test_keys_of_a_checkpoint(run: Run, tiny: Path) -> None:
    save_file(
        {STRANGE: torch.zeros(1), "stem.weight": torch.zeros(8, 3, 1, 1)}, "w.safetensors"
    )
    result = run(
        "import-weights", "tiny.arch:small", "w.safetensors", "-o", "o.safetensors"
    )
    assert result.exit_code == 1
    assert is_calm(result.stderr) and visible(STRANGE) in result.stderr
    facts = run(
        "import-weights",
        "tiny.arch:small",
        "w.safetensors",
        "--json",
        "-o",
        "o.safetensors",
    )
    assert is_calm(facts.stdout)
    assert [one["key"] for one in json.loads(facts.stdout)["extra"]] == [STRANGE], (
        "JSON is data"
    )
    result = run(
        "compile", "tiny.arch:small", "--weights", "w.safetensors", "-o", "v.safetensors"
    )
    assert is_calm(result.stderr) and visible(STRANGE) in result.stderr


# -- standard input ------------------------------------------------------------------------------------


def piped(text: str, *args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, args, prog_name="archdsl", input=text)
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        result.exception
    )
    return result.exit_code, result.stdout, result.stderr


def test_standard_input(run: Run) -> None:
    yaml = to_yaml(parse(Source("x", TINY))[0])
    messy = TINY.replace("  kernel ~", "  kernel   ~")
    assert piped(TINY, "check", "-") == (0, "", "")
    assert piped(yaml, "check", "-") == (0, "", "")
    assert piped("arch 1\nmodel", "check", "-")[2].startswith("<stdin>:2:6: error[E0101]")
    assert piped(messy, "fmt", "-") == (0, TINY, "")
    assert piped(messy, "fmt", "--check", "-") == (1, "", "would reformat <stdin>\n")
    assert piped("arch 1\nmodel", "fmt", "-")[:2] == (1, "")
    assert piped(TINY, "convert", "-", "-") == (0, yaml, "")
    assert piped(yaml, "convert", "-", "x.arch")[0] == 0
    assert (
        parse(Source("x", Path("x.arch").read_text(encoding="utf-8")))[0]
        == parse(Source("x", TINY))[0]
    )
    assert piped("", "convert", "x.arch", "-")[1] == yaml


def test_standard_input_where_a_file_is_named(run: Run, tiny: Path) -> None:
    assert json.loads(piped(TINY, "summary", "-:small", "--json")[1])["name"] == "small"
    assert "use" not in piped(TINY, "sample", "-:tiny")[1]
    assert piped(TINY, "diff", "-:small", "-:small")[0] == 0
    assert piped(TINY, "diff", "-:small", "tiny.arch:large")[0] == 1
    assert piped(TINY, "render", "-:tiny", "--genotype", "-:small", "-o", "o.svg")[0] == 0
    change = piped("", "diff", "tiny.arch:small", "tiny.arch:large", "--patch")[1]
    assert "3x3" in piped(change, "patch", "tiny.arch:small", "-")[1]
    assert (
        piped("arch 1\nuse tiny: tiny, small\nmodel m = tiny() with small\n", "check", "-")[
            0
        ]
        == 0
    )


# -- standard output -----------------------------------------------------------------------------------

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
PRINTING: tuple[tuple[str, ...], ...] = (
    ("check", "--json", "zoo/x3d.arch"),
    ("summary", "zoo/x3d.arch:x3d_s"),
    ("summary", "zoo/x3d.arch:x3d_s", "--json"),
    ("sample", "zoo/autox3d.arch:autox3d"),
    ("diff", "zoo/x3d.arch:x3d_s", "zoo/x3d.arch:x3d_m"),
    ("list",),
    ("explain", "conv"),
    ("--version",),
    ("--help",),
    ("check", "--help"),
)


def ran(*args: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *args], stderr=subprocess.PIPE, text=True, check=False, **more
    )  # type: ignore[call-overload, no-any-return]


@FULL
@pytest.mark.parametrize("args", PRINTING, ids=" ".join)
def test_a_full_disk(args: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = ran(*args, stdout=full)
    assert done.returncode == 2
    assert (
        done.stderr.startswith("error[E0903]: ")
        and "No space left on device" in done.stderr
    )
    assert done.stderr.count("\n") == 1


@FULL
def test_nobody_can_be_told() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, "check", "nothing.arch"], stderr=full, stdout=full, check=False
        )
    assert done.returncode == 2


@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams(redirected: str, tmp_path: Path) -> None:
    for args in (
        "summary zoo/x3d.arch:x3d_s",
        "list x3d",
        "check zoo/x3d.arch",
        "explain conv --json",
    ):
        command = f"{sys.executable} -m archdsl {args} {redirected}"
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), args


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_files_are_utf_8_and_lines_never_fail_in_any_locale(
    tmp_path: Path, encoding: str
) -> None:
    Path(tmp_path / "é.arch").write_text(
        TINY.replace("arch 1", "arch 1  # é → 漢"), encoding="utf-8"
    )
    surroundings = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    calls: tuple[tuple[str, ...], ...] = (
        ("summary", "é.arch:tiny", "--json"),
        ("check", "missing→.arch", "--json"),
        ("diff", "é.arch:small", "é.arch:large", "--json"),
        ("convert", "é.arch", "-"),
        ("sample", "é.arch:tiny"),
    )
    for args in calls:
        done = subprocess.run(
            [*PROGRAM, *args],
            capture_output=True,
            env=surroundings,
            cwd=tmp_path,
            check=False,
        )
        text = done.stdout.decode("utf-8")
        assert done.returncode < 2 or "missing→" in text
        if "--json" in args:
            json.loads(text)
    shown = subprocess.run(
        [*PROGRAM, "diff", "é.arch:small", "é.arch:large"],
        capture_output=True,
        env=surroundings,
        cwd=tmp_path,
        check=False,
    )
    assert (shown.returncode, shown.stderr) == (1, b"")


# -- interrupted ---------------------------------------------------------------------------------------

WRITES = """
import os, signal, sys
sys.argv = ["archdsl", "convert", "tiny.arch", "out.yaml"]
from pathlib import Path
from archdsl.cli.main import main
from archdsl.cli.commands import convert
import archdsl.whole_files as whole

before = Path.write_text
def interrupted(path, *args, **more):
    done = before(path, *args, **more)
    assert path.name.startswith(".out."), path
    os.kill(os.getpid(), signal.Signals[NUMBER])
    return done
Path.write_text = interrupted
main()
"""


@pytest.mark.parametrize(
    ("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)]
)
def test_an_interrupted_write_leaves_nothing(tiny: Path, name: str, code: int) -> None:
    script = WRITES.replace("NUMBER", repr(name))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tiny.parent, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny.arch"]


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    def fails(error: BaseException) -> Callable[[Path], None]:
        def write(beside: Path) -> None:
            beside.write_text("half")
            raise error

        return write

    target = tmp_path / "out"
    for error in (KeyboardInterrupt(), SystemExit(3), ValueError("no")):
        with pytest.raises(type(error)), replacing(target) as beside:
            fails(error)(beside)
        assert list(tmp_path.iterdir()) == []


def test_the_folder_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    command = (
        f"cd {folder} && rmdir {folder} && {sys.executable} -m archdsl check zoo/x3d.arch"
    )
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env=surroundings,
    )
    said = "error[E0901]: the folder that this runs in is not there any more\n"
    assert (done.returncode, done.stderr) == (2, said)
