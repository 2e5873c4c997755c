"""Where names are looked up and assigned while a body runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.values import Thing
from archdsl.ir.instance import Instance, join


@dataclass(eq=False, slots=True)
class Env:
    """The names of one body; `for` and `if` open an inner one, whose assignments rebind outer names."""

    names: dict[str, Thing] = field(default_factory=dict)
    outer: Env | None = None
    dropped: set[str] = field(default_factory=set)  # assigned under a choice only, and so unknown after it

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


@dataclass(eq=False, slots=True)
class Frame:
    """A body being run: its module, its names, the instance it belongs to, and the indices of unlabelled
    loops.
    """

    module: Module
    env: Env
    instance: Instance
    suffix: str = ""  # "[2]" in the third turn of an unlabelled loop
    outputs: list[Thing] = field(default_factory=list)
    inputs: list[Thing] | None = None  # what `input` statements bind, None in a net
    constant: bool = False  # evaluating declarations of a file: no tensors, no instances

    def inner(self) -> Frame:
        """The same body with an inner scope of names."""
        return Frame(
            self.module,
            Env(outer=self.env),
            self.instance,
            self.suffix,
            self.outputs,
            self.inputs,
            self.constant,
        )

    def segment(self, name: str) -> str:
        return name + self.suffix

    def choice_path(self, name: str) -> str:
        return join(self.instance.choices_path, self.segment(name))

    def weights_path(self, name: str) -> str:
        return join(self.instance.weights_path, self.segment(name))


def file_frame(module: Module) -> Frame:
    """A frame for evaluating declarations of a file: no tensors exist here."""
    return Frame(module, Env(), Instance("", None, "", "root"), constant=True)
