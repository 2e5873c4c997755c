"""Names of PyTorch, Keras and timm, each with what is written here.

A row is found by its name without case, underscores and prefixes: `nn.BatchNorm2d`, `batch_norm2d` and
`F.batchnorm2d` are one. `here` is an expression of this language over the tensors x, y, q, k and v; a test
elaborates every one. `takes` are their parameters in their order, each with ours; those that need not be said
here have none. So `Conv2d(3, 16, kernel_size=3, stride=2)` is answered by `x -> conv(16, 3x3, 2)`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Synonym:
    """What another library's name is called here. `rank` says what a single number means as a window: `3` is
    `3x3` of two.
    """

    here: str
    layer: str | None = None
    takes: tuple[tuple[str, str | None], ...] = ()
    rank: int = 0
    note: str | None = None


def _takes(text: str) -> tuple[tuple[str, str | None], ...]:
    """`in_channels=- out_channels=channels stride`: their names with ours, `-` for none."""
    pairs = []
    for word in text.split():
        theirs, _, ours = word.partition("=")
        pairs.append((theirs, None if ours == "-" else ours or theirs))
    return tuple(pairs)


_CONV = _takes(
    "in_channels=- out_channels=channels kernel_size=kernel stride padding dilation groups bias "
    "padding_mode=- device=- dtype=-"
)
_KERAS_CONV = _takes(
    "filters=channels kernel_size=kernel strides=stride padding data_format=- dilation_rate=dilation "
    "groups activation=- use_bias=bias"
)
_POOL = _takes("kernel_size=window stride padding dilation=- return_indices=- ceil_mode=-")
_KERAS_POOL = _takes("pool_size=window strides=stride padding data_format=-")
_NORM = _takes("num_features=- eps momentum affine track_running_stats=-")
_LINEAR = _takes("in_features=- out_features=width bias device=- dtype=-")
_DENSE = _takes("units=width activation=- use_bias=bias")
_DROP = _takes("p inplace=-")
_PADDED = "the padding is half of the kernel unless it is given"
_DEPTHWISE = Synonym(
    "x -> conv(x.c, 3x3, groups = x.c)", note="`use std: depthwise` has it as a block"
)
_GLOBAL = Synonym("x -> mean(@hw)")
_GLOBAL_3D = Synonym("x -> mean(@thw)")
_FLATTEN = Synonym(
    "x -> mean(@hw)",
    note="a linear map over all positions needs no flattening: `x -> linear(10, @chw)`",
)
_RESHAPE = Synonym(
    "x -> merge(@hw, @n)",
    note="dimensions have names: `merge` makes one of several, `split` several of one, `rename` another name",
)
_ORDER = Synonym(
    "x -> rename(@c, @n)",
    note=(
        "the order of dimensions means nothing here: leave it out, every layer names the dimensions it "
        "works on"
    ),
)
_RESIZE = Synonym("x -> resize(h = 2 * x.h, w = 2 * x.w)")
_ARROWS = Synonym("conv(16, 3) -> batch_norm -> relu")
_REPEAT = Synonym(
    "[conv(16, 3), conv(16, 5)]",
    note="layers are values: a list holds them, a loop applies them",
)
_IDENTITY = Synonym("identity", "identity")
_MATMUL = Synonym("(x, y) -> dot(@c)")
_SOFTMAX = Synonym("x -> softmax(@c)")
_ATTENTION = Synonym("(q, k, v) -> attend(@hw, heads = 4)")
_SE = Synonym(
    "x * (x -> mean(@hw) -> linear(x.c) -> sigmoid)", note="`use std: se` has it as a block"
)
_MLP = Synonym(
    "x -> linear(4 * x.c) as widen -> gelu -> linear(x.c) as narrow",
    note="`use std: mlp` has it as a block",
)
_PATCHES = Synonym("x -> conv(64, 4x4, 4) -> merge(@hw, @n)")


def _one(layer: str) -> Synonym:
    """A layer without parameters."""
    return Synonym(f"x -> {layer}", layer, _takes("inplace=-"))


def _norm(rank: int) -> Synonym:
    return Synonym("x -> batch_norm", "batch_norm", _NORM, rank)


_BY_NAME = {
    # convolutions
    "Conv1d": Synonym("x -> conv(16, 3)", "conv", _CONV, 0, _PADDED),
    "Conv2d": Synonym("x -> conv(16, 3x3)", "conv", _CONV, 2, _PADDED),
    "Conv3d": Synonym("x -> conv(16, 3x3x3)", "conv", _CONV, 3, _PADDED),
    "LazyConv2d": Synonym("x -> conv(16, 3x3)", "conv", _CONV[1:], 2, _PADDED),
    "Convolution2D": Synonym("x -> conv(16, 3x3)", "conv", _KERAS_CONV, 2),
    "DepthwiseConv2D": _DEPTHWISE,
    "SeparableConv2D": Synonym(
        "x -> conv(x.c, 3x3, groups = x.c) as spread -> conv(16) as mix"
    ),
    "DepthwiseConv": _DEPTHWISE,
    "DepthwiseSeparableConv": Synonym(
        "x -> conv(x.c, 3x3, groups = x.c) as spread -> conv(16) as mix"
    ),
    "ConvNormAct": Synonym(
        "x -> conv(16, 3x3) -> batch_norm -> relu",
        note="`use std: conv_norm_act` has it as a block",
    ),
    "ConvBnAct": Synonym(
        "x -> conv(16, 3x3) -> batch_norm -> relu",
        note="`use std: conv_norm_act` has it as a block",
    ),
    "ConvBnReLU": Synonym(
        "x -> conv(16, 3x3) -> batch_norm -> relu",
        note="`use std: conv_norm_act` has it as a block",
    ),
    "BasicConv2d": Synonym(
        "x -> conv(16, 3x3) -> batch_norm -> relu",
        note="`use std: conv_norm_act` has it as a block",
    ),
    "Conv2dNormActivation": Synonym(
        "x -> conv(16, 3x3) -> batch_norm -> relu",
        note="`use std: conv_norm_act` has it as a block",
    ),
    "Unfold": Synonym("x -> split(@h, @ha, a = 2) -> split(@w, @we, e = 2)"),
    "PixelUnshuffle": Synonym(
        "x -> split(@h, @hm, m = 2) -> split(@w, @wn, n = 2) -> merge(@cmn, @c)"
    ),
    "PatchEmbed": _PATCHES,
    # linear maps
    "Linear": Synonym("x -> linear(10)", "linear", _LINEAR),
    "LazyLinear": Synonym("x -> linear(10)", "linear", _LINEAR[1:]),
    "Dense": Synonym("x -> linear(10)", "linear", _DENSE),
    "fc": Synonym("x -> linear(10)", "linear", _LINEAR),
    "FullyConnected": Synonym("x -> linear(10)", "linear", _DENSE),
    "Bilinear": _MATMUL,
    "Mlp": _MLP,
    "FeedForward": _MLP,
    "Embedding": Synonym(
        "x -> linear(64)",
        note="of numbers given as one-hot vectors: there is no look-up by index",
    ),
    # norms
    "BatchNorm": _norm(0),
    "BatchNorm1d": _norm(1),
    "BatchNorm2d": _norm(2),
    "BatchNorm3d": _norm(3),
    "SyncBatchNorm": _norm(0),
    "BatchNormalization": Synonym(
        "x -> batch_norm",
        "batch_norm",
        _takes("axis=- momentum=- epsilon=eps center=- scale=affine"),
    ),
    "bn": _norm(0),
    "LayerNorm": Synonym(
        "x -> layer_norm",
        "layer_norm",
        _takes("normalized_shape=- eps elementwise_affine=affine bias=-"),
    ),
    "LayerNorm2d": Synonym(
        "x -> layer_norm", "layer_norm", _takes("num_channels=- eps affine")
    ),
    "LayerNormalization": Synonym(
        "x -> layer_norm", "layer_norm", _takes("axis=- epsilon=eps")
    ),
    "ln": Synonym("x -> layer_norm", "layer_norm", _takes("normalized_shape=- eps")),
    "InstanceNorm2d": Synonym("x -> layer_norm(@hw, affine = false)"),
    "GroupNorm": Synonym(
        "x -> group_norm(4)",
        "group_norm",
        _takes("num_groups=groups num_channels=- eps affine"),
    ),
    # activations
    "ReLU": _one("relu"),
    "ReLU6": _one("relu6"),
    "SiLU": _one("swish"),
    "Swish": _one("swish"),
    "GELU": Synonym("x -> gelu", "gelu", _takes("approximate=-")),
    "QuickGELU": _one("gelu"),
    "Sigmoid": _one("sigmoid"),
    "LogSigmoid": _one("sigmoid"),
    "Tanh": _one("tanh"),
    "Softmax": _SOFTMAX,
    "Softmax2d": _SOFTMAX,
    "LogSoftmax": Synonym(
        "x -> softmax(@c)",
        note="the logarithm belongs to the loss, which is no part of a network",
    ),
    "LeakyReLU": Synonym("(x -> relu) - 0.01 * (-x -> relu)"),
    "PReLU": Synonym("(x -> relu) - 0.25 * (-x -> relu)"),
    "Hardswish": _one("hardswish"),
    "HSwish": _one("hardswish"),
    "Hardsigmoid": Synonym("(x + 3 -> relu6) / 6"),
    "HSigmoid": Synonym("(x + 3 -> relu6) / 6"),
    "Threshold": _one("relu"),
    "Rectify": _one("relu"),
    "Activation": Synonym(
        "x -> relu",
        note="each activation is a layer: relu, relu6, swish, hardswish, gelu, sigmoid, tanh",
    ),
    "act": Synonym(
        "x -> relu",
        note="each activation is a layer: relu, relu6, swish, hardswish, gelu, sigmoid, tanh",
    ),
    # pooling
    "MaxPool1d": Synonym("x -> max_pool(2, 2)", "max_pool", _POOL, 0),
    "MaxPool2d": Synonym("x -> max_pool(2x2, 2)", "max_pool", _POOL, 2),
    "MaxPool3d": Synonym("x -> max_pool(2x2x2, 2)", "max_pool", _POOL, 3),
    "MaxPooling2D": Synonym("x -> max_pool(2x2, 2)", "max_pool", _KERAS_POOL, 2),
    "MaxPooling3D": Synonym("x -> max_pool(2x2x2, 2)", "max_pool", _KERAS_POOL, 3),
    "MaxPool": Synonym("x -> max_pool(2, 2)", "max_pool", _POOL, 0),
    "Pool": Synonym("x -> max_pool(2, 2)", "max_pool", _POOL, 0),
    "AvgPool1d": Synonym("x -> avg_pool(2, 2)", "avg_pool", _POOL, 0),
    "AvgPool2d": Synonym("x -> avg_pool(2x2, 2)", "avg_pool", _POOL, 2),
    "AvgPool3d": Synonym("x -> avg_pool(2x2x2, 2)", "avg_pool", _POOL, 3),
    "AveragePooling2D": Synonym("x -> avg_pool(2x2, 2)", "avg_pool", _KERAS_POOL, 2),
    "AvgPool": Synonym("x -> avg_pool(2, 2)", "avg_pool", _POOL, 0),
    "AdaptiveAvgPool1d": Synonym("x -> mean(@t)"),
    "AdaptiveAvgPool2d": _GLOBAL,
    "AdaptiveAvgPool3d": _GLOBAL_3D,
    "AdaptiveMaxPool2d": Synonym("x -> max_pool((x.h, x.w)) -> take(h = 0) -> take(w = 0)"),
    "GlobalAveragePooling2D": _GLOBAL,
    "GlobalAveragePooling3D": _GLOBAL_3D,
    "GlobalAvgPool": _GLOBAL,
    "GlobalAvgPool2d": _GLOBAL,
    "GlobalPool": _GLOBAL,
    "SelectAdaptivePool2d": _GLOBAL,
    "gap": _GLOBAL,
    # shapes
    "Flatten": _FLATTEN,
    "View": _RESHAPE,
    "Reshape": _RESHAPE,
    "Rearrange": _RESHAPE,
    "Unflatten": Synonym("x -> split(@c, @gc, g = 4)"),
    "Permute": _ORDER,
    "Transpose": _ORDER,
    "SwapAxes": _ORDER,
    "MoveDim": _ORDER,
    "Contiguous": Synonym("x", note="nothing has to be made contiguous: leave it out"),
    "Squeeze": Synonym("x -> take(h = 0)"),
    "Unsqueeze": Synonym("x -> expand(n = 1)"),
    "ExpandDims": Synonym("x -> expand(n = 1)"),
    "Repeat": Synonym("x -> expand(n = 2)"),
    "Tile": Synonym("x -> expand(n = 2)"),
    "Chunk": Synonym("x -> chunk(c = 2)"),
    "Narrow": Synonym("x -> take(c = 0..7)"),
    "IndexSelect": Synonym("x -> take(c = 0..7)"),
    "Select": Synonym("x -> take(h = 0)"),
    "Stack": Synonym("[x -> expand(n = 1), y -> expand(n = 1)] -> concat(@n)"),
    "Cat": Synonym("[x, y] -> concat(@c)"),
    "Concat": Synonym("[x, y] -> concat(@c)"),
    "Concatenate": Synonym("[x, y] -> concat(@c)"),
    "HStack": Synonym("[x, y] -> concat(@w)"),
    "VStack": Synonym("[x, y] -> concat(@h)"),
    "Pad": Synonym("x -> pad(h = (1, 1), w = (1, 1))"),
    "ZeroPad2d": Synonym("x -> pad(h = (1, 1), w = (1, 1))"),
    "ZeroPadding2D": Synonym("x -> pad(h = (1, 1), w = (1, 1))"),
    "ConstantPad2d": Synonym("x -> pad(h = (1, 1), w = (1, 1))"),
    "Upsample": _RESIZE,
    "UpSampling2D": _RESIZE,
    "UpsamplingBilinear2d": _RESIZE,
    "Interpolate": _RESIZE,
    "Resizing": Synonym("x -> resize(h = 32, w = 32)"),
    "PixelShuffle": Synonym(
        "x -> split(@c, @cmn, m = 2, n = 2) -> merge(@hm, @h) -> merge(@wn, @w)"
    ),
    "Roll": Synonym("x -> shift(@h, 1, channels = 0..7)"),
    "ChannelShuffle": Synonym("x -> split(@c, @gc, g = 4) -> merge(@cg, @c)"),
    # arithmetic
    "Add": Synonym("x + y"),
    "Sub": Synonym("x - y"),
    "Subtract": Synonym("x - y"),
    "Mul": Synonym("x * y"),
    "Multiply": Synonym("x * y"),
    "Div": Synonym("x / y"),
    "Average": Synonym("(x + y) / 2"),
    "MatMul": _MATMUL,
    "BMM": _MATMUL,
    "mm": _MATMUL,
    "Dot": _MATMUL,
    "Einsum": _MATMUL,
    "AvgPooling": _GLOBAL,
    "ReduceMean": _GLOBAL,
    "Mean": _GLOBAL,
    "abs": Synonym("max(3, -3)", note="of numbers"),
    "pow": Synonym("3 * 3", note="of numbers"),
    "float": Synonym(
        "3 / 1",
        note="a division gives a fraction, `int`, `floor`, `ceil` and `round` whole numbers",
    ),
    # attention
    "MultiheadAttention": _ATTENTION,
    "MultiHeadAttention": _ATTENTION,
    "ScaledDotProductAttention": _ATTENTION,
    "Attention": _ATTENTION,
    "SelfAttention": _ATTENTION,
    "sdpa": _ATTENTION,
    "SqueezeExcite": _SE,
    "SqueezeExcitation": _SE,
    "SEModule": _SE,
    "SELayer": _SE,
    # regularisation
    "Dropout1d": Synonym("x -> dropout(0.5)", "dropout", _DROP),
    "Dropout": Synonym("x -> dropout(0.5)", "dropout", _DROP),
    "Dropout2d": Synonym("x -> dropout(0.5)", "dropout", _DROP),
    "Dropout3d": Synonym("x -> dropout(0.5)", "dropout", _DROP),
    "SpatialDropout2D": Synonym("x -> dropout(0.5)", "dropout", _takes("rate=p")),
    "DropPath": Synonym(
        "x -> drop_path(0.1)", "drop_path", _takes("drop_prob=p scale_by_keep=-")
    ),
    "StochasticDepth": Synonym("x -> drop_path(0.1)", "drop_path", _takes("p mode=-")),
    # containers
    "Sequential": _ARROWS,
    "ModuleList": _REPEAT,
    "ModuleDict": Synonym("(small: conv(16, 3), large: conv(16, 5))"),
    "Compose": _ARROWS,
    "Identity": _IDENTITY,
    "Noop": _IDENTITY,
    "Lambda": _ARROWS,
    # initial values
    "KaimingNormal": Synonym("conv(16, 3, init = msra)"),
    "KaimingUniform": Synonym("conv(16, 3, init = fan_in)"),
    "HeNormal": Synonym("conv(16, 3, init = msra)"),
    "XavierUniform": Synonym("conv(16, 3, init = xavier)"),
    "XavierNormal": Synonym("conv(16, 3, init = xavier)"),
    "GlorotUniform": Synonym("conv(16, 3, init = xavier)"),
    "TruncNormal": Synonym("conv(16, 3, init = trunc_normal(0.02))"),
    "TruncatedNormal": Synonym("conv(16, 3, init = trunc_normal(0.02))"),
    "Zeros": Synonym("conv(16, 3, init = 0)"),
    "Ones": Synonym("conv(16, 3, init = 1)"),
}
# Python's words that are names here.
WORDS = {
    "True": "write `true`",
    "False": "write `false`",
    "TRUE": "write `true`",
    "FALSE": "write `false`",
    "None": "there is no None; use a label such as `none: identity`",
    "none": (
        "`identity` is the layer that does nothing; in a domain it may be labelled, `[none: identity, relu]`"
    ),
    "null": "there is no null; use a label such as `none: identity`",
    "nil": "there is no nil; use a label such as `none: identity`",
    "self": "names stand by themselves: leave `self.` out",
    "this": "names stand by themselves: leave `this.` out",
    "super": "blocks have no ancestors: write `block name(parameters) { … }`",
    "Parameter": "write `param name: [c = 16] = 0`",
    "print": "nothing is printed from a file; `archdsl summary FILE` shows shapes and sizes",
    "tuple": "write `(a, b)`",
    "list": "write `[a, b]`",
    "dict": "write `(width: 8, deep: true)`",
    "pi": "write `3.141592653589793`",
    "inf": "numbers are finite: leave the bound out",
    "reversed": "write the list in the other order, or `[xs[len(xs) - 1 - i] for i in range(len(xs))]`",
    "sorted": "write the list in its order",
    "isinstance": "a parameter says its kind: `act: layer`",
    "any": "join the conditions by `or`",
    "all": "join the conditions by `and`",
    "map": "write `[f(x) for x in xs]`",
    "filter": "write `[x for x in xs if condition]`",
}
ROOTS = frozenset(
    {
        "torch",
        "nn",
        "F",
        "functional",
        "tf",
        "keras",
        "layers",
        "timm",
        "np",
        "numpy",
        "math",
        "torchvision",
        "ops",
        "einops",
        "jax",
    }
)
# Their names of parameters, with ours where a layer has one of these.
_KEYWORDS = {
    "out_channels": ("channels", "width"),
    "filters": ("channels",),
    "features": ("channels", "width"),
    "num_filters": ("channels",),
    "planes": ("channels",),
    "kernel_size": ("kernel", "window"),
    "ksize": ("kernel", "window"),
    "pool_size": ("window", "kernel"),
    "kernel": ("window",),
    "window": ("kernel",),
    "window_size": ("window", "kernel"),
    "strides": ("stride",),
    "step": ("stride",),
    "pad": ("padding",),
    "dilation_rate": ("dilation",),
    "use_bias": ("bias",),
    "out_features": ("width",),
    "units": ("width",),
    "hidden_size": ("width",),
    "output_dim": ("width",),
    "channels": ("width",),
    "width": ("channels",),
    "epsilon": ("eps",),
    "elementwise_affine": ("affine",),
    "scale": ("affine",),
    "rate": ("p",),
    "drop_prob": ("p",),
    "drop_rate": ("p", "drop"),
    "dropout": ("p",),
    "num_heads": ("heads",),
    "n_heads": ("heads",),
    "nhead": ("heads",),
    "dim": ("over", "dim"),
    "axis": ("over", "dim"),
    "dims": ("over", "dim"),
    "axes": ("over", "dim"),
    "normalized_shape": ("dim",),
    "act_layer": ("act",),
    "activation": ("act",),
    "norm_layer": ("norm",),
    "kernel_initializer": ("init",),
    "weight_init": ("init",),
    "num_groups": ("groups",),
    "group": ("groups",),
    "expand_ratio": ("expand",),
    "expansion": ("expand",),
    "se_ratio": ("ratio",),
    "reduction": ("ratio",),
    "rd_ratio": ("ratio",),
    "start_dim": (),
    "end_dim": (),
}
# Parameters of theirs that need not be said here, each with why.
_LEFT_OUT = {
    "in_channels": "the channels of the input are known",
    "in_features": "the size of the input is known",
    "num_features": "the channels of the input are known",
    "num_channels": "the channels of the input are known",
    "embed_dim": "the channels of the input are known",
    "input_dim": "the size of the input is known",
    "input_shape": "the shape is that of `input x: [b, c = 3, h = 32, w = 32]`",
    "inplace": "nothing is changed in place",
    "padding_mode": "padding is zeros",
    "data_format": "dimensions have names, and no order",
    "dtype": "numbers have no type here",
    "device": "a network has no device here",
    "keepdim": "a dimension that is averaged over is gone, and comes back by name",
    "keepdims": "a dimension that is averaged over is gone, and comes back by name",
    "ceil_mode": "a window ends inside of its padded input",
    "align_corners": "corners are not aligned",
    "activation": "an activation is a layer of its own: `-> relu`",
    "batch_first": "dimensions have names, and no order",
    "track_running_stats": "running statistics are always kept",
    "name": "write `as name` behind the layer",
    "training": "a network is trained or evaluated as a whole",
}


def plain(name: str) -> str:
    """A name without case, underscores and the endings of functions that work in place."""
    return name.replace("_", "").lower()


TABLE = {plain(name): synonym for name, synonym in _BY_NAME.items()}
KERAS = {"Conv1D": _KERAS_CONV, "Conv2D": _KERAS_CONV, "Conv3D": _KERAS_CONV}


def theirs(name: str, known: tuple[str, ...]) -> str | None:
    """Which of a layer's parameters another library's keyword means."""
    return next((ours for ours in _KEYWORDS.get(name, ()) if ours in known), None)


def needless(name: str) -> str | None:
    """Why a keyword of another library is left out here; None where it is no such keyword."""
    return _LEFT_OUT.get(name)
