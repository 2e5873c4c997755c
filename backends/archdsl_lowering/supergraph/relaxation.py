"""Every choice of a space relaxed: one program that computes all alternatives and mixes them.

The general rule. An op or selection runs once for each combination of the answers that it reads, and what
comes out is mixed by their weights there, per use, as soon as its shape does not depend on them: an attribute
or a layer at its own output, a stride or a number of frames at the end of the smallest region whose outputs
are free of it. Until then there is a tensor for each combination. Widths are not like that: they are computed
once at the size of the super-axis, and where positions would meet (a convolution, a matrix product) what is
read is multiplied by a soft mask.

Widths of a list have weights of their own for each alternative: those run one by one, on the positions that
they have.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product, zip_longest
from math import prod
from typing import Any, TypeAlias

from archdsl.diagnostics.codes.supergraphs import OPEN_SHAPE, UNMIXED_LAYOUT, UNMIXED_WIDTH
from archdsl.diagnostics.diagnostic import Code, DiagnosticError
from archdsl.ir.activity import Activity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, Undefined, restrict
from archdsl.ir.graph import Graph, Input, Op, Pick, Select, Value, Weight, operands
from archdsl.ops.axes import Ended, Factor, Lie, Made, Merged, Read
from archdsl.ops.extents import Demands, follow
from archdsl.ops.table import lies_of, origins_of
from archdsl_lowering.fixed import nominal, settled
from archdsl_lowering.program import Program
from archdsl_lowering.rows import arithmetic, products
from archdsl_lowering.rows.site import Site, output
from archdsl_lowering.rows.site import Value as Located
from archdsl_lowering.rows.sizes import Sizes
from archdsl_lowering.rows.table import ROWS
from archdsl_lowering.supergraph.axes import Axis, Given, Taken, choices_of, deciding
from archdsl_lowering.supergraph.layouts import Layouts
from archdsl_lowering.supergraph.masks import (
    Included,
    Masks,
    Picked,
    Terms,
    TooManyCombinations,
    Within,
    assignments,
    picked,
)
from archdsl_lowering.supergraph.meetings import Meeting, meeting, wide_dims
from archdsl_lowering.supergraph.recorder import Recorder
from archdsl_lowering.supergraph.widths import masked, narrowed, padded
from archdsl_lowering.supergraph.windows import everything, some_of

MOST = 64  # combinations of answers for which one op runs

Computed: TypeAlias = Op | Pick | Select
Answers: TypeAlias = tuple[int, ...]  # of the choices that are still open, in program order


@dataclass(frozen=True, slots=True)
class Gathered:
    """A super-weight, and the positions that are taken of each of its axes; None for all of them."""

    weight: Weight
    given: Given
    taken: tuple[tuple[int, ...] | None, ...]

    def __hash__(self) -> int:
        return hash((self.weight.identity, self.given, self.taken))


@dataclass(frozen=True, slots=True)
class Family:
    """A value for each combination of the answers on which its shape depends; `wide` are its dimensions with
    a mask.
    """

    open: tuple[Choice, ...]
    members: Mapping[Answers, Located]
    wide: frozenset[str]

    def at(self, answers: Mapping[Choice, int]) -> Located | None:
        return self.members.get(tuple(answers[c] for c in self.open))


@dataclass(frozen=True, slots=True)
class Task:
    """A value to be relaxed: what it reads, which of its dimensions are widths, and what becomes of those
    that it reads.

    `tied` says of each axis of each weight whether it is such a width. `exact`: the value is computed for
    each combination of the answers that decide about its widths, on the positions that these have.
    """

    value: Computed
    read: tuple[Family, ...]
    wide: frozenset[str]
    meets: Meeting
    exact: bool
    tied: tuple[tuple[bool, ...], ...]


def relaxed(
    space: Graph, layouts: Layouts, active: Activity
) -> tuple[Program, Mapping[str, Hashable]]:
    """The program of all architectures, and by name what it needs to be given: `Gathered`, `Index`, masks and
    terms.

    Raises DiagnosticError E1003 to E1005 for what cannot be mixed.
    """
    return _Relaxation(space, layouts, active).made()


class _Relaxation:
    def __init__(self, space: Graph, layouts: Layouts, active: Activity) -> None:
        self._space = space
        self._layouts = layouts
        self._active = active
        self._masks = Masks()
        self._emit = Recorder()
        self._families: dict[Value, Family] = {}
        self._any = dict.fromkeys(space.choices, 0)  # answers where none are asked
        self._demands = Demands()
        self._extents = follow(dict.fromkeys((*space.inputs, *space.values)), self._demands)

    def made(self) -> tuple[Program, Mapping[str, Hashable]]:
        for given in self._space.inputs:
            sizes = self._sized(given, nominal(given, settled))
            self._families[given] = Family(
                (), {(): self._emit.input(given, sizes)}, frozenset()
            )
        for value in self._space.values:
            if not isinstance(value, Input):
                try:
                    self._families[value] = self._family(value)
                except TooManyCombinations as many:
                    text = f"its width has {many}, too many for a mask"
                    raise self._error(UNMIXED_WIDTH, value, many.choices, text) from None
        found = [self._closed(self._families[v], v) for v in self._space.outputs]
        refs = [
            output(
                Site("output", (), {}, one.sizes, self._emit),
                one,
                tuple(result.dims),
            )
            for one, result in zip(found, self._space.results, strict=True)
        ]
        return self._emit.program(self._space, refs, self._demands), self._emit.given

    def _closed(self, family: Family, value: Value) -> Located:
        """An output of the network. Raises DiagnosticError where its shape depends on a choice."""
        if family.open:
            raise self._error(
                OPEN_SHAPE,
                value,
                family.open,
                "the shape of an output depends on it",
            )
        for d in sorted(family.wide):
            why = f"it reaches an output as its dimension `{d}`"
            raise self._error(UNMIXED_WIDTH, value, self._deciding(value, d), why)
        return family.members[()]

    def _family(self, value: Computed) -> Family:
        """The value for each combination on which its shape depends, the other answers mixed."""
        task = self._task(value)
        self._check(task)
        still_open: set[Choice] = set()
        for d, n in value.shape.items():
            if d not in task.wide:
                still_open.update(n.scope)
        over = _sorted(self._reads(task) | still_open)
        self._check_number(value, over)
        kept = _sorted(still_open)
        rest = tuple(c for c in over if c not in still_open)
        parts: dict[Answers, list[tuple[Located, Answers]]] = {}
        guard = self._active.values.get(value, FALSE)
        for answers in product(*[range(c.size) for c in over]):
            at = dict(zip(over, answers, strict=True))
            one = self._one(task, at) if restrict(guard, at) != FALSE else None
            if one is not None:
                parts.setdefault(tuple([at[c] for c in kept]), []).append((one, answers))
        members = {key: self._mixed(found, over, rest) for key, found in parts.items()}
        return Family(kept, members, task.wide)

    def _task(self, value: Computed) -> Task:
        read = tuple([self._families[o] for o in operands(value)])
        widths = [f.wide for f in read]
        axes = self._layouts.of(value)
        wide = frozenset(
            [d for d in wide_dims(value, widths) if self._masks.of(axes[d]) is not None]
        )
        if not isinstance(value, Op):
            return Task(value, read, wide, Meeting(), False, ())
        tied = tuple([self._tied(value, weight, wide) for weight in value.weights])
        exact = (bool(wide) or any(widths)) and self._is_entangled(value, wide, tied)
        return Task(
            value,
            read,
            wide,
            meeting(value, widths, wide, self._layouts),
            exact,
            tied,
        )

    def _tied(self, op: Op, weight: Weight, wide: frozenset[str]) -> tuple[bool, ...]:
        """Of each axis of a weight whether it is a width, computed at the size of the super-axis."""
        read = self._families[op.inputs[0]].wide if op.inputs else frozenset[str]()
        return tuple([_is_along(lie, wide, read) for lie in lies_of(op, weight)])

    def _reads(self, task: Task) -> set[Choice]:
        """The choices whose alternatives are computed one by one here."""
        value, meets = task.value, task.meets
        found = set(chain.from_iterable(family.open for family in task.read))
        if isinstance(value, Select):
            found.update(value.index.scope)
        if not isinstance(value, Op):
            return found
        counted = meets.partly[1] if meets.partly is not None else None
        for name, attr in value.attrs.items():
            if (
                attr.scope
                and name != counted
                and name not in meets.sizes
                and name not in meets.moved
            ):
                found.update(attr.scope)
        for weight, tied in zip(value.weights, task.tied, strict=True):
            found.update(self._layouts.separate(weight))
            axes = self._layouts.of_weight(weight)
            found |= deciding(
                one for one, is_width in zip(axes, tied, strict=True) if not is_width
            )
        if task.exact:
            found |= deciding(self._widths(value, task.wide))
        return found

    def _check_number(self, value: Value, over: Sequence[Choice]) -> None:
        """Raises DiagnosticError where an op would run too often."""
        number = prod([c.size for c in over])
        if number > MOST:
            text = (
                f"`{_name(value)}` would run for {number:,} combinations, more than {MOST}"
            )
            raise self._error(OPEN_SHAPE, value, over, text)

    def _widths(self, op: Op, wide: frozenset[str]) -> list[Axis]:
        """The widths that an op makes and reads."""
        found = [self._layouts.of(op)[d] for d in wide]
        for source in op.inputs:
            found += [self._layouts.of(source)[d] for d in self._families[source].wide]
        return found

    def _is_entangled(
        self, op: Op, wide: frozenset[str], tied: Sequence[Sequence[bool]]
    ) -> bool:
        """Whether the positions that weights take are not those of what the op reads and makes.

        So it is with weights that several layers use, and with some that are separate for some answers and
        take positions that depend on others too. The op then runs for each combination of all answers that
        decide about its widths.
        """
        for weight, flags in zip(op.weights, tied, strict=True):
            axes = self._layouts.of_weight(weight)
            for lie, own, is_width in zip(lies_of(op, weight), axes, flags, strict=True):
                along = self._layouts.along(op, lie) if is_width else None
                if along is not None and not self._masks.alike(own, along):
                    return True
        separate = self._separate(op)
        return any(self._is_scattered(axis, separate) for axis in self._widths(op, wide))

    def _is_scattered(self, axis: Axis, separate: frozenset[Choice]) -> bool:
        """Whether some alternative of those choices has its positions in no one place of a super-axis."""
        apart = _sorted(separate & choices_of(axis))
        if not apart:
            return False
        return any(
            self._masks.embedding(axis, tuple(at.items())) is None
            for at in assignments(apart)
        )

    def _separate(self, op: Op) -> frozenset[Choice]:
        """The choices whose alternatives have weights of their own."""
        return frozenset[Choice]().union(*map(self._layouts.separate, op.weights))

    def _one(self, task: Task, at: Mapping[Choice, int]) -> Located | None:
        """The value under answers; None where there is no such architecture."""
        value = task.value
        if isinstance(value, Select):
            return self._fitted(task, value.index.at(at), at)
        sizes = self._sizes(value, at, task.wide)
        if sizes is None:
            return None
        if isinstance(value, Pick):
            return self._picked(task, value, at, sizes)
        inputs = [x for f in task.read if (x := f.at(at)) is not None]
        if len(inputs) < len(task.read):
            return None
        return self._applied(task, value, at, inputs, sizes)

    def _applied(
        self,
        task: Task,
        op: Op,
        at: Mapping[Choice, int],
        inputs: Sequence[Located],
        sizes: Mapping[str, int],
    ) -> Located:
        """An op under answers, at the sizes that its widths have for the weights of those answers."""
        whole = {**self._any, **at}
        apart = self._separate(op)
        if task.exact:
            apart |= deciding(self._widths(op, task.wide))
        given = tuple([(c, at[c]) for c in _sorted(apart)])
        ready = tuple(
            [self._ready(op, i, x, given, task.meets) for i, x in enumerate(inputs)]
        )
        axes = self._layouts.of(op)
        widths = {d: self._masks.size(axes[d], given) for d in task.wide}
        inner = self._sized(op, {**sizes, **widths})
        attrs = {name: e.at(whole) for name, e in op.attrs.items()}
        for name, (source, d) in task.meets.sizes.items():
            if name in attrs:
                attrs[name] = inner[d] if source is None else ready[source].sizes[d]
        own = {}
        for weight, tied in zip(op.weights, task.tied, strict=True):
            own[weight.name] = self._gathered(weight, whole, () if task.exact else tied)
        self._emit.enter(own)
        self._check_regrouping(op, ready, inner)
        site = Site(op.name, ready, attrs, inner, self._emit)
        return self._spread(op, self._computed(op, site, task.meets), given, task.wide)

    def _sized(self, value: Value, numbers: Mapping[str, int]) -> Sizes:
        """Sizes that derive from the inputs as those of a value do."""
        return Sizes(numbers, self._extents[value], self._demands)

    def _computed(self, op: Op, site: Site, meets: Meeting) -> Located:
        """The result of an op at one place; what only moves positions of a width leaves them where they
        are.
        """
        if meets.moved:
            left = {
                name: None if name in meets.moved else value
                for name, value in site.attrs.items()
            }
            site = replace(site, attrs=left)
            if not any(
                len(name) == 1 and value is not None for name, value in left.items()
            ):
                return Located(site.sizes, site.x.forms)
        if meets.partly is not None:
            return self._partly(op, site, *meets.partly)
        if op.name == "attend" and op.attrs["act"].scope:
            # one of the alternatives has no fused form, and they are added up
            return products.attend(site, fused=False)
        return ROWS[op.name](site)

    def _partly(self, op: Op, site: Site, d: str, attribute: str) -> Located:
        """What works on positions that an attribute counts, of which each architecture has others.

        It is computed for all of them. Where an architecture with position p has it changed with probability
        s, the result is s times what is computed there and 1 - s times what was there before.
        """
        axis = self._layouts.of(op)[d]
        part = self._masks.of(Taken(axis, op.attrs[attribute]))
        whole = self._masks.of(axis)
        assert part is not None and whole is not None, (
            "some architecture lacks some position"
        )
        share = Within(part, whole)
        on_all = replace(site, attrs={**site.attrs, attribute: range(site.sizes[d])})
        changed = masked(self._emit, ROWS[op.name](on_all), d, share)
        kept = masked(self._emit, site.x, d, replace(share, left=True))
        return arithmetic.add(
            replace(site, primitive="add", inputs=(changed, kept), attrs={})
        )

    def _check_regrouping(self, op: Op, ready: Sequence[Located], inner: Sizes) -> None:
        """Raises DiagnosticError where what is joined, merged or split has other sizes than the super-axis
        that results.
        """
        for d, origin in origins_of(op).items():
            match origin:
                case Ended():
                    sound = inner.seen(d) == sum([x.sizes.seen(d) for x in ready])
                case Merged(dims=dims):
                    sound = inner.seen(d) == prod(
                        [ready[0].sizes.seen(one) for one in dims]
                    )
                case Factor(dim=whole, into=into):
                    sound = ready[0].sizes.seen(whole) == prod(
                        [inner.seen(one) for one in into]
                    )
                case _:
                    continue
            if not sound:
                sizes = chain.from_iterable(source.shape.values() for source in op.inputs)
                choices = _sorted(chain.from_iterable(n.scope for n in sizes))
                text = f"`{_name(op)}` regroups a width together with another size that is chosen"
                raise self._error(UNMIXED_LAYOUT, op, choices, text)

    def _sizes(
        self, value: Value, at: Mapping[Choice, int], wide: frozenset[str]
    ) -> dict[str, int] | None:
        """The sizes under answers, super-sizes for widths; None where there are none."""
        axes = self._layouts.of(value)
        found: dict[str, int] = {}
        for d, n in value.shape.items():
            size = self._masks.size(axes[d]) if d in wide else n.at(at)
            if isinstance(size, Undefined):
                return None
            found[d] = size
        return found

    def _ready(
        self, op: Op, place: int, x: Located, given: Given, meets: Meeting
    ) -> Located:
        """An input as the op takes it: the positions of the given answers, masked along the dimensions where
        they meet.
        """
        source = op.inputs[place]
        for d in sorted(self._families[source].wide):
            which = self._layouts.of(source)[d]
            own = tuple((c, i) for c, i in given if c in choices_of(which))
            if own:
                x = narrowed(self._emit, x, d, self._place(op, which, own))
            mask = self._masks.of(which, own)
            if (place, d) in meets.masked and mask is not None:
                x = masked(self._emit, x, d, mask)
        return x

    def _spread(self, op: Op, x: Located, given: Given, wide: frozenset[str]) -> Located:
        """A result for given answers at its positions of the super-axis, zeros around it."""
        for d in sorted(wide):
            which = self._layouts.of(op)[d]
            own = tuple((c, i) for c, i in given if c in choices_of(which))
            if own:
                x = padded(
                    self._emit, x, d, self._place(op, which, own), self._masks.size(which)
                )
        return x

    def _place(self, op: Op, which: Axis, given: Given) -> tuple[int, ...]:
        found = self._masks.embedding(which, given)
        if found is None:
            text = (
                f"`{_name(op)}` has weights of its own for each alternative, which take positions that "
                "depend on other choices too"
            )
            raise self._error(UNMIXED_LAYOUT, op, _sorted(choices_of(which)), text)
        return found

    def _gathered(
        self, weight: Weight, whole: Mapping[Choice, int], tied: Sequence[bool]
    ) -> Gathered:
        """What an architecture takes of a super-weight: everything along the axes that are `tied`."""
        given = self._layouts.given(weight, whole)
        shape = self._layouts.super_shape(weight, given)
        positions = self._layouts.taken(weight, whole, given)
        taken = map(some_of, positions, shape)
        return Gathered(
            weight,
            given,
            tuple(None if t else p for t, p in zip_longest(tied, taken)),
        )

    def _fitted(self, task: Task, place: int, at: Mapping[Choice, int]) -> Located | None:
        """An operand of a selection, with room for the widest of them."""
        value = task.value
        x = task.read[place].at(at)
        if x is None:
            return None
        axes = self._layouts.of(value)
        for d in sorted(task.wide):
            size = self._masks.size(axes[d])
            if not (isinstance(value, Pick) and d == value.dim) and x.sizes[d] != size:
                x = padded(self._emit, x, d, everything(x.sizes[d]), size)
        return x

    def _picked(
        self,
        task: Task,
        pick: Pick,
        at: Mapping[Choice, int],
        sizes: Mapping[str, int],
    ) -> Located | None:
        """All operands together, each by its weight; those that are joined are scaled by the mask of whoever
        reads them.
        """
        count = len(pick.operands)
        parts = tuple(
            [x for i in range(count) if (x := self._fitted(task, i, at)) is not None]
        )
        if len(parts) < count:
            return None
        if pick.combine == "concat":
            made = self._sized(pick, sizes)
            return arithmetic.concat(
                Site("concat", parts, {"dim": pick.dim}, made, self._emit)
            )
        return self._sum(parts, picked(pick.subset, count, pick.combine == "weighted"))

    def _mixed(
        self,
        found: Sequence[tuple[Located, Answers]],
        over: Sequence[Choice],
        rest: tuple[Choice, ...],
    ) -> Located:
        """Results mixed by the weights of the answers that their shape does not depend on; equal ones are one
        term.
        """
        terms: dict[Hashable, Located] = {}
        groups: dict[Hashable, list[int]] = {}
        for one, answers in found:
            number = 0  # of the combination of the others
            for choice, index in zip(over, answers, strict=True):
                if choice in rest:
                    number = number * choice.size + index
            mark = tuple((form.handle.index, form.layout) for form in one.forms[:1])
            terms.setdefault(mark, one)
            groups.setdefault(mark, []).append(number)
        if not rest:
            (only,) = terms.values()
            return only
        return self._sum(
            tuple(terms.values()),
            Terms(rest, tuple(tuple(g) for g in groups.values())),
        )

    def _sum(
        self, values: Sequence[Located], weights: Terms | Picked | Included
    ) -> Located:
        vector = self._emit.tensor(weights)
        terms = []
        for place, value in enumerate(values):
            value.sizes.agree(values[0].sizes)
            site = Site("mul", (value,), {}, value.sizes, self._emit)
            terms.append(arithmetic.scaled(site, value, place, vector))
        return arithmetic.add(Site("add", tuple(terms), {}, terms[0].sizes, self._emit))

    def _check(self, task: Task) -> None:
        """Raises DiagnosticError where masked positions would count, or super-axes that lie otherwise would
        be brought together.
        """
        value = task.value
        for source, d, why in task.meets.refused:
            raise self._error(
                UNMIXED_WIDTH,
                value,
                self._deciding(source, d),
                f"{why} (`{_name(value)}`)",
            )
        if isinstance(value, Select) or not any(family.wide for family in task.read):
            return
        first: dict[str, Value] = {}
        joined = value.dim if isinstance(value, Pick) else None
        for place, source in enumerate(operands(value)):
            for d in source.shape:
                if d != joined and (place, d) not in task.meets.free:
                    self._check_alike(value, d, source, first.setdefault(d, source))

    def _check_alike(self, value: Value, d: str, one: Value, other: Value) -> None:
        """Raises DiagnosticError where a width of two operands lies otherwise in each."""
        if one is other or not (
            d in self._families[one].wide or d in self._families[other].wide
        ):
            return
        a, b = self._layouts.of(one)[d], self._layouts.of(other)[d]
        if not self._masks.alike(a, b):
            text = (
                f"`{_name(value)}` brings together what takes different positions of `{d}`"
            )
            raise self._error(UNMIXED_LAYOUT, value, _sorted(deciding((a, b))), text)

    def _deciding(self, value: Value, d: str) -> tuple[Choice, ...]:
        return _sorted(choices_of(self._layouts.of(value)[d]))

    def _error(
        self, code: Code, value: Value, choices: Sequence[Choice], why: str
    ) -> DiagnosticError:
        named = ", ".join(f"`{c.path}`" for c in choices[:3]) + (
            ", …" if len(choices) > 3 else ""
        )
        span = choices[0].span if choices else getattr(value, "span", None)
        return DiagnosticError(
            code.error(
                span,
                f"{named} cannot be mixed: {why}",
                help='`mode = "sampled"` takes any space',
            )
        )


def _is_along(lie: Lie, made: frozenset[str], read: frozenset[str]) -> bool:
    """Whether a weight lies along a width that its layer makes, or one that it reads."""
    if isinstance(lie, Made):
        return lie.dim in made
    return isinstance(lie, Read) and not read.isdisjoint(lie.dims)


def _sorted(choices: Any) -> tuple[Choice, ...]:
    return tuple(sorted(set(choices), key=lambda c: c.order))


def _name(value: Value) -> str:
    if isinstance(value, Input):
        return value.name
    return value.instance.path or (value.name if isinstance(value, Op) else "selection")
