"""The difference between two genotypes, and patches that lead from one to the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archdsl.compare.difference import Difference, Totals
from archdsl.compare.edits import Added, Changed, Edit, Removed
from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.outline.paths import KeyPath, gather, natural

FORMAT_VERSION = 1
Answers = Mapping[str, str]  # a genotype: path -> label


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that differs; None where there is no answer."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Patch:
    """The answers in which two genotypes differ, in the order of their paths, and nothing else."""

    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    def inverse(self) -> Patch:
        return Patch(tuple(Change(c.path, c.after, c.before) for c in self.changes))

    def facts(self) -> dict[str, Any]:
        """The canonical JSON form (grammar/patch.schema.json): equal patches give equal texts."""
        return {
            "format_version": FORMAT_VERSION,
            "kind": "genotype",
            "changes": [
                {"path": c.path, "before": c.before, "after": c.after} for c in self.changes
            ],
        }

    def edits(self) -> str:
        """The patch as edits of the language; an answer that is taken back has no edit and becomes a
        comment.
        """
        lines = []
        scopes: dict[str, list[str]] = {}
        for path, group in _gathered(self.changes):
            first = group[0]
            line = f"{path.name} = {first.after}"
            if first.after is None:
                line = f"# {path.name} is open again (it was {first.before})"
            scopes.setdefault(str(path.parent), []).append(line)
        for scope, inner in scopes.items():
            if not scope:
                lines.extend(inner)
            elif len(inner) == 1 and not inner[0].startswith("#"):
                lines.append(f"{scope}.{inner[0]}")
            else:
                lines.extend([f"{scope} {{", *(f"  {line}" for line in inner), "}"])
        return "".join(f"{line}\n" for line in lines)


def patch_answers(a: Answers, b: Answers) -> Patch:
    """What turns `a` into `b`."""
    paths = sorted({*a, *b}, key=lambda p: (natural(p), p))
    changes = [Change(path, a.get(path), b.get(path)) for path in paths]
    return Patch(tuple(c for c in changes if c.before != c.after))


def apply_to_answers(change: Patch, a: Answers) -> dict[str, str]:
    """The answers of `a` with the patch applied: those that stay in their order, new ones behind.

    Raises DiagnosticError (E0961) where `a` does not have the answers that the patch starts from.
    """
    wrong = [_misfit(c, a.get(c.path)) for c in change.changes if a.get(c.path) != c.before]
    if wrong:
        raise DiagnosticError(*wrong)
    result = dict(a)
    for c in change.changes:
        if c.after is None:
            del result[c.path]
        else:
            result[c.path] = c.after
    return result


def read_answers_patch(facts: object) -> Patch:
    """The patch of a JSON document. Raises DiagnosticError (E0962) for anything that is not one."""
    if (
        not isinstance(facts, Mapping)
        or facts.get("kind") != "genotype"
        or facts.get("format_version") != FORMAT_VERSION
    ):
        raise _malformed(
            f'it has no `"kind": "genotype", "format_version": {FORMAT_VERSION}`'
        )
    rows = facts.get("changes")
    if (
        not isinstance(rows, Sequence)
        or isinstance(rows, str)
        or set(facts) != {"format_version", "kind", "changes"}
    ):
        raise _malformed("it holds exactly `format_version`, `kind` and the list `changes`")
    changes: dict[str, Change] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping) or set(row) != {"path", "before", "after"}:
            raise _malformed(f"change {number} has exactly `path`, `before` and `after`")
        path, before, after = row["path"], row["before"], row["after"]
        if (
            not isinstance(path, str)
            or not path
            or not isinstance(before, str | None)
            or not isinstance(after, str | None)
        ):
            raise _malformed(f"change {number}: a path is a text, an answer a text or null")
        if before == after:
            raise _malformed(f"change {number} of `{path}` changes nothing")
        if path in changes:
            raise _malformed(f"`{path}` is changed twice")
        changes[path] = Change(path, before, after)
    return Patch(tuple(sorted(changes.values(), key=lambda c: (natural(c.path), c.path))))


def compare_genotypes(
    a: Answers,
    b: Answers,
    names: tuple[str, str],
    before: Totals | None = None,
    after: Totals | None = None,
) -> Difference:
    """The difference between two genotypes, answer by answer; the totals are those of what they select, if
    known.
    """
    edits = []
    for path, group in _gathered(patch_answers(a, b).changes):
        edits.append(replace(_edit(group[0]), path=str(path), places=len(group)))
    kept = tuple(p for p, label in a.items() if b.get(p) == label)
    return Difference(
        "genotypes", names, tuple(edits), len(kept), before=before, after=after, kept=kept
    )


def _edit(change: Change) -> Edit:
    if change.before is None:
        return Added(change.path, str(change.after), ("space",))
    if change.after is None:
        return Removed(change.path, change.before, ("space",))
    return Changed(change.path, "answer", change.before, change.after, ("function",))


def _gathered(changes: Sequence[Change]) -> Iterator[tuple[KeyPath, list[Change]]]:
    """Equal changes at several indices of a loop together."""

    def likeness(change: Change) -> Hashable:
        return change.before, change.after

    groups = gather(changes, lambda change: KeyPath.parse(change.path), likeness)
    yield from sorted(groups, key=lambda group: natural(group[1][0].path))


def _misfit(change: Change, found: str | None) -> Diagnostic:
    message = f"`{change.path}` is {_answer(found)}, and the patch starts from {_answer(change.before)}"
    help = "apply the patch to the genotype that it was made from"
    return codes.PATCH_DOES_NOT_FIT.error(None, message, help=help)


def _answer(label: str | None) -> str:
    return "open" if label is None else label


def _malformed(why: str) -> DiagnosticError:
    return DiagnosticError(
        codes.NOT_A_PATCH.error(None, f"this is not a patch of a genotype: {why}")
    )
