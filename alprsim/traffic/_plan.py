"""What is to be driven in a day, checked, and how far the vehicles have come."""

import hashlib
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import replay
from alprsim.scenario import models
from alprsim.tables import DAY, SLOT, Flows, Int32, Int64, Paths, Roads, TableError, Trips

SECOND = 1000
SLOTS = DAY // SLOT
END = DAY * SECOND


class Plan(NamedTuple):
    """What is to be driven; times in ms since the day's start."""

    roads: Roads
    wave: Int32
    """[roads] the wave time of the storage asked for"""
    watched: NDArray[np.bool_]
    vehicle: Int32
    first: Int64
    end: Int64
    """[trips] Trip i drives ``route[first[i]:end[i]]``."""
    meant: Int64
    """[trips] Its planned departure."""
    route: Int32
    """Paths.road"""
    passages: int
    """How many entries of watched roads that will be."""
    stuck: int

    def digest(self) -> str:
        """Return a fingerprint of everything the plan says."""
        told = hashlib.sha256(f"{self.stuck} {self.passages}".encode())
        for column in (*self.roads.data().values(), *(value for value in self if isinstance(value, np.ndarray))):
            told.update(str(column.shape).encode() + np.ascontiguousarray(column).data)
        return told.hexdigest()


class Log(NamedTuple):
    """Passages in the order they happen, in arrays with space for the day's."""

    time: Int64
    """ms since the day's start"""
    road: Int32
    who: Int32
    """The trip"""

    @classmethod
    def of(cls, passages: int) -> Self:
        """Return one with space for so many."""
        return cls(np.empty(passages, np.int64), np.empty(passages, np.int32), np.empty(passages, np.int32))

    def rows(self, rows: slice) -> Self:
        """Return these rows, not copied."""
        return type(self)(self.time[rows], self.road[rows], self.who[rows])


class Progress(NamedTuple):
    """How far the trips have come; times in ms since the day's start, −1 where not yet."""

    at: Int64
    """Row of Paths.road each trip drives; one before its first until it departs."""
    entry: Int64
    """When it entered that road."""
    depart: Int64
    arrive: Int64
    vehicles: Int64
    """[96 × roads] by quarter hour and road: that entered then and have left the road"""
    spent: Int64
    """[96 × roads] ms they took, together"""
    log: Log
    passed: int
    """Rows of the log that are written."""
    forced: int


def plan(
    roads: Roads, trips: Trips, paths: Paths, route: Int32, spec: models.Traffic, *, day: int,
    watched: NDArray[np.bool_] | None = None,
) -> Plan:  # fmt: skip
    """Return what ``drive`` drives, checked; its arguments and errors are that function's."""
    watched = np.ones(len(roads), np.bool_) if watched is None else watched
    check_roads(roads, watched)
    check_trips(trips, day)
    _check_paths(paths, route, len(roads), len(trips))
    _check_joints(paths, roads)
    first, end = paths.first[route], paths.first[route + 1]
    return Plan(
        roads=roads,
        wave=roads.wave if spec.storage == "newell" else np.zeros_like(roads.wave),
        watched=watched,
        vehicle=trips.vehicle,
        first=first,
        end=end,
        meant=(trips.depart.astype(np.int64) - day * DAY) * SECOND,
        route=paths.road,
        passages=replay.count(first, end, paths.road, watched),
        stuck=spec.stuck * SECOND,
    )


def check_roads(roads: Roads, watched: NDArray[np.bool_]) -> None:
    """Check that every road can be driven, and that what is watched fits the roads."""
    _hold("Roads.length", "above 0 m", roads.length, roads.length > 0)
    _hold("Roads.room", "at least 1", roads.room, roads.room >= 1)
    for name in ("crossing", "headway", "wave"):
        values = getattr(roads, name)
        _hold(f"Roads.{name}", f"0 to {END} ms, a day", values, (values >= 0) & (values <= END))
    if watched.dtype != np.bool_ or len(watched) != len(roads):
        raise TableError(f"watched must be bool, one a road ({len(roads)}), not {watched.dtype}, {len(watched)}")


def check_trips(trips: Trips, day: int) -> None:
    """Check that trips depart within the day and are in order."""
    starts, ends = day * DAY, (day + 1) * DAY
    inside = (trips.depart >= starts) & (trips.depart < ends)
    _hold("Trips.depart", f"within day {day}, {starts} to {ends} s", trips.depart, inside)
    if np.any((trips.vehicle[1:] == trips.vehicle[:-1]) & (trips.depart[1:] < trips.depart[:-1])):
        raise TableError("Trips must be ordered by (vehicle, depart)")


def _check_paths(paths: Paths, route: Int32, roads: int, trips: int) -> None:
    if route.dtype != np.int32 or len(route) != trips:
        raise TableError(f"route must be int32, one a trip ({trips}), not {route.dtype}, {len(route)}")
    if len(route) and not 0 <= route.min() <= route.max() < len(paths.first) - 1:
        raise TableError(
            f"route must be rows of Paths (0 to {len(paths.first) - 2}), not {route.min()} to {route.max()}"
        )
    if len(paths.first) and (
        paths.first[0] < 0 or paths.first[-1] > len(paths.road) or np.any(np.diff(paths.first) < 0)
    ):
        raise TableError(f"Paths.first must never fall and lie within the {len(paths.road)} rows of Paths.road")
    if len(paths.road) and not 0 <= paths.road.min() <= paths.road.max() < roads:
        raise TableError(
            f"Paths.road must be rows of Roads (0 to {roads - 1}), not {paths.road.min()} to {paths.road.max()}"
        )


def _check_joints(paths: Paths, roads: Roads) -> None:
    """Check that each road of a path begins where the one before it ends."""
    if len(paths.first) < 2:
        return
    driven = paths.road[paths.first[0] : paths.first[-1]]
    starts = paths.first[1:-1] - paths.first[0]
    apart = roads.head[driven[:-1]] != roads.tail[driven[1:]]
    apart[starts[(starts > 0) & (starts < len(driven))] - 1] = False
    if apart.any():
        row = int(np.argmax(apart))
        one, other = int(driven[row]), int(driven[row + 1])
        raise TableError(
            f"Paths.road must join: road {one} leads to junction {roads.head[one]}, the next, {other}, starts at junction "
            f"{roads.tail[other]} (row {row + paths.first[0]})"
        )


def check_table(table: Flows, roads: int) -> None:
    """Check the quarter-hour times that trips are to take."""
    if len(table) != roads * SLOTS:
        raise TableError(f"table must have {SLOTS} rows a road ({roads * SLOTS}), not {len(table)}")
    _hold("the table's Flows.time", "0 ms or more", table.time, table.time >= 0)


def _hold(name: str, rule: str, values: NDArray[np.generic], kept: NDArray[np.bool_]) -> None:
    if not kept.all():
        row = int(np.argmin(kept))
        raise TableError(f"{name} must be {rule}, not {values[row]} (row {row})")


def still(plan: Plan) -> Progress:
    """Return the progress at which nobody has moved yet."""
    entry, depart, arrive = (np.full(len(plan.first), -1, np.int64) for _ in range(3))
    vehicles, spent = (np.zeros(len(plan.roads) * SLOTS, np.int64) for _ in range(2))
    log = Log.of(plan.passages)
    return Progress(plan.first - 1, entry, depart, arrive, vehicles, spent, log, passed=0, forced=0)


def cell(road: Int32 | Int64, entry: Int64, roads: int) -> Int64:
    """Return the row of (quarter hour, road): quarter hours first, as the cells in use at a time then lie together."""
    return entry // (SLOT * SECOND) % SLOTS * roads + road
