"""Parts of a network without choices: each writes statements that take `x` further, and returns its new
sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.strategies.writing import Sizes, Writer, is_known, space


@dataclass(frozen=True, slots=True)
class Part:
    """`gives` are the features that it may have beside its own name, `needs` the dimensions that it cannot do
    without.

    `least` is how much larger it makes the grid of choices at least; 1 is a part without choices.
    """

    write: Callable[[Writer, Sizes], Sizes]
    gives: tuple[str, ...] = ()
    needs: str = ""  # "any" for any of t, h, w; "two" for any two of them
    known: bool = False  # whether the sizes in space must be free of choices
    least: int = 1

    def fits(self, x: Sizes) -> bool:
        if self.known and not is_known(x):
            return False
        if self.needs in ("any", "two"):
            return len(space(x)) >= (1 if self.needs == "any" else 2)
        return all(d in x for d in self.needs)


def conv(w: Writer, x: Sizes) -> Sizes:
    """A convolution with everything that it takes."""
    dims = space(x)
    kinds = (
        ["size_kernel"]
        if "padding_size" in w.missing
        else ["integer_kernel", "size_kernel"][: 2 if dims in ("hw", "thw") else 1]
    )
    tall = w.option(*kinds)
    modes = ["half", "same", "padding_number", "padding_size"]
    mode = w.option(*modes[: 2 if not is_known(x) else 4 if tall == "size_kernel" else 3])
    dilated = w.option("", "dilated") == "dilated"
    strided = w.option("", "strided") == "strided"
    kernels = {d: w.one([1, 3] if mode == "half" else [1, 2, 3]) for d in dims}
    if tall != "size_kernel":
        kernels = dict.fromkeys(dims, kernels[dims[0]])
    dilation, stride = (
        (w.number(2, 2) if dilated else 1),
        (w.number(2, 3) if strided else 1),
    )
    strides = {d: stride if tall != "size_kernel" else w.one([1, stride]) for d in dims}
    pads = dict.fromkeys(dims, w.number(0, 2))
    sizes: Sizes = {**x, "c": w.number(1, 8)}
    for d in dims:
        n = x[d]
        if n is None:
            continue
        if mode in ("padding_number", "padding_size"):
            pads[d] = max(pads[d], (dilation * (kernels[d] - 1) + 2 - n) // 2)
    if mode == "padding_number":
        pads = dict.fromkeys(dims, max(pads.values()))
    for d in dims:
        n = x[d]
        low = {"half": 2 * (dilation * (kernels[d] - 1) // 2), "same": None}.get(
            mode, 2 * pads[d]
        )
        if n is not None:
            sizes[d] = (
                -(-n // strides[d])
                if low is None
                else (n + low - dilation * (kernels[d] - 1) - 1) // strides[d] + 1
            )
    padding = {
        "half": "",
        "same": ', padding = "same"',
        "padding_number": f", padding = {max(pads.values())}",
    }.get(mode, f", padding = {_size(dims, pads)}")
    kernel = _size(dims, kernels) if tall == "size_kernel" else str(kernels[dims[0]])
    step = (
        ("" if set(strides.values()) == {1} else f", {_size(dims, strides)}")
        if tall == "size_kernel"
        else f", {stride}" * strided
    )
    bias = ", bias = true" if w.option("", "bias") else ""
    name = w.name("conv")
    w.put(
        f"x = x -> conv({sizes['c']}, {kernel}{step}{padding}{', dilation = 2' * dilated}{bias}) as {name}"
    )
    w.fed.append(w.prefix + name + w.suffix)
    return sizes


def _size(dims: str, sizes: Mapping[str, int]) -> str:
    """A size for the dimensions in space: `3x3`, or `(1, 3, 3)`."""
    return "x".join(str(sizes[d]) for d in dims)


def grouped(w: Writer, x: Sizes) -> Sizes:
    groups = w.number(2, 3)
    x, _ = w.known_channels(x, groups)
    out = groups * w.number(1, 3)
    w.put(
        f"x = x -> conv({out}, {w.one([1, 3])}, groups = {groups}) as {w.name('grouped')}"
    )
    return {**x, "c": out}


def depthwise(w: Writer, x: Sizes) -> Sizes:
    if w.option("", "use"):
        w.put(f"x = x -> {w.use('depthwise')}(3) as {w.name('depthwise')}")
    else:
        w.put(
            f"x = x -> conv(x.c, 3, groups = x.c, dilation = {w.number(1, 2)}) as {w.name('spread')}"
        )
    return x


def batch_norm(w: Writer, x: Sizes) -> Sizes:
    name = w.name("norm")
    w.put(
        f"x = x -> batch_norm{w.one(['', '(affine = false)', '(gamma = 0)', '(eps = 1e-4, momentum = 0.2)'])} as {name}"
    )
    w.anchors.append(w.prefix + name + w.suffix)
    return x


def layer_norm(w: Writer, x: Sizes) -> Sizes:
    over = (
        w.one(["", f"(@{space(x)})", f"(@c{space(x)}, affine = false)"]) if space(x) else ""
    )
    name = w.name("norm")
    w.put(f"x = x -> layer_norm{over} as {name}")
    w.anchors.append(w.prefix + name + w.suffix)
    return x


def group_norm(w: Writer, x: Sizes) -> Sizes:
    groups = w.number(1, 3)
    x, _ = w.known_channels(x, 2 * groups)  # a group of one value is an error
    name = w.name("norm")
    more = w.one(
        ["", ", affine = false", f", @{space(x)}", f", @{space(x)[0]}", ", eps = 1e-3"]
    )
    w.put(f"x = x -> group_norm({w.one([str(groups), '1'])}{more}) as {name}")
    w.anchors.append(w.prefix + name + w.suffix)
    return x


def activation(w: Writer, x: Sizes) -> Sizes:
    name = w.name("act")
    act = w.one(
        [
            "relu",
            "relu6",
            "swish",
            "hardswish",
            "sigmoid",
            "gelu",
            "tanh",
            "softmax(@c)",
            "dropout(0.5)",
            "drop_path(0.1)",
        ]
    )
    w.put(f"x = x -> {act} as {name}")
    w.anchors.append(w.prefix + name + w.suffix)
    return x


def pool(w: Writer, x: Sizes) -> Sizes:
    dims = space(x)
    least = min(n for d in dims if (n := x[d]) is not None)
    mode = w.option("pool_plain", "pool_half", "pool_same")
    window = (
        w.number(1, min(3, least))
        if mode == "pool_plain"
        else w.one([1, 3] if mode == "pool_half" else [2, 3])
    )
    stride = w.number(1, 2)
    kind = w.option("max_pool", "avg_pool")
    padding = {
        "pool_plain": "",
        "pool_half": ', "half"',
        "pool_same": ', padding = "same"',
    }[mode]
    w.put(f"x = x -> {kind}({window}, {stride}{padding})")
    sizes = dict(x)
    for d in dims:
        n = x[d]
        assert n is not None
        sizes[d] = (n - window) // stride + 1 if mode == "pool_plain" else -(-n // stride)
    return sizes


def residual(w: Writer, x: Sizes) -> Sizes:
    w.put(f"x = x + (x -> {w.same(x, 3)}){w.one(['', ' -> relu'])}")
    return x


def gate(w: Writer, x: Sizes) -> Sizes:
    """Broadcasting by name: a tensor without the dimensions in space times one with them."""
    if space(x) == "thw" and w.maybe():
        w.put(f"x = x -> {w.use('se')} as {w.name('se')}")
        return x
    w.put(
        f"gate = x -> mean(@{space(x)}) -> linear({w.channels(x)}) as {w.name('excite')} -> sigmoid"
    )
    w.put("x = x * gate" if w.maybe() else "x = gate * x")
    return x


def concat(w: Writer, x: Sizes) -> Sizes:
    c = x["c"]
    side = w.number(1, 4)
    extra = ", x -> relu" if c is not None and c <= 8 and w.maybe() else ""
    w.put(f"x = [x, x -> {w.project(x, str(side))}{extra}] -> concat(@c)")
    return {**x, "c": None if c is None else c * (2 if extra else 1) + side}


def chunk(w: Writer, x: Sizes) -> Sizes:
    x, c = w.known_channels(x, 2)
    w.put("left, right = x -> chunk(c = 2)")
    w.put("x = left * (right -> sigmoid)")
    return {**x, "c": c // 2}


def attend(w: Writer, x: Sizes) -> Sizes:
    """Tokens, attention, and back to the dimensions in space."""
    heads = w.number(1, 2)
    x, c = w.known_channels(x, 2 * heads)
    dims = space(x)
    back = _tokens(w, x, "token")
    w.put("token = token -> layer_norm as " + w.name("token_norm"))
    w.put(
        f"q, k, v = token -> linear(3 * token.c{w.one(['', ', bias = false'])}) as {w.name('qkv')} -> "
        "chunk(c = 3)"
    )
    act = w.one(["", "", ", act = relu", ', act = "sigmoid"', ", scale = 1"])
    w.put(
        f"token = token + ((q, k, v) -> attend(@n, heads = {heads}{act}) -> linear({c}) as {w.name('proj')})"
    )
    w.put(f"x = token -> {back}")
    if len(dims) > 1:
        w.mark("merge", "split")
    else:
        w.mark("rename")
    return x


def _tokens(w: Writer, x: Sizes, name: str) -> str:
    """Puts the positions into `n` and returns the layer that undoes it."""
    dims = space(x)
    if len(dims) == 1:
        w.put(f"{name} = x -> rename(@{dims}, @n)")
        return f"rename(@n, @{dims})"
    w.put(f"{name} = x -> merge(@{dims}, @n)")
    if is_known(x) and w.option("split_sizes", "split_like") == "split_sizes":
        return f"split(@n, @{dims}, {', '.join(f'{d} = {x[d]}' for d in dims[1:])})"
    w.mark("split_like")
    return f"split(@n, @{dims}, like = x)"


def dot(w: Writer, x: Sizes) -> Sizes:
    """GloRe in small: positions gathered into nodes, and handed back by the same assignment."""
    nodes, states = w.number(2, 3), w.number(2, 4)
    w.put(f"state = x -> conv({states}) as {w.name('state')} -> rename(@c, @s)")
    w.put(
        f"assign = x -> conv({nodes}, bias = true) as {w.name('assign')} -> rename(@c, @n)"
    )
    w.put(
        f"v = (state, assign) -> dot(@{space(x)}) -> linear({nodes}, dim = @n) as {w.name('mix')}"
    )
    w.put("x = (v, assign) -> dot(@n) -> rename(@s, @c)")
    w.mark("rename")
    return {**x, "c": states}


def linear(w: Writer, x: Sizes) -> Sizes:
    if space(x) and w.option("linear_channels", "linear_space") == "linear_space":
        d = w.one(list(space(x)))
        size = w.number(1, 4)
        w.put(f"x = x -> linear({size}, dim = @{d}) as {w.name('mix')}")
        return {**x, d: size}
    w.mark("linear_channels")
    c = w.number(1, 6)
    w.put(f"x = x -> linear({c}, bias = {w.one(['true', 'false'])}) as {w.name('linear')}")
    return {**x, "c": c}


def slices(w: Writer, x: Sizes) -> Sizes:
    """Positions taken, padded and shifted."""
    d = w.one(list(space(x)))
    n = x[d]
    assert n is not None
    kind = w.option(
        "take",
        "pad",
        "shift",
        *(["take_index"] if len(space(x)) > 1 and w.missing <= {"take_index"} else []),
    )
    if kind == "take_index":
        w.put(f"x = x -> take({d} = {w.number(0, n - 1)})")
        return {k: v for k, v in x.items() if k != d}
    if kind == "take":
        step = w.number(1, 2)
        low = w.number(0, n - 1)
        last = n - 1 - (n - 1 - low) % step
        w.put(f"x = x -> take({d} = {low}..{last}{' by 2' * (step == 2)})")
        return {**x, d: len(range(low, n, step))}
    if kind == "pad":
        low, high = w.number(0, 2), w.number(0, 2)
        w.put(f"x = x -> pad({d} = ({low}, {high}))")
        return {**x, d: n + low + high}
    if x["c"] is None or x["c"] < 2:
        x, _ = w.known_channels({**x, "c": None}, 2)
    w.put(f"x = x -> shift(@{d}, {w.one(['1', '-1'])}, channels = 0..{w.number(0, 1)})")
    return x


def resize(w: Writer, x: Sizes) -> Sizes:
    sizes = {d: w.number(2, 5) for d in ("hw" if "h" in x and "w" in x else "t")}
    w.put(f"x = x -> resize({', '.join(f'{d} = {n}' for d, n in sizes.items())})")
    return {**x, **sizes}


def regroup(w: Writer, x: Sizes) -> Sizes:
    """A dimension cut in two, one part joined to the channels; or a new one made and averaged away."""
    d = space(x)[0]
    n = x[d]
    if n is not None and n % 2 == 0 and x["c"] is not None and x["c"] <= 6:
        w.mark("merge", "split", "split_sizes")
        w.put(f"x = x -> split(@{d}, @{d}q, q = 2) -> merge(@cq, @c)")
        return {**x, "c": 2 * x["c"], d: n // 2}
    w.put("x = x -> expand(e = 2) -> mean(@e)")
    return x


def arithmetic(w: Writer, x: Sizes) -> Sizes:
    form = w.one(
        ["x * 2", "1 - x", "x / 4 + 0.5", "-x", "2 / (x * x + 1)", "(x - 1) * (x + 1)"]
    )
    w.put(f"x = {form}")
    return x


def weight(w: Writer, x: Sizes) -> Sizes:
    dims = w.one(["c", *(["c" + space(x)] if space(x) else [])])
    name = w.name("offset")
    w.put(
        f"param {name}: [{', '.join(f'{d} = x.{d}' for d in dims)}]{w.one(['', ' = 0', ' = trunc_normal(0.02)', ' = 0.5'])}"
    )
    w.put(f"x = x + {name}")
    return x


def block(w: Writer, x: Sizes) -> Sizes:
    """A block with parameters, a layer among them."""
    name, c = w.name("unit"), w.number(1, 6)
    w.declarations.append(
        f"block {name}(channels, kernel = 3, act: layer = relu, norm = batch_norm) {{\n"
        "  input x\n  y = x -> conv(channels, kernel, bias = true) as first -> norm as norm\n"
        "  output y + (y -> conv(y.c) as second) -> act\n}"
    )
    given = [
        w.option("", "layer_parameter")
        and f"act = {w.one(['gelu', 'identity', 'conv(' + str(c) + ', 1) -> tanh'])}"
    ]
    given.append(w.one(["", "kernel = 1", "norm = layer_norm", "norm = identity"]))
    instance = w.name("unit")
    w.put(f"x = x -> {name}({', '.join([str(c), *filter(None, given)])}) as {instance}")
    w.fed.append(w.prefix + instance + w.suffix)
    return {**x, "c": c}


def chain(w: Writer, x: Sizes) -> Sizes:
    """A block that is a composition of layers."""
    name, c = w.name("chain"), w.number(1, 6)
    first = "conv(2 * channels, 3)" if space(x) else "linear(2 * channels)"
    second = "conv(channels)" if space(x) else "linear(channels)"
    w.declarations.append(
        f"block {name}(channels) = {first} as widen -> relu -> {second} as narrow -> batch_norm"
    )
    w.put(f"x = x -> {name}({c}) as {w.name('pair')}")
    return {**x, "c": c}


def fork(w: Writer, x: Sizes) -> Sizes:
    """A block with two outputs feeds one with two inputs."""
    split, join = w.name("fork"), w.name("join")
    w.declarations.append(
        f"block {split} {{ input x  output x -> relu, x -> {w.keeping(x, 'x.c')} }}"
    )
    w.declarations.append(
        f"block {join}(way = 0) {{\n  input a, b\n  output if way == 0 then a + b else a * b\n}}"
    )
    w.put(
        f"x = x -> {split} as {w.name('fork')} -> {join}({w.number(0, 1)}) as {w.name('join')}"
    )
    return x


def loop(w: Writer, x: Sizes) -> Sizes:
    kind = w.option("loop_labelled", "loop_unlabelled", "loop_rows")
    label = w.name("stage")
    if kind == "loop_rows":
        widths = [w.number(1, 5) for _ in range(w.number(1, 3))]
        rows = ", ".join(f"({c}, {w.one(['relu', 'gelu', 'identity'])})" for c in widths)
        with w.body(
            f"for (i, (channels, act)) in enumerate([{rows}]) as {label}",
            label=label,
            turns=len(widths),
        ):
            w.put(f"if i > 0 {{ x = x -> {w.keeping(x, 'x.c')} }}")
            w.put(f"x = x -> {'conv' if space(x) else 'linear'}(channels) as widen -> act")
        w.fed.append(f"{label}[*].widen")
        return {**x, "c": widths[-1]}
    turns = w.number(1, 3)
    source = w.one(
        [
            f"range({turns})",
            "[" + ", ".join(str(2 * i) for i in range(turns)) + "]",
            f"[k for k in range({turns + 1}) if k != 1 or {turns} == 1]",
        ]
    )
    turns = 2 if "if" in source and turns == 1 else turns
    if kind == "loop_labelled":
        with w.body(f"for i in {source} as {label}", label=label, turns=turns):
            w.put(f"x = x + (x -> {w.same(x)})")
    else:
        with w.body(f"for i in {source}", turns=turns):
            w.put(f"x = x -> {w.same(x)}")
    return x


def if_parameter(w: Writer, x: Sizes) -> Sizes:
    name = w.name("deep")
    given = w.maybe()
    w.parameters.append((name, str(given).lower(), str(not given).lower()))
    with w.body(f"if {name}"):
        w.put(f"x = x -> {w.same(x)}")
    if w.maybe():
        w.lines[-1] += " else {"
        w.put("  " + f"x = x -> {w.same(x)}")
        w.put("}")
    return x


def functions(w: Writer, x: Sizes) -> Sizes:
    """A number function, a constant and a list of the file."""
    near, width, rows = w.name("near"), w.name("width"), w.name("rows")
    size, at = w.number(2, 7), w.number(0, 2)
    w.declarations.append(f"fn {near}(w, unit = 2) = max(unit, int(w) // unit * unit)")
    w.declarations.append(f"{width} = {size}")
    w.declarations.append(f"{rows} = [{near}({width}), min({width}, 3), ceil({width} / 2)]")
    w.put(f"x = x -> {'conv' if space(x) else 'linear'}({rows}[{at}]) as {w.name('conv')}")
    return {**x, "c": [max(2, size // 2 * 2), min(size, 3), -(-size // 2)][at]}


def shared(w: Writer, x: Sizes) -> Sizes:
    """One set of weights, used twice."""
    name = w.name("common")
    x, c = w.known_channels(x)
    w.put(
        f"{name} = shared {w.one([f'conv({c}, 3)', 'batch_norm', f'linear({c})'] if space(x) else ['batch_norm', f'linear({c})'])}"
    )
    w.put(f"x = x -> {name} -> relu -> {name}")
    return x


PLAIN: Mapping[str, Part] = {
    "conv": Part(
        conv,
        (
            "integer_kernel",
            "size_kernel",
            "half",
            "same",
            "padding_number",
            "padding_size",
            "dilated",
            "strided",
            "bias",
        ),
        "any",
    ),
    "grouped": Part(grouped, needs="any"),
    "depthwise": Part(depthwise, ("use",), "any"),
    "batch_norm": Part(batch_norm),
    "layer_norm": Part(layer_norm),
    "group_norm": Part(group_norm, needs="any"),
    "activation": Part(activation),
    "pool": Part(
        pool,
        ("pool_plain", "pool_half", "pool_same", "max_pool", "avg_pool"),
        "any",
        known=True,
    ),
    "residual": Part(residual),
    "gate": Part(gate, needs="any"),
    "concat": Part(concat),
    "chunk": Part(chunk),
    "attend": Part(attend, ("merge", "split", "split_sizes", "split_like"), "any"),
    "dot": Part(dot, ("rename",), "any"),
    "linear": Part(linear, ("linear_channels", "linear_space")),
    "slices": Part(slices, ("take", "take_index", "pad", "shift"), "any", known=True),
    "resize": Part(resize, needs="hw"),
    "regroup": Part(regroup, ("merge", "split", "split_sizes"), "any"),
    "arithmetic": Part(arithmetic),
    "weight": Part(weight),
    "block": Part(block, ("layer_parameter",), "any"),
    "chain": Part(chain),
    "fork": Part(fork),
    "loop": Part(loop, ("loop_labelled", "loop_unlabelled", "loop_rows")),
    "if_parameter": Part(if_parameter, ("parameters",)),
    "functions": Part(functions),
    "shared": Part(shared),
}
