"""E10xx: what cannot be made a supergraph."""

from archdsl.diagnostics.diagnostic import Code, table

TOO_MANY_WEIGHTS = Code(
    "E1001",
    "a weight with too many separate copies",
    """A list has weights of its own for each alternative, so a weight whose shape or layer depends on several
lists exists once for each combination of their answers. Here these are more than any search could train.

Example:
    width ~ [16, 24, 32, 48]        # in each of eight branches that are concatenated

Use a range, whose sizes share one weight (`width ~ 16..48 by 8`), or a convolution to a fixed width in each
branch.""",
)

NOT_FOUND = Code(
    "E1002",
    "a distribution without an architecture that is allowed",
    """The requirements of a space (`require`) hold for every architecture that a search draws or derives.
Here the draws keep breaking them, or the architecture that the distribution favours is outside a bound on
cost.

Example:
    require macs <= 1.0M            # where hardly any architecture is that small

Let a search's plan have a soft `budget` instead of a bound, or narrow the choices so that most architectures
meet it.""",
)

OPEN_SHAPE = Code(
    "E1003",
    "a choice of a shape that cannot be mixed",
    """A mixed supergraph computes what depends on a stride, a number of frames or another size once for each
alternative, up to where the shape no longer depends on it, and mixes there. Here that is nowhere, or there
are more than 64 combinations up to there.

Example:
    stride ~ [1, 2]
    output x -> conv(8, 3, stride)        # of another size for each

Bring the tensor to one size (`mean(@hw)`, `resize`) soon after the choice, settle it, or use `mode =
"sampled"`, which takes any space.""",
)

UNMIXED_WIDTH = Code(
    "E1004",
    "a choice of a width that cannot be mixed",
    """A mixed supergraph computes a width at its largest, and masks what an architecture does not have where
channels are summed. What normalises, averages or takes a softmax over a width, takes one position of it or
cuts it into groups or heads, would count those that are not there; a network's output cannot have some of its
channels.

Example:
    width ~ 16..32 by 8
    x = x -> linear(width) -> layer_norm(@c)

Use `batch_norm`, which treats each channel by itself, a convolution to a fixed width before it, or `mode =
"sampled"`, which takes any space.""",
)

UNMIXED_LAYOUT = Code(
    "E1005",
    "widths that lie in different places",
    """A mixed supergraph computes a width at its largest, each architecture having some positions of it. Two
tensors can be added where they take the same positions, which they do where one choice decides both widths.
Here they take different ones.

Example:
    x = x -> conv(width)                  # width ~ 16..32 by 8
    y = x -> conv(other)                  # other ~ 16..32 by 8, and a requirement that both be equal
    output x + y

Let one choice decide both widths, project one of them, or use `mode = "sampled"`, which takes any space.""",
)

CODES = table(TOO_MANY_WEIGHTS, NOT_FOUND, OPEN_SHAPE, UNMIXED_WIDTH, UNMIXED_LAYOUT)
