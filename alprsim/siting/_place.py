"""The groups of a scenario one by one, and the tables that their cameras become."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprsim import randomness
from alprsim.scenario import models
from alprsim.siting import _gantries
from alprsim.siting._campus import gates
from alprsim.siting._capture import capturing
from alprsim.siting._ground import (
    Day,
    Ground,
    Placement,
    Post,
    Rejected,
    SitingError,
    Task,
    Watch,
    Work,
    measured,
    other_way,
    point_of,
    survey,
)
from alprsim.siting._lists import CREDIT, LISTS, as_listed
from alprsim.siting._shapes import entries
from alprsim.siting._spacing import apart
from alprsim.siting._strategies import RANKS, betweenness
from alprsim.siting._zones import outlines, within
from alprsim.tables import Agencies, CameraKind, Cameras, Float64, Network, Sites, UInt64


def place(
    network: Network, agencies: Agencies, spec: models.Cameras, *, towns_of: Mapping[str, str | None],
    flow: NDArray[Any], seed: int, base: Path, day: Callable[[], Day] | None = None,
) -> Placement:  # fmt: skip
    """Place every group of cameras; a group stands in its own town, else its agency's, else anywhere.

    A camera watches one direction of one road from the middle of it; a share of them (``both_directions``) and every
    gantry watch the other direction too. Fixed cameras are not put on motorways unless a list says so; gantries stand on
    motorways and trunk roads only. A listed camera goes to the nearest road, taken as the straight line between its
    junctions; with directions of travel, to the nearest road that runs each way (a reader of rear plates faces as the
    traffic goes). With ``geometry`` wedge or disc it watches instead every road that enters the shape (see `_shapes`).
    A camera's key belongs to its agency, siting and road: another camera or group changes nobody's draws.

    Parameters
    ----------
    towns_of : mapping of agency to the town it polices; None or missing: the town of its name, if there is one
    flow : number[n_roads], vehicles a day
    base : folder that files are relative to
    day : makes the usual day's trips, once, if a group is placed by who drives where

    Raises
    ------
    SitingError
        Too few roads for the cameras asked for; an unknown agency or town; a listed camera off the roads; a file that is
        missing, lacks columns, or none of whose cameras is near a road.
    """
    ground = survey(network, flow)
    work = Work(ground, seed, cache(day) if day else None, [], cache(lambda: betweenness(ground)))
    posts: list[Post] = []
    rejected: list[Rejected] = []
    for number in range(len(spec.groups)):
        task = _task(ground, agencies, spec, number, towns_of, base)
        if task.siting in LISTS:
            placed, left_out = as_listed(ground, task, spec.tolerance, base)
            posts += placed
            rejected += left_out
            if task.siting == "osm":
                work.told.append(f"{task.label}: {CREDIT}")
        else:
            posts += [Post(task, [watch]) for watch in _by_strategy(work, task)]
    return Placement(*_tables(ground, posts, spec, seed), rejected, work.told)


def check(
    network: Network, agencies: Agencies, spec: models.Cameras, *, towns_of: Mapping[str, str | None], base: Path
) -> None:
    """Raise what `place` would raise of listed cameras, files, zones and campuses, which need no traffic: minutes earlier."""
    ground = survey(network, np.zeros(len(network.roads)))
    work = Work(ground, 0, None, [], lambda: betweenness(ground))
    for number in range(len(spec.groups)):
        task = _task(ground, agencies, spec, number, towns_of, base)
        if task.siting in LISTS:
            as_listed(ground, task, spec.tolerance, base)
        elif task.siting == "campus_gates":
            gates(work, task)


def zones(network: Network, spec: models.Cameras, *, base: Path) -> list[Float64]:
    """Return the rims of the zones that cameras are kept out of, each float64[n, 2] in metres, for a map."""
    return outlines(survey(network, np.zeros(len(network.roads))), spec, base)


def _by_strategy(work: Work, task: Task) -> list[Watch]:
    if task.siting == "flow_capture":
        return capturing(work, task)
    if task.siting == "campus_gates":
        return gates(work, task)
    if task.group.plan and task.group.count is None:
        work.told.append(f"{task.label}: {_gantries.said(work.ground, task.group.plan)}")
    return apart(work, task, RANKS[task.siting](work, task))


def _task(
    ground: Ground,
    agencies: Agencies,
    spec: models.Cameras,
    number: int,
    towns_of: Mapping[str, str | None],
    base: Path,
) -> Task:
    group = spec.groups[number]
    label = f"cameras.groups[{number}] ({group.agency})"
    owner = np.flatnonzero(agencies.name == group.agency)
    if not len(owner):
        raise SitingError(f"{label}: agency must be one of {', '.join(agencies.name)}, not {group.agency}")
    siting = group.siting or spec.siting
    kind = group.kind or ("gantry" if siting == "motorways" else spec.kind)
    asked = _asked(ground, group, spec, siting)
    avoid = spec.avoid if group.avoid is None else group.avoid
    return Task(
        label, group.agency, int(owner[0]), CameraKind[kind.upper()], siting,
        _town(ground.network, group, towns_of.get(group.agency), label), asked, _spacing(ground, group, spec, asked),
        _own(group.both_directions, spec.both_directions), _own(group.geometry, spec.geometry),
        _reach(group, spec), _own(group.angle, spec.angle), avoid,
        within(ground, avoid, ground.middle, label, base), group,
    )  # fmt: skip


def _asked(ground: Ground, group: models.CameraGroup, spec: models.Cameras, siting: str) -> int:
    """Return how many cameras a group is to have, −1 all that there are."""
    if group.count is not None:
        return group.count
    if group.plan:
        return _gantries.share(ground, group.plan)
    return -1 if siting in {*LISTS, "campus_gates", "motorways"} else spec.count


def _spacing(ground: Ground, group: models.CameraGroup, spec: models.Cameras, asked: int) -> float:
    """Return metres between a group's cameras, NaN as measured."""
    said = _own(group.spacing, spec.spacing)
    if group.plan and group.spacing is None:
        return _gantries.spacing(ground, asked)
    return math.nan if said == "measured" else float(said)


def _reach(group: models.CameraGroup, spec: models.Cameras) -> float:
    """Return how far the group's shape reaches: as stated, else what those who use it take."""
    said = _own(group.range, spec.range)
    return float(said if said is not None else models.RANGES.get(_own(group.geometry, spec.geometry), 0.0))


def _own(groups: Any, others: Any) -> Any:
    return others if groups is None else groups


def _town(network: Network, group: models.CameraGroup, policed: str | None, label: str) -> int:
    names = network.towns.name.tolist()
    asked = group.town or policed
    if asked and asked not in names:
        raise SitingError(f"{label}: town must be one of {', '.join(names)}, not {asked}")
    asked = asked or group.agency
    return names.index(asked) if asked in names else -1


def _tables(ground: Ground, posts: list[Post], spec: models.Cameras, seed: int) -> tuple[Cameras, Sites]:
    key = _keys(ground, posts)
    drawn = randomness.uniform(randomness.draw(randomness.stream(seed, "does a camera watch both directions"), key))
    sites = [
        (camera, watch)
        for camera, post in enumerate(posts)
        for watch in _watches(ground, post, both=bool(drawn[camera] < post.task.both))
    ]
    road = np.array([watch.road for _, watch in sites], np.int64)
    n = len(posts)
    cameras = Cameras.of(
        agency=[post.task.owner for post in posts], kind=[post.task.kind for post in posts], rate=np.full(n, spec.rate),
        room=np.full(n, spec.buffer), capture=[spec.capture * _covered(ground, post) for post in posts],
        correct=np.full(n, spec.correct), key=key,
    )  # fmt: skip
    return cameras, Sites.of(
        camera=[camera for camera, _ in sites], road=road, heading=ground.heading[road],
        offset=np.array([watch.along for _, watch in sites]) * ground.network.roads.length[road],
    )  # fmt: skip


def _covered(ground: Ground, post: Post) -> float:
    """Return the share of passing vehicles in the lanes a camera covers, all if none are stated or a shape is watched.

    Lanes share one queue, so a vehicle is in any of them alike: covered ÷ the lanes of the camera's (first) road, one at most.
    """
    covered = _own(post.lanes, post.task.group.lanes) if post.task.geometry == "road" else None
    return min(1.0, covered / int(ground.network.roads.lanes[post.watches[0].road])) if covered else 1.0


def _keys(ground: Ground, posts: list[Post]) -> UInt64:
    """Draw each camera's key from its agency, siting and road, and how many of those stood on that road before it."""
    before: Counter[tuple[str, int]] = Counter()
    keys = []
    for post in posts:
        whose, name = f"camera of {post.task.agency}, {post.task.siting}", ground.name[post.watches[0].road]
        keys.append(randomness.draw(randomness.stream(0, whose), name, before[whose, int(name)]))
        before[whose, int(name)] += 1
    return np.array(keys, np.uint64)


def _watches(ground: Ground, post: Post, *, both: bool) -> list[Watch]:
    """Return what a camera watches; a list that states directions is taken at its word, unless for a gantry.

    So is the measured spacing, in which a post that looks both ways is two cameras.
    """
    task, first = post.task, post.watches[0]
    if task.geometry != "road":
        return _within_shape(ground, post)
    if task.kind != CameraKind.GANTRY and (post.stated or measured(task) or not both):
        return post.watches
    other = other_way(ground, first)
    known = [watch.road for watch in post.watches]
    return post.watches if other is None or other.road in known else [*post.watches, other]


def _within_shape(ground: Ground, post: Post) -> list[Watch]:
    task, first = post.task, post.watches[0]
    point = np.array(post.point) if post.point else point_of(ground, first)
    ways = () if task.geometry == "disc" else post.ways or (float(ground.heading[first.road]),)
    found = entries(ground, point, task.reach, ways, task.angle)
    if not found:
        raise SitingError(f"{task.label}: no road enters the {task.geometry} of {task.reach:g} m of one of its cameras")
    return found
