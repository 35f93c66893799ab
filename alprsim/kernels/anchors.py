"""Where a car's day seems to begin and end and where it stands through the working day, from held reads alone."""

from typing import NamedTuple

import numpy as np

from alprsim.kernels._jit import (
    BoolGrid,
    BoolOut,
    Int32,
    Int32GridOut,
    Int64,
    Int64GridOut,
    Int64Out,
    UInt64,
    UInt64Out,
    kernel_in_place,
    lowest_bit,
    part_in_place,
)

DAY = 86_400
"""Seconds in a day (as tables.DAY), from 04:00."""

STAY = 3 * 3600
"""Shortest gap between two reads that is taken for a stay at work."""

FROM, UNTIL = 1 * 3600, 8 * 3600
"""Seconds after 04:00 between which a stay at work begins: 05:00 to 12:00."""

CASES = 64
"""Cases a mask can tell apart; votes have a column for each, used or not, because a fixed number vectorises."""

FEW = 6
"""So many cases vote one by one; what is more votes 64 at a time."""

NEVER = -1

HOME, WORK = 0, 1
KINDS = 2

NONE = np.uint64(0)
BIT = np.uint64(1)
ALL = ~NONE
SCALE = 2**32
"""More than any row of Sites: votes and site share a word."""


class Ballot(NamedTuple):
    """One vehicle's votes. Cases that held the same reads so far have the same votes: one of them stands for all."""

    votes: Int32GridOut
    """[2 × sites, 64]: of home at each site, of work at each; row = kind × sites + site."""
    voted: BoolOut
    """[2 × sites]: whether a row has votes."""
    rows: Int64Out
    """[2 × sites]: those that have."""
    best: Int64GridOut
    """[2, 64]: the greatest of votes × 2³² − site: the most votes and, of equals, the lowest site."""
    days: Int32GridOut
    """[2, 64]: that it took until a guess was near."""
    alike: UInt64Out
    """[64]: the cases that one stands for."""
    speaker: Int64Out
    """[64]: who stands for a case."""
    state: UInt64Out
    """[4]: who stands for cases; of home and of work, whose guess was near; how many rows have votes."""


SPEAKERS, FOUND, VOTED = 0, 1, 3


@part_in_place
def _vote(ballot: Ballot, kind: int, site: int, mask: np.uint64) -> None:
    """Give a site one vote in every case whose bit is set; votes only grow, so the greatest so far is always at hand."""
    where = kind * (len(ballot.voted) // KINDS) + site
    if not ballot.voted[where]:
        ballot.voted[where] = True
        ballot.rows[ballot.state[VOTED]] = where
        ballot.state[VOTED] += BIT
    for _ in range(FEW):
        if mask == NONE:
            return
        case = lowest_bit(mask)
        mask &= mask - BIT
        ballot.votes[where, case] += 1
        ballot.best[kind, case] = max(ballot.best[kind, case], np.int64(ballot.votes[where, case]) * SCALE - site)
    if mask != NONE:
        for case in range(CASES):
            ballot.votes[where, case] += np.int32((mask >> np.uint64(case)) & BIT)
            ballot.best[kind, case] = max(ballot.best[kind, case], np.int64(ballot.votes[where, case]) * SCALE - site)


@part_in_place
def _clear(ballot: Ballot) -> None:
    """Forget a vehicle's votes: all cases are alike again, and the first stands for all."""
    for row in ballot.rows[: ballot.state[VOTED]]:
        ballot.votes[row] = 0
        ballot.voted[row] = False
    ballot.best[:] = 0
    ballot.days[:] = NEVER
    ballot.alike[0] = ALL
    ballot.speaker[:] = 0
    ballot.state[:] = NONE
    ballot.state[SPEAKERS] = BIT


@part_in_place
def _part(ballot: Ballot, case: int, others: np.uint64) -> None:
    """Let ``others``, alike with ``case`` so far, go their own way with the same votes."""
    new = lowest_bit(others)
    ballot.alike[case] &= ~others
    ballot.alike[new] = others
    for row in ballot.rows[: ballot.state[VOTED]]:
        ballot.votes[row, new] = ballot.votes[row, case]
    for kind in range(KINDS):
        ballot.best[kind, new], ballot.days[kind, new] = ballot.best[kind, case], ballot.days[kind, case]
        ballot.state[FOUND + kind] |= ((ballot.state[FOUND + kind] >> np.uint64(case)) & BIT) << np.uint64(new)
    ballot.state[SPEAKERS] |= BIT << np.uint64(new)
    while others != NONE:
        ballot.speaker[lowest_bit(others)] = new
        others &= others - BIT


@part_in_place
def _tell_apart(ballot: Ballot, mask: np.uint64) -> None:
    """Part the cases that a read tells apart."""
    left, covered = mask & ballot.state[SPEAKERS], NONE
    while left != NONE:
        covered |= ballot.alike[lowest_bit(left)]
        left &= left - BIT
    if covered == mask:
        return
    left = ballot.state[SPEAKERS]
    while left != NONE:
        case = lowest_bit(left)
        left &= left - BIT
        mine = BIT << np.uint64(case)
        others = ballot.alike[case] & (~mask if mask & mine else mask)
        if others != NONE:
            _part(ballot, case, others)


@part_in_place
def _vote_home(ballot: Ballot, first: int, last: int, site: Int32, masks: UInt64, spoken: np.uint64) -> None:
    """Let one day's first and last held read vote; ``spoken`` are the cases that hold any."""
    speakers, waiting = ballot.state[SPEAKERS], spoken
    read = first
    while waiting != NONE:
        new = masks[read] & waiting
        if new & speakers:
            _vote(ballot, HOME, site[read], new & speakers)
        waiting &= ~new
        read += 1
    read, waiting = last, spoken
    while waiting != NONE:
        read -= 1
        new = masks[read] & waiting
        if new & speakers:
            _vote(ballot, HOME, site[read], new & speakers)
        waiting &= ~new


@part_in_place
def _vote_work(
    ballot: Ballot, first: int, last: int, time: Int32, site: Int32, masks: UInt64, midnight: int, stay: Int64GridOut
) -> np.uint64:
    """Let the reads on both sides of one day's longest stay vote; tell who did. ``stay``: its length and reads, a case each."""
    speakers, stayed = ballot.state[SPEAKERS], NONE
    for start in range(first, last):
        waiting = masks[start] & speakers if midnight + FROM <= time[start] < midnight + UNTIL else NONE
        end = start + 1
        while waiting != NONE and end < last:
            pair, length = waiting & masks[end], np.int64(time[end] - time[start])
            waiting &= ~masks[end]
            while length >= STAY and pair != NONE:
                case = lowest_bit(pair)
                pair &= pair - BIT
                if (stayed >> np.uint64(case)) & BIT == NONE or length > stay[0, case]:
                    stayed |= BIT << np.uint64(case)
                    stay[0, case], stay[1, case], stay[2, case] = length, start, end
            end += 1
    left = stayed
    while left != NONE:
        case = lowest_bit(left)
        left &= left - BIT
        _vote(ballot, WORK, site[stay[1, case]], BIT << np.uint64(case))
        _vote(ballot, WORK, site[stay[2, case]], BIT << np.uint64(case))
    return stayed


@part_in_place
def _note_found(ballot: Ballot, kind: int, spoken: np.uint64, near: BoolGrid, row: int, days: int) -> None:
    """Write down the days that it took where the guess is right for the first time."""
    left = spoken & ballot.state[SPEAKERS] & ~ballot.state[FOUND + kind]
    while left != NONE:
        case = lowest_bit(left)
        left &= left - BIT
        if near[row, -ballot.best[kind, case] % SCALE]:
            ballot.days[kind, case] = days
            ballot.state[FOUND + kind] |= BIT << np.uint64(case)


@kernel_in_place
def _anchors(
    rows: Int64, first_read: Int64, time: Int32, site: Int32, masks: UInt64, near: BoolGrid, first_weekday: int, now: int,
    ballot: Ballot, stay: Int64GridOut, guess: Int32GridOut, until: Int32GridOut,
) -> None:  # fmt: skip
    """Guess as `anchors` says, on scratch that is given: a kernel that makes no array is several times as fast."""
    for place in range(len(rows)):
        _clear(ballot)
        known = NONE
        begin, last = first_read[rows[place]], first_read[rows[place] + 1]
        while last > begin:
            day = time[last - 1] // DAY
            first, spoken = last, NONE
            while first > begin and time[first - 1] >= day * DAY:
                first -= 1
                if masks[first] != known and masks[first] != NONE:
                    known = masks[first]
                    _tell_apart(ballot, known)
                spoken |= masks[first]
            days = (now - day * DAY + DAY - 1) // DAY
            _vote_home(ballot, first, last, site, masks, spoken)
            _note_found(ballot, HOME, spoken, near, KINDS * place + HOME, days)
            if (first_weekday + day) % 7 < 5:
                stayed = _vote_work(ballot, first, last, time, site, masks, day * DAY, stay)
                _note_found(ballot, WORK, stayed, near, KINDS * place + WORK, days)
            last = first
        for kind in range(KINDS):
            for case in range(CASES):
                best = ballot.best[kind, ballot.speaker[case]]
                guess[KINDS * place + kind, case] = -best % SCALE if best > 0 else NEVER  # any: 0
                until[KINDS * place + kind, case] = ballot.days[kind, ballot.speaker[case]]


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
    spots = KINDS * near.shape[1]
    ballot = Ballot(
        np.zeros((spots, CASES), np.int32), np.zeros(spots, np.bool_), np.empty(spots, np.int64),
        np.empty((KINDS, CASES), np.int64), np.empty((KINDS, CASES), np.int32),
        np.empty(CASES, np.uint64), np.empty(CASES, np.int64), np.zeros(4, np.uint64),  # any: 4
    )  # fmt: skip
    stay = np.empty((3, CASES), np.int64)  # any
    _anchors(rows, first_read, time, site, masks, near, first_weekday, now, ballot, stay, guess, until)
