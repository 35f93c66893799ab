"""Where a car seems to have stopped between two held reads, and whether it goes there week after week."""

import numpy as np

from alprsim.kernels._jit import (
    Bool,
    Float64,
    Int8,
    Int32,
    Int32Grid,
    Int32GridOut,
    Int32Out,
    Int64,
    Int64GridOut,
    UInt64,
    UInt64Out,
    kernel,
    kernel_in_place,
    part_in_place,
)

CASES = 64
"""Cases a mask can tell apart; counts have a column for each, used or not."""

ROW, START, END, PLACE = range(4)
"""Rows of ``claims``: whose, between which two reads, at which place."""

ONCE, HABIT = range(2)
LEVELS = 2
"""Going to a place at all, and in as many different weeks as make a habit."""

NOWHERE = -1
"""In place of a place, a kind, a trip or a week."""

NONE = np.uint64(0)
BIT = np.uint64(1)


@part_in_place
def _write(
    claims: Int32GridOut, held: UInt64Out, n: int, row: int, start: int, end: int, place: int, pair: np.uint64
) -> int:
    """Write a claim down if there is room; return how many there are now."""
    if n < len(held):
        claims[ROW, n], claims[START, n], claims[END, n], claims[PLACE, n] = row, start, end, place
        held[n] = pair
    return n + 1


@part_in_place
def _claim(
    claims: Int32GridOut, held: UInt64Out, n: int, row: int, start: int, end: int, pair: np.uint64, gap: int, a: int,
    last_a: int, b: int, last_b: int, near: Int32, metres: Float64, lot: Int64, group: Int8, pace: float, least: int,
    most: int,
) -> int:  # fmt: skip
    """Claim a stop at the place with the least way round, of each group, near both sites and fitting the gap."""
    best, shortest = NOWHERE, np.inf
    while a < last_a and b < last_b:
        if near[a] < near[b]:
            a += 1
        elif near[b] < near[a]:
            b += 1
        else:
            place, way = near[a], metres[a] + metres[b]
            a, b = a + 1, b + 1
            if not least <= gap - way / pace <= most:
                continue
            if best != NOWHERE and group[place] != group[best]:
                n = _write(claims, held, n, row, start, end, best, pair)
                best, shortest = NOWHERE, np.inf
            if way < shortest or (way == shortest and lot[place] < lot[best]):
                best, shortest = int(place), way
    if best != NOWHERE:
        n = _write(claims, held, n, row, start, end, best, pair)
    return n


@kernel_in_place
def infer(
    rows: Int64, first_read: Int64, time: Int32, site: Int32, masks: UInt64, first_near: Int64, near: Int32,
    metres: Float64, lot: Int64, group: Int8, pace: float, least: int, most: int, longest: int, claims: Int32GridOut,
    held: UInt64Out,
) -> int:  # fmt: skip
    """Infer stops at sensitive places from two held reads in a row, for every case at once.

    What remains of the gap between the reads, after a drive in a straight line from the first camera to the place and on
    to the second, is the stay. A place is inferred if both cameras are near it and the stay is long and short enough; of
    several, of whatever kind, the one with the least way round, of equals the one with the least lot. Decoys compete in
    groups of their own, each as many as there are places: a gap names at most one place, and one decoy of each group.

    Parameters
    ----------
    rows : int64[n]
        Which vehicles of the bucket.
    first_read : int64[n_vehicles + 1]
        Vehicle v owns reads ``first_read[v]:first_read[v + 1]``, in order of time.
    time, site : int32[n_reads], seconds; row of Sites
    masks : uint64[n_reads]
        Bit k: case k holds the read.
    first_near : int64[n_sites + 1]
    near, metres : int32[n_near] rising within a site, float64[n_near]
        The places near a site, and how far they are.
    lot : int64[n_places]
        Of equals the least is named.
    group : int8[n_places], rising
        0 the places, then decoys: those of a group compete.
    pace : float, metres a second
    least, most : int, seconds
        Of a stay.
    longest : int, seconds
        A longer gap is no stop.
    claims : int32[4, room], overwritten
        Whose (place in ``rows``), the two reads, the place.
    held : uint64[room], overwritten
        The cases that hold both reads and none between.

    Returns
    -------
    How many claims there are; where that is more than there is room for, the later ones were not written.
    """
    n = 0
    for row in range(len(rows)):
        last = first_read[rows[row] + 1]
        for start in range(first_read[rows[row]], last):
            here = site[start]
            if first_near[here] == first_near[here + 1]:
                continue
            waiting = masks[start]
            for end in range(start + 1, last):
                gap = time[end] - time[start]
                if waiting == NONE or gap > longest:
                    break
                pair, there = waiting & masks[end], site[end]
                waiting &= ~masks[end]
                if pair != NONE and gap >= least:
                    n = _claim(
                        claims, held, n, row, start, end, pair, gap, first_near[here], first_near[here + 1],
                        first_near[there], first_near[there + 1], near, metres, lot, group, pace, least, most,
                    )  # fmt: skip
    return n


@kernel_in_place
def stops_of_claims(
    claims: Int32Grid, rows: Int64, time: Int32, first_trip: Int64, arrive: Int32, leave: Int32, stop: Int32,
    kind: Int8, found: Int32Out, stood: Int32Out, of_kind: Int32Out,
) -> None:  # fmt: skip
    """Find for each claim the trip that led to the claimed place, to a stay that overlaps the gap between the reads.

    Told beside it, for the chance that a guess would be right: at how many different places the car stood in the gap.

    Parameters
    ----------
    claims : int32[4, n]
        Of `infer`, with its ``rows`` and ``time``.
    first_trip : int64[n_vehicles + 1]
        Vehicle v owns trips ``first_trip[v]:first_trip[v + 1]``, in order of time.
    arrive, leave : int32[n_trips], seconds
        The car stands at the trip's end in [arrive, leave).
    stop : int32[n_trips]
        The place there, −1 none that is asked about.
    kind : int8[n_places]
    found : int32[n], overwritten
        Row of the trip, the first of several; −1: the car did not stop there.
    stood, of_kind : int32[n], overwritten
        Different places in the gap, and those of the claimed one's kind.
    """
    for claim in range(len(found)):
        row = rows[claims[ROW, claim]]
        since, until = time[claims[START, claim]], time[claims[END, claim]]
        low, high = first_trip[row], first_trip[row + 1]
        last = high
        while low < high:
            middle = (low + high) // 2
            if leave[middle] > since:
                high = middle
            else:
                low = middle + 1
        first, claimed = low, claims[PLACE, claim]
        found[claim], stood[claim], of_kind[claim] = NOWHERE, 0, 0
        while low < last and arrive[low] < until:
            place, before = stop[low], first
            while stop[before] != place:
                before += 1
            if place != NOWHERE and before == low:
                stood[claim] += 1
                of_kind[claim] += kind[place] == kind[claimed]
                if place == claimed:
                    found[claim] = low
            low += 1


@kernel_in_place
def add_up(cell: Int64, masks: UInt64, counts: Int64GridOut) -> None:
    """Add 1 to a cell of the counts for every bit of each mask.

    Parameters
    ----------
    cell : int64[n], row of counts
    masks : uint64[n]
    counts : int64[n_cells, 64], added to
    """
    for row in range(len(cell)):
        mine, mask = counts[cell[row]], masks[row]
        for case in range(CASES):
            mine[case] += np.int64((mask >> np.uint64(case)) & BIT)


@kernel
def weigh(
    first: Int64, week: Int32, days: Int32, masks: UInt64, right: Bool, weeks: Int32, cell: Int64, habit: int, bins: int,
    claimed: Int64GridOut, found: Int64GridOut, until: Int64GridOut,
) -> None:  # fmt: skip
    """Count the places that each car is said to go to, once or as a habit, those that it goes to, and after how many days.

    A place is claimed if it was inferred in one week, or in ``habit`` different ones, and found if the inferences of as many
    were right and the car goes there in as many. Claims come from the newest back, so what the last d days show is
    known on the way.

    Parameters
    ----------
    first : int64[n_groups + 1]
        A car and a place: claims ``first[g]:first[g + 1]``, from the newest back.
    week, days : int32[n_claims]
        In which it is; how many days back its reads must be held.
    masks : uint64[n_claims]
        The cases that make it.
    right : bool[n_claims]
    weeks : int32[n_groups]
        Different weeks in which the car went there.
    cell : int64[n_groups]
        Where its counts go.
    habit : int
        Weeks that make one.
    bins : int
        Days told apart; the last is of more.
    claimed, found : int64[2 × n_cells, 64], added to
        Row = 2 × cell + (0 once, 1 habit).
    until : int64[2 × n_cells × bins, 64], added to
        Of those found, by the days.
    """
    last, last_right = np.empty(CASES, np.int32), np.empty(CASES, np.int32)
    said, so = np.empty(CASES, np.int64), np.empty(CASES, np.int64)
    for group in range(len(cell)):
        last[:], last_right[:], said[:], so[:] = NOWHERE, NOWHERE, 0, 0
        for claim in range(first[group], first[group + 1]):
            for case in range(CASES):
                if (masks[claim] >> np.uint64(case)) & BIT == NONE:
                    continue
                if last[case] != week[claim]:
                    last[case] = week[claim]
                    said[case] += 1
                if right[claim] and last_right[case] != week[claim]:
                    last_right[case] = week[claim]
                    so[case] += 1
                    for level in range(LEVELS):
                        needed = 1 if level == ONCE else habit
                        if so[case] == needed and weeks[group] >= needed:
                            place = LEVELS * cell[group] + level
                            found[place, case] += 1
                            until[place * bins + min(days[claim], bins - 1), case] += 1
        for case in range(CASES):
            claimed[LEVELS * cell[group] + ONCE, case] += said[case] > 0
            claimed[LEVELS * cell[group] + HABIT, case] += said[case] >= habit
