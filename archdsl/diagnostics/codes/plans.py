"""E07xx: search plans."""

from functools import partial

from archdsl.diagnostics import diagnostic
from archdsl.diagnostics.diagnostic import table

Code = partial(diagnostic.Code, about="plan")

UNKNOWN_SETTING = Code(
    "E0701",
    "no such setting of a plan",
    """A plan sets `strategy`, `data`, `alpha`, `weights`, `epochs` and the like; this is none of them.

Use one of the settings that the message lists.""",
)
UNKNOWN_STRATEGY = Code(
    "E0702",
    "no such strategy",
    """A plan's `strategy` names a search algorithm with its options.

Use one of the strategies that the message lists.""",
)
UNCOVERED_CHOICE = Code(
    "E0703",
    "a step that neither opens nor fixes a choice",
    """A step opens or fixes every choice, nothing by default: a choice that is forgotten would be searched,
or not, by accident. Results of earlier steps stay fixed until they are opened again.

Open it (`open group[*].attention`) or fix it (`fix group[*].attention = identity`).""",
)
NOT_A_BUDGET = Code(
    "E0704",
    "not a budget",
    """A budget bounds a cost: `budget macs <= 2.0G` or `budget params <= 5M`.

State the metric on the left and the limit on the right.""",
)
DUPLICATE_STEP = Code(
    "E0705",
    "two steps with one name",
    """A run's folder, metrics and weights go by the names of the steps.

Rename one of them.""",
)
BAD_OPTION = Code(
    "E0706",
    "a setting or an option of another kind",
    """Every setting of a plan and every option of a strategy or an optimiser takes values of one kind:
`epochs` a whole number, `channels` one of `"fair"` and `"naive"`. Some go only together: `order = 2` needs
`bilevel = true`.

Give what the message asks for; `docs/search.md` has the table.""",
)
NO_STRATEGY = Code(
    "E0707",
    "a plan without a strategy",
    """A plan says how its space is searched, and there is no strategy by default.

Add one: `strategy = parsec(samples = 13)`.""",
)
BAD_LATENCY = Code(
    "E0710",
    "a table of measured costs that does not fit",
    """A strategy's `latency` names a JSON file whose terms give a cost to every answer of some choices of the
space: `{"base": 1.5, "terms": [{"choices": ["stage[0].kernel"], "costs": {"1": 0.4, "3": 0.9}}]}`.

Name choices of the space, and give each of their labels (joined by ", " where a term has several choices) a
number.""",
)
MISSING_PACKAGE = Code(
    "E0711",
    "a strategy that needs a package",
    """Some strategies stand on other people's work: the bandit keeps its trials in Optuna's studies.

Install the extra that the message names.""",
)
NOTHING_OPEN = Code(
    "E0712",
    "a search with nothing to search",
    """Every choice of the step is fixed, or no architecture satisfies every requirement, bound and answer at
once.

Open a choice (`open group[*].attention`), or loosen what the message names.""",
)
BAD_STRATEGY = Code(
    "E0713",
    "a strategy of another package that cannot be used",
    """An entry point of the group `archdsl.strategies` leads to a class with a table of options and the
methods that `docs/search.md` shows; this one could not be imported, or has no such form.

Mend the package, or use a strategy that is built in.""",
)

CODES = table(
    UNKNOWN_SETTING,
    UNKNOWN_STRATEGY,
    UNCOVERED_CHOICE,
    NOT_A_BUDGET,
    DUPLICATE_STEP,
    BAD_OPTION,
    NO_STRATEGY,
    BAD_LATENCY,
    MISSING_PACKAGE,
    NOTHING_OPEN,
    BAD_STRATEGY,
)
