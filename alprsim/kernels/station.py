"""What a camera makes of each passing plate, and which plates a busy reader, a full store or a busy server has no room for."""

import numpy as np

from alprsim.kernels._jit import Bool, Float32, Float64Grid, Int8, Int32, Int64, UInt64, draw, kernel, uniform

DOWN, MISSED, DROPPED_READER, DROPPED_STORE, DROPPED_SERVER = 0, 1, 2, 3, 4
UNREADABLE, MISREAD, RIGHT, WRONG_BOTH, WRONG_STATE, SPURIOUS = 5, 6, 7, 8, 9, 10
"""What can become of a plate before a reader, in the order in which it can go wrong; those from UNREADABLE on are reads.

MISREAD: the text is wrong, the state right; WRONG_STATE: the state is wrong, the text right; WRONG_BOTH; SPURIOUS: there
was no plate, only a sign or a decal.
"""

FATES = 11

CONDITIONS = 4
"""Of light and weather: by day or in the dark (1), in fair or in foul weather (2), added."""

CAPTURE, READABLE, CORRECT, STATE = 0, 1, 2, 3
"""The questions put to a passing plate, in order: columns of `chance`."""

NEVER = np.int64(1) << 62
LOST = -1


@kernel
def serve(time: Int64, station: Int32, service: Int64, room: Int64) -> Int64:
    """Send plates through stations that serve one at a time, in order of arrival; return when each is done.

    A plate that finds ``room`` others waiting is lost. Every plate of a station takes equally long, so what waits is
    the work left divided by that time, and one number a station, the moment its work ends, is the whole queue: O(n).
    A plate done at the very moment another arrives has left before it. All stations start idle. In queueing theory's
    notation a G/D/1/K station with K = room + 1.

    Parameters
    ----------
    time : int64[n], ms, not negative
        Arrivals; those of one station must not fall.
    station : int32[n], row of `service`
    service : int64[n_stations], ms
        Time a plate takes; 0: no limit.
    room : int64[n_stations], plates
        How many may wait beside the one being served.

    Returns
    -------
    int64[n], ms
        When the plate is done; −1 if it was lost.
    """
    done = np.empty(len(time), np.int64)
    longest = service * room
    ends = np.zeros(len(service), np.int64)
    for i in range(len(time)):
        s = station[i]
        left = ends[s] - time[i]
        if left > longest[s]:
            done[i] = LOST
        else:
            ends[s] = time[i] + max(left, 0) + service[s]
            done[i] = ends[s]
    return done


@kernel
def upload(
    time: Int64, station: Int32, every: int, phase: Int64, size: int, room: int, first: Int64, since: Int64, until: Int64
) -> Int64:  # fmt: skip
    """Let reads wait in their station's store until its next upload; return when each leaves.

    All that waits leaves together: at the next of the moments phase, phase + every, …; as soon as ``size`` reads wait;
    or, if the link is down then, the moment it is up again. Without a period (0) a read leaves at once while the link is
    up. A read that finds ``room`` others waiting is lost. An upload at the very moment at which a read comes leaves
    without it. When a batch leaves is known as it begins, unless it fills up: a number a batch is enough, O(reads + outages).

    Parameters
    ----------
    time : int64[n], ms
        When reads enter the store; those of one station must not fall.
    station : int32[n], row of `phase`
    every : int, ms
    phase : int64[n_stations], ms, 0 to ``every``
    size, room : int, reads
    first : int64[n_stations + 1]
        Station s is offline in ``[since[k], until[k])`` for k of ``first[s]:first[s + 1]``, apart and in order.
    since, until : int64[n_outages], ms

    Returns
    -------
    int64[n], ms
        −1 if the read was lost.
    """
    sent = np.empty(len(time), np.int64)  # the number of its batch, until all batches are known
    leaves = np.empty(len(time), np.int64)
    batches = 0  # begun so far
    batch, waiting, outage = np.full(len(phase), -1), np.zeros(len(phase), np.int64), first[:-1].copy()
    for i in range(len(time)):
        s, now = station[i], time[i]
        while outage[s] < first[s + 1] and until[outage[s]] <= now:
            outage[s] += 1
        begins, ends = NEVER, NEVER
        if outage[s] < first[s + 1]:
            begins, ends = since[outage[s]], until[outage[s]]
        if batch[s] >= 0 and leaves[batch[s]] <= now:
            batch[s], waiting[s] = -1, 0
        if every == 0 and now < begins:
            leaves[batches], sent[i] = now, batches
            batches += 1
            continue
        if waiting[s] >= room:
            sent[i] = LOST
            continue
        if batch[s] < 0:
            due = now + every - (now - phase[s]) % every if every > 0 else now
            leaves[batches], batch[s] = ends if begins <= due else due, batches
            batches += 1
        sent[i] = batch[s]
        waiting[s] += 1
        if waiting[s] >= size and now < begins:
            leaves[batch[s]] = now
    for i in range(len(time)):
        if sent[i] != LOST:
            sent[i] = leaves[sent[i]]
    return sent


@kernel
def within(time: Int64, row: Int32, first: Int64, since: Int64, until: Int64) -> Bool:
    """Say whether each moment lies in an interval of its row, O(moments + intervals).

    Parameters
    ----------
    time : int64[n], ms
        Those of one row must not fall.
    row : int32[n]
    first : int64[n_rows + 1]
        Row r has the intervals ``[since[k], until[k])`` for k of ``first[r]:first[r + 1]``, apart and in order.
    since, until : int64[n_intervals], ms
    """
    inside = np.zeros(len(time), np.bool_)
    at = first[:-1].copy()
    for i in range(len(time)):
        r = row[i]
        while at[r] < first[r + 1] and until[at[r]] <= time[i]:
            at[r] += 1
        inside[i] = at[r] < first[r + 1] and since[at[r]] <= time[i]
    return inside


@kernel
def fates(
    stream: np.uint64, camera: Int32, condition: Int8, camera_key: UInt64, vehicle_key: UInt64, time: Int64,
    clear: Float32, chance: Float64Grid,
) -> Int8:  # fmt: skip
    """Draw what each camera makes of each plate, if nothing is too busy: MISSED, UNREADABLE, … RIGHT, WRONG_STATE.

    The draws belong to (camera, vehicle, moment), one for each of the four questions, so nobody else's passing,
    and no other camera, changes them.

    Parameters
    ----------
    stream : uint64
        Of the seed.
    camera : int32[n], row of `camera_key`
    condition : int8[n], below CONDITIONS
    camera_key : uint64[n_cameras]
    vehicle_key : uint64[n]
    time : int64[n], ms
    clear : float32[n], share
        Of plates that speed leaves to be captured.
    chance : float64[n_cameras × CONDITIONS, 4], shares
        Of a camera under a condition, a column a question.
    """
    fate = np.empty(len(time), np.int8)
    for i in range(len(time)):
        c = camera[i]
        row = np.int64(c) * CONDITIONS + condition[i]
        bits = draw(draw(draw(stream, camera_key[c]), vehicle_key[i]), np.uint64(time[i]))
        if uniform(draw(bits, np.uint64(CAPTURE))) >= chance[row, CAPTURE] * clear[i]:
            fate[i] = MISSED
        elif uniform(draw(bits, np.uint64(READABLE))) >= chance[row, READABLE]:
            fate[i] = UNREADABLE
        else:
            right = uniform(draw(bits, np.uint64(CORRECT))) < chance[row, CORRECT]
            state = chance[row, STATE] >= 1.0 or uniform(draw(bits, np.uint64(STATE))) < chance[row, STATE]
            fate[i] = (RIGHT if right else MISREAD) if state else (WRONG_STATE if right else WRONG_BOTH)
    return fate
