"""Networks of the zoo at other sizes, and one check of them all against a module that states the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from agreement import assert_same, assert_same_in_single
from torch import nn
from totals import counted, static

import archdsl
from archdsl.architecture import Architecture
from archdsl.elaborate.files.project import Project
from archdsl.questions.rename import Rules

SHIPPED = Project()  # reads every file once


def written(value: Any) -> str:
    """A Python value as the language writes it."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(each) for each in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def load(reference: str, larger: Sequence[int] = (), **settings: Any) -> Architecture:
    """A network, as `slowfast.arch:slow`, with these parameters; `larger` is another t, h and w of its
    clip.
    """
    texts = {name: written(value) for name, value in settings.items()}
    inputs = {"clip": dict(zip("thw", larger, strict=True))} if larger else None
    return archdsl.load(f"zoo/{reference}", settings=texts, inputs=inputs, project=SHIPPED)


def ours_by_theirs(keys: Iterable[str], rules: Rules) -> dict[str, str]:
    """Our key of each of theirs, without those that are left out; every key has a line, and no two are
    one.
    """
    found = {key: rules.find(key) for key in keys}
    assert None not in found.values(), found
    names = {key: each.names for key, each in found.items() if each is not None}
    ours = {
        key: name
        for key, (name,) in ((key, names) for key, names in names.items() if names)
    }
    assert len(set(ours.values())) == len(ours)
    return ours


def assert_counts(model: Architecture, plain: nn.Module, sizes: Sequence[int]) -> None:
    """`plain` has been built on the meta device; `sizes` are those of one sample, channels first."""
    assert static(model) == counted(plain, 1, *sizes)


def assert_agrees(
    model: Architecture,
    plain: nn.Module,
    sizes: Sequence[int],
    scale: float = 1.0,
    training: bool = True,
) -> None:
    """In training in double precision, unless something drops out there by chance, and in eval in single; the
    keys of `plain` are those of the model.
    """
    net = archdsl.compile(model)
    x = torch.randn(2, *sizes, generator=torch.Generator().manual_seed(1))
    assert net.state_dict().keys() == plain.state_dict().keys()
    if training:
        assert_same(net, plain, {key: key for key in plain.state_dict()}, x, training=True)
    assert_same_in_single(net, plain, x, scale)
