"""Running a program on weights that are given from outside: one call after another, each result let go after
its last use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from archdsl_lowering.program import Instruction, Program, Ref, references, substitute
from archdsl_lowering.rows.layers import Module, functional
from archdsl_torch.names import resolve


@dataclass(frozen=True, slots=True)
class _Step:
    """An instruction made ready: `weights` are the keys of a module's parameters by name, `done` the results
    not needed afterwards.
    """

    instruction: Instruction
    call: Callable[..., Any] | None
    kwargs: Mapping[str, Any]
    module: Module | None
    weights: Mapping[str, str]
    nested: bool
    done: tuple[int, ...]
    done_weights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    """Some steps in a row: the results that they read from before and give for afterwards, and of the former
    those not needed again.
    """

    steps: Sequence[tuple[int, _Step]]
    reads: tuple[int, ...]
    gives: tuple[int, ...]
    done: tuple[int, ...]


class Calls:
    """A program made ready to run many times."""

    def __init__(self, program: Program) -> None:
        self._outputs = tuple(ref.index for ref in program.outputs)
        self._count = len(program.instructions)
        reads = [tuple(dict.fromkeys(one.reads())) for one in program.instructions]
        keys = [_keys(one, program) for one in program.instructions]
        last: dict[int, int] = {}
        last_weight: dict[str, int] = {}
        for at, (read, held) in enumerate(zip(reads, keys, strict=True)):
            last.update(dict.fromkeys(read, at))
            last_weight.update(dict.fromkeys(held.values(), at))
        kept = set(self._outputs)
        self._inputs: list[tuple[int, str]] = []
        self._steps: list[tuple[int, _Step]] = []
        self._segments: dict[int, list[_Segment]] = {}
        for at, one in enumerate(program.instructions):
            if one.kind == "input":
                self._inputs.append((at, one.target))
                continue
            done = tuple(i for i in reads[at] if last[i] == at and i not in kept)
            nested = any(isinstance(a, tuple | slice) and references(a) for a in one.args)
            module = program.modules[one.target] if one.kind == "module" else None
            done_weights = tuple(k for k in keys[at].values() if last_weight[k] == at)
            step = _Step(
                instruction=one,
                call=_called(one),
                kwargs=dict(one.kwargs),
                module=module,
                weights=keys[at],
                nested=nested,
                done=done,
                done_weights=done_weights,
            )
            self._steps.append((at, step))

    def run(
        self,
        inputs: Mapping[str, Any],
        gather: Callable[[str], torch.Tensor],
        training: bool,
        segments: int = 1,
    ) -> Any:
        """The output, or a tuple where there are several. `gather` gives the weight of a key, and is asked
        once for each.

        In several segments, only what passes between them is kept for the backward pass, which computes the
        rest again.
        """
        results: list[Any] = [None] * self._count
        for at, name in self._inputs:
            results[at] = inputs[name]
        if segments > 1 and torch.is_grad_enabled():
            for segment in self._cut(segments):
                given = [results[i] for i in segment.reads]
                within = partial(self._within, segment, gather, training)
                found = checkpoint(within, *given, use_reentrant=False)
                for i in segment.done:
                    results[i] = None
                for i, result in zip(segment.gives, found, strict=True):
                    results[i] = result
        else:
            _go(self._steps, results, gather, training)
        outputs = tuple(results[i] for i in self._outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def __len__(self) -> int:
        """The number of calls."""
        return len(self._steps)

    def _within(
        self,
        segment: _Segment,
        gather: Callable[[str], torch.Tensor],
        training: bool,
        *given: Any,
    ) -> tuple[Any, ...]:
        results: list[Any] = [None] * self._count
        for i, value in zip(segment.reads, given, strict=True):
            results[i] = value
        _go(segment.steps, results, gather, training, segment.gives)
        return tuple(results[i] for i in segment.gives)

    def _cut(self, count: int) -> list[_Segment]:
        """The calls in so many segments of about the same length."""
        if count not in self._segments:
            bounds = [len(self._steps) * i // count for i in range(count + 1)]
            self._segments[count] = [
                self._segment(a, b) for a, b in pairwise(bounds) if a < b
            ]
        return self._segments[count]

    def _segment(self, first: int, end: int) -> _Segment:
        steps = self._steps[first:end]
        inside = {at for at, _ in steps}
        reads = [i for i in _read_by(steps) if i not in inside]
        later = {*_read_by(self._steps[end:]), *self._outputs}
        gives = tuple(at for at, _ in steps if at in later)
        return _Segment(
            steps, tuple(reads), gives, tuple(i for i in reads if i not in later)
        )


def _go(
    steps: Sequence[tuple[int, _Step]],
    results: list[Any],
    gather: Callable[[str], torch.Tensor],
    training: bool,
    kept: Sequence[int] = (),
) -> None:
    """Computes the steps into `results`; lets go of what no later step needs, unless it is kept."""
    weights: dict[str, torch.Tensor] = {}
    for at, step in steps:
        for key in step.weights.values():
            if key not in weights:
                weights[key] = gather(key)
        results[at] = _result(step, results, weights, training)
        for i in step.done:
            if i not in kept:
                results[i] = None
        for key in step.done_weights:
            weights.pop(key, None)


def _result(
    step: _Step,
    results: Sequence[Any],
    weights: Mapping[str, torch.Tensor],
    training: bool,
) -> Any:
    one = step.instruction
    if one.kind == "weight":
        return weights[one.target]
    if step.module is not None:
        own = {name: weights[key] for name, key in step.weights.items()}
        target, args = functional(step.module, results[one.args[0].index], own, training)
        return resolve(target)(*args)
    assert step.call is not None
    if step.nested:
        return step.call(
            *substitute(one.args, lambda ref: results[ref.index]), **step.kwargs
        )
    return step.call(
        *[results[a.index] if isinstance(a, Ref) else a for a in one.args],
        **step.kwargs,
    )


def _called(one: Instruction) -> Callable[..., Any] | None:
    """What an instruction calls that is neither a module nor a weight."""
    if one.kind == "function":
        called: Callable[..., Any] = resolve(one.target)
        return called
    return getattr(torch.Tensor, one.target) if one.kind == "method" else None


def _read_by(steps: Sequence[tuple[int, _Step]]) -> list[int]:
    """The results that some steps read, each once."""
    read = chain.from_iterable(step.instruction.reads() for _, step in steps)
    return list(dict.fromkeys(read))


def _keys(instruction: Instruction, program: Program) -> Mapping[str, str]:
    """The keys of the weights that an instruction uses, by their names within it."""
    if instruction.kind == "weight":
        return {"": instruction.target}
    if instruction.kind != "module":
        return {}
    keys = {name: f"{instruction.target}.{name}" for name in ("weight", "bias")}
    return {name: key for name, key in keys.items() if key in program.weights}
