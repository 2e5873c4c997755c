"""The one edit language: overrides by path that take effect while a network is elaborated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archdsl.diagnostics.codes import edits as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import closest, question
from archdsl.elaborate.evaluation.scope import Scope
from archdsl.syntax import ast

# A pattern is a path with sets of indices: names as text, a range for `[0..2]`, None for `[*]`.
Pattern = tuple["str | frozenset[int] | range | None", ...]


@dataclass(eq=False, slots=True)
class Edit:
    """One edit with its full pattern and what its expression sees."""

    pattern: Pattern
    node: ast.Edit
    scope: Scope
    path: ast.Path
    genotype: bool
    matched: bool = False

    @property
    def answers(self) -> bool:
        """Whether it sets or narrows, rather than altering layers."""
        return isinstance(self.node, ast.SetEdit | ast.NarrowEdit)


@dataclass(slots=True)
class Rewrite:
    """What edits do to one instance: layers before and after, in the place of, or nothing at all."""

    span: Span
    before: list[tuple[ast.Expr, Scope]] = field(default_factory=list)
    after: list[tuple[ast.Expr, Scope]] = field(default_factory=list)
    replacement: tuple[ast.Expr, Scope] | None = None
    removed: bool = False


@dataclass(eq=False, slots=True)
class EditTable:
    """All edits of one network, later ones winning, found by the last name of their path."""

    edits: list[Edit] = field(default_factory=list)
    values: dict[str, list[Edit]] = field(
        default_factory=dict
    )  # set and narrow, by last name
    rewriting: dict[str, list[Edit]] = field(default_factory=dict)  # the others, likewise
    broken: bool = (
        False  # some could not be read, so what is left open may be settled by them
    )
    settable: dict[str, Sequence[str]] = field(
        default_factory=dict
    )  # the parameters of each instance, for suggestions

    @property
    def has_rewrites(self) -> bool:
        return bool(self.rewriting)

    def add(
        self,
        edits: Sequence[ast.Edit],
        scope: Scope,
        prefix: Pattern = (),
        genotype: bool = False,
    ) -> None:
        """Adds edits; `genotype` ones may only settle choices. Raises DiagnosticError with all that do
        more.
        """
        refused: list[Diagnostic] = []
        self._add(edits, scope, prefix, genotype, refused)
        if refused:
            raise DiagnosticError(*refused)

    def _add(
        self,
        edits: Sequence[ast.Edit],
        scope: Scope,
        prefix: Pattern,
        genotype: bool,
        refused: list[Diagnostic],
    ) -> None:
        for node in edits:
            if isinstance(node, ast.Broken):
                self.broken = True
                continue
            if isinstance(node, ast.GroupEdit):
                self._add(
                    node.edits, scope, prefix + pattern_of(node.path), genotype, refused
                )
                continue
            if genotype and not isinstance(node, ast.SetEdit):
                message, help = (
                    "a genotype only settles choices: `path = value`",
                    "put this edit into the `with { … }` of a space",
                )
                refused.append(codes.SETTLES_ONLY.error(node.span, message, help=help))
                continue
            paths = (
                (node.path,)
                if isinstance(node, ast.SetEdit | ast.NarrowEdit)
                else node.paths
            )
            for path in paths:
                self.insert(Edit(prefix + pattern_of(path), node, scope, path, genotype))

    def insert(self, edit: Edit) -> None:
        """Adds one edit behind the others."""
        self.edits.append(edit)
        name = next((p for p in reversed(edit.pattern) if isinstance(p, str)), "")
        named = self.values if edit.answers else self.rewriting
        named.setdefault(name, []).append(edit)

    def rewrites(self, path: str) -> Rewrite | None:
        """What happens to the instance of this path, if anything."""
        found: Rewrite | None = None
        for edit in self._matching(self.rewriting, path):
            edit.matched = True
            found = found or Rewrite(edit.node.span)
            match edit.node:
                case ast.InsertEdit(where="before"):
                    found.before.append((edit.node.layer, edit.scope))
                case ast.InsertEdit():
                    found.after.append((edit.node.layer, edit.scope))
                case ast.ReplaceEdit():
                    found.replacement, found.removed = (edit.node.layer, edit.scope), False
                case ast.RemoveEdit():
                    found.replacement, found.removed = None, True
        return found

    def parameters(
        self, path: str, names: Sequence[str] = ()
    ) -> dict[str, tuple[ast.Expr, Scope]]:
        """The parameters of the instance of this path that edits set, among `names`."""
        found: dict[str, tuple[ast.Expr, Scope]] = {}
        if not self.edits:
            return found
        self.settable[path] = names
        segments: tuple[str | int, ...] | None = None
        for name in names:
            for edit in self.values.get(name, ()):
                if (
                    edit.genotype
                    or not isinstance(edit.node, ast.SetEdit)
                    or edit.pattern[-1] != name
                ):
                    continue
                segments = segments or split(path)
                if matches(edit.pattern[:-1], segments):
                    edit.matched = True
                    found[name] = (edit.node.value, edit.scope)
        return found

    def settle_settled(self, path: str) -> None:
        """A choice that the space has settled itself: an answer for it is accepted and decides nothing."""
        for edit in self.of_choice(path):
            edit.matched = True

    def of_choice(self, path: str) -> Iterator[Edit]:
        """The edits that answer or narrow the choice of this path."""
        return self._matching(self.values, path)

    def _matching(self, named: Mapping[str, list[Edit]], path: str) -> Iterator[Edit]:
        """The edits among `named` whose pattern names a path."""
        candidates = named.get(path.rpartition(".")[2].partition("[")[0])
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


def unmatched(edit: Edit, paths: Sequence[str], levels: Sequence[str] = ()) -> Diagnostic:
    """The error for an edit that matches nothing, with the nearest path that exists.

    `levels` are the turns of loops and the alternatives, which edits reach into but do not act on.
    """
    text = text_of(edit.pattern)
    if any(matches(edit.pattern, split(level)) for level in levels):
        within = next(
            (
                p
                for p in paths
                if begins(edit.pattern, split(p)) and not matches(edit.pattern, split(p))
            ),
            None,
        )
        hint = f"name something inside it, such as `{within}`" if within else None
        return codes.NOT_A_LAYER.error(
            edit.path.span,
            f"`{text}` is a level of paths, not a layer or a choice",
            help=hint,
        )
    near = closest(text, sorted(set(paths)))
    if not near:
        last = text.rpartition(".")[2]
        inside = sorted({p for p in paths if begins(edit.pattern[:-1], split(p))})
        found = closest(last, sorted({p.rpartition(".")[2] for p in inside}))
        near = [p for p in inside if found and p.rpartition(".")[2] == found[0]]
    hint = question(near[:1]) or _inside(edit.pattern, paths)
    return codes.NO_MATCH.error(
        edit.path.span, f"`{text}` matches no choice, parameter or layer", help=hint
    )


def _inside(pattern: Pattern, paths: Sequence[str]) -> str | None:
    """What there is at the place where a pattern looks in vain."""
    around = pattern[:-1]
    segments = [
        s
        for s in map(split, paths)
        if around and len(s) > len(around) and begins(around, s)
    ]
    names = sorted({str(s[len(around)]) for s in segments})
    return f"`{text_of(around)}` has {', '.join(names)}" if 0 < len(names) <= 12 else None
