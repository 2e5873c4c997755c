"""The one reading of a graph: tables, differences and pictures ask it, and none of them works it out again.

Begin with `reading.read`: the tree of instances with the values of each, what reads what, and which choices
decide a part. `paths` has their paths as a type, `following` says which norms and activations belong to which
layer, `repeats` what stands in a row or side by side, `asking` what is open, `attributes` writes parameters
as the language does.
"""
