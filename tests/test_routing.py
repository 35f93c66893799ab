import os
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import routing
from alprsim.randomness import below, draw, stream
from alprsim.routing import _choice, _kept, _trees
from alprsim.scenario import models
from alprsim.tables import Flows, Junctions, Network, Places, Roads, Towns


def network(n: int, links: list[tuple[int, int, int]]) -> Network:
    """Build a network of n junctions, a place at each, from (tail, head, crossing ms)."""
    links = sorted(links)
    tail, head, crossing = (np.array(column) for column in zip(*links, strict=True))
    m = len(links)
    roads = Roads.of(
        tail=tail, head=head, length=np.full(m, 100.0), crossing=crossing, lanes=np.ones(m), headway=np.full(m, 2000),
        room=np.full(m, 10), wave=np.full(m, 20_000), kind=np.full(m, 6),
    )  # fmt: skip
    zeros = np.zeros(n)
    junctions = Junctions.of(osm_id=np.arange(n), x=zeros, y=zeros, town=zeros)
    places = Places.of(junction=np.arange(n), kind=zeros, weight=zeros + 1, town=zeros)
    towns = Towns.of(name=["T"], x=[0.0], y=[0.0], population=[1], listed=[1])
    return Network(junctions, roads, places, towns, "EPSG:6433", "", generated=True)


@st.composite
def connected(draw: st.DrawFn) -> Network:
    """Draw a ring (so everything is joined) with shortcuts, parallel roads included."""
    n = draw(st.integers(2, 7))
    cost = st.integers(1, 5)
    ring = [(i, (i + 1) % n, draw(cost)) for i in range(n)]
    extra = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), cost), max_size=12))
    return network(n, ring + [(a, b, c) for a, b, c in extra if a != b])


HOUR = 3600


def demand(origin=(), destination=(), depart=(), key=None):
    """Return trips, each of another driver."""
    ends = (np.array(column, np.int32) for column in (origin, destination, depart))
    return routing.Demand(*ends, np.arange(len(origin), dtype=np.uint64) if key is None else key)


NOBODY = demand()


def spec(**keys: object) -> models.RouteChoice:
    return models.RouteChoice(**{"alternatives": 1, "noise": 0.0, **keys})


def alone(world: Network, **more: object) -> routing.Routes:
    """Plan for one alternative on empty roads."""
    return routing.plan(world, NOBODY, spec(), **more).routes


def ways(routes: routing.Routes, origin, destination, alternative=0, depart=0):
    ends = np.array(origin, np.int32), np.array(destination, np.int32)
    who, when = (np.full(len(ends[0]), value, np.int32) for value in (alternative, depart))
    return routing.paths(routes, *ends, who, when)


def turns(routes: routing.Routes) -> list:
    return [(np.load(trees) if isinstance(trees, Path) else trees).tolist() for trees in routes.sets]


@settings(deadline=None, derandomize=True)
@given(connected())
def test_every_route_is_a_way_and_no_way_is_quicker(world: Network):
    n, roads = len(world.junctions), world.roads
    origin, destination = (a.ravel().astype(np.int32) for a in np.meshgrid(np.arange(n), np.arange(n)))
    paths, route = ways(alone(world), origin, destination)
    graph = nx.DiGraph()
    for tail, head, cost in zip(roads.tail, roads.head, roads.crossing, strict=True):
        if not graph.has_edge(tail, head) or graph.edges[tail, head]["cost"] > cost:
            graph.add_edge(tail, head, cost=int(cost))
    best = dict(nx.all_pairs_dijkstra_path_length(graph, weight="cost"))
    for a, b, r in zip(origin, destination, route, strict=True):
        driven = paths.road[paths.first[r] : paths.first[r + 1]]
        assert int(roads.crossing[driven].sum()) == best[a][b]
        stops = [a, *roads.head[driven]]
        assert [*roads.tail[driven], b] == stops


def test_pairs_share_a_route_and_files_hold_the_same_trees(tmp_path: Path):
    world = network(3, [(0, 1, 1), (1, 2, 1), (2, 0, 1)])
    done: list[float] = []
    routes = alone(world, folder=tmp_path, progress=done.append)
    paths, route = ways(routes, [0, 1, 0], [2, 1, 2])
    assert route[0] == route[2]
    assert [len(paths.road), len(paths.first)] == [2, 3]
    assert done[-1] == 1
    assert turns(routes) == turns(alone(world))
    assert [file.name for file in tmp_path.iterdir()] == ["turns-0.npy"]


def test_two_processes_find_the_same_trees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    world = network(40, [(i, (i + 1) % 40, 1 + i % 3) for i in range(40)] + [(i, (i + 7) % 40, 5) for i in range(40)])
    monkeypatch.setattr(_trees, "_SMALL", 0)
    monkeypatch.setattr(_trees, "_CHUNK", 8)
    done: list[float] = []
    two = routing.plan(
        world, NOBODY, spec(alternatives=2, noise=0.3), folder=tmp_path, jobs=2, progress=done.append
    ).routes
    one = routing.plan(world, NOBODY, spec(alternatives=2, noise=0.3)).routes
    assert turns(two) == turns(one)
    assert turns(one)[0] != turns(one)[1]
    assert done == sorted(done)
    assert done[-1] == 1


def test_a_pair_that_is_not_joined_is_an_error():
    world = network(3, [(0, 1, 1), (1, 0, 1), (2, 0, 1)])
    with pytest.raises(routing.RouteError, match="no way leads from junction 0 to junction 2"):
        ways(alone(world), [0], [2])


def test_trips_to_where_no_road_leads_are_an_error_before_anything_is_driven():
    world = network(4, [(0, 1, 1), (1, 0, 1), (2, 3, 1), (3, 2, 1)])
    with pytest.raises(routing.RouteError, match="no way leads from junction 0 to junction 3"):
        routing.plan(world, demand([0, 2], [3, 3], [0, 0]), spec(), drive=by_volume(world))


def test_a_junction_with_more_exits_than_a_byte_numbers_is_an_error():
    star = [(0, i, 1) for i in range(1, 129)] + [(i, 0, 1) for i in range(1, 129)]
    with pytest.raises(routing.RouteError, match="junction 0 has 128 exits; at most 127"):
        alone(network(129, star))
    assert len(ways(alone(network(128, star[:127] + star[128:-1])), [5], [127])[0].road) == 2


def test_a_day_without_trips_has_no_gap():
    world = two_ways()
    nothing = routing.plan(world, NOBODY, spec(), drive=by_volume(world)).assignment
    assert nothing.gap == (0.0,)
    assert nothing.converged


def test_a_junction_where_no_place_is_reached_is_an_error():
    world = network(3, [(0, 1, 1), (1, 2, 1), (2, 0, 1)])
    world = world._replace(places=world.places.take(np.array([0, 1])))
    with pytest.raises(routing.RouteError, match="junction 2 is no place's access"):
        ways(alone(world), [0], [2])


# --- choosing ---------------------------------------------------------------------------------------------------------


def two_ways(second=1100):
    """Two ways from 0 to 3, by 1 and by 2, the second a little longer."""
    return network(4, [(0, 1, 1000), (1, 3, 1000), (0, 2, second), (2, 3, second), (3, 0, 1000)])


def crowd(n=800, hour=4):
    """From 0 to 3, in one hour of the clock."""
    return demand([0] * n, [3] * n, [((hour - 4) % 24) * HOUR] * n)


def by_key(trips):
    """Return the trips as ``choose`` takes them."""
    return trips.key, trips.origin, trips.destination, trips.depart


def via(world, routes, alternative=0, depart=0):
    """Return the junction by which an alternative leads from 0 to 3."""
    paths, route = ways(routes, [0], [3], alternative, depart)
    return int(world.roads.head[paths.road[paths.first[route[0]]]])


def by_volume(world, slope=1.0):
    """Drive a day in which a road takes 1 ms × slope longer for each vehicle of the day that takes it, in its hours."""

    def drive(busiest, paths, route):
        trips = np.bincount(route, minlength=len(paths.first) - 1)
        way = np.repeat(np.arange(len(trips)), np.diff(paths.first))
        volume = np.bincount(paths.road, weights=trips[way], minlength=len(world.roads))
        time = np.repeat(world.roads.crossing + np.rint(slope * volume), 96)
        return Flows.of(vehicles=np.repeat(volume, 96), time=time)

    return drive


def test_all_start_on_the_quickest_way_of_empty_roads_and_some_leave_it_when_it_is_full():
    world = two_ways()
    free = routing.plan(world, crowd(), spec(alternatives=8))
    assert free.busiest.tolist() == [800, 0, 800, 0, 0]
    assert free.assignment.converged is None
    chosen = routing.plan(world, crowd(), spec(alternatives=8, gap=0.05, iterations=20), drive=by_volume(world))
    gap = chosen.assignment.gap
    assert gap[0] == pytest.approx((2 * 1800 - 2 * 1100) / (2 * 1100))
    assert gap[-1] <= 0.05 < min(gap[:-1])
    assert chosen.assignment.converged
    assert chosen.assignment.perceived == gap
    assert {via(world, chosen.routes, group) for group in range(8)} == {1, 2}


def test_drivers_spread_as_wardrop_says():
    """Times are equal where 1000 + v/4 = 1100 + (3200 − v)/4: 1800 by the first; an alternative is a hundred drivers."""
    world = two_ways()
    keys = spec(alternatives=32, gap=0.005, iterations=40)
    chosen = routing.plan(world, crowd(3200), keys, drive=by_volume(world, slope=0.25))
    first = sum(via(world, chosen.routes, way) == 1 for way in routing.choose(chosen.routes, *by_key(crowd(3200))))
    assert abs(first - 1800) < 100
    assert chosen.assignment.converged
    hasty = routing.plan(world, crowd(), spec(alternatives=8, gap=0, iterations=3), drive=by_volume(world)).assignment
    assert not hasty.converged
    assert len(hasty.gap) == 4


def test_a_quarter_chooses_anew_then_a_fifth():
    world = two_ways()
    shares = []

    def drive(busiest, paths, route):
        """Let the first way be full whatever happens."""
        shares.append((world.roads.head[paths.road[paths.first[route]]] == 1).mean())
        time = np.where(world.roads.head == 1, 9000, world.roads.crossing)
        return Flows.of(vehicles=np.zeros(len(time) * 96), time=np.repeat(time, 96))

    routing.plan(world, crowd(8000), spec(alternatives=64, gap=0, iterations=5), drive=drive)
    assert shares == pytest.approx(np.cumsum([1, -1 / 4, -1 / 5, -1 / 6, -1 / 7, -1 / 8]).tolist(), abs=0.1)
    assert shares == sorted(shares, reverse=True)
    place = _choice._places_in_turn(3, np.array([7, 9]))
    assert sorted(place.ravel().tolist()) == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6])


@pytest.mark.parametrize("in_files", [False, True])
def test_a_step_that_locks_the_streets_up_is_taken_back(tmp_path: Path, in_files):
    world = two_ways()
    days = []

    def drive(busiest, paths, route):
        """On the third day the second way is blocked for those who had just come to it."""
        flows = by_volume(world)(busiest, paths, route)
        days.append(flows)
        blocked = np.repeat((world.roads.head == 2) & (len(days) == 3), 96)
        return Flows(vehicles=flows.vehicles, time=np.where(blocked, 10**6, flows.time).astype(np.int32))

    def chosen(iterations):
        days.clear()
        keys = spec(alternatives=8, gap=0, iterations=iterations, periods=(0, 12))
        return routing.plan(world, crowd(), keys, drive=drive, folder=tmp_path if in_files else None)

    one = chosen(1)
    before, gap = turns(one.routes), one.assignment.gap
    two = chosen(2)
    assert turns(two.routes) == before
    assert two.assignment.taken_back == 1
    assert two.assignment.gap == (*gap, gap[-1])
    assert one.assignment.taken_back == 0


def test_ways_differ_by_the_period_of_departure():
    world = two_ways()

    def full_in_the_morning(busiest, paths, route):
        time = np.repeat(world.roads.crossing[:, None], 96, axis=1)
        time[world.roads.head == 1, 8:24] = 9000  # 06:00 to 10:00
        return Flows.of(vehicles=np.zeros(time.size), time=time.ravel())

    morning = spec(alternatives=1, gap=0.01, iterations=9, periods=(6, 10))  # by the ninth time everybody had a turn
    chosen = routing.plan(world, crowd(hour=8), morning, drive=full_in_the_morning)
    hours = [4, 5, 6, 9, 10, 23, 24 + 3]
    assert [via(world, chosen.routes, depart=(hour - 4) * HOUR) for hour in hours] == [1, 1, 2, 2, 1, 1, 1]
    assert via(world, chosen.routes, depart=11 * 24 * HOUR + 3 * HOUR) == 2  # any day
    assert chosen.assignment.gap[0] > 1
    assert chosen.assignment.gap[-1] == 0


def test_there_is_a_file_an_alternative_and_period_and_no_other(tmp_path: Path):
    world = two_ways()
    keys = spec(alternatives=2, gap=0, iterations=4, periods=(6, 18))
    chosen = routing.plan(world, crowd(), keys, drive=by_volume(world), folder=tmp_path)
    assert sorted(chosen.routes.sets) == sorted(tmp_path.iterdir())
    assert len(chosen.routes.sets) == 2 * 2
    assert turns(chosen.routes) == turns(routing.plan(world, crowd(), keys, drive=by_volume(world)).routes)


def test_the_gap_is_of_a_sample_that_does_not_change(monkeypatch: pytest.MonkeyPatch):
    world = two_ways()
    whole = routing.plan(world, crowd(), spec(gap=1), drive=by_volume(world)).assignment
    monkeypatch.setattr(_choice, "_SAMPLE", 50)
    assert routing.plan(world, crowd(), spec(gap=1), drive=by_volume(world)).assignment == whole


# --- perception -------------------------------------------------------------------------------------------------------


def test_noise_makes_the_alternatives_of_a_pair_different_ways():
    world = two_ways(second=1000)
    routes = routing.plan(world, NOBODY, spec(alternatives=16, noise=0.1)).routes
    taken = [via(world, routes, group) for group in range(16)]
    assert set(taken) == {1, 2}
    assert taken == [via(world, routes, group, depart=40 * HOUR) for group in range(16)]
    quiet = routing.plan(world, NOBODY, spec(alternatives=16)).routes
    assert len({via(world, quiet, group) for group in range(16)}) == 1


def test_what_a_road_is_taken_to_last_has_the_mean_and_spread_asked_for():
    """Of a ten minutes' road: mean 0, deviation 20 % of it; of ten roads of a minute, the same together."""
    n = 3000
    one = network(n, [(i, (i + 1) % n, 600_000) for i in range(n)])
    ten = network(n, [(i, (i + 1) % n, 60_000) for i in range(n)])
    error = _choice.habit(one, 0, 0.2) / 600_000
    assert error.mean() == pytest.approx(0, abs=0.01)
    assert error.std() == pytest.approx(0.2, rel=0.05)
    together = _choice.habit(ten, 0, 0.2).reshape(-1, 10).sum(axis=1) / 600_000
    assert together.std() == pytest.approx(0.2, rel=0.12)
    assert (one.roads.crossing + _choice.habit(one, 0, 0.2)).min() >= 0
    assert not _choice.habit(one, 0, 0).any()


def test_an_error_is_the_roads_both_ways_and_the_alternatives_own():
    world = network(3, [(0, 1, 500), (1, 0, 500), (1, 2, 500), (2, 1, 500), (2, 0, 500), (0, 2, 500)])
    error = {group: _choice.habit(world, group, 0.1) for group in (0, 1)}
    by_ends = {}
    for tail, head, value in zip(world.roads.tail, world.roads.head, error[0].tolist(), strict=True):
        by_ends.setdefault(frozenset((int(tail), int(head))), set()).add(value)
    assert [len(values) for values in by_ends.values()] == [1, 1, 1]
    assert error[0].tolist() != error[1].tolist()


def test_the_perceived_gap_forgives_what_the_noise_does():
    world = two_ways()
    keys = spec(alternatives=8, noise=0.3, gap=1e-3)
    free = routing.plan(world, crowd(), keys, drive=by_volume(world, slope=0.0)).assignment
    assert free.gap[0] > 0.01
    assert len(free.perceived) == 1
    assert 0 <= free.perceived[0] < 1e-3  # what bytes round
    assert free.converged


def test_alternatives_by_the_same_roads_share_a_route():
    world = two_ways()
    routes = routing.plan(world, NOBODY, spec(alternatives=3)).routes
    ends = (np.array([row] * 3, np.int32) for row in (0, 3))
    paths, route = routing.paths(routes, *ends, np.arange(3, dtype=np.int32), np.zeros(3, np.int32))
    assert route.tolist() == [0, 0, 0]
    assert paths.first.tolist() == [0, 2]


@settings(deadline=None, derandomize=True)
@given(connected(), st.integers(0, 5))
def test_every_alternatives_routes_are_its_own_trees(world: Network, seed: int):
    """Whatever is shared, each trip drives the roads that its own alternative's tree says."""
    routes = routing.plan(world, NOBODY, spec(alternatives=3, noise=0.9)).routes
    n = len(world.junctions)
    origin, destination, group = (
        below(draw(stream(seed, part), np.arange(20)), most).astype(np.int32)
        for part, most in (("origin", n), ("destination", n), ("group", 3))
    )
    paths, route = routing.paths(routes, origin, destination, group, np.zeros(20, np.int32))
    seen = set()
    for a, b, g, r in zip(origin, destination, group, route, strict=True):
        expected, here = [], a
        while here != b:
            road = routes.streets.first_road[here] + routes.sets[g][routes.streets.tree[b], here]
            expected.append(int(road))
            here = world.roads.head[road]
        assert paths.road[paths.first[r] : paths.first[r + 1]].tolist() == expected
        seen.add((int(a), int(b), tuple(expected)))
    assert len(paths.first) - 1 == len(seen)


# --- plans kept -------------------------------------------------------------------------------------------------------


def kept(tmp_path, world):
    """Plan in files and keep it; return the cache and the plan."""
    made = tmp_path / "made"
    made.mkdir()
    keys = spec(alternatives=3, noise=0.5, gap=0, iterations=2)
    chosen = routing.plan(world, crowd(), keys, drive=by_volume(world), folder=made)
    cache = routing.Cache(tmp_path / "cache")
    cache.keep("abc", chosen)
    return cache, chosen


def test_a_kept_plan_is_the_same_plan(tmp_path: Path):
    world = two_ways()
    cache, chosen = kept(tmp_path, world)
    again = cache.take("abc", world, tmp_path)
    assert again.assignment == chosen.assignment
    assert again.busiest.tolist() == chosen.busiest.tolist()
    assert again.routes.in_force.tolist() == chosen.routes.in_force.tolist()
    assert turns(again.routes) == turns(chosen.routes)
    choices = [routing.choose(plan.routes, *by_key(crowd())).tolist() for plan in (again, chosen)]
    assert choices[0] == choices[1]
    assert len(set(choices[0])) > 1
    assert cache.take("abd", world, tmp_path) is None
    assert [folder.name for folder in (tmp_path / "cache").iterdir()] == ["abc"]


def test_a_plan_that_was_written_over_or_cut_off_is_made_anew(tmp_path: Path):
    world = two_ways()
    cache, _ = kept(tmp_path, world)
    other = network(3, [(0, 1, 1), (1, 2, 1), (2, 0, 1)])
    assert cache.take("abc", other, tmp_path) is None
    for name in ("turns-0.npy", "compared-3.npy"):
        file = tmp_path / "cache" / "abc" / name
        whole = file.read_bytes()
        file.unlink()
        assert cache.take("abc", world, tmp_path) is None
        file.write_bytes(whole[:-1])
        assert cache.take("abc", world, tmp_path) is None
        file.write_bytes(whole)
        assert cache.take("abc", world, tmp_path)


def test_a_new_plan_does_not_write_into_a_kept_one(tmp_path: Path):
    world = two_ways()
    cache, _ = kept(tmp_path, world)
    linked = cache.take("abc", world, tmp_path)
    before = turns(linked.routes)
    routing.plan(two_ways(second=10), NOBODY, spec(alternatives=3), folder=tmp_path)
    (tmp_path / "fresh").mkdir()
    assert turns(cache.take("abc", world, tmp_path / "fresh").routes) == before


def test_an_interrupted_keeping_leaves_no_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = two_ways()
    _, chosen = kept(tmp_path, world)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    cache = routing.Cache(tmp_path / "small")
    cache.keep("abc", chosen)
    assert cache.take("abc", world, tmp_path) is None
    assert list((tmp_path / "small").iterdir()) == []


def test_the_plans_used_longest_ago_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = two_ways()
    cache, chosen = kept(tmp_path, world)
    size = sum(file.stat().st_size for file in (tmp_path / "cache" / "abc").iterdir())
    monkeypatch.setattr(_kept, "MOST_BYTES", 2 * size + size // 2)
    for age, key in enumerate(["abe", "abd", "abc"]):
        cache.keep(key, chosen)
        os.utime(tmp_path / "cache" / key, (1000 - age, 1000 - age))
    cache.take("abc", world, tmp_path)  # now it is the last used
    cache.keep("abf", chosen)
    assert sorted(folder.name for folder in (tmp_path / "cache").iterdir()) == ["abc", "abf"]


def test_where_files_cannot_have_two_names_they_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    world = two_ways()
    cache, chosen = kept(tmp_path, world)
    assert turns(cache.take("abc", world, tmp_path).routes) == turns(chosen.routes)


def test_all_that_decides_a_plan_is_in_its_digest():
    columns = [np.arange(3, dtype=np.int32), np.arange(2, dtype=np.int64)]
    digests = {
        routing.digest("keys", columns),
        routing.digest("keyz", columns),
        routing.digest("keys", columns[:1]),
        routing.digest("keys", [columns[0], columns[1] + 1]),
        routing.digest("keys", [columns[0], columns[1].astype(np.int32)]),
    }
    assert len(digests) == 5
    assert routing.digest("keys", columns) in digests
    for module in _kept._DECIDE:
        assert (_kept._PACKAGE / module).is_dir() or (_kept._PACKAGE / f"{module}.py").is_file()
