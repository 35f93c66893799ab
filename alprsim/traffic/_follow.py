"""A day by table or at free flow along the signposts that routes are kept as: the same day as along its paths, sooner.

A region's day has nearly as many distinct paths as trips, and to write them down takes longer than to drive them: 47 million
moves along signposts take less than half as long as their paths and the drive along those, and no memory.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import follow as kernels
from alprsim.tables import (
    DAY,
    SLOT,
    Batch,
    Flows,
    Int32,
    Int64,
    Journeys,
    Passages,
    Roads,
    Signposts,
    TableError,
    Trips,
)
from alprsim.traffic._finish import put_in_order
from alprsim.traffic._plan import SECOND, Log, check_roads, check_table, check_trips

_SLOTS = DAY // SLOT
_SPACE = 1 << 16  # passages a batch has space for at first


class Followed(NamedTuple):
    """A day that was followed along signposts."""

    journeys: Journeys
    """Row for row with the day's trips; −1 in place of a path."""
    passages: Passages
    """Entries of watched roads by (time, road, trip); the last may lie past the day's end."""
    moves: int


class _Ground(NamedTuple):
    """What the vehicles drive on, roads and junctions as the signposts number them."""

    first_road: Int32
    head: Int32
    crossing: Int32
    watched: NDArray[np.bool_]


class _Day(NamedTuple):
    """What has become of the day's trips; ms since its start."""

    ready: Int64
    """When each vehicle last arrived"""
    depart: Int64
    arrive: Int64


def follow(
    roads: Roads, trips: Trips, posts: Signposts, batches: Iterable[Sequence[Batch]], *, day: int,
    table: Flows | None = None, watched: NDArray[np.bool_] | None = None, threads: int = 1,
) -> Followed:  # fmt: skip
    """Drive one day's trips along signposts, in the times of a table or at free flow.

    Parameters
    ----------
    roads, trips, day, table, watched
        As for ``drive``; without a table at free flow.
    posts
        What the signposts stand at.
    batches
        Every trip is in one of them, a vehicle's in order of departure; those told together share no vehicle.
    threads
        Batches driven at once; the day is the same for any number.

    Raises
    ------
    TableError
        If trips, table or watched do not fit the roads or the day, a road cannot be driven, or a trip finds no way.
    """
    watched = np.ones(len(roads), np.bool_) if watched is None else watched
    check_roads(roads, watched)
    check_trips(trips, day)
    if table is not None:
        check_table(table, len(roads))
    ground = _ground(roads, posts, table, watched)
    meant = (trips.depart.astype(np.int64) - day * DAY) * SECOND
    vehicles = int(trips.vehicle.max(initial=-1)) + 1
    so_far = _Day(np.zeros(vehicles, np.int64), np.full_like(meant, -1), meant.copy())
    logs, moves = [Log.of(0)], 0
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for together in batches:
            for log, moved in pool.map(lambda batch: _drive(batch, trips.vehicle, meant, ground, so_far), together):
                logs.append(log)
                moves += moved
    if np.any(so_far.depart < 0):
        raise TableError(f"every trip must be in a batch; row {int(np.argmax(so_far.depart < 0))} is in none")
    passed = Log(*(np.concatenate(column) for column in zip(*logs, strict=True)))
    passed.road[:] = posts.road[passed.road]
    put_in_order(passed, len(roads), kind="quicksort")
    start = day * DAY
    return Followed(
        Journeys.of(
            depart=so_far.depart // SECOND + start,
            arrive=-(-so_far.arrive // SECOND) + start,
            path=np.full(len(trips), -1),
        ),
        Passages(time=passed.time + day * DAY * SECOND, road=passed.road, trip=passed.who),
        moves,
    )


def _ground(roads: Roads, posts: Signposts, table: Flows | None, watched: NDArray[np.bool_]) -> _Ground:
    if table is None:
        crossing = np.repeat(roads.crossing[posts.road], _SLOTS)
    else:
        crossing = table.time.reshape(-1, _SLOTS)[posts.road].ravel()
    return _Ground(posts.first_road, posts.head, crossing, watched[posts.road])


def _drive(batch: Batch, vehicle: Int32, meant: Int64, ground: _Ground, so_far: _Day) -> tuple[Log, int]:
    """Drive one batch; return its passages, in no order, and its moves."""
    trip, turns = batch.trip, batch.turns.ravel()
    rows = trip, vehicle, batch.origin, batch.destination, batch.tree, meant, turns, *ground, *so_far
    lanes = np.zeros(kernels.LANES * kernels.LANE_COLUMNS, np.int64)
    counters, log = np.zeros(kernels.COUNTERS, np.int64), Log.of(_SPACE)
    while True:
        lost = kernels.follow(*rows, lanes, counters, *log)
        if lost >= 0:
            raise TableError(f"Trips row {lost}: no signpost leads to its destination")
        if counters[kernels.LIVE] == 0 and counters[kernels.NEXT] == len(trip):
            return log.rows(slice(int(counters[kernels.PASSED]))), int(counters[kernels.MOVES])
        log = _doubled(log, int(counters[kernels.PASSED]))


def _doubled(log: Log, passed: int) -> Log:
    """Return a log with twice the space and the same passages."""
    wider = Log.of(2 * len(log.time))
    wider.time[:passed], wider.road[:passed], wider.who[:passed] = log.rows(slice(passed))
    return wider
