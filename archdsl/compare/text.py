"""A difference as text for people, and as Markdown for pull requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from archdsl.compare.difference import Difference, Totals
from archdsl.compare.edits import (
    Added,
    Changed,
    ChoiceChanged,
    Edit,
    Moved,
    Removed,
    Rewired,
)
from archdsl.ir.choice import Kind
from archdsl.ir.notation import amounts, counts, domain_text, factor, percent, step
from archdsl.outline.paths import KeyPath, gather, natural, scopes_of

Row: TypeAlias = tuple[str, str, str, str]

_LONGEST = 48  # columns for paths
_WIDE = 56  # columns for two domains
_MOST_PARTS = 24  # lines about parts
_NOTES = 84  # the furthest column where effects start, unless a line is longer


def as_text(difference: Difference, *, full: bool = False) -> str:
    """One line an edit: a mark (`+ - ~ > *`), the path, what changes, effects; then the parts and the totals.

    `full` shows what is unchanged too, without a mark.
    """
    if not difference.edits and not full:
        return f"no differences ({_things(difference)} compared)\n"
    rows = [_row(edit) for edit in difference.edits]
    if full:
        rows += [(" ", path, "", "") for path in difference.kept]
        rows.sort(key=lambda row: natural(row[1]))
    column = min(max(len(path) for _, path, _, _ in rows), _LONGEST)
    heads = [f"{mark} {path:<{column}}  {what}" for mark, path, what, _ in rows]
    edge = max((len(h) for h in heads if len(h) <= _NOTES), default=0)
    lines = [
        f"{head:<{edge}}  {note}".rstrip()
        for head, (*_, note) in zip(heads, rows, strict=True)
    ]
    lines += [f"  {line}" for line in _parts(difference)]
    lines += [f"  {line}" for line in _ending(difference)]
    return "\n".join([*lines, ""])


def as_markdown(difference: Difference) -> str:
    """A heading, the totals as a table, the edits as a table."""
    a, b = difference.names
    lines = [f"### `{a}` → `{b}`" if a != b else f"### `{a}`", ""]
    if not difference.edits:
        return "\n".join([*lines, f"No differences ({_things(difference)} compared).", ""])
    known = list(_totals(difference.before, difference.after))
    if known:
        lines += ["| | before | after | change |", "|---|--:|--:|--:|"]
        for name, x, y, count in known:
            lines.append(f"| {name} | {' | '.join(_pair(x, y, count))} |")
        lines.append("")
    if difference.inherits is not None:
        lines += [f"{_share(difference)} of the weights inherit.", ""]
    lines += ["| | where | what | effect |", "|---|---|---|---|"]
    for mark, path, what, note in map(_row, difference.edits):
        lines.append(f"| `{mark}` | `{path}` | {_escaped(what)} | {_escaped(note)} |")
    return "\n".join([*lines, "", f"{_hidden(difference)}.", ""])


def edit_words(edit: Edit) -> str:
    """An edit in a line without its mark and effects, as the text says it."""
    _, path, what, _ = _row(edit)
    return f"{path}   {what}".rstrip()


def _row(edit: Edit) -> Row:
    """Mark, path, what changes, effects. Of an edit in many scopes the first one's path and how many there
    are.
    """
    first, *others = scopes_of(edit.path)
    if not others:
        return _row_of_one(edit)
    one = replace(edit, path=first)
    if isinstance(one, Moved):
        one = replace(one, to=scopes_of(one.to)[0])
    mark, path, what, note = _row_of_one(one)
    if not isinstance(edit, ChoiceChanged):  # which says so itself
        what = f"{what}  at {edit.places} places"
    return mark, f"{path} …", what, note


def _row_of_one(edit: Edit) -> Row:
    note = ", ".join(effect for effect in edit.effects if effect != "function")
    match edit:
        case Added():
            return "+", edit.path, edit.what, note
        case Removed():
            return "-", edit.path, edit.what, note
        case Moved():
            return (
                ">",
                edit.path,
                f"→ {edit.to}  {'renamed' if edit.renamed else 'moved'}",
                note,
            )
        case Rewired():
            return (
                "*",
                edit.path,
                f"reads {', '.join(edit.before)} → {', '.join(edit.after)}",
                note,
            )
        case ChoiceChanged():
            return "~", edit.path, _widened(edit), _grown(edit, note)
    mark, path, what = _changed(edit)
    return mark, path, what, note


def _changed(edit: Changed) -> tuple[str, str, str]:
    before, after = edit.before, edit.after
    field = f"{edit.path}.{edit.field}"
    if edit.field == "repeats":
        return "~", edit.path, f"×{before} → ×{after}"
    if edit.field in ("answer", "layer"):
        return "~", edit.path, f"{before} → {after}"
    if not before:
        return "+", field, after
    if not after:
        return "-", field, before
    return "~", field, f"{before} → {after}"


def _widened(edit: ChoiceChanged) -> str:
    """Both domains, or only what comes and goes where they are long."""
    before, after = edit.before, edit.after
    plain = f"{_domain(before, edit.kinds[0])} → {_domain(after, edit.kinds[1])}"
    common = set(before) & set(after)
    if len(plain) <= _WIDE or not common or len(after) == 1 or len(before) == 1:
        return plain
    gone = [f"−{label}" for label in before if label not in common]
    new = [f"+{label}" for label in after if label not in common]
    return f"{', '.join(gone + new) or 'other order'} ({len(before)} → {len(after)} alternatives)"


def _domain(labels: tuple[str, ...], kind: Kind) -> str:
    if not labels:
        return "no choice"
    if len(labels) == 1:
        return labels[0]
    text = domain_text(labels, kind)
    return (
        text
        if len(text) <= _WIDE // 2
        else f"{{{labels[0]}, … {labels[-1]}}} ({len(labels)})"
    )


def _grown(edit: ChoiceChanged, note: str) -> str:
    before, after = max(len(edit.before), 1), max(len(edit.after), 1)
    if before == after:
        return note
    each = f" at {edit.places} places" if edit.places > 1 else ""
    return note.replace("space", f"space {factor(before, after)}{each}")


def _parts(difference: Difference) -> Iterator[str]:
    """The parts of two models of which the cost differs, where there are several of one level: a table."""
    shown = [c for c in difference.costs if not KeyPath.parse(c.path).parent]
    if len(shown) < 2:
        return
    rows = [("", "params", "MACs")]
    for path, group in gather(
        shown, lambda c: KeyPath.parse(c.path), lambda c: (c.params, c.macs)
    ):
        each = " each" if len(group) > 1 else ""
        params, macs = _amounts(*group[0].params), _amounts(*group[0].macs)
        rows.append((str(path), params, f"{macs}{each}"))
    if len(rows) > _MOST_PARTS:
        rows = [*rows[:_MOST_PARTS], (f"and {len(rows) - _MOST_PARTS} parts more", "", "")]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "   ".join(
            f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)
        ).rstrip()


def _amounts(before: int, after: int) -> str:
    return _change(*_pair((before, before), (after, after), False))


def _change(before: str, after: str, change: str) -> str:
    told = f" ({change})" if change else ""
    return f"{before}{told}" if before == after else f"{before} → {after}{told}"


def _ending(difference: Difference) -> Iterator[str]:
    parts = []
    for name, x, y, count in _totals(difference.before, difference.after):
        parts.append(f"{name} {_change(*_pair(x, y, count))}")
    if difference.inherits is not None:
        parts.append(f"{_share(difference)} of weights inherit")
    if parts:
        yield "   ".join(parts)
    yield _hidden(difference)


def _hidden(difference: Difference) -> str:
    text = f"{_things(difference)} unchanged"
    if not difference.following:
        return text
    return f"{text}, {difference.following} of them with sizes that follow"


def _things(difference: Difference) -> str:
    noun = "answer" if difference.kind == "genotypes" else "op"
    ending = "" if difference.unchanged == 1 else "s"
    return f"{difference.unchanged} {noun}{ending}"


def _share(difference: Difference) -> str:
    inherits = difference.inherits
    assert inherits is not None
    text = "100%"
    if inherits.same != inherits.total:
        text = f"{min(100 * inherits.share, 99.9):.3g}%"
    sliceable = 100 * inherits.sliceable / inherits.total if inherits.total else 0
    digits = ".2g" if sliceable < 10 else ".0f"
    return f"{text} (and {sliceable:{digits}}% sliceable)" if sliceable >= 0.05 else text


Span = tuple[int, int]


def _totals(a: Totals | None, b: Totals | None) -> Iterator[tuple[str, Span, Span, bool]]:
    """What both sides are known to amount to, and whether it is a number of architectures."""
    if a is None or b is None:
        return
    for name, x, y, count in (
        ("params", a.params, b.params, False),
        ("MACs", a.macs, b.macs, False),
        ("architectures", a.architectures, b.architectures, True),
    ):
        if x is not None and y is not None and not (count and x == y == (1, 1)):
            yield name, x, y, count


def _pair(a: Span, b: Span, count: bool) -> tuple[str, str, str]:
    """Both as texts, and the change as far as the texts do not tell it: no number says how one range became
    another."""
    write = counts if count else amounts
    before, after = write(a), write(b)
    if a == b:
        return before, after, ""
    is_number = a[0] == a[1] and b[0] == b[1]
    if is_number and a[0] and b[0]:
        return before, after, factor(a[0], b[0]) if count else percent(a[0], b[0])
    if before != after:
        return before, after, ""
    steps = dict.fromkeys(step(x, y) for x, y in zip(a, b, strict=True))
    return before, after, " to ".join(steps)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
