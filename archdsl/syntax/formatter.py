"""The one layout of a file: canonical, without options, keeping every comment and the author's blank lines.

A body on one line stays there while it fits; a list on several lines keeps one entry a line; what is too wide breaks: flows
before `->`, brackets after every comma. Whether something breaks depends on the tree, on WIDTH and on which lists and bodies
stood on several lines, all of which the output keeps: so formatting twice changes nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from archdsl.syntax import ast
from archdsl.syntax.heads import Body, Line, bodies, head, otherwise, separated
from archdsl.syntax.source import Span
from archdsl.syntax.spelling import Child, Group, Piece, entry, join, path, pieces

WIDTH = 120
_LIST_WIDTH = 100  # a list that is wider by itself breaks; independent of where it stands, so that its surroundings can rely on it
_INDENT = "  "


def format(file: ast.File) -> str:
    """The text of a file, ending in a newline. The file must have been read without errors."""
    layout = _Layout(file)
    lines: list[str] = []
    end = layout.edition_end()
    at = layout.leading(lines, 0, end, "")
    if lines and _blank(layout.text[at:end]):
        lines.append("")
    lines.append(f"arch {file.edition}")
    at = layout.trailing(lines, end, file.declarations[0].span.start if file.declarations else len(layout.text))
    return "\n".join([*lines, *layout.sequence(file.declarations, at, len(layout.text), "", spaced=True)]) + "\n"


class _Layout:
    def __init__(self, file: ast.File) -> None:
        self.text = file.span.source.text
        self.file = file
        self.comments = sorted(file.comments, key=lambda comment: comment.span.start)
        self.starts = [comment.span.start for comment in self.comments]
        self.widths: dict[int, int] = {}
        self.tallness: dict[int, bool] = {}
        self.folds: dict[int, str | None] = {}

    # -- places in the text ----------------------------------------------------------------------

    def within(self, start: int, end: int) -> list[ast.Comment]:
        """The comments that begin in a range of the text."""
        return self.comments[bisect_left(self.starts, start) : bisect_left(self.starts, end)]

    def skip(self, at: int) -> int:
        """Past white space and comments."""
        while True:
            at = _WHITE.match(self.text, at).end()  # type: ignore[union-attr]  # it matches the empty string
            index = bisect_left(self.starts, at)
            if index == len(self.starts) or self.starts[index] != at:
                return at
            at = self.comments[index].span.end

    def find(self, char: str, at: int) -> int:
        """The next place of a character that is not in a comment; the end of the text where there is none."""
        while at < len(self.text):
            at = self.skip(at)
            if self.text.startswith(char, at):
                return at
            at += 1
        return len(self.text)

    def edition_end(self) -> int:
        """Behind the number of `arch 1`."""
        number = self.skip(self.skip(0) + len("arch"))
        return _DIGITS.match(self.text, number).end()  # type: ignore[union-attr]  # it matches the empty string

    def one_line(self, span: Span) -> bool:
        return "\n" not in self.text[span.start : span.end]

    # -- sequences: what stands below each other, with its comments --------------------------------

    def sequence(self, nodes: Sequence[Line], start: int, end: int, indent: str, spaced: bool = False) -> list[str]:
        """The lines of statements and of the comments around them, in one range of the text."""
        lines: list[str] = []
        at = start
        for node, following in zip(nodes, _starts(nodes, end), strict=True):
            at = self.leading(lines, at, node.span.start, indent, spaced)
            if (lines or spaced) and _blank(self.text[at : node.span.start]):
                lines.append("")
            for comment in self._hoisted(node):
                lines.append(indent + comment.text.rstrip())
            lines += self.show(node, indent)
            at = self.trailing(lines, node.span.end, following)
        self.leading(lines, at, end, indent, spaced)
        return lines

    def leading(self, lines: list[str], at: int, until: int, indent: str, spaced: bool = False) -> int:
        """Comments on lines of their own; returns where the last one ends."""
        for comment in self.within(at, until):
            if (spaced or lines) and _blank(self.text[at : comment.span.start]):
                lines.append("")
            lines.append(indent + comment.text.rstrip())
            at = comment.span.end
        return at

    def trailing(self, lines: list[str], at: int, until: int) -> int:
        """A comment on the line where a statement or a row ended joins it there; returns where it ends."""
        for comment in self.within(at, until)[:1]:
            if "\n" not in self.text[at : comment.span.start]:
                lines[-1] = f"{lines[-1]}  {comment.text.rstrip()}"
                return comment.span.end
        return at

    def _hoisted(self, node: Line) -> list[ast.Comment]:
        """Comments inside a statement that neither its bodies nor its lists can show: they go before it."""
        inside = self.within(node.span.start, node.span.end)
        if not inside:
            return []
        shown = self._shown(node)
        return [comment for comment in inside if not any(start <= comment.span.start < end for start, end in shown)]

    def _shown(self, node: Line) -> list[tuple[int, int]]:
        """The ranges of the text whose comments keep their place."""
        shown = [(row.span.start, row.span.end) for value in _children(head(node)) for row in self._rows(value)]
        if isinstance(node, ast.Net):
            shown += [(patch.span.start, patch.span.end) for patch in node.patches if isinstance(patch, ast.Edits)]
        chained = otherwise(node)
        if chained is not None:
            return [*shown, *self._ranges(node)[:1], *self._shown(chained)]
        return shown + self._ranges(node)

    def _rows(self, node: ast.Expr) -> list[ast.List]:
        """The outermost lists of an expression that have one entry a line."""
        if not self.tall_inside(node):
            return []
        if isinstance(node, ast.List) and self.tall(node):
            return [node]
        return [row for child in _children(pieces(node)) for row in self._rows(child)]

    def _ranges(self, node: Line) -> list[tuple[int, int]]:
        """The ranges of the text between the braces of each body."""
        found = []
        at = _header_end(node)
        for body in bodies(node):
            start = self.find("{", at) + 1
            at = self.find("}", max(start, body[-1].span.end) if body else start)
            found.append((start, at))
        return found

    # -- statements and their bodies ---------------------------------------------------------------

    def show(self, node: Line, indent: str) -> list[str]:
        """The lines of one statement: on one line if it was, fits and holds no comment."""
        folded = self.folded(node)
        if folded is not None and len(indent) + len(folded) <= WIDTH:
            return [indent + folded]
        inside = bodies(node)
        lines = self.lay(head(node) if not inside else [*head(node), " {"], indent)
        for index, (body, (start, end)) in enumerate(zip(inside, self._ranges(node), strict=True)):
            chained = otherwise(node) if index else None
            if chained is not None:
                following = self.show(chained, indent)
                return [*lines[:-1], f"{lines[-1]} else {following[0].lstrip()}", *following[1:]]
            if index:
                lines[-1] += " else {"
            lines = self._body(lines, body, start, end, indent)
        for patch in node.patches if isinstance(node, ast.Net) else ():
            lines = self._patched(lines, patch, indent)
        return lines

    def _body(self, lines: list[str], body: Body, start: int, end: int, indent: str) -> list[str]:
        start = self.trailing(lines, start, body[0].span.start if body else end)
        return [*lines, *self.sequence(body, start, end, indent + _INDENT), indent + "}"]

    def _patched(self, lines: list[str], patch: ast.Edits | ast.Path, indent: str) -> list[str]:
        if isinstance(patch, ast.Path):
            return [*lines[:-1], f"{lines[-1]} with {path(patch)}"]
        folded = self._folded_body(patch.edits) if self.one_line(patch.span) and not self.within(patch.span.start, patch.span.end) else None
        if folded is not None and len(lines[-1]) + len(folded) + 6 <= WIDTH:
            return [*lines[:-1], f"{lines[-1]} with {folded}"]
        lines = [*lines[:-1], lines[-1] + " with {"]
        return self._body(lines, patch.edits, patch.span.start + 1, patch.span.end - 1, indent)

    def folded(self, node: Line) -> str | None:
        """The statement on one line; None if it was not, holds a comment or a list of several lines, or has no room on any line."""
        if id(node) not in self.folds:
            self.folds[id(node)] = self._folded(node)
        return self.folds[id(node)]

    def _folded(self, node: Line) -> str | None:
        inside = bodies(node)
        if not inside or not self.one_line(node.span) or self.within(node.span.start, node.span.end):
            return None
        parts = head(node)
        if any(map(self.tall_inside, _children(parts))) or self._parts_width(parts) > WIDTH:
            return None
        texts = [join(parts)]
        for index, body in enumerate(inside):
            chained = otherwise(node) if index else None
            text = self._folded_body(body) if chained is None else self.folded(chained)
            if text is None:
                return None
            texts.append(f"else {text}" if index else text)
        folded = " ".join(texts)
        return folded if len(folded) <= WIDTH else None

    def _folded_body(self, body: Body) -> str | None:
        texts = []
        for node in body:
            text = self.folded(node) if bodies(node) else self._folded_simple(node)
            if text is None:
                return None
            texts.append(text)
        return f"{{ {'  '.join(texts)} }}" if texts else "{ }"

    def _folded_simple(self, node: Line) -> str | None:
        parts = head(node)
        if isinstance(node, ast.Net) or any(map(self.tall_inside, _children(parts))) or self._parts_width(parts) > WIDTH:
            return None
        return join(parts)

    # -- expressions -------------------------------------------------------------------------------

    def lay(self, parts: Sequence[Piece], indent: str) -> list[str]:
        """The lines of a statement without a body."""
        return self.put(indent, parts, indent).split("\n")

    def put(self, before: str, parts: Sequence[Piece], indent: str) -> str:
        """The text before and the pieces behind it, broken where they are too wide."""
        text = before
        for part in parts:
            if isinstance(part, str):
                text += part
            elif isinstance(part, Group):
                text = self._group(text, part, indent)
            elif part.parenthesised:
                text = self._expression(text + "(", part.node, indent) + ")"
            else:
                text = self._expression(text, part.node, indent)
        return text

    def _expression(self, before: str, node: ast.Expr, indent: str) -> str:
        if isinstance(node, ast.List) and self.tall(node):
            return before + self._tall(node, indent)
        if isinstance(node, ast.Flow) and self._column(before) + self.width(node) > WIDTH:
            return self._flow(before, node, indent)
        return self.put(before, pieces(node), indent)

    def _flow(self, before: str, node: ast.Flow, indent: str) -> str:
        inner = indent + _INDENT
        first, *rest = (piece for piece in pieces(node) if isinstance(piece, Child))
        text = self.put(before, [first], indent)
        for item in rest:
            text = self.put(f"{text}\n{inner}-> ", [item], inner)
        return text

    def _group(self, before: str, group: Group, indent: str) -> str:
        if not group.items or group.opening == "[" or self._column(before) + self._group_width(group) <= WIDTH:
            return self.put(before, [group.opening, *separated(group.items), group.closing], indent)
        inner = indent + _INDENT
        text = before + group.opening
        for item in group.items:
            text = self.put(f"{text}\n{inner}", item, inner) + ","
        return f"{text}\n{indent}{group.closing.lstrip(',')}"

    def _tall(self, node: ast.List, indent: str) -> str:
        """One entry a line, with the comments between them."""
        inner = indent + _INDENT
        lines: list[str] = []
        at = node.span.start + 1
        for item, following in zip(node.entries, _starts(node.entries, node.span.end), strict=True):
            at = self.leading(lines, at, item.span.start, inner)
            shown = [(row.span.start, row.span.end) for row in self._rows(item.value)]
            for comment in self.within(item.span.start, item.span.end):
                if not any(start <= comment.span.start < end for start, end in shown):
                    lines.append(inner + comment.text.rstrip())
            lines += self.put(inner, [*entry(item), ","], inner).split("\n")
            at = self.trailing(lines, item.span.end, following)
        self.leading(lines, at, node.span.end, inner)
        return "\n".join(["[", *lines, indent + "]"])

    @staticmethod
    def _column(text: str) -> int:
        return len(text) - text.rfind("\n") - 1

    def tall(self, node: ast.List) -> bool:
        """Does the list have one entry a line?"""
        if id(node) not in self.tallness:
            self.tallness[id(node)] = bool(node.entries) and (
                not self.one_line(node.span) or any(map(self.tall_inside, _children(pieces(node)))) or self._plain_width(node) > _LIST_WIDTH
            )
        return self.tallness[id(node)]

    def tall_inside(self, node: ast.Expr) -> bool:
        if isinstance(node, ast.List):
            return self.tall(node)
        if id(node) not in self.tallness:
            self.tallness[id(node)] = any(self.tall_inside(child) for child in _children(pieces(node)))
        return self.tallness[id(node)]

    def _plain_width(self, node: ast.List) -> int:
        return sum(self._parts_width(entry(item)) + 2 for item in node.entries)

    def width(self, node: ast.Expr) -> int:
        """Columns on one line, lists of several lines counted as their brackets."""
        if id(node) not in self.widths:
            tall = isinstance(node, ast.List) and self.tall(node)
            self.widths[id(node)] = 2 if tall else self._parts_width(pieces(node))
        return self.widths[id(node)]

    def _parts_width(self, parts: Iterable[Piece]) -> int:
        total = 0
        for part in parts:
            if isinstance(part, str):
                total += len(part)
            elif isinstance(part, Group):
                total += self._group_width(part)
            else:
                total += self.width(part.node) + 2 * part.parenthesised
        return total

    def _group_width(self, group: Group) -> int:
        return 2 + sum(self._parts_width(item) + 2 for item in group.items)


_WHITE = re.compile(r"[ \t\r\n]*")
_DIGITS = re.compile(r"[0-9]*")


def _starts(nodes: Sequence[ast.Node], end: int) -> list[int]:
    """Where the node after each one starts, or where all of them end."""
    return [*(node.span.start for node in nodes[1:]), end] if nodes else []


def _blank(between: str) -> bool:
    """Is there an empty line in this white space?"""
    return between.count("\n") > 1


def _children(parts: Iterable[Piece]) -> Iterable[ast.Expr]:
    for part in parts:
        if isinstance(part, Child):
            yield part.node
        elif isinstance(part, Group):
            for item in part.items:
                yield from _children(item)


def _header_end(node: Line) -> int:
    """A place in the text behind every expression of a header and before its `{`."""
    last = [value.span.end for value in _children(head(node))]
    if isinstance(node, ast.GroupEdit):
        last.append(node.path.span.end)
    elif isinstance(node, ast.Block | ast.Net):
        last += [param.span.end for param in node.params or ()]
    return max([node.span.start, *last])
