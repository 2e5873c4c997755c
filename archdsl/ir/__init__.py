"""What a network is once its text has been run: a flat graph whose choices are still open.

Begin with `graph` (values, operations, selections) and `expr` (numbers that depend on choices: tables, and
the decision diagrams of `decision`). `activity` says what is live and which choices are asked; `fix`
settles some of them. Questions to a whole space go through `frontier` (with `order`, `terms`, `extremes`,
`budget`). `undefined` is the value of what has none, `work` the bound on what a file may cost. `notation`
spells values, `printer`, `codec` and `named` whole graphs; `verify` states what holds of every graph.
"""
