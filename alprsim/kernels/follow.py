"""Vehicles follow trees of next turns, each road in the time of its quarter hour: a day of all traffic without its paths.

Times are milliseconds since the day's start; quarter hours past its end are those of the next day's morning.
"""

import numpy as np

from alprsim.kernels._jit import (
    Bool,
    Int8,
    Int32,
    Int32Out,
    Int64,
    Int64Out,
    kernel_in_place,
    part_in_place,
    prefetch,
)

SECOND, QUARTER, SLOTS_A_DAY = 1000, 900_000, 96

LANES = 96
"""Trips that are driven side by side, one road each in turn, so that the memory's answers to all of them are on their way at
once: each asks for what its next road needs, and reads it when the others have had their turn. Of one region's 47 million
moves 1 lane makes 51 million a second, 8 make 77, 32 make 107, 64 to 128 make 129, 256 make 112; 44 where lanes do not ask."""

AHEAD = 16
"""How many trips before its own a vehicle's last arrival is asked for: a tenth of the time is saved."""

TRIP, AT, TO, TREE, NOW, SLOT, UNTIL, ROAD, CELL, VEHICLE = (np.uint64(column) for column in range(10))
LANE_COLUMNS = 10
_COLUMNS = np.uint64(LANE_COLUMNS)
NEXT, LIVE, MOVES, PASSED = 0, 1, 2, 3
COUNTERS = 4
NOBODY = ON_THE_WAY = -1


@part_in_place
def _quarter(lanes: Int64Out, lane: np.uint64, now: int) -> None:
    quarter = now // QUARTER
    lanes[lane + SLOT] = quarter % SLOTS_A_DAY
    lanes[lane + UNTIL] = (quarter + 1) * QUARTER


@part_in_place
def _begin(
    row: int, trip: Int32, vehicle: Int32, origin: Int32, destination: Int32, tree: Int32, meant: Int64, turns: Int8,
    junctions: int, ready: Int64Out, depart: Int64Out, arrive: Int64Out, lanes: Int64Out, lane: np.uint64,
) -> int:  # fmt: skip
    """Let the next trip that drives begin in a lane, or nobody while its vehicle is on the way; return the row after it."""
    lanes[lane + TRIP] = NOBODY
    while row < len(trip):
        its = trip[row]
        v = vehicle[its]
        if row + 2 * AHEAD < len(trip):
            prefetch(vehicle, trip[row + 2 * AHEAD])
            prefetch(meant, trip[row + 2 * AHEAD])
            prefetch(ready, vehicle[trip[row + AHEAD]])
        if ready[v] == ON_THE_WAY:
            break
        now = max(meant[its], (ready[v] + SECOND - 1) // SECOND * SECOND)
        depart[its] = now
        if origin[row] != destination[row]:
            ready[v] = ON_THE_WAY
            lanes[lane + TRIP], lanes[lane + AT], lanes[lane + TO] = its, origin[row], destination[row]
            lanes[lane + VEHICLE] = v
            lanes[lane + TREE], lanes[lane + NOW] = np.int64(tree[row]) * junctions, now
            prefetch(turns, lanes[lane + TREE] + origin[row])
            _quarter(lanes, lane, now)
            return row + 1
        arrive[its] = ready[v] = now
        row += 1
    return row


@part_in_place
def _choose(lanes: Int64Out, live: np.uint64, turns: Int8, first_road: Int32, crossing: Int32) -> int:
    """Choose each lane's next road and ask for the time it takes; return a trip that finds no way, or −1."""
    lost, lane = -1, np.uint64(0)
    while lane < live:
        junction, now = lanes[lane + AT], lanes[lane + NOW]
        turn = turns[np.uint64(lanes[lane + TREE] + junction)]
        if turn < 0:
            lost = lanes[lane + TRIP]
        if now >= lanes[lane + UNTIL]:
            _quarter(lanes, lane, now)
        r = np.int64(first_road[np.uint64(junction)]) + turn
        cell = r * SLOTS_A_DAY + lanes[lane + SLOT]
        prefetch(crossing, cell)
        lanes[lane + ROAD], lanes[lane + CELL] = r, cell
        lane += _COLUMNS
    return lost


@kernel_in_place
def follow(
    trip: Int32, vehicle: Int32, origin: Int32, destination: Int32, tree: Int32, meant: Int64,
    turns: Int8, first_road: Int32, head: Int32, crossing: Int32, watched: Bool,
    ready: Int64Out, depart: Int64Out, arrive: Int64Out,
    lanes: Int64Out, counters: Int64Out, time: Int64Out, road: Int32Out, who: Int32Out,
) -> int:  # fmt: skip
    """Drive trips along trees until all have arrived, or there may be no space left for passages, or one finds no way.

    A trip departs no sooner than its vehicle's last arrival, rounded up to a whole second. Vehicles do not meet, so it does
    not matter whose turn it is; only a vehicle's trips wait for one another. One pass, O(moves). It can go on where it
    stopped, with `lanes` and `counters` as they were.

    Parameters
    ----------
    trip : int32[rows]
        Those that are driven; a vehicle's in order of departure.
    vehicle : int32[trips], row of `ready`
    origin, destination : int32[rows], junctions
    tree : int32[rows], row of `turns`
        That leads to the destination.
    meant : int64[trips], ms
        Planned departures.
    turns : int8[trees × junctions]
        The exit to take; negative: no way.
    first_road : int32[junctions + 1], head : int32[roads]
        Junction j's exits are roads first_road[j]:first_road[j + 1].
    crossing : int32[roads × 96], ms
        By road and quarter hour of entry: a trip asks for few quarter hours of many roads.
    watched : bool[roads]
    ready : int64[vehicles], ms, kept up
        When each vehicle last arrived; ON_THE_WAY until it does.
    depart, arrive : int64[trips], ms, written
    lanes : int64[n × LANE_COLUMNS], counters : int64[COUNTERS], kept up
        Zero to begin with.
    time, road, who : int64, int32, int32, written from row counters[PASSED]
        Passages of watched roads.

    Returns
    -------
    −1, or a trip that finds no way. All have arrived when counters[LIVE] is 0; else there was no space.
    """
    row, live, passed, lost = counters[NEXT], np.uint64(counters[LIVE]) * _COLUMNS, counters[PASSED], -1
    junctions = len(first_road) - 1
    while True:
        while live < np.uint64(len(lanes)):
            row = _begin(
                row, trip, vehicle, origin, destination, tree, meant, turns, junctions, ready, depart, arrive, lanes, live,
            )  # fmt: skip
            if lanes[live + TRIP] == NOBODY:
                break
            live += _COLUMNS
        driving = np.int64(live // _COLUMNS)
        if driving == 0 or passed + driving > len(time):
            break
        lost = _choose(lanes, live, turns, first_road, crossing)
        if lost >= 0:
            break
        counters[MOVES] += driving
        lane = np.uint64(0)
        while lane < live:
            now, r = lanes[lane + NOW], np.uint64(lanes[lane + ROAD])
            if watched[r]:
                time[passed], road[passed], who[passed] = now, r, lanes[lane + TRIP]
                passed += 1
            now += crossing[np.uint64(lanes[lane + CELL])]
            at = head[r]
            lanes[lane + AT], lanes[lane + NOW] = at, now
            prefetch(turns, lanes[lane + TREE] + at)
            if at == lanes[lane + TO]:
                done = lanes[lane + TRIP]
                arrive[done] = ready[lanes[lane + VEHICLE]] = now
                row = _begin(
                    row, trip, vehicle, origin, destination, tree, meant, turns, junctions, ready, depart, arrive, lanes,
                    lane,
                )  # fmt: skip
                if lanes[lane + TRIP] == NOBODY:
                    live -= _COLUMNS
                    for column in range(LANE_COLUMNS):
                        lanes[lane + np.uint64(column)] = lanes[live + np.uint64(column)]
                    continue
            lane += _COLUMNS
    counters[NEXT], counters[LIVE], counters[PASSED] = row, np.int64(live // _COLUMNS), passed
    return lost
