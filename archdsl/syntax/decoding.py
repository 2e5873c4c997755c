"""From the bytes of a file to its text, or to the diagnostic that says why it has none."""

from __future__ import annotations

import re
from typing import Literal

from archdsl.diagnostics.codes import limits
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source, Span

MAX_BYTES = 1 << 20
_LINES = 1_000  # of comments above a document


def decode(name: str, data: bytes) -> Source:
    """The text of a file, UTF-8 with or without a byte order mark.

    Raises DiagnosticError where it is larger than MAX_BYTES, not UTF-8, or holds NUL.
    """
    if len(data) > MAX_BYTES:
        nowhere = Span(Source(name, ""), 0, 0)
        raise DiagnosticError(
            limits.BYTES.error(
                nowhere, f"the file has {len(data)} bytes; the limit is {MAX_BYTES}"
            )
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = data[: error.start].decode("utf-8-sig", errors="ignore")
        raise DiagnosticError(
            limits.NOT_TEXT.error(
                _end(name, text),
                f"byte {error.start} is not UTF-8",
                help="save the file as UTF-8",
            )
        ) from None
    nul = text.find("\0")
    if nul >= 0:
        raise DiagnosticError(
            limits.NOT_TEXT.error(
                _end(name, text[:nul]), "the file holds a NUL character, so it is no text"
            )
        )
    return Source(name, text)


def form_of(text: str) -> Literal["text", "yaml"]:
    """The form of a document whose name does not say it: YAML begins with the key `arch`, or with `---`."""
    for line in text.split("\n", _LINES)[:_LINES]:
        start = line.strip()
        if start and not start.startswith("#"):
            return "yaml" if re.match(r"---|[\"']?arch[\"']?\s*:", start) else "text"
    return "text"


def _end(name: str, readable: str) -> Span:
    """The place behind what could be read."""
    return Span(Source(name, readable), len(readable), len(readable))
