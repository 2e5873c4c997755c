"""E06xx: edits and genotypes."""

from archdsl.diagnostics.diagnostic import Code, table

NO_MATCH = Code(
    "E0601",
    "an edit that matches nothing",
    """The path of an edit names no choice, parameter or instance of what it edits. A silent miss would leave
a genotype or a transplant half done.

Example:
    genotype small of autox3d { group[0].chanels = 12 }

Use a path that exists: `archdsl summary` shows the instances, `archdsl sample` the choices.""",
)
NOT_AN_ALTERNATIVE = Code(
    "E0602",
    "a value outside the domain",
    """A genotype answers a choice with one of its alternatives, by label or value.

Example:
    group[0].kernel = 7x7x7

Use one of the alternatives that the message lists.""",
)
MISSING_CHOICE = Code(
    "E0603",
    "a choice without an answer",
    """A model has no choices left. The genotype leaves this one open, and it is active.

Answer it, or declare a `space` instead of a `model`: a partial genotype gives a smaller space.""",
)
INACTIVE_ANSWER = Code(
    "E0604",
    "an answer that nothing asks for",
    """A warning: the genotype settles a choice that is inactive under its other answers; it has no effect.

Remove the line.""",
)
SETTLES_ONLY = Code(
    "E0605",
    "an edit that does more than settle a choice",
    """A genotype only settles choices (`path = value`). Inserting, replacing, removing and narrowing belong
into `with { … }`.

Move the edit into the `with` of a space.""",
)
WRONG_SPACE = Code(
    "E0606",
    "a genotype of another definition",
    """A genotype fits every instantiation of the definition that it names after `of`, and no other.

Use a genotype of this definition, or derive one from its choices.""",
)
NOT_A_LAYER = Code(
    "E0607",
    "the path is not a layer",
    """`insert`, `replace` and `remove` act on a called layer. The path names a turn of a loop or an
alternative.

Name the layer itself: `after res[1].block[3] insert cell`.""",
)
NOT_REMOVABLE = Code(
    "E0608",
    "the layer cannot be taken out",
    """`remove` and `insert` pass one tensor through; the layer has several inputs or outputs.

Replace it by a layer with the same inputs and outputs.""",
)

CODES = table(
    NO_MATCH,
    NOT_AN_ALTERNATIVE,
    MISSING_CHOICE,
    INACTIVE_ANSWER,
    SETTLES_ONLY,
    WRONG_SPACE,
    NOT_A_LAYER,
    NOT_REMOVABLE,
)
