"""What commands print as facts: exact numbers, and JSON as the schemas have it."""

from __future__ import annotations

import json
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archdsl.syntax.shipped import shipped
from tests.cli.tiny_space import TINY, Run


@cache
def schema(name: str) -> jsonschema.Draft202012Validator:
    loaded = json.loads(
        (shipped("grammar") / f"{name}.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


def facts(run: Run, name: str, *args: str, exit_code: int = 0) -> Any:
    """The JSON that a command prints, valid by its schema."""
    result = run(*args)
    assert result.exit_code == exit_code, result.output
    printed = json.loads(result.stdout)
    schema(name).validate(printed)
    return printed


@pytest.mark.parametrize(
    ("model", "size", "params", "macs"),
    [
        ("x3d_s", "1x3x13x160x160", 3_794_274, 1_962_892_112),
        ("x3d_m", "1x3x16x224x224", 3_794_274, 4_732_468_736),
        ("x3d_xs", "1x3x4x160x160", 3_794_274, 605_256_512),
    ],
)
def test_summary_of_x3d_is_exact(
    run: Run, model: str, size: str, params: int, macs: int
) -> None:
    summary = facts(
        run,
        "summary",
        "summary",
        f"zoo/x3d.arch:{model}",
        "--input",
        f"clip={size}",
        "--json",
    )
    assert (summary["kind"], summary["params"], summary["macs"]) == ("model", params, macs)
    assert summary["outputs"] == {"output": {"b": 1, "c": 400}}
    assert sum(row["params"] for row in summary["rows"]) == params
    assert sum(row["macs"] for row in summary["rows"]) == macs


def test_summary_of_autox3d_counts_exactly(run: Run) -> None:
    summary = facts(run, "summary", "summary", "zoo/autox3d.arch:autox3d", "--json")
    assert summary["architectures"] == "2772966130520300167135179571200"
    choices = [choice for row in summary["rows"] for choice in row["choices"]]
    assert summary["choices"] == len(choices) == 44
    assert prod(len(choice["alternatives"]) for choice in choices) == int(
        summary["architectures"]
    )


def test_extremes_of_a_space_are_those_of_its_architectures(run: Run, tiny: Path) -> None:
    space = facts(run, "summary", "summary", "tiny.arch:tiny", "--json")
    small, large = (
        facts(run, "summary", "summary", "tiny.arch:tiny", "--genotype", g, "--json")
        for g in ("small", "large")
    )
    for cost in ("params", "macs"):
        assert space[cost] == {"min": small[cost], "max": large[cost]}
    assert (small["kind"], small["choices"], small["architectures"]) == ("model", 0, "1")


def test_set_makes_another_model_and_input_feeds_another_size(run: Run, tiny: Path) -> None:
    plain = facts(run, "summary", "summary", "tiny.arch:small", "--json")
    wider = facts(
        run,
        "summary",
        "summary",
        "tiny.arch:tiny",
        "--genotype",
        "small",
        "--set",
        "width=16",
        "--json",
    )
    larger = facts(
        run, "summary", "summary", "tiny.arch:small", "--input", "x=1x3x16x16", "--json"
    )
    assert wider["params"] == 2 * plain["params"]
    assert (larger["params"], larger["macs"]) == (plain["params"], 4 * plain["macs"])


def test_summary_as_a_table(run: Run, golden: Any) -> None:
    """A plain model, what is inserted and differs from block to block, streams beside each other, branches,
    and spaces.
    """
    shown = (
        "autox3d:autox3d autox3d:example_s x3d:x3d_s glore:glore_r50 slowfast:slowfast_4x16_r50 s3d:s3d "
        "autotsnet:manual_tsnet_85"
    )
    for name in [*shown.split(), "autotsnet:auto_tsnet", "attentionnas:i3d_agnostic"]:
        file, _, net = name.partition(":")
        golden(
            Path(__file__).parent / "golden" / f"summary_{net}.txt",
            run("summary", f"zoo/{file}.arch:{net}").stdout,
        )


def test_summary_says_what_its_ranges_leave_out(run: Run) -> None:
    body = (
        "  input x: [b, c = 3, h = 16, w = 16]\n  width ~ 8..32 by 8\n  require macs <= 100K\n  output x "
        "-> conv(width, 3)\n"
    )
    Path("bound.arch").write_text(f"arch 1\n\nspace bound {{\n{body}}}\n", encoding="utf-8")
    lines = run("summary", "bound.arch").stdout.splitlines()
    assert [line for line in lines if line.startswith("required")] == [
        "required       macs <= 100K; the ranges above do not take it into account, the number of "
        "architectures does"
    ]
    assert lines[-1] == "architectures  1"


def test_samples_repeat_and_a_longer_list_begins_with_the_shorter(run: Run) -> None:
    args = (
        "sample",
        "zoo/autox3d.arch:autox3d",
        "--max-macs",
        "2.0G",
        "--seed",
        "7",
        "--json",
    )
    three = facts(run, "sample", *args, "-n", "3")
    assert three == facts(run, "sample", *args, "-n", "3")
    assert three[:2] == facts(run, "sample", *args, "-n", "2")
    assert all(one["macs"] <= 2e9 and len(one["genotype"]) == 44 for one in three)


def test_a_sample_is_a_file_that_every_command_takes(run: Run, tmp_path: Path) -> None:
    first = facts(
        run, "sample", "sample", "zoo/autox3d.arch:autox3d", "--seed", "3", "--json"
    )[0]
    text = run("sample", "zoo/autox3d.arch:autox3d", "--seed", "3").stdout
    Path("found.arch").write_text(text, encoding="utf-8")
    summary = facts(
        run,
        "summary",
        "summary",
        "zoo/autox3d.arch:autox3d",
        "--genotype",
        "found.arch",
        "--json",
    )
    assert (summary["params"], summary["macs"]) == (first["params"], first["macs"])
    assert summary == {
        **facts(run, "summary", "summary", "found.arch", "--json"),
        "name": "autox3d",
    }
    assert run("check", "found.arch").exit_code == 0
    assert run("diff", "found.arch", "found.arch").exit_code == 0


def test_check_prints_facts(run: Run, tmp_path: Path) -> None:
    Path("wrong.arch").write_text("arch 1\n\nwidth = wdith\nwdith2 = 3\n", encoding="utf-8")
    (found,) = facts(run, "check", "check", "wrong.arch", "--json", exit_code=1)
    assert (found["file"], found["line"], found["column"], found["severity"]) == (
        "wrong.arch",
        3,
        9,
        "error",
    )
    assert facts(run, "check", "check", "zoo/autox3d.arch", "zoo/x3d.arch", "--json") == []


def test_list_and_explain_print_facts(run: Run) -> None:
    listed = facts(run, "list", "list", "autox3d", "--json")
    about = "An example, not the paper's: its searched architectures are printed only as figures"
    assert {
        "file": "zoo/autox3d.arch",
        "name": "example_s",
        "kind": "genotype",
        "about": about,
        "of": "autox3d",
    } in listed
    codes = facts(run, "explain", "explain", "--json")
    assert (
        facts(run, "explain", "explain", codes[0]["code"].lower(), "--json")["title"]
        == codes[0]["title"]
    )
    assert facts(run, "explain", "explain", "conv", "--json")["title"].startswith(
        "conv(channels, kernel = 1"
    )


def test_list_says_in_a_line_what_everything_is(run: Run) -> None:
    title, *lines = run("list", "zoo/slowfast").output.splitlines()
    assert title.startswith(
        "# Feichtenhofer et al., SlowFast Networks for Video Recognition, Table 1"
    )
    assert lines[-1].split(maxsplit=2) == [
        "zoo/slowfast.arch:slowfast_16x8_r101",
        "model",
        "= slowfast(16, 4, blocks = [3, 4, 23, 3])",
    ]
    everything = [line for line in run("list").output.splitlines() if line]
    assert all(
        line.startswith("# ") or len(line.split(maxsplit=2)) == 3 for line in everything
    )
    assert run("list", "zoo/*:x3d_?").output.count("zoo/x3d.arch:") == 3


def test_a_patch_of_a_genotype_and_of_an_architecture(run: Run, tiny: Path) -> None:
    facts(
        run, "patch", "diff", "tiny.arch:small", "tiny.arch:large", "--patch", exit_code=1
    )
    Path("answers.json").write_text(
        run("diff", "tiny.arch:small", "tiny.arch:large", "--patch").stdout,
        encoding="utf-8",
    )
    changed = run("patch", "tiny.arch:small", "answers.json").stdout
    Path("changed.arch").write_text(changed, encoding="utf-8")
    assert run("diff", "changed.arch:small", "tiny.arch:large").exit_code == 0
    tiny.write_text(TINY + "space wide = tiny(width = 16)\n", encoding="utf-8")
    Path("wider.json").write_text(
        run("diff", "tiny.arch:tiny", "tiny.arch:wide", "--patch").stdout, encoding="utf-8"
    )
    assert run("patch", "tiny.arch:tiny", "wider.json", "-o", "patched.json").exit_code == 0
    assert run("compile", "tiny.arch:wide", "-o", "wide.json").exit_code == 0
    assert Path("patched.json").read_text(encoding="utf-8") == Path("wide.json").read_text(
        encoding="utf-8"
    )
    assert (
        run(
            "patch", "tiny.arch:wide", "wider.json", "--reverse", "-o", "back.json"
        ).exit_code
        == 0
    )
    assert "E0961" in run("patch", "tiny.arch:wide", "wider.json").output
    assert "E0962" in run("patch", "tiny.arch:small", "tiny.arch").output


def test_diff_of_whole_files_goes_by_name(run: Run, tiny: Path) -> None:
    Path("other.arch").write_text(
        TINY.replace("large of tiny { kernel = 3x3", "huge of tiny { kernel = 1"),
        encoding="utf-8",
    )
    difference = facts(
        run, "diff", "diff", "tiny.arch", "other.arch", "--json", exit_code=1
    )
    assert difference["kind"] == "files"
    assert (
        difference["networks"]["large"] == "removed"
        and difference["networks"]["huge"] == "added"
    )
    assert difference["networks"]["small"]["edits"] == []
    assert "large: removed" in run("diff", "tiny.arch", "other.arch").stdout


def test_diff_draws_both(run: Run, tiny: Path) -> None:
    assert (
        run("diff", "tiny.arch:small", "tiny.arch:large", "-o", "both.svg").exit_code == 1
    )
    assert Path("both.svg").read_text(encoding="utf-8").startswith("<svg")
    assert (
        "E0904"
        in run("diff", "tiny.arch:small", "tiny.arch:large", "-o", "both.gif").output
    )


def test_diff_prints_facts(run: Run, tiny: Path) -> None:
    difference = facts(
        run, "diff", "diff", "tiny.arch:small", "tiny.arch:large", "--json", exit_code=1
    )
    assert [edit["path"] for edit in difference["edits"]] == ["kernel"]
