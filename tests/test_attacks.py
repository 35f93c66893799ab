"""Attacks by who knows a little of where somebody was, on traces of a few places, by hand."""

from fractions import Fraction

import pytest

from alprsim.measures import attacks

PEOPLE = ["abac", "abca", "cc", "ab"]


@pytest.mark.parametrize(
    ("fits", "known", "who"),
    [
        (attacks.in_order, "ac", ["abac", "abca"]),
        (attacks.in_order, "ca", ["abca"]),
        (attacks.in_order, "aa", ["abac", "abca"]),
        (attacks.as_often, "aa", ["abac", "abca"]),
        (attacks.as_often, "cc", ["cc"]),
        (attacks.at_all, "cc", ["abac", "abca", "cc"]),
        (attacks.at_all, "ba", ["abac", "abca", "ab"]),
        (attacks.at_all, "", PEOPLE),
    ],
)
def test_who_fits_what_is_known(fits, known, who):
    assert [trace for trace in PEOPLE if fits(known, trace)] == who


@pytest.mark.parametrize(
    ("known", "counts", "tolerance", "fits"),
    [
        ([("a", 4)], {"a": 4}, 0, True),
        ([("a", 5)], {"a": 4}, 0.25, True),
        ([("a", 3)], {"a": 4}, 0.25, True),
        ([("a", 4)], {"a": 5}, 0.2, True),
        ([("a", 4)], {"a": 3}, 0.3, False),  # a quarter of what is known, a third of the trace's own
        ([("a", 6)], {"a": 4}, 0.25, False),
        ([("a", 2)], {"a": 4}, 0.25, False),
        ([("a", 4), ("b", 1)], {"a": 4}, 1, False),
    ],
)
def test_counts_fit_to_a_share_of_the_traces_own(known, counts, tolerance, fits):
    assert attacks.counts_within(known, counts, tolerance) is fits


@pytest.mark.parametrize(
    ("known", "counts", "tolerance", "fits"),
    [
        ([("a", Fraction(1, 2))], {"a": 3, "b": 2, "c": 1}, 0, True),
        ([("a", Fraction(1, 2))], {"a": 1, "b": 2}, 0, False),  # a third
        ([("a", Fraction(1, 2))], {"a": 1, "b": 2}, 0.5, True),
        ([("a", Fraction(1, 2))], {"a": 1, "b": 2}, 0.49, False),
        ([("a", Fraction(1, 3)), ("b", Fraction(2, 3))], {"a": 2, "b": 4}, 0, True),
        ([("c", Fraction(1, 3))], {"a": 2, "b": 4}, 1, False),
    ],
)
def test_shares_fit_whatever_the_traces_lengths(known, counts, tolerance, fits):
    assert attacks.shares_within(known, counts, tolerance) is fits


@pytest.mark.parametrize(
    ("known", "counts", "fits"),
    [
        ([("a", 4), ("b", 2)], {"a": 2, "b": 1, "c": 9}, True),
        ([("a", 4), ("b", 2)], {"a": 2, "b": 2}, False),
        ([("a", 4), ("b", 2)], {"a": 1, "b": 2}, False),
        ([("a", 4)], {"a": 1}, True),
        ([("a", 4), ("b", 2)], {"a": 4}, False),
    ],
)
def test_proportions_are_to_the_place_most_visited(known, counts, fits):
    assert attacks.in_proportion(known, counts) is fits


def test_the_risk_is_of_the_most_telling_choice():
    assert attacks.risk("abac", PEOPLE, 1, attacks.at_all) == 1 / 3
    assert attacks.risk("abac", PEOPLE, 2, attacks.in_order) == 1 / 2
    assert attacks.risk("cc", PEOPLE, 2, attacks.as_often) == 1
    assert attacks.risk("ab", PEOPLE, 9, attacks.at_all) == 1 / 3  # all that there is of it
    assert attacks.risk("", [""], 2, attacks.at_all) == 1
