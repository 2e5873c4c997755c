"""The command line: a thin shell that reads arguments and files, asks the core, and prints.

Begin with `main`: the commands, and how any of them ends. `commands` has one module each; they share
`target` and `sides` (what FILE:NAME means), `options`, `genotypes`, `revisions`, and `output`, `report` and
`terminal` (printing).
"""
