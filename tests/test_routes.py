"""The route kernels against their plain twins, on streets with dead ends, one-way roads and parallel roads."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import routes
from tests import naive_routes as naive


@st.composite
def streets(draw):
    """Draw n junctions, roads by tail, and destinations."""
    n = draw(st.integers(1, 6))
    junction = st.integers(0, n - 1)
    roads = draw(st.lists(st.tuples(junction, junction, st.integers(1, 3)), max_size=14))
    return n, sorted((a, b, c) for a, b, c in roads if a != b), draw(st.lists(junction, min_size=1, max_size=3))


@settings(deadline=None, derandomize=True)
@given(streets())
def test_route_kernels_agree_with_their_twins(drawn):
    n, roads, destinations = drawn
    tail, head, cost = (np.array([road[part] for road in roads], np.int32) for part in range(3))
    first_road = np.searchsorted(tail, np.arange(n + 1)).astype(np.int64)
    toward = [naive.toward(roads, n, destination) for destination in destinations]
    turns = np.full((len(toward) + 2, n), 99, np.int8)
    routes.next_turns(np.array(toward, np.int32), first_road, head, cost, 1, turns)
    expected = naive.next_turns(toward, roads, n)
    assert turns[1:-1].tolist() == expected
    assert (turns[[0, -1]] == 99).all()

    pairs = [(tree, origin) for tree in range(len(destinations)) for origin in range(n)]
    driven = [naive.route(expected[tree], roads, origin, destinations[tree]) for tree, origin in pairs]
    tree, origin = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    ends = np.array(destinations, np.int32)[tree]
    count = np.full(len(pairs), -1, np.int32)
    lost = routes.count_roads(turns, first_road, head, tree + np.int32(1), origin, ends, count)
    assert lost == (driven.index(None) if None in driven else -1)
    arriving = [number for number, way in enumerate(driven) if way is not None]
    tree, origin, ends = tree[arriving] + np.int32(1), origin[arriving], ends[arriving]
    count = np.full(len(arriving), -1, np.int32)
    assert routes.count_roads(turns, first_road, head, tree, origin, ends, count) == -1
    ways = [driven[number] for number in arriving]
    assert count.tolist() == [len(way) for way in ways]
    first = np.concatenate([[0], np.cumsum(count, dtype=np.int64)])
    road = np.full(first[-1], -1, np.int32)
    routes.fill_roads(turns, first_road, head, tree, origin, first, road)
    assert road.tolist() == [number for way in ways for number in way]
