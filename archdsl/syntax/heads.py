"""How declarations, statements, edits and plan entries are spelt up to their bodies, and which bodies they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from archdsl.syntax import ast
from archdsl.syntax.spelling import EXPR, OR, Child, Piece, parameters, path, paths, pattern, result, shape

Line: TypeAlias = ast.Declaration | ast.Stmt | ast.Edit | ast.PlanEntry
Body: TypeAlias = tuple[Any, ...]


def head(node: Line) -> list[Piece]:
    """The whole statement, or what stands before its (first) `{`; of a space with patches what stands before `with`."""
    match node:
        case ast.Use():
            names = (f"{each.name} as {each.alias}" if each.alias else each.name for each in node.names)
            return [f"use {'.'.join(node.module)}: {', '.join(names)}"]
        case ast.Const() | ast.Setting():
            return [f"{node.name} = ", Child(node.value, EXPR)]
        case ast.Fn():
            return [f"fn {node.name}", parameters(node.params), *_value(" = ", node.value)]
        case ast.Block() | ast.Net():
            kind = "block" if isinstance(node, ast.Block) else node.kind
            params = () if node.params is None else (parameters(node.params),)
            return [f"{kind} {node.name}", *params, *_value(" = ", node.value)]
        case ast.Genotype():
            return [f"genotype {node.name} of ", Child(node.of, EXPR)]
        case ast.Search():
            return [f"search {node.name} of ", Child(node.of, EXPR)]
        case ast.Input() | ast.Weight() | ast.Output() | ast.Bind() | ast.Choose() | ast.For() | ast.If() | ast.Require():
            return _statement(node)
        case ast.SetEdit() | ast.NarrowEdit() | ast.GroupEdit() | ast.InsertEdit() | ast.ReplaceEdit() | ast.RemoveEdit():
            return _edit(node)
        case ast.Step():
            return [f"step {node.name}"]
        case ast.Open():
            return [f"open {paths(node.paths)}"]
        case ast.Freeze():
            return [f"freeze {paths(node.paths)}"]
        case ast.Fix():
            return [f"fix {path(node.path)}", *_value(" = ", node.value)]
        case ast.Budget():
            return ["budget ", Child(node.condition, EXPR)]


def _statement(node: ast.Stmt) -> list[Piece]:
    match node:
        case ast.Input():
            return ["input ", *separated(_port(port) for port in node.ports)]
        case ast.Weight():
            return [f"param {node.name}: ", shape(node.shape), *_value(" = ", node.init)]
        case ast.Output():
            return ["output ", *separated(result(value, dims) for value, dims in node.results())]
        case ast.Bind():
            return [f"{', '.join(node.targets)} = ", *separated([Child(value, EXPR)] for value in node.values)]
        case ast.Choose():
            return [f"{node.name} ~ ", Child(node.domain, EXPR)]
        case ast.For():
            return [f"for {pattern(node.pattern)} in ", Child(node.iterable, OR), "" if node.label is None else f" as {node.label}"]
        case ast.If():
            return ["if ", Child(node.test, EXPR)]
        case ast.Require():
            return ["require ", Child(node.condition, EXPR)]


def _edit(node: ast.Edit) -> list[Piece]:
    match node:
        case ast.SetEdit():
            return [f"{path(node.path)} = ", Child(node.value, EXPR)]
        case ast.NarrowEdit():
            return [f"{path(node.path)} ~ ", Child(node.domain, EXPR)]
        case ast.GroupEdit():
            return [path(node.path)]
        case ast.InsertEdit():
            return [f"{node.where} {paths(node.paths)} insert ", Child(node.layer, EXPR)]
        case ast.ReplaceEdit():
            return [f"replace {paths(node.paths)} by ", Child(node.layer, EXPR)]
        case ast.RemoveEdit():
            return [f"remove {paths(node.paths)}"]


def _value(sign: str, value: ast.Expr | None) -> tuple[Piece, ...]:
    return () if value is None else (sign, Child(value, EXPR))


def _port(port: ast.Port) -> Sequence[Piece]:
    return [port.name] if port.shape is None else [f"{port.name}: ", shape(port.shape)]


def separated(items: Iterable[Sequence[Piece]]) -> list[Piece]:
    """The items with `, ` between them."""
    parts: list[Piece] = []
    for item in items:
        parts += [", ", *item] if parts else item
    return parts


def bodies(node: Line) -> list[Body]:
    """The bodies of a statement in their order; not the patches of a space."""
    match node:
        case ast.If():
            return [node.body] if node.orelse is None else [node.body, node.orelse]
        case ast.For():
            return [node.body]
        case ast.Block() | ast.Net():
            return [] if node.body is None else [node.body]
        case ast.Genotype() | ast.GroupEdit():
            return [node.edits]
        case ast.Search() | ast.Step():
            return [node.entries]
    return []


def otherwise(node: Line) -> ast.If | None:
    """The If of an `else if`."""
    if isinstance(node, ast.If) and node.orelse is not None and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        return node.orelse[0]
    return None
