"""Files: how a reference is found, read, checked and elaborated.

Begin with `project`, which answers for a whole file. `importer` is the one place that opens files, inside
their roots only; `reference` takes `FILE:NAME` apart and picks what is meant; `inputs` reads sizes that are
given from outside.
"""
