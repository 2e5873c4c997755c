"""Which norms, activations and dropouts belong to which layer: to the one that they read.

    a = x -> conv(16, 3) as a
    c = x -> conv(16, 3) as c
    d = a -> batch_norm as d          belongs to a, though c stands before it in the text

What is read behind an input belongs to nothing, and stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from archdsl.ir.graph import Input, Value
from archdsl.ops.table import joins_what_it_reads
from archdsl.outline.reading import Outline
from archdsl.outline.tree import Node


def followed(node: Node, outline: Outline) -> Value | None:
    """The value that a norm, an activation or a dropout reads, and so belongs to; None for all else, and
    behind an input."""
    if node.level != "primitive" or not joins_what_it_reads(node.callee):
        return None
    read = outline.entering(outline.inside[node])
    return read[0] if len(read) == 1 and not isinstance(read[0], Input) else None


class Section(Protocol):
    """A box of a picture: the node that it shows, and its values."""

    @property
    def node(self) -> Node | None: ...
    @property
    def values(self) -> Sequence[Value]: ...


S = TypeVar("S", bound=Section)


def hosts(
    sections: Sequence[S], outline: Outline, fits: Callable[[S, S], bool]
) -> dict[S, S]:
    """For each box that follows another the one that it joins: of `conv -> batch_norm -> relu` the
    convolution.

    It joins where nothing else reads that: an arrow from there to elsewhere would otherwise seem to start
    behind the norm. `fits(section, source)` says what else has to hold.
    """
    home: dict[Value, S] = {}
    for section in sections:
        home.update(dict.fromkeys(section.values, section))
    found: dict[S, S] = {}
    for section in sections:
        read = followed(section.node, outline) if section.node is not None else None
        source = home.get(read) if read is not None else None
        if (
            source is not None
            and _reads_alone(section, source, outline)
            and fits(section, source)
        ):
            found[section] = found.get(source, source)
    return found


def _reads_alone(section: Section, source: Section, outline: Outline) -> bool:
    given = set(outline.leaving(source.values)) & set(outline.graph.outputs)
    return not given and set(section.values).issuperset(outline.users(source.values))
