"""E098x: tables that rename the keys of a checkpoint."""

from __future__ import annotations

from functools import partial

from archdsl.diagnostics import diagnostic

Code = partial(diagnostic.Code, about="question")

BAD_RULE = Code(
    "E0980",
    "a rule of a rename table that cannot be read",
    """What: a line of a rename table is `theirs -> ours`, both paths with dots; `{i}` stands for a number.
`theirs -> -` leaves a key out, `theirs -> one, other` sends it to two places, and `*_w -> *.weight` spells
the ends of keys. Behind it may stand what happens where shapes differ: `anew`, `resize …` or `inflate …`.

Why: a rule renames whole parts of keys, and a number that appears on the right must have been read on the
left.

Example: `blocks.{s}.conv -> stage.{t}.conv`

Use instead: the same name on both sides, moved if need be: `blocks.{s}.conv -> stage.{s-1}.conv`.""",
)
SAME_KEY = Code(
    "E0982",
    "two keys that are renamed to one",
    """What: two keys of a checkpoint get the same name, so one of the two tensors would be lost.

Why: the first line that fits a key decides, and here a line is wider than it was meant.

Example: `blocks.0 -> stem` and `blocks.1 -> stem`

Use instead: a number on both sides, or the narrower line first.""",
)
NO_TABLE = Code(
    "E0983",
    "no table for a checkpoint",
    """What: none of a checkpoint's keys is a weight of the model, neither as it stands nor by any rename
table that was tried; or the best of them finds less than half of the model's weights.

Why: weights are found by their keys. The tables that are tried lie beside the model's file and begin with its
name, or ship with archdsl. A guess that fits a tenth of the weights is the wrong table or the wrong model.

Example: `archdsl import-weights mine.arch resnet18.pth -o w.safetensors`

Use instead: `--table FILE` with the lines for this checkpoint, or the model that it belongs to.""",
)
MISSING_KEYS = Code(
    "E0984",
    "weights that a checkpoint lacks",
    """What: the model has weights that no key of the checkpoint becomes.

Why: a part that is left at random gives a model that runs and is wrong.

Example: a checkpoint of `x3d_s` for `x3d_l`, which is deeper

Use instead: the model, its `--set` and `--genotype`, under which the checkpoint was trained. `--anew PATH`
starts what lies at and below a path anew, if that is meant.""",
)
EXTRA_KEYS = Code(
    "E0985",
    "keys of a checkpoint that the model lacks",
    """What: a checkpoint holds keys that no rule renames, or that become none of the model's.

Why: weights that are passed over in silence may be those that mattered.

Example: a checkpoint of `i3d_r50_nl` for `i3d_r50`, which has no non-local blocks

Use instead: the model that the checkpoint belongs to; in a table of your own, `theirs -> -` leaves
a key out.""",
)
MISSHAPEN = Code(
    "E0986",
    "weights of another size",
    """What: a weight of the checkpoint has another shape than the model's. Where one has more dimensions than
the other, sizes of 1 do not count: 1×1×768 is 768, but 4×3×1 is not 4×1×3.

Why: cutting or filling up weights gives another function. Positions are resized and kernels of pictures are
inflated only where the table, or `--resize`, says how.

Example: `head.weight`, which is 400×768 in the checkpoint and 174×768 in the model with `--set classes=174`

Use instead: the settings under which the checkpoint was trained, or `--anew head` for a classifier of other
classes.""",
)
NOT_FLOATS = Code(
    "E0987",
    "weights of another kind of number",
    """What: a weight of the checkpoint holds whole, complex or quantised numbers where the model has real
ones, or the reverse.

Why: a quantised weight means nothing without its scale, and rounding a weight changes it.

Example: a model that was quantised to int8

Use instead: the checkpoint as it was before. float16, bfloat16 and float64 are read, and become what the
model computes in.""",
)
NO_SUCH_WEIGHTS = Code(
    "E0988",
    "a path without weights",
    """What: no weight of the model lies at or below this path.

Why: what was meant to start anew would not.

Example: `--anew clasify`

Use instead: a path as `archdsl summary` prints it, or the beginning of a key: `head`, `block[3].mlp`,
`block.3.mlp`.""",
)
UNTOLD = Code(
    "E0989",
    "weights that would start anew without a word",
    """What: the table that fits a checkpoint best lets some of the model's weights start as the text says,
and nobody has asked for that.

Why: a table from images to video starts what pictures do not have. That is meant by who begins to train, and
a wrong model for who wants a trained one.

Example: `archdsl import-weights zoo/timesformer.arch:timesformer_divided vit.pth -o w.safetensors`

Use instead: the table by its name, `--table timesformer_divided_vit`, or `--anew PATH` for what shall
start.""",
)
