"""Where cameras stand: on the busiest roads, around the town, near places of one kind, at random, or where a list says."""

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from alprsim import randomness
from alprsim.scenario import models
from alprsim.tables import (
    Agencies,
    CameraKind,
    Cameras,
    Float64,
    Int16,
    Int64,
    Network,
    PlaceKind,
    RoadKind,
    Sites,
    UInt64,
)

SPACING = 150.0
"""Metres between two cameras of a group: three quarters of Connecticut's mapped cameras have no other nearer
(OpenStreetMap snapshot of 29 December 2025 compiled by DeFlock)."""

CARRIAGEWAYS = 60.0
"""Metres within which the road that runs the other way is the other carriageway. Assumption: eight lanes and a median."""

ALIGNED = 60.0
"""Degrees by which a road may differ from the direction a list gives. Assumption; of nine mapped cameras in Danbury whose
direction is known, the worst is 47 degrees off its road."""

Mask = NDArray[np.bool_]


class SitingError(ValueError):
    """A camera cannot stand where it was asked for: which group, where, the rule, and what was found."""


class Rejected(NamedTuple):
    """A row of a camera file that was left out, and why."""

    group: str
    reason: str
    lat: float
    lon: float


class Placement(NamedTuple):
    """The cameras, group by group, what each watches, and the rows of files that were left out."""

    cameras: Cameras
    sites: Sites
    rejected: list[Rejected]


class _Ground(NamedTuple):
    """What siting knows of each road; `name` belongs to the road's junctions as the source numbers them."""

    network: Network
    tail: Float64
    head: Float64
    middle: Float64
    heading: Float64
    name: UInt64
    flow: Float64
    from_town: Int16
    to_town: Int16


class _Task(NamedTuple):
    """One group with everything it leaves out filled in; town −1 is the whole network, asked −1 is all that are listed."""

    label: str
    agency: str
    owner: int
    kind: CameraKind
    siting: str
    town: int
    asked: int
    near: str | None


class _Watch(NamedTuple):
    """A road watched from a point, which lies ``along`` of the way from its tail (0) to its head (1)."""

    road: int
    along: float


class _Post(NamedTuple):
    """A placed camera; ``stated``: a list said which directions it watches."""

    task: _Task
    watches: list[_Watch]
    stated: bool = False


class _Listed(NamedTuple):
    """A camera as a list tells it; without directions it watches the busier one."""

    lat: float
    lon: float
    directions: tuple[float, ...] = ()


def place(
    network: Network, agencies: Agencies, spec: models.Cameras, *, towns_of: Mapping[str, str | None],
    flow: NDArray[Any], seed: int, base: Path,
) -> Placement:  # fmt: skip
    """Place every group of cameras; a group stands in its own town, else its agency's, else anywhere.

    A camera watches one direction of one road from the middle of it; a share of them (``both_directions``) and every
    gantry watch the other direction too. Fixed cameras are not put on motorways unless a list says so; gantries stand on
    motorways and trunk roads only. A listed camera goes to the nearest road, taken as the straight line between its
    junctions; with directions of travel, to the nearest road that runs each way (a reader of rear plates faces as the
    traffic goes). A camera's key belongs to its agency, siting and road: another camera or group changes nobody's draws.

    Parameters
    ----------
    towns_of : mapping of agency to the town it polices; None or missing: the town of its name, if there is one
    flow : number[n_roads], vehicles a day
    base : folder that files are relative to

    Raises
    ------
    SitingError
        Too few roads for the cameras asked for; an unknown agency or town; a listed camera off the roads; a file that is
        missing, lacks columns, or none of whose cameras is near a road.
    """
    ground = _survey(network, flow)
    posts: list[_Post] = []
    rejected: list[Rejected] = []
    for number, group in enumerate(spec.groups):
        task = _task(network, agencies, spec, number, towns_of)
        if task.siting in _RANKS:
            chosen = _spaced(ground, task, _RANKS[task.siting](ground, task, seed))
            posts += [_Post(task, [_Watch(road, 0.5)]) for road in chosen]
        else:
            placed, left_out = _as_listed(ground, task, group, spec.tolerance, base)
            posts += placed
            rejected += left_out
    return Placement(*_tables(ground, posts, spec, seed), rejected)


def check(
    network: Network, agencies: Agencies, spec: models.Cameras, *, towns_of: Mapping[str, str | None], base: Path
) -> None:
    """Raise what `place` would raise of listed cameras and camera files, which need no traffic: minutes earlier."""
    ground = _survey(network, np.zeros(len(network.roads)))
    for number, group in enumerate(spec.groups):
        task = _task(network, agencies, spec, number, towns_of)
        if task.siting not in _RANKS:
            _as_listed(ground, task, group, spec.tolerance, base)


# --- the ground -------------------------------------------------------------------------------------------------------


def _survey(network: Network, flow: NDArray[Any]) -> _Ground:
    junctions, roads = network.junctions, network.roads
    where = np.column_stack((junctions.x, junctions.y))
    tail, head = where[roads.tail], where[roads.head]
    east, north = (head - tail).T
    ends = junctions.osm_id[roads.tail], junctions.osm_id[roads.head]
    return _Ground(
        network, tail, head, (tail + head) / 2, np.degrees(np.arctan2(east, north)).round(3) % 360,
        randomness.draw(randomness.stream(0, "the name of a road"), *ends), np.asarray(flow, np.float64),
        junctions.town[roads.tail], junctions.town[roads.head],
    )  # fmt: skip


def _task(
    network: Network, agencies: Agencies, spec: models.Cameras, number: int, towns_of: Mapping[str, str | None]
) -> _Task:
    group = spec.groups[number]
    label = f"cameras.groups[{number}] ({group.agency})"
    owner = np.flatnonzero(agencies.name == group.agency)
    if not len(owner):
        raise SitingError(f"{label}: agency must be one of {', '.join(agencies.name)}, not {group.agency}")
    siting = group.siting or spec.siting
    count = group.count if group.count is not None else -1 if siting in {"listed", "file"} else spec.count
    kind = CameraKind[(group.kind or spec.kind).upper()]
    town = _town(network, group, towns_of.get(group.agency), label)
    return _Task(label, group.agency, int(owner[0]), kind, siting, town, count, group.near)


def _town(network: Network, group: models.CameraGroup, policed: str | None, label: str) -> int:
    names = network.towns.name.tolist()
    asked = group.town or policed
    if asked and asked not in names:
        raise SitingError(f"{label}: town must be one of {', '.join(names)}, not {asked}")
    asked = asked or group.agency
    return names.index(asked) if asked in names else -1


def _takes(ground: _Ground, kind: CameraKind) -> Mask:
    """Return which roads a strategy may put this kind of camera on."""
    if kind == CameraKind.GANTRY:
        return _for_gantries(ground)
    return np.asarray(ground.network.roads.kind != RoadKind.MOTORWAY)


def _for_gantries(ground: _Ground) -> Mask:
    return np.isin(ground.network.roads.kind, (RoadKind.MOTORWAY, RoadKind.TRUNK))


def _inside(ground: _Ground, task: _Task) -> Mask:
    """Return the roads that start in the task's town, so that a road is in one town only."""
    return np.asarray((ground.from_town == task.town) | (task.town < 0))


def _other_way(ground: _Ground, watch: _Watch) -> _Watch | None:
    """Return the same point on the other direction of the road, or on the other carriageway; None on a one-way street."""
    roads, road = ground.network.roads, watch.road
    point = ground.tail[road] + watch.along * (ground.head[road] - ground.tail[road])
    distance, along = _project(ground, point)
    distance[(roads.tail == roads.head[road]) & (roads.head == roads.tail[road])] = -1
    able = (roads.kind == roads.kind[road]) & (_turn(ground.heading, ground.heading[road]) >= 180 - ALIGNED)
    distance[~able] = np.inf
    best = int(np.argmin(distance))
    return _Watch(best, float(along[best])) if distance[best] <= CARRIAGEWAYS else None


def _project(ground: _Ground, point: Float64) -> tuple[Float64, Float64]:
    """Return each road's distance from a point in metres, and how far along the road its nearest point lies, 0 to 1.

    Every road is measured: 1 ms for 30,000 of them.
    """
    run = ground.head - ground.tail
    square = np.maximum((run**2).sum(axis=1), 1e-9)
    along = np.clip(((point - ground.tail) * run).sum(axis=1) / square, 0, 1)
    off = ground.tail + along[:, None] * run - point
    return np.sqrt((off**2).sum(axis=1)), along


def _turn(one: Float64, other: float) -> Float64:
    """Return the angle between headings, 0 to 180 degrees."""
    return np.asarray(np.abs((one - other + 180) % 360 - 180))


# --- strategies: roads in order of preference -------------------------------------------------------------------------


def _busiest(ground: _Ground, task: _Task, seed: int) -> Int64:
    return _by_flow(ground, _inside(ground, task) & _takes(ground, task.kind))


def _gateways(ground: _Ground, task: _Task, seed: int) -> Int64:
    """Return the roads that cross the town's boundary or lead beyond the map, the busiest first; then the town's others.

    So where a town has fewer gateways than cameras, the rest of them stand on its busiest roads.
    """
    places = ground.network.places
    beyond = places.junction[places.kind == PlaceKind.BEYOND]
    roads = ground.network.roads
    starts, ends = ground.from_town == task.town, ground.to_town == task.town
    leads_out = np.isin(roads.tail, beyond) | np.isin(roads.head, beyond)
    crosses = leads_out if task.town < 0 else (starts != ends) | (leads_out & starts)
    takes = _takes(ground, task.kind)
    others = _inside(ground, task) & takes & ~crosses
    return np.concatenate([_by_flow(ground, crosses & takes), _by_flow(ground, others)])


def _random(ground: _Ground, task: _Task, seed: int) -> Int64:
    """Return the roads with traffic in an order drawn for each by its junctions."""
    pool = np.flatnonzero(_inside(ground, task) & _takes(ground, task.kind) & (ground.flow > 0))
    drawn = randomness.draw(randomness.stream(seed, f"random sites of {task.agency}"), ground.name[pool])
    return pool[np.argsort(drawn, kind="stable")]


def _near_places(ground: _Ground, task: _Task, seed: int) -> Int64:
    """Return the roads at the junctions of one kind of place: each place's busiest, then each one's second busiest."""
    if task.near is None:
        raise SitingError(f"{task.label}: siting near_places needs `near`, a kind of place")
    network = ground.network
    at = np.unique(network.places.junction[network.places.kind == PlaceKind[task.near.upper()]])
    road = _by_flow(ground, _inside(ground, task) & _takes(ground, task.kind))
    junction = np.concatenate((network.roads.tail[road], network.roads.head[road]))
    rank = np.tile(np.arange(len(road)), 2)
    touching = np.flatnonzero(np.isin(junction, at))
    touching = touching[np.lexsort((rank[touching], junction[touching]))]
    junction, rank = junction[touching], rank[touching]
    turn = np.arange(len(junction)) - np.searchsorted(junction, junction)
    question = randomness.stream(seed, f"which {task.near} gets a camera of {task.agency}")
    drawn = randomness.draw(question, network.junctions.osm_id[junction])
    ranked = road[rank[np.lexsort((drawn, turn))]]
    return ranked[np.sort(np.unique(ranked, return_index=True)[1])]


def _by_flow(ground: _Ground, mask: Mask) -> Int64:
    """Return the roads with traffic, the busiest first; ties by name."""
    roads = np.flatnonzero(mask & (ground.flow > 0))
    return roads[np.lexsort((ground.name[roads], -ground.flow[roads]))]


_RANKS: dict[str, Callable[[_Ground, _Task, int], Int64]] = {
    "busiest": _busiest, "gateways": _gateways, "random": _random, "near_places": _near_places,
}  # fmt: skip


def _spaced(ground: _Ground, task: _Task, ranked: Int64) -> list[int]:
    """Take roads in order of preference whose middles are SPACING apart: so one of the two directions of a road."""
    chosen: list[int] = []
    free = np.ones(len(ground.flow), np.bool_)
    tree = cKDTree(ground.middle)
    for road in ranked.tolist():
        if len(chosen) == task.asked:
            break
        if free[road]:
            chosen.append(road)
            free[tree.query_ball_point(ground.middle[road], SPACING)] = False
            if task.kind == CameraKind.GANTRY and (other := _other_way(ground, _Watch(road, 0.5))):
                free[other.road] = False
    _enough(ground, task, len(chosen), f"roads there with traffic that can take one, {SPACING:g} m apart")
    return chosen


def _enough(ground: _Ground, task: _Task, found: int, what: str) -> None:
    if found < task.asked:
        where = ground.network.towns.name[task.town] if task.town >= 0 else "the whole network"
        raise SitingError(
            f"{task.label}: {task.asked} {task.kind.name.lower()} cameras asked for by siting {task.siting} in {where}; "
            f"{what}: {found}"
        )


# --- lists ------------------------------------------------------------------------------------------------------------


def _as_listed(
    ground: _Ground, task: _Task, group: models.CameraGroup, tolerance: float, base: Path
) -> tuple[list[_Post], list[Rejected]]:
    """Snap a group's listed cameras, the first ``count`` of them; a file's bad rows are left out and told of."""
    rejected: list[Rejected] = []
    listed = _in_file(ground, task, group, base, rejected) if task.siting == "file" else _in_scenario(task, group)
    to_metres = _projection(ground.network.crs)
    posts: list[_Post] = []
    for camera in listed:
        try:
            watches = _snap(ground, task, camera, np.array(to_metres(camera.lon, camera.lat)), tolerance)
        except SitingError as error:
            if task.siting == "listed":
                raise SitingError(f"{task.label}: camera at {camera.lat}, {camera.lon}: {error}") from None
            rejected.append(Rejected(task.label, str(error), camera.lat, camera.lon))
        else:
            posts.append(_Post(task, watches, stated=bool(camera.directions)))
    if task.siting == "file" and not posts:
        why = f"; the first: {rejected[0].reason}" if rejected else ""
        raise SitingError(f"{task.label}: no camera of {group.file} can be placed{why}")
    _enough(ground, task, len(posts), "those that can be placed")
    return posts[: task.asked] if task.asked >= 0 else posts, rejected


def _in_scenario(task: _Task, group: models.CameraGroup) -> list[_Listed]:
    if not group.sites:
        raise SitingError(f"{task.label}: siting listed needs `sites`, pairs of latitude and longitude")
    return [_Listed(lat, lon) for lat, lon in group.sites]


def _in_file(
    ground: _Ground, task: _Task, group: models.CameraGroup, base: Path, rejected: list[Rejected]
) -> list[_Listed]:
    """Read a file's cameras; rows that name another town than the group's are not the group's."""
    if group.file is None:
        raise SitingError(f"{task.label}: siting file needs `file`, a CSV with columns lat and lon")
    town = ground.network.towns.name[task.town] if task.town >= 0 else None
    listed = []
    for line, row in _rows(task, base / group.file):
        if town and row.get("town") and row["town"] != town:
            continue
        try:
            listed.append(_parse(row))
        except ValueError as error:
            rejected.append(Rejected(task.label, f"line {line}: {error}", math.nan, math.nan))
    return listed


def _rows(task: _Task, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its line number, column names in lower case."""
    try:
        lines = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SitingError(f"{task.label}: cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    names = [name.strip().lower() for name in lines[0]] if lines else []
    if missing := {"lat", "lon"} - set(names):
        raise SitingError(
            f"{task.label}: {path} must have the columns lat and lon; {min(missing)} is missing in {names}"
        )
    for number, line in enumerate(lines[1:], 2):
        if line:
            yield number, {name: text.strip() for name, text in zip(names, line, strict=False)}


def _parse(row: dict[str, str]) -> _Listed:
    lat, lon = _number(row, "lat", 90), _number(row, "lon", 180)
    directions = [{"direction": text} for text in row.get("direction", "").split(";") if text.strip()]
    return _Listed(lat, lon, tuple(_number(one, "direction", 360) for one in directions))


def _number(row: dict[str, str], column: str, most: float) -> float:
    text = row.get(column, "")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{column} must be a number, not {text!r}") from None
    if not abs(value) <= most:
        raise ValueError(f"{column} must be from -{most:g} to {most:g}, not {text}")
    return value


def _projection(crs: str) -> Callable[[float, float], tuple[float, float]]:
    from pyproj import Transformer  # 0.2 s, and only lists need it

    transform: Callable[[float, float], tuple[float, float]]
    transform = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    return transform


def _snap(ground: _Ground, task: _Task, listed: _Listed, point: Float64, tolerance: float) -> list[_Watch]:
    """Return what a listed camera watches: in each direction listed the nearest road, else the busier way of the nearest."""
    if not np.isfinite(point).all():
        raise SitingError("not on the map's projection")
    distance, along = _project(ground, point)
    if task.kind == CameraKind.GANTRY:
        distance[~_for_gantries(ground)] = np.inf
    if distance.min() > tolerance:
        fit = " fit for a gantry" if task.kind == CameraKind.GANTRY else ""
        raise SitingError(f"{distance.min():.0f} m from the nearest road{fit}; the tolerance is {tolerance:g} m")
    centimetres = np.rint(distance * 100)  # so both ways of a street are equally near
    nearest = np.lexsort((ground.name, -ground.flow, centimetres))
    nearest = nearest[distance[nearest] <= tolerance]
    chosen = [_towards(ground, nearest, way, tolerance) for way in listed.directions] or [int(nearest[0])]
    return [_Watch(road, float(along[road])) for road in dict.fromkeys(chosen)]


def _towards(ground: _Ground, nearest: Int64, direction: float, tolerance: float) -> int:
    fits = nearest[_turn(ground.heading[nearest], direction) <= ALIGNED]
    if not len(fits):
        raise SitingError(f"no road within {tolerance:g} m runs towards {direction:g}° give or take {ALIGNED:g}°")
    return int(fits[0])


# --- the tables -------------------------------------------------------------------------------------------------------


def _tables(ground: _Ground, posts: list[_Post], spec: models.Cameras, seed: int) -> tuple[Cameras, Sites]:
    key = _keys(ground, posts)
    drawn = randomness.uniform(randomness.draw(randomness.stream(seed, "does a camera watch both directions"), key))
    sites = [
        (camera, watch)
        for camera, post in enumerate(posts)
        for watch in _watches(ground, post, both=bool(drawn[camera] < spec.both_directions))
    ]
    road = np.array([watch.road for _, watch in sites], np.int64)
    n = len(posts)
    cameras = Cameras.of(
        agency=[post.task.owner for post in posts], kind=[post.task.kind for post in posts], rate=np.full(n, spec.rate),
        room=np.full(n, spec.buffer), capture=np.full(n, spec.capture), correct=np.full(n, spec.correct), key=key,
    )  # fmt: skip
    return cameras, Sites.of(
        camera=[camera for camera, _ in sites], road=road, heading=ground.heading[road],
        offset=np.array([watch.along for _, watch in sites]) * ground.network.roads.length[road],
    )  # fmt: skip


def _keys(ground: _Ground, posts: list[_Post]) -> UInt64:
    """Draw each camera's key from its agency, siting and road, and how many of those stood on that road before it."""
    before: Counter[tuple[str, int]] = Counter()
    keys = []
    for post in posts:
        whose, name = f"camera of {post.task.agency}, {post.task.siting}", ground.name[post.watches[0].road]
        keys.append(randomness.draw(randomness.stream(0, whose), name, before[whose, int(name)]))
        before[whose, int(name)] += 1
    return np.array(keys, np.uint64)


def _watches(ground: _Ground, post: _Post, *, both: bool) -> list[_Watch]:
    """Return what a camera watches; a list that states directions is taken at its word, unless for a gantry."""
    if post.task.kind != CameraKind.GANTRY and (post.stated or not both):
        return post.watches
    other = _other_way(ground, post.watches[0])
    known = [watch.road for watch in post.watches]
    return post.watches if other is None or other.road in known else [*post.watches, other]
