"""What siting knows of each road, and the terms of one group of cameras with everything it leaves out filled in."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import randomness
from alprsim.scenario import models
from alprsim.tables import (
    CameraKind,
    Cameras,
    Float64,
    Int16,
    Int32,
    Network,
    Paths,
    RoadKind,
    Sites,
    UInt64,
)

CARRIAGEWAYS = 60.0
"""Metres within which the road that runs the other way is the other carriageway. Assumption: eight lanes and a median."""

ALIGNED = 60.0
"""Degrees by which a road may differ from the direction a list gives. Assumption; of nine mapped cameras in Danbury whose
direction is known, the worst is 47 degrees off its road."""

Mask = NDArray[np.bool_]


class SitingError(ValueError):
    """A camera cannot stand where it was asked for: which group, where, the rule, and what was found."""


class Rejected(NamedTuple):
    """A listed camera, or one direction of it, that was left out, and why; `row` is its line, feature or element."""

    group: str
    reason: str
    lat: float
    lon: float
    file: str
    row: str


class Placement(NamedTuple):
    """The cameras, group by group, what each watches, what lists told of that was left out, and what a reader should know."""

    cameras: Cameras
    sites: Sites
    rejected: list[Rejected]
    told: list[str]


class Day(NamedTuple):
    """A day's trips, for strategies that go by who drives where: trip i, of ``vehicle[i]`` (ascending), drives ``route[i]``."""

    vehicle: Int32
    route: Int32
    paths: Paths


class Ground(NamedTuple):
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


class Task(NamedTuple):
    """One group with everything it leaves out filled in; town −1 is the whole network, asked −1 is all that there are."""

    label: str
    agency: str
    owner: int
    kind: CameraKind
    siting: str
    town: int
    asked: int
    spacing: float
    """Metres; NaN: as measured."""
    both: float
    """Share that watch both directions."""
    geometry: str
    reach: float
    angle: float
    avoid: tuple[models.Zone, ...]
    barred: Mask
    """Roads whose middle lies in a zone that is to be avoided."""
    group: models.CameraGroup


class Watch(NamedTuple):
    """A road watched from a point, which lies ``along`` of the way from its tail (0) to its head (1)."""

    road: int
    along: float


class Post(NamedTuple):
    """A placed camera; ``stated``: a list said which directions it watches."""

    task: Task
    watches: list[Watch]
    stated: bool = False
    point: tuple[float, float] | None = None
    """Where it stands, in metres, if not at its first watch."""
    ways: tuple[float, ...] = ()
    """The headings its lenses have; none: as its first road."""
    lanes: int | None = None


class Work(NamedTuple):
    """What a strategy may use besides the roads."""

    ground: Ground
    seed: int
    day: Callable[[], Day] | None
    told: list[str]
    between: Callable[[], tuple[Float64, Float64]]
    """Each road's betweenness and its standard error, counted once."""


def survey(network: Network, flow: NDArray[Any]) -> Ground:
    """Measure the roads, taken as straight lines between their junctions."""
    junctions, roads = network.junctions, network.roads
    where = np.column_stack((junctions.x, junctions.y))
    tail, head = where[roads.tail], where[roads.head]
    east, north = (head - tail).T
    ends = junctions.osm_id[roads.tail], junctions.osm_id[roads.head]
    return Ground(
        network, tail, head, (tail + head) / 2, np.degrees(np.arctan2(east, north)).round(3) % 360,
        randomness.draw(randomness.stream(0, "the name of a road"), *ends), np.asarray(flow, np.float64),
        junctions.town[roads.tail], junctions.town[roads.head],
    )  # fmt: skip


def takes(ground: Ground, task: Task) -> Mask:
    """Return which roads a strategy may put this kind of camera on."""
    if task.kind == CameraKind.GANTRY:
        return for_gantries(ground) & ~task.barred
    return np.asarray((ground.network.roads.kind != RoadKind.MOTORWAY) & ~task.barred)


def for_gantries(ground: Ground) -> Mask:
    """Return the motorways and trunk roads."""
    return np.isin(ground.network.roads.kind, (RoadKind.MOTORWAY, RoadKind.TRUNK))


def inside(ground: Ground, task: Task) -> Mask:
    """Return the roads that start in the task's town, so that a road is in one town only."""
    return np.asarray((ground.from_town == task.town) | (task.town < 0))


def other_way(ground: Ground, watch: Watch) -> Watch | None:
    """Return the same point on the other direction of the road, or on the other carriageway; None on a one-way street."""
    roads, road = ground.network.roads, watch.road
    distance, along = project(ground, point_of(ground, watch))
    distance[(roads.tail == roads.head[road]) & (roads.head == roads.tail[road])] = -1
    able = (roads.kind == roads.kind[road]) & (turn(ground.heading, ground.heading[road]) >= 180 - ALIGNED)
    distance[~able] = np.inf
    best = int(np.argmin(distance))
    return Watch(best, float(along[best])) if distance[best] <= CARRIAGEWAYS else None


def point_of(ground: Ground, watch: Watch) -> Float64:
    """Return where a watch is, in metres."""
    return np.asarray(ground.tail[watch.road] + watch.along * (ground.head[watch.road] - ground.tail[watch.road]))


def project(ground: Ground, point: Float64) -> tuple[Float64, Float64]:
    """Return each road's distance from a point in metres, and how far along the road its nearest point lies, 0 to 1.

    Every road is measured: 1 ms for 30,000 of them.
    """
    run = ground.head - ground.tail
    square = np.maximum((run**2).sum(axis=1), 1e-9)
    along = np.clip(((point - ground.tail) * run).sum(axis=1) / square, 0, 1)
    off = ground.tail + along[:, None] * run - point
    return np.sqrt((off**2).sum(axis=1)), along


def turn(one: Float64, other: float) -> Float64:
    """Return the angle between headings, 0 to 180 degrees."""
    return np.asarray(np.abs((one - other + 180) % 360 - 180))


def by_flow(ground: Ground, mask: Mask) -> NDArray[np.int64]:
    """Return the roads with traffic, the busiest first; ties by name."""
    roads = np.flatnonzero(mask & (ground.flow > 0))
    return roads[np.lexsort((ground.name[roads], -ground.flow[roads]))]


def enough(ground: Ground, task: Task, found: int, what: str) -> None:
    """Raise unless as many cameras were found as are asked for."""
    if found < task.asked:
        where = ground.network.towns.name[task.town] if task.town >= 0 else "the whole network"
        raise SitingError(
            f"{task.label}: {task.asked} {task.kind.name.lower()} cameras asked for by siting {task.siting} in {where}; "
            f"{what}: {found}"
        )


def projection(crs: str) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Return a function from longitude and latitude to metres."""
    from pyproj import Transformer  # 0.2 s, and only what is given in degrees needs it

    transform: Callable[[Any, Any], tuple[Any, Any]]
    transform = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    return transform


def measured(task: Task) -> bool:
    """Say whether the cameras are to stand apart as Connecticut's do."""
    return math.isnan(task.spacing)
