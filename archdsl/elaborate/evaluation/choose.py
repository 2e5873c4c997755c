"""`name ~ domain`: declares choices, or settles the question where the domain is a single value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, NoReturn

from archdsl.diagnostics.codes import choices as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import Label
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import quoted
from archdsl.elaborate.evaluation import branches
from archdsl.elaborate.evaluation.answers import allowed
from archdsl.elaborate.evaluation.binding import called
from archdsl.elaborate.evaluation.evaluator import evaluate
from archdsl.elaborate.evaluation.frame import Frame
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
from archdsl.ir.choice import Alternative, Choice, Kind
from archdsl.ir.expr import TABLE_LIMIT, Expr, constant, index_of, of_choice
from archdsl.ir.notation import Axes, value_text
from archdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class _Question:
    """A choice being declared: its path, and where."""

    path: str
    node: ast.Choose
    frame: Frame

    @property
    def span(self) -> Span:
        return self.node.span

    @property
    def state(self) -> State:
        return self.frame.state

    def allowed(self, alternatives: tuple[Alternative, ...]) -> list[int]:
        return allowed(self.path, alternatives, self.state.edits, self.state)

    def choice(self, alternatives: tuple[Alternative, ...], kind: Kind) -> Choice:
        return self.state.choice(
            self.path, alternatives, kind, self.frame.instance, self.span
        )


def declare(node: ast.Choose, frame: Frame) -> Thing:
    """The value of the name that a choice declares.

    Raises DiagnosticError for empty, mixed or ambiguous domains, and for edits that leave none of the
    alternatives.
    """
    domain = evaluate(node.domain, frame)
    question = _Question(frame.choice_path(node.name), node, frame)
    match domain:
        case OfV():
            return _subset(domain, question)
        case RangeV() | CountV():
            return _among(
                [(value_text(n), constant(n)) for n in _numbers(domain, question)],
                "range",
                question,
            )
        case ListV():
            options = [_labelled(item, k) for k, item in enumerate(domain.items)]
            _distinct([label for label, _ in options], question)
            return _among(options, "list", question)
        case ChosenL():
            return domain
        case Expr():
            _settled(domain, question)
    if isinstance(domain, LAYERS):
        label = word_of(domain) or called(node.domain) or node.name
        return _among([(label, domain)], "list", question)
    return domain


def _numbers(domain: RangeV | CountV, question: _Question) -> Sequence[Any]:
    """The numbers of a domain, which are the same in the whole space. Raises DiagnosticError where an end is
    a choice.
    """
    span, state = question.node.domain.span, question.state
    for end in domain.ends:
        if not state.settled(end).is_constant:
            _depends(state.settled(end), question.path, span)
    if isinstance(domain, RangeV):
        return numbers_of(domain, span, state, "the domain of another choice")
    return count_of(domain, span, state)


def _depends(part: Expr, path: str, span: Span) -> NoReturn:
    named = ", ".join(quoted(c.path for c in part.choices()[:3]))
    fail(
        value_codes.NOT_CONSTANT,
        span,
        f"the domain of `{path}` depends on the choice {named}",
        help="give it all alternatives, and exclude combinations by `require`",
    )


def _settled(domain: Expr, question: _Question) -> None:
    """`name ~ 3`: edits may still answer it, by the only value there is."""
    if not domain.is_constant:
        question.state.edits.settle_settled(question.path)
        return
    label = value_text(domain.value)
    question.state.answers[question.path] = label
    question.allowed((Alternative(label, domain.value),))


# -- lists and ranges --------------------------------------------------------------------------------


def _labelled(item: Item, position: int) -> tuple[str, Thing]:
    if item.label is not None:
        return item.label, item.value
    value = size_expr(item.value)
    if value is not None and value.is_constant:
        return value_text(value.value), item.value
    return item.word or str(position), item.value


def _distinct(labels: list[str], question: _Question) -> None:
    """Labels differ within a choice. Raises DiagnosticError at the second of two."""
    domain = question.node.domain
    spans = [entry.span for entry in domain.entries] if isinstance(domain, ast.List) else []
    for k, label in enumerate(labels):
        if label not in labels[:k]:
            continue
        help = "remove one of them"
        if not size_like(label):
            word = label if label.isidentifier() else "option"
            help = f"label them: `[{word}_a: …, {word}_b: …]`"
        span, notes = question.span, tuple[Label, ...]()
        if k < len(spans):
            span, notes = spans[k], (Label(spans[labels.index(label)], "the first one"),)
        message = f"`{question.path}` has two alternatives `{label}`"
        fail(codes.DUPLICATE_ALTERNATIVE, span, message, help=help, labels=notes)


def size_like(label: str) -> bool:
    """Whether a label is that of a value: it names itself, so another label would not make it another
    alternative.
    """
    return not label.isidentifier() or label in ("true", "false")


def _among(options: list[tuple[str, Thing]], kind: Kind, question: _Question) -> Thing:
    """One of several: the only one that edits leave, or a choice."""
    state = question.state
    if any(isinstance(value, Poison) for _, value in options):
        return POISON
    alternatives = _alternatives(options, question)
    kept = question.allowed(alternatives)
    options = [options[i] for i in kept]
    alternatives = tuple(alternatives[i] for i in kept)
    if len(options) == 1:
        state.answers[question.path] = options[0][0]
        return _only(*options[0], None)
    choice = question.choice(alternatives, kind)
    if choice in state.pinned:
        return _only(*options[state.pinned[choice]], choice)
    things = tuple(value for _, value in options)
    if all(size_expr(thing) is not None for thing in things):
        return of_choice(choice)
    if all(isinstance(thing, LAYERS) for thing in things):
        return ChosenL(index_of(choice), choice.labels(), things, choice)  # type: ignore[arg-type]
    return branches.join(
        index_of(choice), things, choice.labels(), question.frame.at(question.span)
    )


def _only(label: str, value: Thing, choice: Choice | None) -> Thing:
    """The alternative that is taken: a layer keeps its level in paths."""
    return (
        ChosenL(constant(0), (label,), (value,), choice)
        if isinstance(value, LAYERS)
        else value
    )


def _alternatives(
    options: list[tuple[str, Thing]], question: _Question
) -> tuple[Alternative, ...]:
    """The options as alternatives of one kind. Raises DiagnosticError where they are none, or mixed."""
    path, span = question.path, question.span
    if not options:
        help = "give at least one; both ends of a range belong to it"
        fail(codes.EMPTY_DOMAIN, span, f"`{path}` has no alternatives", help=help)
    layers = [value for _, value in options if isinstance(value, LAYERS)]
    others = [value for _, value in options if not isinstance(value, LAYERS)]
    if layers and others:
        _mixed(layers[0], others[0], question)
    question.state.tick(span, len(options))
    found, kinds = [], {}
    for label, value in options:
        scalar = size_expr(value)
        if scalar is None:
            found.append(Alternative(label, label))
            continue
        if not scalar.is_constant:
            _depends(scalar, path, span)
        kinds[_kind(scalar.value)] = scalar
        found.append(Alternative(label, scalar.value))
    if len(kinds) > 1:
        one, other, *_ = kinds.values()
        _mixed(one, other, question)
    return tuple(found)


def _mixed(one: Thing, other: Thing, question: _Question) -> NoReturn:
    message = f"`{question.path}` mixes {describe(one)} with {describe(other)}"
    fail(codes.MIXED_DOMAIN, question.span, message, help="make two choices of it")


def _kind(value: object) -> str:
    """What the values of one domain have in common: a number and a size go together (`[3, 1x3x3]`), a text
    and a number not.
    """
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, Axes):
        return "dimensions"
    return "text" if isinstance(value, str) else "number"


# -- subsets -----------------------------------------------------------------------------------------


def _subset(domain: OfV, question: _Question) -> Thing:
    state, items = question.state, domain.items.items
    sizes = _sizes(domain, question)
    count = sum(comb(len(items), n) for n in sizes)
    if count > TABLE_LIMIT:
        message = f"`{question.path}` has more than {TABLE_LIMIT:,} subsets"
        fail(codes.TOO_WIDE, question.span, message)
    state.tick(question.span, count)
    found: list[Alternative] = []
    for n in sizes:
        found += [_picking(subset) for subset in combinations(range(len(items)), n)]
    kept = question.allowed(tuple(found))
    alternatives = tuple(found[i] for i in kept)
    if len(alternatives) == 1:
        state.answers[question.path] = alternatives[0].label
        return PickV(constant(alternatives[0].value), items)
    return PickV(state.settled(of_choice(question.choice(alternatives, "subset"))), items)


def _picking(subset: tuple[int, ...]) -> Alternative:
    return Alternative(f"[{', '.join(map(str, subset))}]", subset)


def _sizes(domain: OfV, question: _Question) -> list[int]:
    """How many may be picked, in order. Raises DiagnosticError where that is none."""
    path, span, state = question.path, question.span, question.state
    most, what = len(domain.items.items), "how many are picked"
    if not most:
        fail(codes.EMPTY_DOMAIN, span, f"`{path}` picks from an empty list")
    if isinstance(domain.count, RangeV):
        counts: Sequence[Any] = numbers_of(domain.count, span, state, what)
    else:
        counts = [state.concrete(domain.count, span, what)]
    for count in counts:
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            message = f"`{path}` cannot pick {value_text(count)} of {most}"
            fail(codes.EMPTY_DOMAIN, span, message, help="pick at least 1")
    if not counts:
        fail(codes.EMPTY_DOMAIN, span, f"`{path}` has no alternatives")
    return sorted({min(c, most) for c in counts})
