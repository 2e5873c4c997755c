"""The fixed driver of the lowering table: a graph without choices becomes a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Graph, Init, Input, Op, Pick, Result, Select, Value, Weight
from archdsl.ir.instance import Instance, join, key
from archdsl.ir.verify import verify
from archdsl.ops.entries import entries
from archdsl.ops.extents import Demands, follow
from archdsl_lowering.program import Constant, Instruction, Origin, Parameter, Program, Ref
from archdsl_lowering.rows import arithmetic
from archdsl_lowering.rows.layers import Module
from archdsl_lowering.rows.site import Form, Handle, Site, output
from archdsl_lowering.rows.site import Value as Located
from archdsl_lowering.rows.sizes import Sizes
from archdsl_lowering.rows.table import ROWS
from archdsl_lowering.schedule import schedule, scope_of


def lower(graph: Graph) -> Program:
    """The program of a model.

    Raises DiagnosticError (E0950) where choices are left. Outputs are in the order b, c, t, h, w, then by
    letter; inputs in the order in which the text declares them.
    """
    if graph.choices:
        paths = [c.path for c in graph.choices[:3]]
        named = ", ".join([*paths, "…"] if len(graph.choices) > 3 else paths)
        text = f"`{graph.name}` leaves {len(graph.choices)} choices open ({named}), so it is no single model"
        help = "settle them with --genotype, or draw one with `archdsl sample`"
        raise DiagnosticError(files.OPEN_CHOICES.error(None, text, help=help))
    verify(graph)
    return program_of(graph)


def program_of(graph: Graph) -> Program:
    """The program of a graph that is known to be a sound model."""
    recorder = _Recorder(graph)
    demands = Demands()
    extents = follow(dict.fromkeys((*graph.inputs, *graph.values)), demands)
    located: dict[Value, Located] = {}
    for given in graph.inputs:
        located[given] = recorder.input(
            given, Sizes(nominal(given, settled), extents[given], demands)
        )
    values, dissolved = schedule(graph)
    for value in values:
        recorder.enter(value)
        sizes = Sizes(nominal(value, settled), extents[value], demands)
        located[value] = lowered(
            value, [located[v] for v in _read(value)], sizes, recorder, settled
        )
    recorder.leave()
    outputs = tuple(
        _returned(located[v], result, recorder)
        for v, result in zip(graph.outputs, graph.results, strict=True)
    )
    return Program(
        name=graph.name,
        instructions=tuple(recorder.instructions),
        outputs=outputs,
        modules=recorder.modules,
        weights=recorder.weights,
        constants=recorder.constants,
        root=graph.root,
        dissolved=dissolved,
        entries=entries(graph, demands),
    )


def _returned(value: Located, result: Result, emit: Any) -> Handle:
    return output(Site("output", (), {}, value.sizes, emit), value, tuple(result.dims))


def settled(expr: Expr) -> Any:
    """The value of an expression in a model."""
    return expr.value


def nominal(value: Value, at: Callable[[Expr], Any]) -> dict[str, int]:
    """The sizes of a value as numbers."""
    return {d: at(n) for d, n in value.shape.items()}


def lowered(
    value: Value,
    inputs: list[Located],
    sizes: Sizes,
    emit: Any,
    at: Callable[[Expr], Any],
) -> Located:
    """One value by its row. `at` gives the value of an expression: a constant's own, or that under a
    genotype.
    """
    assert not isinstance(value, Input)
    if isinstance(value, Select):
        return inputs[0]
    if isinstance(value, Op):
        attrs = {name: at(e) for name, e in value.attrs.items()}
        site = Site(value.name, tuple(inputs), attrs, sizes, emit)
        return ROWS[value.name](site)
    site = Site(value.combine, tuple(inputs), {"dim": value.dim}, sizes, emit)
    if value.combine == "concat":
        return arithmetic.concat(site)
    if len(inputs) == 1:
        return inputs[0]
    if value.combine == "sum":
        return arithmetic.add(site)
    chosen = at(value.subset)
    whole = at(value.weights[0].shape[0]) == len(value.operands)
    return arithmetic.weighted(site, inputs, chosen if whole else range(len(chosen)))


def _read(value: Value) -> tuple[Value, ...]:
    """The values that a value of a model reads."""
    if isinstance(value, Select):
        return (value.operands[value.index.value],)
    if isinstance(value, Pick):
        return tuple(value.operands[i] for i in value.subset.value)
    return value.inputs if isinstance(value, Op) else ()


def _primitive(value: Op | Pick | Select) -> str:
    """What an origin says of a value that it is."""
    if isinstance(value, Op):
        return value.name
    return value.combine if isinstance(value, Pick) else "select"


def _taken(graph: Graph) -> frozenset[str]:
    """The paths of layers, of weights, and of what is around any instance."""
    found: set[str] = set()
    for value in graph.values:
        if not isinstance(value, Op | Pick):
            continue
        own = key(value.instance.weights_path)
        around, _, _ = own.rpartition(".")
        paths = [key(weight.full_name) for weight in value.weights]
        if isinstance(value, Op):
            paths.append(around if value.name == "const" else own)
        for path in paths:
            parts = path.split(".")
            found.update(".".join(parts[: i + 1]) for i in range(len(parts)))
    return frozenset(found)


class _Recorder:
    """An emitter that writes instructions down; `enter` tells it which value they are for."""

    def __init__(self, graph: Graph) -> None:
        self.instructions: list[Instruction] = []
        self.modules: dict[str, Module] = {}
        self.weights: dict[str, Parameter] = {}
        self.constants: dict[str, Constant] = {}
        self._taken = _taken(graph)
        self._given: dict[str, Weight] = {}
        self._root = graph.root
        self._scope = graph.root
        self._origin: Origin | None = None
        self._target = ""

    def input(self, given: Input, sizes: Sizes) -> Located:
        order = tuple(given.dims)
        ref = self._add("input", given.name, (), {}, given.name)
        return Located(sizes, [Form(ref, order)])

    def enter(self, value: Value) -> None:
        """From here on, instructions belong to this value."""
        assert isinstance(value, Op | Pick | Select)
        self._scope = scope_of(value)
        self._given = (
            {} if isinstance(value, Select) else {w.name: w for w in value.weights}
        )
        primitive = _primitive(value)
        self._origin = Origin(
            value.instance.path, primitive, str(value.span or ""), self._scope
        )
        if self._given:
            own = next(iter(self._given.values())).path
        elif value.instance.level == "primitive":
            own = value.instance.weights_path
        else:
            own = join(self._scope.weights_path, primitive)
        self._target = key(own)
        for weight in self._given.values():
            init = weight.init.value
            assert isinstance(init, Init)
            self.weights[key(weight.full_name)] = Parameter(
                tuple(n.value for n in weight.shape), init
            )

    def leave(self) -> None:
        """From here on, instructions belong to the model as a whole."""
        self._scope = self._root
        self._origin = Origin("", "output", "", self._root)

    @property
    def scope(self) -> Instance:
        return self._scope

    def visible(self, scope: Any) -> bool:
        """Whether the current scope is `scope` or lies within it."""
        at: Instance | None = self._scope
        while at is not None and at is not scope:
            at = at.parent
        return at is not None

    def function(self, target: str, *args: Any, **kwargs: Any) -> Handle:
        return self._add("function", target, args, kwargs, target.rpartition(".")[2])

    def method(self, target: str, *args: Any) -> Handle:
        return self._add("method", target, args, {}, target)

    def layer(self, module: Module, x: Handle) -> Handle:
        target, count = self._target, 1
        while not self._given and self.modules.get(target, module) != module:
            count += 1
            target = f"{self._target}_{count}"
        assert self.modules.setdefault(target, module) == module, (
            f"two different layers at {target}"
        )
        return self._add("module", target, (x,), {}, target)

    def weight(self, name: str) -> Handle:
        target = key(self._given[name].full_name)
        return self._add("weight", target, (), {}, target)

    def constant(self, formula: str, sizes: tuple[tuple[str, int], ...]) -> Handle:
        """Under the path of its own, or the next that nothing else has: no state dict holds it."""
        made = Constant(formula, sizes)
        target, count = self._target, 1
        while target in self._taken or self.constants.get(target, made) != made:
            count += 1
            target = f"{self._target}_{count}"
        self.constants[target] = made
        return self._add("constant", target, (made,), {}, target)

    def _add(
        self,
        kind: Any,
        target: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str,
    ) -> Ref:
        self.instructions.append(
            Instruction(kind, target, args, tuple(kwargs.items()), name, self._origin)
        )
        return Ref(len(self.instructions) - 1)
