"""Programs whose arithmetic has no value for some answers: divisions, roots, indices, sizes compared with
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

_DOMAINS = ("[0, 1, 2]", "[0, 2]", "[1, 2, 4]", "0..2", "[1, 3x3]")


@dataclass(slots=True)
class Writer:
    """Writes one program; numbers are names of choices, of values computed before, or plain."""

    random: Random
    lines: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    layers: int = 0

    def one(self, *options: str) -> str:
        return self.random.choice(options)

    def number(self, depth: int = 2) -> str:
        """An expression that is a number for some answers at least."""
        if depth == 0 or self.random.random() < 0.3:
            return self.random.choice([*self.numbers, "1", "2", "4"])
        a, b, choice = (
            self.number(depth - 1),
            self.number(depth - 1),
            self.random.choice(self.numbers),
        )
        kind = self.random.randrange(8)
        if kind < 2:
            return f"({a} // {choice})"
        if kind == 2:
            return f"int(sqrt({choice} - {b}))"
        if kind == 3:
            return f"[1, 2, 4][{choice}]"
        if kind == 4:
            return f"(if {self.condition(depth - 1)} then {a} else {b})"
        return (
            f"({a} {self.one('+', '*', '%')} {choice})"
            if kind < 7
            else f"max({a}, {choice})"
        )

    def condition(self, depth: int = 1) -> str:
        """A condition that is undefined for some answers at most."""
        plain = f"{self.random.choice(self.numbers)} {self.one('>', '<=', '==')} {self.number(depth)}"
        if depth == 0 or self.random.random() < 0.6:
            return plain
        return f"({plain} {self.one('and', 'or')} {self.condition(depth - 1)})"

    def layer(self, place: str) -> str:
        """What makes a tensor of eight channels of `place`, or of others that an addition then misses."""
        self.layers += 1
        name = f"l{self.layers}"
        if self.random.random() < 0.5:
            return f"{place} -> conv({self.number()}) as {name} -> conv(8) as {name}_back"
        return f"{place} -> conv(8, groups = {self.number()}) as {name}"

    def statement(self, depth: int = 1) -> None:
        kind = self.random.randrange(8)
        if kind == 0:
            name = f"n{len(self.lines)}"
            self.lines.append(f"{name} = {self.number()}")
            self.numbers.append(name)
        elif kind == 1:
            self.lines.append(f"unread = {self.layer('x')}")
        elif kind == 2 and depth:
            self.lines.append(f"if {self.condition()} {{ x = {self.layer('x')} }}")
        elif kind == 3:
            self.lines.append(
                f"for i in range({self.number(1)}) {{ x = {self.layer('x')} }}"
            )
        elif kind == 4:
            self.lines.append(f"x = [x, {self.layer('x')}][{self.number(1)}]")
        elif kind == 5:
            self.lines.append(
                f"op{len(self.lines)} ~ [identity, conv(8, groups = {self.number()})]"
            )
            self.lines.append(f"x = x -> op{len(self.lines) - 1}")
        else:
            self.lines.append(f"x = {self.layer('x')}")


def partial_program(seed: int) -> str:
    """The space `net` of a seed, over two or three choices."""
    writer = Writer(Random(seed))
    for i in range(writer.random.randint(2, 3)):
        writer.lines.append(f"k{i} ~ {writer.one(*_DOMAINS)}")
        writer.numbers.append(f"k{i}")
    if writer.random.random() < 0.4:
        writer.lines.append(f"require {writer.condition()}")
    for _ in range(writer.random.randint(1, 3)):
        writer.statement()
    body = "\n  ".join(writer.lines)
    return f"space net {{\n  input x: [b, c = 8, h = 4, w = 4]\n  {body}\n  output x\n}}\n"
