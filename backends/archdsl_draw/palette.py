"""Colours that colour-blind readers can tell apart (Okabe and Ito, 2008), never used without a text or a
shape.
"""

from __future__ import annotations

OKABE_ITO = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")
INK = "#1a1a1a"
SOFT = "#5c5c5c"  # lesser texts; 6.8:1 on white
LINE = "#8c8c8c"
FAINT = "#d9d9d9"
PANEL = "#f1f1f1"  # behind a stage
PAPER = "#ffffff"
DIFFERENT = "#B34700"  # outlines and signs of what differs; 5.6:1 on white
STAR = "#F0E442"
SIGNS = {
    "+": "#0072B2",
    "−": DIFFERENT,
    "~": "#8A4A91",
    ">": SOFT,
}  # of a difference; each stands beside its sign


def colour_of(index: int) -> str:
    return OKABE_ITO[index % len(OKABE_ITO)]


def ink_on(fill: str) -> str:
    """Black or white, whichever reads better (WCAG relative luminance)."""
    channels = [int(fill[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if (luminance + 0.05) / 0.06 >= 1.05 / (luminance + 0.05) else PAPER


def paled(colour: str) -> str:
    """The colour of what stands back: a quarter of it on white."""
    return "#" + "".join(f"{(3 * 255 + int(colour[i : i + 2], 16)) // 4:02x}" for i in (1, 3, 5))
