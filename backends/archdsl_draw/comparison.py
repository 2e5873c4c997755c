"""Two architectures under each other, with what differs marked by a sign and an outline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import replace
from itertools import chain

from archdsl.compare.difference import Difference
from archdsl.compare.edits import Added, Changed, ChoiceChanged, Edit, Moved, Removed
from archdsl.compare.text import edit_words
from archdsl.ir.graph import Graph
from archdsl.outline.paths import KeyPath, spelled_out
from archdsl_draw.alignment import aligned
from archdsl_draw.drawing import Drawing
from archdsl_draw.layout import MARGIN, place
from archdsl_draw.macro import Unit
from archdsl_draw.metrics import fitted, text_width
from archdsl_draw.page import Subject
from archdsl_draw.palette import PAPER, SIGNS, SOFT
from archdsl_draw.plan import Plan
from archdsl_draw.scene import Box, Item, Label, Scene
from archdsl_draw.view import draw_plans, draw_title, plans_of

_LISTED, _LINE = 16, 14.0
_MEANINGS = {
    "~": "changed",
    "+": "only in the second",
    "−": "only in the first",
    ">": "moved or renamed",
}


def render_difference(a: Graph, b: Graph, difference: Difference) -> Drawing:
    """Both macro views, row under row, what corresponds in the same column. What an edit touches carries its
    sign, in the box's corner and in the colour of its outline; the rest is pale.
    """
    names = (
        (a.name, b.name)
        if a.name != b.name
        else (f"{a.name} (first)", f"{b.name} (second)")
    )
    plans = aligned(plans_of((a, b), names), difference)
    above, below = (plan.macro.units for plan in plans)
    signs = _both(
        [_signs(difference, above, below, True), _signs(difference, below, above, False)],
        plans,
    )
    plans = [_paled(plan, found) for plan, found in zip(plans, signs, strict=True)]
    count = len(difference.edits)
    scene = Scene(f"{a.name} → {b.name}", f"{count} difference{'' if count == 1 else 's'}")
    draw_title(scene, scene.title, scene.description)
    _explain(scene, set(chain.from_iterable(found.values() for found in signs)))
    placed = place(plans, MARGIN + 60, tag=18)
    for plan, part in zip(plans, placed, strict=True):
        for row in part.rows:
            scene.items.append(
                Label(MARGIN, row.top - 10, plan.title, 11, "start", bold=True)
            )
        after = MARGIN + text_width(plan.title, 11, True) + 10
        scene.items.append(
            Label(after, part.rows[0].top - 10, plan.subtitle, 9, "start", colour=SOFT)
        )
        scene.width = max(scene.width, after + text_width(plan.subtitle, 9))
    draw_plans(scene, plans, placed)
    for plan, part, found in zip(plans, placed, signs, strict=True):
        for unit, sign in found.items():
            face = plan.faces[unit]
            spot = part.spot(face)
            top = part.row(unit).lanes[unit.lane] - face.height / 2
            scene.items.extend(_marked(spot.x, top, spot.width, face.height, sign))
    _list(scene, difference)
    return Drawing(scene, Subject((a, b), difference))


def _list(scene: Scene, difference: Difference) -> None:
    """The first edits in words, below the pictures."""
    shown = difference.edits[:_LISTED]
    room = scene.width - 2 * MARGIN - 16
    for edit in shown:
        scene.height += _LINE
        sign = _sign(edit, False) or _sign(edit, True)
        scene.items.append(
            Label(MARGIN + 4, scene.height - 6, sign, 10, bold=True, colour=SIGNS[sign])
        )
        text = fitted(edit_words(edit), room, 9)
        scene.items.append(Label(MARGIN + 16, scene.height - 6, text, 9, "start"))
    if len(difference.edits) > _LISTED:
        scene.height += _LINE
        text = f"and {len(difference.edits) - _LISTED} more: `archdsl diff` prints all"
        scene.items.append(
            Label(MARGIN + 16, scene.height - 6, text, 9, "start", colour=SOFT)
        )
    scene.height += MARGIN / 2 if shown else 0


def _both(signs: list[dict[Unit, str]], plans: Sequence[Plan]) -> list[dict[Unit, str]]:
    """The same, where a box that one side calls changed is changed on the other, too."""
    changed: set[str] = set()
    for found in signs:
        changed.update(unit.path for unit, sign in found.items() if sign == "~")
    both = []
    for plan, found in zip(plans, signs, strict=True):
        units = [u for u in plan.macro.units if u in found or u.path in changed]
        both.append({unit: found.get(unit, "~") for unit in units})
    return both


def _paled(plan: Plan, signs: Collection[Unit]) -> Plan:
    """The plan with what has no sign standing back."""
    return replace(plan, pale=frozenset(plan.macro.units).difference(signs))


def _explain(scene: Scene, signs: Set[str]) -> None:
    x = MARGIN
    for sign, meaning in _MEANINGS.items():
        if sign in signs:
            scene.items.extend(_tag(x + 7, MARGIN + 42, sign))
            scene.items.append(Label(x + 18, MARGIN + 45.5, meaning, 10, "start"))
            x += 18 + text_width(meaning, 10) + 16
    if signs:
        scene.items.append(
            Label(x, MARGIN + 45.5, "pale: the same in both", 10, "start", colour=SOFT)
        )


def _signs(
    difference: Difference, units: Sequence[Unit], others: Sequence[Unit], first: bool
) -> dict[Unit, str]:
    """The sign of each box that an edit touches; the gravest where several do. `others` are the boxes of the
    other side.
    """
    found: dict[Unit, str] = {}
    for edit in difference.edits:
        sign = _sign(edit, first)
        for path in spelled_out(_place(edit, first)) if sign else ():
            if _is_choice(edit) and bool(_near(path, units)) != bool(_near(path, others)):
                found.update(dict.fromkeys(_near(path, units), "−" if first else "+"))
                continue
            for unit in _touched(edit, path, units):
                if found.get(unit) != "~":
                    is_whole = unit.node.path.startswith(path) or sign in "~>"
                    found[unit] = sign if is_whole else "~"
    return found


def _sign(edit: Edit, first: bool) -> str:
    match edit:
        case Added(effects=("space",)) | Removed(effects=("space",)):
            return "~"  # an answer of a genotype
        case Added():
            return "" if first else "+"
        case Removed():
            return "−" if first else ""
        case Moved():
            return ">"
        case Changed(field="repeats"):
            more = int(edit.after) > int(edit.before)
            if more == first:
                return ""
            return "+" if more else "−"
    return "~"


def _place(edit: Edit, first: bool) -> str:
    return edit.to if isinstance(edit, Moved) and not first else edit.path


def _near(path: KeyPath, units: Sequence[Unit]) -> list[Unit]:
    """The boxes at a path, in it and around it."""
    return [
        u for u in units if u.node.path.startswith(path) or path.startswith(u.node.path)
    ]


def _is_choice(edit: Edit) -> bool:
    return isinstance(edit, ChoiceChanged) or (
        isinstance(edit, Changed) and edit.field == "answer"
    )


def _touched(edit: Edit, path: KeyPath, units: Sequence[Unit]) -> list[Unit]:
    """The boxes that an edit at `path` concerns: those near it; of a choice those that depend on it, or where
    it is answered and stands for no layer, those of its scope.
    """
    near = _near(path, units)
    if isinstance(edit, Changed) and edit.field == "repeats":
        least = min(int(edit.before), int(edit.after))
        return [u for u in near if _turn(u, path) >= least]
    if near or not _is_choice(edit):
        return near
    dependents = [unit for unit in units if _depends(unit, str(path))]
    return dependents or [
        u for u in units if path.parent and u.node.path.startswith(path.parent)
    ]


def _depends(unit: Unit, path: str) -> bool:
    return any(choice.path == path for choice in unit.deciders)


def _turn(unit: Unit, loop: KeyPath) -> int:
    """The turn of a loop that a box lies in, -1 outside of it."""
    index = KeyPath(unit.node.path.segments[: len(loop.segments)]).index
    return int(index) if index is not None and index.isdigit() else -1


def _marked(x: float, y: float, width: float, height: float, sign: str) -> Iterator[Item]:
    """A double outline, and the sign in a tag at the upper right corner."""
    for gap in (1.5, 2.5):
        yield Box(
            x - gap,
            y - gap,
            width + 2 * gap,
            height + 2 * gap,
            "none",
            SIGNS[sign],
            radius=3,
        )
    yield from _tag(x + width + 3, y - 4, sign)


def _tag(x: float, y: float, sign: str) -> Iterator[Item]:
    yield Box(x - 6.5, y - 6.5, 13, 13, SIGNS[sign], SIGNS[sign], radius=6.5)
    yield Label(x, y + 3.5, sign, 10, bold=True, colour=PAPER)
