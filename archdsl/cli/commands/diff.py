"""`archdsl diff A[:NAME] B[:NAME]`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from archdsl.cli.options import scale_option
from archdsl.cli.output import by_suffix
from archdsl.cli.report import FINE, NO
from archdsl.cli.sides import Side, compare, compare_files, open_side, patch_between, single
from archdsl.compare import Difference, as_facts, as_markdown, as_text
from archdsl.compare.facts import FORMAT_VERSION
from archdsl.whole_files import replacing


@click.command()
@click.argument("a", metavar="A[:NAME]", required=False)
@click.argument("b", metavar="B[:NAME]", required=False)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@click.option("--json", "form", flag_value="json", help="The same as --format json (schema in grammar/).")
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
    "--install-git", is_flag=True, help="Let `git diff` show .arch files this way, in this repository."
)
@click.pass_context
def command(
    ctx: click.Context,
    a: str | None,
    b: str | None,
    form: str,
    full: bool,
    as_patch: bool,
    output: str | None,
    scale: float,
    install_git: bool,
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
    whole = one.meant.name is None and two.meant.name is None and max(len(one.names()), len(two.names())) > 1
    if as_patch or output is not None or not whole:
        names = single(one), single(two)
        if as_patch:
            patch = patch_between(one, two, *names)
            click.echo(json.dumps(patch.facts(), indent=1, ensure_ascii=False))
            ctx.exit(NO if patch else FINE)
        difference = compare(one, two, *names)
        if output is not None:
            _draw(one, two, names, difference, Path(output), scale)
        elif form == "json":
            click.echo(json.dumps(as_facts(difference), indent=2, ensure_ascii=False))
        else:
            click.echo(
                as_markdown(difference) if form == "markdown" else as_text(difference, full=full), nl=False
            )
        ctx.exit(NO if difference.edits else FINE)
    found = compare_files(one, two)
    if form == "json":
        networks = {name: as_facts(d) if isinstance(d, Difference) else d for name, d in found.items()}
        click.echo(
            json.dumps(
                {"format_version": FORMAT_VERSION, "kind": "files", "networks": networks},
                indent=2,
                ensure_ascii=False,
            )
        )
    else:
        click.echo(of_files(found, form, full), nl=False)
    ctx.exit(NO if any(found.values()) else FINE)


def of_files(found: Mapping[str, Difference | str], form: str, full: bool) -> str:
    """What differs between two files, network by network; those without differences are counted."""
    parts = []
    for name, difference in found.items():
        if isinstance(difference, str):
            parts.append(f"### `{name}` {difference}\n" if form == "markdown" else f"{name}: {difference}\n")
        elif difference or full:
            parts.append(
                as_markdown(difference)
                if form == "markdown"
                else f"{name}:\n{_indented(as_text(difference, full=full))}"
            )
    same = sum(isinstance(d, Difference) and not d for d in found.values())
    if same:
        parts.append(f"{same} network{'' if same == 1 else 's'} without differences\n")
    return "\n".join(parts)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())


def _draw(a: Side, b: Side, names: tuple[str, str], difference: Difference, path: Path, scale: float) -> None:
    from archdsl_draw import SUFFIXES, render_difference

    by_suffix(path, dict.fromkeys(SUFFIXES))
    drawing = render_difference(a.graph(names[0]), b.graph(names[1]), difference)
    with replacing(path) as beside:
        drawing.save(beside, scale=scale)


def _install() -> None:
    from archdsl.cli.commands.git_diff import install

    click.echo(install())
