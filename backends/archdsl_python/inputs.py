"""What an emitted file checks of its inputs: the table of their sizes, and the functions that a compiled
module asks too.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import getsource
from itertools import chain

from archdsl.diagnostics.codes.files import OTHER_SIZE
from archdsl.ops.entries import Entry, fits, misfit
from archdsl_lowering.program import Program
from archdsl_python.lines import wrapped

_HEAD = """# What each argument may be: the input's name, the letters of its axes, and of axes the size for
# which this was written, the least size and the step to others, 0 where there are none.
INPUTS: dict[str, tuple[str, str, tuple[tuple[int, int, int, int], ...]]] = {{
{rows}
}}
"""
_CALL = [
    "def __call__(self, *given: torch.Tensor, **named: torch.Tensor) -> Any:",
    "    for place, (argument, (name, dims, wanted)) in enumerate(INPUTS.items()):",
    "        x = given[place] if place < len(given) else named.get(argument)",
    "        if isinstance(x, torch.Tensor) and not (x.dim() == len(dims) and fits(wanted, x.shape)):",
    '            raise ValueError("{code}: " + misfit({network!r}, name, dims, wanted, x.shape))',
    "    return super().__call__(*given, **named)",
]


def table(program: Program, arguments: Sequence[str]) -> str:
    """The sizes that the inputs may have, by the arguments of `forward`, and the functions that tell whether
    a tensor has them.
    """
    lines = [
        f'    "{name}": {_row(entry)},'
        for name, entry in zip(arguments, program.entries, strict=True)
    ]
    rows = "\n".join(chain.from_iterable(map(wrapped, lines)))
    return "\n\n".join(
        [_HEAD.format(rows=rows), getsource(fits), getsource(misfit).rstrip("\n")]
    )


def call(program: Program) -> list[str]:
    """The method by which the model looks at its inputs before it computes; what is traced is `forward`, as
    it was.
    """
    return [line.format(code=OTHER_SIZE.id, network=program.name) for line in _CALL]


def _row(entry: Entry) -> str:
    wanted = ", ".join(map(str, entry.wanted))
    return f'("{entry.name}", "{entry.dims}", ({wanted}{"," if len(entry.wanted) == 1 else ""}))'
