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
    """Checkpoints appear whole or not at all, with a checksum of every byte. So something outside has changed
or removed a part of each that is left, of the metrics that they know, or of the file `latest`; or what is in
one is not what such a run saves.

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
IN_USE = Code(
    "E0726",
    "a run directory in which another process is at work",
    """Two processes in one directory would write over each other. The lock is the other process's own, so it
is gone when that has ended, however it did; the message says which process holds it.

Wait for it or stop it; or give the second run a directory of its own. Several workers of a bandit share
trials by `--storage`, each in its own directory.""",
)
PASSED_OVER = Code(
    "E0727",
    "a damaged checkpoint was passed over",
    """Each checkpoint has a checksum of every byte, and this one is not what was written: a disk that fails,
or a hand that changed it. The run goes on from the one before, and ends where it would have.

Nothing has to be done for this run; have a look at the disk.""",
)
NOTHING_TO_LEARN = Code(
    "E0728",
    "nothing to learn",
    """Learning moves weights, and the network (of a space, every network) has none.

Train a model with layers that have weights; what a network without them computes is known already.""",
)
SINGLE_VALUE = Code(
    "E0729",
    "statistics of a single value",
    """A batch norm takes mean and variance over all examples and positions of a batch. Where it sees one
value of each channel, that value is the mean and the variance is 0: the norm gives 0 whatever comes in.

Take larger batches (`--batch`, the plan's `batch`), fewer `--chunks`, more examples, or a norm that does not
look at other examples, such as `layer_norm`.""",
)
