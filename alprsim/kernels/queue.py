"""Vehicles queue on roads: the link-queue model of ``traffic``, event by event, ten million moves and more a second.

Links are numbered: the roads, then the origins (``roads + r`` is the queue of those about to enter road r). Every link
has at most one pending event, the turn of its front vehicle. Turns lie in a calendar queue: a ring of buckets, each a
list in order of (time, link), so that the order of turns does not depend on the buckets' width. Times are milliseconds
since the day's start. Whoever holds the arrays holds the whole state: ``advance`` stops before any moment and goes on.

Memory sets the speed: a move touches about ten places that the one before did not. So a link is 64 bytes, one line of
the cache; what a vehicle needs on the road is 16, apart from what only its departure and arrival need; and trips are
rows in order of departure, so that those under way lie together (together 1.6 times faster than rows of int64 by trip).
"""

from typing import NamedTuple

import numpy as np

from alprsim.kernels._jit import (
    Bool,
    Int32,
    Int32GridOut,
    Int32Out,
    Int64,
    Int64GridOut,
    Int64Out,
    kernel_in_place,
    part_in_place,
)

NOBODY = -1
NEVER = 1 << 30
SECOND, QUARTER, SLOTS_A_DAY = 1000, 900_000, 96
DAY = QUARTER * SLOTS_A_DAY

# Columns of `link`: its pending turn and whose turn is next in the bucket; its front and back vehicle, the road the
# front one takes next (NOBODY: its path ends) and from when on the headway lets it leave; from when on another vehicle
# may enter, how many still fit, the slots of `exits` that tell of the next entry and take the next exit; who waits
# first to enter it; who waits behind it for the same road, and since when it waits; what the road is like.
(
    DUE, AFTER,
    FRONT, BACK, AHEAD, READY,
    OPENS, FREE, IN, OUT,
    FIRST_WAITING,
    NEXT_WAITING, SINCE,
    CROSSING, HEADWAY, WAVE,
) = range(16)  # fmt: skip

# Columns of `car`, what a trip needs while it is driven: the row of Paths.road it enters next and the row past its
# last; when it entered the link it is on; who is behind it there.
NEXT, END, ENTRY, BEHIND = range(4)

# Columns of `trip`: its number (it departs before others of the same moment that have a higher one); the row of its
# vehicle's next trip; when it means to depart, when it did, when it arrived; where its car is; the late trip after it.
NUMBER, FOLLOWING, MEANT, DEPARTED, ARRIVED, WHERE, LATER = range(7)

AWAY, THERE, MISSED = range(3)  # on an earlier trip; free; was on an earlier trip when this one meant to depart

BUCKET, PLANNED, LATE, DRIVING, PASSED, FORCED = range(6)  # of `clock`


class State(NamedTuple):
    """The whole state of a day, in the order of ``advance``'s arguments."""

    link: Int32GridOut
    """int32[2 × roads, 16]"""
    car: Int32GridOut
    """int32[trips, 4]: rows by (planned departure, number)"""
    trip: Int32GridOut
    """int32[trips, 8]: the same rows"""
    exits: Int32Out
    """int32[sum of rooms]: the moments from which on the places of the last ``room`` vehicles that left can be taken."""
    buckets: Int32Out
    """int32[a power of two]: the first link in each bucket of the calendar"""
    flows: Int64GridOut
    """int64[96 × roads, 2], by quarter hour and road: vehicles that entered then and have left, and the ms they took"""
    time: Int64Out
    """int64[passages of watched roads]: when, of each passage"""
    road: Int32Out
    """int32, its road"""
    who: Int32Out
    """int32, its trip's number"""
    clock: Int64Out
    """int64[6]: current bucket; row next to depart as planned; first late row; how many vehicles are on links; passages so
    far; forced moves so far"""
    ring: Int32
    """int32[roads + 1]: road r keeps its exits in ``exits[ring[r]:ring[r + 1]]``, round and round."""
    watched: Bool
    """bool[roads]"""
    route: Int32
    """int32: Paths.road"""
    stuck: int
    """ms after which a waiting vehicle is moved by force"""
    shift: int
    """A bucket of the calendar is 2**shift ms wide."""


def begin(
    crossing: Int32, headway: Int32, room: Int32, wave: Int32, watched: Bool,
    vehicle: Int32, meant: Int64, first: Int64, end: Int64, route: Int32, passages: int, *, stuck: int, shift: int = 0,
) -> State:  # fmt: skip
    """Return the state before the day's first departure.

    Parameters
    ----------
    crossing, headway, wave : int32[roads], ms, 0 to a day
        With a wave of 0 a freed place can be taken at once (storage ``simple``).
    room : int32[roads], vehicles, at least 1
    watched : bool[roads]
    vehicle : int32[trips]
        Trips of one vehicle stand together, in order of departure.
    meant : int64[trips], ms, 0 to a day
    first, end : int64[trips]
        Trip i drives ``route[first[i]:end[i]]``.
    route : int32, Paths.road, fewer than 2³¹
    passages : int
        How many entries of watched roads the trips make.
    stuck : int, ms
    shift : int
        A bucket is 2**shift ms wide; the answer does not depend on it. Raised where the calendar would pass 2**20 buckets.

    Raises
    ------
    ValueError
        If the roads' rooms or the paths together have 2³¹ places or more.
    """
    roads = len(crossing)
    places = np.cumsum(np.concatenate([[0], room]), dtype=np.int64)
    if max(places[-1], len(route)) >= 1 << 31:
        raise ValueError(f"rooms and paths must add up to less than 2**31, not {places[-1]}, {len(route)}")
    link = _rows(2 * roads, 16)
    link[:, [FRONT, AHEAD, FIRST_WAITING, NEXT_WAITING, SINCE]] = NOBODY
    link[:, [READY, OPENS]] = -NEVER
    for column, values in (
        (CROSSING, crossing), (HEADWAY, headway), (WAVE, wave), (FREE, room), (IN, places[:-1]), (OUT, places[:-1])
    ):  # fmt: skip
        link[:roads, column] = values
    car, trip = _trips(vehicle, meant, first, end)
    stuck = min(stuck, DAY)
    farthest = max(stuck, int(link[:, [CROSSING, HEADWAY, WAVE]].max(initial=0)))
    shift = max(shift, farthest.bit_length() - 20)
    return State(
        link=link,
        car=car,
        trip=trip,
        exits=np.full(places[-1], -NEVER, np.int32),
        buckets=np.full(1 << ((farthest >> shift) + 2).bit_length(), NOBODY, np.int32),
        flows=np.zeros((roads * SLOTS_A_DAY, 2), np.int64),
        time=np.empty(passages, np.int64),
        road=np.empty(passages, np.int32),
        who=np.empty(passages, np.int32),
        clock=np.array([0, 0, NOBODY, 0, 0, 0], np.int64),
        ring=places.astype(np.int32),
        watched=watched,
        route=route,
        stuck=stuck,
        shift=shift,
    )


def _trips(vehicle: Int32, meant: Int64, first: Int64, end: Int64) -> tuple[Int32GridOut, Int32GridOut]:
    """Return the rows of `car` and `trip`: in order of planned departure."""
    number = np.argsort(meant, kind="stable")
    row = np.empty_like(number)
    row[number] = np.arange(len(number))
    following = np.full(len(number), NOBODY)
    following[:-1][vehicle[1:] == vehicle[:-1]] = row[1:][vehicle[1:] == vehicle[:-1]]
    car, trip = _rows(len(number), 4), _rows(len(number), 8)
    car[:, NEXT], car[:, END] = first[number], end[number]
    car[:, [ENTRY, BEHIND]] = trip[:, [DEPARTED, ARRIVED, LATER]] = NOBODY
    trip[:, NUMBER], trip[:, FOLLOWING], trip[:, MEANT] = number, following[number], meant[number]
    trip[:, WHERE] = THERE
    trip[following[following >= 0], WHERE] = AWAY
    return car, trip


def _rows(rows: int, columns: int) -> Int32GridOut:
    """Return zeros that begin where a line of the cache does, so that no row straddles two."""
    flat = np.zeros(rows * columns + 16, np.int32)
    skip = -(flat.ctypes.data // 4) % 16
    return flat[skip : skip + rows * columns].reshape(rows, columns)


class Told(NamedTuple):
    """How far each trip has come, by number."""

    at: Int64
    """Row of Paths.road it drives; one before its first until it departs"""
    entry: Int64
    """ms at which it entered that; −1 before"""
    departed: Int64
    """ms; −1 before"""
    arrived: Int64
    """ms; −1 before"""


def tell(state: State) -> Told:
    """Return how far each trip has come."""
    car, trip = state.car, state.trip
    told = Told(*np.empty((4, len(trip)), np.int64))
    departed = trip[:, DEPARTED] >= 0  # those in an origin queue have entered that, not yet a road
    columns = (car[:, NEXT] - 1, np.where(departed, car[:, ENTRY], NOBODY), trip[:, DEPARTED], trip[:, ARRIVED])
    for values, column in zip(told, columns, strict=True):
        values[trip[:, NUMBER]] = column
    return told


@part_in_place
def _appoint(link: Int32GridOut, buckets: Int32Out, here: int, due: int, shift: int) -> None:
    """Set the turn of link `here`, which has none, in order of (time, link) within its bucket."""
    bucket = (due >> shift) & (len(buckets) - 1)
    before, after = NOBODY, buckets[bucket]
    while after >= 0 and (link[after, DUE] < due or (link[after, DUE] == due and after < here)):
        before, after = after, link[after, AFTER]
    link[here, DUE], link[here, AFTER] = due, after
    if before >= 0:
        link[before, AFTER] = here
    else:
        buckets[bucket] = here


@part_in_place
def _cancel(link: Int32GridOut, buckets: Int32Out, here: int, shift: int) -> None:
    """Take the pending turn of link `here` out of its bucket."""
    bucket = (link[here, DUE] >> shift) & (len(buckets) - 1)
    before, other = NOBODY, buckets[bucket]
    while other != here:
        before, other = other, link[other, AFTER]
    if before >= 0:
        link[before, AFTER] = link[here, AFTER]
    else:
        buckets[bucket] = link[here, AFTER]


@part_in_place
def _call(link: Int32GridOut, buckets: Int32Out, ahead: int, stuck: int, shift: int) -> None:
    """Move the turn of the first link that waits for road `ahead` to when that opens, or when it is stuck.

    That is never in the past: openings only grow later, and whoever is first enters at the moment of each.
    """
    first = link[ahead, FIRST_WAITING]
    if first >= 0:
        due = min(link[ahead, OPENS], link[first, SINCE] + stuck)
        if due != link[first, DUE]:
            _cancel(link, buckets, first, shift)
            _appoint(link, buckets, first, due, shift)


@part_in_place
def _wait(link: Int32GridOut, buckets: Int32Out, here: int, ahead: int, now: int, stuck: int, shift: int) -> None:
    """Put link `here` at the end of road `ahead`'s waiting list, which is no longer than the roads that lead there."""
    link[here, NEXT_WAITING], link[here, SINCE] = NOBODY, now
    due = now + stuck
    last = link[ahead, FIRST_WAITING]
    if last < 0:
        link[ahead, FIRST_WAITING] = here
        due = min(due, link[ahead, OPENS])
    else:
        while link[last, NEXT_WAITING] >= 0:
            last = link[last, NEXT_WAITING]
        link[last, NEXT_WAITING] = here
    _appoint(link, buckets, here, due, shift)


@part_in_place
def _stop_waiting(link: Int32GridOut, here: int, ahead: int) -> None:
    """Take link `here` out of road `ahead`'s waiting list: usually its head; from the middle only by force."""
    before, other = NOBODY, link[ahead, FIRST_WAITING]
    while other != here:
        before, other = other, link[other, NEXT_WAITING]
    if before >= 0:
        link[before, NEXT_WAITING] = link[here, NEXT_WAITING]
    else:
        link[ahead, FIRST_WAITING] = link[here, NEXT_WAITING]
    link[here, SINCE] = NOBODY


@part_in_place
def _lead(
    link: Int32GridOut, car: Int32GridOut, buckets: Int32Out, route: Int32, here: int, t: int, shift: int
) -> None:
    """Make trip t the front of link `here`, look up where it goes, and set its turn."""
    row = car[t, NEXT]
    link[here, FRONT] = t
    link[here, AHEAD] = route[row] if row < car[t, END] else NOBODY
    _appoint(link, buckets, here, max(car[t, ENTRY] + link[here, CROSSING], link[here, READY]), shift)


@part_in_place
def _join(
    link: Int32GridOut, car: Int32GridOut, buckets: Int32Out, route: Int32, here: int, t: int, now: int, shift: int
) -> None:
    """Put trip t at the back of link `here`."""
    car[t, ENTRY], car[t, BEHIND] = now, NOBODY
    if link[here, FRONT] >= 0:
        car[link[here, BACK], BEHIND] = t
    else:
        _lead(link, car, buckets, route, here, t, shift)
    link[here, BACK] = t


@part_in_place
def _leave(
    link: Int32GridOut, car: Int32GridOut, buckets: Int32Out, route: Int32, here: int, now: int, shift: int
) -> None:
    """Take the front vehicle off link `here` and let the one behind it lead."""
    link[here, READY] = now + link[here, HEADWAY]
    behind = car[link[here, FRONT], BEHIND]
    if behind >= 0:
        _lead(link, car, buckets, route, here, behind, shift)
    else:
        link[here, FRONT] = NOBODY


@part_in_place
def _take(link: Int32GridOut, exits: Int32Out, ring: Int32, here: int) -> None:
    """Count one vehicle more on road `here`: vehicle n may follow vehicle n − room out of it by the wave's time."""
    free = link[here, FREE] - 1
    link[here, FREE] = free
    if link[here, WAVE] > 0:  # else an exit has always travelled back: nobody need remember it
        slot = link[here, IN] + 1
        if slot == ring[here + 1]:
            slot = ring[here]
        link[here, IN] = slot
        link[here, OPENS] = exits[slot] if free > 0 else NEVER
    elif free <= 0:
        link[here, OPENS] = NEVER


@part_in_place
def _free(link: Int32GridOut, exits: Int32Out, ring: Int32, here: int, now: int) -> None:
    """Count one vehicle less on road `here`; if that was full, the next may enter when the wave has travelled back."""
    free = link[here, FREE] + 1
    link[here, FREE] = free
    opens = now + link[here, WAVE]
    if link[here, WAVE] > 0:
        slot = link[here, OUT]
        exits[slot] = opens
        link[here, OUT] = slot + 1 if slot + 1 < ring[here + 1] else ring[here]
    if free == 1:
        link[here, OPENS] = opens


@part_in_place
def _clear(
    link: Int32GridOut, car: Int32GridOut, exits: Int32Out, buckets: Int32Out, flows: Int64GridOut, ring: Int32,
    route: Int32, here: int, now: int, shift: int,
) -> None:  # fmt: skip
    """Take the front vehicle off road `here`, which it has crossed."""
    entry = car[link[here, FRONT], ENTRY]
    cell = entry // QUARTER * (len(ring) - 1) + here
    flows[cell, 0] += 1
    flows[cell, 1] += now - entry
    _free(link, exits, ring, here, now)
    _leave(link, car, buckets, route, here, now, shift)


@part_in_place
def _arrive(trip: Int32GridOut, clock: Int64Out, t: int, now: int) -> None:
    """End trip t and free its car for the vehicle's next trip, at the next whole second if that is already due."""
    trip[t, ARRIVED] = now
    following = trip[t, FOLLOWING]
    if following < 0:
        return
    missed = trip[following, WHERE] == MISSED
    trip[following, WHERE] = THERE
    if missed:
        trip[following, MEANT] = (now + SECOND - 1) // SECOND * SECOND
        before, after = NOBODY, clock[LATE]
        while after >= 0 and trip[after, NUMBER] < trip[following, NUMBER]:  # all of them depart at that second
            before, after = after, int(trip[after, LATER])
        trip[following, LATER] = after
        if before >= 0:
            trip[before, LATER] = following
        else:
            clock[LATE] = following


@part_in_place
def _next_departure(trip: Int32GridOut, clock: Int64Out) -> int:
    """Return the row next to depart, by (time, number), of those planned and those late; NOBODY at the day's end."""
    late, planned = int(clock[LATE]), int(clock[PLANNED])
    if planned == len(trip):
        return late
    if late < 0:
        return planned
    sooner, same = trip[late, MEANT] < trip[planned, MEANT], trip[late, MEANT] == trip[planned, MEANT]
    return late if sooner or (same and trip[late, NUMBER] < trip[planned, NUMBER]) else planned


@part_in_place
def _depart(
    link: Int32GridOut, car: Int32GridOut, trip: Int32GridOut, buckets: Int32Out, clock: Int64Out, route: Int32, t: int,
    shift: int,
) -> None:  # fmt: skip
    """Take trip t off the departures: to its origin's queue, or nowhere if its path is empty or its car is away."""
    now = trip[t, MEANT]
    if t == clock[LATE]:
        clock[LATE] = trip[t, LATER]
    else:
        clock[PLANNED] += 1
        if trip[t, WHERE] == AWAY:
            trip[t, WHERE] = MISSED
            return
    row = car[t, NEXT]
    if row == car[t, END]:
        trip[t, DEPARTED] = now
        _arrive(trip, clock, t, now)
    else:
        clock[DRIVING] += 1
        _join(link, car, buckets, route, len(link) // 2 + route[row], t, now, shift)


@part_in_place
def _next_bucket(buckets: Int32Out, bucket: int, last: int) -> int:
    """Return the first bucket from `bucket` on that holds a turn, but at most `last`."""
    mask = len(buckets) - 1
    while bucket < last and buckets[bucket & mask] < 0:
        bucket += 1
    return bucket


@kernel_in_place
def advance(
    link: Int32GridOut, car: Int32GridOut, trip: Int32GridOut, exits: Int32Out, buckets: Int32Out, flows: Int64GridOut,
    time: Int64Out, road: Int32Out, who: Int32Out, clock: Int64Out, ring: Int32, watched: Bool, route: Int32,
    stuck: int, shift: int, until: int,
) -> None:  # fmt: skip
    """Let everything happen that is due before ``until``: departures and turns, in order of time.

    At one moment departures come first, by trip, then turns, by link. A day costs O(moves); calling again with a later
    ``until`` continues, and how the day is cut changes nothing.

    Parameters
    ----------
    link, car, trip, exits, buckets, flows, time, road, who, clock, ring, watched, route, stuck, shift
        As State says; the first ten are changed.
    until : int, ms since the day's start; the day's end if later
    """
    mask = len(buckets) - 1
    until = min(until, DAY)
    bucket = int(clock[BUCKET])
    leaving = _next_departure(trip, clock)
    while True:
        departure = int(trip[leaving, MEANT]) if leaving >= 0 else NEVER
        last = min(departure, until) >> shift
        bucket = _next_bucket(buckets, bucket, last) if clock[DRIVING] > 0 else max(bucket, last)
        here = int(buckets[bucket & mask])
        now = int(link[here, DUE]) if here >= 0 else NEVER
        if min(departure, now) >= until:
            break
        if departure <= now:
            _depart(link, car, trip, buckets, clock, route, leaving, shift)
            leaving = _next_departure(trip, clock)
            continue

        buckets[bucket & mask] = link[here, AFTER]
        t, ahead = int(link[here, FRONT]), int(link[here, AHEAD])
        if ahead < 0:
            _clear(link, car, exits, buckets, flows, ring, route, here, now, shift)
            _call(link, buckets, here, stuck, shift)
            clock[DRIVING] -= 1
            _arrive(trip, clock, t, now)
            leaving = _next_departure(trip, clock)
            continue

        waiting = link[here, SINCE] >= 0
        first = link[ahead, FIRST_WAITING] == (here if waiting else NOBODY)
        free = first and link[ahead, OPENS] <= now
        if not waiting and not free:
            _wait(link, buckets, here, ahead, now, stuck, shift)
            continue
        if waiting:
            clock[FORCED] += not free
            _stop_waiting(link, here, ahead)

        car[t, NEXT] += 1
        if here < len(watched):
            _clear(link, car, exits, buckets, flows, ring, route, here, now, shift)
        else:
            trip[t, DEPARTED] = now
            _leave(link, car, buckets, route, here, now, shift)
        _take(link, exits, ring, ahead)
        _join(link, car, buckets, route, ahead, t, now, shift)
        _call(link, buckets, here, stuck, shift)
        _call(link, buckets, ahead, stuck, shift)
        if watched[ahead]:
            passed = clock[PASSED]
            time[passed], road[passed], who[passed] = now, ahead, trip[t, NUMBER]
            clock[PASSED] = passed + 1
    clock[BUCKET] = bucket
