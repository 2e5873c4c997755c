"""From a space or model declaration to its graph."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NoReturn, TypeAlias

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import edits as edit_codes
from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import files as file_codes
from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError, Label
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import did_you_mean, few, quoted
from archdsl.elaborate.checks.blame import blamed, moved
from archdsl.elaborate.checks.finish import finish
from archdsl.elaborate.evaluation import calls
from archdsl.elaborate.evaluation.bodies import run_body
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.edits import EditTable, matches, split, text_of, unmatched
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame, file_frame, frame_of
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.parameters import bind_parameters
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.regions import regional
from archdsl.elaborate.evaluation.scope import Env, Scope
from archdsl.elaborate.evaluation.state import State, Structural, fail, too_wide_help
from archdsl.elaborate.evaluation.values import (
    GenotypeV,
    NetV,
    Poison,
    Tensor,
    Thing,
    TooLarge,
    TupleV,
    describe,
)
from archdsl.ir.expr import Expr, TooWide
from archdsl.ir.graph import Graph, Value
from archdsl.ir.instance import Instance
from archdsl.ir.work import Exhausted, aside, bounded
from archdsl.syntax import ast

Sizes: TypeAlias = Mapping[str, Mapping[str, int]]  # of inputs, by name and dimension


@dataclass(frozen=True, eq=False, slots=True)
class Instantiation:
    """A network with a body, the values of its parameters, and the edits that the declarations on the way put
    on it.
    """

    net: ast.Net
    module: Module
    given: Mapping[str, Thing]
    patches: tuple[tuple[ast.Edits | ast.Path, Scope], ...]
    definitions: tuple[
        ast.Net, ...
    ]  # from the outermost declaration to the one with the body
    span: Span

    def __eq__(self, other: object) -> bool:
        """Whether the same text runs with the same values, so that the same network comes out."""
        if not isinstance(other, Instantiation):
            return NotImplemented
        if (
            self.net is not other.net
            or len(self.patches) != len(other.patches)
            or not _same_things(self.given, other.given)
        ):
            return False
        pairs = zip(self.patches, other.patches, strict=True)
        return all(
            a is b and f.module is g.module and _same_things(f.env.names, g.env.names)
            for (a, f), (b, g) in pairs
        )

    __hash__ = None  # type: ignore[assignment]  # values of parameters are mutable


def _same_things(these: Mapping[str, Thing], those: Mapping[str, Thing]) -> bool:
    """Whether values are the same by name; 1 and true are equal and yet two things."""
    return these == those and [_kind(v) for v in these.values()] == [
        _kind(those[name]) for name in these
    ]


def _kind(value: Thing) -> type:
    return type(value.first) if isinstance(value, Expr) else type(value)


@dataclass(frozen=True, slots=True)
class Elaborated:
    """A graph, and the warnings that came with it."""

    graph: Graph
    warnings: tuple[Diagnostic, ...]


def resolve(
    value: NetV,
    given: Mapping[str, Thing],
    span: Span,
    state: State,
    seen: tuple[ast.Net, ...] = (),
    settings: Mapping[str, Thing] | None = None,
) -> Instantiation:
    """Follows `space a = b(…) with …` down to the declaration with a body.

    `settings` overrule arguments, each at the first declaration on the way that has a parameter of the name.

    Raises DiagnosticError for declarations that reach themselves or something else than a network, and for a
    setting that no declaration has.
    """
    net, module = value.net, value.module
    if net in seen:
        fail(
            name_codes.RECURSION,
            net.span.word(net.name),
            f"`{net.name}` is defined by itself",
        )
    own = {p.name for p in net.params or ()}
    rest = {name: v for name, v in (settings or {}).items() if name not in own}
    given = {**given, **{name: v for name, v in (settings or {}).items() if name in own}}
    if net.body is not None:
        if rest:
            _unknown_setting(next(iter(rest)), (*seen, net))
        return Instantiation(net, module, given, (), (*seen, net), span)
    assert net.value is not None
    scope = Scope(module)
    frame = frame_of(scope, state)
    bind_parameters(net.params or (), given, {}, frame, span, f"`{net.name}`")
    inner, args = base_of(net.value, frame)
    found = resolve(inner, args, net.value.span, state, (*seen, net), rest)
    return replace(found, patches=found.patches + tuple((p, scope) for p in net.patches))


def _unknown_setting(name: str, definitions: tuple[ast.Net, ...]) -> NoReturn:
    parameters = chain.from_iterable(d.params or () for d in definitions)
    names = list(dict.fromkeys(p.name for p in parameters))
    has = f"it has {', '.join(quoted(names))}" if names else "it has none"
    fail(
        file_codes.BAD_SETTING,
        None,
        f"`{definitions[0].name}` has no parameter `{name}`",
        help=did_you_mean(name, names, has),
    )


def base_of(node: ast.Expr, frame: Frame) -> tuple[NetV, dict[str, Thing]]:
    """The network that `name` or `name(args)` stands for, and its arguments.

    Raises DiagnosticError where it is none.
    """
    callee, args = (node.callee, node.args) if isinstance(node, ast.Call) else (node, ())
    value = evaluate(callee, frame)
    if isinstance(value, Poison):
        raise DiagnosticError()  # reported where it went wrong
    if not isinstance(value, NetV):
        fail(
            codes.WRONG_KIND,
            callee.span,
            f"a space or a model is needed here, not {describe(value)}",
        )
    names = [p.name for p in value.net.params or ()]
    evaluated = [(a, evaluate(a.value, frame)) for a in args]
    if any(isinstance(v, Poison) for _, v in evaluated):
        raise DiagnosticError()
    return value, calls.match(names, {}, evaluated, f"`{value.net.name}`")


@dataclass(frozen=True, slots=True)
class _Run:
    """A network to be run: under which edits, with which sizes of inputs instead of those of the text."""

    instantiation: Instantiation
    table: EditTable
    sizes: Sizes

    @property
    def place(self) -> Span:
        net = self.instantiation.net
        return net.span.word(net.name)


def elaborate(
    instantiation: Instantiation,
    *,
    name: str,
    kind: str,
    sizes: Sizes | None = None,
    genotypes: Sequence[GenotypeV] = (),
) -> Elaborated:
    """The graph of a network.

    `sizes` feeds inputs of another size; `genotypes` settle choices on top of the declaration's own edits.

    Raises DiagnosticError with everything that is wrong.
    """
    with deep_stack(instantiation.span), bounded():
        run = _Run(instantiation, EditTable(), sizes or {})
        _patch(run.table, instantiation, genotypes, State(run.table))
        try:
            return _elaborated(run, name, kind)
        except Exhausted:
            raise
        except DiagnosticError as error:
            raise DiagnosticError(*_explained(error.diagnostics, run)) from None


def _elaborated(run: _Run, name: str, kind: str) -> Elaborated:
    instantiation, broken = run.instantiation, run.table.broken
    state, outputs, root = _gathered(run)
    if not _errors(state) and not state.broken:
        _report_unmatched(run, state)
    # Without outputs everything wrong is reported where it was declared.
    if _errors(state) or not outputs or state.broken or broken:
        raise DiagnosticError(
            *[d for d in state.diagnostics.values() if d.severity == "error"]
        )
    settings = {p.name: "" for p in instantiation.net.params or ()}
    graph = finish(name, kind, outputs, root, state, settings)
    if kind == "model" and graph.choices:
        shown = few(quoted(choice.path for choice in graph.choices), 6)
        several = "s" * (len(graph.choices) > 1)
        fail(
            edit_codes.MISSING_CHOICE,
            instantiation.definitions[0].span.word(name),
            f"the model `{name}` leaves {len(graph.choices)} choice{several} open: {shown}",
            help="answer them in its genotype, or declare it a `space`",
        )
    return Elaborated(graph, tuple(state.diagnostics.values()))


def _explained(diagnostics: Sequence[Diagnostic], run: _Run) -> list[Diagnostic]:
    """The errors, those that an edit causes at that edit, and those inside what ships at the declaration that
    calls for it.
    """
    found, span = list(diagnostics), run.instantiation.span
    with aside(), suppress(Exhausted):
        found = blamed(
            diagnostics, run.table, lambda table: _errors_of(replace(run, table=table))
        )
    if span.source.shipped:
        return found
    for i, diagnostic in enumerate(found):
        if diagnostic.span and diagnostic.span.source.shipped:
            found[i] = moved(diagnostic, span, "inside what ships")
    return found


def _errors_of(run: _Run) -> Sequence[Diagnostic]:
    try:
        _elaborated(run, run.instantiation.net.name, "space")
    except Exhausted:
        raise
    except DiagnosticError as error:
        return error.diagnostics
    return ()


def _gathered(run: _Run) -> tuple[State, tuple[Value, ...], Instance]:
    """What running a network gathers, its outputs and the root of its instances; what is wrong is reported in
    the state.
    """
    net, place = run.instantiation.net, run.place
    state = State(run.table, {name: dict(sizes) for name, sizes in run.sizes.items()})
    root = Instance("", None, net.name, "root", net.span)
    outputs: tuple[Value, ...] = ()
    try:
        result = regional(
            partial(_body, run.instantiation, root, state), Place(root, place, state)
        )
        if not isinstance(result, Poison):
            outputs = _outputs(result, net)
        elif not _errors(state):
            _report_wrong(state)
        if not state.inputs and not _errors(state) and not state.broken:
            message, help = (
                f"`{net.name}` has no `input`",
                "for example `input x: [b, c = 3, h = 224, w = 224]`",
            )
            fail(codes.NO_OUTPUT, place, message, help=help)
    except Structural as structural:
        state.report(replace(structural.diagnostic, labels=_declared(structural)))
    except TooWide as wide:
        state.report(
            choice_codes.TOO_WIDE.error(place, str(wide), help=too_wide_help(wide))
        )
    except TooLarge as large:
        state.report(bounds.TOO_MUCH_WORK.error(place, str(large)))
    except DiagnosticError as error:
        state.report(*error.diagnostics)
    return state, outputs, root


def _body(instantiation: Instantiation, root: Instance, state: State) -> Thing:
    net = instantiation.net
    frame = Frame(instantiation.module, Env(), root, state)
    what = f"`{net.name}`"
    bind_parameters(
        net.params or (), instantiation.given, {}, frame, instantiation.span, what
    )
    assert net.body is not None
    return run_body(net.body, frame, net.span.word(net.name))


def _report_wrong(state: State) -> None:
    """A poisoned result without an error came of what is wrong whatever is chosen."""
    for check in dict.fromkeys(state.wrong.values()):
        message = check.problem.value
        state.report(
            check.code.error(check.span, message, help=check.help, labels=check.labels)
        )


def _declared(structural: Structural) -> tuple[Label, ...]:
    return tuple(
        Label(c.span, f"`{c.path}` is declared here")
        for c in structural.choices[:2]
        if c.span is not None
    )


def _outputs(result: Thing, net: ast.Net) -> tuple[Value, ...]:
    parts = result.values() if isinstance(result, TupleV) else (result,)
    values = []
    for part in parts:
        if not isinstance(part, Tensor):
            outputs = [s for s in net.body or () if isinstance(s, ast.Output)]
            fail(
                codes.NO_OUTPUT,
                outputs[0].span if outputs else net.span,
                f"`{net.name}` outputs {describe(part)}, not a tensor",
            )
        values.append(part.value)
    return tuple(values)


def _patch(
    table: EditTable,
    instantiation: Instantiation,
    genotypes: Sequence[GenotypeV],
    state: State,
) -> None:
    for patch, scope in instantiation.patches:
        if isinstance(patch, ast.Edits):
            table.add(patch.edits, scope)
            continue
        name = patch.segments[0]
        value = None
        if isinstance(name, ast.Name) and len(patch.segments) == 1:
            value = scope.env.find(name.name) or find(scope.module, name.name, state)
        if isinstance(value, Poison):
            raise DiagnosticError()
        if value is None:
            genotypes_ = [
                n
                for n, d in scope.module.declarations.items()
                if isinstance(d, ast.Genotype)
            ]
            help = did_you_mean(patch.span.text, genotypes_)
            fail(
                name_codes.UNKNOWN_NAME,
                patch.span,
                f"unknown name `{patch.span.text}`",
                help=help,
            )
        if not isinstance(value, GenotypeV):
            fail(
                codes.WRONG_KIND,
                patch.span,
                "`with` takes `{ edits }` or the name of a genotype",
                help=f"this is {describe(value)}",
            )
        _settle(table, value, instantiation, patch.span, state)
    for genotype in genotypes:
        _settle(table, genotype, instantiation, genotype.genotype.span, state)


def _settle(
    table: EditTable,
    value: GenotypeV,
    instantiation: Instantiation,
    span: Span,
    state: State,
) -> None:
    base, _ = base_of(value.genotype.of, file_frame(value.module, state))
    definition = base.net
    while definition.body is None and definition not in instantiation.definitions:
        assert definition.value is not None
        if definition.params:
            break
        base, _ = base_of(definition.value, file_frame(base.module, state))
        if base.net is definition:
            break
        definition = base.net
    if definition not in instantiation.definitions:
        fail(
            edit_codes.WRONG_SPACE,
            span,
            f"the genotype `{value.genotype.name}` is of `{value.genotype.of.span.text}`, this network of "
            f"`{instantiation.net.name}`",
            help=f"use a genotype of `{instantiation.net.name}`",
        )
    table.add(value.genotype.edits, Scope(value.module), genotype=True)


def _report_unmatched(run: _Run, state: State) -> None:
    """Edits that matched nothing: an answer to a choice that other answers made inactive is a warning, the
    rest errors.
    """
    missed = [e for e in run.table.edits if not e.matched]
    if not missed:
        return
    rewriting = EditTable()
    for edit in run.table.edits:
        if not edit.answers:
            rewriting.insert(edit)
    whole, _, _ = _gathered(replace(run, table=rewriting))
    levels = [
        path
        for path, instance in whole.instances.items()
        if instance.level in ("loop", "alternative")
    ]
    paths = [*whole.choices, *[path for path in whole.instances if path not in levels]]
    for path, names in state.edits.settable.items():
        paths += [f"{path}.{name}" for name in names]
    choices = [split(path) for path in whole.choices]
    for edit in missed:
        if edit.answers and any(matches(edit.pattern, choice) for choice in choices):
            text = text_of(edit.pattern)
            message = (
                f"`{text}` is inactive under the other answers; this line has no effect"
            )
            state.report(edit_codes.INACTIVE_ANSWER.warning(edit.node.span, message))
        else:
            state.report(unmatched(edit, paths, levels))


def _errors(state: State) -> bool:
    return any(d.severity == "error" for d in state.diagnostics.values())


@contextmanager
def deep_stack(span: Span) -> Iterator[None]:
    """Bodies nest in Python frames; the language's own limits on nesting come first."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 60_000))
    try:
        yield
    except RecursionError:
        fail(bounds.TOO_DEEP, span, "expressions and calls nest too deeply")
    finally:
        sys.setrecursionlimit(before)
