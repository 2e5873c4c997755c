"""Ctrl-C as a question: a long command finishes what it is at, saves, and ends. SIGTERM is the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130

_HEARD = b"stopping after this round; Ctrl-C again ends at once, and loses what came after the last save\n"


@contextmanager
def asked_to_stop(quiet: bool = False) -> Iterator[Callable[[], bool]]:
    """A question that is answered yes after the first Ctrl-C or SIGTERM; a second one interrupts at once."""
    asked = False

    def handle(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        if not quiet:
            os.write(2, _HEARD)  # a handler may interrupt a print, so it does not print

    before = {
        number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
