"""One case tried, in this process and an empty folder, and what is wrong with the answer.

    verdict = tried(STAGES["check"], seed=0, number=17)
    verdict.fault     None, or "KeyError at archdsl/ir/fix.py:52" and the like: one kind of fault
    verdict.codes     the codes of the diagnostics that came out

Promised of every case (law 9): an exit code of 0, 1 or 2 (130 of a run that is asked to stop), no traceback,
nothing on the terminal that moves its cursor, spans inside of their texts, JSON that is JSON, no file opened
or written but those in the folder and those that ship, no program started but git and Graphviz, nothing half
written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from click.testing import CliRunner

from archdsl.cli.main import cli
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.rendering import render
from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.project import Project
from archdsl.syntax.decoding import decode
from archdsl.syntax.formatter import format
from archdsl.syntax.parser import parse
from archdsl.syntax.yaml_form import from_yaml, to_yaml
from tests.fuzz.cases import STAGES, Case, Stage

ROOT = Path(__file__).parents[2]
HANG = 60  # seconds of the processor after which a case that should take milliseconds counts as a hang
_CODE = re.compile(r"error\[(E\d{4})\]")
_PROGRAMS = ("git", "dot")
_ASIDE = (
    "/proc/",
    "/sys/",
    "/dev/null",
    "/dev/urandom",
    "/etc/localtime",
    "/usr/share/",
    "/etc/ld.so",
    "/tmp/torchinductor_",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case."""

    kind: str
    fault: str | None = None
    detail: str = ""
    codes: tuple[str, ...] = ()


class Hung(BaseException):
    """Not an Exception, so that nothing in between takes it for one of its own."""


def tried(stage: str, seed: int, number: int) -> Verdict:
    """The case of a stage with a number, tried in the current folder, which is emptied first."""
    case = STAGES[stage].make(Random(f"{seed}:{stage}:{number}"))
    _emptied(case)
    with _watched() as opened:
        try:
            codes = _answered(STAGES[stage], case)
            fault = None
        except Hung as hung:
            return Verdict(
                case.kind, f"no answer after {HANG} s at {_place(hung)}", _told(hung)
            )
        except Wrong as wrong:
            return Verdict(case.kind, str(wrong), wrong.detail)
        except Exception as error:
            return Verdict(
                case.kind, f"{type(error).__name__} at {_place(error)}", _told(error)
            )
    strayed = _strayed(opened, case)
    return Verdict(case.kind, fault or strayed, "", codes)


class Wrong(Exception):
    """A promise that is broken."""

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(what)
        self.detail = detail


def _emptied(case: Case) -> None:
    for path in Path().iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, content in case.files.items():
        Path(name).write_bytes(content)


def _answered(stage: Stage, case: Case) -> tuple[str, ...]:
    if stage.name == "read and format":
        return _read(case)
    if stage.name == "check" and "--json" not in case.args:
        return _checked(case)
    return _called(case)


# -- reading and formatting ----------------------------------------------------------------------------


def _read(case: Case) -> tuple[str, ...]:
    """Decoded, parsed, formatted and written in the other form: the same tree each time."""
    ((name, content),) = case.files.items()
    try:
        source = decode(name, content)
    except DiagnosticError as error:
        return _sound(error.diagnostics)
    tree, found = from_yaml(source) if name.endswith(".yaml") else parse(source)
    if found:
        return _sound(found)
    text = format(tree)
    again, errors = parse(Source(name, text))
    if errors or again != tree:
        raise Wrong("the formatted text is another document", text)
    if format(again) != text:
        raise Wrong("formatting twice changes something", text)
    back, errors = from_yaml(Source("x.yaml", to_yaml(tree)))
    if errors or back != tree:
        raise Wrong("the document in YAML is another one", to_yaml(tree))
    return ()


def _checked(case: Case) -> tuple[str, ...]:
    (name,) = case.files
    try:
        return _sound(Project().check(name))
    except DiagnosticError as error:
        return _sound(error.diagnostics)


def _sound(found: Sequence[Diagnostic]) -> tuple[str, ...]:
    """The codes of diagnostics that are as promised."""
    for diagnostic in found:
        if diagnostic.code not in CODES or diagnostic.code == "E0999":
            raise Wrong(f"a code that is none: {diagnostic.code}")
        for span in (diagnostic.span, *(label.span for label in diagnostic.labels)):
            if span is not None and not 0 <= span.start <= span.end <= len(
                span.source.text
            ):
                raise Wrong(f"{diagnostic.code} lies outside of its text", repr(diagnostic))
        _calm(render(diagnostic))
        json.dumps(diagnostic.facts())
    return tuple(sorted({d.code for d in found}))


# -- commands ------------------------------------------------------------------------------------------


def _called(case: Case) -> tuple[str, ...]:
    os.environ["ARCHDSL_TRACEBACK"] = "1"  # a mistake of the compiler is raised
    before = set(os.listdir())
    result = CliRunner().invoke(cli, list(case.args), prog_name="archdsl", input=case.stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    allowed = (0, 1, 2, 130) if case.args[0] in ("search", "train") else (0, 1, 2)
    if result.exit_code not in allowed:
        raise Wrong(f"exit code {result.exit_code}", result.output)
    if "Traceback" in result.stderr or "Warning:" in result.stderr:
        raise Wrong("a traceback or a warning of Python's", result.stderr)
    codes = tuple(sorted(set(_CODE.findall(result.stderr))))
    if "E0999" in codes:
        raise Wrong("E0999", result.stderr)
    _calm(result.stderr)
    _calm_output(case, result)
    left = set(os.listdir()) - before
    if any(name.startswith(".") for name in left):
        raise Wrong("a temporary file is left", str(left))
    if result.exit_code == 2 and left - {"run"} and case.args[0] != "diff":
        raise Wrong("an output of a command that failed", str(left))
    return codes


def _calm_output(case: Case, result: Any) -> None:
    """What stands on standard output: a text in UTF-8, or JSON, and nothing that moves a cursor but in
    documents, which are as they are.
    """
    text = result.stdout_bytes.decode("utf-8")
    if "--json" in case.args and case.kind != "any" and result.exit_code < 2 and text:
        json.loads(text)
    if case.args[0] not in ("sample", "patch", "git-diff"):
        _calm(text)


def _calm(text: str) -> None:
    """Raises where a text could move the cursor of a terminal or turn its writing round."""
    strange = next(
        (char for char in text if not (char.isprintable() or char == "\n")), None
    )
    if strange is not None:
        raise Wrong("a character that a terminal obeys", f"{strange!r} in {text!r}")


# -- what was opened -----------------------------------------------------------------------------------

_opened: list[tuple[str, bool]] | None = None


def _audit(event: str, args: tuple[Any, ...]) -> None:
    """Notes files and programs while a case runs, each with whether it is written to."""
    if _opened is None:
        return
    if event == "open" and isinstance(args[0], str | bytes | os.PathLike):
        flags = args[2] if isinstance(args[2], int) else 0
        _opened.append(
            (os.fsdecode(args[0]), bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
        )
    elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir"):
        _opened.append((os.fsdecode(args[0]), True))
    elif event == "subprocess.Popen":
        _opened.append(
            (
                f"program {Path(str(args[1][0] if not isinstance(args[1], str) else args[1])).name}",
                False,
            )
        )
    elif event in ("os.system", "socket.connect", "os.exec", "ctypes.dlopen"):
        _opened.append((f"event {event}", False))


sys.addaudithook(_audit)


@contextmanager
def _watched() -> Iterator[list[tuple[str, bool]]]:
    global _opened

    def hung(number: int, frame: FrameType | None) -> None:
        raise Hung

    before = signal.signal(signal.SIGVTALRM, hung)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _strayed(opened: Sequence[tuple[str, bool]], case: Case) -> str | None:
    """The first thing that was opened or started outside of what may be."""
    here = Path.cwd()
    reads = (
        here,
        ROOT,
        *(
            Path(p).absolute()
            for p in {sys.prefix, sys.base_prefix, *filter(None, sys.path)}
        ),
    )
    named = [arg for arg in case.args if arg.startswith("/")]
    for name, written in opened:
        if name.startswith("program "):
            if name.removeprefix("program ") not in _PROGRAMS:
                return f"{name} was started"
            continue
        if name.startswith("event "):
            if name != "event ctypes.dlopen":
                return name
            continue
        path = Path(os.path.abspath(name))
        if written and not path.is_relative_to(here) and not name.startswith(_ASIDE):
            return f"{name} was written"
        inside = any(path.is_relative_to(root) for root in reads)
        if not inside and not name.startswith(_ASIDE) and name not in named:
            return f"{name} was read"
    return None


# -- where a fault lies --------------------------------------------------------------------------------


def _place(error: BaseException) -> str:
    """The innermost line of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "/archdsl" in f.filename and "/tests/" not in f.filename]
    last = ours[-1] if ours else frames[-1]
    name = last.filename.partition(f"{ROOT}/")[2] or last.filename
    return f"{name}:{last.lineno} {last.name}"


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-3000:]
