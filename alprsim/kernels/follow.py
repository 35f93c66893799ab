"""Vehicles follow trees of next turns, each road in the time of its quarter hour: a day of all traffic without its paths.

Times are milliseconds since the day's start; quarter hours past its end are those of the next day's morning.
"""

import numpy as np

from alprsim.kernels._jit import (
    Bool,
    BoolOut,
    Int8Grid,
    Int32,
    Int32Out,
    Int64,
    Int64GridOut,
    Int64Out,
    kernel_in_place,
    part_in_place,
)

SECOND, QUARTER, SLOTS_A_DAY = 1000, 900_000, 96

LANES = 32
"""Trips that are driven side by side, one road each in turn, so that the memory's answers to all of them are on their way at
once: of one region's 47 million moves, one lane makes 13 million a second, 8 make 28, 32 and 64 make 38."""

TRIP, AT, TO, TREE, NOW, SLOT, UNTIL = 0, 1, 2, 3, 4, 5, 6
LANE_ROWS = 7
NEXT, LIVE, MOVES, PASSED = 0, 1, 2, 3
COUNTERS = 4


@part_in_place
def _quarter(lanes: Int64GridOut, lane: int, now: int) -> None:
    quarter = now // QUARTER
    lanes[SLOT, lane] = quarter % SLOTS_A_DAY
    lanes[UNTIL, lane] = (quarter + 1) * QUARTER


@kernel_in_place
def follow(
    trip: Int32, vehicle: Int32, origin: Int32, destination: Int32, tree: Int32, meant: Int64,
    turns: Int8Grid, first_road: Int32, head: Int32, crossing: Int32, watched: Bool,
    ready: Int64Out, busy: BoolOut, depart: Int64Out, arrive: Int64Out,
    lanes: Int64GridOut, counters: Int64Out, time: Int64Out, road: Int32Out, who: Int32Out,
) -> int:  # fmt: skip
    """Drive trips along trees until all have arrived, or there may be no space left for passages, or one finds no way.

    A trip departs no sooner than its vehicle's last arrival, rounded up to a whole second. Vehicles do not meet, so it does
    not matter whose turn it is; only a vehicle's trips wait for one another. One pass, O(moves). It can go on where it
    stopped, with `lanes` and `counters` as they were.

    Parameters
    ----------
    trip : int32[rows]
        The number of each in `depart`, `arrive` and `who`; a vehicle's in order of departure.
    vehicle : int32[rows], row of `ready` and `busy`
    origin, destination : int32[rows], junctions
    tree : int32[rows], row of `turns`
        That leads to the destination.
    meant : int64[rows], ms
        Planned departures.
    turns : int8[trees, junctions]
        The exit to take; negative: no way.
    first_road : int32[junctions + 1], head : int32[roads]
        Junction j's exits are roads first_road[j]:first_road[j + 1].
    crossing : int32[roads × 96], ms
        By road and quarter hour of entry: a trip asks for few quarter hours of many roads.
    watched : bool[roads]
    ready : int64[vehicles], ms, kept up
        When each vehicle last arrived.
    busy : bool[vehicles], kept up
        Whether it is on the way.
    depart, arrive : int64, ms, written
    lanes : int64[LANE_ROWS, n], counters : int64[COUNTERS], kept up
        Zero to begin with.
    time, road, who : int64, int32, int32, written from row counters[PASSED]
        Passages of watched roads.

    Returns
    -------
    −1, or the row of a trip that finds no way. All have arrived when counters[LIVE] is 0; else there was no space.
    """
    while True:
        live = counters[LIVE]
        while live < lanes.shape[1] and counters[NEXT] < len(trip):
            row = counters[NEXT]
            if busy[vehicle[row]]:
                break
            now = max(meant[row], (ready[vehicle[row]] + SECOND - 1) // SECOND * SECOND)
            depart[trip[row]] = now
            counters[NEXT] += 1
            if origin[row] == destination[row]:
                arrive[trip[row]] = now
                ready[vehicle[row]] = now
                continue
            busy[vehicle[row]] = True
            lanes[TRIP, live], lanes[AT, live], lanes[TO, live] = row, origin[row], destination[row]
            lanes[TREE, live], lanes[NOW, live] = tree[row], now
            _quarter(lanes, live, now)
            live += 1
        counters[LIVE] = live
        if live == 0 or counters[PASSED] + live > len(time):
            return -1
        arrived = False
        for lane in range(live):
            junction, now = lanes[AT, lane], lanes[NOW, lane]
            turn = turns[lanes[TREE, lane], junction]
            if turn < 0:
                return int(lanes[TRIP, lane])
            r = first_road[junction] + turn
            if now >= lanes[UNTIL, lane]:
                _quarter(lanes, lane, now)
            if watched[r]:
                passed = counters[PASSED]
                time[passed], road[passed], who[passed] = now, r, trip[lanes[TRIP, lane]]
                counters[PASSED] = passed + 1
            lanes[NOW, lane] = now + crossing[np.int64(r) * SLOTS_A_DAY + lanes[SLOT, lane]]
            lanes[AT, lane] = head[r]
            arrived |= head[r] == lanes[TO, lane]
        counters[MOVES] += live
        lane = 0
        while arrived and lane < live:
            if lanes[AT, lane] == lanes[TO, lane]:
                row = lanes[TRIP, lane]
                arrive[trip[row]] = lanes[NOW, lane]
                ready[vehicle[row]] = lanes[NOW, lane]
                busy[vehicle[row]] = False
                live -= 1
                for part in range(LANE_ROWS):
                    lanes[part, lane] = lanes[part, live]
            else:
                lane += 1
        counters[LIVE] = live
