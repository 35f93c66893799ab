"""What an adversary learns from people who do not exist here: another seed's week on the same streets, past the same cameras."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alprsim import population, routing
from alprsim.experiment import World
from alprsim.measures import position, routines, zones
from alprsim.measures.tracking import Readers, Rehearsed
from alprsim.measures.zones import Travel, Zones
from alprsim.randomness import below, draw, stream, uniform
from alprsim.scenario.read import Loaded
from alprsim.tables import DAY, Bool, Float64, Int32, Int64, Paths, Sites, Trips, UInt64, VehicleKind

ANOTHER_SEED = 2**32 + 2
"""Of that population: no scenario's seed, and not the one against which routes are planned."""

DAYS = 7
"""Each day of the week once."""

TAUGHT = 1000
"""Cars whose ways tell which lead past a camera."""

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
        paths, route = _ways(trips, people.key[car], world)
        time, site = _read(trips, (paths, route), people.key[car], world, readers, sites)
        early = time < DAYS * DAY
        moment = np.arange(DAYS * DAY // step, dtype=np.int64) * step
        then = np.searchsorted(trips.depart, moment, side="right") - 1
        takes = np.append(_takes(paths, route, world), 0)[then]
        part = (moment - np.append(trips.depart, 0)[then]) / np.maximum(takes, 1)
        goes = (then >= 0) & (part < 1.0)
        asked, drives = _instants(people.key[car], goes, DAY // step)
        place = np.where(then >= 0, np.append(trips.destination, -1)[then], people.garage[car])[asked]
        zone = cut.of_place[place]
        trip = then[asked[drives]]
        start = world.network.places.junction[trips.origin[trip]]
        x, y = position.along(
            paths, route[trip], part[asked[drives]], start, world.network.roads, world.network.junctions
        )
        zone[drives] = zones.under(cut, world.network.junctions, x, y)
        made.append(Rehearsed(time[early], site[early], asked, zone, drives))
    return made


def ways_past(people: Others, world: World, cut: Zones, travel: Travel, readers: Readers, sites: Sites) -> Travel:
    """Learn from some of their trips which ways pass each camera that stands."""
    cars = np.argsort(draw(stream(ANOTHER_SEED, "ways"), people.key), kind="stable")[:TAUGHT]
    trips = people.trips.take(np.isin(people.trips.vehicle, cars))
    paths, route = _ways(trips, people.key[trips.vehicle], world)
    way = np.repeat(np.arange(len(paths.first) - 1), np.diff(paths.first))
    pair = cut.of_place[trips.origin].astype(np.int64) * cut.many + cut.of_place[trips.destination]
    past = travel.past.copy()
    stands = np.flatnonzero(readers.stands)
    passes = [np.isin(route, way[paths.road == sites.road[site]]) for site in stands.tolist()]
    past[stands] = zones.learned(past[stands], pair, np.array(passes, np.bool_).reshape(len(stands), -1))
    return travel._replace(past=past)


def _instants(key: np.uint64, goes: Bool, first: int) -> tuple[Int32, Bool]:
    """Draw steps after the first day, random ones when a car stands and half as many when it is under way: steps, which."""
    base = stream(ANOTHER_SEED, "rehearsed")
    steps = first + below(draw(base, key, np.arange(ASKED)), len(goes) - first)
    driven = first + np.flatnonzero(goes[first:])
    drawn = draw(stream(ANOTHER_SEED, "rehearsed under way"), key, driven)
    driven = driven[np.argsort(drawn, kind="stable")[: ASKED // 2]]
    asked = np.unique(np.concatenate([steps[~goes[steps]], driven])).astype(np.int32)
    return asked, goes[asked]


def _arrive(trips: Trips, cut: Zones, travel: Travel) -> Int32:
    start, end = cut.of_place[trips.origin], cut.of_place[trips.destination]
    return trips.depart + travel.between[start, end].astype(np.int32)


def _ways(trips: Trips, key: UInt64 | np.uint64, world: World) -> tuple[Paths, Int32]:
    """Return the ways taken on some trips, by cars of these keys: paths, and the row of each trip."""
    start, end = world.network.places.junction[trips.origin], world.network.places.junction[trips.destination]
    taken = routing.choose(world.routes, np.broadcast_to(key, len(trips)).copy(), start, end, trips.depart)
    return routing.paths(world.routes, start, end, taken, trips.depart)


def _takes(paths: Paths, route: Int32, world: World) -> Float64:
    """Return how long each trip takes on empty roads, s."""
    before = np.concatenate([[0], np.cumsum(world.network.roads.crossing[paths.road], dtype=np.int64)])
    seconds: Float64 = (before[paths.first[route + 1]] - before[paths.first[route]]) / 1000.0
    return seconds


def _read(
    trips: Trips, ways: tuple[Paths, Int32], key: np.uint64, world: World, readers: Readers, sites: Sites
) -> tuple[Int32, Int32]:  # fmt: skip
    """Return when and where a car is read right on its trips at free flow, by the cameras that stand for good."""
    if not len(trips):
        return np.empty(0, np.int32), np.empty(0, np.int32)
    (paths, route), network = ways, world.network
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
