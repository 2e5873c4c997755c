"""Files as they were: `HEAD~1:specs/net.arch` is read from git, with what it uses, without touching the
working tree.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project
from archdsl.elaborate.files.reference import Reference, split_reference
from archdsl.syntax.decoding import MAX_BYTES, decode
from archdsl.syntax.shipped import shipped

_MOST_FILES = 2_000  # beside the one that is asked for, where it may find what it uses
_SUFFIXES = (".arch", ".yaml", ".yml")


def open_revision(reference: str) -> Reference | None:
    """What `REVISION:PATH[:NAME]` refers to; None where the part before the colon is no revision.

    A path is relative to the folder that the command runs in, as git's `:./` has it. Raises DiagnosticError
    where the revision has no such file.
    """
    revision, colon, rest = reference.partition(":")
    if not colon or not rest or revision.startswith("-") or not _is_commit(revision):
        return None
    path, name = split_reference(rest)
    text = _git("show", f"{revision}:./{path}")
    if text is None:
        raise DiagnosticError(
            files.NOT_FOUND.error(None, f"no file `{path}` in the revision {revision}")
        )
    folder = Path(path).parent
    root = (
        Path.cwd() / f"{revision}:"
    )  # a folder that is nowhere: what is not in the revision is not found
    texts = _texts(revision, folder, root)
    importer = Importer(
        shipped("specs"),
        texts={**texts, root / path: decode(f"{revision}:{path}", text).text},
    )
    module = importer.load(root / path, f"{revision}:{path}")
    errors = [d for d in importer.diagnostics[root / path] if d.severity == "error"]
    if errors:
        raise DiagnosticError(*errors)
    return Reference(Project(importer), module, name)


def git_folder() -> Path | None:
    """The top of the working tree that the command runs in."""
    found = _git("rev-parse", "--show-toplevel")
    return Path(found.decode().rstrip("\n")) if found is not None else None


def configure(key: str, value: str) -> None:
    """Writes a setting of this repository. Raises DiagnosticError where git refuses."""
    if _git("config", "--local", key, value) is None:
        raise DiagnosticError(files.UNWRITABLE.error(None, f"git cannot set `{key}` here"))


def _texts(revision: str, folder: Path, root: Path) -> dict[Path, str]:
    """What stands beside a file and below, in the same revision."""
    listed = (
        _git("ls-tree", "-r", "-z", "--name-only", revision, "--", f"./{folder}/") or b""
    )
    names = [
        n
        for n in listed.decode("utf-8", "surrogateescape").split("\0")
        if n.endswith(_SUFFIXES)
    ]
    texts = {}
    for name in names[:_MOST_FILES]:
        data = _git("show", f"{revision}:./{name}")
        if data is not None and len(data) <= MAX_BYTES:
            texts[root / name] = data.decode("utf-8", "replace")
    return texts


def _is_commit(revision: str) -> bool:
    return (
        _git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        is not None
    )


def _git(*arguments: str) -> bytes | None:
    """What git prints; None where it fails or is not there."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
