"""The arrow: applying layers to tensors, and the instances that come of it.

`x -> shared conv(16) as stem` is a use of the primitive `conv`: its instance is called `stem`, and its
weights are at home where the shared layer was bound. An edit of the path `stem` acts on that use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from archdsl.diagnostics.codes import edits as edit_codes
from archdsl.diagnostics.codes import elaboration as bounds
from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import quoted
from archdsl.elaborate.evaluation import branches, primitives
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.bodies import run_body
from archdsl.elaborate.evaluation.edits import Rewrite
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame, frame_of
from archdsl.elaborate.evaluation.parameters import bind_parameters, settable
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.regions import regional
from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.elaborate.evaluation.scope import Env, Scope
from archdsl.elaborate.evaluation.state import DEPTH_LIMIT, fail
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
from archdsl.ir.expr import lift, test
from archdsl.ir.instance import Instance, Level, join
from archdsl.ir.work import Exhausted
from archdsl.syntax import ast

_Core = PrimitiveL | BlockL | ChainL | ChosenL


@dataclass(frozen=True, slots=True)
class _Use:
    """A layer where it is applied: what its instance is called, where its weights are at home if they are
    shared, and whose answers it gives if it is tied.
    """

    layer: _Core
    name: str
    home: str | None
    tie: str | None
    span: Span
    frame: Frame

    @property
    def path(self) -> str:
        return join(self.frame.instance.path, self.frame.segment(self.name))


def apply(
    layer: Layer,
    argument: Thing,
    word: str | None,
    span: Span,
    frame: Frame,
    *,
    explicit: bool = False,
) -> Thing:
    """`argument -> layer`. The instance is called by the layer's own `as` name, else by `word`, else by the
    layer; an `explicit` word goes before the layer's.

    Edits by path act here: arguments replaced, layers inserted, replaced or removed.

    Raises DiagnosticError where the layer does not fit, Structural where a choice alters the structure.
    """
    if _is_poisoned(argument):
        return POISON
    if isinstance(argument, PickV) and any(
        isinstance(i.value, LAYERS) for i in argument.items
    ):
        fail(
            codes.MISPLACED_LAYER,
            span,
            "layers were picked here, and a layer is applied to tensors",
            help="feed the picked layers: `x -> picked`",
        )
    core, name, home, tie = _unwrapped(layer)
    if explicit or name is None:
        name = word
    if isinstance(core, ChainL) and name is None:
        return _steps(core, argument, frame)
    use = _Use(core, name or word_of(core) or "layer", home, tie, span, frame)
    edits = frame.state.edits
    rewrite = edits.rewrites(use.path) if edits.has_rewrites else None
    return (
        _instantiate(use, argument)
        if rewrite is None
        else _rewritten(use, argument, rewrite)
    )


def feed(
    picked: PickV, argument: Thing, word: str | None, span: Span, frame: Frame
) -> Thing:
    """`x -> some`, where `some` was picked from a list of layers: what each of the picked gives, still to be
    combined.

    Raises DiagnosticError for a list of anything else.
    """
    for item in picked.items:
        if isinstance(item.value, Poison):
            return POISON
        if not isinstance(item.value, LAYERS):
            message = f"an arrow leads to layers, not to {describe(item.value)} picked from a list"
            fail(codes.WRONG_KIND, span, message)
    state = frame.state
    subset = state.settled(picked.subset)
    inner = frame.under(enter(frame, word or "picked", word or "picked", "block", span))
    state.instances.setdefault(inner.instance.path, inner.instance)
    live = sorted(set().union(*subset.distinct()))
    items = []
    for i in live:
        layer, name = picked.items[i].value, picked.items[i].name or str(i)
        assert isinstance(layer, LAYERS)
        with state.under(test(_has, subset, i)):
            items.append(
                Item(apply(layer, argument, name, span, inner, explicit=True), name)
            )
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


def _is_poisoned(argument: Thing) -> bool:
    if isinstance(argument, TupleV | ListV):
        return any(isinstance(v, Poison) for v in argument.values())
    return isinstance(argument, Poison)


def _unwrapped(layer: Layer) -> tuple[_Core, str | None, str | None, str | None]:
    """The layer without `as`, `shared` and `tied`: with its name, its home and its tie, the outer ones
    first.
    """
    name = home = tie = None
    while isinstance(layer, NamedL | ModeL):
        if isinstance(layer, NamedL):
            name = name or layer.name
        elif layer.mode == "shared":
            home = home or layer.home
        else:
            tie = tie or layer.home
        layer = layer.layer
    return layer, name, home, tie


def _steps(chain: ChainL, argument: Thing, frame: Frame) -> Thing:
    for word, layer in chain.steps:
        own = layer.span if isinstance(layer, PrimitiveL | BlockL | ChainL) else None
        span = own or chain.span
        assert span is not None
        argument = apply(layer, argument, word, span, frame)
    return argument


# -- edits of one instance ----------------------------------------------------------------------------


def _rewritten(use: _Use, argument: Thing, rewrite: Rewrite) -> Thing:
    """A use that edits insert layers around, replace or remove."""
    frame = use.frame
    for edit in rewrite.before:
        argument = _inserted(edit, argument, use)
    if rewrite.removed:
        if not isinstance(argument, Tensor):
            message = f"`{use.path}` has several inputs and cannot be removed"
            fail(edit_codes.NOT_REMOVABLE, rewrite.span, message)
        result: Thing = argument
    else:
        if rewrite.replacement is not None:
            layer = _given(rewrite.replacement, frame, "`replace … by`")
            if isinstance(layer, Poison):
                return POISON
            core, *_ = _unwrapped(layer)
            use = replace(
                use, layer=core, home=None, tie=None, span=rewrite.replacement[0].span
            )
        before = len(frame.instance.children)
        result = _instantiate(use, argument)
        _joined(frame.instance.children, before, frame.segment(use.name))
    for edit in rewrite.after:
        result = _inserted(edit, result, use)
    return result


def _given(edit: tuple[ast.Expr, Scope], frame: Frame, what: str) -> Layer | Poison:
    """The layer that an edit gives. Raises DiagnosticError for anything else."""
    node, scope = edit
    layer = evaluate(node, frame_of(scope, frame.state))
    if not isinstance(layer, (*LAYERS, Poison)):
        fail(codes.WRONG_KIND, node.span, f"{what} takes a layer, not {describe(layer)}")
    return layer


def _inserted(edit: tuple[ast.Expr, Scope], argument: Thing, use: _Use) -> Thing:
    """A layer of an `insert` edit, as a child of the instance that it stands next to."""
    node, scope = edit
    frame = use.frame
    if not isinstance(argument, Tensor):
        fail(
            edit_codes.NOT_REMOVABLE,
            node.span,
            f"a layer cannot be inserted at `{use.path}`: it passes {describe(argument)}, not one tensor",
        )
    layer = _given(edit, frame, "`insert`")
    if isinstance(layer, Poison):
        return POISON
    segment = frame.segment(use.name)
    anchor = _own(frame.instance.children, segment)
    if anchor is None:
        anchor = Instance(segment, frame.instance, use.name, "block", use.span)
        frame.instance.children.append(anchor)
    inner = Frame(scope.module, scope.env, anchor, frame.state)
    return apply(layer, argument, called(node), node.span, inner)


def _joined(children: list[Instance], before: int, segment: str) -> None:
    """What was inserted before a layer becomes part of its instance, which is made after it."""
    anchor = next((i for i in children[:before] if i.segment == segment), None)
    made = _own(children[before:], segment)
    if anchor is None or made is None:
        return
    children.remove(anchor)
    for child in anchor.children:
        child.parent = made
    made.children[:0] = anchor.children


def _own(children: list[Instance], segment: str) -> Instance | None:
    """The instance of a segment that shares nothing with another."""
    return next(
        (i for i in children if i.segment == segment and i.home is None and i.tie is None),
        None,
    )


# -- instances of each kind ---------------------------------------------------------------------------


def _instantiate(use: _Use, argument: Thing) -> Thing:
    layer, frame, span = use.layer, use.frame, use.span
    state = frame.state
    state.tick(
        span, 5 + len(state.edits.edits) // 10
    )  # every edit is compared with the path
    if _is_identity(layer):
        return argument
    level: Level = "primitive" if isinstance(layer, PrimitiveL) else "block"
    instance = enter(frame, use.name, word_of(layer) or use.name, level, span)
    instance.home, instance.tie = use.home, use.tie
    state.instances.setdefault(instance.path, instance)
    if isinstance(argument, PickV) and not isinstance(layer, PrimitiveL):
        fail(
            codes.WRONG_INPUTS,
            span,
            "what is picked from a list is combined first: `-> weighted_sum`, `-> add` or `-> concat`, "
            f"then fed to `{use.name}`",
        )
    inner = frame.under(instance)
    if isinstance(layer, ChosenL):
        return _chosen(layer, argument, inner, span)
    return _run(layer, argument, inner, span)


def _run(
    layer: PrimitiveL | BlockL | ChainL, argument: Thing, frame: Frame, span: Span
) -> Thing:
    """A layer under the frame's instance, which is its own."""
    if isinstance(layer, PrimitiveL):
        return _primitive(layer, argument, frame.at(span))
    if isinstance(layer, BlockL):
        return _block(layer, argument, frame.at(span))
    return _steps(layer, argument, frame)


def _is_identity(layer: Layer) -> bool:
    return isinstance(layer, PrimitiveL) and layer.primitive.name == "identity"


def _primitive(layer: PrimitiveL, argument: Thing, place: Place) -> Thing:
    """A primitive with the parameters that edits set."""
    state = place.state
    given = [p.name for p in layer.primitive.parameters if p.given]
    args: Mapping[str, Thing] = layer.args
    for name, (node, scope) in state.edits.parameters(place.instance.path, given).items():
        args = {**args, name: evaluate(node, frame_of(scope, state))}
    if any(isinstance(v, Poison) for v in args.values()):
        return POISON
    if args is not layer.args:
        layer = replace(layer, args=args)
    return primitives.apply(layer, argument, place)


def _block(layer: BlockL, argument: Thing, place: Place) -> Thing:
    """A block's body run on its inputs, under its own instance.

    Where the structure depends on a choice, the body is run once per alternative and the outputs are joined.
    """
    state, block = place.state, layer.block
    if state.depth >= DEPTH_LIMIT:
        message = f"calls nest more than {DEPTH_LIMIT} levels deep, at `{place.instance.path[:80]}…`"
        fail(bounds.TOO_DEEP, place.span, message)
    overrides = state.edits.parameters(place.instance.path, settable(block))

    def run() -> Thing:
        frame = Frame(layer.module, Env(), place.instance, state)
        what = f"the block `{block.name}`"
        bind_parameters(block.params or (), layer.args, overrides, frame, place.span, what)
        if block.value is not None:
            return _composition(block.value, argument, frame)
        assert block.body is not None
        frame.inputs = _inputs(block, argument, place.span)
        return run_body(block.body, frame, block.span.word(block.name))

    state.depth += 1
    state.calls.append((place.span, block.name))
    try:
        return regional(run, place)
    except Exhausted:
        raise
    except DiagnosticError as error:
        raise DiagnosticError(*map(state.homed, error.diagnostics)) from None
    finally:
        state.depth -= 1
        state.calls.pop()


def _composition(node: ast.Expr, argument: Thing, frame: Frame) -> Thing:
    """`block name = a -> b`, applied."""
    value = evaluate(node, frame)
    if isinstance(value, Poison):
        return POISON
    if not isinstance(value, LAYERS):
        fail(
            codes.WRONG_KIND,
            node.span,
            f"a block is a composition of layers, not {describe(value)}",
        )
    inner = Frame(frame.module, frame.env, frame.instance, frame.state)
    if isinstance(value, ChainL):
        return _steps(value, argument, inner)
    return apply(value, argument, called(node), node.span, inner)


def _inputs(declared: ast.Block, argument: Thing, span: Span) -> list[Thing]:
    """The inputs of a block in order. Raises DiagnosticError where their number differs."""
    assert declared.body is not None
    names: list[str] = []
    for statement in declared.body:
        if isinstance(statement, ast.Input):
            names += [port.name for port in statement.ports]
    if len(names) == 1 and not isinstance(argument, TupleV):
        return [argument]
    if any(isinstance(s, ast.Broken) for s in declared.body):
        return [POISON for _ in names]
    parts: list[Thing] = (
        list(argument.values()) if isinstance(argument, TupleV | ListV) else [argument]
    )
    if len(parts) != len(names):
        wants = ", ".join(quoted(names)) or "none"
        inputs = "1 input" if len(names) == 1 else f"{len(names)} inputs"
        empty = (
            f"a block without inputs is applied to an empty list: `[] -> {declared.name}`"
        )
        message = f"the block `{declared.name}` takes {inputs} ({wants}), not {len(parts)}"
        fail(codes.WRONG_INPUTS, span, message, help=None if names else empty)
    return parts


def _chosen(layer: ChosenL, argument: Thing, frame: Frame, span: Span) -> Thing:
    """One of several layers: each is a level of its own under the frame's instance."""
    state = frame.state
    index = state.settled(layer.index)
    reachable = sorted(defined(index)) or [0]
    results: dict[int, Thing] = {}
    for i in reachable:
        with state.under(test(_is, index, i)):
            results[i] = _alternative(layer, i, argument, frame, span)
    first = results[reachable[0]]
    things = [results.get(i, first) for i in range(len(layer.options))]
    return branches.join(index, things, layer.labels, frame.at(span))


def _alternative(
    chosen: ChosenL, i: int, argument: Thing, frame: Frame, span: Span
) -> Thing:
    label, option = chosen.labels[i], chosen.options[i]
    while isinstance(option, NamedL):
        option = option.layer
    if _is_identity(option):
        return argument
    if isinstance(option, ModeL | ChosenL):
        return apply(option, argument, label, span, frame, explicit=True)
    if is_reserved(label):
        fail(
            name_codes.RESERVED_INSTANCE,
            span,
            f"`{label}` cannot name an alternative: PyTorch's modules or Python use it",
            help=f"label it: `[{label}_layer: …]`",
        )
    callee = word_of(option) or label
    level = Instance(label, frame.instance, callee, "alternative", span, chosen.choice)
    frame.instance.children.append(level)
    frame.state.instances.setdefault(level.path, level)
    return _run(option, argument, frame.under(level), span)


def _is(index: int, i: int) -> bool:
    return index == i


def _has(subset: tuple[int, ...], i: int) -> bool:
    return i in subset


def _renumbered(subset: tuple[int, ...], live: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(live.index(i) for i in subset)
