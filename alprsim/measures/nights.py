"""Whether a viewer who knows the plate, and so the registered address, can tell on which nights the car slept elsewhere.

The adversary (`kernels.nights`) takes the last held read of an evening and the first of the next morning, both far from the
registered address and near each other, for a night away.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import ladder, visits
from alprsim.kernels import nights as kernels
from alprsim.measures.places import Spots
from alprsim.measures.question import Answer, Case, Opened, Question, Residents, home_towns, of_cases, ratio, tidy
from alprsim.tables import DAY, Bool, Bucket, Int32, Int64, Measured, UInt64

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
    """Nights away that were inferred."""
    right: Int64
    """Those on which it did."""


def empty(towns: int) -> Sums:
    """Return sums of nothing."""
    return Sums(*(np.zeros((towns, CASES), np.int64) for _ in Sums._fields))


def add(
    sums: Sums, seen: Opened, masks: UInt64, question: Question, people: Residents, *, sites: Spots, home: Spots,
    places: Spots, together: Bool, rule: Rule,
) -> None:  # fmt: skip
    """Add one bucket at one moment.

    Parameters
    ----------
    seen : Opened
        The bucket, with times and places as the adversary knows them; its trips are the truth.
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    sites : Spots, row for row with Sites
    home : Spots, row for row with Vehicles: the registered address
    places : Spots, row for row with Places
    together : bool[n_sites, n_sites], of `near_each_other`
    """
    now, bucket = question.moment, seen.bucket
    if question.horizon > now:
        return
    town = home_towns(people, bucket.vehicle)
    rows = np.flatnonzero(town >= 0)
    vehicle = bucket.vehicle[rows]
    night = _nights(now, now - question.horizon)
    slept = _away(bucket, rows, home, places, night, rule)
    sums.nights[:] += np.bincount(town[rows], minlength=len(sums.nights))[:, None] * len(night)
    np.add.at(sums.away, town[rows], slept.sum(axis=1)[:, None])
    far = np.hypot(sites.x - home.x[vehicle, None], sites.y - home.y[vehicle, None]) > rule.away
    car, which, held, ghost = _infer(seen, masks, rows, far, together, rule)
    some = np.isin(which, night // DAY)
    car, number, held, ghost = car[some], np.searchsorted(night // DAY, which[some]), held[some], ghost[some]
    cell = town[rows[car]].astype(np.int64)
    visits.add_up(cell, held, sums.claimed)
    right = slept[car, number] & ~ghost
    visits.add_up(cell[right], held[right], sums.right)


def near_each_other(sites: Spots, area: float) -> Bool:
    """Return whether each two sites are within some metres, in a straight line: [sites, sites]."""
    together = np.zeros((len(sites.x), len(sites.x)), np.bool_)
    for row in range(len(sites.x)):
        together[row] = np.hypot(sites.x - sites.x[row], sites.y - sites.y[row]) <= area
    return together


def rows(sums: Sequence[Sums], place: Int32, cases: Sequence[Case], towns: Sequence[str], *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics of nights_away, of the last T: ``recall`` (inferred rightly / slept away; n counts those slept away),
    ``precision`` (right / inferred; n counts the inferred), ``base_rate`` (slept away / all nights: the precision of a guess;
    n counts the nights) and ``claimed`` (inferred / all nights).
    """
    every = Sums(*(of_cases(parts, place) for parts in zip(*sums, strict=True)))
    shares = {
        "recall": (every.right, every.away),
        "precision": (every.right, every.claimed),
        "base_rate": (every.away, every.nights),
        "claimed": (every.claimed, every.nights),
    }
    answers = [Answer("nights_away", name, "share", ratio(part, n), n) for name, (part, n) in shares.items()]
    return tidy(answers, cases, [*towns, "all"], seed=seed)


def _nights(now: int, since: int) -> Int64:
    """Return the moments in (since, now] at which cars have gone to sleep and whose morning has come, s."""
    days = np.arange(max(since // DAY, 0), now // DAY)
    at = days * DAY + AT
    return at[at > since].astype(np.int64)


def _away(bucket: Bucket, rows: Int64, home: Spots, places: Spots, night: Int64, rule: Rule) -> Bool:
    """Return whether each car stood far from home on each night; one that was under way did not stand, and slept nowhere."""
    truth, trips = bucket.truth, np.diff(bucket.first_trip)
    depart = np.repeat(np.arange(len(trips)) * LATER, trips) + truth.depart
    last = np.searchsorted(depart, rows[:, None] * LATER + night, side="right") - 1
    none = last < bucket.first_trip[rows][:, None]
    trip = np.where(none, len(truth), last)
    own = np.repeat(bucket.vehicle, trips)
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
