"""Where a row of the table works: one primitive with its parameters settled, its inputs laid out, and an
emitter.

A row is a function of a `Site`. It asks for its inputs in the layout it wants, emits calls, and returns the
value that results. What a call does is the emitter's affair: one records instructions for a fixed model,
another computes at once on gathered weights. A row never looks at a handle, so it states its computation once
for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from archdsl_lowering.rows.layers import Module
from archdsl_lowering.rows.layout import Layout, canonical, extent, steps
from archdsl_lowering.rows.sizes import Sizes

Handle: TypeAlias = Any


class Emitter(Protocol):
    """What rows emit to. Function names are qualified (`torch.nn.functional.relu`), methods are those of a
    tensor.
    """

    def function(self, target: str, *args: Any, **kwargs: Any) -> Handle:
        """The result of a function."""

    def method(self, target: str, *args: Any) -> Handle:
        """The result of a method of the first argument."""

    def layer(self, module: Module, x: Handle) -> Handle:
        """The result of a module with the weights of the current op."""

    def weight(self, name: str) -> Handle:
        """A weight of the current op as a tensor."""

    def visible(self, scope: Hashable) -> bool:
        """Whether a rearrangement made in a scope may be used by the current op."""

    @property
    def scope(self) -> Hashable:
        """The scope that rearrangements made now belong to."""


@dataclass(frozen=True, slots=True)
class Form:
    """A tensor that holds a value in some layout. `scope` is None for what an op returned itself."""

    handle: Handle
    layout: Layout
    scope: Hashable = None


@dataclass(slots=True)
class Value:
    """The sizes of a value by dimension and the tensors that hold it, oldest first."""

    sizes: Sizes
    forms: list[Form] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Site:
    """One application of a primitive. `attrs` are plain values, `sizes` those of the result."""

    primitive: str
    inputs: tuple[Value, ...]
    attrs: Mapping[str, Any]
    sizes: Sizes
    emit: Emitter

    @property
    def x(self) -> Value:
        return self.inputs[0]

    def forms(self, value: Value) -> list[Form]:
        """The forms of a value that may be used here, oldest first."""
        return [f for f in value.forms if f.scope is None or self.emit.visible(f.scope)]

    def arrange(self, value: Value, layout: Layout) -> Handle:
        """The value in a layout, rearranged where no form has it yet."""
        return self.fit(value, lambda _: layout)[0]

    def fit(self, value: Value, wish: Callable[[Layout], Layout]) -> tuple[Handle, Layout]:
        """The value in the layout that `wish` makes of one of its forms, of which the cheapest is taken, the
        latest among equals.
        """
        best: tuple[int, Form, Layout] | None = None
        for form in self.forms(value):
            target = wish(form.layout)
            cost = len(steps(form.layout, target))
            if best is None or cost <= best[0]:
                best = (cost, form, target)
        assert best is not None, "a value has a form from the start"
        cost, form, target = best
        if not cost:
            return form.handle, target
        handle = form.handle
        for step in steps(form.layout, target):
            numbers = [
                extent(part, value.sizes) if isinstance(part, str) else part
                for part in step.target
            ]
            handle = self.emit.method(step.kind, handle, *(numbers or ((),)))
        value.forms.append(Form(handle, target, self.emit.scope))
        return handle, target

    def result(self, handle: Handle, layout: Layout, sizes: Sizes | None = None) -> Value:
        """A new value in one form."""
        return Value(self.sizes if sizes is None else sizes, [Form(handle, layout)])

    def unmoved(self) -> Value:
        """The input as the result: nothing is emitted."""
        return Value(self.sizes, self.x.forms)

    def relabelled(
        self, value: Value, relabel: Callable[[Layout], Layout | None], sizes: Sizes
    ) -> Value:
        """The same tensors under other names of dimensions, in every form where that moves nothing."""
        forms = []
        for form in self.forms(value):
            layout = relabel(form.layout)
            if layout is not None:
                forms.append(Form(form.handle, layout, form.scope))
        if all(f.scope is not None for f in forms):
            forms[-1] = replace(
                forms[-1], scope=None
            )  # this one is the result, for whoever reads it
        return Value(sizes, forms)


def output(site: Site, value: Value, order: Layout | None = None) -> Handle:
    """A value as a model returns it: in the order of the text, else b, c, t, h, w, then the other dimensions
    by letter.
    """
    return site.arrange(value, order or canonical(value.sizes))
