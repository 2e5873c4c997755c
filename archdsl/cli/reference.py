"""`FILE` and `FILE:NAME` on the command line: a path here, else the name of a file that ships with archdsl."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from archdsl.syntax.codes import files
from archdsl.syntax.diagnostics import DiagnosticError
from archdsl.syntax.shipped import shipped
from archdsl.syntax.suggestions import suggest

SUFFIXES = (".arch", ".yaml", ".yml")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A file, and one thing in it."""

    path: Path
    name: str | None


def parse(text: str) -> Reference:
    """The file and name that a reference stands for.

    Raises DiagnosticError (E0901, E0902) where there is no such file.
    """
    file, colon, name = text.rpartition(":")
    if colon and file and _NAME.fullmatch(name) and not Path(text).exists():
        return Reference(locate(file), name)
    return Reference(locate(text), None)


def locate(file: str) -> Path:
    """The path of a file given on the command line.

    Raises DiagnosticError (E0901, E0902) where there is no such file.
    """
    try:
        for path in (Path(file), shipped("specs") / file):
            if path.is_file():
                return path
            if path.exists():
                kind = "a folder" if path.is_dir() else "not a regular file"
                raise DiagnosticError(files.UNREADABLE.error(None, f"`{file}` is {kind}"))
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DiagnosticError(files.UNREADABLE.error(None, f"`{file}` cannot be read: {reason}")) from error
    raise DiagnosticError(files.NOT_FOUND.error(None, f"no file `{file}`, here or among those that ship", help=_nearest(file)))


def shipped_names() -> tuple[str, ...]:
    """The names of the files that ship, as a reference writes them."""
    root = shipped("specs")
    return tuple(sorted(path.relative_to(root).as_posix() for path in root.rglob("*.arch")))


def _nearest(file: str) -> str | None:
    beside = [f"{file}{suffix}" for suffix in SUFFIXES if Path(f"{file}{suffix}").is_file()]
    names = shipped_names()
    ending = [name for name in names if Path(name).stem == Path(file).stem]
    found = beside[0] if beside else (ending[0] if ending else suggest(file, names))
    return f"did you mean `{found}`?" if found else "`archdsl list` names the files that ship"
