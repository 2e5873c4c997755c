"""Training a model without choices, in a run directory: what `archdsl train` does, without a terminal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.diagnostics.codes import runs as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.plans.table import setting_text
from archdsl.ir.graph import Graph
from archdsl.ir.printer import print_graph
from archdsl.search.batches import Batch, nth
from archdsl.search.feeding import Delivery, Order, deliveries
from archdsl.search.learning import Learning
from archdsl.search.optimiser import Optimiser
from archdsl.search.ranks import Ranks
from archdsl.search.runs import Run, Stopped, part
from archdsl.search.statistics import Statistics
from archdsl.search.training_page import page
from archdsl.whole_files import replacing, write_text

SAVED_EVERY = 500  # rounds, and at the end of each epoch

Watch = Callable[[Mapping[str, Any]], None]


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
        return self._deliveries(-(-len(self.data.validation) // self.batch_size), self._part)

    def _deliveries(self, count: int, order: Callable[[int], Order]) -> Iterator[Delivery]:
        return deliveries(self.data, count, order, self.seed, self.ranks, self.cuts, self.workers)

    def _round(self, first: int, number: int) -> Order:
        epoch, within = divmod(first + number, self.rounds_an_epoch)
        return Order(
            "train", epoch, nth(range(self.examples), self.batch_size, self.seed_for("order", epoch), within)
        )

    def _part(self, number: int) -> Order:
        start = number * self.batch_size
        return Order("validation", 0, range(start, min(start + self.batch_size, len(self.data.validation))))

    def placed(self, delivery: Delivery) -> Batch:
        return Batch(tuple(self._placed(x, y) for x, y in delivery.chunks), delivery.size)


def frozen(training: Training, reference: str, data: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """All that decides what a training leads to, for a run directory to hold and to compare on resuming."""
    start = hashlib.sha256(training.weights.read_bytes()).hexdigest() if training.weights else None
    return {
        "model": reference,
        "graph": hashlib.sha256(print_graph(training.graph).encode()).hexdigest(),
        "settings": {
            n: setting_text(training.settings[n])
            for n in ("weights", "epochs", "batch", "precision", "checkpointing")
        },
        "seed": training.seed,
        "weights": start,
        "data": data,
        **extra,
    }


def train(
    training: Training,
    run: Run,
    *,
    watch: Watch = lambda facts: None,
    stop: Callable[[], bool] = lambda: False,
    complain: Callable[[Diagnostic], None] = lambda diagnostic: None,
) -> dict[str, Any]:
    """Takes every round that the run has not taken yet; leaves `weights.safetensors`, and returns the last
    epoch's record.

    `watch` hears of every round, `complain` of each trouble with the data once; `stop` is asked after each
    round, and what the first rank says holds for all. Raises Stopped when it says so, and DiagnosticError as
    the data do or, E0725, where the loss is no number any more.
    """
    network = training.network()
    every, rounds = training.rounds_an_epoch, training.rounds_an_epoch * training.epochs
    learning = training.optimiser("weights", list(network.parameters()), every)
    at = training.ranks.agreed(lambda: _Place.of(run))
    at.restore(network, learning, training.ranks)
    computing = training.computing(network)
    statistics = Statistics(network, training.ranks, training.cuts)
    told: set[str] = set()

    def heard(delivery: Delivery) -> Batch:
        for diagnostic in delivery.complaints:
            if diagnostic.message not in told:
                told.add(diagnostic.message)
                complain(diagnostic)
        return training.placed(delivery)

    def differentiate(batch: Batch) -> float:
        loss = training.learned(statistics.begin(computing), batch)
        statistics.end()
        return loss

    watch({"event": "step", "step": training.name, "rounds": rounds, "round": at.round, "every": every})
    for delivery in training.to_learn(at.round, rounds):
        batch = heard(delivery)
        training.start_randomness(at.round)
        network.train()
        at.loss += training.stepped(learning, at.round, partial(differentiate, batch))
        if not isfinite(at.loss):
            raise DiagnosticError(
                codes.DIVERGED.error(
                    None, f"the loss of round {at.round} is {at.loss}", help="a smaller learning rate"
                )
            )
        at.round += 1
        at.examples += batch.size
        if at.round % every == 0:
            at.record = _epoch(training, network, at, learning.rate(at.round - 1), heard)
            if training.ranks.is_first:
                run.log(at.record)
            watch({"event": "epoch", "round": at.round - 1, **at.record})
            at.loss, at.examples = 0.0, 0
        else:
            watch(
                {"event": "round", "round": at.round - 1, "loss": at.loss * training.ranks.size / at.examples}
            )
        stopping = training.ranks.agreed(stop)
        if stopping or at.round % every == 0 or at.round % SAVED_EVERY == 0:
            at.save(run, network, learning, training.ranks)
            if training.ranks.is_first and at.round % every == 0:
                write_text(
                    run.folder / "index.html", page(training.graph, training.settings, list(run.records()))
                )
        if stopping and at.round < rounds:
            raise Stopped
    if training.ranks.is_first:
        _write(network, run.folder / "weights.safetensors")
    return dict(at.record)


@dataclass(slots=True)
class _Place:
    """How far a training has come: rounds taken, this rank's sum of losses and all examples in the epoch, the
    last record.
    """

    round: int = 0
    loss: float = 0.0
    examples: int = 0
    record: Mapping[str, Any] = field(default_factory=dict)
    losses: Sequence[float] = ()  # of each rank, as they were saved
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run) -> _Place:
        """Where the latest checkpoint of a run stands, or the beginning."""
        latest = run.latest()
        return cls(**latest.facts, tensors=latest.tensors) if latest is not None else cls()

    def restore(self, network: nn.Module, learning: Optimiser, ranks: Ranks) -> None:
        """Gives what was saved back to the network and its optimiser."""
        if self.tensors:
            network.load_state_dict(part(self.tensors, "network/"))
            learning.restore(part(self.tensors, "optimiser/"))
            self.loss, self.tensors = self.losses[ranks.rank], {}

    def save(self, run: Run, network: nn.Module, learning: Optimiser, ranks: Ranks) -> None:
        """Writes a checkpoint on the first rank; all of them take part."""
        losses = torch.zeros(ranks.size, dtype=torch.float64)
        losses[ranks.rank] = self.loss
        facts = {
            "round": self.round,
            "examples": self.examples,
            "record": dict(self.record),
            "losses": ranks.summed(losses).tolist(),
        }
        if ranks.is_first:
            tensors = {f"network/{name}": t for name, t in network.state_dict().items()}
            tensors.update({f"optimiser/{name}": t for name, t in learning.tensors().items()})
            run.save(self.round, tensors, facts)


def _epoch(
    training: Training, network: nn.Module, at: _Place, rate: float, heard: Callable[[Delivery], Batch]
) -> dict[str, Any]:
    """What an epoch has led to: mean cross-entropies in nats, and the accuracy on the validation data."""
    network.eval()
    sums, count = torch.zeros(2, dtype=torch.float64), 0
    with torch.no_grad():
        for delivery in training.to_judge():
            batch = heard(delivery)
            sums += training.judged(network, batch)
            count += batch.size
    likelihood, accuracy = (training.summed(sums) / max(1, count)).tolist()
    (loss,) = training.summed(torch.tensor([at.loss], dtype=torch.float64)).tolist()
    return {
        "epoch": at.round // training.rounds_an_epoch,
        "loss": loss / at.examples,
        "validation_loss": -likelihood,
        "accuracy": accuracy,
        "rate": rate,
    }


def _write(network: nn.Module, path: Path) -> None:
    from safetensors.torch import save_file

    with replacing(path) as beside:
        save_file(
            {name: t.detach().cpu().contiguous().clone() for name, t in network.state_dict().items()}, beside
        )
