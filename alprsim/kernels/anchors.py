"""Where a car's day seems to begin and end and where it stands through the working day, from held reads alone."""

import numpy as np

from alprsim.kernels._jit import Bool, Int32, Int32GridOut, Int64, UInt64, kernel, part_of_kernel

DAY = 86_400
"""Seconds in a day (as tables.DAY), from 04:00."""

STAY = 3 * 3600
"""Shortest gap between two reads that is taken for a stay at work."""

FROM, UNTIL = 1 * 3600, 8 * 3600
"""Seconds after 04:00 between which a stay at work begins: 05:00 to 12:00."""

CASES = 64
"""Cases a mask can tell apart; votes have a column for each, used or not, because a fixed number vectorises."""

NONE = np.uint64(0)
BIT = np.uint64(1)
SCALE = 2**32


@part_of_kernel
def _vote(votes: Int32GridOut, voted: Bool, site: int, mask: np.uint64) -> None:
    """Give a site one vote in every case whose bit is set."""
    voted[site] = True
    for case in range(CASES):
        votes[site, case] += np.int32((mask >> np.uint64(case)) & BIT)


@part_of_kernel
def _elect(votes: Int32GridOut, voted: Bool, site: Int32, first: int, last: int, best: Int64, found: Int32) -> None:
    """Write each case's site with the most votes (ties: the lowest site), −1 without a vote; clear the votes.

    The most votes and the lowest site are the greatest of one number, votes × 2³² − site.
    """
    best[:] = 0
    for read in range(first, last):
        here = np.int64(site[read])
        if voted[here]:
            for case in range(CASES):
                best[case] = max(best[case], np.int64(votes[here, case]) * SCALE - here)
                votes[here, case] = 0
            voted[here] = False
    for case in range(len(found)):
        found[case] = -best[case] % SCALE if best[case] > 0 else -1


@part_of_kernel
def _vote_home(votes: Int32GridOut, voted: Bool, first: int, last: int, site: Int32, masks: UInt64) -> None:
    """Let one day's first and last held read vote."""
    seen = NONE
    for read in range(first, last):
        new = masks[read] & ~seen
        if new != NONE:
            _vote(votes, voted, site[read], new)
            seen |= new
    for read in range(last - 1, first - 1, -1):
        new = masks[read] & seen
        if new != NONE:
            _vote(votes, voted, site[read], new)
            seen &= ~new


@part_of_kernel
def _vote_work(
    votes: Int32GridOut,
    voted: Bool,
    first: int,
    last: int,
    time: Int32,
    site: Int32,
    masks: UInt64,
    gap: Int32,
    before: Int64,
    after: Int64,
) -> None:
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
                    votes[site[read], case] += 1
                    voted[site[read]] = True


@part_of_kernel
def _day_ends(first: int, end: int, time: Int32) -> int:
    """Return the first read after ``first`` of another day."""
    last = first + 1
    while last < end and time[last] // DAY == time[first] // DAY:
        last += 1
    return last


@kernel
def anchors(
    rows: Int64,
    first_read: Int64,
    time: Int32,
    site: Int32,
    masks: UInt64,
    n_sites: int,
    first_weekday: int,
    home: Int32GridOut,
    work: Int32GridOut,
) -> None:
    """Guess where each car lives and works, for every case at once.

    Home is the site with the most votes, where each day's first and last held read have one vote each. Work is the
    site with the most votes, where on each Monday to Friday the longest gap of at least 3 h between two neighbouring
    held reads of the day, begun from 05:00 to 12:00, gives one vote to the site before it and one to the site after
    (equal gaps: the earliest). Equal votes: the lowest site. After Golle & Partridge 2009 and Zang & Bolot 2011, who
    take a trace's top places for home and work.

    Parameters
    ----------
    rows : int64[n]
        Which vehicles of the bucket.
    first_read : int64[n_vehicles + 1]
        Vehicle v owns reads ``first_read[v]:first_read[v + 1]``, in order of time.
    time, site : int32[n_reads], seconds since 04:00 of the first day; row of Sites
    masks : uint64[n_reads]
        Bit k: sight k holds the read.
    n_sites : int
    first_weekday : int
        Of the first day, Monday is 0.
    home, work : int32[n, n_cases], overwritten
        The site, −1 where no read speaks.
    """
    votes, voted, best = np.zeros((n_sites, CASES), np.int32), np.zeros(n_sites, np.bool_), np.empty(CASES, np.int64)
    gap, before, after = np.empty(CASES, np.int32), np.empty(CASES, np.int64), np.empty(CASES, np.int64)
    for place in range(len(rows)):
        begin, end = first_read[rows[place]], first_read[rows[place] + 1]
        first = begin
        while first < end:
            last = _day_ends(first, end, time)
            _vote_home(votes, voted, first, last, site, masks)
            first = last
        _elect(votes, voted, site, begin, end, best, home[place])
        first = begin
        while first < end:
            last = _day_ends(first, end, time)
            if (first_weekday + time[first] // DAY) % 7 < 5:
                _vote_work(votes, voted, first, last, time, site, masks, gap, before, after)
            first = last
        _elect(votes, voted, site, begin, end, best, work[place])
