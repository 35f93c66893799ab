"""At which camera a car is read next: the ways of each car, then of everybody, at the hour and at any."""

from typing import NamedTuple

import numpy as np

from alprsim.kernels._jit import Int32, Int32Grid, Int32Out, Int64, kernel, part_of_kernel

HOURS = 24
MORE = 5.0
"""Counts that each level of back-off is worth. With one, a single step at an hour would outweigh all at others. Assumption: of
0.5 to 20 it guessed most in one town of two weeks."""


class Ways(NamedTuple):
    """Where everybody went on from each camera: camera c has ``first[c]:first[c + 1]`` of the next two."""

    first: Int64
    to: Int32
    """The camera of the next read, rising."""
    hourly: Int32Grid
    """[ways, 25]: how often, by the hour at which they left; last, at any."""


@kernel
def ways(come: Int32, hour: Int32, to: Int32, n_cameras: int) -> tuple[Int64, Int32, Int32Grid]:
    """Count how often a read at one camera was followed by one at another, hour by hour.

    A table of all pairs of cameras is held meanwhile: 4 bytes a pair.

    Parameters
    ----------
    come, hour, to : int32[n_steps]
        The camera of a read, its hour of the day (0 to 23) and the camera of the same plate's next read.
    n_cameras : int

    Returns
    -------
    The columns of `Ways`.
    """
    place = np.zeros((n_cameras, n_cameras), np.int32)
    for step in range(len(come)):
        place[come[step], to[step]] = 1
    first = np.zeros(n_cameras + 1, np.int64)
    n = 0
    for camera in range(n_cameras):
        for other in range(n_cameras):
            if place[camera, other] == 1:
                place[camera, other] = n
                n += 1
        first[camera + 1] = n
    target, hourly = np.empty(n, np.int32), np.zeros((n, HOURS + 1), np.int32)  # any: 1
    for step in range(len(come)):
        row = place[come[step], to[step]]
        target[row] = to[step]
        hourly[row, hour[step]] += 1
        hourly[row, HOURS] += 1
    return first, target, hourly


@part_of_kernel
def _count_own(
    begin: int, end: int, come: Int32, hours: Int32, to: Int32, here: int, hour: int, own: Int32Grid
) -> None:
    """Count a car's own ways from a camera: row 0 at this hour, row 1 at any; the last column is all of them."""
    for step in range(begin, end):
        if come[step] == here:
            own[1, to[step]] += 1
            own[1, -1] += 1
            if hours[step] == hour:
                own[0, to[step]] += 1
                own[0, -1] += 1  # any: 1


@part_of_kernel
def _forget_own(begin: int, end: int, to: Int32, own: Int32Grid) -> None:
    for step in range(begin, end):
        own[0, to[step]] = own[1, to[step]] = 0
    own[0, -1] = 0  # any
    own[1, -1] = 0


@part_of_kernel
def _backed_off(times: int, whole: int, behind: float) -> float:
    """Return a share of counts, with so many more that are dealt as what stands behind says."""
    return (times + MORE * behind) / (whole + MORE)


@part_of_kernel
def _best(begin: int, end: int, to: Int32, hourly: Int32Grid, hour: int, own: Int32Grid) -> int:
    """Return the likeliest next camera among those that anybody went on to; of equals the lowest."""
    at_all, at_hour = 0, 0
    for way in range(begin, end):
        at_hour += hourly[way, hour]
        at_all += hourly[way, HOURS]
    steps_now = own[0, -1]  # any
    best, most = -1, 0.0
    for way in range(begin, end):
        chance = (hourly[way, HOURS] + 1.0) / (at_all + end - begin)
        chance = _backed_off(hourly[way, hour], at_hour, chance)
        chance = _backed_off(own[1, to[way]], own[1, -1], chance)
        chance = _backed_off(own[0, to[way]], steps_now, chance)
        if chance > most:
            best, most = to[way], chance
    return best


@kernel
def predict(
    first_step: Int64,
    come: Int32,
    hour: Int32,
    to: Int32,
    first_asked: Int64,
    last: Int32,
    at: Int32,
    first: Int64,
    way: Int32,
    hourly: Int32Grid,
    guess: Int32Out,
) -> None:
    """Guess the camera of each asked read from the one before it, by a Markov chain of order one with back-off.

    The chance of a next camera is a share of the car's own steps from there at that hour, with `MORE` counts that are dealt
    as its steps at any hour say; those with as many dealt as everybody's at that hour say; those with as many as everybody's
    at any hour say, where each way that anybody ever took counts once more (Laplace). The likeliest is named.

    Parameters
    ----------
    first_step : int64[n_cars + 1]
        Car v made the steps ``first_step[v]:first_step[v + 1]``.
    come, hour, to : int32[n_steps]
        As `ways`.
    first_asked : int64[n_cars + 1]
        As first_step, for what is asked.
    last, at : int32[n_asked]
        The camera of the read before, −1 none; its hour.
    first, way, hourly
        The answer of `ways` for everybody's steps, the cars' own included.
    guess : int32[n_asked], overwritten
        −1: nobody ever went on from there.
    """
    own = np.zeros((2, len(first)), np.int32)  # any: 2
    for car in range(len(first_step) - 1):
        begin, end = first_step[car], first_step[car + 1]
        for row in range(first_asked[car], first_asked[car + 1]):
            guess[row] = -1
            if last[row] >= 0:
                _count_own(begin, end, come, hour, to, last[row], at[row], own)
                guess[row] = _best(first[last[row]], first[last[row] + 1], way, hourly, at[row], own)
                _forget_own(begin, end, to, own)
