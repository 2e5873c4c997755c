"""The built-in strategies by name, each imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from archdsl.search.strategies.protocol import Strategy


def _of(module: str, name: str) -> Callable[[], type[Strategy]]:
    def load() -> type[Strategy]:
        kind: type[Strategy] = getattr(
            import_module(f"archdsl.search.strategies.{module}"), name
        )
        return kind

    return load


BUILT_IN: Mapping[str, Callable[[], type[Strategy]]] = {
    "parsec": _of("parsec", "Parsec"),
    "darts": _of("darts", "Darts"),
    "bandit": _of("bandit", "Bandit"),
    "random": _of("baselines", "RandomSearch"),
    "evolution": _of("baselines", "Evolution"),
    "grid": _of("baselines", "Grid"),
}
