"""Evaluation: a body is run, and its operations, choices and weights are gathered.

Begin with `values`, what an expression comes to, and `state`, what one elaboration gathers. `evaluator` gives
the value of any expression and `bodies` runs statements; which function does which is in `tables`:

    x = clip -> conv(16, 3) -> relu      statements.bind, flows.flow, calls.call, layers.apply, primitives
    width ~ [16, 24]                     statements.choose, choose, answers (what edits leave of it)
    y = if width > 16 then x else x * 2  expressions, operators, branches (one value of several)

A function takes the node and a `frame`: the names, the instance and the elaboration in which it runs.
Names: `scope` and `binding` in a body, `declared` in a file (`module`), `builtin` everywhere. What was meant
by a name or call that is none: `unknown`, `synonyms`, `misuse`.
"""

from archdsl.elaborate.evaluation import tables

__all__ = ["tables"]
