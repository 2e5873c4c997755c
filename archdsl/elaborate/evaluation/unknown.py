"""What is said of a name that nothing declares: what was meant, from this file or from another library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archdsl.diagnostics.codes import names as codes
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import closest, question
from archdsl.elaborate.evaluation import synonyms
from archdsl.elaborate.evaluation.functions import FUNCTION_NAMES
from archdsl.elaborate.evaluation.synonyms import Synonym
from archdsl.ops.table import PRIMITIVES
from archdsl.syntax import ast

_LONGEST = 60


def unknown_name(
    name: str,
    span: Span,
    candidates: Iterable[str],
    call: ast.Call | None = None,
    before: str = "x",
) -> Diagnostic:
    """The error for a name that nothing declares.

    `call` is the call that it is called by, `before` what stands before the arrow that leads to it.
    """
    near = closest(name, sorted(candidates))
    help = foreign(name, call, before)
    only_spelt = (
        bool(near)
        and synonyms.plain(near[0]) == synonyms.plain(name)
        and not (call is not None and call.args)
    )
    if near and (help is None or only_spelt):
        help = question(near[:1])
    return codes.UNKNOWN_NAME.error(span, f"unknown name `{name}`", help=help)


def foreign(name: str, call: ast.Call | None = None, before: str = "x") -> str | None:
    """What is written here for a name of another library; None where it is of none that is known."""
    if name in synonyms.WORDS:
        return synonyms.WORDS[name]
    synonym = synonyms.TABLE.get(synonyms.plain(name))
    if synonym is None:
        return None
    written = _written(synonym, name, call, before)
    padded = call is not None and any(arg.name == "padding" for arg in call.args)
    return f"write `{written}`" + (
        f"; {synonym.note}" if synonym.note and not padded else ""
    )


def prefixed(words: Sequence[str], call: ast.Call | None) -> str | None:
    """What is written for `math.sqrt(2)`, whose last word is a function or a layer here as well."""
    if words[-1] not in FUNCTION_NAMES and (
        words[-1] not in PRIMITIVES or PRIMITIVES[words[-1]].internal
    ):
        return None
    args = "" if call is None else f"({', '.join(arg.span.text for arg in call.args)})"
    return (
        f"leave `{'.'.join(words[:-1])}.` out: write "
        f"`{words[-1]}{args if len(args) <= _LONGEST else '(…)'}`"
    )


def dotted(node: ast.Expr) -> tuple[str, ...]:
    """The words of `torch.nn.Conv2d`; empty for anything else."""
    words: list[str] = []
    while isinstance(node, ast.Attr):
        words.insert(0, node.name)
        node = node.value
    return (node.name, *words) if isinstance(node, ast.Ref) else ()


def method(name: str, tensor: str, call: ast.Call) -> str | None:
    """What is written here for `tensor.name(…)`."""
    if name in ("size", "shape", "dim"):
        return f"sizes have names: `{tensor}.c`, `{tensor}.h`"
    return foreign(
        name,
        ast.Call(call.callee, (), span=call.span) if name in ("mean", "sum") else call,
        tensor,
    )


def no_parameter(name: str, value: str, known: Sequence[str]) -> str | None:
    """What is said of a keyword of another library that a layer with these parameters is given."""
    ours = synonyms.theirs(name, tuple(known))
    if ours is not None:
        return f"write `{ours} = {translated(ours, value)}`"
    why = synonyms.needless(name)
    return f"leave it out: {why}" if why is not None else None


def translated(ours: str, value: str, rank: int = 0) -> str:
    """A value of theirs as it is written here, for one of our parameters."""
    inner = value.strip("()")
    if value in synonyms.WORDS:
        return {"True": "true", "False": "false"}.get(value, value)
    if ours in ("over", "dim") and not value.startswith("@"):
        return {"1": "@c", "2": "@h", "3": "@w", "-1": "@w"}.get(value, "@c")
    if ours in ("kernel", "window", "stride", "dilation", "padding"):
        parts = [part.strip() for part in inner.split(",") if part.strip()]
        if len(parts) > 1 and all(part.isdigit() for part in parts):
            return "x".join(parts)
        if ours in ("kernel", "window") and rank > 1 and value.isdigit():
            return "x".join([value] * rank)
    return value


def _written(synonym: Synonym, name: str, call: ast.Call | None, before: str) -> str:
    """The row's expression, with what the call says in the place of its example."""
    if call is not None and synonyms.plain(name) == "sequential" and call.args:
        chain = " -> ".join(arg.value.span.text for arg in call.args)
        return chain if len(chain) <= _LONGEST else synonym.here
    if call is None or synonym.layer is None:
        return _about(synonym.here, call, before)
    takes = synonyms.KERAS.get(name, synonym.takes)
    args = call.args
    tensor = before
    if args and args[0].name is None and _is_tensor(args[0].value, name):
        tensor, args = args[0].value.span.text, args[1:]
    given = _given(args, _reached(args, takes), synonym.rank)
    if given is None:
        return _about(synonym.here, call, tensor)
    if not given and "(" in synonym.here:
        return f"{tensor} -> {synonym.here.partition(' -> ')[2]}"
    layer = synonym.layer + (f"({', '.join(given)})" if given else "")
    return f"{tensor} -> {layer}" if synonym.layer != "identity" else layer


def _reached(
    args: Sequence[ast.Arg], takes: tuple[tuple[str, str | None], ...]
) -> tuple[tuple[str, str | None], ...]:
    """The parameters that the arguments begin with: who says fewer than a layer of theirs needs leaves the
    input's size out.
    """
    if not takes or not takes[0][0].startswith("in_"):
        return takes
    needed = 3 if any(ours == "kernel" for _, ours in takes) else 2
    first = {theirs for theirs, _ in takes[:needed]}
    names = [arg.name for arg in args]
    said = sum(name is None or name in first for name in names)
    return takes if said >= needed or takes[0][0] in names else takes[1:]


def _about(here: str, call: ast.Call | None, before: str) -> str:
    """An example with the tensor that the call is about in the place of x."""
    tensor = before
    if (
        call is not None
        and call.args
        and call.args[0].name is None
        and not here.startswith("[")
    ):
        first = call.args[0].value
        tensor = (
            first.name if isinstance(first, ast.Ref) and here.startswith("x ->") else tensor
        )
    if (
        call is not None
        and call.args
        and here.startswith("[x, y] ->")
        and isinstance(call.args[0].value, ast.List | ast.Tuple)
    ):
        text = call.args[0].value.span.text.strip("()[]")
        return here.replace("[x, y]", f"[{text}]") if len(text) <= _LONGEST else here
    if tensor == "x" or not here.startswith("x ->"):
        return here
    return tensor + here[1:].replace(" x.", f" {tensor}.")


def _is_tensor(node: ast.Expr, name: str) -> bool:
    """Is the first argument of a function more likely a tensor than a number? `F.relu(x)`, `conv2d(x, w)`."""
    return isinstance(node, ast.Flow) or (
        isinstance(node, ast.Ref) and (name[:1].islower() or len(node.name) == 1)
    )


def _given(
    args: Sequence[ast.Arg], takes: tuple[tuple[str, str | None], ...], rank: int
) -> list[str] | None:
    """Our arguments for theirs; None where one is not known."""
    values: dict[str, str] = {}
    names = [theirs for theirs, _ in takes]
    ours_of = dict(takes)
    for position, arg in enumerate(args):
        theirs = arg.name
        if theirs is None:
            theirs = names[position] if position < len(names) else ""
        ours = ours_of.get(theirs) or synonyms.theirs(
            theirs, tuple(o for _, o in takes if o)
        )
        if theirs not in ours_of and ours is None:
            if synonyms.needless(theirs) is None:
                return None
            continue
        if ours is not None:
            values[ours] = translated(ours, arg.value.span.text, rank)
    return _arguments(values, [ours for _, ours in takes if ours])


def _arguments(values: dict[str, str], order: Sequence[str]) -> list[str]:
    """By position as long as none is left out, then by name; what is the default here is not said."""
    kernel = values.get("kernel", "")
    if (
        "window" in values and "stride" in order
    ):  # theirs is as large as the window, ours is 1
        parts = values["window"].split("x")
        values.setdefault("stride", parts[0] if len(set(parts)) == 1 else values["window"])
    if values.get("padding") in _halves(kernel):
        del values["padding"]
    written: list[str] = []
    in_order = True
    for name in order:
        if name not in values:
            in_order = False
        elif in_order and name in ("channels", "kernel", "stride", "window", "width", "p"):
            written.append(values[name])
        else:
            written.append(f"{name} = {values[name]}")
    return written


def _halves(kernel: str) -> set[str]:
    """How half of a kernel may be written as padding: that is what a convolution has anyway."""
    parts = kernel.split("x")
    if not all(part.isdigit() for part in parts):
        return set()
    halves = [str((int(part) - 1) // 2) for part in parts]
    return {"x".join(halves)} | ({halves[0]} if len(set(halves)) == 1 else set())
