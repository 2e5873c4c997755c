"""Where names are looked up and assigned while a body runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.values import Thing


@dataclass(eq=False, slots=True)
class Env:
    """The names of one body; `for` and `if` open an inner one, whose assignments rebind outer names."""

    names: dict[str, Thing] = field(default_factory=dict)
    outer: Env | None = None
    dropped: set[str] = field(
        default_factory=set
    )  # assigned under a choice only, and so unknown after it

    def find(self, name: str) -> Thing | None:
        env: Env | None = self
        while env is not None:
            if name in env.names:
                return env.names[name]
            env = env.outer
        return None

    def assign(self, name: str, value: Thing) -> None:
        env: Env | None = self
        while env is not None:
            if name in env.names:
                env.names[name] = value
                return
            env = env.outer
        self.names[name] = value

    def snapshot(self) -> list[dict[str, Thing]]:
        """The bindings of this and every outer env, innermost first."""
        levels = []
        env: Env | None = self
        while env is not None:
            levels.append(dict(env.names))
            env = env.outer
        return levels

    def restore(self, levels: list[dict[str, Thing]]) -> None:
        env: Env | None = self
        for level in levels:
            assert env is not None
            env.names.clear()
            env.names.update(level)
            env = env.outer


@dataclass(frozen=True, eq=False, slots=True)
class Scope:
    """What an expression outside of bodies sees: names such as parameters, then those of a file."""

    module: Module
    env: Env = field(default_factory=Env)
