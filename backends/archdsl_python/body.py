"""The text of a unit: what its constructor makes and what its forward computes.

Constants go through a `Slot`. With one that writes the same mark for all of them, the text is the unit's
pattern: units with one pattern are one class, and the constants in which they differ are its parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from keyword import iskeyword
from typing import Any

from archdsl_lowering.program import Program, Ref, references
from archdsl_lowering.rows.layers import Module
from archdsl_python.containers import Containers
from archdsl_python.expressions import Slot, expression, qualified
from archdsl_python.units import Item, Unit, under

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
        self, program: Program, containers: Containers, everything: Sequence[Unit], made: Mapping[Unit, Made]
    ) -> None:
        self._program = program
        self._containers = containers
        self._units = {u.home: u for u in reversed(everything)}  # the first of each home
        self._homes = sorted(self._units, key=len, reverse=True)
        self._made = made
        self._first: dict[str, int] = {}  # of every prefix of a key, the place of the first such key
        for place, path in enumerate((*program.weights, *program.modules, *self._units)):
            parts = path.split(".")
            for length in range(1, len(parts) + 1):
                self._first.setdefault(".".join(parts[:length]), place)

    def constructor(self, unit: Unit, slot: Slot) -> list[str]:
        """The statements that make the layers, weights and inner units that live right here."""
        inner = {home: u for home, u in self._units.items() if home and self._owner(home) == unit.home}
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
            found.append(int(segment) if self._containers.kind(parent) == "list" else self._first[at])
        return found

    def _owner(self, path: str) -> str:
        return next(home for home in self._homes if home != path and under(path, home))

    def _in_module(self, path: str) -> bool:
        return path in self._program.weights and path.rpartition(".")[0] in self._program.modules

    def _place(
        self, path: str, unit: Unit, inner: Mapping[str, Unit], slot: Slot, lines: list[str], done: set[str]
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
                lines.append(
                    f'{name}["{segment}"] = {text}'
                    if kind == "dict"
                    else f'{name}.add_module("{segment}", {text})'
                )

    def _make(self, path: str, inner: Mapping[str, Unit], slot: Slot) -> str:
        name = path.rpartition(".")[2]
        if path in inner:
            made = self._made[inner[path]]
            hint = next((s for s in reversed(path.split(".")) if not s.isdigit()), name)
            given = [f"{name}={slot(value, f'{hint}_{name}')}" for name, value in made.arguments]
            return f"{made.name}({', '.join(given)})"
        if path in self._program.modules:
            return _module(self._program.modules[path], name, slot)
        if path in self._program.weights:
            return f"nn.Parameter(torch.zeros({slot(self._program.weights[path].shape, f'{name}_shape')}))"
        return {"list": "nn.ModuleList()", "dict": "nn.ModuleDict()", "module": "nn.Module()"}[
            self._containers.kind(path)
        ]


def _module(module: Module, name: str, slot: Slot) -> str:
    shown = [
        slot(value, f"{name}_{argument}") for value, argument in zip(module.args, module.names, strict=True)
    ]
    for argument, value in module.kwargs:
        shown.append(f"{argument}={value if isinstance(value, bool) else slot(value, f'{name}_{argument}')}")
    return f"{qualified(module.type)}({', '.join(shown)})"


class _Forward:
    """Writes one `forward`: a statement for each call, calls that feed only the next one written inside it,
    chains of list items as loops.
    """

    def __init__(self, program: Program, containers: Containers, unit: Unit, slot: Slot) -> None:
        self._program = program
        self._containers = containers
        self._unit = unit
        self._slot = slot
        self._names: dict[int, str] = {}
        self._taken: set[str] = {"self", "torch", "nn", "F"}
        self._pending: dict[
            int, tuple[str, int]
        ] = {}  # expressions to be written inside the next call, with their depth
        self._lines: list[str] = []
        self._uses = self._count()

    def write(self) -> tuple[list[str], list[str]]:
        unit = self._unit
        for n, index in enumerate(unit.inputs):
            given = self._program.instructions[index]
            own = (
                given.name
                if given.kind == "input" and not unit.home
                else _INPUTS[n]
                if n < len(_INPUTS)
                else f"x{n}"
            )
            self._bind(index, own)
        inputs = [self._names[i] for i in unit.inputs]
        at = 0
        while at < len(unit.items):
            turns = self._chain_at(at)
            if turns > 1:
                self._loop([u for u in unit.items[at : at + turns] if isinstance(u, Unit)])
                at += turns
            else:
                self._item(unit.items[at], unit.items[at + 1] if at + 1 < len(unit.items) else None)
                at += 1
        outputs = [self._text(Ref(i)) for i in unit.outputs]
        self._lines.append(f"return {', '.join(outputs)}")
        return inputs, self._lines

    def _item(self, item: Item, following: Item | None) -> None:
        if isinstance(item, Unit):
            called = self._containers.reach(item.home, self._unit.home)
            text = f"{called}({', '.join(self._text(Ref(i)) for i in item.inputs)})"
            if len(item.outputs) == 1 and self._feeds(item.outputs[0], following):
                self._pending[item.outputs[0]] = text, 1
                return
            names = [self._bind(o, _hint(item.home)) for o in item.outputs]
            self._lines.append(f"{', '.join(names)} = {text}")
            return
        instruction = self._program.instructions[item]
        depth = 1 + max(
            (self._pending[r][1] for r in _arguments(self._program, item) if r in self._pending), default=0
        )
        reach = (
            self._containers.reach(instruction.target, self._unit.home)
            if instruction.kind in ("module", "weight")
            else ""
        )
        text = expression(instruction, reach, self._text, self._slot)
        deepest = _DEPTH if following is not None else _DEPTH + 1
        if instruction.kind != "weight" and depth < deepest and self._feeds(item, following):
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
            return index in following.inputs and self._chain_at(self._unit.items.index(following)) < 2
        return index in _arguments(self._program, following)

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
        if [u.home for u in chain] != [f"{listing}.{n}" for n in range(self._containers.size(listing))]:
            return 0
        carried = _carried(chain)
        if carried is None or any(
            u.home.startswith(listing + ".")
            for u in self._unit.items
            if isinstance(u, Unit) and u not in chain
        ):
            return 0
        inside = {o for u in chain[:-1] for o in u.outputs}
        elsewhere = [r for item in self._unit.items if item not in chain for r in _read(self._program, item)]
        return 0 if inside & {*elsewhere, *self._unit.outputs} else len(chain)

    def _loop(self, chain: list[Unit]) -> None:
        carried = _carried(chain)
        assert carried is not None
        listing = chain[0].home[:-2]
        turn = self._fresh(_hint(listing))
        names = []
        for place, output in enumerate(chain[-1].outputs):
            source = next((p for p, o in carried.items() if o == place), None)
            given = self._text(Ref(chain[0].inputs[source])) if source is not None else None
            again = (
                source is not None
                and self._uses.get(chain[0].inputs[source], 0) == 1
                and given is not None
                and given.isidentifier()
            )
            name = (
                given
                if again and given is not None
                else self._fresh("x" if len(chain[0].outputs) == 1 else f"x{place}")
            )
            if given is not None and given != name:
                self._lines.append(f"{name} = {given}")
            names.append(name)
            self._names[output] = name
        arguments = [
            names[carried[p]] if p in carried else self._text(Ref(i)) for p, i in enumerate(chain[0].inputs)
        ]
        self._lines.append(f"for {turn} in {self._containers.reach(listing, self._unit.home)}:")
        self._lines.append(f"    {', '.join(names)} = {turn}({', '.join(arguments)})")

    def _text(self, ref: Ref) -> str:
        return self._pending[ref.index][0] if ref.index in self._pending else self._names[ref.index]

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

    def _count(self) -> dict[int, int]:
        """How often each result is read in this unit, inner units once for each input, outputs included."""
        found: dict[int, int] = {}
        for index in (
            *self._unit.outputs,
            *(r for item in self._unit.items for r in _read(self._program, item)),
        ):
            found[index] = found.get(index, 0) + 1
        return found


def _carried(chain: list[Unit]) -> dict[int, int] | None:
    """For inputs of a turn that are outputs of the one before: which. None where the turns are not alike."""
    if len(chain) < 2 or len({(len(u.inputs), len(u.outputs)) for u in chain}) > 1:
        return None
    carried: dict[int, int] = {}
    for place in range(len(chain[0].inputs)):
        pairs = list(pairwise(chain))
        if all(b.inputs[place] == a.inputs[place] for a, b in pairs):
            continue
        sources = {a.outputs.index(b.inputs[place]) if b.inputs[place] in a.outputs else -1 for a, b in pairs}
        if len(sources) > 1 or -1 in sources or sources & set(carried.values()):
            return None
        carried[place] = sources.pop()
    return carried or None


def _arguments(program: Program, index: int) -> list[int]:
    instruction = program.instructions[index]
    return references(instruction.args) + references(tuple(v for _, v in instruction.kwargs))


def _read(program: Program, item: Item) -> list[int]:
    return list(item.inputs) if isinstance(item, Unit) else _arguments(program, item)


def _hint(name: str) -> str:
    """A variable's name from a key: its last word."""
    return next((s for s in reversed(name.split(".")) if not s.isdigit()), "x")
