"""Flow capture: the k roads on which cameras would see the most distinct trips, or vehicles, of the usual day."""

import math

import numpy as np

from alprsim.kernels import coverage as kernels
from alprsim.siting._ground import SitingError, Task, Watch, Work, enough, inside, takes
from alprsim.tables import CameraKind, Int32, Int64


def capturing(work: Work, task: Task) -> list[Watch]:
    """Return the roads in the order picked, and tell how near they come to the best choice of as many.

    Each direction of a road is a site of its own; spacing is not kept, since the promise holds only for a free choice.
    What the other direction sees where a camera watches both is not counted.
    """
    if task.kind == CameraKind.GANTRY:
        raise SitingError(f"{task.label}: siting flow_capture is for fixed cameras, not {task.kind.name.lower()}")
    if work.day is None:
        raise SitingError(f"{task.label}: siting flow_capture needs a day's trips, and there are none here")
    day, ground = work.day(), work.ground
    able = np.flatnonzero(inside(ground, task) & takes(ground, task))
    able = able[np.argsort(ground.name[able], kind="stable")]  # ties go by name
    site_of = np.full(len(ground.flow), -1, np.int32)
    site_of[able] = np.arange(len(able))
    vehicles = task.group.maximise == "vehicles"
    first_route, route, weight = _by_vehicle(day.vehicle, day.route) if vehicles else _by_route(day.route)
    first_seen = np.empty(len(able) + 1, np.int64)
    seen = kernels.seen_at(first_route, route, day.paths.first, day.paths.road, site_of, first_seen)
    chosen, gain, ceiling = np.empty(task.asked, np.int32), np.empty(task.asked, np.int64), np.empty(1, np.int64)
    found = kernels.pick(
        first_route, route, day.paths.first, day.paths.road, site_of, first_seen, seen, weight, chosen, gain, ceiling
    )
    enough(ground, task, found, "roads there on which a camera would see anything more")
    _tell(work, task, int(gain[:found].sum()), int(ceiling[0]), int(weight.sum()))
    return [Watch(int(able[site]), 0.5) for site in chosen[:found].tolist()]


def _by_route(route: Int32) -> tuple[Int64, Int32, Int64]:
    """Return the routes driven, each once, and how many trips drive each."""
    distinct, trips = np.unique(route, return_counts=True)
    return np.arange(len(distinct) + 1), distinct.astype(np.int32), trips.astype(np.int64)


def _by_vehicle(vehicle: Int32, route: Int32) -> tuple[Int64, Int32, Int64]:
    first = np.flatnonzero(np.diff(vehicle, prepend=-1))
    return np.append(first, len(vehicle)).astype(np.int64), route, np.ones(len(first), np.int64)


def _tell(work: Work, task: Task, seen: int, ceiling: int, every: int) -> None:
    if every:
        promised = min(every, math.floor(seen / (1 - 1 / math.e)))
        work.told.append(
            f"{task.label}: {task.asked} cameras by flow_capture see {seen:,} of the usual day's {every:,} "
            f"{task.group.maximise or 'trips'} ({seen / every:.1%}); as many elsewhere on these roads see at most {ceiling:,}, "
            f"so that is {seen / max(ceiling, 1):.1%} of the best or more (by 1 − 1/e alone at most {promised:,})"
        )
