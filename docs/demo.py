"""The main job from end to end: `make demo`.

Checks and summarises the space AutoX3D, samples an architecture within 2.0 GMACs, compiles it, trains it for
one step, draws it as SVG, and compares it with a second sample. Then it searches a small space on generated
clips, and trains what it finds. What it writes lies in build/demo.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

SPACE = "zoo/autox3d.arch:autox3d"
PLAN = "zoo/motion.arch:narrow_fair"
CLIPS = "motion:count=128,difficulty=0"
LEARNING = ("--epochs", "20", "--optimiser", 'adam(0.01, schedule = "cosine")')
OUT = Path("build/demo")
CLIP = (2, 3, 13, 160, 160)  # b, c, t, h, w


def main() -> None:
    """Runs every step, each with its time; ends with the total."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    first, second, source, drawing = (
        str(OUT / name) for name in ("found.arch", "other.arch", "found.py", "found.svg")
    )
    searched, trained = str(OUT / "search"), str(OUT / "train")
    sample = ["sample", SPACE, "--max-macs", "2.0G", "--seed"]
    steps: list[tuple[str, Callable[[Console], None]]] = [
        ("Is the space sound?", lambda out: archdsl(out, "check", "zoo/autox3d.arch")),
        ("What is in it?", lambda out: archdsl(out, "summary", SPACE)),
        (
            "Sample an architecture within 2.0 GMACs",
            lambda out: archdsl(out, *sample, "7", into=first),
        ),
        (
            "What did we get?",
            lambda out: archdsl(out, "summary", SPACE, "--genotype", first),
        ),
        (
            "Compile it to PyTorch source",
            lambda out: archdsl(out, "compile", SPACE, "--genotype", first, "-o", source),
        ),
        ("Train it for one step on two clips of 13×160²", lambda out: train(out, first)),
        (
            "Draw it",
            lambda out: archdsl(out, "render", SPACE, "--genotype", first, "-o", drawing),
        ),
        ("Sample another", lambda out: archdsl(out, *sample, "8", into=second)),
        (
            "How do the two differ?",
            lambda out: archdsl(out, "diff", first, second, fine=(0, 1)),
        ),
        (
            "Search a small space",
            lambda out: archdsl(out, "search", PLAN, "--data", CLIPS, "--run", searched),
        ),
        (
            "Train what was found",
            lambda out: archdsl(
                out,
                "train",
                f"{searched}/genotype.arch",
                "--data",
                CLIPS,
                *LEARNING,
                "--run",
                trained,
            ),
        ),
    ]
    start = time.perf_counter()
    with progress_display() as progress:
        task = progress.add_task("", total=len(steps))
        for title, step in steps:
            progress.update(task, description=title)
            progress.console.rule(Text(title, "bold"), align="left")
            step(progress.console)
            progress.advance(task)
    print(
        f"All of it in {time.perf_counter() - start:.0f} s. See {OUT}: "
        f"{', '.join(sorted(p.name for p in OUT.iterdir()))}"
    )


@contextmanager
def progress_display() -> Iterator[Progress]:
    """A bar under the output that counts the steps; without a terminal only the output."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 180)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield progress


def archdsl(
    out: Console, *args: str, into: str | None = None, fine: tuple[int, ...] = (0,)
) -> None:
    """Runs a command as a user would, its output shown, and written to the file `into` if given."""
    shown = " ".join(["$ archdsl", *args, *(["> " + into] if into else [])])
    out.print(Text(shown, "cyan"))
    start = time.perf_counter()
    environment = os.environ | {"COLUMNS": str(out.width)}
    done = subprocess.run(
        [sys.executable, "-m", "archdsl", *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    took = time.perf_counter() - start
    if into is not None:
        Path(into).write_text(done.stdout, encoding="utf-8")
    if printed := (done.stdout + done.stderr).rstrip("\n"):
        out.print(Text(printed), soft_wrap=True)
    out.print(Text(f"  {took:.2f} s, exit code {done.returncode}", "dim"))
    if done.returncode not in fine:
        sys.exit(f"`{shown}` ended with {done.returncode}")


def train(out: Console, genotype: str) -> None:
    """One step of SGD from fresh weights, through the Python interface; the loss on the same clips before and
    after.
    """
    import archdsl

    start = time.perf_counter()
    import torch

    out.print(Text(f"  import torch: {time.perf_counter() - start:.2f} s", "dim"))
    torch.manual_seed(0)
    architecture = archdsl.load(SPACE, genotype=genotype)
    network = archdsl.compile(architecture, seed=0, memory_format="channels_last")
    clips = torch.randn(CLIP).to(memory_format=torch.channels_last_3d)
    labels = torch.tensor([3, 141])
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    for moment in ("before", "after"):
        start = time.perf_counter()
        loss = torch.nn.functional.cross_entropy(network(clips), labels)
        if moment == "before":
            loss.backward()
            norm = torch.nn.utils.get_total_norm(
                [p.grad for p in network.parameters() if p.grad is not None]
            ).item()
            optimiser.step()
            params = sum(p.numel() for p in network.parameters())
            out.print(
                f"  {params:,} parameters, gradient norm {norm:.3f}, step of "
                f"{time.perf_counter() - start:.2f} s"
            )
        out.print(f"  loss {moment} the step: {loss.item():.4f}")


if __name__ == "__main__":
    main()
