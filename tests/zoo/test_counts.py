"""The sizes of the papers' spaces, exact; each number's reading stands in the spec."""

from __future__ import annotations

import pytest

import archdsl


@pytest.mark.parametrize(
    ("reference", "architectures"),
    [
        ("autotsnet:step_1", 3_305_633_223_677_039_345_664_000),
        ("autotsnet:step_2", 70_190_705_178_795_097_980_609_232_896),
        ("autotsnet:step_3", 4096),
        ("autotsnet:auto_tsnet", 950373281924485530010371110118541502906305838133018624000),
        ("autotsnet:manual_tsnet_70", 1),
        ("autox3d:autox3d", 2_772_966_130_520_300_167_135_179_571_200),
        ("attentionnas:attention_cell_gpb", 214_990_848),
        ("attentionnas:attention_structures", 89_120),
        ("attentionnas:i3d_agnostic", 686_951_234_560),
        ("attentionnas:i3d_specific", 686_951_234_560**5),
        ("attentionnas:like_non_local", 1),
        ("timesformer:timesformer_mixed", 5**12),
        ("xvit:xvit_ablation", (1 + 7 * 3 * 3 * 4) * 2 * (1 + 3)),
        ("nas:darts_v2", 1),
    ],
)
def test_the_number_of_architectures(reference: str, architectures: int) -> None:
    name, _, net = reference.partition(":")
    assert archdsl.load(f"zoo/{name}.arch:{net}").count() == architectures


# How many derivable structures keep how many operations.
KEPT = {3: 110, 4: 1170, 5: 7140, 6: 20400, 7: 36900, 8: 21600, 9: 1800}


@pytest.mark.parametrize(
    ("settings", "per_operation"),
    [({}, 1), ({"act": "acts"}, 4), ({"act": "acts", "gate": "[false, true]"}, 8)],
)
def test_activations_and_gates_multiply_the_structures(
    settings: dict[str, str], per_operation: int
) -> None:
    space = archdsl.load("zoo/attentionnas.arch:attention_structures", settings=settings)
    assert space.count() == sum(n * per_operation**kept for kept, n in KEPT.items())
