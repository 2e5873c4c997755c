"""The whole file: imports, classes, how weights start, and `model()`."""

from __future__ import annotations

from archdsl_lowering.program import Program
from archdsl_python.classes import classes
from archdsl_python.inputs import table
from archdsl_python.starts import function

_HEAD = '''"""{name}: written by `archdsl compile`; needs PyTorch alone."""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
'''
_MODEL = '''def model(seed: int = {seed}) -> {name}:
    """The model with its weights as they start; each depends on the seed and its own key alone."""
    made = {name}()
    start(made, seed)
    return made
'''


def text(program: Program, seed: int) -> str:
    """The source of a program."""
    written, name, arguments = classes(program)
    head = _HEAD.format(name=program.name)
    body = "\n\n\n".join(
        [
            table(program, arguments),
            *written,
            function(program),
            _MODEL.format(name=name, seed=seed),
        ]
    )
    if "F." not in body:
        head = head.replace("import torch.nn.functional as F\n", "")
    return f"{head}\n\n{body}"
