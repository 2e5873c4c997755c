"""Reading one file as it stands, without what it uses: for commands about the text itself."""

from __future__ import annotations

from pathlib import Path

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.syntax.decoding import MAX_BYTES, decode


def read(path: Path) -> Source:
    """The text of a file.

    Raises DiagnosticError where it cannot be read or is no text.
    """
    try:
        if path.exists() and not path.is_file():
            raise DiagnosticError(
                files.UNREADABLE.error(
                    None, f"`{path}` is {'a folder' if path.is_dir() else 'not a regular file'}"
                )
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DiagnosticError(files.NOT_FOUND.error(None, f"no file `{path}`")) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DiagnosticError(files.UNREADABLE.error(None, f"`{path}` cannot be read: {reason}")) from None
    return decode(str(path), data)
