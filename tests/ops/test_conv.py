"""Convolution: shapes, weights and MACs against hand computation, and what it refuses."""

from __future__ import annotations

import pytest
from primitive_calls import call, choice, tensor

from archdsl.ir.graph import Init

CLIP = tensor(b=1, c=24, t=13, h=80, w=80)


def test_pointwise() -> None:
    out = call("conv", CLIP, channels=54)
    assert out.sizes == {"b": 1, "c": 54, "t": 13, "h": 80, "w": 80}
    assert out.weight("weight") == (54, 24, 1, 1, 1)
    assert list(out.weights) == ["weight"]
    assert out.macs.value == 54 * 13 * 80 * 80 * 24
    assert not out.problems


def test_x3d_stem() -> None:
    out = call(
        "conv",
        tensor(b=1, c=3, t=13, h=160, w=160),
        channels=24,
        kernel=(1, 3, 3),
        stride=(1, 2, 2),
    )
    assert out.sizes == {"b": 1, "c": 24, "t": 13, "h": 80, "w": 80}
    assert out.weight("weight") == (24, 3, 1, 3, 3)
    assert out.macs.value == 24 * 13 * 80 * 80 * 3 * 9


def test_depthwise_with_bias() -> None:
    out = call("conv", CLIP, channels=24, kernel=(5, 1, 1), groups=24, bias=True, init=0)
    assert out.weight("weight") == (24, 1, 5, 1, 1)
    assert out.weight("bias") == (24,)
    assert out.macs.value == 24 * 13 * 80 * 80 * 5
    assert out.weights["weight"].init.value == Init("constant", (0.0,))
    assert out.weights["bias"].init.value == Init("constant", (0.0,))


def test_grouped() -> None:
    out = call("conv", tensor(c=12, h=8, w=8), channels=18, kernel=3, groups=6)
    assert out.weight("weight") == (18, 2, 3, 3)
    assert out.macs.value == 18 * 64 * 2 * 9


def test_rank_two_kernel_counts_time_as_batch() -> None:
    out = call(
        "conv",
        tensor(b=2, c=3, t=8, h=224, w=224),
        channels=768,
        kernel=(16, 16),
        stride=(16, 16),
        padding=0,
        bias=True,
    )
    assert out.sizes == {"b": 2, "c": 768, "t": 8, "h": 14, "w": 14}
    assert out.weight("weight") == (768, 3, 16, 16)
    assert out.macs.value == 2 * 768 * 8 * 14 * 14 * 3 * 256


def test_other_dimensions_are_batch() -> None:
    out = call("conv", tensor(c=4, g=5, t=8, h=2, w=2), channels=8)
    assert out.sizes == {"c": 8, "g": 5, "t": 8, "h": 2, "w": 2}
    assert out.macs.value == 8 * 5 * 32 * 4


def test_missing_dimensions_count_as_one_and_stay_absent() -> None:
    out = call("conv", tensor(b=1, c=432), channels=8, kernel=(1, 1, 1))
    assert out.sizes == {"b": 1, "c": 8}
    assert out.weight("weight") == (8, 432, 1, 1, 1)
    assert out.macs.value == 8 * 432
    out = call("conv", tensor(c=4, h=6, w=6), channels=8, kernel=(3, 3, 3))
    assert out.sizes == {"c": 8, "h": 6, "w": 6}
    assert not out.problems


@pytest.mark.parametrize(
    ("n", "padding", "kernel", "stride", "dilation", "expected"),
    [
        (10, "half", 3, 2, 1, 5),
        (10, "half", 4, 1, 1, 9),
        (10, "half", 3, 1, 2, 10),
        (10, 0, 3, 1, 2, 6),
        (10, 2, 3, 1, 1, 12),
        (7, "same", 3, 2, 1, 4),
    ],
)
def test_output_sizes(
    n: int, padding: str | int, kernel: int, stride: int, dilation: int, expected: int
) -> None:
    out = call(
        "conv",
        tensor(c=1, h=n),
        channels=1,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
    )
    assert out.sizes["h"] == expected


def test_padding_as_a_size() -> None:
    out = call("conv", CLIP, channels=8, kernel=(3, 3, 3), padding=(0, 1, 2))
    assert out.sizes == {"b": 1, "c": 8, "t": 11, "h": 80, "w": 82}


def test_sizes_over_choices() -> None:
    channels, c = choice(0, 24, 48)
    kernel, k = choice(1, (1, 3, 3), (3, 5, 5))
    out = call("conv", tensor(b=1, c=c, t=4, h=8, w=8), channels=c, kernel=k, groups=c)
    assert out.shape["c"] == c
    assert out.shape["t"].is_constant and out.shape["h"].is_constant, (
        "half padding keeps the size whatever the kernel"
    )
    weight = out.weights["weight"].shape
    assert weight[0] == c and weight[1].value == 1
    assert [weight[2].at({kernel: i}) for i in (0, 1)] == [1, 3]
    assert weight[3].scope == (kernel,)
    for i, size in enumerate((24, 48)):
        for j, volume in enumerate((9, 75)):
            assert out.macs.at({channels: i, kernel: j}) == size * 4 * 64 * volume
    assert not out.problems


def test_width_and_expansion_over_choices() -> None:
    width, c = choice(0, 24, 48)
    stride, s = choice(1, 1, (1, 2, 2))
    out = call("conv", tensor(c=c, t=4, h=8, w=8), channels=54, kernel=(1, 3, 3), stride=s)
    assert out.shape["t"].value == 4
    assert [out.shape["h"].at({stride: i}) for i in (0, 1)] == [8, 4]
    for i, size in enumerate((24, 48)):
        for j, side in enumerate((8, 4)):
            assert out.macs.at({width: i, stride: j}) == 54 * 4 * side * side * size * 9


def test_problem_only_where_it_occurs() -> None:
    groups, g = choice(0, 2, 4)
    out = call("conv", tensor(c=54, h=4, w=4), channels=54, groups=g)
    assert out.messages == ["54 channels cannot be divided into 4 groups"]
    assert [out.problems[0].message.at({groups: i}) is None for i in (0, 1)] == [
        True,
        False,
    ]
    kernel, k = choice(1, (1, 1, 1), (3, 3, 3))
    out = call("conv", tensor(c=1, t=2, h=4, w=4), channels=1, kernel=k, padding=0)
    assert out.messages == ["3x3x3 window exceeds t = 2"]
    assert [out.shape["t"].at({kernel: i}) for i in (0, 1)] == [2, 1]


REFUSED = [
    ({"channels": 0}, "E0407", "channels is 0; it must be at least 1"),
    (
        {"channels": 54.0},
        "E0408",
        "channels is 54.0, which is not a whole number but the result of arithmetic with fractions",
    ),
    ({"channels": 54.5}, "E0408", "channels is 54.5, which is not a whole number"),
    ({"channels": True}, "E0407", "channels is true, not a whole number"),
    ({"channels": 8, "kernel": 0}, "E0407", "kernel is 0; it must be at least 1"),
    ({"channels": 8, "kernel": (1, 0, 3)}, "E0407", "kernel is 0; it must be at least 1"),
    ({"channels": 8, "kernel": 2.5}, "E0408", "kernel is 2.5, which is not a whole number"),
    (
        {"channels": 8, "kernel": (1, 1, 1, 1)},
        "E0411",
        "`kernel` is 1x1x1x1; it is one number, or three for t, h, w, or two for h, w",
    ),
    ({"channels": 8, "stride": 0}, "E0407", "stride is 0; it must be at least 1"),
    (
        {"channels": 8, "stride": (2, 2)},
        "E0411",
        "`stride` is 2x2, but the window speaks of 3 dimensions (t, h, w)",
    ),
    ({"channels": 8, "dilation": 0}, "E0407", "dilation is 0; it must be at least 1"),
    (
        {"channels": 8, "padding": "full"},
        "E0407",
        'padding is "full"; it must be "half", "same" or whole numbers',
    ),
    (
        {"channels": 8, "padding": "sane"},
        "E0407",
        'padding is "sane"; it must be "half", "same" or whole numbers; did you mean "same"?',
    ),
    ({"channels": 8, "padding": -1}, "E0407", "padding is -1; it must be at least 0"),
    (
        {"channels": 8, "padding": 0.5},
        "E0408",
        "padding is 0.5, which is not a whole number",
    ),
    ({"channels": 8, "groups": 0}, "E0407", "groups is 0; it must be at least 1"),
    ({"channels": 10, "groups": 3}, "E0404", "10 channels cannot be divided into 3 groups"),
    (
        {"channels": 8, "init": "ones"},
        "E0407",
        '`init` is "ones", neither a number nor an initialiser',
    ),
    (
        {"channels": 8, "init": Init("normal", (-1.0,))},
        "E0407",
        "`init` is normal(-1.0); its number cannot be negative",
    ),
    (
        {"channels": 8, "kernel": (99, 1, 1), "padding": 0},
        "E0403",
        "99x1x1 window exceeds t = 13",
    ),
    (
        {"channels": 8, "kernel": (99, 1, 1), "padding": 2},
        "E0403",
        "99x1x1 window exceeds t = 13 padded by 2",
    ),
    (
        {"channels": 8, "kernel": (7, 1, 1), "dilation": 3, "padding": 0},
        "E0403",
        "7x1x1 window with dilation 3 exceeds t = 13",
    ),
]


@pytest.mark.parametrize(("given", "code", "message"), REFUSED)
def test_refused(given: dict[str, object], code: str, message: str) -> None:
    out = call("conv", CLIP, **given)
    assert out.messages == [message]
    assert out.codes == [code]
    assert all(n.value >= 1 for n in out.shape.values()), "the best guess is a sound shape"


def test_fractions_come_with_a_hint() -> None:
    assert "int(" in (call("conv", CLIP, channels=54.5).problems[0].help or "")
    assert "int(" in (call("conv", CLIP, channels=8, stride=1.5).problems[0].help or "")


def test_refused_for_missing_dimensions() -> None:
    out = call("conv", tensor(h=4, w=4), channels=8)
    assert out.messages == ["dimension `c` is missing; the tensor has [h, w]"]
    out = call("conv", tensor(b=1, c=4), channels=8)
    assert out.messages == ["there is none of t, h, w to slide over; the tensor has [b, c]"]
    assert out.codes == ["E0401"]
    out = call("conv", tensor(c=4, h=4, w=4), channels=8, kernel=(3, 3, 3), padding=0)
    assert out.messages == [
        "3x3x3 window exceeds the missing dimension t, which counts as 1"
    ]
    out = call(
        "conv", tensor(c=4, h=4, w=4), channels=8, kernel=(1, 3, 3), padding=(1, 1, 1)
    )
    assert out.messages == [
        "dimension `t` is missing, and the padding would make 3 positions of it"
    ]


def test_refused_by_choice() -> None:
    _, bias = choice(0, False, True)
    out = call("conv", CLIP, channels=8, bias=bias)
    assert out.messages == [
        "`bias` is false or true by a choice, but it decides which weights or dimensions there are"
    ]
    assert out.codes == ["E0412"]
    _, kernel = choice(1, (3, 3), (1, 3, 3))
    out = call("conv", CLIP, channels=8, kernel=kernel)
    assert out.messages == [
        "`kernel` is 3x3 or 1x3x3 by a choice, which speak of different dimensions"
    ]
    assert out.codes == ["E0411"]


def test_several_mistakes_are_all_reported() -> None:
    assert call("conv", CLIP, channels=0, stride=0, groups=5).codes == [
        "E0407",
        "E0407",
        "E0404",
    ]
