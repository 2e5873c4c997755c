"""Reading one file as it stands, without what it uses: for commands about the text itself."""

from __future__ import annotations

from pathlib import Path

from archdsl.cli import standard_input
from archdsl.diagnostics.source import Source
from archdsl.syntax.decoding import MAX_BYTES, decode
from archdsl.whole_files import read_bytes


def read(path: Path) -> Source:
    """The text of a file, or of standard input for `-`.

    Raises DiagnosticError where it cannot be read or is no text.
    """
    if str(path) == standard_input.NAME:
        return standard_input.read()
    return decode(str(path), read_bytes(path, MAX_BYTES))
