"""docs/search.md: its tables are the table that plans are checked against, its strategy runs, its file of
latencies is read.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.drafts import Budget
from archdsl.elaborate.plans.plan import resolve_plan
from archdsl.elaborate.plans.reference import tables
from archdsl.elaborate.plans.values import plugins
from archdsl.ir.activity import activity
from archdsl.search.costs import costs_of
from archdsl.search.points import Points
from archdsl.search.steps import kind_of, options_of
from archdsl.search.strategies.trials import Trials
from archdsl.syntax import ast
from tests.elaborate.texts import graph_of, module_of
from tests.search.toy import TEXT, Toy, worth

PAGE = Path(__file__).parents[2] / "docs" / "search.md"


def code(language: str) -> str:
    found = re.search(
        rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    return found[1]


def test_tables(golden: Callable[[Path, str], None]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, table in tables().items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda m, t=table: f"{m[1]}{t}\n{m[2]}",
            text,
            flags=re.DOTALL,
        )
    golden(PAGE, text)


@pytest.fixture
def climbing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strategy of the page as an installed package."""
    (tmp_path / "climbing.py").write_text(code("python"), encoding="utf-8")
    about = tmp_path / "climbing-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: climbing\nVersion: 1.0\n", encoding="utf-8"
    )
    points = code("toml").partition("\n")[2].replace('"', "")
    broken = "missing = climbing:Nothing\nformless = climbing:Random\n"
    (about / "entry_points.txt").write_text(
        f"[archdsl.strategies]\n{points}{broken}", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield  # type: ignore[misc]
    sys.modules.pop("climbing", None)


def plan_of(strategy: str):  # type: ignore[no-untyped-def]
    _, module = module_of(TEXT + f"search plan of toy {{ strategy = {strategy} }}")
    node = module.declarations["plan"]
    assert isinstance(node, ast.Search)
    return resolve_plan(node, module)


def test_a_strategy_of_ones_own(climbing: None) -> None:
    assert "climb" in plugins()
    plan = plan_of("climb(trials = 40, patience = 3)")
    assert "climbing" not in sys.modules, "checking a plan runs nobody's code"
    kind = kind_of(plan.strategy)
    assert issubclass(kind, Trials)
    strategy = kind(Toy(worth), options_of(plan.strategy, kind))  # type: ignore[arg-type]
    for number in range(strategy.rounds):
        strategy.round(number)
    assert strategy.rounds == 40 and strategy.restart() > 0
    assert strategy.best().value > max(t.value for t in strategy.trials[:2])


def test_a_strategy_that_cannot_be_used(climbing: None) -> None:
    plan = plan_of("climb(trials = 40, patience = 0)")
    with pytest.raises(
        DiagnosticError, match=r"E0706.*`patience` of `climb` is a whole number, at least 1"
    ):
        options_of(plan.strategy, kind_of(plan.strategy))
    with pytest.raises(DiagnosticError, match=r"E0713.*cannot be imported: AttributeError"):
        kind_of(plan_of("missing").strategy)
    with pytest.raises(DiagnosticError, match=r"E0713.*has no `OPTIONS`"):
        kind_of(plan_of("formless").strategy)
    with pytest.raises(DiagnosticError, match=r"E0702.*no strategy `climbs`"):
        plan_of("climbs(3)")


SPACE = """space net {
  input x: [b, c = 3, h = 8, w = 8]
  kernel ~ [1, 3]
  width ~ 8..16 by 8
  act ~ [relu, gelu]
  more ~ [identity, conv: conv(8, 3)]
  output x -> conv(width, kernel) -> act -> more
}"""


def test_latency(tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    path.write_text(code("json"), encoding="utf-8")
    graph = graph_of(SPACE)
    active = activity(graph.outputs)
    costs = costs_of(graph, active, [Budget("latency", 2.0)], str(path))
    points = Points(graph, active, {}, graph.choices, costs)
    table = {"1, 8": 0.2, "1, 16": 0.4, "3, 8": 0.9, "3, 16": 1.7}
    for g in points.all():
        expected = (
            1.5
            + table[f"{g['kernel']}, {g['width']}"]
            + {"relu": 0.1, "gelu": 0.3}[g["act"]]
        )
        assert costs.of(g)["latency"] == pytest.approx(expected)
        assert costs.excess(costs.of(g)) == pytest.approx(max(expected / 2.0 - 1, 0))
    hard = costs_of(graph, active, [Budget("latency", 2.0, hard=True)], str(path))
    drawn = Points(graph, active, {}, graph.choices, hard).uniform(20, 0)
    assert all(costs.of(g)["latency"] <= 2.0 for g in drawn)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"terms": [{"choices": ["stride"], "costs": {}}]}, "no choice `stride`"),
        ({"terms": [{"choices": ["act"], "costs": {"relu": 1.0}}]}, "`gelu` is missing"),
        (
            {"terms": [{"choices": ["act"], "costs": {"relu": 1.0, "gelu": "fast"}}]},
            "a cost is a number",
        ),
        (
            {"terms": [{"choices": ["act"], "costs": {"relu": 1.0, "gelu": float("nan")}}]},
            "a cost is a number",
        ),
        (
            {
                "terms": [
                    {"choices": ["act"], "costs": {"relu": 1.0, "gelu": 1.0, "silu": 1}}
                ]
            },
            "`silu` is missing",
        ),
        ({"base": 1.0}, "terms"),
        ([], "attribute"),
    ],
)
def test_wrong_latency(change: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    path.write_text(json.dumps(change), encoding="utf-8")
    graph = graph_of(SPACE)
    with pytest.raises(DiagnosticError, match=rf"E0710.*{message}"):
        costs_of(graph, activity(graph.outputs), [Budget("latency", 2.0)], str(path))


@pytest.mark.parametrize("path", ["/dev/zero", "deep"])
def test_latency_of_a_stranger(path: str, tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("[" * 200_000, encoding="utf-8")
    graph = graph_of(SPACE)
    with pytest.raises(DiagnosticError, match="E0710"):
        costs_of(
            graph, activity(graph.outputs), [Budget("latency", 2.0)], str(tmp_path / path)
        )
