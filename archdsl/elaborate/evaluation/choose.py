"""`name ~ domain`: declares choices, or settles the question where the domain is a single value."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import NoReturn

from archdsl.diagnostics.codes import choices as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import Label
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation import branches
from archdsl.elaborate.evaluation.answers import allowed
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.scope import Frame
from archdsl.elaborate.evaluation.sequences import count_of, numbers_of, size_expr
from archdsl.elaborate.evaluation.state import State, fail
from archdsl.elaborate.evaluation.values import (
    LAYERS,
    POISON,
    ChosenL,
    CountV,
    Item,
    ListV,
    OfV,
    PickV,
    Poison,
    RangeV,
    Thing,
    describe,
    word_of,
)
from archdsl.ir.choice import Alternative, Kind
from archdsl.ir.expr import TABLE_LIMIT, Expr, constant, index_of, of_choice
from archdsl.ir.notation import Axes, value_text
from archdsl.syntax import ast


def declare(node: ast.Choose, frame: Frame, state: State) -> Thing:
    """The value of the name that a choice declares.

    Raises DiagnosticError for empty, mixed or ambiguous domains, and for edits that leave none of the
    alternatives.
    """
    domain = evaluate(node.domain, frame, state)
    path = frame.choice_path(node.name)
    span = node.span
    if isinstance(domain, Poison):
        return POISON
    if isinstance(domain, RangeV | CountV):
        _same_everywhere(domain, path, node.domain.span, state)
    if isinstance(domain, OfV):
        return _subset(domain, path, span, frame, state)
    if isinstance(domain, RangeV):
        numbers = numbers_of(domain, node.domain.span, state, "the domain of another choice")
        return _values([(value_text(n), constant(n)) for n in numbers], "range", path, span, frame, state)
    if isinstance(domain, CountV):
        return _values(
            [(str(n), constant(n)) for n in count_of(domain, node.domain.span, state)],
            "range",
            path,
            span,
            frame,
            state,
        )
    if isinstance(domain, ListV):
        options = [_labelled(item, k) for k, item in enumerate(domain.items)]
        _distinct([label for label, _ in options], path, node)
        return _values(options, "list", path, span, frame, state)
    if isinstance(domain, LAYERS):
        label = called(node.domain) or word_of(domain) or node.name
        if isinstance(domain, ChosenL):
            return domain
        return _values([(word_of(domain) or label, domain)], "list", path, span, frame, state)
    if isinstance(domain, Expr):
        if domain.is_constant:
            state.answers[path] = value_text(domain.value)
            allowed(path, (Alternative(value_text(domain.value), domain.value),), state.edits, state)
        else:
            state.edits.settle_settled(path)
        return domain
    return domain


def _same_everywhere(domain: RangeV | CountV, path: str, span: Span, state: State) -> None:
    """A domain is one for the whole space. Raises DiagnosticError where an end of it is a choice."""
    parts = (
        (domain.low, domain.high, domain.step)
        if isinstance(domain, RangeV)
        else (domain.start, domain.stop, domain.step)
    )
    for part in parts:
        part = state.settled(part)
        if not part.is_constant:
            _depends(part, path, span)


def _depends(part: Expr, path: str, span: Span) -> NoReturn:
    named = ", ".join(f"`{c.path}`" for c in part.choices()[:3])
    fail(
        value_codes.NOT_CONSTANT,
        span,
        f"the domain of `{path}` depends on the choice {named}",
        help="give it all alternatives, and exclude combinations by `require`",
    )


def _distinct(labels: list[str], path: str, node: ast.Choose) -> None:
    """Labels differ within a choice. Raises DiagnosticError at the second of two."""
    entries = node.domain.entries if isinstance(node.domain, ast.List) else ()
    for k, label in enumerate(labels):
        if label in labels[:k]:
            entry = entries[k] if k < len(entries) else None
            word = label if label.isidentifier() else "option"
            fail(
                codes.DUPLICATE_ALTERNATIVE,
                node.span if entry is None else entry.span,
                f"`{path}` has two alternatives `{label}`",
                help="remove one of them"
                if size_like(label)
                else f"label them: `[{word}_a: …, {word}_b: …]`",
                labels=(Label(entries[labels.index(label)].span, "the first one"),)
                if entry is not None
                else (),
            )


def size_like(label: str) -> bool:
    """Whether a label is that of a value: it names itself, so another label would not make it another
    alternative.
    """
    return not label.isidentifier() or label in ("true", "false")


def _labelled(item: Item, position: int) -> tuple[str, Thing]:
    if item.label is not None:
        return item.label, item.value
    value = size_expr(item.value)
    if value is not None and value.is_constant:
        return value_text(value.value), item.value
    return item.word or str(position), item.value


def _values(
    options: list[tuple[str, Thing]], kind: Kind, path: str, span: Span, frame: Frame, state: State
) -> Thing:
    if not options:
        fail(
            codes.EMPTY_DOMAIN,
            span,
            f"`{path}` has no alternatives",
            help="give at least one; both ends of a range belong to it",
        )
    if any(isinstance(value, Poison) for _, value in options):
        return POISON
    layers = [isinstance(value, LAYERS) for _, value in options]
    if any(layers) and not all(layers):
        first, other = options[layers.index(True)], options[layers.index(False)]
        mixed = f"`{path}` mixes {describe(first[1])} with {describe(other[1])}"
        fail(codes.MIXED_DOMAIN, span, mixed, help="make two choices of it")
    state.tick(span, len(options))
    labels = [label for label, _ in options]
    scalars = [size_expr(value) for _, value in options]
    for scalar in scalars:
        if scalar is not None and not scalar.is_constant:
            _depends(scalar, path, span)
    kinds = {_kind(s.value): s.value for s in scalars if s is not None}
    if len(kinds) > 1:
        shown = " with ".join(describe(constant(v)) for v in list(kinds.values())[:2])
        fail(codes.MIXED_DOMAIN, span, f"`{path}` mixes {shown}", help="make two choices of it")
    alternatives = tuple(
        Alternative(label, label if s is None else s.value) for label, s in zip(labels, scalars, strict=True)
    )
    kept = allowed(path, alternatives, state.edits, state)
    options = [options[i] for i in kept]
    alternatives = tuple(alternatives[i] for i in kept)
    if len(options) == 1:
        label, value = options[0]
        state.answers[path] = label
        return ChosenL(constant(0), (label,), (value,)) if isinstance(value, LAYERS) else value
    choice = state.choice(path, alternatives, kind, frame.instance, span)
    if choice in state.pinned:
        i = state.pinned[choice]
        value = options[i][1]
        if isinstance(value, LAYERS):
            return ChosenL(constant(0), (labels[kept[i]],), (value,), choice)
        return value
    if all(s is not None for s in scalars):
        return of_choice(choice)
    things = [value for _, value in options]
    if all(isinstance(t, LAYERS) for t in things):
        return ChosenL(index_of(choice), choice.labels(), tuple(things), choice)  # type: ignore[arg-type]
    return branches.join(index_of(choice), things, choice.labels(), span, frame.instance, state)


def _kind(value: object) -> str:
    """What the values of one domain have in common: a number and a size go together (`[3, 1x3x3]`), a text
    and a number not.
    """
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, Axes):
        return "dimensions"
    return "text" if isinstance(value, str) else "number"


def _subset(domain: OfV, path: str, span: Span, frame: Frame, state: State) -> Thing:
    items = domain.items.items
    if not items:
        fail(codes.EMPTY_DOMAIN, span, f"`{path}` picks from an empty list")
    if isinstance(domain.count, RangeV):
        counts = numbers_of(domain.count, span, state, "how many are picked")
    else:
        counts = (state.concrete(domain.count, span, "how many are picked"),)
    for count in counts:
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            fail(
                codes.EMPTY_DOMAIN,
                span,
                f"`{path}` cannot pick {value_text(count)} of {len(items)}",
                help="pick at least 1",
            )
    sizes = sorted({min(c, len(items)) for c in counts})
    if not sizes:
        fail(codes.EMPTY_DOMAIN, span, f"`{path}` has no alternatives")
    if sum(comb(len(items), n) for n in sizes) > TABLE_LIMIT:
        fail(codes.TOO_WIDE, span, f"`{path}` has more than {TABLE_LIMIT:,} subsets")
    state.tick(span, sum(comb(len(items), n) for n in sizes))
    subsets = [s for n in sizes for s in combinations(range(len(items)), n)]
    alternatives = tuple(Alternative(f"[{', '.join(map(str, s))}]", s) for s in subsets)
    kept = allowed(path, alternatives, state.edits, state)
    alternatives = tuple(alternatives[i] for i in kept)
    if len(alternatives) == 1:
        state.answers[path] = alternatives[0].label
        return PickV(constant(alternatives[0].value), items)
    choice = state.choice(path, alternatives, "subset", frame.instance, span)
    return PickV(state.settled(of_choice(choice)), items)
