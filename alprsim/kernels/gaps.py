"""How long each car goes without a held read, for up to 64 policies in one pass."""

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
    part_of_kernel,
)

CASES = 64
"""Cases a mask can tell apart; gaps have a column for each, used or not, because a fixed number vectorises."""

GHOST = -2
"""Instead of a read's trip: it was another vehicle (as ladder.GHOST)."""

HOUR, DAY = 3600, 86_400
HOURS = 336
"""Gaps are told to the hour up to 14 days and to the day beyond, rounded down: bin 336 + d is of 14 + d days."""

HORIZON, WINDOW, SO_FAR = range(3)
"""In which time: the last T; the window the policy keeps; all that was simulated. Row of `gaps`: vehicle × 3 + time."""
TIMES = 3

NONE = np.uint64(0)
BIT = np.uint64(1)
NEVER = -1


@part_of_kernel
def _close(
    first: Int32GridOut, last: Int32GridOut, gap: Int32GridOut, part: int, mask: np.uint64, begin: int, end: int, inner: int
) -> None:  # fmt: skip
    """Add a run of reads that the same cases hold, from its first to its last; ``inner`` is its own longest gap."""
    for case in range(CASES):
        if (mask >> np.uint64(case)) & BIT:
            before = last[part, case]
            first[part, case] = first[part, case] if before != NEVER else np.int32(begin)
            gap[part, case] = max(gap[part, case], inner, begin - before if before != NEVER else 0)
            last[part, case] = np.int32(end)


@part_of_kernel
def _tell(
    first: Int32GridOut, last: Int32GridOut, gap: Int32GridOut, now: int, since: int, window: Int32, mine: Int32GridOut
) -> None:
    """Join what was read before the last T and in it, and the edges of each time asked about."""
    for case in range(CASES):
        old, new = last[0, case] != NEVER, last[1, case] != NEVER
        inside = max(gap[0, case], gap[1, case], first[1, case] - last[0, case] if old and new else 0)
        begin = first[0, case] if old else first[1, case]
        after = now - (last[1, case] if new else last[0, case])
        start = now - np.int64(window[case])
        mine[HORIZON, case] = max(gap[1, case], first[1, case] - since, now - last[1, case]) if new else now - since
        mine[WINDOW, case] = max(inside, begin - start, after) if old or new else window[case]
        mine[SO_FAR, case] = max(inside, begin, after) if old or new else now


@kernel
def longest(
    rows: Int64, first_read: Int64, time: Int32, trip: Int32, masks: UInt64, window: Int32, now: int, since: int,
    gaps: Int32GridOut,
) -> None:  # fmt: skip
    """Find each car's longest stretch without a held read of it, in the last T, in the window, and since the start.

    A stretch runs from the start of the time asked about to the first held read, from read to read, or from the last to
    the moment; a car without a held read has one as long as the whole time. Reads of another car do not end one.
    Neighbouring reads that the same cases hold are taken together, so nested limits cost little more than one.

    Parameters
    ----------
    rows : int64[n]
        Which vehicles of the bucket.
    first_read : int64[n_vehicles + 1]
        Vehicle v owns reads ``first_read[v]:first_read[v + 1]``, in order of time.
    time, trip : int32[n_reads], seconds; the answer of `ladder.trips_of_reads`
    masks : uint64[n_reads]
        The answer of `ladder.held`: bit k is case k; reads after ``now`` are held by none.
    window : int32[64], seconds
        How far back each case holds anything: its window is (now − window, now].
    now, since : int, seconds
        The moment of the query, and the moment T before it: the last T is (since, now].
    gaps : int32[n × 3, 64], overwritten, seconds
        Row = vehicle × 3 + time.
    """
    first, last = np.empty((2, CASES), np.int32), np.empty((2, CASES), np.int32)  # any
    gap = np.empty((2, CASES), np.int32)  # any
    for place in range(len(rows)):
        last[:], gap[:] = NEVER, 0
        mask, part, begin, end, inner = NONE, 0, 0, 0, 0  # any
        for read in range(first_read[rows[place]], first_read[rows[place] + 1]):
            if masks[read] == NONE or trip[read] == GHOST:
                continue
            late = int(time[read] > since)  # at the edge: a gap begins there either way  # any
            if masks[read] != mask or late != part:
                if mask != NONE:
                    _close(first, last, gap, part, mask, begin, end, inner)
                mask, part, begin, inner = masks[read], late, time[read], 0
            else:
                inner = max(inner, time[read] - end)
            end = time[read]
        if mask != NONE:
            _close(first, last, gap, part, mask, begin, end, inner)
        mine = gaps[place * TIMES : (place + 1) * TIMES]  # any
        _tell(first, last, gap, now, since, window, mine)


@kernel
def longest_told(
    rows: Int64, first_read: Int64, early: Int32, late: Int32, masks: UInt64, window: Int32, now: int, since: int,
    gaps: Int32GridOut,
) -> None:  # fmt: skip
    """Find the longest stretch in which each car may have gone unread, where records say only from when to when it was read.

    A read may have been made in any second from its `early` to its `late`, none after the moment, and those that may have
    been made before the time asked about may be outside of it. So a stretch runs from the latest that the reads before
    are sure to have been made after, to the soonest that another is sure to have been made by. Where all are known to the
    second, the answer is that of `longest`. O(cases) a read; reads that say what the last one said cost nothing.

    Parameters
    ----------
    rows, first_read, window, now, since, gaps
        As in `longest`.
    early, late : int32[n_reads], seconds
        Of one vehicle in order of `late`.
    masks : uint64[n_reads]
        Bit k is case k; reads of another car, and reads after ``now``, are held by none.
    """
    last = np.empty((TIMES, CASES), np.int64)  # any
    for place in range(len(rows)):
        mine = gaps[place * TIMES : (place + 1) * TIMES]  # any
        mine[:], last[HORIZON], last[WINDOW], last[SO_FAR] = 0, since, now - window.astype(np.int64), 0
        mask, begin, end = NONE, 0, 0  # any
        for read in range(first_read[rows[place]], first_read[rows[place] + 1]):
            if masks[read] == NONE or (masks[read] == mask and early[read] == begin and late[read] == end):
                continue
            mask, begin, end = masks[read], early[read], late[read]
            for time in range(TIMES):
                for case in range(CASES):
                    if (mask >> np.uint64(case)) & BIT:
                        mine[time, case] = max(mine[time, case], min(end, now) - last[time, case])
                        last[time, case] = max(last[time, case], begin)
        for time in range(TIMES):
            for case in range(CASES):
                mine[time, case] = max(mine[time, case], now - last[time, case])


@kernel
def add_bins(gaps: Int32Grid, group: Int16, bins: int, counts: Int64GridOut) -> None:
    """Count the cars of each group by their longest gap, to the hour and, beyond 14 days, to the day.

    Parameters
    ----------
    gaps : int32[n × 3, 64], seconds
        The answer of `longest`.
    group : int16[n]
        The vehicle's home town.
    bins : int
        The last bin takes all that is longer.
    counts : int64[n_groups × 3 × bins, 64], added to
        Row = (group × 3 + time) × bins + bin.
    """
    for place in range(len(group)):
        for time in range(TIMES):
            start = (group[place] * TIMES + time) * bins
            for case in range(CASES):
                seconds = gaps[place * TIMES + time, case]
                hours = seconds // HOUR
                where = hours if hours < HOURS else HOURS - HOURS // 24 + seconds // DAY  # any: hours < HOURS
                counts[start + min(where, bins - 1), case] += 1
