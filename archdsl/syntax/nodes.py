"""The nodes of the language: one function for each rule of the grammar, from its parts to a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from archdsl.diagnostics.source import Span
from archdsl.syntax import ast

Action: TypeAlias = Callable[[Span, list[Any]], Any]

_UNITS = {"K": 3, "M": 6, "G": 9, "T": 12}


def _sequence(span: Span, parts: list[Any]) -> tuple[Any, ...]:
    return tuple(parts)


def _first(span: Span, parts: list[Any]) -> Any:
    return parts[0]


def _plain(node: type[Any], *before: Any) -> Action:
    """For nodes whose fields are the rule's parts in their order, behind some that the rule stands for."""
    return lambda span, parts: node(*before, *parts, span=span)


def _gathered(node: type[Any], fields: int = 0) -> Action:
    """For nodes whose last field is the tuple of all parts behind the first fields."""
    return lambda span, parts: node(*parts[:fields], tuple(parts[fields:]), span=span)


def quantity(text: str) -> float:
    """`2.0G` as the nearest float to 2·10⁹."""
    return float(f"{text[:-1]}e{_UNITS[text[-1]]}")


def _size(span: Span, parts: list[Any]) -> ast.Size:
    return ast.Size(tuple(int(size) for size in parts[0].split("x")), span=span)


def _comprehension(span: Span, parts: list[Any]) -> ast.Comprehension:
    value, *clauses, condition = parts
    return ast.Comprehension(value, tuple(clauses), condition, span=span)


def _binary(span: Span, parts: list[Any]) -> ast.Binary:
    left, op, right = parts
    return ast.Binary(op, left, right, span=span)


def _output(span: Span, parts: list[Any]) -> ast.Output:
    values, shapes = zip(*parts, strict=True)
    return ast.Output(
        values, () if all(shape is None for shape in shapes) else shapes, span=span
    )


def _block(span: Span, parts: list[Any]) -> ast.Block:
    name, params, body = parts
    return ast.Block(name, params, body, None, span=span)


def _block_is(span: Span, parts: list[Any]) -> ast.Block:
    name, params, value = parts
    return ast.Block(name, params, None, value, span=span)


def _net(span: Span, parts: list[Any]) -> ast.Net:
    kind, name, params, body = parts
    return ast.Net(kind, name, params, body, None, (), span=span)


def _net_is(span: Span, parts: list[Any]) -> ast.Net:
    kind, name, params, value, *patches = parts
    named: list[ast.Edits | ast.Path] = []
    at = value.span.end
    for patch in patches:
        if isinstance(patch, tuple):
            words = []
            for word in patch:
                words.append(ast.Name(word, span=span.word(word, at)))
                at = words[-1].span.end
            named.append(ast.Path(tuple(words), span=words[0].span.to(words[-1].span)))
        else:
            named.append(patch)
            at = patch.span.end
    return ast.Net(kind, name, params, None, value, tuple(named), span=span)


def _genotype(span: Span, parts: list[Any]) -> ast.Genotype:
    name, of, edits = parts
    return ast.Genotype(name, of, edits.edits, span=span)


def _group_edit(span: Span, parts: list[Any]) -> ast.GroupEdit:
    path, edits = parts
    return ast.GroupEdit(path, edits.edits, span=span)


def _path(span: Span, parts: list[Any]) -> ast.Path:
    word, *segments = parts
    first = ast.Name(word, span=Span(span.source, span.start, span.start + len(word)))
    return ast.Path((first, *segments), span=span)


def _index(span: Span, parts: list[Any]) -> ast.Index:
    return ast.Index(tuple(int(part) for part in parts), span=span)


def _index_range(span: Span, parts: list[Any]) -> ast.Index:
    return ast.Index((int(parts[0]), int(parts[1])), True, span=span)


def _parenthesised(span: Span, parts: list[Any]) -> Any:
    return parts[0]


ACTIONS: Mapping[str, Action] = {
    "file": lambda span, parts: ast.File(int(parts[0]), tuple(parts[1:]), span=span),
    "use": _gathered(ast.Use, 1),
    "dotted": _sequence,
    "alias": _plain(ast.Alias),
    "const": _plain(ast.Const),
    "fn": _plain(ast.Fn),
    "block": _block,
    "block_is": _block_is,
    "net": _net,
    "net_is": _net_is,
    "genotype": _genotype,
    "params": _sequence,
    "param": _plain(ast.Param),
    "body": _sequence,
    "input": _gathered(ast.Input),
    "port": _plain(ast.Port),
    "shape": _sequence,
    "dim": _plain(ast.Dim),
    "weight": _plain(ast.Weight),
    "output": _output,
    "result": _sequence,
    "bind": _plain(ast.Bind),
    "targets": _sequence,
    "exprs": _sequence,
    "choose": _plain(ast.Choose),
    "for": _plain(ast.For),
    "name_pattern": _plain(ast.NamePattern),
    "tuple_pattern": _gathered(ast.TuplePattern),
    "if": _plain(ast.If),
    "else_if": _sequence,
    "require": _plain(ast.Require),
    "edits": _gathered(ast.Edits),
    "set_edit": _plain(ast.SetEdit),
    "narrow_edit": _plain(ast.NarrowEdit),
    "group_edit": _group_edit,
    "insert_after": _plain(ast.InsertEdit, "after"),
    "insert_before": _plain(ast.InsertEdit, "before"),
    "replace_edit": _plain(ast.ReplaceEdit),
    "remove_edit": _plain(ast.RemoveEdit),
    "paths": _sequence,
    "path": _path,
    "name_segment": _plain(ast.Name),
    "indices": _index,
    "index_range": _index_range,
    "every_index": _plain(ast.Index, None),
    "search": _plain(ast.Search),
    "plan": _sequence,
    "step": _plain(ast.Step),
    "open": _plain(ast.Open),
    "fix": _plain(ast.Fix),
    "freeze": _plain(ast.Freeze),
    "budget": _plain(ast.Budget),
    "setting": _plain(ast.Setting),
    "conditional": _plain(ast.Conditional),
    "flow": _gathered(ast.Flow),
    "named": _plain(ast.Named),
    "binary": _binary,
    "not": _plain(ast.Unary, "not"),
    "minus": _plain(ast.Unary, "-"),
    "of": _plain(ast.Of),
    "range": _plain(ast.Range),
    "mode": _plain(ast.Mode),
    "call": _gathered(ast.Call, 1),
    "attr": _plain(ast.Attr),
    "item": _plain(ast.Item),
    "positional": _plain(ast.Arg, None),
    "keyword": _plain(ast.Arg),
    "ref": _plain(ast.Ref),
    "int": lambda span, parts: ast.Int(int(parts[0]), span=span),
    "float": lambda span, parts: ast.Float(float(parts[0]), parts[0], span=span),
    "quantity": lambda span, parts: ast.Quantity(quantity(parts[0]), parts[0], span=span),
    "size": _size,
    "axes": lambda span, parts: ast.Axes(parts[0][1:], span=span),
    "string": lambda span, parts: ast.String(parts[0].strip('"'), span=span),
    "true": _plain(ast.Bool, True),
    "false": _plain(ast.Bool, False),
    "parenthesised": _parenthesised,
    "tuple": _gathered(ast.Tuple),
    "list": _gathered(ast.List),
    "comprehension": _comprehension,
    "clause": _plain(ast.Clause),
    "entry_of": _plain(ast.Entry),
    "broken": lambda span, parts: ast.Broken(tuple(parts[0].split()), span=span),
    "word": _first,
}

# Rules whose values are no level of nesting: a list becomes a field of the node around it. Parentheses are
# one, to a reader.
FLAT = frozenset(
    name for name, action in ACTIONS.items() if action in (_sequence, _first)
) | {"edits"}
