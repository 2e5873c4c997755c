"""The space view: every open choice with its alternatives, under the instances that they live in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph
from archdsl.ir.notation import choice_text, count, counts, exact
from archdsl.outline.paths import KeyPath, gather
from archdsl.outline.reading import read
from archdsl_draw.guards import condition_text
from archdsl_draw.heading import MARGIN, draw_heading, finished, summary_of, totals_of
from archdsl_draw.keys import Entry, draw_entries, sample, swatch
from archdsl_draw.metrics import fitted, text_width
from archdsl_draw.palette import FAINT, PAPER, SOFT, ink_on
from archdsl_draw.probabilities import Chances
from archdsl_draw.scene import Box, Label, Scene
from archdsl_draw.words import pictured

_WIDE = 620.0  # room for alternatives
_INDENT = 14.0
_NAME, _TEXT, _SMALL = 9.0, 8.0, 7.5
_BOX = 16.0  # height of an alternative
_SHOWN = 16  # alternatives that are drawn one by one
_LONG = 10**60  # a number that fills a line
_LONGEST = 150.0  # of an alternative's text
_LIGHT, _DARK = (0xFA, 0xFC, 0xFF), (0x00, 0x72, 0xB2)


@dataclass(frozen=True, slots=True)
class _Row:
    """A choice, or several that are alike in all but an index of their paths."""

    path: KeyPath
    choices: tuple[Choice, ...]
    condition: str

    @property
    def choice(self) -> Choice:
        return self.choices[0]

    @property
    def parts(self) -> tuple[str, ...]:
        """The path in its parts; the last is the choice's own name."""
        return self.path.segments


@dataclass(slots=True)
class _Home:
    """An instance with the choices that live in it, and the instances below it, in order of their first
    choice.
    """

    path: tuple[str, ...] = ()
    rows: list[_Row] = field(default_factory=list)
    below: dict[str, _Home] = field(default_factory=dict)

    def walk(self) -> Iterator[_Home]:
        yield self
        for home in self.below.values():
            yield from home.walk()


@dataclass(frozen=True, slots=True)
class _Cell:
    """An alternative in a row: its text, and its probability where a search ran."""

    label: str
    chance: float | None = None
    more: bool = False

    @property
    def text(self) -> str:
        word = pictured(self.label)
        return fitted(
            word if self.chance is None else f"{word}: {self.chance:.2f}", _LONGEST, _TEXT
        )

    @property
    def width(self) -> float:
        return max(text_width(self.text, _TEXT) + 10, 20)


def space_scene(graph: Graph, focus: str | None, chances: Chances) -> Scene:
    """The open choices of a space, or of what is below the focus. Raises DiagnosticError E0966 where there
    are none.
    """
    rows = _rows(graph, focus, bool(chances))
    if not rows:
        raise DiagnosticError(
            codes.VIEW_DOES_NOT_FIT.error(
                None, f"nothing is open below `{focus}`", help="leave `--focus` out"
            )
        )
    below = f" · below {focus}" if focus else ""
    scene = Scene(graph.name, f"{summary_of(graph)}{below}")
    right, top = draw_heading(scene)
    drawing = _Drawing(scene, rows, graph, chances)
    far, bottom = drawing.draw(top)
    right = max(right, far)
    if focus is None:
        text = _together(graph)
        scene.items.append(Label(MARGIN, bottom + 12, text, _NAME, "start", bold=True))
        right, bottom = max(right, MARGIN + text_width(text, _NAME, True)), bottom + 18
    far, bottom = draw_entries(scene, _legend(rows, chances), MARGIN, bottom + 14, right)
    return finished(scene, max(right, far), bottom)


def _rows(graph: Graph, focus: str | None, apart: bool) -> list[_Row]:
    live = read(graph).live
    paths = {c: KeyPath.parse(c.path) for c in graph.choices}
    below = list(paths)
    if focus is not None:
        homes = _homes(focus, graph)
        below = [c for c in paths if _lies_in(paths[c], homes)]
    conditions = {c: condition_text(live.guard(c), paths[c].parent) for c in below}
    if apart:
        return [_Row(paths[c], (c,), conditions[c]) for c in below]
    groups = gather(below, paths.__getitem__, lambda c: (c.labels(), c.kind, conditions[c]))
    return [_Row(path, tuple(choices), conditions[choices[0]]) for path, choices in groups]


def _homes(focus: str, graph: Graph) -> list[KeyPath]:
    """Where the choices at the focus live: under its path, or where those of a tied instance there do."""
    tied = [
        instance.choices_path for instance in graph.root.walk() if instance.path == focus
    ]
    return [KeyPath.parse(path) for path in (focus, *tied)]


def _lies_in(path: KeyPath, homes: Iterable[KeyPath]) -> bool:
    return any(path.startswith(home) and path != home for home in homes)


class _Drawing:
    def __init__(
        self, scene: Scene, rows: Sequence[_Row], graph: Graph, chances: Chances
    ) -> None:
        self._scene, self._rows, self._chances = scene, rows, chances
        self._callees = {
            i.choices_path: i.callee
            for i in reversed(list(graph.root.walk()))
            if i.level == "block"
        }
        self._column = MARGIN + max(
            _INDENT * (len(r.parts) - 1) + text_width(r.parts[-1], _NAME, True) + 12
            for r in rows
        )

    def draw(self, top: float) -> tuple[float, float]:
        """Instances and their rows from the top down; returns their right and lower ends."""
        y, far = top, self._column
        for home in _tree(self._rows).walk():
            if home.path:
                right, y = self._header(home, y)
                far = max(far, right)
            for row in home.rows:
                right, y = self._row(row, y)
                far = max(far, right)
        return far, y

    def _header(self, home: _Home, y: float) -> tuple[float, float]:
        x = MARGIN + _INDENT * (len(home.path) - 1)
        name = home.path[-1]
        self._scene.items.append(Label(x, y + 11, name, _NAME, "start", colour=SOFT))
        x += text_width(name, _NAME)
        callee = self._callees.get(".".join(home.path), "")
        if callee and callee != KeyPath.parse(name).base:
            self._scene.items.append(
                Label(x + 6, y + 11, callee, _SMALL, "start", colour=SOFT)
            )
            x += 6 + text_width(callee, _SMALL)
        return x, y + 17

    def _row(self, row: _Row, y: float) -> tuple[float, float]:
        scene = self._scene
        indent = MARGIN + _INDENT * (len(row.parts) - 1)
        scene.items.append(
            Label(indent, y + 11.5, row.parts[-1], _NAME, "start", bold=True)
        )
        cells, count = list(self._cells(row.choice)), self._count(row)
        x, far, start = self._column, self._column, y
        places = []
        for cell in cells:
            if x > self._column and x + cell.width > self._column + _WIDE:
                x, y = self._column, y + _BOX + 3
            places.append((cell, x, y))
            x += cell.width + 3
            far = max(far, x)
        for cell, left, at in places:
            fill = _shade(cell.chance)
            note = (
                f"{row.path} = {cell.label}"
                if len(cells) > 1
                else "\n".join(c.path for c in row.choices)
            )
            name = f"{row.path}={cell.label}"
            scene.items.append(
                Box(left, at, cell.width, _BOX, fill, radius=3, name=name, note=note)
            )
            scene.items.append(
                Label(
                    left + cell.width / 2, at + 11.2, cell.text, _TEXT, colour=ink_on(fill)
                )
            )
        scene.items.append(Label(x + 6, y + 11.2, count, _TEXT, "start", colour=SOFT))
        far = max(far, x + 6 + text_width(count, _TEXT))
        if row.condition:
            y += _BOX
            when = "" if row.condition.startswith(("unless", "depending")) else "when "
            text = fitted(f"active {when}{row.condition}", _WIDE, _SMALL)
            scene.items.append(
                Label(self._column, y + 9, text, _SMALL, "start", colour=SOFT)
            )
            far = max(far, self._column + text_width(text, _SMALL))
            y -= 4
        bottom = y + _BOX + 6
        scene.rule(indent - 5, start, indent - 5, bottom - 6, FAINT)
        return far, bottom

    def _cells(self, choice: Choice) -> Iterator[_Cell]:
        """Alternatives one by one where there are few, else the domain as one; of many with probabilities the
        likeliest.
        """
        chances: Mapping[str, float] | None = self._chances.get(choice.path)
        labels = choice.labels()
        if chances is None:
            if choice.size > _SHOWN or (choice.kind == "range" and choice.size > 4):
                yield _Cell(choice_text(choice).strip("{}"))
            else:
                yield from (_Cell(label) for label in labels)
            return
        likely = sorted(
            range(choice.size), key=lambda i: -chances.get(choice.labels()[i], 0.0)
        )
        shown = set(likely[:_SHOWN] if choice.size > _SHOWN else likely)
        for i, label in enumerate(labels):
            if i in shown:
                yield _Cell(label, chances.get(choice.labels()[i], 0.0))
        if len(shown) < choice.size:
            rest = sum(chances.get(choice.labels()[i], 0.0) for i in likely[_SHOWN:])
            yield _Cell(f"{choice.size - len(shown)} others", rest, more=True)

    def _count(self, row: _Row) -> str:
        count = row.choice.size
        each = f", {len(row.choices)} such choices" if len(row.choices) > 1 else ""
        return f"{count} alternative{'s' * (count > 1)}{each}"


def _tree(rows: Sequence[_Row]) -> _Home:
    root = _Home()
    for row in rows:
        home = root
        for part in row.parts[:-1]:
            home = home.below.setdefault(part, _Home((*home.path, part)))
        home.rows.append(row)
    return root


def _together(graph: Graph) -> str:
    """The size of the space, to the last digit where it fits on a line."""
    found = totals_of(graph).architectures
    if found is None:
        return "more architectures than can be counted exactly"
    low, high = found
    if low != high:
        return f"together {counts(found)} architectures, as costs are bounded"
    return f"together {exact(low) if low < _LONG else count(low)} architectures"


def _shade(chance: float | None) -> str:
    """Nearly white for 0, dark blue for 1."""
    if chance is None:
        return PAPER
    share = min(max(chance, 0.0), 1.0)
    return "#" + "".join(
        f"{round(a + (b - a) * share):02x}" for a, b in zip(_LIGHT, _DARK, strict=True)
    )


def _legend(rows: Sequence[_Row], chances: Chances) -> Iterator[Entry]:
    if chances:
        for share in (0.0, 0.5, 1.0):
            yield swatch(f"probability {share:g}", _shade(share))
    if any(
        r.choice.kind == "subset" and (chances or r.choice.size <= _SHOWN) for r in rows
    ):
        yield sample("a pick of two, by their places in the list", "[0, 2]")
