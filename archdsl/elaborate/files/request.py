"""One network asked for from outside: with settings, genotypes on top, other sizes for its inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source, Span
from archdsl.elaborate.checks.blame import moved
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import file_frame
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV, NetV, Thing
from archdsl.elaborate.files.inputs import Inputs, by_input, sizes_of
from archdsl.elaborate.networks import nets
from archdsl.elaborate.networks.nets import Elaborated, Instantiation
from archdsl.ir.expr import Expr
from archdsl.ir.graph import Graph
from archdsl.ir.printer import expr_text
from archdsl.syntax import ast
from archdsl.syntax.parser import parse_expression


@dataclass(frozen=True)
class Request:
    """`name` is what the graph is called; `settings` are parameters as text, as after `--set`."""

    value: NetV | GenotypeV
    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    genotypes: Sequence[GenotypeV] = ()

    @cached_property
    def state(self) -> State:
        return State()

    @cached_property
    def base(self) -> tuple[NetV, Mapping[str, Thing]]:
        """The network and its arguments; of a genotype, those of the network that it is of."""
        if isinstance(self.value, NetV):
            return self.value, {}
        return nets.base_of(
            self.value.genotype.of, file_frame(self.value.module, self.state)
        )

    @cached_property
    def values(self) -> dict[str, Thing]:
        """The settings, evaluated. Raises DiagnosticError for texts that are no expressions."""
        module = self.base[0].module
        return {
            key: _setting(key, text, module, self.state)
            for key, text in self.settings.items()
        }

    def instantiation(self, values: Mapping[str, Thing]) -> Instantiation:
        net, given = self.base
        return nets.resolve(net, given, net.net.span, self.state, settings=values)

    def elaborated(self, inputs: Inputs | None) -> Elaborated:
        """The graph. Raises DiagnosticError with everything wrong."""
        others = by_input(inputs) if inputs is not None else {}
        instantiation = self.instantiation(self.values)
        try:
            plain = self._graph(instantiation)
        except DiagnosticError as error:
            culprit = self._culprit()
            if culprit is None:
                raise
            raise DiagnosticError(
                *[moved(d, culprit, "it fails here") for d in error.diagnostics]
            ) from None
        sizes = sizes_of(others, plain.graph)
        if not sizes:
            return plain
        resized = self._graph(instantiation, sizes)
        _same_weights(
            plain.graph, resized.graph, _way(instantiation.net, plain.graph, sizes)
        )
        return resized

    def _graph(
        self,
        instantiation: Instantiation,
        sizes: Mapping[str, Mapping[str, int]] | None = None,
    ) -> Elaborated:
        kind = self.base[0].net.kind
        return nets.elaborate(
            instantiation, name=self.name, kind=kind, sizes=sizes, genotypes=self.genotypes
        )

    def _culprit(self) -> Span | None:
        """The setting without which the network elaborates."""
        for key in self.values:
            fewer = self.instantiation({k: v for k, v in self.values.items() if k != key})
            try:
                self._graph(fewer)
            except DiagnosticError:
                continue
            return _whole(key, self.settings[key])
        return None


def _setting(name: str, text: str, module: Module, state: State) -> Thing:
    node, errors = parse_expression(_whole(name, text).source)
    if node is None or errors:
        raise DiagnosticError(*errors)
    try:
        return evaluate(node, file_frame(module, state))
    except DiagnosticError as error:
        if not isinstance(node, ast.Ref):
            raise
        help = f"a text has quotes, inside those of the shell: `--set '{name}=\"{node.name}\"'`"
        raise DiagnosticError(
            *[replace(d, help=d.help or help) for d in error.diagnostics]
        ) from None


def _whole(name: str, text: str) -> Span:
    """The text of a setting, as a place."""
    return Span(Source(f"--set {name}", text), 0, len(text))


# -- other sizes of inputs ---------------------------------------------------------------------------


def _way(net: ast.Net, graph: Graph, sizes: Mapping[str, Mapping[str, int]]) -> str:
    """How another size is had that weights depend on: by the parameters that the input's shape is written
    with, else in the text.
    """
    changed = list(_changed(net, graph, sizes))
    params = {param.name for param in net.params or ()}
    written = " ".join(dim.size.span.text for dim in changed if dim.size is not None)
    setting = [word for word in re.findall(r"[A-Za-z_]\w*", written) if word in params]
    if setting:
        given = " ".join(f"--set {name}=…" for name in dict.fromkeys(setting))
        return f"another size makes another model here: change the parameter, `{given}`"
    fixed = ", ".join(
        f"`{d.name} = {d.size.span.text}`" for d in changed if d.size is not None
    )
    return (
        f"another size makes another model here: {fixed or 'the size'} is written in the text, not set by "
        "a parameter"
    )


def _changed(
    net: ast.Net, graph: Graph, sizes: Mapping[str, Mapping[str, int]]
) -> Iterator[ast.Dim]:
    """The dimensions of the declared inputs that get another size."""
    nominal = {given.name: given.shape for given in graph.inputs}
    for port in [node for node in ast.walk(net) if isinstance(node, ast.Port)]:
        given = sizes.get(port.name, {})
        for dim in port.shape or ():
            if dim.name in given and nominal[port.name][dim.name].value != given[dim.name]:
                yield dim


def _same_weights(plain: Graph, resized: Graph, way: str) -> None:
    """Another input size feeds the same model: no weight may change with it."""
    after = resized.weights()
    for identity, weight in plain.weights().items():
        # Each graph has choices of its own, so shapes are the same where they are written the same.
        other = after.get(identity)
        if other is not None and _texts(other.shape) == _texts(weight.shape):
            continue
        now = _sizes(other.shape) if other is not None else "gone"
        message = f"the weight `{weight.full_name}` depends on the size of an input: {_sizes(weight.shape)}"
        raise DiagnosticError(
            value_codes.PINNED.error(None, f"{message} becomes {now}", help=way)
        )


def _texts(shape: Sequence[Expr]) -> list[str]:
    return [expr_text(size) for size in shape]


def _sizes(shape: Sequence[Expr]) -> str:
    return "×".join([str(size.distinct()[0]) for size in shape])
