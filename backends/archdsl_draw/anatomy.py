"""What the page's script knows of graphs: the instance tree with costs and source lines, and what flows
between its leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from archdsl.diagnostics.source import Span
from archdsl.ir.activity import Activity
from archdsl.ir.choice import Choice
from archdsl.ir.graph import Graph, Input, Op, Pick, Value, operands
from archdsl.outline.asking import deciding
from archdsl.outline.paths import KeyPath
from archdsl.outline.reading import Outline, read
from archdsl.outline.tree import Node, kind
from archdsl.syntax.shipped import shipped
from archdsl_draw.words import (
    FAMILIES,
    answered,
    deciders_of,
    domain_words,
    family_of,
    operation,
    shape_text,
)
from archdsl_draw.worth import Worth, worth, worths

# parts of all graphs of a page together; more are cut at the depth that fits, and the page says so
MOST = 12_000
_LONGEST = 200  # characters of a text
_COLOURS = {"": 0, **{word: i for i, word in enumerate(FAMILIES, 1)}}
_ENDS = len(FAMILIES) + 1  # the family of inputs and outputs


def anatomy(graphs: Sequence[Graph]) -> dict[str, Any]:
    """Tables that JSON can hold, texts and source lines once each.

    `graphs` has for each its `name`, `cut` (the depth below which nothing is told, or 0), `nodes` in the
    order of the program, parents first, each [parent, name, what it is, family, shape, params, MACs, facts,
    line, open choices that decide it], and `flows`, each [from, to, to …]. Texts are numbers in `texts`,
    lines those in `lines`, each [file, number, text]; -1 is none. A cost is a number or [least, most].
    """
    tables = _Tables()
    outlines = [read(graph) for graph in graphs]
    depth = _depth_that_fits([outline.root for outline in outlines])
    told = [_told(outline, depth, tables) for outline in outlines]
    return {
        "graphs": told,
        "texts": list(tables.texts),
        "lines": [list(line) for line in tables.lines],
    }


class _Tables:
    """Texts and lines by their numbers."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.lines: dict[tuple[int, int, int], int] = {}

    def text(self, text: str) -> int:
        short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        return self.texts.setdefault(short, len(self.texts))

    def line(self, span: Span | None) -> int:
        if span is None:
            return -1
        number, _ = span.source.position(span.start)
        key = (
            self.text(_file(span.source.name)),
            number,
            self.text(span.source.line(number).strip()),
        )
        return self.lines.setdefault(key, len(self.lines))


def _file(name: str) -> str:
    """As the reader named it; what ships by its short name, which is the same on every machine."""
    path, specs = Path(name), shipped("specs")
    return path.relative_to(specs).as_posix() if path.is_relative_to(specs) else name


def _depth_that_fits(roots: Iterable[Node]) -> int:
    """The greatest depth at which the trees have few enough nodes; 0 where they are told whole."""
    counts: dict[int, int] = {}
    for root in roots:
        level: list[Node] = [root]
        depth = 0
        while level:
            counts[depth] = counts.get(depth, 0) + len(level)
            level = list(chain.from_iterable(node.children for node in level))
            depth += 1
    total = 0
    for depth, count in sorted(counts.items()):
        total += count
        if total > MOST:
            return max(depth - 1, 1)
    return 0


def _told(outline: Outline, cut: int, tables: _Tables) -> dict[str, Any]:
    graph, inner = outline.graph, outline.inside
    questions = _questions(outline)
    costs = _costs(graph, inner, outline.live)
    rows: list[list[Any]] = []
    leaf: dict[Value, int] = {}
    stack = [(outline.root, -1, 0)]
    while stack:
        node, parent, depth = stack.pop()
        number = len(rows)
        is_leaf = not node.children or (cut > 0 and depth == cut)
        rows.append(
            [parent, *_row(node, outline, costs[node], questions.get(node, ()), tables)]
        )
        if is_leaf:
            leaf.update(dict.fromkeys(inner[node], number))
            continue
        for value in node.values:  # operations of a block beside the layers that it calls
            leaf[value] = len(rows)
            rows.append([number, *_own(value, node.path, outline, tables)])
        stack.extend((child, number, depth + 1) for child in reversed(node.children))
    flows: dict[int, dict[int, None]] = {}
    for value in graph.values:
        for operand in operands(value):
            if leaf[operand] != leaf[value]:
                flows.setdefault(leaf[operand], {}).setdefault(leaf[value])
    names: dict[Value, str] = {}
    for result, value in zip(graph.results, graph.outputs, strict=True):
        names.setdefault(value, result.name)  # what is given twice goes by its first name
    for value, name in names.items():
        flows.setdefault(leaf[value], {}).setdefault(len(rows))
        texts = [tables.text(t) for t in (name, "output", shape_text(value.shape))]
        rows.append([0, *texts[:2], _ENDS, texts[2], 0, 0, [], -1, []])
    return {
        "name": graph.name,
        "cut": cut,
        "nodes": rows,
        "flows": [[a, *to] for a, to in flows.items()],
    }


def _row(
    node: Node, outline: Outline, cost: Worth, facts: Sequence[str], tables: _Tables
) -> list[Any]:
    """What is told of a node, but for its parent."""
    inner = outline.inside[node]
    what, family = _what(node, inner[-1])
    texts = [
        tables.text(t) for t in (node.segment or "", what, shape_text(inner[-1].shape))
    ]
    known = [tables.text(f) for f in facts]
    line = tables.line(_span(node, inner))
    deciders = (
        _deciders(inner, node.path, outline, tables) if node.parent is not None else []
    )
    costs = _cost(cost.params), _cost(cost.macs)
    return [*texts[:2], family, texts[2], *costs, known, line, deciders]


def _what(node: Node, last: Value) -> tuple[str, int]:
    """What a node is, in words, and the number of its family."""
    if node.parent is None:
        return "", 0
    if node.level == "input":
        return node.callee, _ENDS
    if not node.children:
        return ", ".join(operation(last)), _COLOURS[family_of(last)]
    return ("" if node.callee == "turn" else node.callee), 0


def _own(value: Value, at: KeyPath, outline: Outline, tables: _Tables) -> list[Any]:
    cost = worth([value], outline.live)
    texts = [
        tables.text(t)
        for t in (kind(value), ", ".join(operation(value)), shape_text(value.shape))
    ]
    costs = _cost(cost.params), _cost(cost.macs)
    line, deciders = tables.line(value.span), _deciders([value], at, outline, tables)
    return [*texts[:2], _COLOURS[family_of(value)], texts[2], *costs, [], line, deciders]


def _deciders(
    values: Sequence[Value], at: KeyPath, outline: Outline, tables: _Tables
) -> list[int]:
    return [tables.text(t) for t in deciders_of(deciding(values, outline), at)]


def _costs(
    graph: Graph, inner: Mapping[Node, Sequence[Value]], live: Activity
) -> dict[Node, Worth]:
    """The exact cost of every node. Where one table decides a sum, its ends are seen at once; the rest are
    asked together.
    """
    scopes = {value: set(_scopes(value, live)) for value in graph.values}
    several = 0 if graph.requirements else 1
    hard = []
    for node, values in inner.items():
        known = set[tuple[Choice, ...]]().union(
            *(scopes.get(value, ()) for value in values)
        )
        if len(known) > several:
            hard.append(node)
    exact: dict[Node, Worth] = {}
    if hard:
        exact.update(zip(hard, worths([inner[node] for node in hard], graph), strict=True))
    return {
        node: exact[node] if node in exact else worth(values, live)
        for node, values in inner.items()
    }


def _scopes(value: Value, live: Activity) -> Iterator[tuple[Choice, ...]]:
    """What decides the terms of a value's costs, as far as something does."""
    guard = live.values.get(value)
    known = guard.scope if guard is not None else ()
    found = [known + value.macs.scope] if isinstance(value, Op) else []
    for weight in value.weights if isinstance(value, Op | Pick) else ():
        alive = live.weights.get(weight.identity)
        sized = tuple(chain.from_iterable(size.scope for size in weight.shape))
        found.append((alive.scope if alive is not None else ()) + sized)
    return (tuple(sorted(set(scope), key=lambda c: c.order)) for scope in found if scope)


def _cost(ends: tuple[int, int]) -> int | list[int]:
    return ends[0] if ends[0] == ends[1] else list(ends)


def _span(node: Node, inner: Sequence[Value]) -> Span | None:
    """Where the text calls the instance; of an instance without a place, that of its first operation."""
    first = inner[0]
    if isinstance(first, Input) or node.parent is None:
        return first.span if node.parent is not None else None
    return node.span or first.span


def _questions(outline: Outline) -> dict[Node, list[str]]:
    """What is open and what is answered, at the innermost instances that it belongs to."""
    at: dict[KeyPath, list[Node]] = {KeyPath(): [outline.root]}
    for node in outline.root.walk():
        if node.level != "input" and node.parent is not None:
            at.setdefault(node.choices_path, []).append(node)
    found: dict[Node, list[str]] = {}
    for path, sign, text in _asked(outline.graph):
        scope = path.parent
        while scope not in at:
            scope = scope.parent
        for node in at[scope]:
            found.setdefault(node, []).append(f"{path.below(scope)} {sign} {text}")
    return found


def _asked(graph: Graph) -> Iterator[tuple[KeyPath, str, str]]:
    """The path, `=` or `~`, and the answer or the alternatives."""
    for path, label in graph.answers.items():
        if answered(path, label):
            yield KeyPath.parse(path), "=", label
    for choice in graph.choices:
        yield KeyPath.parse(choice.path), "~", domain_words(choice)
