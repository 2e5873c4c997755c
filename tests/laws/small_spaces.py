"""Spaces of the zoo at sizes at which their supergraphs are trained in a test."""

from __future__ import annotations

from hypothesis import settings

_CI = [
    ("zoo/autox3d.arch:autox3d", {"frames": "2", "size": "32", "classes": "5"}),
    (
        "zoo/autotsnet.arch:auto_tsnet",
        {"frames": "2", "alpha": "2", "size": "32", "classes": "5"},
    ),
    (
        "zoo/attentionnas.arch:attention_cell_gpb",
        {"channels": "8", "frames": "4", "size": "4"},
    ),
    (
        "zoo/attentionnas.arch:attention_structures",
        {"channels": "8", "frames": "4", "size": "4"},
    ),
    ("zoo/nas.arch:darts", {"layers": "3", "channels": "4"}),
]
_DEEP = [
    ("zoo/autox3d.arch:autox3d", {"frames": "4", "size": "64", "deeper": "2"}),
    (
        "zoo/autotsnet.arch:auto_tsnet",
        {"frames": "2", "alpha": "4", "size": "64", "deeper": "2"},
    ),
    ("zoo/attentionnas.arch:i3d_gpb", {"frames": "16", "size": "64"}),
    ("zoo/attentionnas.arch:s3d_agnostic", {"frames": "16", "size": "64"}),
    ("zoo/nas.arch:darts", {}),
    ("zoo/timesformer.arch:timesformer_mixed", {}),
    ("zoo/xvit.arch:xvit_ablation", {}),
]

# References and settings: a handful in ci, more and larger ones in the profile "deep".
SMALL = _CI if settings.default.max_examples <= 100 else [*_CI, *_DEEP]
