"""Whom a car with readers meets on the streets it drives, and what it passes that is parked there."""

import numpy as np

from alprsim.kernels._jit import Float64, Int32, Int64, Int64Out, kernel, part_of_kernel


@part_of_kernel
def _meets(start: int, end: int, t: int, leaves: int) -> int:
    """Return when an oncoming car, on the other direction in [t, leaves), is level with one in [start, end); −1 never.

    One is at the share (s − start) / C of the road, the other at 1 − (s − t) / c: they are level at
    s = start + C (leaves − start) / (C + c), rounded down.
    """
    if t >= end or leaves <= start:
        return -1
    mine, theirs = end - start, leaves - t
    return start + mine * (leaves - start) // (mine + theirs)


@part_of_kernel
def _in_range(start: int, end: int, t: int, leaves: int, length: float, reach: float) -> int:
    """Return when a car the same way in [t, leaves) first is within ``reach`` m of one in [start, end); −1 never.

    The gap between them changes evenly while both are on the road, so it is least at the end of that time or where it
    is 0. Rounded down.
    """
    both, until = max(start, t), min(end, leaves)
    if both >= until:
        return -1
    mine, theirs = float(end - start), float(leaves - t)
    before = length * ((both - start) / mine - (both - t) / theirs)
    after = length * ((until - start) / mine - (until - t) / theirs)
    if abs(before) <= reach:
        return both
    if before * after > 0 and abs(after) > reach:
        return -1
    share = (abs(before) - reach) / abs(before - after)
    return min(both + int(share * (until - both)), until - 1)


@kernel
def meetings(
    road: Int32, enter: Int64, leave: Int64, reach: Float64, reverse: Int32, length: Float64, first: Int64,
    longest: Int64, their_enter: Int64, their_leave: Int64, crossing: Int64Out, car: Int64Out, moment: Int64Out,
) -> int:  # fmt: skip
    """Return how many cars the crossings of an observer meet, and write as many of them as the outputs have room for.

    Met is an **oncoming** car if both are on the two directions of a street at the same time: they are then level at one
    moment. Met is a car the **same way** if, while both are on the road, it comes within ``reach``: overtaken,
    overtaking, ahead or behind; the moment is the first of these. Everybody crosses a road at constant speed, in
    [enter, leave).

    Each crossing looks at those who entered since ``longest`` before it, found by bisection:
    O(crossings × (log cars + those on the road)).

    Parameters
    ----------
    road, enter, leave : [crossings]; ms, enter < leave
    reach : float64[crossings], m
    reverse : int32[roads]
        The other direction of a road, −1 where there is none.
    length : float64[roads], m
    first : int64[roads + 1]
        Road r is entered by cars first[r]:first[r + 1], in order of time.
    longest : int64[roads], ms
        At least as long as any of its cars takes.
    their_enter, their_leave : int64[cars], ms, enter < leave
    crossing, car, moment : int64[room], out
        Row of the crossing, row of the car, ms; of a crossing first the oncoming ones.
    """
    met = 0
    for i in range(len(road)):
        for oncoming in (True, False):
            r = reverse[road[i]] if oncoming else road[i]
            if r < 0:
                continue
            since = np.searchsorted(their_enter[first[r] : first[r + 1]], enter[i] - longest[r])
            for j in range(first[r] + since, first[r + 1]):
                t, leaves = their_enter[j], their_leave[j]
                if t >= leave[i]:
                    break
                if oncoming:
                    when = _meets(enter[i], leave[i], t, leaves)
                else:
                    when = _in_range(enter[i], leave[i], t, leaves, length[r], reach[i])
                if when >= 0:
                    if met < len(moment):
                        crossing[met], car[met], moment[met] = i, j, when
                    met += 1
    return met


@kernel
def parked(
    group: Int32, enter: Int64, leave: Int64, first: Int64, since: Int64, until: Int64, visit: Int64Out, stay: Int64Out,
    moment: Int64Out,
) -> int:  # fmt: skip
    """Return how many parked cars the visits pass, and write as many of them as the outputs have room for.

    A visit passes the cars that stand in its group (a street, a lot) from its beginning to its end. They stand in one even
    row, in the order of the table: the k-th of n is passed at enter + (k + ½) / n of the visit, rounded down.

    Parameters
    ----------
    group : int32[visits], row of `first`
    enter, leave : int64[visits], ms
    first : int64[groups + 1]
        Group g owns stays first[g]:first[g + 1].
    since, until : int64[stays], ms
        A car stands in [since, until).
    visit, stay, moment : int64[room], out
    """
    passed = 0
    for i in range(len(group)):
        begin = passed
        for j in range(first[group[i]], first[group[i] + 1]):
            if since[j] <= enter[i] and leave[i] <= until[j]:
                if passed < len(moment):
                    visit[passed], stay[passed] = i, j
                passed += 1
        n = passed - begin
        for k in range(begin, min(passed, len(moment))):
            moment[k] = enter[i] + (leave[i] - enter[i]) * (2 * (k - begin) + 1) // (2 * n)
    return passed


@kernel
def standing(group: int, at: int, first: Int64, since: Int64, until: Int64) -> int:
    """Return how many cars stand in a group at a moment: see `parked`."""
    n = 0
    for j in range(first[group], first[group + 1]):
        n += since[j] <= at < until[j]
    return n
