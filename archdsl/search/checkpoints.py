"""Checkpoints: folders of tensors and facts that appear whole or not at all, and show it where a byte has
changed.

    checkpoints/0000000024/facts.json  tensors.safetensors  SHA256SUMS
    checkpoints/latest               says `0000000024`

`sha256sum -c SHA256SUMS` in the folder of a checkpoint says what reading it does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from archdsl.whole_files import write_text

_FACTS, _TENSORS, _SUMS = "facts.json", "tensors.safetensors", "SHA256SUMS"
_KEPT = 2  # that were due, so that one is left whole whatever happens to the other
_NAME = re.compile(r"\d{10}(-stopped)?", re.ASCII)
_STOPPED = "-stopped"  # saved because a run was asked to stop, when none was due


class DamagedError(Exception):
    """A checkpoint that is not what was written."""


@dataclass(frozen=True, eq=False, slots=True)
class Checkpoint:
    """Tensors by name, and facts."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


def names(folder: Path) -> list[str]:
    """Those of all checkpoints, from the first to the last."""
    found = [p.name for p in folder.iterdir() if p.is_dir()] if folder.is_dir() else []
    return sorted(name for name in found if _NAME.fullmatch(name))


def pointed(folder: Path) -> str | None:
    """The name in `latest`, None without such a file. Raises DamagedError where it names no checkpoint."""
    pointer = folder / "latest"
    if not os.path.lexists(pointer):
        return None
    if not pointer.is_file():
        raise DamagedError("it is no regular file")
    with pointer.open("rb") as file:
        name = file.read(100).decode("ascii", "replace").removesuffix("\n")
    if not _NAME.fullmatch(name):
        raise DamagedError(f"it says {name!r}, which is no name of a checkpoint")
    if not (folder / name).is_dir():
        raise DamagedError(f"it names {name}, which is not there")
    return name


def write(
    folder: Path,
    number: int,
    tensors: Mapping[str, Tensor],
    facts: Mapping[str, Any],
    due: bool,
) -> None:
    """Writes a checkpoint beside the others and names it as the latest, in this order, each step on the disk.

    Numbers rise. Of those that were due the last two stay, of those that were not only this one. Raises
    OSError and SafetensorError where the disk does not take it; the latest is then the one before.
    """
    folder.mkdir(exist_ok=True)
    name, beside = (
        f"{number:010d}{'' if due else _STOPPED}",
        folder / ".writing",
    )
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        save_file(
            {n: t.detach().cpu().contiguous().clone() for n, t in tensors.items()},
            beside / _TENSORS,
        )
        text = json.dumps(facts, ensure_ascii=False, allow_nan=False) + "\n"
        (beside / _FACTS).write_text(text, encoding="utf-8")
        sums = [f"{_digest(beside / n)}  {n}\n" for n in (_FACTS, _TENSORS)]
        (beside / _SUMS).write_text("".join(sums), encoding="utf-8")
        for path in (
            beside / _TENSORS,
            beside / _FACTS,
            beside / _SUMS,
            beside,
        ):
            sync(path)
        shutil.rmtree(folder / name, ignore_errors=True)
        beside.rename(folder / name)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    sync(folder)
    name_latest(folder, name)
    forget(folder, name)


def name_latest(folder: Path, name: str) -> None:
    """Says which checkpoint is the latest."""
    write_text(folder / "latest", f"{name}\n")


def read(place: Path) -> Checkpoint:
    """A checkpoint. Raises DamagedError where anything of it is not what was written."""
    try:
        sums = (place / _SUMS).read_text(encoding="ascii")
        for name in (_FACTS, _TENSORS):
            if f"{_digest(place / name)}  {name}\n" not in sums:
                raise DamagedError(f"{name} is not what was written")
        facts = json.loads((place / _FACTS).read_text(encoding="utf-8"))
        return Checkpoint(load_file(place / _TENSORS), facts)
    except OSError as error:
        raise DamagedError(
            f"{Path(error.filename or place).name}: {error.strerror or error}"
        ) from None
    except (ValueError, SafetensorError) as error:
        raise DamagedError(str(error)) from None


def sync(path: Path) -> None:
    """Waits until a file or a folder lies on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def forget(folder: Path, latest: str) -> None:
    """Removes what the latest checkpoint makes superfluous. Those after it, of a damaged run, wait for their
    turn to be written over.
    """
    before = [name for name in names(folder) if name < latest]
    due = [name for name in before if not name.endswith(_STOPPED)]
    kept = due[1 - _KEPT :] if not latest.endswith(_STOPPED) else due[-_KEPT:]
    for name in before:
        if name not in kept:
            shutil.rmtree(folder / name)
