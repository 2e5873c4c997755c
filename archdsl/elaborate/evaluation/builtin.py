"""The names that every file knows: primitives, functions, initialisers, numbers.

`exp` is a primitive and a number function: the name stands for the primitive, and `exp(2)`, called with
numbers, for the function (`calls`).
"""

from __future__ import annotations

import math

from archdsl.elaborate.evaluation.functions import FUNCTION_NAMES
from archdsl.elaborate.evaluation.values import FunctionV, InitialiserV, PrimitiveL, Thing
from archdsl.ir.expr import constant
from archdsl.ops.table import INITIALISERS, PRIMITIVES

BUILTINS: dict[str, Thing] = {name: FunctionV(name) for name in FUNCTION_NAMES}
BUILTINS.update({name: PrimitiveL(p) for name, p in PRIMITIVES.items() if not p.internal})
BUILTINS.update({name: InitialiserV(name) for name in INITIALISERS})
BUILTINS["pi"] = constant(math.pi)

BUILTIN_NAMES = frozenset(BUILTINS)
