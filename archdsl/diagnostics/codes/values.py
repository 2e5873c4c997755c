"""E03xx: values, types, arguments."""

from archdsl.diagnostics.diagnostic import Code, table

WRONG_KIND = Code(
    "E0301",
    "a value of the wrong kind",
    """Something other than what stands here is needed: a tensor where a layer is expected, a text where a
number is, and so on.

Example:
    for i in 3 { … }

Give what the message asks for: `for i in range(3) { … }`.""",
)
UNKNOWN_PARAMETER = Code(
    "E0302",
    "no such parameter",
    """A call names a parameter that the layer or function does not have.

Example:
    conv(24, kernal = 3)

Use one of its parameters; `archdsl explain conv` and `docs/primitives.md` list those of the primitives.""",
)
SET_TWICE = Code(
    "E0303",
    "a parameter set twice",
    """Parentheses set parameters partially, each once: a later call may add what is open, not change what is
set.

Example:
    thin = conv(8)
    x -> thin(channels = 16)

Set it in one place, or leave it open in the first.""",
)
MISSING_PARAMETER = Code(
    "E0304",
    "a parameter is missing",
    """A layer is applied, or a function called, before every parameter without a default has a value.

Example:
    x -> conv

Give it: `x -> conv(24)`.""",
)
TOO_MANY_ARGUMENTS = Code(
    "E0305",
    "too many arguments",
    """A call gives more values by position than the layer or function has parameters left to set.

Example:
    relu(3)

Remove the surplus, or name the parameter that is meant.""",
)
WRONG_INPUTS = Code(
    "E0306",
    "a layer fed with the wrong number of inputs",
    """A layer takes as many tensors as its `input` names; `(a, b) -> layer` feeds two.

Example:
    (x, y) -> conv(24)

Combine them first (`[x, y] -> concat(@c) -> conv(24)`), or use a layer with two inputs.""",
)
LAYER_IN_ARITHMETIC = Code(
    "E0307",
    "a layer in arithmetic",
    """The arrow binds last: `x + y -> relu` is relu of the sum. So `x + conv(24)` adds a layer to a tensor,
which means nothing.

Example:
    y = x + norm -> relu

Put the application in parentheses: `y = x + (x -> norm) -> relu`.""",
)
BAD_OPERANDS = Code(
    "E0308",
    "an operator that does not fit its operands",
    """Arithmetic works on numbers, element by element on tensors, `+` also joins lists; comparisons work on
values of one kind.

Example:
    width = "24" * 2

Use operands of matching kinds.""",
)
UNPACK = Code(
    "E0309",
    "the parts do not match the names",
    """An assignment, a loop pattern or an `input` names more or fewer parts than the value has.

Example:
    q, k = x -> chunk(c = 3)

Name every part: `q, k, v = x -> chunk(c = 3)`.""",
)
NO_VALUE = Code(
    "E0310",
    "arithmetic without a value",
    """A number expression has no value: a division by zero, a root of a negative number, `min` of nothing.

Change the numbers, or guard the expression with `if … then … else`.""",
)
OUT_OF_RANGE = Code(
    "E0311",
    "an index beyond the list",
    """`xs[i]` counts from 0; the list, tuple or size has fewer elements.

Use an index that exists, or `len(xs)`.""",
)
NOT_ITERABLE = Code(
    "E0312",
    "nothing to iterate over",
    """`for` and comprehensions iterate over lists, ranges, `range(n)`, `zip` and `enumerate`.

Example:
    for i in depth { … }

Use `for i in range(depth) { … }`.""",
)
NO_OUTPUT = Code(
    "E0313",
    "no output, or two",
    """Every block, space and model body ends in one `output`; a net has at least one `input`.

Add `output x`.""",
)
NOT_CONSTANT = Code(
    "E0314",
    "must not depend on a choice",
    """Here a value is needed that is the same for the whole space: instance names, domains of other choices,
the parameters of a net, the length of a list that grows.

Example:
    depth ~ 1..4
    for i in range(depth) { xs = xs + [x] }

Keep it constant, or declare the choice where the structure can differ: inside a block of its own.""",
)
MISPLACED_LAYER = Code(
    "E0315",
    "a layer where a tensor is needed",
    """A layer is a function of tensors; it becomes one by the arrow.

Example:
    output conv(24)

Apply it: `output x -> conv(24)`.""",
)
PINNED = Code(
    "E0316",
    "a weight pins the size of the input",
    """`--input` feeds another size to the same model. Here a weight is as large as a dimension of the input
(a position embedding, say), so the model for another size is another model.

Change the parameter that sets the size: `--set size=448` instead of `--input`.""",
)
BAD_RANGE = Code(
    "E0318",
    "a range that misses its end",
    """Both ends belong to a range, so its step must reach the second: from 8 in steps of 4 come 28 and 32,
never 30. A step is larger than 0, and an end before the start is at most one step before it: then the range
is empty, as `1..0` is.

Example:
    width ~ 8..30 by 4

Write the end that is meant, `8..28 by 4` or `8..32 by 4`.""",
)

TENSOR_AS_PARAMETER = Code(
    "E0319",
    "a tensor between the parentheses of a layer",
    """Parentheses set the parameters of a layer, the arrow feeds it tensors: `conv(x, 3)` would take the
tensor for the number of channels.

Example:
    x = conv(x, 16)

Feed it: `x = x -> conv(16)`.""",
)

CODES = table(
    WRONG_KIND,
    UNKNOWN_PARAMETER,
    SET_TWICE,
    MISSING_PARAMETER,
    TOO_MANY_ARGUMENTS,
    WRONG_INPUTS,
    LAYER_IN_ARITHMETIC,
    BAD_OPERANDS,
    UNPACK,
    NO_VALUE,
    OUT_OF_RANGE,
    NOT_ITERABLE,
    NO_OUTPUT,
    NOT_CONSTANT,
    MISPLACED_LAYER,
    PINNED,
    BAD_RANGE,
    TENSOR_AS_PARAMETER,
)
