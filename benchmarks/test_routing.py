"""One cost vector's routes at the size of the eight departments' region: grown and read, and taken from the cache."""

import time
from pathlib import Path

import numpy as np
import pytest

from alprsim import experiment, roads, routing
from alprsim.scenario import models
from alprsim.scenario.read import load

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # one process; others' work on the machine does not count

STUDY = Path(__file__).parents[1] / "scenarios" / "eight_departments.yaml"
ONE_VECTOR = models.RouteChoice(alternatives=1, noise=0.0, iterations=0)
MOST = 120
"""s, a cost vector."""


@pytest.fixture(scope="module")
def region():
    """Return the region's streets and a usual weekday's trips."""
    loaded = load(STUDY)
    network = roads.load(loaded.scenario.roads, base=loaded.base)
    trips, vehicles = experiment.usual_weekday(loaded, network)
    access = network.places.junction
    ends = access[trips.origin], access[trips.destination]
    return network, routing.Demand(*ends, trips.depart, vehicles.key[trips.vehicle])


def read(plan, demand):
    return routing.paths(plan.routes, *demand[:2], np.zeros(len(demand.key), np.int32), demand.depart)


def test_distinct_paths_of_a_region(benchmark, region, tmp_path):
    """Trees to every junction that a place is reached from, the weekday's distinct paths read from them, and again cached."""
    network, demand = region

    def cold():
        plan = routing.plan(network, demand, ONE_VECTOR, folder=tmp_path)
        return plan, read(plan, demand)

    plan, (paths, route) = benchmark.pedantic(cold, rounds=1)
    cache, scratch = routing.Cache(tmp_path / "cache"), tmp_path / "scratch"
    scratch.mkdir()
    cache.keep("0123abcd", plan)
    start = time.process_time()
    again = cache.take("0123abcd", network, scratch)
    cached_paths, cached_route = read(again, demand)
    cached = time.process_time() - start
    assert np.array_equal(cached_paths.road, paths.road)
    assert np.array_equal(cached_route, route)
    assert (network.roads.head[paths.road[paths.first[1:] - 1]][route] == demand.destination)[
        np.diff(paths.first)[route] > 0
    ].all()
    assert (len(route), len(paths.first) - 1, len(paths.road)) == (1_054_639, 880_483, 39_259_754)
    if benchmark.stats:
        assert benchmark.stats.stats.min < MOST
        benchmark.extra_info |= {"distinct paths": len(paths.first) - 1, "cached s": round(cached, 1)}
