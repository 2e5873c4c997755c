"""Errors that edits cause, shown at the edits.

`space wide = net with { stage[1].unit.channels = 48 }` fails where the sizes meet, far away in the text of
`net`. That text is right without the edit; so the edit is what is wrong, and the place where it fails
explains it. Which edit it is, is found by leaving each out in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from archdsl.diagnostics.codes import edits as edit_codes
from archdsl.diagnostics.diagnostic import Diagnostic, Label
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.edits import Edit, EditTable

_MOST = 16  # edits that are left out in turn
Elaborate = Callable[[EditTable], Sequence[Diagnostic]]


def blamed(
    diagnostics: Sequence[Diagnostic], table: EditTable, errors_under: Elaborate
) -> list[Diagnostic]:
    """The diagnostics, those that only some edit brings about at that edit. `errors_under` tells what is
    wrong under other edits.
    """
    suspects = [
        d
        for d in diagnostics
        if _is_suspect(d) and d.span is not None and not _at_edit(d.span, table)
    ]
    if not suspects or not table.edits:
        return list(diagnostics)
    before = _known(errors_under(EditTable()))
    caused = [d for d in suspects if _key(d) not in before]
    if not caused:
        return list(diagnostics)
    culprits = _culprits(caused, table, errors_under)
    return [_at(d, culprits.get(id(d), [])) for d in diagnostics]


def moved(diagnostic: Diagnostic, span: Span, why: str) -> Diagnostic:
    """A diagnostic at another place, with a label where it was."""
    labels = (
        diagnostic.labels
        if diagnostic.span is None
        else (Label(diagnostic.span, why), *diagnostic.labels)
    )
    return replace(diagnostic, span=span, labels=labels)


def _culprits(
    caused: Sequence[Diagnostic], table: EditTable, errors_under: Elaborate
) -> dict[int, list[Span]]:
    """For each diagnostic the edits without which it is not found, the last one of the text first."""
    nodes = list({id(edit.node): edit.node for edit in table.edits}.values())
    found: dict[int, list[Span]] = {id(d): [] for d in caused}
    if len(nodes) == 1:
        return {key: [nodes[0].span] for key in found}
    for node in reversed(nodes[:_MOST]):
        left = _known(
            errors_under(_of([edit for edit in table.edits if edit.node is not node]))
        )
        for d in caused:
            if _key(d) not in left:
                found[id(d)].append(node.span)
    return found


def _of(edits: Sequence[Edit]) -> EditTable:
    """A table of some of the edits."""
    table = EditTable()
    for edit in edits:
        table.insert(replace(edit, matched=False))
    return table


def _at(diagnostic: Diagnostic, culprits: Sequence[Span]) -> Diagnostic:
    if not culprits:
        return diagnostic
    found = moved(diagnostic, culprits[0], "it fails here")
    return replace(
        found,
        labels=(
            *found.labels,
            *(Label(span, "together with this one") for span in culprits[1:3]),
        ),
    )


def _is_suspect(diagnostic: Diagnostic) -> bool:
    """Errors of edits are told where they belong, and limits are nobody's fault."""
    return (
        diagnostic.severity == "error"
        and diagnostic.about != "bounds"
        and diagnostic.code not in edit_codes.CODES
    )


def _at_edit(span: Span, table: EditTable) -> bool:
    """Does a place lie inside an edit?"""
    return any(
        e.node.span.source is span.source
        and e.node.span.start <= span.start < e.node.span.end
        for e in table.edits
    )


def _known(diagnostics: Sequence[Diagnostic]) -> set[tuple[str, Span | None]]:
    return {_key(d) for d in diagnostics}


def _key(diagnostic: Diagnostic) -> tuple[str, Span | None]:
    return diagnostic.code, diagnostic.span
