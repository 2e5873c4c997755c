"""The neutral graph: what a module, a `.pt2` or an `.onnx` computes, as plain frozen data without torch.

    Step("aten.conv2d", (Ref("x"), Ref("p_conv1_weight"), None, (2, 2)), {}, ("conv2d",), path="stem.conv1")

Arguments are numbers, texts, tuples and `Ref`s of tensors. Weights and buffers are known by their keys; their
numbers are only read when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archdsl.ir.instance import key

MAX_SIZE = 2**40  # of one dimension
Arg: TypeAlias = Any  # a number, a text, None, a Ref, or a tuple of these


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor by its name in the graph."""

    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One operation. `path` is the dotted path of the module that calls it, `line` its place in the
    source.
    """

    target: str
    args: tuple[Arg, ...]
    kwargs: Mapping[str, Arg]
    outputs: tuple[str, ...]
    path: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """What stands behind a name before anything is computed: an input of the network, a weight, a buffer or a
    constant.
    """

    name: str
    kind: Literal["input", "weight", "constant"]
    key: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Captured:
    """A network as it came in.

    `outputs` are names of tensors, with the name that callers know them by, if any. `kinds` has the class of
    each module by path. `array(key)` gives the numbers of a weight or a constant as a numpy array.
    """

    name: str
    form: Literal["aten", "onnx"]
    sources: Mapping[str, Source]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, str | None], ...]
    array: Callable[[str], Any] = field(repr=False)
    kinds: Mapping[str, str] = field(default_factory=dict, repr=False)
    document: Any = field(default=None, repr=False)  # of an ONNX model, as it was read

    @property
    def inputs(self) -> tuple[Source, ...]:
        return tuple(s for s in self.sources.values() if s.kind == "input")


def problem(captured: Captured) -> str | None:
    """What is wrong with a graph that somebody else has written; None where every name is known before it is
    read, and every argument is of a kind that is known.
    """
    known: set[str] = set()
    for source in captured.sources.values():
        named = isinstance(source.name, str) and isinstance(source.key, str)
        if not named or not all(type(n) is int and 0 <= n < MAX_SIZE for n in source.shape):
            return f"`{source.name}` has no name or impossible sizes"
        known.add(source.name)
    for step in captured.steps:
        wrong = _wrong(step, known)
        if wrong is not None:
            return wrong
        known.update(step.outputs)
    if not captured.outputs or any(name not in known for name, _ in captured.outputs):
        return "it has no outputs that it computes"
    return None


def _wrong(step: Step, known: set[str]) -> str | None:
    if not isinstance(step.target, str) or not step.outputs:
        return "an operation without a name or outputs"
    if any(not isinstance(name, str) for name in step.outputs):
        return f"`{step.target}` has outputs without names"
    stack: list[Arg] = [*step.args, *step.kwargs.values()]
    while stack:
        arg = stack.pop()
        if isinstance(arg, Ref):
            if arg.name not in known:
                return f"`{step.target}` reads `{arg.name}`, which nothing has computed"
        elif isinstance(arg, tuple):
            stack.extend(arg)
        elif not isinstance(arg, int | float | str | None):
            return f"`{step.target}` has an argument of an unknown kind"
    return None


def own_path(custom: object) -> str | None:
    """The module that a network compiled from a text notes for an operation: `stage[1].block[0].relu` lies in
    `stage.1.block.0`. None where nothing is noted.
    """
    path = custom.get("path") if isinstance(custom, Mapping) else None
    if not isinstance(path, str) or not isinstance(custom, Mapping) or "op" not in custom:
        return None
    return key(path.rpartition(".")[0])
