"""A stretch of road to look at closely: chosen by a stated rule or named, and what the vehicles on it did."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from alprsim.tables import Float64, Int32, Int64, Passages, Roads

SHARE = 1 / 3
LONGEST = 10_000.0
"""m"""

QUEUE = 20.0
"""Vehicle-hours lost on a road in a day from which on its queue is worth a look: assumption."""

_GROWN = ", and the way most of its vehicles come from and go on to, as long as a third of them drive all of it, at most 10 km"
RULE = f"the road on which most vehicle-hours are lost in the day{_GROWN}"
RULE_FREE = f"the road that most vehicles enter (none loses {QUEUE:g} vehicle-hours in the day){_GROWN}"
RULE_NAMED = "as asked for"

_NEITHER = 'must be "roads:" or "junctions:" and their rows, such as roads:12,40,41'


class CorridorError(ValueError):
    """What was named is no corridor: the rule and what was found."""


class Corridor(NamedTuple):
    """Roads that follow each other."""

    road: Int32
    start: Float64
    """m along the corridor, of each road's start; one more for the end"""
    rule: str


class Throughs(NamedTuple):
    """The vehicles that drove all of a corridor, in order of entry; times in ms."""

    entered: Int64
    left: Int64


class Crossings(NamedTuple):
    """Every crossing of a road of a corridor; times in ms."""

    place: Int32
    """Which road along the corridor"""
    trip: Int32
    entered: Int64
    left: Int64


def choose(roads: Roads, passages: Passages, delay: Float64) -> Corridor:
    """Choose by `RULE`, or by `RULE_FREE` where no road loses `QUEUE`.

    Parameters
    ----------
    passages
        Of every road.
    delay : float64[roads]
        Vehicle-hours lost on each road.

    Raises
    ------
    CorridorError
        When nobody drives.
    """
    if not len(passages):
        raise CorridorError("nobody drives on that day, so there is no corridor to show")
    lost = bool(delay.max() >= QUEUE)
    seed = int(delay.argmax() if lost else np.bincount(passages.road, minlength=len(roads)).argmax())
    return _along(roads, np.array(_grow(roads, passages, seed), np.int32), RULE if lost else RULE_FREE)


def named(roads: Roads, text: str) -> Corridor:
    """Return the corridor that a user names: "roads:12,40,41" or "junctions:7,9,30", by rows of their tables.

    Raises
    ------
    CorridorError
        When it is neither, or the roads do not follow each other.
    """
    kind, _, listed = text.partition(":")
    try:
        rows = [int(row) for row in listed.split(",")]
    except ValueError:
        rows = []
    if kind not in ("roads", "junctions") or not rows:
        raise CorridorError(f"--corridor {_NEITHER}, not {text!r}")
    if kind == "junctions":
        rows = [_between(roads, a, b) for a, b in pairwise(rows)]
        if not rows:
            raise CorridorError("--corridor junctions: needs at least two of them")
    if not 0 <= min(rows) <= max(rows) < len(roads):
        raise CorridorError(
            f"--corridor roads must be rows of Roads, 0 to {len(roads) - 1}, not {min(rows)} to {max(rows)}"
        )
    for a, b in pairwise(rows):
        if roads.head[a] != roads.tail[b]:
            raise CorridorError(
                f"--corridor: road {b} starts at junction {roads.tail[b]}, not where road {a} ends, at {roads.head[a]}"
            )
    return _along(roads, np.array(rows, np.int32), RULE_NAMED)


def crossings(corridor: Corridor, passages: Passages, leave: Int64, roads: int) -> Crossings:
    """Return everything that crossed a road of the corridor, in order of entry.

    Parameters
    ----------
    leave : int64[passages]
        As ``traffic_states.exits`` returns it.
    roads : int
        How many there are.
    """
    place = np.full(roads, -1, np.int32)
    place[corridor.road[::-1]] = np.arange(len(corridor.road), dtype=np.int32)[::-1]
    rows = np.flatnonzero(place[passages.road] >= 0)
    return Crossings(place[passages.road[rows]], passages.trip[rows], passages.time[rows], leave[rows])


def throughs(corridor: Corridor, seen: Crossings) -> Throughs:
    """Return who entered at the corridor's start and drove to its end."""
    order = np.lexsort((seen.entered, seen.trip))
    place, trip, entered, left = seen.place[order], seen.trip[order], seen.entered[order], seen.left[order]
    n = len(corridor.road)
    starts = np.flatnonzero(place[: max(len(place) - n + 1, 0)] == 0)
    whole = np.ones(len(starts), np.bool_)
    for step in range(1, n):
        row = starts + step
        whole &= (place[row] == step) & (trip[row] == trip[starts]) & (entered[row] == left[row - 1])
    starts = starts[whole]
    by_entry = np.argsort(entered[starts], kind="stable")
    return Throughs(entered[starts][by_entry], left[starts + n - 1][by_entry])


def _along(roads: Roads, rows: Int32, rule: str) -> Corridor:
    return Corridor(rows, np.concatenate([[0], np.cumsum(roads.length[rows], dtype=np.float64)]), rule)


def _between(roads: Roads, a: int, b: int) -> int:
    found = np.flatnonzero((roads.tail == a) & (roads.head == b))
    if not len(found):
        raise CorridorError(f"--corridor: no road leads from junction {a} to junction {b}")
    return int(found[roads.crossing[found].argmin()])


def _grow(roads: Roads, passages: Passages, seed: int) -> list[int]:
    """Add roads before and behind, each time the one that most of those who drive all of it use."""
    order = np.argsort(passages.trip, kind="stable")
    trip, road = passages.trip[order], passages.road[order]
    at = np.flatnonzero(road == seed)
    least, length = max(1.0, SHARE * len(at)), float(roads.length[seed])
    chain, met = [seed], {int(roads.tail[seed]), int(roads.head[seed])}
    before, behind = 1, 1
    while length < LONGEST:
        came, road_before = _next(trip, road, at, -before)
        goes, road_behind = _next(trip, road, at, behind)
        options = [
            (int(np.sum(used == chosen)), -side, chosen, used)
            for side, used, chosen in ((before, came, road_before), (-behind, goes, road_behind))
            if chosen >= 0 and int(roads.tail[chosen] if side > 0 else roads.head[chosen]) not in met
        ]
        most = max(options, key=lambda option: option[:2], default=None)
        if most is None or most[0] < least:
            break
        _, side, chosen, used = most
        at, length = at[used == chosen], length + float(roads.length[chosen])
        if side < 0:
            chain, before = [chosen, *chain], before + 1
        else:
            chain, behind = [*chain, chosen], behind + 1
        met |= {int(roads.tail[chosen]), int(roads.head[chosen])}
    return chain


def _next(trip: Int32, road: Int32, at: Int64, step: int) -> tuple[Int32, int]:
    """Return the road each vehicle drove so many roads later (−1 none), and the one that most did."""
    rows = np.clip(at + step, 0, len(road) - 1)
    used = np.where((trip[rows] == trip[at]) & (rows == at + step), road[rows], -1)
    known = used[used >= 0]
    return used, int(np.bincount(known).argmax()) if len(known) else -1
