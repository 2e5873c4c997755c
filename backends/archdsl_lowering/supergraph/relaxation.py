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
from itertools import product
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
from archdsl_lowering.rows.layout import alone, axis
from archdsl_lowering.rows.site import Form, Site, output
from archdsl_lowering.rows.site import Value as Located
from archdsl_lowering.rows.sizes import Sizes
from archdsl_lowering.rows.table import ROWS
from archdsl_lowering.supergraph.axes import Axis, Given, Taken, choices_of
from archdsl_lowering.supergraph.layouts import Layouts
from archdsl_lowering.supergraph.masks import (
    Included,
    Mask,
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

MOST = 64  # combinations of answers for which one op runs

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
class Index:
    """Numbers of positions, as a tensor."""

    positions: tuple[int, ...]


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


def relaxed(space: Graph, layouts: Layouts, active: Activity) -> tuple[Program, Mapping[str, Hashable]]:
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
        self._demands = Demands()
        self._extents = follow(dict.fromkeys((*space.inputs, *space.values)), self._demands)

    def made(self) -> tuple[Program, Mapping[str, Hashable]]:
        for given in self._space.inputs:
            sizes = self._sized(given, nominal(given, settled))
            self._families[given] = Family((), {(): self._emit.input(given, sizes)}, frozenset())
        for value in self._space.values:
            if not isinstance(value, Input):
                try:
                    self._families[value] = self._family(value)
                except TooManyCombinations as many:
                    raise self._error(
                        UNMIXED_WIDTH, value, many.choices, f"its width has {many}, too many for a mask"
                    ) from None
        found = [self._closed(self._families[v], v) for v in self._space.outputs]
        refs = [
            output(Site("output", (), {}, one.sizes, self._emit), one, tuple(result.dims))
            for one, result in zip(found, self._space.results, strict=True)
        ]
        return self._emit.program(self._space, refs, self._demands), self._emit.given

    def _closed(self, family: Family, value: Value) -> Located:
        """An output of the network. Raises DiagnosticError where its shape depends on a choice."""
        if family.open:
            raise self._error(OPEN_SHAPE, value, family.open, "the shape of an output depends on it")
        for d in sorted(family.wide):
            raise self._error(
                UNMIXED_WIDTH, value, self._deciding(value, d), f"it reaches an output as its dimension `{d}`"
            )
        return family.members[()]

    def _family(self, value: Value) -> Family:
        """The value for each combination on which its shape depends, the other answers mixed."""
        assert not isinstance(value, Input)
        read = [self._families[o] for o in operands(value)]
        wide = self._wide(value, read)
        open_now = _sorted({c for d, n in value.shape.items() if d not in wide for c in n.choices()})
        meets = (
            meeting(value, [f.wide for f in read], wide, self._layouts)
            if isinstance(value, Op)
            else Meeting()
        )
        self._check(value, meets)
        exact = isinstance(value, Op) and self._is_entangled(value, wide)
        reads = self._reads(value, meets, wide)
        if exact and isinstance(value, Op):
            reads |= self._widths(value, wide)
        over = _sorted(reads | set(open_now) | {c for f in read for c in f.open})
        if prod(c.size for c in over) > MOST:
            text = (
                f"`{_name(value)}` would run for {prod(c.size for c in over):,} combinations, more than "
                f"{MOST}"
            )
            raise self._error(OPEN_SHAPE, value, over, text)
        parts: dict[Answers, list[tuple[Located, Answers]]] = {}
        guard = self._active.values.get(value, FALSE)
        for answers in product(*(range(c.size) for c in over)):
            at = dict(zip(over, answers, strict=True))
            if restrict(guard, at) == FALSE:
                continue
            one = self._one(value, at, read, wide, meets, exact)
            if one is not None:
                parts.setdefault(tuple(at[c] for c in open_now), []).append((one, answers))
        rest = tuple(c for c in over if c not in open_now)
        members = {key: self._mixed(found, over, rest) for key, found in parts.items()}
        return Family(open_now, members, wide)

    def _wide(self, value: Value, read: Sequence[Family]) -> frozenset[str]:
        """The dimensions of a value that have a mask: widths that some architecture has less of."""
        axes = self._layouts.of(value)
        return frozenset(
            d for d in wide_dims(value, [f.wide for f in read]) if self._masks.of(axes[d]) is not None
        )

    def _reads(self, value: Value, meets: Meeting, wide: frozenset[str]) -> set[Choice]:
        """The choices whose alternatives are computed one by one here."""
        if isinstance(value, Select):
            return set(value.index.choices())
        if not isinstance(value, Op):
            return set()
        told = {*meets.sizes, *meets.moved, *((meets.partly[1],) if meets.partly is not None else ())}
        found = {c for name, e in value.attrs.items() if name not in told for c in e.choices()}
        for weight in value.weights:
            found.update(self._layouts.separate(weight))
            for lie, one in zip(lies_of(value, weight), self._layouts.of_weight(weight), strict=True):
                if not self._is_tied(value, lie, wide):
                    found.update(choices_of(one))
        return found

    def _widths(self, op: Op, wide: frozenset[str]) -> set[Choice]:
        """All choices that decide about the widths that an op reads and makes."""
        found = {c for d in wide for c in choices_of(self._layouts.of(op)[d])}
        for source in op.inputs:
            found.update(
                c for d in self._families[source].wide for c in choices_of(self._layouts.of(source)[d])
            )
        return found

    def _is_entangled(self, op: Op, wide: frozenset[str]) -> bool:
        """Whether the positions that weights take are not those of what the op reads and makes.

        So it is with weights that several layers use, and with some that are separate for some answers and
        take positions that depend on others too. The op then runs for each combination of all answers that
        decide about its widths.
        """
        for weight in op.weights:
            for lie, own in zip(lies_of(op, weight), self._layouts.of_weight(weight), strict=True):
                along = self._layouts.along(op, lie)
                if along is not None and self._is_tied(op, lie, wide) and not self._masks.alike(own, along):
                    return True
        separate = {c for w in op.weights for c in self._layouts.separate(w)}
        axes = [self._layouts.of(op)[d] for d in wide]
        axes += [self._layouts.of(source)[d] for source in op.inputs for d in self._families[source].wide]
        for which in axes:
            apart = _sorted(separate & choices_of(which))
            if apart and any(
                self._masks.embedding(which, tuple(at.items())) is None for at in assignments(apart)
            ):
                return True
        return False

    def _is_tied(self, op: Op, lie: Lie, wide: frozenset[str]) -> bool:
        """Whether an axis of a weight that lies so is a width, computed at the size of the super-axis."""
        if isinstance(lie, Made):
            return lie.dim in wide
        return isinstance(lie, Read) and not self._families[op.inputs[0]].wide.isdisjoint(lie.dims)

    def _one(
        self,
        value: Value,
        at: Mapping[Choice, int],
        read: Sequence[Family],
        wide: frozenset[str],
        meets: Meeting,
        exact: bool,
    ) -> Located | None:
        """The value under answers; None where there is no such architecture."""
        if isinstance(value, Select):
            return self._fitted(value, value.index.at(at), at, read, wide)
        sizes = self._sizes(value, at, wide)
        if sizes is None:
            return None
        if isinstance(value, Pick):
            return self._picked(value, at, read, wide, sizes)
        assert isinstance(value, Op)
        inputs = [f.at(at) for f in read]
        if any(x is None for x in inputs):
            return None
        whole = {**dict.fromkeys(self._space.choices, 0), **at}
        separate = {c for w in value.weights for c in self._layouts.separate(w)}
        given = tuple((c, at[c]) for c in _sorted(separate | (self._widths(value, wide) if exact else set())))
        ready = [self._ready(value, i, x, given, meets) for i, x in enumerate(inputs) if x is not None]
        numbers = {
            d: self._masks.size(self._layouts.of(value)[d], given) if d in wide else n
            for d, n in sizes.items()
        }
        inner = self._sized(value, numbers)
        attrs = {name: e.at(whole) for name, e in value.attrs.items()}
        for name, (source, d) in meets.sizes.items():
            if name in attrs:
                attrs[name] = inner[d] if source is None else ready[source].sizes[d]
        self._emit.enter({w.name: self._gathered(value, w, whole, wide, exact) for w in value.weights})
        self._check_regrouping(value, ready, inner)
        site = Site(value.name, tuple(ready), attrs, inner, self._emit)
        return self._spread(value, self._computed(value, site, meets), given, wide)

    def _sized(self, value: Value, numbers: Mapping[str, int]) -> Sizes:
        """Sizes that derive from the inputs as those of a value do."""
        return Sizes(numbers, self._extents[value], self._demands)

    def _computed(self, op: Op, site: Site, meets: Meeting) -> Located:
        """The result of an op at one place; what only moves positions of a width leaves them where they
        are.
        """
        if meets.moved:
            left = {name: None if name in meets.moved else value for name, value in site.attrs.items()}
            site = replace(site, attrs=left)
            if not any(len(name) == 1 and value is not None for name, value in left.items()):
                return Located(site.sizes, site.x.forms)
        if meets.partly is not None:
            return self._partly(op, site, *meets.partly)
        if op.name == "attend" and op.attrs["act"].scope:
            return products.attend(
                site, fused=False
            )  # one of the others has no fused form, and they are added up
        return ROWS[op.name](site)

    def _partly(self, op: Op, site: Site, d: str, attribute: str) -> Located:
        """What works on positions that an attribute counts, of which each architecture has others.

        It is computed for all of them. Where an architecture with position p has it changed with probability
        s, the result is s times what is computed there and 1 - s times what was there before.
        """
        axis = self._layouts.of(op)[d]
        part, whole = self._masks.of(Taken(axis, op.attrs[attribute])), self._masks.of(axis)
        assert part is not None and whole is not None, "some architecture lacks some position"
        share = Within(part, whole)
        everything = replace(site, attrs={**site.attrs, attribute: range(site.sizes[d])})
        changed = self._masked(ROWS[op.name](everything), d, share)
        kept = self._masked(site.x, d, replace(share, left=True))
        return arithmetic.add(replace(site, primitive="add", inputs=(changed, kept), attrs={}))

    def _check_regrouping(self, op: Op, ready: Sequence[Located], inner: Sizes) -> None:
        """Raises DiagnosticError where what is joined, merged or split has other sizes than the super-axis
        that results.
        """
        for d, origin in origins_of(op).items():
            match origin:
                case Ended():
                    sound = inner.seen(d) == sum([x.sizes.seen(d) for x in ready])
                case Merged(dims=dims):
                    sound = inner.seen(d) == prod([ready[0].sizes.seen(one) for one in dims])
                case Factor(dim=whole, into=into):
                    sound = ready[0].sizes.seen(whole) == prod([inner.seen(one) for one in into])
                case _:
                    continue
            if not sound:
                choices = _sorted(
                    c for source in op.inputs for n in source.shape.values() for c in n.choices()
                )
                text = f"`{_name(op)}` regroups a width together with another size that is chosen"
                raise self._error(UNMIXED_LAYOUT, op, choices, text)

    def _sizes(self, value: Value, at: Mapping[Choice, int], wide: frozenset[str]) -> dict[str, int] | None:
        """The sizes under answers, super-sizes for widths; None where there are none."""
        axes = self._layouts.of(value)
        found: dict[str, int] = {}
        for d, n in value.shape.items():
            size = self._masks.size(axes[d]) if d in wide else n.at(at)
            if isinstance(size, Undefined):
                return None
            found[d] = size
        return found

    def _ready(self, op: Op, place: int, x: Located, given: Given, meets: Meeting) -> Located:
        """An input as the op takes it: the positions of the given answers, masked along the dimensions where
        they meet.
        """
        source = op.inputs[place]
        for d in sorted(self._families[source].wide):
            which = self._layouts.of(source)[d]
            own = tuple((c, i) for c, i in given if c in choices_of(which))
            if own:
                x = self._narrowed(op, x, d, which, own)
            mask = self._masks.of(which, own)
            if (place, d) in meets.masked and mask is not None:
                x = self._masked(x, d, mask)
        return x

    def _narrowed(self, op: Op, x: Located, d: str, which: Axis, given: Given) -> Located:
        positions = self._place(op, which, given)
        if positions == tuple(range(x.sizes[d])):
            return x
        handle, layout = Site("take", (x,), {}, x.sizes, self._emit).fit(x, lambda form: alone(form, d))
        at = axis(layout, d)
        if positions == tuple(range(len(positions))):
            found = self._emit.function("torch.narrow", handle, at, 0, len(positions))
        else:
            found = self._emit.function("torch.index_select", handle, at, self._emit.tensor(Index(positions)))
        return Located(x.sizes.given({d: len(positions)}), [Form(found, layout)])

    def _spread(self, op: Op, x: Located, given: Given, wide: frozenset[str]) -> Located:
        """A result for given answers at its positions of the super-axis, zeros around it."""
        for d in sorted(wide):
            which = self._layouts.of(op)[d]
            own = tuple((c, i) for c, i in given if c in choices_of(which))
            if own:
                x = self._padded(x, d, self._place(op, which, own), self._masks.size(which))
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

    def _padded(self, x: Located, d: str, positions: tuple[int, ...], size: int) -> Located:
        if positions == tuple(range(size)):
            return x
        handle, layout = Site("pad", (x,), {}, x.sizes, self._emit).fit(x, lambda form: alone(form, d))
        at = axis(layout, d)
        more = 0, size - len(positions)
        zeros = self._emit.function("torch.nn.functional.pad", handle, (0, 0) * (len(layout) - 1 - at) + more)
        if positions != tuple(range(len(positions))):
            order = {p: i for i, p in enumerate(positions)}
            empty = iter(range(len(positions), size))
            which = tuple(order[i] if i in order else next(empty) for i in range(size))
            zeros = self._emit.function("torch.index_select", zeros, at, self._emit.tensor(Index(which)))
        return Located(x.sizes.given({d: size}), [Form(zeros, layout)])

    def _masked(self, x: Located, d: str, mask: Mask | Within) -> Located:
        handle, layout = Site("mul", (x,), {}, x.sizes, self._emit).fit(x, lambda form: alone(form, d))
        shape = (-1, *(1 for _ in layout[axis(layout, d) + 1 :]))
        factor = self._emit.tensor(mask)
        factor = self._emit.method("reshape", factor, shape) if len(shape) > 1 else factor
        return Located(x.sizes, [Form(self._emit.function("operator.mul", handle, factor), layout)])

    def _gathered(
        self, op: Op, weight: Weight, whole: Mapping[Choice, int], wide: frozenset[str], exact: bool
    ) -> Gathered:
        given = self._layouts.given(weight, whole)
        shape = self._layouts.super_shape(weight, given)
        taken: list[tuple[int, ...] | None] = []
        positions_of = self._layouts.taken(weight, whole, given)
        for lie, positions, size in zip(lies_of(op, weight), positions_of, shape, strict=True):
            tied = not exact and self._is_tied(op, lie, wide)
            everything = tied or positions == tuple(range(size))
            taken.append(None if everything else positions)
        return Gathered(weight, given, tuple(taken))

    def _fitted(
        self,
        value: Select | Pick,
        place: int,
        at: Mapping[Choice, int],
        read: Sequence[Family],
        wide: frozenset[str],
    ) -> Located | None:
        """An operand of a selection, with room for the widest of them."""
        x = read[place].at(at)
        if x is None:
            return None
        for d in sorted(wide):
            size = self._masks.size(self._layouts.of(value)[d])
            if not (isinstance(value, Pick) and d == value.dim) and x.sizes[d] != size:
                x = self._padded(x, d, tuple(range(x.sizes[d])), size)
        return x

    def _picked(
        self,
        pick: Pick,
        at: Mapping[Choice, int],
        read: Sequence[Family],
        wide: frozenset[str],
        sizes: dict[str, int],
    ) -> Located | None:
        """All operands together, each by its weight; those that are joined are scaled by the mask of whoever
        reads them.
        """
        parts = [self._fitted(pick, i, at, read, wide) for i in range(len(pick.operands))]
        if any(p is None for p in parts):
            return None
        found = tuple(p for p in parts if p is not None)
        if pick.combine == "concat":
            return arithmetic.concat(
                Site("concat", found, {"dim": pick.dim}, self._sized(pick, sizes), self._emit)
            )
        weights = picked(pick.subset, len(pick.operands), pick.combine == "weighted")
        return self._sum(found, weights)

    def _mixed(
        self, found: Sequence[tuple[Located, Answers]], over: Sequence[Choice], rest: tuple[Choice, ...]
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
        return self._sum(tuple(terms.values()), Terms(rest, tuple(tuple(g) for g in groups.values())))

    def _sum(self, values: Sequence[Located], weights: Terms | Picked | Included) -> Located:
        vector = self._emit.tensor(weights)
        terms = []
        for place, value in enumerate(values):
            value.sizes.agree(values[0].sizes)
            site = Site("mul", (value,), {}, value.sizes, self._emit)
            x, layout = site.fit(value, lambda form: form)
            one = self._emit.function("operator.getitem", vector, place)
            terms.append(site.result(self._emit.function("operator.mul", x, one), layout, value.sizes))
        return arithmetic.add(Site("add", tuple(terms), {}, terms[0].sizes, self._emit))

    def _check(self, value: Value, meets: Meeting) -> None:
        """Raises DiagnosticError where masked positions would count, or super-axes that lie otherwise would
        be brought together.
        """
        for source, d, why in meets.refused:
            raise self._error(UNMIXED_WIDTH, value, self._deciding(source, d), f"{why} (`{_name(value)}`)")
        if isinstance(value, Select):
            return
        first: dict[str, Value] = {}
        for place, source in enumerate(operands(value)):
            for d in source.shape:
                if (place, d) in meets.free or (isinstance(value, Pick) and d == value.dim):
                    continue
                other = first.setdefault(d, source)
                if d in self._families[source].wide or d in self._families[other].wide:
                    a, b = self._layouts.of(source)[d], self._layouts.of(other)[d]
                    if not self._masks.alike(a, b):
                        text = f"`{_name(value)}` brings together what takes different positions of `{d}`"
                        raise self._error(UNMIXED_LAYOUT, value, _sorted(choices_of(a) | choices_of(b)), text)

    def _deciding(self, value: Value, d: str) -> tuple[Choice, ...]:
        return _sorted(choices_of(self._layouts.of(value)[d]))

    def _error(self, code: Code, value: Value, choices: Sequence[Choice], why: str) -> DiagnosticError:
        named = ", ".join(f"`{c.path}`" for c in choices[:3]) + (", …" if len(choices) > 3 else "")
        span = choices[0].span if choices else getattr(value, "span", None)
        return DiagnosticError(
            code.error(span, f"{named} cannot be mixed: {why}", help='`mode = "sampled"` takes any space')
        )


def _sorted(choices: Any) -> tuple[Choice, ...]:
    return tuple(sorted(set(choices), key=lambda c: c.order))


def _name(value: Value) -> str:
    if isinstance(value, Input):
        return value.name
    return value.instance.path or (value.name if isinstance(value, Op) else "selection")
