"""Examples to learn from: where they come from, what is done to them, and which of them are kept for
validation.
"""

from __future__ import annotations

from archdsl.search.data.opened import Data, open

__all__ = ["Data", "open"]
