"""Greedy coverage and betweenness against plain twins, and the greedy's promise against every other choice."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import coverage, routes
from tests import naive_siting as naive

N_ROADS = 6
route = st.lists(st.integers(0, N_ROADS - 1), max_size=4)
items = st.lists(st.tuples(st.integers(1, 3), st.lists(route, max_size=2)), max_size=7)
sites = st.lists(st.integers(-1, 4), min_size=N_ROADS, max_size=N_ROADS)


def compressed(lists, dtype=np.int32):
    first = np.concatenate([[0], np.cumsum([len(x) for x in lists])]).astype(np.int64)
    return first, np.array([value for x in lists for value in x], dtype)


def picked(world, site_of, k):
    """Return (site, gain) picked by the kernel, and its ceiling."""
    every = [r for _, driven in world for r in driven]
    first, road = compressed(every)
    first_route = np.concatenate([[0], np.cumsum([len(driven) for _, driven in world])]).astype(np.int64)
    number, site_of = np.arange(len(every), dtype=np.int32), np.array(site_of, np.int32)
    first_seen = np.empty(site_of.max(initial=-1) + 2, np.int64)
    seen = coverage.seen_at(first_route, number, first, road, site_of, first_seen)
    chosen, gain, ceiling = np.empty(k, np.int32), np.empty(k, np.int64), np.empty(1, np.int64)
    weight = np.array([w for w, _ in world], np.int64)
    n = coverage.pick(first_route, number, first, road, site_of, first_seen, seen, weight, chosen, gain, ceiling)
    return list(zip(chosen[:n].tolist(), gain[:n].tolist(), strict=True)), int(ceiling[0])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(items, sites, st.integers(1, 4))
def test_the_site_that_adds_most_is_picked(world, site_of, k):
    assert picked(world, site_of, k)[0] == naive.greedy(world, site_of, k)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(items, sites, st.integers(1, 3))
def test_no_choice_sees_more_than_the_ceiling_nor_the_greedy_less_than_it_promises(world, site_of, k):
    found, ceiling = picked(world, site_of, k)
    best = naive.most_seen(world, site_of, k)
    assert sum(gain for _, gain in found) <= best <= ceiling
    assert sum(gain for _, gain in found) >= (1 - 1 / math.e) * best


def test_greedy_is_not_always_the_best():
    """Two roads that see three each, all different, lose to one that sees four first: 5 of the 6 that could be seen."""
    world = [(1, [[0, 2]]), (1, [[0, 2]]), (1, [[0]]), (1, [[1, 2]]), (1, [[1, 2]]), (1, [[1]])]
    found, ceiling = picked(world, [0, 1, 2], 2)
    assert found == [(2, 4), (0, 1)]
    assert naive.most_seen(world, [0, 1, 2], 2) == 6 == ceiling


def test_nothing_to_see_and_nowhere_to_stand():
    assert picked([], [0, 1, 2], 2) == ([], 0)
    assert picked([(1, [[0]])], [-1, -1], 2) == ([], 0)
    assert picked([(1, [[]])], [0], 1) == ([], 0)


# --- betweenness ------------------------------------------------------------------------------------------------------

N = 5
networks = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1), st.integers(1, 3)), max_size=9).map(sorted)


def through(roads, n, pivots):
    tail, head, cost = (
        (np.array(column, np.int32) for column in zip(*roads, strict=True)) if roads else [np.empty(0, np.int32)] * 3
    )
    first = np.searchsorted(tail, np.arange(n + 1)).astype(np.int64)
    mean, spread = np.zeros(len(head)), np.zeros(len(head))
    routes.betweenness(first, head, cost, np.array(pivots, np.int32), mean, spread)
    return mean, spread


@settings(max_examples=200, deadline=None, derandomize=True)
@given(networks, st.lists(st.integers(0, N - 1), min_size=1, max_size=N, unique=True))
def test_betweenness_counts_the_junctions_beyond_a_road(roads, pivots):
    mean, spread = through(roads, N, pivots)
    each = np.array([naive.betweenness(roads, N, [p]) for p in pivots]).reshape(len(pivots), -1)
    assert mean == pytest.approx(each.mean(axis=0))
    assert spread == pytest.approx(len(pivots) * each.var(axis=0), abs=1e-9)


def test_betweenness_from_every_junction_is_that_of_networkx():
    rng = np.random.default_rng(5)
    graph = nx.gnp_random_graph(40, 0.08, seed=3, directed=True)
    roads = sorted((a, b, int(rng.integers(1, 6))) for a, b in graph.edges)
    graph.add_weighted_edges_from(roads)
    expected = nx.edge_betweenness_centrality(graph, normalized=False, weight="weight")
    mean, _ = through(roads, 40, range(40))
    assert mean * 40 == pytest.approx([expected[a, b] for a, b, _ in roads])
