"""The arrow: applying layers to tensors, and the instances that come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archdsl.diagnostics.codes import edits as edit_codes
from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation import branches, primitives
from archdsl.elaborate.evaluation.binding import bound, called
from archdsl.elaborate.evaluation.bodies import run_body
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.elaborate.evaluation.scope import Env, Frame
from archdsl.elaborate.evaluation.sequences import items_of
from archdsl.elaborate.evaluation.state import DEPTH_LIMIT, State, Structural, fail
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    BlockL,
    ChainL,
    ChosenL,
    Item,
    Layer,
    ListV,
    ModeL,
    NamedL,
    PickV,
    Poison,
    PrimitiveL,
    Tensor,
    Thing,
    TupleV,
    describe,
    word_of,
)
from archdsl.ir.activity import defined
from archdsl.ir.expr import Expr, index_of, lift, test
from archdsl.ir.instance import Instance, Level, join
from archdsl.ir.work import Exhausted
from archdsl.syntax import ast


def apply(
    layer: Layer,
    argument: Thing,
    word: str | None,
    span: Span,
    frame: Frame,
    state: State,
    *,
    explicit: bool = False,
) -> Thing:
    """`argument -> layer`. The instance is called by the layer's own `as` name, else by `word`, else by the
    layer.

    Edits by path act here: arguments replaced, layers inserted, replaced or removed.

    Raises DiagnosticError where the layer does not fit, Structural where a choice alters the structure.
    """
    if isinstance(argument, Poison) or (
        isinstance(argument, TupleV | ListV) and any(isinstance(v, Poison) for v in argument.values())
    ):
        return POISON
    if isinstance(argument, PickV) and any(isinstance(i.value, LAYERS) for i in argument.items):
        fail(
            codes.MISPLACED_LAYER,
            span,
            "layers were picked here, and a layer is applied to tensors",
            help="feed the picked layers: `x -> picked`",
        )
    home = tie = None
    while isinstance(layer, NamedL | ModeL):
        if isinstance(layer, NamedL):
            if not explicit:
                word, explicit = layer.name, True
        elif layer.mode == "shared":
            home = home or layer.home
        else:
            tie = tie or layer.home
        layer = layer.layer
    if isinstance(layer, ChainL) and word is None:
        return _steps(layer, argument, frame, state)
    name = word or word_of(layer) or "layer"
    path = join(frame.instance.path, frame.segment(name))
    rewrite = state.edits.rewrites(path) if state.edits.has_rewrites else None
    if rewrite is None:
        return _instantiate(layer, argument, name, home, tie, span, frame, state)
    for inserted, scope in rewrite.before:
        argument = _inserted(inserted, argument, path, name, span, scope, frame, state)
    if rewrite.removed:
        if not isinstance(argument, Tensor):
            fail(edit_codes.NOT_REMOVABLE, rewrite.span, f"`{path}` has several inputs and cannot be removed")
        result: Thing = argument
    else:
        if rewrite.replacement is not None:
            node, scope = rewrite.replacement
            replaced = evaluate(node, scope, state)
            if isinstance(replaced, Poison):
                return POISON
            if not isinstance(replaced, LAYERS):
                fail(codes.WRONG_KIND, node.span, f"`replace … by` takes a layer, not {describe(replaced)}")
            layer, home, tie, span = replaced, None, None, node.span
            while isinstance(layer, NamedL | ModeL):
                layer = layer.layer
        before = len(frame.instance.children)
        result = _instantiate(layer, argument, name, home, tie, span, frame, state)
        _joined(frame.instance.children, before, frame.segment(name))
    for inserted, scope in rewrite.after:
        result = _inserted(inserted, result, path, name, span, scope, frame, state)
    return result


def feed(picked: PickV, argument: Thing, word: str | None, span: Span, frame: Frame, state: State) -> Thing:
    """`x -> some`, where `some` was picked from a list of layers: what each of the picked gives, still to be
    combined.

    Raises DiagnosticError for a list of anything else.
    """
    for item in picked.items:
        if isinstance(item.value, Poison):
            return POISON
        if not isinstance(item.value, LAYERS):
            fail(
                codes.WRONG_KIND,
                span,
                f"an arrow leads to layers, not to {describe(item.value)} picked from a list",
            )
    subset = state.settled(picked.subset)
    instance = enter(frame, word or "picked", word or "picked", "block", span)
    state.instances.setdefault(instance.path, instance)
    inner = Frame(frame.module, Env(outer=frame.env), instance)
    live = sorted(set().union(*subset.distinct()))
    items = []
    for i in live:
        layer, name = picked.items[i].value, picked.items[i].name or str(i)
        assert isinstance(layer, LAYERS)
        with state.under(test(_has, subset, i)):
            items.append(Item(apply(layer, argument, name, span, inner, state, explicit=True), name))
    return PickV(lift(_renumbered, subset, tuple(live)), tuple(items))


def enter(frame: Frame, name: str, callee: str, level: Level, span: Span) -> Instance:
    """A new instance in the frame's scope.

    Raises DiagnosticError for names that PyTorch's modules use themselves.
    """
    if is_reserved(name):
        fail(
            name_codes.RESERVED_INSTANCE,
            span,
            f"`{name}` cannot name an instance: PyTorch's modules or Python use it",
            help=f"for example `as {name}_layer`",
        )
    instance = Instance(frame.segment(name), frame.instance, callee, level, span)
    frame.instance.children.append(instance)
    return instance


def block(
    layer: BlockL,
    argument: Thing,
    instance: Instance,
    span: Span,
    state: State,
) -> Thing:
    """A block's body run on its inputs, under its own instance.

    Where the structure depends on a choice, the body is run once per alternative and the outputs are joined.
    """
    if state.depth >= DEPTH_LIMIT:
        fail(
            bounds.TOO_DEEP,
            span,
            f"calls nest more than {DEPTH_LIMIT} levels deep, at `{instance.path[:80]}…`",
        )
    module = layer.module
    overrides = state.edits.parameters(instance.path, _settable(layer.block))

    def run() -> Thing:
        frame = Frame(module, Env(), instance)
        parameters(
            layer.block.params or (),
            layer.args,
            overrides,
            frame,
            span,
            f"the block `{layer.block.name}`",
            state,
        )
        if layer.block.value is not None:
            value = evaluate(layer.block.value, frame, state)
            if isinstance(value, Poison):
                return POISON
            if not isinstance(value, LAYERS):
                fail(
                    codes.WRONG_KIND,
                    layer.block.value.span,
                    f"a block is a composition of layers, not {describe(value)}",
                )
            inner = Frame(module, frame.env, instance)
            if isinstance(value, ChainL):
                return _steps(value, argument, inner, state)
            return apply(value, argument, called(layer.block.value), layer.block.value.span, inner, state)
        assert layer.block.body is not None
        frame.inputs = _feed(layer.block, argument, span)
        return run_body(layer.block.body, frame, state, layer.block.span.word(layer.block.name))

    state.depth += 1
    state.calls.append((span, layer.block.name))
    try:
        return regional(run, instance, span, state)
    except Exhausted:
        raise
    except DiagnosticError as error:
        raise DiagnosticError(*map(state.homed, error.diagnostics)) from None
    finally:
        state.depth -= 1
        state.calls.pop()


def regional(run: Callable[[], Thing], instance: Instance, span: Span, state: State) -> Thing:
    """Runs a region; where a choice alters its structure, once per alternative of that choice, joined by a
    Select.

    Raises Structural where the alternatives' outputs do not agree, so that a larger region is tried.
    """
    mark = state.mark()
    children = len(instance.children)
    try:
        return run()
    except Structural as structural:
        open_choices = [c for c in structural.choices if c not in state.pinned]
        if not open_choices:
            raise
        choice = open_choices[0]
    state.undo(mark)
    del instance.children[children:]
    results = []
    for i in range(choice.size):
        # Alternatives exclude each other, so names may come again in the next.
        again = state.mark()
        with state.pin(choice, i):
            results.append(regional(run, instance, span, state))
        state.forget(again)
    return branches.join(index_of(choice), results, choice.labels(), span, instance, state)


def parameters(
    declared: tuple[ast.Param, ...],
    given: object,
    overrides: dict[str, tuple[ast.Expr, Frame]],
    frame: Frame,
    span: Span,
    what: str,
    state: State,
) -> None:
    """Binds every parameter in the frame: edits first, then what was given, then defaults.

    Raises DiagnosticError for one that is missing, or of another kind than it is declared.
    """
    assert isinstance(given, dict)
    for parameter in declared:
        if parameter.name in overrides:
            node, scope = overrides[parameter.name]
            value = evaluate(node, scope, state)
        elif parameter.name in given:
            value = given[parameter.name]
        elif parameter.default is not None:
            value = evaluate(parameter.default, frame, state)
        else:
            fail(codes.MISSING_PARAMETER, span, f"{what} needs `{parameter.name}`")
        if (
            parameter.kind is not None
            and not isinstance(value, Poison)
            and not _is_kind(value, parameter.kind, parameter.span)
        ):
            fail(
                codes.WRONG_KIND,
                span,
                f"`{parameter.name}` of {what} is declared `{parameter.kind}`, not {describe(value)}",
            )
        frame.env.names[parameter.name] = bound(value, parameter.name, frame)


def _is_kind(value: Thing, kind: str, span: Span) -> bool:
    if kind == "layer":
        return isinstance(value, LAYERS)
    if kind == "list":
        return isinstance(value, ListV)
    if kind == "tensor":
        return isinstance(value, Tensor)
    kinds: dict[str, tuple[type, ...]] = {
        "int": (int,),
        "number": (int, float),
        "bool": (bool,),
        "text": (str,),
    }
    if kind == "size":
        return items_of(value) is not None or (
            isinstance(value, Expr) and all(type(v) is int for v in defined(value))
        )
    if kind not in kinds:
        fail(
            codes.WRONG_KIND,
            span,
            f"`{kind}` is no kind of parameter",
            help="kinds are layer, list, tensor, int, number, bool, text and size",
        )
    if not isinstance(value, Expr):
        return False
    return all(
        isinstance(v, kinds[kind]) and (kind == "bool" or not isinstance(v, bool)) for v in defined(value)
    )


def _settable(declared: ast.Block) -> list[str]:
    """The parameters that an edit may set: a choice of the same name answers for itself."""
    chosen = {s.name for s in declared.body or () if isinstance(s, ast.Choose)}
    return [p.name for p in declared.params or () if p.name not in chosen]


def _steps(chain: ChainL, argument: Thing, frame: Frame, state: State) -> Thing:
    for word, layer in chain.steps:
        span = (layer.span if isinstance(layer, PrimitiveL | BlockL | ChainL) else None) or chain.span
        assert span is not None
        argument = apply(layer, argument, word, span, frame, state)
    return argument


def _instantiate(
    layer: Layer,
    argument: Thing,
    name: str,
    home: str | None,
    tie: str | None,
    span: Span,
    frame: Frame,
    state: State,
) -> Thing:
    state.tick(span, 5 + len(state.edits.edits) // 10)  # every edit is compared with the path
    if isinstance(layer, PrimitiveL) and layer.primitive.name == "identity":
        return argument
    level: Level = "primitive" if isinstance(layer, PrimitiveL) else "block"
    instance = enter(frame, name, word_of(layer) or name, level, span)
    instance.home, instance.tie = home, tie
    state.instances.setdefault(instance.path, instance)
    if isinstance(argument, PickV) and not isinstance(layer, PrimitiveL):
        fail(
            codes.WRONG_INPUTS,
            span,
            "what is picked from a list is combined first: `-> weighted_sum`, `-> add` or `-> concat`, "
            f"then fed to `{name}`",
        )
    if isinstance(layer, PrimitiveL):
        return _primitive(layer, argument, instance, span, state)
    if isinstance(layer, BlockL):
        return block(layer, argument, instance, span, state)
    inner = Frame(frame.module, Env(outer=frame.env), instance)
    if isinstance(layer, ChainL):
        return _steps(layer, argument, inner, state)
    assert isinstance(layer, ChosenL)
    return _chosen(layer, argument, instance, span, inner, state)


def _primitive(layer: PrimitiveL, argument: Thing, instance: Instance, span: Span, state: State) -> Thing:
    """A primitive with the parameters that edits set."""
    overrides = state.edits.parameters(instance.path, [p.name for p in layer.primitive.parameters if p.given])
    if overrides:
        values = {k: evaluate(node, scope, state) for k, (node, scope) in overrides.items()}
        if any(isinstance(v, Poison) for v in values.values()):
            return POISON
        layer = replace(layer, args={**layer.args, **values})
    if any(isinstance(v, Poison) for v in layer.args.values()):
        return POISON
    return primitives.apply(layer, argument, instance, span, state)


def _chosen(
    layer: ChosenL, argument: Thing, instance: Instance, span: Span, frame: Frame, state: State
) -> Thing:
    index = state.settled(layer.index)
    reachable = sorted(defined(index)) or [0]
    results: dict[int, Thing] = {}
    for i in reachable:
        label, option = layer.labels[i], layer.options[i]
        while isinstance(option, NamedL):
            option = option.layer
        with state.under(test(_is, index, i)):
            results[i] = _alternative(option, argument, label, instance, layer, span, frame, state)
    first = results[reachable[0]]
    things = [results.get(i, first) for i in range(len(layer.options))]
    return branches.join(index, things, layer.labels, span, frame.instance, state)


def _alternative(
    option: Layer,
    argument: Thing,
    label: str,
    instance: Instance,
    chosen: ChosenL,
    span: Span,
    frame: Frame,
    state: State,
) -> Thing:
    if isinstance(option, PrimitiveL) and option.primitive.name == "identity":
        return argument
    if isinstance(option, ModeL | ChosenL):
        return apply(option, argument, label, span, frame, state, explicit=True)
    if is_reserved(label):
        fail(
            name_codes.RESERVED_INSTANCE,
            span,
            f"`{label}` cannot name an alternative: PyTorch's modules or Python use it",
            help=f"label it: `[{label}_layer: …]`",
        )
    level = Instance(label, instance, word_of(option) or label, "alternative", span, chosen.choice)
    instance.children.append(level)
    state.instances.setdefault(level.path, level)
    if isinstance(option, PrimitiveL):
        return _primitive(option, argument, level, span, state)
    if isinstance(option, BlockL):
        return block(option, argument, level, span, state)
    assert isinstance(option, ChainL)
    return _steps(option, argument, Frame(frame.module, Env(outer=frame.env), level), state)


def _feed(declared: ast.Block, argument: Thing, span: Span) -> list[Thing]:
    """The inputs of a block in order. Raises DiagnosticError where their number differs."""
    assert declared.body is not None
    names = [p.name for s in declared.body if isinstance(s, ast.Input) for p in s.ports]
    if len(names) == 1 and not isinstance(argument, TupleV):
        return [argument]
    if any(isinstance(s, ast.Broken) for s in declared.body):
        return [POISON for _ in names]
    parts: list[Thing] = list(argument.values()) if isinstance(argument, TupleV | ListV) else [argument]
    if len(parts) != len(names):
        wants = ", ".join(f"`{n}`" for n in names) or "none"
        inputs = "1 input" if len(names) == 1 else f"{len(names)} inputs"
        help = (
            None if names else f"a block without inputs is applied to an empty list: `[] -> {declared.name}`"
        )
        fail(
            codes.WRONG_INPUTS,
            span,
            f"the block `{declared.name}` takes {inputs} ({wants}), not {len(parts)}",
            help=help,
        )
    return parts


def _inserted(
    node: ast.Expr,
    argument: Thing,
    path: str,
    name: str,
    span: Span,
    scope: Frame,
    frame: Frame,
    state: State,
) -> Thing:
    """A layer of an `insert` edit, as a child of the instance that it stands next to."""
    if not isinstance(argument, Tensor):
        fail(
            edit_codes.NOT_REMOVABLE,
            node.span,
            f"a layer cannot be inserted at `{path}`: it passes {describe(argument)}, not one tensor",
        )
    layer = evaluate(node, scope, state)
    if isinstance(layer, Poison):
        return POISON
    if not isinstance(layer, LAYERS):
        fail(codes.WRONG_KIND, node.span, f"`insert` takes a layer, not {describe(layer)}")
    segment = frame.segment(name)
    anchor = next(
        (i for i in frame.instance.children if i.segment == segment and i.home is None and i.tie is None),
        None,
    )
    if anchor is None:
        anchor = Instance(segment, frame.instance, name, "block", span)
        frame.instance.children.append(anchor)
    return apply(layer, argument, called(node), node.span, Frame(scope.module, scope.env, anchor), state)


def _joined(children: list[Instance], before: int, segment: str) -> None:
    """What was inserted before a layer becomes part of its instance, which is made after it."""
    anchor = next((i for i in children[:before] if i.segment == segment), None)
    made = next(
        (i for i in children[before:] if i.segment == segment and i.home is None and i.tie is None), None
    )
    if anchor is None or made is None:
        return
    children.remove(anchor)
    for child in anchor.children:
        child.parent = made
    made.children[:0] = anchor.children


def _is(index: int, i: int) -> bool:
    return index == i


def _has(subset: tuple[int, ...], i: int) -> bool:
    return i in subset


def _renumbered(subset: tuple[int, ...], live: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(live.index(i) for i in subset)
