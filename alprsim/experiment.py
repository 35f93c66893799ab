"""The stages in order, for one scenario: the world that all seeds share, then people, traffic and reads of one seed.

The world is simulated once and every policy is asked of the same reads. This file holds the only variables of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import cameras as reading
from alprsim import custody, parquet, plates, population, roads, routing, siting, store, traffic
from alprsim.scenario.read import Loaded
from alprsim.tables import DAY, SLOT, Agencies, Flows, Network, Paths, Settlement, Sites, Towns, Trips

Tell = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""

SLOTS = DAY // SLOT
_DAY_TYPES = ("weekday", "Saturday", "Sunday")


@dataclass(frozen=True)
class World:
    """What every seed shares: roads, routes and agencies."""

    network: Network
    routes: routing.Routes
    agencies: Agencies

    def towns(self) -> Towns:
        """Return the study's towns."""
        return self.network.towns


class Simulated(NamedTuple):
    """One seed's world after its last day; reads and truth lie in the seed's folder."""

    settlement: Settlement
    placement: siting.Placement
    flows: Flows
    tally: reading.Tally
    n_plates: int
    moves: int
    forced: int
    unfinished: int


def prepare(loaded: Loaded, *, scratch: Path, jobs: int, tell: Tell) -> World:
    """Load the roads and plan the routes; the trees are kept in ``scratch/turns.npy``."""
    tell("roads", 0)
    network = roads.load(loaded.scenario.roads, base=loaded.base)
    tell("routes", 0)
    routes = routing.plan(network, jobs=jobs, file=scratch / "turns.npy", progress=lambda done: tell("routes", done))
    return World(network, routes, _agencies(loaded))


def simulate(loaded: Loaded, world: World, *, seed: int, folder: Path, tell: Tell) -> Simulated:
    """Let one seed's people live, drive and be read for the length of the scenario; reads and truth go to ``folder``."""
    study = loaded.scenario
    tell("people", 0)
    settlement = population.settle(world.network, study.population, seed=seed, base=loaded.base)
    issued = plates.issue(settlement.vehicles, study.plates, seed=seed)
    tell("sample days", 0)
    samples = _sample_days(loaded, world, settlement, seed, tell)
    weekday = samples[_DAY_TYPES[0]] if _DAY_TYPES[0] in samples else next(iter(samples.values()))
    volume = weekday.vehicles.reshape(-1, SLOTS).sum(axis=1)
    placement = siting.place(
        world.network, world.agencies, study.cameras, towns_of=_towns_of(loaded), flow=volume, seed=seed, base=loaded.base
    )
    watched = _watched(placement.sites, len(world.network.roads))
    writer = store.Writer(folder, store.layout(len(issued), len(settlement.vehicles), _buckets(loaded, volume, watched)))
    total: reading.Tally | None = None
    moves = forced = unfinished = 0
    days = study.length // DAY
    for day in range(days):
        tell("days", day / days)
        trips, paths, route = _day(loaded, world, settlement, seed, day)
        driven = traffic.drive(
            world.network.roads, trips, paths, route, study.traffic, day=day, fidelity=study.traffic.fidelity,
            table=samples.get(_day_type(loaded, day)), watched=watched,
        )  # fmt: skip
        read = reading.read(
            driven.passages, trips, settlement.vehicles, placement.cameras, placement.sites, world.agencies, issued,
            world.network.roads, study.cameras, seed=seed,
        )  # fmt: skip
        writer.add(read.reads, trips, driven.journeys)
        total = read.tally if total is None else reading.Tally(*(a + b for a, b in zip(total, read.tally, strict=True)))
        moves, forced, unfinished = moves + driven.moves, forced + driven.forced, unfinished + driven.unfinished
    writer.flush()
    tell("days", 1)
    assert total is not None
    parquet.save(settlement.people, folder / "people.parquet")
    parquet.save(settlement.vehicles, folder / "vehicles.parquet")
    parquet.save(settlement.habits, folder / "habits.parquet")
    parquet.save(weekday, folder / "flows.parquet")
    return Simulated(settlement, placement, weekday, total, len(issued), moves, forced, unfinished)


def _sample_days(loaded: Loaded, world: World, settlement: Settlement, seed: int, tell: Tell) -> dict[str, Flows]:
    """Drive the first day of each day type (by queue, unless the scenario is at free flow) and keep what roads carried."""
    spec = loaded.scenario.traffic
    days: dict[str, int] = {}
    for day in range(min(loaded.scenario.length // DAY, 7)):
        days.setdefault(_day_type(loaded, day), day)
    flows = {}
    for number, (kind, day) in enumerate(days.items()):
        tell("sample days", number / len(days))
        trips, paths, route = _day(loaded, world, settlement, seed, day)
        driven = traffic.drive(
            world.network.roads, trips, paths, route, spec, day=day,
            fidelity="queue" if spec.fidelity == "table" else "free", watched=np.zeros(len(world.network.roads), np.bool_),
        )  # fmt: skip
        flows[kind] = driven.flows
    return flows


def _day(
    loaded: Loaded, world: World, settlement: Settlement, seed: int, day: int
) -> tuple[Trips, Paths, NDArray[np.int32]]:
    """Make one day's trips and their routes."""
    study = loaded.scenario
    trips = population.trips(settlement, world.network, study.population, seed=seed, day=day, start=study.start)
    access = world.network.places.junction
    paths, route = routing.paths(world.routes, access[trips.origin], access[trips.destination])
    return trips, paths, route


def _day_type(loaded: Loaded, day: int) -> str:
    weekday = (loaded.scenario.start + timedelta(days=day)).weekday()
    return _DAY_TYPES[max(0, weekday - 4)]


def _agencies(loaded: Loaded) -> Agencies:
    """Give every agency of any policy a row, the baseline's first."""
    every = {name: agency for policy in loaded.policies.values() for name, agency in policy.custody.agencies.items()}
    every = {**loaded.scenario.custody.agencies, **every, **loaded.scenario.custody.agencies}
    return custody.agencies(loaded.scenario.custody.model_copy(update={"agencies": every}))


def _towns_of(loaded: Loaded) -> dict[str, str | None]:
    return {name: agency.town for name, agency in loaded.scenario.custody.agencies.items()}


def _watched(sites: Sites, n_roads: int) -> NDArray[np.bool_]:
    watched = np.zeros(n_roads, np.bool_)
    watched[sites.road] = True
    return watched


def _buckets(loaded: Loaded, volume: NDArray[np.int64], watched: NDArray[np.bool_]) -> int:
    return store.buckets_for(float(volume[watched].sum()) * loaded.scenario.length / DAY)
