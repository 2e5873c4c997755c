"""Codes about the text itself: E01xx."""

from __future__ import annotations

from functools import partial

from archdsl.diagnostics import diagnostic

Code = partial(diagnostic.Code, about="text")

UNEXPECTED = Code(
    "E0101",
    "unexpected text",
    """What: the text does not follow the grammar at this place.

Why: something is missing before it, or it does not belong here.

Example:

    arch 1
    width = 8 9

Use instead: what the message expects. White space never ends a statement: the next one must open with a
keyword or with a name and `=` or `~`. `grammar/arch.lark` is the reference, with an example for every
rule.""",
)
NO_EDITION = Code(
    "E0102",
    "missing edition",
    """What: the file does not begin with `arch` and the number of the edition it is written in.

Why: so that a file keeps its meaning when the language grows.

Example:

    width = 8

Use instead:

    arch 1
    width = 8""",
)
UNKNOWN_EDITION = Code(
    "E0103",
    "unknown edition",
    """What: this version of archdsl does not know the edition that the file names.

Why: the file was written for a later version, or the number is mistyped.

Example:

    arch 7

Use instead: `arch 1`, or a newer archdsl.""",
)
BAD_CHARACTER = Code(
    "E0104",
    "unknown character",
    """What: a character that no part of the language uses.

Why: it came from another language or was pasted from a text.

Example:

    arch 1
    width = 8;

Use instead: statements need no separator; logic is `and`, `or`, `not`; strings are written with `"`; arrows
are `->`.""",
)
BAD_STRING = Code(
    "E0105",
    "broken string",
    """What: a string without its closing quote on the same line, or with a control character in it.

Why: strings are names of modes and places; they have one line and no escapes.

Example:

    arch 1
    padding = "same

Use instead:

    arch 1
    padding = "same\"""",
)
BAD_NUMBER = Code(
    "E0106",
    "broken number",
    """What: digits run into letters and make no number.

Why: numbers are `24`, `2.25`, `1e-3`; sizes are `1x3x3`; quantities end in K, M, G or T; names do not begin
with a digit.

Example:

    arch 1
    limit = 2g

Use instead:

    arch 1
    limit = 2G""",
)
BAD_AXES = Code(
    "E0107",
    "broken set of dimensions",
    """What: `@` without the letters of dimensions.

Why: dimensions have names of one lower-case letter; `@hw` is the set of h and w.

Example:

    arch 1
    over = @HW

Use instead:

    arch 1
    over = @hw""",
)
UNCLOSED = Code(
    "E0108",
    "unclosed bracket",
    """What: a `(`, `[` or `{` whose partner is missing.

Why: the text goes on with something that cannot stand inside it, or ends.

Example:

    arch 1
    rows = [1, 2
    width = 8

Use instead:

    arch 1
    rows = [1, 2]
    width = 8""",
)
UNOPENED = Code(
    "E0109",
    "bracket without a partner",
    """What: a `)`, `]` or `}` that closes nothing.

Why: one too many, or the opening one was lost.

Example:

    arch 1
    width = 8)

Use instead:

    arch 1
    width = 8""",
)
CHAINED = Code(
    "E0110",
    "chained comparison",
    """What: two comparisons in a row.

Why: they do not chain; what `a < b < c` means differs between languages.

Example:

    arch 1
    fits = 1 < 2 < 3

Use instead:

    arch 1
    fits = 1 < 2 and 2 < 3""",
)
RESERVED = Code(
    "E0111",
    "reserved word as a name",
    """What: a word that the language needs stands where a name belongs.

Why: and as by else false for if in input not of or output param require shared then tied true with are
reserved.

Example:

    arch 1
    input = 8

Use instead: another name.

    arch 1
    inputs = 8""",
)
FOREIGN = Code(
    "E0112",
    "word of another language",
    """What: the way another language says it.

Why: archdsl is small: `use`, `fn`, `block`, `space`, `model`; no classes, no imports, no `while`, no powers.

Example:

    arch 1
    def double(x) = 2 * x

Use instead:

    arch 1
    fn double(x) = 2 * x""",
)
ASSIGNED = Code(
    "E0113",
    "`=` in a condition",
    """What: `=` where a comparison is meant.

Why: `=` names a value or a parameter; `==` compares.

Example:

    arch 1
    block b(n) { input x  if n = 1 { x = x -> relu }  output x }

Use instead:

    arch 1
    block b(n) { input x  if n == 1 { x = x -> relu }  output x }""",
)
COLON_BODY = Code(
    "E0114",
    "`:` before a body",
    """What: a body that opens with `:`.

Why: white space means nothing here, so a body needs its braces.

Example:

    arch 1
    block b {
      input x
      for i in range(2):
        x = x -> relu
      output x
    }

Use instead: `for i in range(2) { x = x -> relu }`.""",
)
MISSING = Code(
    "E0115",
    "missing text",
    """What: a comma, a bracket or a word is missing between two parts that are fine by themselves.

Why: with it the text reads well.

Example:

    arch 1
    rows = [1 2]

Use instead:

    arch 1
    rows = [1, 2]""",
)
YAML = Code(
    "E0120",
    "unreadable YAML",
    """What: the YAML form of a document is not YAML, or uses what the form does not allow: anchors, aliases,
tags, repeated keys.

Why: the form is a plain tree of mappings, lists and texts, so that reading a stranger's file is safe.

Example:

    arch: 1
    genotype: &a found

Use instead: write the value out at every place.""",
)
YAML_SHAPE = Code(
    "E0121",
    "YAML of another shape",
    """What: the YAML is well formed but is not a document of archdsl.

Why: a key is missing, unknown, or holds something else than it should; `grammar/document.schema.json` has the
rules.

Example:

    arch: 1
    declarations:
      - genotype: found

Use instead: `- {genotype: found, of: autox3d, set: {}}`.""",
)
