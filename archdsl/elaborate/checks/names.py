"""Names checked without running anything: unknown, duplicate and self-referring ones, in every declaration of
a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

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
    poisoned: set[str] = field(default_factory=set)  # bound by what could not be read, or reported before
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
        return any(name in s for s in self.scopes) or name in self.poisoned or self.knows(name)

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
            self.found.append(codes.UNKNOWN_NAME.error(span, f"unknown name `{name}`", help=help))
            self.poisoned.add(name)
            return
        local = {n for s in self.scopes for n in s}
        diagnostic = unknown_name(name, span, BUILTIN_NAMES | self.module.usable | local, call, self.before)
        self.found.append(diagnostic)
        meant = (diagnostic.help or "").removeprefix("did you mean `").removesuffix("`?")
        if diagnostic.help is None or meant in local:  # the slip is rather one binding than all that read it
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
            self.found.append(codes.UNKNOWN_NAME.error(node.span, f"unknown name `{words[0]}`", help=help))
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
        _declaration(declaration, walk)
        found.extend(walk.found)
        mentioned |= walk.mentions
        graph.setdefault(declaration.name, set()).update(walk.mentions)
    known = {name: sorted(mentions & graph.keys()) for name, mentions in graph.items()}
    for name, *_ in reversed(circles(known)):
        reached = module.declarations.get(name)
        if reached is not None:
            span = reached.span.word(name)
            found.append(
                codes.RECURSION.error(
                    span, f"`{name}` is defined by itself", help="the language has no recursion: use a loop"
                )
            )
    if not whole:
        words = re.findall(r"\w+", module.source.text)
        mentioned |= {name for name, times in Counter(words).items() if times > 1}
    for declaration in module.file.declarations:
        if isinstance(declaration, ast.Use):
            for alias in declaration.names:
                local = alias.alias or alias.name
                if local not in mentioned and local in module.imports:
                    found.append(
                        codes.UNUSED_IMPORT.warning(alias.span, f"`{local}` is imported but not used")
                    )
    return found


def _declaration(
    node: ast.Const | ast.Fn | ast.Block | ast.Net | ast.Genotype | ast.Search, walk: _Walk
) -> None:
    match node:
        case ast.Const():
            _expr(node.value, walk)
        case ast.Fn():
            _params(node.params, walk)
            _expr(node.value, walk)
        case ast.Block():
            _params(node.params or (), walk)
            if node.value is not None:
                _expr(node.value, walk)
            _body(node.body or (), walk)
        case ast.Net():
            _params(node.params or (), walk)
            if node.value is not None:
                _expr(node.value, walk)
            for patch in node.patches:
                if isinstance(patch, ast.Edits):
                    _edits(patch.edits, walk)
                elif len(patch.segments) == 1 and isinstance(patch.segments[0], ast.Name):
                    walk.use(patch.segments[0].name, patch.span)
            _body(node.body or (), walk)
        case ast.Genotype():
            _expr(node.of, walk)
        case ast.Search():
            _expr(node.of, walk)


def _params(params: Iterable[ast.Param], walk: _Walk) -> None:
    names: set[str] = set()
    walk.scopes.append(names)
    for param in params:
        if param.default is not None:
            _expr(param.default, walk)
        if param.name in names:
            walk.found.append(
                codes.DUPLICATE_NAME.error(param.span, f"the parameter `{param.name}` is declared twice")
            )
        names.add(param.name)


def _body(body: Iterable[ast.Stmt], walk: _Walk) -> set[str]:
    """Statements in order; a name is known from its first assignment on. Returns the names that the body
    assigns.
    """
    names: set[str] = set()
    walk.scopes.append(names)
    for node in body:
        match node:
            case ast.Input():
                for port in node.ports:
                    for dim in port.shape or ():
                        if dim.size is not None:
                            _expr(dim.size, walk)
                    names.add(port.name)
            case ast.Weight():
                for dim in node.shape:
                    if dim.size is not None:
                        _expr(dim.size, walk)
                if node.init is not None:
                    _expr(node.init, walk)
                names.add(node.name)
            case ast.Output():
                for value, shape in node.results:
                    _expr(value, walk)
                    for dim in shape or ():
                        if dim.size is not None:
                            _expr(dim.size, walk)
            case ast.Bind():
                for value in node.values:
                    _expr(value, walk)
                for target in node.targets:
                    if node.targets.count(target) > 1:
                        walk.found.append(
                            codes.DUPLICATE_NAME.error(
                                node.span, f"`{target}` is assigned twice in one statement"
                            )
                        )
                        break
                names.update(node.targets)
            case ast.Choose():
                if isinstance(
                    node.domain, ast.List
                ):  # two equal labels in a domain are an error of the choice
                    for entry in node.domain.entries:
                        _expr(entry.value, walk)
                else:
                    _expr(node.domain, walk)
                names.add(node.name)
            case ast.For():
                _expr(node.iterable, walk)
                walk.scopes.append(set(_pattern(node.pattern)))
                walk.closed |= _body(node.body, walk)
                walk.scopes.pop()
            case ast.If():
                _expr(node.test, walk)
                names |= _body(node.body, walk) | _body(node.orelse or (), walk)
            case ast.Broken():
                walk.poisoned.update(node.names)
            case ast.Require():
                walk.scopes.append(set(METRICS))
                _expr(node.condition, walk)
                walk.scopes.pop()
    walk.scopes.pop()
    return names


def _pattern(pattern: ast.Pattern) -> Iterator[str]:
    if isinstance(pattern, ast.NamePattern):
        yield pattern.name
    else:
        for item in pattern.items:
            yield from _pattern(item)


def _edits(edits: Iterable[ast.Edit], walk: _Walk) -> None:
    """Layers that edits bring in; the answers of choices are labels and need not be names."""
    for edit in edits:
        match edit:
            case ast.GroupEdit():
                _edits(edit.edits, walk)
            case ast.InsertEdit() | ast.ReplaceEdit():
                _expr(edit.layer, walk)
            case ast.SetEdit():
                _mentions(edit.value, walk)
            case ast.NarrowEdit():
                _mentions(edit.domain, walk)


def _mentions(node: ast.Expr, walk: _Walk) -> None:
    quiet = _Walk(walk.module, scopes=walk.scopes, poisoned=set(walk.poisoned))
    _expr(node, quiet)
    walk.mentions |= quiet.mentions


def _expr(root: ast.Expr, walk: _Walk) -> None:
    match root:
        case ast.Ref():
            walk.use(root.name, root.span)
        case ast.Tuple() | ast.List():
            labels: set[str] = set()
            for entry in root.entries:
                if entry.label in labels:
                    span = entry.span.word(entry.label)
                    walk.found.append(
                        codes.DUPLICATE_NAME.error(span, f"the label `{entry.label}` occurs twice")
                    )
                labels |= {entry.label} if entry.label is not None else set()
                _expr(entry.value, walk)
        case ast.Comprehension():
            walk.scopes.append(set())
            for clause in root.clauses:
                _expr(clause.iterable, walk)
                walk.scopes[-1].update(_pattern(clause.pattern))
            if root.condition is not None:
                _expr(root.condition, walk)
            _expr(root.value, walk)
            walk.scopes.pop()
        case ast.Call():
            _call(root, walk)
        case ast.Attr():
            if not walk.foreign(root, None):
                _expr(root.value, walk)
        case ast.Item():
            _expr(root.value, walk)
            _expr(root.index, walk)
        case ast.Unary() | ast.Mode():
            _expr(root.operand, walk)
        case ast.Binary():
            _expr(root.left, walk)
            _expr(root.right, walk)
        case ast.Range():
            _expr(root.low, walk)
            _expr(root.high, walk)
            if root.step is not None:
                _expr(root.step, walk)
        case ast.Of():
            _expr(root.count, walk)
            _expr(root.items, walk)
        case ast.Named():
            _expr(root.value, walk)
        case ast.Flow():
            outside = walk.before
            _expr(root.items[0], walk)
            walk.before = root.items[0].name if isinstance(root.items[0], ast.Ref) else "x"
            for item in root.items[1:]:
                _expr(item, walk)
            walk.before = outside
        case ast.Conditional():
            _expr(root.test, walk)
            _expr(root.value, walk)
            _expr(root.orelse, walk)


def _call(node: ast.Call, walk: _Walk) -> None:
    before = len(walk.found)
    if isinstance(node.callee, ast.Ref):
        walk.use(node.callee.name, node.callee.span, node)
    elif not walk.foreign(node.callee, node):
        _expr(node.callee, walk)
    theirs = len(walk.found) > before  # of a call that is written otherwise here, so are its truth values
    given: set[str] = set()
    for arg in node.args:
        if arg.name in given:
            walk.found.append(value_codes.SET_TWICE.error(arg.span, f"`{arg.name}` is set twice in one call"))
        given |= {arg.name} if arg.name is not None else set()
        value = arg.value
        if theirs and isinstance(value, ast.Ref) and value.name in WORDS:
            continue
        if (
            arg.name is None
            and _compares(value)
            and isinstance(value, ast.Binary)
            and isinstance(value.left, ast.Ref)
        ):
            if not walk.has(value.left.name):
                name, text = value.left.name, value.right.span.text
                error = syntax_codes.ASSIGNED.error(
                    value.span, "`==` sets no parameter", help=f"write `{name} = {text}`"
                )
                walk.found.append(error)
                walk.poisoned.add(name)
            _expr(value.right, walk)
        else:
            _expr(value, walk)


def _compares(node: ast.Expr) -> bool:
    return isinstance(node, ast.Binary) and node.op == "=="
