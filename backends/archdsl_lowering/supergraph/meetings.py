"""Where widths meet in an op: what has to be masked, what may pass, and what is wrong on a super-axis.

The row of a primitive says what it does over each dimension (`ops.axes.Over`); here that is read for
dimensions that are computed at the size of the super-axis. With `width ~ 8..16 by 8` and `x -> conv(width) ->
relu -> conv(4)`, the second convolution sums over `c`: its input, 16 channels for both architectures, is
multiplied by a mask, which for the narrower one is 1 for 8 of them. Nothing meets in `relu`, and a
`layer_norm(@c)` in its place would count all 16: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from archdsl.ir.graph import Input, Op, Pick, Select, Value
from archdsl.ops import axes as table
from archdsl.ops.axes import Over, Place
from archdsl.ops.table import done_over, origins_of, sizes_of
from archdsl_lowering.supergraph.axes import Chunk, Taken
from archdsl_lowering.supergraph.layouts import Layouts, is_cut_as_made

Wide: TypeAlias = frozenset[str]
Refused: TypeAlias = tuple[Value, str, str]  # a value, a dimension of it, and why


@dataclass(frozen=True, slots=True)
class Meeting:
    """What an op does with the masked dimensions of its inputs.

    masked   inputs and dimensions that are multiplied by their masks, because positions are summed there
    refused  values and dimensions along which masked positions would count, and why
    free     inputs and dimensions that need not lie as in the other inputs
    sizes    attributes that are the size of a dimension, of an input by its place or (None) of the result
    moved    attributes that say which positions go where: the mask of the result tells it, no tensor moves
    partly   a dimension and the attribute that counts the positions of it on which the op works
    """

    masked: frozenset[Place] = frozenset()
    refused: tuple[Refused, ...] = ()
    free: frozenset[Place] = frozenset()
    sizes: Mapping[str, tuple[int | None, str]] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()
    partly: tuple[str, str] | None = None


def wide_dims(value: Value, read: Sequence[Wide]) -> Wide:
    """The dimensions that may be widths: outputs of convolutions, linear layers and learnable tensors, and
    where those go.

    Layers of different widths that are selected from make a width too.
    """
    if isinstance(value, Input):
        return frozenset()
    if isinstance(value, Select | Pick):
        joined: frozenset[str] = frozenset().union(*read)
        found = joined & set(value.shape) | {
            d for d in "c" if d in value.shape and value.shape[d].scope
        }
        return frozenset(
            found | {value.dim}
            if isinstance(value, Pick) and value.dim is not None
            else found
        )
    return frozenset(d for d, origin in origins_of(value).items() if _is_wide(origin, read))


def _is_wide(origin: table.Origin, read: Sequence[Wide]) -> bool:
    """Whether positions that come from there may be those of a width; `read` are the widths of the inputs."""
    match origin:
        case table.New() | table.Own():
            return True
        case table.Same(places=places):
            return any(d in read[i] for i, d in places)
        case table.Ended(parts=parts):
            return any(part is not None and part[1] in read[part[0]] for part in parts)
        case table.Merged(dims=dims):
            return not read[0].isdisjoint(dims)
        case (
            table.Factor(dim=d)
            | table.Taken(dim=d)
            | table.Part(dim=d)
            | table.Padded(dim=d)
        ):
            return d in read[0]


def meeting(op: Op, wides: Sequence[Wide], wide: Wide, layouts: Layouts) -> Meeting:
    """What an op does with the masked dimensions `wides` of its inputs; `wide` are those of its result."""
    if not wide and not any(wides):
        return Meeting(sizes=sizes_of(op))
    deeds = done_over(op)
    origins = origins_of(op)
    return Meeting(
        masked=frozenset(_masked(deeds)),
        refused=(
            *_counting(op, deeds, wides, wide),
            *_cut(op, origins, wides, layouts),
        ),
        free=frozenset(_free(op, deeds, origins)),
        sizes=sizes_of(op),
        moved=frozenset(_moved(op, origins, wide, layouts)),
        partly=_partly(deeds, wides),
    )


def _partly(deeds: Mapping[Place, Over], wides: Sequence[Wide]) -> tuple[str, str] | None:
    """The first width of which an attribute counts some positions, and that attribute."""
    for (i, d), over in deeds.items():
        if over.deed == "partly" and d in wides[i]:
            return d, over.attribute
    return None


def _masked(deeds: Mapping[Place, Over]) -> Iterator[Place]:
    """Of the inputs that are summed along a dimension together, the first: zero times anything is zero."""
    seen: set[str] = set()
    for (i, d), over in sorted(deeds.items()):
        if over.deed == "summed" and d not in seen:
            seen.add(d)
            yield i, d


def _moved(op: Op, origins: table.Origins, wide: Wide, layouts: Layouts) -> Iterator[str]:
    """Dimensions of which some positions are taken: all are kept, and the mask of the result tells which."""
    for d, origin in origins.items():
        if (
            d in wide
            and isinstance(origin, table.Taken | table.Part)
            and isinstance(layouts.of(op)[d], Taken | Chunk)
        ):
            yield d


def _counting(
    op: Op, deeds: Mapping[Place, Over], wides: Sequence[Wide], wide: Wide
) -> Iterator[Refused]:
    """Where positions would count that an architecture does not have."""
    for (i, d), over in sorted(deeds.items(), key=lambda item: item[0]):
        if over.deed not in ("counted", "statistics"):
            continue
        does = (
            "counts positions along" if over.deed == "counted" else "takes statistics over"
        )
        why = over.why or f"`{op.name}` {does} it"
        if d in wides[i]:
            yield op.inputs[i], d, why
        elif d in wide and isinstance(origins_of(op).get(d), table.New):
            yield op, d, why


def _cut(
    op: Op, origins: table.Origins, wides: Sequence[Wide], layouts: Layouts
) -> Iterator[Refused]:
    """What is cut otherwise than it was merged: each width then has its positions elsewhere."""
    for origin in origins.values():
        if not isinstance(origin, table.Factor) or origin.dim not in wides[0]:
            continue
        if not is_cut_as_made(layouts.of(op.inputs[0])[origin.dim], op, origin.into):
            yield (
                op.inputs[0],
                origin.dim,
                f"`{op.name}` cuts it otherwise for each width",
            )


def _free(op: Op, deeds: Mapping[Place, Over], origins: table.Origins) -> Iterator[Place]:
    """What lies end to end, and what is treated otherwise than the same dimension of the inputs before it."""
    first: dict[str, str] = {}
    for i, source in enumerate(op.inputs):
        for d in source.shape:
            over = deeds.get((i, d))
            deed = over.deed if over is not None else ""
            if isinstance(origins.get(d), table.Ended) or first.setdefault(d, deed) != deed:
                yield i, d
