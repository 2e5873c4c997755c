"""From the tree of a file to graphs, in five rooms; each knows only those below it.

    files        a name on the command line, found, read, checked, elaborated
    plans        what a `search` says, checked against the space that it is of
    networks     one declaration: followed to its body, run, checked, blamed
    checks       what is wrong with names, with some architecture, with what nothing reads
    evaluation   the language itself: bodies run, expressions evaluated, layers applied

Begin with `files.project`, what commands ask, and `networks.nets`, which runs one declaration.
"""
