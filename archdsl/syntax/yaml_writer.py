"""From the tree to YAML text, in the layout that `yaml_form` shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from archdsl.syntax import ast
from archdsl.syntax.spelling import dimension, flat, join, parameter, path, pattern, result

Data: TypeAlias = str | list[Any] | dict[str, Any]

# Names of settings that would read as another entry of a plan.
ENTRY_KEYS = frozenset({"step", "open", "fix", "freeze", "budget", "require", "set"})
_LONGEST_KEY = 200  # PyYAML reads no simple key of more than 1024 characters


def to_yaml(file: ast.File) -> str:
    """The YAML form of a file, ending in a newline; comments are not kept."""
    arch = {"arch": str(file.edition)}
    match file.declarations:
        case (ast.Genotype() | ast.Search() as only,):
            data: dict[str, Any] = {**arch, **_declaration(only)}
        case _:
            data = {**arch, "declarations": [_declaration(each) for each in file.declarations]}
    return "\n".join(_lines(data, "")) + "\n"


def _declaration(node: ast.Declaration) -> dict[str, Any]:
    match node:
        case ast.Use():
            names = [f"{each.name} as {each.alias}" if each.alias else each.name for each in node.names]
            return {"use": ".".join(node.module), "names": names}
        case ast.Const():
            return {"const": node.name, "value": flat(node.value)}
        case ast.Fn():
            return {"fn": node.name, **_params(node.params), "value": flat(node.value)}
        case ast.Block() | ast.Net():
            kind = "block" if isinstance(node, ast.Block) else node.kind
            data: dict[str, Any] = {kind: node.name, **_params(node.params)}
            if node.value is not None:
                data["value"] = flat(node.value)
            if node.body is not None:
                data["body"] = _statements(node.body)
            if isinstance(node, ast.Net) and node.patches:
                data["with"] = [path(patch) if isinstance(patch, ast.Path) else _edits(patch.edits) for patch in node.patches]
            return data
        case ast.Genotype():
            return {"genotype": node.name, "of": flat(node.of), "set": _edits(node.edits)}
        case ast.Search():
            return {"search": node.name, "of": flat(node.of), "plan": [_entry(each) for each in node.entries]}


def _params(params: tuple[ast.Param, ...] | None) -> dict[str, Any]:
    return {} if params is None else {"params": [join(parameter(param)) for param in params]}


def _statements(nodes: Iterable[ast.Stmt]) -> list[Any]:
    return [_statement(node) for node in nodes]


def _statement(node: ast.Stmt) -> dict[str, Any]:
    match node:
        case ast.Input():
            return {"input": [_port(port) for port in node.ports]}
        case ast.Weight():
            init = {} if node.init is None else {"init": flat(node.init)}
            return {"param": node.name, "shape": [join(dimension(dim)) for dim in node.shape], **init}
        case ast.Output():
            results = [join(result(value, dims)) for value, dims in node.results()]
            return {"output": results[0] if len(results) == 1 else results}
        case ast.Bind():
            return {", ".join(node.targets): _values(node.values)}
        case ast.Choose():
            return {f"{node.name} ~": flat(node.domain)}
        case ast.For():
            label = {} if node.label is None else {"as": node.label}
            return {"for": pattern(node.pattern), "in": flat(node.iterable), **label, "do": _statements(node.body)}
        case ast.If():
            orelse = {} if node.orelse is None else {"else": _statements(node.orelse)}
            return {"if": flat(node.test), "then": _statements(node.body), **orelse}
        case ast.Require():
            return {"require": flat(node.condition)}


def _port(port: ast.Port) -> str:
    return port.name if port.shape is None else f"{port.name}: [{', '.join(join(dimension(dim)) for dim in port.shape)}]"


def _values(values: tuple[ast.Expr, ...]) -> Data:
    return flat(values[0]) if len(values) == 1 else [flat(value) for value in values]


def _edits(edits: tuple[ast.Edit, ...]) -> Data:
    keys = [path(edit.path) for edit in edits if isinstance(edit, ast.SetEdit | ast.GroupEdit)]
    if len(set(keys)) == len(edits) and all(len(key) <= _LONGEST_KEY for key in keys):
        return {path(edit.path): _settled(edit) for edit in edits if isinstance(edit, ast.SetEdit | ast.GroupEdit)}
    return [_edit(edit) for edit in edits]


def _settled(edit: ast.SetEdit | ast.GroupEdit) -> Data:
    return flat(edit.value) if isinstance(edit, ast.SetEdit) else _edits(edit.edits)


def _edit(edit: ast.Edit) -> dict[str, Any]:
    match edit:
        case ast.SetEdit():
            return {"set": path(edit.path), "to": flat(edit.value)}
        case ast.NarrowEdit():
            return {"narrow": path(edit.path), "to": flat(edit.domain)}
        case ast.GroupEdit():
            return {"group": path(edit.path), "edits": _edits(edit.edits)}
        case ast.InsertEdit():
            return {edit.where: _paths(edit.paths), "insert": flat(edit.layer)}
        case ast.ReplaceEdit():
            return {"replace": _paths(edit.paths), "by": flat(edit.layer)}
        case ast.RemoveEdit():
            return {"remove": _paths(edit.paths)}


def _paths(nodes: tuple[ast.Path, ...]) -> list[str]:
    return [path(node) for node in nodes]


def _entry(node: ast.PlanEntry) -> dict[str, Any]:
    match node:
        case ast.Step():
            return {"step": node.name, "plan": [_entry(each) for each in node.entries]}
        case ast.Open():
            return {"open": _paths(node.paths)}
        case ast.Freeze():
            return {"freeze": _paths(node.paths)}
        case ast.Fix():
            return {"fix": path(node.path), **({} if node.value is None else {"to": flat(node.value)})}
        case ast.Budget():
            return {"budget": flat(node.condition)}
        case ast.Require():
            return {"require": flat(node.condition)}
        case ast.Setting():
            if node.name in ENTRY_KEYS:
                return {"set": node.name, "to": flat(node.value)}
            return {node.name: flat(node.value)}


# -- text ----------------------------------------------------------------------------------------


def _lines(data: Data, indent: str) -> list[str]:
    """A collection in block style; what is empty is written in flow style by whoever holds it."""
    lines: list[str] = []
    if isinstance(data, dict):
        for key, value in data.items():
            lines += _held(f"{indent}{_scalar(key)}:", value, indent + "  ")
    else:
        for value in data:
            if isinstance(value, dict | list) and value:
                first, *rest = _lines(value, indent + "  ")
                lines += [f"{indent}- {first.lstrip()}", *rest]
            else:
                lines += _held(f"{indent}-", value, indent + "  ")
    return lines


def _held(head: str, value: Data, indent: str) -> list[str]:
    if isinstance(value, str):
        return [f"{head} {_scalar(value)}"]
    if not value:
        return [f"{head} {'{}' if isinstance(value, dict) else '[]'}"]
    return [head, *_lines(value, indent)]


_PLAIN = re.compile(r"[A-Za-z0-9_(](?:[!\"$-9;-~]|:(?! |$)|#|(?<=[^ ]) (?=[^ #]))*")


def _scalar(text: str) -> str:
    """Plain where that reads back as the same text, else in double quotes."""
    if _PLAIN.fullmatch(text) and " #" not in text and not text.startswith(("---", "...")):
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if " " <= char <= "~":
        return char
    code = ord(char)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
