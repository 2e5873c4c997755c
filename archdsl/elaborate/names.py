"""Names checked without running anything: unknown, duplicate and self-referring ones, in every declaration of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archdsl.cycles import circles
from archdsl.diagnostics.codes import names as codes
from archdsl.diagnostics.codes import values as value_codes
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import did_you_mean
from archdsl.elaborate.expressions import BUILTIN_NAMES
from archdsl.elaborate.module import Module
from archdsl.elaborate.requirements import METRICS
from archdsl.syntax import ast


@dataclass(slots=True)
class _Walk:
    """One declaration being read: the names in scope, what it mentions, what is wrong."""

    module: Module
    found: list[Diagnostic] = field(default_factory=list)
    mentions: set[str] = field(default_factory=set)
    scopes: list[set[str]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)  # names that were local to a loop

    def knows(self, name: str) -> bool:
        module = self.module
        return name in module.declarations or name in module.imports or name in module.missing or name in BUILTIN_NAMES

    def use(self, name: str, span: Span) -> None:
        if any(name in s for s in self.scopes):
            return
        self.mentions.add(name)
        if self.knows(name) or span.start == span.end:  # recovery from an error of syntax puts a name without extent
            return
        if name in self.closed:
            help = f"`{name}` is local to the loop above: assign it before the loop as well"
            self.found.append(codes.UNKNOWN_NAME.error(span, f"unknown name `{name}`", help=help))
            return
        candidates = set(BUILTIN_NAMES) | set(self.module.declarations) | set(self.module.imports) | {n for s in self.scopes for n in s}
        hint = did_you_mean(name, candidates)
        if name in ("none", "None") and "`none`" not in (hint or ""):
            hint = "`identity` is the layer that does nothing; in a domain it may be labelled, `[none: identity, relu]`"
        self.found.append(codes.UNKNOWN_NAME.error(span, f"unknown name `{name}`", help=hint))


def check_names(module: Module) -> list[Diagnostic]:
    """Everything wrong with the names of a file, in the order of the text, then imports that nothing mentions."""
    found: list[Diagnostic] = []
    graph: dict[str, set[str]] = {}
    mentioned: set[str] = set()
    for declaration in module.file.declarations:
        if isinstance(declaration, ast.Use):
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
            found.append(codes.RECURSION.error(span, f"`{name}` is defined by itself", help="the language has no recursion: use a loop"))
    for declaration in module.file.declarations:
        if isinstance(declaration, ast.Use):
            for alias in declaration.names:
                local = alias.alias or alias.name
                if local not in mentioned and local in module.imports:
                    found.append(codes.UNUSED_IMPORT.warning(alias.span, f"`{local}` is imported but not used"))
    return found


def _declaration(node: ast.Const | ast.Fn | ast.Block | ast.Net | ast.Genotype | ast.Search, walk: _Walk) -> None:
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
            walk.found.append(codes.DUPLICATE_NAME.error(param.span, f"the parameter `{param.name}` is declared twice"))
        names.add(param.name)


def _body(body: Iterable[ast.Stmt], walk: _Walk) -> set[str]:
    """Statements in order; a name is known from its first assignment on. Returns the names that the body assigns."""
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
                        walk.found.append(codes.DUPLICATE_NAME.error(node.span, f"`{target}` is assigned twice in one statement"))
                        break
                names.update(node.targets)
            case ast.Choose():
                if isinstance(node.domain, ast.List):  # two equal labels in a domain are an error of the choice
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
    quiet = _Walk(walk.module, scopes=walk.scopes)
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
                    walk.found.append(codes.DUPLICATE_NAME.error(span, f"the label `{entry.label}` occurs twice"))
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
            _expr(root.callee, walk)
            given: set[str] = set()
            for arg in root.args:
                if arg.name in given:
                    walk.found.append(value_codes.SET_TWICE.error(arg.span, f"`{arg.name}` is set twice in one call"))
                given |= {arg.name} if arg.name is not None else set()
                _expr(arg.value, walk)
        case ast.Attr():
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
            for item in root.items:
                _expr(item, walk)
        case ast.Conditional():
            _expr(root.test, walk)
            _expr(root.value, walk)
            _expr(root.orelse, walk)
