"""What can be asked of a graph without building it.

Begin with `genotype` (answers to choices, and their text) and `summary` (the paper's table, by the `stages`
of a network). `count`, `cost`, `sample` and `probability` put their questions to one `diagram`. `rename`
and `checkpoint` find which weight each key of somebody else's checkpoint is.
"""
