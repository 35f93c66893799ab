"""Measures 10 to 15 and what is left for investigations, against their plain twins in the zoo of tiny worlds.

The families' own tests compare the same twins under hypothesis; here stand the edges that the zoo names.
"""

import pytest

from alprsim.measures import company
from alprsim.tables import DAY, UNLIMITED
from tests import (
    test_company,
    test_entropy,
    test_linkability,
    test_measures_crowd,
    test_measures_uniqueness,
    test_prediction,
    test_utility,
)
from tests.worlds import HOUR, SIGHTS, ZOO, ladder

NOW, LENS = 60 * HOUR, ladder(0, HOUR, DAY, 30 * HOUR, 60 * HOUR, UNLIMITED)
"""A moment after all that happens, and a limit a sight: from nothing to more than was simulated."""

in_the_zoo = pytest.mark.parametrize("name", ZOO)


def as_in(test, *given):
    """Run what a hypothesis test asserts on given arguments."""
    test.hypothesis.inner_test(*given)


def lives(world):
    """Return each car's sites in order, of the cars with reads enough to be told of."""
    reads = ([site for _, site, plate, _ in sorted(world.reads) if plate == car] for car in range(world.vehicles))
    return [life for life in reads if len(life) > 2]


@in_the_zoo
@pytest.mark.parametrize("lasts", [0, 5 * HOUR])
def test_measures_10_and_12_top_sets_and_the_worst_case(name, lasts):
    reads = list(ZOO[name].reads)
    as_in(test_measures_crowd.test_who_shares_a_top_set, reads, lasts)
    as_in(test_measures_crowd.test_sharing_equals_plain_sets, reads, lasts, 0)
    as_in(test_measures_crowd.test_the_worst_case_equals_trying_everything, reads, lasts, 0)


@in_the_zoo
def test_measure_11_unicity(name):
    test_measures_uniqueness.same_as_plain_sets(list(ZOO[name].reads), LENS, NOW, (0, 1, 2, 3))


@in_the_zoo
@pytest.mark.parametrize("length", [HOUR, DAY])
def test_measure_13_linkability(name, length):
    test_linkability.same_as_plain_dictionaries(list(ZOO[name].reads), LENS, NOW, length)


@in_the_zoo
@pytest.mark.parametrize("rule", [company.Rule(1, 0, 1), company.Rule(3, 60, 2)])
def test_measure_14_company(name, rule):
    reads = [read[:3] for read in ZOO[name].reads]
    as_in(test_company.test_all_sights_at_once_equal_all_pairs_one_by_one, reads, rule, LENS, NOW)
    as_in(test_company.test_under_pseudonyms_that_change_co_reads_are_those_of_two_pseudonyms, reads, rule, 5 * HOUR)


@in_the_zoo
def test_measure_15_prediction(name):
    """Held out the six hours after the moment."""
    reads = list(ZOO[name].reads)
    for now in (HOUR, 25 * HOUR, 48 * HOUR):
        as_in(test_prediction.test_all_sights_at_once_equal_plain_loops_one_by_one, reads, LENS, now)
    as_in(test_prediction.test_under_pseudonyms_that_change_a_past_ends_with_its_pseudonym, reads, 25 * HOUR, 20)


@pytest.mark.parametrize("name", [name for name, world in ZOO.items() if lives(world)])
def test_the_annex_of_measure_15_bounds_of_entropy(name):
    as_in(test_entropy.test_bounds_are_those_of_plain_loops, lives(ZOO[name]))


@pytest.mark.parametrize("name", [name for name, world in ZOO.items() if world.trips])
def test_utility_look_backs(name):
    """With an hour of the world as a second: an incident wherever a trip ends, asked about soon and late."""
    world = ZOO[name]
    asking = {"giver": "b", "taker": "a", "kind": "query"}
    spec = test_utility.naive.custody({"a": {}, "b": {"retention": "9 s"}}, asking)
    incidents = sorted(((car, end // HOUR, 0, 1, (1, 6), 3) for car, _, end in world.trips), key=lambda row: row[1])
    reads = [(time // HOUR, site, plate) for time, site, plate, _ in sorted(world.reads)]
    as_in(test_utility.test_answers_follow_the_definition, spec, incidents, reads)
    as_in(test_utility.test_answers_with_holds_follow_the_definition, spec, incidents, reads)


def test_the_zoo_tells_something_of_each():
    """Some world has company, a life told, and sights enough: else these comparisons would be of nothing."""
    world = ZOO["two days and a night"]
    assert test_company.pairs([read[:3] for read in world.reads], company.Rule(1, 0, 1)) == {(0, 1): 1}
    assert len(lives(world)) == 2
    sums = test_measures_uniqueness.added(list(world.reads), LENS, NOW)
    assert sums.eligible[0, :SIGHTS].tolist() == [0, 0, *[2 * test_measures_uniqueness.EACH] * 3, 0]
