"""The page of all diagnostics, written from their codes: `python -m archdsl.diagnostics.codes.reference >
docs/diagnostics.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Code


def reference() -> str:
    """The page as Markdown; `archdsl explain` prints the same texts."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Diagnostics\n"
    yield "What each code means, why it is one, and what to write instead: the texts of `archdsl explain`."
    yield "Written by `make docs`; do not edit.\n"
    for number in sorted(CODES):
        yield from _section(CODES[number])


def _section(code: Code) -> Iterator[str]:
    yield f"## {code.id}: {code.title}\n"
    for paragraph in code.explanation.split("\n\n"):
        yield _example(paragraph) + "\n"


def _example(paragraph: str) -> str:
    """A paragraph; lines of code indented by four under `Example:` become a block of their own."""
    head, newline, rest = paragraph.partition("\n")
    if newline and rest.startswith("    ") and not head.startswith("    "):
        return f"{head}\n\n{rest}"
    return paragraph


if __name__ == "__main__":
    sys.stdout.write(reference())
