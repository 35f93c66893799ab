"""Which reads each policy leaves in view, and which days and trips they show: up to 64 policies in one pass."""

import numpy as np

from alprsim.kernels._jit import (
    Int16,
    Int32,
    Int32Grid,
    Int32GridOut,
    Int64,
    Int64GridOut,
    UInt64,
    kernel,
    kernel_in_place,
    part_in_place,
    part_of_kernel,
)

CASES = 64
"""Cases a mask can tell apart; counts have a column for each, used or not."""

DAY = 86_400
"""Seconds in a day (as tables.DAY); kernels import nothing of the package."""

OUTSIDE, GHOST = -1, -2
"""Instead of a read's trip: the vehicle was not under way; it was another vehicle."""

READS, GHOSTS, DAYS, ONCE, TWICE, DRIVEN, TRIPS = range(7)
"""What is counted: reads and ghosts held; days with a held read, trips with one, with two; days driven, trips made."""
QUANTITIES = 7

STOCK, HORIZON, WINDOW = range(3)
"""Over which time: everything held; the last T; the window the policy keeps. Row of `counts`: time × 7 + quantity."""
ROWS = 3 * QUANTITIES

SHARES = ((READS, DRIVEN), (DAYS, DRIVEN), (ONCE, TRIPS), (TWICE, TRIPS))
"""Quantity over quantity, for each vehicle, of the last T and of the window."""

ONE_SHARE = 2.0**32
"""A share of 1 in `shares`: sums of whole numbers do not depend on the order of buckets or processes."""

FOREVER = np.int64(2**62)
"""More than any age, s."""

NONE = np.uint64(0)
BIT = np.uint64(1)
ALL = ~NONE


@part_of_kernel
def _step(steps: Int32, age: int) -> int:
    """Return the last step at or below ``age``."""
    low, high = 0, len(steps)
    while high - low > 1:
        middle = (low + high) // 2
        if steps[middle] <= age:
            low = middle
        else:
            high = middle
    return low


@kernel
def held(time: Int32, site: Int32, owner_of_site: Int16, steps: Int32, grid: UInt64, now: int) -> UInt64:
    """Say for each read which cases can obtain it at the moment ``now``: bit k is case k.

    Reads of one vehicle come in order of time, so the step of the last read mostly serves the next one; a binary
    search finds it otherwise. O(1) a read in practice, 8 bytes written.

    Parameters
    ----------
    time, site : int32[n_reads], seconds; row of owner_of_site
    owner_of_site : int16[n_sites], column of grid
    steps : int32[n_steps], seconds
        Ages at which some owner's mask changes, ascending, the first is 0.
    grid : uint64[n_steps × n_owners]
        The cases that can obtain a read of an owner from that age to the next step.
    now : int, seconds
        Reads after it are held by nobody.
    """
    masks = np.zeros(len(time), np.uint64)
    owners = len(grid) // len(steps)
    step, lower, upper = 0, np.int64(0), np.int64(-1)  # any: 0; 1
    for read in range(len(time)):
        age = now - time[read]
        if age < 0:
            continue
        if age < lower or age >= upper:  # any: age < lower
            step = _step(steps, age)
            lower = np.int64(steps[step])
            upper = np.int64(steps[step + 1]) if step + 1 < len(steps) else FOREVER
        masks[read] = grid[step * owners + owner_of_site[site[read]]]
    return masks


@kernel
def trips_of_reads(
    vehicle: Int32, first_read: Int64, time: Int32, truth: Int32, first_trip: Int64, depart: Int32, arrive: Int32
) -> Int32:
    """Find the trip each read was made on: the last departed by then, if it has not arrived; else OUTSIDE or GHOST.

    Parameters
    ----------
    vehicle : int32[n_vehicles], row of Vehicles
    first_read, first_trip : int64[n_vehicles + 1]
        Vehicle v owns reads and trips ``first[v]:first[v + 1]``, each in order of time; trips do not overlap.
    time, truth : int32[n_reads], seconds; row of Vehicles
        A read whose truth is another vehicle is a ghost.
    depart, arrive : int32[n_trips], seconds
        A trip covers [depart, arrive).
    """
    trip = np.full(len(time), OUTSIDE, np.int32)
    for row in range(len(vehicle)):
        current, last = first_trip[row], first_trip[row + 1]
        for read in range(first_read[row], first_read[row + 1]):
            if truth[read] != vehicle[row]:
                trip[read] = GHOST
                continue
            while current + 1 < last and depart[current + 1] <= time[read]:
                current += 1
            if current < last and depart[current] <= time[read] < arrive[current]:
                trip[read] = current
    return trip


@part_in_place
def _count(counts: Int32GridOut, row: int, mask: np.uint64) -> None:
    """Add 1 for every case whose bit is set: always all 64, which vectorises (3 × as fast as the cases in use)."""
    if mask == NONE:
        return
    for case in range(CASES):
        counts[row, case] += np.int32((mask >> np.uint64(case)) & BIT)


@part_in_place
def _count_sevens(counts: Int32GridOut, row: int, ones: np.uint64, twos: np.uint64, fours: np.uint64) -> None:
    """Add what three words have counted, a binary digit each, for all 64 cases: up to 7."""
    for case in range(CASES):
        bit = np.uint64(case)
        counts[row, case] += np.int32(
            ((ones >> bit) & BIT) + (((twos >> bit) & BIT) << BIT) + (((fours >> bit) & BIT) << np.uint64(2))
        )


@part_in_place
def _tally_reads(
    counts: Int32GridOut, first: int, last: int, time: Int32, trip: Int32, masks: UInt64, since: int
) -> None:
    """Count one vehicle's held reads and ghosts; STOCK gets only what HORIZON has not.

    Seven reads are added up in three words before the counts are touched: arbitrary policies cost no more than nested ones.
    """
    ones, twos, fours, added, row = NONE, NONE, NONE, 0, STOCK * QUANTITIES + READS  # any: 0
    for read in range(first, last):
        mask, time_row = masks[read], (HORIZON if time[read] > since else STOCK) * QUANTITIES
        if trip[read] == GHOST:
            _count(counts, time_row + GHOSTS, mask)
            continue
        if added == 7 or time_row + READS != row:
            _count_sevens(counts, row, ones, twos, fours)
            ones, twos, fours, added, row = NONE, NONE, NONE, 0, time_row + READS  # any: 0
        carry = ones & mask
        ones ^= mask
        fours ^= twos & carry
        twos ^= carry
        added += 1
    _count_sevens(counts, row, ones, twos, fours)


@part_in_place
def _close_day(
    counts: Int32GridOut,
    seen: np.uint64,
    seen_late: np.uint64,
    seen_inside: np.uint64,
    driven: np.uint64,
    driven_late: bool,
    counted: bool,
) -> None:
    _count(counts, HORIZON * QUANTITIES + DAYS, seen_late)
    _count(counts, STOCK * QUANTITIES + DAYS, seen & ~seen_late)
    _count(counts, WINDOW * QUANTITIES + DAYS, seen & ~seen_inside)
    _count(counts, WINDOW * QUANTITIES + DRIVEN, driven)
    if counted:
        _count(counts, (HORIZON if driven_late else STOCK) * QUANTITIES + DRIVEN, ALL)


@part_in_place
def _complete(counts: Int32GridOut) -> None:
    """Turn older-only into STOCK, and what lies outside the window into what lies inside it."""
    for quantity in range(QUANTITIES):
        stock, horizon = counts[STOCK * QUANTITIES + quantity], counts[HORIZON * QUANTITIES + quantity]
        window = counts[WINDOW * QUANTITIES + quantity]
        for case in range(CASES):
            stock[case] += horizon[case]
            if quantity < DRIVEN:
                window[case] = stock[case] - window[case]


@part_in_place
def _tally_trips(
    counts: Int32GridOut,
    read: int,
    last_read: int,
    time: Int32,
    trip: Int32,
    masks: UInt64,
    first_trip: int,
    last_trip: int,
    depart: Int32,
    arrive: Int32,
    in_window: UInt64,
    now: int,
    since: int,
) -> None:
    """Count one vehicle's trips and days; STOCK gets only what HORIZON has not, WINDOW only what lies outside it."""
    day, seen, seen_late, seen_inside, driven, driven_late = -1, NONE, NONE, NONE, NONE, False  # any: 1
    for current in range(first_trip, last_trip):
        if depart[current] > now:
            break
        late, window = depart[current] > since, in_window[current]
        once = twice = NONE
        for touched in range(depart[current] // DAY, max(depart[current], min(arrive[current] - 1, now)) // DAY + 1):
            if touched != day:
                _close_day(counts, seen, seen_late, seen_inside, driven, driven_late, day >= 0)
                day, seen, seen_late, seen_inside, driven, driven_late = touched, NONE, NONE, NONE, NONE, False
            driven |= window
            driven_late |= late
            while read < last_read and trip[read] <= current and time[read] < (touched + 1) * DAY:
                if trip[read] == current:
                    twice |= once & masks[read]
                    once |= masks[read]
                    seen |= masks[read]
                    seen_inside |= masks[read] & window
                    seen_late |= masks[read] if late else NONE
                read += 1
        column = HORIZON * QUANTITIES if late else STOCK * QUANTITIES
        _count(counts, column + ONCE, once)
        _count(counts, column + TWICE, twice)
        _count(counts, WINDOW * QUANTITIES + ONCE, once & ~window)
        _count(counts, WINDOW * QUANTITIES + TWICE, twice & ~window)
        _count(counts, WINDOW * QUANTITIES + TRIPS, window)
        _count(counts, column + TRIPS, ALL)
    _close_day(counts, seen, seen_late, seen_inside, driven, driven_late, day >= 0)


@kernel_in_place
def tally(
    rows: Int64,
    first_read: Int64,
    time: Int32,
    trip: Int32,
    masks: UInt64,
    first_trip: Int64,
    depart: Int32,
    arrive: Int32,
    in_window: UInt64,
    now: int,
    since: int,
    counts: Int32GridOut,
) -> None:
    """Count for each vehicle and case what is held, and what there was to see, in the three times.

    A trip belongs to the last T or to a window by its departure, and brings its reads and the days it touches with
    it: so what is seen never exceeds what there was. A read counts for READS whether or not a trip was under way.

    Parameters
    ----------
    rows : int64[n]
        Which vehicles of the bucket.
    first_read, time, first_trip, depart, arrive
        As in `trips_of_reads`.
    trip : int32[n_reads]
        Its answer.
    masks : uint64[n_reads]
        The answer of `held`.
    in_window : uint64[n_trips]
        Bit k: the trip departed inside the window that case k keeps.
    now, since : int, seconds
        The moment of the query, and the moment T before it: the last T is (since, now].
    counts : int32[n × 21, 64], overwritten
        Row = vehicle × 21 + time × 7 + quantity.
    """
    counts[:] = 0
    for place in range(len(rows)):
        row = rows[place]
        mine = counts[place * ROWS : (place + 1) * ROWS]  # any: 1
        _tally_reads(mine, first_read[row], first_read[row + 1], time, trip, masks, since)
        _tally_trips(
            mine, first_read[row], first_read[row + 1], time, trip, masks,
            first_trip[row], first_trip[row + 1], depart, arrive, in_window, now, since,
        )  # fmt: skip
        _complete(mine)


@kernel
def add_shares(
    counts: Int32Grid, group: Int16, totals: Int64GridOut, shares: Int64GridOut, eligible: Int64GridOut
) -> None:
    """Add up vehicles by group: the counts, each vehicle's own shares, and the vehicles that have a share.

    Parameters
    ----------
    counts : int32[n × 21, 64]
        The answer of `tally`.
    group : int16[n]
        The vehicle's home town.
    totals : int64[n_groups × 21, 64], added to
    shares : int64[n_groups × 8, 64], in 2⁻³² of a share, added to
        Row = group × 8 + (0 of the last T, 4 of the window) + row of SHARES.
    eligible : int64[n_groups × 8, 64], added to
        Vehicles whose denominator is not 0: the others have no share and are left out of its mean.
    """
    for place in range(len(group)):
        mine = counts[place * ROWS : (place + 1) * ROWS]  # any: 1
        for row in range(ROWS):
            total = totals[group[place] * ROWS + row]
            for case in range(CASES):
                total[case] += mine[row, case]
        for row in range(2 * len(SHARES)):
            column = (HORIZON + row // len(SHARES)) * QUANTITIES
            part, whole = mine[column + SHARES[row % 4][0]], mine[column + SHARES[row % 4][1]]
            share, has = shares[group[place] * 8 + row], eligible[group[place] * 8 + row]
            for case in range(CASES):
                share[case] += np.int64(part[case] * (ONE_SHARE / max(whole[case], 1))) if whole[case] > 0 else 0
                has[case] += whole[case] > 0
