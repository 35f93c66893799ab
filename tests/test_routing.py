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
    """A ring (so everything is joined) with shortcuts, parallel roads included."""
    n = draw(st.integers(2, 7))
    cost = st.integers(1, 5)
    ring = [(i, (i + 1) % n, draw(cost)) for i in range(n)]
    extra = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), cost), max_size=12))
    return network(n, ring + [(a, b, c) for a, b, c in extra if a != b])


@settings(deadline=None, derandomize=True)
@given(connected())
def test_every_route_is_a_way_and_no_way_is_quicker(world: Network):
    n, roads = len(world.junctions), world.roads
    origin, destination = (a.ravel().astype(np.int32) for a in np.meshgrid(np.arange(n), np.arange(n)))
    paths, route = routing.paths(routing.plan(world), origin, destination)
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
    routes = routing.plan(world, file=file, progress=done.append)
    again = routing.reopen(routes, file)
    origin, destination = np.array([0, 1, 0], np.int32), np.array([2, 1, 2], np.int32)
    paths, route = routing.paths(again, origin, destination)
    assert route[0] == route[2]
    assert [len(paths.road), len(paths.first)] == [2, 3]
    assert done[-1] == 1
    assert routing.plan(world).turns.tolist() == routes.turns.tolist()


def test_two_processes_find_the_same_trees(monkeypatch: pytest.MonkeyPatch):
    world = network(40, [(i, (i + 1) % 40, 1 + i % 3) for i in range(40)] + [(i, (i + 7) % 40, 5) for i in range(40)])
    monkeypatch.setattr(routing, "_SMALL", 0)
    monkeypatch.setattr(routing, "_CHUNK", 8)
    assert routing.plan(world, jobs=2).turns.tolist() == routing.plan(world).turns.tolist()


def test_a_pair_that_is_not_joined_is_an_error():
    world = network(3, [(0, 1, 1), (1, 0, 1), (2, 0, 1)])
    with pytest.raises(routing.RouteError, match="no way leads from junction 0 to junction 2"):
        routing.paths(routing.plan(world), np.array([0], np.int32), np.array([2], np.int32))


def test_a_junction_where_no_place_is_reached_is_an_error():
    world = network(3, [(0, 1, 1), (1, 2, 1), (2, 0, 1)])
    world = world._replace(places=world.places.take(np.array([0, 1])))
    with pytest.raises(routing.RouteError, match="junction 2 is no place's access"):
        routing.paths(routing.plan(world), np.array([0], np.int32), np.array([2], np.int32))
