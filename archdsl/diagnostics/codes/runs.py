"""E072x: run directories."""

from functools import partial

from archdsl.diagnostics import diagnostic

Code = partial(diagnostic.Code, about="plan")

RUN_EXISTS = Code(
    "E0720",
    "a run directory that is in use",
    """A new run begins in a new or an empty directory, so that nothing is overwritten.

Go on with the run that is there (`--resume`), or name another directory.""",
)
NO_RUN = Code(
    "E0721",
    "nothing to resume",
    """`--resume` goes on with the run of a directory; this one holds none that can be read.

Begin one without `--resume`.""",
)
OTHER_RUN = Code(
    "E0722",
    "the run of something else",
    """A run goes on only with what it began with: the same plan and space, the same data and seed, the same
version of archdsl. The message names what differs.

Restore that, or begin a new run in another directory.""",
)
BROKEN_CHECKPOINT = Code(
    "E0723",
    "a checkpoint that cannot be read",
    """Checkpoints appear whole or not at all, so something outside has changed or removed a part of this one.

Restore the directory, or begin a new run in another one.""",
)
NO_DATA = Code(
    "E0724",
    "a search without data",
    """Neither the plan (`data = motion()`) nor the command line (`--data motion`) says where examples come
from.

Name one of the sources that `docs/search.md` lists.""",
)
DIVERGED = Code(
    "E0725",
    "a run that has diverged",
    """The loss or the logits are no finite numbers any more, and nothing that follows would be. The latest
checkpoint is from before.

Lower the rate in the step's `weights = …` or `alpha = …`, of a training in `--optimiser`, or let it rise
slowly (`warmup = 2`), and begin again in another directory.""",
)
