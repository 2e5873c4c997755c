"""What a run tells before and while it runs: how long, at what cost, and that it goes on. No clock: seconds are
given.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.cli.interrupts import asked_to_stop
from archdsl.cli.run_progress import announced, duration, forecast

ROOT = Path(__file__).parents[2]


def test_durations() -> None:
    told = {
        0.43: "0.4 s",
        95: "95 s",
        720: "12 min",
        45_480: "12 h 38 min",
        275_000: "3 d 4 h",
        3599: "1 h 0 min",
    }
    assert {seconds: duration(seconds) for seconds in told} == told


def test_before_the_first_round() -> None:
    step = {
        "event": "step",
        "step": "one",
        "rounds": 480,
        "round": 0,
        "open": 12,
        "work": 31e9,
    }
    assert (
        announced(step) == "one: 480 rounds, 12 open choices, about 14.9T MACs to compute"
    )
    resumed = {**step, "round": 470, "open": 1, "work": None}
    assert announced(resumed) == "one: 480 rounds, 10 of them left, 1 open choice"


def test_after_the_first_rounds() -> None:
    assert (
        forecast("one", 1, 95, 479)
        == "one: the first round took 95 s; 12 h 38 min more at this pace"
    )
    assert (
        forecast("one", 10, 950, 470)
        == "one: 10 rounds took 16 min; 12 h 24 min more at this pace"
    )
    assert forecast("one", 1, 0.01, 100) == "", "what is soon over needs no announcement"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    with asked_to_stop() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop() and "stopping after this round" in capfd.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_long_round_says_so() -> None:
    program = (
        "import time; from archdsl.cli import run_progress as p\n"
        "p._PATIENCE = 0.5\n"
        "with p.progress(quiet=False) as watch:\n"
        "    watch({'event': 'step', 'step': 'one', 'rounds': 480, 'round': 7, 'every': 1})\n"
        "    time.sleep(4)\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backends")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert "one: round 8 of 480 has taken" in done.stderr, done.stderr
