"""Hypothesis strategies for valid syntax trees. Their spans lie at the start of an empty source: equality
ignores them.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from archdsl.diagnostics.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.complaints import RESERVED
from archdsl.syntax.nodes import quantity

SPAN = Span(Source("generated", ""), 0, 0)

# Words that open declarations, edits and entries are names too; the longest names make lines that must break.
names = st.one_of(
    st.sampled_from(
        "x y w arch use fn block space model genotype search after before insert replace remove step open fix freeze budget set".split()
    ),
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,30}", fullmatch=True).filter(
        lambda word: word not in RESERVED
    ),
)
_digits = st.from_regex(r"[0-9]{1,4}", fullmatch=True)
integers = st.integers(0, 10**18 - 1)


def _node(kind: type[Any], *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda *values: kind(*values, span=SPAN), *parts)


def tuples(
    items: st.SearchStrategy[Any], least: int = 0, most: int = 3
) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def _float(text: str) -> ast.Float:
    return ast.Float(float(text), text, span=SPAN)


def _quantity(text: str) -> ast.Quantity:
    return ast.Quantity(quantity(text), text, span=SPAN)


atoms = st.one_of(
    _node(ast.Int, integers),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}(e-?[0-9])?|e-?[0-9])", fullmatch=True).map(
        _float
    ),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3})?[KMGT]", fullmatch=True).map(_quantity),
    _node(ast.Size, tuples(integers, 2, 4)),
    _node(ast.Axes, st.from_regex(r"[a-z]{1,4}", fullmatch=True)),
    _node(
        ast.String,
        st.text(
            st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"'),
            max_size=12,
        ),
    ),
    _node(ast.Bool, st.booleans()),
    _node(ast.Ref, names),
)


def _output(results: tuple[tuple[Any, Any], ...]) -> ast.Output:
    shapes = tuple(shape for _, shape in results)
    return ast.Output(
        tuple(value for value, _ in results),
        shapes if any(shape is not None for shape in shapes) else (),
        span=SPAN,
    )


def patterns() -> st.SearchStrategy[ast.Pattern]:
    return st.recursive(
        _node(ast.NamePattern, names),
        lambda inner: _node(ast.TuplePattern, tuples(inner, 1)),
        max_leaves=4,
    )


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    entries = _node(ast.Entry, st.none() | names, inner)
    clauses = _node(ast.Clause, patterns(), inner)
    operators = st.sampled_from("or and == != <= >= < > in + - * / // %".split())
    return st.one_of(
        _node(ast.Tuple, tuples(entries, 1)),
        _node(ast.List, tuples(entries)),
        _node(ast.Comprehension, inner, tuples(clauses, 1, 2), st.none() | inner),
        _node(ast.Call, inner, tuples(_node(ast.Arg, st.none() | names, inner))),
        _node(ast.Attr, inner, names),
        _node(ast.Item, inner, inner),
        _node(ast.Unary, st.sampled_from(["-", "not"]), inner),
        _node(ast.Binary, operators, inner, inner),
        _node(ast.Mode, st.sampled_from(["shared", "tied"]), inner),
        _node(ast.Range, inner, inner, st.none() | inner),
        _node(ast.Of, inner, inner),
        _node(ast.Named, inner, names),
        _node(ast.Flow, tuples(inner, 2, 4)),
        _node(ast.Conditional, inner, inner, inner),
    )


expressions: st.SearchStrategy[Any] = st.recursive(atoms, _compound, max_leaves=8)
_small: st.SearchStrategy[Any] = st.recursive(atoms, _compound, max_leaves=3)
_dims = tuples(_node(ast.Dim, names, st.none() | _small))
_simple_statements = st.one_of(
    _node(ast.Input, tuples(_node(ast.Port, names, st.none() | _dims), 1)),
    _node(ast.Weight, names, _dims, st.none() | _small),
    tuples(st.tuples(_small, st.none() | _dims), 1).map(_output),
    _node(ast.Bind, tuples(names, 1), tuples(_small, 1)),
    _node(ast.Choose, names, expressions),
    _node(ast.Require, expressions),
)


def _nested_statements(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    bodies = tuples(inner)
    return _node(ast.For, patterns(), _small, st.none() | names, bodies) | _node(
        ast.If, _small, bodies, st.none() | bodies
    )


statements: st.SearchStrategy[Any] = st.recursive(
    _simple_statements, _nested_statements, max_leaves=5
)
_indices = tuples(integers, 1).map(lambda found: ast.Index(found, span=SPAN))
_ranges = st.tuples(integers, integers).map(lambda ends: ast.Index(ends, True, span=SPAN))
_segments = st.one_of(
    _node(ast.Name, names), _indices, _ranges, st.just(ast.Index(None, span=SPAN))
)
paths = st.builds(
    lambda first, rest: ast.Path((first, *rest), span=SPAN),
    _node(ast.Name, names),
    tuples(_segments),
)
_paths = tuples(paths, 1)
_simple_edits = st.one_of(
    _node(ast.SetEdit, paths, _small),
    _node(ast.NarrowEdit, paths, _small),
    _node(ast.InsertEdit, st.sampled_from(["after", "before"]), _paths, _small),
    _node(ast.ReplaceEdit, _paths, _small),
    _node(ast.RemoveEdit, _paths),
)
edits: st.SearchStrategy[Any] = st.recursive(
    _simple_edits, lambda inner: _node(ast.GroupEdit, paths, tuples(inner)), max_leaves=5
)
_simple_entries = st.one_of(
    _node(ast.Open, _paths),
    _node(ast.Fix, paths, st.none() | _small),
    _node(ast.Freeze, _paths),
    _node(ast.Budget, _small),
    _node(ast.Require, _small),
    _node(ast.Setting, names, _small),
)
entries: st.SearchStrategy[Any] = st.recursive(
    _simple_entries, lambda inner: _node(ast.Step, names, tuples(inner)), max_leaves=5
)

_params = tuples(_node(ast.Param, names, st.none() | names, st.none() | _small))
_bodies = tuples(statements)
_kinds = st.sampled_from(["space", "model"])
_patches = tuples(
    _node(ast.Edits, tuples(edits))
    | tuples(_node(ast.Name, names), 1, 2).map(lambda found: ast.Path(found, span=SPAN)),
    0,
    2,
)


declarations: st.SearchStrategy[Any] = st.one_of(
    _node(ast.Use, tuples(names, 1), tuples(_node(ast.Alias, names, st.none() | names), 1)),
    _node(ast.Const, names, expressions),
    _node(ast.Fn, names, _params, expressions),
    _node(ast.Block, names, st.none() | _params, _bodies, st.none()),
    _node(ast.Block, names, st.none() | _params, st.none(), expressions),
    _node(ast.Net, _kinds, names, st.none() | _params, _bodies, st.none(), st.just(())),
    _node(ast.Net, _kinds, names, st.none() | _params, st.none(), expressions, _patches),
    _node(ast.Genotype, names, _small, tuples(edits)),
    _node(ast.Search, names, _small, tuples(entries)),
)
files: st.SearchStrategy[ast.File] = tuples(declarations).map(
    lambda found: ast.File(1, found, span=SPAN)
)
