"""What no key of a change can say alone: moments in order and within the study, agencies that exist, one world."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain

from pydantic import TypeAdapter, ValidationError

from alprsim.scenario import models, units
from alprsim.scenario._changes import When, moment
from alprsim.scenario._checks import check_same_world
from alprsim.scenario._yaml import KeyPath, Node
from alprsim.scenario.errors import Problem, join, suggest

_WHEN: TypeAdapter[date | int] = TypeAdapter(When)
_MOMENTS = {"changes": ("at",), "outages": ("begin", "end"), "breaches": ("at",), "holds": ("at",)}


def check_midway(tree: Node, prefix: KeyPath = ()) -> Iterator[Problem]:
    """Check what happens at some moment; of one policy or of the base."""
    custody = tree.child("custody")
    if custody is None:
        return
    for key, moments in _MOMENTS.items():
        rows = custody.child(key)
        for row, event in enumerate(rows.items if rows else []):
            path = (*prefix, "custody", key, row)
            yield from _known(custody, event, path)
            for name in moments:
                yield from _within(tree, event.child(name), (*path, name))
            yield from _forwards(tree, event, path)
    yield from _in_order(tree, prefix)


def check_change(patch: Node, tree: Node, path: KeyPath) -> Iterator[Problem]:
    """Check that a change patches rules alone, and none that decides which reads are made."""
    for key in models.MIDWAY:
        if node := patch.child(key):
            yield Problem.at(node.written_at, join(*path, key), "is said beside the change, not within it")
    yield from check_same_world(patch, tree, path)


def _known(custody: Node, event: Node, path: KeyPath) -> Iterator[Problem]:
    patches = (change.at("custody", "agencies") for change in _rows(custody, "changes"))
    names = list(dict.fromkeys(chain.from_iterable(n.mapping for n in (custody.child("agencies"), *patches) if n)))
    agency = event.child("agency")
    if names and agency and agency.text and agency.text not in names:
        hint = suggest(agency.text, names)
        message = f"found '{agency.text}'; it must be one of custody.agencies: {', '.join(names)}{hint}"
        yield Problem.at(agency.place, join(*path, "agency"), message)


def _within(tree: Node, node: Node | None, path: KeyPath) -> Iterator[Problem]:
    at, length = _moment(tree, node), _whole(tree.child("length"))
    if node is None or at is None:
        return
    if at < 0:
        yield Problem.at(
            node.place, join(*path), f"'{node.text}' begins before the study does, at 04:00 of its first day"
        )
    elif length is not None and at >= length:
        yield Problem.at(
            node.place, join(*path), f"'{node.text}' is after the end (length: {units.say_duration(length)})"
        )


def _forwards(tree: Node, event: Node, path: KeyPath) -> Iterator[Problem]:
    begin, end = (_moment(tree, event.child(key)) for key in ("begin", "end"))
    written = event.child("end")
    if written and begin is not None and end is not None and begin >= end:
        yield Problem.at(written.place, join(*path, "end"), f"'{written.text}' is not after begin")


def _in_order(tree: Node, prefix: KeyPath) -> Iterator[Problem]:
    latest: int | None = None
    for row, change in enumerate(_rows(tree.child("custody"), "changes")):
        node = change.child("at")
        at = _moment(tree, node)
        if node and at is not None and latest is not None and at <= latest:
            message = f"'{node.text}' is not after the change before it; changes are listed in order of time"
            yield Problem.at(node.place, join(*prefix, "custody", "changes", row, "at"), message)
        latest = latest if at is None else at


def _rows(custody: Node | None, key: str) -> list[Node]:
    node = custody.child(key) if custody else None
    return node.items if node else []


def _moment(tree: Node, node: Node | None) -> int | None:
    """Return seconds since the start; nothing where either is written wrongly, which is said elsewhere."""
    begins = tree.child("start")
    try:
        when = _WHEN.validate_python(node.value) if node else None
        start = date.fromisoformat(begins.text or "") if begins else None
    except (ValidationError, ValueError):
        return None
    return None if when is None or start is None else moment(when, start)


def _whole(node: Node | None) -> int | None:
    try:
        return units.seconds(node.value) if node else None
    except ValueError:
        return None
