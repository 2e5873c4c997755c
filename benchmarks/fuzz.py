"""Damaged files and odd arguments through every command, for as long as one likes.

    python benchmarks/fuzz.py --minutes 10 --seed 0 --jobs 2
    python benchmarks/fuzz.py --seed 0 --only check:1234        one case again, with all that it says

Prints a line for each stage and kind of input: how many were tried, how many different answers there were,
the most time of the processor and the most memory that one took; and each kind of fault once, with the case
that shows it. What is tried and what is promised of it: `tests/fuzz`. Exits with 1 where there are faults.

Cases are tried in processes that are forked from one that has loaded everything, a batch each, so that a
crash or a case without end costs a batch. Numbers decide cases: the same seed tries the same ones.
"""

from __future__ import annotations

import argparse
import gc
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "backends")]
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.fuzz.cases import STAGES  # noqa: E402
from tests.fuzz.trials import HANG, Verdict, tried  # noqa: E402

_BATCH = 0.004  # of what an hour tries: 1,200 texts are read, 200 checked, 20 of each other command
_APART = 100_000_000  # between the numbers of the cases of two jobs
_MEMORY = 6 << 30  # bytes above what a process begins with


@dataclass
class Figures:
    """What is known of the cases of one stage and kind."""

    inputs: int = 0
    answers: Counter[tuple[str, ...]] = field(default_factory=Counter)
    cpu: float = 0.0
    worst: tuple[float, int] = (0.0, 0)  # seconds of the processor, and the case's number
    memory: tuple[int, int] = (0, 0)  # bytes above the start, and the case's number


@dataclass(frozen=True)
class Fault:
    """A kind of fault, and the first case that showed it."""

    what: str
    stage: str
    number: int
    detail: str


@dataclass(frozen=True)
class Tried:
    """One case: what came of it and what it took."""

    number: int
    verdict: Verdict
    cpu: float
    memory: int


def batches(first: int) -> Iterator[tuple[str, range]]:
    """Stages in turn, each as much as its share says, with numbers from the first one on."""
    done: Counter[str] = Counter()
    while True:
        name = min(STAGES, key=lambda each: done[each] / STAGES[each].share)
        size = max(1, round(STAGES[name].share * _BATCH))
        yield name, range(first + done[name], first + done[name] + size)
        done[name] += size


def try_batch(stage: str, numbers: range, seed: int, pipe: int) -> None:
    """In a process of its own: each case, written to the pipe as it ends, its number before it begins."""
    with (
        tempfile.TemporaryDirectory(dir=_memory_folder()) as folder,
        os.fdopen(pipe, "wb") as out,
    ):
        os.chdir(folder)
        start = _resident()
        limit = start[1] + _MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        peak = start[0]
        for number in numbers:
            pickle.dump(number, out)
            out.flush()
            before = time.process_time()
            verdict = tried(stage, seed, number)
            cpu = time.process_time() - before
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            grown = most - start[0] if most > peak else 0
            peak = max(peak, most)
            pickle.dump(Tried(number, verdict, cpu, grown), out)
            out.flush()
        os.chdir("/")


def _memory_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _resident() -> tuple[int, int]:
    """Bytes of this process in memory, and of its whole address space."""
    size, resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[:2]
    page = resource.getpagesize()
    return int(resident) * page, int(size) * page


class Campaign:
    """Figures and faults so far."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.figures: dict[tuple[str, str], Figures] = defaultdict(Figures)
        self.faults: dict[str, Fault] = {}
        self.times: Counter[str] = Counter()

    def run(self, stage: str, numbers: range) -> None:
        """One batch, in a process of its own; it goes on behind a case that ends the process."""
        while numbers:
            last = self._forked(stage, numbers)
            if last is None:
                return
            numbers = range(last + 1, numbers.stop)

    def _forked(self, stage: str, numbers: range) -> int | None:
        """The number of the case at which the process ended, None where it ended by itself."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            code = 1
            try:
                try_batch(stage, numbers, self.seed, write)
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        at: int | None = numbers.start
        # what hangs where no signal reaches it is ended from here
        signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
        with os.fdopen(read, "rb") as lines:
            while True:
                signal.alarm(10 * HANG)
                try:
                    found = pickle.load(lines)
                except (EOFError, pickle.UnpicklingError):
                    break
                if isinstance(found, Tried):
                    self._note(stage, found)
                    at = None
                else:
                    at = found
        signal.alarm(0)
        _, status = os.waitpid(child, 0)
        if at is None or status == 0:
            return None
        self._fault(stage, at, f"the process ended with {status:#x}", "")
        return at

    def _note(self, stage: str, case: Tried) -> None:
        figures = self.figures[stage, case.verdict.kind]
        figures.inputs += 1
        figures.answers[case.verdict.codes] += 1
        figures.cpu += case.cpu
        figures.worst = max(figures.worst, (case.cpu, case.number))
        figures.memory = max(figures.memory, (case.memory, case.number))
        if case.verdict.fault is not None:
            self._fault(stage, case.number, case.verdict.fault, case.verdict.detail)

    def _fault(self, stage: str, number: int, what: str, detail: str) -> None:
        self.times[what] += 1
        if what not in self.faults:
            self.faults[what] = Fault(what, stage, number, detail)
            print(f"FAULT {stage}:{number}  {what}", flush=True)

    def add(self, other: Campaign) -> None:
        """Joins what another processor has tried."""
        for key, theirs in other.figures.items():
            ours = self.figures[key]
            ours.inputs += theirs.inputs
            ours.answers += theirs.answers
            ours.cpu += theirs.cpu
            ours.worst, ours.memory = (
                max(ours.worst, theirs.worst),
                max(ours.memory, theirs.memory),
            )
        self.times += other.times
        self.faults = {**other.faults, **self.faults}

    def report(self, seconds: float) -> None:
        """The table, and the faults."""
        print(
            f"{'stage':<17} {'input':<15} {'tried':>9} {'answers':>7} {'mean ms':>8}"
            f" {'worst s':>8} {'case':>8} {'worst MB':>8} {'case':>8}"
        )
        for (stage, kind), one in sorted(
            self.figures.items(), key=lambda item: list(STAGES).index(item[0][0])
        ):
            mean = 1000 * one.cpu / one.inputs
            print(
                f"{stage:<17} {kind:<15} {one.inputs:>9,} {len(one.answers):>7,} {mean:>8.1f}"
                f" {one.worst[0]:>8.2f} {one.worst[1]:>8} {one.memory[0] / 1e6:>8.0f} {one.memory[1]:>8}"
            )
        total = sum(one.inputs for one in self.figures.values())
        cpu = sum(one.cpu for one in self.figures.values())
        print(
            f"{total:,} inputs in {seconds / 60:.1f} minutes, {cpu / 60:.1f} of the processor;"
            f" {len(self.faults)} kinds of faults"
        )
        for what, fault in self.faults.items():
            case = f"--seed {self.seed} --only {fault.stage!r}:{fault.number}"
            print(
                f"\n{self.times[what]} × {what}\n  python benchmarks/fuzz.py {case}\n{fault.detail}"
            )


def again(seed: int, case: str) -> None:
    """One case, told in full."""
    stage, _, number = case.rpartition(":")
    made = STAGES[stage].make(Random(f"{seed}:{stage}:{number}"))
    print(made.kind, list(made.args))
    for name, content in made.files.items():
        print(f"--- {name}\n{content.decode(errors='backslashreplace')}")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        before = time.process_time()
        verdict = tried(stage, seed, int(number))
        print(
            f"--- {time.process_time() - before:.2f} s",
            verdict.codes,
            verdict.fault or "no fault",
            verdict.detail,
            sep="\n",
        )
        os.chdir("/")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processors to keep busy")
    parser.add_argument(
        "--stage", action="append", choices=list(STAGES), help="only this stage; repeatable"
    )
    parser.add_argument("--only", metavar="STAGE:NUMBER", help="one case again")
    asked = parser.parse_args()
    if asked.only is not None:
        again(asked.seed, asked.only)
        return
    for stage in STAGES:  # loads what each stage needs, before processes are forked
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for number in range(3):
                tried(stage, -1, number)
            os.chdir("/")
    gc.freeze()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        parts = [Path(folder) / str(job) for job in range(asked.jobs)]
        children = [_forked_part(asked, job, path) for job, path in enumerate(parts)]
        for child in children:
            with suppress(KeyboardInterrupt):  # which has reached the child as well
                os.waitpid(child, 0)
                continue
            os.waitpid(child, 0)
        campaign = Campaign(asked.seed)
        for path in parts:
            campaign.add(pickle.loads(path.read_bytes()))
    campaign.report(time.monotonic() - start)
    sys.exit(1 if campaign.faults else 0)


def _forked_part(asked: argparse.Namespace, job: int, path: Path) -> int:
    """The campaign of one processor, in a process of its own, which leaves what it has found at a path."""
    child = os.fork()
    if child:
        return child
    campaign = Campaign(asked.seed)
    end = time.monotonic() + 60 * asked.minutes
    with suppress(KeyboardInterrupt):
        for stage, numbers in batches(job * _APART):
            if asked.stage is None or stage in asked.stage:
                campaign.run(stage, numbers)
            if time.monotonic() > end:
                break
    path.write_bytes(pickle.dumps(campaign))
    os._exit(0)


if __name__ == "__main__":
    main()
