"""The names that every file knows: primitives, functions, initialisers."""

from __future__ import annotations

from archdsl.elaborate.evaluation.functions import FUNCTION_NAMES
from archdsl.elaborate.evaluation.values import FunctionV, InitialiserV, PrimitiveL, Thing
from archdsl.ops.table import INITIALISERS, PRIMITIVES

BUILTINS: dict[str, Thing] = {
    name: PrimitiveL(p) for name, p in PRIMITIVES.items() if not p.internal
}
BUILTINS.update({name: FunctionV(name) for name in FUNCTION_NAMES})
BUILTINS.update({name: InitialiserV(name) for name in INITIALISERS})

BUILTIN_NAMES = frozenset(BUILTINS)
