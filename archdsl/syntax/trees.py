"""lark's trees, built of texts with errors: how deep they nest, and the nodes that they stand for."""

from __future__ import annotations

from typing import Any

from lark import Token, Transformer_NonRecursive, Tree
from lark.tree import Meta

from archdsl.diagnostics.source import Source, Span
from archdsl.syntax.nodes import ACTIONS, FLAT


def below(tree: Tree[Token], levels: int) -> Tree[Token] | None:
    """A part of a tree that lies deeper than so many levels of nodes; None where all lies above."""
    pending = [(tree, 0)]
    while pending:
        part, above = pending.pop()
        level = above + (part.data not in FLAT)
        if level > levels:
            return part
        pending += [(child, level) for child in part.children if isinstance(child, Tree)]
    return None


def node(tree: Tree[Token], source: Source) -> Any:
    """What a tree stands for. Texts of tokens become plain ones."""
    return _Builder(source).transform(tree)


class _Builder(Transformer_NonRecursive[Token, Any]):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def __default__(self, data: str, children: list[Any], meta: Meta) -> Any:
        return ACTIONS[data](Span(self._source, meta.start_pos, meta.end_pos), children)

    def __default_token__(self, token: Token) -> str:
        text: str = token.value
        return text
