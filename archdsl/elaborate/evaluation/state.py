"""What one elaboration accumulates: instances, choices, weights, requirements; and the bounds it keeps to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NoReturn

from archdsl.diagnostics.codes import choices as choice_codes
from archdsl.diagnostics.codes import names as name_codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import Code, Diagnostic, DiagnosticError, Label
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import few, quoted
from archdsl.elaborate.evaluation.edits import EditTable
from archdsl.ir.choice import Alternative, Choice, Kind
from archdsl.ir.expr import (
    TRUE,
    Expr,
    TooWide,
    Undefined,
    both,
    constant,
    either,
    index_of,
    lift,
    mend,
    negate,
    placed,
    restrict,
)
from archdsl.ir.graph import Check, CostBound, Input, Requirement, Value, Weight
from archdsl.ir.instance import Instance
from archdsl.ir.work import spend
from archdsl.syntax import ast

DEPTH_LIMIT = 64


class Structural(Exception):
    """Raised where a value must be the same for the whole region but depends on choices; the nearest
    enclosing block whose outputs agree is then elaborated once per alternative (IR: structural choices).
    """

    def __init__(self, choices: tuple[Choice, ...], diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.choices = choices
        self.diagnostic = diagnostic


def fail(
    code: Code,
    span: Span | None,
    message: str,
    *,
    help: str | None = None,
    labels: tuple[Label, ...] = (),
) -> NoReturn:
    """Raises the diagnostic."""
    raise DiagnosticError(code.error(span, message, help=help, labels=labels))


def reason(undefined: Undefined, span: Span | None) -> Diagnostic:
    """The error of an undefined value that is needed; `span` is where, if it has no place of its own."""
    code = undefined.code or value_codes.NO_VALUE
    return code.error(undefined.span or span, undefined.message, help=undefined.help)


def too_wide_help(wide: TooWide) -> str:
    """Which choices an expression that cannot be tabulated hangs on."""
    shown = few(quoted(choice.path for choice in wide.scope), 4)
    return f"it depends on {shown}: narrow their domains, or settle some of them"


@dataclass(frozen=True, slots=True)
class Written:
    """What the text says of one output: a name, if it is one, and an order of dimensions, if it gives one."""

    name: str | None
    dims: str | None
    span: Span


@dataclass(eq=False, slots=True)
class State:
    """Everything that elaborating one network gathers. `State()` alone is for values outside of any."""

    edits: EditTable = field(default_factory=EditTable)
    sizes: dict[str, dict[str, int]] = field(
        default_factory=dict
    )  # other sizes for the inputs, by input and dimension
    diagnostics: dict[tuple[str, Span | None], Diagnostic] = field(default_factory=dict)
    inputs: list[Input] = field(default_factory=list)
    results: tuple[Written, ...] = ()  # what the text says of the network's outputs
    choices: dict[str, Choice] = field(default_factory=dict)
    declared: dict[str, Instance] = field(default_factory=dict)
    weights: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[Weight, Instance]] = field(
        default_factory=dict
    )
    requirements: list[Requirement] = field(default_factory=list)
    bounds: list[CostBound] = field(default_factory=list)
    instances: dict[str, Instance] = field(default_factory=dict)
    reads: dict[tuple[Value, str], None] = field(
        default_factory=dict
    )  # sizes of values that the text reads as numbers
    pinned: dict[Choice, int] = field(default_factory=dict)
    answers: dict[str, str] = field(
        default_factory=dict
    )  # what is settled of `name ~ …`, by path
    wrong: dict[Value, Check] = field(
        default_factory=dict
    )  # values that are wrong whatever is chosen, and why
    condition: Expr = TRUE
    depth: int = 0
    fed: ast.Expr | None = None  # the item that an arrow leads to, while it is evaluated
    calls: list[tuple[Span, str]] = field(
        default_factory=list
    )  # the blocks that are being run: where each is called, and its name
    broken: bool = (
        False  # part of the text could not be read: what is left of it deserves no warning
    )
    journal: list[tuple[dict[Any, Any], Any]] = field(default_factory=list)

    def tick(self, span: Span | None, amount: int = 1) -> None:
        spend(amount, span)

    def report(self, *diagnostics: Diagnostic) -> None:
        """Keeps the first diagnostic of a code at a place, however many instances of a block repeat it."""
        for diagnostic in map(self.homed, diagnostics):
            self.diagnostics.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def size(self, value: Value, dim: str) -> Expr:
        """A size of a value inside the current region, read as a number: what follows from it holds for that
        size.
        """
        self.reads[value, dim] = None
        return self.settled(value.shape[dim])

    def traces(self) -> tuple[int, ...]:
        """Changes with whatever leaves a trace in the graph even if its value is dropped."""
        return (
            len(self.instances),
            len(self.weights),
            len(self.choices),
            len(self.requirements),
            len(self.bounds),
        )

    def homed(self, diagnostic: Diagnostic) -> Diagnostic:
        """A diagnostic inside a block that ships, at the user's call of it; any other as it is."""
        if diagnostic.span is None:
            return diagnostic
        span, inside = self.home(diagnostic.span)
        return (
            replace(diagnostic, span=span, labels=(*inside, *diagnostic.labels))
            if inside
            else diagnostic
        )

    def home(self, span: Span) -> tuple[Span, tuple[Label, ...]]:
        """Where to show what is wrong at a place: of a block that ships its innermost call in a user's file,
        and a label for the place.
        """
        if span.source.shipped:
            for call, name in reversed(self.calls):
                if not call.source.shipped:
                    return call, (Label(span, f"inside `{name}`"),)
        return span, ()

    # -- journal: a region that turns out to be structural is undone and elaborated again -------------

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        table[key] = value
        self.journal.append((table, key))

    def mark(self) -> tuple[int, int, int]:
        return len(self.journal), len(self.requirements), len(self.bounds)

    def undo(self, mark: tuple[int, int, int]) -> None:
        journal, requirements, costs = mark
        while len(self.journal) > journal:
            table, key = self.journal.pop()
            table.pop(key, None)
        del self.requirements[requirements:]
        del self.bounds[costs:]

    def forget(self, mark: tuple[int, int, int]) -> None:
        """Frees the choice paths declared since the mark, for a region that excludes the one just
        elaborated.
        """
        for table, key in self.journal[mark[0] :]:
            if table is self.declared:
                table.pop(key, None)

    @contextmanager
    def pin(self, choice: Choice, index: int) -> Iterator[None]:
        """Inside, the choice has this alternative: a region elaborated once per alternative."""
        self.pinned[choice] = index
        try:
            yield
        finally:
            del self.pinned[choice]

    @contextmanager
    def under(self, condition: Expr) -> Iterator[None]:
        """Inside, the condition holds: requirements stated here bind only then. Where it is undefined,
        nothing inside is live.
        """
        before = self.condition
        self.condition = both(before, mend(condition, False))
        try:
            yield
        finally:
            self.condition = before

    @property
    def is_plain(self) -> bool:
        """Whether what is elaborated now stands under no choice, and no answer has been given: what is wrong
        is so for everybody.
        """
        return self.condition == TRUE and not self.pinned and not self.edits.edits

    def told(self, expr: Expr, span: Span | None, code: Code) -> Expr:
        """The expression, with a place for what is undefined. Raises DiagnosticError where it has no value
        for anybody.
        """
        if expr.is_constant and expr.is_partial and self.is_plain:
            raise DiagnosticError(reason(placed(expr, span, code).value, span))
        return placed(expr, self.home(span)[0] if span is not None else None, code)

    @property
    def variant(self) -> tuple[tuple[str, str], ...]:
        return tuple((c.path, c.alternatives[i].label) for c, i in self.pinned.items())

    def settled(self, expr: Expr) -> Expr:
        """The expression inside the current region."""
        return restrict(expr, self.pinned) if self.pinned and expr.scope else expr

    def concrete(self, expr: Expr, span: Span | None, what: str) -> Any:
        """The value of an expression that must be the same in the whole region.

        Raises Structural where it depends on choices.
        """
        expr = self.settled(expr)
        if expr.is_constant:
            if isinstance(expr.value, Undefined):
                raise DiagnosticError(reason(expr.value, span))
            return expr.value
        choices = expr.choices()
        named = ", ".join(quoted(c.path for c in choices[:3]))
        raise Structural(
            choices,
            value_codes.NOT_CONSTANT.error(span, f"{what} depends on the choice {named}"),
        )

    # -- choices, weights, instances ------------------------------------------------------------------

    def choice(
        self,
        path: str,
        alternatives: tuple[Alternative, ...],
        kind: Kind,
        instance: Instance,
        span: Span,
    ) -> Choice:
        """The choice of this path, made at its first declaration.

        Raises DiagnosticError where another instance declares it as well, unless both are tied or exclude
        each other.
        """
        known = self.choices.get(path)
        holder = self.declared.get(path)
        if holder is not None and not instance.is_tied:
            self.clash(path, holder, instance, span, "choice")
        if known is None:
            known = Choice(path, alternatives, kind, len(self.choices), span)
            self.choices[path] = known
        elif known.alternatives != alternatives:
            if self.pinned:
                named = ", ".join(quoted(c.path for c in self.pinned))
                fail(
                    value_codes.NOT_CONSTANT,
                    span,
                    f"the domain of `{path}` depends on the choice {named}",
                )
            fail(
                choice_codes.OPPOSED_DOMAINS,
                span,
                f"`{path}` has the alternatives {', '.join(a.label for a in alternatives)} here, but "
                f"{', '.join(known.labels())} elsewhere",
            )
        if holder is None:
            self.put(self.declared, path, instance)
        return known

    def weight(self, weight: Weight, instance: Instance, span: Span | None) -> Weight:
        """Registers a weight under its path; a shared one is found again.

        Raises DiagnosticError where another instance owns the path.
        """
        found = self.weights.get(weight.identity)
        if found is None:
            self.put(self.weights, weight.identity, (weight, instance))
            return weight
        known, owner = found
        if not instance.is_shared:
            self.clash(instance.path, owner, instance, span, "weight")
        if known.shape != weight.shape:
            deciding = chain.from_iterable(
                size.choices() for size in (*known.shape, *weight.shape)
            )
            choices = dict.fromkeys(choice.path for choice in deciding)
            if choices:
                fail(
                    name_codes.DUPLICATE_INSTANCE,
                    span,
                    f"the shared weight `{weight.full_name}` would have shapes that "
                    f"{' and '.join(quoted(choices))} decide apart",
                    help="let all instances answer one choice: `shared tied …`",
                )
            sizes = f"{_sizes(known)} and {_sizes(weight)}"
            message = (
                f"the shared weight `{weight.full_name}` would have two shapes: {sizes}"
            )
            fail(name_codes.DUPLICATE_INSTANCE, span, message)
        return known

    def clash(
        self, path: str, first: Instance, second: Instance, span: Span | None, what: str
    ) -> NoReturn:
        """Reports the outermost pair of different calls that claim one path."""
        a, b = first, second
        while (
            a.parent is not None
            and b.parent is not None
            and a.parent is not b.parent
            and a.parent.path == b.parent.path
        ):
            a, b = a.parent, b.parent
        here = b.span or span
        labels = (
            (Label(a.span, "the first one is here"),)
            if a.span is not None and a.span != here
            else ()
        )
        if a is b:
            known = self.choices.get(path)
            place = known.span if known is not None else None
            labels = () if place is None else (Label(place, "the first one is here"),)
            fail(
                name_codes.DUPLICATE_INSTANCE,
                span,
                f"the choice `{path}` is declared twice",
                help="rename one of the two",
                labels=labels,
            )
        fail(
            name_codes.DUPLICATE_INSTANCE,
            here,
            f"two instances named `{b.segment}` in one scope would share the {what} `{path}`",
            help=None
            if b.callee == "param"
            else f"name one of them: `… as {b.segment.split('[')[0]}_2`",
            labels=labels,
        )

    def require(self, condition: Expr, span: Span) -> None:
        """Records a requirement, weakened to the region and branch it stands in."""
        condition = either(negate(self.condition), condition)
        for choice, i in self.pinned.items():
            condition = either(
                negate(lift(_equals, index_of(choice), constant(i))), condition
            )
        if condition.is_constant and condition.is_partial:
            raise DiagnosticError(reason(condition.value, span))
        if condition.is_constant and not condition.value:
            help = "change the numbers, or remove it"
            if self.edits.edits:
                help = "the answers given so far contradict it"
            fail(
                choice_codes.UNSATISFIABLE,
                span,
                "no architecture satisfies this requirement",
                help=help,
            )
        if not condition.is_constant:
            self.requirements.append(Requirement(condition, span))


def _sizes(weight: Weight) -> str:
    return "×".join([str(size.distinct()[0]) for size in weight.shape])


def _equals(a: int, b: int) -> bool:
    return a == b
