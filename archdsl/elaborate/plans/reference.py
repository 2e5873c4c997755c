"""The tables of `docs/search.md`, from the one that plans are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from archdsl.elaborate.plans.table import (
    OPTIMISERS,
    SETTINGS,
    STRATEGIES,
    SUMMARIES,
    Option,
    setting_text,
)


def tables() -> dict[str, str]:
    """The Markdown of each table by the name of its place."""
    strategies = "\n".join(f"| `{name}` | {SUMMARIES[name]} |" for name in STRATEGIES)
    settings = [("plan, step" if o.in_steps else "plan", o) for o in SETTINGS.values()]
    return {
        "strategies": f"| strategy | |\n|---|---|\n{strategies}",
        "options": table("of", _owned(STRATEGIES)),
        "settings": f"{table('of', settings)}\n\n{table('of', _owned(OPTIMISERS))}",
    }


def _owned(options: Mapping[str, Sequence[Option]]) -> Iterator[tuple[str, Option]]:
    for name, own in options.items():
        for option in own:
            yield f"`{name}`", option


def table(first: str, rows: Iterable[tuple[str, Option]]) -> str:
    """Options as a Markdown table, each after whose it is."""
    lines = [f"| {first} | name | value | default | |", "|---|---|---|---|---|"]
    for owner, option in rows:
        default = "" if option.default is None else f"`{setting_text(option.default)}`"
        lines.append(
            f"| {owner} | `{option.name}` | {option.kind.text} | {default} | {option.doc} |"
        )
    return "\n".join(lines)
