"""What a tracker may know of everybody before it looks at one car: when people leave, how long they stay, where they go.

It is learned from a population of another seed on the same streets: what a travel survey or a planner's model of the town
would tell, and of no car that is asked about.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels.tracker import BACK, LEAVE_HOME, LEAVE_LONG, LEAVE_SHORT, LONG_FROM_AWAY, LONG_FROM_HOME
from alprsim.tables import DAY, Bool, Float64, Int32, Int64

HOURS = 72
"""Classes of time: 24 hours of a weekday, of a Saturday and of a Sunday."""

LONG = 3 * 3600
"""s: a stay away from home is long from here on: work, school, a night; the others are errands. Assumption."""

SMOOTH = 20.0
"""Observations that what holds at all hours, or of all homes, counts for. Assumption."""

LEAST = 1e-6

AT_HOME, AWAY, AWAY_LONG = range(3)

LOYALTIES = 2.0 ** np.arange(-2, 9)
"""Strengths tried of what people in general do against what one has done before."""


class Routine(NamedTuple):
    """How cars behave, as `kernels.tracker` takes it."""

    home: Float64
    """[zones]: where cars are garaged."""
    hours: Float64
    """[72, 6]"""
    to: Float64
    """[zones, 2 zones]: where those who live in a zone go."""
    begin: Float64
    """[72, 3]: the shares at home, on short and on long stays."""
    loyalty: Float64
    """[2]: arrivals, for short and for long, that what others do counts for when one car's own are known."""

    @property
    def departures(self) -> Float64:
        """[72]: how many of all cars leave in a step."""
        leaving: Float64 = (self.begin * self.hours[:, [LEAVE_HOME, LEAVE_SHORT, LEAVE_LONG]]).sum(axis=1)
        return leaving


class Diary(NamedTuple):
    """Trips in order of (vehicle, depart): from zone to zone, s since 04:00 of the first day."""

    vehicle: Int32
    depart: Int32
    arrive: Int32
    destination: Int32
    """A zone."""
    homewards: Bool
    """Whether it ends at the car's garage."""


class _Stays(NamedTuple):
    vehicle: Int64
    state: Int64
    zone: Int64
    first: Int64
    end: Int64


def class_of(time: Int64, first_weekday: int) -> Int32:
    """Return the class of time of each moment, s since 04:00 of the first day."""
    weekday = (first_weekday + time // DAY) % 7
    return (np.maximum(weekday - 4, 0) * 24 + time % DAY // 3600).astype(np.int32)


def learn(diary: Diary, garage: Int32, zones: int, *, days: int, step: int, first_weekday: int) -> Routine:
    """Learn from some days of trips of some cars, each parked in the zone ``garage[vehicle]`` when the first day begins."""
    stays = _stays(diary, garage, days * DAY, step)
    hour = class_of(np.arange(days * DAY // step, dtype=np.int64) * step, first_weekday)
    present = np.stack([_present(stays, state, hour) for state in range(3)])
    here, after = _moves(stays)
    at = hour[stays.end[here] - 1]
    origin, goal = stays.state[here], stays.state[after]
    hours = np.empty((HOURS, 6))
    for state, column in ((AT_HOME, LEAVE_HOME), (AWAY, LEAVE_SHORT), (AWAY_LONG, LEAVE_LONG)):
        hours[:, column] = _smooth(np.bincount(at[origin == state], minlength=HOURS), present[state])
    from_home, from_away = origin == AT_HOME, origin != AT_HOME
    onward = from_away & (goal != AT_HOME)
    for some, of, column in (
        (from_home & (goal == AWAY_LONG), from_home, LONG_FROM_HOME),
        (onward & (goal == AWAY_LONG), onward, LONG_FROM_AWAY),
        (from_away & (goal == AT_HOME), from_away, BACK),
    ):
        hours[:, column] = _smooth(np.bincount(at[some], minlength=HOURS), np.bincount(at[of], minlength=HOURS))
    away = after[goal != AT_HOME]
    lives, layer, zone = garage[stays.vehicle[away]], stays.state[away] - AWAY, stays.zone[away]
    to = _destinations(lives, layer, zone, zones)
    who = stays.vehicle[away]
    loyalty = [
        _loyalty(who[layer == one], zone[layer == one], to[lives, one * zones + zone][layer == one]) for one in (0, 1)
    ]
    home = np.bincount(garage, minlength=zones) / max(1, len(garage))
    begin = np.ascontiguousarray(present.T) + LEAST
    begin /= begin.sum(axis=1, keepdims=True)
    return Routine(home, np.clip(hours, LEAST, 0.98), to, begin, np.array(loyalty))


def _stays(diary: Diary, garage: Int32, until: int, step: int) -> _Stays:
    """Return the stays that the start of some step falls into: a state, a zone, and the steps from first to before end."""
    cars = len(garage)
    vehicle = np.concatenate([np.arange(cars), diary.vehicle])
    since = np.concatenate([np.full(cars, -1), diary.arrive])  # any: 1
    order = np.lexsort((since, vehicle))
    vehicle, since = vehicle[order], since[order]
    zone = np.concatenate([garage, diary.destination])[order].astype(np.int64)
    home = np.concatenate([np.ones(cars, np.bool_), diary.homewards])[order]
    leaves = np.full(len(vehicle), until, np.int64)
    follows = np.flatnonzero(vehicle[1:] == vehicle[:-1])
    nth = np.concatenate([np.full(cars, -1), np.arange(len(diary.vehicle))])[order]  # any: 1
    leaves[follows] = diary.depart[nth[follows + 1]]
    state = np.where(home, AT_HOME, np.where(leaves - since >= LONG, AWAY_LONG, AWAY))
    first = np.maximum(-(-since // step), 0)
    end = np.minimum(-(-leaves // step), until // step)
    seen = first < end
    return _Stays(*(column[seen].astype(np.int64) for column in (vehicle, state, zone, first, end)))


def _present(stays: _Stays, state: int, hour: Int32) -> Float64:
    """Return, by class of time, at how many starts of steps cars are in a state."""
    mine = stays.state == state
    change = np.bincount(stays.first[mine], minlength=len(hour) + 1).astype(np.float64)
    change -= np.bincount(stays.end[mine], minlength=len(hour) + 1)
    return np.asarray(np.bincount(hour, np.cumsum(change)[:-1], HOURS), np.float64)


def _moves(stays: _Stays) -> tuple[Int64, Int64]:
    """Return the stays that one at another place follows, and those that do."""
    here = np.flatnonzero(stays.vehicle[1:] == stays.vehicle[:-1])
    same = (stays.state[here] == AT_HOME) & (stays.state[here + 1] == AT_HOME)
    here = here[~same]
    return here, here + 1


def _smooth(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Float64:
    """Return part / whole by class of time, drawn to what holds at all of them together."""
    some, every = part.astype(np.float64), whole.astype(np.float64)
    mean = (some.sum() + LEAST) / (every.sum() + 1.0)
    share: Float64 = (some + SMOOTH * mean) / (every + SMOOTH)
    return share


def _destinations(lives: Int32, layer: Int64, zone: Int64, zones: int) -> Float64:
    """Return where those who live in a zone go, drawn to where everybody goes."""
    cell = (lives.astype(np.int64) * 2 + layer) * zones + zone
    counts = np.bincount(cell, minlength=zones * 2 * zones).reshape(zones, 2, zones).astype(np.float64)
    every = counts.sum(axis=0) + 1.0 / zones
    counts = counts + SMOOTH * every / every.sum(axis=1, keepdims=True)
    shares: Float64 = (counts / counts.sum(axis=2, keepdims=True)).reshape(zones, 2 * zones)
    return shares


def _loyalty(who: Int64, zone: Int64, share: Float64) -> float:
    """Return the strength under which where each goes next is likeliest, from where they went before (a Pólya urn)."""
    if not len(who):
        return float(LOYALTIES[-1])
    before = _ordinal(who)
    again = _ordinal(who * (zone.max() + 1) + zone)  # any: 1
    fit = [np.log((strength * share + again) / (strength + before)).sum() for strength in LOYALTIES.tolist()]
    return float(LOYALTIES[int(np.argmax(fit))])


def _ordinal(key: Int64) -> Int64:
    """Return for each row how many rows before it have its key."""
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.diff(key[order], prepend=key[order[0]] - 1))  # any: 1
    length = np.diff(np.append(start, len(key)))
    number = np.empty(len(key), np.int64)
    number[order] = np.arange(len(key)) - np.repeat(start, length)
    return number
