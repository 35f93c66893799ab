"""Where people drive on one day: their habits, the day's accidents, and who of the household has the car."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import demand
from alprsim.kernels import tours as kernels
from alprsim.population import _figures as figures
from alprsim.population import _fleet, _through
from alprsim.population._calendar import Date, date_of
from alprsim.population._choice import coordinates
from alprsim.population._figures import OUTINGS
from alprsim.randomness import stream
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    Float64,
    Int32,
    Int64,
    Network,
    PlaceKind,
    Settlement,
    Trips,
    UInt64,
    VehicleKind,
)

_SPACE = 0.5  # tours there is space for at first, for one person or habit; a weekday has 0.2
_CHUNK = 1 << 15  # people: so many at a time that what they plan stays in the processor's cache

_COLUMNS = ("vehicle", "driver", "companion", "depart", "origin", "destination", "purpose")
_GROUPS = {
    PlaceKind.WORK: (figures.WORK_HOURS, figures.WORK_STAY),
    PlaceKind.SCHOOL: (figures.SCHOOL_HOURS, figures.SCHOOL_STAY),
}


def trips(
    settlement: Settlement, network: Network, spec: models.Population, *, seed: int, day: int, start: date, threads: int = 1
) -> Trips:  # fmt: skip
    """Make one day's vehicle trips; any day alone and in any order, the same for the same seed.

    Parameters
    ----------
    settlement
        Made by `settle` with the same network, spec and seed.
    day
        Since the scenario's start, from 0; it runs from 04:00 to 04:00.
    start
        The date of day 0; with `spec.calendar` it decides what kind of day it is.
    threads
        The day is the same for any number.

    Returns
    -------
    Trips
        Departures as planned, in seconds since the scenario's start. A resident's or visitor's car starts and ends the
        day at its garage and each trip starts where the last one ended, as does a working vehicle's; a through vehicle
        makes one trip from its garage. Nobody drives to where they are: a place at the home's junction is walked to.

    Notes
    -----
    A person's commuting days, hours and habitual places are their own and stay; each day some commutes are skipped and
    departures are spread by `jitter`. Some days are quiet, without errands; on others an errand goes with chance `explore`
    to one of the places that those who live where its person does ever explore. Errands due during work are done on the
    way home or after it. A clinic or a court takes the place of a day's work. On a holiday few work, errands are as on a
    Sunday, and what is closed on Sundays is closed; out of term no student goes to school. Two people never drive one car
    at once, by planned times (straight line at 8 m/s and 2 minutes): the second takes another of the household's cars or
    leaves the tour out.
    """
    on = date_of(spec.calendar, start, day)
    parts = [
        *_driven(settlement, _Plans.of(network, spec, seed, day, on), threads),
        *_fleet.working(network, spec, settlement.vehicles, seed=seed, day=day, on=on),
        _through.passing(network, spec, settlement.vehicles, seed=seed, day=day, on=on),
    ]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in _COLUMNS}
    columns["depart"] = columns["depart"] + day * DAY
    return Trips.of(**columns)


class _Plans(NamedTuple):
    """What everybody's plans are made from; the kernel says what each is."""

    places: Any
    at: Any
    osm: UInt64
    option: Int32
    first_option: Any
    times: Any
    outing: Any
    rates: Float64
    numbers: Int64
    streams: UInt64

    @classmethod
    def of(cls, network: Network, spec: models.Population, seed: int, day: int, on: Date) -> _Plans:
        places = network.places
        questions = ("ways of a person", "day of a person", "where people explore")
        return cls(
            np.stack([places.junction, places.kind.astype(np.int32), places.town.astype(np.int32)]),
            np.stack(coordinates(network)), network.junctions.osm_id[places.junction].astype(np.uint64), *_options(network),
            _times(on), _outings(), _rates(spec), _numbers(spec, day, on), np.array([stream(seed, q) for q in questions]),
        )  # fmt: skip


def _options(network: Network) -> tuple[Int32, Any]:
    """Return the places of each kind by town, and where each (kind, town) begins among them."""
    places, towns = network.places, len(network.towns)
    cell = places.kind.astype(np.int64) * towns + places.town
    first = np.searchsorted(np.sort(cell), np.arange(len(PlaceKind))[:, None] * towns + np.arange(towns + 1))
    return np.argsort(cell, kind="stable").astype(np.int32), first.astype(np.int64)


def _times(on: Date) -> Any:
    """Return what of a week's visits is due today, the weights of own days and those of hours, by PlaceKind."""
    times = np.zeros((len(PlaceKind), kernels.TIME_COLUMNS))
    for kind, outing in OUTINGS.items():
        if outing.own_day:
            times[kind, kernels.OF_WEEK : kernels.OF_DAY] = np.cumsum(outing.week)
            times[kind, kernels.SHARE] = not (on.holiday and outing.week[on.as_weekday] == 0)
        else:
            times[kind, kernels.SHARE] = outing.week[on.as_weekday] / sum(outing.week)
        times[kind, kernels.OF_DAY :] = np.cumsum(outing.weekend if on.weekend_hours else outing.weekday)
    for kind, (hours, _) in _GROUPS.items():
        times[kind, kernels.OF_DAY :] = np.cumsum(hours)
    return times


def _outings() -> Any:
    """Return what the kernel knows of ways to spend time at each PlaceKind."""
    table = np.zeros((len(PlaceKind), kernels.OUTING_COLUMNS), np.int64)
    for rank, (kind, outing) in enumerate(OUTINGS.items()):
        takes = kind in (PlaceKind.CLINIC, PlaceKind.COURT)
        table[kind, : kernels.LEAST] = rank + 1, outing.on_the_way, takes
    stays = {kind: outing.stay for kind, outing in OUTINGS.items()} | {
        kind: stay for kind, (_, stay) in _GROUPS.items()
    }
    for kind, (least, most) in stays.items():
        table[kind, kernels.LEAST :] = least * 60, (most - least) * 60 + 1
    return table


def _rates(spec: models.Population) -> Float64:
    rates = np.zeros(kernels.RATES)
    workdays = min(7.0, spec.commute_days / max(1e-9, 1 - spec.skip))
    for place, rate in (
        (kernels.SKIPS, spec.skip), (kernels.QUIETLY, spec.quiet_days), (kernels.EXPLORES, spec.explore),
        (kernels.JITTER, spec.jitter * figures.SQRT_6), (kernels.WORKDAYS, workdays),
        (kernels.ON_HOLIDAYS, spec.calendar.holiday_work), (kernels.COMPANY, _chance_of_company(spec)),
        (kernels.STOPS, figures.STOP), (kernels.SPARES, figures.SPARE), (kernels.PACE, figures.PACE),
        (kernels.WEEKEND, figures.WEEKEND),
    ):  # fmt: skip
        rates[place] = rate
    return rates


def _numbers(spec: models.Population, day: int, on: Date) -> Int64:
    numbers = np.zeros(kernels.NUMBERS, np.int64)
    for place, number in (
        (kernels.DATE, day), (kernels.TODAY, on.weekday), (kernels.IS_HOLIDAY, on.holiday),
        (kernels.IS_SCHOOL, on.term and not on.holiday), (kernels.KNOWN, spec.explore_places),
        (kernels.PAUSE, figures.PAUSE), (kernels.SPREAD, figures.SPREAD), (kernels.WALK, figures.WALK),
    ):  # fmt: skip
        numbers[place] = number
    return numbers


def _driven(settlement: Settlement, plans: _Plans, threads: int) -> list[dict[str, NDArray[Any]]]:
    """Return the trips of everybody's cars, some households after others; the same for any number of threads."""
    people, kinds = settlement.people, settlement.vehicles.kind
    owned = settlement.vehicles.household[: np.count_nonzero(kinds <= VehicleKind.VISITOR)]
    edges = np.append(np.arange(0, len(people), _CHUNK), len(people))
    starts = np.searchsorted(people.household, people.household[edges[:-1]])
    bounds = np.unique(np.append(starts, len(people)))

    def drive(i: int) -> dict[str, NDArray[Any]]:
        return _driven_by(settlement, owned, plans, int(bounds[i]), int(bounds[i + 1]))

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        return list(pool.map(drive, range(len(bounds) - 1)))


def _driven_by(settlement: Settlement, owned: Int32, plans: _Plans, begin: int, end: int) -> dict[str, NDArray[Any]]:
    """Return the trips of whole households, by car and departure; a tour for which no car is at home is left out."""
    people, habits = settlement.people, settlement.habits
    first_habit, last_habit = np.searchsorted(habits.person, [begin, end]).tolist()
    first_car = int(np.searchsorted(owned, people.household[begin]))
    first = np.zeros((3, end - begin + 1), np.int64)
    columns = (
        people.household, people.key, people.kind, people.home, people.work, people.vehicle, habits.person, habits.place,
        habits.weekly, owned, *plans, begin, end, first_habit, first_car,
    )  # fmt: skip
    space, n = 8 + int(_SPACE * (end - begin + last_habit - first_habit)), kernels.FULL
    while n == kernels.FULL:
        tours, bits = np.empty((kernels.TOUR_COLUMNS, space), np.int32), np.empty(space, np.uint64)
        n, space = kernels.plan(*columns, first, tours, bits), 2 * space
    houses = 1 + np.count_nonzero(np.diff(people.household[begin:end]))
    first = np.ascontiguousarray(first[:, : houses + 1])
    start, length, car, asked = (
        tours[row, :n] for row in (kernels.START, kernels.LENGTH, kernels.CAR, kernels.ASKED_ALONG)
    )
    demand.share_cars(
        first[0], first[1], first[2], tours[kernels.PERSON, :n], length, figures.PAUSE, DAY, start, car, asked
    )  # fmt: skip
    made = np.empty((demand.TRIP_COLUMNS, 3 * n), np.int32)
    trips = demand.write_trips(
        first[kernels.TOURS], tours, people.home, plans.places[kernels.OF_KIND], np.empty(n, np.int32), made
    )
    return dict(zip(_COLUMNS, made[:, :trips], strict=True))


def _chance_of_company(spec: models.Population) -> float:
    """Return the chance that a driver who does not live alone asks somebody along, so that `carpool` of all trips are."""
    sizes = figures.household_sizes(spec.household_size)
    others = 1 - float(sizes[0]) / figures.mean_adults(sizes)
    return min(1.0, spec.carpool / max(1e-9, others * figures.COMPANY))
