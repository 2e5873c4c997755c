"""Sound files of every kind that commands read, small enough to be tried by the thousand."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from archdsl.architecture import load
from archdsl.cli.sides import open_side, patch_between
from archdsl.diagnostics.source import Source
from archdsl.syntax.parser import parse
from archdsl.syntax.shipped import shipped
from archdsl.syntax.yaml_form import to_yaml
from tests.fuzz.mutations import TOKEN
from tests.laws.subjects import SPECS

ROOT = Path(__file__).parents[2]
_LONGEST = 6_000  # characters of a seed
NET = """arch 1

space net(classes = 4, width = 8, norm: layer = batch_norm) {
  input x: [b, c = 3, h = 6, w = 6]
  param time: [c = width] = 0
  y = (x -> conv(width, 3) as stem -> norm as norm) + time
  for i in range(2) as stage {
    channels ~ 4..12 by 4
    kernel ~ [1, 3]
    y = y -> conv(channels, kernel) as conv -> relu
  }
  deep ~ [identity, more: conv(y.c, 3) as last -> gelu]
  output y -> deep -> mean(@hw) -> linear(classes) as head
}
genotype chosen of net { stage[0] { channels = 8  kernel = 3 }  stage[1] { channels = 12  kernel = 1 }  deep = more }
genotype other of net { stage[*] { channels = 4  kernel = 1 }  deep = identity }
model fixed = net(classes = 5) with chosen
model edited = fixed() with { after stem insert relu  replace norm by layer_norm  stage[1].conv.bias = true }
space narrowed = net() with { stage[0].channels ~ [4, 8]  remove norm }

search stepwise of net {
  data = motion()  strategy = parsec(samples = 2)  alpha = adam(0.1)  batch = 4  epochs = 1
  step one { fix deep = identity  open stage[*]  budget macs <= 10K }
  step two { freeze stage[0]  open deep  epochs = 2 }
}
search joint of net { data = motion()  strategy = darts()  alpha = adam(0.1)  batch = 4  epochs = 1  budget macs <= 10K }
search uniform of net { strategy = random(trials = 2)  batch = 4  epochs = 1 }
search oneshot of net { strategy = evolution(trials = 4, population = 2, sample = 2, evaluate = "shared")  batch = 4  epochs = 1 }
"""
NETWORKS = ("net", "chosen", "other", "fixed", "edited", "narrowed")
PLANS = ("stepwise", "joint", "uniform", "oneshot")
TABLE = """# theirs
backbone.conv1 -> stem
backbone.bn{i}   -> norm
layers.{i}.conv -> stage.{i-1}.conv
pos            -> time   resize linear row after 1
extra -> deep.last  anew
fc             -> head
unused         -> -
"""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def texts() -> Sequence[str]:
    """Sound texts, and such with errors of every kind.

    What is beyond a limit on work is apart, in `heavy`: it takes seconds each time.
    """
    found = list(sound())
    for folder in ("wrong", "syntax/corpus", "syntax/format"):
        paths = sorted((ROOT / "tests" / folder).rglob("*.arch"))
        found += [_read(path) for path in paths if path.parent.name != "limits"]
    return found


@cache
def sound() -> Sequence[str]:
    """Generated specs, and every declaration that ships, behind what it uses."""
    found = [NET, *(spec.text for spec in SPECS.values())]
    for path in sorted(shipped("specs").rglob("*.arch")):
        found += _declarations(_read(path))
    return [text for text in found if len(text) < _LONGEST]


@cache
def heavy() -> Sequence[str]:
    return [
        _read(path) for path in sorted((ROOT / "tests" / "wrong" / "limits").glob("*.arch"))
    ]


def _declarations(text: str) -> list[str]:
    """The declarations of a file that stand alone, each a file."""
    tree, _ = parse(Source("shipped.arch", text))
    uses = "\n".join(re.findall(r"^use .*$", text, re.MULTILINE))
    return [
        f"arch 1\n{uses}\n{declaration.span.text}\n" for declaration in tree.declarations
    ]


def yaml(random: Random) -> str:
    """A sound text in the other form."""
    return _yaml(random.randrange(len(sound())))


@cache
def _yaml(number: int) -> str:
    return to_yaml(parse(Source("seed.arch", sound()[number]))[0])


@cache
def words() -> Sequence[str]:
    found = {word for text in (*texts(), _yaml(0)) for word in TOKEN.findall(text)}
    return sorted(word for word in found if not word.isspace() and len(word) < 40)


@cache
def plans() -> Sequence[str]:
    """Files with a plan: ours, those that ship and those of other tests."""
    return [text for text in texts() if "\nsearch " in text]


@cache
def patches() -> Sequence[tuple[str, Any]]:
    """Networks of NET, each with a patch as `archdsl diff --patch` prints it: of genotypes, and of the IR."""
    pairs = (
        ("chosen", "other"),
        ("fixed", "edited"),
        ("net", "narrowed"),
        ("narrowed", "net"),
    )
    with _file_of_net() as file:
        sides = {name: open_side(f"{file}:{name}") for name in NETWORKS}
        found = [(a, patch_between(sides[a], sides[b], a, b).facts()) for a, b in pairs]
    return [(name, json.loads(json.dumps(facts))) for name, facts in found]


@cache
def tables() -> Sequence[str]:
    return [TABLE, *(_read(path) for path in sorted(shipped("specs").rglob("*.rename")))]


def checkpoint(random: Random) -> tuple[str, bytes]:
    """A file of weights for `fixed` and its suffix: safetensors, or what `torch.save` writes, wrapped or not."""
    import torch
    from safetensors.torch import save

    tensors: dict[str, Any] = {
        name: torch.zeros(
            shape, dtype=random.choice((torch.float32, torch.float32, torch.float16))
        )
        for name, shape in _weights().items()
    }
    for _ in range(random.choice((0, 0, 1, 3))):
        name = random.choice(list(tensors))
        tensor = tensors[name]
        change = random.randrange(6)
        if change == 0:
            del tensors[name]
        elif change == 1:
            tensors[name + random.choice(("\x1b[31m", "\u202e", "\n", ".0", ""))] = (
                tensors.pop(name)
            )
        elif change == 2:
            tensors[name] = torch.zeros([*tensor.shape, random.choice((0, 1, 3))])
        elif change == 3:
            tensors[name] = torch.zeros(
                tensor.shape, dtype=random.choice((torch.int64, torch.bool, torch.bfloat16))
            )
        elif change == 4:
            tensors["module." + name] = tensor
        else:
            tensors[name] = torch.zeros([random.choice((0, 1, 2, 7))] * random.randrange(5))
    if random.random() < 0.5:
        return ".safetensors", save(
            {name: tensor.clone() for name, tensor in tensors.items()}
        )
    wrapped: Any = tensors
    for _ in range(random.choice((0, 0, 1, 2))):
        wrapped = {
            random.choice(("state_dict", "model", "ema", "epoch", "\x1b]0;x\x07")): wrapped,
            "epoch": 3,
        }
    held = io.BytesIO()
    torch.save(wrapped, held, _use_new_zipfile_serialization=random.random() < 0.7)
    return random.choice((".pth", ".pt", ".pyth")), held.getvalue()


@cache
def _weights() -> Mapping[str, tuple[int, ...]]:
    from archdsl_lowering.fixed import lower
    from archdsl_torch.starting import outline

    with _file_of_net() as file:
        program = lower(load(f"{file}:fixed").graph)
    return {name: tuple(weight.shape) for name, weight in outline(program).items()}


@contextmanager
def _file_of_net() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.arch"
        path.write_text(NET, encoding="utf-8")
        yield path
