"""The one edit language: overrides by path that take effect while a network is elaborated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import archdsl.elaborate.expressions as expressions
from archdsl.diagnostics.codes import edits as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import closest, question
from archdsl.elaborate.scope import Frame
from archdsl.elaborate.sequences import numbers_of, size_expr
from archdsl.elaborate.state import State
from archdsl.elaborate.values import ListV, Poison, RangeV, Thing
from archdsl.ir.choice import Alternative
from archdsl.ir.notation import value_text
from archdsl.syntax import ast

# A pattern is a path with sets of indices: names as text, a range for `[0..2]`, None for `[*]`.
Pattern = tuple["str | frozenset[int] | range | None", ...]


@dataclass(eq=False, slots=True)
class Edit:
    """One edit with its full pattern and the frame in which its expression means something."""

    pattern: Pattern
    node: ast.Edit
    frame: Frame
    path: ast.Path
    genotype: bool
    matched: bool = False


@dataclass(slots=True)
class Rewrite:
    """What edits do to one instance: layers before and after, in the place of, or nothing at all."""

    span: Span
    before: list[tuple[ast.Expr, Frame]] = field(default_factory=list)
    after: list[tuple[ast.Expr, Frame]] = field(default_factory=list)
    replacement: tuple[ast.Expr, Frame] | None = None
    removed: bool = False


@dataclass(eq=False, slots=True)
class EditTable:
    """All edits of one network, later ones winning, found by the last name of their path."""

    edits: list[Edit] = field(default_factory=list)
    values: dict[str, list[Edit]] = field(default_factory=dict)  # set and narrow, by last name
    rewriting: list[Edit] = field(default_factory=list)
    broken: bool = False  # some could not be read, so what is left open may be settled by them
    settable: dict[str, Sequence[str]] = field(
        default_factory=dict
    )  # the parameters of each instance, for suggestions

    @property
    def has_rewrites(self) -> bool:
        return bool(self.rewriting)

    def add(
        self, edits: Sequence[ast.Edit], frame: Frame, prefix: Pattern = (), genotype: bool = False
    ) -> None:
        """Adds edits; `genotype` ones may only settle choices. Raises DiagnosticError with all that do
        more.
        """
        refused: list[Diagnostic] = []
        self._add(edits, frame, prefix, genotype, refused)
        if refused:
            raise DiagnosticError(*refused)

    def _add(
        self,
        edits: Sequence[ast.Edit],
        frame: Frame,
        prefix: Pattern,
        genotype: bool,
        refused: list[Diagnostic],
    ) -> None:
        for node in edits:
            if isinstance(node, ast.Broken):
                self.broken = True
                continue
            if isinstance(node, ast.GroupEdit):
                self._add(node.edits, frame, prefix + pattern_of(node.path), genotype, refused)
                continue
            if genotype and not isinstance(node, ast.SetEdit):
                message, help = (
                    "a genotype only settles choices: `path = value`",
                    "put this edit into the `with { … }` of a space",
                )
                refused.append(codes.SETTLES_ONLY.error(node.span, message, help=help))
                continue
            paths = (node.path,) if isinstance(node, ast.SetEdit | ast.NarrowEdit) else node.paths
            for path in paths:
                self.insert(Edit(prefix + pattern_of(path), node, frame, path, genotype))

    def insert(self, edit: Edit) -> None:
        """Adds one edit behind the others."""
        self.edits.append(edit)
        if isinstance(edit.node, ast.SetEdit | ast.NarrowEdit):
            name = next((p for p in reversed(edit.pattern) if isinstance(p, str)), "")
            self.values.setdefault(name, []).append(edit)
        else:
            self.rewriting.append(edit)

    def rewrites(self, path: str) -> Rewrite | None:
        """What happens to the instance of this path, if anything."""
        found: Rewrite | None = None
        segments = split(path)
        for edit in self.rewriting:
            if not matches(edit.pattern, segments):
                continue
            edit.matched = True
            found = found or Rewrite(edit.node.span)
            match edit.node:
                case ast.InsertEdit(where="before"):
                    found.before.append((edit.node.layer, edit.frame))
                case ast.InsertEdit():
                    found.after.append((edit.node.layer, edit.frame))
                case ast.ReplaceEdit():
                    found.replacement, found.removed = (edit.node.layer, edit.frame), False
                case ast.RemoveEdit():
                    found.replacement, found.removed = None, True
        return found

    def parameters(self, path: str, names: Sequence[str] = ()) -> dict[str, tuple[ast.Expr, Frame]]:
        """The parameters of the instance of this path that edits set, among `names`."""
        found: dict[str, tuple[ast.Expr, Frame]] = {}
        if not self.edits:
            return found
        self.settable[path] = names
        segments: tuple[str | int, ...] | None = None
        for name in names:
            for edit in self.values.get(name, ()):
                if edit.genotype or not isinstance(edit.node, ast.SetEdit) or edit.pattern[-1] != name:
                    continue
                segments = segments or split(path)
                if matches(edit.pattern[:-1], segments):
                    edit.matched = True
                    found[name] = (edit.node.value, edit.frame)
        return found

    def kept(self, path: str, alternatives: tuple[Alternative, ...], state: State) -> list[int]:
        """The indices of the alternatives that edits leave to the choice of this path.

        Raises DiagnosticError for a value outside the domain.
        """
        kept = list(range(len(alternatives)))
        for edit in self._of_choice(path):
            edit.matched = True
            node = edit.node
            assert isinstance(node, ast.SetEdit | ast.NarrowEdit)
            if isinstance(node, ast.SetEdit):
                wanted = [answer(node.value, alternatives, path, edit.frame, state)]
                kept = [i for i in range(len(alternatives)) if i in wanted]
            else:
                wanted = _narrowed(node.domain, alternatives, path, edit.frame, state)
                kept = [i for i in kept if i in wanted]
            if not kept:
                message = f"nothing is left of the domain of `{path}`"
                raise DiagnosticError(
                    codes.NOT_AN_ALTERNATIVE.error(node.span, message, help=_domain(alternatives))
                )
        return kept

    def settle_settled(self, path: str) -> None:
        """A choice that the space has settled itself: an answer for it is accepted and decides nothing."""
        for edit in self._of_choice(path):
            edit.matched = True

    def _of_choice(self, path: str) -> Iterator[Edit]:
        name = path.rpartition(".")[2].partition("[")[0]
        candidates = self.values.get(name)
        if candidates:
            segments = split(path)
            for edit in candidates:
                if matches(edit.pattern, segments):
                    yield edit


def pattern_of(path: ast.Path) -> Pattern:
    """A path of the text as a pattern."""
    parts: list[str | frozenset[int] | range | None] = []
    for segment in path.segments:
        if isinstance(segment, ast.Name):
            parts.append(segment.name)
        elif segment.indices is None:
            parts.append(None)
        elif segment.ranged:
            parts.append(range(segment.indices[0], segment.indices[1] + 1))
        else:
            parts.append(frozenset(segment.indices))
    return tuple(parts)


_SEGMENT = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)|\[(\d+)\]")


def split(path: str) -> tuple[str | int, ...]:
    """`group[3].block[0]` as ("group", 3, "block", 0)."""
    return tuple(int(index) if index else name for name, index in _SEGMENT.findall(path))


def matches(pattern: Pattern, segments: tuple[str | int, ...]) -> bool:
    """Whether a path is one of those that a pattern names."""
    if len(pattern) != len(segments):
        return False
    for part, segment in zip(pattern, segments, strict=True):
        if isinstance(part, str) or isinstance(segment, str):
            if part != segment:
                return False
        elif part is not None and segment not in part:
            return False
    return True


def begins(pattern: Pattern, segments: tuple[str | int, ...]) -> bool:
    """Whether a path lies at or under one of those that a pattern names."""
    return len(segments) >= len(pattern) and matches(pattern, segments[: len(pattern)])


def text_of(pattern: Pattern) -> str:
    """The pattern as it is written."""
    text = ""
    for part in pattern:
        if isinstance(part, str):
            text += f".{part}" if text else part
        elif isinstance(part, range):
            text += f"[{part.start}..{part.stop - 1}]"
        else:
            text += "[*]" if part is None else f"[{', '.join(map(str, sorted(part)))}]"
    return text


def scratch() -> State:
    """A state of its own without edits: for a value that is asked for outside of any network."""
    return State(EditTable())


def unmatched(edit: Edit, paths: Sequence[str], levels: Sequence[str] = ()) -> Diagnostic:
    """The error for an edit that matches nothing, with the nearest path that exists.

    `levels` are the turns of loops and the alternatives, which edits reach into but do not act on.
    """
    text = text_of(edit.pattern)
    if any(matches(edit.pattern, split(level)) for level in levels):
        within = next(
            (p for p in paths if begins(edit.pattern, split(p)) and not matches(edit.pattern, split(p))), None
        )
        hint = f"name something inside it, such as `{within}`" if within else None
        return codes.NOT_A_LAYER.error(
            edit.path.span, f"`{text}` is a level of paths, not a layer or a choice", help=hint
        )
    near = closest(text, sorted(set(paths)))
    if not near:
        last = text.rpartition(".")[2]
        inside = sorted({p for p in paths if begins(edit.pattern[:-1], split(p))})
        found = closest(last, sorted({p.rpartition(".")[2] for p in inside}))
        near = [p for p in inside if found and p.rpartition(".")[2] == found[0]]
    hint = question(near[:1]) or _inside(edit.pattern, paths)
    return codes.NO_MATCH.error(edit.path.span, f"`{text}` matches no choice, parameter or layer", help=hint)


def _inside(pattern: Pattern, paths: Sequence[str]) -> str | None:
    """What there is at the place where a pattern looks in vain."""
    around = pattern[:-1]
    segments = [s for s in map(split, paths) if around and len(s) > len(around) and begins(around, s)]
    names = sorted({str(s[len(around)]) for s in segments})
    return f"`{text_of(around)}` has {', '.join(names)}" if 0 < len(names) <= 12 else None


def answer(
    node: ast.Expr, alternatives: tuple[Alternative, ...], path: str, frame: Frame, state: State
) -> int:
    """The index of the alternative that a value names, by label or by value. Raises DiagnosticError where
    none is meant.
    """
    if isinstance(node, ast.Ref):
        for i, alternative in enumerate(alternatives):
            if alternative.label == node.name:
                return i
        if frame.env.find(node.name) is None and frame.module.find(node.name, state) is None:
            _refuse(node, node.name, alternatives, path)
    given = expressions.evaluate(node, frame, state)
    if isinstance(given, Poison):
        raise DiagnosticError()  # reported where it went wrong
    value = _constant(given, node.span, state)
    for i, alternative in enumerate(alternatives):
        if _is_same(alternative.value, value):
            return i
    text = value_text(value) if isinstance(value, int | float | str) else node.span.text[:60]
    _refuse(node, text, alternatives, path, value)


def _refuse(
    node: ast.Expr, text: str, alternatives: tuple[Alternative, ...], path: str, value: Any = None
) -> NoReturn:
    settled = f"it is settled: {alternatives[0].label}" if len(alternatives) == 1 else None
    help = settled or _nearest(text, value, alternatives) + _domain(alternatives)
    raise DiagnosticError(
        codes.NOT_AN_ALTERNATIVE.error(node.span, f"`{text}` is not an alternative of `{path}`", help=help)
    )


def _domain(alternatives: tuple[Alternative, ...]) -> str:
    labels = [a.label for a in alternatives]
    return f"its alternatives are {', '.join(labels[:12])}" + (
        f", … ({len(labels)} in all)" if len(labels) > 12 else ""
    )


def _nearest(text: str, value: Any, alternatives: tuple[Alternative, ...]) -> str:
    """What was probably meant: the neighbours of a number, or a name spelt alike."""
    numbers = [a for a in alternatives if type(a.value) in (int, float)]
    if type(value) in (int, float) and numbers:
        below = max((a for a in numbers if a.value < value), key=lambda a: a.value, default=None)
        above = min((a for a in numbers if a.value > value), key=lambda a: a.value, default=None)
        near = [f"`{a.label}`" for a in (below, above) if a is not None]
        return f"the nearest {'is' if len(near) == 1 else 'are'} {' and '.join(near)}; " if near else ""
    word = text.strip('"')
    found = [a.label for a in alternatives if a.label == word] or closest(
        word, [a.label for a in alternatives]
    )
    return f"{question(found[:1])} " if found else ""


def _narrowed(
    node: ast.Expr, alternatives: tuple[Alternative, ...], path: str, frame: Frame, state: State
) -> list[int]:
    if isinstance(node, ast.List):
        return [answer(entry.value, alternatives, path, frame, state) for entry in node.entries]
    value = expressions.evaluate(node, frame, state)
    if isinstance(value, RangeV):
        wanted = numbers_of(value, node.span, state)
        inside = [i for i, a in enumerate(alternatives) if any(_is_same(a.value, w) for w in wanted)]
        for number in wanted:
            if not any(_is_same(a.value, number) for a in alternatives):
                _refuse(node, value_text(number), alternatives, path, number)
        return inside
    return [answer(node, alternatives, path, frame, state)]


def _constant(value: Thing, span: Span, state: State) -> Any:
    if isinstance(value, ListV):
        parts = [_constant(v, span, state) for v in value.values()]
        return tuple(parts)
    expr = size_expr(value)
    return state.concrete(expr, span, "an answer") if expr is not None else None


def _is_same(a: Any, b: Any) -> bool:
    return (
        bool(a == b)
        and isinstance(a, bool) == isinstance(b, bool)
        and isinstance(a, str) == isinstance(b, str)
    )
