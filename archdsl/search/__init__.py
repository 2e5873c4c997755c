"""Plans carried out: searching a space and training what is found, in run directories that can be resumed.

Begin with `search` and `training`, what the commands call, and `strategies` for how a space is searched.
`running` opens a run, `steps` makes strategies of a plan's steps, `problem` is what a strategy is given,
`evaluation` what an architecture is worth. `learning`, `optimiser`, `batches` and `statistics` take steps,
`randomness` and `ranks` make them repeatable. `loop` takes the rounds of both, `runs` and `checkpoints` keep
what they gave; `page` and `training_page` show it by `sheet`, `plots` and `charts`, `listing` compares runs.
`data` is where examples come from. This room imports PyTorch.
"""
