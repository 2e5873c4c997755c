"""One row a primitive: all that is said of `conv` or `relu` by its name, but for how a backend computes it.

Begin with `primitive` (what a row says) and `table` (all rows). A file for each family has them: `conv`,
`linear`, `pool`, `reductions`, `normalise`, `activation`, `pointwise`, `attention`, `combine`, `rearrange`.
Rows are written in the words of `axes` (where positions come from and what is done over dimensions), `sizes`,
`windows` and `checks`. `extents` and `entries` say which input sizes a network depends on; `reference` writes
docs/primitives.md.
"""
