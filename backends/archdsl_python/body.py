"""The text of a unit: what its constructor makes and what its forward computes.

Constants go through a `Slot`. With one that writes the same mark for all of them, the text is the unit's
pattern: units with one pattern are one class, and the constants in which they differ are its parameters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from keyword import iskeyword
from typing import Any

from archdsl_lowering.program import Program, Ref
from archdsl_lowering.rows.layers import Module
from archdsl_python.containers import Containers
from archdsl_python.expressions import Slot, expression, qualified
from archdsl_python.units import Item, Unit, under

_EMPTY = {
    "list": "nn.ModuleList()",
    "dict": "nn.ModuleDict()",
    "module": "nn.Module()",
}
_INPUTS = "xyzuvw"
_DEPTH = 3  # calls within calls on one line


@dataclass(frozen=True, slots=True)
class Made:
    """How an inner unit is made: its class, and the arguments of its constructor."""

    name: str
    arguments: tuple[tuple[str, Any], ...]


class Body:
    """Writes one unit of a program."""

    def __init__(
        self,
        program: Program,
        containers: Containers,
        everything: Sequence[Unit],
        made: Mapping[Unit, Made],
    ) -> None:
        self._program = program
        self._containers = containers
        self._units = {u.home: u for u in reversed(everything)}  # the first of each home
        self._homes = sorted(self._units, key=len, reverse=True)
        self._made = made
        self._first: dict[
            str, int
        ] = {}  # of every prefix of a key, the place of the first such key
        for place, path in enumerate((*program.weights, *program.modules, *self._units)):
            parts = path.split(".")
            for length in range(1, len(parts) + 1):
                self._first.setdefault(".".join(parts[:length]), place)

    def constructor(self, unit: Unit, slot: Slot) -> list[str]:
        """The statements that make the layers, weights and inner units that live right here."""
        inner = {
            home: u
            for home, u in self._units.items()
            if home and self._owner(home) == unit.home
        }
        paths = [
            p
            for p in (*self._program.modules, *self._program.weights)
            if self._owner(p) == unit.home and not self._in_module(p)
        ]
        paths += list(inner)
        paths.sort(key=self._place_in_text)
        lines: list[str] = []
        done: set[str] = set()
        for path in paths:
            self._place(path, unit, inner, slot, lines, done)
        return lines

    def forward(self, unit: Unit, slot: Slot) -> tuple[list[str], list[str]]:
        """The names of the inputs and the statements."""
        return _Forward(self._program, self._containers, unit, slot).write()

    def _place_in_text(self, path: str) -> list[int]:
        """Program order level by level, but the items of a list by number."""
        found, at = [], ""
        for segment in path.split("."):
            parent, at = at, f"{at}.{segment}" if at else segment
            found.append(
                int(segment) if self._containers.kind(parent) == "list" else self._first[at]
            )
        return found

    def _owner(self, path: str) -> str:
        return next(home for home in self._homes if home != path and under(path, home))

    def _in_module(self, path: str) -> bool:
        return (
            path in self._program.weights
            and path.rpartition(".")[0] in self._program.modules
        )

    def _place(
        self,
        path: str,
        unit: Unit,
        inner: Mapping[str, Unit],
        slot: Slot,
        lines: list[str],
        done: set[str],
    ) -> None:
        """Writes the statement for a path, and before it those for the containers around it."""
        at = unit.home
        for segment in path[len(at) + 1 if at else 0 :].split("."):
            parent, at = at, f"{at}.{segment}" if at else segment
            if at in done:
                continue
            done.add(at)
            kind = self._containers.kind(parent)
            text = self._make(at, inner, slot)
            if not segment.isdigit():
                lines.append(f"{self._containers.reach(at, unit.home)} = {text}")
            elif kind == "list":
                lines.append(f"{self._containers.reach(parent, unit.home)}.append({text})")
            else:
                name = self._containers.reach(parent, unit.home)
                added = (
                    f'["{segment}"] = {text}'
                    if kind == "dict"
                    else f'.add_module("{segment}", {text})'
                )
                lines.append(name + added)

    def _make(self, path: str, inner: Mapping[str, Unit], slot: Slot) -> str:
        name = path.rpartition(".")[2]
        if path in inner:
            made = self._made[inner[path]]
            hint = next((s for s in reversed(path.split(".")) if not s.isdigit()), name)
            given = [
                f"{name}={slot(value, f'{hint}_{name}')}" for name, value in made.arguments
            ]
            return f"{made.name}({', '.join(given)})"
        if path in self._program.modules:
            return _module(self._program.modules[path], name, slot)
        if path in self._program.weights:
            return f"nn.Parameter(torch.zeros({slot(self._program.weights[path].shape, f'{name}_shape')}))"
        return _EMPTY[self._containers.kind(path)]


def _module(module: Module, name: str, slot: Slot) -> str:
    shown = [
        slot(value, f"{name}_{argument}")
        for value, argument in zip(module.args, module.names, strict=True)
    ]
    for argument, value in module.kwargs:
        shown.append(
            f"{argument}={value if isinstance(value, bool) else slot(value, f'{name}_{argument}')}"
        )
    return f"{qualified(module.type)}({', '.join(shown)})"


class _Forward:
    """Writes one `forward`: a statement for each call, calls that feed only the next one written inside it,
    chains of list items as loops.
    """

    def __init__(
        self, program: Program, containers: Containers, unit: Unit, slot: Slot
    ) -> None:
        self._program = program
        self._containers = containers
        self._unit = unit
        self._slot = slot
        self._names: dict[int, str] = {}
        self._taken: set[str] = {"self", "torch", "nn", "F"}
        # expressions to be written inside the next call, with their depth
        self._pending: dict[int, tuple[str, int]] = {}
        self._lines: list[str] = []
        self._uses = self._count()

    def write(self) -> tuple[list[str], list[str]]:
        unit = self._unit
        for n, index in enumerate(unit.inputs):
            given = self._program.instructions[index]
            if given.kind == "input" and not unit.home:
                self._bind(index, given.name)
            else:
                self._bind(index, _INPUTS[n] if n < len(_INPUTS) else f"x{n}")
        inputs = [self._names[i] for i in unit.inputs]
        at = 0
        while at < len(unit.items):
            turns = self._chain_at(at)
            if turns > 1:
                self._loop([u for u in unit.items[at : at + turns] if isinstance(u, Unit)])
                at += turns
            else:
                self._item(
                    unit.items[at],
                    unit.items[at + 1] if at + 1 < len(unit.items) else None,
                )
                at += 1
        outputs = [self._text(Ref(i)) for i in unit.outputs]
        self._lines.append(f"return {', '.join(outputs)}")
        return inputs, self._lines

    def _item(self, item: Item, following: Item | None) -> None:
        if isinstance(item, Unit):
            self._inner(item, following)
        else:
            self._call(item, following)

    def _inner(self, unit: Unit, following: Item | None) -> None:
        called = self._containers.reach(unit.home, self._unit.home)
        given = [self._text(Ref(i)) for i in unit.inputs]
        text = f"{called}({', '.join(given)})"
        if len(unit.outputs) == 1 and self._feeds(unit.outputs[0], following):
            self._pending[unit.outputs[0]] = text, 1
            return
        names = [self._bind(o, _hint(unit.home)) for o in unit.outputs]
        self._lines.append(f"{', '.join(names)} = {text}")

    def _call(self, item: int, following: Item | None) -> None:
        instruction = self._program.instructions[item]
        within = [self._pending[r][1] for r in instruction.reads() if r in self._pending]
        depth = 1 + max(within, default=0)
        reach = ""
        if instruction.kind in ("module", "weight"):
            reach = self._containers.reach(instruction.target, self._unit.home)
        text = expression(instruction, reach, self._text, self._slot)
        deepest = _DEPTH if following is not None else _DEPTH + 1
        if (
            instruction.kind != "weight"
            and depth < deepest
            and self._feeds(item, following)
        ):
            self._pending[item] = text, depth
        else:
            self._lines.append(f"{self._bind(item, _hint(instruction.name))} = {text}")

    def _feeds(self, index: int, following: Item | None) -> bool:
        """Whether a result is used once, and by what comes next (whose other arguments are then names or
        constants).
        """
        if self._uses.get(index) != 1:
            return False
        if following is None:
            return index in self._unit.outputs
        if isinstance(following, Unit):
            return (
                index in following.inputs
                and self._chain_at(self._unit.items.index(following)) < 2
            )
        return index in self._program.instructions[following].reads()

    def _chain_at(self, at: int) -> int:
        """How many items from here on are the turns of one list, each fed by the one before: 0 where it is no
        such chain.
        """
        first = self._unit.items[at]
        if not isinstance(first, Unit) or not first.home.endswith(".0"):
            return 0
        listing = first.home[:-2]
        if self._containers.kind(listing) != "list":
            return 0
        turns = self._unit.items[at : at + self._containers.size(listing)]
        chain = [u for u in turns if isinstance(u, Unit)]
        if [u.home for u in chain] != [
            f"{listing}.{n}" for n in range(self._containers.size(listing))
        ]:
            return 0
        carried = _carried(chain)
        others = [item for item in self._unit.items if item not in chain]
        if carried is None or any(
            isinstance(u, Unit) and under(u.home, listing) for u in others
        ):
            return 0
        read = {*self._read_by(others), *self._unit.outputs}
        return len(chain) if all(read.isdisjoint(u.outputs) for u in chain[:-1]) else 0

    def _loop(self, chain: list[Unit]) -> None:
        carried = _carried(chain)
        assert carried is not None
        listing = chain[0].home[:-2]
        turn = self._fresh(_hint(listing))
        names = []
        for place, output in enumerate(chain[-1].outputs):
            sources = [chain[0].inputs[p] for p, o in carried.items() if o == place]
            given = self._text(Ref(sources[0])) if sources else ""
            name = given
            # a variable that nothing else reads is used again
            if not given.isidentifier() or self._uses.get(sources[0], 0) != 1:
                name = self._fresh("x" if len(chain[0].outputs) == 1 else f"x{place}")
            if sources and given != name:
                self._lines.append(f"{name} = {given}")
            names.append(name)
            self._names[output] = name
        arguments = [self._text(Ref(i)) for i in chain[0].inputs]
        for place, output in carried.items():
            arguments[place] = names[output]
        self._lines.append(
            f"for {turn} in {self._containers.reach(listing, self._unit.home)}:"
        )
        self._lines.append(f"    {', '.join(names)} = {turn}({', '.join(arguments)})")

    def _text(self, ref: Ref) -> str:
        return (
            self._pending[ref.index][0]
            if ref.index in self._pending
            else self._names[ref.index]
        )

    def _bind(self, index: int, hint: str) -> str:
        self._names[index] = self._fresh(hint)
        return self._names[index]

    def _fresh(self, hint: str) -> str:
        name, count = hint, 1
        while name in self._taken or iskeyword(name):
            count += 1
            name = f"{hint}_{count}"
        self._taken.add(name)
        return name

    def _count(self) -> Counter[int]:
        """How often each result is read in this unit, inner units once for each input, outputs included."""
        return Counter((*self._unit.outputs, *self._read_by(self._unit.items)))

    def _read_by(self, items: Sequence[Item]) -> Iterator[int]:
        """The results that items read."""
        for item in items:
            yield from (
                item.inputs
                if isinstance(item, Unit)
                else self._program.instructions[item].reads()
            )


def _carried(chain: list[Unit]) -> dict[int, int] | None:
    """For inputs of a turn that are outputs of the one before: which. None where the turns are not alike."""
    if len(chain) < 2 or len({(len(u.inputs), len(u.outputs)) for u in chain}) > 1:
        return None
    carried: dict[int, int] = {}
    for place in range(len(chain[0].inputs)):
        pairs = list(pairwise(chain))
        if all(b.inputs[place] == a.inputs[place] for a, b in pairs):
            continue
        if any(b.inputs[place] not in a.outputs for a, b in pairs):
            return None
        sources = {a.outputs.index(b.inputs[place]) for a, b in pairs}
        if len(sources) > 1 or not sources.isdisjoint(carried.values()):
            return None
        carried[place] = sources.pop()
    return carried or None


def _hint(name: str) -> str:
    """A variable's name from a key: its last word."""
    return next((s for s in reversed(name.split(".")) if not s.isdigit()), "x")
