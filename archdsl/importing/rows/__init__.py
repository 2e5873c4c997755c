"""What the operations of PyTorch and of ONNX have in common, as primitives: axes in, letters out.

`dims`, `windows`, `layers`, `products` and `parts` have a subject each; `aten` and `onnx_rows` call what they
need by the names here.
"""

from archdsl.importing.rows.dims import each, expand, repeated, squeezed, unsqueezed
from archdsl.importing.rows.layers import batch_norm, group_norm, layer_norm, linear, mean
from archdsl.importing.rows.parts import concat, narrow, pad, select
from archdsl.importing.rows.products import (
    arithmetic,
    attend,
    einsum,
    number,
    pointwise,
    product,
    scalar,
    settled,
    soft,
)
from archdsl.importing.rows.windows import (
    Window,
    conv,
    padded_lowest,
    pads,
    pool,
    read_by,
    resize,
)

__all__ = [
    "Window",
    "arithmetic",
    "attend",
    "batch_norm",
    "concat",
    "conv",
    "each",
    "einsum",
    "expand",
    "group_norm",
    "layer_norm",
    "linear",
    "mean",
    "narrow",
    "number",
    "pad",
    "padded_lowest",
    "pads",
    "pointwise",
    "pool",
    "product",
    "read_by",
    "repeated",
    "resize",
    "scalar",
    "select",
    "settled",
    "soft",
    "squeezed",
    "unsqueezed",
]
