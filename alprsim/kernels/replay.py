"""Vehicles cross each road in a given time, by road and quarter hour: a day without queues, in well under a second.

Times are milliseconds since the day's start; quarter hours past its end are those of the next day's morning.
"""

import numpy as np

from alprsim.kernels._jit import Bool, Int32, Int32Out, Int64, Int64Out, kernel

SECOND, QUARTER, SLOTS_A_DAY = 1000, 900_000, 96


@kernel
def count(begin: Int64, end: Int64, route: Int32, watched: Bool) -> int:
    """Return how many watched roads the trips enter: trip i drives ``route[begin[i]:end[i]]``."""
    entries = 0
    for i in range(len(begin)):
        for row in range(begin[i], end[i]):
            entries += watched[route[row]]
    return entries


@kernel
def replay(
    vehicle: Int32, order: Int32, begin: Int64, end: Int64, enter: Int64, route: Int32, crossing: Int32,
    watched: Bool, passed: int,
    depart: Int64Out, arrive: Int64Out, vehicles: Int32Out, time: Int64Out, road: Int32Out, who: Int32Out,
) -> int:  # fmt: skip
    """Drive every trip along the rest of its path; return the number of passages written so far.

    A trip departs no sooner than its vehicle's last arrival, rounded up to a whole second. One pass, O(moves). Driven
    in order of departure, and with tables by quarter hour first, the cells in use at a time fit the cache: 2.8 times
    faster than in order of trip with tables by road (32,040 roads, 18 M moves: 0.30 s and 0.83 s).

    Parameters
    ----------
    vehicle : int32[trips], ascending
        Trips of one vehicle stand together, in order of departure.
    order : int32[trips]
        Rows in the order to drive them: a vehicle's in order of departure.
    begin, end : int64[trips]
        Trip i drives ``route[begin[i]:end[i]]``; nothing, if it has arrived.
    enter : int64[trips], ms
        When it means to enter the first of them, or has arrived.
    route : int32, Paths.road
    crossing : int32[96 × roads], ms
        By quarter hour of entry and road.
    watched : bool[roads]
    passed : int
        Rows of time, road, who already written.
    depart, arrive : int64[trips], ms, written
        When it entered the first of these roads and left the last.
    vehicles : int32[96 × roads], added to
        Entries by quarter hour and road.
    time, road, who : int64, int32, int32, written from row `passed`
        Passages of watched roads: when, where, which trip.
    """
    roads = len(watched)
    for i in order:
        now = enter[i]
        if i > 0 and vehicle[i] == vehicle[i - 1]:
            now = max(now, (arrive[i - 1] + SECOND - 1) // SECOND * SECOND)
        depart[i] = now
        for row in range(begin[i], end[i]):
            r = np.int64(route[row])
            if watched[r]:
                time[passed], road[passed], who[passed] = now, r, i
                passed += 1
            cell = now // QUARTER % SLOTS_A_DAY * roads + r
            vehicles[cell] += 1
            now += crossing[cell]
        arrive[i] = now
    return passed
