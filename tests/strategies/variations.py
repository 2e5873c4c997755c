"""What stands around a generated network in its file: comments, other instances of it, edits and
genotypes.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.strategies.writing import Answer, Writer

VARIATIONS = (
    "instance",
    "parameters",
    "insert",
    "replace",
    "remove",
    "set_parameter",
    "narrow",
    "settle",
    "partial_genotype",
)


def vary(w: Writer, kind: str) -> tuple[str, tuple[str, ...]]:
    """The text with the network `base` and, if drawn or demanded, others made of it; and the names of them
    all.
    """
    names = ["base"]
    extra: list[str] = []
    if w.parameters and (w.option("", "instance") or "parameters" in w.missing):
        w.mark("parameters", "instance")
        given = ", ".join(f"{name} = {other}" for name, _, other in w.parameters)
        extra.append(f"{kind} other = base({given})")
        names.append("other")
    edits = list(_edits(w, kind == "space"))
    if edits:
        extra.append(f"{kind} edited = base() with {{\n  " + "\n  ".join(edits) + "\n}")
        names.append("edited")
    if kind == "space" and w.answers and w.option("", "partial_genotype"):
        answers = w.some(w.answers)
        lines = [f"{a.path} = {w.one(a.alternatives)}" for a in answers]
        extra.append("genotype found of base {\n  " + "\n  ".join(lines) + "\n}")
        names.append("found")
        if w.maybe():
            extra.append("space settled = base() with found")
            names.append("settled")
    parameters = ", ".join(f"{name} = {default}" for name, default, _ in w.parameters)
    net = [
        f"{kind} base{f'({parameters})' if w.parameters or w.maybe() else ''} {{",
        *w.lines,
        "}",
    ]
    uses = [f"use std: {', '.join(sorted(w.uses))}"] if w.uses else []
    text = "\n".join(["arch 1", *uses, *w.declarations, "\n".join(net), *extra]) + "\n"
    if w.option("", "comments"):
        text = _commented(w, text)
    return text, tuple(names)


def _edits(w: Writer, searched: bool) -> Iterator[str]:
    if w.fed and w.option("", "insert"):
        where, path = w.one(["after", "before"]), w.one(w.fed)
        yield (f"{where} {path} insert {w.one(['relu', 'batch_norm', 'dropout(0.2)'])}")
    anchors = list(w.anchors)
    if len(anchors) > ("remove" in w.missing) and w.option("", "replace"):
        yield (f"replace {anchors.pop()} by {w.one(['gelu', 'batch_norm', 'layer_norm'])}")
    if anchors and w.option("", "remove"):
        yield (f"remove {anchors.pop()}")
    if (convs := [p for p in w.fed if p.startswith("conv")]) and w.option(
        "", "set_parameter"
    ):
        yield (f"{w.one(convs)}.bias = true")
    answers = list(w.answers) if searched else []
    if answers and w.option("", "settle"):
        answer = answers.pop(w.number(0, len(answers) - 1))
        yield (f"{answer.path} = {w.one(answer.alternatives)}")
    if answers and w.option("", "narrow"):
        answer = w.one(answers)
        yield (f"{answer.path} ~ {_narrower(w, answer)}")


def _narrower(w: Writer, answer: Answer) -> str:
    if answer.is_range and "." not in answer.alternatives[0] and w.maybe():
        return f"{answer.alternatives[0]}..{answer.alternatives[0]}"
    return f"[{', '.join(w.some(answer.alternatives))}]"


def _commented(w: Writer, text: str) -> str:
    """Comments on lines of their own and behind others, and empty lines."""
    lines = []
    for number, line in enumerate(text.splitlines()):
        kind = w.number(0, 7)
        if kind == 0:
            lines.append(f"{'  ' * w.number(0, 2)}# note {number}: {{ x -> y }} ~ [1]")
        if kind == 1:
            lines.append("")
        lines.append(f"{line}  # behind {number}" if kind == 2 else line)
    return "\n".join(lines) + "\n"
