"""Whether a viewer who knows the plate, and so the registered address, can tell on which nights the car slept elsewhere.

The adversary (`kernels.nights`) takes the last held read of an evening and the first of the next morning, both far from the
registered address and near each other, for a night away.

Of people: a night away is theirs who drove the car to where it stood, and shows whoever it is said of. It is said of the
person whom the plate names (`wheel.keepers`), and right if it is theirs: so people who share a car make it less precise.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder, visits
from alprsim.kernels import nights as kernels
from alprsim.measures.places import Spots
from alprsim.measures.question import (
    VEHICLES,
    Answer,
    Case,
    Opened,
    Question,
    Residents,
    groups_of_drivers,
    home_towns,
    of_cases,
    ratio,
    tidy,
)
from alprsim.measures.wheel import NOBODY, Wheel
from alprsim.tables import DAY, Bool, Bucket, Int16, Int32, Int64, Measured, UInt64

CASES = visits.CASES
AT = 22 * 3600
"""Seconds after 04:00 at which a car has gone to sleep: 02:00."""


LATER = 2**32
"""More than any moment, s: a vehicle's row and a moment share a word."""


class Rule(NamedTuple):
    """What the adversary takes for a night away; as in the scenario's `measures.nights`."""

    evening: int
    morning: int
    away: float
    area: float


class Sums(NamedTuple):
    """What was counted of the nights of the last T so far through one lens, [towns, 64], over buckets and moments."""

    nights: Int64
    """Vehicles × nights."""
    away: Int64
    """Those on which the car stood far from home at 02:00."""
    claimed: Int64
    """Nights away that were inferred: of a car, or said of a person."""
    right: Int64
    """Those on which it did; of people, and who had driven it there was the person it is said of."""
    found: Int64
    """Nights away that show, whoever it is said of."""


def empty(towns: int) -> Sums:
    """Return sums of nothing."""
    return Sums(*(np.zeros((towns, CASES), np.int64) for _ in Sums._fields))


def add(
    sums: Sums, lives: Sums, seen: Opened, masks: UInt64, question: Question, people: Residents, *, drivers: Wheel,
    sites: Spots, home: Spots, places: Spots, together: Bool, rule: Rule,
    also: Sequence[tuple[Residents, Sums, Sums]] = (),
) -> None:  # fmt: skip
    """Add one bucket at one moment.

    Parameters
    ----------
    sums, lives : Sums
        Of vehicles, and of people; added to in place.
    seen : Opened
        The bucket, with times and places as the adversary knows them; its trips are the truth.
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    sites : Spots, row for row with Sites
    home : Spots, row for row with Vehicles: the registered address
    places : Spots, row for row with Places
    together : bool[n_sites, n_sites], of `near_each_other`
    also
        The same people by other groups in the place of towns, with the sums of their vehicles and of them: they are walked
        once for all. Who has a town must have a group in each.
    """
    now, bucket = question.moment, seen.bucket
    if question.horizon > now:
        return
    rows = np.flatnonzero(home_towns(people, bucket.vehicle) >= 0)
    vehicle = bucket.vehicle[rows]
    night = _nights(now, now - question.horizon)
    trip = _last_trips(bucket, rows, night)
    slept = _away(bucket, rows, trip, home, places, night, rule)
    far = np.hypot(sites.x - home.x[vehicle, None], sites.y - home.y[vehicle, None]) > rule.away
    car, which, held, ghost = _infer(seen, masks, rows, far, together, rule)
    some = np.isin(which, night // DAY)
    car, number, held, ghost = car[some], np.searchsorted(night // DAY, which[some]), held[some], ghost[some]
    true = slept[car, number] & ~ghost
    own = np.arange(len(rows))
    its = np.where(slept, own[:, None], NOBODY)
    left_by = np.where(slept, np.append(drivers.driver, NOBODY)[trip], NOBODY)
    for whose, their_cars, they in [(people, sums, lives), *also]:
        _count(their_cars, whose.town[vehicle], len(night), its, car, number, held, true, own)
        group = groups_of_drivers(whose, drivers.person)
        _count(they, group, len(night), left_by, car, number, held, true, drivers.keeper[rows])


def _count(
    sums: Sums, town: Int16, nights: int, left_by: Int64, car: Int32, number: Int64, held: UInt64, true: Bool, named: Int64
) -> None:  # fmt: skip
    """Add nights and inferences to the lives whose they are.

    Parameters
    ----------
    town : int16[n_lives]
    left_by : int64[n_cars, n_nights]
        Whose night away it was: place in ``town``, −1 nobody's.
    car, number, held, true : [n_claims]
        Of which car and night, by which cases, and whether the car stood away.
    named : int64[n_cars]
        Of whom it is said; −1 of nobody who is measured.
    """
    sums.nights[:] += np.bincount(town, minlength=len(sums.nights))[:, None] * nights
    sums.away[:] += np.bincount(town[left_by[left_by >= 0]], minlength=len(sums.away))[:, None]
    whose, said = left_by[car, number], named[car]
    claims = (sums.claimed, said, said >= 0), (sums.right, said, true & (said >= 0) & (said == whose))
    for total, life, counted in (*claims, (sums.found, whose, true & (whose >= 0))):
        visits.add_up(town[life[counted]].astype(np.int64), held[counted], total)


def near_each_other(sites: Spots, area: float) -> Bool:
    """Return whether each two sites are within some metres, in a straight line: [sites, sites]."""
    together = np.zeros((len(sites.x), len(sites.x)), np.bool_)
    for row in range(len(sites.x)):
        together[row] = np.hypot(sites.x - sites.x[row], sites.y - sites.y[row]) <= area
    return together


def rows(
    sums: Sequence[Sums], place: Int32, cases: Sequence[Case], towns: Sequence[str], *, seed: int, who: str = VEHICLES
) -> Measured:
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics of nights_away, of the last T: ``recall`` (those that show / slept away; n counts those slept away),
    ``precision`` (right / inferred; n counts the inferred), ``base_rate`` (slept away / all nights: the precision of a guess;
    n counts the nights) and ``claimed`` (inferred / all nights).
    """
    every = Sums(*(of_cases(parts, place) for parts in zip(*sums, strict=True)))
    shares = {
        "recall": (every.found, every.away),
        "precision": (every.right, every.claimed),
        "base_rate": (every.away, every.nights),
        "claimed": (every.claimed, every.nights),
    }
    answers = [Answer("nights_away", name, "share", ratio(part, n), n) for name, (part, n) in shares.items()]
    return tidy(answers, cases, [*towns, "all"], seed=seed, who=who)


def _nights(now: int, since: int) -> Int64:
    """Return the moments in (since, now] at which cars have gone to sleep and whose morning has come, s."""
    days = np.arange(max(since // DAY, 0), now // DAY)
    at = days * DAY + AT
    return at[at > since].astype(np.int64)


def _last_trips(bucket: Bucket, rows: Int64, night: Int64) -> NDArray[np.intp]:
    """Return the row of each car's last trip before each night, that after all trips where there is none."""
    trips = np.diff(bucket.first_trip)
    depart = np.repeat(np.arange(len(trips)) * LATER, trips) + bucket.truth.depart
    last = np.searchsorted(depart, rows[:, None] * LATER + night, side="right") - 1
    return np.where(last < bucket.first_trip[rows][:, None], len(bucket.truth), last)


def _away(
    bucket: Bucket, rows: Int64, trip: NDArray[np.intp], home: Spots, places: Spots, night: Int64, rule: Rule
) -> Bool:
    """Return whether each car stood far from home on each night; one that was under way did not stand, and slept nowhere."""
    truth = bucket.truth
    own = np.repeat(bucket.vehicle, np.diff(bucket.first_trip))
    at = truth.destination
    with np.errstate(invalid="ignore"):  # whoever lives beyond the map and stands beyond it is not told to be far
        far = np.hypot(places.x[at] - home.x[own], places.y[at] - home.y[own]) > rule.away
    slept: Bool = np.append(far & (truth.depart <= truth.arrive), False)[trip]
    slept &= np.append(truth.arrive, np.int32(0))[trip] <= night  # any
    return slept


def _infer(
    seen: Opened, masks: UInt64, rows: Int64, far: Bool, together: Bool, rule: Rule
) -> tuple[Int32, Int64, UInt64, Bool]:
    """Return the nights away that are inferred: whose, on which day, by which cases, and whether from a ghost's read."""
    reads = seen.bucket.reads
    room, n = 0, 1  # any
    while n > room:
        room = n
        claims, held = np.empty((3, room), np.int32), np.empty(room, np.uint64)
        n = kernels.infer(
            rows.astype(np.int64), seen.bucket.first_read, reads.time, reads.site, masks, far, together,
            rule.evening, rule.morning, claims, held,
        )  # fmt: skip
    car, evening, morning = claims[:, :n]
    ghost = (seen.trip[evening] == ladder.GHOST) | (seen.trip[morning] == ladder.GHOST)
    return car, (reads.time[evening] // DAY).astype(np.int64), held[:n], ghost
