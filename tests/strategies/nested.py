"""Spaces in which choices decide of each other whether they matter: skips in depths, skips in skips, depths
in depths, picks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Writer:
    """Writes blocks from the innermost to the outermost; `cells` are those that an outer one may hold."""

    random: Random
    blocks: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    def option(self) -> str:
        """An alternative of a choice of layers."""
        kind = self.random.randrange(5)
        if kind < 2:
            return "skip: identity"
        if kind == 4 and self.cells:
            return f"deep: {self.random.choice(self.cells)}"
        return f"{self.random.choice(['plain', 'other'])}: conv(8, {self.random.choice([1, 3])})"

    def domain(self) -> str:
        options = list(
            dict.fromkeys([self.option() for _ in range(self.random.randint(1, 3))])
        )
        labels = [option.partition(":")[0] for option in options]
        return f"[{', '.join([o for o, label in zip(options, labels, strict=True) if labels.count(label) == 1] or options[:1])}]"

    def part(self, number: int) -> list[str]:
        """Statements that lead x through something searched."""
        kind = self.random.randrange(5)
        if kind < 2:
            low = self.random.randint(0, 1)
            return [
                f"depth{number} ~ {low}..{low + self.random.randint(1, 2)}",
                f"for i in range(depth{number}) {{ op{number} ~ {self.domain()}  x = x -> op{number} }}",
            ]
        if kind == 2:
            return [f"op{number} ~ {self.domain()}", f"x = x -> op{number}"]
        if kind == 3:
            return [
                f"use{number} ~ [false, true]",
                f"if use{number} {{ inner{number} ~ {self.domain()}  x = x -> inner{number} }}",
            ]
        return [
            f"a{number} ~ 1..2 of [x, x -> conv(8) as p{number}]",
            f"k{number} = len(a{number})",
            f"y{number} = a{number} -> add",
            f"last{number} ~ 1..2 of [x, y{number}]",
            f"x = last{number} -> add",
        ]

    def cell(self) -> None:
        name = f"cell{len(self.cells)}"
        lines: list[str] = []
        for number in range(self.random.randint(1, 2)):
            lines.extend(self.part(number))
        body = "\n  ".join(lines)
        self.blocks.append(f"block {name} {{\n  input x\n  {body}\n  output x\n}}")
        self.cells.append(name)


def nested_space(seed: int) -> str:
    """The space `net` of a seed."""
    writer = Writer(Random(seed))
    for _ in range(writer.random.randint(1, 3)):
        writer.cell()
    outer = writer.cells[-1]
    head = "output x -> mean(@hw) -> linear(3) as head"
    whole = f"space net {{\n  input x: [b, c = 8, h = 8, w = 8]\n  x = x -> {outer} as body\n  {head}\n}}"
    return "\n".join([*writer.blocks, whole]) + "\n"
