"""Exact values of all subsets against trying every order of a few departments."""

from statistics import mean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.results import coalitions
from tests import naive_coalitions as naive

VALUES = st.integers(0, 4).flatmap(
    lambda n: st.lists(st.integers(0, 9), min_size=2**n, max_size=2**n).map(lambda v: np.array(v, np.float64))
)
MANY = settings(deadline=None, derandomize=True)

ROADS = {0b001: {1, 2, 3}, 0b010: {3, 4}, 0b100: {5}}
"""A hand world: the trips that each of three departments' cameras see."""


def hand_world():
    """Return how many of six trips are still seen when each subset opts out: the union of the others' trips."""
    return np.array([
        len(set().union(*(trips for bit, trips in ROADS.items() if not bit & out))) / 6 for out in range(8)
    ])  # fmt: skip


def test_the_hand_world():
    seen = hand_world()
    assert seen[0] == 5 / 6
    assert seen[0b111] == 0
    count = coalitions.by_number(seen)
    assert count.lowest == [0b000, 0b001, 0b011, 0b111]  # the first alone takes 1 and 2: 3 is read by the second too
    assert count.highest == [0b000, 0b010, 0b110, 0b111]
    assert coalitions.first_movers(seen) * 6 == pytest.approx([2, 1, 1])
    assert coalitions.last_movers(seen) * 6 == pytest.approx([3, 2, 1])
    assert coalitions.shapley(seen) * 6 == pytest.approx([2.5, 1.5, 1])  # trip 3 is shared by two
    assert coalitions.best_order(seen).members == [0, 1, 2]
    assert coalitions.worst_order(seen).values * 6 == pytest.approx([5, 4, 3, 0])
    assert [coalitions.tipping(seen[0] - line, 5 / 6, 0.5) for line in count[:3]] == [2, 2, 3]


@given(VALUES)
@MANY
def test_subsets_by_size_are_what_trying_all_gives(values):
    found = coalitions.by_number(values)
    for k in range(len(found.mean)):
        every = naive.of_size(values, k)
        assert found.least[k] == min(every)
        assert found.most[k] == max(every)
        assert found.mean[k] == pytest.approx(mean(every))
        assert values[found.lowest[k]] == min(every)
        assert values[found.highest[k]] == max(every)
        assert found.lowest[k].bit_count() == found.highest[k].bit_count() == k


@given(VALUES)
@MANY
def test_orders_are_the_best_and_worst_of_all(values):
    areas = [naive.area(values, order) for order in naive.orders(values)]
    best, worst, greedy = (
        rule(values) for rule in (coalitions.best_order, coalitions.worst_order, coalitions.greedy_order)
    )
    assert best.values.sum() == pytest.approx(min(areas))
    assert worst.values.sum() == pytest.approx(max(areas))
    for order in (best, worst, greedy):
        assert list(order.values) == naive.along(values, tuple(order.members))
    for k, member in enumerate(greedy.members):
        here = naive.subset(greedy.members[:k])
        left = [i for i in range(len(greedy.members)) if i not in greedy.members[:k]]
        assert values[here | 1 << member] == min(values[here | 1 << i] for i in left)


@given(VALUES)
@MANY
def test_shapley_values_are_means_over_all_orders(values):
    found = coalitions.shapley(values)
    assert found == pytest.approx(naive.shapley(values))
    assert found.sum() == pytest.approx(values[0] - values[-1])


@given(VALUES, st.sampled_from([0.1, 0.5, 1.0]))
@MANY
def test_tipping_points_are_the_first_k_that_reaches_the_share(values, share):
    found, whole = coalitions.by_number(values), values[0] - values[-1]
    for line, pick in ((found.least, min), (found.mean, mean), (found.most, max)):
        assert coalitions.tipping(values[0] - line, whole, share) == naive.tipping(values, share, pick)


def test_greedy_may_miss_the_best_order():
    values = np.array([9.0, 6, 7, 5, 7.5, 5, 1, 0])  # the first alone is best alone, the two others are best together
    assert coalitions.greedy_order(values).members[0] == 0
    assert coalitions.best_order(values).members == [1, 2, 0]


def test_values_must_be_of_every_subset():
    with pytest.raises(ValueError, match="a power of two of them, not 6"):
        coalitions.size(np.zeros(6))
