"""A car's day as a SimPy process: shifts that take the car over, streets one after another, lots, and calls."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import count
from typing import NamedTuple

import numpy as np
import simpy

from alprsim import randomness
from alprsim.kernels import patrol as kernels
from alprsim.patrols._beats import Beat, Streets
from alprsim.patrols._parked import MS, Rows
from alprsim.scenario import models
from alprsim.tables import DAY, DAY_STARTS, SLOT, Flows, Int32, Int64, UInt64

A_PLATE = 200
"""ms a parked plate takes at the least: five a second, two sides at 6.7 m/s and 2.7 m a car, which is 300 a minute."""

HOUR = 3600
_CHUNK = 4096
_SLOTS = DAY // SLOT
_STREET, _PLACE, _CALL, _PAUSE, _WATCH = 0, 1, 2, 3, 4  # questions of a shift

CROSSING, WATCHING = -1, -2
"""In place of the place whose lot is swept: a road is crossed, or its end is watched."""


class Car(NamedTuple):
    """A car with readers: its row of the fleet's cameras, its key, its beat and how it spends its days."""

    camera: int
    key: np.uint64
    beat: Beat
    spec: models.Rounds


class Shift(NamedTuple):
    """The part of a shift that falls on a day: ms since the scenario's start, and the draws that belong to it."""

    start: int
    end: int
    bits: UInt64


class Visits(NamedTuple):
    """What cars did, ms: a road CROSSING, or after that the lot of a `place` on it swept, or the end of the road WATCHING."""

    car: Int32
    road: Int32
    place: Int32
    enter: Int64
    leave: Int64


class Kerbs(NamedTuple):
    """What a car's readers can see parked: along the streets, and in the lots of the places on each street."""

    streets: Rows
    lots: Rows
    on: dict[int, list[int]]


def shifts(car: Car, *, seed: int, day: int) -> list[Shift]:
    """Return a car's manned shifts of one day, in order.

    One that passes 04:00 is driven in two parts, each on its own day and with its own draws, so that a day needs no day
    before it: whoever is on duty at 04:00 starts anew at a drawn street. Whether it is manned is drawn once.
    """
    spec, found = car.spec, []
    own = randomness.draw(randomness.stream(seed, "a car's shifts"), car.key)
    for before in (1, 0):
        of_day = day - before
        for number, hour in enumerate(spec.starts):
            begins = of_day * DAY + (hour * HOUR - DAY_STARTS) % DAY
            ends = begins + spec.shift - spec.handover
            start, end = max(begins, day * DAY), min(ends, (day + 1) * DAY)
            bits = randomness.draw(own, of_day, number)
            if start < end and float(randomness.uniform(bits)) < spec.manned:
                found.append(Shift(start * MS, end * MS, randomness.draw(bits, 1 + before)))
    return found


def drive(cars: list[Car], kerbs: list[Kerbs], ways: Streets, flows: Flows, *, seed: int, day: int) -> Visits:
    """Let every car live through its day in a SimPy environment; return what they drove, car by car in order of time.

    A car crosses a road in the time that the day's traffic took in that quarter hour, or slower where the parked plates
    along it need more. Then it takes, of the roads ahead, the one driven longest ago in this shift, where a main road
    counts as driven `arterials` times as long ago; each begins as if last driven at a drawn moment before. The lot of a
    place that it passes is swept by a draw for each. It stands after drawn times of driving, so that this makes up its
    share of the shift: where it is, at a call; or, to watch traffic, at the end of the next main road.

    Parameters
    ----------
    cars
        Their rows are those of `Visits.car`.
    kerbs
        Row for row with `cars`.
    ways
        Of the network.
    flows
        Of the day as driven.
    """
    env = simpy.Environment(initial_time=day * DAY * MS)
    logs: list[list[tuple[int, int, int, int]]] = [[] for _ in cars]
    for car, kerb, log in zip(cars, kerbs, logs, strict=True):
        for shift in shifts(car, seed=seed, day=day):
            env.process(_shift(env, car, shift, kerb, ways, flows.time, log))
    env.run()
    who = np.repeat(np.arange(len(cars), dtype=np.int32), [len(log) for log in logs])
    road, place, enter, leave = np.array([row for log in logs for row in log], np.int64).reshape(-1, 4).T
    return Visits(who, road.astype(np.int32), place.astype(np.int32), enter.copy(), leave.copy())


def _shift(
    env: simpy.Environment, car: Car, shift: Shift, kerbs: Kerbs, ways: Streets, times: Int32,
    log: list[tuple[int, int, int, int]],
) -> Generator[simpy.Event, None, None]:  # fmt: skip
    """Drive one shift."""
    yield env.timeout(shift.start - env.now)
    spec, beat = car.spec, car.beat
    lot, call, pause, watch = (_Draws(shift.bits, question) for question in (_PLACE, _CALL, _PAUSE, _WATCH))
    weight = dict(zip(beat.road.tolist(), np.where(beat.arterial, spec.arterials, 1.0).tolist(), strict=True))
    segment = dict(zip(beat.road.tolist(), ways.segment[beat.road].tolist(), strict=True))
    last = _before(shift, beat, ways)

    def waits(road: int) -> float:
        return float((step - last[segment[road]]) * weight[road])

    road = min(segment, key=lambda road: last[segment[road]])
    driven, until_call, watches = 0, _until_call(spec, call), watch.uniform() < spec.watch
    main = dict(zip(beat.road.tolist(), (beat.arterial | ~beat.arterial.any()).tolist(), strict=True))
    for step in count():
        if env.now >= shift.end:
            return
        way = segment[road]
        last[way] = step
        seen = kernels.standing(way, env.now, *_times(kerbs.streets))
        spent = max(int(times[road * _SLOTS + env.now // MS % DAY // SLOT]), A_PLATE * seen, 1)
        log.append((road, CROSSING, env.now, env.now + spent))
        driven += spent
        yield env.timeout(spent)
        for place in kerbs.on.get(way, ()):
            if lot.uniform() < spec.lots and env.now < shift.end:
                spent = A_PLATE * kernels.standing(place, env.now, *_times(kerbs.lots))
                if spent:
                    log.append((road, place, env.now, env.now + spent))
                    driven += spent
                    yield env.timeout(spent)
        if driven >= until_call and (main[road] or not watches):
            spent = 1 + int(2 * spec.pause * MS * pause.uniform())
            if watches:
                log.append((road, WATCHING, env.now, env.now + spent))
            yield env.timeout(spent)
            driven, until_call, watches = 0, _until_call(spec, call), watch.uniform() < spec.watch
        road = max(beat.ahead[road], key=waits)


def _before(shift: Shift, beat: Beat, ways: Streets) -> dict[int, float]:
    """Return by street at which step before the shift's first it was driven last, drawn for each."""
    way, row = np.unique(ways.segment[beat.road], return_index=True)
    drawn = randomness.uniform(randomness.draw(shift.bits, _STREET, ways.key[beat.road[row]]))
    return dict(zip(way.tolist(), (-len(way) * drawn - 1).tolist(), strict=True))


def _times(rows: Rows) -> tuple[Int64, Int64, Int64]:
    return rows.first, rows.since, rows.until


def _until_call(spec: models.Rounds, call: _Draws) -> float:
    """Draw how long a car drives until its next call, ms: on average so that calls take their share of the time."""
    if not spec.standing:
        return float("inf")
    return 2 * spec.pause * MS * (1 - spec.standing) / spec.standing * call.uniform()


class _Draws:
    """The draws of one question of a shift, in order: made a few thousand at a time, since NumPy is slow with one."""

    def __init__(self, bits: UInt64, question: int) -> None:
        self._next = self._all(randomness.draw(bits, question))

    def uniform(self) -> float:
        """Return the next draw, in [0, 1)."""
        return next(self._next)

    @staticmethod
    def _all(bits: UInt64) -> Iterator[float]:
        for start in count(0, _CHUNK):
            yield from randomness.uniform(randomness.draw(bits, np.arange(start, start + _CHUNK))).tolist()
