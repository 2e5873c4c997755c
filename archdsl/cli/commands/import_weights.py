"""`archdsl import-weights FILE[:NAME] CHECKPOINT -o OUT.safetensors`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from archdsl.cli.options import genotype_option, json_option, seed_option, set_option
from archdsl.cli.output import by_suffix, print_json, say
from archdsl.cli.rename_tables import table_named, tables_for
from archdsl.cli.report import NO, report
from archdsl.cli.target import open_target
from archdsl.cli.torch_backend import torch_backend
from archdsl.diagnostics.codes import renames as codes
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.outline.paths import KeyPath
from archdsl.questions.checkpoint import Shape
from archdsl.questions.rename import Change, Inflate, change
from archdsl.whole_files import replacing

if TYPE_CHECKING:
    from archdsl_torch.importing import Imported

FORMAT_VERSION = 1
_SHOWN = 20  # of one kind in a message; --json has all


class _Options(TypedDict):
    genotype: str | None
    settings: tuple[str, ...]
    table: str | None
    anew: tuple[str, ...]
    resizes: tuple[str, ...]
    seed: int


@click.command()
@click.argument("reference", metavar="FILE[:NAME]")
@click.argument("checkpoint", metavar="CHECKPOINT")
@genotype_option
@set_option
@click.option(
    "--table",
    metavar="TABLE",
    help="The rename table: a file, or the name of one that ships. Otherwise the one that fits.",
)
@click.option(
    "--anew",
    multiple=True,
    metavar="PATH",
    help="Start the weights at and below PATH anew, e.g. a classifier's; `*` is any name or number. "
    "Repeatable.",
)
@click.option(
    "--resize",
    "resizes",
    multiple=True,
    metavar="PATH=HOW",
    help="What happens at PATH where shapes differ, instead of what the table says: "
    "'position_embedding=nearest grid after 1'. Repeatable.",
)
@seed_option("Decides the weights that start anew.")
@json_option
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="Where to: a .safetensors file."
)
@click.pass_context
def command(
    ctx: click.Context,
    reference: str,
    checkpoint: str,
    as_json: bool,
    output: str,
    **options: Unpack[_Options],
) -> None:
    """Read a public checkpoint as the weights of a model, by a rename table, and write them under our keys.

    CHECKPOINT is what `torch.save`, safetensors or a pickle of numpy arrays holds: a state dict, or whatever
    a training script wraps around one. It is read as data; nothing in it is executed. Keys that are missing,
    unknown or misshapen are listed by name, and nothing is written (exit code 1). See docs/weights.md.

    \b
    Examples:
      archdsl import-weights zoo/timesformer.arch:timesformer_divided divST_8x32_K400.pyth -o w.safetensors
      archdsl import-weights zoo/x3d.arch:x3d_s x3d.pyth --set classes=9 --anew head.classify -o w.safetensors
      archdsl import-weights zoo/i3d.arch:i3d_r50 resnet50.pth --table i3d_r50_resnet50 -o w.safetensors
      archdsl import-weights mine.arch theirs.pth --table theirs.rename -o w.safetensors
    """
    path = Path(output)
    by_suffix(path, {".safetensors": None})
    table, anew, seed = options["table"], options["anew"], options["seed"]
    tables = tables_for(reference) if table is None else [table_named(table)]
    changes = dict(_resize(text) for text in options["resizes"])
    graph = open_target(
        reference, settings=options["settings"], genotype=options["genotype"]
    ).graph
    with torch_backend("importing weights"):
        from archdsl_torch.importing import import_weights
        from archdsl_torch.weights import save

        imported = import_weights(graph, checkpoint, tables, anew, changes, seed)
        if imported:
            with replacing(path) as beside:
                save(imported.weights, beside)
    if as_json:
        print_json(_facts(imported, graph.name, checkpoint, output))
    elif imported:
        for line in _lines(imported, graph.name, checkpoint):
            say(line)
    if not imported:
        if not as_json:
            report(_problems(imported, graph.name, checkpoint))
        ctx.exit(NO)


def _resize(text: str) -> tuple[str, Change]:
    """A path and what happens there: of `PATH=nearest grid after 1`."""
    path, _, how = text.partition("=")
    return path.strip(), change(
        how.strip() if how.strip().startswith("inflate") else f"resize {how.strip()}"
    )


def _lines(imported: Imported, model: str, checkpoint: str) -> Iterator[str]:
    fit = imported.fit
    by = "under our own keys" if fit.table is None else f"by {fit.table}"
    without = f", without `{fit.prefix}`" if fit.prefix else ""
    yield f"{len(fit.taken)} of {len(imported.weights)} weights of {model} from {checkpoint}, {by}{without}"
    for name, (before, after) in imported.shapes.items():
        what = fit.taken[name].change
        how = "inflated" if isinstance(what, Inflate) else "resized "
        yield f"  {how}  {name}  {_size(before)} → {_size(after)}  ({what})"
    yield from _few("anew    ", fit.anew)
    yield from _few("left out", [_short(key) for key in fit.left_out])
    for line in fit.unused:
        why = (
            ""
            if line.taken_by is None
            else f", whose keys line {_line(line.taken_by)} takes"
        )
        yield f"  unused    {line.text}  (line {_line(line.span)}{why})"


def _few(what: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"  {what}  {name}" for name in names[:_SHOWN])
    if len(names) > _SHOWN:
        yield f"  {what}  {len(names) - _SHOWN} more (--json lists all)"


def _line(span: Span) -> int:
    return span.source.position(span.start)[0]


def _problems(imported: Imported, model: str, checkpoint: str) -> Iterator[Diagnostic]:
    """One diagnostic for each kind of what does not fit."""
    fit = imported.fit
    by = "as it stands" if fit.table is None else f"by {fit.table}"
    if fit.missing:
        hint = "weights that the checkpoint does not have to provide: `--anew PATH`"
        yield codes.MISSING_KEYS.error(
            None,
            f"{checkpoint}, {by}, lacks {_count(fit.missing)} of {model}:",
            help=hint,
            items=_listed(fit.missing),
        )
    if fit.untold:
        hint = f"if that is meant: `--table {fit.table}`, or `--anew PATH` for what shall start anew"
        yield codes.UNTOLD.error(
            None,
            f"{checkpoint}, {by}, leaves {_count(fit.untold)} of {model} to start anew:",
            help=hint,
            items=_listed(fit.untold),
        )
    if fit.extra:
        extra = [
            f"{_short(e.key)}"
            + (f" (here {_short(e.ours)})" if e.ours and e.ours != e.key else "")
            for e in fit.extra
        ]
        yield codes.EXTRA_KEYS.error(
            None,
            f"{checkpoint}, {by}, holds {_count(extra)} that {model} lacks:",
            items=_listed(extra),
        )
    if fit.misshapen:
        sizes = [
            f"{m.ours} is {_size(m.before)} there and {_size(m.after)} here"
            for m in fit.misshapen
        ]
        ours = KeyPath.parse(fit.misshapen[0].ours)
        scope = ours.parent or ours
        hint = f"to start anew what has another size: `--anew {scope}`"
        yield codes.MISSHAPEN.error(
            None,
            f"{checkpoint} has {_count(sizes)} of another size:",
            help=hint,
            items=_listed(sizes),
        )
    if imported.other_kinds:
        kinds = [
            f"{k.ours} is {k.before} there and {k.after} here" for k in imported.other_kinds
        ]
        yield codes.NOT_FLOATS.error(
            None,
            f"{checkpoint} has {_count(kinds)} of another kind of number:",
            items=_listed(kinds),
        )


def _facts(imported: Imported, model: str, checkpoint: str, output: str) -> dict[str, Any]:
    """What grammar/import-weights.schema.json describes."""
    fit = imported.fit
    return {
        "format_version": FORMAT_VERSION,
        "model": model,
        "checkpoint": checkpoint,
        "table": fit.table,
        "prefix": fit.prefix,
        "output": output if imported else None,
        "taken": {ours: source.key for ours, source in fit.taken.items()},
        "resized": [
            {
                "key": name,
                "before": list(before),
                "after": list(after),
                "how": str(fit.taken[name].change),
            }
            for name, (before, after) in imported.shapes.items()
        ],
        "anew": list(fit.anew),
        "left_out": list(fit.left_out),
        "untold": list(fit.untold),
        "unused": [
            {
                "line": line.text,
                "taken_by": None
                if line.taken_by is None
                else " ".join(line.taken_by.text.split()),
            }
            for line in fit.unused
        ],
        "missing": list(fit.missing),
        "extra": [{"key": e.key, "ours": e.ours} for e in fit.extra],
        "misshapen": [
            {
                "key": m.ours,
                "theirs": m.key,
                "before": list(m.before),
                "after": list(m.after),
            }
            for m in fit.misshapen
        ],
        "other_kinds": [
            {"key": k.ours, "theirs": k.key, "before": k.before, "after": k.after}
            for k in imported.other_kinds
        ],
    }


def _count(items: Sequence[object]) -> str:
    return f"{len(items)} weight{'' if len(items) == 1 else 's'}"


def _listed(items: Sequence[str]) -> list[str]:
    shown = [_short(item) for item in items[:_SHOWN]]
    more = (
        [f"and {len(items) - _SHOWN} more (--json lists all)"]
        if len(items) > _SHOWN
        else []
    )
    return shown + more


def _short(key: str) -> str:
    """A key of a stranger's file, cut where it is no name any more."""
    return key if len(key) <= 200 else f"{key[:200]}…"


def _size(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "a number"
