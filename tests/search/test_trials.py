"""Strategies that try architectures one by one, on a problem whose best answers are known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from statistics import mean

import pytest

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.drafts import Budget
from archdsl.elaborate.plans.table import STRATEGIES
from archdsl.elaborate.plans.values import filled
from archdsl.ir.activity import activity
from archdsl.questions.cost import cost
from archdsl.search.costs import costs_of
from archdsl.search.points import Points
from archdsl.search.strategies.bandit import Bandit
from archdsl.search.strategies.baselines import Evolution, Grid, RandomSearch
from archdsl.search.strategies.protocol import State
from archdsl.search.strategies.trials import Trials
from tests.elaborate.texts import graph_of
from tests.search.toy import Toy, worth


def run(
    kind: type[Trials], problem: Toy, stop: int | None = None, **options: object
) -> Trials:
    name = {Bandit: "bandit", RandomSearch: "random", Evolution: "evolution", Grid: "grid"}[
        kind
    ]
    strategy = kind(problem, filled(name, options, STRATEGIES[name]))  # type: ignore[arg-type]
    go_on(strategy, 0, stop)
    return strategy


def go_on(strategy: Trials, start: int, stop: int | None = None) -> None:
    for number in range(start, strategy.rounds if stop is None else stop):
        if strategy.round(number) is None:
            break


def history(strategy: Trials) -> list[tuple[Mapping[str, str], float]]:
    return [(dict(t.genotype), t.value) for t in strategy.trials]


def test_uniform_draws_and_mutations() -> None:
    toy = Toy(worth)
    points = toy.points
    drawn = points.uniform(200, 7)
    assert points.uniform(50, 7) == drawn[:50] and points.uniform(50, 8) != drawn[:50]
    deep = sum(g["inner"] == "deep" for g in drawn)
    assert deep > 180, "48 of 49 architectures have the inner cell"
    random = Random(3)
    for genotype in drawn[:50]:
        child = points.mutated(genotype, random)
        changed = [p for p in {*genotype, *child} if genotype.get(p) != child.get(p)]
        assert "inner" in changed or len(changed) == 1
        assert len(points.levels(child)) == len(toy.graph.choices)


def test_hard_bounds_hold() -> None:
    toy = Toy(worth, budgets=(Budget("macs", 150e3, hard=True),))
    strategy = run(RandomSearch, toy, trials=20)
    assert all(cost(toy.graph, t.genotype).macs <= 150e3 for t in strategy.trials)
    evolved = run(
        Evolution,
        Toy(worth, budgets=(Budget("macs", 150e3, hard=True),)),
        trials=20,
        population=5,
        sample=3,
    )
    assert all(cost(toy.graph, t.genotype).macs <= 150e3 for t in evolved.trials)
    with pytest.raises(DiagnosticError, match="E0504"):
        run(RandomSearch, Toy(worth, budgets=(Budget("macs", 1.0, hard=True),)), trials=2)


def test_evolution_has_children_of_the_young() -> None:
    strategy = run(Evolution, Toy(worth, seed=1), trials=60, population=10, sample=4)
    for number in range(10, 60):
        child, alive = (
            strategy.trials[number].genotype,
            strategy.trials[number - 10 : number],
        )
        distances = [
            sum(a.genotype.get(p) != child.get(p) for p in child if p in a.genotype)
            for a in alive
        ]
        assert min(distances) <= 1
    later = mean(t.value for t in strategy.trials[-10:])
    assert later > mean(t.value for t in strategy.trials[:10]) + 1.5


def test_grid_is_everything_once() -> None:
    graph = graph_of(
        "space net { input x: [b, c = 3, h = 8, w = 8]  act ~ [relu, gelu]  k ~ [1, 3, 5]  output x -> "
        "conv(4, k) -> act }"
    )
    active = activity(graph.outputs)
    toy = Toy(lambda g: float(g["k"]))
    toy.points = Points(
        graph,
        active,
        {"act": "relu"},
        tuple(c for c in graph.choices if c.path == "k"),
        costs_of(graph, active, ()),
    )
    strategy = run(Grid, toy)
    assert [t.genotype["k"] for t in strategy.trials] == ["1", "3", "5"]
    assert {t.genotype["act"] for t in strategy.trials} == {"relu"} and strategy.genotype()[
        "k"
    ] == "5"
    with pytest.raises(DiagnosticError, match="too many for a grid"):
        run(Grid, Toy(worth))


def test_the_bandit_beats_random_search(tmp_path: Path) -> None:
    """Over three seeds of 30 trials each, in the mean of their best."""
    bandits, randoms = [], []
    for seed in range(3):
        folder = tmp_path / str(seed)
        bandits.append(
            run(Bandit, Toy(worth, seed).in_folder(folder), trials=30).best().value
        )
        randoms.append(run(RandomSearch, Toy(worth, seed), trials=30).best().value)
    assert mean(bandits) > mean(randoms) + 0.5


@pytest.mark.parametrize("kernel", ["matern", "hamming"])
def test_the_bandit_resumes(kernel: str, tmp_path: Path) -> None:
    whole = run(
        Bandit, Toy(worth).in_folder(tmp_path / "a"), trials=14, initial=6, kernel=kernel
    )
    first = run(
        Bandit,
        Toy(worth).in_folder(tmp_path / "b"),
        stop=9,
        trials=14,
        initial=6,
        kernel=kernel,
    )
    saved = State({}, json.loads(json.dumps(first.state().facts)))
    go_on(
        first, 9, 10
    )  # one more is in the storage, of which the saved state does not know
    assert isinstance(first, Bandit)
    first.study.ask(10)  # and one was begun
    again = run(
        Bandit,
        Toy(worth).in_folder(tmp_path / "b"),
        stop=0,
        trials=14,
        initial=6,
        kernel=kernel,
    )
    again.restore(saved)
    go_on(again, 9)
    assert history(again) == history(whole)


def test_workers_share_the_trials(tmp_path: Path) -> None:
    """Two workers in turn, each with a trial in hand while the other chooses: nothing twice, and as many
    trials as the plan says.
    """
    toys = [Toy(worth).in_folder(tmp_path) for _ in range(2)]
    toys[1].worker = "other"
    strategies = [run(Bandit, toy, stop=0, trials=12, initial=4) for toy in toys]
    for number in range(6):
        taken = [s.study.ask(number) for s in strategies if isinstance(s, Bandit)]
        for strategy, asked in zip(strategies, taken, strict=True):
            assert isinstance(strategy, Bandit)
            strategy.study.tell(asked, worth(asked.genotype), {})
    assert all(s.round(6) is None for s in strategies)
    shared = strategies[0].study.finished()  # type: ignore[attr-defined]
    assert (
        len(shared) == 12
        and max(Counter(str(sorted(t.genotype.items())) for t in shared).values()) == 1
    )
    assert strategies[0].genotype() == strategies[1].genotype()


def test_probabilities_follow_the_better_half() -> None:
    strategy = run(RandomSearch, Toy(worth), trials=40)
    likely = strategy.probabilities()
    assert all(abs(sum(p.values()) - 1) < 1e-9 for p in likely.values())
    assert likely["inner"]["deep"] > 0.9


FEW = (
    "space net { input x: [b, c = 3, h = 8, w = 8]  act ~ [relu, gelu]  more ~ [identity, deep: conv(4)]  "
    "output x -> conv(4, 3) -> act -> more }"
)


def few() -> Toy:
    """A problem of four architectures."""
    toy = Toy(lambda g: len(g["act"]) + len(g["more"]))
    toy.graph = graph_of(FEW)
    active = activity(toy.graph.outputs)
    toy.points = Points(
        toy.graph, active, {}, toy.graph.choices, costs_of(toy.graph, active, ())
    )
    return toy


@pytest.mark.parametrize("kind", [RandomSearch, Evolution, Bandit])
def test_no_architecture_twice(kind: type[Trials], tmp_path: Path) -> None:
    """Of four architectures each is tried once, and that is said; with `repeats` there are as many trials as
    were asked for.
    """
    few_of_them = {Evolution: {"population": 2, "sample": 1}, Bandit: {"initial": 2}}.get(
        kind, {}
    )
    once = run(kind, few().in_folder(tmp_path / "once"), trials=12, **few_of_them)
    assert (
        once.rounds == 4
        and len({str(sorted(t.genotype.items())) for t in once.trials}) == 4
    )
    assert "all 4 architectures have been tried, 12 trials were asked for" in once.note  # type: ignore[attr-defined]
    again = run(
        kind, few().in_folder(tmp_path / "again"), trials=12, repeats=True, **few_of_them
    )
    assert len(again.trials) == 12 and again.note == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [RandomSearch, Evolution])
def test_no_architecture_twice_of_many(kind: type[Trials]) -> None:
    strategy = run(kind, Toy(worth), trials=150)
    assert len({str(sorted(t.genotype.items())) for t in strategy.trials}) == 150
    assert strategy.note == ""  # type: ignore[attr-defined]


def test_distinct_draws() -> None:
    points = few().points
    everything = points.distinct(9, 3)
    assert len(everything) == 4 and set(everything) == set(points.all())
    assert points.distinct(2, 3) == everything[:2]
    firsts = Counter(str(points.distinct(1, seed)[0]) for seed in range(400))
    assert len(firsts) == 4 and min(firsts.values()) > 70
    many = Toy(worth).points
    assert many.distinct(50, 7) == many.uniform(50, 7), (
        "of a large space the draws are those of `uniform`"
    )
