"""A run directory: what was asked, a line a round, checkpoints, and who is at work in it.

frozen.json     what the run is of: it goes on only with the same
metrics.jsonl   a record a line
checkpoints/    the last ones, `latest` names one of them
.lock           held by the process that is at work
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.suggestions import few
from archdsl.search import checkpoints
from archdsl.search.checkpoints import Checkpoint, DamagedError
from archdsl.whole_files import write_text

Complain = Callable[[Diagnostic], object]

ELSEWHERE = "begin anew in another directory"
_LONGEST = 1 << 24  # bytes of `frozen.json`
_HALF = re.compile(
    r"\..+\.\d+(\.\w+)?", re.ASCII
)  # what a file is called while it is written


class Stopped(Exception):
    """A run that was asked to stop: its state is saved."""


_NUMBER = 40  # bytes of a lock that are read: the number of a process


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Makes a run directory, and keeps other processes out of it as long as the block lasts.

    The lock is the process's own: it ends with it, however it ends, and processes that read data for it do
    not keep it. Raises DiagnosticError E0726 where another process holds it, E0903 where there can be none.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            folder / ".lock",
            os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o644,
        )
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise DiagnosticError(
                _in_use(folder, os.pread(descriptor, _NUMBER, 0))
            ) from None
        except OSError as error:
            problem = f"`{folder}/.lock` cannot be locked: {error.strerror}"
            raise DiagnosticError(files.UNWRITABLE.error(None, problem)) from None
        os.ftruncate(descriptor, 0)
        with writing(folder / ".lock"):
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def is_worked_in(folder: Path) -> bool:
    """Whether another process holds the lock of a run directory."""
    return _holder(folder) is not None


def check_free(folder: Path) -> None:
    """Raises DiagnosticError E0726 where another process works in a run directory, whatever its run is."""
    holder = _holder(folder)
    if holder is not None:
        raise DiagnosticError(_in_use(folder, holder))


def _holder(folder: Path) -> bytes | None:
    """What stands in the lock of a run directory if another process holds it: its number."""
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return os.pread(descriptor, _NUMBER, 0)
    finally:
        os.close(descriptor)
    return None


def _in_use(folder: Path, holder: bytes) -> Diagnostic:
    number = holder.decode("ascii", "replace").strip()
    whose = f"process {number}" if number.isdecimal() else "another process"
    help = "wait for it, or stop it with Ctrl-C or SIGTERM; each run has a directory of its own"
    return codes.IN_USE.error(None, f"{whose} is at work in `{folder}`", help=help)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says E0903 where the disk does not take what the block writes."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = f"`{path}` cannot be written: {reason}"
        raise DiagnosticError(files.UNWRITABLE.error(None, problem)) from error


def check_new(folder: Path) -> None:
    """Whether a run may begin in a directory: a new one, an empty one, or that of a run which failed before
    its first checkpoint.

    Raises DiagnosticError E0720 where something is there.
    """
    if not os.path.lexists(folder) or _is_bare(folder):
        return
    is_run = (folder / "frozen.json").is_file()
    if is_run and not (folder / "checkpoints").exists():
        return
    problem = f"`{folder}` already holds {'a run' if is_run else 'something else'}"
    help = "go on with `--resume`, or give another directory"
    raise DiagnosticError(codes.RUN_EXISTS.error(None, problem, help=help))


def check_same(folder: Path, frozen: Mapping[str, Any]) -> None:
    """Whether the run of a directory is the one that is asked for.

    Raises DiagnosticError E0721 where there is none, E0722 where it is of something else.
    """
    if folder.is_dir() and _is_bare(folder) and (folder / ".lock").exists():
        return  # killed before it had written what it is of
    if not (folder / "frozen.json").is_file():
        problem = f"`{folder}` holds no run"
        raise DiagnosticError(
            codes.NO_RUN.error(None, problem, help="leave `--resume` out to begin one")
        )
    try:
        held = facts_of(folder)
    except (OSError, ValueError, RecursionError) as error:
        raise DiagnosticError(
            codes.NO_RUN.error(None, f"`{folder}/frozen.json` cannot be read: {error}")
        ) from None
    differing = list(_differences(held, json.loads(json.dumps(frozen))))
    if differing:
        problem = f"the run in `{folder}` is another one: {few(differing, 3, '; ')}"
        raise DiagnosticError(codes.OTHER_RUN.error(None, problem, help=ELSEWHERE))


def facts_of(folder: Path) -> Any:
    """What a run is of, as `frozen.json` has it. Raises OSError, ValueError and RecursionError."""
    with (folder / "frozen.json").open("rb") as file:
        return json.loads(file.read(_LONGEST).decode("utf-8"))


class Run:
    """The run of a directory that this process is alone in.

    `complain` hears of what was passed over. What cannot be written is E0903, and leaves what was there.
    """

    def __init__(self, folder: Path, complain: Complain = lambda diagnostic: None) -> None:
        self.folder = folder
        self.complain = complain
        self._metrics = folder / "metrics.jsonl"
        self._checkpoints = folder / "checkpoints"
        self._logged = hashlib.sha256()
        self._length = 0
        self._follow: Callable[[Mapping[str, Any]], None] | None = None

    def begin(self, frozen: Mapping[str, Any]) -> None:
        """Says what the run is of, and clears away what a process left that was killed while it wrote."""
        for left in self.folder.rglob(".*"):
            if _HALF.fullmatch(left.name) and left.is_file():
                left.unlink()
        write_text(
            self.folder / "frozen.json",
            json.dumps(frozen, indent=2, ensure_ascii=False) + "\n",
        )

    def log(self, record: Mapping[str, Any]) -> None:
        """Adds a line to the metrics."""
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        with (
            writing(self._metrics),
            self._metrics.open("ab", buffering=0) as file,
        ):
            try:
                if file.write(line) != len(line):
                    raise OSError(0, "the disk is full")
            except OSError:
                os.ftruncate(file.fileno(), self._length)  # no half a line
                raise
        self._logged.update(line)
        self._length += len(line)
        if self._follow is not None:
            self._follow(record)

    def follow(self, hear: Callable[[Mapping[str, Any]], None] | None) -> None:
        """`hear` is told of every record from now on."""
        self._follow = hear

    def records(self) -> Iterator[dict[str, Any]]:
        """The lines of the metrics."""
        if self._metrics.is_file():
            with self._metrics.open(encoding="utf-8") as file:
                yield from map(json.loads, file)

    def save(
        self,
        number: int,
        tensors: Mapping[str, Tensor],
        facts: Mapping[str, Any],
        due: bool = True,
    ) -> None:
        """Writes a checkpoint; one that is the latest already is left as it is. `due` is False for one that
        an undisturbed run would not write.
        """
        if checkpoints.pointed(self._checkpoints) == f"{number:010d}":
            return
        log = {"bytes": self._length, "sha256": self._logged.hexdigest()}
        with writing(self._checkpoints):
            checkpoints.write(
                self._checkpoints,
                number,
                tensors,
                {"metrics": log, "facts": facts},
                due,
            )

    def latest(self) -> Checkpoint | None:
        """The latest checkpoint that is whole; what was logged after it is forgotten.

        Raises DiagnosticError E0723 where there are some and none is whole.
        """
        try:
            last = checkpoints.pointed(self._checkpoints)
        except DamagedError as error:
            raise self._no_latest(error) from None
        damaged: list[str] = []
        for name in reversed(checkpoints.names(self._checkpoints)):
            if last is not None and name > last:
                continue
            try:
                held = checkpoints.read(self._checkpoints / name)
                found = Checkpoint(held.tensors, self._back_at(held.facts))
            except DamagedError as error:
                damaged.append(
                    f"the checkpoint {self._checkpoints / name} is damaged: {error}"
                )
                continue
            for problem in damaged:
                self.complain(
                    codes.PASSED_OVER.warning(None, f"{problem}; going on from {name}")
                )
            if name != last:
                checkpoints.name_latest(self._checkpoints, name)
            checkpoints.forget(
                self._checkpoints, name
            )  # it may have been killed at just that
            return found
        if damaged:
            raise DiagnosticError(
                codes.BROKEN_CHECKPOINT.error(None, damaged[0], help=ELSEWHERE)
            )
        self._metrics.unlink(missing_ok=True)
        return None

    def _no_latest(self, error: DamagedError) -> DiagnosticError:
        held = checkpoints.names(self._checkpoints)
        help = f"write one of {few(held[::-1], 3, ', ')} into it" if held else ELSEWHERE
        problem = f"`{self._checkpoints / 'latest'}` cannot be read: {error}"
        return DiagnosticError(codes.BROKEN_CHECKPOINT.error(None, problem, help=help))

    def _back_at(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Cuts the metrics back to what a checkpoint knows of. Raises DamagedError where that is not there
        any more.
        """
        try:
            length, digest, own = (
                facts["metrics"]["bytes"],
                facts["metrics"]["sha256"],
                facts["facts"],
            )
            if not isinstance(length, int) or length < 0 or not isinstance(own, dict):
                raise TypeError("its facts are of other types")
        except (LookupError, TypeError) as error:
            raise DamagedError(str(error)) from None
        logged, read = hashlib.sha256(), 0
        if length:
            try:
                with self._metrics.open("rb") as file:
                    while part := file.read(min(1 << 20, length - read)):
                        logged.update(part)
                        read += len(part)
            except OSError as error:
                raise DamagedError(f"{self._metrics.name}: {error.strerror}") from None
        if read != length or logged.hexdigest() != digest:
            raise DamagedError(
                f"the {length:,} bytes of {self._metrics.name} that it knows are others"
            )
        if self._metrics.is_file():
            os.truncate(self._metrics, length)
        self._logged, self._length = logged, length
        return own


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint whose names begin so, under what is left of their names."""
    return {
        name.removeprefix(prefix): t
        for name, t in tensors.items()
        if name.startswith(prefix)
    }


def _is_bare(folder: Path) -> bool:
    """Whether nothing is there but what a process leaves that was killed while it began a run."""
    return folder.is_dir() and all(
        p.name == ".lock" or p.match(".frozen.*") for p in folder.iterdir()
    )


def _differences(held: Any, asked: Any, path: str = "") -> Iterator[str]:
    if isinstance(held, dict) and isinstance(asked, dict):
        for key in {**held, **asked}:
            yield from _differences(
                held.get(key),
                asked.get(key),
                f"{path}.{key}" if path else key,
            )
    elif isinstance(held, list) and isinstance(asked, list) and len(held) == len(asked):
        for i, (a, b) in enumerate(zip(held, asked, strict=True)):
            yield from _differences(a, b, f"{path}[{i}]")
    elif held != asked:
        yield f"its `{path}` is {_short(held)}, now it is {_short(asked)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
