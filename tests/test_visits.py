"""Visits to sensitive places: against a plain twin, by hand, and what decoys, retention and exclusion change."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alprsim.kernels import visits as kernels
from alprsim.measures import question, sensitive, visits
from alprsim.results import words
from alprsim.scenario.models import Visits
from alprsim.tables import DAY, UNLIMITED, VehicleKind
from tests import naive_visits as naive
from tests.worlds import HOUR, SIGHTS, World, rules, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=40)
KINDS = ("clinic", "bar")
SITES = ((0.0, 0.0), (3600.0, 0.0), (3600.0, 3600.0))
SPOTS = (
    (0, 0.0, 0.0, 2), (0, 3600.0, 0.0, 3), (0, 3600.0, 0.0, 4), (1, 0.0, 0.0, 5), (2, 3600.0, 0.0, 1), (3, 0.0, 3600.0, 0),
)  # fmt: skip
"""Clinics, a bar, and a decoy of each: (kind, x, y, lot)."""


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def at(spots=SPOTS, kinds=KINDS, places=6):
    """Return the places, of which the first rows of Places are the real ones."""
    kind, x, y, lot = np.array(spots, float).reshape(-1, 4).T
    of_place = np.full(places, -1, np.int32)
    real = int(np.count_nonzero(kind < len(kinds)))
    of_place[:real] = np.arange(real)
    return sensitive.Sensitive(
        kinds,
        kind.astype(np.int8),
        (kind >= len(kinds)).astype(np.int8),
        x.copy(),
        y.copy(),
        lot.astype(np.int64),
        of_place,
    )


def a_rule(**changed):
    return visits.Rule(**{"within": 3600.0, "pace": 1.0, "least": HOUR, "most": 4 * HOUR, "month": 3 * DAY, "weeks": 2,
                          "first_weekday": 0, **changed})  # fmt: skip


def opened(world, destinations):
    """Return the world's bucket, its trips (by vehicle, in order) to these places; those that nothing is said of to 5."""
    bucket = world.bucket()
    to = np.array([*destinations[: len(bucket.truth)], *[5] * (len(bucket.truth) - len(destinations))], np.int32)
    return question.open_bucket(bucket._replace(truth=replace(bucket.truth, destination=to)))


def counted(world, lens, destinations, now, *, rule=None, horizon=DAY, places=None, sites=SITES, sums=None, lives=None):
    """Return the sums of one moment."""
    rule, places = rule or a_rule(), at() if places is None else places
    people = question.residents(*world.tables())
    seen = opened(world, destinations)
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    held = question.held(asked, seen.bucket.reads)
    x, y = np.array(sites, float).reshape(-1, 2).T.copy()
    near = sensitive.near_sites(places, x, y, rule.within)
    sums = visits.empty(len(people.towns), len(places.kinds), rule) if sums is None else sums
    lives = visits.empty(len(people.towns), len(places.kinds), rule) if lives is None else lives
    drivers = world.drivers()
    visits.add(sums, lives, seen, held, asked, people, drivers=drivers, sensitive=places, near=near, rule=rule)
    return sums


def assert_counted(part, twin, sight):
    """Hold [towns, …, 64] against {(town, …): n}; a key that is no place's, as a whole, has 0."""
    one = np.array(part)[..., sight]
    told = np.zeros_like(one)
    for key, n in twin.items():
        told[key] += n
    assert one.tolist() == told.tolist()


ruled = st.builds(
    a_rule, within=st.sampled_from([0.0, 3600.0, 5000.0]), least=st.integers(0, 3).map(lambda h: h * HOUR),
    most=st.integers(3, 5).map(lambda h: h * HOUR), month=st.sampled_from([DAY, 2 * DAY, 30 * HOUR, 4 * DAY]),
    weeks=st.integers(1, 2), first_weekday=st.sampled_from([0, 5, 6]),
)  # fmt: skip
hours = st.integers(0, 80).map(lambda hour: hour * HOUR)
busy = World(
    trips=tuple((0, d * DAY + h * HOUR, d * DAY + h * HOUR + HOUR) for d in range(3) for h in (3, 7)),
    reads=tuple((d * DAY + h * HOUR + 60, s, 0, 0) for d in range(3) for h, s in ((3, 0), (7, 1), (7.5, 0))),
)


# --- by hand ----------------------------------------------------------------------------------------------------------


def visit(hour, stay, *, reads, vehicle=0, day=0):
    """Return the trip there, the trip on, and the reads (hour, site) around: the first trip takes an hour, as the other."""
    start = day * DAY
    trips = ((vehicle, start + (hour - 1) * HOUR, start + hour * HOUR),
             (vehicle, start + (hour + stay) * HOUR, start + (hour + stay + 1) * HOUR))  # fmt: skip
    return World(trips, tuple((int(start + at * HOUR), site, vehicle, vehicle) for at, site in reads))


@pytest.mark.parametrize(
    ("reads", "found"),
    [
        (((4.5, 0), (7.5, 0)), 1),
        (((4.5, 0),), 0),
        (((4.5, 0), (7.5, 2)), 0),  # the second camera is too far
        (((4.5, 0), (5.4, 0)), 0),  # too short
        (((4.5, 0), (5.5, 0)), 1),  # just long enough, though they stay until seven
        (((3.5, 0), (7.5, 0)), 1),  # just short enough
        (((3.4, 0), (7.5, 0)), 0),  # too long
        (((4.5, 0), (6, 2), (7.5, 0)), 0),  # a read between
        (((4.5, 0), (7.5, 1)), 1),  # an hour of the three is the way from one camera by the place to the other
        (((4.5, 0), (6.4, 1)), 0),  # which leaves too little here
        (((1, 0), (5, 0)), 0),  # before they came: it is over when they arrive
        (((7, 0), (9, 0)), 0),  # after they went
    ],
)
def test_a_visit_shows_between_two_reads(reads, found):
    world = visit(5, 2, reads=reads)
    sums = counted(world, limits(UNLIMITED), [0, 5], DAY, places=at(SPOTS[:1], places=6))
    assert sums.made[0, 0, 0] == 1
    assert sums.found[0, :, 0].tolist() == [found, 0]
    assert sums.right[0, 0, 0] == found


@pytest.mark.parametrize("reads", [((4.5, 0), (7.5, 1)), ((4.5, 1), (7.5, 0))])
def test_a_place_that_is_near_one_camera_alone_is_not_named(reads):
    spots = ((0, 0.0, 0.0, 0), (0, 3600.0, 0.0, 0))
    sums = counted(visit(5, 2, reads=reads), limits(UNLIMITED), [0, 5], DAY, places=at(spots), rule=a_rule(within=0.0))
    assert sums.claimed.sum() == 0


@pytest.mark.parametrize("reads", [((4.5, 0), (8.5, 2)), ((4.5, 2), (8.5, 0))])
def test_no_place_near_both_cameras_is_passed_over(reads):
    sums = counted(visit(5, 2, reads=reads), limits(UNLIMITED), [1, 5], DAY)
    assert (sums.claimed[0, :, 0].tolist(), sums.right[0, :, 0].tolist()) == ([1, 0, 0, 1], [1, 0])


def test_the_longest_stay_at_the_farthest_place_is_still_a_visit():
    world = visit(4, 2, reads=((2, 0), (8, 0)))
    sums = counted(world, limits(UNLIMITED), [1, 5], DAY)
    assert sums.right[0].sum(axis=0)[0] == 1


def test_what_is_of_the_last_time_is_told_to_the_second():
    """They stay from five to seven, and are read at half past four and half past seven."""
    world = visit(5, 2, reads=((4.5, 0), (7.5, 0)))
    ends = [counted(world, limits(UNLIMITED), [0, 5], now, horizon=HOUR * 3) for now in (7 * HOUR, 7 * HOUR - 1)]
    assert [sums.made[0, 0, 0] for sums in ends] == [1, 0]
    assert [sums.gone[0, visits.SO_FAR, 0, 0, 0] for sums in ends] == [1, 0]
    late = 14 * HOUR
    for since, made, claimed in ((5, 0, 1), (4.99, 1, 1), (7.49, 0, 1), (7.5, 0, 0)):
        sums = counted(world, limits(UNLIMITED), [0, 5], late, horizon=late - int(since * HOUR))
        assert (sums.made[0, 0, 0], sums.claimed[0, 0, 0]) == (made, claimed), since
    for since, said, gone in ((4.5, 0, 1), (4.49, 1, 1), (5, 0, 0)):
        sums = counted(world, limits(UNLIMITED), [0, 5], late, rule=a_rule(month=late - int(since * HOUR)))
        assert sums.said[0, visits.SO_FAR, 0, 0, 0] == said, since
        assert sums.gone[0, visits.SO_FAR, 0, 0, 0] == gone, since


def test_a_trip_of_no_length_leads_there_too():
    world = replace(visit(5, 2, reads=((4.5, 0), (7.5, 0))), trips=((0, 5 * HOUR, 5 * HOUR), (0, 7 * HOUR, 8 * HOUR)))
    assert counted(world, limits(UNLIMITED), [0, 5], DAY).right[0, 0, 0] == 1


def test_of_two_stops_between_two_reads_the_second_shows_too():
    trips = ((0, 4 * HOUR, 5 * HOUR), (0, 5 * HOUR + 600, 6 * HOUR), (0, 7 * HOUR, 8 * HOUR))
    world = World(trips, ((4 * HOUR + 1800, 0, 0, 0), (7 * HOUR + 1800, 0, 0, 0)))
    sums = counted(world, limits(UNLIMITED), [5, 0, 5], DAY)
    assert (sums.right[0, 0, 0], sums.found[0, 0, 0]) == (1, 1)


def test_who_is_still_there_has_not_made_a_visit_yet():
    world = replace(visit(5, 2, reads=((4.5, 0), (7.5, 0))), trips=((0, 4 * HOUR, 5 * HOUR),))
    sums = counted(world, limits(UNLIMITED), [0], DAY)
    assert (sums.right[0, 0, 0], sums.made.sum(), sums.known.sum(), sums.gone.sum()) == (1, 0, 0, 0)


def test_every_one_of_many_visits_is_found():
    parts = [visit(5, 2, reads=((4.5, 0), (7.5, 0)), day=day) for day in range(9)]
    world = World(sum((part.trips for part in parts), ()), sum((part.reads for part in parts), ()))
    sums = counted(world, limits(UNLIMITED), [0, 5] * 9, 10 * DAY, horizon=10 * DAY)
    assert (sums.made[0, 0, 0], sums.found[0, 0, 0], sums.right[0, 0, 0]) == (9, 9, 9)


def test_of_several_places_of_all_kinds_the_one_on_the_shortest_way_is_named():
    world = visit(5, 2, reads=((4.5, 1), (7.5, 1)))
    right = counted(world, limits(UNLIMITED), [1, 5], DAY)
    assert right.claimed[0, :, 0].tolist() == [1, 0, 1, 0]  # a clinic and no bar, and a decoy in a pass of its own
    assert right.right[0, :, 0].tolist() == [1, 0]
    other = counted(world, limits(UNLIMITED), [2, 5], DAY)  # of two at one corner the lesser lot is named
    assert (other.made[0, 0, 0], other.right[0, 0, 0], other.claimed[0, 0, 0]) == (1, 0, 1)


@pytest.mark.parametrize(("clinic", "bar", "named"), [(0, 1, 0), (1, 0, 1), (1, 1, 0)])
def test_of_two_kinds_at_one_corner_the_lot_decides(clinic, bar, named):
    places = at(((0, 0.0, 0.0, clinic), (1, 0.0, 0.0, bar)))
    sums = counted(visit(5, 2, reads=((4.5, 0), (7.5, 0))), limits(UNLIMITED), [1, 5], DAY, places=places)
    assert sums.claimed[0, :2, 0].tolist() == [1 - named, named]
    assert (sums.right[0, 1, 0], sums.stood[0, :, 0].sum(), sums.of_kind[0, :, 0].tolist()) == (named, 1, [0, named])


def test_a_guess_is_right_at_each_place_where_the_car_stood_in_the_gap():
    """They go to the second clinic, to the bar, to that clinic again and to nowhere: any of two places would be right."""
    hours = (5, 6, 7, 8)
    trips = tuple((0, int((hour - 0.9) * HOUR), hour * HOUR) for hour in hours)
    world = World(trips, ((4 * HOUR, 0, 0, 0), (8 * HOUR, 0, 0, 0), (9 * HOUR, 0, 0, 0)))
    sums = counted(world, limits(UNLIMITED), [1, 3, 1, 5], DAY)
    assert (sums.claimed[0, :2, 0].tolist(), sums.right[0, :, 0].tolist()) == ([2, 0], [0, 0])
    assert (sums.stood[0, :, 0].tolist(), sums.of_kind[0, :, 0].tolist()) == ([2, 0], [1, 0])
    got = rows_of(sums)
    assert got["sensitive_visits", "by_chance", "all", 0] == (2 / 8, 2)  # two of twice four places
    assert got["sensitive_visits", "by_chance_clinic", "all", 0] == (1 / 6, 2)
    assert got["sensitive_visits", "precision", "all", 0] == (0, 2)


def test_a_ghost_shows_no_visit_but_is_believed():
    world = visit(5, 2, reads=((4.5, 0),))
    world = replace(world, reads=(*world.reads, (7 * HOUR + 1800, 0, 0, 1)))
    sums = counted(world, limits(UNLIMITED), [0, 5], DAY)
    assert (sums.claimed[0, 0, 0], sums.right[0, 0, 0], sums.found[0, 0, 0]) == (1, 0, 0)
    assert (sums.stood.sum(), sums.of_kind.sum()) == (0, 0)  # nor is a guess right
    assert (sums.said[0, visits.SO_FAR, 0, 0, 0], sums.known[0, visits.SO_FAR].sum()) == (1, 0)


def test_a_trip_that_never_ended_leads_nowhere():
    world = replace(visit(5, 2, reads=((4.5, 0), (7.5, 0))), trips=((0, 4 * HOUR, -1), (0, 7 * HOUR, 8 * HOUR)))
    sums = counted(world, limits(UNLIMITED), [0, 5], DAY)
    assert (sums.made.sum(), sums.stood.sum(), sums.right.sum()) == (0, 0, 0)


def weekly():
    """Return a car that goes to a clinic on Tuesday and is read, on Tuesday and Friday of the next week, and read on Friday."""
    days = {1: True, 8: False, 11: True}
    parts = [visit(5, 2, reads=((4.5, 0), (7.5, 0)) if read else (), day=day) for day, read in days.items()]
    return World(sum((part.trips for part in parts), ()), sum((part.reads for part in parts), ()))


def rows_of(sums, cases=1, places=None):
    table = visits.rows(
        [sums], np.arange(cases, dtype=np.int32), [Case()] * cases, ("Ash", "Elm"), places or at(), seed=1
    )
    number = np.arange(len(table)) % cases
    keys = zip(table.measure, table.statistic, table.town, number, strict=True)
    return {key: (value, int(n)) for key, value, n in zip(keys, table.value, table.n, strict=True)}


def test_a_habit_takes_two_weeks_of_reads_to_show():
    world, rule = weekly(), a_rule(month=13 * DAY)
    lens = limits(2 * DAY, 11 * DAY, 13 * DAY, UNLIMITED)
    got = rows_of(counted(world, lens, [0, 5] * 3, 13 * DAY, rule=rule, horizon=7 * DAY), cases=4)
    assert [got["sensitive_visits", "recall_clinic", "all", case] for case in range(4)] == [(0.5, 2)] * 4
    assert [got["sensitive_habits", "recall", "all", case] for case in range(4)] == [(0, 1), (0, 1), (1, 1), (1, 1)]
    assert got["sensitive_habits", "days_until_found", "Ash", 2] == (12, 1)
    assert got["sensitive_habits", "days_until_found_clinic", "all", 3] == (12, 1)
    assert np.isnan(got["sensitive_habits", "days_until_found", "all", 1][0])
    assert got["sensitive_places", "days_until_found", "all", 0] == (2, 1)
    assert got["sensitive_places", "recall_clinic", "all", 0] == (1, 1)
    assert got["sensitive_habits", "by_chance", "all", 0] == (1 / 12, 12)  # three cars, four places
    assert got["sensitive_habits", "precision", "all", 3] == (
        1,
        1,
    )  # there is a bar at the corner too, that is not named
    assert got["sensitive_habits", "precision_bar", "all", 3][1] == 0
    assert np.isnan(got["sensitive_visits", "recall", "Elm", 3][0])


def test_a_month_that_was_not_simulated_is_told_so_far():
    sums = counted(weekly(), limits(UNLIMITED), [0, 5] * 3, 13 * DAY, rule=a_rule(month=30 * DAY), horizon=14 * DAY)
    got = rows_of(sums)
    assert got["sensitive_habits", "recall_so_far", "all", 0] == (1, 1)
    assert got["sensitive_habits", "recall", "all", 0][1] == 0
    assert np.isnan(got["sensitive_habits", "recall", "all", 0][0])
    assert got["sensitive_visits", "recall", "all", 0][1] == 0
    assert np.isnan(got["sensitive_visits", "recall", "all", 0][0])


def test_decoys_tell_what_chance_alone_gives():
    spots = ((0, 0.0, 0.0, 0), (0, 9e4, 0.0, 0), (1, 9e4, 0.0, 0), (2, 3600.0, 0.0, 0))
    world = visit(5, 2, reads=((4.5, 0), (7.5, 0)))
    got = rows_of(counted(world, limits(UNLIMITED), [0, 5], DAY, places=at(spots)), places=at(spots))
    assert got["sensitive_visits", "at_decoys", "all", 0] == (3.0, 1)  # one decoy for three places
    assert ("sensitive_visits", "at_decoys_clinic", "all", 0) not in got
    assert got["sensitive_visits", "precision", "all", 0] == (1.0, 1)
    assert got["sensitive_visits", "by_chance", "all", 0] == (1 / 3, 1)
    assert got["sensitive_visits", "by_chance_clinic", "all", 0] == (1 / 2, 1)
    assert got["sensitive_visits", "by_chance_bar", "all", 0][1] == 0


def test_a_kind_without_places_makes_no_decoys_unknown():
    spots = ((0, 0.0, 0.0, 0), (2, 0.0, 0.0, 0))
    got = rows_of(counted(visit(5, 2, reads=((4.5, 0), (7.5, 0))), limits(UNLIMITED), [0, 5], DAY, places=at(spots)),
                  places=at(spots))  # fmt: skip
    assert got["sensitive_visits", "at_decoys", "all", 0] == (1.0, 1)


def test_decoys_of_each_group_compete_among_themselves_alone():
    """Of six decoys, in two groups, each group names one: on average as many as the places do."""
    world, spots = visit(5, 2, reads=((4.5, 0), (7.5, 0))), [(kind, 0.0, 0.0, 9 - kind) for kind in (0, 0, 1, 2, 2, 3)]
    places = at([*spots, *spots[3:]])._replace(group=np.repeat(np.arange(3, dtype=np.int8), 3))
    sums = counted(world, limits(UNLIMITED), [2, 5], DAY, places=places)
    assert sums.claimed[0, :, 0].tolist() == [0, 1, 0, 2]
    assert rows_of(sums, places=places)["sensitive_visits", "at_decoys", "all", 0] == (1.0, 1)
    none = rows_of(counted(world, limits(UNLIMITED), [2, 5], DAY, places=at(spots[:3])), places=at(spots[:3]))
    assert np.isnan(none["sensitive_visits", "at_decoys", "all", 0][0])


def test_sums_of_moments_add_up():
    world, lens = weekly(), limits(12 * DAY)
    both = counted(world, lens, [0, 5] * 3, 13 * DAY)
    counted(world, lens, [0, 5] * 3, 9 * DAY, sums=both)
    one, other = (counted(world, lens, [0, 5] * 3, now) for now in (13 * DAY, 9 * DAY))
    assert all(np.array_equal(a, b + c) for a, b, c in zip(both, one, other, strict=True))
    assert both.made[0, 0, 0] == 1


@few
@given(worlds(), st.lists(st.integers(0, 5), max_size=12), hours, ruled)
def test_a_longer_limit_only_adds_inferences(world, destinations, now, rule):
    sums = counted(world, limits(*(h * HOUR for h in (0, 5, 10, 24, 48)), UNLIMITED), destinations, now, rule=rule)
    for name in ("found", "claimed", "right", "stood", "of_kind", "said", "known"):
        part = getattr(sums, name)[..., :6]
        assert (np.diff(part, axis=-1) >= 0).all(), name
        assert not part[..., 0].any()


# --- nobody and nothing -----------------------------------------------------------------------------------------------


def test_a_world_of_nobody():
    world = World(vehicles=0, town=(), kind=())
    assert counted(world, limits(UNLIMITED), [], DAY).cars.sum() == 0


def test_visitors_are_not_counted():
    world = replace(visit(5, 2, reads=((4.5, 0), (7.5, 0))), kind=(VehicleKind.VISITOR,) * 3)
    sums = counted(world, limits(UNLIMITED), [0, 5], DAY)
    assert (sums.made.sum(), sums.claimed.sum(), sums.stood.sum(), sums.cars.sum()) == (0, 0, 0, 0)


def test_where_no_such_place_is_nothing_is_found():
    spots = np.zeros((0, 4))
    got = rows_of(counted(visit(5, 2, reads=((4.5, 0), (7.5, 0))), limits(UNLIMITED), [0, 5], DAY, places=at(spots)))
    assert got["sensitive_visits", "recall", "all", 0][1] == 0
    assert got["sensitive_visits", "by_chance", "all", 0][1] == 0


def test_a_rule_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="most must be at least as long as least, 20 min, not 10 min"):
        Visits(most="10 min")
    with pytest.raises(ValueError, match="kinds must be different"):
        Visits(kinds=("bar", "bar"))


def test_statistics_of_a_kind_are_said_in_words():
    said = "of what is inferred, what is right: support group, of what was simulated so far"
    assert words.statistic("precision_support_group_so_far", DAY) == said
    assert words.statistic("recall", DAY) == "of what there was, what shows"
    assert words.statistic("most_to_least_trips_detected", DAY) == "most to least trips detected"


@pytest.mark.parametrize(("days", "column"), [(0, 0), (1, 1), (2, 2), (9, 2)])
def test_the_last_of_the_days_told_apart_is_of_more(days, column):
    one, counts = np.zeros(1, np.int64), [np.zeros((rows, kernels.CASES), np.int64) for rows in (2, 2, 6)]
    kernels.weigh(
        np.array([0, 1]), np.zeros(1, np.int32), np.full(1, days, np.int32), np.ones(1, np.uint64), np.ones(1, np.bool_),
        np.ones(1, np.int32), one, 2, 3, *counts,
    )  # fmt: skip
    assert [part[:, 0].tolist() for part in counts] == [[1, 0], [1, 0], [int(n == column) for n in range(6)]]


# --- against the twin ----------------------------------------------------------------------------------------------------


@few
@given(worlds(), rules(), st.lists(st.integers(0, 5), max_size=12), hours, hours.filter(bool), ruled)
@example(busy, limits(UNLIMITED, DAY, 2 * DAY), [0, 1] * 3, 80 * HOUR, 2 * DAY, a_rule(first_weekday=6))
@example(busy, limits(UNLIMITED, DAY, 2 * DAY), [0, 1] * 3, 72 * HOUR, 3 * DAY, a_rule(first_weekday=5, month=4 * DAY))
def test_what_is_counted_equals_the_twin(world, lens, destinations, now, horizon, rule):
    places = at()
    sums = counted(world, lens, destinations, now, rule=rule, horizon=horizon)
    truth = opened(world, destinations).bucket.truth
    of_place = places.of_place[truth.destination]
    made = list(zip(truth.vehicle, truth.depart, truth.arrive, of_place, strict=True))
    made = [tuple(int(cell) for cell in row) for row in made]
    for sight in range(SIGHTS):
        twin = naive.count(
            world, made, lambda o, age, k=sight: lens.obtains(k, o, age), SITES, SPOTS, rule, now, horizon, len(KINDS)
        )
        for name in ("made", "found", "claimed", "right", "stood", "of_kind"):
            assert_counted(getattr(sums, name), twin[name], sight)
        for name in ("gone", "said", "known", "days"):
            assert_counted(getattr(sums, name)[:, visits.SO_FAR], twin[name], sight)
            of_month = twin[name] if rule.month <= now else {}
            assert_counted(getattr(sums, name)[:, visits.MONTH], of_month, sight)
    assert sums.cars[:, visits.SO_FAR, 0].tolist() == [2, 1]
