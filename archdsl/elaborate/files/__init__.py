"""Files: how a reference is found, read, checked and elaborated.

Begin with `project`, what commands ask; `checking` is what `check` does. `importer` is the one place that
opens files, inside their roots only; `reference` takes `FILE:NAME` apart and picks what is meant; `request`
elaborates one network with settings and other sizes, which `inputs` reads.
"""
