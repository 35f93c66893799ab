"""What no key can say alone: names that must exist, moments that must fit, and policies that may not change the world."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, get_args

from alprsim.scenario import models, units
from alprsim.scenario._tree import agencies_of, items_at, known, mapping_at, seconds_of, text_of
from alprsim.scenario._yaml import KeyPath, Node, matches
from alprsim.scenario.audit_log import AuditLogError, query_ages
from alprsim.scenario.errors import Problem, join, suggest

FILES = (("roads", "file"), ("population", "commuting"), ("traffic", "counts"), ("cameras", "groups", "*", "file"),
         ("cameras", "avoid", "*", "file"), ("cameras", "groups", "*", "avoid", "*", "file"),
         ("utility", "query_ages", "*", "file"))  # fmt: skip
"""The keys that name files; * is every row, or name."""

_OF_THE_WORLD = ("town", "server_rate", "server_buffer")  # of an agency: they decide which reads are made
_SITING_KEYS = {
    "near_places": ("near",), "listed": ("sites", "poles"), "file": ("file",), "osm": ("place",),
    "hot_spots": ("kinds", "bandwidth"), "flow_capture": ("maximise",), "campus_gates": ("campus", "radius"),
    "motorways": ("plan",),
}  # fmt: skip
"""The keys that only one siting reads."""
_TAKEN = {
    "patrol": ("town", "patrol"),
    "spotter": ("town", "spotter"),
    "portable": tuple(models.CameraGroup.model_fields.keys() - {"agency", "count", "kind", "lanes", "plan", "patrol", "spotter"}),
}  # fmt: skip
"""The keys, beside agency, count and kind, that each kind takes which does not stand for good; those that do take all. A
trailer's stops may have other numbers of lanes, so it covers them all."""
_SAID = ("patrol", "spotter", "portable", "siting")
"""The keys whose kind the model itself says."""
_NEEDED = {"near_places", "listed", "file", "osm", "hot_spots"}
"""The sitings that need one of theirs."""


def check_world(tree: Node, *, graph: bool) -> Iterator[Problem]:
    """Check what every policy shares. ``graph``: the roads come from elsewhere, so their file is not needed."""
    yield from _distinct(tree)
    yield from _moments(tree)
    yield from _groups(tree)
    yield from _hot_lists(tree)
    yield from _searches(tree)
    yield from _audit_logs(tree)
    yield from _without_effect(tree)
    if not graph:
        yield from _towns(tree)
    for path, node in tree.walk():
        needed = names_a_file(path) and not (graph and path[0] == "roads")
        if needed and node.text and not os.path.isfile(node.text):
            yield Problem.at(node.place, join(*path), f"there is no file {node.text}")


def check_patch(patch: Node, tree: Node, name: str) -> Iterator[Problem]:
    """Check that a policy's patch touches custody and viewers, and nothing in them that decides which reads are made."""
    path = ("policies", name)
    for key, node in patch.mapping.items():
        if key in ("custody", "viewers"):
            continue
        if key in models.Scenario.model_fields:
            message = "would change the world: a policy may touch only custody and viewers"
        else:
            message = (
                f"is not a key here: a policy may touch only custody and viewers{suggest(key, ('custody', 'viewers'))}"
            )
        yield Problem.at(node.written_at, join(*path, key), message)
    if custody := patch.child("custody"):
        yield from check_same_world(custody, tree, (*path, "custody"))


def check_same_world(patch: Node, tree: Node, path: KeyPath) -> Iterator[Problem]:
    """Check that a patch of the custody changes nothing that decides which reads are made."""
    owners = {text_of(group, "agency") for group in items_at(tree, "cameras", "groups")}
    for agency, node in mapping_at(patch, "agencies").items():
        if agency not in owners:
            continue
        where = join(*path, "agencies", agency)
        if node.value is None:
            yield Problem.at(node.written_at, where, "would change the world: this agency owns cameras")
        for key in _OF_THE_WORLD:
            if changed := node.child(key):
                message = "would change the world: it decides which reads this agency's cameras make"
                yield Problem.at(changed.written_at, f"{where}.{key}", message)


def names_a_file(path: KeyPath) -> bool:
    """Say whether the value at a path is the name of a file."""
    return any(matches(path, key) for key in FILES)


# --- the world ------------------------------------------------------------------------------------------------------------


def _distinct(tree: Node) -> Iterator[Problem]:
    values: dict[tuple[str, ...], Callable[[Node], Any]] = {
        ("seeds",): lambda node: node.value,
        ("measures", "moments"): seconds_of,
        ("ladder", "agencies"): lambda node: node.text,
    }
    for path, value in values.items():
        yield from _twice([((*path, row), node) for row, node in enumerate(items_at(tree, *path))], value)
    streets = [("roads", key) for key in ("towns", "neighbours")]
    towns: list[tuple[KeyPath, Node]] = [
        ((*path, row), node) for path in streets for row, node in enumerate(items_at(tree, *path))
    ]
    yield from _twice(towns, lambda node: node.text)


def _twice(nodes: list[tuple[KeyPath, Node]], value: Callable[[Node], Any]) -> Iterator[Problem]:
    seen: set[Any] = set()
    for path, node in nodes:
        said = None if isinstance(node.value, dict | list) else value(node)
        if said is not None and said in seen:
            yield Problem.at(node.place, join(*path), f"{units.shown(node.value)} is listed twice")
        seen.add(said)


def _moments(tree: Node) -> Iterator[Problem]:
    length, horizon = seconds_of(tree.child("length")), seconds_of(tree.at("measures", "horizon"))
    for row, node in enumerate(items_at(tree, "measures", "moments")):
        moment = seconds_of(node)
        if moment is None:
            continue
        path = join("measures", "moments", row)
        if horizon is not None and moment < horizon:
            message = f"'{node.text}' is before the first horizon has passed ({units.say_duration(horizon)})"
            yield Problem.at(node.place, path, message)
        if length is not None and moment > length:
            message = f"'{node.text}' is after the end (length: {units.say_duration(length)})"
            yield Problem.at(node.place, path, message)


def _groups(tree: Node) -> Iterator[Problem]:
    agencies = agencies_of(tree)
    for row, group in enumerate(items_at(tree, "cameras", "groups")):
        path = ("cameras", "groups", row)
        siting = _siting(tree, group)
        yield from _shape(tree, group, path)
        yield from _of_kind(group, path)
        yield from _enough_stops(tree, group, path)
        if agencies:
            yield from known(group.child("agency"), (*path, "agency"), agencies)
            yield from _fed(group, path, agencies)
        if text_of(group, "kind") in models.ROVING:
            continue
        for needing, keys in _SITING_KEYS.items():
            given = {key: node for key in keys if (node := group.child(key)) and node.value not in (None, [])}
            if needing == siting and not given and siting in _NEEDED:
                yield Problem.at(group.written_at, join(*path, keys[0]), f"is missing; siting: {siting} needs it")
            for key, node in given.items() if needing != siting and siting in get_args(models.Siting) else ():
                message = f"belongs to siting: {needing}; this group's siting is {siting}"
                yield Problem.at(node.written_at, join(*path, key), message)


def _of_kind(group: Node, path: KeyPath) -> Iterator[Problem]:
    """Refuse keys that have no effect on readers of a group's kind."""
    kind = text_of(group, "kind")
    if kind not in _TAKEN:
        return
    taken = ("agency", "count", "kind", *_TAKEN[kind], *_SAID)
    for key, node in group.mapping.items():
        if key in models.CameraGroup.model_fields and key not in taken and node.value not in (None, []):
            yield Problem.at(node.written_at, join(*path, key), f"has no effect on kind: {kind}")
    for row, pole in enumerate(items_at(group, "poles")):
        if (lanes := pole.child("lanes")) and lanes.value is not None:
            yield Problem.at(lanes.written_at, join(*path, "poles", row, "lanes"), f"has no effect on kind: {kind}")


def _fed(group: Node, path: KeyPath, agencies: dict[str, Node]) -> Iterator[Problem]:
    """Refuse a spotter car of an agency that is no pool."""
    agency = group.child("agency")
    if text_of(group, "kind") != "spotter" or not agency or agency.text not in agencies:
        return
    kind = text_of(agencies[agency.text], "kind") or "department"
    if kind != "pool":
        message = f"kind: spotter feeds an agency of kind: pool; '{agency.text}' is a {kind}"
        yield Problem.at(agency.place, join(*path, "agency"), message)


def _enough_stops(tree: Node, group: Node, path: KeyPath) -> Iterator[Problem]:
    """Refuse more trailers than they have stops, where the scenario itself says how many."""
    siting = _siting(tree, group)
    if text_of(group, "kind") != "portable" or siting in ("file", "osm"):
        return
    said = group.child("count") or tree.at("cameras", "count")
    count = said.value if said else models.Cameras.model_fields["count"].default
    stops: Any = len(items_at(group, "sites")) + len(items_at(group, "poles"))
    if siting != "listed":
        node = group.at("portable", "stops")
        stops = node.value if node else models.Portable.model_fields["stops"].default
    if isinstance(count, int) and isinstance(stops, int) and count > stops:
        own = group.child("count")
        where = own.place if own else group.written_at
        yield Problem.at(where, join(*path, "count"), f"{count} trailers need as many stops; there are {stops}")


def _shape(tree: Node, group: Node, path: KeyPath) -> Iterator[Problem]:
    """Refuse a group's range or angle where its cameras have no such shape."""
    geometry = text_of(group, "geometry") or text_of(tree.child("cameras"), "geometry") or "road"
    for key, shapes in (("range", ("wedge", "disc")), ("angle", ("wedge",))):
        node = group.child(key)
        if node and node.value is not None and geometry not in shapes and geometry in get_args(models.Geometry):
            message = f"belongs to geometry: {' or '.join(shapes)}; this group's geometry is {geometry}"
            yield Problem.at(node.written_at, join(*path, key), message)
    lanes = [((*path, "lanes"), group.child("lanes"))]
    lanes += [
        ((*path, "poles", row, "lanes"), pole.child("lanes")) for row, pole in enumerate(items_at(group, "poles"))
    ]
    for at, said in lanes if geometry in ("wedge", "disc") else ():
        if said and said.value is not None:
            message = f"belongs to geometry: road; this group's geometry is {geometry}"
            yield Problem.at(said.written_at, join(*at), message)


def _hot_lists(tree: Node) -> Iterator[Problem]:
    """Check that lists are matched against the cameras of agencies that have some."""
    owners = [name for group in items_at(tree, "cameras", "groups") if (name := text_of(group, "agency"))]
    for name, one in mapping_at(tree, "hot_lists", "lists").items():
        path, matched, owner = ("hot_lists", "lists", name), one.child("matched"), one.child("owner")
        asked: list[tuple[KeyPath, Node]] = [
            ((*path, "matched", row), node) for row, node in enumerate(matched.items if matched else [])
        ]
        if matched and matched.text == "own" and owner:
            asked = [((*path, "owner"), owner)]
        for where, node in asked:
            if owners and node.text and node.text not in owners:
                message = (
                    f"found '{node.text}'; matched: {matched.text if matched and matched.text else 'by name'} needs an "
                )
                message += f"agency with cameras: {', '.join(dict.fromkeys(owners))}{suggest(node.text, owners)}"
                yield Problem.at(node.place, join(*where), message)


def _searches(tree: Node) -> Iterator[Problem]:
    """Check that searches are of agencies that there are, and their ages of a shape that there is."""
    agencies, ages = (
        list(agencies_of(tree)),
        list(mapping_at(tree, "utility", "query_ages")) or ["fast", "mixed", "cold"],
    )
    named = [
        (name, node, ("agencies", name), agencies) for name, node in mapping_at(tree, "searches", "agencies").items()
    ]
    shape = tree.at("searches", "look_back")
    for name, node, path, allowed in [*named, *([(shape.text, shape, ("look_back",), ages)] if shape else [])]:
        if name and allowed and name not in allowed:
            message = f"found '{name}'; it must be one of {', '.join(allowed)}{suggest(name, allowed)}"
            yield Problem.at(node.written_at, join("searches", *path), message)


def _audit_logs(tree: Node) -> Iterator[Problem]:
    """Read the logs from which query ages are taken: a row that tells no age is named by the log's own line."""
    for name, shape in mapping_at(tree, "utility", "query_ages").items():
        file = shape.child("file")
        if file and file.text and os.path.isfile(file.text):
            try:
                query_ages(file.text)
            except AuditLogError as error:
                yield Problem.at(file.place, join("utility", "query_ages", name, "file"), str(error))


def _without_effect(tree: Node) -> Iterator[Problem]:
    """Refuse to set, over the file, a value that every group replaces by its own: who sets it would believe it did something."""
    groups = items_at(tree, "cameras", "groups")
    for key in ("count", "kind", "siting"):
        node = tree.at("cameras", key)
        if node and node.place.file.startswith("--set") and groups and all(group.child(key) for group in groups):
            message = f"has no effect: every group says its own {key}; set cameras.groups.0.{key} and so on"
            yield Problem.at(node.place, join("cameras", key), message)


def _siting(tree: Node, group: Node) -> str:
    default = str(models.Cameras.model_fields["siting"].default)
    return text_of(group, "siting") or text_of(tree.child("cameras"), "siting") or default


def _towns(tree: Node) -> Iterator[Problem]:
    """Where streets are generated, their towns are built in and a group's cameras stand in one of them."""
    if text_of(tree.child("roads"), "kind") != "builtin":
        return
    unknown = list(_unknown_towns(tree))
    yield from unknown
    built = [node.text for key in ("towns", "neighbours") for node in items_at(tree, "roads", key) if node.text]
    if unknown or not built:
        return  # which towns are meant is not known
    for row, group in enumerate(items_at(tree, "cameras", "groups")):
        agency = text_of(group, "agency") or ""
        if agency not in agencies_of(tree) or _siting(tree, group) in ("listed", "file", "osm"):
            continue
        own, its = ("cameras", "groups", row), ("custody", "agencies", agency)
        driven = [(*own, kind, "towns") for kind in models.ROVING if items_at(tree, *own, kind, "towns")]
        if driven:
            for at in driven:
                for nth in range(len(items_at(tree, *at))):
                    yield from _built(tree, (*at, nth), built)
            continue
        path = next(p for p in ((*own, "town"), (*its, "town"), (*own, "agency")) if (n := tree.at(*p)) and n.text)
        yield from _built(tree, path, built)


def _unknown_towns(tree: Node) -> Iterator[Problem]:
    names = _town_names()
    for key in ("towns", "neighbours"):
        for row, node in enumerate(items_at(tree, "roads", key)):
            if node.text and node.text not in names:
                hint = suggest(node.text, names) or f"; `alprsim towns` lists all {len(names)}"
                yield Problem.at(node.place, join("roads", key, row), f"'{node.text}' is not a built-in town{hint}")


@cache
def _town_names() -> tuple[str, ...]:
    text = (files("alprsim") / "data" / "towns.csv").read_text("utf-8")
    return tuple(row["town"] for row in csv.DictReader(r for r in text.splitlines() if not r.startswith("#")))


def _built(tree: Node, path: KeyPath, built: list[str]) -> Iterator[Problem]:
    node = tree.at(*path)
    if node and node.text and node.text not in built:
        by_name = "; cameras stand in the town of their agency's name unless it says `town`"
        message = f"'{node.text}' is not a town whose streets are built: {', '.join(built)}"
        message += suggest(node.text, built) or (by_name if path[-1] == "agency" else "")
        yield Problem.at(node.place, join(*path), message)
