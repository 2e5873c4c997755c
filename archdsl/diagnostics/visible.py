"""Text of strangers as it is shown: nothing in it moves a cursor, turns writing round or hides.

    visible("conv\\x1b[2J.weight")    conv\\x1b[2J.weight: letters, and no command to the terminal
    visible("is\\u202eelif\\n")       is\\u202eelif\\n: on one line, and from left to right

Names in checkpoints, texts and paths may hold control characters, newlines and marks of direction. Whatever
prints, draws or writes a page passes them through here; files of data (JSON, `.arch`) keep them as they are.
"""

from __future__ import annotations

from html import escape


def visible(text: str, keep: str = "") -> str:
    """The text with each character that is not seen as itself as its escape: `\\x1b`, `\\u202e`, `\\n`.

    Characters in `keep` stay. What is printable by Unicode's categories is as it was, accents and other
    scripts included.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else _escape(char) for char in text
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def markup(text: str, keep: str = "") -> str:
    """The text as a page shows it: visible, and `<`, `&` and quotes as entities."""
    return escape(visible(text, keep))
