"""Every diagnostic code, collected from its family: one file a family, each code with its explanation.

`CODES` has them by number; `reference` writes docs/diagnostics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from archdsl.diagnostics.codes import (
    choices,
    data,
    edits,
    elaboration,
    files,
    importing,
    limits,
    names,
    plans,
    renames,
    runs,
    shapes,
    supergraphs,
    syntax,
    values,
)
from archdsl.diagnostics.diagnostic import Code

_FAMILIES = (
    syntax,
    names,
    values,
    shapes,
    choices,
    edits,
    plans,
    runs,
    limits,
    elaboration,
    files,
    renames,
    supergraphs,
    data,
    importing,
)

_NAMED = chain.from_iterable(vars(family).values() for family in _FAMILIES)
CODES: Mapping[str, Code] = {code.id: code for code in _NAMED if isinstance(code, Code)}
