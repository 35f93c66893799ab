"""Where people drive on one day: their habits, the day's accidents, and who of the household has the car."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import demand as kernels
from alprsim.population import _figures as figures
from alprsim.population import _fleet, _through
from alprsim.population._calendar import Date, date_of
from alprsim.population._choice import Mask, ordinal
from alprsim.population._clock import between, lateness, moment, on_time, travel
from alprsim.population._figures import OUTINGS, Ask, Outing
from alprsim.randomness import below, draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
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
    on: Date
    own: UInt64  # what stays the same of a person from day to day
    today: UInt64
    seed: int


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
        The date of day 0; with `spec.calendar` it decides what kind of day it is.

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
    people = settlement.people
    own = draw(stream(seed, "ways of a person"), people.key)
    today = draw(stream(seed, "day of a person"), people.key, day)
    on = date_of(spec.calendar, start, day)
    of_day = _Day(network, settlement, spec, on, own, today, seed)
    parts = [
        _driven(of_day),
        *_fleet.working(network, spec, settlement.vehicles, seed=seed, day=day, on=on),
        _through.passing(network, spec, settlement.vehicles, seed=seed, day=day, on=on),
    ]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns["depart"] = columns["depart"] + day * DAY
    return Trips.of(**columns)


def _tours(day: _Day) -> _Tours:
    """Plan everybody's tours, by household and start."""
    visits = _visits(day)
    people = day.settlement.people
    appointed = np.zeros(len(people), np.bool_)
    appointed[visits.person[np.isin(visits.purpose, (Purpose.CLINIC, Purpose.COURT))]] = True
    tours = _joined(*_around_work(day, _commutes(day, ~appointed), visits))
    return tours.take(np.argsort(people.household[tours.person] * np.int64(2 * DAY) + tours.start, kind="stable"))


def _joined(*parts: _Tours) -> _Tours:
    return _Tours(*(np.concatenate([part[i] for part in parts]) for i in range(len(_Tours._fields))))


def _visits(day: _Day) -> _Tours:
    """Plan the day's visits to habitual places, kind by kind."""
    habits, places = day.settlement.habits, day.network.places
    kind = places.kind[habits.place]
    visits, bits = kernels.due_visits(
        habits.person, kind, habits.weekly, _errands(day), day.own, day.today, *_weeks(day.on), day.on.weekday,
        1 - day.spec.skip, Ask.VISITS, Ask.OWN_DAY,
    )  # fmt: skip
    rows = np.flatnonzero(visits)
    return _joined(
        *(_visits_to(day, what, outing, rows[kind[rows] == what], visits, bits) for what, outing in OUTINGS.items())
    )


def _errands(day: _Day) -> Float64:
    """Return how many times their usual errands people run today: none on a quiet day; −1 for those without a car."""
    quiet = day.spec.quiet_days
    errands = np.where(uniform(draw(day.today, Ask.QUIET)) < quiet, 0.0, 1 / (1 - quiet))
    return np.where(day.settlement.people.vehicle >= 0, errands, -1.0)


def _weeks(on: Date) -> tuple[Float64, Any]:
    """Return the share of a week's visits due today and the cumulative weights of own days, by PlaceKind."""
    share, week = np.zeros(len(PlaceKind)), np.zeros((len(PlaceKind), 7))
    for kind, outing in OUTINGS.items():
        if outing.own_day:
            week[kind] = np.cumsum(outing.week)
            share[kind] = not (on.holiday and outing.week[on.as_weekday] == 0)
        else:
            share[kind] = outing.week[on.as_weekday] / sum(outing.week)
    return share, week


def _visits_to(day: _Day, kind: PlaceKind, outing: Outing, rows: Int64, visits: Int64, bits: UInt64) -> _Tours:
    """Plan the visits that are due to one kind of place; `rows` are of habits."""
    people, habits = day.settlement.people, day.settlement.habits
    count, person = visits[rows], habits.person[rows]
    habit = np.repeat(np.arange(len(rows)), count)
    who, each = person[habit].astype(np.int64), draw(bits[rows][habit], ordinal(count))
    hours = outing.weekend if day.on.weekend_hours else outing.weekday
    if outing.own_day:
        nth = rows - np.searchsorted(habits.person, person)
        start = on_time(moment(draw(day.own[person], Ask.VISITS, nth)[habit], hours), each, day.spec.jitter)
    else:
        start = moment(each, hours)
    place = habits.place[rows][habit]
    if outing.on_the_way:
        place = _explore(day, kind, people.home[who], place, each)
    return _simple(day, who, start, place, np.full(len(who), kind), between(each, outing.stay), each)


def _explore(day: _Day, kind: PlaceKind, home: Int32, place: Int32, bits: UInt64) -> Int32:
    """Replace some places by another of those that who live at a place explore: some of the kind in its town, all alike.

    They lie evenly spread among the town's, from a first one that belongs to the home's junction: a bounded list without
    being kept, and so a bounded number of routes, however many weeks are simulated.
    """
    places, osm = day.network.places, day.network.junctions.osm_id
    options = np.flatnonzero(places.kind == kind)
    options = options[np.argsort(places.town[options], kind="stable")].astype(np.int32)
    rows = np.flatnonzero(uniform(draw(bits, Ask.EXPLORE)) < day.spec.explore)
    town = places.town[home[rows]]
    first, last = (np.searchsorted(places.town[options], town, side=side) for side in ("left", "right"))
    known = np.minimum(last - first, day.spec.explore_places)
    several = known > 1
    rows, first, last, known = rows[several], first[several], last[several], known[several]
    lives = draw(stream(day.seed, "where people explore"), osm[places.junction[home[rows]]], kind)
    begin, step = below(lives, last - first), (last - first) // np.maximum(known, 1)
    pick = below(draw(bits[rows], Ask.WHERE), known)
    found = options[first + (begin + pick * step) % (last - first)]
    pick = (pick + (found == place[rows])) % known
    place[rows] = options[first + (begin + pick * step) % (last - first)]
    return place


def _commutes(day: _Day, free: Mask) -> _Tours:
    """Plan the way to work or school of those who drive there, are free today and have the day in their week.

    Everybody's seven days have a fixed order, the weekend late in it; one who works n days a week works on the first n.
    """
    people, spec, own, today = day.settlement.people, day.spec, day.own, day.today
    student = people.kind == PersonKind.STUDENT
    goes = (people.kind == PersonKind.COMMUTER) | (student & (day.on.term and not day.on.holiday))
    goes &= (people.vehicle >= 0) & (people.work >= 0) & free
    who = np.flatnonzero(goes)
    who = who[uniform(draw(today[who], Ask.SKIP)) >= spec.skip]
    if day.on.holiday:
        who = who[uniform(draw(today[who], Ask.HOLIDAY)) < spec.calendar.holiday_work]
    days = np.floor(min(7.0, spec.commute_days / max(1e-9, 1 - spec.skip)) + uniform(draw(own[who], Ask.DAYS)))
    rank = [uniform(draw(own[who], Ask.WEEKDAY, d)) + (figures.WEEKEND if d >= 5 else 0.0) for d in range(7)]
    earlier = np.sum([rank[d] < rank[day.on.weekday] for d in range(7)], axis=0)
    who = who[earlier < days]
    student = student[who]
    habitual = np.where(student, moment(own[who], figures.SCHOOL_HOURS), moment(own[who], figures.WORK_HOURS))
    stay = np.where(student, between(own[who], figures.SCHOOL_STAY), between(own[who], figures.WORK_STAY))
    stay += lateness(draw(today[who], Ask.LONGER), spec.jitter)
    purpose = np.where(student, Purpose.SCHOOL, Purpose.WORK).astype(np.int64)
    start = on_time(habitual, today[who], spec.jitter)
    return _simple(day, who, start, people.work[who], purpose, np.maximum(stay, 0), today[who])


def _around_work(day: _Day, commutes: _Tours, visits: _Tours) -> tuple[_Tours, _Tours]:
    """Move visits due before their person is back from work: an errand to the way home, the others to after it."""
    people, junction = day.settlement.people, day.network.places.junction
    tour_of, back = np.full(len(people), -1), np.full(len(people), -1)
    tour_of[commutes.person] = np.arange(len(commutes.person))
    back[commutes.person] = commutes.start + _legs(day, commutes)[2]
    due = visits.start < back[visits.person]
    on_way = due & np.isin(visits.purpose, [kind for kind, outing in OUTINGS.items() if outing.on_the_way])
    rows = np.flatnonzero(on_way)
    rows = rows[uniform(draw(visits.bits[rows], Ask.STOP)) < figures.STOP]
    rows = rows[junction[visits.place[rows]] != junction[commutes.place[tour_of[visits.person[rows]]]]]
    rows = rows[np.unique(visits.person[rows], return_index=True)[1]]  # one stop on a way home
    tour = tour_of[visits.person[rows]]
    commutes.stop[tour], commutes.stop_stay[tour] = visits.place[rows], visits.stay[rows]
    back[commutes.person[tour]] = commutes.start[tour] + _legs(day, commutes.take(tour))[2]
    put_off = figures.PAUSE + below(draw(visits.bits, Ask.PUT_OFF), figures.SPREAD)
    visits = visits._replace(start=np.where(due, back[visits.person] + put_off, visits.start))
    return commutes, visits.take(np.setdiff1d(np.arange(len(due)), rows, assume_unique=True))


def _simple(day: _Day, person: Int64, start: Int64, place: Int32, purpose: Int64, stay: Int64, bits: UInt64) -> _Tours:
    """Make tours to one place and back, without those so short that they are walked."""
    junction, none = day.network.places.junction, np.full(len(person), -1, np.int32)
    tours = _Tours(person, start, place, purpose, stay, none, np.zeros(len(person), np.int64), bits)
    return tours.take(junction[place] != junction[day.settlement.people.home[person]])


def _legs(day: _Day, tours: _Tours) -> tuple[Int64, Int64, Int64]:
    """Return when the second and the last trip of each tour leave, and when it is home, in seconds from its start."""
    home, stops = day.settlement.people.home[tours.person], tours.stop >= 0
    stop = np.where(stops, tours.stop, tours.place)
    second = travel(day.network, home, tours.place) + tours.stay
    last = second + np.where(stops, travel(day.network, tours.place, stop) + tours.stop_stay, 0)
    return second, last, last + travel(day.network, stop, home)


def _driven(day: _Day) -> dict[str, NDArray[Any]]:
    """Find each tour a car and perhaps a companion, and write out its trips; a tour without a car is left out."""
    people, vehicles = day.settlement.people, day.settlement.vehicles
    tours = _tours(day)
    second, last, length = _legs(day, tours)
    owned = vehicles.household[np.isin(vehicles.kind, (VehicleKind.RESIDENT, VehicleKind.VISITOR))]
    household = people.household[tours.person]
    bounds = np.arange(int(people.household[-1]) + 2 if len(people) else 1, dtype=np.int32)
    first_person, first_car, first_tour = (
        np.searchsorted(of, bounds).astype(np.int64) for of in (people.household, owned, household)
    )
    start, car = tours.start.astype(np.int32), _wanted_cars(day, tours, first_car)
    members = (first_person[1:] - first_person[:-1])[household]
    rides = uniform(draw(tours.bits, Ask.RIDE)) < _chance_of_company(day.spec)
    asked = first_person[household] + below(draw(tours.bits, Ask.WHO), members)
    companion = np.where(rides & (members > 1), asked, -1).astype(np.int32)
    kernels.share_cars(
        first_tour, first_person, first_car, tours.person.astype(np.int32), length.astype(np.int32), figures.PAUSE, DAY,
        start, car, companion,
    )  # fmt: skip
    taken = np.flatnonzero(car >= 0)
    taken = taken[np.argsort(car[taken] * np.int64(2 * DAY) + start[taken], kind="stable")]
    tours = tours._replace(start=start.astype(np.int64)).take(taken)
    return _expand(day, tours, car[taken], companion[taken], second[taken], last[taken])


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


def _expand(
    day: _Day, tours: _Tours, car: Int32, companion: Int32, second: Int64, last: Int64
) -> dict[str, NDArray[Any]]:
    """Write out the trips of tours, each with its car and companion: out, perhaps on to a stop, and home."""
    home, stopping = day.settlement.people.home[tours.person], np.flatnonzero(tours.stop >= 0)
    count = np.full(len(car), 2)
    count[stopping] = 3
    back = np.cumsum(count) - 1
    out, on = back - count + 1, back[stopping] - 1
    depart = np.repeat(tours.start.astype(np.int64), count)
    depart[back] += last
    depart[on] += second[stopping]
    origin, destination = np.empty(len(depart), np.int32), np.empty(len(depart), np.int32)
    origin[out], destination[out] = home, tours.place
    origin[back], destination[back] = tours.place, home
    origin[on], destination[on] = tours.place[stopping], tours.stop[stopping]
    origin[back[stopping]] = tours.stop[stopping]
    purpose = np.full(len(depart), Purpose.HOME, np.int64)
    purpose[out], purpose[on] = tours.purpose, day.network.places.kind[tours.stop[stopping]]
    return {
        "vehicle": np.repeat(car, count),
        "driver": np.repeat(tours.person.astype(np.int32), count),
        "companion": np.repeat(companion, count),
        "depart": depart,
        "origin": origin,
        "destination": destination,
        "purpose": purpose,
    }
