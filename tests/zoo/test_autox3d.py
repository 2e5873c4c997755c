"""AutoX3D: its size from the table's numbers, and its architectures against a plain statement with the
genotype's widths.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from agreement import assert_same
from plain_autox3d import AutoX3D, Group
from totals import counted, static

import archdsl
from archdsl.questions.cost import extremes

TABLE = yaml.safe_load(Path(__file__).with_name("autox3d_table.yaml").read_text())
KERNELS = [(t, s, s) for t in TABLE["kernel"]["t"] for s in TABLE["kernel"]["s"]]
CLIP = (1, 3, TABLE["frames"], TABLE["size"], TABLE["size"])
FAMILY = {"autox3d_s": (13, 160, 1), "autox3d_m": (16, 224, 1), "autox3d_l": (16, 312, 2)}


def numbers(low: float, high: float, step: float) -> list[float]:
    return [low + step * i for i in range(round((high - low) / step) + 1)]


def groups(genotype: Mapping[str, str], deeper: int = 1) -> list[Group]:
    """The rows of the table with the answers of a genotype."""
    return [
        Group(
            tuple(int(k) for k in genotype[f"group[{i}].kernel"].split("x")),  # type: ignore[arg-type]
            int(genotype[f"group[{i}].channels"]),
            float(genotype[f"group[{i}].expand"]),
            genotype[f"group[{i}].attention"] == "glore",
            row["N"] * deeper,
            row["S"],
        )
        for i, row in enumerate(TABLE["groups"])
    ]


def plain_counts(rows: list[Group], *clip: int) -> tuple[int, int]:
    with torch.device("meta"):
        module = AutoX3D(rows, clip[2], clip[3])
    return counted(module, *clip)


@pytest.fixture(scope="module")
def space() -> Any:
    return archdsl.load("zoo/autox3d.arch:autox3d")


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """The answers of `example_s`, read off the text."""
    from archdsl.diagnostics.source import Source
    from archdsl.syntax import ast
    from archdsl.syntax.parser import parse
    from archdsl.syntax.shipped import shipped

    file, _ = parse(Source("autox3d", (shipped("specs") / "zoo/autox3d.arch").read_text()))
    genotype = next(d for d in file.declarations if isinstance(d, ast.Genotype))
    return {
        f"{g.path.span.text}.{e.path.span.text}": e.value.span.text
        for g in genotype.edits
        for e in g.edits
    }  # type: ignore[union-attr]


def test_the_number_of_architectures_is_the_product_of_the_table(space: Any) -> None:
    choices = len(KERNELS) * len(numbers(*TABLE["expansion"])) * len(TABLE["attention"])
    product = prod(choices * len(numbers(*row["ch"])) for row in TABLE["groups"])
    assert space.count() == product == 2_772_966_130_520_300_167_135_179_571_200


def test_the_domains_are_those_of_the_table(space: Any) -> None:
    domains = {c.path: [a.value for a in c.alternatives] for c in space.graph.choices}
    assert len(domains) == 44
    for i, row in enumerate(TABLE["groups"]):
        assert sorted(domains[f"group[{i}].kernel"]) == sorted(KERNELS)
        assert domains[f"group[{i}].expand"] == numbers(*TABLE["expansion"])
        assert domains[f"group[{i}].channels"] == numbers(*row["ch"])
        assert domains[f"group[{i}].attention"] == ["identity", "glore"]


def test_the_least_and_the_greatest_cost(space: Any) -> None:
    """Every cost grows with every answer, so the extremes are the table's corners."""
    corners = [
        [
            Group(
                KERNELS[-end],
                row["ch"][end],
                TABLE["expansion"][end],
                bool(end),
                row["N"],
                row["S"],
            )
            for row in TABLE["groups"]
        ]
        for end in (0, 1)
    ]
    least, most = (plain_counts(rows, *CLIP) for rows in corners)
    assert extremes(space.graph, "params") == (least[0], most[0])
    assert extremes(space.graph, "macs") == (least[1], most[1])


@pytest.mark.parametrize("name", FAMILY)
def test_the_family_counts_as_the_plain_statement(
    name: str, example: dict[str, str]
) -> None:
    frames, size, deeper = FAMILY[name]
    assert static(archdsl.load(f"zoo/autox3d.arch:{name}")) == plain_counts(
        groups(example, deeper), 1, 3, frames, size, size
    )


def test_sampled_architectures_count_as_the_plain_statement(space: Any) -> None:
    for genotype in space.samples(8, seed=3):
        params, macs = plain_counts(groups(genotype), *CLIP)
        assert static(space.fix(genotype)) == (params, macs)
        cost = space.cost([genotype])
        assert (int(cost["params"][0]), int(cost["macs"][0])) == (params, macs)


def test_an_architecture_is_the_function_of_the_plain_statement() -> None:
    """A narrow one, with every kernel and both attentions, on a small clip."""
    space = archdsl.load(
        "zoo/autox3d.arch:autox3d", settings={"frames": "2", "size": "32", "classes": "5"}
    )
    genotype: dict[str, str] = {}
    for i, row in enumerate(TABLE["groups"]):
        genotype[f"group[{i}].kernel"] = "x".join(map(str, KERNELS[i % len(KERNELS)]))
        genotype[f"group[{i}].channels"] = str(row["ch"][0] + row["ch"][2] * (i % 2))
        genotype[f"group[{i}].expand"] = str(1.5 + 0.75 * (i % 2))
        genotype[f"group[{i}].attention"] = ("identity", "glore")[i % 2]
    plain = AutoX3D(groups(genotype), 2, 32, 5)
    clip = torch.randn(2, 3, 2, 32, 32, generator=torch.Generator().manual_seed(1))
    assert_same(
        archdsl.compile(space.fix(genotype)),
        plain,
        {k: k for k in plain.state_dict()},
        clip,
        training=True,
    )
