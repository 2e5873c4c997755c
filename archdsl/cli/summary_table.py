"""A summary as a table in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from rich import box
from rich.table import Table
from rich.text import Text

from archdsl.cli.output import show
from archdsl.cli.terminal import console
from archdsl.diagnostics.visible import visible
from archdsl.ir.choice import Choice
from archdsl.ir.notation import amount, between, choice_text, exact, macs_word, scientific
from archdsl.outline.paths import KeyPath
from archdsl.questions.summary import Amount, Row, Summary

_LABEL = 14  # columns


def print_summary(summary: Summary) -> None:
    """Prints the stages and the totals."""
    space = bool(summary.graph.choices)
    common = _common(summary)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("stage", no_wrap=True)
    table.add_column("operators")
    table.add_column("output", justify="right", no_wrap=True)
    table.add_column("params", justify="right", no_wrap=True)
    table.add_column(macs_word(summary.batch), justify="right", no_wrap=True)
    if space:
        table.add_column("choices")
    for name, shape in summary.inputs.items():
        table.add_row(name, Text("input", "dim"), shape_text(shape))
    for row in summary.rows:
        cells = [
            name_text(row),
            "\n".join(row.stage.operators),
            shape_text(row.output),
            *(_cell(a, space) for a in (row.params, row.macs)),
        ]
        chosen = [_choices_text(row, common)]
        table.add_row(*map(_visible, (*cells, *(chosen if space else []))))
    out = console()
    with out.capture() as printed:
        out.print(
            Text.assemble((summary.graph.kind, "dim"), " ", (summary.graph.name, "bold"))
        )
        out.print(table)
        facts = [*common.items(), *_totals(summary)]
        wide = max(_LABEL, *(len(label) for label, _ in facts))
        for label, text in facts:
            out.print(Text.assemble((f"{label:<{wide}} ", "dim"), _visible(text)))
    show("\n".join(line.rstrip() for line in printed.get().splitlines()))


def _visible(text: str) -> str:
    return visible(text, keep="\n")


def name_text(row: Row) -> str:
    count = between(str(row.stage.least), str(row.stage.repeat))
    return row.stage.name if count == "1" else f"{row.stage.name} ×{count}"


def shape_text(shape: Mapping[str, Amount]) -> str:
    """`24×13×80×80` for c, t, h, w; other dimensions are named: `n=197 c=768`. The batch is left out."""
    sizes = {
        dim: between(str(size.low), str(size.high))
        for dim, size in shape.items()
        if dim != "b"
    }
    if all(dim in "cthw" for dim in sizes):
        return "×".join(sizes.values()) or "1"
    return " ".join(f"{dim}={size}" for dim, size in sizes.items())


def _common(summary: Summary) -> dict[str, str]:
    """The domains that are the same in every stage that has a choice of this name, and so are printed
    once.
    """
    domains: dict[str, list[str]] = {}
    for row in summary.rows:
        for choice in row.stage.choices:
            domains.setdefault(_name(choice), []).append(choice_text(choice))
    return {
        name: found[0]
        for name, found in domains.items()
        if len(found) > 1 and len(set(found)) == 1
    }


def _choices_text(row: Row, common: Mapping[str, str]) -> str:
    """The choices of a row, those of an inner part behind its name: `sparse: t, k; dense: t, k; fuse`."""
    homes = [KeyPath.parse(choice.path).parent.segments for choice in row.stage.choices]
    depth = next(
        (i for i, words in enumerate(zip(*homes, strict=False)) if len(set(words)) > 1),
        min(map(len, homes), default=0),
    )
    parts: dict[str, list[str]] = {}
    for home, choice in zip(homes, row.stage.choices, strict=True):
        parts.setdefault(".".join(home[depth:]), []).append(_choice_text(choice, common))
    return "; ".join(
        f"{part}: {', '.join(texts)}" if part and len(parts) > 1 else ", ".join(texts)
        for part, texts in parts.items()
    )


def _apart(choices: Iterable[Choice]) -> str:
    """Choices outside of any stage; those that differ in an index only are one text, with their number."""
    alike = Counter(
        (KeyPath.parse(choice.path).starred, choice_text(choice)) for choice in choices
    )
    return "; ".join(
        f"{path} {domain}" + (f" ×{n}" if n > 1 else "")
        for (path, domain), n in alike.items()
    )


def _choice_text(choice: Choice, common: Mapping[str, str]) -> str:
    return (
        _name(choice)
        if _name(choice) in common
        else f"{_name(choice)} {choice_text(choice)}"
    )


def _name(choice: Choice) -> str:
    return KeyPath.parse(choice.path).name


def _cell(cost: Amount, space: bool) -> str:
    write = amount if space else exact
    return between(write(cost.low), write(cost.high))


def _totals(summary: Summary) -> Iterator[tuple[str, str]]:
    for label, cost in (
        ("params", summary.params),
        (macs_word(summary.batch), summary.macs),
    ):
        yield label, between(exact(cost.low), exact(cost.high))
    if summary.elsewhere:
        yield "choices apart", _apart(summary.elsewhere)
    if summary.graph.bounds:
        required = " and ".join(
            f"{bound.metric} {bound.op} {amount(int(bound.limit))}"
            for bound in summary.graph.bounds
        )
        yield (
            "required",
            f"{required}; the ranges above do not take it into account, the number of architectures does",
        )
    if summary.graph.choices:
        yield "choices", str(len(summary.graph.choices))
        yield "architectures", _count(summary.architectures)


def _count(count: int | tuple[int, int]) -> str:
    if isinstance(count, tuple):
        return f"between {exact(count[0])} and {exact(count[1])}"
    return f"{exact(count)} ({scientific(count)})" if count >= 10**6 else exact(count)
