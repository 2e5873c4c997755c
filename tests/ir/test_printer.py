"""The printed IR: what it looks like, and that it tells different graphs apart and equal ones not."""

from __future__ import annotations

from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.expr import Undefined, constant, index_of, lift, of_choice
from archdsl.ir.graph import CostBound, Init
from archdsl.ir.printer import expr_text, print_graph, text_of
from tests.questions.spaces import Builder, autox3d

PRINTED = """\
space tiny()
choice kind: list [a, b]
choice width: range [8, 16] if kind -> [true false]
require width -> [true false]
require macs <= 2000.0
input x: [b = 1, c = 4, t = 1, h = 2, w = 2]
%0 = input x
%1 = conv %0: [b = 1, c = width, t = 1, h = 2, w = 2] @ wide
    channels = width
    kernel = (1, 1, 1)
    stride = 1
    groups = 1
    macs width -> [128 256]
    weight wide.weight [width, 4, 1, 1, 1] normal(0.02)
%2 = select %1 %0: [b = 1, c = kind, width -> [8 16 4 4], t = 1, h = 2, w = 2]
    index = kind -> [0 1]
output %2
"""


def tiny(flip: bool = False) -> str:
    b = Builder("tiny", b=1, c=4, t=1, h=2, w=2)
    kind, width = b.choice("kind", "ab"), b.choice("width", [8, 16], "range")
    x = b.conv(b.input, of_choice(width), at="wide")
    y = b.select(index_of(kind), *((b.input, x) if flip else (x, b.input)))
    narrow = lift(lambda w: w == 8, of_choice(width))
    return print_graph(
        b.graph(y, requirements=(narrow,), bounds=(CostBound("macs", "<=", 2e3),))
    )


def test_golden() -> None:
    assert tiny() == PRINTED
    assert tiny(flip=True) != PRINTED


def test_values_of_different_types_differ() -> None:
    values = [
        1,
        1.0,
        True,
        "1",
        (1,),
        None,
        range(1),
        Init("normal", (1.0,)),
        Undefined("1"),
    ]
    assert len({text_of(v) for v in values}) == len(values)


def test_long_tables_are_cut_but_told_apart() -> None:
    a = Choice("a", tuple(Alternative(str(v), v) for v in range(20)), "list", 0)
    one, other = (
        lift(lambda i, last=last: i * i + (i == 19) * last, of_choice(a)) for last in (0, 1)
    )
    assert expr_text(one).startswith("a -> [0 1 4 9 … 20] #") and len(expr_text(one)) < 50
    assert expr_text(one) != expr_text(other) and expr_text(of_choice(a)) == "a"


def test_how_a_wide_expression_was_tabulated_does_not_show() -> None:
    choices = [
        Choice(f"c[{i}]", tuple(Alternative(str(v), v) for v in (1, 2)), "list", i)
        for i in range(20)
    ]
    left, right = constant(0), constant(0)
    for choice in choices:
        left = lift(lambda n, s: min(9, n + s), left, of_choice(choice))
    for choice in reversed(choices):
        right = lift(lambda n, s: min(9, n + s), right, of_choice(choice))
    assert expr_text(left) == expr_text(right)
    assert expr_text(left) != expr_text(lift(lambda n: max(n, 9) + 1, left))


def test_printing_is_repeatable() -> None:
    assert print_graph(autox3d()) == print_graph(autox3d())
