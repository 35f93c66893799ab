"""Vehicles that follow signposts: the same day, to the millisecond, as along the paths that are read from them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import routing, traffic
from alprsim.kernels import follow as kernels
from alprsim.scenario import models
from alprsim.tables import Flows, TableError, Trips
from alprsim.traffic import _follow
from tests import naive_traffic as naive
from tests.test_routing import NOBODY, connected, network, spec

DAY, SLOTS = 86_400, 96
FREE = models.Traffic()


@st.composite
def days(draw):
    """Draw streets, two alternatives a pair in each of two periods, a table, and trips that keep some vehicles late."""
    world = draw(connected())
    n, m = len(world.junctions), len(world.roads)
    bits = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(bits)
    shuffled = world.junctions.take(np.arange(n))
    world = world._replace(junctions=type(shuffled)(**{**shuffled.data(), "x": rng.permutation(n) * 25.0}))
    plan = routing.plan(world, NOBODY, spec(alternatives=2, noise=0.3)).routes
    in_force = np.repeat(np.arange(2, dtype=np.int32)[:, None], SLOTS, axis=1)
    in_force[:, 40:] = 1 - in_force[:, 40:]
    table = Flows.of(vehicles=np.zeros(m * SLOTS), time=rng.integers(0, 3_000_000, m * SLOTS))
    vehicle = np.sort(rng.integers(0, 5, draw(st.integers(0, 60))))
    depart = rng.integers(0, DAY, len(vehicle))
    order = np.lexsort((depart, vehicle))
    ends = rng.integers(0, n, (2, len(vehicle)))
    trips = Trips.of(
        vehicle=vehicle, driver=np.full(len(vehicle), -1), companion=np.full(len(vehicle), -1), depart=depart[order] + DAY,
        origin=ends[0], destination=ends[1], purpose=np.zeros(len(vehicle)),
    )  # fmt: skip
    return world, plan._replace(in_force=in_force), table, trips, rng.random(m) < 0.5


def asked(trips):
    return trips.origin, trips.destination, (trips.origin + trips.vehicle) % 2, trips.depart


def by_signposts(world, routes, table, trips, watched, threads=1):
    batches = routing.batches(routes, trips.vehicle, *asked(trips))
    posts = routing.signposts(routes.streets)
    return traffic.follow(world.roads, trips, posts, batches, day=1, table=table, watched=watched, threads=threads)


def same(one, other):
    assert one.moves == other.moves
    for column in ("depart", "arrive"):
        np.testing.assert_array_equal(getattr(one.journeys, column), getattr(other.journeys, column))
    for column in ("time", "road", "trip"):
        np.testing.assert_array_equal(getattr(one.passages, column), getattr(other.passages, column))


@given(days(), st.booleans(), st.sampled_from([1, 2, 5, 32]), st.sampled_from([4, 64, 1 << 16]))
@settings(deadline=None, derandomize=True)
def test_signposts_lead_to_the_day_that_paths_lead_to(day, free, lanes, space):
    world, routes, table, trips, watched = day
    times = None if free else table
    paths, route = routing.paths(routes, *asked(trips))
    fidelity = "free" if free else "table"
    expected = traffic.drive(
        world.roads, trips, paths, route, FREE, day=1, fidelity=fidelity, table=times, watched=watched
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "LANES", lanes)
        patch.setattr(_follow, "_SPACE", space)  # too little for a day: the kernel goes on where it stopped
        same(by_signposts(world, routes, times, trips, watched), expected)
        same(by_signposts(world, routes, times, trips, watched, threads=3), expected)


@given(days())
@settings(deadline=None, derandomize=True, max_examples=30)
def test_the_day_is_that_of_the_plain_twin(day):
    world, routes, table, trips, _ = day
    paths, route = routing.paths(routes, *asked(trips))
    roads = [paths.road[paths.first[p] : paths.first[p + 1]].tolist() for p in route]
    times = table.time.reshape(-1, SLOTS)
    plain = [
        (v, int(t - DAY) * 1000, way) for v, t, way in zip(trips.vehicle.tolist(), trips.depart, roads, strict=True)
    ]
    depart, arrive, passages = naive.replay(plain, lambda road, slot: int(times[road, slot]))
    found = by_signposts(world, routes, table, trips, np.ones(len(world.roads), np.bool_))
    assert found.journeys.depart.tolist() == [t // 1000 + DAY for t in depart]
    assert found.journeys.arrive.tolist() == [-(-t // 1000) + DAY for t in arrive]
    told = zip(found.passages.time.tolist(), found.passages.road.tolist(), found.passages.trip.tolist(), strict=True)
    assert list(told) == [(t + DAY * 1000, road, trip) for t, road, trip in passages]
    assert found.moves == sum(map(len, roads))
    assert (found.journeys.path == -1).all()


@given(days())
@settings(deadline=None, derandomize=True, max_examples=50)
def test_every_trip_is_in_one_batch_and_a_vehicles_follow_each_other(day):
    _, routes, _, trips, _ = day
    seen = []
    for together in routing.batches(routes, trips.vehicle, *asked(trips)):
        owners = [set(trips.vehicle[batch.trip].tolist()) for batch in together]
        assert sum(map(len, owners)) == len(set().union(*owners))
        seen += [trip for batch in together for trip in batch.trip.tolist()]
    assert sorted(seen) == list(range(len(trips)))
    place = np.argsort(seen)
    same_car = trips.vehicle[1:] == trips.vehicle[:-1]
    assert (np.diff(place)[same_car] > 0).all()


def one_trip(**changes):
    values = {"vehicle": [0], "driver": [-1], "companion": [-1], "depart": [0], "origin": [0], "destination": [1]}
    return Trips.of(**{**values, "purpose": [0], **changes})


def test_a_trip_that_finds_no_way_or_no_batch_is_named():
    world = network(2, [(0, 1, 5), (1, 0, 5)])
    routes = routing.plan(world, NOBODY, spec()).routes
    routes = routes._replace(sets=(np.full_like(routes.sets[0], -1),))
    trips, posts = one_trip(), routing.signposts(routes.streets)
    ends = trips.origin, trips.destination, np.zeros(1, np.int32), trips.depart
    batches = routing.batches(routes, trips.vehicle, *ends)
    with pytest.raises(TableError, match="Trips row 0: no signpost leads to its destination"):
        traffic.follow(world.roads, trips, posts, batches, day=0)
    with pytest.raises(TableError, match="every trip must be in a batch; row 0 is in none"):
        traffic.follow(world.roads, trips, posts, [], day=0)
    with pytest.raises(routing.RouteError, match="junction 7 is no place's access"):
        list(routing.batches(routes._replace(streets=routes.streets._replace(tree=np.full(9, -1, np.int32))),
                             trips.vehicle, ends[0], np.array([7], np.int32), *ends[2:]))  # fmt: skip
