"""How weights start, as a table of key patterns and the function that fills them in."""

from __future__ import annotations

import re

from archdsl_lowering.program import Program

_FUNCTION = '''# How weights start, by key; a number in a key stands as *.
STARTS: dict[str, tuple[str, float]] = {{
{rows}
}}


def start(made: nn.Module, seed: int) -> None:
    """Fills every weight: He (msra), Glorot (xavier), uniform by fan-in, or numbers given outright."""
    for key, weight in made.named_parameters():
        kind, number = STARTS.get(key) or STARTS[re.sub(r"\\b\\d+\\b", "*", key)]
        digest = hashlib.sha256(f"{{seed}}:{{key}}".encode()).digest()
        random = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little"))
        size = tuple(weight.shape)
        positions = math.prod(size[2:])
        fan_in = fan_out = math.prod(size)
        if len(size) > 1:
            fan_in, fan_out = size[1] * positions, size[0] * positions
        with torch.no_grad():
            if kind == "constant":
                weight.fill_(number)
            elif kind == "trunc_normal":
                nn.init.trunc_normal_(weight, 0.0, number, generator=random)
            elif kind in ("normal", "msra"):
                weight.normal_(0, number if kind == "normal" else math.sqrt(2 / fan_out), generator=random)
            else:
                bounds = {{"xavier": math.sqrt(6 / (fan_in + fan_out)), "fan_in": 1 / math.sqrt(fan_in)}}
                bound = bounds.get(kind, number)
                weight.uniform_(-bound, bound, generator=random)
'''


def function(program: Program) -> str:
    """The table `STARTS` and the function `start`, the same numbers as a compiled model's for the same
    seed.
    """
    patterns: dict[str, set[tuple[str, float]]] = {}
    starts = {
        key: (w.init.name, float(w.init.args[0]) if w.init.args else 0.0)
        for key, w in program.weights.items()
    }
    for key, found in starts.items():
        patterns.setdefault(_pattern(key), set()).add(found)
    rows: dict[str, tuple[str, float]] = {}
    for key, found in starts.items():
        rows[_pattern(key) if len(patterns[_pattern(key)]) == 1 else key] = found
    return _FUNCTION.format(
        rows="\n".join(
            f'    "{key}": ("{name}", {number!r}),' for key, (name, number) in rows.items()
        )
    ).rstrip("\n")


def _pattern(key: str) -> str:
    return re.sub(r"\b\d+\b", "*", key)
