"""What a difference is made of: edits with their effects."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archdsl.ir.choice import Kind

Effect = Literal[
    "cosmetic", "function", "shape", "params", "space", "checkpoint-incompatible"
]
EFFECTS: tuple[Effect, ...] = (
    "cosmetic",
    "function",
    "shape",
    "params",
    "space",
    "checkpoint-incompatible",
)
KEYS: frozenset[Effect] = frozenset(
    ("params", "checkpoint-incompatible")
)  # of what has other weights
FUNCTION: frozenset[Effect] = frozenset(("function",))

# cosmetic: computes the same under the same keys, or under new names for what has no weights. function:
# something else is computed. shape, params: other sizes, other weights. space: other architectures to choose
# from. checkpoint-incompatible: a checkpoint of the first does not load into the second as it is.  An edit's
# `path` is the text of an edit path: where the same edit holds at several indices of one loop, it is written
# once with all of them, `group[0, 2].kernel`; where it holds in several scopes, their paths are listed,
# `mixed_3a.b0.norm, mixed_3b.b0.norm`. `places` says at how many places that is.


@dataclass(frozen=True, slots=True)
class Added:
    """Something that only the second architecture has; `what` is its block or primitive, or a choice's
    answer."""

    path: str
    what: str
    effects: tuple[Effect, ...]
    places: int = 1


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that only the first architecture has."""

    path: str
    what: str
    effects: tuple[Effect, ...]
    places: int = 1


@dataclass(frozen=True, slots=True)
class Changed:
    """One property of something that both have: an attribute, a size, `layer`, or `repeats` of a loop.

    The values are written as the language writes them: "" where one side gives none.
    """

    path: str
    field: str
    before: str
    after: str
    effects: tuple[Effect, ...]
    places: int = 1


@dataclass(frozen=True, slots=True)
class Moved:
    """The same subtree under another path: renamed where it stays in its scope."""

    path: str
    to: str
    renamed: bool
    effects: tuple[Effect, ...]
    places: int = 1


@dataclass(frozen=True, slots=True)
class Rewired:
    """An op that reads from elsewhere, for which no added, removed or moved op accounts."""

    path: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    effects: tuple[Effect, ...]
    places: int = 1


@dataclass(frozen=True, slots=True)
class ChoiceChanged:
    """A choice with other alternatives, by label. One alternative means settled, none that nothing asks for
    it.

    `kinds` are those of the choice before and after: a range is written as one.
    """

    path: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    effects: tuple[Effect, ...]
    places: int = 1
    kinds: tuple[Kind, Kind] = ("list", "list")


Edit: TypeAlias = Added | Removed | Changed | Moved | Rewired | ChoiceChanged


def functional(has_weights: bool) -> tuple[Effect, ...]:
    """The effects of what comes, goes or is exchanged: something else is computed, with other weights if it
    has any.
    """
    return ordered(FUNCTION | KEYS if has_weights else FUNCTION)


def ordered(effects: Set[Effect]) -> tuple[Effect, ...]:
    """Effects from the mildest to the gravest; nothing at all is cosmetic."""
    return tuple(e for e in EFFECTS if e in effects) or ("cosmetic",)
