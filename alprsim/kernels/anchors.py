"""Where a car's day seems to begin and end and where it stands through the working day, from held reads alone."""

import numpy as np

from alprsim.kernels._jit import (
    Bool,
    BoolGrid,
    Int32,
    Int32GridOut,
    Int64,
    UInt64,
    kernel,
    part_of_kernel,
)

DAY = 86_400
"""Seconds in a day (as tables.DAY), from 04:00."""

STAY = 3 * 3600
"""Shortest gap between two reads that is taken for a stay at work."""

FROM, UNTIL = 1 * 3600, 8 * 3600
"""Seconds after 04:00 between which a stay at work begins: 05:00 to 12:00."""

CASES = 64
"""Cases a mask can tell apart; votes have a column for each, used or not, because a fixed number vectorises."""

NEVER = -1

NONE = np.uint64(0)
BIT = np.uint64(1)
SCALE = 2**32
"""More than any row of Sites: votes and site share a word."""


@part_of_kernel
def _vote(votes: Int32GridOut, voted: Bool, best: Int64, site: int, mask: np.uint64) -> None:
    """Give a site one vote in every case whose bit is set.

    The most votes and, of equals, the lowest site are the greatest of one number, votes × 2³² − site. Votes only grow, so
    the greatest so far is always at hand.
    """
    voted[site] = True
    for case in range(CASES):
        votes[site, case] += np.int32((mask >> np.uint64(case)) & BIT)
        best[case] = max(best[case], np.int64(votes[site, case]) * SCALE - site)


@part_of_kernel
def _clear(votes: Int32GridOut, voted: Bool, best: Int64, site: Int32, first: int, last: int) -> None:
    """Forget the votes that one vehicle's reads gave."""
    best[:] = 0
    for read in range(first, last):
        if voted[site[read]]:
            votes[site[read]] = 0
            voted[site[read]] = False


@part_of_kernel
def _vote_home(
    votes: Int32GridOut, voted: Bool, best: Int64, first: int, last: int, site: Int32, masks: UInt64
) -> bool:
    """Let one day's first and last held read vote; tell whether any did."""
    seen = NONE
    for read in range(first, last):
        new = masks[read] & ~seen
        if new != NONE:
            _vote(votes, voted, best, site[read], new)
            seen |= new
    spoke = bool(seen != NONE)
    for read in range(last - 1, first - 1, -1):
        new = masks[read] & seen
        if new != NONE:
            _vote(votes, voted, best, site[read], new)
            seen &= ~new
    return spoke


@part_of_kernel
def _vote_work(
    votes: Int32GridOut,
    voted: Bool,
    best: Int64,
    first: int,
    last: int,
    time: Int32,
    site: Int32,
    masks: UInt64,
    gap: Int32,
    before: Int64,
    after: Int64,
) -> bool:
    """Let the reads on both sides of one day's longest stay vote; gap, before and after are scratch, one a case."""
    longest = 0
    gap[:] = 0
    for start in range(first, last):
        waiting = masks[start] if FROM <= time[start] % DAY < UNTIL else NONE
        for end in range(start + 1, last):
            if waiting == NONE:
                break
            pair, length = waiting & masks[end], time[end] - time[start]
            waiting &= ~masks[end]
            if pair != NONE and length >= STAY:
                longest = max(longest, length)
                for case in range(CASES):
                    if (pair >> np.uint64(case)) & BIT and length > gap[case]:
                        gap[case], before[case], after[case] = length, start, end
    if longest > 0:
        for case in range(CASES):
            if gap[case] > 0:
                for read in (before[case], after[case]):
                    here = np.int64(site[read])
                    votes[here, case] += 1
                    voted[here] = True
                    best[case] = max(best[case], np.int64(votes[here, case]) * SCALE - here)
    return longest > 0


@part_of_kernel
def _day_begins(begin: int, last: int, time: Int32) -> int:
    """Return the first read, from ``begin`` on, of the day of the one before ``last``."""
    first = last - 1
    while first > begin and time[first - 1] // DAY == time[last - 1] // DAY:
        first -= 1
    return first


@part_of_kernel
def _note_found(best: Int64, near: BoolGrid, row: int, days: int, until: Int32GridOut) -> None:
    """Write down the days that it took where the guess is right for the first time."""
    for case in range(CASES):
        if best[case] > 0 and until[row, case] == NEVER and near[row, -best[case] % SCALE]:
            until[row, case] = days


@kernel
def anchors(
    rows: Int64, first_read: Int64, time: Int32, site: Int32, masks: UInt64, near: BoolGrid, first_weekday: int, now: int,
    guess: Int32GridOut, until: Int32GridOut,
) -> None:  # fmt: skip
    """Guess where each car lives and works, for every case at once, and after how many days of reads that is first right.

    Home is the site with the most votes, where each day's first and last held read have one vote each. Work is the
    site with the most votes, where on each Monday to Friday the longest gap of at least 3 h between two neighbouring
    held reads of the day, begun from 05:00 to 12:00, gives one vote to the site before it and one to the site after
    (equal gaps: the earliest). Equal votes: the lowest site. After Golle & Partridge 2009 and Zang & Bolot 2011, who
    take a trace's top places for home and work.

    Days are taken from the newest back, so the guess from the last d days is known on the way to the whole one.

    Parameters
    ----------
    rows : int64[n]
        Which vehicles of the bucket.
    first_read : int64[n_vehicles + 1]
        Vehicle v owns reads ``first_read[v]:first_read[v + 1]``, in order of time.
    time, site : int32[n_reads], seconds since 04:00 of the first day; row of Sites
    masks : uint64[n_reads]
        Bit k: sight k holds the read. Reads after ``now`` are held by none.
    near : bool[2 n, n_sites]
        Row 2 r: which sites lie near the home of vehicle ``rows[r]``; row 2 r + 1: near its work.
    first_weekday : int
        Of the first day, Monday is 0.
    now : int, seconds
        The moment of the query.
    guess : int32[2 n, n_cases], overwritten
        The site of home and of work, −1 where no read speaks.
    until : int32[2 n, n_cases], overwritten, days
        How far back reads must be held, from ``now`` to the start of a day, until a guess first is near: −1 never.
    """
    votes, voted = np.zeros((near.shape[1], CASES), np.int32), np.zeros(near.shape[1], np.bool_)
    best, gap = np.zeros(CASES, np.int64), np.empty(CASES, np.int32)
    before, after = np.empty(CASES, np.int64), np.empty(CASES, np.int64)
    until[:] = NEVER
    for row in range(2 * len(rows)):
        begin, end = first_read[rows[row // 2]], first_read[rows[row // 2] + 1]
        last = end
        while last > begin:
            first = _day_begins(begin, last, time)
            day = time[first] // DAY
            spoke = False
            if row % 2 == 0:
                spoke = _vote_home(votes, voted, best, first, last, site, masks)
            elif (first_weekday + day) % 7 < 5:
                spoke = _vote_work(votes, voted, best, first, last, time, site, masks, gap, before, after)
            if spoke:
                _note_found(best, near, row, (now - day * DAY + DAY - 1) // DAY, until)
            last = first
        for case in range(CASES):
            guess[row, case] = -best[case] % SCALE if best[case] > 0 else -1
        _clear(votes, voted, best, site, begin, end)
