from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import routing
from alprsim.tables import Junctions, Network, Places, Roads, Towns


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


NOBODY = routing.Demand(*(np.zeros(0, np.int32) for _ in range(3)))


def alone(world: Network, **more: object) -> routing.Routes:
    """Plan for one group on empty roads."""
    return routing.plan(world, NOBODY, groups=1, **more)[0]


def ways(routes: routing.Routes, origin: list[int] | np.ndarray, destination: list[int] | np.ndarray, group: int = 0):
    ends = np.array(origin, np.int32), np.array(destination, np.int32)
    return routing.paths(routes, *ends, np.full(len(ends[0]), group, np.int32))


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


def test_pairs_share_a_route_and_the_file_holds_the_same_trees(tmp_path: Path):
    world = network(3, [(0, 1, 1), (1, 2, 1), (2, 0, 1)])
    file = tmp_path / "turns.npy"
    done: list[float] = []
    routes = alone(world, file=file, progress=done.append)
    again = routing.reopen(routes, file)
    paths, route = ways(again, [0, 1, 0], [2, 1, 2])
    assert route[0] == route[2]
    assert [len(paths.road), len(paths.first)] == [2, 3]
    assert done[-1] == 1
    assert alone(world).turns.tolist() == routes.turns.tolist()


def test_two_processes_find_the_same_trees(monkeypatch: pytest.MonkeyPatch):
    world = network(40, [(i, (i + 1) % 40, 1 + i % 3) for i in range(40)] + [(i, (i + 7) % 40, 5) for i in range(40)])
    monkeypatch.setattr(routing, "_SMALL", 0)
    monkeypatch.setattr(routing, "_CHUNK", 8)
    assert alone(world, jobs=2).turns.tolist() == alone(world).turns.tolist()


def test_a_pair_that_is_not_joined_is_an_error():
    world = network(3, [(0, 1, 1), (1, 0, 1), (2, 0, 1)])
    with pytest.raises(routing.RouteError, match="no way leads from junction 0 to junction 2"):
        ways(alone(world), [0], [2])


def test_a_junction_where_no_place_is_reached_is_an_error():
    world = network(3, [(0, 1, 1), (1, 2, 1), (2, 0, 1)])
    world = world._replace(places=world.places.take(np.array([0, 1])))
    with pytest.raises(routing.RouteError, match="junction 2 is no place's access"):
        ways(alone(world), [0], [2])


def test_groups_spread_over_the_ways_when_one_cannot_carry_all():
    """Two ways from 0 to 3, the second a little longer: the first group alone would fill the first way."""
    world = network(4, [(0, 1, 1000), (1, 3, 1000), (0, 2, 1100), (2, 3, 1100), (3, 0, 1000)])
    crowd = routing.Demand(
        np.zeros(5400, np.int32), np.full(5400, 3, np.int32), np.repeat([7, 8], 2700).astype(np.int32)
    )
    routes, busiest = routing.plan(world, crowd, groups=2)
    assert sorted(busiest.tolist()) == [0, 1350, 1350, 1350, 1350]
    first, second = (world.roads.head[ways(routes, [0], [3], group)[0].road].tolist() for group in (0, 1))
    assert (first, second) == ([1, 3], [2, 3])
    nobody, _ = routing.plan(world, NOBODY, groups=2)
    assert nobody.turns[: len(nobody.turns) // 2].tolist() == nobody.turns[len(nobody.turns) // 2 :].tolist()


def test_congestion_is_that_of_the_bureau_of_public_roads():
    roads = network(2, [(0, 1, 1000), (1, 0, 1000)]).roads
    at_capacity = 3_600_000 / 2000  # vehicles an hour, 2 s apart
    assert routing.congested(roads, np.array([at_capacity, 0.0])).tolist() == [1150, 1000]


def test_drivers_are_dealt_evenly_and_for_good():
    keys = np.arange(4000, dtype=np.uint64)
    groups = routing.group_of(keys, 4)
    assert np.bincount(groups).min() > 900
    assert groups[17] == routing.group_of(keys[17:18], 4)[0]
