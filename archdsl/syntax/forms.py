"""The forms of declarations, statements, edits and plan entries: what each says, in the order of its text.

One table serves both concrete syntaxes. Of

    "for": _form(ast.For, ("for ", "for", "pattern", "pattern"), (" in ", "in", "iterable", "iterable"), …)

the second part says: ` in ` stands before it in the text; in YAML its key is `in`; it is the field `iterable`
of the node; and it is of the kind `iterable`, an expression that binds tighter than a conditional. A part
without a value is left out, with its sign. The keys and what each holds are those of
`grammar/document.schema.json`, to which a test holds this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from archdsl.syntax import ast
from archdsl.syntax.spelling import (
    EXPR,
    OR,
    Child,
    Piece,
    parameters,
    path,
    paths,
    pattern,
    result,
    shape,
)

Line: TypeAlias = ast.Declaration | ast.Stmt | ast.Edit | ast.PlanEntry
Body: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a form says: the sign before it in the text, its key in YAML, the node's field, and its
    kind.
    """

    sign: str
    key: str
    field: str
    kind: str


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of line: the class of its node and its parts."""

    node: type[Any]
    parts: tuple[Part, ...]


Forms: TypeAlias = Mapping[str, Form]  # by the key that tells each from others


def _form(node: type[Any], *parts: tuple[str, str, str, str]) -> Form:
    return Form(node, tuple(Part(*part) for part in parts))


def _net(kind: str) -> Form:
    """A block, a space or a model; it has a body or a value."""
    patches = () if kind == "block" else ((" with ", "with", "patches", "patches"),)
    return _form(
        ast.Block if kind == "block" else ast.Net,
        (f"{kind} ", kind, "name", "name"),
        ("", "params", "params", "params"),
        (" = ", "value", "value", "expression"),
        ("", "body", "body", "body"),
        *patches,
    )


def _insert(where: str) -> Form:
    return _form(
        ast.InsertEdit,
        (f"{where} ", where, "paths", "paths"),
        (" insert ", "insert", "layer", "expression"),
    )


DECLARATIONS: Forms = {
    "use": _form(
        ast.Use, ("use ", "use", "module", "module"), (": ", "names", "names", "names")
    ),
    "const": _form(
        ast.Const, ("", "const", "name", "name"), (" = ", "value", "value", "expression")
    ),
    "fn": _form(
        ast.Fn,
        ("fn ", "fn", "name", "name"),
        ("", "params", "params", "params"),
        (" = ", "value", "value", "expression"),
    ),
    "block": _net("block"),
    "space": _net("space"),
    "model": _net("model"),
    "genotype": _form(
        ast.Genotype,
        ("genotype ", "genotype", "name", "name"),
        (" of ", "of", "of", "expression"),
        ("", "set", "edits", "edits"),
    ),
    "search": _form(
        ast.Search,
        ("search ", "search", "name", "name"),
        (" of ", "of", "of", "expression"),
        ("", "plan", "entries", "plan"),
    ),
}

STATEMENTS: Forms = {
    "for": _form(
        ast.For,
        ("for ", "for", "pattern", "pattern"),
        (" in ", "in", "iterable", "iterable"),
        (" as ", "as", "label", "name"),
        ("", "do", "body", "body"),
    ),
    "if": _form(
        ast.If,
        ("if ", "if", "test", "expression"),
        ("", "then", "body", "body"),
        (" else", "else", "orelse", "body"),
    ),
    "param": _form(
        ast.Weight,
        ("param ", "param", "name", "name"),
        (": ", "shape", "shape", "shape"),
        (" = ", "init", "init", "expression"),
    ),
    "input": _form(ast.Input, ("input ", "input", "ports", "ports")),
    "output": _form(ast.Output, ("output ", "output", "results", "results")),
    "require": _form(ast.Require, ("require ", "require", "condition", "expression")),
}

EDITS: Forms = {
    "set": _form(
        ast.SetEdit, ("", "set", "path", "path"), (" = ", "to", "value", "expression")
    ),
    "narrow": _form(
        ast.NarrowEdit,
        ("", "narrow", "path", "path"),
        (" ~ ", "to", "domain", "expression"),
    ),
    "group": _form(
        ast.GroupEdit, ("", "group", "path", "path"), ("", "edits", "edits", "edits")
    ),
    "after": _insert("after"),
    "before": _insert("before"),
    "replace": _form(
        ast.ReplaceEdit,
        ("replace ", "replace", "paths", "paths"),
        (" by ", "by", "layer", "expression"),
    ),
    "remove": _form(ast.RemoveEdit, ("remove ", "remove", "paths", "paths")),
}

ENTRIES: Forms = {
    "step": _form(
        ast.Step, ("step ", "step", "name", "name"), ("", "plan", "entries", "plan")
    ),
    "open": _form(ast.Open, ("open ", "open", "paths", "paths")),
    "freeze": _form(ast.Freeze, ("freeze ", "freeze", "paths", "paths")),
    "fix": _form(
        ast.Fix, ("fix ", "fix", "path", "path"), (" = ", "to", "value", "expression")
    ),
    "budget": _form(ast.Budget, ("budget ", "budget", "condition", "expression")),
    "require": STATEMENTS["require"],
    "set": _form(
        ast.Setting, ("", "set", "name", "name"), (" = ", "to", "value", "expression")
    ),
}

# In YAML these two are one key, what stands before the sign, and one value.
BIND = _form(ast.Bind, ("", "", "targets", "targets"), (" = ", "", "values", "expressions"))
CHOOSE = _form(ast.Choose, ("", "", "name", "name"), (" ~ ", "", "domain", "expression"))
BROKEN = _form(
    ast.Broken, ("", "", "written", "text")
)  # only the text shows it: YAML has no form of it

NESTED = frozenset(
    {"body", "edits", "plan", "patches"}
)  # kinds that hold lines of their own

_ALL = (
    *DECLARATIONS.values(),
    *STATEMENTS.values(),
    *EDITS.values(),
    *ENTRIES.values(),
    BIND,
    CHOOSE,
    BROKEN,
)
_FORMS = {form.node: form for form in _ALL}


def form_of(node: Line) -> Form:
    """The form that a node has."""
    if isinstance(node, ast.Net):
        return DECLARATIONS[node.kind]
    return EDITS[node.where] if isinstance(node, ast.InsertEdit) else _FORMS[type(node)]


# -- the text up to a body -------------------------------------------------------------------------


def head(node: Line) -> list[Piece]:
    """The whole statement, or what stands before its first `{`; of a space with patches what stands before
    `with`.
    """
    pieces: list[Piece] = []
    for part in form_of(node).parts:
        if part.kind in NESTED:
            break
        value = getattr(node, part.field)
        if value is not None:
            pieces += [part.sign, *_SPELLINGS[part.kind](value)]
    return pieces


def bodies(node: Line) -> list[Body]:
    """The bodies of a statement in their order; not the patches of a space."""
    parts = (
        part
        for part in form_of(node).parts
        if part.kind in NESTED and part.kind != "patches"
    )
    values = (getattr(node, part.field) for part in parts)
    return [value for value in values if value is not None]


def otherwise(node: Line) -> ast.If | None:
    """The If of an `else if`."""
    match node:
        case ast.If(orelse=(ast.If() as chained,)):
            return chained
    return None


def separated(items: Iterable[Sequence[Piece]]) -> list[Piece]:
    """The items with `, ` between them."""
    parts: list[Piece] = []
    for item in items:
        parts += [", ", *item] if parts else item
    return parts


def port(node: ast.Port) -> list[Piece]:
    """`x: [b, c = 3]`."""
    return [node.name] if node.shape is None else [f"{node.name}: ", shape(node.shape)]


def alias(node: ast.Alias) -> str:
    """`name as other`."""
    return node.name if node.alias is None else f"{node.name} as {node.alias}"


_SPELLINGS: Mapping[str, Callable[[Any], Sequence[Piece]]] = {
    "name": lambda name: [name],
    "targets": lambda names: [", ".join(names)],
    "module": lambda names: [".".join(names)],
    "names": lambda names: [", ".join(map(alias, names))],
    "pattern": lambda node: [pattern(node)],
    "path": lambda node: [path(node)],
    "paths": lambda nodes: [paths(nodes)],
    "expression": lambda node: [Child(node, EXPR)],
    "iterable": lambda node: [Child(node, OR)],
    "expressions": lambda nodes: separated([Child(node, EXPR)] for node in nodes),
    "params": lambda nodes: [parameters(nodes)],
    "shape": lambda nodes: [shape(nodes)],
    "ports": lambda nodes: separated(port(node) for node in nodes),
    "text": lambda text: [text],
    "results": lambda results: separated(result(value, dims) for value, dims in results),
}
