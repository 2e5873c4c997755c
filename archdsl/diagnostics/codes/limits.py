"""Codes about limits, so that every file is read in bounded time and memory: E08xx."""

from __future__ import annotations

from functools import partial

from archdsl.diagnostics import diagnostic

Code = partial(diagnostic.Code, about="bounds")

BYTES = Code(
    "E0801",
    "file too large",
    """What: a file of more than 1 MiB.

Why: a stranger's file is opened without risk; the largest of the papers has 5 KiB.

Example: a table of ten thousand rows written by a program.

Use instead: several files joined by `use`, or a `for` over a rule instead of the rows it yields.""",
)
DEPTH = Code(
    "E0802",
    "nested too deep",
    """What: expressions, statements or edits inside each other, more than 150 levels; a sum of n terms nests
n deep.

Why: every pass over the tree stays inside the stack.

Example: `((((…))))`, or `else if` two hundred times.

Use instead: names for the parts, `sum(list)`, or a list and a `for`.""",
)
DIGITS = Code(
    "E0803",
    "number too long",
    """What: an integer of more than 18 digits, or a number that is too large for a float.

Why: arithmetic on numbers of any length takes time without bound.

Example:

    arch 1
    width = 1000000000000000000000

Use instead: a smaller number.""",
)
TOKENS = Code(
    "E0804",
    "too many tokens",
    """What: a file of more than 100,000 words, numbers and signs.

Why: the time to read a file is bounded.

Example: a table of ten thousand rows written by a program.

Use instead: several files joined by `use`.""",
)
NOT_TEXT = Code(
    "E0805",
    "not a text file",
    """What: the bytes are not UTF-8, or hold a NUL character.

Why: the file is no text, or was saved in another encoding.

Example: a checkpoint or a picture given by mistake.

Use instead: the file saved as UTF-8.""",
)
ERRORS = Code(
    "E0806",
    "too many errors",
    """What: after fifty errors the rest of the file was not looked at.

Why: this many usually have one cause, or the file is of another kind.

Example: a Python file given by mistake.

Use instead: mend the first ones and run again.""",
)
