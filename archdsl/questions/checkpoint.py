"""Which weight of a model each key of somebody else's checkpoint is: from names and shapes alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import isqrt, prod
from typing import TypeAlias

from archdsl.diagnostics.codes import renames as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.ir.instance import key as state_key
from archdsl.outline.paths import KeyPath
from archdsl.questions.rename import (
    Change,
    Ending,
    Found,
    Inflate,
    Resize,
    Rule,
    Rules,
    Unused,
)

Shape: TypeAlias = tuple[int, ...]

_LEVELS = 3  # of wrappers that put a part before every key: `module.model.`


@dataclass(frozen=True, slots=True)
class Table:
    """Rules and the name that they go by. Without a name the keys are ours as they stand, and rules say what
    happens where shapes differ.

    A table that was asked for (`is_asked`) may start weights as the text says; one that was found to fit may
    not.
    """

    name: str | None
    rules: Rules = field(default_factory=Rules)
    is_asked: bool = False

    def find(self, key: str) -> Found | None:
        found = self.rules.find(key)
        if self.name is None:
            return Found((key,), None if found is None else found.line)
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """What the user says beside the table, by keys of ours: `anew` shall start as the text says, `changes`
    are what happens where shapes differ.
    """

    anew: frozenset[str] = frozenset()
    changes: Mapping[str, Change] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """What a weight of the model is taken from: a key of the checkpoint, changed or as it is."""

    key: str
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """A key of the checkpoint that is no weight of the model; `ours` is what it would be called, None where
    no rule fits.
    """

    key: str
    ours: str | None


@dataclass(frozen=True, slots=True)
class Misshapen:
    """A weight of the model that has another shape in the checkpoint."""

    ours: str
    key: str
    before: Shape
    after: Shape


@dataclass(frozen=True, slots=True)
class Fit:
    """How a checkpoint fits a model, all of it by name.

    `taken` are the weights that come from the checkpoint, by our key; `anew` those that start as the text
    says, because the user or the table that was asked for says so; `untold` those that a table starts that
    nobody asked for. `left_out` are keys that the table leaves out, or that belong to what starts anew.
    `prefix` stood before the keys. `unused` are lines of the table that no key came to.
    """

    table: str | None
    prefix: str
    taken: Mapping[str, Source]
    anew: tuple[str, ...]
    left_out: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[Extra, ...]
    misshapen: tuple[Misshapen, ...]
    untold: tuple[str, ...] = ()
    unused: tuple[Unused, ...] = ()

    def __bool__(self) -> bool:
        return not (self.missing or self.extra or self.misshapen or self.untold)


def fit(
    theirs: Mapping[str, Shape],
    ours: Mapping[str, Shape],
    tables: Sequence[Table],
    told: Told | None = None,
) -> Fit:
    """Matches a checkpoint with a model: by the table, and without what its wrappers put before the keys,
    under which most of the model's weights are found; the first of those that are alike.

    Raises DiagnosticError: E0982 where two keys become one, E0983 where no weight is found at all, or by no
    table as many as half of them.
    """
    told = told or Told()
    wanted = {key for key in ours if key not in told.anew and not may_be_missing(key)}
    best = 0
    chosen: _Keys | None = None
    for prefix, keys in _without_wrappers(theirs):
        for table in tables:
            found = len(
                wanted.intersection(chain.from_iterable(_names(table, key) for key in keys))
            )
            if found > best:
                best, chosen = found, _Keys(prefix, keys, table)
    if chosen is None:
        raise _none_fits(theirs, tables)
    if 2 * best < len(wanted) and not chosen.table.is_asked:
        raise _hardly_fits(chosen, best, len(wanted))
    return _matched(theirs, ours, chosen, told)


def below(paths: Sequence[str], keys: Collection[str]) -> frozenset[str]:
    """The keys at and below paths, written with brackets or dots, where `*` stands for any text of a part:
    `block.*.norm`. Raises DiagnosticError E0988 for a path without any.
    """
    found: set[str] = set()
    for path in paths:
        dotted = state_key(path)
        wanted = re.compile(re.escape(dotted).replace(r"\*", "[^.]*") + r"(?=\.|\Z)")
        inside = {key for key in keys if wanted.match(key)}
        if not inside:
            known = (KeyPath.parse(key) for key in keys)
            hint = did_you_mean(dotted, {str(key.parent or key) for key in known})
            raise DiagnosticError(
                codes.NO_SUCH_WEIGHTS.error(
                    None, f"the model has no weights at or below `{path}`", help=hint
                )
            )
        found |= inside
    return frozenset(found)


def may_be_missing(key: str) -> bool:
    """Whether a checkpoint of before may lack it: the counter of batches that PyTorch's batch norms got
    later.
    """
    return key.endswith(".num_batches_tracked") or key == "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class _Keys:
    """Keys without their prefix, each with what it stands for, and the table that they are read by."""

    prefix: str
    keys: Mapping[str, str]
    table: Table


def _names(table: Table, key: str) -> tuple[str, ...]:
    found = table.find(key)
    return () if found is None else found.names


def _none_fits(theirs: Mapping[str, Shape], tables: Sequence[Table]) -> DiagnosticError:
    tried = (
        ", ".join(f"`{table.name}`" for table in tables if table.name is not None) or "none"
    )
    few = ", ".join(f"`{key}`" for key in list(theirs)[:3])
    message = (
        f"none of the checkpoint's {len(theirs)} keys ({few}, …) is a weight of the model"
    )
    help = f"tables tried: {tried}; `--table FILE` names another"
    return DiagnosticError(codes.NO_TABLE.error(None, message, help=help))


def _hardly_fits(chosen: _Keys, found: int, wanted: int) -> DiagnosticError:
    name = chosen.table.name
    by = "as they stand" if name is None else f"by `{name}`, which fits best"
    message = (
        f"the checkpoint's keys, {by}, are {found} of the {wanted} weights of the model"
    )
    few = ", ".join(f"`{key}`" for key in list(chosen.keys.values())[:3])
    help = f"its keys are {few}, …; `--table` names a table, and what does not fit is then listed"
    return DiagnosticError(codes.NO_TABLE.error(None, message, help=help))


def _matched(
    theirs: Mapping[str, Shape], ours: Mapping[str, Shape], chosen: _Keys, told: Told
) -> Fit:
    placed: dict[str, Source | Misshapen | None] = {}  # None: it starts as the text says
    left_out: list[str] = []
    extra: list[Extra] = []
    used: set[Rule | Ending | None] = set()
    for key, original in chosen.keys.items():
        found = chosen.table.find(key)
        if found is None:
            extra.append(Extra(original, None))
            continue
        used.add(found.line)
        names = [name for name in found.names if name not in told.anew]
        extra.extend(Extra(original, name) for name in names if name not in ours)
        here = {
            name: _placed(name, original, (theirs[original], ours[name]), found.rule, told)
            for name in names
            if name in ours
        }
        _refuse_second(here, placed, original, found)
        placed |= here
        if all(place is None for place in here.values()) and all(
            name in ours for name in names
        ):
            left_out.append(original)
    started = _started(ours, placed, chosen.table, told)
    rules = chosen.table.rules
    unused = () if chosen.table.name is None else tuple(rules.unused(used, chosen.keys))
    return Fit(
        table=chosen.table.name,
        prefix=chosen.prefix,
        taken={name: place for name, place in placed.items() if isinstance(place, Source)},
        anew=tuple(
            key for key in ours if key in started and _is_told(key, chosen.table, told)
        ),
        untold=tuple(
            key for key in ours if key in started and not _is_told(key, chosen.table, told)
        ),
        left_out=tuple(left_out),
        missing=tuple(
            k
            for k in ours
            if k not in placed and k not in started and not may_be_missing(k)
        ),
        extra=tuple(extra),
        misshapen=tuple(place for place in placed.values() if isinstance(place, Misshapen)),
        unused=unused,
    )


def _refuse_second(
    here: Mapping[str, object],
    placed: Mapping[str, Source | Misshapen | None],
    key: str,
    found: Found,
) -> None:
    """Raises DiagnosticError E0982 where a weight has been placed already."""
    name = next((name for name in here if name in placed), None)
    if name is None:
        return
    before = placed[name]
    other = "another key" if before is None else f"`{before.key}`"
    span = found.line.span if found.line is not None else None
    raise DiagnosticError(
        codes.SAME_KEY.error(span, f"{other} and `{key}` would both be `{name}`")
    )


def _placed(
    name: str, key: str, shapes: tuple[Shape, Shape], rule: Rule | None, told: Told
) -> Source | Misshapen | None:
    """What becomes of one key in one place: taken, of another shape, or (None) started anew."""
    before, after = shapes
    change = told.changes.get(name, rule.change if rule is not None else None)
    if _agree(before, after):
        return Source(key)
    if change is not None and _can_change(before, after, change):
        return Source(key, change)
    if rule is not None and rule.is_anew:
        return None
    return Misshapen(name, key, before, after)


def _started(
    ours: Mapping[str, Shape],
    placed: Mapping[str, Source | Misshapen | None],
    table: Table,
    told: Told,
) -> set[str]:
    """Our weights that start as the text says: by the user's word or the table's."""
    started = set(told.anew)
    started |= {name for name, place in placed.items() if place is None}
    starting = [rule for rule in table.rules.rules if rule.theirs is None]
    for name in ours:
        if name not in placed and any(rule.starts(name) for rule in starting):
            started.add(name)
    return started


def _is_told(key: str, table: Table, told: Told) -> bool:
    return table.is_asked or key in told.anew


def _without_wrappers(keys: Collection[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The keys as they stand, then without the first part that most of them share, and so on: each with what
    it stands for.
    """
    stripped = {key: key for key in keys}
    prefix = ""
    for _ in range(_LEVELS):
        yield prefix, stripped
        firsts = Counter(key.partition(".")[0] for key in stripped if "." in key)
        first, many = firsts.most_common(1)[0] if firsts else ("", 0)
        shorter = {
            key.removeprefix(f"{first}."): original for key, original in stripped.items()
        }
        if 2 * many <= len(stripped) or len(shorter) < len(stripped):
            return
        stripped, prefix = shorter, f"{prefix}{first}."
    yield prefix, stripped


def _agree(before: Shape, after: Shape) -> bool:
    """Equal ranks need equal shapes. Of others, sizes of 1 carry nothing: tokens are saved as 1 x 1 x c, a
    linear map as a convolution of 1 x 1.
    """
    if len(before) == len(after):
        return before == after
    return _longer_than_one(before) == _longer_than_one(after)


def _longer_than_one(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)


def _can_change(before: Shape, after: Shape, change: Change) -> bool:
    if isinstance(change, Inflate):
        return len(before) == 4 and len(after) == 5 and before == (*after[:2], *after[3:])
    return _can_resize(before, after, change)


def _can_resize(before: Shape, after: Shape, resize: Resize) -> bool:
    """Whether only the number of positions along our first axis differs, and there are enough for what is
    said.
    """
    rest = after[1:]
    if not after or prod(rest) == 0 or prod(before) % prod(rest):
        return False
    positions = prod(before) // prod(rest)
    if _longer_than_one(before) != _longer_than_one((positions, *rest)):
        return False
    counts = positions - resize.after, after[0] - resize.after
    if min(counts) < 1:
        return False
    if resize.mode == "repeat":
        return counts[1] % counts[0] == 0
    return not resize.is_grid or all(isqrt(n) ** 2 == n for n in counts)
