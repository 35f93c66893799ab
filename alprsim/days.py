"""One day made and driven, and the sample days that stand for the others: what their roads carried, and how near that comes.

Most days run by the travel times of a sample day of their kind. How far that is from queues is told with the result, of two
days of each kind, each driven by queue, by the sample day's table and freely: the sample day itself, which its own table fits
best, and another one that the table was not made of, as all the days are that run by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import population, routing, traffic
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.tables import DAY, Float64, Flows, Int32, Network, Paths, PlaceKind, Settlement, Trips, VehicleKind

Tell = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""


class Made(NamedTuple):
    """A day's trips and the way each takes."""

    day: int
    trips: Trips
    paths: Paths
    route: Int32


class Queued(NamedTuple):
    """What was driven by queue."""

    moves: int
    forced: int
    unfinished: int

    def plus(self, driven: traffic.Day) -> Queued:
        """Add a day."""
        return Queued(self.moves + driven.moves, self.forced + driven.forced, self.unfinished + driven.unfinished)


class Distance(NamedTuple):
    """How far residents' vehicles drive on a mean day, by the sample days; no viewer's figure counts what is outside."""

    vehicles: int
    trips: float
    leaving: float
    """Of these trips, those that begin or end beyond the simulated streets."""
    km_inside: float
    km_outside: float
    """By `population.leaving_trip`, an assumption."""


class Difference(NamedTuple):
    """How far the arrivals of one day differ from the same day's by queue, over all its trips."""

    day_type: str
    day: int
    held_out: bool
    """Whether the table is of another day of the type; else it is of this very day."""
    fidelity: str
    trips: int
    mean_s: float
    """Of the arrivals' absolute differences."""
    p95_s: float
    within_a_minute: float


class Samples(NamedTuple):
    """The first day of each day type, driven: a weekday first where the scenario has one.

    `queued` and `differences` are of the days held out, too.
    """

    flows: dict[str, Flows]
    queued: Queued
    distance: Distance
    differences: list[Difference]


def day_type(loaded: Loaded, day: int) -> str:
    """Return what kind of day it is: see ``population.DayType``."""
    return population.day_type(loaded.scenario.population, loaded.scenario.start, day)


def make(
    loaded: Loaded, network: Network, routes: routing.Routes, settlement: Settlement, *, seed: int, day: int
) -> Made:
    """Make one day's trips and find their ways: any day alone and in any order."""
    trips = _trips(loaded, network, settlement, seed=seed, day=day)
    origin, destination = network.places.junction[trips.origin], network.places.junction[trips.destination]
    taken = routing.choose(routes, settlement.vehicles.key[trips.vehicle], origin, destination, trips.depart)
    paths, route = routing.paths(routes, origin, destination, taken, trips.depart)
    return Made(day, trips, paths, route)


def usual(loaded: Loaded, network: Network, routes: routing.Routes, settlement: Settlement, *, seed: int) -> Made:
    """Make the day that the first of `Samples` drives: a weekday where the scenario has one."""
    types = [day_type(loaded, day) for day in range(loaded.scenario.length // DAY)]
    first = next(types.index(kind) for kind in population.DayType if kind in types)
    return make(loaded, network, routes, settlement, seed=seed, day=first)


def drive(
    made: Made, network: Network, spec: models.Traffic, fidelity: traffic.Fidelity, *, table: Flows | None = None,
    watched: NDArray[np.bool_],
) -> traffic.Day:  # fmt: skip
    """Drive a day that was made: see ``traffic.drive``."""
    return traffic.drive(
        network.roads, made.trips, made.paths, made.route, spec, day=made.day, fidelity=fidelity, table=table,
        watched=watched,
    )  # fmt: skip


def follow(
    loaded: Loaded, network: Network, routes: routing.Routes, settlement: Settlement, *, seed: int, day: int,
    table: Flows | None, watched: NDArray[np.bool_], threads: int = 1,
) -> tuple[Trips, traffic.Followed]:  # fmt: skip
    """Make one day's trips and drive them by a table, or freely: what ``make`` and ``drive`` do, without the paths."""
    trips = _trips(loaded, network, settlement, seed=seed, day=day, threads=threads)
    origin, destination = network.places.junction[trips.origin], network.places.junction[trips.destination]
    key = settlement.vehicles.key[trips.vehicle]
    taken = routing.choose(routes, key, origin, destination, trips.depart, threads=threads)
    batches = routing.batches(routes, trips.vehicle, origin, destination, taken, trips.depart)
    posts = routing.signposts(routes.streets)
    driven = traffic.follow(
        network.roads, trips, posts, batches, day=day, table=table, watched=watched, threads=threads
    )  # fmt: skip
    return trips, driven


def _trips(
    loaded: Loaded, network: Network, settlement: Settlement, *, seed: int, day: int, threads: int = 1
) -> Trips:  # fmt: skip
    study = loaded.scenario
    return population.trips(
        settlement, network, study.population, seed=seed, day=day, start=study.start, threads=threads
    )  # fmt: skip


def sample(
    loaded: Loaded, network: Network, routes: routing.Routes, settlement: Settlement, *, seed: int,
    tell: Tell | None = None,
) -> Samples:  # fmt: skip
    """Drive the first day of each day type, by queue where the scenario runs by table, else at free flow.

    By table, a second day of each type, where there is one, is driven by queue too: what the table is held against.
    """
    study = loaded.scenario
    types = [day_type(loaded, day) for day in range(study.length // DAY)]
    nothing, share = np.zeros(len(network.roads), np.bool_), Counter(types)
    flows, queued, differences, far = {}, Queued(0, 0, 0), [], np.zeros(4)
    for kind in (kind for kind in population.DayType if kind in share):
        if tell:
            tell(f"sample {kind}", 0)
        made = make(loaded, network, routes, settlement, seed=seed, day=types.index(kind))
        far += _driven_far(made, settlement, network, study.population) * (share[kind] / len(types))
        if study.traffic.fidelity == "table":
            driven = drive(made, network, study.traffic, "queue", watched=nothing)
            queued = queued.plus(driven)
            differences += _differences(kind, made, network, study.traffic, driven, driven.flows, held_out=False)
            if (other := held_out(types, kind)) is not None:
                made = make(loaded, network, routes, settlement, seed=seed, day=other)
                again = drive(made, network, study.traffic, "queue", watched=nothing)
                queued = queued.plus(again)
                differences += _differences(kind, made, network, study.traffic, again, driven.flows, held_out=True)
        else:
            driven = drive(made, network, study.traffic, "free", watched=nothing)
        flows[str(kind)] = driven.flows
    residents = int(np.sum(settlement.vehicles.kind == VehicleKind.RESIDENT))
    return Samples(flows, queued, Distance(residents, *far.tolist()), differences)


def held_out(types: list[str], kind: str) -> int | None:
    """Return the day that the table of a day type is held against: the middle one of those it is not made of."""
    others = [day for day, its in enumerate(types) if its == kind][1:]
    return others[len(others) // 2] if others else None


def _differences(
    kind: str, made: Made, network: Network, spec: models.Traffic, queued: traffic.Day, table: Flows, *, held_out: bool
) -> list[Difference]:
    """Drive the day by the table, and freely, and compare the arrivals with those in queues."""
    nothing = np.zeros(len(network.roads), np.bool_)
    fidelities: tuple[traffic.Fidelity, ...] = ("table", "free")
    told = []
    for fidelity in fidelities:
        other = drive(made, network, spec, fidelity, table=table, watched=nothing)
        off = np.abs(other.journeys.arrive.astype(np.int64) - queued.journeys.arrive)
        if len(off):
            far = float(off.mean()), float(np.quantile(off, 0.95)), float(np.mean(off <= 60))
            told.append(Difference(str(kind), made.day, held_out, fidelity, len(off), *far))
    return told


def _driven_far(made: Made, settlement: Settlement, network: Network, spec: models.Population) -> Float64:
    """Return the day's trips of residents' vehicles, those that leave the simulated streets, km inside and km outside."""
    trips, paths = made.trips, made.paths
    along = np.concatenate([[0.0], np.cumsum(network.roads.length[paths.road], dtype=np.float64)])
    metres = (along[paths.first[1:]] - along[paths.first[:-1]])[made.route]
    theirs = settlement.vehicles.kind[trips.vehicle] == VehicleKind.RESIDENT
    beyond = network.places.kind == PlaceKind.BEYOND
    leaves = theirs & (beyond[trips.origin] | beyond[trips.destination])
    outside = np.maximum(spec.leaving_trip - metres[leaves], 0)
    return np.array([theirs.sum(), leaves.sum(), metres[theirs].sum() / 1000, outside.sum() / 1000])
