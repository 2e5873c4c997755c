"""What commands and the public API ask of files: find, check, and elaborate what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.codes.elaboration import TOO_MUCH_WORK
from archdsl.diagnostics.codes.names import UNKNOWN_NAME
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.elaborate import expressions, nets
from archdsl.elaborate.blame import moved
from archdsl.elaborate.edits import scratch
from archdsl.elaborate.idle import idle_answers, is_sound
from archdsl.elaborate.importer import Importer
from archdsl.elaborate.inputs import Inputs, by_input, sizes_of
from archdsl.elaborate.module import Module
from archdsl.elaborate.names import check_names
from archdsl.elaborate.nets import Elaborated
from archdsl.elaborate.plans import check_plan
from archdsl.elaborate.slipped import lies_in
from archdsl.elaborate.spaces import Spaces
from archdsl.elaborate.state import State
from archdsl.elaborate.values import GenotypeV, NetV, Thing
from archdsl.ir.graph import Graph
from archdsl.ir.printer import expr_text
from archdsl.ir.work import bounded
from archdsl.syntax import ast
from archdsl.syntax.parser import parse_expression
from archdsl.syntax.shipped import shipped


@dataclass(eq=False, slots=True)
class Project:
    """Files by path, and by the names of what ships. Each file is read once."""

    importer: Importer = field(default_factory=lambda: Importer(shipped("specs")))

    def find(self, name: str) -> Path:
        """The file of a reference: a local path first, then a shipped one, with or without its suffix.

        Raises DiagnosticError where there is none.
        """
        if "\0" in name:
            raise DiagnosticError(codes.NOT_FOUND.error(None, "a path cannot contain a NUL character"))
        for root in (Path("."), self.importer.shipped):
            for candidate in (root / name, root / f"{name}.arch", root / f"{name}.yaml"):
                inside = root is not self.importer.shipped or candidate.resolve().is_relative_to(root.resolve())
                if inside and candidate.exists() and (candidate.is_file() or candidate.suffix):
                    return candidate
        known = sorted(str(p.relative_to(self.importer.shipped)) for p in self.importer.shipped.rglob("*.arch"))
        raise DiagnosticError(
            codes.NOT_FOUND.error(None, f"no file `{name}`, here or among the shipped specs", help=did_you_mean(name, known))
        )

    def module(self, name: str) -> Module:
        """The parsed file of a reference. Raises DiagnosticError where it is missing or has errors of syntax."""
        path = self.find(name)
        module = self.importer.load(path, name if path == Path(name) else str(path))
        errors = [d for d in self.importer.diagnostics[path.absolute()] if d.severity == "error"]
        if errors:
            raise DiagnosticError(*errors)
        return module

    def check(self, name: str) -> list[Diagnostic]:
        """Everything wrong with a file: syntax, names, and every network, genotype and plan in it.

        Raises DiagnosticError where it cannot be read.
        """
        path = self.find(name)
        module = self.importer.load(path, name if path == Path(name) else str(path))
        return self.check_module(module, self.importer.diagnostics[path.absolute()])

    def check_module(self, module: Module, syntax: Sequence[Diagnostic] = ()) -> list[Diagnostic]:
        """The diagnostics of a parsed file in the order of its text, its own errors of syntax given."""
        unread = {d.span.start for d in syntax if d.span is not None and d.about == "text"}
        whole = not unread
        # A word that stands where something is missing before it may be meant otherwise.
        named = [d for d in check_names(module, whole) if d.span is None or d.span.start not in unread]
        named = [d for d in named if d.code == UNKNOWN_NAME.id or not lies_in(d.span, module.file, module.slipped)]
        found = [*syntax, *named]
        # A file beyond a limit was not read to its end, and what reaches itself has no value.
        if not any(d.severity == "error" and d.about == "bounds" for d in found):
            found.extend(self._elaborated(module, whole, found))
        unique: dict[tuple[object, ...], Diagnostic] = {}
        for d in found:
            unique.setdefault((d.code, d.span.source.name if d.span else "", d.span.start if d.span else -1, d.message), d)
        return sorted(
            unique.values(), key=lambda d: (d.span.source is not module.source if d.span else True, d.span.start if d.span else 0)
        )

    def _elaborated(self, module: Module, whole: bool, told: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What is wrong with the values of a file, without what was told of its names.

        Of a file that could not be read as a `whole` nothing is warned of: what is missing may be what was not read.
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
        found = [d for d in found if d.code != UNKNOWN_NAME.id or not (d.message in messages or (d.span and d.span.start in places))]
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
        """The graph of a network that a file declares; a genotype's name gives the network it is of, settled by it.

        `inputs` feeds inputs of another size to the same model; `settings` are parameters as text.

        Raises DiagnosticError with everything wrong.
        """
        state = scratch()
        value = module.find(name, state)
        if isinstance(value, GenotypeV):
            net, given = nets.base_of(value.genotype.of, value.module.frame(), state)
            return self._network(net, given, name, inputs, settings, [value, *genotypes], state)
        if not isinstance(value, NetV):
            names = networks(module)
            hint = did_you_mean(name, names, f"it has {', '.join(f'`{n}`' for n in names[:12])}" if names else None)
            raise DiagnosticError(
                codes.NO_SUCH_NAME.error(None, f"{module.source.name} declares no space, model or genotype `{name}`", help=hint)
            )
        return self._network(value, {}, name, inputs, settings, genotypes, state)

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
        values = {key: self._setting(key, text, value.module, state) for key, text in (settings or {}).items()}
        instantiation = nets.resolve(value, given, net.span, state, settings=values)
        try:
            plain = nets.elaborate(instantiation, name=name, kind=net.kind, genotypes=genotypes)
        except DiagnosticError as error:
            for key in values:
                fewer_values = {k: v for k, v in values.items() if k != key}
                fewer = nets.resolve(value, given, net.span, state, settings=fewer_values)
                if _elaborates(fewer, name, net.kind, genotypes):
                    span = _whole(key, (settings or {})[key])
                    raise DiagnosticError(*(moved(d, span, "it fails here") for d in error.diagnostics)) from None
            raise
        sizes = sizes_of(others, plain.graph)
        if not sizes:
            return plain
        resized = nets.elaborate(instantiation, name=name, kind=net.kind, sizes=sizes, genotypes=genotypes)
        _same_weights(plain.graph, resized.graph)
        return resized

    def _setting(self, name: str, text: str, module: Module, state: State) -> Thing:
        node, errors = parse_expression(_whole(name, text).source)
        if node is None or errors:
            raise DiagnosticError(*errors)
        try:
            return expressions.evaluate(node, module.frame(), state)
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
        state = scratch()
        if isinstance(node, ast.Const):
            module.find(node.name, state)
            return []
        if isinstance(node, ast.Net) and all(p.default is not None for p in node.params or ()):
            instantiation = nets.resolve(NetV(node, module), {}, node.span, state)
            if node.kind == "space":
                return list(spaces.of(instantiation).warnings)
            return list(nets.elaborate(instantiation, name=node.name, kind="model").warnings)
        if isinstance(node, ast.Genotype):
            value = GenotypeV(node, module)
            net, given = nets.base_of(node.of, module.frame(), state)
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


def _elaborates(instantiation: nets.Instantiation, name: str, kind: str, genotypes: Sequence[GenotypeV]) -> bool:
    try:
        nets.elaborate(instantiation, name=name, kind=kind, genotypes=genotypes)
    except DiagnosticError:
        return False
    return True


def networks(module: Module) -> list[str]:
    """The spaces, models and genotypes that a file declares, in order."""
    return [d.name for d in module.file.declarations if isinstance(d, ast.Net | ast.Genotype)]


def _same_weights(plain: Graph, resized: Graph) -> None:
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
                    help="another size makes another model here: change the parameter with `--set`",
                )
            )
