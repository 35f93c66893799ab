"""Shortest-path trees as next turns, the routes read from them, what ways take by link × quarter-hour times, betweenness.

Times are milliseconds since the day's start; quarter hours past its end are those of the next day's morning.
"""

import numpy as np

from alprsim.kernels._jit import (
    Float64Out,
    Int8Grid,
    Int8GridOut,
    Int32,
    Int32Grid,
    Int32Out,
    Int64,
    Int64Out,
    UInt64Out,
    draw,
    kernel,
    part_of_kernel,
)

QUARTER, SLOTS_A_DAY = 900_000, 96
FAR = 1 << 62


@kernel
def next_turns(
    toward: Int32Grid, first_road: Int64, head: Int32, column: Int32, cost: Int32, row: Int32, turns: Int8GridOut
) -> None:
    """Turn trees of next junctions into trees of next roads, as the road's place among its junction's exits.

    Parameters
    ----------
    toward : int32[n_trees, n_junctions]
        The next junction on the way to the tree's destination; negative at the destination and where there is none.
    first_road : int64[n_junctions + 1]
        Junction j's exits are roads first_road[j]:first_road[j + 1].
    head : int32[n_roads], cost : int32[n_roads]
        Where each road leads, and its cost; of parallel roads the cheapest (then the first) is taken.
    column : int32[n_junctions]
        Where in a row of ``turns`` each junction's exit stands.
    row : int32[n_trees]
        The row of ``turns`` that each tree is written to.
    turns : int8[n_trees, n_junctions]
        Written: the exit to take, −1 none.
    """
    for tree in range(toward.shape[0]):
        for junction in range(toward.shape[1]):
            best = -1
            following = toward[tree, junction]
            if following >= 0:
                for road in range(first_road[junction], first_road[junction + 1]):
                    if head[road] == following and (best < 0 or cost[road] < cost[best]):
                        best = road
            turns[row[tree], column[junction]] = -1 if best < 0 else best - first_road[junction]


@kernel
def count_roads(
    turns: Int8Grid, first_road: Int64, head: Int32, column: Int32, tree: Int32, origin: Int32, destination: Int32,
    count: Int32Out, mark: UInt64Out,
) -> int:  # fmt: skip
    """Count the roads of each route and mark it by a hash of its ends and them; return the first that does not arrive, or −1.

    ``tree[r]`` is the row of ``turns`` that leads to ``destination[r]``. Routes of one pair by the same roads have the same mark.
    """
    for route in range(len(origin)):
        junction = origin[route]
        roads = 0
        hashed = draw(np.uint64(origin[route]), np.uint64(destination[route]))
        while junction != destination[route]:
            turn = turns[tree[route], column[junction]]
            if turn < 0:
                return route
            road = first_road[junction] + turn
            hashed = draw(hashed, np.uint64(road))
            junction = head[road]
            roads += 1
        count[route] = roads
        mark[route] = hashed
    return -1


@kernel
def fill_roads(
    turns: Int8Grid, first_road: Int64, head: Int32, column: Int32, tree: Int32, origin: Int32, first: Int64,
    road: Int32Out,
) -> None:  # fmt: skip
    """Write the roads of each route to ``road[first[r]:first[r + 1]]``."""
    for route in range(len(origin)):
        junction = origin[route]
        for place in range(first[route], first[route + 1]):
            taken = np.int32(first_road[junction] + turns[tree[route], column[junction]])
            road[place] = taken
            junction = head[taken]


@kernel
def drive(begin: Int64, end: Int64, road: Int32, depart: Int64, time: Int32Grid, arrive: Int64Out) -> None:
    """Write when each trip arrives that enters every road at the end of the one before.

    Parameters
    ----------
    begin, end : int64[trips]
        Trip i drives ``road[begin[i]:end[i]]``.
    depart : int64[trips], ms
    time : int32[96, roads], ms
        To cross a road entered in a quarter hour.
    arrive : int64[trips], ms, written
    """
    for trip in range(len(begin)):
        now = depart[trip]
        for place in range(begin[trip], end[trip]):
            now += time[now // QUARTER % SLOTS_A_DAY, road[place]]
        arrive[trip] = now


@part_of_kernel
def _push(due: Int64Out, junction: Int32Out, size: int, when: int, where: int) -> None:
    """Put a junction on the heap of `size` entries, the least (time, junction) first."""
    place = size
    while place > 0:
        above = (place - 1) // 2
        if (due[above], junction[above]) <= (when, where):
            break
        due[place], junction[place] = due[above], junction[above]
        place = above
    due[place], junction[place] = when, where


@part_of_kernel
def _pop(due: Int64Out, junction: Int32Out, size: int) -> None:
    """Take the first off the heap of `size` entries."""
    when, where = due[size - 1], junction[size - 1]
    place, below = 0, 1
    while below < size - 1:
        if below + 1 < size - 1 and (due[below + 1], junction[below + 1]) < (due[below], junction[below]):
            below += 1
        if (when, where) <= (due[below], junction[below]):
            break
        due[place], junction[place] = due[below], junction[below]
        place, below = below, 2 * below + 1
    due[place], junction[place] = when, where


@kernel
def quickest(
    first_road: Int64, head: Int32, time: Int32Grid, later: Int32Grid, origin: Int32, destination: Int32, depart: Int64,
    arrive: Int64Out,
) -> int:  # fmt: skip
    """Write when each trip could arrive at the soonest; return the first that cannot arrive at all, or −1.

    Dijkstra's labels on times of arrival, O(roads log junctions) a trip. Mean times of quarter hours may let a vehicle that
    enters later leave sooner; a driver who may wait before a road for a better quarter hour leaves at
    min(t + time, the quarter hour's end + later of the next), which never overtakes, so that the labels are exact and no
    way on ``time`` is quicker.

    Parameters
    ----------
    first_road : int64[junctions + 1], head : int32[roads]
        Junction j's exits are roads first_road[j]:first_road[j + 1].
    time : int32[96, roads], ms
        To cross a road entered in a quarter hour.
    later : int32[96, roads], ms
        Least time from the quarter hour's start until the road's end, waiting before it included.
    origin, destination : int32[trips], depart : int64[trips], ms
    arrive : int64[trips], ms, written
    """
    known = np.full(len(first_road) - 1, FAR, np.int64)
    due, junction = np.empty(len(head) + 1, np.int64), np.empty(len(head) + 1, np.int32)
    for trip in range(len(origin)):
        known[:] = FAR
        known[origin[trip]] = depart[trip]
        due[0], junction[0] = depart[trip], origin[trip]
        size = 1
        while size > 0:
            now, here = due[0], junction[0]
            _pop(due, junction, size)
            size -= 1
            if here == destination[trip]:
                break
            if now > known[here]:
                continue
            quarter = now // QUARTER
            slot, following = quarter % SLOTS_A_DAY, (quarter + 1) % SLOTS_A_DAY
            for road in range(first_road[here], first_road[here + 1]):
                there = min(now + time[slot, road], (quarter + 1) * QUARTER + later[following, road])
                if there < known[head[road]]:
                    known[head[road]] = there
                    _push(due, junction, size, there, head[road])
                    size += 1
        arrive[trip] = known[destination[trip]]
        if arrive[trip] == FAR:
            return trip
    return -1


@kernel
def betweenness(
    first_road: Int64, head: Int32, cost: Int32, pivot: Int32, mean: Float64Out, spread: Float64Out
) -> None:  # fmt: skip
    """Add to each road, for each pivot, the junctions that quickest ways from it reach by that road (Brandes 2001, 2008).

    Several quickest ways to one junction share it. O(roads log junctions) a pivot.

    Parameters
    ----------
    first_road : int64[junctions + 1], head : int32[roads]
        Junction j's exits are roads first_road[j]:first_road[j + 1].
    cost : int32[roads], ms, at least 1
    pivot : int32[pivots], junctions
    mean, spread : float64[roads], zeros
        Written: the mean over the pivots, and the sum of squared deviations from it (Welford 1962).
    """
    n = len(first_road) - 1
    far, ways, share = np.empty(n, np.int64), np.empty(n, np.float64), np.empty(n, np.float64)
    settled, reached = np.empty(n, np.bool_), np.empty(n, np.int32)
    through = np.empty(len(head), np.float64)
    due, junction = np.empty(len(head) + 1, np.int64), np.empty(len(head) + 1, np.int32)
    for turn in range(len(pivot)):
        far[:], ways[:], share[:], settled[:], through[:] = FAR, 0, 0, False, 0
        far[pivot[turn]], ways[pivot[turn]] = 0, 1
        due[0], junction[0] = 0, pivot[turn]
        size, count = 1, 0
        while size > 0:
            now, here = due[0], junction[0]
            _pop(due, junction, size)
            size -= 1
            if settled[here]:
                continue
            settled[here] = True
            reached[count] = here
            count += 1
            for road in range(first_road[here], first_road[here + 1]):
                there = now + cost[road]
                if there < far[head[road]]:
                    far[head[road]], ways[head[road]] = there, ways[here]
                    _push(due, junction, size, there, head[road])
                    size += 1
                elif there == far[head[road]]:
                    ways[head[road]] += ways[here]
        for back in range(count - 1, -1, -1):
            here = reached[back]
            for road in range(first_road[here], first_road[here + 1]):
                beyond = head[road]
                if far[here] + cost[road] == far[beyond]:
                    through[road] = ways[here] / ways[beyond] * (1 + share[beyond])
                    share[here] += through[road]
        for road in range(len(head)):
            off = through[road] - mean[road]
            mean[road] += off / (turn + 1)
            spread[road] += off * (through[road] - mean[road])
