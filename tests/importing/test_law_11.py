"""Law 11: model → module, `.pt2` or `.onnx` → import is the model again, up to names.

All of the zoo, minutes long: `ARCHDSL_ALL=1 python -m pytest tests/importing/test_law_11.py`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

pytest.importorskip("torch")

import archdsl
from archdsl.architecture import Architecture
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.importing.capture import capture
from archdsl.importing.imported import Imported, import_captured
from archdsl.importing.pt2 import read as read_pt2
from archdsl_torch.export import examples, export
from tests.importing.likeness import skeleton

SPECS = Path(__file__).parents[2] / "specs" / "zoo"
FEW = ("glore:unit", "glore:r50_lite", "x3d:x3d_xs", "s3d:s3d_g", "i3d:i3d_r50_nl_dot")
# What is the same function and another text, and why.
OTHER = {
    "timesformer": "PyTorch keeps positions in one axis where the text keeps them apart",
    "xvit": "`shift` comes back as the slices that it is computed with",
}


REFUSED = (
    "timesformer:timesformer_sparse_local_global",
)  # it regroups positions across dimensions


def every_model() -> list[str]:
    """The models of the zoo, as `file:name`."""
    found = []
    for file in sorted(SPECS.glob("*.arch")):
        text = file.read_text(encoding="utf-8")
        found += [
            f"{file.stem}:{name}"
            for name in re.findall(r"^model (\w+)", text, re.MULTILINE)
        ]
    return found


def loaded(name: str) -> Architecture:
    file, _, model = name.partition(":")
    try:
        return archdsl.load(f"zoo/{file}.arch:{model}")
    except DiagnosticError as error:
        assert error.diagnostics[0].code == "E0304"
        pytest.skip("it needs parameters")


NAMES = every_model() if os.environ.get("ARCHDSL_ALL") else FEW


def totals(architecture: Architecture) -> tuple[int, int]:
    """Params and MACs."""
    costs = architecture.cost([{}])
    return int(costs["params"][0]), int(costs["macs"][0])


def same(architecture: Architecture, imported: Imported) -> bool:
    return skeleton(architecture.graph) == skeleton(imported.architecture.graph)


@pytest.mark.parametrize("name", NAMES)
def test_a_module_comes_back(name: str) -> None:
    architecture = loaded(name)
    net = archdsl.compile(architecture)
    if name in REFUSED:
        with pytest.raises(DiagnosticError, match="E1401"):
            import_captured(capture(net, examples(architecture.graph)), verify=False)
        return
    imported = import_captured(
        capture(net, examples(architecture.graph), architecture.name), verify=False
    )
    if name.partition(":")[0] in OTHER:
        assert totals(architecture) == totals(imported.architecture)
        return
    assert same(architecture, imported)


def test_a_pt2_comes_back(tmp_path: Path) -> None:
    architecture = loaded("glore:unit")
    path = tmp_path / "unit.pt2"
    export(archdsl.compile(architecture), architecture.graph, path)
    imported = import_captured(read_pt2(path))
    assert imported.verified is not None
    assert same(architecture, imported)


def test_an_onnx_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    from archdsl.importing.onnx_file import read as read_onnx

    architecture = loaded("glore:unit")
    path = tmp_path / "unit.onnx"
    export(archdsl.compile(architecture), architecture.graph, path)
    imported = import_captured(read_onnx(path))
    assert imported.verified is not None
    assert totals(imported.architecture)[1] == totals(architecture)[1]
