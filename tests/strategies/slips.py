"""Slips put into sound files: each with the line where it stands, and whether it is promised to be told
exactly there.

A comma, an arrow or an opening bracket left out, a misspelt name or word of the language, and a statement as
Python has it are one error each, on their line. Of tokens that are dropped, doubled or swapped anywhere only
little can be promised: what was meant is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from archdsl.diagnostics.source import Source
from archdsl.elaborate.evaluation.builtin import BUILTIN_NAMES
from archdsl.syntax.tokens import Tokens, tokenize

# Each is a statement of a body that binds or reads nothing else.
HABITS = (
    "new += 1",
    "new **= 2",
    "self.new = 8",
    "new: int = 8",
    "let new = 8",
    "new = 8 if 1 == 2 else 16",
    "print(new)",
    "import torch",
    "new = [8 16]",
    "new = 'same'",
    "new = 2 ** 3",
    "new = True",
    "new = None",
    "new = nn.Conv2d(3, 16, 3)",
    "new = conv(8, kernel_size = 3)",
    "new = torch.cat([1, 2], dim=1)",
    "new == 8",
    "new := 8",
    "new = lambda y: y",
    "new = {1, 2}",
    'new = f"same"',
    "new = 8;",
    "new = 8,",
    "new = true ? 2 : 3",
    "del new",
    "new = .5",
    "new = 8..16 step 4",
    "new = conv 8, 3)",
    "new = 1, 2]",
    "new = true && false",
    "new in [8, 16]",
    "new = (width = 8, deep = true)",
)
_KEYWORDS = frozenset(
    {
        "input",
        "output",
        "model",
        "space",
        "block",
        "genotype",
        "for",
        "in",
        "if",
        "require",
        "param",
    }
)
_STATEMENT = re.compile(r"\s+(x\w* = |output |param |for |if )")


@dataclass(frozen=True, slots=True)
class Slipped:
    """A text with slips, and the lines where they stand."""

    text: str
    lines: tuple[int, ...]


def slipped(text: str, kind: str, random: Random) -> Slipped | None:
    """The text with one slip; None where it has no place for one of this kind."""
    if kind == "habit":
        return with_habits(text, 1, random)
    tokens = tokenize(Source("sound.arch", text))
    places = [i for i in range(2, len(tokens.kinds) - 2) if _KINDS[kind](tokens, i)]
    if not places:
        return None
    at = random.choice(places)
    start, end = tokens.starts[at], tokens.ends[at]
    line = text.count("\n", 0, start) + 1
    word = text[start:end]
    if kind == "double":
        return Slipped(f"{text[:end]} {word}{text[end:]}", (line,))
    if kind == "swap":
        other, behind = tokens.starts[at + 1], tokens.ends[at + 1]
        return Slipped(f"{text[:start]}{text[other:behind]} {word}{text[behind:]}", (line,))
    instead = _misspelt(word, random) if kind in ("name", "keyword") else " "
    return Slipped(text[:start] + instead + text[end:], (line,))


def with_habits(text: str, count: int, random: Random) -> Slipped | None:
    """The text with so many of Python's habits, each on a line of its own before a statement; None where it
    has too few.
    """
    lines = text.split("\n")
    places = [at for at, line in enumerate(lines) if _STATEMENT.match(line)]
    if len(places) < count:
        return None
    chosen = sorted(random.sample(places, count))
    for at in reversed(chosen):
        margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines.insert(at, margin + random.choice(HABITS))
    return Slipped(
        "\n".join(lines), tuple(at + 1 + earlier for earlier, at in enumerate(chosen))
    )


def _misspelt(word: str, random: Random) -> str:
    """Two letters in the other order, or one too many."""
    at = random.randrange(1, len(word) - 1)
    if word[at] == word[at + 1]:
        return f"{word[:at]}q{word[at:]}"
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _is(*kinds: str) -> Callable[[Tokens, int], bool]:
    return lambda tokens, at: tokens.kinds[at] in kinds


_KINDS: dict[str, Callable[[Tokens, int], bool]] = {
    "comma": _is(","),
    "arrow": _is("->"),
    "opener": _is("(", "["),
    "closer": _is(")", "]"),
    "name": lambda tokens, at: (
        len(tokens.texts[at]) > 2 and tokens.texts[at] in BUILTIN_NAMES
    ),
    "keyword": lambda tokens, at: (
        len(tokens.texts[at]) > 2 and tokens.kinds[at] in _KEYWORDS
    ),
    "drop": lambda tokens, at: True,
    "double": lambda tokens, at: True,
    "swap": lambda tokens, at: True,
}
PROMISED = ("comma", "arrow", "name", "keyword", "habit")
OTHERS = ("opener", "closer", "drop", "double", "swap")
