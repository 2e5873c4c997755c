"""The keys of public checkpoints that are regular enough to be written down as layers: (path, kind)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Layers = Iterable[
    tuple[str, str]
]  # kinds: "conv" and "norm", "linear" with a bias, "gate" (a conv with one)

LEAVES = {
    "conv": ("weight",),
    "linear": ("weight", "bias"),
    "gate": ("weight", "bias"),
    "norm": ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
    "layer_norm": ("weight", "bias"),
    "token": ("",),
}
CAFFE2 = {
    "conv": ("w",),
    "linear": ("w", "b"),
    "gate": ("w", "b"),
    "norm": ("s", "b", "rm", "riv"),
}
R50 = (3, 4, 6, 3)


def keys(layers: Layers) -> list[str]:
    """Of a state dict of PyTorch."""
    return [
        f"{path}.{leaf}" if leaf else path for path, kind in layers for leaf in LEAVES[kind]
    ]


def blobs(layers: Layers) -> list[str]:
    """Of a file of Caffe2, momenta of the optimiser included."""
    weights = [f"{path}_{leaf}" for path, kind in layers for leaf in CAFFE2[kind]]
    momenta = [f"{name}_momentum" for name in weights if name.endswith(("_w", "_b", "_s"))]
    return [*weights, *momenta, "lr", "model_iter"]


def pairs(
    block: str, convs: Sequence[str], norms: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for conv, norm in zip(convs, norms, strict=True):
        yield f"{block}{conv}", "conv"
        yield f"{block}{norm}", "norm"


def bottleneck(
    block: str, convs: Sequence[str], norms: Sequence[str], first: bool
) -> Layers:
    """The shortcut's pair comes first and is that of a stage's first block alone."""
    begin = 0 if first else 1
    return pairs(block, convs[begin:], norms[begin:])


# -- residual networks for clips -----------------------------------------------------------------------


def caffe2_stream(stream: str) -> Layers:
    """`stream` is "" or "t_", the fast one."""
    yield f"{stream}conv1", "conv"
    yield f"{stream}res_conv1_bn", "norm"
    convs = ["branch1", "branch2a", "branch2b", "branch2c"]
    for stage, depth in enumerate(R50, 2):
        for i in range(depth):
            yield from bottleneck(
                f"{stream}res{stage}_{i}_", convs, [f"{c}_bn" for c in convs], i == 0
            )


def caffe2_slowfast() -> Layers:
    yield from caffe2_stream("")
    yield from caffe2_stream("t_")
    fused = [
        "t_pool1",
        "t_res2_2_branch2c_bn",
        "t_res3_3_branch2c_bn",
        "t_res4_5_branch2c_bn",
    ]
    for place in fused:
        yield f"{place}_subsample", "conv"
        yield f"{place}_subsample_bn", "norm"
    yield "pred", "linear"


def caffe2_slow() -> Layers:
    yield from caffe2_stream("")
    yield "pred", "linear"


def caffe2_non_local() -> Layers:
    yield from caffe2_slow()
    for stage, i in [(3, 1), (3, 3), (4, 1), (4, 3), (4, 5)]:
        for name in ("theta", "phi", "g", "out"):
            yield f"nonlocal_conv{stage}_{i}_{name}", "gate"
        yield f"nonlocal_conv{stage}_{i}_bn", "norm"


CONVS = ["branch1_conv", "branch2.conv_a", "branch2.conv_b", "branch2.conv_c"]
NORMS = ["branch1_norm", "branch2.norm_a", "branch2.norm_b", "branch2.norm_c"]


def pytorchvideo_stream(stem: str, block: str, numbers: Sequence[int]) -> Layers:
    """`block` has places for a stage's number, of `numbers`, and a block's."""
    yield f"{stem}conv", "conv"
    yield f"{stem}norm", "norm"
    for number, depth in zip(numbers, R50, strict=True):
        for i in range(depth):
            yield from bottleneck(block.format(number, i), CONVS, NORMS, i == 0)


def pytorchvideo_slowfast() -> Layers:
    for stream in range(2):
        stem = f"blocks.0.multipathway_blocks.{stream}."
        block = f"blocks.{{}}.multipathway_blocks.{stream}.res_blocks.{{}}."
        yield from pytorchvideo_stream(stem, block, (1, 2, 3, 4))
    for stage in range(4):
        yield f"blocks.{stage}.multipathway_fusion.conv_fast_to_slow", "conv"
        yield f"blocks.{stage}.multipathway_fusion.norm", "norm"
    yield "blocks.6.proj", "linear"


def pytorchvideo_slow() -> Layers:
    yield from pytorchvideo_stream("blocks.0.", "blocks.{}.res_blocks.{}.", (1, 2, 3, 4))
    yield "blocks.5.proj", "linear"


def pytorchvideo_i3d() -> Layers:
    """Block 2 is a pool."""
    yield from pytorchvideo_stream("blocks.0.", "blocks.{}.res_blocks.{}.", (1, 3, 4, 5))
    yield "blocks.6.proj", "linear"


def slowfast_x3d() -> Layers:
    yield "s1.pathway0_stem.conv_xy", "conv"
    yield "s1.pathway0_stem.conv", "conv"
    yield "s1.pathway0_stem.bn", "norm"
    convs = ["branch1", "branch2.a", "branch2.b", "branch2.c"]
    for stage, depth in enumerate((3, 5, 11, 7), 2):
        for i in range(depth):
            block = f"s{stage}.pathway0_res{i}."
            yield from bottleneck(block, convs, [f"{c}_bn" for c in convs], i == 0)
            if i % 2 == 0:
                yield f"{block}branch2.se.fc1", "gate"
                yield f"{block}branch2.se.fc2", "gate"
    yield from [("head.conv_5", "conv"), ("head.conv_5_bn", "norm"), ("head.lin_5", "conv")]
    yield "head.projection", "linear"


def kylemin_s3d() -> Layers:
    yield from kylemin_split("base.0.")
    yield from [("base.2.conv", "conv"), ("base.2.bn", "norm")]
    yield from kylemin_split("base.3.")
    for module in (5, 6, 8, 9, 10, 11, 12, 14, 15):
        for unit in ("0.0", "1.0", "2.0", "3.1"):
            yield from pairs(f"base.{module}.branch{unit}.", ["conv"], ["bn"])
        for unit in ("1.1", "2.1"):
            yield from kylemin_split(f"base.{module}.branch{unit}.")
    yield "fc.0", "linear"


def kylemin_split(unit: str) -> Layers:
    return pairs(unit, ["conv_s", "conv_t"], ["bn_s", "bn_t"])


# -- networks for pictures -----------------------------------------------------------------------------


def torchvision_resnet50() -> Layers:
    yield "conv1", "conv"
    yield "bn1", "norm"
    convs, norms = (
        ["downsample.0", "conv1", "conv2", "conv3"],
        ["downsample.1", "bn1", "bn2", "bn3"],
    )
    for stage, depth in enumerate(R50, 1):
        for i in range(depth):
            yield from bottleneck(f"layer{stage}.{i}.", convs, norms, i == 0)
    yield "fc", "linear"


def torchvision_mobilenet_v2() -> Layers:
    yield from pairs("features.0.", ["0"], ["1"])
    yield from pairs("features.1.conv.", ["0.0", "1"], ["0.1", "2"])
    for block in range(2, 18):
        yield from pairs(
            f"features.{block}.conv.", ["0.0", "1.0", "2"], ["0.1", "1.1", "3"]
        )
    yield from pairs("features.18.", ["0"], ["1"])
    yield "classifier.1", "linear"


def torchvision_efficientnet_b0() -> Layers:
    yield from pairs("features.0.", ["0"], ["1"])
    for stage, depth in enumerate((1, 2, 2, 3, 3, 4, 1), 1):
        for i in range(depth):
            block = f"features.{stage}.{i}.block."
            gate = 1 if stage == 1 else 2
            for part in (*range(gate), gate + 1):
                yield from pairs(f"{block}{part}.", ["0"], ["1"])
            yield f"{block}{gate}.fc1", "gate"
            yield f"{block}{gate}.fc2", "gate"
    yield from pairs("features.8.", ["0"], ["1"])
    yield "classifier.1", "linear"


def timm_vit() -> Layers:
    yield from [
        ("cls_token", "token"),
        ("pos_embed", "token"),
        ("patch_embed.proj", "linear"),
    ]
    for i in range(12):
        for norm in ("norm1", "norm2"):
            yield f"blocks.{i}.{norm}", "layer_norm"
        for layer in ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"):
            yield f"blocks.{i}.{layer}", "linear"
    yield "norm", "layer_norm"
    yield "head", "linear"
