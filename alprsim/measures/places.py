"""Whether a car's reads give away where its driver lives and works, to an adversary who knows nothing else.

The adversary (`kernels.anchors`) names the camera site where most days' first and last held reads happen for home,
and the site around the longest weekday stay for work. It uses all held reads under the plate, misreads of other cars
included: it cannot tell. A plate's owner is registered at a home address, so home is scored for those who hold reads
without that register; for those who know the plate, work is the finding.

Of people: their own home, and their own work, are found if the guess of the car that they mainly drive is near: an adversary
cannot know which of several cars' guesses is right. Beside it stands an upper bound, any car: the one they mainly drive, and
each other in which they have set out by the moment. A guess that is another driver's work counts for nobody but them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels.anchors import CASES, NEVER, anchors
from alprsim.measures.question import (
    PEOPLE,
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
from alprsim.measures.wheel import Wheel
from alprsim.tables import (
    Bool,
    Bucket,
    Float64,
    Int16,
    Int32,
    Int64,
    Junctions,
    Measured,
    People,
    PlaceKind,
    Places,
    Roads,
    Sites,
    UInt64,
    Vehicles,
)

BIN, BINS = 25.0, 1024
"""Errors are counted in steps of 25 m up to 25.6 km, so that sums over buckets give the median to 12.5 m."""


class Spots(NamedTuple):
    """Points on the map, one a row: x and y in metres, NaN for none, infinite beyond the map; the town's row, −1 for none."""

    x: Float64
    y: Float64
    town: Int16


class Known(NamedTuple):
    """Where lives are lived, row for row with Vehicles or with People."""

    home: Spots
    work: Spots


class Sums(NamedTuple):
    """What was found so far through one lens, over buckets and moments; [2] is home, work."""

    within: tuple[float, ...]
    """m: the distances at which a place counts as found."""
    asked: Int64
    """[2, towns, 64]: vehicles, or people, × moments that have such a place."""
    found: Int64
    """[2, towns, distances + 1, 64]: those whose estimate lies within; last, in the right town."""
    errors: Int64
    """[2, towns, 1025, 64]: estimates by error in 25 m steps; the last beyond 25.6 km."""
    days: Int64
    """[2, towns, days + 1, 64]: vehicles × moments by the days of reads from which a guess was first near."""
    any_car: Int64
    """As `found`, were the best of the guesses of all cars known that they drive; of a vehicle the same."""


def site_spots(sites: Sites, roads: Roads, junctions: Junctions) -> Spots:
    """Return where each site stands: on the straight line from its road's start to its end; town of the nearer end."""
    tail, head = roads.tail[sites.road], roads.head[sites.road]
    along = np.clip(sites.offset / np.maximum(roads.length[sites.road], 1e-3), 0, 1).astype(np.float64)
    x = junctions.x[tail] + along * (junctions.x[head] - junctions.x[tail])
    y = junctions.y[tail] + along * (junctions.y[head] - junctions.y[tail])
    return Spots(x, y, np.where(along <= 0.5, junctions.town[tail], junctions.town[head]).astype(np.int16))


def homes(vehicles: Vehicles, places: Places, junctions: Junctions) -> Spots:
    """Return where each vehicle stands at night: the access of its garage."""
    return _at(vehicles.garage, places, junctions)


def works(vehicles: Vehicles, people: People, places: Places, junctions: Junctions) -> Spots:
    """Return where each vehicle's main driver works or studies; of several, the first who does. None for the others.

    A place beyond the simulated streets lies at no distance that counts as found: its gateway is not the place.
    """
    place = np.full(len(vehicles), -1, np.int32)  # any
    drivers = np.flatnonzero((people.vehicle >= 0) & (people.work >= 0))[::-1]
    place[people.vehicle[drivers]] = people.work[drivers]
    return _at(place, places, junctions)


def of_people(people: People, places: Places, junctions: Junctions) -> Known:
    """Return where each person lives, and works or studies."""
    return Known(_at(people.home, places, junctions), _at(people.work, places, junctions))


def spots(places: Places, junctions: Junctions) -> Spots:
    """Return where each place stands: its access; one beyond the simulated streets at no distance."""
    return _at(np.arange(len(places), dtype=np.int32), places, junctions)


def empty(people: Residents, *, within: Sequence[float], days: int) -> Sums:
    """Return sums of nothing; ``within`` in metres; ``days``: the most that a moment can look back."""
    shapes = ((), (len(within) + 1,), (BINS + 1,), (days + 1,), (len(within) + 1,))  # any: 1
    both = len(Known._fields), len(people.towns)
    return Sums(tuple(within), *(np.zeros((*both, *shape, CASES), np.int64) for shape in shapes))


def add(
    sums: Sums, lives: Sums, opened: Opened, masks: UInt64, question: Question, people: Residents, *,
    drivers: Wheel, sites: Spots, cars: Known, persons: Known, first_weekday: int,
    also: Sequence[tuple[Residents, Sums, Sums]] = (),
) -> None:  # fmt: skip
    """Add one bucket at one moment.

    Parameters
    ----------
    sums, lives : Sums
        Of vehicles, and of people; added to in place.
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    sites : Spots, row for row with Sites
    cars, persons : Known, row for row with Vehicles and with People
    first_weekday : int
        Of the scenario's first day; Monday is 0.
    also
        The same people by other groups in the place of towns, with the sums of their vehicles and of them: they are walked
        once for all. Who has a town must have a group in each.
    """
    bucket = opened.bucket
    rows = np.flatnonzero(home_towns(people, bucket.vehicle) >= 0).astype(np.int64)
    vehicle = bucket.vehicle[rows]
    first, car, main = _driven(bucket, people, drivers, rows, question.moment)
    person = np.repeat(drivers.person, np.diff(first))
    own = [here(truth, vehicle) for truth in cars]
    theirs = [here(truth, person) for truth in persons]
    apart = np.flatnonzero(_elsewhere(own, theirs, car))
    asked = np.concatenate([rows, rows[car[apart]]])
    near = np.empty((2 * len(asked), len(sites.x)), np.bool_)
    truths = [_both(mine, here(its, apart)) for mine, its in zip(own, theirs, strict=True)]
    for kind, truth in enumerate(truths):
        metres = np.hypot(sites.x - truth.x[:, None], sites.y - truth.y[:, None])
        near[kind::2] = metres <= min(sums.within)  # a place beyond the map, and none at all, are near nothing
    guess, until = (np.empty((2 * len(asked), CASES), np.int32) for _ in range(2))
    anchors(
        asked, bucket.first_read, bucket.reads.time, bucket.reads.site, masks, near, first_weekday, question.moment, guess,
        until,
    )  # fmt: skip
    row = car.copy()
    row[apart] = np.arange(len(rows), len(asked))
    for kind, truth in enumerate(truths):
        known = _held_against(guess[kind::2], until[kind::2], sites, truth)
        of_cars = known.take(slice(len(rows)))
        exists = ~np.isnan(theirs[kind].x[first[:-1]])
        mine, best = known.take(row[main])._replace(exists=exists), known.nearest(row, first)
        for whose, their_cars, they in [(people, sums, lives), *also]:
            _count(their_cars, kind, question, whose.town[vehicle], of_cars, of_cars)
            _count(they, kind, question, groups_of_drivers(whose, drivers.person), mine, best)


def rows(
    sums: Sequence[Sums], place: Int32, cases: Sequence[Case], people: Residents, *, seed: int, who: str = VEHICLES
) -> Measured:
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics of home_found and work_found: ``within_250m`` (and each other distance) and ``right_town``, shares of
    all vehicles (or people) that have such a place, where no estimate is not found; ``median_error`` in metres to 12.5 m, of the
    vehicles that have an estimate, which n counts (infinite beyond 25.6 km); ``within_250m_of_guessed``, the share of these that
    is right; ``days_until_found``, the median over the
    vehicles whose guess is ever within the least distance, which n counts, of the days back from the moment from whose
    reads it first is; ``days_until_half``, the days from whose reads half of all who have such a place were once found
    so: infinite where that never is. Of people also ``within_250m_any_car`` and ``right_town_any_car``, upper bounds.
    """
    names = [f"within_{metres:g}m" for metres in sums[0].within] + ["right_town"]
    answers = []
    for kind, measure in enumerate(("home_found", "work_found")):
        asked = of_cases([lens.asked[kind] for lens in sums], place)
        found = of_cases([lens.found[kind] for lens in sums], place)
        errors = of_cases([lens.errors[kind] for lens in sums], place)
        answers += [
            Answer(measure, name, "share", ratio(found[:, row], asked), asked) for row, name in enumerate(names)
        ]
        guessed = errors.sum(axis=1)
        answers += [
            Answer(measure, f"{name}_of_guessed", "share", ratio(found[:, row], guessed), guessed)
            for row, name in enumerate(names[:-1])
        ]
        if who == PEOPLE:
            best = of_cases([lens.any_car[kind] for lens in sums], place)
            answers += [
                Answer(measure, f"{name}_any_car", "share", ratio(best[:, row], asked), asked)
                for row, name in enumerate(names)
            ]
        answers.append(Answer(measure, "median_error", "m", _median(errors), guessed))
        days = of_cases([lens.days[kind] for lens in sums], place)
        answers.append(Answer(measure, "days_until_found", "d", median_days(days), days.sum(axis=1)))
        answers.append(Answer(measure, "days_until_half", "d", _days_until_half(days, asked), asked))
    return tidy(answers, cases, [*people.towns, "all"], seed=seed, who=who)


def _at(place: Int32, places: Places, junctions: Junctions) -> Spots:
    junction = places.junction[place]
    none, beyond = place < 0, places.kind[place] == PlaceKind.BEYOND
    x, y = (np.where(none, np.nan, np.where(beyond, np.inf, along[junction])) for along in (junctions.x, junctions.y))
    return Spots(x, y, np.where(none, -1, places.town[place]).astype(np.int16))


class _Guessed(NamedTuple):
    """Guesses of the places of some lives, [n, 64], held against the truth."""

    exists: Bool
    """[n]: whether there is such a place."""
    guessed: Bool
    error: Float64
    """m; infinite without a guess."""
    in_town: Bool
    until: Int32
    """Days until it was first near; NEVER if it never was."""

    def take(self, rows: NDArray[np.integer] | slice) -> "_Guessed":
        """Return some of the guesses."""
        return self._replace(**{name: getattr(self, name)[rows] for name in self._fields})

    def nearest(self, row: Int64, first: Int64) -> "_Guessed":
        """Return what the best of several guesses is worth: those of life i are the rows ``row[first[i]:first[i + 1]]``."""
        best, many = self.take(row[first[:-1]]), np.diff(first)
        for more in range(1, int(many.max(initial=0))):  # any: 0
            life = np.flatnonzero(many > more)
            its, old = self.take(row[first[life] + more]), best.take(life)
            first_near = np.minimum(its.until, old.until)
            best.guessed[life] = old.guessed | its.guessed
            best.error[life] = np.minimum(old.error, its.error)
            best.in_town[life] = old.in_town | its.in_town
            best.until[life] = np.where(first_near == NEVER, np.maximum(its.until, old.until), first_near)
        return best


def _driven(bucket: Bucket, people: Residents, drivers: Wheel, rows: Int64, now: int) -> tuple[Int64, Int64, Int64]:
    """Return which cars each driver of the bucket drives: of driver i the places ``first[i]:first[i + 1]`` in ``rows``.

    Last, which of these pairs of driver and car is that of the main car.
    """
    place = np.full(len(bucket.vehicle), -1, np.int64)  # any: 1
    place[rows] = np.arange(len(rows))
    main = np.searchsorted(bucket.vehicle[rows], people.car[np.searchsorted(people.drivers, drivers.person)])
    car = place[np.repeat(np.arange(len(place)), np.diff(bucket.first_trip))]
    some = (drivers.driver >= 0) & (car >= 0) & (bucket.truth.depart <= now)
    cars = max(len(rows), 1)  # any: 1
    mainly = (np.arange(len(main)) * cars + main).astype(np.int64)
    code = np.unique(np.concatenate([mainly, (drivers.driver[some] * cars + car[some]).astype(np.int64)]))
    first = np.searchsorted(code, np.arange(len(main) + 1) * cars).astype(np.int64)
    return first, code % cars, np.searchsorted(code, mainly).astype(np.int64)


def here(truth: Spots, row: NDArray[np.integer]) -> Spots:
    """Return some of the places."""
    return Spots(truth.x[row], truth.y[row], truth.town[row])


def _both(one: Spots, other: Spots) -> Spots:
    x, y = np.concatenate([one.x, other.x]), np.concatenate([one.y, other.y])
    return Spots(x, y, np.concatenate([one.town, other.town]))


def _elsewhere(own: Sequence[Spots], theirs: Sequence[Spots], car: Int64) -> Bool:
    """Return of which pairs of driver and car the driver has a place that is not where the car's is taken to be."""
    apart = np.zeros(len(car), np.bool_)
    for mine, its in zip(theirs, own, strict=True):
        apart |= ~np.isnan(mine.x) & ((mine.x != its.x[car]) | (mine.y != its.y[car]))
    return apart


def _held_against(guess: Int32, until: Int32, sites: Spots, truth: Spots) -> _Guessed:
    """Hold the guessed sites, [n, 64], against the truth, row for row."""
    guessed = guess >= 0
    x, y = np.append(sites.x, -np.inf)[guess], np.append(sites.y, -np.inf)[guess]  # −1, no estimate, is the last
    town_of = np.append(sites.town, np.int16(-1))[guess]  # any: 1
    error = np.hypot(x - truth.x[:, None], y - truth.y[:, None])
    return _Guessed(~np.isnan(truth.x), guessed, error, guessed & (town_of == truth.town[:, None]), until)


def _count(sums: Sums, kind: int, question: Question, town: Int16, known: _Guessed, best: _Guessed) -> None:
    """Add what was found of lives of these towns, and the days that it took; ``best``: were the best guess known."""
    most = sums.days.shape[2] - 1
    both = [[*(one.error <= metres for metres in sums.within), one.in_town] for one in (known, best)]
    for row in range(sums.asked.shape[1]):
        here = (town == row) & known.exists
        sums.asked[kind, row] += here.sum() * question.measured
        for counted, found in zip((sums.found, sums.any_car), both, strict=True):
            for which, hit in enumerate(found):
                counted[kind, row, which] += np.count_nonzero(hit[here], axis=0) * question.measured
        told = here[:, None] & question.measured
        errors, case = known.error[known.guessed & told], np.nonzero(known.guessed & told)[1]
        cell = np.minimum(errors / BIN, BINS).astype(np.int64) * CASES + case
        sums.errors[kind, row] += np.bincount(cell, minlength=(BINS + 1) * CASES).reshape(BINS + 1, CASES)
        took = (known.until >= 0) & told
        cell = np.minimum(known.until[took], most) * CASES + np.nonzero(took)[1]
        sums.days[kind, row] += np.bincount(cell, minlength=(most + 1) * CASES).reshape(most + 1, CASES)


def median_days(days: Int64) -> NDArray[np.float64]:
    """Return the (lower) median of counts by days, [towns, days, cases]; NaN without any."""
    below = days.cumsum(axis=1)
    middle = (2 * below < below[:, -1:]).sum(axis=1).astype(np.float64)
    return np.where(below[:, -1] > 0, middle, np.nan)


def _days_until_half(days: Int64, asked: Int64) -> NDArray[np.float64]:
    """Return the least days by which half of those asked about were found, [towns, cases]; NaN where nobody is asked about."""
    short = 2 * days.cumsum(axis=1) < asked[:, None]
    half = np.where(short[:, -1], np.inf, short.sum(axis=1))
    return np.where(asked > 0, half, np.nan)


def _median(errors: Int64) -> NDArray[np.float64]:
    """Return the middle of the step in which the (lower) median error lies; NaN without an estimate."""
    below = errors.cumsum(axis=1)
    step = (2 * below < below[:, -1:]).sum(axis=1)
    middle = np.where(step == BINS, np.inf, (step + 0.5) * BIN)
    return np.where(below[:, -1] > 0, middle, np.nan)
