"""What the dimensions of an input are called: by the first operation that says something of them.

x: [2, 3, 224, 224] read by a convolution over two dimensions    b c h w
x: [2, 197, 768] read by a linear map of the last dimension      b n c
"""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.importing.captured import Ref, Source, Step

_WINDOWED = {1: "bct", 2: "bchw", 3: "bcthw"}
_BY_RANK = {1: "b", 2: "bc", 3: "bnc", 4: "bchw", 5: "bcthw"}
_LAST = ("linear", "matmul", "layer_norm", "MatMul", "Gemm", "LayerNormalization")
_LOOK = 24  # steps that are looked through
_SPARE = "nmsukgrpq"


def input_letters(source: Source, users: Mapping[str, list[Step]]) -> tuple[str, ...]:
    """A letter for each axis."""
    rank = len(source.shape)
    letters = _read(source, users) or _BY_RANK.get(rank)
    if letters is None or len(letters) != rank:
        letters = ("b" + _SPARE[: max(rank - 2, 0)] + "c")[:rank]
    return tuple(letters)


def _read(source: Source, users: Mapping[str, list[Step]]) -> str | None:
    rank = len(source.shape)
    names = [source.name]
    for name in names[:_LOOK]:
        for step in users.get(name, ()):
            kind = step.target.rpartition(".")[2]
            if kind.startswith(("conv", "Conv", "max_pool", "avg_pool", "MaxPool")):
                return _WINDOWED.get(rank - 2)
            if kind in _LAST and Ref(name) in step.args[:1]:
                return (
                    None
                    if rank < 3
                    else "b" + {3: "n", 4: "hw", 5: "thw"}.get(rank, "") + "c"
                )
            if len(names) < _LOOK and kind not in ("permute", "transpose", "Transpose"):
                names.extend(step.outputs)
    return None
