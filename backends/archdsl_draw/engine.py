"""The program of Graphviz that places boxes and draws bitmaps: an installed `dot`, or else `graphviz-pure`,
the port of it that is installed with archdsl.
"""

from __future__ import annotations

import shutil
import subprocess
from importlib import metadata

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError

PORT = "graphviz-pure"
_SECONDS = 120
_BY_DOT_ALONE = ("pdf",)


def run(source: str, form: str, *options: str) -> bytes:
    """What Graphviz makes of a graph in the DOT language: `json` with the places of everything, `png`, `pdf`.

    Raises DiagnosticError E0960 where no program can do it, where it fails, and where it takes too long.
    """
    from graphviz.backend import (
        CalledProcessError,
        ExecutableNotFound,
    )  # here, as most drawings need none
    from graphviz.backend.execute import run_check

    program = installed(form)
    if program is None:
        raise _missing(form)
    command = [program, f"-T{form}", *options]
    try:
        done = run_check(
            command,
            input=source.encode(),
            capture_output=True,
            timeout=_SECONDS,
            quiet=True,
        )
    except subprocess.TimeoutExpired:
        message = f"Graphviz was not ready within {_SECONDS} seconds"
        help = "draw less: `--depth 1`, or a part by `--focus`"
        raise DiagnosticError(codes.NO_DOT.error(None, message, help=help)) from None
    except CalledProcessError as error:
        raise _failed(error.stderr) from None
    except (ExecutableNotFound, OSError) as error:
        raise _failed(str(error).encode()) from None
    if not done.stdout:
        raise _failed(done.stderr)
    content: bytes = done.stdout
    return content


def installed(form: str) -> str | None:
    """The program for a form of output, or None."""
    dot = shutil.which("dot")
    return dot if dot is not None or form in _BY_DOT_ALONE else ported()


def ported() -> str | None:
    """The port, also where the folder that pip put it into is not on the path."""
    try:
        inside = metadata.files(PORT) or []
    except metadata.PackageNotFoundError:
        return shutil.which(PORT)
    programs = [shutil.which(str(file.locate())) for file in inside if file.stem == PORT]
    return next(filter(None, programs), None)


def _missing(form: str) -> DiagnosticError:
    if form in _BY_DOT_ALONE:
        message = (
            f"a {form.upper()} needs the program `dot` of Graphviz, which is not installed"
        )
        help = "`apt install graphviz`, or save as .svg or .png"
    else:
        what = (
            "the cell view and the graph view need"
            if form == "json"
            else f"a {form.upper()} needs"
        )
        message = f"{what} a program of Graphviz, and none is installed"
        help = f"`pip install {PORT}` or `apt install graphviz`; the views macro and space as .svg need none"
    return DiagnosticError(codes.NO_DOT.error(None, message, help=help))


def _failed(complaints: bytes) -> DiagnosticError:
    lines = complaints.decode(errors="replace").strip().splitlines() or ["no output"]
    help = "the views macro and space as .svg need no program"
    return DiagnosticError(
        codes.NO_DOT.error(None, f"Graphviz failed: {lines[-1]}", help=help)
    )
