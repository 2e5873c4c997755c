"""The sampled supergraph: what may be asked of it, what its weights are called, and that it does nothing that
is not chosen.
"""

from __future__ import annotations

import copy
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import archdsl_torch
from archdsl.architecture import Architecture
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source
from archdsl.elaborate.files.importer import Importer
from archdsl.elaborate.files.project import Project
from archdsl.ir.graph import Graph
from archdsl.syntax.shipped import shipped
from archdsl_torch.recalibrate import recalibrate
from archdsl_torch.supergraph import supergraph
from archdsl_torch.supergraph.base import Supergraph

BODY = """
  kernel ~ [1x3, 3x3]
  width  ~ 4..12 by 4
  expand ~ 1.5..3.0 by 0.5
  x = x -> conv(int(width * expand), kernel) as widen -> batch_norm as norm -> relu -> conv(width) as narrow
  op ~ [skip: identity, mix: conv(x.c, 3)]
  x = x + (x -> op)
  output x -> mean(@hw) -> linear(5) as head
"""


def space(body: str = BODY) -> Graph:
    """A space that takes an image of 3 channels."""
    importer = Importer(shipped("specs"))
    text = f"arch 1\nspace s {{\n  input x: [b, c = 3, h = 6, w = 6]\n{body}}}\n"
    return (
        Project(importer)
        .elaborate(importer.load_text(Source("s.arch", text), Path(".")), "s")
        .graph
    )


def images(n: int = 2) -> torch.Tensor:
    return torch.randn(n, 3, 6, 6, generator=torch.Generator().manual_seed(0))


def genotype(**answers: str) -> dict[str, str]:
    return {"kernel": "3x3", "width": "8", "expand": "2.0", "op": "skip", **answers}


def sampled(body: str = BODY, **options: Any) -> Supergraph:
    return supergraph(space(body), "sampled", **options)


def test_weights_have_the_names_and_shapes_of_the_space() -> None:
    shapes = {
        name: tuple(p.shape)
        for name, p in sampled().named_parameters()
        if name.startswith("weights.")
    }
    assert shapes == {
        "weights.widen.weight::1x3": (36, 3, 1, 3),
        "weights.widen.weight::3x3": (36, 3, 3, 3),
        "weights.norm.weight": (36,),
        "weights.norm.bias": (36,),
        "weights.narrow.weight": (12, 36, 1, 1),
        "weights.op.mix.weight": (12, 12, 3, 3),
        "weights.head.weight": (5, 12),
        "weights.head.bias": (5,),
    }


def test_without_choices_the_weights_are_those_of_the_model() -> None:
    body = "  output x -> conv(8, 3) as a -> batch_norm as n -> relu -> mean(@hw) -> linear(5) as head\n"
    net = archdsl_torch.compile(space(body), seed=4)
    above = sampled(body, seed=4)
    assert {n: p.tolist() for n, p in above.weights.named_parameters()} == {
        n: p.tolist() for n, p in net.named_parameters()
    }


def test_weights_start_by_the_seed_and_their_own_name() -> None:
    one, other = sampled(seed=1), sampled(BODY.replace("[1x3, 3x3]", "[3x3, 5x5]"), seed=1)
    first, second = (dict(s.weights.named_parameters()) for s in (one, other))
    for name in first.keys() & second.keys():
        assert torch.equal(first[name], second[name])
    assert "widen.weight::3x3" in first.keys() & second.keys()
    assert not torch.equal(
        first["widen.weight::3x3"],
        dict(sampled(seed=2).weights.named_parameters())["widen.weight::3x3"],
    )


def test_kernels_in_the_centre() -> None:
    above = sampled(BODY.replace("[1x3, 3x3]", "[1x3, 3x3, 5x1]"), kernels="centre")
    weight = dict(above.weights.named_parameters())["widen.weight"]
    assert weight.shape == (36, 3, 5, 3)
    above.set(genotype(kernel="1x3", width="12", expand="3.0"))
    above(images()).sum().backward()
    assert weight.grad is not None
    reached = weight.grad.abs().sum((0, 1)) > 0
    assert reached.tolist() == [
        [False] * 3,
        [False] * 3,
        [True] * 3,
        [False] * 3,
        [False] * 3,
    ]


def test_expansion_and_width_make_a_grid() -> None:
    """The hidden channels are those of the expansion's window times those of the width's: |hidden| = e ·
    C.
    """
    above = sampled(channels="naive")
    above.set(genotype(width="8", expand="2.0"))
    above(images()).sum().backward()
    weight = above.weights.norm.bias.grad
    # 4..12 by 4 are 1 to 3 of 3 parts; 1.5..3.0 by 0.5 are 3 to 6 of 6 units; a part times a unit is 2
    # channels.
    expected = [(c * 6 + e) * 2 + i for c in range(2) for e in range(4) for i in range(2)]
    assert above.layouts.taken(
        _weight(above, "norm.bias"), above.assignment(genotype()), ()
    ) == (tuple(expected),)
    assert set(weight.nonzero().flatten().tolist()) <= set(expected)


def _weight(above: Supergraph, name: str) -> Any:
    return next(w for w in above.space.weights().values() if w.full_name == name)


def test_what_is_settled_stays_while_the_rest_is_drawn() -> None:
    above = sampled()
    above.set({"kernel": "1x3", "width": "4"})
    generator = torch.Generator().manual_seed(3)
    drawn = [above.sample(generator) for _ in range(12)]
    assert {g["kernel"] for g in drawn} == {"1x3"} and {g["width"] for g in drawn} == {"4"}
    assert {g["op"] for g in drawn} == {"skip", "mix"}
    above(images())
    above.set({})
    assert {above.sample(generator)["kernel"] for _ in range(12)} == {"1x3", "3x3"}


def test_what_is_asked_of_the_distribution_knows_what_is_settled() -> None:
    above = sampled()
    above.set(genotype(width="12"))
    assert float(above.entropy().detach()) == 0
    assert (
        above.expected_macs().item()
        == Architecture(above.space).cost([genotype(width="12")])["macs"][0]
    )
    assert dict(above.genotype()) == genotype(width="12")
    assert above.log_prob(genotype(width="12")).item() == 0
    assert above.probabilities()["width"] == {"4": 0, "8": 0, "12": 1}


def test_wrong_and_missing_answers() -> None:
    above = sampled()
    above.set(genotype())
    before = above(images())
    for wrong, code in (({"heigth": "3"}, "E0601"), ({"width": "5"}, "E0602")):
        with pytest.raises(DiagnosticError, match=code):
            above.set(wrong)
    assert torch.equal(above(images()), before)
    above.set({"width": "8"})
    with pytest.raises(DiagnosticError, match="E0603"):
        above(images())
    with pytest.raises(DiagnosticError, match="E0603"):
        above.extract({"width": "8"})
    above.set(genotype())
    assert torch.equal(above(x=images()), before)
    for inputs, named in (
        ((), {}),
        ((images(),), {"x": images()}),
        ((images(), images()), {}),
        ((images(),), {"y": 1}),
    ):
        with pytest.raises(TypeError, match="takes x"):
            above(*inputs, **named)


def test_too_many_copies_of_one_weight() -> None:
    lists = "".join(f"  w{i} ~ [1, 2, 3, 4]\n" for i in range(6))
    parts = ", ".join(f"x -> conv(w{i}) as a{i}" for i in range(6))
    with pytest.raises(
        DiagnosticError, match=r"E1001.*`head\.weight` would have 4,096 copies"
    ):
        sampled(f"{lists}  output [{parts}] -> concat(@c) -> conv(3) as head\n")


def test_no_work_beside_what_is_chosen() -> None:
    above = sampled().to("meta")
    for one in (genotype(), genotype(kernel="1x3", op="mix", width="4")):
        above.set(one)
        with FlopCounterMode(display=False) as counter:
            above(torch.empty(1, 3, 6, 6, device="meta"))
        assert (
            counter.get_total_flops() // 2
            == Architecture(above.space).cost([one])["macs"][0]
        )


class _Living(TorchDispatchMode):
    """The most results that were alive at once."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._living: weakref.WeakSet[torch.Tensor] = weakref.WeakSet()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        if isinstance(found, torch.Tensor):
            self._living.add(found)
        self.most = max(self.most, len(self._living))
        return found


def test_results_are_let_go_after_their_last_use() -> None:
    """However deep a chain is, no more of it is alive at once."""
    most = []
    for depth in (3, 12):
        turns = (
            f"  for i in range({depth}) as turn {{ x = x -> conv(3, 3) as c -> relu }}\n"
        )
        above = sampled(f"{turns}  width ~ 4..8 by 4\n  output x -> conv(width) as last\n")
        above.set({"width": "4"})
        with torch.no_grad(), _Living() as living:
            above(images())
        most.append(living.most)
    assert most[0] == most[1] <= 5


def test_one_weight_of_several_layers_that_read_different_channels() -> None:
    """Their axes differ, so it opens a window by its size; both layers read the same numbers."""
    body = """
  width ~ 2..6 by 2
  common = shared conv(4, 1)
  a, b = (x -> conv(width) as a, x -> conv(2) as pair)
  b = [b, x -> conv(width) as b -> take(c = 0..width - 2)] -> concat(@c)
  output (a -> common) + (b -> take(c = 0..width - 1) -> common)
"""
    above = sampled(body)
    for width in ("2", "4", "6"):
        above.set({"width": width})
        net = archdsl_torch.compile(
            Architecture(above.space).fix({"width": width}).graph,
            weights=above.extract({"width": width}),
        )
        assert torch.equal(above(images()), net(images()))


def test_extracted_weights_are_copies() -> None:
    above = sampled()
    state = above.extract(genotype())
    before = {n: p.clone() for n, p in above.weights.named_parameters()}
    for tensor in state.values():
        tensor.add_(1)
    assert all(torch.equal(p, before[n]) for n, p in above.weights.named_parameters())
    assert state["norm.num_batches_tracked"] == 1 and not any(
        t.requires_grad for t in state.values()
    )


def test_copies_conversions_and_saved_states() -> None:
    above = sampled(seed=1)
    above.set(genotype(op="mix"))
    twin = copy.deepcopy(above)
    assert torch.equal(twin(images()), above(images()))
    other = sampled(seed=2)
    other.load_state_dict(above.state_dict(), assign=True)
    other.set(genotype(op="mix"))
    assert torch.equal(other(images()), above(images()))
    with torch.no_grad():
        next(twin.weight_parameters()).add_(1)
    assert not torch.equal(next(twin.weight_parameters()), next(above.weight_parameters()))
    double = copy.deepcopy(above).double()
    assert double(images().double()).dtype == torch.float64
    assert all(
        t.dtype == torch.float64
        for n, t in double.extract(genotype()).items()
        if not n.endswith("tracked")
    )


def test_statistics_are_averages_over_the_batches() -> None:
    above = sampled()
    net = archdsl_torch.compile(
        Architecture(above.space).fix(genotype()).graph, weights=above.extract(genotype())
    ).train()
    batches = [images(n) for n in (2, 3, 5)]
    seen: list[torch.Tensor] = []
    hook = net.norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    assert recalibrate(net, batches) == 3
    hook.remove()
    means = torch.stack([x.mean((0, 2, 3)) for x in seen]).mean(0)
    variances = torch.stack([x.var((0, 2, 3)) for x in seen]).mean(0)
    torch.testing.assert_close(net.norm.running_mean, means)
    torch.testing.assert_close(net.norm.running_var, variances)
    assert net.training and net.norm.training and net.norm.momentum == 0.1
    with pytest.raises(ValueError, match="no batch"):
        recalibrate(net, [])
