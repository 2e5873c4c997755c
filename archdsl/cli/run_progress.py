"""How far a search or a training is: a bar with the time left on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from archdsl.cli.terminal import has_color
from archdsl.ir.notation import amount

Watch = Callable[[Mapping[str, Any]], None]


@contextmanager
def progress(quiet: bool) -> Iterator[Watch]:
    """What is told of every round; it writes to standard error."""
    if quiet:
        yield _nothing
    elif sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield _lines()


def _nothing(event: Mapping[str, Any]) -> None:
    """Tells nobody."""


def _lines() -> Watch:
    step, rounds = "", 0

    def watch(event: Mapping[str, Any]) -> None:
        nonlocal step, rounds
        if event["event"] == "step":
            rounds = event["rounds"]
            step = event["step"]
            opened = f", {event['open']} open choices" if "open" in event else ""
            print(f"{step}: {rounds:,} rounds{opened}", file=sys.stderr)
        elif _has_news(event):
            print(f"{step} {event['round'] + 1}/{rounds}  {_state(event)}", file=sys.stderr, flush=True)

    return watch


@contextmanager
def _bar() -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(
        file=sys.stderr, no_color=not has_color(sys.stderr), highlight=False, emoji=False, markup=False
    )
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, TextColumn("{task.fields[state]}", markup=False), console=console) as bar:
        task = None
        last = ""

        def watch(event: Mapping[str, Any]) -> None:
            nonlocal task, last
            if event["event"] == "step":
                task = bar.add_task(event["step"], total=event["rounds"], completed=event["round"], state="")
                return
            assert task is not None
            last = _state(event) if _has_news(event) else last
            bar.update(task, completed=event["round"] + 1, state=last)

        yield watch


def _has_news(event: Mapping[str, Any]) -> bool:
    """Whether an epoch or a trial has ended."""
    return event["event"] == "epoch" or "probabilities" in event


def _state(event: Mapping[str, Any]) -> str:
    """What there is to say of a round."""
    parts = [f"{name} {event[name]:.4f}" for name in ("loss", "value", "best", "accuracy") if name in event]
    if "entropy" in event:
        parts.append(f"entropy {event['entropy']:.2f}")
    if "expected_macs" in event:
        parts.append(f"expected {amount(round(event['expected_macs']))} MACs")
    elif "macs" in event:
        parts.append(f"{amount(round(event['macs']))} MACs")
    return "  ".join(parts)
