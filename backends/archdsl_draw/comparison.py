"""Two architectures under each other, with what differs marked by a sign and an outline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archdsl.compare.difference import Difference
from archdsl.compare.edits import Added, Changed, ChoiceChanged, Edit, Moved, Removed
from archdsl.compare.paths import spelled_out
from archdsl.ir.graph import Graph
from archdsl_draw.drawing import Drawing
from archdsl_draw.layout import MARGIN
from archdsl_draw.page import Subject
from archdsl_draw.palette import DIFFERENT, PAPER, SOFT
from archdsl_draw.scene import Arrow, Box, Item, Label, Mark, Scene
from archdsl_draw.view import plan_of, scene_of

_SIGNS = "~ changed    + only below    − only above    > moved or renamed"


def render_difference(a: Graph, b: Graph, difference: Difference) -> Drawing:
    """The macro views of both, the first above; every box that an edit touches carries its sign."""
    upper, lower = (scene_of(plan_of(g, g.name)) for g in (a, b))
    scene = Scene(f"{a.name} → {b.name}", f"{len(difference.edits)} differences", max(upper.width, lower.width))
    scene.items.append(Label(MARGIN, MARGIN + 6, f"{len(difference.edits)} differences: {_SIGNS}", 10, "start", colour=SOFT))
    top = 20.0
    for part, first in ((upper, True), (lower, False)):
        signs = _signs(difference, part, first)
        for item in part.items:
            scene.items.append(_lowered(item, top))
        for item in part.items:
            if isinstance(item, Box) and item.name in signs:
                scene.items.extend(_marked(item, signs[item.name], top))
        top += part.height
    scene.height = top
    return Drawing(scene, Subject((a, b), difference))


def _signs(difference: Difference, part: Scene, first: bool) -> dict[str, str]:
    """The sign of each box by its path; the gravest where several edits touch one."""
    names = [item.name for item in part.items if isinstance(item, Box) and item.name]
    found: dict[str, str] = {}
    for edit in difference.edits:
        sign = _sign(edit, first)
        if sign:
            for path in _places(edit, first):
                for name in names:
                    if _touches(edit, path, name) and found.get(name) != "~":
                        found[name] = sign
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
            return "" if more == first else "+" if more else "−"
    return "~"


def _places(edit: Edit, first: bool) -> Iterator[str]:
    path = edit.to if isinstance(edit, Moved) and not first else edit.path
    yield from spelled_out(path)


def _touches(edit: Edit, path: str, name: str) -> bool:
    """Whether an edit at `path` concerns the box of `name`."""
    if isinstance(edit, Changed) and edit.field == "repeats":
        least = min(int(edit.before), int(edit.after))
        turn = name.removeprefix(f"{path}[").partition("]")[0]
        return name.startswith(f"{path}[") and turn.isdigit() and int(turn) >= least
    if name == path or path.startswith((f"{name}.", f"{name}[")) or name.startswith((f"{path}.", f"{path}[")):
        return True
    answers = isinstance(edit, ChoiceChanged) or (isinstance(edit, Changed) and edit.field == "answer")
    scope = path.rpartition(".")[0]
    return answers and bool(scope) and name.startswith(f"{scope}.")


def _lowered(item: Item, down: float) -> Item:
    if isinstance(item, Arrow):
        return replace(item, points=tuple((x, y + down) for x, y in item.points))
    return replace(item, y=item.y + down)


def _marked(box: Box, sign: str, down: float) -> Iterator[Item]:
    """A double outline, and the sign in a tag at the upper right corner."""
    y = box.y + down
    for gap in (1.5, 2.5):
        yield Box(box.x - gap, y - gap, box.width + 2 * gap, box.height + 2 * gap, "none", DIFFERENT, radius=3)
    x = box.x + box.width
    yield Mark("circle", x, y, 6.5, PAPER, DIFFERENT)
    yield Label(x, y + 3.5, sign, 10, bold=True, colour=DIFFERENT)
