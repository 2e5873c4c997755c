"""From a graph to calls, without PyTorch: what the backends for PyTorch and for Python source both begin
with.

`rows` states how each primitive is computed; `fixed` turns a model into a `program`, a list of calls by name;
`supergraph` says where each axis of a space lies in weights that all its architectures share.
"""
