"""What has nothing to learn from, or nothing that learns, is refused before a step is made; what is frozen is
searched.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from archdsl.cli.main import cli
from archdsl.search.batches import evenly

TEXT = """arch 1
model none { input x: [b, c = 2, h = 8, w = 8]  output x -> mean(@hw) }
model after { input x: [b, c = 2, h = 8, w = 8]  output x -> conv(2) as s -> mean(@hw) -> batch_norm as n }
model before { input x: [b, c = 2, h = 8, w = 8]  output x -> conv(2) as s -> batch_norm as n -> mean(@hw) }
space weightless { input x: [b, c = 2, h = 8, w = 8]  op ~ [identity, relu]  output x -> op -> mean(@hw) }
space sp { input x: [b, c = 2, h = 8, w = 8]  op ~ [identity, relu]  output x -> conv(2) as s -> op -> mean(@hw) }
space some {
  input x: [b, c = 2, h = 8, w = 8]
  op ~ [identity, deep: conv(2)]
  x = x -> op -> mean(@hw)
  n ~ [identity, normed: batch_norm]
  output x -> n
}
search w_darts of weightless { strategy = darts  epochs = 1  batch = 8 }
search w_random of weightless { strategy = random(trials = 2)  epochs = 1  batch = 8 }
search w_shared of weightless { strategy = random(trials = 2, evaluate = "shared")  epochs = 1  batch = 8 }
search f_darts of sp { strategy = darts  epochs = 1  batch = 8  freeze s }
search f_first of sp { strategy = darts(bilevel = true)  epochs = 1  batch = 8  freeze s }
search f_second of sp { strategy = darts(bilevel = true, order = 2)  epochs = 1  batch = 8  freeze s }
search f_parsec of sp { strategy = parsec(samples = 2, warmup = 0)  epochs = 1  batch = 8  freeze s }
search f_shared of sp { strategy = random(trials = 2, evaluate = "shared")  epochs = 1  batch = 8  freeze s }
search s_grid of some { strategy = grid  epochs = 1  batch = 8 }
search s_shared of some { strategy = grid(evaluate = "shared")  epochs = 1  batch = 8 }
search s_parsec of some { strategy = parsec(samples = 2, warmup = 0)  epochs = 1  batch = 8 }
search s_single of some { strategy = parsec(samples = 2, warmup = 0)  epochs = 1  batch = 1 }
search s_alone of some { strategy = grid(evaluate = "shared")  epochs = 1  batch = 1 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.arch").write_text(TEXT, encoding="utf-8")
    y = np.arange(28) % 2
    x = np.random.default_rng(0).normal(size=(28, 2, 8, 8)).astype(np.float32)
    np.savez("two.npz", x=x[:19], y=y[:19], x_validation=x[19:], y_validation=y[19:])
    return tmp_path


def ended(command: str, name: str, *more: str) -> tuple[int, str]:
    given = [command, f"net.arch:{name}", "--data", "tensor:two.npz", "--run", "r", *more]
    done = CliRunner().invoke(cli, given, catch_exceptions=False)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("command", "name", "more", "code"),
    [
        ("train", "none", (), "E0728"),
        ("search", "w_darts", (), "E0728"),
        ("search", "w_random", (), "E0728"),
        ("search", "w_shared", (), "E0728"),
        ("train", "after", ("--batch", "1"), "E0729"),
        ("train", "after", ("--batch", "4", "--chunks", "4"), "E0729"),
        ("train", "after", ("--batch", "4", "--chunks", "3"), "E0729"),
        ("search", "s_single", (), "E0729"),
        ("search", "s_alone", (), "E0729"),
    ],
)
def test_refused(
    command: str, name: str, more: tuple[str, ...], code: str, folder: Path
) -> None:
    exit_code, output = ended(command, name, *more)
    assert exit_code == 1 and f"error[{code}]" in output, output
    assert not (folder / "r").exists()


@pytest.mark.parametrize(
    ("command", "name", "more"),
    [
        ("train", "after", ("--batch", "4", "--chunks", "2", "--epochs", "1")),
        ("train", "before", ("--batch", "1", "--epochs", "1")),
        *(
            ("search", f"f_{name}", ())
            for name in ("darts", "first", "second", "parsec", "shared")
        ),
        *(("search", f"s_{name}", ()) for name in ("grid", "shared", "parsec")),
    ],
)
def test_carried_out(command: str, name: str, more: tuple[str, ...], folder: Path) -> None:
    """Nine examples to judge by and a batch of eight: no batch of one is left over."""
    assert ended(command, name, *more)[0] == 0


def test_evenly() -> None:
    assert [len(part) for part in evenly(9, 8)] == [4, 5]
    assert [len(part) for part in evenly(24, 8)] == [8, 8, 8]
    assert [i for part in evenly(31, 7) for i in part] == list(range(31))
