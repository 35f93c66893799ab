"""Static assignment finds the equilibrium: no trip has a cheaper path among all that there are."""

import itertools
import logging

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alprsim.assignment import AssignmentError, Links, StaticNetwork, TripTable, assign
from alprsim.kernels import assignment as kernels
from tests import naive_assignment as naive


def network(ends, *, nodes, zones, first_thru=0, **columns):
    """Return a network of links (tail, head); columns not given are those of a link that time alone makes dear."""
    n = len(ends)
    given = {"capacity": 1, "length": 0, "free_flow_time": 1, "b": 1, "power": 1, "toll": 0, "kind": 1, **columns}
    full = {name: np.broadcast_to(np.asarray(value), n) for name, value in given.items()}
    tail, head = np.array(ends).reshape(-1, 2).T
    return StaticNetwork(Links.of(tail=tail, head=head, **full), nodes, zones, first_thru)


def trips(*rows):
    origin, destination, vehicles = zip(*rows, strict=True) if rows else ((), (), ())
    return TripTable.of(origin=origin, destination=destination, vehicles=vehicles)


# --- answers known on paper -------------------------------------------------------------------------------------------


def test_pigous_two_roads():
    """A road that always takes 1, beside one that takes the share that drives it: everybody takes the second (1920)."""
    pigou = network([(0, 1), (0, 1)], nodes=2, zones=2, free_flow_time=[1, 1e-9], b=[0, 1e9], capacity=[1, 1])
    found = assign(pigou, trips((0, 1, 1.0)), gap=1e-12)
    assert found.converged
    assert found.volume == pytest.approx([0, 1], abs=1e-8)


def braess(with_bridge):
    ends = [(0, 2), (0, 3), (2, 1), (3, 1), (2, 3)]
    free = np.array([1e-9, 50, 50, 1e-9, 10])
    per_vehicle = np.array([10, 1, 1, 10, 1])
    kept = slice(None) if with_bridge else slice(4)
    return network(ends[kept], nodes=4, zones=2, free_flow_time=free[kept], b=(per_vehicle / free)[kept])


def test_braesss_paradox():
    """A new road makes everybody slower: 83 before, 92 after (Braess 1968)."""
    before = assign(braess(False), trips((0, 1, 6.0)), gap=1e-10)
    after = assign(braess(True), trips((0, 1, 6.0)), gap=1e-10)
    assert before.volume == pytest.approx([3, 3, 3, 3])
    assert after.volume == pytest.approx([4, 2, 2, 4, 2])
    for found, each in ((before, 83), (after, 92)):
        assert [found.cost[_path(found, p)].sum() for p in range(len(found.flow))] == pytest.approx(
            [each] * len(found.flow)
        )


def _path(found, p):
    return found.paths.road[found.paths.first[p] : found.paths.first[p + 1]]


def test_a_toll_and_a_length_cost_what_they_are_said_to():
    two = network([(0, 1), (0, 1)], nodes=2, zones=2, b=0, toll=[3, 0], length=[0, 5])
    for weights, taken in (((0.0, 1.0), 0), ((1.0, 0.0), 1), ((1.0, 0.5), 1), ((1.0, 0.7), 0)):
        found = assign(two, trips((0, 1, 2.0)), toll_weight=weights[0], length_weight=weights[1])
        assert found.volume[taken] == 2
        assert found.objective == pytest.approx(2 * found.cost[taken])


def test_nobody_drives_through_a_centroid():
    short = [(0, 1), (1, 2)]
    long = [(0, 3), (3, 2), (3, 1), (1, 3)]
    through = network(short + long, nodes=4, zones=3, free_flow_time=[1, 1, 9, 9, 1, 1], b=0)
    around = through._replace(first_thru=3)
    asked = trips((0, 2, 1.0), (1, 2, 4.0))
    assert assign(through, asked).volume.tolist() == [1, 5, 0, 0, 0, 0]
    assert assign(around, asked).volume.tolist() == [0, 4, 1, 1, 0, 0]


# --- every path written out -------------------------------------------------------------------------------------------


@st.composite
def worlds(draw):
    """Draw links with steep and flat costs between a few nodes, some of them centroids, and trips."""
    nodes = draw(st.integers(2, 5))
    node = st.integers(0, nodes - 1)
    ends = draw(st.lists(st.tuples(node, node).filter(lambda e: e[0] != e[1]), min_size=1, max_size=9))
    a_link = st.tuples(
        st.integers(1, 4), st.integers(0, 9), st.sampled_from([0, 0.15, 1]), st.sampled_from([0, 1, 2.5, 4, 8])
    )
    capacity, free, b, power = zip(*draw(st.lists(a_link, min_size=len(ends), max_size=len(ends))), strict=True)
    first_thru = draw(st.integers(0, nodes))
    made = network(
        ends, nodes=nodes, zones=nodes, first_thru=first_thru, capacity=capacity, free_flow_time=free, b=b, power=power
    )
    joined = [p for p in itertools.permutations(range(nodes), 2) if any(naive.simple_paths(ends, first_thru, *p))]
    assume(joined)
    asked = draw(st.lists(st.tuples(st.sampled_from(joined), st.integers(0, 6)), min_size=1, max_size=5))
    return ends, made, [(o, d, float(v)) for (o, d), v in asked]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(worlds())
def test_no_trip_has_a_cheaper_path(world):
    ends, made, asked = world
    found = assign(made, trips(*asked), gap=1e-9)
    assert found.converged, found.stopped
    curve = list(zip(*(c.tolist() for c in _curve(made.links)), strict=True))
    cost = [naive.cost(c, v) for c, v in zip(curve, found.volume.tolist(), strict=True)]
    assert found.cost == pytest.approx(cost, rel=1e-9)
    spent = least = 0.0
    driven = np.zeros(len(ends))
    for row, (origin, destination, vehicles) in enumerate(asked):
        ways = list(naive.simple_paths(ends, made.first_thru, origin, destination))
        best = min(sum(cost[link] for link in way) for way in ways)
        used = np.flatnonzero(found.pair == row)
        assert found.flow[used].sum() == pytest.approx(vehicles)
        assert len({tuple(_path(found, p)) for p in used}) == len(used)
        for p in used:
            assert tuple(_path(found, p)) in ways
            driven[_path(found, p)] += found.flow[p]
            spent += found.flow[p] * sum(cost[link] for link in _path(found, p))
        least += vehicles * best
    assert (found.flow > 0).all()
    assert found.volume == pytest.approx(driven, abs=1e-9)
    assert (spent - least) <= 1e-9 * spent + 1e-9
    assert found.gap == pytest.approx((spent - least) / spent if spent else 0, abs=1e-9)
    assert found.objective == pytest.approx(sum(_integral(c, v) for c, v in zip(curve, found.volume, strict=True)))


def _curve(links):
    return links.free_flow_time, links.free_flow_time * links.b, links.power, links.capacity


def _integral(curve, volume, steps=2000):
    """Add the cost up over the volume, in strips."""
    at = (np.arange(steps) + 0.5) * volume / steps
    base, rise, power, capacity = curve
    return float(np.sum(base + rise * (at / capacity) ** power) * volume / steps)


# --- kernels and their twins ------------------------------------------------------------------------------------------


@st.composite
def path_sets(draw):
    """Draw a few pairs with a few distinct paths each over shared links, and flows on them."""
    n = draw(st.integers(2, 6))
    a_path = st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True).map(tuple)
    pairs = draw(st.lists(st.lists(a_path, min_size=1, max_size=3, unique_by=frozenset), min_size=1, max_size=3))
    flow = [draw(st.lists(st.integers(0, 5).map(float), min_size=len(p), max_size=len(p))) for p in pairs]
    a_curve = st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from([0, 1, 4]), st.integers(1, 5))
    return pairs, flow, [draw(a_curve) for _ in range(n)]


@settings(deadline=None, derandomize=True)
@given(path_sets(), st.integers(1, 4), st.sampled_from([1e-9, 3.0]))
def test_shift_agrees_with_its_twin(drawn, sweeps, enough):
    pairs, flow, curve = drawn
    expected, excess = naive.shift(pairs, curve, flow, sweeps, enough)
    table = np.array(curve, np.float64)
    state = np.zeros((len(curve), 3))
    state[:, kernels.VOLUME] = naive.volumes(len(curve), pairs, flow)
    kernels.evaluate(table, state)
    assert state[:, kernels.COST] == pytest.approx([naive.cost(*c) for c in zip(curve, state[:, 0], strict=True)])
    assert state[:, kernels.SLOPE] == pytest.approx([naive.slope(*c) for c in zip(curve, state[:, 0], strict=True)])
    first_path = np.cumsum([0, *map(len, pairs)]).astype(np.int64)
    paths = [path for of_pair in pairs for path in of_pair]
    first_link = np.cumsum([0, *map(len, paths)]).astype(np.int64)
    link = np.array([row for path in paths for row in path], np.int32)
    driven = np.array([vehicles for of_pair in flow for vehicles in of_pair])
    met = kernels.shift(first_path, first_link, link, table, state, driven, sweeps, enough)
    assert met == pytest.approx(excess, rel=1e-6, abs=1e-6)
    assert driven == pytest.approx([vehicles for of_pair in expected for vehicles in of_pair], rel=1e-6, abs=1e-6)
    assert state[:, kernels.VOLUME] == pytest.approx(naive.volumes(len(curve), pairs, expected), rel=1e-6, abs=1e-6)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(st.integers(-1, 4), min_size=5, max_size=5), min_size=1, max_size=3), st.data())
def test_path_kernels_agree_with_their_twins(drawn, data):
    """Predecessors are drawn at random, then bent so that every way ends: node n's is below n, or none."""
    before = [[min(b, n - 1) if n else -1 for n, b in enumerate(row)] for row in drawn]
    node = st.integers(0, 4)
    asked = data.draw(st.lists(st.tuples(st.integers(0, len(before) - 1), node, node), min_size=1, max_size=6))
    ways = [naive.way(before[tree], source, destination) for tree, source, destination in asked]
    tree, source, destination = (np.array(column, np.int32) for column in zip(*asked, strict=True))
    grid = np.array(before, np.int32)
    count = np.zeros(len(asked), np.int64)
    lost = kernels.count_links(grid, tree, source, destination, count)
    assert lost == (ways.index(None) if None in ways else -1)
    joined = [i for i, way in enumerate(ways) if way is not None]
    tree, source, destination = tree[joined], source[joined], destination[joined]
    count = np.zeros(len(joined), np.int64)
    assert kernels.count_links(grid, tree, source, destination, count) == -1
    ways = [ways[i] for i in joined]
    assert count.tolist() == [len(way) - 1 for way in ways]
    arcs = list(itertools.permutations(range(5), 2))  # an arc between any two nodes, standing for link 100 + its row
    first_arc = np.arange(0, 21, 4, np.int64)
    head = np.array([b for _, b in arcs], np.int32)
    first = np.concatenate(([0], np.cumsum(count)))
    link = np.full(first[-1], -1, np.int32)
    kernels.fill_links(grid, tree, destination, first_arc, head, np.arange(100, 120, dtype=np.int32), first, link)
    assert link.tolist() == [100 + arcs.index(arc) for way in ways for arc in itertools.pairwise(way)]


# --- what it says, and what it refuses --------------------------------------------------------------------------------


def test_it_says_when_it_stops_unconverged(caplog):
    found = assign(braess(True), trips((0, 1, 6.0)), gap=1e-10, iterations=1)
    assert not found.converged
    assert len(found.iterations) == 1
    assert "still above 1e-10 after 1 iterations" in found.stopped
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert found.stopped in caplog.text


@pytest.mark.parametrize("gap", [float("nan"), -0.1])
def test_a_gap_that_cannot_be_is_refused(gap):
    with pytest.raises(AssignmentError, match=f"gap must be 0 or more, not {gap}"):
        assign(braess(True), trips((0, 1, 6.0)), gap=gap)


def test_each_iteration_lowers_the_objective():
    found = assign(braess(True), trips((0, 1, 6.0)), gap=1e-10)
    objectives = [step.objective for step in found.iterations]
    assert len(objectives) > 2
    assert objectives == sorted(objectives, reverse=True)


def test_trips_within_a_zone_are_left_out_and_said(caplog):
    caplog.set_level(logging.INFO, "alprsim.assignment")
    found = assign(braess(True), trips((0, 0, 5.0), (0, 1, 6.0), (1, 1, 0.0)))
    assert found.volume[:2].sum() == pytest.approx(6)
    assert set(found.pair.tolist()) == {1}
    assert "5 vehicles within a zone left out" in caplog.text


def test_no_trips_leave_the_roads_empty():
    found = assign(braess(True), trips())
    assert found.converged
    assert found.gap == 0
    assert not found.volume.any()


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"capacity": [1, 0]}, r"Links\.capacity must be above 0; row 1 is 0"),
        ({"capacity": [1, np.nan]}, r"Links\.capacity must be above 0; row 1 is nan"),
        ({"free_flow_time": [-1, 1]}, r"Links\.free_flow_time must be 0 or more, and finite; row 0 is -1"),
        ({"b": [0, -0.15]}, r"Links\.b must be 0 or more"),
        ({"toll": [0, -1]}, r"Links\.toll must be 0 or more"),
        ({"length": [0, np.inf]}, r"Links\.length must be 0 or more"),
        ({"power": [1, 0.5]}, r"Links\.power must be 0 or at least 1; row 1 is 0\.5"),
    ],
)
def test_links_without_an_equilibrium_are_refused(columns, match):
    with pytest.raises(AssignmentError, match=match):
        assign(network([(0, 1), (0, 1)], nodes=2, zones=2, **columns), trips((0, 1, 1.0)))


def test_ends_that_do_not_exist_are_refused():
    with pytest.raises(AssignmentError, match=r"Links\.head must be 0 to 1; row 0 is 2"):
        assign(network([(0, 2)], nodes=2, zones=2), trips((0, 1, 1.0)))
    with pytest.raises(AssignmentError, match=r"TripTable\.destination must be 0 to 1; row 0 is 2"):
        assign(network([(0, 2)], nodes=3, zones=2), trips((0, 2, 1.0)))
    with pytest.raises(AssignmentError, match=r"TripTable\.vehicles must be 0 or more, and finite; row 0 is -1"):
        assign(network([(0, 1)], nodes=2, zones=2), trips((0, 1, -1.0)))
    with pytest.raises(AssignmentError, match="zones must be 1 to 2, the number of nodes, not 3"):
        assign(network([(0, 1)], nodes=2, zones=3), trips((0, 1, 1.0)))
    with pytest.raises(AssignmentError, match="iterations must be at least 1, not 0"):
        assign(network([(0, 1)], nodes=2, zones=2), trips((0, 1, 1.0)), iterations=0)


def test_zones_that_no_way_joins_are_named():
    with pytest.raises(AssignmentError, match="no way leads from zone 1 to zone 0, between which 7 vehicles go"):
        assign(network([(0, 1)], nodes=2, zones=2), trips((0, 1, 1.0), (1, 0, 7.0)))
