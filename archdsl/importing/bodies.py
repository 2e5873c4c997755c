"""The statements of a body: values read once become part of what reads them, others get names.

%1 = conv %0, %2 = relu %1, %3 = add %2, %0        y = x -> conv(64, 3) as conv1 -> relu
                                                   output x + y
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archdsl.importing.blocks import Block, Option, Scaled, loop_columns
from archdsl.importing.naming import instance_names, sane
from archdsl.importing.spelling import call, joined, literal, pairs
from archdsl.importing.templates import ANY, Node, Template
from archdsl.ops.table import PRIMITIVES

_POOL = "x y z u v w p q r s".split()
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_INLINE = 56  # columns of what may stand inside a sum or a list
_LEVELS = {"flow": 0, "sum": 1, "product": 2, "atom": 3}


@dataclass(frozen=True, slots=True)
class Text:
    """An expression and how it binds; `reads` are the names in it."""

    text: str
    level: str
    reads: frozenset[str]

    def within(self, level: str) -> str:
        """In parentheses where it binds looser than `level`."""
        return f"({self.text})" if _LEVELS[self.level] < _LEVELS[level] else self.text


@dataclass(eq=False)
class Body:
    """A body being written. `args` says what arguments of a block's nodes are written as; those that it does
    not have are literal. `given` are names of the network's inputs by value.
    """

    base: Template
    args: Mapping[tuple[int, str], Any]
    options: Sequence[Option]
    taken: set[str]
    given: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = instance_names(self.base.nodes)
        self.left: dict[int, int] = {}
        self.users: dict[int, list[int]] = {}
        for place, node in enumerate(self.base.nodes):
            for value in node.ins:
                self._read(value, place)
            for name in self._arg_names(place, node):
                written = self.args.get((place, name))
                if isinstance(written, Scaled) and written.letter:
                    self._read(written.input, place)
        for value in self.base.outputs:
            self._read(value, len(self.base.nodes))
        self.vars: dict[int, str] = {}
        self.pending: dict[int, Text] = {}
        for place, node in enumerate(self.base.nodes):
            if self._is_shared(place, node):
                self.taken = self.taken | {self.names[place]}
        self.held: set[str] = set()  # names that stay taken while something is written
        self.lines: list[str] = []
        self.indent = "  "
        self.input_names: list[str] = []
        for place, value in enumerate(self.base.inputs):
            name = self.given.get(value) or self._free([])
            self.vars[place] = name
            self.input_names.append(name)

    def written(self) -> tuple[list[str], list[str]]:
        """The statements, and the outputs as expressions."""
        self._nodes()
        return self.lines, [self._take(value).text for value in self.base.outputs]

    def written_outputs(
        self, values: Sequence[int], wanted: Sequence[str | None]
    ) -> tuple[list[str], list[str]]:
        """The same with outputs of the network, bound to names where they have some."""
        local = {value: place for place, value in enumerate(self.base.values)}
        self._nodes()
        results = []
        for value, name in zip(values, wanted, strict=True):
            text = self._take(local[value])
            if name and name != text.text:
                self.lines.append(f"  {name} = {text.text}")
                text = Text(name, "atom", frozenset([name]))
            results.append(text.text)
        return self.lines, results

    # -- names -----------------------------------------------------------------------------------------

    def _read(self, value: int, place: int) -> None:
        self.left[value] = self.left.get(value, 0) + 1
        self.users.setdefault(value, []).append(place)

    def _busy(self) -> set[str]:
        """Names that somebody still reads."""
        found = {name for value, name in self.vars.items() if self.left.get(value, 0) > 0}
        for text in self.pending.values():
            found |= text.reads
        return found | self.held

    def _free(self, prefer: Sequence[str]) -> str:
        busy: set[str] = self._busy() if self.vars else set()
        if not self.vars or len(self.input_names) < len(self.base.inputs):
            busy |= set(self.input_names)
        for name in (*prefer, *_POOL, *(f"{a}{i}" for i in range(2, 99) for a in _POOL)):
            if name not in busy and name not in self.taken:
                return name
        raise AssertionError("a thousand names")

    def _take(self, value: int) -> Text:
        """A value as it is read once."""
        self.left[value] -= 1
        if value in self.pending:
            return self.pending.pop(value)
        name = self.vars[value]
        return Text(name, "atom", frozenset([name]))

    def _bind(self, value: int, text: Text, name: str | None = None) -> str:
        target = name or self._free(sorted(text.reads))
        if target != text.text:
            self.lines.append(f"{self.indent}{target} = {text.text}")
        self.vars[value] = target
        return target

    def _named(self, value: int) -> str:
        """The name of a value, which gets one if it has none yet."""
        if value in self.pending:
            text = self.pending.pop(value)
            return self._bind(value, text)
        return self.vars[value]

    # -- nodes -----------------------------------------------------------------------------------------

    def _nodes(self) -> None:
        starts = {option.nodes[0]: option for option in self.options}
        place = 0
        while place < len(self.base.nodes):
            option = starts.get(place)
            if option is None:
                self._node(place)
                place += 1
            else:
                self._optional(option)
                place = option.nodes[-1] + 1

    def _optional(self, option: Option) -> None:
        alias = option.alias
        source = self._named(alias)
        inner = sum(self.users.get(alias, []).count(place) for place in option.nodes)
        target = source
        if self.left.get(alias, 0) > inner:
            target = self._free([])
            self.lines.append(f"{self.indent}{target} = {source}")
        self.held.add(target)  # while the option is written
        self.lines.append(f"{self.indent}if {option.parameter} {{")
        self.indent += "  "
        for place in option.nodes:
            self._node(place)
        if option.out in self.pending:
            text = self.pending.pop(option.out)
        else:
            name = self.vars[option.out]
            text = Text(name, "atom", frozenset([name]))
        self._bind(option.out, text, target)
        self.held.discard(target)
        self.indent = self.indent[:-2]
        self.lines.append(f"{self.indent}}}")

    def _node(self, place: int) -> None:
        node = self.base.nodes[place]
        if node.op == "param":
            self._param(place, node)
        elif node.turns:
            self._loop(place, node)
        else:
            text = self._applied(place, node)
            self._made(node, text)

    def _made(self, node: Node, text: Text) -> None:
        if len(node.outs) > 1:
            names: list[str] = []
            for value in node.outs:
                names.append(self._free([]))
                self.vars[value] = names[-1]
                self.held.add(names[-1])
            self.held.difference_update(names)
            self.lines.append(f"{self.indent}{', '.join(names)} = {text.text}")
            return
        (value,) = node.outs
        if self._is_inline(value, text):
            self.pending[value] = text
        else:
            self._bind(value, text)

    def _is_inline(self, value: int, text: Text) -> bool:
        """Whether what is read once may stand where it is read, or in the last line of its option."""
        if any(option.out == value for option in self.options):
            return True
        users = self.users.get(value, [])
        if len(users) != 1:
            return False
        reader = users[0]
        if reader == len(self.base.nodes):
            return True
        node = self.base.nodes[reader]
        if node.turns or (self._option_of(reader) is not self._option_of_value(value)):
            return len(node.ins) == 1 and not node.turns and self._option_of(reader) is None
        return len(node.ins) == 1 or len(text.text) <= _INLINE

    def _option_of(self, place: int) -> Option | None:
        return next((option for option in self.options if place in option.nodes), None)

    def _option_of_value(self, value: int) -> Option | None:
        for place, node in enumerate(self.base.nodes):
            if value in node.outs:
                return self._option_of(place)
        return None

    # -- expressions -----------------------------------------------------------------------------------

    def _arg_names(self, place: int, node: Node) -> list[str]:
        return [name for at, name in self.args if at == place] or list(node.args)

    def _arg(self, place: int, name: str, value: Any) -> tuple[str, frozenset[str]]:
        """An argument as text, and the names in it."""
        written = self.args.get((place, name), value)
        if not isinstance(written, Scaled):
            return (
                pairs(written) if self.base.nodes[place].op == "pad" else literal(written)
            ), frozenset()
        base, reads = written.base, frozenset[str]()
        if written.letter:
            own = self._take(written.input)
            base, reads = f"{own.text}.{written.letter}", own.reads
        if written.by == 1:
            return base, reads
        return (
            f"{base} // {written.by}" if written.divides else f"{written.by} * {base}"
        ), reads

    def _applied(self, place: int, node: Node) -> Text:
        """A node as an expression."""
        texts: dict[str, str] = {}
        reads: frozenset[str] = frozenset()
        for name, value in node.args.items():
            texts[name], own = self._arg(place, name, value)
            reads |= own
        parts = [self._take(value) for value in node.ins]
        for part in parts:
            reads |= part.reads
        if node.op in _SIGNS and len(parts) == 2:
            return _binary(node.op, parts[0], parts[1], reads)
        if node.op == "scalar":
            return _scalar(node, parts[0], texts, reads)
        layer = self._layer(place, node, texts)
        if node.op in ("add", "concat"):
            head = f"[{', '.join(part.text for part in parts)}]"
        elif len(parts) == 1:
            head = parts[0].within("flow")
        else:
            head = f"({', '.join(part.text for part in parts)})" if parts else "[]"
        return Text(f"{head} -> {layer}", "flow", reads)

    def _layer(self, place: int, node: Node, texts: Mapping[str, str]) -> str:
        name = self.names[place]
        if node.op == "act":
            return texts["act"]
        if node.block is not None:
            layer = _use(node.block, texts)
            called = node.block.name
        else:
            layer = call(node.op, node.args, texts)
            called = node.op
        if self._is_shared(place, node):
            if node.shared is None:
                self.lines.append(f"{self.indent}{name} = shared {layer}")
            return name
        return f"{layer} as {name}" if name and name != called else layer

    def _is_shared(self, place: int, node: Node) -> bool:
        return node.shared is not None or any(
            each.shared == place for each in self.base.nodes
        )

    def _param(self, place: int, node: Node) -> None:
        name = self.names[place]
        if self._is_shared(place, node) and node.shared is not None:
            self.vars[node.outs[0]] = name
            return
        dims = []
        for letter, size in node.args.items():
            text, _ = self._arg(place, letter, size)
            dims.append(f"{letter} = {text}")
        self.lines.append(f"{self.indent}param {name}: [{', '.join(dims)}] = 0")
        self.vars[node.outs[0]] = name

    def _loop(self, place: int, node: Node) -> None:
        """`for … { x = x -> block(…) as name }`."""
        columns = self._columns(place, node)
        rows = next((name for name in columns if name.startswith("rows:")), None)
        listed = rows.partition(":")[2].split(",") if rows else []
        locals_ = {name: self._local(name) for name in listed}
        needs_turn = any(name.endswith(":first") for name in columns) or not rows
        turn = self._local("i") if needs_turn else ""
        texts: dict[str, str] = {}
        reads: set[str] = set()
        for name, value in columns.items():
            stem, _, part = name.partition(":")
            if part == "first":
                first, own = self._arg(place, name, value)
                rest, others = self._arg(place, f"{stem}:rest", columns[f"{stem}:rest"])
                texts[stem] = first if first == rest else _by_turn(turn, first, rest)
                reads |= own | others
            elif not part and stem not in ("rows", "times"):
                texts[stem], own = self._arg(place, name, value)
                reads |= own
        texts |= locals_
        head = self._head(place, columns, rows, list(locals_.values()), turn)
        self._turns(place, node, head, texts, reads)

    def _columns(self, place: int, node: Node) -> dict[str, Any]:
        if any(at == place for at, _ in self.args):
            return {name: value for (at, name), value in self.args.items() if at == place}
        return loop_columns(node)

    def _head(
        self,
        place: int,
        columns: Mapping[str, Any],
        rows: str | None,
        locals_: Sequence[str],
        turn: str,
    ) -> str:
        if rows is None:
            times, _ = self._arg(place, "times:", columns["times:"])
            return f"{turn} in range({times})"
        table, _ = self._arg(place, rows, columns[rows])
        pattern = locals_[0] if len(locals_) == 1 else f"({', '.join(locals_)})"
        return (
            f"({turn}, {pattern}) in enumerate({table})"
            if turn
            else f"{pattern} in {table}"
        )

    def _turns(
        self, place: int, node: Node, head: str, texts: Mapping[str, str], reads: set[str]
    ) -> None:
        assert node.block is not None
        names = [self._named(value) for value in node.ins]
        for value in node.ins:
            self.left[value] -= 1
        targets = list(names)
        self.held.update(names)
        for at, (value, carried) in enumerate(zip(node.ins, node.carried, strict=True)):
            if carried is not None and (self.left.get(value, 0) > 0 or names[at] in reads):
                targets[at] = self._free([])
                self.held.add(targets[at])
                self.lines.append(f"{self.indent}{targets[at]} = {names[at]}")
        outs = []
        for number, value in enumerate(node.outs):
            self.vars[value] = targets[node.carried.index(number)]
            outs.append(self.vars[value])
        self.held.difference_update((*names, *targets))
        layer = _use(node.block, texts)
        name = self.names[place]
        layer = layer if name == node.block.name else f"{layer} as {name}"
        step = f"{', '.join(outs)} = {joined(targets)} -> {layer}"
        self.lines.append(f"{self.indent}for {head} {{ {step} }}")

    def _local(self, name: str) -> str:
        """A name for the turn of a loop."""
        busy = self._busy() | self.taken | set(self.vars.values())
        own = sane(name)
        while own in busy or own in PRIMITIVES:
            own += "_"
        return own


def _by_turn(turn: str, first: str, rest: str) -> str:
    if (first, rest) == ("true", "false"):
        return f"{turn} == 0"
    if (first, rest) == ("false", "true"):
        return f"{turn} > 0"
    return f"if {turn} == 0 then {first} else {rest}"


def _use(block: Block, texts: Mapping[str, str]) -> str:
    """A block with its arguments, defaults left out; those without a default stand without their name."""
    found: list[str] = []
    is_placed = True
    for parameter in block.parameters:
        text = texts[parameter.name]
        if parameter.default is not ANY and literal(parameter.default) == text:
            is_placed = False
            continue
        is_placed = is_placed and parameter.default is ANY
        found.append(text if is_placed else f"{parameter.name} = {text}")
    return f"{block.name}({', '.join(found)})" if found else block.name


def _binary(op: str, a: Text, b: Text, reads: frozenset[str]) -> Text:
    level = "sum" if op in ("add", "sub") else "product"
    above = "product" if level == "sum" else "atom"
    left = a.within(level)
    right = b.within(above)
    return Text(f"{left} {_SIGNS[op]} {right}", level, reads)


def _scalar(node: Node, x: Text, texts: Mapping[str, str], reads: frozenset[str]) -> Text:
    op = node.args["op"]
    level = "sum" if op in ("add", "sub") else "product"
    by = texts["by"]
    by = f"({by})" if by.startswith("-") else by
    if node.args.get("left"):
        return Text(
            f"{by} {_SIGNS[op]} {x.within('product' if level == 'sum' else 'atom')}",
            level,
            reads,
        )
    return Text(f"{x.within(level)} {_SIGNS[op]} {by}", level, reads)
