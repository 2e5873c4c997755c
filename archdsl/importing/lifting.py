"""From the neutral graph to calls of primitives: each step by the row of its target, in order.

A row is a function of a `Lift` and the step's arguments, in which tensors are `Tensor`s, weights `Weight`s
and constants `Constant`s; what it returns stands for the step's outputs. What has no row cannot be said
(E1401).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from archdsl.importing.builder import Builder, Tensor
from archdsl.importing.calls import Given, Held, Lifted, Yielded
from archdsl.importing.captured import Captured, Ref, Source, Step
from archdsl.importing.guessing import input_letters
from archdsl.importing.values import plain

MAX_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight that no operation has read yet; `transposed` is how this use sees it."""

    source: Source
    transposed: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape[::-1] if self.transposed else self.source.shape

    def held(self, name: str, transposed: bool = False) -> Held:
        return Held(name, self.source.key, transposed)


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """Numbers that are known: a buffer or what is computed from such."""

    read: Callable[[], Any]
    shape: tuple[int, ...]
    key: str = ""

    @property
    def array(self) -> Any:
        return self.read()


@dataclass(frozen=True, slots=True)
class Scores:
    """A product of queries and keys that may become an attention: [.., N, d] · [.., M, d], times `scale`,
    under an activation where `act` names one; `softmax` is over the keys.
    """

    query: Tensor
    key: Tensor
    scale: float = 1.0
    act: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        return (*self.query.shape[:-1], self.key.shape[-2])


@dataclass(frozen=True, slots=True)
class Scaled:
    """A tensor times a number, where a product of queries and keys may take the number over."""

    x: Tensor
    by: float

    @property
    def shape(self) -> tuple[int, ...]:
        return self.x.shape


Row: TypeAlias = Callable[..., Any]


@dataclass(eq=False, slots=True)
class Lift:
    """A lifting under way: what each name of the source stands for."""

    captured: Captured
    rows: Mapping[str, Row]
    settle: Callable[[Lift, Any], Tensor]  # writes what was put off
    make: Builder = field(default_factory=lambda: Builder(Step("", (), {}, ())))
    known: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Tensor] = field(default_factory=dict)
    chunks: dict[tuple[int, int, int], list[Tensor]] = field(default_factory=dict)
    joined: dict[tuple[Any, int], Tensor] = field(
        default_factory=dict
    )  # lists of tensors, by axis
    users: dict[str, list[Step]] = field(default_factory=dict)
    fused: dict[str, Any] = field(
        default_factory=dict
    )  # outputs of steps that an earlier one has done
    settled: dict[int, tuple[Any, Tensor]] = field(
        default_factory=dict
    )  # what was put off, once written
    evaluate: Callable[[Step, list[Any]], Any] | None = None  # a step of constants alone

    def tensor(self, thing: Any) -> Tensor:
        """A tensor of the language: a weight is declared as a `param`."""
        if isinstance(thing, Tensor):
            return self.make.current(thing)
        if isinstance(thing, Scores | Scaled):
            if id(thing) not in self.settled:
                self.settled[id(thing)] = thing, self.settle(self, thing)
            return self.settled[id(thing)][1]
        if isinstance(thing, Weight):
            if thing.source.key not in self.params:
                self.params[thing.source.key] = self.make.param(thing.source)
            found = self.make.current(self.params[thing.source.key])
            return (
                found.over(found.layout.permuted(range(found.rank)[::-1]))
                if thing.transposed
                else found
            )
        self.make.refuse(
            "it reads a constant tensor, and constants are numbers in the language"
        )

    def resolve(self, arg: Any) -> Any:
        if isinstance(arg, Ref):
            return self.known[arg.name]
        if isinstance(arg, tuple):
            return tuple(map(self.resolve, arg))
        return arg

    def step(self, step: Step) -> None:
        """Lifts one step."""
        self.make.step = step
        name = step.target
        if step.outputs and step.outputs[0] in self.fused:
            self.known[step.outputs[0]] = self.fused[step.outputs[0]]
            return
        if self.evaluate is not None and self._is_constant(step):
            self._learn(step, self.evaluate(step, [self.resolve(arg) for arg in step.args]))
            return
        row = self.rows.get(name)
        in_place = False
        if row is None and name.endswith("_") and not name.endswith("__"):
            row, in_place = self.rows.get(name.rstrip("_")), True
        if row is None:
            self.make.refuse("no primitive computes it")
        args = tuple(map(self.resolve, step.args))
        kwargs = {key: self.resolve(value) for key, value in step.kwargs.items()}
        try:
            result = row(self, *args, **kwargs)
        except (
            TypeError,
            ValueError,
            IndexError,
            AttributeError,
            KeyError,
            ZeroDivisionError,
        ) as error:
            self.make.refuse(f"its arguments are of a kind that is not known ({error})")
        self._learn(step, result)
        if in_place and isinstance(step.args[0], Ref):
            self.known[step.args[0].name] = result

    def _learn(self, step: Step, result: Any) -> None:
        if len(step.outputs) == 1:
            self.known[step.outputs[0]] = result
        else:
            self.known |= dict(zip(step.outputs, result, strict=False))

    def _is_constant(self, step: Step) -> bool:
        """Whether a step reads constants alone."""
        things = [self.known[arg.name] for arg in step.args if isinstance(arg, Ref)]
        return all(isinstance(thing, Constant) for thing in things)


def lift(
    captured: Captured,
    rows: Mapping[str, Row],
    settle: Callable[[Lift, Any], Tensor],
    evaluate: Callable[[Step, list[Any]], Any] | None = None,
) -> Lifted:
    """A captured network in primitives. Raises DiagnosticError E1401 for what cannot be said.

    `settle` writes what was put off; `evaluate` computes steps of constants alone.
    """
    under_way = Lift(captured, rows, settle, evaluate=evaluate)
    for step in captured.steps:
        for ref in refs(step.args, tuple(step.kwargs.values())):
            under_way.users.setdefault(ref, []).append(step)
    inputs = []
    for source in captured.sources.values():
        if source.kind == "weight":
            under_way.known[source.name] = Weight(source)
        elif source.kind == "input":
            letters = input_letters(source, under_way.users)
            value = under_way.make.number()
            under_way.known[source.name] = Tensor(value, plain(letters, source.shape))
            under_way.make.sizes[value] = dict(zip(letters, source.shape, strict=True))
            inputs.append(Given(source, value, "".join(letters), source.shape))
    for source in captured.sources.values():
        if source.kind == "constant":
            under_way.known[source.name] = Constant(
                partial(captured.array, source.key), source.shape, source.key
            )
    for step in captured.steps:
        under_way.step(step)
    outputs = tuple(_yielded(under_way, name, called) for name, called in captured.outputs)
    calls = _live(under_way.make.calls, [out.value for out in outputs])
    return Lifted(
        captured.name, tuple(inputs), calls, outputs, captured.kinds, under_way.make.sizes
    )


def refs(*args: Any) -> list[str]:
    """The tensors that arguments name."""
    found: list[str] = []
    stack = list(args)
    while stack:
        arg = stack.pop()
        if isinstance(arg, Ref):
            found.append(arg.name)
        elif isinstance(arg, tuple):
            stack.extend(arg)
    return found


def _yielded(under_way: Lift, name: str, called: str | None) -> Yielded:
    make = under_way.make
    thing = under_way.known.get(name)
    if isinstance(thing, Scores | Scaled):
        thing = under_way.tensor(thing)
    if not isinstance(thing, Tensor):
        make.refuse("an output of the network is no tensor that was computed")
    wishes = {}
    for axis, lies in enumerate(thing.layout.axes):
        wishes[axis] = "*" if lies else "?"
    thing = make.conform(thing, wishes)
    for axis in range(thing.rank):
        whole = thing.layout.whole(axis)
        if whole is not None and len(whole) > 1:
            thing = make.conform(thing, {axis: "?"})
    make.declare(thing)
    letters = "".join(axis[0][0] for axis in thing.layout.axes)
    return Yielded(called, thing.value, letters)


def _live(calls: list[Any], outputs: list[int]) -> tuple[Any, ...]:
    """The calls that an output needs."""
    wanted = set(outputs)
    kept = []
    for call in reversed(calls):
        if wanted.intersection(call.outputs):
            wanted.update(call.inputs)
            kept.append(call)
    return tuple(reversed(kept))
