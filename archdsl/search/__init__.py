"""Plans carried out: searching a space and training what is found, in run directories that can be resumed.

Begin with `search` and `training`, what the commands call, and `strategies` for how a space is searched.
`running` opens a run, `steps` makes strategies of a plan's steps, `problem` is what a strategy is given,
`evaluation` what an architecture is worth. `learning`, `optimiser`, `batches` and `statistics` take steps,
`randomness` and `ranks` make them repeatable; `runs` keeps what they gave, `page` and `charts` show it.
`data` is where examples come from. This room imports PyTorch.
"""
