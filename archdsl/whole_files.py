"""Writing results: a file appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block ends well and removed when it does not.

    Raises DiagnosticError (E0903) where the place cannot be written to.
    """
    if path.is_dir():
        raise DiagnosticError(files.UNWRITABLE.error(None, f"`{path}` is a folder"))
    if path.exists() and not path.is_file():
        raise DiagnosticError(files.UNWRITABLE.error(None, f"`{path}` is not a regular file"))
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        beside.touch(exist_ok=False)
    except (OSError, ValueError) as error:
        raise DiagnosticError(
            files.UNWRITABLE.error(None, f"`{path}` cannot be written: {_reason(error)}")
        ) from error
    try:
        yield beside
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except OSError as error:
        raise DiagnosticError(
            files.UNWRITABLE.error(None, f"`{path}` cannot be written: {_reason(error)}")
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes a text in UTF-8 with the line ends that it has."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
