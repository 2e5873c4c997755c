"""Under torchrun: searches by each plan named, or a training; alone: the same with batches in two chunks.

python two_ranks.py FOLDER PLAN…
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from archdsl.search import ranks
from tests.search.tiny import find, learn

if __name__ == "__main__":
    torch.set_num_threads(1)
    alone = "RANK" not in os.environ
    with ranks.joined("cpu") as own:
        for name in sys.argv[2:]:
            folder, run = (
                Path(sys.argv[1]) / f"{own.rank}",
                f"{name}.{'alone' if alone else 'together'}",
            )
            if name == "training":
                learn(folder, run, own, cuts=2)
            else:
                find(folder, name, run, own, cuts=2)
