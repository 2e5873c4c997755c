"""How deep a text may nest: every recursive pass over a tree must stay inside Python's stack."""

from __future__ import annotations

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span

MAX_DEPTH = 150  # levels of nodes
MAX_STACK = 2_000  # symbols that wait for their end while errors are read past


def too_deep(span: Span) -> Diagnostic:
    return limits.DEPTH.error(
        span, f"nested more than {MAX_DEPTH} levels deep", help="give parts of it names"
    )
