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
    number: Int32, vehicle: Int32, begin: Int64, end: Int64, enter: Int64, route: Int32, crossing: Int32,
    watched: Bool, passed: int, ready: Int64Out,
    depart: Int64Out, arrive: Int64Out, vehicles: Int32Out, time: Int64Out, road: Int32Out, who: Int32Out,
) -> int:  # fmt: skip
    """Drive every trip along the rest of its path; return the number of passages written so far.

    A trip departs no sooner than its vehicle's last arrival, rounded up to a whole second. One pass, O(moves). With rows
    in order of departure and tables by quarter hour first, what is in use at a time fits the cache: 2.8 times faster than
    in order of trip with tables by road. The quarter hour is worked out where it changes, not at every road, so that the
    next roads' times are on their way before this one's is there (28 M moves: 0.80 s to 0.52 s); and the trips' columns
    are read row after row (0.34 s). Counting no entries would save nothing.

    Parameters
    ----------
    number : int32[trips]
        What `who` calls each trip; a vehicle's trips in order of departure, whatever the order otherwise.
    vehicle : int32[trips], row of `ready`
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
    ready : int64[vehicles], ms, kept up
        When each vehicle last arrived.
    depart, arrive : int64[trips], ms, written
        When it entered the first of these roads and left the last.
    vehicles : int32[96 × roads], added to
        Entries by quarter hour and road.
    time, road, who : int64, int32, int32, written from row `passed`
        Passages of watched roads: when, where, which trip.
    """
    roads = len(watched)
    for i in range(len(number)):
        now = max(enter[i], (ready[vehicle[i]] + SECOND - 1) // SECOND * SECOND)
        depart[i] = now
        first_cell, until = 0, now  # the cells of the quarter hour that ends then
        for row in range(begin[i], end[i]):
            if now >= until:
                quarter = now // QUARTER
                first_cell, until = quarter % SLOTS_A_DAY * roads, (quarter + 1) * QUARTER
            r = np.int64(route[row])
            if watched[r]:
                time[passed], road[passed], who[passed] = now, r, number[i]
                passed += 1
            vehicles[first_cell + r] += 1
            now += crossing[first_cell + r]
        arrive[i] = now
        ready[vehicle[i]] = now
    return passed
