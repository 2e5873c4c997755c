"""A layer called like a function: `conv(x, 3)` for `x -> conv(3)`.

Parentheses hold parameters, so a tensor between them is a slip, unless the parameter is one that a tensor may
be (`like`, or one of a block that uses it as a tensor). It is reported where it stands, although the layer
that would come of it is a value like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.codes import values as codes
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.elaborate.evaluation.values import (
    BlockL,
    ChainL,
    Layer,
    ListV,
    PickV,
    PrimitiveL,
    Tensor,
    Thing,
    TupleV,
)
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax import ast

_LONGEST = 40
_DEEPEST = 8  # blocks that hand a parameter on


def misused(
    node: ast.Call, layer: Layer, args: Sequence[tuple[ast.Arg, Thing]]
) -> Diagnostic | None:
    """The error for tensors where the layer takes parameters of another kind, with the arrow form."""
    fed = [arg for arg, value in args if holds_tensors(value)]
    written = [arg for arg, _ in args]
    wrong = [arg for arg in fed if not _may_be_tensor(layer, arg, written)]
    if not wrong:
        return None
    rest = [arg for arg in written if arg not in fed]
    name = node.callee.span.text
    texts = [
        arg.value.span.text if len(arg.value.span.text) <= _LONGEST else "x" for arg in fed
    ]
    tensor = texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
    if isinstance(layer, PrimitiveL) and layer.primitive.arity == "many" and len(texts) > 1:
        tensor = f"[{', '.join(texts)}]"
    call = name + (f"({', '.join(arg.span.text for arg in rest)})" if rest else "")
    message = f"parentheses hold the parameters of `{name}`; the arrow feeds it"
    return codes.TENSOR_AS_PARAMETER.error(
        node.span, message, help=f"write `{tensor} -> {call}`"
    )


def holds_tensors(value: Thing) -> bool:
    if isinstance(value, ListV | TupleV):
        return bool(value.items) and all(
            isinstance(item, Tensor) for item in value.values()
        )
    return isinstance(value, Tensor | PickV)


def _may_be_tensor(layer: Layer, arg: ast.Arg, args: Sequence[ast.Arg]) -> bool:
    """Can the parameter that this argument sets be a tensor?"""
    while not isinstance(layer, PrimitiveL | BlockL | ChainL):
        if hasattr(layer, "options"):
            return all(_may_be_tensor(option, arg, args) for option in layer.options)
        layer = layer.layer
    if isinstance(layer, ChainL):
        return False
    known = [
        p.name
        for p in (
            layer.primitive.parameters
            if isinstance(layer, PrimitiveL)
            else layer.block.params or ()
        )
    ]
    name = arg.name or _by_position(known, set(layer.args), arg, args)
    if name is None:
        return False
    if isinstance(layer, PrimitiveL):
        parameter = layer.primitive.parameter(name)
        return parameter is not None and parameter.kind == "like"
    return takes_tensor(layer, name)


def _by_position(
    known: Sequence[str], given: set[str], arg: ast.Arg, args: Sequence[ast.Arg]
) -> str | None:
    """The parameter that an argument without a name sets."""
    taken = set(given)
    for other in args:
        name = other.name or next((n for n in known if n not in taken), None)
        if other is arg:
            return name
        if name is not None:
            taken.add(name)
    return None


def takes_tensor(layer: BlockL, name: str, depth: int = 0) -> bool:
    """Can a block's parameter be a tensor, as far as its text tells? Not where it sets a number of a layer
    inside.
    """
    declared = next((p for p in layer.block.params or () if p.name == name), None)
    if declared is None:
        return True  # told as an unknown parameter
    if declared.kind is not None or declared.default is not None:  # no default is a tensor
        return declared.kind == "tensor"
    if depth >= _DEEPEST:
        return True
    for node in ast.walk(layer.block):
        if isinstance(node, ast.Call):
            handed = [
                a
                for a in node.args
                if isinstance(a.value, ast.Ref) and a.value.name == name
            ]
            if any(_is_number(layer, node, arg, depth) for arg in handed):
                return False
    return True


def _is_number(layer: BlockL, call: ast.Call, arg: ast.Arg, depth: int) -> bool:
    """Does an argument of a call inside a block set something that no tensor can be?"""
    if not isinstance(call.callee, ast.Ref):
        return False
    inner: Layer | None = None
    block = layer.module.declarations.get(call.callee.name)
    if isinstance(block, ast.Block):
        inner = BlockL(block, layer.module)
    elif call.callee.name in PRIMITIVES:
        inner = PrimitiveL(PRIMITIVES[call.callee.name])
    if isinstance(inner, PrimitiveL):
        return not _may_be_tensor(inner, arg, call.args)
    if not isinstance(inner, BlockL):
        return False
    name = arg.name or _by_position(
        [p.name for p in inner.block.params or ()], set(), arg, call.args
    )
    return name is not None and not takes_tensor(inner, name, depth + 1)
