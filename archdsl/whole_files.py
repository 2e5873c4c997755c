"""Files read and written: regular ones only, never more than asked for, results whole or not at all.

A FIFO, a device or a socket in place of a file is refused before it is opened: it could block for ever, or
act on being opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def read_bytes(path: Path, most: int, shown: str | None = None) -> bytes:
    """The bytes of a regular file, at most `most` + 1 of them, so that who asks sees that it is longer.

    `shown` is what messages call it. Raises DiagnosticError: E0901 where there is none, E0902 where it is no
    regular file or cannot be read.
    """
    name = f"`{path if shown is None else shown}`"
    try:
        _regular(os.stat(path), name)
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            _regular(os.fstat(file.fileno()), name)  # it may have been replaced meanwhile
            data: bytes | None = file.read(most + 1)
    except FileNotFoundError:
        raise DiagnosticError(files.NOT_FOUND.error(None, f"no file {name}")) from None
    except (OSError, ValueError) as error:
        raise DiagnosticError(
            files.UNREADABLE.error(None, f"{name} cannot be read: {_reason(error)}")
        ) from None
    if data is None:  # what /proc has that waits for its next line
        raise DiagnosticError(
            files.UNREADABLE.error(None, f"{name} cannot be read: it has nothing yet")
        )
    return data


_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def _regular(status: os.stat_result, name: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = next((word for test, word in _KINDS if test(status.st_mode)), "no regular file")
    help = "`-` reads standard input" if stat.S_ISFIFO(status.st_mode) else None
    raise DiagnosticError(files.UNREADABLE.error(None, f"{name} is {kind}", help=help))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block ends well and removed when it does not,
    by an interrupt as well.

    Raises DiagnosticError (E0903) where the place cannot be written to.
    """
    try:
        _replaceable(path)
        target = Path(os.path.realpath(path))
        beside = target.with_name(f".{target.stem[:_LONGEST]}.{os.getpid()}{target.suffix}")
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error
    ours = True  # from before it is there, so that an interrupt in between leaves nothing either
    try:
        try:
            beside.touch(exist_ok=False)
        except FileExistsError:
            ours = False
            raise
        yield beside
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if ours:
            with suppress(OSError):
                beside.unlink()


_LONGEST = 100  # characters of a name that the name beside it keeps


def _replaceable(path: Path) -> None:
    """Raises where something other than a regular file lies at a path."""
    if path.is_dir():
        raise DiagnosticError(files.UNWRITABLE.error(None, f"`{path}` is a folder"))
    if path.exists() and not path.is_file():
        raise DiagnosticError(
            files.UNWRITABLE.error(None, f"`{path}` is not a regular file")
        )


def write_text(path: Path, text: str) -> None:
    """Writes a text in UTF-8 with the line ends that it has."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="")


def _unwritable(path: Path, error: OSError | ValueError) -> DiagnosticError:
    return DiagnosticError(
        files.UNWRITABLE.error(None, f"`{path}` cannot be written: {_reason(error)}")
    )


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
