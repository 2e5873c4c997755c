"""The built-in strategies: `table` has their names, `protocol` says what a strategy is.

Those that try architectures one by one build on `trials`: `baselines` (random, evolution, grid) and
`bandit` (with `gaussian_process` and `studies`). Those that learn a distribution and shared weights
together build on `relaxed`: `parsec` (with `importance`) and `darts` (with `bilevel`). `docs/search.md` has
a strategy of one's own.
"""
