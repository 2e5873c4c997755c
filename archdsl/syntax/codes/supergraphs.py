"""E10xx: what cannot be made a supergraph."""

from archdsl.syntax.diagnostics import Code, table

TOO_MANY_WEIGHTS = Code(
    "E1001",
    "a weight with too many separate copies",
    """A list has weights of its own for each alternative, so a weight whose shape or layer depends on several lists exists once for
each combination of their answers. Here these are more than any search could train.

Example:
    width ~ [16, 24, 32, 48]        # in each of eight branches that are concatenated

Use a range, whose sizes share one weight (`width ~ 16..48 by 8`), or a convolution to a fixed width in each branch.""",
)

NOT_FOUND = Code(
    "E1002",
    "a distribution without an architecture that is allowed",
    """The requirements of a space (`require`) hold for every architecture that a search draws or derives. Here the draws keep breaking
them, or the architecture that the distribution favours is outside a bound on cost.

Example:
    require macs <= 1.0M            # where hardly any architecture is that small

Let a search's plan have a soft `budget` instead of a bound, or narrow the choices so that most architectures meet it.""",
)

CODES = table(TOO_MANY_WEIGHTS, NOT_FOUND)
