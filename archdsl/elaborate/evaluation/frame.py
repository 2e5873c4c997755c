"""What runs: a body with its names, under an instance, in one elaboration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.scope import Env, Scope
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import Thing
from archdsl.ir.instance import Instance, join


@dataclass(eq=False, slots=True)
class Frame:
    """A body being run: its module, its names, the instance it belongs to, what it gathers, and the indices
    of unlabelled loops.
    """

    module: Module
    env: Env
    instance: Instance
    state: State
    suffix: str = ""  # "[2]" in the third turn of an unlabelled loop
    outputs: list[Thing] = field(default_factory=list)
    inputs: list[Thing] | None = None  # what `input` statements bind, None in a net
    constant: bool = False  # evaluating declarations of a file: no tensors, no instances

    def inner(self) -> Frame:
        """The same body with an inner scope of names."""
        return replace(self, env=Env(outer=self.env))

    def under(self, instance: Instance) -> Frame:
        """What stands inside an instance that this body makes: the names are seen, and none is added."""
        return Frame(self.module, Env(outer=self.env), instance, self.state)

    def at(self, span: Span) -> Place:
        return Place(self.instance, span, self.state)

    def segment(self, name: str) -> str:
        return name + self.suffix

    def choice_path(self, name: str) -> str:
        return join(self.instance.choices_path, self.segment(name))

    def weights_path(self, name: str) -> str:
        return join(self.instance.weights_path, self.segment(name))


def frame_of(scope: Scope, state: State) -> Frame:
    """A frame for evaluating what stands outside of bodies: no tensors exist there."""
    return Frame(
        scope.module, scope.env, Instance("", None, "", "root"), state, constant=True
    )


def file_frame(module: Module, state: State) -> Frame:
    return frame_of(Scope(module), state)
