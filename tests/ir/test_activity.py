"""What is active, on spaces small enough to say so by hand, and what partial evaluation makes of them."""

from __future__ import annotations

from archdsl.ir.activity import activity, binding
from archdsl.ir.expr import TRUE, constant, index_of, lift, of_choice, where
from archdsl.ir.fix import fix, simplify
from archdsl.ir.graph import Op, Pick, Requirement, Select, Weight
from archdsl.ir.printer import print_graph
from archdsl.ir.verify import verify
from tests.questions.spaces import NORMAL, Builder, attention_cell, autox3d


def test_a_branch_is_live_where_it_is_chosen() -> None:
    b = Builder("s", b=1, c=4, t=1, h=2, w=2)
    kind, width = b.choice("kind", "ab"), b.choice("width", [8, 16])
    x = b.op("relu", b.conv(b.input, of_choice(width), at="wide"))
    y = b.op("out", b.select(index_of(kind), x, b.input))
    live = activity((y,))
    assert live.guard(kind) == TRUE
    assert (
        live.guard(width)
        == lift(lambda k: k == 0, index_of(kind))
        == live.values[x]
        == live.weights["wide.weight", ()]
    )


def test_the_order_of_declaration_does_not_matter() -> None:
    """`if kind == a then width else 24` asks width where kind is a, although width was declared first."""
    b = Builder("s", b=1, c=24, t=1, h=2, w=2)
    width, kind = b.choice("width", [24, 48]), b.choice("kind", "ab")
    x = b.select(index_of(kind), b.conv(b.input, of_choice(width), at="wide"), b.input)
    y = b.conv(x, x.shape["c"], at="next")
    live = activity((y,))
    assert live.guard(kind) == TRUE and live.guard(width) == lift(
        lambda k: k == 0, index_of(kind)
    )
    assert y.attrs["channels"] == where(
        lift(lambda k: k == "a", of_choice(kind)), of_choice(width), constant(24)
    )


def test_equal_operands_decide_nothing() -> None:
    b = Builder("s", b=1, c=4, t=1, h=2, w=2)
    outer, inner = b.choice("outer", "ab"), b.choice("inner", "ab")
    x, z = b.op("x", b.input), b.op("z", b.input)
    chosen = b.select(index_of(inner), x, z)
    live = activity((b.op("out", b.select(index_of(outer), chosen, x)),))
    assert (
        live.guard(outer) == TRUE
    )  # each decides whether the other matters: the first in the text is asked first
    assert live.guard(inner) == lift(lambda o: o == 0, index_of(outer))
    assert not activity((b.select(index_of(outer), x, x),)).choices
    assert live.values[x].table == (
        True,
        False,
        True,
        True,
    )  # by (outer, inner): dead only where z is chosen


def test_a_pick_of_one_is_that_one() -> None:
    b = Builder("s", b=1, c=4, t=1, h=2, w=2)
    subset = b.choice("subset", [(0,), (1,), (0, 1)], "subset")
    weights = tuple(Weight("", f"w[{i}]", (), NORMAL) for i in range(2))
    x, z = b.op("x", b.input), b.op("z", b.input)
    pick = Pick(of_choice(subset), (x, z), "weighted", None, weights, x.shape, b.root)
    live = activity((pick,))
    assert live.values[x].table == (True, False, True) and live.values[z].table == (
        False,
        True,
        True,
    )
    assert live.weights["w[0]", ()].table == (False, False, True)
    graph = b.graph(pick)
    assert fix(graph, {subset: 1}).outputs == (z,)
    both = fix(graph, {subset: 2}).outputs[0]
    assert isinstance(both, Op) and both.inputs == (x, z) and both.weights == weights


def test_a_requirement_is_void_where_a_choice_is_inactive() -> None:
    b = Builder("s", b=1, c=4, t=1, h=2, w=2)
    kind, width = b.choice("kind", "ab"), b.choice("width", [8, 16])
    y = b.op(
        "out",
        b.select(index_of(kind), b.conv(b.input, of_choice(width), at="wide"), b.input),
    )
    narrow = lift(lambda w: w == 16, of_choice(width))
    live = activity((y,))
    assert width not in activity((b.input,)).choices
    assert binding(Requirement(narrow), live) == lift(
        lambda k, w: k == 1 or w == 16, index_of(kind), of_choice(width)
    )
    assert fix(b.graph(y, requirements=(narrow,)), {kind: 1}).requirements == ()


def test_an_operand_that_is_never_picked_stands_for_no_other() -> None:
    b = Builder("s", b=1, c=4)
    a, subset = b.choice("a", range(3)), b.subset("subset", 1, 3)
    x = b.op("x", b.input)
    graph = b.graph(
        b.pick(of_choice(subset), b.input, b.select(index_of(a), b.input, x, x), x)
    )
    assert fix(graph, {a: 1, subset: 2}).outputs == (x,)


def test_what_never_happens_is_removed() -> None:
    b = Builder("s", b=1, c=4, t=1, h=2, w=2)
    a = b.choice("a", "xy")
    never = b.op("never", b.input)
    inner = b.select(index_of(a), never, b.op("z", b.input))
    graph = simplify(b.graph(b.op("out", b.select(index_of(a), b.op("x", b.input), inner))))
    assert {v.name for v in graph.ops()} == {"out", "x", "z"}
    assert sum(isinstance(v, Select) for v in graph.values) == 1


def test_nothing_changes_where_nothing_can() -> None:
    graph = autox3d()
    assert simplify(graph).outputs == graph.outputs
    verify(graph)


def test_fix_ignores_answers_of_inactive_choices() -> None:
    graph = simplify(attention_cell())
    by_path = {c.path: c for c in graph.choices}
    to_f0 = {by_path[f"node[{i}].source"]: 0 for i in (1, 2, 3)}
    assert by_path["kv"] not in fix(graph, to_f0).choices
    assert print_graph(fix(graph, to_f0 | {by_path["kv"]: 1})) == print_graph(
        fix(graph, to_f0)
    )
    verify(fix(graph, to_f0))


def test_a_fixed_expression_is_a_constant() -> None:
    graph = autox3d()
    model = fix(graph, {c: c.size - 1 for c in graph.choices})
    verify(model)
    assert model.kind == "model" and all(
        op.macs.is_constant and all(e.is_constant for e in op.attrs.values())
        for op in model.ops()
    )
    assert isinstance(model.outputs[0], Op) and model.root is graph.root
