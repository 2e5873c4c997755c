"""A search of seconds: a space of 72 architectures, plans of every strategy, and data whose class is a
slope.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from archdsl.architecture import load
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.plans.plan import Plan, resolve_plan
from archdsl.elaborate.plans.table import defaults
from archdsl.elaborate.plans.values import written
from archdsl.search.documents import Documents, documents
from archdsl.search.randomness import generator
from archdsl.search.ranks import Ranks
from archdsl.search.running import Asked, begun
from archdsl.search.search import Found, Watch, frozen, search
from archdsl.search.steps import Surroundings
from archdsl.search.training import Training, train
from archdsl.search.training import frozen as facts_of
from archdsl.syntax import ast

TEXT = """arch 1
space net(double = true, norm: layer = batch_norm) {
  input x: [b, c = 3, h = 6, w = 6]
  for i in range(2) as stage {
    width ~ 4..12 by 4
    kernel ~ [1, 3]
    x = x -> conv(width, kernel) as conv -> norm -> relu
  }
  if double { deep ~ [identity, more: conv(x.c, 3) -> norm -> relu]  x = x -> deep }
  output x -> mean(@hw) -> linear(2) as classify
}
genotype chosen of net { stage[0] { width = 8  kernel = 3 }  stage[1] { width = 12  kernel = 1 }  deep = more }
model fixed = net with chosen

search stepwise of net {
  strategy = parsec(samples = 3)  alpha = adam(0.1)  batch = 8  epochs = 3
  step one { fix double = false  open stage[*]  budget macs <= 10K }
  step two { freeze stage[0]  open deep  epochs = 2 }
}
search accuracies of net { strategy = parsec(samples = 3, scores = "accuracy", channels = "naive", warmup = 0)  batch = 8  epochs = 2 }
search joint of net { strategy = darts()  alpha = adam(0.1)  batch = 8  epochs = 2  budget macs <= 10K }
search saving of net {
  strategy = darts()  alpha = adam(0.1)  batch = 8  epochs = 2  budget macs <= 10K  checkpointing = true
  step joint { open stage[*], deep }
}
search bilevel of net { strategy = darts(bilevel = true, order = 2, warmup = 1)  alpha = adam(0.1)  batch = 8  epochs = 3 }
search uniform of net { strategy = random(trials = 4)  batch = 8  epochs = 1 }
search oneshot of net { strategy = evolution(trials = 6, population = 3, sample = 2, evaluate = "shared")  batch = 8  epochs = 2 }
search bandit of net { strategy = bandit(trials = 6, initial = 3)  batch = 8  epochs = 1 }
search wide of net(norm = identity) {
  strategy = parsec(samples = 3)  alpha = adam(0.1)  batch = 8  epochs = 3  precision = "float64"  budget macs <= 10K
}
search hard of net { strategy = parsec(samples = 3)  alpha = adam(0.1)  batch = 8  epochs = 2  require macs <= 10K }
"""

complaints: list[Diagnostic] = []  # of the runs of this process


class Slopes:
    """Images of noise on a slope, whose direction is the class; each a function of its index alone."""

    classes = range(2)

    def __init__(self, count: int = 32) -> None:
        self.train, self.validation = range(count), range(count // 2)

    def complaints(self) -> Sequence[Diagnostic]:
        return ()

    def batch(
        self, split: str, seed: int, epoch: int, indices: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        x = torch.stack(
            [torch.randn(3, 6, 6, generator=generator(seed, split, i)) for i in indices]
        )
        y = torch.tensor([i % 2 for i in indices])
        x[:, 0] += (2 * y - 1)[:, None, None] * torch.linspace(-1.5, 1.5, 6)
        return x, y


def read(folder: Path, name: str) -> tuple[Plan, Documents]:
    """A plan of the text above, from a file in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny.arch"
    path.write_text(TEXT, encoding="utf-8")
    project = Project()
    module = project.module(str(path))
    node = module.declarations[name]
    assert isinstance(node, ast.Search)
    return resolve_plan(node, module), documents(node, module, project)


def find(
    folder: Path,
    name: str,
    run: str,
    ranks: Ranks | None = None,
    cuts: int = 1,
    **asked: Any,
) -> Found:
    """Searches by a plan, going on where the run's directory already is."""
    plan, papers = read(folder, name)
    ranks = ranks or Ranks()
    place = folder / run
    there = (place / "frozen.json").is_file()
    facts = frozen(plan, "slopes", {"classes": 2})
    around = Surroundings(
        Slopes(), ranks, str(place / "trials.journal"), "worker", cuts, ranks.device
    )
    with begun(Asked(place, there), facts, ranks, complaints.append) as held:
        return search(plan, papers, held, around, **asked)


def learn(
    folder: Path, run: str, ranks: Ranks | None = None, cuts: int = 1, **asked: Any
) -> dict[str, Any]:
    """Trains a model of the text above, going on where the run's directory already is. `asked` may change
    settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "tiny.arch").exists():
        (folder / "tiny.arch").write_text(TEXT, encoding="utf-8")
    graph = load(f"{folder / 'tiny.arch'}:fixed").graph
    ranks = ranks or Ranks()
    settings = {n: asked.pop(n) for n in ("precision", "checkpointing") if n in asked}
    workers = asked.pop("workers", 0)
    planned = (
        defaults()
        | {
            "weights": written("weights", "sgd(0.1, momentum = 0.9)", "test"),
            "epochs": 3,
            "batch": 8,
        }
        | settings
    )
    training = Training(
        graph, planned, 5, Slopes(), ranks, cuts, ranks.device, workers=workers
    )
    place = folder / run
    there = (place / "frozen.json").is_file()
    facts = facts_of(training, "fixed", "slopes", {"classes": 2})
    with begun(Asked(place, there), facts, ranks, complaints.append) as held:
        return train(training, held, **asked)


__all__ = ["Slopes", "Watch", "find", "learn", "read"]
