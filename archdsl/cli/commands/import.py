"""`archdsl import SOURCE -o OUT.arch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.options import input_option, json_option
from archdsl.cli.output import by_suffix, print_json
from archdsl.cli.torch_backend import torch_backend
from archdsl.whole_files import replacing

if TYPE_CHECKING:
    from archdsl.importing.imported import Imported


FORMAT_VERSION = 1


@click.command()
@click.argument("source", metavar="SOURCE")
@input_option
@click.option(
    "--weights",
    metavar="W",
    help="Write the weights too, under the text's keys: a .safetensors file.",
)
@json_option
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="Where to: an .arch file."
)
def command(
    source: str, inputs: tuple[str, ...], weights: str | None, as_json: bool, output: str
) -> None:
    """Read a model of PyTorch or ONNX as text, and write it once it is verified.

    SOURCE is a .pt2 or an .onnx, which are read as data, or pkg.mod:factory, your own code, which is run.
    The text elaborates to the graph that was read, op by op; its params and MACs are the source's, and so is
    what comes out on the source's weights. Where keys of weights cannot stay as they are, a rename table is
    written beside. What cannot be said or verified is not written (exit code 2).

    \b
    Examples:
      archdsl import torchvision.models:resnet50 --input x=1x3x224x224 -o resnet50.arch
      archdsl import net.onnx -o net.arch --weights net.safetensors
    """
    path = Path(output)
    by_suffix(path, {".arch": None})
    if weights is not None:
        by_suffix(Path(weights), {".safetensors": None})
    with torch_backend("importing a model"):
        from archdsl.importing.imported import import_captured
        from archdsl.importing.opening import open_source

        imported = import_captured(open_source(source, inputs))
        if weights is not None:
            from archdsl_torch.weights import save

            with replacing(Path(weights)) as beside:
                save(imported.weights(), beside)
    imported.save(path)
    if as_json:
        print_json(_facts(imported, source, output))
        return
    for line in _lines(imported, path):
        click.echo(line)


def _facts(imported: Imported, source: str, output: str) -> dict[str, Any]:
    """What grammar/import.schema.json describes."""
    verified = imported.verified
    assert verified is not None
    return {
        "format_version": FORMAT_VERSION,
        "source": source,
        "output": output,
        "model": imported.architecture.name,
        "lines": len(imported.text.splitlines()),
        "params": verified.params[0],
        "macs": verified.macs[0],
        "macs_of_source": verified.macs[1],
        "difference": verified.difference,
        "scale": verified.scale,
        "precision": verified.precision,
        "renamed": dict(imported.renamed),
    }


def _lines(imported: Imported, path: Path) -> list[str]:
    verified = imported.verified
    assert verified is not None
    lines = len(imported.text.splitlines())
    found = [
        f"{path}: `{imported.architecture.name}` in {lines} lines, the graph of its source op by op"
    ]
    counted = "the source's" if verified.macs[1] is not None else "as the text counts them"
    found.append(f"  params   {verified.params[0]:,}, the source's")
    found.append(f"  MACs     {verified.macs[0]:,}, {counted}")
    found.append(
        f"  outputs  differ by at most {verified.difference:.2g}, the largest number being"
        f" {verified.scale:.3g} ({verified.precision})"
    )
    if imported.renamed:
        found.append(
            f"  keys     {len(imported.renamed)} are renamed by {path.with_suffix('.rename')}"
        )
    return found
