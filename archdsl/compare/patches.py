"""Patches that lead from one space or model to another: what differs between their documents, entry by
entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.graph import Graph, Op
from archdsl.ir.named import PARTS, Document, Malformed, from_names, to_names
from archdsl.ir.verify import InternalError, verify
from archdsl.ops.call import Call
from archdsl.ops.table import PRIMITIVES
from archdsl.outline.paths import natural

FORMAT_VERSION = 1
Place: TypeAlias = tuple[str, ...]  # ("values", "stem: conv", "attrs", "kernel")
_NAMED = (
    "choices",
    "inputs",
    "instances",
    "values",
)  # whose entries come and go one by one
ABSENT: Any = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the documents that differs. `before` and `after` are JSON; ABSENT (null) where there is no
    such entry.
    """

    at: Place
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class GraphPatch:
    """The entries in which the documents of two graphs differ (`archdsl.ir.named`), in the order of their
    places.
    """

    entries: tuple[Entry, ...]

    def __bool__(self) -> bool:
        return bool(self.entries)

    def inverse(self) -> GraphPatch:
        return GraphPatch(tuple(Entry(e.at, e.after, e.before) for e in self.entries))

    def facts(self) -> dict[str, Any]:
        """The canonical JSON form (grammar/patch.schema.json): equal patches give equal texts."""
        return {
            "format_version": FORMAT_VERSION,
            "kind": "architecture",
            "changes": [
                {"at": list(e.at), "before": e.before, "after": e.after}
                for e in self.entries
            ],
        }


def patch_graphs(a: Graph, b: Graph) -> GraphPatch:
    """What turns `a` into `b`, as elaborated."""
    found = _differences((), to_names(a), to_names(b))
    return GraphPatch(
        tuple(sorted(found, key=lambda e: [(natural(part), part) for part in e.at]))
    )


def apply_to_graph(patch: GraphPatch, a: Graph) -> Graph:
    """The graph that the patch makes of `a`.

    Raises DiagnosticError (E0961) where `a` is not what the patch starts from, and (E0962) where what comes
    out is no graph: a value that reads itself, sizes that the rules of the primitives do not give.
    """
    document = to_names(a)
    for entry in patch.entries:
        _set(document, entry)
    try:
        graph = from_names(document)
        verify(graph)
        _follow_rules(graph)
    except (Malformed, InternalError) as error:
        raise DiagnosticError(
            codes.NOT_A_PATCH.error(
                None, f"what the patch leads to is no architecture: {error}"
            )
        ) from None
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # rules rely on types that nobody checked here
        raise DiagnosticError(
            codes.NOT_A_PATCH.error(
                None, f"what the patch leads to has a value of another type: {error}"
            )
        ) from None
    return graph


def read_graph_patch(facts: Mapping[str, Any]) -> GraphPatch:
    """The patch of a JSON document of kind "architecture". Raises DiagnosticError (E0962) for anything that
    is not one.
    """
    rows = facts.get("changes")
    if (
        not isinstance(rows, list)
        or set(facts) != {"format_version", "kind", "changes"}
        or facts["format_version"] != FORMAT_VERSION
    ):
        raise _malformed(
            f'it holds exactly `"format_version": {FORMAT_VERSION}`, `kind` and the list `changes`'
        )
    entries: dict[Place, Entry] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping) or set(row) != {"at", "before", "after"}:
            raise _malformed(f"change {number} has exactly `at`, `before` and `after`")
        at = row["at"]
        if (
            not isinstance(at, list)
            or not at
            or not all(isinstance(part, str) for part in at)
            or at[0] not in PARTS
        ):
            raise _malformed(
                f"change {number}: `at` is a list of names, the first one of {', '.join(sorted(PARTS))}"
            )
        if row["before"] == row["after"]:
            raise _malformed(f"change {number} changes nothing")
        entries[tuple(at)] = Entry(tuple(at), row["before"], row["after"])
    if len(entries) != len(rows):
        raise _malformed("one place is changed twice")
    return GraphPatch(tuple(entries.values()))


def _differences(at: Place, a: Any, b: Any) -> Iterator[Entry]:
    if a is b or a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict) and (at == () or at[0] in _NAMED):
        if len(at) == 1:
            for name in dict.fromkeys((*a, *b)):
                yield from _differences(
                    (*at, name), a.get(name, ABSENT), b.get(name, ABSENT)
                )
            return
        if (
            list(a) == list(b) and not {"value", "table"} & a.keys()
        ):  # an expression is one thing
            for name in a:
                yield from _differences((*at, name), a[name], b[name])
            return
    yield Entry(at, a, b)


def _set(document: Document, entry: Entry) -> None:
    """Sets one entry. What lies around it is copied first: one expression may stand at many places."""
    *parents, last = entry.at
    here: Any = document
    for name in parents:
        inner = here.get(name)
        if not isinstance(inner, dict):
            raise _misfit(entry, "there is no such place")
        here[name] = here = dict(inner)
    if here.get(last, ABSENT) != entry.before:
        raise _misfit(
            entry, "another value stands there" if last in here else "nothing stands there"
        )
    if entry.after is ABSENT:
        del here[last]
    else:
        here[last] = entry.after


def _follow_rules(graph: Graph) -> None:
    """Every op of a model has the sizes, weights and cost that the table of primitives gives it."""
    for op in graph.ops():
        primitive = PRIMITIVES.get(op.name)
        if primitive is None:
            raise Malformed(f"`{op.name}` at `{op.instance.path}` is no primitive")
        if graph.kind == "model" and op.inputs and not _as_ruled(op):
            raise Malformed(
                f"`{op.name}` at `{op.instance.path}` has other sizes or weights than its inputs and "
                "attributes give"
            )


def _as_ruled(op: Op) -> bool:
    primitive = PRIMITIVES[op.name]
    known = {p.name for p in primitive.parameters}
    if any(p.name not in op.attrs for p in primitive.parameters if p.kind != "like"):
        return False
    attrs = {name: e for name, e in op.attrs.items() if name in known}
    call = Call(
        tuple(v.shape for v in op.inputs),
        attrs,
        {name: e for name, e in op.attrs.items() if name not in known},
    )
    result = primitive.shape(call)
    if (
        result.problems
        or dict(result.shape) != dict(op.shape)
        or primitive.macs(call, result.shape) != op.macs
    ):
        return False
    weights = primitive.weights(call, result.shape)
    return [(w.name, w.shape) for w in weights] == [(w.name, w.shape) for w in op.weights]


def _misfit(entry: Entry, why: str) -> DiagnosticError:
    place = " / ".join(entry.at)
    help_ = "apply the patch to what it was made from"
    return DiagnosticError(
        codes.PATCH_DOES_NOT_FIT.error(
            None, f"the patch changes `{place}`: {why}", help=help_
        )
    )


def _malformed(why: str) -> DiagnosticError:
    return DiagnosticError(
        codes.NOT_A_PATCH.error(None, f"this is not a patch of an architecture: {why}")
    )


def kind_of(facts: Any) -> str | None:
    """What a JSON document is a patch of, as far as it says."""
    kind = facts.get("kind") if isinstance(facts, Mapping) else None
    return kind if isinstance(kind, str) else None


__all__: Sequence[str] = (
    "Entry",
    "GraphPatch",
    "apply_to_graph",
    "kind_of",
    "patch_graphs",
    "read_graph_patch",
)
