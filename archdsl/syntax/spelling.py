"""How every expression, path and pattern is spelt, with the fewest parentheses; the formatter and the YAML
form build on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from archdsl.syntax import ast

# Levels of binding, loosest first, as the rules of the grammar.
EXPR, FLOW, NAMED, OR, AND, NOT, COMPARE, OF, RANGE, SUM, PRODUCT, UNARY, POSTFIX, ATOM = (
    range(14)
)

_BINARY = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "//", "%"), PRODUCT),
}


@dataclass(frozen=True, slots=True)
class Child:
    """A part of a spelling: an expression that needs parentheses if it binds looser than `level`."""

    node: ast.Expr
    level: int

    @property
    def parenthesised(self) -> bool:
        return binding(self.node) < self.level


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a spelling: items between brackets, separated by commas."""

    opening: str
    items: tuple[tuple[Piece, ...], ...]
    closing: str


Piece: TypeAlias = str | Child | Group


def binding(node: ast.Expr) -> int:
    """The level of the rule that yields the node."""
    if isinstance(node, ast.Binary):
        return _BINARY.get(node.op, COMPARE)
    if isinstance(node, ast.Unary):
        return NOT if node.op == "not" else UNARY
    return _LEVELS.get(type(node), ATOM)


_LEVELS: dict[type[Any], int] = {
    ast.Conditional: EXPR,
    ast.Flow: FLOW,
    ast.Named: NAMED,
    ast.Of: OF,
    ast.Range: RANGE,
    ast.Mode: UNARY,
    ast.Call: POSTFIX,
    ast.Attr: POSTFIX,
    ast.Item: POSTFIX,
}


def pieces(node: ast.Expr) -> tuple[Piece, ...]:
    """What an expression is written with: texts, smaller expressions and bracketed groups."""
    spell: Callable[[Any], tuple[Piece, ...]] = _SPELLINGS[type(node)]
    return spell(node)


def flat(node: ast.Expr) -> str:
    """The expression on one line."""
    return join(pieces(node))


def join(parts: Iterable[Piece]) -> str:
    """Pieces on one line."""
    texts = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Child):
            inner = flat(part.node)
            texts.append(f"({inner})" if part.parenthesised else inner)
        else:
            texts.append(f"{part.opening}{', '.join(map(join, part.items))}{part.closing}")
    return "".join(texts)


def _binary(node: ast.Binary) -> tuple[Piece, ...]:
    level = binding(node)
    left = level + 1 if level == COMPARE else level
    return Child(node.left, left), f" {node.op} ", Child(node.right, level + 1)


def _conditional(node: ast.Conditional) -> tuple[Piece, ...]:
    return (
        "if ",
        Child(node.test, FLOW),
        " then ",
        Child(node.value, FLOW),
        " else ",
        Child(node.orelse, EXPR),
    )


def _flow(node: ast.Flow) -> tuple[Piece, ...]:
    flow: tuple[Piece, ...] = (Child(node.items[0], NAMED),)
    for item in node.items[1:]:
        flow += (" -> ", Child(item, NAMED))
    return flow


def _range(node: ast.Range) -> tuple[Piece, ...]:
    step: tuple[Piece, ...] = () if node.step is None else (" by ", Child(node.step, SUM))
    return (Child(node.low, SUM), "..", Child(node.high, SUM), *step)


def _unary(node: ast.Unary) -> tuple[Piece, ...]:
    return (
        ("not ", Child(node.operand, NOT))
        if node.op == "not"
        else ("-", Child(node.operand, UNARY))
    )


def entry(node: ast.Entry) -> tuple[Piece, ...]:
    """`label: value`."""
    label = () if node.label is None else (f"{node.label}: ",)
    return (*label, Child(node.value, EXPR))


def argument(node: ast.Arg) -> tuple[Piece, ...]:
    """`name = value`."""
    name = () if node.name is None else (f"{node.name} = ",)
    return (*name, Child(node.value, EXPR))


def parameter(node: ast.Param) -> tuple[Piece, ...]:
    """`name: kind = default`."""
    head = node.name if node.kind is None else f"{node.name}: {node.kind}"
    return (head,) if node.default is None else (f"{head} = ", Child(node.default, EXPR))


def parameters(params: tuple[ast.Param, ...]) -> Group:
    return Group("(", tuple(parameter(param) for param in params), ")")


def dimension(node: ast.Dim) -> tuple[Piece, ...]:
    """`c = 3`."""
    return (
        (node.name,) if node.size is None else (f"{node.name} = ", Child(node.size, EXPR))
    )


def shape(dims: tuple[ast.Dim, ...]) -> Group:
    return Group("[", tuple(dimension(dim) for dim in dims), "]")


def result(value: ast.Expr, dims: tuple[ast.Dim, ...] | None) -> tuple[Piece, ...]:
    """`tokens: [b, n, c]`."""
    return (
        (Child(value, EXPR),) if dims is None else (Child(value, EXPR), ": ", shape(dims))
    )


def _tuple(node: ast.Tuple) -> tuple[Piece, ...]:
    return (
        Group(
            "(",
            tuple(entry(item) for item in node.entries),
            ",)" if len(node.entries) == 1 else ")",
        ),
    )


def clause(node: ast.Clause) -> tuple[Piece, ...]:
    """`for pattern in iterable`."""
    return f"for {pattern(node.pattern)} in ", Child(node.iterable, OR)


def _comprehension(node: ast.Comprehension) -> tuple[Piece, ...]:
    parts: list[Piece] = ["[", Child(node.value, EXPR)]
    for each in node.clauses:
        parts += [" ", *clause(each)]
    if node.condition is not None:
        parts += [" if ", Child(node.condition, EXPR)]
    return (*parts, "]")


_SPELLINGS: dict[type[Any], Callable[[Any], tuple[Piece, ...]]] = {
    ast.Broken: lambda node: (node.span.text,),
    ast.Int: lambda node: (str(node.value),),
    ast.Float: lambda node: (node.text,),
    ast.Quantity: lambda node: (node.text,),
    ast.Size: lambda node: ("x".join(map(str, node.sizes)),),
    ast.Axes: lambda node: (f"@{node.names}",),
    ast.String: lambda node: (f'"{node.value}"',),
    ast.Bool: lambda node: ("true" if node.value else "false",),
    ast.Ref: lambda node: (node.name,),
    ast.Tuple: _tuple,
    ast.List: lambda node: (Group("[", tuple(entry(item) for item in node.entries), "]"),),
    ast.Comprehension: _comprehension,
    ast.Call: lambda node: (
        Child(node.callee, POSTFIX),
        Group("(", tuple(argument(arg) for arg in node.args), ")"),
    ),
    ast.Attr: lambda node: (Child(node.value, POSTFIX), f".{node.name}"),
    ast.Item: lambda node: (Child(node.value, POSTFIX), "[", Child(node.index, EXPR), "]"),
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Mode: lambda node: (f"{node.mode} ", Child(node.operand, UNARY)),
    ast.Range: _range,
    ast.Of: lambda node: (Child(node.count, RANGE), " of ", Child(node.items, RANGE)),
    ast.Named: lambda node: (Child(node.value, OR), f" as {node.name}"),
    ast.Flow: _flow,
    ast.Conditional: _conditional,
}


def pattern(node: ast.Pattern) -> str:
    """`(i, (width, n))`."""
    if isinstance(node, ast.NamePattern):
        return node.name
    return f"({', '.join(map(pattern, node.items))})"


def path(node: ast.Path) -> str:
    """`group[*].sparse.attention`."""
    return "".join(_segment(segment, at == 0) for at, segment in enumerate(node.segments))


def paths(nodes: Iterable[ast.Path]) -> str:
    return ", ".join(map(path, nodes))


def _segment(node: ast.Name | ast.Index, first: bool) -> str:
    if isinstance(node, ast.Name):
        return node.name if first else f".{node.name}"
    if node.indices is None:
        return "[*]"
    return f"[{('..' if node.ranged else ', ').join(map(str, node.indices))}]"
