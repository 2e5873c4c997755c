"""How a dotted key is reached in Python: numbers are places in a list, or keys of a dictionary where some are
missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Container = Literal["module", "list", "dict"]


class Containers:
    """What stands between a class and its layers, by key."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._children: dict[str, dict[str, None]] = {}
        for path in paths:
            at = ""
            for segment in path.split("."):
                self._children.setdefault(at, {})[segment] = None
                at = f"{at}.{segment}" if at else segment

    def kind(self, path: str) -> Container:
        """A list where the children are numbered 0, 1, 2, …; a dictionary where numbers are missing."""
        names = list(self._children.get(path, {}))
        if names and all(n.isdigit() for n in names):
            return "list" if sorted(map(int, names)) == list(range(len(names))) else "dict"
        return "module"

    def size(self, path: str) -> int:
        """The number of children."""
        return len(self._children.get(path, {}))

    def reach(self, path: str, home: str) -> str:
        """The expression for a key in the class that lives at `home`."""
        text, at = "self", home
        for segment in path[len(home) + 1 if home else 0 :].split("."):
            kind = self.kind(at)
            if not segment.isdigit():
                text += f".{segment}"
            elif kind == "module":
                text = f'getattr({text}, "{segment}")'
            else:
                text += f"[{segment}]" if kind == "list" else f'["{segment}"]'
            at = f"{at}.{segment}" if at else segment
        return text
