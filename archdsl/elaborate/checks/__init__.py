"""Checks: what is wrong with a file beyond what running it meets.

`names` reads a file without running it. `finish` decides every condition over the whole space of a graph.
`unread` warns of what nothing reads, `idle` of answers that others make idle. `blame` shows an error at the
edit that causes it.
"""
