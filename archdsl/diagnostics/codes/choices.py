"""E05xx: choices, requirements, counting."""

from functools import partial

from archdsl.diagnostics import diagnostic
from archdsl.diagnostics.diagnostic import table

Code = partial(diagnostic.Code, about="choices")

EMPTY_DOMAIN = Code(
    "E0501",
    "a choice without alternatives",
    """A domain needs at least one alternative: an empty list, `28..12 by 4` or `2 of []` leaves nothing to
choose.

Give at least one alternative; both ends of a range are included.""",
)
DUPLICATE_ALTERNATIVE = Code(
    "E0502",
    "two alternatives with one label",
    """An alternative's label is its answer in a genotype and a level of its weights' paths, so labels differ
within a choice.

Example:
    op ~ [conv(24, 3), conv(24, 5)]

Label them: `op ~ [small: conv(24, 3), large: conv(24, 5)]`.""",
)
MIXED_DOMAIN = Code(
    "E0503",
    "alternatives of different kinds",
    """The alternatives of a choice are all layers, or all values of one kind. What the choice feeds could not
use a mixture.

Example:
    op ~ [relu, 3]

Make two choices of it.""",
)
UNSATISFIABLE = Code(
    "E0504",
    "a requirement that nothing satisfies",
    """No architecture of the space satisfies every `require`.

Widen a domain, or relax the requirement.""",
)
UNUSED_CHOICE = Code(
    "E0505",
    "a choice that decides nothing",
    """A warning: no live operation or guard reads the choice, so it is neither counted nor sampled nor asked
of a genotype.

Use it, or remove it.""",
)
OPPOSED_DOMAINS = Code(
    "E0506",
    "tied instances with different domains",
    """All instances of a `tied` layer answer one choice, so its domain must be the same in each.

Pass the same domain to every instance, or give each its own layer: remove `tied`.""",
)
STRUCTURE_DIFFERS = Code(
    "E0507",
    "a choice changes the structure of the result",
    """A choice may alter dimension names, list lengths or the number of outputs inside a block; where the
block ends, its alternatives have to agree again, or nothing after it could be stated once.

Example:
    dim ~ [@t, @hw]
    x = x -> mean(dim)
    output x

Bring the alternatives to the same dimensions before they leave the block.""",
)
TOO_WIDE = Code(
    "E0508",
    "cannot be decided",
    """An expression or a question ranges over so many combinations of choices that archdsl cannot tabulate it
exactly, and it never estimates.

Narrow the domains, or break the dependence between distant choices (a projection fixes a width).""",
)
TOO_LARGE = Code(
    "E0509",
    "too large to count exactly",
    """The choices hang together so closely that the exact answer needs a table beyond the limit. archdsl
refuses rather than estimates.

Settle some of the choices by a partial genotype, or ask without the cost bound.""",
)
NOT_A_BOUND = Code(
    "E0510",
    "a cost in another place than a bound",
    """`macs` and `params` are totals of the finished network: they can be bounded (`require macs <= 2.0G`),
not used in other arithmetic.

State one bound per `require`.""",
)
UNREAD = Code(
    "E0512",
    "nothing reads it",
    """A layer with weights, a `param` or an input leads to no output in any architecture of the space, so it
is left out: a result that was never used, or the wrong name in `output`. Where some instance of a line is
read (all turns of a loop but the last), the line is not reported.

Example:
    y = x -> conv(16, 3)
    output x

Use what it gives (`output y`), or remove it.""",
)

CODES = table(
    EMPTY_DOMAIN,
    DUPLICATE_ALTERNATIVE,
    MIXED_DOMAIN,
    UNSATISFIABLE,
    UNUSED_CHOICE,
    OPPOSED_DOMAINS,
    STRUCTURE_DIFFERS,
    TOO_WIDE,
    TOO_LARGE,
    NOT_A_BOUND,
    UNREAD,
)
