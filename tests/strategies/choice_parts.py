"""Parts of a space: each declares choices and uses them, and returns the sizes of `x`, None where a choice
decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.strategies.plain_parts import Part
from tests.strategies.writing import Sizes, Writer, space


def value_list(w: Writer, x: Sizes) -> Sizes:
    """A list of values: kernels, strides' dilations, or texts to compare with."""
    kind = w.option(
        "kernel_list",
        "text_list",
        "labelled_values",
        *(["size_list"] if space(x) in ("hw", "thw") else []),
    )
    c = w.number(1, 6)
    if kind == "text_list":
        name = w.choose("mode", ['"plain"', '"deep"'])
        with w.body(f'if {name} == "deep"'):
            w.put(f"x = x -> {w.same(x)}")
        return x
    if kind == "labelled_values":
        name = w.choose("width", ["small: 2", "large: 5"])
        w.put(f"x = x -> conv({name}) as {w.name('conv')}")
        return {**x, "c": None}
    sizes = ["1x3x3", "3x3x3", "3x1x1"] if space(x) == "thw" else ["1x3", "3x3", "3x1"]
    name = w.choose(
        "kernel",
        (sizes if kind == "size_list" else ["1", "3", "5"])[: max(2, min(3, w.room()))],
    )
    w.put(f"x = x -> conv({c}, {name}) as {w.name('conv')}")
    return {**x, "c": c}


def width_range(w: Writer, x: Sizes) -> Sizes:
    name, _ = w.numbers("width", w.number(1, 4), w.number(1, 3))
    instance = w.name("conv")
    w.put(f"x = x -> {'conv' if space(x) else 'linear'}({name}) as {instance}")
    w.fed.append(w.prefix + instance + w.suffix)
    return {**x, "c": None}


def expansion(w: Writer, x: Sizes) -> Sizes:
    count = w.number(2, max(2, min(4, w.room())))
    values = [1.0 + 0.5 * i for i in range(count)]
    name = w.choose("expand", [str(v) for v in values], domain=f"1.0..{values[-1]} by 0.5")
    if w.maybe() and "h" in x and "w" in x:
        w.put(f"x = x -> {w.use('mbconv3d')}(x.c, 3x3, {name}) as {w.name('mb')}")
        return x
    inner = "conv" if space(x) else "linear"
    w.put(
        f"x = x + (x -> {inner}(int(x.c * {name})) as {w.name('widen')} -> relu -> {inner}(x.c) as "
        f"{w.name('narrow')})"
    )
    return x


def layer_list(w: Writer, x: Sizes) -> Sizes:
    kind = w.option("same_width", "open_width")
    layer = "conv" if space(x) else "linear"
    if kind == "open_width":
        options = [
            f"narrow: {layer}({w.number(1, 3)})",
            f"wide: {layer}({w.number(4, 6)}) -> relu",
            "gelu",
        ]
    else:
        options = [
            w.one(["identity", "batch_norm", "none: identity"]),
            f"mixed: {w.same(x, 3)}",
            "tanh",
            f"{layer}({w.channels(x)})",
        ]
    count = w.number(2, max(2, min(len(options), w.room())))
    name = w.choose("op", options[:count], editable=False)
    w.answer(name, [o.partition(":")[0].partition("(")[0] for o in options[:count]])
    w.put(f"x = x -> {name}")
    return {**x, "c": None} if kind == "open_width" else x


def if_choice(w: Writer, x: Sizes) -> Sizes:
    name = w.choose("on", ["false", "true"])
    before = dict(x)
    with w.body(f"if {name}"):
        w.put(f"x = x -> {w.same(before)}")
    if w.option("", "else_choice"):
        w.lines[-1] += " else {"
        w.put(f"  x = x -> {w.same(before)}")
        w.put("}")
    return x


def depth(w: Writer, x: Sizes) -> Sizes:
    """A searched number of turns, each with a choice of its own that only the deep ask."""
    most = w.number(2, 3)
    nested = w.option("", "conditional") if w.used * most * 2**most <= w.grid else ""
    low = w.number(0, 1)
    name = w.choose(
        "depth", [str(i) for i in range(low, most + 1)], domain=f"{low}..{most}"
    )
    label = w.name("layer")
    labelled = w.option("loop_labelled", "loop_unlabelled") == "loop_labelled"
    with w.body(
        f"for i in range({name}){f' as {label}' * labelled}",
        label=label * labelled,
        turns=most,
    ):
        if nested:
            kernel = w.choose(
                "kernel", ["1", "3"] if space(x) else ["1", "2"], editable=False
            )
            layer = (
                f"conv(x.c, {kernel})"
                if space(x)
                else f"linear(x.c * {kernel}) as {w.name('widen')} -> linear(x.c)"
            )
            w.put(f"x = x + (x -> {layer} as {w.name('conv')})")
        else:
            w.put(f"x = x + (x -> {w.same(x)})")
    return x


def pick(w: Writer, x: Sizes) -> Sizes:
    """`n of` a list of tensors, combined."""
    combine = w.option("of_add", "of_weighted", "of_concat")
    maps, name = w.name("maps"), w.name("pick")
    count = 3 if w.used * 7**w.turns <= w.grid else 2
    layers = [f"x -> {w.keeping(x)}" for _ in range(count - 1)]
    w.put(f"{maps} = [x, {', '.join(layers)}]")
    kind = w.option("of_one", "of_several", "of_range")
    several = "2" if count > 2 else "1"
    numbers = {"of_one": "1", "of_several": several, "of_range": f"1..{count}"}
    combined = {"of_add": "add", "of_weighted": "weighted_sum", "of_concat": "concat(@c)"}
    w.put(f"{name} ~ {numbers[kind]} of {maps}")
    w.count(count if kind != "of_range" else 2**count - 1)
    w.put(f"x = {name} -> {combined[combine]}")
    c = x["c"]
    times = {"of_one": 1, "of_several": int(several), "of_range": 0}[kind]
    return (
        x
        if combine != "of_concat"
        else {**x, "c": c * times if c is not None and times else None}
    )


def tied(w: Writer, x: Sizes) -> Sizes:
    """One design, two sets of weights."""
    cell, name = w.name("cell"), w.name("design")
    layer = (
        "conv(x.c, kernel)" if space(x) else "linear(kernel * x.c) as widen -> linear(x.c)"
    )
    w.declarations.append(
        f"block {cell}(kernels = [1, 3]) "
        f"{{\n  input x\n  kernel ~ kernels\n  output x + (x -> {layer} as mix -> relu)\n}}"
    )
    w.put(f"{name} = tied {cell}()")
    w.put(f"x = x -> {name} as {w.name('first')} -> {name} as {w.name('second')}")
    w.count(2)
    return x


def shared_choice(w: Writer, x: Sizes) -> Sizes:
    """One set of weights under a choice."""
    x, c = w.known_channels(x)
    name = w.name("common")
    w.put(f"{name} = shared {'conv' if space(x) else 'linear'}({c})")
    op = w.choose("again", ["false", "true"])
    w.put(f"x = x -> {name} -> relu")
    with w.body(f"if {op}"):
        w.put(f"x = x -> {name}")
    return x


def nested(w: Writer, x: Sizes) -> Sizes:
    """An alternative that asks a question of its own, and one within it."""
    inner = w.name("inner")
    layer = (
        "conv(x.c, kernel)" if space(x) else "linear(kernel * x.c) as widen -> linear(x.c)"
    )
    deep = w.option("", "three_levels")
    more = (
        "  deep ~ [false, true]\n  if deep {\n    act ~ [relu, tanh, gate: linear(x.c) -> sigmoid]\n    x "
        "= x -> act\n  }\n"
        if deep
        else ""
    )
    w.declarations.append(
        f"block {inner} {{\n  input x\n  kernel ~ [1, 3]\n  x = x -> {layer} as mix\n{more}  output x\n}}"
    )
    name = w.choose("op", ["none: identity", inner])
    w.count(2 * (6 if deep else 1))
    w.put(f"x = x -> {name}")
    w.mark("conditional")
    return x


def require(w: Writer, x: Sizes) -> Sizes:
    """Two widths of which the second is not the smaller; or a condition that binds where both are asked."""
    layer = "conv" if space(x) else "linear"
    kind = w.option("require_order", "require_under_choice")
    if kind == "require_order":
        first, low = w.numbers("width", 2, 2, editable=False)
        second, _ = w.numbers("width", low[0], 2, editable=False)
        w.put(f"require {first} <= {second}")
        w.put(
            f"x = x -> {layer}({first}) as {w.name('a')} -> {layer}({second}) as {w.name('b')}"
        )
        return {**x, "c": None}
    on = w.choose("on", ["false", "true"], editable=False)
    width, _ = w.numbers("width", 2, 2, editable=False)
    with w.body(f"if {on}"):
        w.put(f"require {width} <= 2 or {width} > 4")
        w.put(
            f"x = x + (x -> {layer}({width}) as {w.name('a')} -> {layer}(x.c) as {w.name('b')})"
        )
    return x


def conditional_width(w: Writer, x: Sizes) -> Sizes:
    """A width that is asked only where another answer wants it."""
    on = w.choose("wide", ["false", "true"])
    width, _ = w.numbers("width", 3, 3)
    w.mark("conditional")
    w.put(
        f"x = x -> {'conv' if space(x) else 'linear'}(if {on} then {width} else 2) as {w.name('conv')}"
    )
    return {**x, "c": None}


def searched_stride(w: Writer, x: Sizes) -> Sizes:
    name = w.choose("stride", ["1", "2"])
    c = w.number(1, 5)
    w.put(f"x = x -> conv({c}, 3, {name}) as {w.name('conv')}")
    return {**x, "c": c, **dict.fromkeys(space(x))}


def structural(w: Writer, x: Sizes) -> Sizes:
    """A choice of dimensions: its region is elaborated once per alternative."""
    name, instance = w.name("along"), w.name("along")
    dims = space(x)
    axes = [f"@{dims[0]}", f"@{dims[1:]}", f"@{dims}"][: 3 if w.room() > 2 else 2]
    w.declarations.append(
        f"block {name}(axes) {{\n  input x\n  axes ~ axes\n  output x * (x -> mean(axes) -> linear(x.c) as excite -> sigmoid)\n}}"
    )
    w.put(f"x = x -> {name}([{', '.join(axes)}]) as {instance}")
    w.count(len(axes))
    w.answer(instance, axes, member="axes")
    return x


def tensor_list(w: Writer, x: Sizes) -> Sizes:
    """A list of tensors as a domain, and an index that is a choice."""
    if w.option("tensors", "indexed") == "tensors":
        name = w.name("path")
        w.put(f"{name} ~ [plain: x, other: x -> {w.keeping(x)}]")
        w.count(2)
        w.put(f"x = {name}")
        return x
    name = w.choose("at", ["0", "1", "2"], domain="0..2")
    w.put(
        f"x = x -> {'conv' if space(x) else 'linear'}([2, 5, 3][{name}]) as {w.name('conv')}"
    )
    return {**x, "c": None}


def parameter_domain(w: Writer, x: Sizes) -> Sizes:
    """One block for the wide space and the narrow one: a list as argument searches, a value settles."""
    name = w.name("unit")
    w.declarations.append(
        f"block {name}(act = [relu, gelu], width = 2..4 by 2) {{\n  input x\n  act ~ act\n  width ~ width\n"
        f"  output x -> {'conv' if space(x) else 'linear'}(width) as mix -> act\n}}"
    )
    given, count = w.one(
        [("", 4), ("tanh", 2), ("width = 3", 2), ("[swish, identity], 3", 2)]
    )
    instance = w.name("unit")
    w.put(f"x = x -> {name}({given}) as {instance}")
    w.count(count)
    if "3" in given:
        return {**x, "c": 3}
    w.answer(instance, ["2", "4"], member="width", is_range=True)
    return {**x, "c": None}


def loop_choices(w: Writer, x: Sizes) -> Sizes:
    """The same question in every turn of a loop."""
    turns = 2
    label = w.name("group")
    labelled = w.option("group_labelled", "group_unlabelled") == "group_labelled"
    with w.body(
        f"for i in range({turns}){f' as {label}' * labelled}",
        label=label * labelled,
        turns=turns,
    ):
        sizes = w.one(
            [width_range, layer_list, if_choice, conditional_width, pick]
            if w.used * 16 <= w.grid
            else [if_choice]
        )(w, {**x, "c": None})
    return {**sizes, "c": None}


def wide(w: Writer, x: Sizes) -> Sizes:
    """A searched width through what moves channels about, and on into a layer of a known width."""
    kinds = [k for k in _WIDE if k not in w.without] or list(_WIDE)
    several = {w.option(*kinds), *(k for k in kinds if w.maybe())}
    w.mark(*several)
    width, _ = w.numbers("width", 2, 2)
    w.put(f"x = x -> conv({width}{' * 2' * ('wide_chunk' in several)}) as {w.name('wide')}")
    if "wide_chunk" in several:
        _WIDE["wide_chunk"](w, "")
    for kind in w.shuffled([k for k in _WIDE if k in several - {"wide_chunk"}]):
        _WIDE[kind](w, w.name("kept"))
    if w.maybe():
        return {**x, "c": None}
    c = w.number(1, 5)
    w.put(f"x = x -> conv({c}) as {w.name('narrow')}")
    return {**x, "c": c}


def _wide_chunk(w: Writer, name: str) -> None:
    w.put(f"left, right = {w.one(['x', 'x -> relu'])} -> chunk(c = 2)")
    w.put(f"x = {w.one(['left', 'right'])} * (right -> sigmoid)")


def _wide_split(w: Writer, name: str) -> None:
    once = "x -> split(@c, @gc, g = 2) -> merge(@cg, @c)"
    back = (
        "x -> expand(e = 2) -> merge(@ce, @n) -> relu -> split(@n, @ce, e = 2) -> mean(@e)"
    )
    w.put(f"x = {w.one([once, back])}")


def _wide_concat(w: Writer, name: str) -> None:
    last = w.one([f"x -> batch_norm as {name}_norm", "x -> take(c = x.c - 2..x.c - 1)"])
    w.put(f"x = [x, x -> conv(x.c, 3) as {name} -> relu, {last}] -> concat(@c)")


def _wide_expand(w: Writer, name: str) -> None:
    low, step = w.one([(1.0, 0.5), (1.25, 0.25)])
    count = max(2, min(3, w.room()))
    values = [low + i * step for i in range(count)]
    expand = w.choose(
        "expand", [str(v) for v in values], domain=f"{low}..{values[-1]} by {step}"
    )
    w.put(f"x = x -> conv(int(x.c * {expand})) as {name} -> conv(x.c) as {name}_back")


_WIDE: Mapping[str, Callable[[Writer, str], None]] = {
    "wide_chunk": _wide_chunk,
    "wide_groups": lambda w, name: w.put(f"x = x -> conv(x.c, 3, groups = 2) as {name}"),
    "wide_group_norm": lambda w, name: w.put(
        f"x = x -> group_norm({w.one(['1', '1', '1'])}) as {name}"
    ),
    "wide_split": _wide_split,
    "wide_join": lambda w, name: w.put(
        f"x = x + (x -> conv(x.c, 3) as {name} -> batch_norm as {name}_norm)"
    ),
    "wide_depthwise": lambda w, name: w.put(
        f"x = x -> conv(x.c, 3, groups = x.c) as {name} -> batch_norm as {name}_norm -> relu"
    ),
    "wide_concat": _wide_concat,
    "wide_expand": _wide_expand,
}


CHOICES: Mapping[str, Part] = {
    "value_list": Part(
        value_list,
        ("kernel_list", "text_list", "labelled_values", "size_list"),
        "any",
        least=2,
    ),
    "width_range": Part(width_range, least=2),
    "expansion": Part(expansion, least=2),
    "wide": Part(wide, tuple(_WIDE), "any", least=4),
    "layer_list": Part(layer_list, ("same_width", "open_width"), least=2),
    "if_choice": Part(if_choice, ("else_choice",), least=2),
    "depth": Part(depth, ("conditional", "loop_labelled", "loop_unlabelled"), least=4),
    "pick": Part(
        pick,
        ("of_add", "of_weighted", "of_concat", "of_one", "of_several", "of_range"),
        least=4,
    ),
    "tied": Part(tied, least=2),
    "shared_choice": Part(shared_choice, least=2),
    "nested": Part(nested, ("three_levels", "conditional"), least=24),
    "require": Part(require, ("require_order", "require_under_choice"), least=8),
    "conditional_width": Part(conditional_width, ("conditional",), least=4),
    "searched_stride": Part(searched_stride, needs="any", least=2),
    "structural": Part(structural, needs="two", least=2),
    "tensor_list": Part(tensor_list, ("tensors", "indexed"), least=3),
    "parameter_domain": Part(parameter_domain, least=4),
    "loop_choices": Part(loop_choices, ("group_labelled", "group_unlabelled"), least=16),
}
