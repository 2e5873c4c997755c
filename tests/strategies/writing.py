"""What a generated spec is written with: the text so far, the sizes of the tensor that flows, and what was
demanded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
Sizes = dict[str, "int | None"]  # by dimension; None where a choice decides it
ORDER = "thw"


@dataclass(frozen=True, slots=True)
class Answer:
    """A choice that an edit may settle or narrow: its path, and its alternatives as they are written."""

    path: str
    alternatives: tuple[str, ...]
    is_range: bool


@dataclass(slots=True)
class Writer:
    """One network being written. The tensor that flows from part to part is always called `x`."""

    pick: Callable[
        [int], int
    ]  # a number below its argument: the one source of randomness; 0 is the simplest
    missing: set[str]  # demanded features not delivered yet
    without: frozenset[str]
    grid: int  # how large the product of all domains may become
    features: set[str] = field(default_factory=set)
    uses: list[str] = field(default_factory=list)
    declarations: list[str] = field(default_factory=list)
    parameters: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # name, default, another value
    lines: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    anchors: list[str] = field(
        default_factory=list
    )  # instances that keep the shape of what they are fed
    fed: list[str] = field(
        default_factory=list
    )  # instances that get one tensor, and may change its shape
    used: int = 1  # the product of all domains so far
    turns: int = 1  # how often the statements written now are repeated
    prefix: str = ""
    suffix: str = ""
    indent: str = "  "
    serial: int = 0

    # -- drawing -----------------------------------------------------------------------------------

    def one(self, options: Sequence[T]) -> T:
        return options[self.pick(len(options))]

    def number(self, low: int, high: int) -> int:
        return low + self.pick(high - low + 1)

    def maybe(self) -> bool:
        return self.pick(2) == 1

    def some(self, options: Sequence[T]) -> list[T]:
        """At least one of several, each once, in any order."""
        return self.shuffled(options)[: self.number(1, len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        rest, order = list(options), []
        while rest:
            order.append(rest.pop(self.pick(len(rest))))
        return order

    def option(self, *names: str) -> str:
        """One of several features; a demanded one comes first. An empty name is no feature."""
        wanted = [n for n in names if n in self.missing]
        chosen = (
            wanted[0]
            if wanted
            else self.one([n for n in names if n not in self.without] or list(names[:1]))
        )
        self.mark(chosen)
        return chosen

    def mark(self, *features: str) -> None:
        for feature in features:
            if feature:
                self.features.add(feature)
                self.missing.discard(feature)

    # -- text --------------------------------------------------------------------------------------

    def put(self, line: str) -> None:
        self.lines.append(self.indent + line)

    def name(self, stem: str) -> str:
        self.serial += 1
        return f"{stem}_{self.serial}"

    def use(self, name: str) -> str:
        if name not in self.uses:
            self.uses.append(name)
        self.mark("use")
        return name

    @contextmanager
    def body(self, head: str, *, label: str = "", turns: int = 1) -> Iterator[None]:
        """Statements in braces; a labelled loop is a level of paths, an unlabelled one indexes names."""
        before = self.prefix, self.suffix, self.turns
        self.put(head + " {")
        self.indent += "  "
        if label:
            self.prefix, self.suffix = f"{self.prefix}{label}[*].", ""
        elif turns > 1:
            self.suffix += "[*]"
        self.turns *= turns
        yield
        self.prefix, self.suffix, self.turns = before
        self.indent = self.indent[:-2]
        self.put("}")

    # -- choices -----------------------------------------------------------------------------------

    def room(self) -> int:
        """How many alternatives a choice written now may have."""
        most = 1
        while most < 6 and self.used * (most + 1) ** self.turns <= self.grid:
            most += 1
        return most

    def choose(
        self,
        stem: str,
        alternatives: Sequence[str],
        *,
        domain: str | None = None,
        editable: bool = True,
    ) -> str:
        """Declares a choice; `domain` is its text where it is no list of the alternatives."""
        name = self.name(stem)
        self.put(f"{name} ~ {domain or '[' + ', '.join(alternatives) + ']'}")
        self.count(len(alternatives))
        if editable:
            labels = [a.partition(":")[0] if _is_labelled(a) else a for a in alternatives]
            self.answer(name, labels, is_range=domain is not None)
        return name

    def answer(
        self,
        name: str,
        alternatives: Sequence[str],
        *,
        member: str = "",
        is_range: bool = False,
    ) -> None:
        """Notes a choice that edits may settle: of this name, or the `member` of the instance of this
        name.
        """
        path = f"{self.prefix}{name}{self.suffix}" + (f".{member}" if member else "")
        self.answers.append(Answer(path, tuple(alternatives), is_range))

    def count(self, alternatives: int) -> None:
        """Notes a choice in the size of the grid."""
        self.used *= alternatives**self.turns

    def numbers(
        self, stem: str, low: int, step: int, *, editable: bool = True
    ) -> tuple[str, list[int]]:
        """A choice from a range of whole numbers, and its alternatives."""
        count = self.number(2, max(2, min(4, self.room())))
        values = [low + i * step for i in range(count)]
        return self.choose(
            stem,
            [str(v) for v in values],
            domain=f"{low}..{values[-1]} by {step}",
            editable=editable,
        ), values

    # -- sizes -------------------------------------------------------------------------------------

    def channels(self, x: Sizes) -> str:
        return "x.c" if x["c"] is None or self.maybe() else str(x["c"])

    def known_channels(self, x: Sizes, multiple: int = 1) -> tuple[Sizes, int]:
        """Makes the channels a known multiple, by a convolution if they are not."""
        c = x["c"]
        if c is None or c % multiple:
            c = multiple * self.number(1, max(1, 6 // multiple))
            self.put(f"x = x -> {self.project(x, str(c))}")
        return {**x, "c": c}, c

    def project(self, x: Sizes, channels: str) -> str:
        """A layer that changes the channels alone."""
        name = self.name("close")
        return f"{'conv' if space(x) else 'linear'}({channels}) as {name}"

    def same(self, x: Sizes, steps: int = 2, scope: str = "") -> str:
        """A chain of layers that keep the shape; `scope` is what stands for the channels."""
        return " -> ".join(self.keeping(x, scope) for _ in range(self.number(1, steps)))

    def keeping(self, x: Sizes, scope: str = "") -> str:
        """One layer that keeps the shape, named where it has weights."""
        c = scope or self.channels(x)
        kind = self.one(
            ["conv", "act", "norm", "depthwise", "linear", "pool"]
            if space(x)
            else ["act", "norm", "linear"]
        )
        if kind == "conv":
            return f"conv({c}, {self.one(['1', '3'])}) as {self.name('conv')}"
        if kind == "depthwise":
            return f"conv({c}, 3, groups = {c}) as {self.name('spread')}"
        if kind == "linear":
            return f"linear({c}) as {self.name('mix')}"
        if kind == "norm":
            return f"{self.one(['batch_norm', 'layer_norm', 'batch_norm(gamma = 0)', 'layer_norm(eps = 1e-6)'])} as {self.name('norm')}"
        if kind == "pool":
            return self.one(["max_pool", "avg_pool"]) + '(3, 1, "half")'
        return self.one(
            [
                "relu",
                "relu6",
                "swish",
                "sigmoid",
                "gelu",
                "tanh",
                "dropout(0.1)",
                "drop_path(0.1)",
                "softmax(@c)",
            ]
        )


def space(x: Sizes) -> str:
    """The dimensions among t, h, w that there are."""
    return "".join(d for d in ORDER if d in x)


def is_known(x: Sizes) -> bool:
    """Whether no choice decides a size other than the channels."""
    return all(x[d] is not None for d in x if d != "c")


def _is_labelled(text: str) -> bool:
    head, colon, _ = text.partition(":")
    return bool(colon) and head.isidentifier()
