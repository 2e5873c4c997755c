"""E082x: bounds on elaboration, so that a stranger's file is safe to open."""

from functools import partial

from archdsl.diagnostics import diagnostic
from archdsl.diagnostics.diagnostic import table

Code = partial(diagnostic.Code, about="bounds")

TOO_MUCH_WORK = Code(
    "E0820",
    "the file elaborates to too much",
    """Every file elaborates in bounded time and memory. This one calls, loops or lists more than the bound
allows.

Make loops shorter or parameters smaller.""",
)
TOO_DEEP = Code(
    "E0821",
    "calls nested too deeply",
    """Blocks call blocks more than 64 levels deep, usually because a layer is passed to itself.

Flatten the nesting.""",
)

CODES = table(TOO_MUCH_WORK, TOO_DEEP)
