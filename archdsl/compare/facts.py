"""A difference as JSON facts (grammar/diff.schema.json)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from archdsl.compare.difference import Difference, Inheritance, Totals
from archdsl.compare.edits import Edit
from archdsl.compare.rollup import PartCost
from archdsl.ir.notation import digits

FORMAT_VERSION = 1


def as_facts(difference: Difference) -> dict[str, Any]:
    """The difference for programs. Numbers of architectures are texts: they exceed what JSON readers keep
    exact.
    """
    return {
        "format_version": FORMAT_VERSION,
        "kind": difference.kind,
        "before": {"name": difference.names[0], **_totals(difference.before)},
        "after": {"name": difference.names[1], **_totals(difference.after)},
        "edits": [_edit(edit) for edit in difference.edits],
        "unchanged": difference.unchanged,
        "following": difference.following,
        "inherits": _inherits(difference.inherits),
        "costs": [_cost(part) for part in difference.costs],
    }


def _inherits(found: Inheritance | None) -> dict[str, int] | None:
    if found is None:
        return None
    return {"same": found.same, "sliceable": found.sliceable, "total": found.total}


def _cost(part: PartCost) -> dict[str, Any]:
    return {"path": part.path, "params": list(part.params), "macs": list(part.macs)}


def _edit(edit: Edit) -> dict[str, Any]:
    facts: dict[str, Any] = {"edit": type(edit).__name__}
    for f in fields(edit):
        if f.name == "kinds":  # the labels say it all
            continue
        value = getattr(edit, f.name)
        facts[f.name] = list(value) if isinstance(value, tuple) else value
    return facts


def _totals(totals: Totals | None) -> dict[str, Any]:
    if totals is None:
        return {"params": None, "macs": None, "architectures": None}
    count = totals.architectures
    return {
        "params": _ends(totals.params),
        "macs": _ends(totals.macs),
        "architectures": None
        if count is None
        else {"min": digits(count[0]), "max": digits(count[1])},
    }


def _ends(ends: tuple[int, int] | None) -> dict[str, int] | None:
    return None if ends is None else {"min": ends[0], "max": ends[1]}
