"""Journeys known from end to end: which are asked about, what is right of them, and shares with the error of the draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.measures import journeys, position, question
from alprsim.measures.journeys import Clock, Ends
from alprsim.measures.position import Course
from tests import naive_journeys as naive
from tests.test_position import Case
from tests.worlds import ZOO, World

few = settings(deadline=None, derandomize=True, max_examples=30)
ZONE_OF = np.array([0, 0, 1, 2], np.int32)
CLOCK = Clock(2, 3, 3)
"""Steps that begin at 2, 5 and 8; t is 11."""


def course(*trips):
    """Return trips: (depart, arrive, origin, destination)."""
    columns = np.array(trips, np.int32).reshape(-1, 4).T
    return Course(np.zeros(len(trips), np.int32), *columns)


def told(found):
    """Return journeys as their twin does."""
    return [(*at, *zone) for at, zone in zip(found.moment.tolist(), found.zone.tolist(), strict=True)], found.many


def asked_about(*trips, count=9, moment=0):
    return journeys.drawn(course(*trips), ZONE_OF, CLOCK, key=5, moment=moment, count=count, seed=1)


@pytest.mark.parametrize(
    ("trip", "steps"),
    [
        ((3, 4, 0, 2), (0, 1)),  # inside one step
        ((5, 8, 0, 2), (0, 2)),  # who leaves as a step begins stands no more; who arrives then does
        ((6, 9, 0, 2), (1, 3)),
        ((3, 11, 0, 2), (0, 3)),  # just arrived
        ((3, 12, 0, 2), None),
        ((2, 4, 0, 2), None),  # of before the last T
        ((1, 4, 0, 2), None),
        ((3, 4, 0, 1), None),  # inside a zone
    ],
)
def test_a_journey_is_asked_about_as_it_stood_before_and_after(trip, steps):
    found, many = told(asked_about(trip))
    assert (found, many) == (([(*steps, 0, 1)], 1) if steps else ([], 0))


def test_a_stay_too_short_for_a_step_to_start_in_is_asked_about_all_the_same():
    """From place 0 to 2 and, within the same step, on to 3: what is believed at 5 and at 8 is right of neither stay's."""
    found = asked_about((4, 6, 0, 2), (7, 10, 2, 3))
    assert told(found) == ([(0, 2, 0, 1), (1, 3, 1, 2)], 2)
    stood = np.eye(3)[[0, 0, 2, 2]]
    assert journeys.standing(stood, np.arange(4, dtype=np.int32), found).tolist() == [[True, False], [False, True]]


@st.composite
def lives(draw):
    """Draw trips of one car that do not overlap, each from where the last one led."""
    times = sorted(draw(st.sets(st.integers(0, 13), max_size=10)))
    places = draw(st.lists(st.integers(0, 3), min_size=6, max_size=6))
    return [(times[2 * n], times[2 * n + 1], places[n], places[n + 1]) for n in range(len(times) // 2)]


@few
@given(lives(), st.integers(0, 4), st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=4, max_size=4),
       st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), max_size=3))  # fmt: skip
def test_journeys_are_drawn_and_known_as_they_are_one_by_one(trips, count, likely, reads):
    found = asked_about(*trips, count=count, moment=3)
    said, many = naive.drawn(trips, ZONE_OF.tolist(), CLOCK, 5, 3, count, 1)
    assert told(found) == (said, many)
    steps = np.arange(4, dtype=np.int32)
    right = journeys.standing(np.array(likely, float), steps, found)
    assert right.tolist() == naive.standing(likely, steps.tolist(), said)
    time, zone = np.array(reads, np.int32).reshape(-1, 2).T
    at_sites = journeys.nearest(found, CLOCK, time, zone, right)
    assert at_sites.tolist() == naive.nearest(said, CLOCK, reads, right.tolist())


@pytest.mark.parametrize("world", ZOO.values() if isinstance(ZOO, dict) else ZOO)
def test_who_is_asked_about_which_journeys(world):
    vehicles, _, places, _ = world.tables()
    bucket, zone_of = world.bucket(), np.arange(len(places), dtype=np.int32) // 2
    clock = Clock(0, 900, 100)
    for row, key in enumerate(vehicles.key.tolist()):
        trips = Course.of(bucket.truth, np.arange(*bucket.first_trip[row : row + 2]))
        plain = list(zip(*(column.tolist() for column in trips[1:]), strict=True))
        for count in (1, 9):
            found = journeys.drawn(trips, zone_of, clock, key=key, moment=1, count=count, seed=3)
            assert told(found) == naive.drawn(plain, zone_of.tolist(), clock, key, 1, count, 3)


def some(ends, many):
    """Return journeys of which only their number matters."""
    return Ends(np.zeros((len(ends), 2), np.int32), np.zeros((len(ends), 2), np.int32), many)


def added(cars, bits=(0,), of=lambda row: 0, moments=1):
    """Return the table of cars: at each moment of each, how many journeys there were, and which ends each method has right."""
    people, sums = question.residents(*World().tables()), journeys.empty(len(cars))
    for row, car in enumerate(cars):
        for many, ends in car:
            right = np.array(ends, np.bool_).reshape(-1, 3, 2).swapaxes(0, 1)
            journeys.add(sums, row, np.array(bits), [(some(ends, many), right)])
    group = np.array([of(row) for row in range(len(cars))], np.int16)
    groups = journeys.of_groups(sums, group, len(people.towns))
    return journeys.rows([groups], np.array(bits[-1:], np.int32), [Case()], people, moments=moments, seed=1)


def looked_up(table, town="all"):
    mine = table.take(table.town == town)
    assert set(mine.measure.tolist()) <= {"journey_ends"}
    return {name: (value, int(n)) for name, value, n in zip(mine.statistic, mine.value, mine.n, strict=True)}


ends = st.tuples(*[st.tuples(st.booleans(), st.booleans())] * 3)
moment = st.lists(ends, max_size=3).flatmap(
    lambda asked: st.tuples(st.integers(len(asked), 9 if asked else 0), st.just(asked))
)


@few
@given(st.lists(st.lists(moment, min_size=1, max_size=3), min_size=1, max_size=3))
def test_shares_and_their_errors_are_as_they_are_journey_by_journey(cars):
    got = looked_up(added(cars, bits=(7,)))
    if not any(many for car in cars for many, _ in car):
        assert all(np.isnan(value) and n == 0 for value, n in got.values())
        return
    n = sum(len(asked) for car in cars for _, asked in car)
    for suffix, counts in zip(journeys.KINDS, (all, any), strict=True):
        known = [[(many, [[*map(counts, one)] for one in asked]) for many, asked in car] for car in cars]
        said = {name: lambda one, which=which: one[which] for which, name in enumerate(position.METHODS)}
        said["tracker_minus_nearest"] = lambda one: one[0] - one[1]
        for name, right in said.items():
            share, error = naive.share_and_error(known, right)
            assert got[name + suffix] == (pytest.approx(share, abs=2e-3), n)
            assert got[f"{name}{suffix}_error"] == (pytest.approx(error, abs=3e-3), n)


BOTH, ONE, NONE = ((1, 1),) * 3, ((1, 0), (0, 0), (0, 1)), ((0, 0),) * 3


def test_of_the_journeys_of_a_car_with_many_the_drawn_ones_stand_for_all():
    """Two cars: of ten journeys two are asked about, one of them known; of two both, and known at one end."""
    got = looked_up(added([[(10, [BOTH, NONE])], [(2, [ONE, ONE])]]))
    assert got["tracker"] == (5 / 12, 4)
    assert got["tracker_either"] == (7 / 12, 4)
    assert got["nearest_either"] == (5 / 12, 4)
    assert got["tracker_minus_nearest_either"] == (2 / 12, 4)
    assert got["tracker_error"][0] == pytest.approx(np.sqrt(2) * 10 / 12 / 12)


@pytest.mark.parametrize(("targets", "is_told"), [(29, False), (30, True)])
def test_a_town_with_fewer_than_thirty_targets_is_not_told(targets, is_told):
    cars = [[(1, [BOTH])] * 2] * targets + [[(1, [NONE])] * 2]
    table = added(cars, of=lambda row: int(row == targets), moments=2)
    for town, value, n in (
        ("Ash", 1.0, 2 * targets),
        ("Elm", 0.0, 2),
        ("all", targets / (targets + 1), 2 * targets + 2),
    ):
        known = is_told if town == "Ash" else town == "all"
        assert looked_up(table, town)["tracker"] == pytest.approx((value, n) if known else (np.nan, 0), nan_ok=True)


def test_what_some_sights_know_is_nothing_of_others():
    people, sums = question.residents(*World().tables()), journeys.empty(1)
    journeys.add(sums, 0, np.array([1, 4]), [(some([BOTH], 1), np.ones((3, 1, 2), np.bool_))] * 2)
    table = journeys.rows(
        [journeys.of_groups(sums, np.zeros(1, np.int16), 2)], np.array([4, 0], np.int32), [Case(), Case(retention=1)], people,
        moments=1, seed=1,
    )  # fmt: skip
    mine = table.take((table.statistic == "tracker") & (table.town == "all"))
    assert dict(zip(mine.retention.tolist(), mine.n.tolist(), strict=True)) == {0: 2, 1: 0}
    assert (sums.lives[0, [0, 1, 4]].tolist(), sums.many[0, [0, 1, 4]].tolist()) == ([0, 2, 2], [0, 2, 2])
