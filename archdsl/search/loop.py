"""The rounds of a run: taken, told of, logged, saved and shown. One loop for the steps of a search and for a
training.

A place says how far a run has come. After 7 rounds of the second of two steps, of which the first took 24:

    step 1, round 7, total 31, and what the first step found
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Protocol

from torch import Tensor

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.search.clock import Clock, Status
from archdsl.search.ranks import Ranks
from archdsl.search.runs import ELSEWHERE, Run, Stopped, part
from archdsl.search.strategies.protocol import Answers, Facts, State

SAVED_EVERY = 500  # rounds, beside the end of every epoch or trial

Watch = Callable[[Facts], object]


class Rounds(Protocol):
    """What is taken round by round, and can be saved between any two: a strategy, or a model that learns."""

    @property
    def rounds(self) -> int:
        """How many there are."""

    @property
    def every(self) -> int:
        """How many it takes until something is complete: an epoch, a trial."""

    @property
    def note(self) -> str:
        """Why there are fewer than were asked for; "" where there are not."""

    def round(self, number: int) -> Facts | None:
        """Takes a round, counted from 0; what there is to log, None where nothing is left to do."""

    def state(self) -> State: ...
    def restore(self, state: State) -> None: ...


@dataclass(slots=True)
class Place:
    """How far a run has come: `round` of the present step, `total` of all. `found` is what the steps before
    it found, `inherited` the weights that they left.
    """

    step: int = 0
    round: int = 0
    total: int = 0
    found: dict[str, Answers] = field(default_factory=dict)
    inherited: Mapping[str, Tensor] = field(default_factory=dict)
    state: State | None = None

    def facts(self) -> Facts:
        found = {name: dict(answers) for name, answers in self.found.items()}
        return {
            "step": self.step,
            "round": self.round,
            "total": self.total,
            "found": found,
        }


@dataclass(frozen=True, slots=True)
class Loop:
    """A run and who follows it: `watch` hears of every round, `stop` is asked after each, `show` writes the
    page when something is complete.

    What the first rank says holds for all; it alone writes.
    """

    run: Run
    ranks: Ranks
    clock: Clock
    show: Callable[[Status], None]
    watch: Watch = lambda facts: None
    stop: Callable[[], bool] = lambda: False

    def start(self) -> Place:
        """Where the latest checkpoint stands, or the beginning. Raises DiagnosticError E0723 as `Run` does,
        and for facts of other types.
        """
        return self.ranks.agreed(self._place)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows how the run stands: running, and after the block finished, stopped or failed."""
        self._show("running")
        try:
            yield
        except BaseException as error:
            self._fail(error)
            raise
        self._show("finished")

    def take(self, name: str, taker: Rounds, at: Place, told: Facts) -> None:
        """Takes the rounds that a step still has; `told` is what `watch` hears of it first.

        Raises Stopped when it was asked to stop, and DiagnosticError as rounds do.
        """
        if at.state is not None:
            self._restore(taker, at.state)
        elif at.total:
            self.save(at)
        step = {
            "event": "step",
            "step": name,
            "rounds": taker.rounds,
            "every": taker.every,
        }
        self.watch({**step, "round": at.round, **told})
        while at.round < taker.rounds:
            found = _sound(taker.round(at.round), at.round)
            if found is None:
                break
            at.round, at.total = at.round + 1, at.total + 1
            record = {"step": name, "round": at.round - 1, **found}
            if found and self.ranks.is_first:
                self.run.log(record)
            complete = at.round % taker.every == 0 or at.round == taker.rounds
            self.watch({"event": "round", "complete": complete, **record})
            self._keep(taker, at, complete)
        self._end(name, taker, at)

    def _end(self, name: str, taker: Rounds, at: Place) -> None:
        """Tells of rounds that ended before all that were asked for."""
        if taker.note:
            record = {"step": name, "round": at.round, "note": taker.note}
            if self.ranks.is_first:
                self.run.log(record)
            self.watch({"event": "end", **record})

    def save(self, at: Place, taker: Rounds | None = None, due: bool = True) -> None:
        """A checkpoint; without a taker, one of the place before its step begins. All ranks take part."""
        state = taker.state() if taker is not None else None
        if not self.ranks.is_first:
            return
        tensors = {f"inherited/{name}": t for name, t in at.inherited.items()}
        if state is not None:
            tensors.update({f"state/{name}": t for name, t in state.tensors.items()})
        number = 2 * at.total + (taker is None)  # a step begins where another one ended
        self.run.save(
            number,
            tensors,
            {**at.facts(), "state": state.facts if state else None},
            due,
        )

    def _keep(self, taker: Rounds, at: Place, complete: bool) -> None:
        """Saves and shows what a round led to, where that is due or the run was asked to stop."""
        stopping = self.ranks.agreed(self.stop)
        due = complete or at.round % SAVED_EVERY == 0
        if due or stopping:
            self.save(at, taker, due)
        if complete and not stopping:
            self._show("running")
        if stopping:
            raise Stopped

    def _place(self) -> Place:
        latest = self.run.latest()
        if latest is None:
            return Place()
        try:
            facts = latest.facts
            numbers = [_whole(facts[name]) for name in ("step", "round", "total")]
            found: dict[str, Answers] = {}
            for name, answers in facts["found"].items():
                found[_text(name)] = _answers(answers)
            state = None
            if facts["state"] is not None:
                state = State(part(latest.tensors, "state/"), dict(facts["state"]))
            left = part(latest.tensors, "inherited/")
            return Place(numbers[0], numbers[1], numbers[2], found, left, state)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._broken(error) from error

    def _restore(self, taker: Rounds, state: State) -> None:
        """Sets rounds to a saved state. Raises DiagnosticError E0723 where that is not one of their own."""
        try:
            taker.restore(state)
        except (
            LookupError,
            TypeError,
            ValueError,
            RuntimeError,
            AttributeError,
        ) as error:
            raise self._broken(error) from error
        except DiagnosticError as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> DiagnosticError:
        said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        problem = f"the latest checkpoint in {self.run.folder} does not hold what this run saves: {said}"
        return DiagnosticError(codes.BROKEN_CHECKPOINT.error(None, problem, help=ELSEWHERE))

    def _show(self, word: str, why: str = "") -> None:
        if self.ranks.is_first:
            status = Status(word, why)
            self.show(status)
            self.clock.write(status)

    def _fail(self, error: BaseException) -> None:
        """Shows that a run stopped or failed, as well as that can be done now."""
        try:
            if isinstance(error, Stopped | KeyboardInterrupt):
                self._show("stopped")
            else:
                said = str(error).splitlines() or [""]
                self._show("failed", said[0] or type(error).__name__)
        except DiagnosticError:
            pass  # the disk is full, say; what is wrong first is what counts


def _sound(told: Facts | None, number: int) -> Facts | None:
    """What a round says, if it is still of numbers. Raises DiagnosticError E0725 where it is not."""
    for name, value in (told or {}).items():
        if isinstance(value, float) and not isfinite(value):
            problem = f"the {name.replace('_', ' ')} of round {number} is {value}"
            raise DiagnosticError(
                codes.DIVERGED.error(None, problem, help="a smaller learning rate")
            )
    return told


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} is no number of rounds")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _answers(value: Any) -> dict[str, str]:
    return {_text(path): _text(label) for path, label in value.items()}
