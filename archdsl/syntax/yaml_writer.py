"""From the tree to YAML text, in the layout that `yaml_form` shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias

from archdsl.syntax import ast
from archdsl.syntax.forms import ENTRIES, Line, alias, form_of, port
from archdsl.syntax.spelling import dimension, flat, join, parameter, path, pattern, result

Data: TypeAlias = str | list[Any] | dict[str, Any]

_LONGEST_KEY = 200  # PyYAML reads no simple key of more than 1024 characters


def to_yaml(file: ast.File) -> str:
    """The YAML form of a file, ending in a newline; comments are not kept."""
    arch = {"arch": str(file.edition)}
    match file.declarations:
        case (ast.Genotype() | ast.Search() as only,):
            data: dict[str, Any] = {**arch, **_line(only)}
        case _:
            data = {**arch, "declarations": [_line(each) for each in file.declarations]}
    return "\n".join(_lines(data, "")) + "\n"


def _line(node: Line) -> dict[str, Any]:
    """The mapping of a declaration, a statement, an edit or an entry, by the form it has."""
    data: dict[str, Any] = {}
    for part in form_of(node).parts:
        value = getattr(node, part.field)
        if value is not None and (value or part.kind != "patches"):
            data[part.key] = _DATA[part.kind](value)
    return data


def _statement(node: ast.Stmt) -> dict[str, Any]:
    match node:
        case ast.Bind():
            return {", ".join(node.targets): _values(node.values)}
        case ast.Choose():
            return {f"{node.name} ~": flat(node.domain)}
    return _line(node)


def _unreadable(text: str) -> NoReturn:
    """Only texts without errors of syntax are written in another form."""
    raise ValueError(f"not readable: {text}")


def _entry(node: ast.PlanEntry) -> dict[str, Any]:
    if isinstance(node, ast.Setting) and node.name not in ENTRIES:
        return {node.name: flat(node.value)}
    return _line(node)


def _values(values: tuple[ast.Expr, ...]) -> Data:
    return flat(values[0]) if len(values) == 1 else [flat(value) for value in values]


def _results(results: tuple[tuple[ast.Expr, tuple[ast.Dim, ...] | None], ...]) -> Data:
    found = [join(result(value, dims)) for value, dims in results]
    return found[0] if len(found) == 1 else found


def _edits(edits: tuple[ast.Edit, ...]) -> Data:
    """A mapping where every edit settles a choice, else a list."""
    keys = [
        path(edit.path) for edit in edits if isinstance(edit, ast.SetEdit | ast.GroupEdit)
    ]
    if len(set(keys)) == len(edits) and all(len(key) <= _LONGEST_KEY for key in keys):
        return {
            path(edit.path): _settled(edit)
            for edit in edits
            if isinstance(edit, ast.SetEdit | ast.GroupEdit)
        }
    return [_line(edit) for edit in edits]


def _settled(edit: ast.SetEdit | ast.GroupEdit) -> Data:
    return flat(edit.value) if isinstance(edit, ast.SetEdit) else _edits(edit.edits)


def _patch(patch: ast.Edits | ast.Path) -> Data:
    return path(patch) if isinstance(patch, ast.Path) else _edits(patch.edits)


_DATA: Mapping[str, Callable[[Any], Data]] = {
    "name": str,
    "module": ".".join,
    "names": lambda nodes: list(map(alias, nodes)),
    "pattern": pattern,
    "path": path,
    "paths": lambda nodes: list(map(path, nodes)),
    "expression": flat,
    "iterable": flat,
    "expressions": _values,
    "params": lambda nodes: [join(parameter(node)) for node in nodes],
    "shape": lambda nodes: [join(dimension(node)) for node in nodes],
    "ports": lambda nodes: [join(port(node)) for node in nodes],
    "results": _results,
    "body": lambda nodes: list(map(_statement, nodes)),
    "plan": lambda nodes: list(map(_entry, nodes)),
    "edits": _edits,
    "patches": lambda nodes: list(map(_patch, nodes)),
    "text": _unreadable,
}


# -- text ----------------------------------------------------------------------------------------


def _lines(data: Data, indent: str) -> list[str]:
    """A collection in block style; what is empty is written in flow style by whoever holds it."""
    lines: list[str] = []
    if isinstance(data, dict):
        for key, value in data.items():
            head = f"{indent}{_scalar(key)}:"
            if len(key) > _LONGEST_KEY:
                lines.append(f"{indent}? {_scalar(key)}")
                head = f"{indent}:"
            lines += _held(head, value, indent + "  ")
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
