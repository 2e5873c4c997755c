"""An emitter that writes down every computation once: what several variants of an op have in common is one
instruction.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from archdsl.ir.graph import Graph, Init, Input
from archdsl.ops.entries import entries
from archdsl.ops.extents import Demands
from archdsl_lowering.program import Instruction, Parameter, Program, Ref, substitute
from archdsl_lowering.rows.layers import Module
from archdsl_lowering.rows.site import Form, Handle, Value
from archdsl_lowering.rows.sizes import Sizes

_NO_INIT = Init("constant", (0.0,))


class Recorder:
    """Collects instructions. `given` says by name what comes from outside: shares of weights, coefficients,
    masks, indices.

    Equal instructions are one, except where something is drawn at random.
    """

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.given: dict[str, Hashable] = {}
        self._names: dict[Hashable, str] = {}
        self._modules: dict[str, Module] = {}
        self._own: Mapping[str, Hashable] = {}
        self._known: dict[Hashable, Ref] = {}
        self._layers: dict[Hashable, str] = {}

    def input(self, given: Input, sizes: Sizes) -> Value:
        ref = self._add("input", given.name, (), {})
        return Value(sizes, [Form(ref, tuple(given.dims))])

    def enter(self, own: Mapping[str, Hashable]) -> None:
        """From here on, the weights of the op are these, by name."""
        self._own = own

    def tensor(self, what: Hashable) -> Handle:
        """A tensor given from outside."""
        name = self._names.setdefault(what, f"given{len(self._names)}")
        self.given[name] = what
        return self._add("weight", name, (), {})

    @property
    def scope(self) -> Hashable:
        return "all"

    def visible(self, scope: Hashable) -> bool:
        """Any rearrangement may be used anywhere: they all run in one sequence."""
        return True

    def function(self, target: str, *args: Any, **kwargs: Any) -> Handle:
        return self._add("function", target, args, kwargs)

    def method(self, target: str, *args: Any) -> Handle:
        return self._add("method", target, args, {})

    def layer(self, module: Module, x: Handle) -> Handle:
        """A layer with the current weights; its name stands for them and for what it is."""
        random = module.type.endswith("Dropout")
        turn = len(self.instructions) if random else -1
        what = (module, *sorted(self._own.items()), turn)
        name = self._layers.setdefault(what, f"layer{len(self._layers)}")
        self._modules[name] = module
        for weight, share in self._own.items():
            self.given[f"{name}.{weight}"] = share
        return self._add("module", name, (x,), {})

    def weight(self, name: str) -> Handle:
        return self.tensor(self._own[name])

    def program(self, graph: Graph, outputs: Sequence[Ref], demands: Demands) -> Program:
        """What the outputs need, in order."""
        needed = {ref.index for ref in outputs}
        for at in reversed(range(len(self.instructions))):
            one = self.instructions[at]
            if at in needed:
                needed.update(one.reads())
        kept = [
            i
            for i, one in enumerate(self.instructions)
            if i in needed or one.kind == "input"
        ]
        place = {old: Ref(new) for new, old in enumerate(kept)}
        made = tuple(_moved(self.instructions[i], place) for i in kept)
        weights = {name: Parameter((), _NO_INIT) for name in self.given}
        results = tuple(place[r.index] for r in outputs)
        return Program(
            name=graph.name,
            instructions=made,
            outputs=results,
            modules=self._modules,
            weights=weights,
            root=graph.root,
            dissolved=frozenset(),
            entries=entries(graph, demands),
        )

    def _add(
        self, kind: Any, target: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Ref:
        named = tuple(kwargs.items())
        mark = kind, target, _hashable(args), _hashable(named)
        known = self._known.get(mark)
        if known is None:
            self.instructions.append(Instruction(kind, target, args, named, target))
            known = self._known[mark] = Ref(len(self.instructions) - 1)
        return known


def _moved(one: Instruction, place: Mapping[int, Ref]) -> Instruction:
    args, kwargs = substitute((one.args, one.kwargs), lambda ref: place[ref.index])
    return Instruction(one.kind, one.target, args, kwargs, one.name, one.origin)


def _hashable(value: Any) -> Hashable:
    """Slices are not hashable in Python 3.11; 1, 1.0 and True are not the same argument."""
    if isinstance(value, Ref | str):
        return value
    if isinstance(value, tuple | list):
        return tuple([_hashable(v) for v in value])
    if isinstance(value, slice):
        return slice, _hashable((value.start, value.stop, value.step))
    return type(value), value
