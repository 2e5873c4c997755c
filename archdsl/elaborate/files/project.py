"""What commands and the public API ask of files: find, check, and elaborate what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.codes.elaboration import TOO_MUCH_WORK
from archdsl.diagnostics.codes.names import UNKNOWN_NAME
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.suggestions import closest, did_you_mean, question
from archdsl.elaborate.checks.blame import moved
from archdsl.elaborate.checks.idle import idle_answers, is_sound
from archdsl.elaborate.checks.names import check_names
from archdsl.elaborate.checks.unread import unread_inputs
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.scope import file_frame
from archdsl.elaborate.evaluation.state import State
from archdsl.elaborate.evaluation.values import GenotypeV, NetV, Thing
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.inputs import Inputs, by_input, sizes_of
from archdsl.elaborate.networks import nets
from archdsl.elaborate.networks.nets import Elaborated, Instantiation
from archdsl.elaborate.networks.spaces import Spaces
from archdsl.elaborate.plans.plan import check_plan
from archdsl.ir.graph import Graph
from archdsl.ir.printer import expr_text
from archdsl.ir.work import bounded
from archdsl.syntax import ast
from archdsl.syntax.parser import parse_expression
from archdsl.syntax.shipped import shipped
from archdsl.syntax.slipped import lies_in

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)


@dataclass(eq=False, slots=True)
class Project:
    """Files by path, and by the names of what ships. Each file is read once."""

    importer: Importer = field(default_factory=lambda: Importer(shipped("specs")))

    def find(self, name: str) -> Path:
        """The file of a reference: a local path first, then a shipped one, with or without its suffix and its
        folder `zoo`.

        Raises DiagnosticError where there is none.
        """
        if "\0" in name:
            raise DiagnosticError(codes.NOT_FOUND.error(None, "a path cannot contain a NUL character"))
        here, shipped_specs = Path("."), self.importer.shipped
        words = (
            [name, name.replace(".", "/")] if _DOTTED.fullmatch(name) else [name]
        )  # `zoo.x3d`, as `use` has it
        for root in (here, shipped_specs, shipped_specs / "zoo"):
            for candidate in (
                root / f"{word}{suffix}" for word in words for suffix in ("", ".arch", ".yaml")
            ):
                inside = root is here or candidate.resolve().is_relative_to(root.resolve())
                if inside and candidate.exists() and (candidate.is_file() or candidate.suffix):
                    return candidate
        near = self._declaring(name)[:1] or closest(
            name, [self.shown(p) for p in sorted(shipped_specs.rglob("*.arch"))]
        )
        help = question(near[:1])
        raise DiagnosticError(
            codes.NOT_FOUND.error(None, f"no file `{name}`, here or among the shipped specs", help=help)
        )

    def _declaring(self, name: str) -> list[str]:
        """The networks of this name among the shipped specs, as references."""
        if not name.isidentifier():
            return []
        declared = re.compile(rf"^(?:space|model|genotype) {name}\b", re.MULTILINE)
        files = sorted(self.importer.shipped.rglob("*.arch"))
        return [f"{self.shown(p)}:{name}" for p in files if declared.search(p.read_text(encoding="utf-8"))]

    def shown(self, path: Path) -> str:
        """How messages call a file: what ships by the name that `archdsl list` gives it."""
        inside = path.absolute().is_relative_to(self.importer.shipped) and not path.is_relative_to(".")
        return path.absolute().relative_to(self.importer.shipped).as_posix() if inside else str(path)

    def module(self, name: str) -> Module:
        """The parsed file of a reference. Raises DiagnosticError where it is missing or has errors of
        syntax.
        """
        path = self.find(name)
        module = self.importer.load(path, name if path == Path(name) else self.shown(path))
        errors = [d for d in self.importer.diagnostics[path.absolute()] if d.severity == "error"]
        if errors:
            raise DiagnosticError(*errors)
        return module

    def check(self, name: str) -> list[Diagnostic]:
        """Everything wrong with a file: syntax, names, and every network, genotype and plan in it.

        Raises DiagnosticError where it cannot be read.
        """
        path = self.find(name)
        module = self.importer.load(path, name if path == Path(name) else self.shown(path))
        return self.check_module(module, self.importer.diagnostics[path.absolute()])

    def check_module(self, module: Module, syntax: Sequence[Diagnostic] = ()) -> list[Diagnostic]:
        """The diagnostics of a parsed file in the order of its text, its own errors of syntax given."""
        unread = {d.span.start for d in syntax if d.span is not None and d.about == "text"}
        whole = not unread
        # A word that stands where something is missing before it may be meant otherwise.
        named = [d for d in check_names(module, whole) if d.span is None or d.span.start not in unread]
        named = [
            d for d in named if d.code == UNKNOWN_NAME.id or not lies_in(d.span, module.file, module.slipped)
        ]
        found = [*syntax, *named]
        # A file beyond a limit was not read to its end, and what reaches itself has no value.
        if not any(d.severity == "error" and d.about == "bounds" for d in found):
            if whole:
                found += unread_inputs(module)
            found.extend(self._elaborated(module, whole, found))
        unique: dict[tuple[object, ...], Diagnostic] = {}
        for d in found:
            unique.setdefault(
                (d.code, d.span.source.name if d.span else "", d.span.start if d.span else -1, d.message), d
            )
        return sorted(
            unique.values(),
            key=lambda d: (
                d.span.source is not module.source if d.span else True,
                d.span.start if d.span else 0,
            ),
        )

    def _elaborated(self, module: Module, whole: bool, told: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What is wrong with the values of a file, without what was told of its names.

        Of a file that could not be read as a `whole` nothing is warned of: what is missing may be what was
        not read.
        """
        spaces = Spaces()
        found: list[Diagnostic] = []
        with bounded():
            for declaration in module.file.declarations:
                found.extend(self._declaration(declaration, module, spaces))
                if any(d.code == TOO_MUCH_WORK.id for d in found):
                    break
        messages = {d.message for d in told}
        found = [d for d in found if not lies_in(d.span, module.file, module.slipped)]
        places = {d.span.start for d in told if d.span is not None and d.span.source is module.source}
        found = [
            d
            for d in found
            if d.code != UNKNOWN_NAME.id or not (d.message in messages or (d.span and d.span.start in places))
        ]
        return found if whole else [d for d in found if d.severity == "error"]

    def elaborate(
        self,
        module: Module,
        name: str,
        *,
        inputs: Inputs | None = None,
        settings: Mapping[str, str] | None = None,
        genotypes: Sequence[GenotypeV] = (),
    ) -> Elaborated:
        """The graph of a network that a file declares; a genotype's name gives the network it is of, settled
        by it.

        `inputs` feeds inputs of another size to the same model; `settings` are parameters as text.

        Raises DiagnosticError with everything wrong.
        """
        state = State()
        value = find(module, name, state)
        if isinstance(value, GenotypeV):
            net, given = nets.base_of(value.genotype.of, file_frame(value.module), state)
            return self._network(net, given, name, inputs, settings, [value, *genotypes], state)
        if not isinstance(value, NetV):
            names = networks(module)
            hint = did_you_mean(
                name, names, f"it has {', '.join(f'`{n}`' for n in names[:12])}" if names else None
            )
            raise DiagnosticError(
                codes.NO_SUCH_NAME.error(
                    None, f"{module.source.name} declares no space, model or genotype `{name}`", help=hint
                )
            )
        return self._network(value, {}, name, inputs, settings, genotypes, state)

    def instantiation(self, value: Thing, settings: Mapping[str, str] | None, state: State) -> Instantiation:
        """The network that a name stands for, with its parameters; of a genotype, the one that it is of."""
        given: Mapping[str, Thing] = {}
        if isinstance(value, GenotypeV):
            value, given = nets.base_of(value.genotype.of, file_frame(value.module), state)
        assert isinstance(value, NetV)
        values = {
            key: self._setting(key, text, value.module, state) for key, text in (settings or {}).items()
        }
        return nets.resolve(value, given, value.net.span, state, settings=values)

    def _network(
        self,
        value: NetV,
        given: Mapping[str, Thing],
        name: str,
        inputs: Inputs | None,
        settings: Mapping[str, str] | None,
        genotypes: Sequence[GenotypeV],
        state: State,
    ) -> Elaborated:
        net = value.net
        others = by_input(inputs) if inputs is not None else {}
        values = {
            key: self._setting(key, text, value.module, state) for key, text in (settings or {}).items()
        }
        instantiation = nets.resolve(value, given, net.span, state, settings=values)
        try:
            plain = nets.elaborate(instantiation, name=name, kind=net.kind, genotypes=genotypes)
        except DiagnosticError as error:
            for key in values:
                fewer_values = {k: v for k, v in values.items() if k != key}
                fewer = nets.resolve(value, given, net.span, state, settings=fewer_values)
                if _elaborates(fewer, name, net.kind, genotypes):
                    span = _whole(key, (settings or {})[key])
                    raise DiagnosticError(
                        *(moved(d, span, "it fails here") for d in error.diagnostics)
                    ) from None
            raise
        sizes = sizes_of(others, plain.graph)
        if not sizes:
            return plain
        resized = nets.elaborate(instantiation, name=name, kind=net.kind, sizes=sizes, genotypes=genotypes)
        _same_weights(plain.graph, resized.graph, _way(instantiation.net, plain.graph, sizes))
        return resized

    def _setting(self, name: str, text: str, module: Module, state: State) -> Thing:
        node, errors = parse_expression(_whole(name, text).source)
        if node is None or errors:
            raise DiagnosticError(*errors)
        try:
            return evaluate(node, file_frame(module), state)
        except DiagnosticError as error:
            if not isinstance(node, ast.Ref):
                raise
            help = f"a text has quotes, inside those of the shell: `--set '{name}=\"{node.name}\"'`"
            raise DiagnosticError(*(replace(d, help=d.help or help) for d in error.diagnostics)) from None

    def _declaration(self, node: ast.Declaration, module: Module, spaces: Spaces) -> list[Diagnostic]:
        try:
            with nets.deep_stack(node.span):
                return self._declared(node, module, spaces)
        except DiagnosticError as error:
            return list(error.diagnostics)

    def _declared(self, node: ast.Declaration, module: Module, spaces: Spaces) -> list[Diagnostic]:
        state = State()
        if isinstance(node, ast.Const):
            find(module, node.name, state)
            return []
        if isinstance(node, ast.Net) and all(p.default is not None for p in node.params or ()):
            instantiation = nets.resolve(NetV(node, module), {}, node.span, state)
            if node.kind == "space":
                return list(spaces.of(instantiation).warnings)
            return list(nets.elaborate(instantiation, name=node.name, kind="model").warnings)
        if isinstance(node, ast.Genotype):
            value = GenotypeV(node, module)
            net, given = nets.base_of(node.of, file_frame(module), state)
            instantiation = nets.resolve(net, given, node.of.span, state)
            space = spaces.of(instantiation).graph
            if is_sound(space, value):
                return []
            warnings = nets.elaborate(instantiation, name=node.name, kind="space", genotypes=[value]).warnings
            return [*warnings, *idle_answers(space, value)]
        if isinstance(node, ast.Search):
            return check_plan(node, module, spaces)
        return []


def _whole(name: str, text: str) -> Span:
    """The text of a setting, as a place."""
    return Span(Source(f"--set {name}", text), 0, len(text))


def _elaborates(
    instantiation: nets.Instantiation, name: str, kind: str, genotypes: Sequence[GenotypeV]
) -> bool:
    try:
        nets.elaborate(instantiation, name=name, kind=kind, genotypes=genotypes)
    except DiagnosticError:
        return False
    return True


def networks(module: Module) -> list[str]:
    """The spaces, models and genotypes that a file declares, in order."""
    return [d.name for d in module.file.declarations if isinstance(d, ast.Net | ast.Genotype)]


def _way(net: ast.Net, graph: Graph, sizes: Mapping[str, Mapping[str, int]]) -> str:
    """How another size is had that weights depend on: by the parameters that the input's shape is written
    with, else in the text.
    """
    params = {param.name for param in net.params or ()}
    nominal = {given.name: given.shape for given in graph.inputs}
    ports = [
        port for statement in net.body or () if isinstance(statement, ast.Input) for port in statement.ports
    ]
    dims = [(port, dim) for port in ports for dim in port.shape or () if dim.name in sizes.get(port.name, {})]
    changed = [
        (port, dim) for port, dim in dims if nominal[port.name][dim.name].value != sizes[port.name][dim.name]
    ]
    written = [dim.size.span.text for _, dim in changed if dim.size is not None]
    setting = [word for text in written for word in re.findall(r"[A-Za-z_]\w*", text) if word in params]
    if setting:
        given = " ".join(f"--set {name}=…" for name in dict.fromkeys(setting))
        return f"another size makes another model here: change the parameter, `{given}`"
    fixed = ", ".join(f"`{dim.name} = {text}`" for (_, dim), text in zip(changed, written, strict=False))
    return (
        f"another size makes another model here: {fixed or 'the size'} is written in the text, not set by "
        "a parameter"
    )


def _same_weights(plain: Graph, resized: Graph, way: str) -> None:
    """Another input size feeds the same model: no weight may change with it."""
    before, after = plain.weights(), resized.weights()
    for identity, weight in before.items():
        other = after.get(identity)
        # Each graph has choices of its own, so shapes are the same where they are written the same.
        if other is None or list(map(expr_text, other.shape)) != list(map(expr_text, weight.shape)):
            shape = "×".join(str(s.distinct()[0]) for s in weight.shape)
            now = "×".join(str(s.distinct()[0]) for s in other.shape) if other is not None else "gone"
            raise DiagnosticError(
                value_codes.PINNED.error(
                    None,
                    f"the weight `{weight.full_name}` depends on the size of an input: {shape} becomes {now}",
                    help=way,
                )
            )
