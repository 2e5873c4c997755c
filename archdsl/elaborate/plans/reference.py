"""The tables of `docs/search.md`, from the one that plans are checked against."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.elaborate.plans.table import OPTIMISERS, SETTINGS, STRATEGIES, SUMMARIES, Option, setting_text


def tables() -> dict[str, str]:
    """The Markdown of each table by the name of its place."""
    strategies = "\n".join(f"| `{name}` | {SUMMARIES[name]} |" for name in STRATEGIES)
    options = [(f"`{name}`", option) for name, own in STRATEGIES.items() for option in own]
    settings = [("plan, step" if o.in_steps else "plan", o) for o in SETTINGS.values()]
    optimisers = [(f"`{name}`", option) for name, own in OPTIMISERS.items() for option in own]
    return {
        "strategies": f"| strategy | |\n|---|---|\n{strategies}",
        "options": table("of", options),
        "settings": f"{table('of', settings)}\n\n{table('of', optimisers)}",
    }


def table(first: str, rows: Iterable[tuple[str, Option]]) -> str:
    """Options as a Markdown table, each after whose it is."""
    lines = [f"| {first} | name | value | default | |", "|---|---|---|---|---|"]
    for owner, option in rows:
        default = "" if option.default is None else f"`{setting_text(option.default)}`"
        lines.append(f"| {owner} | `{option.name}` | {option.kind.text} | {default} | {option.doc} |")
    return "\n".join(lines)
