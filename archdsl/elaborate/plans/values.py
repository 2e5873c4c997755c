"""Settings of a plan and options of what they call, evaluated to plain values and checked against the
table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archdsl.diagnostics.codes import plans as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.suggestions import did_you_mean, quoted
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.builtin import BUILTIN_NAMES
from archdsl.elaborate.evaluation.declared import find
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame, file_frame
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State, fail
from archdsl.elaborate.evaluation.values import ListV, Poison, Thing, TupleV, describe
from archdsl.elaborate.plans.table import (
    DEFAULT_TRIALS,
    OPTIMISERS,
    SETTINGS,
    STRATEGIES,
    Invocation,
    Option,
    setting_text,
)
from archdsl.ir.expr import Expr, Undefined
from archdsl.ir.notation import Axes
from archdsl.syntax import ast
from archdsl.syntax.edition import EDITION
from archdsl.syntax.parser import parse_expression

PLUGINS = (
    "archdsl.strategies"  # the entry-point group of strategies that other packages bring
)


def plugins() -> tuple[str, ...]:
    """The names of installed strategies that are not built in."""
    from importlib.metadata import (
        entry_points,
    )  # slow to import, and wanted for unknown names alone

    return tuple(
        sorted({point.name for point in entry_points(group=PLUGINS)} - set(STRATEGIES))
    )


def setting(node: ast.Setting, frame: Frame, in_step: bool) -> Any:
    """The value of a setting. Raises DiagnosticError (E0701, E0702, E0706) with all that is wrong with it."""
    option = SETTINGS.get(node.name)
    place = node.span.word(node.name)
    if option is None:
        hint = did_you_mean(node.name, SETTINGS, f"a plan sets {', '.join(SETTINGS)}")
        fail(codes.UNKNOWN_SETTING, place, f"no setting `{node.name}`", help=hint)
    if in_step and not option.in_steps:
        own = ", ".join(f"`{o.name}`" for o in SETTINGS.values() if o.in_steps)
        fail(
            codes.UNKNOWN_SETTING,
            place,
            f"a step has no `{node.name}` of its own",
            help=f"its own may be {own}",
        )
    if node.name == "strategy":
        return strategy(node.value, frame)
    value = value_of(node.value, frame)
    _check(option, value, node.value.span, f"`{node.name}`")
    if isinstance(value, Invocation) and node.name in ("alpha", "weights"):
        return _called(value, node.value, OPTIMISERS[value.name])
    return value


def written(name: str, text: str, given_as: str) -> Any:
    """The value of a setting from a text outside of any file, `sgd(0.1)` for `weights`; `given_as` is where
    messages say it stands.

    Raises DiagnosticError as `setting` does, and for errors of syntax.
    """
    source = Source(given_as, text)
    value, errors = parse_expression(source)
    if value is None:
        raise DiagnosticError(*errors)
    module = Module(given_as, source, ast.File(EDITION, (), span=value.span))
    return setting(
        ast.Setting(name, value, span=value.span),
        file_frame(module, State()),
        in_step=False,
    )


def strategy(node: ast.Expr, frame: Frame) -> Invocation:
    """The strategy of a plan with its options; a built-in one with all of them, defaults filled in.

    Raises DiagnosticError (E0702, E0701, E0706).
    """
    name = called(node)
    callable_ = isinstance(node, ast.Ref) or (
        isinstance(node, ast.Call) and isinstance(node.callee, ast.Ref)
    )
    foreign = (
        name is not None and name not in STRATEGIES and callable_ and name in plugins()
    )
    if not callable_ or name is None or (name not in STRATEGIES and not foreign):
        known = (*STRATEGIES, *plugins())
        hint = did_you_mean(name or "", known, f"strategies are {', '.join(known)}")
        fail(
            codes.UNKNOWN_STRATEGY,
            node.span,
            f"no strategy `{name or node.span.text[:60]}`",
            help=hint,
        )
    call = _invocation(node, name, frame)
    return call if foreign else _called(call, node, STRATEGIES[name], positional=0)


def filled(
    name: str, given: Mapping[str, Any], options: Sequence[Option]
) -> dict[str, Any]:
    """Options by name, defaults filled in. Raises DiagnosticError (E0701, E0706) for others, and for values
    of another kind.
    """
    known = {o.name: o for o in options}
    for key, value in given.items():
        if key not in known:
            raise DiagnosticError(_unknown(name, key, known, None))
        _check(known[key], value, None, f"`{key}` of `{name}`")
    return {o.name: given.get(o.name, o.default) for o in options}


def together(
    call: Invocation, span: Span, limits_latency: Sequence[Span | None]
) -> list[Diagnostic]:
    """What options of a strategy contradict each other, or the plan's budgets (the places of those on
    latency).
    """
    found = []
    if call.name == "darts" and call.named["order"] == 2 and not call.named["bilevel"]:
        found.append(
            codes.BAD_OPTION.error(
                span, "`order = 2` is of the bilevel gradient", help="add `bilevel = true`"
            )
        )
    if call.name == "evolution" and call.named["sample"] > call.named["population"]:
        found.append(
            codes.BAD_OPTION.error(
                span, "`sample` is at most `population`", help="they compete among these"
            )
        )
    if limits_latency and call.name in STRATEGIES and not call.named.get("latency"):
        takes = any(o.name == "latency" for o in STRATEGIES[call.name])
        message = f"`{call.name}` knows no latency"
        help = "those that do: parsec and all that evaluate trials"
        if takes:
            message = "a budget on latency needs a table of measurements"
            help = f'for example `{call.name}(latency = "measured.json")`'
        found.append(codes.BAD_OPTION.error(limits_latency[0], message, help=help))
    return found


def trials_of(options: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    """How many architectures are evaluated: what the strategy says, else the step or the plan."""
    return int(options.get("trials") or settings.get("trials") or DEFAULT_TRIALS)


def value_of(node: ast.Expr, frame: Frame) -> Any:
    """A number, text, truth value, tuple of such, or an `Invocation`. Raises DiagnosticError for anything
    else.
    """
    name = called(node)
    callee = node.callee if isinstance(node, ast.Call) else node
    if (
        isinstance(callee, ast.Ref)
        and name is not None
        and not _means_something(name, frame)
    ):
        return _invocation(node, name, frame)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(value_of(entry.value, frame) for entry in node.entries)
    return _plain(evaluate(node, frame), node.span)


def _means_something(name: str, frame: Frame) -> bool:
    return (
        name in BUILTIN_NAMES
        or frame.env.find(name) is not None
        or find(frame.module, name, frame.state) is not None
    )


def _plain(value: Thing, span: Span) -> Any:
    if isinstance(value, Poison):
        raise DiagnosticError()  # reported where it went wrong
    if isinstance(value, TupleV | ListV):
        return tuple(_plain(v, span) for v in value.values())
    if isinstance(value, Expr) and value.is_constant:
        if isinstance(value.value, Undefined):
            fail(value_codes.NO_VALUE, span, value.value.message)
        if isinstance(value.value, bool | int | float | str | tuple) and not isinstance(
            value.value, Axes
        ):
            return value.value
    fail(
        codes.BAD_OPTION,
        span,
        f"a plan's settings are numbers, texts and the like, not {describe(value)}",
    )


def _invocation(node: ast.Expr, name: str, frame: Frame) -> Invocation:
    args: list[Any] = []
    named: dict[str, Any] = {}
    for arg in node.args if isinstance(node, ast.Call) else ():
        value = value_of(arg.value, frame)
        if arg.name is None:
            args.append(value)
        elif arg.name in named:
            fail(codes.BAD_OPTION, arg.span, f"`{arg.name}` is given twice")
        else:
            named[arg.name] = value
    return Invocation(name, tuple(args), named, node.span)


def _called(
    call: Invocation, node: ast.Expr, options: Sequence[Option], positional: int = 1
) -> Invocation:
    """The call with its options checked and by name, defaults filled in."""
    known = {o.name: o for o in options}
    nodes = node.args if isinstance(node, ast.Call) else ()
    found: list[Diagnostic] = []
    unnamed = [a for a in nodes if a.name is None]
    which = f"the options of `{call.name}` are named"
    if positional:
        which = f"only the first argument of `{call.name}` has no name"
    for arg in unnamed[positional:]:
        found.append(codes.UNKNOWN_SETTING.error(arg.span, which, help=_listed(known)))
    given = dict(zip(known, call.args[:positional], strict=False)) | dict(call.named)
    for arg in nodes:
        if arg.name is not None and arg.name not in known:
            found.append(_unknown(call.name, arg.name, known, arg.span))
    places = {arg.name: arg.value.span for arg in nodes if arg.name is not None}
    for name, value in given.items():
        if name in known:
            place = places.get(name, unnamed[0].value.span if unnamed else node.span)
            try:
                _check(known[name], value, place, f"`{name}` of `{call.name}`")
            except DiagnosticError as error:
                found.extend(error.diagnostics)
    needed = [o for o in options[:positional] if o.default is None and o.name not in given]
    found.extend(
        codes.BAD_OPTION.error(
            node.span, f"`{call.name}` needs {o.doc}", help=f"`{call.name}(0.1)`"
        )
        for o in needed
    )
    if found:
        raise DiagnosticError(*found)
    return Invocation(
        call.name, (), {o.name: given.get(o.name, o.default) for o in options}, call.span
    )


def _unknown(
    name: str, option: str, known: Mapping[str, Option], span: Span | None
) -> Diagnostic:
    hint = did_you_mean(option, known, _listed(known))
    return codes.UNKNOWN_SETTING.error(
        span, f"`{name}` has no option `{option}`", help=hint
    )


def _listed(known: Mapping[str, Option]) -> str:
    return f"its options are {', '.join(quoted(known))}" if known else "it has none"


def _check(option: Option, value: Any, span: Span | None, what: str) -> None:
    if not option.kind.fits(value):
        fail(
            codes.BAD_OPTION,
            span,
            f"{what} is {option.kind.text}, not `{setting_text(value)}`",
            help=f"`{option.name}`: {option.doc}",
        )
