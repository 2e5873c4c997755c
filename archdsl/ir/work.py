"""The work that one file may take, whatever it says: everything that can grow is paid for in steps.

    with bounded():
        spend(25, span)     # an operation, about 50 µs
        spend(2_000)        # a thousand answers followed in a decision diagram

A step is about 2 µs. What is asked outside of `bounded` is not counted.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from archdsl.diagnostics.codes.elaboration import TOO_MUCH_WORK
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span

_COLLECTED = 50_000  # new objects after which cyclic garbage is looked for
WORK_LIMIT = 3_000_000  # steps; the largest of the papers' files takes a third


class Exhausted(DiagnosticError):
    """The bound on work is reached: nothing more is looked at, where after other errors the next statement
    is.
    """


@dataclass(slots=True)
class Work:
    """What has been spent so far."""

    spent: int = 0
    limit: int = WORK_LIMIT


_current: ContextVar[Work | None] = ContextVar("work", default=None)


@contextmanager
def bounded() -> Iterator[Work]:
    """Inside, all work together is bounded; within another bound, it counts there."""
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    work = Work()
    token = _current.set(work)
    try:
        with rarely_collected():
            yield work
    finally:
        _current.reset(token)


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Inside, the interpreter looks for cyclic garbage once in 50,000 new objects and not in 700: trees and
    graphs are kept, so that looking at them again and again took a sixth of the time and found next to
    nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _COLLECTED) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def aside() -> Iterator[None]:
    """Inside, half of what is left may be spent, so that what only explains an error never keeps the rest
    from being checked.
    """
    work = _current.get() or Work()
    before = work.limit
    work.limit = (work.spent + before) // 2
    try:
        yield
    finally:
        work.limit = before


def spend(steps: int, span: Span | None = None) -> None:
    """Pays for some steps. Raises Exhausted where the bound is reached."""
    work = _current.get()
    if work is None:
        return
    work.spent += steps
    if work.spent > work.limit:
        message = f"this file takes more than {WORK_LIMIT:,} steps to check"
        help = "make loops shorter, lists smaller, or narrow the domains of choices; or split the file"
        raise Exhausted(TOO_MUCH_WORK.error(span, message, help=help))
