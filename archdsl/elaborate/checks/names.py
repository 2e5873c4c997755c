"""Names checked without running anything: unknown, duplicate and self-referring ones, in every declaration of
a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from archdsl.cycles import circles
from archdsl.diagnostics.codes import names as codes
from archdsl.diagnostics.codes import syntax as syntax_codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.elaborate.evaluation.builtin import BUILTIN_NAMES
from archdsl.elaborate.evaluation.module import Module
from archdsl.elaborate.evaluation.requirements import METRICS
from archdsl.elaborate.evaluation.synonyms import ROOTS, WORDS
from archdsl.elaborate.evaluation.unknown import dotted, prefixed, unknown_name
from archdsl.syntax import ast


@dataclass(slots=True)
class _Walk:
    """One declaration being read: the names in scope, what it mentions, what is wrong."""

    module: Module
    found: list[Diagnostic] = field(default_factory=list)
    mentions: set[str] = field(default_factory=set)
    scopes: list[set[str]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)  # names that were local to a loop
    poisoned: set[str] = field(
        default_factory=set
    )  # bound by what could not be read, or reported before
    before: str = "x"  # what stands before the arrow that leads here

    def knows(self, name: str) -> bool:
        module = self.module
        return (
            name in module.declarations
            or name in module.imports
            or name in module.missing
            or name in BUILTIN_NAMES
        )

    def has(self, name: str) -> bool:
        """Is the name in scope, or is nothing to be said of it?"""
        return (
            any(name in s for s in self.scopes) or name in self.poisoned or self.knows(name)
        )

    def use(self, name: str, span: Span, call: ast.Call | None = None) -> None:
        if any(name in s for s in self.scopes):
            return
        self.mentions.add(name)
        if (
            self.has(name) or span.start == span.end
        ):  # recovery from an error of syntax puts a name without extent
            return
        if name in self.closed:
            help = f"`{name}` is local to the loop above: assign it before the loop as well"
            self.found.append(
                codes.UNKNOWN_NAME.error(span, f"unknown name `{name}`", help=help)
            )
            self.poisoned.add(name)
            return
        local = set[str]().union(*self.scopes)
        diagnostic = unknown_name(
            name, span, BUILTIN_NAMES | self.module.usable | local, call, self.before
        )
        self.found.append(diagnostic)
        meant = (diagnostic.help or "").removeprefix("did you mean `").removesuffix("`?")
        if (
            diagnostic.help is None or meant in local
        ):  # the slip is rather one binding than all that read it
            self.poisoned.add(name)

    def foreign(self, node: ast.Expr, call: ast.Call | None) -> bool:
        """Reports `nn.Conv2d`, `torch.cat`, `self.conv`: names of another library with their prefix."""
        words = dotted(node)
        if len(words) < 2 or not (words[0] in ROOTS or words[0] in ("self", "this")):
            return False
        if any(words[0] in s for s in self.scopes) or self.knows(words[0]):
            return False
        if words[0] in ("self", "this") and len(words) == 2:
            help = f"names stand by themselves: write `{words[1]}`"
            self.found.append(
                codes.UNKNOWN_NAME.error(node.span, f"unknown name `{words[0]}`", help=help)
            )
        else:
            found = unknown_name(words[-1], node.span, (), call, self.before)
            found = replace(found, help=found.help or prefixed(words, call))
            self.found.append(replace(found, message=f"unknown name `{'.'.join(words)}`"))
        return True


def check_names(module: Module, whole: bool = True) -> list[Diagnostic]:
    """Everything wrong with the names of a file, in the order of the text, then imports that nothing
    mentions.

    Of a file that could not be read as a `whole`, an import counts as mentioned wherever its word stands.
    """
    found: list[Diagnostic] = []
    graph: dict[str, set[str]] = {}
    mentioned: set[str] = set()
    for declaration in module.file.declarations:
        if isinstance(declaration, ast.Use | ast.Broken):
            continue
        walk = _Walk(module)
        _visit(declaration, walk)
        found.extend(walk.found)
        mentioned |= walk.mentions
        graph.setdefault(declaration.name, set()).update(walk.mentions)
    found += _circles(module, graph)
    if not whole:
        words = re.findall(r"\w+", module.source.text)
        mentioned |= {name for name, times in Counter(words).items() if times > 1}
    return found + _unused(module, mentioned)


def _circles(module: Module, graph: Mapping[str, set[str]]) -> list[Diagnostic]:
    """What is defined by itself; `graph` has what each declaration mentions."""
    known = {name: sorted(mentions & graph.keys()) for name, mentions in graph.items()}
    found = []
    for name, *_ in reversed(circles(known)):
        reached = module.declarations.get(name)
        if reached is not None:
            message, help = (
                f"`{name}` is defined by itself",
                "the language has no recursion: use a loop",
            )
            found.append(codes.RECURSION.error(reached.span.word(name), message, help=help))
    return found


def _unused(module: Module, mentioned: set[str]) -> list[Diagnostic]:
    found = []
    for declaration in module.file.declarations:
        for alias in declaration.names if isinstance(declaration, ast.Use) else ():
            name = alias.alias or alias.name
            if name not in mentioned and name in module.imports:
                found.append(
                    codes.UNUSED_IMPORT.warning(
                        alias.span, f"`{name}` is imported but not used"
                    )
                )
    return found


# -- walking a declaration -------------------------------------------------------------------------------


def _visit(node: ast.Node, walk: _Walk) -> None:
    """What a node mentions and binds; without a function of its own it is what its parts do."""
    visit = _VISITS.get(type(node))
    if visit is not None:
        visit(node, walk)
        return
    for child in ast.children(node):
        _visit(child, walk)


def _declared(node: ast.Fn | ast.Block | ast.Net, walk: _Walk) -> None:
    """Parameters, then what is made of them."""
    _params(node.params or (), walk)
    if node.value is not None:
        _visit(node.value, walk)
    if isinstance(node, ast.Net):
        for patch in node.patches:
            _patch(patch, walk)
    if not isinstance(node, ast.Fn):
        _body(node.body or (), walk)


def _instance(node: ast.Genotype | ast.Search, walk: _Walk) -> None:
    """Answers and settings are checked against the space."""
    _visit(node.of, walk)


def _params(params: Iterable[ast.Param], walk: _Walk) -> None:
    names: set[str] = set()
    walk.scopes.append(names)
    for param in params:
        if param.default is not None:
            _visit(param.default, walk)
        if param.name in names:
            message = f"the parameter `{param.name}` is declared twice"
            walk.found.append(codes.DUPLICATE_NAME.error(param.span, message))
        names.add(param.name)


def _patch(patch: ast.Edits | ast.Path, walk: _Walk) -> None:
    if isinstance(patch, ast.Edits):
        for edit in patch.edits:
            _visit(edit, walk)
    elif len(patch.segments) == 1 and isinstance(patch.segments[0], ast.Name):
        walk.use(patch.segments[0].name, patch.span)


# -- statements: a name is known from its first assignment on -------------------------------------------


def _body(body: Iterable[ast.Stmt], walk: _Walk) -> set[str]:
    """The names that a body assigns."""
    names: set[str] = set()
    walk.scopes.append(names)
    for node in body:
        _visit(node, walk)
    walk.scopes.pop()
    return names


def _input(node: ast.Input, walk: _Walk) -> None:
    for port in node.ports:
        for dim in port.shape or ():
            _visit(dim, walk)
        walk.scopes[-1].add(port.name)


def _weight(node: ast.Weight, walk: _Walk) -> None:
    for child in ast.children(node):
        _visit(child, walk)
    walk.scopes[-1].add(node.name)


def _output(node: ast.Output, walk: _Walk) -> None:
    for value, shape in node.results:
        _visit(value, walk)
        for dim in shape or ():
            _visit(dim, walk)


def _bind(node: ast.Bind, walk: _Walk) -> None:
    for value in node.values:
        _visit(value, walk)
    twice = next((t for t in node.targets if node.targets.count(t) > 1), None)
    if twice is not None:
        message = f"`{twice}` is assigned twice in one statement"
        walk.found.append(codes.DUPLICATE_NAME.error(node.span, message))
    walk.scopes[-1].update(node.targets)


def _choose(node: ast.Choose, walk: _Walk) -> None:
    # Two equal labels in a domain are an error of the choice.
    parts = node.domain.entries if isinstance(node.domain, ast.List) else (node.domain,)
    for part in parts:
        _visit(part, walk)
    walk.scopes[-1].add(node.name)


def _for(node: ast.For, walk: _Walk) -> None:
    _visit(node.iterable, walk)
    walk.scopes.append(set(_pattern(node.pattern)))
    walk.closed |= _body(node.body, walk)
    walk.scopes.pop()


def _if(node: ast.If, walk: _Walk) -> None:
    _visit(node.test, walk)
    names = _body(node.body, walk) | _body(node.orelse or (), walk)
    walk.scopes[-1].update(names)


def _require(node: ast.Require, walk: _Walk) -> None:
    walk.scopes.append(set(METRICS))
    _visit(node.condition, walk)
    walk.scopes.pop()


def _broken(node: ast.Broken, walk: _Walk) -> None:
    walk.poisoned.update(node.names)


def _pattern(pattern: ast.Pattern) -> Iterator[str]:
    for node in ast.walk(pattern):
        if isinstance(node, ast.NamePattern):
            yield node.name


# -- edits: the answers of choices are labels and need not be names -------------------------------------


def _answer(node: ast.SetEdit | ast.NarrowEdit, walk: _Walk) -> None:
    quiet = _Walk(walk.module, scopes=walk.scopes, poisoned=set(walk.poisoned))
    _visit(node.value if isinstance(node, ast.SetEdit) else node.domain, quiet)
    walk.mentions |= quiet.mentions


def _layer(node: ast.InsertEdit | ast.ReplaceEdit, walk: _Walk) -> None:
    _visit(node.layer, walk)


# -- expressions -------------------------------------------------------------------------------------


def _ref(node: ast.Ref, walk: _Walk) -> None:
    walk.use(node.name, node.span)


def _attr(node: ast.Attr, walk: _Walk) -> None:
    if not walk.foreign(node, None):
        _visit(node.value, walk)


def _entries(node: ast.Tuple | ast.List, walk: _Walk) -> None:
    labels: set[str] = set()
    for entry in node.entries:
        if entry.label is not None:
            if entry.label in labels:
                message = f"the label `{entry.label}` occurs twice"
                walk.found.append(
                    codes.DUPLICATE_NAME.error(entry.span.word(entry.label), message)
                )
            labels.add(entry.label)
        _visit(entry.value, walk)


def _comprehension(node: ast.Comprehension, walk: _Walk) -> None:
    walk.scopes.append(set())
    for clause in node.clauses:
        _visit(clause.iterable, walk)
        walk.scopes[-1].update(_pattern(clause.pattern))
    if node.condition is not None:
        _visit(node.condition, walk)
    _visit(node.value, walk)
    walk.scopes.pop()


def _flow(node: ast.Flow, walk: _Walk) -> None:
    outside, first = walk.before, node.items[0]
    _visit(first, walk)
    walk.before = first.name if isinstance(first, ast.Ref) else "x"
    for item in node.items[1:]:
        _visit(item, walk)
    walk.before = outside


def _call(node: ast.Call, walk: _Walk) -> None:
    before = len(walk.found)
    if isinstance(node.callee, ast.Ref):
        walk.use(node.callee.name, node.callee.span, node)
    elif not walk.foreign(node.callee, node):
        _visit(node.callee, walk)
    theirs = (
        len(walk.found) > before
    )  # of a call that is written otherwise here, so are its truth values
    given: set[str] = set()
    for arg in node.args:
        if arg.name is not None:
            if arg.name in given:
                message = f"`{arg.name}` is set twice in one call"
                walk.found.append(value_codes.SET_TWICE.error(arg.span, message))
            given.add(arg.name)
        if not (theirs and isinstance(arg.value, ast.Ref) and arg.value.name in WORDS):
            _argument(arg, walk)


def _argument(arg: ast.Arg, walk: _Walk) -> None:
    """An argument; `conv(16, bias == false)` compares where a parameter is meant."""
    value = arg.value
    if arg.name is not None or not isinstance(value, ast.Binary) or value.op != "==":
        _visit(value, walk)
        return
    if not isinstance(value.left, ast.Ref):
        _visit(value, walk)
        return
    name = value.left.name
    if not walk.has(name):
        help = f"write `{name} = {value.right.span.text}`"
        walk.found.append(
            syntax_codes.ASSIGNED.error(value.span, "`==` sets no parameter", help=help)
        )
        walk.poisoned.add(name)
    _visit(value.right, walk)


_VISITS: dict[type[ast.Node], Callable[[Any, _Walk], None]] = {
    ast.Fn: _declared,
    ast.Block: _declared,
    ast.Net: _declared,
    ast.Genotype: _instance,
    ast.Search: _instance,
    ast.Input: _input,
    ast.Weight: _weight,
    ast.Output: _output,
    ast.Bind: _bind,
    ast.Choose: _choose,
    ast.For: _for,
    ast.If: _if,
    ast.Require: _require,
    ast.Broken: _broken,
    ast.SetEdit: _answer,
    ast.NarrowEdit: _answer,
    ast.InsertEdit: _layer,
    ast.ReplaceEdit: _layer,
    ast.Ref: _ref,
    ast.Attr: _attr,
    ast.Tuple: _entries,
    ast.List: _entries,
    ast.Comprehension: _comprehension,
    ast.Flow: _flow,
    ast.Call: _call,
}
