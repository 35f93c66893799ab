"""Vehicles queue on roads: the link-queue model of ``traffic.py``, event by event, a few million a second.

Links are numbered: the roads, then the origins (``roads + r`` is the queue of those about to enter road r). Every link
has at most one pending event, the turn of its front vehicle. Turns lie in a calendar queue: a ring of buckets, each a
list in order of (time, link), so that the order of turns does not depend on the buckets' width. Times are milliseconds
since the day's start. Whoever holds the arrays holds the whole state: ``advance`` stops before any moment and goes on.

One row a link and one row a trip (not one array a column): a turn then touches few cache lines.
"""

from typing import NamedTuple

import numpy as np

from alprsim.kernels._jit import Int32, Int32Out, Int64, Int64GridOut, Int64Out, kernel, part_of_kernel

NOBODY = -1
NEVER = 1 << 62

# Columns of `link`: its pending turn and whose turn is next in the bucket; its vehicles; its last exit; who waits first
# to enter it; who waits behind it, and since when it waits; what the road is like.
(
    DUE, AFTER,
    FRONT, BACK, ENTERED, EXITED, LEFT,
    FIRST_WAITING,
    NEXT_WAITING, SINCE,
    CROSSING, HEADWAY, ROOM, WAVE, SLOTS, WATCHED,
) = range(16)  # fmt: skip

# Columns of `trip`: the row of Paths.road it drives (one before its first until it departs) and the row past its last;
# when it entered that road; who is behind it; when it means to depart; when it did; when it arrived; where its car is.
AT, END, ENTRY, BEHIND, MEANT, DEPARTED, ARRIVED, CAR = range(8)

AWAY, THERE, MISSED = range(3)  # of CAR: on an earlier trip; free; was on an earlier trip when this one meant to depart

BUCKET, PLANNED, LATE, PASSED, FORCED = range(5)  # of `clock`

SECOND, QUARTER, SLOTS_A_DAY = 1000, 900_000, 96


class State(NamedTuple):
    """The whole state of a day, in the order of ``advance``'s arguments."""

    link: Int64GridOut
    """int64[2 × roads, 16]"""
    trip: Int64GridOut
    """int64[trips, 8]"""
    exits: Int64Out
    """int64[sum of rooms]: when the last ``room`` vehicles left each road."""
    buckets: Int64Out
    """int64[a power of two]: the first link in each bucket of the calendar."""
    flows: Int64GridOut
    """int64[96 × roads, 2], by quarter hour and road: vehicles that entered then and have left, and the ms they took."""
    time: Int64Out
    """int64[passages of watched roads]: when, of each passage"""
    road: Int32Out
    """int32, its road"""
    who: Int32Out
    """int32, its trip"""
    clock: Int64Out
    """int64[5]: current bucket; next row of `order`; first late trip; passages so far; forced moves so far."""
    route: Int32
    """int32: Paths.road"""
    order: Int32
    """int32[trips]: trips by (planned departure, row)"""
    stuck: int
    """ms after which a waiting vehicle is moved by force"""
    shift: int
    """A bucket of the calendar is 2**shift ms wide."""


def begin(
    crossing: Int32, headway: Int32, room: Int32, wave: Int32, watched: Int64, trip: Int64GridOut, route: Int32,
    order: Int32, passages: int, *, stuck: int, shift: int,
) -> State:  # fmt: skip
    """Return the state before the day's first departure.

    Parameters
    ----------
    crossing, headway, wave : int32[roads], ms
    room : int32[roads], vehicles, at least 1
    watched : int64[roads], 0 or 1
    trip : int64[trips, 8]
        As the module says; rows by (vehicle, MEANT), each vehicle's first trip THERE and its others AWAY.
    route : int32, Paths.road
    order : int32[trips]
        Trips by (MEANT, row).
    passages : int
        How many entries of watched roads the trips make.
    stuck : int, ms
    shift : int
        A bucket is 2**shift ms wide; the answer does not depend on it. Raised where the calendar would pass 2**20 buckets.
    """
    roads = len(crossing)
    link = np.zeros((2 * roads, 16), np.int64)
    link[:, [DUE, AFTER, FRONT, BACK, FIRST_WAITING, NEXT_WAITING, SINCE]] = NOBODY
    link[:, LEFT] = -NEVER
    for column, values in ((CROSSING, crossing), (HEADWAY, headway), (ROOM, room), (WAVE, wave), (WATCHED, watched)):
        link[:roads, column] = values
    link[:roads, SLOTS] = np.cumsum(room, dtype=np.int64) - room
    farthest = max(stuck, int(link[:, [CROSSING, HEADWAY, WAVE]].max(initial=0)))
    shift = max(shift, farthest.bit_length() - 20)
    buckets = 1 << ((farthest >> shift) + 2).bit_length()
    return State(
        link=link,
        trip=trip,
        exits=np.full(int(np.sum(room, dtype=np.int64)), -NEVER, np.int64),
        buckets=np.full(buckets, NOBODY, np.int64),
        flows=np.zeros((roads * SLOTS_A_DAY, 2), np.int64),
        time=np.empty(passages, np.int64),
        road=np.empty(passages, np.int32),
        who=np.empty(passages, np.int32),
        clock=np.array([0, 0, NOBODY, 0, 0], np.int64),
        route=route,
        order=order,
        stuck=stuck,
        shift=shift,
    )


@part_of_kernel
def _cancel(link: Int64GridOut, buckets: Int64Out, here: int, shift: int) -> None:
    """Take the pending turn of link `here` out of its bucket: nearly always the first there."""
    bucket = (link[here, DUE] >> shift) & (len(buckets) - 1)
    before, other = NOBODY, buckets[bucket]
    while other != here:
        before, other = other, link[other, AFTER]
    if before >= 0:
        link[before, AFTER] = link[here, AFTER]
    else:
        buckets[bucket] = link[here, AFTER]
    link[here, DUE] = NOBODY


@part_of_kernel
def _appoint(link: Int64GridOut, buckets: Int64Out, here: int, due: int, shift: int) -> None:
    """Set the one pending turn of link `here`, in order of (time, link) within its bucket."""
    if link[here, DUE] >= 0:
        _cancel(link, buckets, here, shift)
    bucket = (due >> shift) & (len(buckets) - 1)
    before, after = NOBODY, buckets[bucket]
    while after >= 0 and (link[after, DUE] < due or (link[after, DUE] == due and after < here)):
        before, after = after, link[after, AFTER]
    link[here, DUE], link[here, AFTER] = due, after
    if before >= 0:
        link[before, AFTER] = here
    else:
        buckets[bucket] = here


@part_of_kernel
def _opening(link: Int64GridOut, exits: Int64Out, ahead: int) -> int:
    """Return from when on road `ahead` can be entered: vehicle n may follow vehicle n − room out of it by the wave's time."""
    entered, room = link[ahead, ENTERED], link[ahead, ROOM]
    if entered - link[ahead, EXITED] >= room:
        return NEVER
    return int(exits[link[ahead, SLOTS] + entered % room] + link[ahead, WAVE])


@part_of_kernel
def _call(link: Int64GridOut, exits: Int64Out, buckets: Int64Out, ahead: int, stuck: int, shift: int) -> None:
    """Set the turn of the first link that waits for road `ahead`: when it opens, and by force when it is stuck.

    That is never in the past: openings only grow later, and whoever is first enters at the moment of each.
    """
    first = link[ahead, FIRST_WAITING]
    if first >= 0:
        due = min(_opening(link, exits, ahead), link[first, SINCE] + stuck)
        if due != link[first, DUE]:
            _appoint(link, buckets, first, due, shift)


@part_of_kernel
def _wait(link: Int64GridOut, here: int, ahead: int, now: int) -> None:
    """Put link `here` at the end of road `ahead`'s waiting list, which is no longer than the roads that lead there."""
    link[here, NEXT_WAITING], link[here, SINCE] = NOBODY, now
    last = link[ahead, FIRST_WAITING]
    if last < 0:
        link[ahead, FIRST_WAITING] = here
        return
    while link[last, NEXT_WAITING] >= 0:
        last = link[last, NEXT_WAITING]
    link[last, NEXT_WAITING] = here


@part_of_kernel
def _stop_waiting(link: Int64GridOut, here: int, ahead: int) -> None:
    """Take link `here` out of road `ahead`'s waiting list: usually its head; from the middle only by force."""
    before, other = NOBODY, link[ahead, FIRST_WAITING]
    while other != here:
        before, other = other, link[other, NEXT_WAITING]
    if before >= 0:
        link[before, NEXT_WAITING] = link[here, NEXT_WAITING]
    else:
        link[ahead, FIRST_WAITING] = link[here, NEXT_WAITING]
    link[here, SINCE] = NOBODY


@part_of_kernel
def _enter(link: Int64GridOut, trip: Int64GridOut, buckets: Int64Out, here: int, t: int, now: int, shift: int) -> None:
    """Put trip t at the back of link `here`."""
    trip[t, ENTRY], trip[t, BEHIND] = now, NOBODY
    link[here, ENTERED] += 1
    if link[here, FRONT] >= 0:
        trip[link[here, BACK], BEHIND] = t
    else:
        link[here, FRONT] = t
        _appoint(link, buckets, here, max(now + link[here, CROSSING], link[here, LEFT] + link[here, HEADWAY]), shift)
    link[here, BACK] = t


@part_of_kernel
def _leave(
    link: Int64GridOut, trip: Int64GridOut, exits: Int64Out, buckets: Int64Out, flows: Int64GridOut, here: int, now: int,
    shift: int,
) -> None:  # fmt: skip
    """Take the front vehicle off link `here` and set the turn of the one behind it."""
    t = link[here, FRONT]
    if 2 * here < len(link):
        exits[link[here, SLOTS] + link[here, EXITED] % link[here, ROOM]] = now
        cell = trip[t, ENTRY] // QUARTER % SLOTS_A_DAY * (len(link) // 2) + here
        flows[cell, 0] += 1
        flows[cell, 1] += now - trip[t, ENTRY]
    link[here, EXITED] += 1
    link[here, LEFT] = now
    behind = trip[t, BEHIND]
    link[here, FRONT] = behind
    if behind >= 0:
        due = max(trip[behind, ENTRY] + link[here, CROSSING], now + link[here, HEADWAY])
        _appoint(link, buckets, here, due, shift)


@part_of_kernel
def _arrive(trip: Int64GridOut, clock: Int64Out, t: int, now: int) -> None:
    """End trip t and free its car for the vehicle's next trip, at the next whole second if that is already due."""
    trip[t, ARRIVED] = now
    following = t + 1
    if following == len(trip) or trip[following, CAR] == THERE:
        return  # the next row is another vehicle's first trip
    missed = trip[following, CAR] == MISSED
    trip[following, CAR] = THERE
    if missed:
        trip[following, MEANT] = (now + SECOND - 1) // SECOND * SECOND
        before, after = NOBODY, clock[LATE]
        while 0 <= after < following:
            before, after = after, trip[after, BEHIND]
        trip[following, BEHIND] = after
        if before >= 0:
            trip[before, BEHIND] = following
        else:
            clock[LATE] = following


@part_of_kernel
def _next_departure(trip: Int64GridOut, clock: Int64Out, order: Int32) -> int:
    """Return the trip next to depart, by (time, trip), of those planned and those late; NOBODY at the day's end."""
    late, row = int(clock[LATE]), clock[PLANNED]
    if row == len(order):
        return late
    planned = int(order[row])
    if late >= 0 and (trip[late, MEANT], late) < (trip[planned, MEANT], planned):
        return late
    return planned


@part_of_kernel
def _depart(
    link: Int64GridOut, trip: Int64GridOut, buckets: Int64Out, clock: Int64Out, route: Int32, t: int, shift: int
) -> None:
    """Take trip t off the departures: to its origin's queue, or nowhere if its path is empty or its car is away."""
    now = trip[t, MEANT]
    if t == clock[LATE]:
        clock[LATE] = trip[t, BEHIND]
    else:
        clock[PLANNED] += 1
        if trip[t, CAR] == AWAY:
            trip[t, CAR] = MISSED
            return
    if trip[t, AT] + 1 == trip[t, END]:
        trip[t, DEPARTED] = now
        _arrive(trip, clock, t, now)
    else:
        _enter(link, trip, buckets, len(link) // 2 + route[trip[t, AT] + 1], t, now, shift)


@part_of_kernel
def _next_bucket(buckets: Int64Out, bucket: int, last: int) -> int:
    """Return the first bucket from `bucket` on that holds a turn, but at most `last`; a whole lap of none: `last`."""
    mask = len(buckets) - 1
    for other in range(bucket, min(last, bucket + mask + 1)):
        if buckets[other & mask] >= 0:
            return other
    return max(bucket, last)


@kernel
def advance(
    link: Int64GridOut, trip: Int64GridOut, exits: Int64Out, buckets: Int64Out, flows: Int64GridOut,
    time: Int64Out, road: Int32Out, who: Int32Out, clock: Int64Out, route: Int32, order: Int32,
    stuck: int, shift: int, until: int,
) -> None:  # fmt: skip
    """Let everything happen that is due before ``until``: departures and turns, in order of time.

    At one moment departures come first, by trip, then turns, by link. A day costs O(moves); calling again with a later
    ``until`` continues, and how the day is cut changes nothing.

    Parameters
    ----------
    link, trip, exits, buckets, flows, time, road, who, clock, route, order, stuck, shift
        As State says; the first nine are changed.
    until : int, ms since the day's start
    """
    mask = len(buckets) - 1
    bucket = clock[BUCKET]
    while True:
        t = _next_departure(trip, clock, order)
        leaving = trip[t, MEANT] if t >= 0 else NEVER
        bucket = _next_bucket(buckets, bucket, min(leaving, until) >> shift)
        here = buckets[bucket & mask]
        now = link[here, DUE] if here >= 0 else NEVER
        if min(leaving, now) >= until:
            break
        if leaving <= now:
            _depart(link, trip, buckets, clock, route, t, shift)
            continue

        _cancel(link, buckets, here, shift)
        t = link[here, FRONT]
        row = trip[t, AT] + 1
        if row == trip[t, END]:
            _leave(link, trip, exits, buckets, flows, here, now, shift)
            _call(link, exits, buckets, here, stuck, shift)
            _arrive(trip, clock, t, now)
            continue

        ahead = int(route[row])
        waiting = link[here, SINCE] >= 0
        first = link[ahead, FIRST_WAITING] == (here if waiting else NOBODY)
        free = first and _opening(link, exits, ahead) <= now
        if not waiting and not free:
            _wait(link, here, ahead, now)
            _appoint(link, buckets, here, now + stuck, shift)
            _call(link, exits, buckets, ahead, stuck, shift)
            continue
        if waiting:
            clock[FORCED] += not free
            _stop_waiting(link, here, ahead)

        _leave(link, trip, exits, buckets, flows, here, now, shift)
        _enter(link, trip, buckets, ahead, t, now, shift)
        trip[t, AT] = row
        if 2 * here >= len(link):
            trip[t, DEPARTED] = now
        else:
            _call(link, exits, buckets, here, stuck, shift)
        _call(link, exits, buckets, ahead, stuck, shift)
        if link[ahead, WATCHED]:
            passed = clock[PASSED]
            time[passed], road[passed], who[passed] = now, ahead, t
            clock[PASSED] = passed + 1
    clock[BUCKET] = bucket
