"""Where 500 cameras see the most: on a grid, and on the eight towns of the study, the answer counted again another way."""

import math

import numpy as np
import pytest

import alprsim
from alprsim import days, experiment, population, siting
from alprsim.kernels import coverage as kernels
from alprsim.randomness import below, draw, stream
from alprsim.scenario import models
from alprsim.tables import DAY

K, LIMIT = 500, 30.0
SIDE, ROUTES = 200, 400_000


def seen_by(chosen, first, road, n_roads):
    """Return how many routes each choice in turn is the first to see."""
    turn = np.full(n_roads, K, np.int32)
    turn[chosen] = np.arange(len(chosen))
    earliest = np.full(len(first) - 1, K, np.int32)
    route = np.repeat(np.arange(len(first) - 1), np.diff(first))
    np.minimum.at(earliest, route, turn[road])
    return np.bincount(earliest, minlength=K + 1)[:K]


@pytest.fixture(scope="module")
def grid():
    """400,000 routes along the row, then the column, over the 159,200 streets between 40,000 corners."""
    bits = draw(stream(1, "routes"), np.arange(ROUTES)[:, None], np.arange(4))
    row, column, to_row, to_column = below(bits, SIDE).T
    wide, tall = np.abs(to_column - column), np.abs(to_row - row)
    first = np.concatenate([[0], np.cumsum(wide + tall)]).astype(np.int64)
    step = np.arange(first[-1]) - np.repeat(first[:-1], wide + tall)
    repeat = lambda values: np.repeat(values, wide + tall)  # noqa: E731
    along = step < repeat(wide)
    east, south = repeat(np.where(to_column > column, 1, -1)), repeat(np.where(to_row > row, 1, -1))
    at_column = np.where(along, repeat(column) + east * step, repeat(to_column))
    at_row = np.where(along, repeat(row), repeat(row) + south * (step - repeat(wide)))
    way = np.where(along, np.where(east > 0, 0, 1), np.where(south > 0, 2, 3))
    return first, ((at_row * SIDE + at_column) * 4 + way).astype(np.int32)


def picked(first, road, n_roads):
    each, site_of = np.arange(len(first) - 1, dtype=np.int32), np.arange(n_roads, dtype=np.int32)
    first_route, first_seen = np.arange(len(first), dtype=np.int64), np.empty(n_roads + 1, np.int64)
    seen = kernels.seen_at(first_route, each, first, road, site_of, first_seen)
    chosen, gain, ceiling = np.empty(K, np.int32), np.empty(K, np.int64), np.empty(1, np.int64)
    weight = np.ones(len(each), np.int64)
    n = kernels.pick(first_route, each, first, road, site_of, first_seen, seen, weight, chosen, gain, ceiling)
    return n, chosen, gain, int(ceiling[0])


def test_pick(benchmark, grid):
    first, road = grid
    n_roads = SIDE * SIDE * 4
    n, chosen, gain, ceiling = benchmark.pedantic(picked, args=(first, road, n_roads), rounds=3)
    assert n == K
    assert np.array_equal(gain, seen_by(chosen, first, road, n_roads))
    assert gain[0] == np.bincount(road, minlength=n_roads).max()
    assert (np.diff(gain) <= 0).all()
    assert (1 - 1 / math.e) * ceiling < gain.sum() < ceiling
    if benchmark.stats:
        benchmark.extra_info["roads/s"] = round(len(road) / benchmark.stats.stats.min)


@pytest.fixture(scope="module")
def eight_towns(tmp_path_factory):
    """Return a usual day of the eight departments at free flow; routes come from the cache, planned in minutes the first time."""
    loaded = alprsim.study(
        "scenarios/eight_departments.yaml", overrides=["traffic.fidelity=free", "traffic.routes.alternatives=1"]
    )
    scratch = tmp_path_factory.mktemp("eight")
    world = experiment.prepare(loaded, scratch=scratch, jobs=2, tell=lambda *_: None, cache=experiment.ROUTES)
    settlement = population.settle(world.network, loaded.scenario.population, seed=1, base=loaded.base)
    made = days.usual(loaded, world.network, world.routes, settlement, seed=1)
    assert made.day * DAY == 0  # the scenario starts on a Monday
    return world, siting.Day(made.trips.vehicle, made.route, made.paths)


@pytest.mark.parametrize("maximise", ["trips", "vehicles"])
def test_five_hundred_cameras_on_eight_towns(benchmark, eight_towns, maximise):
    """From trips and routes to placed cameras, in less than half a minute; an agency of no town may use all roads."""
    world, day = eight_towns
    group = models.CameraGroup(agency="ICE", siting="flow_capture", count=K, maximise=maximise)
    spec = models.Cameras(groups=(group,), both_directions=0.0)
    network = world.network
    everywhere = {"towns_of": {}, "flow": np.ones(len(network.roads)), "seed": 1, "base": None, "day": lambda: day}
    placed = benchmark.pedantic(siting.place, args=(network, world.agencies, spec), kwargs=everywhere, rounds=1)
    chosen = placed.sites.road
    assert len(set(chosen.tolist())) == K
    marked = np.zeros(len(network.roads), np.bool_)
    marked[chosen] = True
    by_route = np.logical_or.reduceat(np.append(marked[day.paths.road], False), day.paths.first[:-1])
    by_route &= np.diff(day.paths.first) > 0
    trips = by_route[day.route]
    seen = int(trips.sum()) if maximise == "trips" else len(np.unique(day.vehicle[trips]))
    every = len(trips) if maximise == "trips" else len(np.unique(day.vehicle))
    assert f"see {seen:,} of the usual day's {every:,} {maximise}" in placed.told[0]
    if benchmark.stats:
        assert benchmark.stats.stats.min < LIMIT
        benchmark.extra_info["told"] = placed.told[0]
