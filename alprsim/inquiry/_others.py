"""What an adversary learns from people who do not exist here: another seed's week on the same streets, past the same cameras."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alprsim import population, routing
from alprsim.experiment import World
from alprsim.measures import routines
from alprsim.measures.tracking import Readers, Rehearsed
from alprsim.measures.zones import Travel, Zones
from alprsim.randomness import below, draw, stream, uniform
from alprsim.scenario.read import Loaded
from alprsim.tables import DAY, Int32, Int64, Sites, Trips, UInt64, VehicleKind

ANOTHER_SEED = 2**32 + 2
"""Of that population: no scenario's seed, and not the one against which routes are planned."""

DAYS = 7
"""Each day of the week once."""

ASKED = 16
"""Moments of a rehearsed car's week, after the first day."""


class Others(NamedTuple):
    """Some residents' cars and their week: trips in order of (vehicle, depart), vehicle a row of `key`."""

    key: UInt64
    garage: Int32
    """A place."""
    trips: Trips


def others(loaded: Loaded, world: World) -> Others:
    """Make a week of another seed's residents: the week in which the scenario starts."""
    study, network = loaded.scenario, world.network
    settled = population.settle(network, study.population, seed=ANOTHER_SEED, base=loaded.base)
    vehicles = settled.vehicles
    cars = np.flatnonzero((vehicles.kind == VehicleKind.RESIDENT) & (network.towns.listed[vehicles.town] == 1))
    row = np.full(len(vehicles), -1, np.int32)
    row[cars] = np.arange(len(cars))
    days = []
    for day in range(DAYS):
        made = population.trips(settled, network, study.population, seed=ANOTHER_SEED, day=day, start=study.start)
        days.append(made.take(row[made.vehicle] >= 0).data())
    columns = {name: np.concatenate([day[name] for day in days]) for name in days[0]}
    columns["vehicle"] = row[columns["vehicle"]]
    order = np.lexsort((columns["depart"], columns["vehicle"]))
    trips = Trips(**{name: values[order] for name, values in columns.items()})
    return Others(vehicles.key[cars], vehicles.garage[cars], trips)


def teach(people: Others, cut: Zones, travel: Travel, *, step: int, first_weekday: int) -> routines.Routine:
    """Learn what people usually do."""
    trips = people.trips
    homewards = trips.destination == people.garage[trips.vehicle]
    diary = routines.Diary(
        trips.vehicle, trips.depart, _arrive(trips, cut, travel), cut.of_place[trips.destination], homewards
    )
    garage = cut.of_place[people.garage]
    return routines.learn(diary, garage, cut.many, days=DAYS, step=step, first_weekday=first_weekday)


def rehearsals(
    people: Others, world: World, cut: Zones, travel: Travel, readers: Readers, sites: Sites, *, count: int, step: int
) -> list[Rehearsed]:  # fmt: skip
    """Let some of them be read on their ways, as the viewer's cameras would, and say where they stood at random moments."""
    base = stream(ANOTHER_SEED, "rehearsed")
    cars = np.argsort(draw(base, people.key), kind="stable")[:count]
    made = []
    for car in cars.tolist():
        first, last = np.searchsorted(people.trips.vehicle, [car, car + 1])
        trips = people.trips.take(slice(first, last))
        time, site = _read(trips, people.key[car], world, readers, sites)
        early = time < DAYS * DAY
        steps = DAY // step + below(draw(base, people.key[car], np.arange(ASKED)), (DAYS - 1) * DAY // step)
        asked = np.unique(steps).astype(np.int32)
        then = np.searchsorted(trips.depart, asked.astype(np.int64) * step, side="right") - 1
        stands = (then < 0) | (np.append(_arrive(trips, cut, travel), 0)[then] <= asked * step)
        place = np.where(then >= 0, np.append(trips.destination, -1)[then], people.garage[car])
        made.append(Rehearsed(time[early], site[early], asked[stands], cut.of_place[place][stands]))
    return made


def _arrive(trips: Trips, cut: Zones, travel: Travel) -> Int32:
    start, end = cut.of_place[trips.origin], cut.of_place[trips.destination]
    return trips.depart + travel.between[start, end].astype(np.int32)


def _read(trips: Trips, key: np.uint64, world: World, readers: Readers, sites: Sites) -> tuple[Int32, Int32]:
    """Return when and where a car is read right on its trips at free flow, by the cameras that stand for good."""
    network, routes = world.network, world.routes
    start, end = network.places.junction[trips.origin], network.places.junction[trips.destination]
    if not len(trips):
        return np.empty(0, np.int32), np.empty(0, np.int32)
    taken = routing.choose(routes, np.full(len(trips), key, np.uint64), start, end, trips.depart)
    paths, route = routing.paths(routes, start, end, taken, trips.depart)
    times: list[Int64] = []
    seen: list[Int64] = []
    for trip, one in enumerate(route.tolist()):
        road = paths.road[paths.first[one] : paths.first[one + 1]]
        passed, nth = np.nonzero(sites.road[:, None] == road)
        passed, nth = passed[readers.stands[passed]], nth[readers.stands[passed]]
        chance = uniform(draw(stream(ANOTHER_SEED, "rehearsed read"), key, int(trips.depart[trip]), passed))
        caught = chance < readers.chance[passed]
        before = np.concatenate([[0], np.cumsum(network.roads.crossing[road], dtype=np.int64)]) // 1000
        times.append(trips.depart[trip] + before[nth[caught]])
        seen.append(passed[caught])
    time, site = np.concatenate(times), np.concatenate(seen)
    order = np.argsort(time, kind="stable")
    return time[order].astype(np.int32), site[order].astype(np.int32)
