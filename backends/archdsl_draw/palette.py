"""Colours that colour-blind readers can tell apart (Okabe and Ito, 2008), never used without a text or a
shape.
"""

from __future__ import annotations

OKABE_ITO = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")
_COLOURS = (
    *OKABE_ITO,
    "#999933",
    "#AA4499",
    "#44AA99",
    "#882255",
    "#6699CC",
    "#B0A08A",
    "#117733",
    "#7A6F9B",
)
_KERNELS = {
    (3, 3): 0,
    (5, 5): 1,
    (3, 3, 3): 2,
    (7, 7): 3,
    (3, 1, 1): 4,
    (5, 1, 1): 5,
    (3, 5, 5): 6,
    (5, 3, 3): 7,
    (5, 5, 5): 8,
    (7, 7, 7): 9,
    (5, 7, 7): 10,
}
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
    return _COLOURS[index % len(_COLOURS)]


def kernel_number(kernel: str) -> int:
    """The number of a kernel's colour, the same in every picture: `3×3` and `1×3×3` have one, `3×3×3` has
    another.

    What is rarer than the table shares one of the colours that are not in it.
    """
    sizes = tuple(map(int, kernel.split("×")))
    while len(sizes) > 2 and sizes[0] == 1:
        sizes = sizes[1:]
    if sizes in _KERNELS:
        return _KERNELS[sizes]
    return len(_KERNELS) + sum(i * n for i, n in enumerate(sizes, 1)) % (
        len(_COLOURS) - len(_KERNELS)
    )


def ink_on(fill: str) -> str:
    """Black or white, whichever reads better (WCAG relative luminance)."""
    channels = [int(fill[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if (luminance + 0.05) / 0.06 >= 1.05 / (luminance + 0.05) else PAPER


def paled(colour: str) -> str:
    """The colour of what stands back: a quarter of it on white."""
    return "#" + "".join(
        f"{(3 * 255 + int(colour[i : i + 2], 16)) // 4:02x}" for i in (1, 3, 5)
    )
