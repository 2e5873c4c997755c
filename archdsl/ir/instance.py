"""The instance tree: who was called where. Paths of weights, choices and diagrams come from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from archdsl.diagnostics.source import Span
from archdsl.ir.choice import Choice

Level = Literal["root", "loop", "block", "primitive", "alternative"]


@dataclass(eq=False, slots=True)
class Instance:
    """One call, or one turn of a labelled loop, or one alternative of a choice of layers.

    `segment` is its own part of the path (`block[0]`, `glore`), `callee` the block's or primitive's name.
    `home` is the path under which its weights live where that differs (`shared`), `tie` the one under which
    its choices live (`tied`). The compiler appends children while it elaborates; afterwards nothing changes.
    """

    segment: str
    parent: Instance | None = field(repr=False)
    callee: str
    level: Level
    span: Span | None = None
    choice: Choice | None = None  # of an alternative: the choice that it answers
    home: str | None = None
    tie: str | None = None
    children: list[Instance] = field(default_factory=list, repr=False)
    path: str = field(init=False)

    def __post_init__(self) -> None:
        self.path = (
            join(self.parent.path, self.segment)
            if self.parent is not None
            else self.segment
        )

    @property
    def weights_path(self) -> str:
        """Where the weights of this instance live: its path, unless it or an instance around it is shared."""
        if self.home is not None:
            return self.home
        return (
            join(self.parent.weights_path, self.segment)
            if self.parent is not None
            else self.segment
        )

    @property
    def choices_path(self) -> str:
        """Where the choices of this instance live: its path, unless it or an instance around it is tied."""
        if self.tie is not None:
            return self.tie
        return (
            join(self.parent.choices_path, self.segment)
            if self.parent is not None
            else self.segment
        )

    @property
    def is_shared(self) -> bool:
        return self.home is not None or (self.parent is not None and self.parent.is_shared)

    @property
    def is_tied(self) -> bool:
        return self.tie is not None or (self.parent is not None and self.parent.is_tied)

    def walk(self) -> Iterator[Instance]:
        """This instance and all below it, in program order."""
        stack = [self]
        while stack:
            instance = stack.pop()
            yield instance
            stack.extend(reversed(instance.children))


def join(path: str, segment: str) -> str:
    """`a.b` for names, `b` at the root."""
    return f"{path}.{segment}" if path and segment else path or segment


def key(path: str) -> str:
    """The `state_dict` form of a path: `group[3].block[0]` is `group.3.block.0`."""
    return path.replace("[", ".").replace("]", "")
