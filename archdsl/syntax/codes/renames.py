"""E098x: tables that rename the keys of a checkpoint."""

from __future__ import annotations

from archdsl.syntax.diagnostics import Code

BAD_RULE = Code(
    "E0980",
    "a rule of a rename table that cannot be read",
    """What: a line of a rename table is `theirs -> ours`, both paths with dots; `{i}` stands for a number, at most one
in a part. `theirs -> -` leaves a key out.

Why: a rule renames whole parts of keys, and a number that appears on the right must have been read on the left.

Example: `blocks.{s}.conv -> stage.{t}.conv`

Use instead: the same name on both sides, moved if need be: `blocks.{s}.conv -> stage.{s-1}.conv`.""",
)
NO_RULE = Code(
    "E0981",
    "a key that no rule renames",
    """What: a checkpoint holds a key that no line of the rename table fits.

Why: weights are moved one to one or not at all; one that is passed over in silence would be trained from nothing.

Example: `blocks.5.proj.bias`, and no line begins with `blocks.5`

Use instead: a line for it, or the table that belongs to this checkpoint.""",
)
SAME_KEY = Code(
    "E0982",
    "two keys that are renamed to one",
    """What: two keys of a checkpoint get the same name, so one of the two tensors would be lost.

Why: the first line that fits a key decides, and here a line is wider than it was meant.

Example: `blocks.0 -> stem` and `blocks.1 -> stem`

Use instead: a number on both sides, or the narrower line first.""",
)
