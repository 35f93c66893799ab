"""Which of a pair's alternatives a driver takes, beside a plain twin, and what theory says of many drivers."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import routing
from alprsim.kernels import alternatives as kernels
from alprsim.randomness import draw
from alprsim.routing import _drivers
from tests import naive_routes as naive
from tests.test_routing import HOUR, NOBODY, by_volume, connected, crowd, demand, network, spec, two_ways, via


def planned(world, **keys):
    return routing.plan(world, NOBODY, spec(**{"alternatives": 3, "noise": 0.9, **keys})).routes


def taken(routes, origin, destination, key=None, depart=0):
    ends = [np.asarray(end, np.int32) for end in np.broadcast_arrays(origin, destination)]
    key = np.arange(len(ends[0]), dtype=np.uint64) if key is None else np.asarray(key, np.uint64)
    return routing.choose(routes, key, *ends, np.full(len(key), depart, np.int32))


def roads_of(world):
    return list(zip(world.roads.tail.tolist(), world.roads.head.tolist(), world.roads.crossing.tolist(), strict=True))


def every_pair(n):
    destination, origin = (a.ravel().astype(np.int32) for a in np.mgrid[:n, :n])
    return origin, destination


@settings(deadline=None, derandomize=True)
@given(connected(), st.data())
def test_alternatives_are_weighed_as_the_plain_twin_does(world, data):
    """Also where a tree leads nowhere from some junctions on, and by costs that the trees were not grown by."""
    routes, n, roads = planned(world), len(world.junctions), roads_of(world)
    sets = [trees.copy() for trees in routes.sets]
    for trees in sets:
        trees[:, data.draw(st.lists(st.integers(0, n - 1), max_size=2))] = -1
    cost = np.array(data.draw(st.lists(st.integers(1, 5), min_size=len(roads), max_size=len(roads))), np.int32)
    origin, destination = every_pair(n)
    excess, apart = _drivers.weigh(routes.streets, sets, cost, destination, origin)
    for pair, (start, end) in enumerate(zip(origin.tolist(), destination.tolist(), strict=True)):
        ways = [naive.route(trees[end][routes.streets.column], roads, start, end) for trees in sets]
        expected = naive.weighed(ways, cost.tolist())
        assert list(zip(excess[pair].tolist(), apart[pair].tolist(), strict=True)) == expected


WEIGHTS = st.lists(st.one_of(st.just((-1, -1)), st.tuples(st.integers(0, 400), st.integers(1, 2000))), max_size=4)


def word(code):
    if code >= kernels.QUICKEST:
        return "quickest" if code == kernels.QUICKEST else "never"
    return code % kernels.LEVELS, code // kernels.LEVELS


@settings(deadline=None, derandomize=True)
@given(WEIGHTS, st.integers(0, 4), st.integers(0, 99))
def test_a_byte_tells_what_matters_and_the_driver_takes_what_the_plain_twin_takes(others, place, driver):
    weights = [*others[:place], (0, 0), *others[place:]]
    excess, apart = (np.array([column], np.int32) for column in zip(*weights, strict=True))
    codes = _drivers.packed(excess, apart, 0.01)
    words = [word(int(code)) for code in codes[0]]
    assert words == naive.told(weights, 0.01 * math.sqrt(600_000))
    streets = planned(two_ways()).streets
    who, ends = np.array([driver], np.uint64), (np.array([0], np.int32), np.array([3], np.int32))
    errors = _drivers.errors(streets, who, *ends, len(weights))[0].tolist()
    found = _drivers.preferred(streets, codes, np.zeros(1, np.int64), who, *ends)
    assert found.tolist() == [naive.taken(words, errors)]


def test_where_no_alternative_leads_the_first_is_taken_and_found_to_lead_nowhere():
    world = network(3, [(0, 1, 1), (1, 0, 1), (2, 0, 1)])
    routes = planned(world)
    assert taken(routes, [0], [2]).tolist() == [0]
    with pytest.raises(routing.RouteError, match="no way leads from junction 0 to junction 2"):
        routing.paths(routes, *(np.array([at], np.int32) for at in (0, 2, 0, 0)))
    world = world._replace(places=world.places.take(np.array([0, 1])))
    with pytest.raises(routing.RouteError, match="junction 2 is no place's access"):
        taken(planned(world), [0], [2])


def test_errors_are_standard_normal_the_drivers_own_and_the_same_there_and_back():
    world = two_ways()
    streets = planned(world).streets
    n = 4000
    key, zero, three = np.arange(n, dtype=np.uint64), np.zeros(n, np.int32), np.full(n, 3, np.int32)
    out = _drivers.errors(streets, key, zero, three, 4)
    assert out.mean() == pytest.approx(0, abs=0.03)
    assert out.std() == pytest.approx(1, abs=0.02)
    assert np.abs(np.corrcoef(out.T) - np.eye(4)).max() < 0.05
    assert np.array_equal(out, _drivers.errors(streets, key, three, zero, 4))
    assert np.abs(np.corrcoef(out[:, 0], _drivers.errors(streets, key, zero, zero + 1, 4)[:, 0])[0, 1]) < 0.05
    bits = draw(_drivers._BASE, key[:1], 0, 3)
    assert out[0, 2] == np.float64(_drivers.DEVIATE[draw(bits, 2) >> np.uint64(52)])[0]


def ladder(*seconds):
    """Return ways from junction 0 to 1, each over a junction of its own, that last so long."""
    links = [(0, 2 + i, 500 * s) for i, s in enumerate(seconds)] + [(2 + i, 1, 500 * s) for i, s in enumerate(seconds)]
    return network(2 + len(seconds), [*links, (1, 0, 1000)])


def shares(world, drivers=20_000, **keys):
    """Return the share of drivers from 0 to 1 by each first junction."""
    routes = planned(world, alternatives=64, **keys)
    zero = np.zeros(drivers, np.int32)
    paths, route = routing.paths(routes, zero, zero + 1, taken(routes, zero, 1), zero)
    return np.bincount(world.roads.head[paths.road[paths.first[route]]], minlength=len(world.junctions))[2:] / drivers


@pytest.mark.parametrize(("second", "noise"), [(600, 0.05), (630, 0.05), (630, 0.1), (660, 0.1), (660, 0.4)])
def test_drivers_of_one_pair_split_between_two_ways_by_probit(second, noise):
    """By Φ of the difference over its error's deviation (Daganzo and Sheffi 1977), however many alternatives are the same way.

    Bytes round it by 0.8 points of a hundred at most.
    """
    ahead = (second - 600) / (noise * math.sqrt(600 * (600 + second)))
    theory = 0.5 * (1 + math.erf(ahead / math.sqrt(2)))
    assert shares(ladder(600, second), noise=noise)[0] == pytest.approx(theory, abs=0.02)


def test_three_ways_alike_are_taken_alike():
    assert shares(ladder(600, 600, 600), noise=0.05) == pytest.approx([1 / 3] * 3, abs=0.02)


def test_of_ways_that_share_roads_only_the_rest_is_misjudged():
    """Ten minutes shared, then 60 or 66 s: as if there were nothing before."""
    tail = [(2, 3, 30_000), (3, 1, 30_000), (2, 4, 33_000), (4, 1, 33_000), (1, 0, 1000)]
    long, short = network(5, [(0, 2, 600_000), *tail]), network(5, [(0, 2, 1), *tail])
    split = []
    for world in (long, short):
        routes = planned(world, alternatives=64, noise=0.1)
        zero = np.zeros(20_000, np.int32)
        paths, route = routing.paths(routes, zero, zero + 1, taken(routes, zero, 1), zero)
        split.append((world.roads.head[paths.road[paths.first[route] + 1]] == 3).mean())
    theory = 0.5 * (1 + math.erf(6 / (0.1 * math.sqrt(600 * 126)) / math.sqrt(2)))
    assert split == pytest.approx([theory, theory], abs=0.03)


def test_a_way_nearly_the_quickest_ones_twin_takes_little_from_a_third():
    """Two ways of 600 s share all but 4 s; a third takes as long: nearly a half takes it, not a third."""
    links = [(0, 2, 598_000), (2, 1, 2000), (2, 3, 1000), (3, 1, 1000), (0, 4, 300_000), (4, 1, 300_000), (1, 0, 1000)]
    world = network(5, links)
    routes = planned(world, alternatives=64, noise=0.1)
    zero = np.zeros(20_000, np.int32)
    paths, route = routing.paths(routes, zero, zero + 1, taken(routes, zero, 1), zero)
    third = (world.roads.head[paths.road[paths.first[route]]] == 4).mean()
    assert third == pytest.approx(0.5, abs=0.05)


def test_a_driver_takes_one_way_on_all_days_whoever_else_drives():
    world = ladder(600, 610, 620)
    routes = planned(world, alternatives=8, noise=0.1)
    zero = np.zeros(500, np.int32)
    all_of_them = taken(routes, zero, 1)
    assert len(np.unique(all_of_them)) > 1
    assert np.array_equal(taken(routes, zero, 1, depart=40 * 24 * HOUR), all_of_them)
    assert taken(routes, zero[:3], 1, key=[7, 400, 12]).tolist() == all_of_them[[7, 400, 12]].tolist()


def test_without_noise_drivers_are_dealt_evenly_and_for_good():
    routes = planned(two_ways(), alternatives=4, noise=0.0)
    assert routes.compared == ()
    zero = np.zeros(4000, np.int32)
    dealt = taken(routes, zero, 3)
    assert np.bincount(dealt).min() > 900
    assert taken(routes, zero[:1], 3, key=[17]).tolist() == [dealt[17]]


def test_those_who_planned_take_what_they_would_take_by_the_plan():
    """The bytes that are kept for any trip make the choices that the last day was driven by."""
    world, trips = ladder(600, 610), demand([0] * 900, [1] * 900, [9 * HOUR] * 600 + [15 * HOUR] * 300)
    driven = []

    def drive(busiest, paths, route):
        driven[:] = [world.roads.head[paths.road[paths.first[route]]].tolist()]
        return by_volume(world, slope=50.0)(busiest, paths, route)

    keys = spec(alternatives=4, noise=0.1, gap=0.0, iterations=5, periods=(6, 18))
    routes = routing.plan(world, trips, keys, drive=drive).routes
    choice = routing.choose(routes, trips.key, trips.origin, trips.destination, trips.depart)
    paths, route = routing.paths(routes, trips.origin, trips.destination, choice, trips.depart)
    assert len(routes.compared) == 2
    assert world.roads.head[paths.road[paths.first[route]]].tolist() == driven[0]
    assert len(set(driven[0])) == 2


def test_files_and_threads_compare_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = network(40, [(i, (i + 1) % 40, 1 + i % 3) for i in range(40)] + [(i, (i + 7) % 40, 5) for i in range(40)])
    monkeypatch.setattr(_drivers, "_CHUNK", 3)
    keys = spec(alternatives=3, noise=0.5)
    files = routing.plan(world, NOBODY, keys, folder=tmp_path, jobs=3).routes.compared
    memory = routing.plan(world, NOBODY, keys).routes.compared
    assert [file.name for file in files] == ["compared-0.npy"]
    assert np.array_equal(np.load(files[0]), memory[0])
    assert len(np.unique(memory[0])) > 2


def test_drivers_of_a_full_street_leave_it_by_what_they_expect():
    """With noise, drivers choose by the mean of the days so far: more leave, the longer it lasts."""
    world = two_ways(second=1000)
    quiet = routing.plan(world, crowd(), spec(alternatives=8, noise=0.1, gap=0.0, iterations=0), drive=by_volume(world))
    full = spec(alternatives=8, noise=0.1, gap=0.0, iterations=8)
    busy = routing.plan(world, crowd(), full, drive=by_volume(world, slope=50.0))
    assert quiet.assignment.perceived[-1] >= 0
    assert busy.assignment.perceived[-1] < busy.assignment.perceived[0]
    assert {via(world, busy.routes, way) for way in range(8)} == {1, 2}
