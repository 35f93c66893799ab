"""Where people drive on one day: their habits, the day's accidents, and who of the household has the car."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import demand as kernels
from alprsim.population import _figures as figures
from alprsim.population._choice import Mask, coordinates, motorway_ends, ordinal
from alprsim.population._figures import OUTINGS, Ask, Hours, Outing
from alprsim.randomness import below, choose, draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    DAY_STARTS,
    Float64,
    Int32,
    Int64,
    Network,
    PersonKind,
    PlaceKind,
    Purpose,
    Settlement,
    Trips,
    UInt64,
    VehicleKind,
    Vehicles,
)


class _Tours(NamedTuple):
    """Row for row: from home to a place, perhaps to a stop on the way back, and home."""

    person: Int64
    start: Int64  # s since the day began
    place: Int32
    purpose: Int64
    stay: Int64  # s
    stop: Int32  # −1 none
    stop_stay: Int64
    bits: UInt64  # to which the tour's further draws belong

    def take(self, rows: Any) -> _Tours:
        return _Tours(*(column[rows] for column in self))


class _Day(NamedTuple):
    """What a day's plans are made from."""

    network: Network
    settlement: Settlement
    spec: models.Population
    weekday: int
    own: UInt64  # what stays the same of a person from day to day
    today: UInt64


def trips(
    settlement: Settlement, network: Network, spec: models.Population, *, seed: int, day: int, start: date
) -> Trips:
    """Make one day's vehicle trips; any day alone and in any order, the same for the same seed.

    Parameters
    ----------
    settlement
        Made by `settle` with the same network, spec and seed.
    day
        Since the scenario's start, from 0; it runs from 04:00 to 04:00.
    start
        The date of day 0: it decides the day of the week. Holidays and school terms are not modelled.

    Returns
    -------
    Trips
        Departures as planned, in seconds since the scenario's start. A resident's or visitor's car starts and ends the
        day at its garage and each trip starts where the last one ended; a through vehicle makes one trip from its
        garage. Nobody drives to where they are: a place at the home's junction is walked to.

    Notes
    -----
    A person's commuting days, hours and habitual places are their own and stay; each day some commutes are skipped,
    departures are spread by `jitter`, and an errand goes elsewhere in the home town with chance `explore`. Errands due
    during work are done on the way home or after it. A clinic or a court takes the place of a day's work. Two people
    never drive one car at once, by planned times (straight line at 8 m/s and 2 minutes): the second takes another
    of the household's cars or leaves the tour out.
    """
    people = settlement.people
    own = draw(stream(seed, "ways of a person"), people.key)
    today = draw(stream(seed, "day of a person"), people.key, day)
    weekday = date.fromordinal(start.toordinal() + day).weekday()
    of_day = _Day(network, settlement, spec, weekday, own, today)
    tours, car, companion = _share_cars(of_day, _tours(of_day))
    driven = _expand(of_day, tours, car, companion)
    passing = _through(of_day, settlement.vehicles, seed, day)
    columns = {name: np.concatenate([part[name] for part in (driven, passing)]) for name in driven}
    columns["depart"] = columns["depart"] + day * DAY
    return Trips.of(**columns)


def _tours(day: _Day) -> _Tours:
    """Plan everybody's tours, by household and start."""
    visits = _joined(*(_visits(day, kind, outing) for kind, outing in OUTINGS.items()))
    people = day.settlement.people
    appointed = np.zeros(len(people), np.bool_)
    appointed[visits.person[np.isin(visits.purpose, (Purpose.CLINIC, Purpose.COURT))]] = True
    tours = _joined(*_around_work(day, _commutes(day, ~appointed), visits))
    return tours.take(np.argsort(people.household[tours.person] * np.int64(2 * DAY) + tours.start, kind="stable"))


def _joined(*parts: _Tours) -> _Tours:
    return _Tours(*(np.concatenate([part[i] for part in parts]) for i in range(len(_Tours._fields))))


def _visits(day: _Day, kind: PlaceKind, outing: Outing) -> _Tours:
    """Plan the day's visits to one kind of habitual place."""
    people, habits, places = day.settlement.people, day.settlement.habits, day.network.places
    nth = ordinal(np.bincount(habits.person, minlength=len(people)))
    rows = np.flatnonzero((places.kind[habits.place] == kind) & (people.vehicle[habits.person] >= 0))
    person = habits.person[rows]
    bits = draw(day.today[person], Ask.VISITS, nth[rows])
    own = draw(day.own[person], Ask.VISITS, nth[rows]) if outing.own_day else bits
    rate = _rate(day, outing, habits.weekly[rows].astype(np.float64), own)
    visits = np.floor(rate + uniform(bits)).astype(np.int64)
    who, bits = np.repeat(person, visits).astype(np.int64), draw(np.repeat(bits, visits), ordinal(visits))
    hours = outing.weekend if day.weekday >= 5 else outing.weekday
    start = _on_time(day, _moment(np.repeat(own, visits), hours), bits) if outing.own_day else _moment(bits, hours)
    place = np.repeat(habits.place[rows], visits)
    if outing.on_the_way:
        place = _explore(day, kind, people.home[who], place, bits)
    return _simple(day, who, start, place, np.full(len(who), kind), _between(bits, outing.stay), bits)


def _rate(day: _Day, outing: Outing, weekly: Float64, own: UInt64) -> Float64:
    """Return the visits expected today; over a week they sum to `weekly`.

    A habit with its own day is kept on that day, but for `skip`; what it has beyond is spread over the other days.
    """
    if not outing.own_day:
        return weekly * (outing.week[day.weekday] / sum(outing.week))
    kept = np.minimum(weekly, 1 - day.spec.skip)
    own_day = choose(draw(own, Ask.OWN_DAY), outing.week)
    return np.where(own_day == day.weekday, kept, (weekly - kept) / 6)


def _explore(day: _Day, kind: PlaceKind, home: Int32, place: Int32, bits: UInt64) -> Int32:
    """Replace some places by another of the kind in the home's town, all alike."""
    places = day.network.places
    options = np.flatnonzero(places.kind == kind)
    options = options[np.argsort(places.town[options], kind="stable")].astype(np.int32)
    first, last = (np.searchsorted(places.town[options], places.town[home], side=side) for side in ("left", "right"))
    strays = np.flatnonzero((uniform(draw(bits, Ask.EXPLORE)) < day.spec.explore) & (last - first > 1))
    first, among = first[strays], (last - first)[strays]
    pick = below(draw(bits[strays], Ask.WHERE), among)
    pick = (pick + (options[first + pick] == place[strays])) % among
    place[strays] = options[first + pick]
    return place


def _commutes(day: _Day, free: Mask) -> _Tours:
    """Plan the way to work or school of those who drive there, are free today and have the day in their week.

    Everybody's seven days have a fixed order, the weekend late in it; one who works n days a week works on the first n.
    """
    people, spec, own, today = day.settlement.people, day.spec, day.own, day.today
    goes = np.isin(people.kind, (PersonKind.COMMUTER, PersonKind.STUDENT)) & (people.vehicle >= 0) & (people.work >= 0)
    goes &= free & (uniform(draw(today, Ask.SKIP)) >= spec.skip)
    who = np.flatnonzero(goes)
    days = np.floor(min(7.0, spec.commute_days / max(1e-9, 1 - spec.skip)) + uniform(draw(own[who], Ask.DAYS)))
    rank = [uniform(draw(own[who], Ask.WEEKDAY, d)) + (figures.WEEKEND if d >= 5 else 0.0) for d in range(7)]
    earlier = np.sum([rank[d] < rank[day.weekday] for d in range(7)], axis=0)
    who = who[earlier < days]
    student = people.kind[who] == PersonKind.STUDENT
    habitual = np.where(student, _moment(own[who], figures.SCHOOL_HOURS), _moment(own[who], figures.WORK_HOURS))
    stay = np.where(student, _between(own[who], figures.SCHOOL_STAY), _between(own[who], figures.WORK_STAY))
    stay += _lateness(day, draw(today[who], Ask.LONGER))
    purpose = np.where(student, Purpose.SCHOOL, Purpose.WORK).astype(np.int64)
    start = _on_time(day, habitual, today[who])
    return _simple(day, who, start, people.work[who], purpose, np.maximum(stay, 0), today[who])


def _around_work(day: _Day, commutes: _Tours, visits: _Tours) -> tuple[_Tours, _Tours]:
    """Move visits due before their person is back from work: an errand to the way home, the others to after it."""
    people, junction = day.settlement.people, day.network.places.junction
    tour_of, back = np.full(len(people), -1), np.full(len(people), -1)
    tour_of[commutes.person] = np.arange(len(commutes.person))
    back[commutes.person] = commutes.start + _length(day, commutes)
    due = visits.start < back[visits.person]
    on_way = due & np.isin(visits.purpose, [kind for kind, outing in OUTINGS.items() if outing.on_the_way])
    rows = np.flatnonzero(on_way & (uniform(draw(visits.bits, Ask.STOP)) < figures.STOP))
    rows = rows[junction[visits.place[rows]] != junction[commutes.place[tour_of[visits.person[rows]]]]]
    rows = rows[np.unique(visits.person[rows], return_index=True)[1]]  # one stop on a way home
    tour = tour_of[visits.person[rows]]
    commutes.stop[tour], commutes.stop_stay[tour] = visits.place[rows], visits.stay[rows]
    back[commutes.person] = commutes.start + _length(day, commutes)
    put_off = figures.PAUSE + below(draw(visits.bits, Ask.PUT_OFF), figures.SPREAD)
    visits = visits._replace(start=np.where(due, back[visits.person] + put_off, visits.start))
    return commutes, visits.take(np.setdiff1d(np.arange(len(due)), rows, assume_unique=True))


def _simple(day: _Day, person: Int64, start: Int64, place: Int32, purpose: Int64, stay: Int64, bits: UInt64) -> _Tours:
    """Make tours to one place and back, without those so short that they are walked."""
    junction, none = day.network.places.junction, np.full(len(person), -1, np.int32)
    tours = _Tours(person, start, place, purpose, stay, none, np.zeros(len(person), np.int64), bits)
    return tours.take(junction[place] != junction[day.settlement.people.home[person]])


def _moment(bits: UInt64, hours: Hours) -> Int64:
    """Draw a time of day, in seconds since 04:00, from a table of clock hours."""
    clock = choose(draw(bits, Ask.HOUR), hours) * 3600
    return (clock - DAY_STARTS) % DAY + below(draw(bits, Ask.SECOND), 3600)


def _on_time(day: _Day, habitual: Int64, bits: UInt64) -> Int64:
    """Spread a habitual time by today's lateness, within the day."""
    return np.asarray(np.clip(habitual + _lateness(day, bits), 0, DAY - 1))


def _lateness(day: _Day, bits: UInt64) -> Int64:
    """Draw a triangular spread around 0 s whose standard deviation is `jitter`."""
    spread = uniform(draw(bits, Ask.EARLY)) + uniform(draw(bits, Ask.LATE)) - 1
    return np.floor(day.spec.jitter * figures.SQRT_6 * spread).astype(np.int64)


def _between(bits: UInt64, minutes: tuple[int, int]) -> Int64:
    """Draw seconds between two limits, likeliest in the middle."""
    span = (minutes[1] - minutes[0]) * 60 + 1
    return minutes[0] * 60 + (below(draw(bits, Ask.STAY), span) + below(draw(bits, Ask.LONGER), span)) // 2


def _travel(day: _Day, origin: Int32, destination: Int32) -> Int64:
    """Return planned seconds from place to place; only a household's plan of its cars hangs on it."""
    x, y = coordinates(day.network)
    metres = np.sqrt((x[origin] - x[destination]) ** 2 + (y[origin] - y[destination]) ** 2)
    return (metres / figures.PACE).astype(np.int64) + figures.WALK


def _legs(day: _Day, tours: _Tours) -> tuple[Int64, Int64, Int64]:
    """Return when the second and the last trip of each tour leave, and when it is home, in seconds from its start."""
    home, stops = day.settlement.people.home[tours.person], tours.stop >= 0
    stop = np.where(stops, tours.stop, tours.place)
    second = _travel(day, home, tours.place) + tours.stay
    last = second + np.where(stops, _travel(day, tours.place, stop) + tours.stop_stay, 0)
    return second, last, last + _travel(day, stop, home)


def _length(day: _Day, tours: _Tours) -> Int64:
    return _legs(day, tours)[2]


def _share_cars(day: _Day, tours: _Tours) -> tuple[_Tours, Int32, Int32]:
    """Find each tour a car and perhaps a companion; a tour without a car is left out."""
    people, vehicles = day.settlement.people, day.settlement.vehicles
    owned = vehicles.household[vehicles.kind != VehicleKind.THROUGH]
    household = people.household[tours.person]
    bounds = np.arange(int(people.household[-1]) + 2 if len(people) else 1)
    first_person, first_car, first_tour = (
        np.searchsorted(of, bounds).astype(np.int64) for of in (people.household, owned, household)
    )
    start, car = tours.start.astype(np.int32), _wanted_cars(day, tours, first_car)
    members = (first_person[1:] - first_person[:-1])[household]
    rides = uniform(draw(tours.bits, Ask.RIDE)) < _chance_of_company(day.spec)
    asked = first_person[household] + below(draw(tours.bits, Ask.WHO), members)
    companion = np.where(rides & (members > 1), asked, -1).astype(np.int32)
    length, driver = _length(day, tours).astype(np.int32), tours.person.astype(np.int32)
    kernels.share_cars(first_tour, first_person, first_car, driver, length, figures.PAUSE, DAY, start, car, companion)
    return tours._replace(start=start.astype(np.int64)), car, companion


def _wanted_cars(day: _Day, tours: _Tours, first_car: Int64) -> Int32:
    """Return each driver's main car, or at times one that the household has beyond one an adult."""
    people = day.settlement.people
    adults = np.bincount(people.household[people.kind != PersonKind.CHILD], minlength=len(first_car) - 1)
    household = people.household[tours.person]
    first_spare = (first_car[:-1] + adults)[household]
    spares = np.maximum(first_car[1:][household] - first_spare, 0)
    spare = first_spare + below(draw(tours.bits, Ask.WHICH_CAR), spares)
    takes = (spares > 0) & (uniform(draw(tours.bits, Ask.SPARE)) < figures.SPARE)
    return np.where(takes, spare, people.vehicle[tours.person]).astype(np.int32)


def _chance_of_company(spec: models.Population) -> float:
    """Return the chance that a driver who does not live alone asks somebody along, so that `carpool` of all trips are."""
    sizes = figures.household_sizes(spec.household_size)
    others = 1 - float(sizes[0]) / figures.mean_adults(sizes)
    return min(1.0, spec.carpool / max(1e-9, others * figures.COMPANY))


def _expand(day: _Day, tours: _Tours, car: Int32, companion: Int32) -> dict[str, NDArray[Any]]:
    """Write out the trips of the tours that have a car, by car and departure."""
    taken = np.flatnonzero(car >= 0)
    taken = taken[np.argsort(car[taken] * np.int64(2 * DAY) + tours.start[taken], kind="stable")]
    tours, car, companion = tours.take(taken), car[taken], companion[taken]
    second, last, _ = _legs(day, tours)
    count = np.where(tours.stop >= 0, 3, 2)
    tour, leg = np.repeat(np.arange(len(count)), count), ordinal(count)
    home, stops = day.settlement.people.home[tours.person], tours.stop >= 0
    way = np.where(leg + 1 == count[tour], 2, leg)  # 0 out, 1 on to the stop, 2 home
    place, stop = tours.place[tour], tours.stop[tour]
    return {
        "vehicle": car[tour],
        "driver": tours.person[tour].astype(np.int32),
        "companion": companion[tour],
        "depart": tours.start[tour] + np.choose(way, (np.zeros_like(tour), second[tour], last[tour])),
        "origin": np.choose(way, (home[tour], place, np.where(stops[tour], stop, place))),
        "destination": np.choose(way, (place, stop, home[tour])),
        "purpose": np.choose(
            way, (tours.purpose[tour], day.network.places.kind[stop], np.full_like(tour, Purpose.HOME))
        ),
    }


def _through(day: _Day, vehicles: Vehicles, seed: int, number: int) -> dict[str, NDArray[Any]]:
    """Make the trips of the through vehicles that pass today, each from its garage to its other motorway end."""
    rows, ends = np.flatnonzero(vehicles.kind == VehicleKind.THROUGH), motorway_ends(day.network)
    key, back = draw(stream(seed, "through traffic"), vehicles.key[rows]), day.spec.through_return
    regular = (
        uniform(draw(key, Ask.KIND)) * (back * figures.REGULAR + (1 - back) * figures.RECYCLE) < back * figures.REGULAR
    )
    today = draw(key, Ask.DAYS, number)
    turn = (number + below(draw(key, Ask.OWN_DAY), figures.RECYCLE)) % figures.RECYCLE
    passes = np.where(regular, below(today, figures.REGULAR), turn) == 0
    rows, key, today = rows[passes].astype(np.int32), key[passes], today[passes]
    origin = vehicles.garage[rows]
    step = 1 + below(draw(key, Ask.WHERE), max(1, len(ends) - 1))
    none = np.full(len(rows), -1, np.int32)
    return {
        "vehicle": rows,
        "driver": none,
        "companion": none,
        "depart": _moment(today, figures.SATURDAY if day.weekday >= 5 else figures.WEDNESDAY),
        "origin": origin,
        "destination": ends[(np.searchsorted(ends, origin) + step) % max(1, len(ends))],
        "purpose": np.full(len(rows), Purpose.THROUGH),
    }
