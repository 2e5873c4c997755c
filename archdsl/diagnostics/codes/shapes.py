"""Codes E04xx: what is wrong with the shapes and the numbers of a primitive."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Code

MISSING_DIMENSION = Code(
    "E0401",
    "a dimension is missing",
    """A primitive names a dimension that its input does not have.

Dimensions are addressed by one-letter names, never by position, so an operation over `@w` needs a tensor that
has `w`.

    x -> mean(@thw) -> max_pool(2)          the mean already removed t, h and w
    clip -> merge(@hw, @n) -> mean(@h)      h is part of n now

Use instead a dimension that the tensor still has (the message lists them), or move the operation before the
one that removes the dimension.""",
)

SIZES_DIFFER = Code(
    "E0402",
    "sizes differ",
    """Two tensors meet in a dimension of which they have different sizes.

Arithmetic, `concat`, `dot` and `attend` match dimensions by name, and the sizes of a common dimension must be
equal. Size 1 is no exception: nothing is stretched silently.

    x + (x -> conv(48))                     channels differ: 24 and 48

Use instead a projection on the one side (`x -> conv(48)`), `resize(like = …)` for resolutions, or leave the
dimension out altogether: a tensor without `t` is repeated along it. Where the sizes depend on choices the
message names a combination of choices for which they clash.""",
)

WINDOW_TOO_LARGE = Code(
    "E0403",
    "a window exceeds its input",
    """The window of a convolution or a pooling does not fit once into the (padded) input, so no output would
be left.

    clip: [t = 2, h = 56, w = 56]
    clip -> avg_pool(3x3x3)                 3x3x3 window exceeds t = 2

Use instead a smaller window, `padding = "half"` or `"same"`, or fewer strides before it. `mean(@thw)`
averages over everything there is, whatever its size.""",
)

NOT_DIVISIBLE = Code(
    "E0404",
    "a size cannot be divided evenly",
    """Groups, heads, chunks and splits cut a dimension into equal parts, so its size must be a multiple of
their number.

    x: [c = 54, …]
    x -> conv(54, groups = 4)               54 channels cannot be divided into 4 groups

Use instead a number that divides the size, or round the size first: `round_width` of `std` yields multiples
of 8, and `pad(t = (0, -x.t % 8))` fills a dimension up.""",
)

DUPLICATE_DIMENSION = Code(
    "E0405",
    "a dimension occurs twice",
    """A primitive would make a dimension that the tensor already has, or names one twice.

    x: [b, c, t, h, w]
    x -> rename(@t, @c)                     there is a `c` already
    x -> merge(@hh, @n)                     h twice

Use instead a free letter, or remove or rename the other dimension first.""",
)

BATCH_NAMED = Code(
    "E0406",
    "the batch is named",
    """`b` is the batch. No operation may name it, because a model must give each sample the same answer in
any company.

    x -> mean(@bt)

Use instead the other dimensions. Tensors with and without `b` combine by name, so it never has to be
mentioned. Only `batch_norm` looks across samples, in training.""",
)

ATTRIBUTE = Code(
    "E0407",
    "an attribute has an impossible value",
    """A parameter of a primitive has a value that means nothing: no channels, a stride of 0, a dropout of 1,
an unknown mode.

    x -> conv(0)
    x -> dropout(1.0)                       would drop everything
    x -> conv(8, 3, padding = "full")

Use instead a value in the range that the message gives.""",
)

FRACTIONAL = Code(
    "E0408",
    "a size is not a whole number",
    """Sizes, kernels, strides and groups are whole numbers, and a number with a fraction is not silently
rounded: papers round differently, and the parameter count shows it. `24.0` is refused as well, for it is the
result of arithmetic that gives fractions for other values.

    hidden = channels * 2.25
    x -> conv(hidden)

Use instead `int(channels * 2.25)`, `round`, `ceil`, `floor`, or `//` in place of `/`.""",
)

DIMENSIONS_DIFFER = Code(
    "E0409",
    "dimensions differ",
    """Tensors that meet in one operation have dimensions that do not go together.

In arithmetic one side must have all the dimensions of the other, which is repeated along those it lacks. If
each side had a dimension of its own the result would silently be an outer product.

    (x -> mean(@t)) + (x -> mean(@hw))      [b, c, h, w] and [b, c, t]

Use instead `expand(t = …)` on one side if the outer product is meant, `dot(@…)` for a product of matrices, or
`rename` where it is the same dimension under another name.""",
)

OUT_OF_BOUNDS = Code(
    "E0410",
    "a position lies outside",
    """`take`, `chunk` and `shift` address positions from 0 to the size less 1; ranges `a..b` include both
ends.

    x: [t = 8, …]
    x -> take(t = 0..8)                     position 8 is past the end

Use instead `0..x.t - 1`.""",
)

SIZE_RANK = Code(
    "E0411",
    "a size has the wrong number of parts",
    """A kernel or window is one number for every spatial dimension present, `1x3x3` for t, h, w or `3x3` for
h, w. Stride, dilation and padding are one number, or one for each part of the kernel. All alternatives of a
kernel must speak of the same dimensions, because they decide the rank of its weight.

    x -> conv(64, 3x3, 1x2x2)               two parts in the kernel, three in the stride

Use instead sizes with equally many parts.""",
)

UNSETTLED = Code(
    "E0412",
    "a choice reaches what must be settled",
    """Which dimensions a tensor has and which weights an operation has must not depend on a choice within one
operation.

    flag ~ [false, true]
    x -> conv(64, bias = flag)

Use instead a choice between layers: `layer ~ [plain: conv(64), biased: conv(64, bias = true)]`, then `x ->
layer`.""",
)

NOTHING_TO_COMBINE = Code(
    "E0413",
    "an empty list",
    """`add`, `weighted_sum` and `concat` combine the tensors of a list, and the list is empty, so there is no
shape to give.

    [] -> concat(@c)

Use instead a list that holds at least one tensor; a loop that fills it must run at least once.""",
)

UNSPECIFIED = Code(
    "E0414",
    "too little is said",
    """A rearrangement or an average leaves open what it should do.

    x -> mean()                             over what?
    x -> split(@t, @ta)                     two sizes are open
    x -> resize()

Use instead the dimensions (`mean(@hw)`), all sizes but one (`split(@t, @ta, a = 8)`), or `like = tensor`.""",
)

ABSENT_WINDOW = Code(
    "E0415",
    "a window over a dimension that is not there",
    """A window of three numbers is for t, h, w. Over a tensor without t the first number counts a dimension
of size 1, which is meant where a video network goes on after its pooling (`x -> mean(@thw) -> conv(8,
1x1x1)`). It is a warning where nothing in the network has t, and where the number is more than 1, so that
weights meet padding alone.

Example:
    input picture: [b, c = 3, h = 32, w = 32]
    x = picture -> conv(16, 1x3x3)

Use instead the window for h, w: `3x3`, or `3` for every dimension that is present.""",
)
