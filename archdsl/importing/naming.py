"""Names of the source as names of the language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from archdsl.elaborate.evaluation.reserved import is_reserved
from archdsl.importing.templates import Node
from archdsl.syntax.complaints import RESERVED

_ROLES = {
    "batch_norm": "norm",
    "layer_norm": "norm",
    "group_norm": "norm",
}


def sane(name: str | None) -> str:
    """A name with what the grammar allows; empty where nothing is left."""
    word = re.sub(r"\W+", "_", name or "", flags=re.ASCII).strip("_")
    if word and word[0].isdigit():
        word = f"n{word}"
    return f"{word}_" if word in RESERVED or (word and is_reserved(word)) else word


def instance_names(nodes: Sequence[Node]) -> list[str]:
    """What the instance of each node is called, no two with weights alike; empty where nothing is to be
    named.
    """
    wanted = [_wish(node) for node in nodes]
    counts = Counter(name for name in wanted if name)
    taken = {name for name, count in counts.items() if count == 1}
    found: list[str] = []
    for node, name in zip(nodes, wanted, strict=True):
        if node.shared is not None:
            found.append(found[node.shared])
            continue
        own = name
        number = 1
        while own and (counts[name] > 1 or own in found) and (own == name or own in taken):
            own, number = f"{name}{number}", number + 1
        if own:
            taken.add(own)
        found.append(own)
    return found


def _wish(node: Node) -> str:
    if node.call is not None:
        if not node.call.weights:
            return ""
        return sane(node.segment.name) or _ROLES.get(node.op, node.op)
    if node.turns or node.segment.index is None:
        return sane(node.segment.name) or "part"
    return sane(f"{node.segment.name}_{node.segment.index}")
