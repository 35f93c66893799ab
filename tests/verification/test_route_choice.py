"""Route choice against theory: what Wardrop, Vickrey and Daganzo and Sheffi say must come out, and Danbury calms down."""

import math
from itertools import pairwise

import numba
import numpy as np
import pytest

import alprsim
from alprsim import experiment, routing, traffic
from alprsim import roads as streets
from alprsim.scenario import models
from alprsim.tables import Flows, Junctions, Network, Places, Roads, Towns, Trips

pytestmark = [
    pytest.mark.verification,
    pytest.mark.skipif(
        bool(numba.config.DISABLE_JIT), reason="minutes as plain Python; the twins are compared elsewhere"
    ),
]

HOUR = 3600


def network(n, links, headway=None, places=None):
    """Build a network of n junctions, a place at each or at those named.

    Links are (tail, head, crossing s); headways are in ms by (tail, head), else of no account.
    """
    links = sorted(links)
    tail, head, crossing = (np.array(column) for column in zip(*links, strict=True))
    m = len(links)
    least = [(headway or {}).get((a, b), 1) for a, b, _ in links]
    roads = Roads.of(
        tail=tail, head=head, length=np.full(m, 100.0), crossing=crossing * 1000, lanes=np.ones(m), headway=least,
        room=np.full(m, 100_000), wave=np.zeros(m), kind=np.full(m, 6),
    )  # fmt: skip
    zeros = np.zeros(n)
    junctions = Junctions.of(osm_id=np.arange(n), x=zeros, y=zeros, town=zeros)
    at = np.arange(n) if places is None else np.array(places)
    places = Places.of(junction=at, kind=0 * at, weight=0 * at + 1, town=0 * at)
    towns = Towns.of(name=["T"], x=[0.0], y=[0.0], population=[1], listed=[1])
    return Network(junctions, roads, places, towns, "EPSG:6433", "", generated=False)


def trips_of(demand):
    """Return the demand as trips, each of its own vehicle."""
    n = len(demand.origin)
    nobody = dict.fromkeys(("driver", "companion", "origin", "destination"), np.full(n, -1))
    return Trips.of(vehicle=np.arange(n), depart=demand.depart, purpose=np.zeros(n), **nobody)


def in_queues(world, trips, day, means, **keys):
    """Drive the trips of a day in queues; note its mean time."""
    watched = np.zeros(len(world.roads), np.bool_)

    def drive(busiest, paths, route):
        spec = models.Traffic(**keys)
        driven = traffic.drive(world.roads, trips, paths, route, spec, day=day, fidelity="queue", watched=watched)
        means.append(float((driven.journeys.arrive - driven.journeys.depart).mean()))
        return driven.flows

    return drive


def test_two_routes_fill_as_wardrop_says_when_one_has_a_bottleneck():
    """Who chooses by a period's mean times finds both ways alike when the queue's mean wait is the detour.

    An inflow x beyond the bottleneck's s makes its wait grow to (x/s − 1)·D in a period D, half of that in the mean; the
    second way is Δ longer: x = s (1 + 2Δ/D). For s 900/h, Δ 6 min, D 2 h: 990/h of the 1500/h, 66 %.
    """
    world = network(4, [(0, 1, 60), (1, 3, 60), (0, 2, 240), (2, 3, 240), (3, 0, 60)], headway={(1, 3): 4000})
    n = 3000
    depart = (2 * HOUR + np.arange(n) * 2 * HOUR // n).astype(np.int32)  # 06:00 to 08:00
    demand = routing.Demand(np.zeros(n, np.int32), np.full(n, 3, np.int32), depart, np.arange(n, dtype=np.uint64))
    spec = models.RouteChoice(groups=64, noise=0.0, periods=(6, 8), gap=0.0, iterations=60)
    chosen = routing.plan(world, demand, spec, drive=in_queues(world, trips_of(demand), 0, [], stuck="10 h"))
    paths, route = routing.paths(chosen.routes, *demand[:2], routing.group_of(demand.key, 64), depart)
    first = (world.roads.head[paths.road[paths.first[route]]] == 1).mean()
    assert first == pytest.approx(0.66, abs=0.03)
    gap = chosen.assignment.gap
    assert gap[0] > 2
    assert min(gap[-5:]) < 0.25  # within the period the wait still grows from nothing: no mean can take that away


def side_by_side(pairs, first, second, parts):
    """Return a network of pairs of junctions, each joined by two ways of so many roads that nobody else takes."""
    links, ends, at = [], [], 0
    for _ in range(pairs):
        origin, destination, at = at, at + 1, at + 2
        for seconds in (first, second):
            stops = [origin, *range(at, at + parts - 1), destination]
            at += parts - 1
            links += [(a, b, seconds // parts) for a, b in pairwise(stops)]
        ends.append((origin, destination))
        links.append((destination, origin, 1))
    links += [(origin, origin_next, 10_000) for (origin, _), (origin_next, _) in pairwise(ends)]
    links.append((ends[-1][0], ends[0][0], 10_000))
    return network(at, links, places=[destination for _, destination in ends]), ends


def by_the_first(world, routes, ends, parts, groups):
    """Return the share of (group, pair) that take the first way."""
    count = 0
    for group in range(groups):
        origin, destination = (np.array(column, np.int32) for column in zip(*ends, strict=True))
        who = np.full(len(ends), group, np.int32)
        paths, route = routing.paths(routes, origin, destination, who, np.zeros(len(ends), np.int32))
        stop = world.roads.head[paths.road[paths.first[route]]]
        count += int((stop < origin + 2 + parts - 1).sum())
    return count / (groups * len(ends))


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2])
def test_drivers_who_see_roads_differently_split_as_probit_says(noise):
    """P(first) = Φ((t₂ − t₁) / √(noise² · 600 s · (t₁ + t₂))) (Daganzo and Sheffi 1977), on ways of 600 and 630 s."""
    groups, pairs, parts = 64, 60, 30
    world, ends = side_by_side(pairs, 600, 630, parts)
    spec = models.RouteChoice(groups=groups, noise=noise)
    nobody = routing.Demand(*(np.zeros(0, np.int32) for _ in range(3)), np.zeros(0, np.uint64))
    routes = routing.plan(world, nobody, spec).routes
    spread = noise * math.sqrt(600 * 1230)
    probit = 0.5 * (1 + math.erf(30 / spread / math.sqrt(2)))
    found = by_the_first(world, routes, ends, parts, groups)
    assert found == pytest.approx(probit, abs=0.025)  # 3,840 draws: three standard errors are 0.024


def test_with_noise_and_congestion_the_split_is_the_stochastic_equilibrium():
    """The share p that solves p = Φ((t₂(1 − p) − t₁(p)) / spread), each way growing with its own share (Sheffi 1985)."""
    groups, pairs, parts, noise = 64, 40, 30, 0.1
    world, ends = side_by_side(pairs, 600, 630, parts)
    each, slope = 10, 12.0  # ms a road and vehicle: 64 × 10 drivers of a pair on one way make it 230 s longer
    n = groups * each
    origin, destination = (np.repeat(np.array(column, np.int32), n) for column in zip(*ends, strict=True))
    key = np.tile(np.arange(n, dtype=np.uint64), pairs)
    demand = routing.Demand(origin, destination, np.full(len(origin), 4 * HOUR, np.int32), key)

    def drive(busiest, paths, route):
        trips = np.bincount(route, minlength=len(paths.first) - 1)
        way = np.repeat(np.arange(len(trips)), np.diff(paths.first))
        volume = np.bincount(paths.road, weights=trips[way], minlength=len(world.roads))
        time = world.roads.crossing + np.rint(slope * volume)
        return Flows.of(vehicles=np.repeat(volume, 96), time=np.repeat(time, 96))

    spec = models.RouteChoice(groups=groups, noise=noise, periods=(0,), gap=0.002, iterations=40)
    chosen = routing.plan(world, demand, spec, drive=drive)
    assert chosen.assignment.converged
    assert chosen.assignment.gap[-1] > 2 * chosen.assignment.perceived[-1]
    spread = noise * math.sqrt(600 * 1230)
    low, high = 0.0, 1.0
    for _ in range(50):
        p = (low + high) / 2
        ahead = 30 + parts * slope * n * ((1 - p) - p) / 1000
        low, high = (p, high) if 0.5 * (1 + math.erf(ahead / spread / math.sqrt(2))) > p else (low, p)
    paths, route = routing.paths(chosen.routes, origin, destination, routing.group_of(key, groups), demand.depart)
    stop = world.roads.head[paths.road[paths.first[route]]]
    found = (stop < origin + 2 + parts - 1).mean()
    assert found == pytest.approx(p, abs=0.03)


@pytest.mark.data
def test_danburys_morning_calms_down(shared_data):
    """Real streets under everybody's free-flow ways lock up; choosing anew brings gap and times down, and they settle."""
    loaded = alprsim.study("scenarios/danbury.yaml", graph=shared_data / "roads" / "danbury_ct_drive.graphml.gz")
    world = streets.load(loaded.scenario.roads, base=loaded.base)
    trips, vehicles = experiment._usual_weekday(loaded, world)
    access = world.places.junction
    demand = routing.Demand(access[trips.origin], access[trips.destination], trips.depart, vehicles.key[trips.vehicle])
    means = []
    spec = models.RouteChoice(groups=4, gap=0.0, iterations=16)
    gap = routing.plan(world, demand, spec, drive=in_queues(world, trips, 1, means)).assignment.gap
    assert gap[0] > 0.5
    assert gap[-1] < 0.35 * gap[0]
    assert all(after < 1.2 * min(gap[: day + 1]) for day, after in enumerate(gap[1:]))
    late = np.median(means[-7:])
    assert late < 0.6 * means[0]
    assert np.sum(np.abs(np.array(means[-7:]) / late - 1) < 0.03) >= 5  # but for days that were taken back
