"""YAML as a plain tree of texts, lists and mappings with places: no anchors, aliases, tags or repeated keys,
within limits.

Built from PyYAML's events, one at a time, so that a hostile file is refused before it costs anything. Scalars
stay the text that was written: `3.0`, `3x3x3` and `false` are texts of expressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from archdsl.diagnostics.codes import limits, syntax
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.diagnostics.source import Source, Span
from archdsl.syntax.decoding import MAX_BYTES

MAX_DEPTH = 320  # two levels for each of the tree's 150, and some
MAX_EVENTS = 50_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """`exact`: where the text starts in the file, if it stands there letter for letter; else None."""

    text: str
    span: Span
    exact: int | None


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Tree, ...]
    span: Span
    flow: bool


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys are texts and occur once."""

    pairs: tuple[tuple[Scalar, Tree], ...]
    span: Span

    def keys(self) -> list[str]:
        return [key.text for key, _ in self.pairs]

    def get(self, name: str) -> Tree | None:
        return next((value for key, value in self.pairs if key.text == name), None)


Tree: TypeAlias = Scalar | Sequence | Mapping


def tree(source: Source) -> Tree:
    """The one document of a YAML text.

    Raises DiagnosticError, with one diagnostic, at the first thing that is not allowed.
    """
    import yaml

    if len(source.text) > MAX_BYTES:
        raise DiagnosticError(
            limits.BYTES.error(
                Span(source, 0, 0),
                f"the file has {len(source.text)} characters; the limit is {MAX_BYTES}",
            )
        )
    reader = _Reader(source)
    try:
        for event in yaml.parse(source.text, Loader=yaml.SafeLoader):
            reader.take(event)
    except yaml.reader.ReaderError as error:
        at = min(max(error.position, 0), len(source.text))
        raise DiagnosticError(
            syntax.YAML.error(
                Span(source, at, min(at + 1, len(source.text))),
                "YAML allows no such character",
            )
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index if mark else 0, len(source.text))
        raise DiagnosticError(
            syntax.YAML.error(
                Span(source, at, at), f"this is not YAML: {error.problem or error.context}"
            )
        ) from None
    except (ValueError, OverflowError):
        # PyYAML turns escapes such as "\UFFFFFFFF" and version numbers of any length into numbers unchecked.
        raise DiagnosticError(
            syntax.YAML.error(
                Span(source, 0, 0), "this is not YAML: an escape or a number out of range"
            )
        ) from None
    if reader.root is None:
        raise DiagnosticError(
            syntax.YAML_SHAPE.error(
                Span(source, 0, 0),
                "the file is empty",
                help="a document begins with `arch: 1`",
            )
        )
    return reader.root


class _Reader:
    """Takes events and builds the tree; the open collections lie on a stack."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Tree | None = None
        self._open: list[tuple[Any, list[Tree]]] = []
        self._count = 0

    def take(self, event: Any) -> None:
        import yaml

        span = self._span(event)
        self._count += 1
        if self._count > MAX_EVENTS:
            raise DiagnosticError(
                limits.TOKENS.error(span, f"a YAML file of more than {MAX_EVENTS} parts")
            )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._refused(span, "anchors and aliases are not allowed")
        if getattr(event, "tag", None) is not None:
            raise self._refused(span, "tags are not allowed")
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise self._refused(
                span,
                "one file holds one document",
                "put several declarations into the list `declarations:`",
            )
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event.value, span, bool(event.style)))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event, []))
            if len(self._open) > MAX_DEPTH:
                raise DiagnosticError(
                    limits.DEPTH.error(span, f"nested more than {MAX_DEPTH} levels deep")
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(event)

    def _close(self, end: Any) -> None:
        import yaml

        event, items = self._open.pop()
        start = event.start_mark.index
        # A collection in block style ends where the next line begins: its last part says where its text ends.
        last = items[-1].span.end if items else end.end_mark.index
        span = Span(self.source, start, end.end_mark.index if event.flow_style else last)
        if isinstance(event, yaml.SequenceStartEvent):
            self._add(Sequence(tuple(items), span, bool(event.flow_style)))
            return
        pairs: list[tuple[Scalar, Tree]] = []
        seen: set[str] = set()
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise self._refused(key.span, "a key is a text")
            if key.text in seen:
                raise self._refused(key.span, f"the key `{key.text[:40]}` occurs twice")
            seen.add(key.text)
            pairs.append((key, value))
        self._add(Mapping(tuple(pairs), span))

    def _add(self, node: Tree) -> None:
        if self._open:
            self._open[-1][1].append(node)
        else:
            self.root = node

    def _scalar(self, text: str, span: Span, quoted: bool) -> Scalar:
        start = span.start + quoted
        exact = (
            self.source.text.startswith(text, start)
            and start + len(text) + quoted == span.end
        )
        return Scalar(text, span, start if exact else None)

    def _span(self, event: Any) -> Span:
        size = len(self.source.text)
        start = min(event.start_mark.index, size)
        return Span(self.source, start, max(start, min(event.end_mark.index, size)))

    @staticmethod
    def _refused(span: Span, message: str, help: str | None = None) -> DiagnosticError:
        return DiagnosticError(syntax.YAML.error(span, message, help=help))
