"""Plans: what a `search` block says, as plain values that a run can be started with.

Begin with `table`, which lists every setting, strategy and optimiser; `values` reads one setting by it,
`plan` a whole block, checked against its space. `reference` prints the table for the docs.
"""
