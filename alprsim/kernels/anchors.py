"""Where a car's day seems to begin and end and where it stands through the working day, from held reads alone."""

from typing import NamedTuple

import numpy as np

from alprsim.kernels._jit import (
    BoolGrid,
    Int32,
    Int32GridOut,
    Int64,
    Int64GridOut,
    UInt64,
    UInt64GridOut,
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
"""Cases a mask can tell apart."""

NEVER = -1

HOME, WORK = 0, 1
KINDS = 2

DIGITS = 16
"""Binary digits of a number of votes: two a day, of the fewer than 2¹⁵ days that int32 seconds tell apart."""

LANES = 8
"""Sites whose votes stand side by side: a fixed number vectorises."""
LANE = np.uint64(LANES - 1)
BLOCK = np.uint64(3)
"""2³ = LANES."""

NOBODY = 2**40
"""Above any row of Sites."""

NONE = np.uint64(0)
BIT = np.uint64(1)
ALL = ~NONE


class Ballot(NamedTuple):
    """One vehicle's votes. A word holds one binary digit of all cases' numbers: a vote costs the same whoever holds a read."""

    votes: UInt64GridOut
    """[2 × blocks × 16, 8]: of home, of work; block by block of eight sites, from the lowest digit."""
    slot: UInt64GridOut
    """[2, sites]: where the votes of a site stand, counted from 1; 0 has none."""
    sites: Int64GridOut
    """[2, blocks × 8]: whose votes stand there."""
    many: UInt64Out
    """[2]: how many sites have votes."""
    digits: UInt64Out
    """[2]: how many digits the votes so far need."""
    scratch: UInt64Out
    """[blocks × 8]."""


class Day(NamedTuple):
    """Who votes with each of a vehicle's reads, [reads]: of a day, first for home and then for work."""

    before: UInt64Out
    """The cases whose first read of the day it is; whose stay it begins."""
    after: UInt64Out
    """The cases whose last read of the day it is; whose stay it ends."""
    stays: UInt64Out
    """[64]: the cases of each stay that is the longest so far: of each case one, so there are no more stays than cases."""
    span: Int64GridOut
    """[3, 64]: the length of each, and its two reads."""


@part_in_place
def _clear(ballot: Ballot) -> None:
    """Forget a vehicle's votes."""
    blocks = np.uint64(len(ballot.scratch)) >> BLOCK
    for kind in range(KINDS):
        for slot in range(NONE, ballot.many[kind]):
            ballot.slot[kind, ballot.sites[kind, slot]] = NONE
            ballot.sites[kind, slot] = NOBODY
        for block in range(NONE, (ballot.many[kind] + LANE) >> BLOCK):
            row = (np.uint64(kind) * blocks + block) * np.uint64(DIGITS)
            ballot.votes[row : row + ballot.digits[kind]] = NONE
        ballot.many[kind], ballot.digits[kind] = NONE, BIT


@part_in_place
def _vote(ballot: Ballot, kind: int, site: np.uint64, mask: np.uint64, more: np.uint64) -> None:
    """Give a site a vote in every case whose bit is set, and another in those of ``more``."""
    if ballot.slot[kind, site] == NONE:
        ballot.sites[kind, ballot.many[kind]] = site
        ballot.many[kind] += BIT
        ballot.slot[kind, site] = ballot.many[kind]
    slot, blocks = ballot.slot[kind, site] - BIT, np.uint64(len(ballot.scratch)) >> BLOCK
    row, lane = (np.uint64(kind) * blocks + (slot >> BLOCK)) * np.uint64(DIGITS), slot & LANE
    old, end = ballot.votes[row, lane], row + ballot.digits[kind]
    ballot.votes[row, lane] = old ^ mask ^ more
    carry = (mask & more) | (old & (mask ^ more))
    for digit in range(row + BIT, end):
        old = ballot.votes[digit, lane]
        ballot.votes[digit, lane] = old ^ carry
        carry &= old
    if carry != NONE:
        ballot.votes[end, lane] = carry
        ballot.digits[kind] += BIT


@part_in_place
def _leading(ballot: Ballot, kind: int, site: np.uint64, cases: np.uint64) -> np.uint64:
    """Return those of the cases in which a site has the most votes and, of equals, is the lowest."""
    first = np.uint64(kind) * (np.uint64(len(ballot.scratch)) >> BLOCK)
    slot, beaten = ballot.slot[kind, site] - BIT, ballot.scratch
    mine = (first + (slot >> BLOCK)) * np.uint64(DIGITS)
    for block in range(NONE, (ballot.many[kind] + LANE) >> BLOCK):
        for lane in range(LANES):
            lower = ballot.sites[kind, (block << BLOCK) + np.uint64(lane)] < np.int64(site)
            beaten[lane] = ALL if lower else NONE
        for digit in range(NONE, ballot.digits[kind]):
            own = ballot.votes[mine + digit, slot & LANE]
            for lane in range(LANES):
                other = ballot.votes[(first + block) * np.uint64(DIGITS) + digit, lane]
                beaten[lane] = (beaten[lane] & ~(other ^ own)) | (other & (other ^ own))
        for lane in range(LANES):
            cases &= ~beaten[lane]
        if cases == NONE:
            break
    return cases


@part_in_place
def _most(ballot: Ballot, kind: int) -> np.uint64:
    """Find, for each site, the cases in which none has more votes, from the highest digit down; return those with any."""
    first, some = np.uint64(kind) * (np.uint64(len(ballot.scratch)) >> BLOCK), NONE
    digit, blocks, most = ballot.digits[kind], (ballot.many[kind] + LANE) >> BLOCK, ballot.scratch
    most[: blocks << BLOCK] = ALL
    while digit > NONE:
        digit -= BIT
        have = NONE
        for block in range(NONE, blocks):
            row = (first + block) * np.uint64(DIGITS) + digit
            for lane in range(LANES):
                have |= most[(block << BLOCK) + np.uint64(lane)] & ballot.votes[row, lane]
        for block in range(NONE, blocks):
            row = (first + block) * np.uint64(DIGITS) + digit
            for lane in range(LANES):
                most[(block << BLOCK) + np.uint64(lane)] &= ballot.votes[row, lane] | ~have
        some |= have
    return some


@part_in_place
def _guess(ballot: Ballot, kind: int, guess: Int32GridOut, place: int) -> None:
    """Write down the site with the most votes and, of equals, the lowest."""
    some = _most(ballot, kind)
    guess[place] = NEVER
    for slot in range(NONE, ballot.many[kind]):
        site, cases = ballot.sites[kind, slot], ballot.scratch[slot] & some
        while cases != NONE:
            case = lowest_bit(cases)
            cases &= cases - BIT
            if guess[place, case] == NEVER or site < guess[place, case]:  # any: site < guess[place, case]
                guess[place, case] = site


@part_in_place
def _find_ends(day: Day, begin: np.uint64, last: np.uint64, time: Int32, masks: UInt64, midnight: int) -> np.uint64:
    """Find where the day of the reads before ``last`` begins, and its first and last held read in each case."""
    seen, first = NONE, last
    while first > begin and time[first - BIT] >= midnight:
        first -= BIT
        day.after[first - begin] = masks[first] & ~seen
        seen |= masks[first]
    for read in range(first, last):
        day.before[read - begin] = masks[read] & seen
        seen &= ~masks[read]
    return first


@part_in_place
def _find_several_stays(
    day: Day, begin: np.uint64, first: np.uint64, last: np.uint64, time: Int32, masks: UInt64, midnight: int
) -> None:
    """Find the longest stay of a day in each case, of equals the earliest, where some have several."""
    many, stayed = 0, NONE
    for start in range(first, last):
        day.before[start - begin] = day.after[start - begin] = NONE
        waiting, end = masks[start] if midnight + FROM <= time[start] < midnight + UNTIL else NONE, start + BIT
        while waiting != NONE and end < last:
            pair, length, where = waiting & masks[end], np.int64(time[end] - time[start]), many
            waiting ^= pair
            if length >= STAY and pair & stayed:
                for other in range(many):
                    both = pair & day.stays[other]
                    if length > day.span[0, other]:
                        day.stays[other] ^= both
                    else:
                        pair ^= both
                    where = other if day.stays[other] == NONE else where
            if length >= STAY and pair != NONE:
                day.stays[where], stayed, many = pair, stayed | pair, max(many, where + 1)
                day.span[0, where], day.span[1, where], day.span[2, where] = length, start - begin, end - begin
            end += BIT
    for stay in range(many):
        day.before[day.span[1, stay]] |= day.stays[stay]
        day.after[day.span[2, stay]] |= day.stays[stay]


@part_in_place
def _find_stays(
    day: Day, begin: np.uint64, first: np.uint64, last: np.uint64, time: Int32, masks: UInt64, midnight: int
) -> bool:
    """Find the longest stay of a day in each case; say whether there is any. Where a case has two, all is begun anew."""
    for read in range(first, last):
        day.before[read - begin] = day.after[read - begin] = NONE
    stayed, start = NONE, first
    while start < last and time[start] < midnight + UNTIL:
        waiting, end = masks[start] if time[start] >= midnight + FROM else NONE, start + BIT
        while waiting != NONE and end < last:
            pair = waiting & masks[end]
            waiting ^= pair
            if time[end] - time[start] >= STAY:
                if pair & stayed:
                    _find_several_stays(day, begin, first, last, time, masks, midnight)
                    return True
                stayed |= pair
                day.before[start - begin] |= pair
                day.after[end - begin] |= pair
            end += BIT
        start += BIT
    return bool(stayed != NONE)


@part_in_place
def _ask(
    ballot: Ballot, day: Day, kind: int, begin: np.uint64, first: np.uint64, last: np.uint64, site: Int32, near: BoolGrid,
    place: int, lost: np.uint64, days: int, until: Int32GridOut,
) -> np.uint64:  # fmt: skip
    """Let a day's reads vote; return the cases, of ``lost``, in which no guess was ever near, with the others written down.

    A site that is near leads for the first time on a day on which it has a vote: on others there is nothing to look at.
    """
    hopes = NONE
    for read in range(first, last):
        one, other, where = day.before[read - begin], day.after[read - begin], np.uint64(site[read])
        if one | other:
            _vote(ballot, kind, where, one, other)
            hopes |= one | other if near[place, where] else NONE
    if hopes & lost == NONE:
        return lost
    for read in range(first, last):
        where = np.uint64(site[read])
        cases = (day.before[read - begin] | day.after[read - begin]) & lost
        if cases != NONE and near[place, where]:
            found = _leading(ballot, kind, where, cases)
            lost ^= found
            while found != NONE:
                until[place, lowest_bit(found)] = days
                found &= found - BIT
    return lost


@kernel_in_place
def _anchors(
    rows: Int64, first_read: Int64, time: Int32, site: Int32, masks: UInt64, near: BoolGrid, first_weekday: int, now: int,
    ballot: Ballot, day: Day, guess: Int32GridOut, until: Int32GridOut,
) -> None:  # fmt: skip
    """Guess as `anchors` says, on scratch that is given: a kernel that makes no array is several times as fast."""
    for row in range(len(rows)):
        _clear(ballot)
        home, work = KINDS * row + HOME, KINDS * row + WORK
        until[home], until[work] = NEVER, NEVER
        homeless, workless = ALL, ALL
        begin, last = np.uint64(first_read[rows[row]]), np.uint64(first_read[rows[row] + 1])
        while last > begin:
            number = time[last - BIT] // DAY
            days = (now - number * DAY + DAY - 1) // DAY
            first = _find_ends(day, begin, last, time, masks, number * DAY)
            homeless = _ask(ballot, day, HOME, begin, first, last, site, near, home, homeless, days, until)
            weekday = (first_weekday + number) % 7 < 5
            if weekday and _find_stays(day, begin, first, last, time, masks, number * DAY):
                workless = _ask(ballot, day, WORK, begin, first, last, site, near, work, workless, days, until)
            last = first
        _guess(ballot, HOME, guess, home)
        _guess(ballot, WORK, guess, work)


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
    sites, reads = near.shape[1], int(np.diff(first_read).max(initial=0))  # any: 0
    room = -(-sites // LANES) * LANES
    ballot = Ballot(
        np.zeros((KINDS * room // LANES * DIGITS, LANES), np.uint64), np.zeros((KINDS, sites), np.uint64),
        np.full((KINDS, room), NOBODY), np.zeros(KINDS, np.uint64), np.ones(KINDS, np.uint64), np.empty(room, np.uint64),
    )  # fmt: skip
    day = Day(
        np.empty(reads, np.uint64),
        np.empty(reads, np.uint64),
        np.empty(CASES, np.uint64),
        np.empty((3, CASES), np.int64),  # any
    )
    _anchors(rows, first_read, time, site, masks, near, first_weekday, now, ballot, day, guess, until)
