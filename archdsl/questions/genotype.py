"""Genotypes: answers to the choices of a space, checked against it, and their text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from archdsl.diagnostics.codes import edits as codes
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.ir.activity import Activity, activity
from archdsl.ir.choice import Choice
from archdsl.ir.expr import FALSE, TRUE, restrict
from archdsl.ir.graph import Graph
from archdsl.outline.paths import KeyPath

_WIDTH = 140  # columns of a line of text


@dataclass(frozen=True, slots=True)
class Genotype(Mapping[str, str]):
    """The answers of one architecture: from the path of each active choice to the label of its alternative,
    in program order.

    Two genotypes are equal where their answers are; `of` names the space that they were made for.
    """

    answers: tuple[tuple[str, str], ...]
    of: str = field(default="", compare=False)

    def __getitem__(self, path: str) -> str:
        for known, label in self.answers:
            if known == path:
                return label
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return (path for path, _ in self.answers)

    def __len__(self) -> int:
        return len(self.answers)

    def __str__(self) -> str:
        return self.to_text("sample", self.of)

    def to_text(self, name: str, of: str) -> str:
        """The genotype as a declaration of a file, answers with a common prefix on one line."""
        lines: list[str] = []
        for prefix, group in groupby(
            self.answers, key=lambda answer: KeyPath.parse(answer[0]).parent
        ):
            settled = [f"{KeyPath.parse(path).name} = {label}" for path, label in group]
            if not prefix:
                lines.extend(f"  {one}" for one in settled)
                continue
            line = f"  {prefix} {{ {'  '.join(settled)} }}"
            lines.extend(
                [line]
                if len(line) <= _WIDTH
                else [f"  {prefix} {{", *(f"    {one}" for one in settled), "  }"]
            )
        return "\n".join([f"genotype {name} of {of} {{", *lines, "}"]) + "\n"


def genotype_of(
    graph: Graph, assignment: Mapping[Choice, int], active: Activity | None = None
) -> Genotype:
    """The genotype of an assignment: the answers of its active choices. What is left out counts as the first
    alternative.
    """
    active = active or activity(graph.outputs)
    full = {c: assignment.get(c, 0) for c in graph.choices}
    answers = tuple(
        (c.path, c.alternatives[full[c]].label)
        for c in graph.choices
        if active.guard(c).at(full)
    )
    return Genotype(answers, graph.name)


def assignment(graph: Graph, genotype: Mapping[str, str]) -> dict[Choice, int]:
    """The index of each answer, by choice; the genotype may be partial.

    Raises DiagnosticError E0601 for an unknown path and E0602 for a value outside the domain, all at once.
    """
    by_path = {c.path: c for c in graph.choices}
    found: dict[Choice, int] = {}
    problems: list[Diagnostic] = []
    for path, answer in genotype.items():
        choice = by_path.get(path)
        if choice is None:
            problems.append(_unknown(graph, path))
            continue
        index = _index(choice, answer)
        if index is None:
            domain = ", ".join(choice.labels())
            message = f"`{answer}` is not an alternative of `{path}`"
            problems.append(
                codes.NOT_AN_ALTERNATIVE.error(
                    choice.span, message, help=f"its alternatives are {domain}"
                )
            )
        else:
            found[choice] = index
    if problems:
        raise DiagnosticError(*problems)
    return found


def complete(
    graph: Graph, genotype: Mapping[str, str], active: Activity | None = None
) -> dict[Choice, int]:
    """The index of every choice, for a genotype that answers all active ones; the others take their first
    alternative.

    Raises DiagnosticError as `assignment` does, and E0603 for each active choice without an answer.
    """
    active = active or activity(graph.outputs)
    given = assignment(graph, genotype)
    open_guards = {
        c: restrict(active.guard(c), given) for c in graph.choices if c not in given
    }
    missing = [c for c, guard in open_guards.items() if guard == TRUE] or [
        c for c, guard in open_guards.items() if guard != FALSE
    ]
    if missing:
        raise DiagnosticError(*(_missing(c) for c in missing))
    return {
        c: given[c] if c in given and _is_active(active, c, given) else 0
        for c in graph.choices
    }


def idle(graph: Graph, genotype: Mapping[str, str]) -> list[Diagnostic]:
    """A warning E0604 for each answer that has no effect, because the other answers make its choice
    inactive.
    """
    active = activity(graph.outputs)
    given = assignment(graph, genotype)
    unused = [c for c in given if not _is_active(active, c, given)]
    return [
        codes.INACTIVE_ANSWER.warning(
            c.span, f"`{c.path}` is inactive under the other answers"
        )
        for c in unused
    ]


def _is_active(active: Activity, choice: Choice, given: Mapping[Choice, int]) -> bool:
    return restrict(active.guard(choice), given) != FALSE


def _index(choice: Choice, answer: object) -> int | None:
    labels = choice.labels()
    if answer in labels:
        return labels.index(str(answer))
    return next(
        (
            i
            for i, value in enumerate(choice.values())
            if value == answer and type(value) is type(answer)
        ),
        None,
    )


def _unknown(graph: Graph, path: str) -> Diagnostic:
    from archdsl.diagnostics.suggestions import MOST, did_you_mean

    hint = did_you_mean(path, (choice.path for choice in graph.choices), most=MOST)
    return codes.NO_MATCH.error(None, f"`{graph.name}` has no choice `{path}`", help=hint)


def _missing(choice: Choice) -> Diagnostic:
    return codes.MISSING_CHOICE.error(
        choice.span,
        f"the genotype does not answer `{choice.path}`",
        help=f"its alternatives are {', '.join(choice.labels())}",
    )
