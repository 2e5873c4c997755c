"""`motion:count=512,size=32`: the text of `--data`, and the `data` of a plan, taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.elaborate.plans.table import Invocation, Option
from archdsl.search.data import foreign, motion, tensors, video
from archdsl.search.data.transforms import TRANSFORMS

SOURCES: Mapping[str, tuple[Option, ...]] = {
    "video": video.OPTIONS,
    "tensor": tensors.OPTIONS,
    "python": foreign.OPTIONS,
    "motion": motion.OPTIONS,
}
_HELP = "give `--data video:DIR`, `tensor:FILE.npz`, `python:pkg.mod:factory` or `motion`"
_SETTING = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*\S)", re.ASCII | re.DOTALL)
_OUTSIDE = re.compile(r",(?![^(]*\))")  # commas that no parentheses enclose


@dataclass(frozen=True, slots=True)
class Reference:
    """A source by its kind, where it lies, and what is set of it or of its transforms."""

    kind: str
    place: str
    settings: Mapping[str, Any]


def parse(text: str) -> Reference:
    """`KIND[:PLACE][,NAME=VALUE…]`, for `motion` without a place `motion[:NAME=VALUE…]`.

    Raises DiagnosticError E0970 for an unknown kind, or where a place is missing.
    """
    kind, _, rest = text.partition(":")
    if kind not in SOURCES:
        help = did_you_mean(kind, SOURCES, _HELP)
        raise DiagnosticError(
            codes.UNKNOWN_SOURCE.error(
                None, f"`{text}` is no data that can be opened", help=help
            )
        )
    parts = _OUTSIDE.split(rest) if rest else []
    settings: dict[str, Any] = {}
    while parts and (match := _SETTING.fullmatch(parts[-1].strip())):
        settings[match[1]] = _value(match[2])
        parts.pop()
    place = ",".join(parts)
    if (kind == "motion") == bool(place):
        wrong = (
            f"`{place}` of `{text}` is no setting, which is written `count=512`"
            if place
            else f"`{text}` does not say where the data are"
        )
        raise DiagnosticError(codes.UNKNOWN_SOURCE.error(None, wrong, help=_HELP))
    return Reference(kind, place, dict(reversed(settings.items())))


def of_plan(call: Invocation) -> Reference:
    """What a plan names. Raises DiagnosticError E0970 or E0972 for what only a command line can say."""
    if call.name == "python":
        help = (
            "give it on the command line: `--data "
            f"python:{call.args[0] if call.args else 'pkg.mod:factory'}`"
        )
        raise DiagnosticError(
            codes.CODE_IN_PLAN.error(call.span, "a plan does not run Python", help=help)
        )
    if call.name != "motion" or call.args:
        raise DiagnosticError(
            codes.UNKNOWN_SOURCE.error(
                call.span,
                f"`{call}` says what the data are, not where they lie",
                help=_HELP,
            )
        )
    return Reference("motion", "", call.named)


def transforms(call: Invocation | None) -> dict[str, Any]:
    """The settings of a plan's data that stay when `--data` takes the place of their source."""
    names = {option.name for option in TRANSFORMS}
    return (
        {name: value for name, value in call.named.items() if name in names} if call else {}
    )


def _value(text: str) -> Any:
    if text.startswith("(") and text.endswith(")"):
        return tuple(_value(part.strip()) for part in text[1:-1].split(",") if part.strip())
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
