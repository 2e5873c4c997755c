"""Calls are made here: letters are brought to where an operation wants them, and broadcast by name."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import NoReturn

from archdsl.diagnostics.codes import importing as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.importing.calls import Call, Held, Letters, Literal
from archdsl.importing.captured import Source, Step
from archdsl.importing.values import Axis, Layout, Uncuttable, plain

WINDOWED = "cthw"  # letters that mean something to windows and norms
_MOVES = ("merge", "split", "rename", "expand")
_FRESH = "nmsukgrpqvzyxjildefao"

# What an axis is wished to hold: a letter, or
ONE = "?"  # one letter, whichever
WHOLE = "*"  # letters that lie along no other axis


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value, and how its letters lie along the axes of the source's tensor."""

    value: int
    layout: Layout

    @property
    def shape(self) -> tuple[int, ...]:
        return self.layout.shape

    @property
    def rank(self) -> int:
        return len(self.layout.axes)

    def axis(self, place: int) -> int:
        """A place that may count from the end."""
        return place + self.rank if place < 0 else place

    def over(self, layout: Layout) -> Tensor:
        return Tensor(self.value, layout)


@dataclass(slots=True)
class Pending:
    """A weight of its own that nothing has read yet, so that its letters are still free: `names` has those
    that were found.
    """

    source: Source
    letters: tuple[str, ...]
    names: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Builder:
    """Collects calls. `step` is what is being lifted: its place is said where it cannot be."""

    step: Step
    calls: list[Call] = field(default_factory=list)
    pending: dict[int, Pending] = field(default_factory=dict)
    names: dict[int, dict[str, str]] = field(
        default_factory=dict
    )  # the letters that weights got
    values: int = 0
    moved: dict[Hashable, tuple[int, ...]] = field(
        default_factory=dict
    )  # rearrangements that are there
    sizes: dict[int, dict[str, int]] = field(
        default_factory=dict
    )  # of each value, by letter

    # -- making ------------------------------------------------------------------------------------

    def refuse(self, why: str) -> NoReturn:
        """Raises DiagnosticError E1401 for the step at hand."""
        step = self.step
        where = f" in `{step.path}`" if step.path else ""
        line = f" ({step.line})" if step.line else ""
        message = f"`{step.target}`{where}{line} cannot be said: {why}"
        raise DiagnosticError(codes.UNSAYABLE.error(None, message))

    def number(self) -> int:
        self.values += 1
        return self.values - 1

    def emit(
        self,
        op: str,
        inputs: Sequence[Tensor],
        args: Mapping[str, Literal],
        layout: Layout,
        weights: Sequence[Held] = (),
    ) -> Tensor:
        """One call with one result."""
        return self.emit_several(op, inputs, args, [layout], weights)[0]

    def emit_several(
        self,
        op: str,
        inputs: Sequence[Tensor],
        args: Mapping[str, Literal],
        layouts: Sequence[Layout],
        weights: Sequence[Held] = (),
    ) -> list[Tensor]:
        """One call. Its name and scope come from its weights, where it has some."""
        for tensor in inputs:
            self.declare(tensor)
        again = (
            op,
            tuple(t.value for t in inputs),
            tuple(sorted(args.items(), key=str)),
            self.step.path,
        )
        if op in _MOVES and again in self.moved:
            return [
                Tensor(v, layout)
                for v, layout in zip(self.moved[again], layouts, strict=True)
            ]
        outputs = tuple(self.number() for _ in layouts)
        if op in _MOVES:
            self.moved[again] = outputs
        scope, name = self.step.path, ""
        if weights:
            scope, name = instance(weights[0].key)
        read = tuple(tensor.value for tensor in inputs)
        self.calls.append(
            Call(op, read, dict(args), outputs, scope, name, tuple(weights), self.step.line)
        )
        for value, layout in zip(outputs, layouts, strict=True):
            self.sizes[value] = {d: layout.size(d) for d in layout.letters}
        return [
            Tensor(value, layout) for value, layout in zip(outputs, layouts, strict=True)
        ]

    def param(self, source: Source) -> Tensor:
        """A weight of its own; its letters are settled by what reads it first."""
        value = self.number()
        letters = tuple(
            f"?{value}.{axis}" if size > 1 else "" for axis, size in enumerate(source.shape)
        )
        self.pending[value] = Pending(source, letters)
        return Tensor(value, plain(letters, source.shape))

    def declare(self, tensor: Tensor) -> None:
        """Writes a weight of its own where it is first read."""
        pending = self.pending.pop(tensor.value, None)
        if pending is None:
            return
        self.names[tensor.value] = dict(pending.names)
        sizes = dict(zip(pending.letters, pending.source.shape, strict=True))
        args: dict[str, Literal] = {
            pending.names[d]: sizes[d] for d in pending.letters if d
        }
        scope, _, name = pending.source.key.rpartition(".")
        self.sizes[tensor.value] = {
            pending.names[d]: sizes[d] for d in pending.letters if d
        }
        held = (Held("", pending.source.key),)
        self.calls.append(
            Call("param", (), args, (tensor.value,), scope, name, held, self.step.line)
        )

    def current(self, tensor: Tensor) -> Tensor:
        """A weight of its own under the letters that it has got by now."""
        names = self.names.get(tensor.value)
        return tensor if names is None else tensor.over(tensor.layout.renamed(names))

    def fresh(self, taken: Iterable[str], prefer: str = "") -> str:
        """A letter that is not taken."""
        used = "".join(taken)
        for letter in prefer + _FRESH:
            if letter not in used:
                return letter
        self.refuse("it takes more than 25 dimensions at once")

    # -- bringing letters into place ---------------------------------------------------------------

    def named(
        self, tensor: Tensor, wishes: Mapping[int, str] | None = None, taken: str = ""
    ) -> Tensor:
        """A pending weight with letters: those wished for, and new ones for the others."""
        pending = self.pending.get(tensor.value)
        if pending is None:
            return self.current(tensor)
        names: dict[str, str] = {}
        for axis, wish in (wishes or {}).items():
            lies = tensor.layout.axes[axis]
            if (
                len(lies) == 1
                and len(tensor.layout.dims[lies[0][0]]) == 1
                and wish not in (ONE, WHOLE)
            ):
                names[lies[0][0]] = wish
        wished = [letter for _, letter in sorted(names.items())]
        if len(set(wished)) < len(wished):
            names = {}
        for letter in tensor.layout.dims:
            if letter not in names and not letter.startswith("*"):
                names[letter] = self.fresh((*names.values(), taken, "bcthw"))
        pending.names = {d: names.get(d, d) for d in pending.letters if d}
        missing = [d for d, name in pending.names.items() if name == d]
        for letter in missing:
            pending.names[letter] = self.fresh((*pending.names.values(), "bcthw"))
        self.declare(tensor)
        return tensor.over(tensor.layout.renamed(names))

    def conform(self, tensor: Tensor, wishes: Mapping[int, str], taken: str = "") -> Tensor:
        """The tensor with axes that hold what is wished for, by splitting, merging and renaming."""
        if not tensor.layout.dims:
            return self._filled(tensor, wishes)
        tensor = self.named(tensor, wishes, taken)
        tensor = self._filled(tensor, wishes)
        tensor = self._cut(tensor, wishes, taken)
        tensor = self._joined(tensor, wishes, taken)
        names = {}
        for axis, wish in wishes.items():
            letters = tensor.layout.whole(axis)
            if letters and wish not in (ONE, WHOLE) and letters != wish:
                names[letters] = wish
        return self.rename(tensor, names, taken)

    def rename(self, tensor: Tensor, names: Mapping[str, str], taken: str = "") -> Tensor:
        """Letters under other names; one that is in the way gets a new one."""
        names = {d: new for d, new in names.items() if d != new}
        if not names:
            return tensor
        letters = tensor.layout.letters
        complete = dict(names)
        for new in names.values():
            if new in letters and new not in names:
                complete[new] = self.fresh((letters, *complete.values(), taken, WINDOWED))
        if "b" in complete:
            self.refuse("it takes the batch for another dimension")
        over, into = Letters("".join(complete)), Letters("".join(complete.values()))
        return self.emit(
            "rename",
            [tensor],
            {"over": over, "into": into},
            tensor.layout.renamed(complete),
        )

    def _filled(self, tensor: Tensor, wishes: Mapping[int, str]) -> Tensor:
        """Axes that are repeated or stand for nothing, as dimensions of their own where one is wished for."""
        for axis, wish in wishes.items():
            lies = tensor.layout.axes[axis]
            is_repeated = any(d.startswith("*") for d, _ in lies)
            if wish == WHOLE and not is_repeated:
                continue
            if lies and not is_repeated:
                continue
            tensor = self.expanded(tensor, axis, wish)
        return tensor

    def expanded(self, tensor: Tensor, axis: int, wish: str = ONE) -> Tensor:
        """An axis that stands for nothing as a dimension, along which the tensor is repeated."""
        tensor = self.named(tensor)
        lies = tensor.layout.axes[axis]
        size = tensor.layout.extent(lies)
        if any(d == "*b" for d, _ in lies):
            self.refuse("it repeats a tensor along the batch")
        if len({d for d, _ in lies}) > 1:
            self.refuse("it takes a repeated dimension and others for one")
        letters = tensor.layout.letters
        letter = (
            wish
            if wish not in (ONE, WHOLE) and wish not in letters
            else self.fresh((letters, WINDOWED, "b"))
        )
        dims = {d: f for d, f in tensor.layout.dims.items() if (d, 0) not in lies} | {
            letter: (size,)
        }
        axes = tuple(
            ((letter, 0),) if i == axis else a for i, a in enumerate(tensor.layout.axes)
        )
        return self.emit("expand", [tensor], {letter: size}, Layout(dims, axes))

    def _cut(self, tensor: Tensor, wishes: Mapping[int, str], taken: str) -> Tensor:
        """Letters of which parts lie along several axes, as several letters."""
        touched = {letter for axis in wishes for letter, _ in tensor.layout.axes[axis]}
        for letter in sorted(touched):
            runs = tensor.layout.runs(letter)
            if len(runs) > 1:
                tensor = self._split(tensor, letter, wishes, taken)
        return tensor

    def _split(
        self, tensor: Tensor, letter: str, wishes: Mapping[int, str], taken: str
    ) -> Tensor:
        layout = tensor.layout
        if letter == "b":
            self.refuse("it takes the batch apart")
        names: list[str] = []
        runs = layout.runs(letter)
        for number, run in enumerate(runs):
            lies = [i for i, axis in enumerate(layout.axes) if (letter, run[0]) in axis]
            wish = (
                wishes.get(lies[0], ONE) if len(layout.axes[lies[0]]) == len(run) else ONE
            )
            used = (*(d for d in layout.letters if d != letter), *names)
            if wish not in (ONE, WHOLE) and wish not in used:
                names.append(wish)
            elif number == len(runs) - 1 and letter not in used:
                names.append(letter)
            else:
                wished = [w for w in wishes.values() if w not in (ONE, WHOLE)]
                names.append(self.fresh((*used, taken, *wished, WINDOWED, letter, "b")))
        after = layout.cut(letter, names)
        sizes = {name: after.size(name) for name in names[:-1]}
        args: dict[str, Literal] = {
            "over": Letters(letter),
            "into": Letters("".join(names)),
            **sizes,
        }
        return self.emit("split", [tensor], args, after)

    def _joined(self, tensor: Tensor, wishes: Mapping[int, str], taken: str) -> Tensor:
        for axis, wish in wishes.items():
            letters = tensor.layout.whole(axis)
            if letters is None or len(letters) < 2 or wish == WHOLE:
                continue
            if "b" in letters:
                self.refuse("it merges the batch with another dimension")
            others = "".join(d for d in tensor.layout.letters if d not in letters)
            into = wish
            if wish == ONE:
                into = "c" if "c" in letters else self.fresh((others, taken, WINDOWED))
            if into in others:
                tensor = self.rename(
                    tensor, {into: self.fresh((tensor.layout.letters, taken, WINDOWED))}
                )
            args: dict[str, Literal] = {"over": Letters(letters), "into": Letters(into)}
            tensor = self.emit("merge", [tensor], args, tensor.layout.joined(axis, into))
        return tensor

    def reserved(self, tensor: Tensor, letters: str, axes: Sequence[int]) -> Tensor:
        """The tensor without these letters along other axes than the given ones."""
        inside = {d for axis in axes for d, _ in tensor.layout.axes[axis]}
        clash = [d for d in tensor.layout.letters if d in letters and d not in inside]
        names: dict[str, str] = {}
        for letter in clash:
            names[letter] = self.fresh((tensor.layout.letters, *names.values(), WINDOWED))
        return self.rename(tensor, names)

    def single(self, tensor: Tensor, axis: int) -> Tensor:
        """An axis of size 1 as one that stands for nothing: its letters are taken away."""
        lies = tensor.layout.axes[axis]
        if not lies:
            return tensor
        tensor = self.conform(tensor, {axis: WHOLE})
        letters = tensor.layout.whole(axis) or ""
        args: dict[str, Literal] = dict.fromkeys(letters, 0)
        axes = tuple(() if i == axis else a for i, a in enumerate(tensor.layout.axes))
        return self.emit("take", [tensor], args, tensor.layout.with_axes(axes))

    def reshape(self, tensor: Tensor, shape: Sequence[int]) -> Tensor:
        """The same letters along other axes. -1 is what is left."""
        known = prod(n for n in shape if n != -1)
        total = prod(tensor.shape)
        wanted = tuple(total // known if n == -1 else n for n in shape)
        try:
            return tensor.over(tensor.layout.reshaped(wanted))
        except Uncuttable:
            old, new = "×".join(map(str, tensor.shape)), "×".join(map(str, wanted))
            self.refuse(f"it regroups {old} as {new}, which cuts across dimensions")

    # -- broadcasting ------------------------------------------------------------------------------

    def unified(
        self, x: Tensor, y: Tensor, skip: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Two tensors of equal rank whose letters agree along each axis where both have some; both come with
        axes that are cut where either has a border.
        """
        cuts = [
            _common(_borders(x.layout, i), _borders(y.layout, i)) if i != skip else None
            for i in range(x.rank)
        ]
        x, y = self._refined(x, cuts), self._refined(y, cuts)
        for axis in range(x.rank):
            if x.shape[axis] != y.shape[axis]:
                x = self.single(x, axis) if x.shape[axis] == 1 else x
                y = self.single(y, axis) if y.shape[axis] == 1 else y
        shared = [
            i
            for i in range(x.rank)
            if _real(x.layout.axes[i]) and _real(y.layout.axes[i]) and i != _at(cuts, skip)
        ]
        is_settled = x.value not in self.pending and y.value not in self.pending
        if is_settled and all(_alike(x.layout, y.layout, i) for i in shared):
            return x, self._apart(x, y, shared)
        if x.value in self.pending and y.value not in self.pending:
            y, x = self._matched(y, x, shared)
            return x, y
        return self._matched(x, y, shared)

    def _refined(self, tensor: Tensor, cuts: Sequence[tuple[int, ...] | None]) -> Tensor:
        shape: list[int] = []
        for axis, sizes in enumerate(cuts):
            extent = tensor.shape[axis]
            if sizes is None or len(sizes) < 2:
                shape.append(extent)
            else:
                shape.extend(sizes if extent > 1 else [1] * len(sizes))
        if len(shape) == tensor.rank:
            return tensor
        return tensor.over(_stretched(tensor.layout, cuts))

    def _matched(
        self, x: Tensor, y: Tensor, shared: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """`y` gets the letters of `x` along the shared axes."""
        x = self.conform(x, dict.fromkeys(shared, ONE)) if shared else self.named(x)
        wishes = {i: x.layout.axes[i][0][0] for i in shared}
        if wishes or y.value in self.pending:
            y = (
                self.conform(y, wishes, x.layout.letters)
                if wishes
                else self.named(y, taken=x.layout.letters)
            )
        return x, self._apart(x, y, shared)

    def _apart(self, x: Tensor, y: Tensor, shared: Sequence[int]) -> Tensor:
        """`y` without letters of `x` along axes that are not shared."""
        common = {d for i in shared for d, _ in y.layout.axes[i]}
        names: dict[str, str] = {}
        for letter in y.layout.letters:
            if letter not in common and letter in x.layout.letters:
                used = (x.layout.letters, y.layout.letters, *names.values(), WINDOWED)
                names[letter] = self.fresh(used)
        return self.rename(y, names)

    def elementwise(self, op: str, x: Tensor, y: Tensor) -> Tensor:
        """`add`, `sub`, `mul` or `div` of two tensors that broadcast by position."""
        rank = max(x.rank, y.rank)
        x, y = _lifted(x, rank), _lifted(y, rank)
        shape = tuple(max(pair) for pair in zip(x.shape, y.shape, strict=True))
        x, y = self.unified(x, y)
        for letter in y.layout.letters:
            if letter not in x.layout.letters and any(
                d not in y.layout.letters for d in x.layout.letters
            ):
                x, y = self._covered(x, y)
                break
        axes: list[Axis] = []
        for a, b in zip(x.layout.axes, y.layout.axes, strict=True):
            axes.append(a if _real(a) or (not _real(b) and a) else b)
        dims = {**y.layout.dims, **x.layout.dims}
        result = self.emit(op, [x, y], {}, _over(dims, axes))
        return self.reshape(result, shape) if result.shape != shape else result

    def _covered(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Neither has all letters: the one with the batch is repeated along what it lacks."""
        if "b" not in x.layout.letters and "b" in y.layout.letters:
            y, x = self._covered(y, x)
            return x, y
        for axis, lies in enumerate(y.layout.axes):
            if _real(lies) and not _real(x.layout.axes[axis]):
                for letter in dict.fromkeys(d for d, _ in lies):
                    size = y.layout.size(letter)
                    dims = {**x.layout.dims, letter: y.layout.dims[letter]}
                    axes = tuple(
                        lies if i == axis else a for i, a in enumerate(x.layout.axes)
                    )
                    x = self.emit("expand", [x], {letter: size}, _over(dims, axes))
        return x, y


def instance(key: str) -> tuple[str, str]:
    """The scope and the name of the layer that a weight belongs to: `a.conv.weight` is of `conv` in `a`,
    `a.in_proj_weight` of `in_proj` in `a`.
    """
    owner, _, last = key.rpartition(".")
    if last in ("weight", "bias", "running_mean", "running_var") and owner:
        scope, _, name = owner.rpartition(".")
        return scope, name
    return owner, last.removesuffix("_weight").removesuffix("_bias")


def _over(dims: Mapping[str, tuple[int, ...]], axes: Iterable[Axis]) -> Layout:
    return Layout(dims, ()).with_axes(axes)


def _real(axis: Axis) -> bool:
    return bool(axis) and not any(d.startswith("*") for d, _ in axis)


def _alike(x: Layout, y: Layout, axis: int) -> bool:
    """Whether an axis holds the same letters, with the same factors, in both."""
    letters = {d for d, _ in x.axes[axis]}
    return x.axes[axis] == y.axes[axis] and all(x.dims[d] == y.dims[d] for d in letters)


def _borders(layout: Layout, axis: int) -> tuple[int, ...]:
    return tuple(layout.dims[d][k] for d, k in layout.axes[axis] if layout.dims[d][k] > 1)


def _common(x: Sequence[int], y: Sequence[int]) -> tuple[int, ...] | None:
    """Sizes that part an axis wherever either side does; None where one side has nothing to part."""
    if not x or not y or prod(x) != prod(y):
        return None
    borders = sorted(
        {prod(x[i:]) for i in range(1, len(x))} | {prod(y[i:]) for i in range(1, len(y))}
    )
    sizes: list[int] = []
    below = 1
    for border in borders:
        if border % below:
            return None
        sizes.append(border // below)
        below = border
    if prod(x) % below:
        return None
    return (prod(x) // below, *reversed(sizes))


def _stretched(layout: Layout, cuts: Sequence[tuple[int, ...] | None]) -> Layout:
    """Axes cut where `cuts` say so; one of size 1 becomes as many of size 1."""
    shape: list[int] = []
    for axis, sizes in enumerate(cuts):
        extent = layout.extent(layout.axes[axis])
        if sizes is None or len(sizes) < 2:
            shape.append(extent)
        else:
            shape.extend(sizes if extent > 1 else [1] * len(sizes))
    return layout.reshaped(shape)


def _at(cuts: Sequence[tuple[int, ...] | None], place: int | None) -> int | None:
    """Where an axis lies once those before it are cut."""
    if place is None:
        return None
    return sum(len(sizes) if sizes else 1 for sizes in cuts[:place])


def _lifted(tensor: Tensor, rank: int) -> Tensor:
    """With axes of size 1 before the others, as broadcasting by position has it."""
    missing = rank - tensor.rank
    if not missing:
        return tensor
    return replace(
        tensor, layout=Layout(tensor.layout.dims, ((),) * missing + tensor.layout.axes)
    )
