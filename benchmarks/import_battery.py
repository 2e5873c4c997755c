"""Imports of model zoos: how many are verified, how long their texts are, and why the rest is refused.

    pip install --no-deps --target /tmp/zoo torchvision==0.28.0 timm pillow
    python -m benchmarks.import_battery torchvision --path /tmp/zoo > torchvision.md
    python -m benchmarks.import_battery timm --path /tmp/zoo > timm.md

Of torchvision every factory of classification, segmentation and video that builds without a download; of timm
the first model of each family that fits `--params`. The zoos lie outside of the environment of the project,
and nothing is downloaded. Names behind the zoo's restrict it to these.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

_LIBRARY: Any = None
Model = tuple[str, Callable[[], Any], tuple[int, ...]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("zoo", choices=("torchvision", "timm"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--path", help="a folder with the zoo's packages")
    parser.add_argument(
        "--params", type=float, default=100e6, help="models up to this size alone"
    )
    given = parser.parse_args()
    if given.path:
        sys.path.insert(0, given.path)
    warnings.simplefilter("ignore")
    models = _torchvision() if given.zoo == "torchvision" else _timm(given.params)
    wanted = [model for model in models if not given.names or model[0] in given.names]
    print("| model | lines | largest difference | |\n|---|--:|--:|---|")
    lines: list[int] = []
    left_out = 0
    for name, make, shape in wanted:
        if _size(make) > given.params:
            left_out += 1
            print(
                f"| {name} | | | not tried here: more than {given.params:,.0f} parameters |",
                flush=True,
            )
            continue
        row, length = _imported(name, make, shape)
        print(row, flush=True)
        if length:
            lines.append(length)
    tried = len(wanted) - left_out
    share = len(lines) / max(tried, 1)
    print(
        f"\n{len(lines)} of {tried} verified ({share:.0%}), median {statistics.median(lines or [0])} lines"
    )


def _size(make: Callable[[], Any]) -> int:
    """The parameters of a model, without its memory."""
    import torch

    with torch.device("meta"):
        try:
            return sum(weight.numel() for weight in make().parameters())
        except Exception:  # some do not build without memory
            return 0


def _imported(
    name: str, make: Callable[[], Any], shape: tuple[int, ...]
) -> tuple[str, int]:
    """A row of the table, and the lines of a verified text."""
    import torch

    from archdsl.diagnostics.diagnostic import DiagnosticError
    from archdsl.importing.capture import capture
    from archdsl.importing.imported import import_captured

    start = time.monotonic()
    try:
        torch.manual_seed(0)
        imported = import_captured(
            capture(make(), [torch.zeros(shape)], name.partition(".")[0])
        )
    except DiagnosticError as error:
        first = error.diagnostics[0]
        return f"| {name} | | | {first.code}: {first.message[:160]} |", 0
    except (
        Exception
    ) as error:  # a mistake, of ours or of the zoo: it must not end the others
        said = (str(error).splitlines() or [""])[0]
        return f"| {name} | | | {type(error).__name__}: {said[:160]} |", 0
    length = len(imported.text.splitlines())
    verified = imported.verified
    assert verified is not None
    share = verified.difference / max(verified.scale, 1e-12)
    print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return f"| {name} | {length} | {share:.0e} | |", length


def _without_kernels() -> None:
    """Names of torchvision's compiled operations, which may not load here and which nobody calls."""
    import torch

    global _LIBRARY
    _LIBRARY = torch.library.Library("torchvision", "DEF")
    for kind in ("", "q", "_"):
        for op in (
            "nms",
            "roi_align",
            "roi_pool",
            "ps_roi_align",
            "ps_roi_pool",
            "deform_conv2d",
        ):
            for end in ("", "_backward"):
                _LIBRARY.define(f"{kind}{op}{end}(Tensor x) -> Tensor")


def _torchvision() -> Iterator[Model]:
    _without_kernels()
    from torchvision import models

    parts = (
        ("", (1, 3, 96, 96)),
        ("segmentation", (1, 3, 96, 96)),
        ("video", (1, 3, 8, 56, 56)),
    )
    for part, shape in parts:
        module = getattr(models, part) if part else models
        for name in models.list_models(module=module):
            options: dict[str, Any] = {"weights": None}
            if part == "segmentation":
                options["weights_backbone"] = None
            if name in ("googlenet", "inception_v3"):
                options["init_weights"] = False
            yield (
                name,
                partial(models.get_model, name, **options),
                _SIZES.get(name.partition("_")[0], shape),
            )


# what does not come with small pictures
_SIZES = {
    "alexnet": (1, 3, 224, 224),
    "inception": (1, 3, 128, 128),
    "maxvit": (1, 3, 224, 224),
    "mvit": (1, 3, 16, 224, 224),
    "s3d": (1, 3, 16, 224, 224),
    "vit": (1, 3, 224, 224),
    **{f"vgg{n}": (1, 3, 224, 224) for n in (11, 13, 16, 19)},
}


def _timm(most: float) -> Iterator[Model]:
    _without_kernels()
    import timm
    import torch

    families: dict[str, list[str]] = {}
    for name in timm.list_models():
        families.setdefault(timm.models._registry._model_to_module[name], []).append(name)
    for names in families.values():
        for name in names:
            with torch.device("meta"):
                try:
                    model = timm.create_model(name)
                except Exception:  # some do not build without memory
                    continue
                size = sum(weight.numel() for weight in model.parameters())
                config = model.default_cfg
            if size <= most:
                yield name, partial(timm.create_model, name), (1, *config["input_size"])
                break


if __name__ == "__main__":
    main()
