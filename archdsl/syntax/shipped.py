"""Where the grammar and the specs lie: inside the package when installed, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def shipped(kind: Literal["grammar", "specs"]) -> Path:
    """The folder of one kind of data."""
    package = Path(__file__).parent.parent
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind
