"""Ctrl-C as a question: a long command finishes what it is at, saves, and ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """A question that is answered yes after the first Ctrl-C or SIGTERM; a second one interrupts at once."""
    asked = False

    def handle(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
