"""What commands say where PyTorch is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError


@contextmanager
def torch_backend(purpose: str) -> Iterator[None]:
    """Around imports and calls of archdsl_torch. Raises DiagnosticError E0911 where a package is missing."""
    try:
        yield
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        message = f"{purpose} needs the package {package}, which is not installed"
        raise DiagnosticError(
            files.NO_BACKEND.error(None, message, help="pip install 'archdsl[torch]'")
        ) from missing
