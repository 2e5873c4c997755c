"""E09xx: files and the command line."""

from __future__ import annotations

from functools import partial

from archdsl.diagnostics import diagnostic

Code = partial(diagnostic.Code, about="question")

NOT_FOUND = Code(
    "E0901",
    "no such file",
    """What: neither a file of this path nor one of this name among those that ship with archdsl.

Why: a path is looked up from the current folder first, then in the shipped `specs/`.

Example: `archdsl check zoo/autox4d.arch`

Use instead: a name that `archdsl list` prints, or the path of a file of yours.""",
)
UNREADABLE = Code(
    "E0902",
    "the file cannot be read",
    """What: the path exists, but is a folder, a pipe, a device, or a file that may not be opened.

Why: only regular files are read, because a pipe or a device could block for ever; or the operating system
refused, whose words the message repeats.

Example: `archdsl check specs`

Use instead: the path of a file that you may read, or `-` for standard input.""",
)
UNWRITABLE = Code(
    "E0903",
    "the file cannot be written",
    """What: the output's folder does not exist or may not be written to, the path is a folder, or the disk is
full, that of standard output as well.

Why: an output is written beside its place and then renamed, so that nobody ever sees half a file.

Example: `archdsl render zoo/x3d.arch:x3d_s -o nowhere/x3d.svg`

Use instead: a path in a folder that exists.""",
)
UNKNOWN_SUFFIX = Code(
    "E0904",
    "a suffix that says nothing",
    """What: the suffix of a path decides its format, and this one is missing or unknown.

Why: a guess could overwrite a file in a form that nobody asked for.

Example: `archdsl compile zoo/x3d.arch:x3d_s -o x3d.onx`

Use instead: one of the suffixes that the message lists.""",
)
NO_SUCH_NAME = Code(
    "E0905",
    "the file declares no such thing",
    """What: the name after the colon is not declared in the file, or is not of the kind that the command
works on.

Why: `FILE:NAME` asks for one space, model or genotype of a file.

Example: `archdsl summary zoo/x3d.arch:x3d_xxl`

Use instead: one of the names that the message lists.""",
)
WHICH_NAME = Code(
    "E0906",
    "the file holds several things",
    """What: a file with several spaces and models, several genotypes or several plans was given without
saying which.

Why: none of them is more likely meant than the others.

Example: `archdsl summary zoo/x3d.arch`

Use instead: `FILE:NAME`, for example `zoo/x3d.arch:x3d_s`; the message lists the names.""",
)
BAD_INPUT = Code(
    "E0907",
    "an input size that cannot be read",
    """What: `--input` takes the name of an input and the sizes of its dimensions in their declared order.

Why: the sizes of an input are nominal; `--input` feeds another size to the same model.

Example: `--input clip=13`

Use instead: `--input clip=1x3x13x160x160`, one number for each dimension, the batch first.""",
)
BAD_SETTING = Code(
    "E0908",
    "a setting that cannot be read",
    """What: `--set` takes `name=value`, where the value is written as in a file.

Why: `--set` changes a parameter and so makes another model; the name is one in the parentheses of the space
or model.

Example: `--set classes 174`

Use instead: `--set classes=174`, `--set width=2.9`, `--set 'kernels=[1x3x3, 3x3x3]'`.""",
)
BAD_QUANTITY = Code(
    "E0909",
    "a cost that cannot be read",
    """What: a cost on the command line is a number with an optional K, M, G or T.

Why: the same spelling as in a file: `2.0G` is 2,000,000,000 multiply–accumulates.

Example: `--max-macs 2,0`

Use instead: `--max-macs 2.0G`, or `--max-macs 2000000000`.""",
)
UNKNOWN_CODE = Code(
    "E0910",
    "no such code",
    """What: `archdsl explain` was given a code that archdsl never prints.

Why: codes are an E and four digits.

Example: `archdsl explain 501`

Use instead: the code in the square brackets of a message; `archdsl explain` alone lists all of them.""",
)
NO_BACKEND = Code(
    "E0911",
    "a package is missing",
    """What: the output needs a package that is not installed.

Why: archdsl itself stays small; PyTorch and the exporters are extras.

Example: `archdsl compile zoo/x3d.arch:x3d_s -o x3d.pt2` without PyTorch

Use instead: `pip install 'archdsl[torch]'`, or the extra that the message names.""",
)
NO_GENOTYPE = Code(
    "E0912",
    "a genotype that cannot be found",
    """What: `--genotype` takes a file with one genotype, `FILE:NAME`, or the name of a genotype in the
space's own file.

Why: none of the three fits what was given.

Example: `archdsl summary zoo/autox3d.arch:autox3d --genotype exmaple_s`

Use instead: `--genotype example_s`, or `--genotype found.arch`.""",
)
OPEN_CHOICES = Code(
    "E0950",
    "a space where a model is needed",
    """What: something that needs one architecture (compiling, exporting, Python source) was given a space
with open choices.

Why: each choice left open is a different network, with other weights and other shapes.

Example: `archdsl compile zoo/autox3d.arch:autox3d -o net.pt2`

Use instead: `--genotype G`, a `model`, or `archdsl sample` to draw a genotype first.""",
)
UNREADABLE_WEIGHTS = Code(
    "E0951",
    "weights that cannot be read",
    """What: the file of weights is neither safetensors nor a PyTorch file of plain tensors, or it is damaged.

Why: only data is read. A PyTorch file that holds anything but tensors, numbers and containers could run code,
and is refused.

Example: `archdsl compile zoo/x3d.arch:x3d_s --weights whole_module.pt -o x3d.pt2`

Use instead: a `.safetensors` file, or `torch.save(model.state_dict(), "weights.pt")`.""",
)
OTHER_WEIGHTS = Code(
    "E0952",
    "weights of another model",
    """What: the keys or shapes of the weights are not those of the model; the message lists missing, unknown
and misshapen ones.

Why: loading a part and leaving the rest at random gives a model that runs and is wrong.

Example: the weights of `x3d_s` with `classes = 400` in `x3d_s` with `--set classes=100`

Use instead: the settings under which the weights were trained; or compile without `--weights` and load what
fits yourself.""",
)
NO_WEIGHTS = Code(
    "E0953",
    "a format without weights",
    """What: weights were given for an output that cannot hold them, such as Python source.

Why: dropping them silently would give a model that runs and is not the trained one.

Example: `archdsl compile zoo/x3d.arch:x3d_s --weights w.safetensors -o x3d.py`

Use instead: two files, the source and the weights; the keys are the same.""",
)
OTHER_SIZE = Code(
    "E0954",
    "an input of another size than the network was compiled for",
    """What: a compiled network, a supergraph or an emitted module is fed a tensor whose dimensions, or their
sizes, it cannot be right for.

Why: a text is elaborated at the sizes of its inputs. Where it reads one (`x.h`), has a `param` for each
position, merges positions or splits them, what is compiled holds numbers, and at another size it would
compute something else without a word. Dimensions on which nothing depends are open; after `same` padding at a
stride of 2, say, a size may change by twos.

Example: a clip of 448x448 in `zoo/timesformer.arch:timesformer_divided`, compiled for 224x224

Use instead: compile it for that size: `--input clip=1x3x8x448x448`, `archdsl.load(…,
inputs="clip=1x3x8x448x448")` or, where a parameter decides it, `--set size=448`.""",
)
NO_NUMBER = Code(
    "E0955",
    "a constant without a value",
    """What: a `const` is computed when a network is compiled, and its formula gives no number at a position.

Why: 0 / 0, the logarithm or the root of a negative number, or infinity less infinity have no value, and every
result that such an element touches would have none. What is infinite is allowed, as in a mask; a condition
(`if`) may keep a formula from positions where it has no value.

Example: `const m: [i = 4] = (i - 1) / (i - 1)`, at i = 1

Use instead a formula with a number at every position: `if i == 1 then 1 else (i - 1) / (i - 1)`.""",
)
NO_DOT = Code(
    "E0960",
    "no program of Graphviz that can draw this",
    """What: a drawing needs a program of Graphviz, and none that can do it is installed, or it failed.

Why: Graphviz places the boxes of the cell view and the graph view, and makes bitmaps. archdsl takes the `dot`
on the path, else `graphviz-pure`, a port of it that is installed with archdsl where there is one for the
machine. The port writes no PDF. The views macro and space need no program as SVG, HTML or DOT.

Example: `archdsl render zoo/x3d.arch:x3d_s -o x3d.pdf` without `dot`

Use instead: `apt install graphviz` on Debian and Ubuntu, or an output that needs less: `-o x3d.svg`.""",
)
PATCH_DOES_NOT_FIT = Code(
    "E0961",
    "a patch for another genotype",
    """What: a patch states the answers that it starts from, and this genotype has others.

Why: applied to something else, a patch would give an architecture that nobody has seen.

Example: a patch that turns `group[0].kernel` from 3x3x3 to 1x5x5, applied where it is 3x5x5.

Use instead: the genotype that the patch was made from; `archdsl diff` shows what differs.""",
)
NOT_A_PATCH = Code(
    "E0962",
    "this is not a patch",
    """What: the JSON document does not have the form of `grammar/patch.schema.json`.

Why: a patch is applied whole or not at all, so it is read strictly.

Example: `{"format_version": 1, "kind": "genotype"}`, which lacks `changes`.

Use instead: what `archdsl diff --patch A B` prints.""",
)
NO_SUCH_PART = Code(
    "E0965",
    "no such part of the architecture",
    """What: `--focus` names a path at which nothing of the architecture lives.

Why: a typing mistake would otherwise draw something else, or nothing.

Example: `archdsl render zoo/nas.arch:darts_v2_cifar --focus cell[20] -o cell.svg`, where the cells are
numbered from 0 to 19.

Use instead: a path as `archdsl summary` prints it, `cell[3]` or `group[1].block[0]`. What a genotype leaves
out is not there.""",
)
VIEW_DOES_NOT_FIT = Code(
    "E0966",
    "a view that does not fit",
    """What: the view cannot show what is to be drawn, or an option belongs to another view.

Why: a space view shows open choices, which a model does not have; `--depth` means something in the graph view
only; and a picture of thousands of boxes can be read by nobody.

Example: `archdsl render zoo/i3d.arch:i3d --view space -o i3d.svg`

Use instead: another `--view`, fewer options, or a part of the architecture by `--focus`.""",
)
BAD_PROBABILITIES = Code(
    "E0967",
    "probabilities that cannot be used",
    """What: `--probabilities` names neither the directory of a run nor a file of its metrics, or the run is
of another space.

Why: shades that belong to other choices would lie.

Example: `archdsl render zoo/autox3d.arch:autox3d --probabilities runs/darts -o autox3d.svg`

Use instead: the directory that `archdsl search --run` wrote, and the space that was searched, with the same
`--set`.""",
)
INTERNAL = Code(
    "E0999",
    "a mistake in archdsl itself",
    """What: the command met a case that its authors did not foresee. The message ends with what Python said.

Why: no input should lead here: whatever is wrong with a file has a code of its own.

Example: none is known.

Use instead: report it with the file, please. `ARCHDSL_TRACEBACK=1` prints where it happened.""",
)
