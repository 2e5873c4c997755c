"""How far a search or a training is, how long it will take, and what it will cost: a bar on a terminal, lines
elsewhere.

    one: 480 rounds, 12 open choices, about 14.9T MACs to compute
    one: the first round took 95 s; 12 h 38 min more at this pace
    one: round 2 of 480 has taken 1 min so far
    one 30/480  loss 2.0719  entropy 17.91  expected 2.2G MACs
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from archdsl.cli.terminal import has_color
from archdsl.ir.notation import amount

Watch = Callable[[Mapping[str, Any]], None]

_TOLD_AFTER = (1, 10, 100)  # rounds, how long the rest will take
_SOON = 10.0  # seconds that need no announcement
_PATIENCE = 60.0  # seconds of a round, and then twice as many each time, before it is said that it goes on


@contextmanager
def progress(quiet: bool) -> Iterator[Watch]:
    """What is told of every round; it writes to standard error."""
    if quiet:
        yield _nothing
    elif sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        with _lines() as watch:
            yield watch


def duration(seconds: float) -> str:
    """`0.4 s`, `95 s`, `12 min`, `12 h 38 min`, `3 d 4 h`: as exact as an estimate deserves."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def announced(event: Mapping[str, Any]) -> str:
    """What a step is, before its first round: how many rounds, and what they cost."""
    left = event["rounds"] - event["round"]
    parts = [f"{event['rounds']:,} round{'' if event['rounds'] == 1 else 's'}"]
    if event["round"]:
        parts[0] += f", {left:,} of them left"
    if "open" in event:
        parts.append(f"{event['open']} open choice{'' if event['open'] == 1 else 's'}")
    if event.get("work"):
        parts.append(f"about {amount(round(event['work'] * left))} MACs to compute")
    return f"{event['step']}: {', '.join(parts)}"


def forecast(step: str, taken: int, seconds: float, left: int) -> str:
    """How long the rest of a step takes by the rounds so far; "" where that is soon."""
    rest = seconds / taken * left
    if rest < _SOON:
        return ""
    if taken == 1:
        return f"{step}: the first round took {duration(seconds)}; {duration(rest)} more at this pace"
    return f"{step}: {taken} rounds took {duration(seconds)}; {duration(rest)} more at this pace"


class _Pace:
    """The time of the rounds of a step in this session."""

    def __init__(self) -> None:
        self.step, self.rounds, self.at = "", 0, 0
        self._taken = 0
        self._began = self.since = time.monotonic()

    def hear(self, event: Mapping[str, Any]) -> str:
        """Takes an event in; the forecast where one is due."""
        self.since = time.monotonic()
        if event["event"] == "step":
            self.step, self.rounds, self.at = event["step"], event["rounds"], event["round"]
            self._taken, self._began = 0, self.since
        if event["event"] != "round":
            return ""
        self.at = event["round"] + 1
        self._taken += 1
        if self._taken not in _TOLD_AFTER:
            return ""
        return forecast(
            self.step, self._taken, self.since - self._began, self.rounds - self.at
        )


@contextmanager
def _lines() -> Iterator[Watch]:
    pace, ended = _Pace(), threading.Event()

    def watch(event: Mapping[str, Any]) -> None:
        _say(pace.hear(event))
        if event["event"] == "step":
            _say(announced(event))
        elif event["event"] == "end":
            _say(f"{event['step']}: {event['note']}")
        elif event["complete"]:
            _say(f"{event['step']} {event['round'] + 1}/{pace.rounds}  {_state(event)}")

    waiting = threading.Thread(target=_wait, args=(pace, ended), daemon=True)
    waiting.start()
    try:
        yield watch
    finally:
        ended.set()


def _wait(pace: _Pace, ended: threading.Event) -> None:
    """Says of a long round that it goes on, each time after twice as long."""
    since, patience = pace.since, _PATIENCE
    while not ended.wait(1):
        if pace.since != since:
            since, patience = pace.since, _PATIENCE
        seconds = time.monotonic() - since
        if seconds > patience and pace.step:
            _say(
                f"{pace.step}: round {pace.at + 1} of {pace.rounds:,} has taken {duration(seconds)} so far"
            )
            patience *= 2


def _say(text: str) -> None:
    if text:
        print(text, file=sys.stderr, flush=True)


def _nothing(event: Mapping[str, Any]) -> None:
    """Tells nobody."""


@contextmanager
def _bar() -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(
        file=sys.stderr,
        no_color=not has_color(sys.stderr),
        highlight=False,
        emoji=False,
        markup=False,
    )
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, TextColumn("{task.fields[state]}", markup=False), console=console
    ) as bar:
        pace, task, last = _Pace(), None, ""

        def watch(event: Mapping[str, Any]) -> None:
            nonlocal task, last
            told = pace.hear(event)
            if event["event"] == "step":
                told = announced(event)
                task = bar.add_task(
                    event["step"], total=event["rounds"], completed=event["round"], state=""
                )
            elif event["event"] == "end":
                told = f"{event['step']}: {event['note']}"
            else:
                assert task is not None
                last = _state(event) if event["complete"] else last
                bar.update(task, completed=event["round"] + 1, state=last)
            if told:
                console.print(told)

        yield watch


def _state(event: Mapping[str, Any]) -> str:
    """What there is to say of a round."""
    parts = [
        f"{name} {event[name]:.4f}"
        for name in ("loss", "value", "best", "accuracy")
        if name in event
    ]
    if "entropy" in event:
        parts.append(f"entropy {event['entropy']:.2f}")
    if "expected_macs" in event:
        parts.append(f"expected {amount(round(event['expected_macs']))} MACs")
    elif "macs" in event:
        parts.append(f"{amount(round(event['macs']))} MACs")
    return "  ".join(parts)
