"""Calls and constants as Python expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl_lowering.program import Instruction, Ref, references

Slot = Callable[[Any, str], str]
"""The text of a constant; the second argument suggests a name for it, should it become a parameter."""

_INFIX = {
    "operator.add": "+",
    "operator.sub": "-",
    "operator.mul": "*",
    "operator.truediv": "/",
}


def qualified(name: str) -> str:
    """A name as the emitted file, which imports `torch`, `nn` and `F`, spells it."""
    return name.replace("torch.nn.functional.", "F.").replace("torch.nn.", "nn.")


def literal(value: Any) -> str:
    """A constant as Python writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)


def expression(
    instruction: Instruction, reach: str, ref: Callable[[Ref], str], slot: Slot
) -> str:
    """The call of an instruction. `reach` is how its module or weight is got at."""
    hint = instruction.name.rpartition(".")[2]

    def show(value: Any, name: str) -> str:
        if isinstance(value, Ref):
            return ref(value)
        if isinstance(value, tuple) and references(value):
            return f"({', '.join(show(v, name) for v in value)}{',' if len(value) == 1 else ''})"
        if value is None or isinstance(value, bool | str):
            return repr(value)
        return slot(value, name)

    args = instruction.args
    if instruction.kind == "weight":
        return reach
    if instruction.target == "operator.getitem":
        return (
            f"{_operand(show(args[0], hint))}[{_index(args[1], lambda v: show(v, hint))}]"
        )
    if instruction.target in _INFIX:
        left, right = (_operand(show(a, f"{hint}_by")) for a in args)
        return f"{left} {_INFIX[instruction.target]} {right}"
    named = [
        f"{name}={show(value, f'{hint}_{name}')}" for name, value in instruction.kwargs
    ]
    if instruction.kind == "method":
        shown = [show(a, f"{hint}_{i}") for i, a in enumerate(args)]
        return f"{_operand(shown[0])}.{instruction.target}({', '.join(shown[1:] + named)})"
    shown = [show(a, f"{hint}_{i}") for i, a in enumerate(args)]
    callee = reach if instruction.kind == "module" else qualified(instruction.target)
    return f"{callee}({', '.join(shown + named)})"


def _index(value: Any, show: Callable[[Any], str]) -> str:
    if isinstance(value, tuple):
        return ", ".join(_index(v, show) for v in value)
    if isinstance(value, slice):
        start, stop = ("" if v is None else show(v) for v in (value.start, value.stop))
        return f"{start}:{stop}" + (
            f":{show(value.step)}" if value.step is not None else ""
        )
    return show(value)


def _operand(text: str) -> str:
    """In parentheses where an operator stands outside of any."""
    depth = 0
    for before, char in zip(" " + text, text, strict=False):
        depth += (char in "([") - (char in ")]")
        if not depth and char == " " and before != ",":
            return f"({text})"
    return f"({text})" if text.startswith("-") else text
