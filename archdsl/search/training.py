"""Training a model without choices, in a run directory: what `archdsl train` does, without a terminal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import nn

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.table import setting_text
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph
from archdsl.questions.cost import cost
from archdsl.search.batches import Batch, nth
from archdsl.search.clock import Clock, Status
from archdsl.search.feeding import Delivery, Order, Reader, Share, deliveries
from archdsl.search.learnable import (
    check_statistics,
    check_weights,
    least_chunk,
)
from archdsl.search.learning import BACKWARD, Learning
from archdsl.search.loop import Loop, Watch
from archdsl.search.ranks import Ranks
from archdsl.search.runs import Complain, Run, part, writing
from archdsl.search.statistics import Statistics
from archdsl.search.strategies.protocol import Facts, State
from archdsl.search.training_page import page
from archdsl.whole_files import replacing, write_text

_SETTINGS = ("weights", "epochs", "batch", "precision", "checkpointing")


@dataclass(eq=False)
class Training(Learning):
    """A model and how it learns: `planned` are a plan's settings (`weights`, `epochs`, `batch`, `precision`,
    `checkpointing`).

    `weights` is what it starts from, without them as the text and the seed say. `workers` processes read the
    data; every batch is computed in `cuts` chunks over all ranks.
    """

    graph: Graph
    planned: Mapping[str, Any]
    seed: int
    data: Any
    ranks: Ranks
    cuts: int
    device: torch.device
    weights: Path | None = None
    workers: int = 0

    @property
    def name(self) -> str:
        return "train"

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.planned

    def network(self) -> nn.Module:
        """The model at its start. Raises DiagnosticError as `archdsl.compile` does."""
        from archdsl_torch import compile

        network = compile(self.graph, weights=self.weights, seed=self.seed)
        self.prepared(network)
        return network

    def to_learn(self, first: int, last: int) -> Iterator[Delivery]:
        """The batches of the rounds from `first` to before `last`."""
        return self._deliveries(last - first, partial(self._round, first))

    def to_judge(self) -> Iterator[Delivery]:
        """All validation data, in order."""
        return self._deliveries(
            -(-len(self.data.validation) // self.batch_size), self._part
        )

    def _deliveries(self, count: int, order: Callable[[int], Order]) -> Iterator[Delivery]:
        share = Share(self.ranks.rank, self.ranks.size, self.cuts)
        return deliveries(
            Reader(self.data, count, order, self.seed, share),
            self.ranks.device,
            self.workers,
        )

    def _round(self, first: int, number: int) -> Order:
        epoch, within = divmod(first + number, self.rounds_an_epoch)
        indices = nth(
            range(self.examples),
            self.batch_size,
            self.seed_for("order", epoch),
            within,
        )
        return Order("train", epoch, indices)

    def _part(self, number: int) -> Order:
        start = number * self.batch_size
        return Order(
            "validation",
            0,
            range(start, min(start + self.batch_size, len(self.data.validation))),
        )

    def placed(self, delivery: Delivery) -> Batch:
        return Batch(
            tuple(self._placed(x, y) for x, y in delivery.chunks),
            delivery.size,
        )


def check(training: Training) -> None:
    """Raises DiagnosticError for a model with open choices, weights that do not fit, and where there is
    nothing to learn.
    """
    training.network()
    check_weights(training.graph)
    least = least_chunk(training.batch_size, training.examples, training.cuts)
    check_statistics(training.graph, least)


def frozen(
    training: Training, reference: str, data: str, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """All that decides what a training leads to, for a run directory to hold and to compare on resuming."""
    start = (
        hashlib.sha256(training.weights.read_bytes()).hexdigest()
        if training.weights
        else None
    )
    return {
        "model": reference,
        "graph": hashlib.sha256(print_graph(training.graph).encode()).hexdigest(),
        "settings": {name: setting_text(training.settings[name]) for name in _SETTINGS},
        "seed": training.seed,
        "weights": start,
        "data": data,
        **extra,
    }


def train(
    training: Training,
    run: Run,
    *,
    watch: Watch = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
    complain: Complain = lambda diagnostic: None,
) -> Facts:
    """Takes every round that the run has not taken yet; the record of the last epoch. The weights are then in
    `weights.safetensors`.

    `watch` hears of every round, `complain` of the troubles of the data, each once; `stop` is asked after
    every round, and what the first rank says holds for all. Raises Stopped when it says so, and
    DiagnosticError: E0725 where the loss is no number any more, and as data and models do.
    """
    taker = _Taken(training, complain)

    def show(status: Status) -> None:
        write_text(run.folder / "index.html", page(training.graph, run, status))

    loop = Loop(run, training.ranks, Clock(run.folder), show, watch, stop)
    at = loop.start()
    with loop.shown():
        loop.take(training.name, taker, at, {"work": taker.work})
        if training.ranks.is_first:
            _write(taker.network, run.folder / "weights.safetensors")
    return taker.record


class _Taken:
    """The rounds of a training. The end of an epoch is told of, what is between is not."""

    def __init__(self, training: Training, complain: Complain) -> None:
        self.training = training
        self.network = training.network()
        self.every = training.rounds_an_epoch
        self.rounds = self.every * training.epochs
        self.note = ""
        self.record: Facts = {}  # of the last epoch
        self._learning = training.optimiser(
            "weights", list(self.network.parameters()), self.every
        )
        self._computing = training.computing(self.network)
        self._statistics = Statistics(self.network, training.ranks, training.cuts)
        self._loss, self._seen = (
            0.0,
            0,
        )  # this rank's sum, and all examples in the epoch
        self._deliveries: Iterator[Delivery] | None = None
        self._complain = complain
        self._complained: set[str] = set()

    @property
    def work(self) -> float:
        """MACs of a round, forward and backward."""
        size = min(self.training.batch_size, self.training.examples)
        return float(BACKWARD * size * cost(self.training.graph, {}).macs)

    def round(self, number: int) -> Facts:
        training = self.training
        if self._deliveries is None:
            self._deliveries = training.to_learn(number, self.rounds)
        batch = self._heard(next(self._deliveries))
        training.start_randomness(number)
        self.network.train()
        self._loss += training.stepped(
            self._learning, number, partial(self._differentiate, batch)
        )
        if not isfinite(self._loss):
            problem = f"the loss of round {number} is {self._loss}"
            raise DiagnosticError(
                codes.DIVERGED.error(None, problem, help="a smaller learning rate")
            )
        self._seen += batch.size
        if (number + 1) % self.every:
            return {}
        self.record = self._epoch(number)
        self._loss, self._seen = 0.0, 0
        return self.record

    def _differentiate(self, batch: Batch) -> float:
        loss = self.training.learned(self._statistics.begin(self._computing), batch)
        self._statistics.end()
        return loss

    def _heard(self, delivery: Delivery) -> Batch:
        """A batch where it is computed; of what its source complained is told once."""
        for diagnostic in delivery.complaints:
            if diagnostic.message not in self._complained:
                self._complained.add(diagnostic.message)
                self._complain(diagnostic)
        return self.training.placed(delivery)

    def _epoch(self, number: int) -> Facts:
        """What an epoch has led to: mean cross-entropies in nats, and accuracies from 0 to 1."""
        training = self.training
        self.network.eval()
        sums, count = torch.zeros(2, dtype=torch.float64), 0
        with torch.no_grad():
            for delivery in training.to_judge():
                batch = self._heard(delivery)
                sums += training.judged(self.network, batch)
                count += batch.size
        likelihood, accuracy = (training.summed(sums) / max(1, count)).tolist()
        (loss,) = training.summed(torch.tensor([self._loss], dtype=torch.float64)).tolist()
        return {
            "epoch": (number + 1) // self.every,
            "loss": loss / self._seen,
            "validation_loss": -likelihood,
            "accuracy": accuracy,
            "rate": self._learning.rate(number),
        }

    def state(self) -> State:
        """All ranks take part: each has a loss of its own."""
        ranks = self.training.ranks
        losses = torch.zeros(ranks.size, dtype=torch.float64)
        losses[ranks.rank] = self._loss
        tensors = {f"network/{name}": t for name, t in self.network.state_dict().items()}
        tensors.update(
            {f"optimiser/{name}": t for name, t in self._learning.tensors().items()}
        )
        facts = {
            "seen": self._seen,
            "record": self.record,
            "losses": ranks.summed(losses).tolist(),
        }
        return State(tensors, facts)

    def restore(self, state: State) -> None:
        facts = state.facts
        self._loss, self._seen = (
            float(facts["losses"][self.training.ranks.rank]),
            int(facts["seen"]),
        )
        self.record = {
            name: value + 0 for name, value in facts["record"].items()
        }  # of numbers alone
        self.network.load_state_dict(part(state.tensors, "network/"))
        self._learning.restore(part(state.tensors, "optimiser/"))


def _write(network: nn.Module, path: Path) -> None:
    from safetensors.torch import save_file

    tensors = {
        name: t.detach().cpu().contiguous().clone()
        for name, t in network.state_dict().items()
    }
    with writing(path), replacing(path) as beside:
        save_file(tensors, beside)
