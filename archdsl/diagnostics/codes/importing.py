"""E14xx: models that come in from modules and files of other formats."""

from __future__ import annotations

from functools import partial

from archdsl.diagnostics import diagnostic

Code = partial(diagnostic.Code, about="question")

UNSAYABLE = Code(
    "E1401",
    "an operation that the language cannot say",
    """What: a model holds an operation that no primitive and no composition of primitives computes. The
message names it, the module in which it is called and its line in the source.

Why: what is left out or replaced gives another function, so nothing is written.

Example: `torch.fft.rfft2`, a gather by indices that are computed, a loop over the batch

Use instead: the same network with another operation, or a text of your own for the part that can be said.""",
)
UNREADABLE_MODEL = Code(
    "E1402",
    "a model file that cannot be read",
    """What: a `.pt2` or `.onnx` file is damaged, holds more than its size allows, points outside its folder,
or is of a version that is not known.

Why: such a file may come from anybody. It is read as data within bounds, and nothing in it is run.

Example: a `.pt2` whose parts claim more bytes than the file has

Use instead: the file as `torch.export.save` or an ONNX exporter wrote it.""",
)
UNCAPTURED = Code(
    "E1403",
    "a module that cannot be captured",
    """What: `torch.export` gave up on the module, or the module itself failed on these inputs. The message
repeats the first line of the reason.

Why: importing reads the graph of operations, which must not hang on the values of tensors.

Example: `if x.sum() > 0:` in `forward`

Use instead: inputs of a size that the module takes (`--input image=1x3x224x224`), or a `forward` that
`torch.export` follows.""",
)
UNVERIFIED = Code(
    "E1404",
    "an import that is not the model",
    """What: the text that was made differs from its source: in its graph, params, MACs, or in the numbers
that come out.

Why: every import is held against its source before it is written, and one that differs is not written.

Example: outputs that differ by more than rounding

Use instead: report it with the model, as `archdsl explain E0999` says; this is a mistake of the importer.""",
)
NO_FACTORY = Code(
    "E1405",
    "no module behind this name",
    """What: `pkg.mod:factory` stands for a function without required arguments that returns an
`nn.Module`, or for a module itself. This one cannot be imported, or returns something else.

Why: your own code is run because you named it; a guess at another name would run something else.

Example: `torchvision.models:resnet5`

Use instead: the dotted name of a Python module, a colon, and a name in it.""",
)
NEEDS_SIZES = Code(
    "E1406",
    "inputs whose sizes are not known",
    """What: a module says nothing of the sizes of its inputs, and some files leave them open.

Why: a text has nominal sizes, at which everything is counted.

Example: `archdsl import mine.nets:small -o small.arch`

Use instead: `--input image=1x3x224x224`, one for each input, by the name that `forward` gives it.""",
)
