"""Who lives where, with whom, what they own, and which places they keep going to."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alprsim.population import _figures as figures
from alprsim.population import _fleet, _through
from alprsim.population._choice import (
    Lottery,
    PopulationError,
    Zones,
    anywhere,
    commuting_table,
    coordinates,
    nearby,
    ordinal,
    workplaces,
    zones_of,
)
from alprsim.population._figures import Ask
from alprsim.randomness import below, choose, draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import (
    Float64,
    Habits,
    Int32,
    Int64,
    Network,
    People,
    PersonKind,
    PlaceKind,
    Settlement,
    UInt64,
    VehicleKind,
    Vehicles,
)


def settle(network: Network, spec: models.Population, *, seed: int, base: Path) -> Settlement:
    """Give every listed town its households, cars, work places and habits; add visitors, fleets and the through pool.

    Parameters
    ----------
    network
        HOME places weigh their residents, WORK places their jobs; BEYOND places stand for everything outside.
    spec
        The scenario's `population`.
    seed
        Of the replicate.
    base
        The folder that `population.commuting` is relative to.

    Returns
    -------
    Settlement
        Residents by town, then one-person households of visitors who live at a BEYOND place and work in a listed town;
        vehicles in the same order, then delivery vehicles and taxis by town, then the pool of through vehicles.

    Raises
    ------
    PopulationError
        Shares that exceed 1, a gravity of 0 m, a listed town without homes, through traffic without two motorway ends or
        between ends that are not there, or a commuting table that cannot be read, lacks a column or lacks a listed town.

    Notes
    -----
    With `population.commuting` a person's work town follows the table, and within it jobs at 1 / (1 + (d / gravity)²);
    without, that gravity rules alone, and the BEYOND places have twice the jobs inside. Jobs in towns not built lie at
    the BEYOND places that stand for the town where there are some, else at all of them, by gravity.
    """
    _check(spec)
    zones = zones_of(network)
    table = commuting_table(network, spec, base)
    people, vehicles = _residents(network, zones, spec, _households(network, spec, seed), table)
    habits = _habits(network, zones, spec, people, seed)
    people, vehicles = _add_visitors(network, spec, people, vehicles, seed)
    vehicles = _add_fleets(network, spec, vehicles, seed)
    garage, key = _through.vehicles(network, spec, seed)
    vehicles = _park(network, vehicles, garage, VehicleKind.THROUGH, key, np.full(len(key), -1))
    return Settlement(people, vehicles, habits)


def _check(spec: models.Population) -> None:
    busy = spec.commuters + spec.students + spec.retirees
    if busy > 1 + 1e-9:
        raise PopulationError(
            f"population.commuters, students and retirees are shares of adults: together at most 1, not {busy:g}"
        )
    if spec.gravity <= 0:
        raise PopulationError(f"population.gravity must be longer than 0 m, not {spec.gravity:g} m")


class _Households(NamedTuple):
    """Row for row: where they live, who they are, what they own."""

    home: Int32
    key: UInt64
    adults: Int64
    members: Int64
    cars: Int64


def _adults(key: UInt64, members: Int64) -> Int64:
    """Draw how many of a household's members are adults: one alone, one parent, or two and some of the others."""
    children = sum(
        ((members > 2 + i) & (uniform(draw(key, Ask.CHILDREN, i)) < figures.CHILD)).astype(np.int64) for i in range(4)
    )
    one = (members == 1) | (uniform(draw(key, Ask.ONE_PARENT)) < figures.ONE_PARENT)
    return np.where(one, 1, members - children)


def _households(network: Network, spec: models.Population, seed: int) -> _Households:
    """Fill the homes of each listed town; a household's draws belong to its home's junction and its number there."""
    homes, residents = _homes(network)
    junction = network.junctions.osm_id[network.places.junction[homes]]
    key = draw(stream(seed, "residents"), junction, _nth(junction))
    count = np.floor(residents / spec.household_size + uniform(draw(key, Ask.COUNT))).astype(np.int64)
    household = draw(np.repeat(key, count), Ask.HOUSEHOLD, ordinal(count))
    sizes = figures.household_sizes(spec.household_size)
    members = 1 + choose(draw(household, Ask.SIZE), sizes)
    adults = _adults(household, members)
    # One car more or less than the mean for two in three: a tenth of households then have none (ACS 2023: 8.6 %).
    mean = adults * (spec.vehicles_per_person * spec.household_size / figures.mean_adults(sizes))
    step = np.where(mean >= 1, below(draw(household, Ask.MORE_CARS), 3) - 1, 0)
    cars = np.floor(mean + step + uniform(draw(household, Ask.CARS))).astype(np.int64)
    return _Households(np.repeat(homes, count).astype(np.int32), household, adults, members, cars)


def _homes(network: Network) -> tuple[Int64, Float64]:
    """Return the HOME places of the listed towns and the residents of each, which sum to the towns' populations."""
    places, towns = network.places, network.towns
    rows, residents = [np.empty(0, np.int64)], [np.empty(0)]
    for town in np.flatnonzero((towns.listed == 1) & (towns.population > 0)):
        homes = np.flatnonzero((places.kind == PlaceKind.HOME) & (places.town == town) & (places.weight > 0))
        if not len(homes):
            raise PopulationError(
                f"{towns.name[town]} is listed and has {towns.population[town]:,} residents but no home"
            )
        weight = places.weight[homes].astype(np.float64)
        rows.append(homes)
        residents.append(weight * (towns.population[town] / np.cumsum(weight)[-1]))
    return np.concatenate(rows), np.concatenate(residents)


def _nth(junction: Int64) -> Int64:
    """Count the homes of each junction from 0, in order of row."""
    order = np.argsort(junction, kind="stable")
    nth = np.empty(len(junction), np.int64)
    nth[order] = ordinal(np.unique(junction, return_counts=True)[1])
    return nth


def _residents(
    network: Network, zones: Zones, spec: models.Population, households: _Households, table: Float64 | None
) -> tuple[People, Vehicles]:
    """Make the people, adults first in each household, and the cars they share, the nth driver's main one the nth."""
    number = np.repeat(np.arange(len(households.key)), households.members)
    member = ordinal(households.members)
    home = households.home[number]
    key = draw(households.key[number], Ask.MEMBER, member)
    shares = [spec.commuters, spec.students, spec.retirees]
    rest = max(0.0, 1 - sum(shares))
    kind = choose(draw(key, Ask.KIND), [*shares, rest])  # in the order of PersonKind
    kind[member >= households.adults[number]] = PersonKind.CHILD
    cars = households.cars[number]
    first_car = np.cumsum(households.cars) - households.cars
    drives = (kind != PersonKind.CHILD) & (cars > 0)
    work = np.full(len(key), -1, np.int32)
    commuters, pupils = kind == PersonKind.COMMUTER, np.isin(kind, (PersonKind.STUDENT, PersonKind.CHILD))
    work[commuters] = workplaces(network, zones, spec, table, home[commuters], key[commuters])
    work[pupils] = nearby(network, zones, PlaceKind.SCHOOL, home[pupils], draw(key[pupils], Ask.WORK_PLACE), 1)[:, 0]
    people = People.of(
        home=home, work=work, household=number, kind=kind, key=key,
        vehicle=np.where(drives, first_car[number] + member % np.maximum(cars, 1), -1),
    )  # fmt: skip
    owner = np.repeat(np.arange(len(households.key)), households.cars)
    garage = households.home[owner]
    vehicles = Vehicles.of(
        household=owner, garage=garage, town=network.places.town[garage], kind=np.full(len(owner), VehicleKind.RESIDENT),
        key=draw(households.key[owner], Ask.CAR, ordinal(households.cars)),
    )  # fmt: skip
    return people, vehicles


def _habits(network: Network, zones: Zones, spec: models.Population, people: People, seed: int) -> Habits:
    """Draw who has which habit and where; the first of several places is visited most, place i 1 / i as often."""
    adults = np.flatnonzero(people.kind != PersonKind.CHILD).astype(np.int32)
    person, place, weekly = [], [], []
    for kind in figures.OUTINGS:
        habit: models.Habit = getattr(spec.habits, kind.name.lower())
        bits = draw(stream(seed, f"habit of {kind.name}"), people.key[adults])
        has = uniform(bits) < habit.share
        who = adults[has]
        visits = _errands(spec)[people.kind[who]] if kind is PlaceKind.SHOP else np.full(len(who), habit.weekly)
        choice = partial(anywhere, reach=spec.reach) if figures.OUTINGS[kind].on_the_way else nearby
        where = choice(network, zones, kind, people.home[who], bits[has], habit.places)
        share = (where >= 0) / np.arange(1, habit.places + 1)
        share *= (visits / np.maximum(share.sum(axis=1), 1e-9))[:, None]
        person.append(np.repeat(who, habit.places)[where.reshape(-1) >= 0])
        place.append(where[where >= 0])
        weekly.append(share[where >= 0])
    order = np.argsort(np.concatenate(person), kind="stable")
    return Habits.of(
        person=np.concatenate(person)[order], place=np.concatenate(place)[order], weekly=np.concatenate(weekly)[order]
    )


def _errands(spec: models.Population) -> Float64:
    """Return the errands a week of each PersonKind that bring a driver's trips to `trips_per_driver`.

    Errands are the visits to shops, which stand for everything without a kind of its own. A driver's trips to work and to
    all other habitual places come first; those who do not work therefore run more errands than those who do.
    """
    commutes = min(spec.commute_days, 7 * (1 - spec.skip)) * 2
    habits = [getattr(spec.habits, kind.name.lower()) for kind in figures.OUTINGS if kind is not PlaceKind.SHOP]
    left = spec.trips_per_driver * 7 - 2 * sum(habit.share * habit.weekly for habit in habits)
    shoppers = max(1e-9, spec.habits.shop.share)
    weekly = np.full(len(PersonKind), max(0.0, left) / figures.ERRAND / shoppers)
    weekly[[PersonKind.COMMUTER, PersonKind.STUDENT]] = max(0.0, left - commutes) / figures.ERRAND_AND_WORK / shoppers
    return weekly


def _add_visitors(
    network: Network, spec: models.Population, people: People, vehicles: Vehicles, seed: int
) -> tuple[People, Vehicles]:
    """Add one person and car for each visitor to a listed town."""
    counts = {int(town): round(spec.visitors * int(np.sum(vehicles.town == town))) for town in np.unique(vehicles.town)}
    parts = [_visitors(network, spec, town, count, seed) for town, count in counts.items()]
    nobody = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint64))
    home, work, key = (np.concatenate(columns) for columns in zip(nobody, *parts, strict=True))
    household = np.arange(len(key)) + (int(people.household[-1]) + 1 if len(people) else 0)
    everyone = People.of(
        home=np.concatenate([people.home, home]),
        work=np.concatenate([people.work, work]),
        household=np.concatenate([people.household, household]),
        vehicle=np.concatenate([people.vehicle, np.arange(len(key)) + len(vehicles)]),
        kind=np.concatenate([people.kind, np.full(len(key), PersonKind.COMMUTER)]),
        key=np.concatenate([people.key, key]),
    )
    return everyone, _park(network, vehicles, home, VehicleKind.VISITOR, draw(key, Ask.CAR), household)


def _visitors(
    network: Network, spec: models.Population, town: int, count: int, seed: int
) -> tuple[Int32, Int32, UInt64]:
    """Draw visitors' homes, work places and keys: to the town's work places by their jobs, from gateways near them."""
    places, (x, y) = network.places, coordinates(network)
    gates = np.flatnonzero((places.kind == PlaceKind.BEYOND) & (places.weight > 0))
    jobs = np.flatnonzero((places.kind == PlaceKind.WORK) & (places.town == town) & (places.weight > 0))
    key = draw(
        stream(seed, f"visitors to {network.towns.name[town]}"), np.arange(count if len(gates) and len(jobs) else 0)
    )
    if not len(key):
        return np.empty(0, np.int32), np.empty(0, np.int32), key
    work = choose(draw(key, Ask.WORK_PLACE), places.weight[jobs])
    squared = (x[jobs][:, None] - x[gates]) ** 2 + (y[jobs][:, None] - y[gates]) ** 2
    pull = places.weight[gates] / (1 + squared / spec.gravity**2)
    group = np.repeat(np.arange(len(jobs)), len(gates))
    gate = Lottery.of(pull.reshape(-1), group, len(jobs)).pick(work, draw(key, Ask.WHERE)) % len(gates)
    return gates[gate].astype(np.int32), jobs[work].astype(np.int32), key


def _add_fleets(network: Network, spec: models.Population, vehicles: Vehicles, seed: int) -> Vehicles:
    """Add delivery vehicles and taxis to each listed town, in proportion to its residents' vehicles."""
    residents = np.bincount(vehicles.town[vehicles.kind == VehicleKind.RESIDENT], minlength=len(network.towns))
    for kind, fleet in _fleet.of(spec).items():
        for town in np.flatnonzero(residents):
            count = round(fleet.share * int(residents[town]))
            garage, key = _fleet.base(network, kind, int(town), count, seed)
            vehicles = _park(network, vehicles, garage, kind, key, np.full(len(key), -1))
    return vehicles


def _park(
    network: Network, vehicles: Vehicles, garage: Int32, kind: VehicleKind, key: UInt64, household: Int64
) -> Vehicles:
    """Add vehicles at their garages."""
    return Vehicles.of(
        household=np.concatenate([vehicles.household, household]),
        garage=np.concatenate([vehicles.garage, garage]),
        town=np.concatenate([vehicles.town, network.places.town[garage]]),
        kind=np.concatenate([vehicles.kind, np.full(len(key), kind)]),
        key=np.concatenate([vehicles.key, key]),
    )
