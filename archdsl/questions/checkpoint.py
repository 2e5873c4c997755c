"""Which weight of a model each key of somebody else's checkpoint is: from names and shapes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt, prod
from typing import TypeAlias

from archdsl.diagnostics.codes import renames as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.ir.instance import key as state_key
from archdsl.outline.paths import KeyPath
from archdsl.questions.rename import Resize, Rule, find

Shape: TypeAlias = tuple[int, ...]

_LEVELS = 3  # of wrappers that put a part before every key: `module.model.`


@dataclass(frozen=True, slots=True)
class Table:
    """Rules and the name that they go by. Without a name the keys are ours as they stand, and rules say what
    is resized.
    """

    name: str | None
    rules: Sequence[Rule] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What a weight of the model is taken from: a key of the checkpoint, resized or as it is."""

    key: str
    resize: Resize | None = None


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
    says; `left_out` keys that the table leaves out, or that belong to what starts anew. `prefix` stood before
    the keys.
    """

    table: str | None
    prefix: str
    taken: Mapping[str, Source]
    anew: tuple[str, ...]
    left_out: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[Extra, ...]
    misshapen: tuple[Misshapen, ...]

    def __bool__(self) -> bool:
        return not (self.missing or self.extra or self.misshapen)


def fit(
    theirs: Mapping[str, Shape],
    ours: Mapping[str, Shape],
    tables: Sequence[Table],
    anew: Collection[str] = (),
) -> Fit:
    """Matches a checkpoint with a model: by the table, and without what its wrappers put before the keys,
    under which most of the model's weights are found; the first of those that are alike.

    `anew` are keys of ours that the checkpoint shall not provide. Raises DiagnosticError: E0982 where two
    keys become one, E0983 where no weight is found at all.
    """
    best: tuple[int, str, Mapping[str, str], Table] | None = None
    for prefix, keys in _without_wrappers(theirs):
        for table in tables:
            found = sum(_named(key, table)[0] in ours for key in keys)
            if found > (best[0] if best is not None else 0):
                best = found, prefix, keys, table
    if best is None:
        tried = ", ".join(f"`{table.name}`" for table in tables if table.name is not None) or "none"
        few = ", ".join(f"`{key}`" for key in list(theirs)[:3])
        message = f"none of the checkpoint's {len(theirs)} keys ({few}, …) is a weight of the model"
        raise DiagnosticError(
            codes.NO_TABLE.error(None, message, help=f"tables tried: {tried}; `--table FILE` names another")
        )
    _, prefix, keys, table = best
    return _matched(theirs, ours, keys, prefix, table, frozenset(anew))


def below(paths: Sequence[str], keys: Collection[str]) -> frozenset[str]:
    """The keys at and below paths, written with brackets or dots. Raises DiagnosticError E0988 for a path
    without any.
    """
    found: set[str] = set()
    known = [KeyPath.parse(key) for key in keys]
    for path in paths:
        dotted = state_key(path)
        inside = {str(key) for key in known if key.startswith(KeyPath.parse(dotted))}
        if not inside:
            hint = did_you_mean(dotted, {str(key.parent or key) for key in known})
            raise DiagnosticError(
                codes.NO_SUCH_WEIGHTS.error(None, f"the model has no weights at or below `{path}`", help=hint)
            )
        found |= inside
    return frozenset(found)


def may_be_missing(key: str) -> bool:
    """Whether a checkpoint of before may lack it: the counter of batches that PyTorch's batch norms got
    later.
    """
    return key.endswith(".num_batches_tracked") or key == "num_batches_tracked"


def _matched(
    theirs: Mapping[str, Shape],
    ours: Mapping[str, Shape],
    keys: Mapping[str, str],
    prefix: str,
    table: Table,
    anew: frozenset[str],
) -> Fit:
    taken: dict[str, Source] = {}
    left_out: list[str] = []
    extra: list[Extra] = []
    misshapen: list[Misshapen] = []
    fresh = set(anew)
    for key, original in keys.items():
        name, rule = _named(key, table)
        if name == "" or name in anew:
            left_out.append(original)
        elif name is None or name not in ours:
            extra.append(Extra(original, name))
        elif name in taken:
            span = rule.span if rule is not None else None
            raise DiagnosticError(
                codes.SAME_KEY.error(span, f"`{taken[name].key}` and `{original}` would both be `{name}`")
            )
        else:
            resize = rule.resize if rule is not None else None
            before, after = theirs[original], ours[name]
            if _longer_than_one(before) == _longer_than_one(after):
                taken[name] = Source(original)
            elif resize is not None and _can_resize(before, after, resize):
                taken[name] = Source(original, resize)
            elif rule is not None and rule.is_anew:
                fresh.add(name)
                left_out.append(original)
            else:
                misshapen.append(Misshapen(name, original, before, after))
    known = {*taken, *fresh, *(m.ours for m in misshapen)}
    missing = tuple(key for key in ours if key not in known and not may_be_missing(key))
    started = tuple(key for key in ours if key in fresh)
    return Fit(table.name, prefix, taken, started, tuple(left_out), missing, tuple(extra), tuple(misshapen))


def _named(key: str, table: Table) -> tuple[str | None, Rule | None]:
    """Our key by a table, empty where it is left out, None where no rule fits."""
    found = find(key, table.rules)
    if table.name is None:
        return key, found[1] if found is not None else None
    return found or (None, None)


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
        shorter = {key.removeprefix(f"{first}."): original for key, original in stripped.items()}
        if 2 * many <= len(stripped) or len(shorter) < len(stripped):
            return
        stripped, prefix = shorter, f"{prefix}{first}."
    yield prefix, stripped


def _longer_than_one(shape: Shape) -> Shape:
    """Tokens are saved as 1 x 1 x c, a linear map as a convolution of 1 x 1: sizes of 1 carry nothing."""
    return tuple(n for n in shape if n != 1)


def _can_resize(before: Shape, after: Shape, resize: Resize) -> bool:
    """Whether only the number of positions along our first axis differs, and there are enough for what the
    table says.
    """
    rest = after[1:]
    if not after or prod(rest) == 0 or prod(before) % prod(rest):
        return False
    positions = prod(before) // prod(rest)
    if _longer_than_one(before) != _longer_than_one((positions, *rest)):
        return False
    counts = positions - resize.after, after[0] - resize.after
    return min(counts) >= 1 and (not resize.is_grid or all(isqrt(n) ** 2 == n for n in counts))
