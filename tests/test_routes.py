"""The route kernels against their plain twins, on streets with dead ends, one-way roads and parallel roads."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import routes
from alprsim.routing import _choice
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
    column = np.roll(np.arange(n, dtype=np.int32)[::-1], 1)
    toward = [naive.toward(roads, n, destination) for destination in destinations]
    turns = np.full((len(toward) + 2, n), 99, np.int8)
    routes.next_turns(
        np.array(toward, np.int32), first_road, head, column, cost, np.arange(1, len(toward) + 1, dtype=np.int32), turns
    )
    expected = naive.next_turns(toward, roads, n)
    assert turns[1:-1][:, column].tolist() == expected
    assert (turns[[0, -1]] == 99).all()

    pairs = [(tree, origin) for tree in range(len(destinations)) for origin in range(n)]
    driven = [naive.route(expected[tree], roads, origin, destinations[tree]) for tree, origin in pairs]
    tree, origin = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    ends = np.array(destinations, np.int32)[tree]
    count, mark = np.full(len(pairs), -1, np.int32), np.zeros(len(pairs), np.uint64)
    lost = routes.count_roads(turns, first_road, head, column, tree + np.int32(1), origin, ends, count, mark)
    assert lost == (driven.index(None) if None in driven else -1)
    arriving = [number for number, way in enumerate(driven) if way is not None]
    tree, origin, ends = tree[arriving] + np.int32(1), origin[arriving], ends[arriving]
    count, mark = np.full(len(arriving), -1, np.int32), np.zeros(len(arriving), np.uint64)
    assert routes.count_roads(turns, first_road, head, column, tree, origin, ends, count, mark) == -1
    ways = [driven[number] for number in arriving]
    assert count.tolist() == [len(way) for way in ways]
    known = list(zip(origin.tolist(), ends.tolist(), map(tuple, ways), strict=True))
    assert len(set(zip(mark.tolist(), known, strict=True))) == len(set(mark.tolist())) == len(set(known))
    first = np.concatenate([[0], np.cumsum(count, dtype=np.int64)])
    road = np.full(first[-1], -1, np.int32)
    routes.fill_roads(turns, first_road, head, column, tree, origin, first, road)
    assert road.tolist() == [number for way in ways for number in way]


@st.composite
def timed(draw):
    """Draw streets whose times change with every quarter hour, some so much that to wait pays, and trips."""
    n, roads, _ = draw(streets())
    few = draw(st.lists(st.integers(1, 3 * naive.QUARTER), min_size=1, max_size=7))
    time = np.array([[few[(slot * 5 + road * 3) % len(few)] for road in range(len(roads))] for slot in range(96)])
    junction = st.integers(0, n - 1)
    trips = draw(st.lists(st.tuples(junction, junction, st.integers(0, 96 * naive.QUARTER - 1)), max_size=5))
    return n, roads, time.reshape(96, len(roads)).astype(np.int32), trips


@settings(deadline=None, derandomize=True)
@given(timed())
def test_the_soonest_arrival_is_that_of_its_twin(drawn):
    n, roads, time, trips = drawn
    tail, head = (np.array([road[part] for road in roads], np.int32) for part in range(2))
    first_road = np.searchsorted(tail, np.arange(n + 1)).astype(np.int64)
    expected = [naive.soonest(roads, n, *trip, time.tolist()) for trip in trips]
    reached = [trip for trip, at in zip(trips, expected, strict=True) if at is not None]
    later = _choice._later(time)

    def quickest(trips):
        origin, destination, depart = (np.array([trip[part] for trip in trips]) for part in range(3))
        arrive = np.full(len(trips), -1, np.int64)
        ends = origin.astype(np.int32), destination.astype(np.int32)
        return routes.quickest(first_road, head, time, later, *ends, depart.astype(np.int64), arrive), arrive.tolist()

    assert quickest(trips)[0] == (expected.index(None) if None in expected else -1)
    assert quickest(reached) == (-1, [at for at in expected if at is not None])


@settings(deadline=None, derandomize=True)
@given(timed(), st.lists(st.lists(st.integers(0, 13), max_size=6), max_size=4))
def test_a_way_takes_the_times_of_the_quarter_hours_it_is_driven_in(drawn, ways):
    _, roads, time, trips = drawn
    ways = [[road % len(roads) for road in way] if roads else [] for way in ways][: len(trips)]
    depart = np.array([trip[2] for trip in trips[: len(ways)]], np.int64)
    first = np.cumsum([0, *map(len, ways)], dtype=np.int64)
    road = np.array([road for way in ways for road in way], np.int32)
    arrive = np.full(len(ways), -1, np.int64)
    routes.drive(first[:-1], first[1:], road, depart, time, arrive)
    expected = [naive.driven_until(way, at, time.tolist()) for way, at in zip(ways, depart.tolist(), strict=True)]
    assert arrive.tolist() == expected
