"""Slips of those who come from Python and PyTorch, or from other languages: each with what is written here,
and its mend.

`x += y` is refused at `+`; `augmented` in `operators` knows it, says ``write `x = x + (y)` ``, and lets the
parse go on as if `x` were assigned something that is not known. A habit is a function of the scene; those
that know a slip are asked in the order of HABITS.
"""

from archdsl.syntax.habits import bindings, bodies, operators, shapes, words
from archdsl.syntax.slips import Habit

HABITS: tuple[Habit, ...] = (
    words.foreign_word,
    words.twice,
    bindings.record,
    operators.augmented,
    operators.power,
    operators.ternary,
    words.formatted,
    bodies.colon_body,
    bodies.loop_pattern,
    bindings.colon,
    bindings.default_by_colon,
    shapes.shape,
    shapes.no_shape,
    bodies.then_body,
    operators.step,
    words.own,
    operators.arrows,
    bindings.domain,
    bindings.chained_assignment,
    bodies.braces,
    operators.negated,
    words.typed,
    operators.point,
    operators.matrix_product,
    bodies.comment,
    bindings.nameless,
    bindings.comma_too_many,
)
