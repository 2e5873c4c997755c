"""Every benchmark: `make bench`, or `python benchmarks/run.py [ROUNDS]`."""

from __future__ import annotations

import sys

import commands
import costs
import diffs
import supergraphs


def main() -> None:
    """Prints one line a race, and one for each number without a rival."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for module in (commands, costs, diffs, supergraphs):
        for result in module.races(rounds):
            print(result, flush=True)
    for fact in supergraphs.facts():
        print(fact, flush=True)


if __name__ == "__main__":
    main()
