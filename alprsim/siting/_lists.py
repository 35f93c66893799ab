"""Cameras that a scenario lists, a file tells of, or OpenStreetMap has: read, and put on the roads they watch."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alprsim.siting import _sources as sources
from alprsim.siting._ground import (
    ALIGNED,
    Ground,
    Post,
    Rejected,
    SitingError,
    Task,
    Watch,
    enough,
    for_gantries,
    project,
    projection,
    turn,
)
from alprsim.siting._shapes import entries
from alprsim.siting._zones import holds
from alprsim.tables import CameraKind, Float64, Int64

CREDIT = "cameras © OpenStreetMap contributors, ODbL 1.0"
"""To be shown wherever its cameras are."""

LISTS = ("listed", "file", "osm")


class _Listed(NamedTuple):
    """A camera as a list tells it; without directions it watches the busier one."""

    lat: float
    lon: float
    directions: tuple[float, ...] = ()
    lanes: int | None = None
    row: str = ""


def as_listed(ground: Ground, task: Task, tolerance: float, base: Path) -> tuple[list[Post], list[Rejected]]:
    """Snap a group's listed cameras, the first ``count`` of them; a file's bad rows are left out and told of."""
    rejected: list[Rejected] = []
    source = task.group.file or (f"OpenStreetMap, {task.group.place}" if task.siting == "osm" else "")
    file = Path(source).name if task.siting == "file" else source
    listed = _in_scenario(task) if task.siting == "listed" else _elsewhere(ground, task, base, file, rejected)
    to_metres = projection(ground.network.crs)
    posts: list[Post] = []
    for camera in listed:
        told: list[str] = []
        try:
            point = np.array(to_metres(camera.lon, camera.lat), np.float64)
            posts.append(_post(ground, task, camera, point, tolerance, base, told))
        except SitingError as error:
            if task.siting == "listed":
                raise SitingError(f"{task.label}: camera at {camera.lat}, {camera.lon}: {error}") from None
            told.append(str(error))
        rejected += [Rejected(task.label, reason, camera.lat, camera.lon, file, camera.row) for reason in told]
    if task.siting != "listed" and not posts:
        why = f"; the first: {rejected[0].reason}" if rejected else ""
        raise SitingError(f"{task.label}: no camera of {source} can be placed{why}")
    enough(ground, task, len(posts), "those that can be placed")
    return posts[: task.asked] if task.asked >= 0 else posts, rejected


def _in_scenario(task: Task) -> list[_Listed]:
    group = task.group
    if not group.sites and not group.poles:
        raise SitingError(f"{task.label}: siting listed needs `sites`, pairs of latitude and longitude")
    poles = [_Listed(*pole.at, pole.headings, pole.lanes) for pole in group.poles]
    return [_Listed(lat, lon) for lat, lon in group.sites] + poles


def _elsewhere(ground: Ground, task: Task, base: Path, file: str, rejected: list[Rejected]) -> list[_Listed]:
    """Read a file's or a place's cameras; rows that name another town than the group's are not the group's."""
    town = ground.network.towns.name[task.town] if task.town >= 0 else None
    listed = []
    for where, row in _rows(task, base):
        if town and row.get("town") and row["town"] != town:
            continue
        try:
            lat, lon, directions = sources.parse(row)
            listed.append(_Listed(lat, lon, directions, row=where))
        except ValueError as error:
            rejected.append(Rejected(task.label, str(error), math.nan, math.nan, file, where))
    return listed


def _rows(task: Task, base: Path) -> Iterator[tuple[str, dict[str, str]]]:
    group = task.group
    try:
        if task.siting == "osm":
            if group.place is None:
                raise SitingError(f"{task.label}: siting osm needs `place`, as Nominatim knows it")
            yield from sources.mapped(group.place)
        elif group.file is None:
            raise SitingError(
                f"{task.label}: siting file needs `file`, a CSV with columns lat and lon, or GeoJSON points"
            )
        else:
            yield from sources.rows(base / group.file)
    except sources.SourceError as error:
        raise SitingError(f"{task.label}: {error}") from None


def _post(
    ground: Ground, task: Task, listed: _Listed, point: Float64, tolerance: float, base: Path, told: list[str]
) -> Post:  # fmt: skip
    """Return a listed camera with what it watches; directions of several that fit no road are told."""
    if not np.isfinite(point).all():
        raise SitingError("not on the map's projection")
    if _in_a_zone(ground, task, point, base):
        raise SitingError("inside a zone that is to be avoided")
    distance, along = project(ground, point)
    if task.kind == CameraKind.GANTRY:
        distance[~for_gantries(ground)] = np.inf
    centimetres = np.rint(distance * 100)  # so both ways of a street are equally near
    nearest = np.lexsort((ground.name, -ground.flow, centimetres))
    if task.geometry != "road":
        return _with_shape(ground, task, listed, point, int(nearest[0]))
    if distance.min() > tolerance:
        fit = " fit for a gantry" if task.kind == CameraKind.GANTRY else ""
        raise SitingError(f"{distance.min():.0f} m from the nearest road{fit}; the tolerance is {tolerance:g} m")
    nearest = nearest[distance[nearest] <= tolerance]
    chosen = _towards(ground, nearest, listed.directions, tolerance, told) if listed.directions else [int(nearest[0])]
    watches = [Watch(road, float(along[road])) for road in dict.fromkeys(chosen)]
    return Post(task, watches, stated=bool(listed.directions), lanes=listed.lanes)


def _in_a_zone(ground: Ground, task: Task, point: Float64, base: Path) -> bool:
    return holds(ground, task.avoid, point, task.label, base)


def _with_shape(ground: Ground, task: Task, listed: _Listed, point: Float64, nearest: int) -> Post:
    """Return a camera that stands where it is listed; without a direction a wedge looks as its nearest road's busier way runs."""
    ways = () if task.geometry == "disc" else listed.directions or (float(ground.heading[nearest]),)
    if not entries(ground, point, task.reach, ways, task.angle):
        raise SitingError(f"no road enters its {task.geometry} of {task.reach:g} m")
    return Post(task, [Watch(nearest, 0.5)], stated=True, point=(float(point[0]), float(point[1])), ways=ways)


def _towards(
    ground: Ground, nearest: Int64, directions: tuple[float, ...], tolerance: float, told: list[str]
) -> list[int]:  # fmt: skip
    """Return the nearest road in each direction; one that fits none is told if another does."""
    chosen, wanting = [], []
    for direction in directions:
        fits = nearest[turn(ground.heading[nearest], direction) <= ALIGNED]
        if len(fits):
            chosen.append(int(fits[0]))
        else:
            wanting.append(f"no road within {tolerance:g} m runs towards {direction:g}° give or take {ALIGNED:g}°")
    if not chosen:
        raise SitingError(wanting[0])
    told += [f"{said}; its other directions stand" for said in wanting]
    return chosen
