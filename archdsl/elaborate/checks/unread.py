"""Warnings about what is in a text and in no network: inputs and layers with weights that nothing reads,
windows over no dimension.

    for i in range(4) {
      y = x -> conv(16) as step -> batch_norm
    }
    output x

Every turn reads `x` and none gives it back, so four convolutions and four norms are left out, and the line is
told once. A layer of which some instance is read is not reported: the last turn of a loop may go nowhere, and
one call of a block may use fewer of its outputs than another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from archdsl.diagnostics.codes.choices import UNREAD
from archdsl.diagnostics.codes.shapes import ABSENT_WINDOW
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.state import State
from archdsl.ir.graph import Graph, Op
from archdsl.ir.instance import Instance
from archdsl.ops.sizes import window_dims
from archdsl.syntax import ast

_SEVERAL = 4  # names that are told of one line


def warnings(graph: Graph, state: State) -> Iterator[Diagnostic]:
    """What is dead in a network, once a line of its own file. Edits may leave parts idle: that is no
    mistake.
    """
    if not state.edits.edits:
        yield from _inputs(graph)
        yield from _layers(graph, state)
    yield from _windows(graph)


def _inputs(graph: Graph) -> Iterator[Diagnostic]:
    read = set(graph.values)
    for given in graph.inputs:
        if given not in read:
            yield UNREAD.warning(
                given.span,
                f"nothing reads the input `{given.name}`",
                help="remove it, or use it",
            )


def _layers(graph: Graph, state: State) -> Iterator[Diagnostic]:
    """The calls of which every instance goes nowhere, those of one line together."""
    read: set[Instance] = set()
    dead: dict[Instance, None] = {}
    live_names = {weight.full_name for weight in graph.weights().values()}
    for weight, instance in state.weights.values():
        # A pick of a single operand passes it on, without a coefficient.
        if weight.full_name in live_names or instance.callee == "weighted_sum":
            read.update(_around(instance))
        else:
            dead[instance] = None
    calls = dict.fromkeys(_outermost(instance, read) for instance in dead)
    used = {instance.span for instance in read}
    lines: dict[int, list[Instance]] = {}
    for call in calls:
        span = call.span
        if span is not None and span.source is _source(graph) and span not in used:
            lines.setdefault(span.source.position(span.start)[0], []).append(call)
    for found in lines.values():
        yield _told(found)


def _told(found: list[Instance]) -> Diagnostic:
    """One warning for the calls of a line, at the first of them."""
    names = list(dict.fromkeys(f"`{call.segment.partition('[')[0]}`" for call in found))
    shown = ", ".join(names[:_SEVERAL]) + (" and others" if len(names) > _SEVERAL else "")
    are = "is" if len(names) == 1 else "are"
    whose = "its" if len(names) == 1 else "their"
    message = f"nothing reads {shown}: {whose} weights {are} in no architecture"
    first = min(
        (call.span for call in found if call.span is not None), key=lambda span: span.start
    )
    return UNREAD.warning(
        first,
        message.replace("weights is", "weights are"),
        help="use what it gives, or remove it",
    )


def _around(instance: Instance) -> Iterator[Instance]:
    """The instance, and those that it lies in."""
    at: Instance | None = instance
    while at is not None:
        yield at
        at = at.parent


def _outermost(instance: Instance, read: set[Instance]) -> Instance:
    """The largest call around an instance that gives nothing that is read."""
    call = instance
    while (
        call.parent is not None
        and call.parent.level in ("block", "alternative")
        and call.parent not in read
    ):
        call = call.parent
    return call


def _source(graph: Graph) -> object:
    return graph.root.span.source if graph.root.span is not None else None


# -- windows -----------------------------------------------------------------------------------------


def _windows(graph: Graph) -> Iterator[Diagnostic]:
    """Windows that speak of dimensions that are not there: more than 1 is wasted, and 1 for t is odd where
    nothing ever has t.
    """
    has_time = any("t" in value.shape for value in (*graph.inputs, *graph.values))
    told: set[Span] = set()
    for op in graph.ops():
        span = _own(op, graph)
        found = next((each for each in _sizes(op) if _is_odd(*each, has_time)), None)
        if span is None or span in told or found is None:
            continue
        told.add(span)
        yield _odd(op, *found, has_time, span)


def _sizes(op: Op) -> Iterator[tuple[tuple[int, ...], dict[str, int]]]:
    """The windows of an op that are written as sizes, each with its numbers for absent dimensions."""
    for name in ("kernel", "window"):
        if name in op.attrs and op.inputs:
            for size in op.attrs[name].table:
                if isinstance(size, tuple):
                    dims = window_dims(size, op.inputs[0].shape)
                    yield (
                        size,
                        {
                            dim: k
                            for dim, k in zip(dims, size, strict=False)
                            if dim not in op.inputs[0].shape
                        },
                    )


def _is_odd(size: tuple[int, ...], absent: dict[str, int], has_time: bool) -> bool:
    return any(k != 1 for k in absent.values()) or ("t" in absent and not has_time)


def _odd(
    op: Op, size: tuple[int, ...], absent: dict[str, int], has_time: bool, span: Span
) -> Diagnostic:
    spelled = "x".join(map(str, size))
    letters = ", ".join("thw"[-len(size) :])
    missing = " and ".join(dim for dim in absent)
    message = (
        f"the window {spelled} is for {letters}, and what it slides over has no {missing}: "
        f"[{', '.join(op.inputs[0].shape)}]"
    )
    if "t" in absent and not has_time:
        return ABSENT_WINDOW.warning(
            span, message, help=f"write `{spelled.partition('x')[2]}`, for h, w"
        )
    less = [
        "1" if dim in absent else str(k)
        for dim, k in zip("thw"[-len(size) :], size, strict=True)
    ]
    return ABSENT_WINDOW.warning(
        span, message, help=f"an absent dimension counts as 1: write `{'x'.join(less)}`"
    )


def _own(op: Op, graph: Graph) -> Span | None:
    """The place of an op in the file of the network: its own, or that of the call that leads to it."""
    places = (op.span, *(instance.span for instance in _around(op.instance)))
    return next(
        (span for span in places if span is not None and span.source is _source(graph)),
        None,
    )


# -- blocks ------------------------------------------------------------------------------------------


def unread_inputs(module: Module) -> Iterator[Diagnostic]:
    """The inputs of blocks that their bodies never mention.

    A block that is one of several, in a list or given as a parameter, maybe in another file, can have inputs
    only because the others read them: `fusion ~ [none, sum]` with `block none { input slow, fast  output slow
    }`.
    """
    mentions = list(_mentioned(module.file.declarations))
    passed = {name for name, is_applied in mentions if not is_applied}
    applied = {name for name, _ in mentions} - passed
    for declaration in module.file.declarations:
        if (
            not isinstance(declaration, ast.Block)
            or declaration.body is None
            or declaration.name not in applied
        ):
            continue
        mentioned = {name for name, _ in _mentioned(declaration.body)}
        for port in _ports(declaration.body):
            if port.name not in mentioned:
                message = (
                    f"the block `{declaration.name}` never reads its input `{port.name}`"
                )
                yield UNREAD.warning(port.span, message, help="remove it, or use it")


def _ports(body: Iterable[ast.Stmt]) -> Iterator[ast.Port]:
    for statement in body:
        if isinstance(statement, ast.Input):
            yield from statement.ports


def _mentioned(part: object) -> Iterator[tuple[str, bool]]:
    """Every name that a piece of text refers to, and whether it is that of a layer behind an arrow."""
    stack = [(part, False)]
    while stack:
        node, is_applied = stack.pop()
        if isinstance(node, ast.Ref):
            yield node.name, is_applied
        elif isinstance(node, ast.Flow):
            stack.append((node.items[0], is_applied))
            stack.extend((item, True) for item in node.items[1:])
        elif isinstance(node, ast.Call):
            stack.append((node.callee, is_applied))
            stack.append((node.args, False))
        elif isinstance(node, ast.Named | ast.Mode):
            stack.append(
                (node.value if isinstance(node, ast.Named) else node.operand, is_applied)
            )
        elif isinstance(node, tuple):
            stack.extend((each, False) for each in node)
        elif isinstance(node, ast.Node):
            stack.extend(
                (getattr(node, each.name), False)
                for each in fields(node)
                if each.name != "span"
            )
