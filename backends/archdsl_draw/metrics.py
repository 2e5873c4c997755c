"""How wide a text is: advance widths, so that boxes fit their texts in whichever sans serif is at hand.

Per character the wider of DejaVu Sans and Helvetica (Liberation Sans has its widths), in thousandths of the
size, as measured in the fonts' tables; what is not listed counts as a full em.
"""

from __future__ import annotations

from collections.abc import Mapping

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

_REGULAR = {
    275: "'", 278: "ijl", 295: "I", 318: " ,.", 333: "·", 337: "/:;\\|", 352: "f", 361: "-", 390: "()[]",
    392: "t", 401: "!", 411: "r", 460: '"', 500: "*J`", 521: "s", 525: "z", 550: "c", 556: "?_–", 557: "L",
    579: "k", 592: "vxy", 611: "FT", 612: "o", 613: "a", 615: "e", 634: "hnu", 635: "bdgpq",
    636: "$0123456789{}", 667: "EPSY", 684: "AV", 685: "XZ", 686: "B", 722: "CR", 732: "U", 748: "N",
    752: "H", 770: "D", 778: "G", 780: "&", 787: "OQ", 818: "w", 838: "#+<=>^~×→−", 863: "M", 950: "%",
    974: "m", 989: "W", 1015: "@", 656: "K",
}  # fmt: skip
_BOLD = {
    306: "'", 343: "ijl", 348: " ", 365: "/\\|", 372: "I", 380: ",.·", 400: ":;", 415: "-", 435: "f",
    457: "()[]", 456: "!", 478: "t", 493: "r", 500: "`", 521: '"', 523: "*", 556: "J_–", 582: "z", 593: "c",
    595: "s", 611: "?", 637: "L", 645: "x", 652: "vy", 665: "k", 675: "a", 678: "e", 682: "T", 683: "EF",
    687: "o", 696: "$0123456789", 712: "hnu{}", 716: "bdgpq", 720: "S", 724: "Y", 725: "Z", 733: "P",
    734: "C", 762: "B", 770: "R", 771: "X", 774: "AV", 775: "K", 812: "U", 821: "G", 830: "D", 837: "HN",
    838: "#+<=>^~×→−", 850: "OQ", 872: "&", 924: "w", 995: "M", 1002: "%", 1042: "m", 1103: "W",
}  # fmt: skip


def _by_character(table: Mapping[int, str]) -> dict[str, int]:
    widths: dict[str, int] = {}
    for width, characters in table.items():
        widths.update(dict.fromkeys(characters, width))
    return widths


_WIDTHS = {False: _by_character(_REGULAR), True: _by_character(_BOLD)}


def text_width(text: str, size: float, bold: bool = False) -> float:
    """The room that a line of text takes, in the unit of `size`."""
    widths = _WIDTHS[bold]
    return sum(widths.get(c, 1000) for c in text) * size / 1000


def fitted(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than the room."""
    if text_width(text, size, bold) <= room:
        return text
    while text and text_width(text + "…", size, bold) > room:
        text = text[:-1]
    return text + "…"
