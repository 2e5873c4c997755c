"""From YAML text to the tree.

The YAML is written out as `.arch` text, every fragment of which is checked by itself first, and that is parsed; then every place is
carried back to the YAML. So both forms have one grammar, one parser and one set of messages.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from archdsl.syntax import ast
from archdsl.syntax.codes import limits, syntax
from archdsl.syntax.diagnostics import Diagnostic, DiagnosticError, Label
from archdsl.syntax.edition import EDITION
from archdsl.syntax.parser import parse, parse_expression, parse_path
from archdsl.syntax.source import Source, Span
from archdsl.syntax.tokens import MAX_ERRORS, tokenize
from archdsl.syntax.yaml_tree import Mapping, Scalar, Sequence, Tree, tree

_KINDS = ("use", "const", "fn", "block", "space", "model", "genotype", "search")


def from_yaml(source: Source) -> tuple[ast.File, list[Diagnostic]]:
    """The file that a YAML document stands for, and every error in it, placed in the YAML; never raises."""
    nothing = ast.File(EDITION, (), span=Span(source, 0, len(source.text)))
    writer = _Writer(source)
    try:
        writer.document(tree(source))
    except DiagnosticError as error:
        return nothing, list(error.diagnostics)
    if writer.diagnostics:
        return nothing, sorted(writer.diagnostics, key=lambda diagnostic: diagnostic.span.start if diagnostic.span else 0)
    file, diagnostics = parse(Source(source.name, "".join(writer.parts)))
    moved = _moved(replace(file, comments=()), writer.place)
    return replace(moved, span=nothing.span), [writer.moved(diagnostic) for diagnostic in diagnostics]


class _Writer:
    """Writes `.arch` text and remembers where each fragment of it stands in the YAML."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.parts: list[str] = []
        self.diagnostics: list[Diagnostic] = []
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
                return (exact + offset - start) if exact is not None else (span.end if ends else span.start)
            if ends or at + 1 == len(self._fragments):
                return span.end if exact is None else exact + end - start
        following = self._fragments[at + 1] if at + 1 < len(self._fragments) else None
        return 0 if following is None else following[2].start if following[3] is None else following[3]

    def moved(self, diagnostic: Diagnostic) -> Diagnostic:
        labels = tuple(Label(self.place(label.span), label.text) for label in diagnostic.labels)
        return replace(diagnostic, span=None if diagnostic.span is None else self.place(diagnostic.span), labels=labels)

    def report(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)
        if len(self.diagnostics) >= MAX_ERRORS:
            last = limits.ERRORS.error(diagnostic.span, f"after {MAX_ERRORS} errors the rest of the file was not read")
            raise DiagnosticError(*self.diagnostics, last)

    # -- checks ------------------------------------------------------------------------------------

    def wrong(self, node: Tree, message: str, help: str | None = None) -> None:
        self.report(syntax.YAML_SHAPE.error(node.span, message, help=help))

    def fields(self, node: Tree, what: str, needed: str, optional: str = "") -> dict[str, Tree] | None:
        """The values of a mapping by key; None, and a diagnostic, where the keys are not those of the thing."""
        if not isinstance(node, Mapping):
            self.wrong(node, f"{what} is a mapping with the keys {needed.replace(' ', ', ')}")
            return None
        found = {key.text: value for key, value in node.pairs}
        missing = [key for key in needed.split() if key not in found]
        for key, _ in node.pairs:
            if key.text not in (*needed.split(), *optional.split()):
                self.wrong(key, f"{what} has no key `{key.text[:40]}`", help=f"its keys: {', '.join([*needed.split(), *optional.split()])}")
        if missing:
            self.wrong(node, f"{what} needs the key `{missing[0]}`")
        return None if missing else found

    def items(self, node: Tree, what: str) -> tuple[Tree, ...]:
        if isinstance(node, Sequence):
            return node.items
        self.wrong(node, f"{what} is a list")
        return ()

    def _checked(self, node: Tree, what: str, check: Callable[[Source], list[Diagnostic]]) -> None:
        """Writes a scalar as a fragment after a check of its own that it is one thing and nothing more."""
        if isinstance(node, Sequence) and node.flow and all(isinstance(item, Scalar) for item in node.items):
            # `[0, 1]` without quotes: the text of a list.
            text = node.span.text
            node = Scalar(text, node.span, node.span.start)
        if not isinstance(node, Scalar):
            self.wrong(node, f"{what} is a text", help="put it in quotes")
            return
        inner = Source(self.source.name, node.text)
        found = check(inner)
        if found:
            offset = node.exact

            def place(span: Span) -> Span:
                return node.span if offset is None else Span(self.source, offset + span.start, offset + span.end)

            for diagnostic in found:
                labels = tuple(Label(place(label.span), label.text) for label in diagnostic.labels)
                self.report(replace(diagnostic, span=node.span if diagnostic.span is None else place(diagnostic.span), labels=labels))
            return
        self.fragment(node.text, node.span, node.exact)

    def expression(self, node: Tree) -> None:
        self._checked(node, "an expression", lambda source: parse_expression(source)[1])

    def path(self, node: Tree) -> None:
        self._checked(node, "a path", lambda source: parse_path(source)[1])

    def name(self, node: Tree) -> None:
        self._checked(node, "a name", _one_name)

    def clause(self, node: Tree, what: str) -> None:
        """One item of a list in brackets: a parameter, a port, a dimension, an output."""
        self._checked(node, what, lambda source: _one_item(source, what))

    def separated(self, nodes: tuple[Tree, ...], write: Callable[[Tree], None]) -> None:
        for at, node in enumerate(nodes):
            self.put(", " if at else "")
            write(node)

    def several(self, node: Tree, write: Callable[[Tree], None], what: str) -> None:
        """One text, or a list of at least one."""
        nodes = (node,) if isinstance(node, Scalar) else self.items(node, what)
        if not nodes and isinstance(node, Sequence):
            self.wrong(node, f"{what} has at least one item")
        self.separated(nodes, write)

    # -- documents and declarations ----------------------------------------------------------------

    def document(self, root: Tree) -> None:
        edition = root.get("arch") if isinstance(root, Mapping) else None
        if not isinstance(root, Mapping) or edition is None:
            where = root.pairs[0][0] if isinstance(root, Mapping) and root.pairs else root
            self.wrong(where, "the document does not begin with its edition", help=f"write `arch: {EDITION}` on the first line")
            return
        if not isinstance(edition, Scalar) or edition.text != str(EDITION):
            known = f"this version of archdsl knows edition {EDITION}"
            self.report(syntax.UNKNOWN_EDITION.error(edition.span, "unknown edition", help=known))
        self.put(f"arch {EDITION}\n")
        pairs = tuple(pair for pair in root.pairs if pair[0].text != "arch")
        rest = Mapping(pairs, pairs[0][0].span.to(root.span) if pairs else root.span)
        if root.get("declarations") is not None:
            found = self.fields(rest, "a document", "declarations")
            for declaration in self.items(found["declarations"], "`declarations`") if found else ():
                self.declaration(declaration)
        elif rest.pairs:
            self.declaration(rest)

    def declaration(self, node: Tree) -> None:
        keys = node.keys() if isinstance(node, Mapping) else []
        kind = next((kind for kind in _KINDS if kind in keys), None)
        if kind is None:
            self.wrong(node, "a declaration has one of the keys " + ", ".join(_KINDS))
            return
        write = {"use": self._use, "const": self._const, "fn": self._fn, "genotype": self._genotype, "search": self._search}.get(kind)
        if write is not None:
            write(node)
        else:
            self._net(node, kind)

    def _use(self, node: Tree) -> None:
        found = self.fields(node, "a use", "use names")
        if found:
            self.put("use ")
            self._checked(found["use"], "a module", _dotted)
            self.put(": ")
            self.several(found["names"], lambda each: self._checked(each, "a name", _alias), "`names`")
            self.put("\n")

    def _const(self, node: Tree) -> None:
        found = self.fields(node, "a const", "const value")
        if found:
            self.name(found["const"])
            self.put(" = ")
            self.expression(found["value"])

    def _fn(self, node: Tree) -> None:
        found = self.fields(node, "a fn", "fn params value")
        if found:
            self.put("fn ")
            self.name(found["fn"])
            self._params(found)
            self.put(" = ")
            self.expression(found["value"])

    def _params(self, found: dict[str, Tree]) -> None:
        if "params" in found:
            self.put("(")
            self.separated(self.items(found["params"], "`params`"), lambda each: self.clause(each, "a parameter"))
            self.put(")")

    def _net(self, node: Tree, kind: str) -> None:
        keys = node.keys() if isinstance(node, Mapping) else []
        bodied = "body" in keys
        optional = "params" if bodied or kind == "block" else "params with"
        found = self.fields(node, f"a {kind} with a body" if bodied else f"a {kind}", f"{kind} {'body' if bodied else 'value'}", optional)
        if not found:
            return
        self.put(f"{kind} ")
        self.name(found[kind])
        self._params(found)
        if bodied:
            self.body(found["body"])
            return
        self.put(" = ")
        self.expression(found["value"])
        for patch in self.items(found["with"], "`with`") if "with" in found else ():
            self.put(" with ")
            if isinstance(patch, Scalar):
                self._checked(patch, "the name of a genotype", _dotted)
            else:
                self.edits(patch)
        self.put("\n")

    def _genotype(self, node: Tree) -> None:
        found = self.fields(node, "a genotype", "genotype of set")
        if found:
            self.put("genotype ")
            self.name(found["genotype"])
            self.put(" of ")
            self.expression(found["of"])
            self.edits(found["set"])

    def _search(self, node: Tree) -> None:
        found = self.fields(node, "a search", "search of plan")
        if found:
            self.put("search ")
            self.name(found["search"])
            self.put(" of ")
            self.expression(found["of"])
            self.plan(found["plan"])

    # -- bodies, edits, plans ----------------------------------------------------------------------

    def braced(self, node: Tree, what: str, write: Callable[[Tree], None]) -> None:
        self.put(" {\n")
        for item in self.items(node, what):
            write(item)
            self.put("\n")
        self.put("}\n")

    def body(self, node: Tree) -> None:
        self.braced(node, "a body", self._statement)

    def _statement(self, node: Tree) -> None:
        keys = node.keys() if isinstance(node, Mapping) else []
        for kind, write in (("for", self._for), ("if", self._if), ("param", self._weight)):
            if kind in keys:
                write(node)
                return
        if not isinstance(node, Mapping) or len(node.pairs) != 1:
            self.wrong(node, "a statement is a mapping with one key: `input`, `output`, `require`, `name ~` or names")
            return
        key, value = node.pairs[0]
        if key.text == "input":
            self.put("input ")
            self.several(value, lambda each: self.clause(each, "an input"), "`input`")
        elif key.text == "output":
            self.put("output ")
            self.several(value, lambda each: self.clause(each, "an output"), "`output`")
        elif key.text == "require":
            self.put("require ")
            self.expression(value)
        elif key.text.endswith("~"):
            self.name(Scalar(key.text[:-1].strip(), key.span, key.exact))
            self.put(" ~ ")
            self.expression(value)
        else:
            self._checked(key, "the target of an assignment", _names)
            self.put(" = ")
            self.several(value, self.expression, "an assignment")

    def _weight(self, node: Tree) -> None:
        found = self.fields(node, "a param", "param shape", "init")
        if found:
            self.put("param ")
            self.name(found["param"])
            self.put(": [")
            self.separated(self.items(found["shape"], "`shape`"), lambda each: self.clause(each, "a dimension"))
            self.put("]")
            if "init" in found:
                self.put(" = ")
                self.expression(found["init"])

    def _for(self, node: Tree) -> None:
        found = self.fields(node, "a for", "for in do", "as")
        if found:
            self.put("for ")
            self._checked(found["for"], "a pattern", _pattern)
            self.put(" in (")
            self.expression(found["in"])
            self.put(")")
            if "as" in found:
                self.put(" as ")
                self.name(found["as"])
            self.body(found["do"])

    def _if(self, node: Tree) -> None:
        found = self.fields(node, "an if", "if then", "else")
        if found:
            self.put("if ")
            self.expression(found["if"])
            self.body(found["then"])
            if "else" in found:
                self.put(" else ")
                self.body(found["else"])

    def edits(self, node: Tree) -> None:
        if isinstance(node, Sequence):
            self.braced(node, "edits", self._edit)
            return
        if not isinstance(node, Mapping):
            self.wrong(node, "edits are a mapping from paths to values, or a list of edits")
            return
        self.put(" {\n")
        for key, value in node.pairs:
            self.path(key)
            self._settled(value)
            self.put("\n")
        self.put("}\n")

    def _settled(self, value: Tree) -> None:
        expressed = isinstance(value, Scalar) or (
            isinstance(value, Sequence) and value.flow and any(isinstance(item, Scalar) for item in value.items)
        )
        if expressed:
            self.put(" = ")
            self.expression(value)
        else:
            self.edits(value)

    def _edit(self, node: Tree) -> None:
        keys = node.keys() if isinstance(node, Mapping) else []
        for kind, other in _EDITS.items():
            if kind in keys:
                found = self.fields(node, f"an edit `{kind}`", f"{kind} {other}".strip())
                if found:
                    self._written(kind, found)
                return
        self.wrong(node, "an edit has one of the keys " + ", ".join(_EDITS))

    def _written(self, kind: str, found: dict[str, Tree]) -> None:
        if kind in ("set", "narrow", "group"):
            self.path(found[kind])
            if kind == "group":
                self.edits(found["edits"])
                return
            self.put(" = " if kind == "set" else " ~ ")
            self.expression(found["to"])
            return
        self.put(f"{kind} ")
        self.several(found[kind], self.path, f"`{kind}`")
        if kind != "remove":
            self.put(f" {_EDITS[kind]} ")
            self.expression(found[_EDITS[kind]])

    def plan(self, node: Tree) -> None:
        self.braced(node, "a plan", self._entry)

    def _entry(self, node: Tree) -> None:
        keys = node.keys() if isinstance(node, Mapping) else []
        kind = next((kind for kind in ("step", "fix", "set") if kind in keys), None)
        if kind == "step":
            found = self.fields(node, "a step", "step plan")
            if found:
                self.put("step ")
                self.name(found["step"])
                self.plan(found["plan"])
        elif kind == "fix":
            found = self.fields(node, "a fix", "fix", "to")
            if found:
                self.put("fix ")
                self.path(found["fix"])
                if "to" in found:
                    self.put(" = ")
                    self.expression(found["to"])
        elif kind == "set":
            found = self.fields(node, "a setting", "set to")
            if found:
                self.name(found["set"])
                self.put(" = ")
                self.expression(found["to"])
        elif not isinstance(node, Mapping) or len(node.pairs) != 1:
            self.wrong(node, "an entry of a plan is a mapping with one key")
        else:
            self._simple(*node.pairs[0])

    def _simple(self, key: Scalar, value: Tree) -> None:
        if key.text in ("open", "freeze"):
            self.put(f"{key.text} ")
            self.several(value, self.path, f"`{key.text}`")
        elif key.text in ("budget", "require"):
            self.put(f"{key.text} ")
            self.expression(value)
        else:
            self.name(key)
            self.put(" = ")
            self.expression(value)


_EDITS = {"set": "to", "narrow": "to", "group": "edits", "after": "insert", "before": "insert", "replace": "by", "remove": ""}


# -- fragments: each must be one thing, so that the text around it means what the YAML says ----------


def _said(source: Source, message: str) -> Diagnostic:
    return syntax.UNEXPECTED.error(Span(source, 0, len(source.text)), message)


def _words(source: Source, message: str, follows: dict[str, tuple[str, ...]]) -> list[Diagnostic]:
    """Names and signs, of which each may follow only what `follows` says; a name is `a`, the end is empty."""
    tokens = tokenize(source)
    if tokens.diagnostics:
        return tokens.diagnostics
    before = ""
    for kind, text in zip(tokens.kinds, tokens.texts, strict=True):
        this = kind if kind in follows else "a" if text and text.isidentifier() else "" if not text else "?"
        if this not in follows.get(before, ()):
            return [_said(source, message)]
        before = this or "end"
    return []


def _one_name(source: Source) -> list[Diagnostic]:
    value, found = parse_expression(source)
    return found if found or (isinstance(value, ast.Ref) and source.text.strip() == value.name) else [_said(source, "expected a name")]


def _names(source: Source) -> list[Diagnostic]:
    return _each(source, _words(source, "expected names with commas between them", {"": ("a",), "a": (",", ""), ",": ("a",)}))


def _dotted(source: Source) -> list[Diagnostic]:
    return _each(source, _words(source, "expected a name, or names with dots between them", {"": ("a",), "a": (".", ""), ".": ("a",)}))


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
    return next((_said_reserved(source, word) for word in words if _one_name(Source(source.name, word))), [])


def _said_reserved(source: Source, word: str) -> list[Diagnostic]:
    return [syntax.RESERVED.error(Span(source, 0, len(source.text)), f"`{word[:40]}` cannot be a name", help="choose another name")]


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


# Where an item stands, so that it can be read by itself.
_ITEMS = {
    "a parameter": ("arch 1 fn f(", "\n) = 0"),
    "a dimension": ("arch 1 block b { param w: [", "\n] }"),
    "an input": ("arch 1 block b { input ", "\n}"),
    "an output": ("arch 1 block b { output ", "\n}"),
}


def _one_item(source: Source, what: str) -> list[Diagnostic]:
    """One parameter, dimension, input or output, and nothing that could end the list it stands in."""
    before, after = _ITEMS[what]
    file, found = parse(Source(source.name, before + source.text + after))

    def place(span: Span) -> Span:
        start, end = (min(max(offset - len(before), 0), len(source.text)) for offset in (span.start, span.end))
        return Span(source, start, end)

    if found:
        return [
            replace(each, span=each.span and place(each.span), labels=tuple(Label(place(label.span), label.text) for label in each.labels))
            for each in found
        ]
    match file.declarations:
        case (ast.Fn(params=(_,)),) | (ast.Block(body=(ast.Weight(shape=(_,)) | ast.Input(ports=(_,)) | ast.Output(values=(_,)),)),):
            return []
    return [_said(source, f"expected {what} and nothing else")]


def _moved(node: Any, place: Callable[[Span], Span]) -> Any:
    """The tree with every span carried to another source."""
    if isinstance(node, tuple):
        return tuple(_moved(item, place) for item in node)
    if not isinstance(node, ast.Node):
        return node
    changed = {each.name: _moved(getattr(node, each.name), place) for each in fields(node) if each.name != "span"}
    return replace(node, span=place(node.span), **changed)
