"""How a run stands and how long it has taken: `clock.js`, beside the page that shows it.

It alone of a run's files depends on the clock, so that all others are the same however often a run was
killed and resumed:

    clock = {"status": "finished", "why": "", "seconds": 93.4, "sessions": 2}
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archdsl.whole_files import write_text

FILE = "clock.js"
_START = "clock = "
_LONGEST = 10_000  # bytes


@dataclass(frozen=True, slots=True)
class Status:
    """`word` is running, finished, stopped or failed; `why` says why it failed."""

    word: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the file says: seconds are those of all sessions together, of which `sessions` were begun."""

    status: str
    why: str
    seconds: float
    sessions: int


class Clock:
    """The time of this session, added to that of those before it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._began = time.monotonic()
        before = read(folder)
        self._seconds = before.seconds if before else 0.0
        self._sessions = before.sessions + 1 if before else 1

    def write(self, status: Status) -> None:
        """Writes how the run stands now."""
        seconds = round(self._seconds + time.monotonic() - self._began, 1)
        told = Told(status.word, status.why, seconds, self._sessions)
        write_text(self._path, f"{_START}{json.dumps(asdict(told))}\n")


def read(folder: Path) -> Told | None:
    """What the file of a run says; None where there is none that can be read."""
    path = folder / FILE
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8")
        return _told(json.loads(text.removeprefix(_START)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _told(held: Any) -> Told:
    """Raises TypeError where something else is held."""
    told = Told(**held)
    kinds = (
        (told.status, str),
        (told.why, str),
        (told.seconds, int | float),
        (told.sessions, int),
    )
    if not all(isinstance(value, kind) for value, kind in kinds):
        raise TypeError("values of other types")
    return told
