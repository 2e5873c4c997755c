"""What goes over whole dimensions, which are gone afterwards: averages, sums, extremes, lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

from archdsl.diagnostics.codes import shapes
from archdsl.ir.expr import constant
from archdsl.ir.graph import Shape
from archdsl.ops import checks
from archdsl.ops.axes import Deed, Over, named
from archdsl.ops.call import Call
from archdsl.ops.primitive import Likeness, Parameter, Primitive, Result


def _reduction(name: str, verb: str) -> Callable[[Call], Result]:
    """The shape of what goes over some dimensions, which are gone afterwards."""

    def rule(call: Call) -> Result:
        over, found = checks.settled("over", call.attrs["over"])
        if over is None:
            message = f"{name} needs the dimensions to {verb} over"
            help = f"write {name}(@thw), or {name}(like = x) to keep those of x"
            return Result(
                call.input, (*found, checks.problem(shapes.UNSPECIFIED, message, help))
            )
        found += checks.present(call.input, over)
        return Result({d: n for d, n in call.input.items() if d not in over}, found)

    return rule


_NORM = _reduction("vector_norm", "take the norm")


def _norm_shape(call: Call) -> Result:
    found = _NORM(call)
    order = checks.number("order", call.attrs["order"], _at_least_one, "at least 1")
    return replace(found, problems=found.problems + order)


def _at_least_one(value: float) -> bool:
    return 1 <= value < inf


def _kept(call: Call, like: Shape) -> Likeness:
    over = "".join(checks.ordered(d for d in call.input if d not in like and d != "b"))
    found = tuple(
        checks.problem(
            shapes.MISSING_DIMENSION,
            f"dimension `{d}` of `like` is missing; the tensor has {checks.listing(call.input)}",
        )
        for d in checks.ordered(like)
        if d not in call.input and d != "b"
    )
    return Likeness({"over": constant(over)}, {}, found)


def _over(verb: str) -> tuple[Parameter, Parameter]:
    return (
        Parameter("over", "axes", None, f"the dimensions that are {verb} over and go away"),
        Parameter(
            "like",
            "like",
            None,
            "in place of `over`: keep the dimensions that this tensor has",
        ),
    )


def _row(
    name: str,
    done: str,
    shape: Callable[[Call], Result],
    deed: Deed,
    doc: str,
    source: str,
    *more: Parameter,
) -> Primitive:
    """A reduction: over which dimensions it is `done`, or which it keeps, and `more` parameters of its
    own.
    """
    return Primitive(
        name=name,
        parameters=(*_over(done), *more),
        shape=shape,
        like=_kept,
        role="average",
        over=(Over(deed, named("over")),),
        doc=doc,
        source=source,
    )


_ORDER = Parameter("order", "number", 2, "the order of the norm, at least 1")

PRIMITIVES = (
    _row(
        "mean",
        "averaged",
        _reduction("mean", "average"),
        "statistics",
        """The average over dimensions, which are gone afterwards: `mean(@thw)` is global average pooling.

y = Σ_over x / N, N the number of positions.

[…, over…] → […].""",
        "Lin et al., Network in Network (2013)",
    ),
    _row(
        "sum",
        "summed",
        _reduction("sum", "sum"),
        "summed",
        """The sum over dimensions, which are gone afterwards. `sum([2, 3])` is of numbers.

y = Σ_over x.

[…, over…] → […].""",
        "Einstein's summation convention (1916)",
    ),
    _row(
        "max",
        "searched",
        _reduction("max", "look"),
        "statistics",
        """The largest element over dimensions, which are gone afterwards: `max(@thw)` is global max
pooling. `max(2, 3)` is of numbers; element by element it is `maximum`. Where several are largest, they share
the gradient.

y = max_over x.

[…, over…] → […].""",
        "Riesenhuber and Poggio, Hierarchical Models of Object Recognition in Cortex (1999)",
    ),
    _row(
        "min",
        "searched",
        _reduction("min", "look"),
        "statistics",
        """The smallest element over dimensions, which are gone afterwards. `min(2, 3)` is of numbers;
element by element it is `minimum`. Where several are smallest, they share the gradient.

y = min_over x.

[…, over…] → […].""",
        "Riesenhuber and Poggio, Hierarchical Models of Object Recognition in Cortex (1999)",
    ),
    _row(
        "vector_norm",
        "measured",
        _norm_shape,
        "summed",
        """The length over dimensions, which are gone afterwards: `x / (x -> vector_norm(@c))` has
length 1.

y = (Σ_over |x|^order)^(1 / order).

[…, over…] → […].""",
        "Minkowski, Geometrie der Zahlen (1896)",
        _ORDER,
    ),
)
