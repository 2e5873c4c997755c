"""From YAML text to the tree.

Its shape is judged by the schema (`yaml_shape`). Then the YAML is written out as `.arch` text, every fragment
of which is checked by itself first, and that is parsed; every place is carried back to the YAML. So both
forms have one grammar, one parser and one set of messages.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from archdsl.diagnostics.codes import limits, syntax
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError, Label
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.edition import EDITION
from archdsl.syntax.forms import (
    BIND,
    CHOOSE,
    DECLARATIONS,
    EDITS,
    ENTRIES,
    STATEMENTS,
    Form,
    Forms,
)
from archdsl.syntax.parser import parse, parse_expression, parse_path
from archdsl.syntax.tokens import MAX_ERRORS, tokenize
from archdsl.syntax.yaml_tree import Mapping, Scalar, Sequence, Tree, tree

# The kinds of lists: what stands around one, and the kind of its items.
_LISTS = {
    "names": ("", "alias", ""),
    "paths": ("", "path", ""),
    "ports": ("", "port", ""),
    "results": ("", "result", ""),
    "expressions": ("", "expression", ""),
    "params": ("(", "parameter", ")"),
    "shape": ("[", "dimension", "]"),
}


def from_yaml(source: Source) -> tuple[ast.File, list[Diagnostic]]:
    """The file that a YAML document stands for, and every error in it, placed in the YAML; never raises."""
    from archdsl.syntax.yaml_shape import (
        slips,
    )  # it takes a while to load what judges shapes

    nothing = ast.File(EDITION, (), span=Span(source, 0, len(source.text)))
    writer = _Writer(source)
    try:
        root = tree(source)
        for slip in slips(root):
            writer.misshapen.add(id(slip.node))
            writer.report(slip.diagnostic)
        if isinstance(root, Mapping) and id(root) not in writer.misshapen:
            writer.document(root)
    except DiagnosticError as error:
        return nothing, list(error.diagnostics)
    if writer.diagnostics:
        return nothing, sorted(
            writer.diagnostics,
            key=lambda diagnostic: diagnostic.span.start if diagnostic.span else 0,
        )
    file, diagnostics = parse(Source(source.name, "".join(writer.parts)))
    moved = _moved(replace(file, comments=()), writer.place)
    return replace(moved, span=nothing.span), [
        writer.moved(diagnostic) for diagnostic in diagnostics
    ]


class _Writer:
    """Writes `.arch` text and remembers where each fragment of it stands in the YAML."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.parts: list[str] = []
        self.diagnostics: list[Diagnostic] = []
        self.misshapen: set[int] = (
            set()
        )  # the parts that are not as the schema has them: they are not written
        self._length = 0
        self._starts: list[int] = []  # of the fragments, in the text that is written
        self._fragments: list[tuple[int, int, Span, int | None]] = []

    # -- text and places ---------------------------------------------------------------------------

    def put(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)

    def fragment(self, text: str, span: Span, exact: int | None) -> None:
        self._starts.append(self._length)
        self._fragments.append((self._length, self._length + len(text), span, exact))
        self.put(text)
        self.put("\n")  # ends a comment in the fragment

    def place(self, span: Span) -> Span:
        """Where a piece of the written text stands in the YAML, as nearly as that can be said."""
        start = self._place(span.start, False)
        return Span(self.source, start, max(start, self._place(span.end, True)))

    def _place(self, offset: int, ends: bool) -> int:
        at = bisect_right(self._starts, offset - ends) - 1
        if at >= 0:
            start, end, span, exact = self._fragments[at]
            if offset <= end - (not ends):
                whole = span.end if ends else span.start
                return whole if exact is None else exact + offset - start
            if ends or at + 1 == len(self._fragments):
                return span.end if exact is None else exact + end - start
        if at + 1 == len(self._fragments):
            return 0
        _, _, span, exact = self._fragments[at + 1]
        return span.start if exact is None else exact

    def moved(self, diagnostic: Diagnostic) -> Diagnostic:
        return _carried(diagnostic, self.place, None)

    def report(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)
        if len(self.diagnostics) >= MAX_ERRORS:
            last = limits.ERRORS.error(
                diagnostic.span,
                f"after {MAX_ERRORS} errors the rest of the file was not read",
            )
            raise DiagnosticError(*self.diagnostics, last)

    # -- fragments ---------------------------------------------------------------------------------

    def text(self, kind: str, node: Tree) -> None:
        """Writes a text as a fragment, after a check that it is one thing of its kind and nothing more."""
        if id(node) in self.misshapen:
            return
        assert isinstance(node, Scalar)
        found = _CHECKS[kind](Source(self.source.name, node.text))
        if not found:
            self.fragment(node.text, node.span, node.exact)
            return
        offset = node.exact

        def place(span: Span) -> Span:
            return (
                node.span
                if offset is None
                else Span(self.source, offset + span.start, offset + span.end)
            )

        for diagnostic in found:
            self.report(_carried(diagnostic, place, node.span))

    def expression(self, node: Tree) -> None:
        """A text, or a list: `[0, 1]` without quotes stands for its text, one of several lines for its
        items.
        """
        if isinstance(node, Sequence) and node.flow and not self._broken(node):
            self.text("expression", Scalar(node.span.text, node.span, node.span.start))
        elif isinstance(node, Sequence):
            self.put("[")
            self.separated(node.items, self.expression)
            self.put("]")
        else:
            self.text("expression", node)

    def _broken(self, node: Tree) -> bool:
        """Is something in a list not as the schema has it?"""
        return id(node) in self.misshapen or (
            isinstance(node, Sequence) and any(map(self._broken, node.items))
        )

    def separated(self, nodes: Iterable[Tree], write: Callable[[Tree], None]) -> None:
        for at, node in enumerate(nodes):
            self.put(", " if at else "")
            write(node)

    def several(self, kind: str, node: Tree) -> None:
        """One text, or a list of them."""
        opening, item, closing = _LISTS[kind]
        nodes = node.items if isinstance(node, Sequence) else (node,)
        self.put(opening)
        self.separated(
            nodes,
            self.expression if item == "expression" else lambda each: self.text(item, each),
        )
        self.put(closing)

    # -- lines ---------------------------------------------------------------------------------------

    def document(self, root: Mapping) -> None:
        self.put(f"arch {EDITION}\n")
        declarations = root.get("declarations")
        if declarations is None:
            self.line(DECLARATIONS, root)
        elif id(declarations) not in self.misshapen:
            self.lines(declarations, self.declaration)

    def lines(self, node: Tree, write: Callable[[Tree], None]) -> None:
        """The items of a list that have their shape, each on a line."""
        assert isinstance(node, Sequence)
        for item in node.items:
            if id(item) not in self.misshapen:
                write(item)
                self.put("\n")

    def declaration(self, node: Tree) -> None:
        self.line(DECLARATIONS, node)

    def line(self, forms: Forms, node: Tree) -> bool:
        """The text of a mapping that has one of the forms; False where it has none."""
        assert isinstance(node, Mapping)
        form = next(
            (form for word, form in forms.items() if node.get(word) is not None), None
        )
        for part in () if form is None else form.parts:
            value = node.get(part.key)
            if value is not None:
                self.part(part.sign, part.kind, value)
        return form is not None

    def part(self, sign: str, kind: str, node: Tree) -> None:
        """One part of a form, with the sign before it."""
        if id(node) in self.misshapen:
            return
        if kind == "patches":
            self.lines(node, self._patch)
            return
        self.put(sign)
        match kind:
            case "expression":
                self.expression(node)
            case "iterable":
                self.put("(")
                self.expression(node)
                self.put(")")
            case "body" | "plan":
                self.braced(node, self._statement if kind == "body" else self._entry)
            case "edits":
                self.edits(node)
            case _ if kind in _LISTS:
                self.several(kind, node)
            case _:
                self.text(kind, node)

    def braced(self, node: Tree, write: Callable[[Tree], None]) -> None:
        self.put(" {\n")
        self.lines(node, write)
        self.put("}\n")

    def _statement(self, node: Tree) -> None:
        if not self.line(STATEMENTS, node):
            self._keyed(node)

    def _entry(self, node: Tree) -> None:
        if not self.line(ENTRIES, node):
            self._keyed(node, ENTRIES["set"])

    def _keyed(self, node: Tree, form: Form = BIND) -> None:
        """A choice, an assignment or a setting: one key and its value."""
        assert isinstance(node, Mapping)
        key, value = node.pairs[0]
        if key.text.endswith("~"):
            form, key = CHOOSE, Scalar(key.text[:-1].strip(), key.span, key.exact)
        left, right = form.parts
        self.text(left.kind, key)
        self.part(right.sign, right.kind, value)

    def edits(self, node: Tree) -> None:
        if isinstance(node, Sequence):
            self.braced(node, self._edit)
            return
        assert isinstance(node, Mapping)
        self.put(" {\n")
        for key, value in node.pairs:
            if id(value) not in self.misshapen:
                self.text("path", key)
                self._settled(value)
                self.put("\n")
        self.put("}\n")

    def _edit(self, node: Tree) -> None:
        self.line(EDITS, node)

    def _settled(self, value: Tree) -> None:
        """What a key of edits holds: a value, or further edits."""
        listed = (
            isinstance(value, Sequence)
            and value.items
            and not isinstance(value.items[0], Mapping)
        )
        if listed or isinstance(value, Scalar):
            self.part(" = ", "expression", value)
        else:
            self.edits(value)

    def _patch(self, patch: Tree) -> None:
        self.put(" with ")
        if isinstance(patch, Scalar):
            self.text("module", patch)
        else:
            self.edits(patch)


# -- fragments: each must be one thing, so that the text around it means what the YAML says ----------


def _said(source: Source, message: str) -> Diagnostic:
    return syntax.UNEXPECTED.error(Span(source, 0, len(source.text)), message)


def _words(
    source: Source, message: str, follows: dict[str, tuple[str, ...]]
) -> list[Diagnostic]:
    """Names and signs, of which each may follow only what `follows` says; a name is `a`, the end is empty."""
    tokens = tokenize(source)
    if tokens.diagnostics:
        return tokens.diagnostics
    before = ""
    for kind, text in zip(tokens.kinds, tokens.texts, strict=True):
        this = kind
        if kind not in follows:
            this = "a" if text.isidentifier() else "?" * bool(text)
        if this not in follows.get(before, ()):
            return [_said(source, message)]
        before = this or "end"
    return []


def _one_name(source: Source) -> list[Diagnostic]:
    value, found = parse_expression(source)
    name = isinstance(value, ast.Ref) and source.text.strip() == value.name
    return found if found or name else [_said(source, "expected a name")]


def _names(source: Source) -> list[Diagnostic]:
    return _each(
        source,
        _words(
            source,
            "expected names with commas between them",
            {"": ("a",), "a": (",", ""), ",": ("a",)},
        ),
    )


def _dotted(source: Source) -> list[Diagnostic]:
    return _each(
        source,
        _words(
            source,
            "expected a name, or names with dots between them",
            {"": ("a",), "a": (".", ""), ".": ("a",)},
        ),
    )


def _alias(source: Source) -> list[Diagnostic]:
    if " as " not in source.text:
        return _one_name(source)
    before, _, after = source.text.partition(" as ")
    if any(_one_name(Source(source.name, part)) for part in (before, after)):
        return [_said(source, "expected `name` or `name as name`")]
    return []


def _each(source: Source, found: list[Diagnostic]) -> list[Diagnostic]:
    if found:
        return found
    words = source.text.replace(",", " ").replace(".", " ").split()
    return next(
        (
            _said_reserved(source, word)
            for word in words
            if _one_name(Source(source.name, word))
        ),
        [],
    )


def _said_reserved(source: Source, word: str) -> list[Diagnostic]:
    return [
        syntax.RESERVED.error(
            Span(source, 0, len(source.text)),
            f"`{word[:40]}` cannot be a name",
            help="choose another name",
        )
    ]


def _pattern(source: Source) -> list[Diagnostic]:
    """A pattern is spelt like an expression of names and tuples."""
    value, found = parse_expression(source)
    if found:
        return found
    pending: list[Any] = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Tuple) and all(each.label is None for each in node.entries):
            pending += [each.value for each in node.entries]
        elif not isinstance(node, ast.Ref):
            return [_said(source, "expected a name or names in parentheses")]
    return []


def _one_parameter(source: Source) -> list[Diagnostic]:
    return _one_item(source, "a parameter", "arch 1 fn f(", "\n) = 0")


def _one_dimension(source: Source) -> list[Diagnostic]:
    return _one_item(source, "a dimension", "arch 1 block b { param w: [", "\n] }")


def _one_port(source: Source) -> list[Diagnostic]:
    return _one_item(source, "an input", "arch 1 block b { input ", "\n}")


def _one_result(source: Source) -> list[Diagnostic]:
    return _one_item(source, "an output", "arch 1 block b { output ", "\n}")


def _one_item(source: Source, what: str, before: str, after: str) -> list[Diagnostic]:
    """One parameter, dimension, input or output, and nothing that could end the list it stands in."""
    file, found = parse(Source(source.name, before + source.text + after))

    def place(span: Span) -> Span:
        start, end = (
            min(max(offset - len(before), 0), len(source.text))
            for offset in (span.start, span.end)
        )
        return Span(source, start, end)

    if found:
        return [_carried(each, place, None) for each in found]
    match file.declarations:
        case (ast.Fn(params=(_,)),) | (
            ast.Block(
                body=(
                    ast.Weight(shape=(_,))
                    | ast.Input(ports=(_,))
                    | ast.Output(values=(_,)),
                )
            ),
        ):
            return []
    return [_said(source, f"expected {what} and nothing else")]


def _moved(node: Any, place: Callable[[Span], Span]) -> Any:
    """The tree with every span carried to another source."""
    if isinstance(node, tuple):
        return tuple(_moved(item, place) for item in node)
    if not isinstance(node, ast.Node):
        return node
    changed = {
        each.name: _moved(getattr(node, each.name), place)
        for each in fields(node)
        if each.name != "span"
    }
    return replace(node, span=place(node.span), **changed)


def _carried(
    diagnostic: Diagnostic, place: Callable[[Span], Span], nowhere: Span | None
) -> Diagnostic:
    """The diagnostic with its places carried to another source; one without a place gets `nowhere`."""
    labels = tuple(Label(place(label.span), label.text) for label in diagnostic.labels)
    return replace(
        diagnostic,
        span=nowhere if diagnostic.span is None else place(diagnostic.span),
        labels=labels,
    )


def _expression(source: Source) -> list[Diagnostic]:
    return parse_expression(source)[1]


def _path(source: Source) -> list[Diagnostic]:
    return parse_path(source)[1]


# What a text of each kind has to be, by itself.
_CHECKS: dict[str, Callable[[Source], list[Diagnostic]]] = {
    "name": _one_name,
    "alias": _alias,
    "targets": _names,
    "module": _dotted,
    "pattern": _pattern,
    "path": _path,
    "expression": _expression,
    "parameter": _one_parameter,
    "dimension": _one_dimension,
    "port": _one_port,
    "result": _one_result,
}
