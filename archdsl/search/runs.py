"""A run directory: what was asked, a line a round, and checkpoints that appear whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import few
from archdsl.whole_files import write_text

_ELSEWHERE = "begin anew in another directory"
_KEPT = 2  # checkpoints, so that one is left whole whatever happens to the other


class Stopped(Exception):
    """A run that was asked to stop: its state is saved."""


@dataclass(frozen=True, eq=False, slots=True)
class Checkpoint:
    """Tensors by name, and facts."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


class Run:
    """`frozen.json` says what the run is of, `metrics.jsonl` has a record a line, `checkpoints/` lie by their
    number.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._metrics = folder / "metrics.jsonl"
        self._checkpoints = folder / "checkpoints"

    @classmethod
    def create(cls, folder: Path, frozen: Mapping[str, Any]) -> Run:
        """A new run in an empty or new directory, or in that of a run which failed before its first
        checkpoint.

        Raises DiagnosticError E0720 where something is there.
        """
        failed = (folder / "frozen.json").is_file() and not (folder / "checkpoints").exists()
        if folder.exists() and not failed and (not folder.is_dir() or any(folder.iterdir())):
            has = "a run" if (folder / "frozen.json").is_file() else "something else"
            problem = f"`{folder}` already holds {has}"
            raise DiagnosticError(
                codes.RUN_EXISTS.error(None, problem, help="go on with `--resume`, or give another directory")
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "frozen.json", json.dumps(frozen, indent=2, ensure_ascii=False) + "\n")
        return cls(folder)

    @classmethod
    def resume(cls, folder: Path, frozen: Mapping[str, Any]) -> Run:
        """The run of a directory. Raises DiagnosticError E0721 where there is none, E0722 where it is of
        something else.
        """
        try:
            held = json.loads((folder / "frozen.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DiagnosticError(
                codes.NO_RUN.error(None, f"`{folder}` holds no run", help="leave `--resume` out to begin one")
            ) from None
        except (OSError, ValueError) as error:
            raise DiagnosticError(
                codes.NO_RUN.error(None, f"`{folder}/frozen.json` cannot be read: {error}")
            ) from None
        differing = list(_differences(held, json.loads(json.dumps(frozen))))
        if differing:
            shown = few(differing, 3, "; ")
            problem = f"the run in `{folder}` is another one: {shown}"
            raise DiagnosticError(codes.OTHER_RUN.error(None, problem, help=_ELSEWHERE))
        for left in folder.glob(".*.*"):  # of a file that was being written when the run was killed
            left.unlink()
        return cls(folder)

    def log(self, record: Mapping[str, Any]) -> None:
        """Adds a line to the metrics."""
        with self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def records(self) -> Iterator[dict[str, Any]]:
        """The lines of the metrics. Raises DiagnosticError E0723 where one is broken."""
        if self._metrics.is_file():
            with self._metrics.open(encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    try:
                        yield json.loads(line)
                    except ValueError as error:
                        problem = f"{self._metrics}:{number} cannot be read: {error}"
                        raise DiagnosticError(
                            codes.BROKEN_CHECKPOINT.error(None, problem, help=_ELSEWHERE)
                        ) from None

    def save(self, number: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Writes a checkpoint beside the others and names it as the latest, in this order, each step on the
        disk.

        Numbers rise; one that is the latest already is left as it is.
        """
        self._checkpoints.mkdir(exist_ok=True)
        place, beside = self._checkpoints / f"{number:08d}", self._checkpoints / ".writing"
        if self._pointed() == place:
            return
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        save_file(
            {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()},
            beside / "tensors.safetensors",
        )
        offset = self._metrics.stat().st_size if self._metrics.is_file() else 0
        (beside / "facts.json").write_text(
            json.dumps({"metrics": offset, "facts": facts}, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        for path in (beside / "tensors.safetensors", beside / "facts.json", beside):
            _sync(path)
        if place.exists():
            shutil.rmtree(place)
        beside.rename(place)
        _sync(self._checkpoints)
        write_text(self._checkpoints / "latest", f"{place.name}\n")
        for old in sorted(p for p in self._checkpoints.iterdir() if p.is_dir() and p.name[0] != ".")[:-_KEPT]:
            shutil.rmtree(old)

    def latest(self) -> Checkpoint | None:
        """The latest checkpoint; what was logged after it is forgotten. Raises DiagnosticError E0723 where it
        is broken.
        """
        place = self._pointed()
        if place is None:
            self._metrics.unlink(missing_ok=True)
            return None
        try:
            facts = json.loads((place / "facts.json").read_text(encoding="utf-8"))
            tensors = load_file(place / "tensors.safetensors")
            offset, own = int(facts["metrics"]), facts["facts"]
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            problem = f"the checkpoint {place} cannot be read: {error or type(error).__name__}"
            raise DiagnosticError(codes.BROKEN_CHECKPOINT.error(None, problem, help=_ELSEWHERE)) from None
        logged = self._metrics.stat().st_size if self._metrics.is_file() else 0
        if logged < offset:
            problem = f"{self._metrics} has {logged:,} bytes, and the checkpoint {place} knows of {offset:,}"
            raise DiagnosticError(codes.BROKEN_CHECKPOINT.error(None, problem, help=_ELSEWHERE))
        if logged:
            os.truncate(self._metrics, offset)
        return Checkpoint(tensors, own)

    def _pointed(self) -> Path | None:
        pointer = self._checkpoints / "latest"
        return self._checkpoints / pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint whose names begin so, under what is left of their names."""
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _differences(held: Any, asked: Any, path: str = "") -> Iterator[str]:
    if isinstance(held, dict) and isinstance(asked, dict):
        for key in {**held, **asked}:
            yield from _differences(held.get(key), asked.get(key), f"{path}.{key}" if path else key)
    elif isinstance(held, list) and isinstance(asked, list) and len(held) == len(asked):
        for i, (a, b) in enumerate(zip(held, asked, strict=True)):
            yield from _differences(a, b, f"{path}[{i}]")
    elif held != asked:
        yield f"its `{path}` is {_short(held)}, now it is {_short(asked)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
