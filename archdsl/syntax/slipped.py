"""The statements of a file that hold an error of syntax.

They are read as if the slip were mended, and what they bind is used further on. But the mend is a guess: what
else is wrong in such a statement may only follow from it, so it is not told, and where it has no value
nothing is known of what it binds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.diagnostics.codes.syntax import UNCLOSED
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.syntax import ast

Head = tuple[
    int, int
]  # offsets: the first of a statement, and where its body begins or it ends


def slipped(file: ast.File, diagnostics: Sequence[Diagnostic]) -> frozenset[Head]:
    """The heads of the innermost statements, edits and declarations that hold errors of syntax."""
    places: list[int] = []
    for diagnostic in diagnostics:
        places += _places(diagnostic, file.span)
    if not places:
        return frozenset()
    heads = sorted(_heads(file.declarations))
    found: set[Head] = set()
    for place in places:
        around = [head for head in heads if head[0] <= place <= head[1]]
        found.update(around[-1:])
    return frozenset(found)


def head_of(node: ast.Node) -> Head:
    """Where a statement begins, and where its body begins or it ends."""
    body = next((part for part in _bodies(node) if part), ())
    return node.span.start, body[0].span.start if body else node.span.end


def lies_in(span: Span | None, file: ast.File, heads: frozenset[Head]) -> bool:
    """Does a place lie in one of the heads?"""
    return (
        span is not None
        and span.source is file.span.source
        and any(start <= span.start < end for start, end in heads)
    )


def _places(diagnostic: Diagnostic, whole: Span) -> Iterator[int]:
    """Where the slip itself is: of a bracket that is not closed where it was opened."""
    if diagnostic.about != "text" or diagnostic.severity != "error":
        return
    spans = (
        [label.span for label in diagnostic.labels]
        if diagnostic.code == UNCLOSED.id
        else [diagnostic.span]
    )
    for span in spans:
        if span is not None and span.source is whole.source:
            yield span.start


def _heads(nodes: Sequence[ast.Node]) -> Iterator[Head]:
    for node in nodes:
        yield head_of(node)
        for body in _bodies(node):
            yield from _heads(body)


def _bodies(node: ast.Node) -> Iterator[tuple[ast.Node, ...]]:
    """The statements, edits and entries inside of a node."""
    match node:
        case ast.If():
            yield node.body
            yield node.orelse or ()
        case ast.For():
            yield node.body
        case ast.Block():
            yield node.body or ()
        case ast.Net():
            yield node.body or ()
            yield from (
                patch.edits for patch in node.patches if isinstance(patch, ast.Edits)
            )
        case ast.Genotype() | ast.GroupEdit():
            yield node.edits
        case ast.Search() | ast.Step():
            yield node.entries
