"""Networks: from one declaration of a file to its graph.

Begin with `nets`: `resolve` follows `space a = b(…) with …` to the declaration with a body, `elaborate` runs
that and has it checked. `spaces` keeps what several genotypes and plans of a file are checked against.
"""
