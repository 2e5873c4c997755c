"""Where something is made: under which instance, for which place of the text, in which elaboration."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.state import State
from archdsl.ir.instance import Instance


@dataclass(frozen=True, slots=True)
class Place:
    instance: Instance
    span: Span
    state: State
