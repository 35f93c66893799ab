"""The stages in order, for one scenario: the world that all seeds share, then people, traffic and reads of one seed.

The world is simulated once and every policy is asked of the same reads. This file holds the only variables of a run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import (
    counts,
    custody,
    days,
    hotlists,
    parquet,
    population,
    readers,
    roads,
    routing,
    siting,
    store,
    traffic,
)
from alprsim.days import Tell
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.tables import (
    DAY,
    SLOT,
    Agencies,
    Float64,
    Flows,
    Int32,
    Network,
    Passages,
    Paths,
    Settlement,
    Trips,
    Vehicles,
)

SLOTS = DAY // SLOT

RUNS = Path("results/runs")
"""Where results go unless another folder is named."""

ROUTES: Path | None = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "alprsim" / "routes"
"""Where planned routes are kept for the next run of the same world; None: nowhere."""

PLANNING_SEED = 2**32 + 1
"""Of the population against which routes are planned."""

_NO_ROUTE = {"counts", "fitted"}
"""Keys of traffic that change no route."""
MOST_NAMED = 5
"""Left-out cameras of a group that the page names."""

MOST_FORCED = 0.001
"""Share of forced moves above which a run says that its streets jam."""


@dataclass(frozen=True)
class World:
    """What every seed shares: roads, routes and agencies."""

    network: Network
    routes: routing.Routes
    assignment: routing.Assignment
    agencies: Agencies
    counts: tuple[counts.Count, ...] = ()


_Driven = tuple[Trips, traffic.Day | traffic.Followed]


class Simulated(NamedTuple):
    """One seed's world after its last day; reads and truth lie in the seed's folder."""

    settlement: Settlement
    placement: siting.Placement
    lists: hotlists.Lists | None
    alerts: hotlists.Counted | None
    """None: the scenario has no hot list."""


def prepare(loaded: Loaded, *, scratch: Path, jobs: int, tell: Tell, cache: Path | None = None) -> World:
    """Load the roads and plan the routes; the trees are kept in ``scratch``, and in ``cache`` for other runs."""
    tell("roads", 0)
    network = roads.load(loaded.scenario.roads, base=loaded.base)
    agencies = _agencies(loaded)
    readers.check(loaded, network, agencies)
    counted = loaded.scenario.traffic.counts
    found = counts.read(loaded.base / counted, network) if counted else ()
    tell("routes", 0)
    plan = _plan(loaded, network, scratch, jobs, tell, routing.Cache(cache) if cache else None)
    return World(_widened(network, plan.busiest), plan.routes, plan.assignment, agencies, found)


def _plan(
    loaded: Loaded, network: Network, scratch: Path, jobs: int, tell: Tell, cache: routing.Cache | None
) -> routing.Plan:
    """Plan the routes against a usual weekday, driven in queues unless the scenario knows none, or take a kept plan."""
    spec = loaded.scenario.traffic
    trips, vehicles = usual_weekday(loaded, network)
    access = network.places.junction
    demand = routing.Demand(access[trips.origin], access[trips.destination], trips.depart, vehicles.key[trips.vehicle])
    columns = (*network.roads.data().values(), network.junctions.osm_id, access, *demand)
    key = routing.digest(f"{spec.model_dump_json(exclude=_NO_ROUTE)} {network.generated}", columns)
    kept = cache.take(key, network, scratch) if cache else None
    if kept:
        return kept
    nothing = np.zeros(len(network.roads), np.bool_)
    count = 0

    def drive(busiest: Float64, paths: Paths, route: Int32) -> Flows:
        nonlocal count
        count += 1
        tell(f"routes, day {count}", 0)
        return traffic.drive(
            _widened(network, busiest).roads, trips, paths, route, spec, day=1, fidelity="queue", watched=nothing,
            engine="compiled",
        ).flows  # fmt: skip

    plan = routing.plan(
        network, demand, spec.routes, drive=None if spec.fidelity == "free" else drive, folder=scratch, jobs=jobs,
        progress=lambda done: tell("routes", done),
    )  # fmt: skip
    if cache:
        cache.keep(key, plan)
    return plan


def _widened(network: Network, busiest: Float64) -> Network:
    return roads.dimension(network, busiest) if network.generated else network


def usual_weekday(loaded: Loaded, network: Network) -> tuple[Trips, Vehicles]:
    """Return a weekday's trips of a population that no seed simulates: every seed drives by the same plan."""
    study = loaded.scenario
    people = study.population.model_copy(update={"calendar": models.Calendar()})
    settlement = population.settle(network, people, seed=PLANNING_SEED, base=loaded.base)
    monday = study.start - timedelta(days=study.start.weekday())
    trips = population.trips(settlement, network, people, seed=PLANNING_SEED, day=1, start=monday)
    return trips, settlement.vehicles


def simulate(
    loaded: Loaded, world: World, *, seed: int, folder: Path, tell: Tell, threads: int = 1
) -> Simulated:  # fmt: skip
    """Let one seed's people live, drive and be read for the length of the scenario; reads and truth go to ``folder``.

    The answer is the same for any number of threads.
    """
    study, network = loaded.scenario, world.network
    tell("people", 0)
    settlement = population.settle(network, study.population, seed=seed, base=loaded.base)
    samples = days.sample(loaded, network, world.routes, settlement, seed=seed, tell=tell)
    queued, usual = samples.queued, next(iter(samples.flows.values()))
    by_queue = study.traffic.fidelity == "queue"
    carried = {} if by_queue else samples.flows  # of the days as driven: in queues an hour carries what gets through
    volume = usual.vehicles.reshape(-1, SLOTS).sum(axis=1)

    def usual_day() -> siting.Day:
        made = days.usual(loaded, network, world.routes, settlement, seed=seed)
        return siting.Day(made.trips.vehicle, made.route, made.paths)

    deployed = readers.deploy(
        loaded, network, world.agencies, settlement.vehicles, volume=volume, usual_day=usual_day, seed=seed
    )
    placement, issued = deployed.placement, deployed.plates
    watched = deployed.watched(len(network.roads))
    buckets = store.buckets_for(deployed.expected(volume, study.length))
    writer = store.Writer(folder, store.layout(len(issued), settlement.vehicles.household, buckets))
    tally = readers.Tally(len(placement.cameras))
    lists = hotlists.prepare(
        issued, study.hot_lists, placement.cameras, placement.sites, world.agencies, issued=study.plates.issued,
        length=study.length, seed=seed,
    ) if study.hot_lists.lists else None  # fmt: skip
    record = hotlists.Record(lists, world.agencies, settlement.vehicles, folder) if lists else None
    for day, (trips, driven) in enumerate(_driven(loaded, world, settlement, samples, seed, watched, threads)):
        tell("days", day * DAY / study.length)
        times = driven.flows if isinstance(driven, traffic.Day) else samples.flows[days.day_type(loaded, day)]
        read = readers.read(
            deployed, study.cameras, network, world.agencies, settlement.vehicles, trips, driven.passages, driven.journeys,
            times, seed=seed, day=day,
        )  # fmt: skip
        writer.add(read.reads, trips, driven.journeys)
        tally.add(read, placement.sites)
        if lists and record:
            record.add(
                hotlists.alerts(
                    lists, read.reads, issued, settlement.vehicles, placement.cameras, placement.sites, seed=seed
                ),
                read.reads,
            )
        if isinstance(driven, traffic.Day):
            queued = queued.plus(driven)
            carried.setdefault(days.day_type(loaded, day), driven.flows)
    writer.flush()
    tell("days", 1)
    for name, table in (("people", settlement.people), ("vehicles", settlement.vehicles), ("flows", usual)):
        parquet.save(table, folder / f"{name}.parquet")
    if world.counts:
        counts.save(counts.hold(world.counts, counts.modelled(world.counts, carried)), folder)
    tally.save(deployed, world.agencies, study.length // DAY, folder / "tally.parquet")
    readers.save_places(deployed, network, loaded, folder)
    warned = warnings(loaded, world, queued)
    _note(samples._replace(queued=queued), world.assignment, placement, warned, folder / "simulated.json")
    return Simulated(settlement, placement, lists, record.close() if record else None)


def _driven(
    loaded: Loaded, world: World, settlement: Settlement, samples: days.Samples, seed: int, watched: NDArray[np.bool_],
    threads: int,
) -> Iterator[_Driven]:  # fmt: skip
    """Yield day after day as driven; with several threads the next day is driven while one is read and written."""
    if loaded.scenario.traffic.fidelity != "queue":
        world = replace(world, routes=routing.opened(world.routes))

    def drive(day: int) -> _Driven:
        return _drive(loaded, world, settlement, samples, seed=seed, day=day, watched=watched, threads=threads)

    length = loaded.scenario.length // DAY
    if threads <= 1:
        yield from map(drive, range(length))
        return
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(drive, 0)
        for day in range(1, length + 1):
            driven = coming.result()
            if day < length:
                coming = ahead.submit(drive, day)
            yield driven


def _drive(
    loaded: Loaded, world: World, settlement: Settlement, samples: days.Samples, *, seed: int, day: int,
    watched: NDArray[np.bool_], threads: int,
) -> _Driven:  # fmt: skip
    """Let one day pass as the scenario's fidelity has it."""
    spec, table = loaded.scenario.traffic, samples.flows[days.day_type(loaded, day)]
    if spec.fidelity == "queue":
        made = days.make(loaded, world.network, world.routes, settlement, seed=seed, day=day)
        return made.trips, days.drive(made, world.network, spec, "queue", table=table, watched=watched)
    return days.follow(
        loaded, world.network, world.routes, settlement, seed=seed, day=day, watched=watched, threads=threads,
        table=table if spec.fidelity == "table" else None,
    )  # fmt: skip


def drive_day(loaded: Loaded, world: World, *, seed: int, day: int, tell: Tell) -> tuple[Trips, traffic.Day]:
    """Drive one day of one seed by queue, every road watched: that day as the scenario's people live it."""
    tell("people", 0)
    settlement = population.settle(world.network, loaded.scenario.population, seed=seed, base=loaded.base)
    tell("queue", 0)
    every = np.ones(len(world.network.roads), np.bool_)
    made = days.make(loaded, world.network, world.routes, settlement, seed=seed, day=day)
    return made.trips, days.drive(made, world.network, loaded.scenario.traffic, "queue", watched=every)


def passing(
    loaded: Loaded, world: World, settlement: Settlement, *, seed: int, day: int, watched: NDArray[np.bool_]
) -> tuple[Trips, Passages]:
    """Drive one day at free flow; return its trips and who passed the watched roads: what counts are held against."""
    made = days.make(loaded, world.network, world.routes, settlement, seed=seed, day=day)
    driven = days.drive(made, world.network, loaded.scenario.traffic, "free", watched=watched)
    return made.trips, driven.passages


def warnings(loaded: Loaded, world: World, queued: days.Queued) -> list[str]:
    """Return what a reader should know of how the roads, the people, the routes and the traffic came about."""
    unknown = population.towns_left_out(world.network, loaded.scenario.population, loaded.base)
    notes = [*(f"roads: {note}" for note in world.network.notes), *([unknown] if unknown else [])]
    return notes + doubts(world.assignment, queued)


def doubts(chosen: routing.Assignment, queued: days.Queued) -> list[str]:
    """Say why times on the road are not to be relied on; nothing where routes settled and traffic flowed."""
    notes = []
    if chosen.converged is False:
        notes.append(
            f"route choice stopped unconverged: after {len(chosen.perceived) - 1} iterations the relative gap is "
            f"{chosen.perceived[-1]:.1%}, above {chosen.largest:.1%}"
        )
    if queued.forced > MOST_FORCED * queued.moves:
        notes.append(
            f"{queued.forced / queued.moves:.1%} of the moves by queue were forced: the streets jam, travel times are doubtful"
        )
    return notes


def _note(
    driven: days.Samples, chosen: routing.Assignment, placement: siting.Placement, notes: list[str], file: Path
) -> None:
    """Write what a reader should know of how the roads, the people, the routes, the traffic and the cameras came about."""
    queued, notes = driven.queued, [*notes]
    notes += placement.told + _left_out(placement.rejected)
    said = {
        "queue_moves": queued.moves, "forced_moves": queued.forced, "unfinished_trips": queued.unfinished,
        "distance": driven.distance._asdict(), "route_choice": {**chosen._asdict(), "converged": chosen.converged},
        "fidelity": [difference._asdict() for difference in driven.differences], "notes": notes,
    }  # fmt: skip
    file.write_text(json.dumps(said, indent=1, ensure_ascii=False))


def _left_out(rejected: list[siting.Rejected]) -> list[str]:
    """Name the first of each group's listed cameras that were left out, and say where the others are told."""
    notes = []
    for group in dict.fromkeys(row.group for row in rejected):
        theirs = [row for row in rejected if row.group == group]
        notes += [f"camera left out ({group}, {row.file}, {row.row}): {row.reason}" for row in theirs[:MOST_NAMED]]
        if more := len(theirs) - MOST_NAMED:
            notes += [f"{more} more cameras left out ({group}): see {readers.LEFT_OUT}"] if more > 0 else []
    return notes


def _agencies(loaded: Loaded) -> Agencies:
    """Give every agency of any policy a row, the baseline's first."""
    every = {name: agency for policy in loaded.policies.values() for name, agency in policy.custody.agencies.items()}
    every = {**loaded.scenario.custody.agencies, **every, **loaded.scenario.custody.agencies}
    return custody.agencies(loaded.scenario.custody.model_copy(update={"agencies": every}))
