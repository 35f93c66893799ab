"""What pydantic found wrong, said in plain words and placed at the key or value it is about."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from alprsim.scenario._yaml import SOURCED, KeyPath, Node
from alprsim.scenario.errors import Place, Problem, join, suggest
from alprsim.scenario.units import shown

_TAGS = {"roads": "kind", "answer": "over"}
"""The keys whose models are told apart by one of their own keys."""


def explain(error: ValidationError, model: type[BaseModel], tree: Node, prefix: KeyPath = ()) -> list[Problem]:
    """Return one problem for each of pydantic's, in our words.

    ``tree`` is what was validated as ``model``; ``prefix`` is put before every key's path.
    """
    faults = [dict(fault) for fault in error.errors(include_url=False)]
    return [_one(fault, model, tree, prefix) for fault in faults if not _only_follows(fault, tree)]


def _only_follows(fault: dict[str, Any], tree: Node) -> bool:
    """Say whether a list is called too short only because rows in it are wrong: pydantic counts those that are right."""
    node = tree.at(*_without_tags(fault["loc"])) or tree
    return fault["type"] == "too_short" and len(node.items or node.mapping) >= int(fault["ctx"]["min_length"])


def _one(fault: dict[str, Any], model: type[BaseModel], tree: Node, prefix: KeyPath) -> Problem:
    path = _without_tags(fault["loc"])
    context = fault.get("ctx", {})
    if fault["type"] == "missing":
        return Problem.at(_parent(tree, path), join(*prefix, *path), "is missing")
    node = tree.at(*path) or tree
    if fault["type"] == "extra_forbidden":
        allowed = _keys(model, tree, path[:-1])
        message = f"is not a key here; allowed: {', '.join(allowed)}{suggest(str(path[-1]), allowed)}"
        return Problem.at(node.written_at, join(*prefix, *path), message)
    if fault["type"] == "union_tag_not_found":
        kinds, tag = _kinds(model, path), _TAGS.get(str(path[0]), "kind")
        return Problem.at(node.written_at, join(*prefix, *path, tag), f"is missing; allowed: {', '.join(kinds)}")
    if fault["type"] == "union_tag_invalid":
        tag = _TAGS.get(str(path[0]), "kind")
        path, node = (*path, tag), node.mapping[tag]
    if fault["loc"][-1:] == ("[key]",):
        node = Node(path[-1], node.written_at)
    return Problem.at(node.place, join(*prefix, *path), _in_words(fault, node, context))


def _without_tags(loc: KeyPath) -> KeyPath:
    """Drop what pydantic puts between keys: the kind of road source, the form of an answer, and "[key]"."""
    loc = (loc[0], *loc[2:]) if loc and loc[0] in _TAGS else loc
    return loc[:-1] if loc[-1:] == ("[key]",) else loc


def _parent(tree: Node, path: KeyPath) -> Place:
    parent = tree.at(*path[:-1]) or tree
    return parent.written_at if len(path) > 1 else parent.place._replace(excerpt="")  # its first key is not to blame


def _in_words(fault: dict[str, Any], node: Node, context: dict[str, Any]) -> str:
    say = _WORDS.get(fault["type"])
    if node.value is None:
        return "has no value" + ("; for an empty mapping write {}" if say is _not_a_mapping else "")
    if fault["type"] == "value_error":
        said = str(context["error"])
    else:
        said = say(_found(node), context, node) if say else f"{_found(node)}: {fault['msg']}"
    return f"{said}; {SOURCED}" if "value" in node.mapping else said


def _found(node: Node) -> str:
    if isinstance(node.value, bool | int | float):
        return node.written if len(node.written) <= 60 else f"{node.written[:56]}…"
    return shown(node.value)


def _whole_number(found: str, _: dict[str, Any], node: Node) -> str:
    """Say that a whole number is needed and, where the value is plainly meant as one, how it is written."""
    digits = re.sub(r"[,_ ]", "", node.text or "")
    meant = digits if re.fullmatch(r"[-+]?[0-9]+", digits) else ""
    if isinstance(node.value, float) and node.value.is_integer() and abs(node.value) < 1e15:
        meant = str(int(node.value))
    return f"{found} is not a whole number" + (f"; write {meant}" if meant else "")


def _true_or_false(found: str, _: dict[str, Any], node: Node) -> str:
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get((node.text or "").lower())
    return f"{found} is neither true nor false" + (f"; write {meant}" if meant else "")


def _choice(found: str, context: dict[str, Any], node: Node) -> str:
    allowed = re.findall(r"'([^']*)'", str(context.get("expected", context.get("expected_tags", ""))))
    return f"found {found}; allowed: {', '.join(allowed)}{suggest(node.text or '', allowed)}"


def _not_a_mapping(found: str, _: dict[str, Any], __: Node) -> str:
    return f"{found} is not a mapping of keys to values"


_WORDS: dict[str, Callable[[str, dict[str, Any], Node], str]] = {
    "int_type": _whole_number,
    "int_from_float": _whole_number,
    "float_type": lambda found, _, __: f"{found} is not a number",
    "bool_type": _true_or_false,
    "string_type": lambda found, _, node: (
        f"{found} is not text" + ("" if node.mapping or node.items else f'; write "{node.written}"')
    ),
    "literal_error": _choice,
    "union_tag_invalid": _choice,
    "tuple_type": lambda found, _, __: f"{found} is not a list; write [one, another]",
    "dict_type": _not_a_mapping,
    "model_type": _not_a_mapping,
    "model_attributes_type": _not_a_mapping,
    "greater_than": lambda found, limit, _: f"{found} is not allowed; must be more than {limit['gt']:g}",
    "greater_than_equal": lambda found, limit, _: f"{found} is not allowed; must be at least {limit['ge']:g}",
    "less_than_equal": lambda found, limit, _: f"{found} is not allowed; must be at most {limit['le']:g}",
    "too_short": lambda _, limit, __: f"must have at least {limit['min_length']} entry; found none",
    "too_long": lambda _, limit, __: f"may have at most {limit['max_length']} entries; found {limit['actual_length']}",
    "string_too_short": lambda _, __, ___: "must not be empty",
    "string_too_long": lambda found, limit, _: f"{found} is longer than {limit['max_length']} characters",
    "string_pattern_mismatch": lambda found, _, __: (
        f"found {found}; allowed: small letters, digits and underscores, a letter first"
    ),
}


# --- which keys a mapping may have --------------------------------------------------------------------------------------


_UNMODELLED = {"Agency": ("preset",)}
"""Keys that are read before the models are made."""


def _options(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation allows, without the wrapping."""
    if get_origin(annotation) in (Union, types.UnionType):
        for option in get_args(annotation):
            yield from _options(option)
    elif get_origin(annotation) is Annotated:
        yield from _options(get_args(annotation)[0])
    else:
        yield annotation


def _inside(annotation: Any, step: str | int) -> Any:
    """Return the annotation of what stands under a key or row of a value so annotated."""
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel) and step in option.model_fields:
            return option.model_fields[str(step)].annotation
        if get_origin(option) is tuple and isinstance(step, int):
            return get_args(option)[0]
        if get_origin(option) is dict:
            return get_args(option)[1]
    return None


def _models(model: type[BaseModel], path: KeyPath) -> list[type[BaseModel]]:
    annotation: Any = model
    for step in path:
        annotation = _inside(annotation, step)
    return [option for option in _options(annotation) if isinstance(option, type) and issubclass(option, BaseModel)]


def _kind_of(model: type[BaseModel]) -> tuple[str, ...]:
    tag = next((key for key in ("kind", "over") if key in model.model_fields), None)
    return tuple(get_args(model.model_fields[tag].annotation)) if tag else ()


def _kinds(model: type[BaseModel], path: KeyPath) -> list[str]:
    return [kind for option in _models(model, path) for kind in _kind_of(option)]


def _keys(model: type[BaseModel], tree: Node, path: KeyPath) -> list[str]:
    options = _models(model, path)
    kind = (tree.at(*path, "kind") or tree.at(*path, "over") or tree).text
    chosen = next((option for option in options if kind in _kind_of(option)), options[0])
    return [*(_UNMODELLED.get(chosen.__name__, ())), *chosen.model_fields]
