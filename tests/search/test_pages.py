"""The pages of runs: what they say, that they are read alike in light and dark, and how runs are compared."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from archdsl.cli.main import cli
from archdsl.search.plots import Level, Line, Plot, figure, ticks
from archdsl.search.runs import Stopped
from tests.draw.chromium import Page, chromium, missing
from tests.search.tiny import find, learn

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a search of two steps, a training, and one that was stopped."""
    folder = tmp_path_factory.mktemp("pages")
    find(folder, "stepwise", "search")
    learn(folder, "training")
    rounds = iter(range(100))
    with pytest.raises(Stopped):
        learn(folder, "stopped", stop=lambda: next(rounds) == 5)
    return folder


def html(runs: Path, name: str) -> str:
    return (runs / name / "index.html").read_text(encoding="utf-8")


def test_ticks() -> None:
    assert ticks(0, 2.3) == [0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(-3, 7)[0] <= -3 and ticks(-3, 7)[-1] >= 7
    assert len(ticks(5, 5)) >= 2
    for high in (1e-9, 0.3, 17, 4e15):
        assert ticks(0, high)[-1] >= high and 3 <= len(ticks(0, high)) <= 8


def test_a_plot() -> None:
    plot = Plot(
        "Loss", "epoch", (Line("training", [(1, 2.1), (2, 1.7)]),), (Level("chance", 2.08),)
    )
    drawn = figure(plot)
    assert "epoch 2: training 1.7" in drawn and "chance 2.08" in drawn
    assert re.findall(r'class="tick"[^>]*>([^<]+)<', drawn) == [
        "0",
        "0.5",
        "1",
        "1.5",
        "2",
        "2.5",
    ]


def test_the_page_of_a_training(runs: Path) -> None:
    text = html(runs, "training")
    for said in (
        "finished",
        "3 of 3 epochs",
        "training",
        "validation",
        "chance 0.6931",
        "chance 0.5",
        "slopes",
    ):
        assert said in text, said
    assert re.search(r"<dt>seed</dt><dd>5</dd>", text) and 'src="clock.js"' in text
    assert (
        "stopped" in html(runs, "stopped")
        and "finished" not in html(runs, "stopped").split("</style>")[1]
    )


def test_the_page_of_a_search(runs: Path) -> None:
    text = html(runs, "search")
    assert (
        "budget 10.0K" in text
        and "The architecture found" in text
        and "one 6 rounds, two 4 rounds" in text
    )
    axes = re.findall(r'aria-label="Entropy[^"]*".*?</svg>', text, re.DOTALL)
    scales = [re.findall(r'class="tick"[^>]*>([^<]+)<', axis) for axis in axes]
    assert len(scales) == 2 and scales[0] == scales[1], "what is compared has one scale"
    assert scales[0][0] == "0" and float(scales[0][-1]) >= math.log(36)


def test_a_kernel_has_one_colour(runs: Path) -> None:
    """In the diagram, its legend, and the shares of the choices that decide it."""
    text = html(runs, "search")
    legend = re.search(r'fill="(#\w+)"[^>]*/>\s*<text[^>]*>kernel 3×3<', text)
    assert legend is not None
    chart = text[text.index("<h3>stage[0].kernel</h3>") :]
    assert (
        f'background:{legend[1]}"></i>3 <b>' in chart
        and f'<path fill="{legend[1]}"' in chart
    )


def test_a_page_that_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        learn(tmp_path, "run", stop=lambda: bool(1 // 0))
    assert "failed" in html(tmp_path, "run").split("</style>")[1] and "division" in html(
        tmp_path, "run"
    )


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


def test_runs_are_listed_and_compared(runs: Path) -> None:
    listed = run("runs", runs)
    assert listed.exit_code == 0
    assert (
        re.search(r"stopped\s+fixed\s+stopped", listed.stdout)
        and "stepwise of net" in listed.stdout
    )
    facts = json.loads(run("runs", runs, "--json").stdout)
    jsonschema.validate(
        facts,
        json.loads((ROOT / "grammar" / "runs.schema.json").read_text(encoding="utf-8")),
    )
    assert [r["status"] for r in facts["runs"]] == ["finished", "stopped", "finished"]
    assert facts["runs"][2]["best"]["accuracy"] == 1.0 and facts["runs"][0]["rounds"] == 10
    page = runs / "compared.html"
    assert run("runs", runs / "training", runs / "stopped", "-o", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert (
        text.count("ink-1") > 2
        and "Loss, nats: validation" in text
        and "chance 0.5" in text
    )
    assert "<script" not in text


def test_a_run_that_was_killed(runs: Path, tmp_path: Path) -> None:
    run_ = tmp_path / "r"
    run_.mkdir()
    (run_ / "frozen.json").write_text(json.dumps({"model": "m\x1b[2J", "data": "<b>"}))
    (run_ / "clock.js").write_text(
        'clock = {"status": "running", "why": "", "seconds": 3661, "sessions": 1}'
    )
    (run_ / "metrics.jsonl").write_text(
        '{"step": "train", "round": 0, "loss": 1.5}\nnonsense\n[1]\n{"round": "x"}\n'
    )
    told = run("runs", tmp_path, "-o", tmp_path / "page.html")
    assert told.exit_code == 0
    listed = run("runs", tmp_path).stdout
    assert "killed" in listed and "1:01:01" in listed and "\x1b" not in listed
    assert "<b>" not in (tmp_path / "page.html").read_text(encoding="utf-8").replace(
        "<b>1.5</b>", ""
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("frozen.json", "[]"),
        ("frozen.json", "{"),
        ("frozen.json", "[" * 100_000),
    ],
)
def test_no_run(name: str, text: str, tmp_path: Path) -> None:
    assert "E0721" in run("runs", tmp_path).output
    (tmp_path / name).write_text(text)
    done = run("runs", tmp_path)
    assert done.exit_code == 1 and "E0721" in done.output


def test_rows_go_to_tensorboard(runs: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for step, count in (("one", 6), ("two", 4)):
        seen = EventAccumulator(str(runs / "search" / "tensorboard" / step)).Reload()
        rows = [
            json.loads(line)
            for line in (runs / "search" / "metrics.jsonl").read_text().splitlines()
        ]
        losses = [r["loss"] for r in rows if r["step"] == step]
        assert [s.value for s in seen.Scalars("loss")] == pytest.approx(losses) and len(
            losses
        ) == count
        assert any(tag.startswith("probability/") for tag in seen.Tags()["scalars"])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if missing():
        pytest.skip(missing())
    with chromium(tmp_path_factory.mktemp("chromium")) as page:
        yield page


def test_under_the_pointer_and_in_the_dark(runs: Path, browser: Page) -> None:
    browser.open(runs / "training" / "index.html")
    assert browser.console() == []
    assert browser.ask("document.getElementById('time').textContent").startswith(
        "0 h 0 min"
    )
    own = [url for url in browser.requests() if not url.startswith(("chrome", "data"))]
    assert {Path(url).name for url in own} == {"index.html", "clock.js"}
    seen = "getComputedStyle(document.querySelectorAll('.at')[1].querySelector('g')).visibility"
    assert browser.ask(seen) == "hidden"
    x, y = browser.ask(
        "(r => [r.x + r.width / 2, r.y + r.height / 2])"
        "(document.querySelectorAll('.at')[1].querySelector('rect').getBoundingClientRect())"
    )
    browser.mouse(x, y)
    assert browser.ask(seen) == "visible"
    grounds = set()
    for scheme in ("light", "dark"):
        browser.media(prefers_color_scheme=scheme)
        page, paper = (
            browser.ask(f"getComputedStyle({where}).{what}")
            for where, what in (
                ("document.documentElement", "backgroundColor"),
                ("document.querySelector('.drawing .paper')", "fill"),
            )
        )
        assert page == paper
        grounds.add(page)
    assert len(grounds) == 2
    assert browser.ask("document.documentElement.scrollWidth <= innerWidth")
