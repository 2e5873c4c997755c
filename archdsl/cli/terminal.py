"""What the terminal can show."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def has_color(stream: TextIO | None) -> bool:
    """Whether to color what is written here: a terminal, and nobody asked for none (https://no-color.org)."""
    if stream is None:  # closed before we began: `archdsl … >&-`
        return False
    return (
        not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
        and stream.isatty()
    )


def console() -> Console:
    """A console on standard output: as wide as the terminal, and wide enough for any table where there is
    none.
    """
    from rich.console import Console

    terminal = sys.stdout is not None and sys.stdout.isatty()
    return Console(
        file=sys.stdout,
        width=None if terminal else 180,
        no_color=not has_color(sys.stdout),
        highlight=False,
        emoji=False,
        markup=False,
    )
