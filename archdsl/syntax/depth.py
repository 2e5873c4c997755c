"""How deep a text may nest: every recursive pass over a tree must stay inside Python's stack."""

from __future__ import annotations

from lark import Token, Tree

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.syntax.nodes import FLAT

MAX_DEPTH = 150  # levels of nodes
MAX_STACK = 2_000  # symbols that wait for their end while errors are read past


def below(tree: Tree[Token], levels: int) -> Tree[Token] | None:
    """A part of a tree that lies deeper than so many levels of nodes; None where all lies above."""
    pending = [(tree, 0)]
    while pending:
        part, above = pending.pop()
        level = above + (part.data not in FLAT)
        if level > levels:
            return part
        pending += [(child, level) for child in part.children if isinstance(child, Tree)]
    return None


def too_deep(span: Span) -> Diagnostic:
    return limits.DEPTH.error(
        span, f"nested more than {MAX_DEPTH} levels deep", help="give parts of it names"
    )
