"""E02xx: names, imports and instances."""

from archdsl.diagnostics.diagnostic import Code, table

UNKNOWN_NAME = Code(
    "E0201",
    "unknown name",
    """A name is used that nothing in its scope declares: not a parameter or assignment of this body, not a
declaration or `use` of this file, not a primitive or number function.

Example:
    x = clip -> conv3(24)

Use the name that is meant (`conv(24, 3x3x3)`), or import it: `use std: conv_norm_act`.""",
)
DUPLICATE_NAME = Code(
    "E0202",
    "name declared twice",
    """A file is one namespace: blocks, functions, constants, spaces, models, genotypes, plans and imported
names share it, and so do the parameters of one block. A second declaration would make the meaning of a
reference depend on its place.

Example:
    bn = batch_norm(eps = 1e-3)
    block bn(channels) = conv(channels) -> batch_norm

Rename one of the two, or import it under another name: `use std: project as shrink`.""",
)
DUPLICATE_INSTANCE = Code(
    "E0203",
    "two instances with one name",
    """Two calls in one scope would own weights or choices under the same path. Paths are the keys of the
checkpoint, so they never get an ordinal that an edit elsewhere could shift.

Example:
    output x -> conv(24) -> relu -> conv(48)

Name them: `conv(24) as first -> relu -> conv(48) as second`.""",
)
UNKNOWN_MODULE = Code(
    "E0204",
    "unknown file in `use`",
    """`use name: …` reads `name.arch` beside the file that says so, else the one that ships with archdsl.
Neither exists, or it lies outside the folders that may be read.

Example:
    use standard: mbconv3d

Use the file's name (`use std: mbconv3d`); `archdsl list` shows what ships.""",
)
NOT_EXPORTED = Code(
    "E0205",
    "the file does not declare this name",
    """The file named in a `use` exists but declares no such name (a name that it only imports is not passed
on).

Example:
    use std: mbconv2d

Use a name that the file declares, from the file that declares it.""",
)
IMPORT_CYCLE = Code(
    "E0206",
    "files that use each other",
    """A file reaches itself through its `use` lines. Declarations are read before they are used, so a cycle
has no beginning.

Move what both need into a third file and `use` it from both.""",
)
RECURSION = Code(
    "E0207",
    "a definition that reaches itself",
    """A block, function, constant, space or genotype is defined by itself, directly or through others. The
language has no recursion: every file elaborates in bounded time.

Example:
    block tower(n) = conv(8) -> tower(n - 1)

Use a loop: `for i in range(n) { x = x -> conv(8) as layer }`.""",
    about="bounds",
)
RESERVED_INSTANCE = Code(
    "E0208",
    "a name that a PyTorch module already uses",
    """Instance names become attributes of modules and keys of the `state_dict`. Names that `torch.nn.Module`
or `GraphModule` use themselves (`type`, `half`, `train`, `forward`, …) and Python's keywords cannot be.

Example:
    x -> linear(10) as forward

Choose another name: `as classify`.""",
)
UNUSED_IMPORT = Code(
    "E0209",
    "imported but not used",
    """A warning: a `use` line names something that the file never mentions.

Remove the name from the `use` line.""",
)
UNKNOWN_MEMBER = Code(
    "E0210",
    "no such member",
    """`value.name` reads the size of a tensor's dimension (`x.c`) or a labelled entry of a tuple or list. The
value has no such dimension or label.

Example:
    width = x.channels

Use the dimension's letter: `x.c`.""",
)

CODES = table(
    UNKNOWN_NAME,
    DUPLICATE_NAME,
    DUPLICATE_INSTANCE,
    UNKNOWN_MODULE,
    NOT_EXPORTED,
    IMPORT_CYCLE,
    RECURSION,
    RESERVED_INSTANCE,
    UNUSED_IMPORT,
    UNKNOWN_MEMBER,
)
