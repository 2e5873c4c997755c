"""E097x: examples to learn from."""

from __future__ import annotations

from functools import partial

from archdsl.diagnostics import diagnostic

Code = partial(diagnostic.Code, about="question")

UNKNOWN_SOURCE = Code(
    "E0970",
    "data from an unknown source",
    """What: `--data`, or the `data` of a plan, names something that archdsl cannot open.

Why: a plan may name its data by any name, so that a reader knows what it was; where they lie on this machine
is said by `--data`.

Example: `--data vidoe:clips`, or a plan with `data = clips("kinetics400", crop = 160)` and no `--data`

Use instead: `video:DIR`, `tensor:FILE.npz`, `python:pkg.mod:factory` or `motion`; the plan's `crop`, `jitter`
and `flip` are kept.""",
)
UNREADABLE_DATA = Code(
    "E0971",
    "data that cannot be read",
    """What: the folder, file or function of `--data` is not there, or does not hold what it should; the
message names the place.

Why: examples are read strictly: a label out of range or a number that is not finite would only show as a loss
that does not fall.

Example: `--data tensor:clips.npz` where the file has no array `y`

Use instead: what `docs/training.md` says of each source.""",
)
CODE_IN_PLAN = Code(
    "E0972",
    "a plan that would run code",
    """What: a plan names `python(…)` as its data.

Why: files in the language are safe to open and to run, whoever wrote them. Your own code runs only where you
name it yourself.

Example: `data = python("mine.clips:factory")`

Use instead: `--data python:mine.clips:factory`.""",
)
DATA_DOES_NOT_FIT = Code(
    "E0973",
    "data that do not fit the network",
    """What: the examples have other sizes than the network's input, more classes than it has outputs, or the
network is not one that sorts examples into classes: it needs one input, and one output of the dimensions b
and c.

Why: a network is compiled for its sizes.

Example: `--data motion:size=32` for an input of 16×16

Use instead: `--input clip=1x3x8x32x32` for the same network on other sizes, `--set classes=10`, or other
settings of the data.""",
)
SKIPPED_FILE = Code(
    "E0974",
    "a file of the data was skipped",
    """What: a video cannot be decoded, or has no frame. Where that shows only while learning, the next
readable one takes its place.

Why: large collections always have a few broken files, and a run that stops at one of them after a day helps
nobody.

Example: a download that broke off

Use instead: repair or remove the file; the warning names it.""",
)
