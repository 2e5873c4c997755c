"""From the tree of a file to graphs: files, evaluation, checks, plans.

Begin with `project`, what commands ask, and `nets`, which runs one declaration; `statements` and
`expressions` run its body. Files: `importer`, `module`, `names`, `reference`. Evaluation: `values`,
`operators`, `functions`, `calls`, `layers` and `primitives` (the arrow), `choose` and `branches` (choices),
`edits`. Checks: `requirements`, `results`, `unread`, and `finish`, which decides every condition over the
whole space. What was meant: `blame`, `misuse`, `synonyms`, `unknown`. Plans: `plans`, `plan_values`,
`plan_table`.
"""
