"""One scenario put over another: what `extends:`, a policy's patch and `--set` do."""

from __future__ import annotations

from dataclasses import replace

from alprsim.scenario import _yaml, units
from alprsim.scenario._yaml import KeyPath, Node, matches
from alprsim.scenario.errors import Place, Problem, ScenarioError

_KIND_DECIDES = (("roads",), ("utility", "query_ages", "*"))
"""Mappings whose `kind` decides which other keys they have: a changed kind replaces them whole."""


def merge(base: Node, child: Node, path: KeyPath = ()) -> Node:
    """Put ``child`` over ``base``: mappings merge, lists and figures replace, null deletes.

    Inside the patch of a policy or a change a null stays: it deletes when the patch is applied.
    """
    if not (isinstance(base.value, dict) and isinstance(child.value, dict)) or _other_kind(base, child, path):
        return child
    merged = dict(base.value)
    in_patch = (path[:1] == ("policies",) and len(path) > 1) or path[:2] == ("custody", "changes")
    for key, node in child.value.items():
        if node.value is None and key in merged and not in_patch:
            del merged[key]
        else:
            merged[key] = merge(merged[key], node, (*path, key)) if key in merged else node
    return replace(child, value=merged)


def _other_kind(base: Node, child: Node, path: KeyPath) -> bool:
    before, after = base.mapping.get("kind"), child.mapping.get("kind")
    decides = any(matches(path, pattern) for pattern in _KIND_DECIDES)
    return bool(decides and before and after and before.value != after.value)


def overridden(tree: Node, override: str, problems: list[Problem]) -> Node:
    """Put one ``cameras.count=40`` over the tree; its value is read as YAML."""
    path, _, text = override.partition("=")
    place = Place(f"--set {path}".strip())
    wrong: list[Problem] = []
    try:
        value = _yaml.read(text, place.file, wrong)
        if value and path:
            return _put(tree, path.split("."), placed(value, place), ())
        wrong.append(Problem.at(place, path, "write it as key.path=value"))
    except ScenarioError as error:
        wrong += error.problems
    except _CannotPutError as error:
        wrong.append(Problem.at(place, path, str(error)))
    finally:
        problems += [Problem.at(place, path, problem.message) for problem in wrong]
    return tree


class _CannotPutError(ValueError):
    """An override names a place that is not there."""


def placed(node: Node, place: Place) -> Node:
    """Return a tree as if all of it were written at one place."""
    value = node.value
    if isinstance(value, dict):
        value = {key: placed(child, place) for key, child in value.items()}
    elif isinstance(value, list):
        value = [placed(child, place) for child in value]
    return replace(node, value=value, place=place, key=place)


def _put(node: Node, steps: list[str], value: Node, path: KeyPath) -> Node:
    if len(path) > _yaml.DEEPEST:
        raise _CannotPutError(f"nested more than {_yaml.DEEPEST} levels deep")
    if isinstance(node.value, list):
        row = _row(node, steps[0])
        return node.put((row,), _put(node.items[row], steps[1:], value, (*path, row)) if steps[1:] else value)
    if not isinstance(node.value, dict | None):
        raise _CannotPutError(f"there is {units.shown(node.value)} and no key under it")
    key, rest = _next_key(node, steps)
    if rest:
        under = node.mapping.get(key) or Node({}, value.place, value.place)
        return replace(node, value={**node.mapping, key: _put(under, rest, value, (*path, key))})
    merged = merge(replace(node, value=node.mapping), Node({key: value}, value.place), path)
    return replace(merged, place=node.place, key=node.key)


def _row(node: Node, step: str) -> int:
    rows = [str(row) for row in range(len(node.items))]
    if step not in rows:
        raise _CannotPutError(f"there is no row {step}; rows: {', '.join(rows) or 'none'}")
    return int(step)


def _next_key(node: Node, steps: list[str]) -> tuple[str, list[str]]:
    """Take the longest run of steps that is a key, so that names may hold dots ("St. Mary's")."""
    for last in range(len(steps), 1, -1):
        key = ".".join(steps[:last])
        if key in node.mapping:
            return key, steps[last:]
    return steps[0], steps[1:]
