"""What the five papers compare, at the size of the built-in motion data: searches over several seeds, and a
table each.

    python docs/experiments.py a b --seeds 0 1 2 --runs runs/

Every search is a plan that ships (`archdsl list motion`); what it finds is trained from scratch with the
plan's own optimiser and judged on the validation data. Searches that are already in the runs' folder go on,
or are read from it. Where a paper's ordering does not appear, the table says so by itself: nothing here is
tuned for it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

from archdsl.architecture import load
from archdsl.cli.commands.search import open_plan
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.plans.plan import Plan
from archdsl.questions.diagram import live
from archdsl.search import ranks, running
from archdsl.search.costs import costs_of
from archdsl.search.documents import documents
from archdsl.search.evaluation import Scratch
from archdsl.search.points import Points
from archdsl.search.problem import Problem
from archdsl.search.search import Found, search
from archdsl.search.steps import Surroundings

TRAINING = 20  # epochs from scratch, of what was found and of what it is compared with


@dataclass(frozen=True)
class Row:
    """One way of searching: a number a seed for every column."""

    name: str
    values: Mapping[str, Sequence[float]]


def searched(
    reference: str, seed: int, runs: Path
) -> tuple[Plan, Found, list[dict[str, Any]], float, Surroundings]:
    """The result of a plan at a seed, its records, and the seconds that it took (its own process time)."""
    project = Project()
    plan, node, module = open_plan(reference, project, seed)
    folder = runs / f"{plan.name}-{seed}"
    seconds = folder / "seconds"
    asked = running.Asked(folder, resume=folder.exists())
    began = time.process_time()
    with (
        ranks.joined(None) as own,
        running.started(plan, None, asked, own, print) as (run, around),
    ):
        found = search(plan, documents(node, module, project), run, around)
    spent = (
        time.process_time()
        - began
        + (float(seconds.read_text()) if seconds.exists() else 0.0)
    )
    seconds.write_text(f"{spent:.3f}\n")
    records = [
        json.loads(line)
        for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return plan, found, records, spent, around


def accuracy(
    plan: Plan,
    genotype: Mapping[str, str],
    seed: int,
    around: Surroundings,
    epochs: int = TRAINING,
) -> float:
    """Of an architecture of a plan's space, trained from scratch."""
    last = plan.steps[-1]
    step = replace(last, settings={**last.settings, "epochs": epochs, "seed": seed})
    active = live(step.graph)
    points = Points(
        step.graph, active, {}, step.graph.choices, costs_of(step.graph, active, ())
    )
    problem = Problem(step, points, seed, around.data, around.ranks, "", "", "", {})
    return Scratch(problem, "accuracy", 0.0).evaluate(points.whole(genotype), 0).accuracy


def fixed(reference: str, plan: Plan, seed: int, around: Surroundings) -> float:
    """The accuracy of a model by its name, trained as the plan's findings are."""
    graph = load(reference).graph
    step = replace(plan.steps[-1], graph=graph)
    return accuracy(replace(plan, steps=(step,)), {}, seed, around)


def entropies(records: Sequence[Mapping[str, Any]]) -> float:
    """The entropy at the end of each step, averaged over steps as the paper does."""
    last: dict[str, float] = {r["step"]: r["entropy"] for r in records if "entropy" in r}
    return mean(last.values())


def windows(seeds: Sequence[int], runs: Path) -> list[Row]:
    """(a) Fair windows against naive ones."""
    rows = []
    for name, reference in (
        ("fair", "zoo/motion.arch:narrow_fair"),
        ("naive", "zoo/motion.arch:narrow_naive"),
    ):
        columns: dict[str, list[float]] = {
            "MACs of the argmax, M": [],
            "of its budget": [],
            "accuracy": [],
            "entropy": [],
        }
        for seed in seeds:
            plan, found, records, _, around = searched(reference, seed, runs)
            (budget,) = plan.steps[-1].budgets
            columns["MACs of the argmax, M"].append(found.costs["macs"] / 1e6)
            columns["of its budget"].append(found.costs["macs"] / budget.limit)
            columns["accuracy"].append(accuracy(plan, found.genotype, seed, around))
            columns["entropy"].append(entropies(records))
        rows.append(Row(name, columns))
    return rows


def steps(seeds: Sequence[int], runs: Path) -> list[Row]:
    """(b) Auto-TSNet's three steps against one."""
    rows = []
    for name, plan_name in (
        ("three steps", "auto_tsnet_motion"),
        ("one step", "auto_tsnet_at_once"),
    ):
        columns: dict[str, list[float]] = {
            "entropy": [],
            "seconds": [],
            "MACs, M": [],
            "accuracy": [],
        }
        for seed in seeds:
            plan, found, records, seconds, around = searched(
                f"zoo/autotsnet.arch:{plan_name}", seed, runs
            )
            columns["entropy"].append(entropies(records))
            columns["seconds"].append(seconds)
            columns["MACs, M"].append(found.costs["macs"] / 1e6)
            columns["accuracy"].append(accuracy(plan, found.genotype, seed, around))
        rows.append(Row(name, columns))
    return rows


def cells(seeds: Sequence[int], runs: Path) -> list[Row]:
    """(c) Attention cells: each place its own, one design for all, non-local blocks, none."""
    rows = []
    for name, plan_name in (
        ("position-specific", "cells_own"),
        ("position-agnostic", "cells_alike"),
    ):
        columns: dict[str, list[float]] = {"MACs, M": [], "accuracy": []}
        for seed in seeds:
            plan, found, _, _, around = searched(f"zoo/motion.arch:{plan_name}", seed, runs)
            columns["MACs, M"].append(found.costs["macs"] / 1e6)
            columns["accuracy"].append(accuracy(plan, found.genotype, seed, around))
        rows.append(Row(name, columns))
    for name, model in (("non-local", "with_non_local"), ("no cell", "with_no_cell")):
        reference = f"zoo/motion.arch:{model}"
        macs = float(load(reference).cost([{}])["macs"][0]) / 1e6
        rows.append(
            Row(
                name,
                {
                    "MACs, M": [macs],
                    "accuracy": [fixed(reference, plan, seed, around) for seed in seeds],
                },
            )
        )
    return rows


def bandit(seeds: Sequence[int], runs: Path) -> list[Row]:
    """(d) The bandit against random search: the best so far after 10, 20 and 30 trials."""
    rows = []
    for name, plan_name in (("bandit", "cells_bandit"), ("random", "cells_random")):
        columns: dict[str, list[float]] = {
            "best of 10": [],
            "best of 20": [],
            "best of 30": [],
        }
        for seed in seeds:
            _, _, records, _, _ = searched(f"zoo/motion.arch:{plan_name}", seed, runs)
            values = [r["value"] for r in records]
            for count in (10, 20, 30):
                columns[f"best of {count}"].append(max(values[:count]))
        rows.append(Row(name, columns))
    return rows


def transformers(seeds: Sequence[int], runs: Path) -> list[Row]:
    """(e) X-ViT's window, TimeSformer's scheme: every model of a grid, trained from scratch."""
    found: dict[str, list[float]] = {}
    for plan_name in ("windows_grid", "schemes_grid"):
        for seed in seeds:
            _, _, records, _, _ = searched(f"zoo/motion.arch:{plan_name}", seed, runs)
            for record in records:
                (answer,) = record["genotype"].items()
                found.setdefault(" = ".join(answer), []).append(record["accuracy"])
    return [Row(name, {"accuracy": values}) for name, values in found.items()]


EXPERIMENTS: Mapping[str, Callable[[Sequence[int], Path], list[Row]]] = {
    "a": windows,
    "b": steps,
    "c": cells,
    "d": bandit,
    "e": transformers,
}


def table(rows: Sequence[Row]) -> str:
    """Markdown: mean ± deviation over the seeds."""
    columns = list(rows[0].values)
    lines = ["| |" + "".join(f" {c} |" for c in columns), "|---|" + "---:|" * len(columns)]
    for row in rows:
        cells = (
            f" {mean(row.values[c]):.3g} ± {pstdev(row.values[c]):.2g} |" for c in columns
        )
        lines.append(f"| {row.name} |" + "".join(cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", nargs="*", default=list(EXPERIMENTS), metavar="a…e")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_args()
    for which in given.which:
        began = time.perf_counter()
        rows = EXPERIMENTS[which](given.seeds, given.runs)
        title = (EXPERIMENTS[which].__doc__ or "").strip()
        print(
            f"\n{title} Seeds {', '.join(map(str, given.seeds))}; {time.perf_counter() - began:.0f} "
            f"s.\n\n{table(rows)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
