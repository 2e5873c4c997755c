"""What a plan may say: its settings, the strategies with their options, the optimisers. One table, for checks
and for the docs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from archdsl.diagnostics.source import Span
from archdsl.ir.notation import value_text


@dataclass(frozen=True, slots=True)
class Invocation:
    """`sgd(0.1, momentum = 0.9)`: a name that a plan's reader knows, with plain values; the name alone has
    none.
    """

    name: str
    args: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    span: Span | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        given = [setting_text(a) for a in self.args] + [
            f"{k} = {setting_text(v)}" for k, v in self.named.items() if v is not None
        ]
        return f"{self.name}({', '.join(given)})" if given else self.name


def setting_text(value: Any) -> str:
    """A value of a plan as the language writes it."""
    if isinstance(value, Invocation):
        return str(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(setting_text, value))}{',' if len(value) == 1 else ''})"
    return value_text(value)


@dataclass(frozen=True, slots=True)
class Kind:
    """What may stand for a setting: said in words, and tested."""

    text: str
    fits: Callable[[Any], bool] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Option:
    """A setting or an option. `default` None means what `doc` says; `in_steps` that a step may set its
    own.
    """

    name: str
    kind: Kind
    default: Any
    doc: str
    in_steps: bool = False


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and isfinite(value))


def _is_ucb(call: Invocation) -> bool:
    return (
        len(call.args) <= 1
        and not call.named
        and all(_is_number(k) and k >= 0 for k in call.args)
    )


def whole(least: int) -> Kind:
    """A whole number from `least` up."""
    return Kind(f"a whole number, at least {least}", lambda v: _is_whole(v) and v >= least)


def one_of(*words: Any) -> Kind:
    """One of a few values."""
    quoted = [f'`"{w}"`' if isinstance(w, str) else f"`{w}`" for w in words]
    text = f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return Kind(text, lambda v: any(v == w and type(v) is type(w) for w in words))


def invocation(*names: str) -> Kind:
    """`name(…)` for one of a few names, or any name."""
    text = " or ".join(f"`{n}(…)`" for n in names) if names else "`name(…)`"
    return Kind(
        text, lambda v: isinstance(v, Invocation) and (not names or v.name in names)
    )


POSITIVE = Kind("a number above 0", lambda v: _is_number(v) and v > 0)
NOT_NEGATIVE = Kind("a number, at least 0", lambda v: _is_number(v) and v >= 0)
FRACTION = Kind("a number from 0 to below 1", lambda v: _is_number(v) and 0 <= v < 1)
FRACTIONS = Kind(
    "a tuple of two numbers from 0 to below 1",
    lambda v: isinstance(v, tuple) and len(v) == 2 and all(map(FRACTION.fits, v)),
)
FLAG = Kind("true or false", lambda v: isinstance(v, bool))
TEXT = Kind("a text", lambda v: isinstance(v, str))

UCB = Kind(
    "`ucb(k)` with a number k",
    lambda v: isinstance(v, Invocation) and v.name == "ucb" and _is_ucb(v),
)

_RATE = Option("rate", POSITIVE, None, "the learning rate, the first argument")
_SCHEDULE = (
    Option(
        "schedule",
        one_of("constant", "cosine", "steps"),
        "constant",
        "how the rate falls over a step's epochs",
    ),
    Option("warmup", NOT_NEGATIVE, 0, "epochs over which the rate rises to its value"),
)
OPTIMISERS: Mapping[str, tuple[Option, ...]] = {
    "sgd": (
        _RATE,
        Option("momentum", FRACTION, 0.0, "how much of the last direction is kept"),
        Option("decay", NOT_NEGATIVE, 0.0, "weight decay"),
        Option("nesterov", FLAG, False, "whether the momentum looks ahead"),
        *_SCHEDULE,
    ),
    "adam": (
        _RATE,
        Option("betas", FRACTIONS, (0.9, 0.999), "how much of both running means is kept"),
        Option("decay", NOT_NEGATIVE, 0.0, "weight decay, added to the gradient"),
        *_SCHEDULE,
    ),
}

SETTINGS: Mapping[str, Option] = {
    o.name: o
    for o in (
        Option("strategy", invocation(), None, "the search algorithm with its options"),
        Option(
            "data",
            invocation(),
            None,
            "where the examples come from; `--data` takes its place",
        ),
        Option(
            "alpha",
            invocation(*OPTIMISERS),
            Invocation("adam", (0.02,)),
            "the optimiser of the architecture's logits",
            True,
        ),
        Option(
            "weights",
            invocation(*OPTIMISERS),
            Invocation("sgd", (0.1,), {"momentum": 0.9, "schedule": "cosine"}),
            "the optimiser of the weights",
            True,
        ),
        Option(
            "epochs",
            whole(1),
            10,
            "passes over the data, of a search or of each trial",
            True,
        ),
        Option("batch", whole(1), 16, "examples in a batch, over all ranks", True),
        Option(
            "trials",
            whole(1),
            None,
            "architectures that a bandit or a baseline evaluates; an option of those says the same",
            True,
        ),
        Option("seed", whole(0), 0, "where the random numbers start"),
        Option(
            "precision",
            one_of("float32", "float64", "bfloat16"),
            "float32",
            "number format of the forward pass",
        ),
        Option(
            "checkpointing",
            FLAG,
            False,
            "whether activations are computed again in the backward pass, for memory",
        ),
    )
}


def defaults() -> dict[str, Any]:
    """What a plan's settings are where it says nothing, but for the strategy; optimisers with all of their
    options.
    """
    found = {}
    for option in SETTINGS.values():
        value = option.default
        if isinstance(value, Invocation):
            options = OPTIMISERS[value.name]
            given = dict(zip((o.name for o in options), value.args, strict=False)) | dict(
                value.named
            )
            value = Invocation(
                value.name, (), {o.name: given.get(o.name, o.default) for o in options}
            )
        if option.name != "strategy":
            found[option.name] = value
    return found


EVALUATION = (
    Option("trials", whole(1), None, "how many architectures are evaluated"),
    Option(
        "evaluate",
        one_of("scratch", "shared"),
        "scratch",
        "train each from scratch for `epochs`, or take the weights of one supergraph, trained once for "
        "`epochs` on uniform samples",
    ),
    Option(
        "scores",
        one_of("accuracy", "likelihood"),
        "accuracy",
        "what of the validation data makes an architecture good",
    ),
    Option(
        "beta", NOT_NEGATIVE, 1.0, "how much a cost of twice the budget takes off a score"
    ),
    Option("latency", TEXT, None, "a file with measured costs, for `budget latency <= …`"),
)

_REPEATS = Option("repeats", FLAG, False, "whether an architecture may be tried again")

# Strategies with their options. A plug-in (entry-point group `archdsl.strategies`) brings its own.
STRATEGIES: Mapping[str, tuple[Option, ...]] = {
    "parsec": (
        Option("samples", whole(2), 13, "architectures drawn for each update"),
        Option(
            "channels",
            one_of("fair", "naive"),
            "fair",
            "where the windows of narrower widths lie: each part used alike, or prefixes",
        ),
        Option(
            "kernels",
            one_of("separate", "centre"),
            "separate",
            "one tensor for each kernel size, or the centre of the largest",
        ),
        Option(
            "warmup",
            whole(0),
            None,
            "epochs with uniform sampling before the logits move; a third of a step's without it",
        ),
        Option(
            "scores",
            one_of("likelihood", "accuracy"),
            "likelihood",
            "what importance weights are made of",
        ),
        Option(
            "beta",
            NOT_NEGATIVE,
            None,
            "weight of the hinge on the budget; 1, or 0.03 with accuracies",
        ),
        Option(
            "temperature",
            POSITIVE,
            1.0,
            "divides log-likelihoods before they become importance weights",
        ),
        Option(
            "latency", TEXT, None, "a file with measured costs, for `budget latency <= …`"
        ),
    ),
    "darts": (
        Option(
            "bilevel",
            FLAG,
            False,
            "logits and weights on halves of the data in turn; together on all of it without",
        ),
        Option(
            "order",
            one_of(1, 2),
            1,
            "of the bilevel gradient: 2 looks ahead through one step of the weights",
        ),
        Option(
            "zero",
            FLAG,
            False,
            "each list of layers has a competitor that yields nothing and is never derived",
        ),
        Option(
            "edges",
            one_of("own", "by_op"),
            "own",
            "edges kept by their own logits, or by the strength of the operation on them",
        ),
        Option("warmup", whole(0), 0, "epochs before the logits move"),
        Option(
            "beta",
            NOT_NEGATIVE,
            1.0,
            "weight of the hinge of the expected cost on the budget",
        ),
    ),
    "bandit": (
        *EVALUATION,
        _REPEATS,
        Option(
            "acquisition",
            UCB,
            Invocation("ucb", (1.8,)),
            "what is greatest at the next trial: mean + 1.8 deviations",
        ),
        Option(
            "kernel",
            one_of("matern", "hamming"),
            "matern",
            "Matérn-5/2 over categorical distances, or the exponential of Hamming's",
        ),
        Option("initial", whole(1), 8, "trials drawn uniformly before the model is asked"),
    ),
    "random": (*EVALUATION, _REPEATS),
    "evolution": (
        *EVALUATION,
        _REPEATS,
        Option(
            "population",
            whole(2),
            20,
            "the most recent architectures that may have children",
        ),
        Option("sample", whole(1), 5, "how many of them compete to have one"),
    ),
    "grid": tuple(option for option in EVALUATION if option.name != "trials"),
}
SUMMARIES = {
    "parsec": "importance-weighted sampling over shared weights, with a hinge on cost",
    "darts": "softmax over all alternatives, by gradient: joint, or bilevel of first or second order",
    "bandit": "Gaussian process with an upper confidence bound, trials shared through a storage",
    "random": "uniform over architectures",
    "evolution": "regularised evolution: the best of a few mutates, the oldest dies",
    "grid": "every architecture once, at most 10,000",
}
DEFAULT_TRIALS = 50
