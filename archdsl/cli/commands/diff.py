"""`archdsl diff A[:NAME] B[:NAME]`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, Unpack

import click

from archdsl.cli.options import scale_option
from archdsl.cli.output import by_suffix, print_json, say
from archdsl.cli.report import FINE, NO
from archdsl.cli.sides import Side, compare, compare_files, open_side, patch_between, single
from archdsl.compare import Difference, as_facts, as_markdown, as_text
from archdsl.compare.facts import FORMAT_VERSION
from archdsl.ir.work import rarely_collected
from archdsl.whole_files import replacing


class Shown(TypedDict):
    """How differences are shown: as which form of text, whole or not, or drawn into a file."""

    form: str
    full: bool
    output: str | None
    scale: float


@click.command()
@click.argument("a", metavar="A[:NAME]", required=False)
@click.argument("b", metavar="B[:NAME]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
)
@click.option(
    "--json",
    "form",
    flag_value="json",
    help="The same as --format json (schema in grammar/).",
)
@click.option("--full", is_flag=True, help="Show what is unchanged too.")
@click.option(
    "--patch",
    "as_patch",
    is_flag=True,
    help="Print the patch that `archdsl patch` applies (JSON, schema in grammar/).",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="Draw both, aligned, with what differs marked; the suffix decides the format.",
)
@scale_option
@click.option(
    "--install-git",
    is_flag=True,
    help="Let `git diff` show .arch files this way, in this repository.",
)
@click.pass_context
@rarely_collected()
def command(
    ctx: click.Context,
    a: str | None,
    b: str | None,
    as_patch: bool,
    install_git: bool,
    **shown: Unpack[Shown],
) -> None:
    """Compare two spaces, models or genotypes by what they mean: structure, choices, size of the space, cost,
    weights.

    A side may be a file of another git revision, REVISION:PATH[:NAME]. Two files without names compare all
    networks of either, by name. Exits with 1 where something differs.

    \b
    Examples:
      archdsl diff zoo/x3d.arch:x3d_s zoo/x3d.arch:x3d_l
      archdsl diff HEAD~1:nets.arch nets.arch
      archdsl diff zoo/autox3d.arch:example_s found.arch --format markdown
      archdsl diff a.arch:net b.arch:net --patch > change.json
    """
    if install_git:
        _install()
        return
    if a is None or b is None:
        raise click.UsageError("two sides are needed: A[:NAME] B[:NAME]", ctx)
    one = open_side(a)
    two = open_side(b, one)
    whole = (
        one.meant.name is None
        and two.meant.name is None
        and max(len(one.names()), len(two.names())) > 1
    )
    if as_patch:
        patch = patch_between(one, two, single(one), single(two))
        print_json(patch.facts(), indent=1)
        differs = bool(patch)
    elif whole and shown["output"] is None:
        differs = _show_files(one, two, shown)
    else:
        differs = _show(one, two, shown)
    ctx.exit(NO if differs else FINE)


def _show(one: Side, two: Side, shown: Shown) -> bool:
    """Prints or draws how two networks differ; whether they do."""
    names = single(one), single(two)
    difference = compare(one, two, *names)
    if shown["output"] is not None:
        _draw(one, two, names, difference, Path(shown["output"]), shown["scale"])
    elif shown["form"] == "json":
        print_json(as_facts(difference))
    elif shown["form"] == "markdown":
        say(as_markdown(difference), end="")
    else:
        say(as_text(difference, full=shown["full"]), end="")
    return bool(difference.edits)


def _show_files(one: Side, two: Side, shown: Shown) -> bool:
    """Prints how the networks of two files differ; whether they do."""
    found = compare_files(one, two)
    if shown["form"] == "json":
        networks = {
            name: as_facts(d) if isinstance(d, Difference) else d
            for name, d in found.items()
        }
        print_json(
            {"format_version": FORMAT_VERSION, "kind": "files", "networks": networks}
        )
    else:
        say(of_files(found, shown["form"], shown["full"]), end="")
    return any(found.values())


def of_files(found: Mapping[str, Difference | str], form: str, full: bool) -> str:
    """What differs between two files, network by network; those without differences are counted."""
    parts = []
    for name, difference in found.items():
        if isinstance(difference, str):
            parts.append(
                f"### `{name}` {difference}\n"
                if form == "markdown"
                else f"{name}: {difference}\n"
            )
        elif form == "markdown" and (difference or full):
            parts.append(as_markdown(difference))
        elif difference or full:
            parts.append(f"{name}:\n{_indented(as_text(difference, full=full))}")
    same = sum(isinstance(d, Difference) and not d for d in found.values())
    if same:
        parts.append(f"{same} network{'' if same == 1 else 's'} without differences\n")
    return "\n".join(parts)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())


def _draw(
    a: Side,
    b: Side,
    names: tuple[str, str],
    difference: Difference,
    path: Path,
    scale: float,
) -> None:
    from archdsl_draw import SUFFIXES, render_difference

    by_suffix(path, dict.fromkeys(SUFFIXES))
    drawing = render_difference(a.graph(names[0]), b.graph(names[1]), difference)
    with replacing(path) as beside:
        drawing.save(beside, scale=scale)


def _install() -> None:
    from archdsl.cli.commands.git_diff import install

    say(install())
