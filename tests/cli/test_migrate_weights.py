"""`archdsl migrate-weights`: what it prints, and a model that was edited in a repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from safetensors.torch import load_file

from archdsl.syntax.shipped import shipped
from tests.cli.tiny_space import TINY, Run

NET = """arch 1

model net(width = 8) {
  input x: [b, c = 3, h = 8, w = 8]
  y = x -> conv(width, 3x3) as stem -> batch_norm as norm -> relu
  output y -> mean(@hw) -> linear(4) as head
}
"""
EDITED = (
    NET.replace("as stem", "as entry")
    .replace("-> relu", "-> relu -> conv(width, 1) as extra")
    .replace("linear(4)", "linear(6)")
)
SCHEMA = json.loads(
    (shipped("grammar") / "migrate-weights.schema.json").read_text(encoding="utf-8")
)


@pytest.fixture
def old(run: Run) -> Path:
    """`old.arch`, `new.arch` and the weights of the old model."""
    Path("old.arch").write_text(NET, encoding="utf-8")
    Path("new.arch").write_text(EDITED, encoding="utf-8")
    assert run("compile", "old.arch", "--seed", "7", "-o", "old.safetensors").exit_code == 0
    return Path("old.safetensors")


def facts(run: Run, *args: str) -> Any:
    result = run("migrate-weights", *args, "--json", "-o", "new.safetensors")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(printed)
    return printed


def test_what_is_printed(run: Run, old: Path) -> None:
    result = run(
        "migrate-weights",
        "old.safetensors",
        "old.arch",
        "new.arch",
        "-o",
        "new.safetensors",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "net → net: of 350 weights 66.3% inherited, 15.4% in part, 18.3% anew\n"
        "  moved    stem.weight → entry.weight\n"
        "  anew     extra.weight  8×8×1×1\n"
        "  sliced   head.{weight, bias}  4×8 → 6×8, 4 → 6\n"
    )
    assert (
        run(
            "compile", "new.arch", "--weights", "new.safetensors", "-o", "whole.safetensors"
        ).exit_code
        == 0
    )
    assert Path("whole.safetensors").read_bytes() == Path("new.safetensors").read_bytes()
    assert torch.equal(
        load_file("new.safetensors")["entry.weight"],
        load_file("old.safetensors")["stem.weight"],
    )


def test_facts_are_those_of_the_diff(run: Run, old: Path) -> None:
    found = facts(run, "old.safetensors", "old.arch", "new.arch")
    assert (
        found["inherits"]
        == json.loads(run("diff", "old.arch", "new.arch", "--json").stdout)["inherits"]
    )
    head = next(w for w in found["weights"] if w["key"] == "head.weight")
    assert head == {
        "key": "head.weight",
        "how": "sliced",
        "source": "head.weight",
        "before": [4, 8],
        "after": [6, 8],
        "carried": 32,
    }
    back = facts(run, "new.safetensors", "new.arch", "old.arch")
    assert back["dropped"] == ["extra.weight"]


def test_another_seed_starts_the_rest_otherwise(run: Run, old: Path) -> None:
    facts(run, "old.safetensors", "old.arch", "new.arch")
    first = load_file("new.safetensors")
    facts(run, "old.safetensors", "old.arch", "new.arch", "--seed", "3")
    differing = {
        key
        for key, tensor in load_file("new.safetensors").items()
        if not torch.equal(tensor, first[key])
    }
    assert differing == {"extra.weight", "head.weight"}  # a bias starts at 0


def test_formatting_changes_no_byte(run: Run, old: Path) -> None:
    Path("new.arch").write_text(
        NET.replace("  y = x", "  # the stem\n  y   =   x"), encoding="utf-8"
    )
    found = facts(run, "old.safetensors", "old.arch", "new.arch")
    assert {w["how"] for w in found["weights"]} == {"same"}
    assert Path("new.safetensors").read_bytes() == old.read_bytes()


def test_settings_of_either_side_and_what_starts_anew(run: Run, old: Path) -> None:
    wide = "model net(width = 8, classes = 4)"
    text = NET.replace("model net(width = 8)", wide).replace("linear(4)", "linear(classes)")
    Path("new.arch").write_text(text, encoding="utf-8")
    found = facts(
        run,
        "old.safetensors",
        "old.arch",
        "new.arch",
        "--set",
        "classes=6",
        "--anew",
        "head",
    )
    hows = {w["key"]: w["how"] for w in found["weights"]}
    assert {key for key, how in hows.items() if how == "anew"} == {
        "head.weight",
        "head.bias",
    }
    assert found["inherits"] == {
        "same": 8 * 3 * 9 + 16,
        "sliceable": 0,
        "total": 8 * 3 * 9 + 16 + 6 * 9,
    }
    assert set(found["dropped"]) == {"head.weight", "head.bias"}
    assert (
        run(
            "compile", "new.arch", "--set", "classes=6", "-o", "fresh.safetensors"
        ).exit_code
        == 0
    )
    new, fresh = load_file("new.safetensors"), load_file("fresh.safetensors")
    assert torch.equal(new["head.weight"], fresh["head.weight"])
    back = facts(
        run, "new.safetensors", "new.arch", "old.arch", "--set-before", "classes=6"
    )
    assert {w["how"] for w in back["weights"] if "head" not in w["key"]} == {"same"}
    for args, says in (
        (("--anew", "haed"), "E0988"),
        (("--set", "classes"), "E0908"),
        (("--set", "a=1"), "E0"),
    ):
        result = run(
            "migrate-weights",
            "old.safetensors",
            "old.arch",
            "new.arch",
            *args,
            "-o",
            "n.safetensors",
        )
        assert (
            result.exit_code in (1, 2)
            and says in result.stderr
            and not Path("n.safetensors").exists()
        )


def test_a_stem_is_found_in_another_block(run: Run, old: Path) -> None:
    """A convolution that a block has become part of is still the one that reads the picture."""
    block = "block enter(width) = conv(width, 5x5) as conv -> batch_norm as norm\n\nmodel"
    text = NET.replace("model", block).replace(
        "conv(width, 3x3) as stem -> batch_norm as norm", "enter(width) as stem"
    )
    Path("new.arch").write_text(text, encoding="utf-8")
    found = facts(run, "old.safetensors", "old.arch", "new.arch")
    stem = next(w for w in found["weights"] if w["key"] == "stem.conv.weight")
    assert (stem["how"], stem["source"]) == ("sliced", "stem.weight")
    centre = load_file("new.safetensors")["stem.conv.weight"][:, :, 1:4, 1:4]
    assert torch.equal(centre, load_file("old.safetensors")["stem.weight"])


def test_from_another_revision(run: Run, old: Path) -> None:
    Path("new.arch").write_text(NET, encoding="utf-8")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (
        ("init", "-q"),
        ("add", "new.arch"),
        (*identity, "commit", "-q", "-m", "first"),
    ):
        subprocess.run(["git", *command], check=True)
    Path("new.arch").write_text(EDITED, encoding="utf-8")
    assert (
        facts(run, "old.safetensors", "HEAD:new.arch:net", "new.arch")["weights"][0][
            "source"
        ]
        == "stem.weight"
    )


def test_genotypes_are_models(run: Run, tiny: Path) -> None:
    assert (
        run(
            "compile", "tiny.arch:tiny", "--genotype", "small", "-o", "old.safetensors"
        ).exit_code
        == 0
    )
    found = facts(run, "old.safetensors", "tiny.arch:small", "tiny.arch:large")
    assert (
        found["weights"][0]["how"] == "sliced"
        and found["inherits"]["sliceable"] == 8 * 3 * 9
    )
    centre = load_file("new.safetensors")["stem.weight"][:, :, 1:2, 1:2]
    assert torch.equal(centre, load_file("old.safetensors")["stem.weight"])


def test_what_cannot_be_asked(run: Run, old: Path) -> None:
    Path("tiny.arch").write_text(TINY, encoding="utf-8")
    Path("broken.safetensors").write_bytes(old.read_bytes()[:99])
    before = sorted(Path().iterdir())
    for args, code, says in (
        (("old.safetensors", "new.arch", "old.arch"), 2, "E0952"),
        (("nothing.safetensors", "old.arch", "new.arch"), 2, "E0901"),
        (("broken.safetensors", "old.arch", "new.arch"), 2, "E0951"),
        ((".", "old.arch", "new.arch"), 2, "E0902"),
        (("old.safetensors", "old.arch", "tiny.arch:tiny"), 2, "E0950"),
        (("old.safetensors", "old.arch", "HEAD~1:new.arch"), 2, "E0901"),
        (("old.safetensors", "old.arch"), 2, "Usage"),
    ):
        result = run("migrate-weights", *args, "-o", "new.safetensors")
        assert result.exit_code == code and says in result.stderr, result.output
    assert (
        run(
            "migrate-weights", "old.safetensors", "old.arch", "new.arch", "-o", "new.pt"
        ).exit_code
        == 2
    )
    assert (
        run(
            "migrate-weights",
            "old.safetensors",
            "old.arch",
            "new.arch",
            "-o",
            "no/new.safetensors",
        ).exit_code
        == 2
    )
    assert sorted(Path().iterdir()) == before
