"""Every diagnostic code, collected from its family."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.syntax.codes import choices, edits, elaboration, files, limits, names, plans, renames, runs, shapes, supergraphs, syntax, values
from archdsl.syntax.diagnostics import Code

_FAMILIES = (syntax, names, values, shapes, choices, edits, plans, runs, limits, elaboration, files, renames, supergraphs)

CODES: Mapping[str, Code] = {code.id: code for family in _FAMILIES for code in vars(family).values() if isinstance(code, Code)}
