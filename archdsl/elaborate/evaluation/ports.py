"""What a body declares of tensors: its inputs, and parameters of its own, with their shapes."""

from __future__ import annotations

from functools import partial
from typing import Any

from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import shapes as shape_codes
from archdsl.diagnostics.codes import values as codes
from archdsl.elaborate.evaluation import branches, layers
from archdsl.elaborate.evaluation.arguments import LARGEST, too_large
from archdsl.elaborate.evaluation.evaluator import scalar
from archdsl.elaborate.evaluation.frame import Frame
from archdsl.elaborate.evaluation.primitives import operation
from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.elaborate.evaluation.state import State, fail
from archdsl.elaborate.evaluation.values import LAYERS, Tensor, Thing, describe
from archdsl.ir.expr import Expr, Undefined, constant, lift
from archdsl.ir.graph import Input
from archdsl.ir.notation import value_text
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax import ast


def inputs(node: ast.Input, frame: Frame) -> None:
    """`input x: […]`: in a network a tensor of this shape, in a block what the call feeds."""
    for port in node.ports:
        value = (
            _net_input(port, frame)
            if frame.inputs is None
            else _fed(port, frame.inputs.pop(0), frame)
        )
        frame.env.assign(port.name, value)


def parameter(node: ast.Weight, frame: Frame) -> None:
    """`param scale: [c = 16] = 1`: a weight that is a tensor."""
    sizes: dict[str, Expr] = {}
    for dim in node.shape:
        if dim.size is None:
            message = f"dimension `{dim.name}` of a parameter needs a size"
            fail(codes.MISSING_PARAMETER, dim.span, message)
        _refuse_twice(dim, sizes)
        if dim.name == "b":
            fail(shape_codes.BATCH_NAMED, dim.span, "a parameter has no batch")
        size = frame.state.settled(scalar(dim.size, frame, f"the size of `{dim.name}`"))
        bounded = lift(partial(_bounded, dim.name), size)
        sizes[dim.name] = frame.state.told(bounded, dim.span, shape_codes.ATTRIBUTE)
    if is_reserved(node.name):
        message = (
            f"`{node.name}` cannot name a parameter: PyTorch's modules or Python use it"
        )
        fail(name_codes.RESERVED_INSTANCE, node.span, message)
    init = constant(0)
    if node.init is not None:
        init = scalar(node.init, frame, "the initial value")
    inner = frame.under(layers.enter(frame, node.name, "param", "primitive", node.span))
    frame.state.instances.setdefault(inner.instance.path, inner.instance)
    made = operation(PRIMITIVES["weight"], (), {"init": init}, sizes, inner.at(node.span))
    frame.env.assign(node.name, Tensor(made))


def _refuse_twice(dim: ast.Dim, sizes: dict[str, Expr]) -> None:
    if dim.name in sizes:
        fail(
            shape_codes.DUPLICATE_DIMENSION,
            dim.span,
            f"dimension `{dim.name}` occurs twice",
        )


def _bounded(dim: str, size: Any) -> Any:
    if too_large(size):
        raise Undefined(f"the size of `{dim}` is larger than {LARGEST:,}")
    return size


# -- inputs of blocks ----------------------------------------------------------------------------------


def _fed(port: ast.Port, value: Thing, frame: Frame) -> Thing:
    """What a block is fed, undefined where it does not have the declared shape."""
    if isinstance(value, LAYERS):
        message = f"the input `{port.name}` is a tensor, not {describe(value)}"
        fail(codes.MISPLACED_LAYER, port.span, message)
    if (
        port.shape is None
        or not isinstance(value, Tensor)
        or value.value in frame.state.wrong
    ):
        return value
    fed = ", ".join(value.shape)
    checked: Thing = value
    for dim in port.shape:
        if dim.name not in value.shape and dim.name != "b":
            message = (
                f"the input `{port.name}` needs dimension `{dim.name}`; it is fed [{fed}]"
            )
            fail(shape_codes.MISSING_DIMENSION, port.span, message)
        if dim.size is not None:
            fits = _fits(port, dim, value, frame)
            if fits.is_partial:
                checked = branches.join(fits, (checked,), (port.name,), frame.at(dim.span))
    extra = set(value.shape) - {d.name for d in port.shape} - {"b"}
    if extra:
        message = (
            f"the input `{port.name}` has no dimension `{min(extra)}`, but is fed [{fed}]"
        )
        fail(shape_codes.MISSING_DIMENSION, port.span, message)
    return checked


def _fits(port: ast.Port, dim: ast.Dim, value: Tensor, frame: Frame) -> Expr:
    """0 where a dimension has the declared size, undefined elsewhere."""
    assert dim.size is not None
    size = frame.state.size(value.value, dim.name)
    wanted = scalar(dim.size, frame, f"the size of `{dim.name}`")
    same = lift(partial(_same, port.name, dim.name), size, wanted)
    return frame.state.told(same, dim.span, shape_codes.SIZES_DIFFER)


def _same(port: str, dim: str, size: Any, wanted: Any) -> int:
    if size != wanted:
        has = f"{dim} = {value_text(wanted)}"
        raise Undefined(
            f"the input `{port}` has {has}, but is fed {dim} = {value_text(size)}"
        )
    return 0


# -- inputs of networks --------------------------------------------------------------------------------


def _net_input(port: ast.Port, frame: Frame) -> Thing:
    if port.shape is None:
        fail(
            codes.MISSING_PARAMETER,
            port.span,
            f"the input `{port.name}` of a network needs its shape",
            help=f"`input {port.name}: [b, c = 3, t, h, w]` with sizes",
        )
    state = frame.state
    given = state.sizes.get(port.name, {})
    sizes: dict[str, Expr] = {}
    for dim in port.shape:
        _refuse_twice(dim, sizes)
        _check_letter(dim)
        nominal = 1 if dim.name == "b" else _net_size(port, dim, frame)
        sizes[dim.name] = constant(given.get(dim.name, nominal))
    return Tensor(
        _registered(Input(port.name, "".join(sizes), sizes, port.span), port, state)
    )


def _check_letter(dim: ast.Dim) -> None:
    if len(dim.name) == 1 and dim.name.islower():
        return
    first, help = dim.name[0], None
    if first.isalpha():
        help = f"for example `[b, c = 3, h = 224, w = 224]`; here `{first.lower()}`"
    message = f"dimensions have one-letter names, not `{dim.name}`"
    fail(shape_codes.MISSING_DIMENSION, dim.span, message, help=help)


def _net_size(port: ast.Port, dim: ast.Dim, frame: Frame) -> int:
    what = f"the size of `{dim.name}`"
    if dim.size is None:
        message = f"dimension `{dim.name}` of the input `{port.name}` needs a size"
        fail(codes.MISSING_PARAMETER, dim.span, message)
    size = frame.state.concrete(
        scalar(dim.size, frame, what), dim.span, "the size of an input"
    )
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        message = f"{what} is a whole number of at least 1, not {value_text(size)}"
        fail(codes.WRONG_KIND, dim.span, message)
    if too_large(size):
        message = f"{what} is {value_text(size)}; sizes end at {LARGEST:,}"
        fail(shape_codes.ATTRIBUTE, dim.span, message)
    return size


def _registered(given: Input, port: ast.Port, state: State) -> Input:
    """The input of this name; a body that runs once an alternative of a choice declares it again."""
    known = next((i for i in state.inputs if i.name == given.name), None)
    if known is None:
        state.inputs.append(given)
        return given
    if known.span != port.span:
        message = f"two inputs are named `{port.name}`"
        fail(name_codes.DUPLICATE_NAME, port.span, message, help="rename one of them")
    if known.shape != given.shape:
        message = f"the shape of the input `{port.name}` depends on a choice"
        fail(codes.NOT_CONSTANT, port.span, message)
    return known
