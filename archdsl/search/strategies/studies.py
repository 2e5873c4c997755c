"""Optuna's studies as the memory that workers share: trials that outlive processes, and our own sampler
inside.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.choice import Choice
from archdsl.search.strategies.protocol import Answers, Facts
from archdsl.search.strategies.trials import Trial

if TYPE_CHECKING:
    import optuna

Propose = Callable[[int, Sequence[Trial], Sequence[Answers]], Answers]


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """A trial that this worker has taken on: its number in the storage, and its place among those that
    count.
    """

    number: int
    place: int
    genotype: Answers


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """A finished trial, with what was logged of it."""

    trial: Trial
    facts: Facts


class Study:
    """The trials of one step, in a storage that any number of processes open.

    `propose(position, trials, pending)` decides each next architecture: its position among all trials that
    count, those finished, and those that other workers are at. Raises DiagnosticError E0711 where Optuna is
    not installed.
    """

    def __init__(
        self,
        storage: str,
        name: str,
        choices: Sequence[Choice],
        worker: str,
        propose: Propose,
    ) -> None:
        optuna = _optuna()
        self._states = optuna.trial.TrialState
        self._worker = worker
        self._at: dict[int, Any] = {}  # what this process is at
        self._paths = [c.path for c in choices]
        self._space = {
            c.path: optuna.distributions.CategoricalDistribution(c.labels())
            for c in choices
        }
        # By the time that it is asked, the new trial counts already.
        self._sampler = _sampler(
            self._space,
            lambda: propose(self.count() - 1, self.finished(), self.pending()),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study = optuna.create_study(
                storage=_opened(storage),
                sampler=self._sampler,
                study_name=name,
                direction="maximize",
                load_if_exists=True,
            )

    def count(self) -> int:
        """How many trials are finished or being worked at."""
        return len(self._trials(self._states.COMPLETE)) + len(
            self._trials(self._states.RUNNING)
        )

    def finished(self) -> list[Trial]:
        """The finished trials of all workers, in the order in which they began."""
        return [
            Trial(self._answers(t.params), float(t.value))
            for t in self._trials(self._states.COMPLETE)
        ]

    def pending(self) -> list[Answers]:
        """What others are at."""
        return [
            self._answers(t.params) for t in self._trials(self._states.RUNNING) if t.params
        ]

    def left_over(self, round_: int) -> Known | None:
        """What this worker had finished in a round that its run does not know of.

        What it had begun in this round or a later one and not finished is given up.
        """
        for t in self._trials(self._states.RUNNING):
            if (
                t.user_attrs.get("worker") == self._worker
                and t.user_attrs.get("round", round_) >= round_
            ):
                self._study.tell(t.number, state=self._states.FAIL)
        for t in self._trials(self._states.COMPLETE):
            if (t.user_attrs.get("worker"), t.user_attrs.get("round")) == (
                self._worker,
                round_,
            ):
                return Known(
                    Trial(self._answers(t.params), float(t.value)),
                    dict(t.user_attrs["facts"]),
                )
        return None

    def ask(self, round_: int) -> Asked:
        """Takes on a new trial."""
        trial = self._study.ask()
        trial.set_user_attr("worker", self._worker)
        trial.set_user_attr("round", round_)
        self._at[trial.number] = trial
        genotype = trial.relative_params
        for path in self._paths:
            if path in genotype:
                trial.suggest_categorical(path, self._space[path].choices)
        return Asked(
            trial.number,
            self.count() - 1,
            {path: genotype[path] for path in self._paths if path in genotype},
        )

    def tell(self, asked: Asked, value: float, facts: Facts) -> None:
        """Finishes a trial."""
        self._at.pop(asked.number).set_user_attr("facts", facts)
        self._study.tell(asked.number, value)

    def _trials(self, state: Any) -> list[optuna.trial.FrozenTrial]:
        return list(self._study.get_trials(deepcopy=False, states=(state,)))

    def _answers(self, params: Mapping[str, Any]) -> Answers:
        return {path: params[path] for path in self._paths if path in params}


def _sampler(space: Mapping[str, Any], propose: Callable[[], Answers]) -> Any:
    from optuna.samplers import BaseSampler

    class Sampler(BaseSampler):  # type: ignore[misc]  # optuna is optional, and so is any type to mypy
        """Declares all choices for every trial, so that which of them it asks may depend on the others'
        answers.
        """

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            return dict(space)

        def sample_relative(
            self, study: Any, trial: Any, search_space: dict[str, Any]
        ) -> dict[str, Any]:
            return {
                path: label for path, label in propose().items() if path in search_space
            }

        def sample_independent(
            self,
            study: Any,
            trial: Any,
            param_name: str,
            param_distribution: Any,
        ) -> Any:
            raise AssertionError(f"`{param_name}` was not proposed")

    return Sampler()


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError:
        message = "the bandit keeps its trials in studies of the package optuna, which is not installed"
        raise DiagnosticError(
            codes.MISSING_PACKAGE.error(None, message, help="pip install 'archdsl[bandit]'")
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _opened(storage: str) -> Any:
    """A database by its URL, or else a journal: a file that grows by a line an event."""
    if "://" in storage:
        return storage
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    Path(storage).parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(storage))
