"""Compiled models: names, provenance, how weights start, files of weights, exports, and the static counts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from sample_models import MODELS, transformer
from small_models import Net

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source, Span
from archdsl.ir.choice import Alternative, Choice
from archdsl.ir.expr import constant
from archdsl.ir.graph import Graph, Init, Input, Op, Pick
from archdsl.ir.instance import key
from archdsl_lowering.fixed import lower, lowered, nominal, settled
from archdsl_lowering.rows.layers import functional
from archdsl_lowering.rows.site import Emitter, Form, Site, Value, output
from archdsl_lowering.rows.sizes import Sizes
from archdsl_lowering.schedule import schedule
from archdsl_torch import compile as compile_model
from archdsl_torch import count, write
from archdsl_torch.export import examples, exported
from archdsl_torch.initialise import fill
from archdsl_torch.model import construct
from archdsl_torch.names import resolve
from archdsl_torch.weights import load, read

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@every_model
def test_static_counts_are_those_of_the_module(model: Callable[[], Graph]) -> None:
    graph = model()
    compiled = compile_model(graph, meta=True)
    assert all(p.is_meta for p in compiled.parameters())
    assert count.params(compiled) == sum(
        prod(n.value for n in w.shape) for w in graph.weights().values()
    )
    assert count.macs(compiled, graph) == sum(op.macs.value for op in graph.ops())


@every_model
def test_keys_are_paths(model: Callable[[], Graph]) -> None:
    graph = model()
    compiled = compile_model(graph, meta=True)
    expected = {
        key(w.full_name): tuple(n.value for n in w.shape) for w in graph.weights().values()
    }
    assert {name: tuple(p.shape) for name, p in compiled.named_parameters()} == expected


@every_model
def test_order_keeps_dependencies_and_instances_together(
    model: Callable[[], Graph],
) -> None:
    graph = model()
    values, dissolved = schedule(graph)
    assert set(values) == {v for v in graph.values if not isinstance(v, Input)}
    assert {s.path for s in dissolved} == ({"outer"} if graph.name == "cell" else set())
    seen: set[Any] = set(graph.inputs)
    for value in values:
        assert isinstance(value, Op)
        assert seen.issuperset(value.inputs)
        seen.add(value)


@every_model
def test_no_shape_but_the_batch_is_read(model: Callable[[], Graph]) -> None:
    compiled = compile_model(model(), meta=True)
    sizes = [
        n
        for n in compiled.graph.nodes
        if n.op == "call_method" and n.target in ("size", "shape", "dim")
    ]
    assert all(n.args[1:] == (0,) for n in sizes)


@every_model
def test_export_takes_any_batch_and_keeps_provenance(model: Callable[[], Graph]) -> None:
    graph = model()
    compiled = compile_model(graph).eval()
    program = exported(compiled, graph)
    inputs = examples(graph, batch=3)
    for x in inputs:
        x.normal_()
    ours, theirs = compiled(*inputs), program.module()(*inputs)
    for a, b in zip(
        *((r,) if isinstance(r, torch.Tensor) else r for r in (ours, theirs)), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    named = {n.meta.get("custom", {}).get("path") for n in program.graph.nodes}
    assert {
        op.instance.path for op in graph.ops() if op.name in ("conv", "linear", "attend")
    } <= named


def test_nodes_know_their_place() -> None:
    text = Source("net.arch", "arch 1\noutput x -> relu")
    net = Net()
    relu = net.op("relu", net.input("bc", c=2))
    placed = Op(
        relu.name,
        relu.inputs,
        relu.attrs,
        relu.shape,
        (),
        relu.macs,
        relu.instance,
        Span(text, 19, 23),
    )
    compiled = compile_model(net.graph(placed))
    (node,) = (n for n in compiled.graph.nodes if n.op == "call_function")
    assert node.meta["custom"] == {"path": "relu", "span": "net.arch:2:13", "op": "relu"}


def test_a_weight_depends_on_its_name_and_the_seed_alone() -> None:
    def net(extra: bool) -> torch.nn.Module:
        made = Net()
        x: Any = made.input("bc", c=4)
        if extra:
            x = made.op("linear", x, name="before", width=4)
        return compile_model(made.graph(made.op("linear", x, name="head", width=3)), seed=5)

    assert torch.equal(net(False).head.weight, net(True).head.weight)
    again = compile_model(transformer(), seed=5).state_dict()
    assert all(
        torch.equal(v, again[k])
        for k, v in compile_model(transformer(), seed=5).state_dict().items()
    )
    assert not torch.equal(
        again["head.weight"],
        compile_model(transformer(), seed=6).state_dict()["head.weight"],
    )


@pytest.mark.parametrize(
    ("init", "std", "bound"),
    [
        (Init("normal", (0.3,)), 0.3, None),
        (Init("trunc_normal", (0.02,)), 0.02, 2),
        (Init("uniform", (0.5,)), 0.5 / 3**0.5, 0.5),
        (Init("msra"), (2 / (64 * 9)) ** 0.5, None),
        (Init("xavier"), (2 / (9 * (64 + 32))) ** 0.5, (6 / (9 * 96)) ** 0.5),
        (Init("fan_in"), (1 / (3 * 32 * 9)) ** 0.5, (32 * 9) ** -0.5),
        (Init("constant", (0.25,)), 0, 0.25),
    ],
)
def test_initialisers(init: Init, std: float, bound: float | None) -> None:
    weight = torch.empty(64, 32, 3, 3)
    fill(weight, init, 0, "w")
    assert weight.std().item() == pytest.approx(std, rel=0.02, abs=1e-6)
    assert weight.mean().item() == pytest.approx(
        0.25 if init.name == "constant" else 0, abs=3e-3
    )
    if bound is not None:
        assert weight.abs().max() <= bound


def test_batch_norm_starts_with_fresh_statistics_and_its_gamma() -> None:
    net = Net()
    graph = net.graph(net.op("batch_norm", net.input("bc", c=3), name="bn", gamma=0))
    state = compile_model(graph).state_dict()
    expected = {
        "weight": [0] * 3,
        "bias": [0] * 3,
        "running_mean": [0] * 3,
        "running_var": [1] * 3,
        "num_batches_tracked": 0,
    }
    assert {k: v.tolist() for k, v in state.items()} == {
        f"bn.{k}": v for k, v in expected.items()
    }


def test_shared_layers_are_one() -> None:
    compiled = compile_model(transformer())
    assert [
        n.target
        for n in compiled.graph.nodes
        if n.op == "call_module" and "feed" in n.target
    ] == [
        "feed.fc1",
        "feed.fc2",
    ] * 2


def test_open_choices_are_refused() -> None:
    graph = transformer()
    choice = Choice("width", (Alternative("1", 1), Alternative("2", 2)), "list", 0)
    space = Graph(
        "s",
        "space",
        graph.inputs,
        graph.outputs,
        graph.values,
        (choice,),
        (),
        (),
        graph.root,
    )
    with pytest.raises(DiagnosticError, match=r"E0950.*width"):
        compile_model(space)


@pytest.mark.parametrize(
    ("combine", "chosen", "keys"),
    [
        ("sum", (0, 2), []),
        ("weighted", (0, 2), ["mix.weight"]),
        ("weighted", (1,), []),
        ("concat", (2, 1), []),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_picks(combine: Any, chosen: tuple[int, ...], keys: list[str], whole: bool) -> None:
    net = Net()
    inputs = [net.input("bc", f"x{i}", c=2) for i in range(3)]
    size = 3 if whole else len(chosen)
    like = net.op("weighted_sum", *inputs[:size], name="mix")
    shape = {**inputs[0].shape, "c": constant(4 if combine == "concat" else 2)}
    pick = Pick(
        constant(chosen),
        tuple(inputs),
        combine,
        "c" if combine == "concat" else None,
        like.weights if keys else (),
        shape,
        like.instance,
    )
    compiled = compile_model(net.graph(pick))
    assert [*compiled.state_dict()] == keys
    x = [torch.randn(2, 2) for _ in inputs]
    if combine == "concat":
        expected = torch.cat([x[i] for i in chosen], 1)
    else:
        weight = torch.rand(size)
        if keys:
            compiled.mix.weight.data.copy_(weight)
        factors = [weight[i if whole else n] if keys else 1 for n, i in enumerate(chosen)]
        expected = sum(f * x[i] for f, i in zip(factors, chosen, strict=True))  # type: ignore[assignment]
    torch.testing.assert_close(compiled(*x), expected)


@every_model
@pytest.mark.parametrize("training", [True, False])
def test_modules_and_their_functions_agree(
    model: Callable[[], Graph], training: bool
) -> None:
    for module in lower(model()).modules.values():
        made = construct(module).train(training)
        sizes = module.args[0] if isinstance(module.args[0], tuple) else (module.args[0],)
        x = (
            torch.randn(2, 3)
            if module.type.endswith("Dropout")
            else torch.randn(2, *sizes, *(5,) * _spatial(module.type))
        )
        torch.manual_seed(0)
        target, args = functional(module, x, dict(made.state_dict()), training)
        result = resolve(target)(*args)
        torch.manual_seed(0)
        assert torch.equal(made(x), result)


def _spatial(name: str) -> int:
    return int(name[-2]) if name.endswith("d") and name[-2].isdigit() else 0


def test_weights_go_through_files(tmp_path: Path) -> None:
    graph = transformer()
    trained = compile_model(graph, seed=1)
    torch.save(trained.state_dict(), tmp_path / "w.pt")
    write(graph, tmp_path / "w.safetensors", seed=1)
    for name in ("w.pt", "w.safetensors"):
        loaded = compile_model(graph, weights=tmp_path / name)
        assert all(
            torch.equal(v, trained.state_dict()[k]) for k, v in loaded.state_dict().items()
        )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["w.pt", "w.safetensors"]


def test_weights_that_do_not_fit_are_listed() -> None:
    model = compile_model(transformer())
    state = dict(model.state_dict())
    state["head.wieght"] = state.pop("head.weight")
    state["cls"] = torch.zeros(9)
    before = model.block.get_submodule("0").mlp.fc1.weight.clone()
    state["block.0.mlp.fc1.weight"] = before + 1
    with pytest.raises(DiagnosticError) as raised:
        load(model, state)
    message = raised.value.diagnostics[0].message
    assert raised.value.diagnostics[0].code == "E0952"
    for part in (
        "1 missing (head.weight)",
        "1 unknown (head.wieght)",
        "1 of another shape (cls is 9, not 8)",
    ):
        assert part in message
    assert torch.equal(model.block.get_submodule("0").mlp.fc1.weight, before)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("w.safetensors", b"nonsense"),
        ("w.pt", b"nonsense"),
        ("w.pt", b""),
        ("w.safetensors", b""),
    ],
)
def test_damaged_weights_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DiagnosticError, match="E0951"):
        read(tmp_path / name)


def test_pickled_code_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("module.pt", "list.pt"):
        with pytest.raises(DiagnosticError, match="E0951"):
            read(tmp_path / name)
    with pytest.raises(DiagnosticError, match="E0901"):
        read(tmp_path / "missing.pt")


def test_pt2_is_the_model(tmp_path: Path) -> None:
    graph = MODELS["convolutional"]()
    write(graph, tmp_path / "net.pt2", seed=2)
    x = torch.randn(3, 3, 4, 16, 16)
    loaded = torch.export.load(tmp_path / "net.pt2").module()
    torch.testing.assert_close(loaded(x), compile_model(graph, seed=2).eval()(x))


@pytest.mark.parametrize("name", MODELS)
def test_onnx_is_the_model(name: str, tmp_path: Path) -> None:
    """In a runtime that knows nothing of PyTorch, for batches of another size than it was exported with."""
    runtime = pytest.importorskip(
        "onnxruntime", reason="needs ONNX Runtime: pip install onnxruntime"
    )
    pytest.importorskip(
        "onnxscript", reason="needs ONNX Script: pip install 'archdsl[onnx]'"
    )
    graph = MODELS[name]()
    write(graph, tmp_path / "net.onnx", seed=2)
    session = runtime.InferenceSession(tmp_path / "net.onnx")
    assert [i.name for i in session.get_inputs()] == [i.name for i in graph.inputs]
    inputs = [
        torch.randn([3 if d == "b" else i.shape[d].value for d in i.dims])
        for i in graph.inputs
    ]
    found = session.run(
        None, {i.name: x.numpy() for i, x in zip(graph.inputs, inputs, strict=True)}
    )
    expected = compile_model(graph, seed=2).eval()(*inputs)
    for ours, theirs in zip(
        found, expected if isinstance(expected, tuple) else (expected,), strict=True
    ):
        torch.testing.assert_close(torch.from_numpy(ours), theirs, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for path, code in [
        ("net.onnx", "E0911"),
        ("net.xyz", "E0904"),
        ("none/net.pt2", "E0903"),
    ]:
        with pytest.raises(DiagnosticError, match=code):
            write(MODELS["reasoning"](), tmp_path / path)
    assert not list(tmp_path.iterdir())


def test_channels_last_changes_memory_alone() -> None:
    graph = MODELS["convolutional"]()
    plain = compile_model(graph).eval()
    last = compile_model(graph, memory_format="channels_last").eval()
    assert last.stem.weight.is_contiguous(memory_format=torch.channels_last_3d)
    x = torch.randn(2, 3, 4, 16, 16)
    torch.testing.assert_close(
        last(x.contiguous(memory_format=torch.channels_last_3d)),
        plain(x),
        rtol=1e-4,
        atol=1e-5,
    )


def test_lowering_does_not_import_torch() -> None:
    here = Path(__file__).parent
    program = (
        f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parents[1])!r}, {str(here.parents[1] / 'backends')!r}]\n"
        "from sample_models import transformer\nimport archdsl_torch\nfrom archdsl_lowering.fixed import lower\nlower(transformer())\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_rows_also_run_at_once() -> None:
    """Another emitter computes as it goes: this is how supergraphs use the same table."""

    class Eager:
        scope = None

        def __init__(self, weights: dict[str, torch.Tensor]) -> None:
            self.weights = weights

        def visible(self, scope: Any) -> bool:
            return True

        def function(self, target: str, *args: Any, **kwargs: Any) -> Any:
            return resolve(target)(*args, **kwargs)

        def method(self, target: str, *args: Any) -> Any:
            return getattr(args[0], target)(*args[1:])

        def layer(self, module: Any, x: Any) -> Any:
            target, args = functional(module, x, self.weights, True)
            return resolve(target)(*args)

        def weight(self, name: str) -> Any:
            return self.weights[name]

    net = Net()
    x = net.input("bcthw", c=3, t=2, h=4, w=4)
    op = net.op("conv", x, name="conv", channels=5, kernel=3, bias=True)
    model = compile_model(net.graph(op))
    emitter: Emitter = Eager(dict(model.conv.named_parameters()))
    tensor = torch.randn(2, 3, 2, 4, 4)
    given = Value(
        Sizes({"b": 1, "c": 3, "t": 2, "h": 4, "w": 4}), [Form(tensor, tuple("bcthw"))]
    )
    found = lowered(op, [given], Sizes(nominal(op, settled)), emitter, settled)
    assert torch.equal(
        output(Site("output", (), {}, found.sizes, emitter), found), model(tensor)
    )
