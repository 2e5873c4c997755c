"""Has a YAML document the shape that `grammar/document.schema.json` states, and what is wrong where not?

`jsonschema` judges, with two keywords read in a way of our own:

- a union (`oneOf`, `anyOf`) is judged by the one alternative that is meant. `{genotype: found, od: s,
  set: {}}` is a genotype with a misspelt key; it is not also a `use`, a `const` and five more things with
  every key missing.
- what a `$ref` names is judged in its own turn. So a slip inside a part does not make its surroundings wrong,
  and no depth of nesting overflows the stack.

Both only choose what is said: a document is refused here exactly where an ordinary validator refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from archdsl.diagnostics.codes import syntax
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span
from archdsl.diagnostics.suggestions import closest, did_you_mean
from archdsl.syntax.edition import EDITION
from archdsl.syntax.shipped import shipped
from archdsl.syntax.yaml_tree import Mapping, Scalar, Sequence, Tree

Schema: TypeAlias = dict[str, Any]

_MOST_KEYS = (
    20  # of a mapping that may be meant as a form, so that a hostile file costs nothing
)
_WORDS = {"object": "a mapping", "array": "a list", "string": "a text"}


@dataclass(frozen=True, slots=True)
class Slip:
    """Something of another shape, with the part of the document that cannot be read because of it."""

    node: Tree
    diagnostic: Diagnostic


def slips(root: Tree) -> Iterator[Slip]:
    """Everything in a document that is not as the schema has it: one for each slip, in no order."""
    if not isinstance(root, Mapping) or root.get("arch") is None:
        where = root.pairs[0][0] if isinstance(root, Mapping) and root.pairs else root
        help = f"write `arch: {EDITION}` on the first line"
        yield _slip(root, where.span, "the document does not begin with its edition", help)
        return
    pending: list[tuple[Tree, Any, Schema, str]] = [(root, _plain(root), _schema(), "")]
    while pending:
        node, instance, schema, key = pending.pop()
        errors = list(_validator().evolve(schema=schema).iter_errors(instance))
        for error in errors:
            if error.validator == "$ref":
                inner = next(
                    (step for step in reversed(error.path) if isinstance(step, str)), key
                )
                pending.append(
                    (
                        _at(node, error.path),
                        error.instance,
                        _named(error.validator_value),
                        inner,
                    )
                )
        yield from _said(
            node, [error for error in errors if error.validator != "$ref"], key
        )


# -- the schema and its validator ------------------------------------------------------------------


@cache
def _schema() -> Schema:
    schema: Schema = json.loads(
        (shipped("grammar") / "document.schema.json").read_text(encoding="utf-8")
    )
    del schema[
        "$schema"
    ]  # with it, jsonschema would go on with a validator that reads unions as all do
    return schema


def _named(reference: str) -> Schema:
    """What `#/$defs/name` refers to."""
    schema: Schema = _schema()["$defs"][reference.removeprefix("#/$defs/")]
    return schema


@cache
def _validator() -> Any:
    """Of the whole schema, with the two keywords that the head of this file describes."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def later(
        validator: Any, reference: str, instance: Any, schema: Schema
    ) -> Iterator[Any]:
        yield ValidationError(reference)

    def meant(
        validator: Any, alternatives: list[Schema], instance: Any, schema: Schema
    ) -> Iterator[Any]:
        leaf = _meant(alternatives, instance)
        errors = list(validator.descend(instance, leaf)) if leaf is not None else []
        strays = any(error.validator == "additionalProperties" for error in errors)
        if leaf is None or (strays and "required" not in leaf):
            errors = [ValidationError("nothing is meant")]
        yield from errors

    return extend(Draft202012Validator, {"$ref": later, "oneOf": meant, "anyOf": meant})(
        _schema()
    )


def _meant(alternatives: list[Schema], instance: Any) -> Schema | None:
    """The alternative that whoever wrote the instance had in mind: by its kind, then by its keys."""
    leaves = [leaf for leaf in _leaves(alternatives) if _kind(instance) in _kinds(leaf)]
    if not isinstance(instance, dict):
        return max(leaves, key=lambda leaf: _begins(leaf, instance), default=None)
    forms = [leaf for leaf in leaves if "required" in leaf]
    spare = next((leaf for leaf in leaves if "required" not in leaf), None)
    named = [leaf for leaf in forms if _word(leaf) in instance]
    if not named and (spare is None or len(instance) > 1):
        named = [leaf for leaf in forms if _misspelt(_word(leaf), leaf, instance)]
    return max(named, key=lambda leaf: _present(leaf, instance), default=spare)


def _present(leaf: Schema, instance: Schema) -> int:
    """How many of the keys that a form needs are there, rightly spelt or not."""
    return sum(
        key in instance or _misspelt(key, leaf, instance) for key in leaf["required"]
    )


def _misspelt(word: str, leaf: Schema, instance: Schema) -> bool:
    """Is there a key that the form does not have, close to one that it has? It is not looked for among very
    many.
    """
    strays = (
        [key for key in instance if key not in leaf["properties"]]
        if len(instance) <= _MOST_KEYS
        else []
    )
    return bool(closest(word, strays))


def _leaves(alternatives: list[Schema]) -> list[Schema]:
    """The alternatives with those of the unions among them in their place."""
    leaves: list[Schema] = []
    for each in alternatives:
        schema = _named(each["$ref"]) if "$ref" in each else each
        inner = schema.get("oneOf") or schema.get("anyOf")
        leaves += _leaves(inner) if inner else [schema]
    return leaves


def _begins(leaf: Schema, instance: Any) -> bool:
    """Of a list: does it begin with what the leaf's lists hold?"""
    if not isinstance(instance, list) or not instance:
        return True
    return any(_kind(instance[0]) in _kinds(each) for each in _leaves([leaf["items"]]))


def _kind(instance: Any) -> str:
    if isinstance(instance, dict):
        return "object"
    return "array" if isinstance(instance, list) else "string"


def _kinds(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _word(form: Schema) -> str:
    """The key that tells a form from others: the first that it needs."""
    word: str = form["required"][0]
    return word


# -- what is said ----------------------------------------------------------------------------------


def _said(unit: Tree, errors: list[Any], name: str) -> Iterator[Slip]:
    """The errors of one part of the document, under its key; those about the keys of one mapping go
    together.
    """
    keyed = set()
    for error in errors:
        node = _at(unit, error.path)
        if error.validator in ("required", "additionalProperties"):
            if id(node) not in keyed and isinstance(node, Mapping):
                yield from _keys(node, error.schema)
            keyed.add(id(node))
        else:
            yield _other(node, error, error.schema.get("title", f"`{name}`"))


def _other(node: Tree, error: Any, title: str) -> Slip:
    match error.validator:
        case "enum":
            known = f"this version of archdsl knows edition {EDITION}"
            return Slip(
                node, syntax.UNKNOWN_EDITION.error(node.span, "unknown edition", help=known)
            )
        case "minItems":
            return _slip(node, node.span, f"{title} has at least one item")
        case "oneOf" | "anyOf" if isinstance(node, Mapping) and "object" in _all_kinds(
            error.schema
        ):
            return _none(node, title, _leaves(error.validator_value))
        case "minProperties" | "maxProperties":
            second = (
                node.pairs[1][0]
                if isinstance(node, Mapping) and len(node.pairs) > 1
                else node
            )
            return _slip(
                node,
                second.span,
                f"{title} has one key",
                "begin another item of the list with `- `",
            )
    kinds = dict.fromkeys(
        _WORDS[kind] for kind in _all_kinds(error.schema) if kind in _WORDS
    )
    help = "put it in quotes" if "a text" in kinds and "a mapping" not in kinds else None
    return _slip(node, node.span, f"{title} is {' or '.join(kinds)}", help)


def _all_kinds(schema: Schema) -> list[str]:
    """The kinds of a schema, or of all alternatives of a union."""
    kinds: list[str] = []
    for leaf in _leaves([schema]):
        kinds += _kinds(leaf)
    return kinds


def _none(node: Mapping, title: str, leaves: list[Schema]) -> Slip:
    """A mapping that is none of the alternatives."""
    words = list(dict.fromkeys(_word(leaf) for leaf in leaves if "required" in leaf))
    spare = [leaf["title"] for leaf in leaves if "patternProperties" in leaf]
    message = f"{title} has one of the keys {', '.join(words)}" + "".join(
        f", or is {each}" for each in spare
    )
    known = set(words)
    for leaf in leaves:
        known |= set(leaf.get("properties", ()))
    foreign = next((key for key, _ in node.pairs if key.text not in known), None)
    if foreign is None:
        return _slip(node, node.span, message)
    return _slip(node, foreign.span, message, did_you_mean(foreign.text, words))


def _keys(node: Mapping, leaf: Schema) -> Iterator[Slip]:
    """Keys that a form does not have, and those that it lacks; a key that is misspelt is not also missing."""
    title, known = leaf["title"], list(leaf["properties"])
    missing = [key for key in leaf.get("required", ()) if node.get(key) is None]
    for key, _ in node.pairs:
        if key.text in known:
            continue
        absent = [each for each in known if node.get(each) is None]
        missing = [each for each in missing if each not in closest(key.text, absent)[:1]]
        help = did_you_mean(key.text, absent, f"its keys: {', '.join(known)}")
        yield _slip(node, key.span, f"{title} has no key `{key.text[:40]}`", help)
    if missing:
        word = next((key for key, _ in node.pairs if key.text in leaf["required"]), node)
        lacking = " and ".join(f"`{key}`" for key in missing)
        yield _slip(
            node, word.span, f"{title} needs the key{'s' * (len(missing) > 1)} {lacking}"
        )


def _slip(node: Tree, span: Span, message: str, help: str | None = None) -> Slip:
    return Slip(node, syntax.YAML_SHAPE.error(span, message, help=help))


# -- the document as jsonschema takes it -----------------------------------------------------------


def _plain(node: Tree) -> Any:
    """Texts, lists and dictionaries."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return list(map(_plain, node.items))
        case Mapping():
            return dict(
                zip(
                    node.keys(),
                    map(_plain, (value for _, value in node.pairs)),
                    strict=True,
                )
            )


def _at(node: Tree, path: Any) -> Tree:
    """The part of a tree under keys and indices."""
    for step in path:
        part = node.get(step) if isinstance(node, Mapping) else None
        if isinstance(node, Sequence):
            part = node.items[step]
        assert part is not None
        node = part
    return node
