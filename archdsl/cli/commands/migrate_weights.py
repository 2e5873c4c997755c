"""`archdsl migrate-weights OLD.safetensors A[:NAME] B[:NAME] -o NEW.safetensors`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from archdsl.cli.options import json_option, parse_settings, seed_option
from archdsl.cli.output import by_suffix, print_json, say
from archdsl.cli.sides import open_side, single
from archdsl.cli.torch_backend import torch_backend
from archdsl.outline.paths import KeyPath
from archdsl.whole_files import replacing

if TYPE_CHECKING:
    from archdsl_torch.migrating import Migrated

FORMAT_VERSION = 1


class _Options(TypedDict):
    settings_before: tuple[str, ...]
    settings: tuple[str, ...]
    anew: tuple[str, ...]
    seed: int


@click.command()
@click.argument("weights", metavar="OLD.safetensors")
@click.argument("a", metavar="A[:NAME]")
@click.argument("b", metavar="B[:NAME]")
@click.option(
    "--set-before",
    "settings_before",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a parameter of A.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a parameter of B.",
)
@click.option(
    "--anew",
    multiple=True,
    metavar="PATH",
    help="Start the weights at and below PATH of B anew, whatever A has; `*` is any name or number. "
    "Repeatable.",
)
@seed_option("Decides the weights that start anew.")
@json_option
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="Where to: a .safetensors file."
)
def command(
    weights: str, a: str, b: str, as_json: bool, output: str, **options: Unpack[_Options]
) -> None:
    """Carry the weights of the model A over to the model B that was edited from it.

    What `archdsl diff A B` pairs is carried over: under the same name, renamed or moved, and in part where
    sizes differ. All else starts anew and is listed. A side may be a file of another git revision,
    REVISION:PATH[:NAME], or a genotype. See docs/weights.md.

    \b
    Examples:
      archdsl migrate-weights old.safetensors HEAD~1:net.arch net.arch -o new.safetensors
      archdsl migrate-weights w.safetensors net.arch net.arch --set classes=9 --anew head -o n.safetensors
      archdsl migrate-weights s.safetensors zoo/x3d.arch:x3d_s zoo/x3d.arch:x3d_l -o l.safetensors
    """
    path = Path(output)
    by_suffix(path, {".safetensors": None})
    one = open_side(a)
    two = open_side(b, one)
    before = one.graph(single(one), parse_settings(options["settings_before"]))
    after = two.graph(single(two), parse_settings(options["settings"]))
    with torch_backend("carrying weights over"):
        from archdsl_torch.migrating import migrate_weights
        from archdsl_torch.weights import save

        migrated = migrate_weights(before, after, weights, options["anew"], options["seed"])
        with replacing(path) as beside:
            save(migrated.weights, beside)
    if as_json:
        print_json(_facts(migrated, before.name, after.name, output))
    else:
        for line in _lines(migrated, before.name, after.name):
            say(line)


def _lines(migrated: Migrated, before: str, after: str) -> Iterator[str]:
    inherits = migrated.inherits
    parts = {
        "inherited": inherits.same,
        "in part": inherits.sliceable,
        "anew": inherits.total - inherits.same - inherits.sliceable,
    }
    shares = ", ".join(
        f"{_percent(n, inherits.total)} {what}"
        for what, n in parts.items()
        if n or what == "inherited"
    )
    yield f"{before} → {after}: of {inherits.total:,} weights {shares}"
    for (how, module, source), group in groupby(
        migrated.moved, key=lambda m: (m.how, _module(m.key), _module(m.source))
    ):
        weights = list(group)
        name = _names(module, [m.key for m in weights])
        if how == "moved":
            yield f"  moved    {_names(source, [m.source for m in weights if m.source])} → {name}"
        elif how == "sliced":
            sizes = dict.fromkeys(f"{_size(m.before)} → {_size(m.after)}" for m in weights)
            there = (
                ""
                if source == module
                else f"{_names(source, [m.source for m in weights if m.source])} → "
            )
            yield f"  sliced   {there}{name}  {', '.join(sizes)}"
        elif how == "anew":
            sizes = dict.fromkeys(_size(m.after) for m in weights if m.after)
            yield f"  anew     {name}  {', '.join(sizes)}".rstrip()
    for module, keys in groupby(migrated.dropped, key=_module):
        yield f"  dropped  {_names(module, list(keys))}"


def _module(key: str | None) -> str:
    return str(KeyPath.parse(key).parent) if key is not None else ""


def _names(module: str, keys: Sequence[str]) -> str:
    """`norm.{weight, bias}` for several weights of one layer."""
    if len(keys) == 1 or not module:
        return ", ".join(keys)
    names = ", ".join(KeyPath.parse(key).name for key in keys)
    return f"{module}.{{{names}}}"


def _facts(migrated: Migrated, before: str, after: str, output: str) -> dict[str, Any]:
    """What grammar/migrate-weights.schema.json describes."""
    inherits = migrated.inherits
    return {
        "format_version": FORMAT_VERSION,
        "before": before,
        "after": after,
        "output": output,
        "inherits": {
            "same": inherits.same,
            "sliceable": inherits.sliceable,
            "total": inherits.total,
        },
        "weights": [
            {
                "key": m.key,
                "how": m.how,
                "source": m.source,
                "before": None if m.before is None else list(m.before),
                "after": list(m.after),
                "carried": m.carried,
            }
            for m in migrated.moved
        ],
        "dropped": list(migrated.dropped),
    }


def _percent(part: int, total: int) -> str:
    """A share that says 100% and 0% only where it is exactly that."""
    share = part / total if total else 1.0
    text = f"{100 * share:.1f}%"
    if part < total and text == "100.0%":
        return ">99.9%"
    return "<0.1%" if part and text == "0.0%" else text.replace(".0%", "%")


def _size(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape or ())) or "a number"
