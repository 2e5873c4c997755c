"""The one layout of a file: canonical, without options, keeping every comment and the author's blank lines.

A body on one line stays there while it fits; a list on several lines keeps one entry a line; what is too wide
breaks into filled lines: flows before `->`, brackets after a comma, a definition after its `=`. Whether
something breaks depends on the tree, on WIDTH and on which lists and bodies stood on several lines, all of
which the output keeps: so formatting twice changes nothing. Columns come last, in `alignment`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from archdsl.diagnostics.source import Span
from archdsl.syntax import ast
from archdsl.syntax.alignment import Row, aligned, list_entry, plain, statement
from archdsl.syntax.forms import Body, Line, bodies, head, otherwise, separated
from archdsl.syntax.spelling import Child, Group, Piece, entry, flat, join, path, pieces

WIDTH = 120
# a list that is wider by itself breaks; independent of where it stands, so that its surroundings can rely on
# it
_LIST_WIDTH = 100
_INDENT = "  "
_HANG = 24  # columns that the continuation of a flow may stand behind its statement


def format(file: ast.File) -> str:
    """The text of a file, ending in a newline. The file must have been read without errors."""
    layout = _Layout(file)
    rows: list[Row] = []
    end = layout.edition_end()
    at = layout.leading(rows, 0, end, "")
    if rows and _blank(layout.text[at:end]):
        rows.append(plain(""))
    comment, at = layout.trailing(
        end, file.declarations[0].span.start if file.declarations else len(layout.text)
    )
    rows.append(Row((f"arch {file.edition}",), comment=comment))
    return (
        "\n".join(
            [
                *aligned(rows, WIDTH),
                *layout.sequence(file.declarations, at, len(layout.text), "", spaced=True),
            ]
        )
        + "\n"
    )


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
        return self.comments[
            bisect_left(self.starts, start) : bisect_left(self.starts, end)
        ]

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
        # It matches the empty string.
        return _DIGITS.match(self.text, number).end()  # type: ignore[union-attr]

    def one_line(self, span: Span) -> bool:
        return "\n" not in self.text[span.start : span.end]

    # -- sequences: what stands below each other, with its comments --------------------------------

    def sequence(
        self, nodes: Sequence[Line], start: int, end: int, indent: str, spaced: bool = False
    ) -> list[str]:
        """The lines of statements and of the comments around them, in one range of the text."""
        rows: list[Row] = []
        at = start
        for node, following in zip(nodes, _starts(nodes, end), strict=True):
            at = self.leading(rows, at, node.span.start, indent, spaced)
            if (rows or spaced) and _blank(self.text[at : node.span.start]):
                rows.append(plain(""))
            for comment in self._hoisted(node):
                rows.append(plain(indent + comment.text.rstrip()))
            lines = self.show(node, indent)
            shown = (
                [statement(node, lines[0])] if len(lines) == 1 else list(map(plain, lines))
            )
            at = self._append(rows, shown, node.span.end, following)
        self.leading(rows, at, end, indent, spaced)
        return aligned(rows, WIDTH)

    def leading(
        self, rows: list[Row], at: int, until: int, indent: str, spaced: bool = False
    ) -> int:
        """Comments on lines of their own; returns where the last one ends."""
        for comment in self.within(at, until):
            if (spaced or rows) and _blank(self.text[at : comment.span.start]):
                rows.append(plain(""))
            rows.append(plain(indent + comment.text.rstrip()))
            at = comment.span.end
        return at

    def trailing(self, at: int, until: int) -> tuple[str, int]:
        """The comment on the line where a statement or an entry ended, if any, and where it ends."""
        for comment in self.within(at, until)[:1]:
            if "\n" not in self.text[at : comment.span.start]:
                return comment.text.rstrip(), comment.span.end
        return "", at

    def _append(self, rows: list[Row], shown: Sequence[Row], at: int, until: int) -> int:
        """The rows of a statement or an entry, a comment on its last line with them; returns where that
        ends.
        """
        comment, at = self.trailing(at, until)
        rows += [*shown[:-1], replace(shown[-1], comment=comment)]
        return at

    def _hoisted(self, node: Line) -> list[ast.Comment]:
        """Comments inside a statement that neither its bodies nor its lists can show: they go before it."""
        inside = self.within(node.span.start, node.span.end)
        if not inside:
            return []
        shown = self._shown(node)
        for start, end in shown:
            inside = [c for c in inside if not start <= c.span.start < end]
        return inside

    def _shown(self, node: Line) -> list[tuple[int, int]]:
        """The ranges of the text whose comments keep their place."""
        parts: list[ast.Node] = []
        for value in _children(head(node)):
            parts += self._rows(value)
        if isinstance(node, ast.Net):
            parts += [patch for patch in node.patches if isinstance(patch, ast.Edits)]
        shown = [(part.span.start, part.span.end) for part in parts]
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
        rows: list[ast.List] = []
        for child in _children(pieces(node)):
            rows += self._rows(child)
        return rows

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
        lines = self._header(node, " {" if inside else "", indent)
        for index, (body, (start, end)) in enumerate(
            zip(inside, self._ranges(node), strict=True)
        ):
            chained = otherwise(node) if index else None
            if chained is not None:
                following = self.show(chained, indent)
                return [
                    *lines[:-1],
                    f"{lines[-1]} else {following[0].lstrip()}",
                    *following[1:],
                ]
            if index:
                lines[-1] += " else {"
            lines = self._body(lines, body, start, end, indent)
        for patch in node.patches if isinstance(node, ast.Net) else ():
            lines = self._patched(lines, patch, indent)
        return lines

    def _body(
        self, lines: list[str], body: Body, start: int, end: int, indent: str
    ) -> list[str]:
        comment, start = self.trailing(start, body[0].span.start if body else end)
        if comment:
            lines = [*lines[:-1], f"{lines[-1]}  {comment}"]
        return [*lines, *self.sequence(body, start, end, indent + _INDENT), indent + "}"]

    def _patched(
        self, lines: list[str], patch: ast.Edits | ast.Path, indent: str
    ) -> list[str]:
        if isinstance(patch, ast.Path):
            return [*lines[:-1], f"{lines[-1]} with {path(patch)}"]
        folded = None
        if self.one_line(patch.span) and not self.within(patch.span.start, patch.span.end):
            folded = self._folded_body(patch.edits)
        if folded is not None and len(lines[-1]) + len(folded) + 6 <= WIDTH:
            return [*lines[:-1], f"{lines[-1]} with {folded}"]
        lines = [*lines[:-1], lines[-1] + " with {"]
        return self._body(
            lines, patch.edits, patch.span.start + 1, patch.span.end - 1, indent
        )

    def folded(self, node: Line) -> str | None:
        """The statement on one line; None if it was not, holds a comment or a list of several lines, or has
        no room on any line.
        """
        if id(node) not in self.folds:
            self.folds[id(node)] = self._folded(node)
        return self.folds[id(node)]

    def _folded(self, node: Line) -> str | None:
        inside = bodies(node)
        if (
            not inside
            or not self.one_line(node.span)
            or self.within(node.span.start, node.span.end)
        ):
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
        if (
            isinstance(node, ast.Net)
            or any(map(self.tall_inside, _children(parts)))
            or self._parts_width(parts) > WIDTH
        ):
            return None
        return join(parts)

    # -- expressions -------------------------------------------------------------------------------

    def _header(self, node: Line, opening: str, indent: str) -> list[str]:
        """The lines of a statement without its bodies; a definition that is too wide has its value on lines
        of its own.
        """
        parts = [*head(node), opening]
        after = _after(node)
        value = node.value if isinstance(node, ast.Fn | ast.Block | ast.Net) else None
        if (
            value is None
            or len(indent) + self._parts_width(parts) + after <= WIDTH
            or not self._apart(node, value, indent)
        ):
            return self.put(indent, parts, indent, after).split("\n")
        *before, _, last, _ = parts
        inner = indent + _INDENT
        return [
            *self.put(indent, [*before, " ="], indent).split("\n"),
            *self.put(inner, [last], inner, after).split("\n"),
        ]

    def _apart(self, node: Line, value: ast.Expr, indent: str) -> bool:
        """May the value stand below its name? Not before a body, and a call that has to break anyway breaks
        where it is.
        """
        if isinstance(node, ast.Net) and any(
            isinstance(patch, ast.Edits) for patch in node.patches
        ):
            return False
        return (
            not isinstance(value, ast.Call | ast.List)
            or len(indent + _INDENT) + self.width(value) + _after(node) <= WIDTH
        )

    def put(self, before: str, parts: Sequence[Piece], indent: str, after: int = 0) -> str:
        """The text before and the pieces behind it, broken where they and the columns after them are too
        wide.
        """
        text = before
        for at, part in enumerate(parts):
            if isinstance(part, str):
                text += part
                continue
            rest = _leading_width(parts[at + 1 :], after)
            if isinstance(part, Group):
                text = self._group(text, part, indent, rest)
            elif part.parenthesised:
                text = self._expression(text + "(", part.node, indent, rest + 1) + ")"
            else:
                text = self._expression(text, part.node, indent, rest)
        return text

    def _expression(self, before: str, node: ast.Expr, indent: str, after: int) -> str:
        if isinstance(
            node, ast.List
        ):  # on one line it stays there: what breaks in it would make it a list of several lines
            return before + (self._tall(node, indent) if self.tall(node) else flat(node))
        if self._column(before) + self.width(node) + after > WIDTH:
            if isinstance(node, ast.Flow):
                return self._flow(before, node, indent, after)
            if isinstance(node, ast.Conditional):
                return self._conditional(before, node, indent, after)
        return self.put(before, pieces(node), indent, after)

    def _flow(self, before: str, node: ast.Flow, indent: str, after: int) -> str:
        """Filled lines that go on below the first arrow; where that is far to the right, or an item too wide
        for it, nearer.
        """
        first, *rest = (piece for piece in pieces(node) if isinstance(piece, Child))
        ends = [*(0 for _ in rest[1:]), after]
        text = self.put(before, [first], indent)
        inner = " " * (self._column(text) + 1)
        if len(inner) > len(indent) + _HANG or any(
            len(inner) + 3 + self._parts_width([item]) + end > WIDTH
            for item, end in zip(rest, ends, strict=True)
        ):
            inner = indent + _INDENT
        outer = indent
        for at, (item, end) in enumerate(zip(rest, ends, strict=True)):
            room = WIDTH - 3 - self._parts_width([item]) - end
            if self._column(text) + 1 <= room or (at == 0 and len(inner) > room):
                text += " -> "
            else:
                text, outer = f"{text}\n{inner}-> ", inner
            text = self.put(text, [item], outer, end)
        return text

    def _conditional(
        self, before: str, node: ast.Conditional, indent: str, after: int
    ) -> str:
        """Every `else` below its `if`."""
        inner = " " * self._column(before)
        if len(inner) > len(indent) + _HANG:
            inner = indent + _INDENT
        text = before
        rest: ast.Expr = node
        while isinstance(rest, ast.Conditional):
            *head, _, last = pieces(rest)
            text = self.put(text, head, inner) + f"\n{inner}else "
            rest = rest.orelse
        return self.put(text, [last], inner, after)

    def _group(self, before: str, group: Group, indent: str, after: int) -> str:
        if (
            not group.items
            or group.opening == "["
            or self._column(before) + self._group_width(group) + after <= WIDTH
        ):
            return self.put(
                before,
                [group.opening, *separated(group.items), group.closing],
                indent,
                after,
            )
        inner = indent + _INDENT
        text = before + group.opening
        room = 0
        for item in group.items:
            whole = not any(map(self.tall_inside, _children(item)))
            width = self._parts_width(item) + 1
            text += " " if whole and 1 + width <= room else f"\n{inner}"
            text = self.put(text, [*item, ","], inner)
            room = WIDTH - self._column(text) if whole else 0
        return f"{text}\n{indent}{group.closing.lstrip(',')}"

    def _tall(self, node: ast.List, indent: str) -> str:
        """One entry a line, with the comments and blank lines between them."""
        inner = indent + _INDENT
        rows: list[Row] = []
        at = node.span.start + 1
        for item, following in zip(
            node.entries, _starts(node.entries, node.span.end), strict=True
        ):
            at = self.leading(rows, at, item.span.start, inner)
            if rows and _blank(self.text[at : item.span.start]):
                rows.append(plain(""))
            shown = [(row.span.start, row.span.end) for row in self._rows(item.value)]
            for comment in self.within(item.span.start, item.span.end):
                if not any(start <= comment.span.start < end for start, end in shown):
                    rows.append(plain(inner + comment.text.rstrip()))
            lines = self.put(inner, [*entry(item), ","], inner).split("\n")
            at = self._append(
                rows,
                [list_entry(item, lines[0])]
                if len(lines) == 1
                else list(map(plain, lines)),
                item.span.end,
                following,
            )
        self.leading(rows, at, node.span.end, inner)
        return "\n".join(["[", *aligned(rows, WIDTH), indent + "]"])

    @staticmethod
    def _column(text: str) -> int:
        return len(text) - text.rfind("\n") - 1

    def tall(self, node: ast.List) -> bool:
        """Does the list have one entry a line?"""
        if id(node) not in self.tallness:
            self.tallness[id(node)] = bool(node.entries) and (
                not self.one_line(node.span)
                or any(map(self.tall_inside, _children(pieces(node))))
                or self._plain_width(node) > _LIST_WIDTH
            )
        return self.tallness[id(node)]

    def tall_inside(self, node: ast.Expr) -> bool:
        if isinstance(node, ast.List):
            return self.tall(node)
        if id(node) not in self.tallness:
            self.tallness[id(node)] = any(
                self.tall_inside(child) for child in _children(pieces(node))
            )
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
        return (
            len(group.opening + group.closing)
            + sum(self._parts_width(item) + 2 for item in group.items)
            - 2 * bool(group.items)
        )


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


def _leading_width(parts: Sequence[Piece], after: int) -> int:
    """Columns of the texts before the next piece that may break; `after` where there is none."""
    total = 0
    for part in parts:
        if not isinstance(part, str):
            return total
        total += len(part)
    return total + after


def _after(node: Line) -> int:
    """Columns that the patches of a space take at least on the line of its value."""
    total = 0
    for patch in node.patches if isinstance(node, ast.Net) else ():
        if isinstance(patch, ast.Edits):
            return total + len(" with {")
        total += len(" with ") + len(path(patch))
    return total
