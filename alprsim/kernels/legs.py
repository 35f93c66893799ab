"""Which ways a viewer would draw from what it holds of a car, and how much of them the car drove: 64 policies in one pass."""

import numpy as np

from alprsim.kernels._jit import (
    Int32,
    Int32Out,
    Int64,
    Int64Grid,
    Int64GridOut,
    UInt64,
    UInt64Out,
    kernel,
    part_of_kernel,
)

CASES = 64
"""Cases a mask can tell apart."""

RIGHT, WRONG, DRIVEN, REBUILT, TRIPS = range(5)
"""What is counted: length claimed and driven, claimed and not driven, driven; trips rebuilt, trips made."""
QUANTITIES = 5

STOCK, HORIZON, WINDOW = range(3)
"""Over which time: everything held; the last T; the window the policy keeps. Row of `score`: time × 5 + quantity."""
ROWS = 3 * QUANTITIES

LEAST_RIGHT, MOST_WRONG, WHOLE = 8, 2, 10
"""A trip is rebuilt if at least 8/10 of its length is right and at most 2/10 of what is claimed of it is wrong."""

EMPTY = -1
NONE = np.uint64(0)
BIT = np.uint64(1)
ALL = ~NONE
WORD = np.uint64(64)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
NEXT = np.uint64(6364136223846793005)
"""Knuth's multiplier: what it makes of GOLDEN, again and again, are the factors that are tried."""
LOW = 2**32 - 1


@part_of_kernel
def _digits(size: int) -> np.uint64:
    """Return by how much a word is shifted right so that it numbers the places of a table whose size is a power of two."""
    digits = WORD
    while size > 1:
        size, digits = size // 2, digits - BIT
    return digits


@part_of_kernel
def _bucket(code: np.int64, digits: np.uint64) -> np.uint64:
    return (np.uint64(code) * GOLDEN) >> digits


@part_of_kernel
def _place(code: np.int64, factor: np.uint64, digits: np.uint64) -> np.uint64:
    return (np.uint64(code) * factor) >> digits


@part_of_kernel
def _settle(code: Int64, limits: Int32, members: Int64, factor: np.uint64, pairs: Int64GridOut) -> bool:
    """Enter a bucket's codes where a factor puts them, if all those places are free; else leave the table as it was."""
    digits = _digits(len(pairs))
    for many in range(len(members)):
        number = members[many]
        place = _place(code[number], factor, digits)
        if pairs[place, 0] != EMPTY:
            for other in members[:many]:
                pairs[_place(code[other], factor, digits), 0] = EMPTY
            return False
        pairs[place, 0], pairs[place, 1] = code[number], (number << 32) | np.int64(limits[number])
    return True


@kernel
def enter(code: Int64, limits: Int32, factor: UInt64Out, pairs: Int64GridOut) -> None:
    """Enter codes in a table in which each has one place where it can be, with their row numbers and limits.

    Hashed to buckets, of which each has a factor that puts its codes on free places, the fullest bucket first ("hash and
    displace": Pagh 1999; Belazzougui, Botelho & Dietzfelbinger 2009). To look a code up is two multiplications and no
    guess how often to look again, on which a processor stumbles: 2.3 times as fast as places side by side.

    Parameters
    ----------
    code : int64[n], distinct, none negative; limits : int32[n], none negative
    factor : uint64[buckets], written where a bucket has codes; a power of two, at least 2
    pairs : int64[places, 2], overwritten
        A code, or EMPTY; its row × 2³² + its limit. A power of two above n, at least 2.
    """
    digits = _digits(len(factor))
    first = np.zeros(len(factor) + 2, np.int64)  # any: 2
    for number in range(len(code)):
        first[_bucket(code[number], digits) + np.uint64(2)] += 1
    most = first.max()
    first = np.cumsum(first)
    members = np.empty(len(code), np.int64)
    for number in range(len(code)):
        own = _bucket(code[number], digits) + BIT
        members[first[own]] = number
        first[own] += 1
    pairs[:] = EMPTY
    for size in range(most, 0, -1):
        for bucket in range(len(factor)):
            mine = members[first[bucket] : first[bucket + 1]]
            if len(mine) == size:
                trial = GOLDEN
                while not _settle(code, limits, mine, trial, pairs):
                    trial *= NEXT  # odd as both are
                factor[bucket] = trial


@kernel
def walk(
    first: Int64, time: Int32, road: Int32, step: Int32, masks: UInt64, factor: UInt64, pairs: Int64Grid, roads: int, same: int,
    longest: int, passage: UInt64Out, earlier: Int32Out, later: Int32Out, way: Int32Out, sights: UInt64Out,
) -> int:  # fmt: skip
    """Cut each vehicle's held reads into legs, for all cases at once, by a table of the ways from camera to camera.

    A case links a read to the one it holds before it if they lie no further apart than their pair's limit; if both are on
    one road, then no further than ``same``, and they are one passage. Cases that hold the same read before share the work,
    and no edge is walked: O(1) a read where policies are nested. Unsigned row numbers make it 1.8 times as fast: a signed one
    is asked each time whether it counts from the end.

    Parameters
    ----------
    first : int64[n_vehicles + 1]
        Vehicle v owns reads ``first[v]:first[v + 1]``, in order of time.
    time, road, step : int32[n_reads], s; row of Roads; s to which the time is known
        A gap is never held to less than the coarser of its steps.
    masks : uint64[n_reads]
        Bit k: case k holds the read.
    factor, pairs : uint64[buckets], int64[places, 2]
        Of `enter`: ``from × roads + to`` of each way known, its row and its limit in s.
    same, longest : int, s
        No two reads further apart than longest belong to a leg.
    passage : uint64[n_reads], written
        The cases to which the read is a passage of its road, and not the same one as the read before.
    earlier, later, way : int32[room], sights : uint64[room], written
        Of each link, the two reads and the way between them, in order of the later.

    Returns
    -------
    How many links there are: if more than there was room for, the rest was not written; beyond them, anything was.
    """
    found, room = np.uint64(0), np.uint64(len(earlier))
    in_buckets, in_places = _digits(len(factor)), _digits(len(pairs))
    for vehicle in range(len(first) - 1):
        start, end = np.uint64(first[vehicle]), np.uint64(first[vehicle + 1])
        read = start
        while read < end:
            own = rest = masks[read]
            before = read
            while rest != NONE and before > start:
                before -= BIT
                gap = np.int64(time[read]) - time[before]
                if gap > longest:
                    break
                both = rest & masks[before]
                if both == NONE:
                    continue
                rest &= ~both
                known = max(step[read], step[before])
                if road[before] == road[read]:
                    own &= ~both if gap <= max(same, known) else ALL
                    continue
                code = np.int64(road[before]) * roads + road[read]
                place = _place(code, factor[_bucket(code, in_buckets)], in_places)
                way_and_limit = pairs[place, 1]
                if (
                    found < room
                ):  # at once, and kept or not: a guess whether the gap is short enough costs more than the words
                    earlier[found], later[found], way[found], sights[found] = before, read, way_and_limit >> 32, both
                found += np.uint64((pairs[place, 0] == code) & (gap <= max(way_and_limit & LOW, known)))
            passage[read] = own
            read += BIT
    return int(found)


@part_of_kernel
def _first_arriving(arrive: Int32, low: int, high: int, moment: int) -> int:
    """Return the first of some trips, which do not overlap, that arrives at a moment or later."""
    while low < high:
        middle = (low + high) // 2
        if arrive[middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def match(
    first: Int64, road: Int32, crossing: Int32, vehicle: Int32, start: Int32, end: Int32, begin: Int32, finish: Int32,
    tolerance: Int32, first_trip: Int64, depart: Int32, arrive: Int32, first_drive: Int64, driven: Int32, when: Int32,
    drive: Int32Out, claimed: Int32Out, trip: Int32Out,
) -> None:  # fmt: skip
    """Hold the roads of each claim against what the vehicle drove: walked once for each distinct pair of reads.

    A road of a claim is claimed for the moment when half of it is crossed, if the time between the reads is spread in
    proportion to free flow and either read was made in the middle of its road. It is right if the vehicle drove it within
    the tolerance of that moment: of several times the nearest, of equal ones the first.

    Parameters
    ----------
    first : int64[n_claims + 1], road : int32[n_roads_claimed]
    crossing : int32[n_roads], ms, free flow
    vehicle : int32[n_claims]
    start, end : int32[n_claims], row of Roads
        Where the two reads were made.
    begin, finish : int32[n_claims], s
        When.
    tolerance : int32[n_claims], s
    first_trip : int64[n_vehicles + 1]; depart, arrive : int32[n_trips], s
        Trips of a vehicle in order; they do not overlap.
    first_drive : int64[n_trips + 1]; driven, when : int32[n_drives], row of Roads; s
        The roads of each trip, and when half of each was crossed.
    drive, claimed, trip : int32[n_roads_claimed], written
        What of `driven` it was, or −1; when it is claimed; the trip under way then, or −1.
    """
    for claim in range(len(vehicle)):
        whole = crossing[start[claim]] // 2 + crossing[end[claim]] // 2
        for row in range(first[claim], first[claim + 1]):
            whole += crossing[road[row]]
        so_far = np.int64(crossing[start[claim]] // 2)
        lasted = np.int64(finish[claim]) - begin[claim]
        last = first_trip[vehicle[claim] + 1]
        for row in range(first[claim], first[claim + 1]):
            moment = begin[claim] + lasted * (so_far + crossing[road[row]] // 2) // whole
            so_far += crossing[road[row]]
            claimed[row], drive[row], trip[row] = moment, EMPTY, EMPTY
            off = np.int64(tolerance[claim])
            its = _first_arriving(arrive, first_trip[vehicle[claim]], last, moment - off)
            while its < last and depart[its] <= moment + tolerance[claim]:
                if depart[its] <= moment < arrive[its]:
                    trip[row] = its
                for place in range(first_drive[its], first_drive[its + 1]):
                    apart = abs(when[place] - moment)
                    if driven[place] == road[row] and apart <= off and (drive[row] == EMPTY or apart < off):
                        drive[row], off = place, apart
                its += 1


@part_of_kernel
def _count(row: Int64GridOut, place: int, mask: np.uint64, length: int) -> None:
    """Add a length for every case whose bit is set: always all 64, which vectorises."""
    for case in range(CASES):
        row[place, case] += length * np.int64((mask >> np.uint64(case)) & BIT)


@part_of_kernel
def _trips(
    mine: Int64GridOut, wrong: Int64GridOut, found: UInt64, first: int, last: int, first_drive: Int64, when: Int32,
    length: Int32, depart: Int32, in_window: UInt64, now: int, since: int, right: Int64GridOut,
) -> None:  # fmt: skip
    """Count one vehicle's trips, as far as they were driven by now; HORIZON gets what STOCK does not."""
    for trip in range(first, last):
        if depart[trip] > now:
            break
        right[:] = 0
        driven = 0
        for place in range(first_drive[trip], first_drive[trip + 1]):
            if when[place] > now:
                break
            driven += length[place]
            if found[place] != NONE:
                _count(right, 0, found[place], length[place])
        if driven == 0:
            continue
        column = (HORIZON if depart[trip] > since else STOCK) * QUANTITIES
        for case in range(CASES):
            got, missed = right[0, case], wrong[trip - first, case]
            rebuilt = WHOLE * got >= LEAST_RIGHT * driven and WHOLE * missed <= MOST_WRONG * (got + missed)
            inside = np.int64((in_window[trip] >> np.uint64(case)) & BIT)
            for time, counts in ((column, 1), (WINDOW * QUANTITIES, inside)):
                mine[time + RIGHT, case] += got * counts
                mine[time + DRIVEN, case] += driven * counts
                mine[time + REBUILT, case] += counts if rebuilt else 0
                mine[time + TRIPS, case] += counts


@kernel
def score(
    first: Int64, claim: Int64, sights: UInt64, first_road: Int64, drive: Int32, claimed: Int32, trip: Int32, extent: Int32,
    first_trip: Int64, depart: Int32, first_drive: Int64, trip_of: Int32, when: Int32, length: Int32, in_window: UInt64,
    now: int, since: int, tallies: Int64GridOut,
) -> None:  # fmt: skip
    """Count for each vehicle and case the length that is claimed and right, claimed and wrong, and driven; trips rebuilt.

    What was driven counts as right once: who claims it again is wrong. What is wrong is told against the trip under way
    at the moment it is claimed for. A trip belongs to the last T or to a window by its departure and brings its length, and
    what is right of it, with it; what is wrong belongs to the last T by its moment, and to the window always.

    Parameters
    ----------
    first : int64[n_vehicles + 1]; claim : int64[n_legs]; sights : uint64[n_legs]
        Vehicle v's links and passages ``first[v]:first[v + 1]``, as of `walk`: the claim of each, and whose it is.
    first_road : int64[n_claims + 1]; drive, claimed, trip : int32[n_roads_claimed]
        As of `match`.
    extent : int32[n_roads_claimed]
        How long each is.
    first_trip, depart, first_drive, when
        As for `match`.
    trip_of, length : int32[n_drives], row of depart; in the unit of extent
    in_window : uint64[n_trips]
        Bit k: the trip departed inside the window that case k keeps.
    now, since : int, s
        The moment of the query, after which nothing was driven yet, and the moment T before it: the last T is (since, now].
    tallies : int64[n_vehicles × 15, 64], overwritten
        Row = vehicle × 15 + time × 5 + quantity.
    """
    tallies[:] = 0
    found = np.zeros(len(when), np.uint64)
    most = 0  # any: 0
    for vehicle in range(len(first_trip) - 1):
        most = max(most, first_trip[vehicle + 1] - first_trip[vehicle])
    wrong, right = np.empty((most, CASES), np.int64), np.empty((1, CASES), np.int64)  # any: 1
    for vehicle in range(len(first_trip) - 1):
        mine = tallies[vehicle * ROWS : (vehicle + 1) * ROWS]  # any: 1
        wrong[:] = 0
        for leg in range(first[vehicle], first[vehicle + 1]):
            for row in range(first_road[claim[leg]], first_road[claim[leg] + 1]):
                whose, its, late, place = sights[leg], trip[row], claimed[row] > since, drive[row]
                if place >= 0 and when[place] <= now:
                    again = whose & found[place]
                    found[place] |= whose
                    whose, its = again, trip_of[place]
                    late = depart[its] > since
                if whose != NONE:
                    _count(mine, (HORIZON if late else STOCK) * QUANTITIES + WRONG, whose, extent[row])
                    _count(mine, WINDOW * QUANTITIES + WRONG, whose, extent[row])
                    if its >= 0:
                        _count(wrong, its - first_trip[vehicle], whose, extent[row])
        _trips(
            mine, wrong, found, first_trip[vehicle], first_trip[vehicle + 1], first_drive, when, length, depart,
            in_window, now, since, right,
        )  # fmt: skip
        for quantity in range(QUANTITIES):
            for case in range(CASES):
                mine[STOCK * QUANTITIES + quantity, case] += mine[HORIZON * QUANTITIES + quantity, case]
