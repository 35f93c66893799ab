"""Where on its way a car is: ways and times by hand on a line of streets, what is believed of a car that was just read."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.measures import along, tracking, under_way, zones
from alprsim.tables import Sites
from tests import naive_tracker as naive
from tests.test_position import CUT, JUNCTIONS, roads, site_on
from tests.test_tracking import NONE, adversary, reads, watching, where

SITE = site_on(2, 3)


def found(longest=900, asked=True):
    return along.find(CUT, roads(), SITE, np.array([asked]), longest)


WAYS = found()
TRAVEL = zones.travel(CUT, roads(), SITE, np.array([True]))
PAIR = Sites.of(
    camera=[0, 0, 0], road=[*SITE.road, *site_on(4, 5).road, *SITE.road], offset=[500, 250, 500], heading=[0] * 3
)
PASSED = along.find(CUT, roads(), PAIR, np.array([True, True, False]), 900)
BEYOND = zones.travel(CUT, roads(), PAIR, np.array([True, True, False]))


def test_time_between_zones_is_spent_in_those_between():
    ways = found()
    assert ways.zone.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert ways.share[0, 2] == pytest.approx([0.25, 0.5, 0.25, 0, 0, 0, 0, 0, 0])
    assert ways.share[3, 3] == pytest.approx(np.eye(9)[3])
    assert ways.share.sum(axis=2) == pytest.approx(np.ones((9, 9)), abs=1e-6)


def test_a_site_is_followed_beat_by_beat_to_each_end_and_back_to_each_beginning():
    ways = found()
    after, before = ways.after[0] - 1, ways.before[0] - 1
    assert ways.after.shape == (1, 9, 31)
    assert after[6, :11].tolist() == [3, 3, 4, 4, 4, 5, 5, 5, 5, 6, -1]  # 300 s from junction 3 to 6
    assert after[3].tolist() == [-1] * 31
    assert before[0, :11].tolist() == [
        2,
        2,
        2,
        2,
        2,
        1,
        1,
        1,
        1,
        0,
        -1,
    ]  # 100 s on the road, 200 s from junction 0 to it
    assert before[2, :5].tolist() == [2, 2, 2, 2, -1]
    nobody = found(asked=False)
    assert not nobody.after.any()
    assert not nobody.before.any()


def test_a_car_may_be_slower_or_quicker_than_on_empty_roads():
    monday = WAYS.at(0, 200, 0.0, along.EVEN, back=False)
    assert monday[6] == pytest.approx([0, 0, 0, 0, 0.2, 0.8, 0, 0, 0])  # at 140, 170, 200, 230, 260 s
    assert monday[4].sum() == 0
    assert monday[5] == pytest.approx([0, 0, 0, 0, 0.2, 0.4, 0, 0, 0])  # two in five have arrived, at 200 s
    astray = WAYS.at(0, 200, 0.5, along.EVEN, back=False)[6]
    assert astray == pytest.approx(0.5 * monday[6] + 0.5 * WAYS.share[2, 6])
    assert WAYS.at(0, 9999, 0.0, along.EVEN, back=True).sum() == 0
    assert WAYS.at(0, 0, 0.5, along.EVEN, back=True)[0] == pytest.approx(0.5 * np.eye(9)[2] + 0.5 * WAYS.share[0, 2])


def test_what_is_longer_ago_than_ways_are_followed_is_told_as_the_last_beat():
    ways = found(270)
    assert (ways.after[0, 6] - 1).tolist() == [3, 3, 4, 4, 4, 5, 5, 5, 5, 6]
    assert ways.at(0, 9999, 0.0, along.EVEN, back=False)[6].tolist() == np.eye(9)[6].tolist()


def test_reads_close_together_are_of_one_drive():
    """Round from the site to it takes no time on this line: its zone is the one where its road begins, 100 s back."""
    takes = TRAVEL.from_site[2, 0]
    late = int(under_way.LATE * takes + under_way.SLACK)
    time = np.array([50, 50 + late, 51 + 2 * late], np.int32)
    seen = under_way.sightings(time, np.zeros(3, np.int32), WAYS, TRAVEL)
    assert seen.drive.tolist() == [50, 50, time[2]]
    assert len(under_way.sightings(NONE, NONE, WAYS, TRAVEL).time) == 0


def test_what_lies_between_two_sites_is_timed():
    """The rest of the one's road, the way between and the other's road up to it; the third site is not asked about."""
    assert PASSED.takes.tolist() == [[0, 50 + 100 + 25, 0], [75 + 300 + 50, 0, 0], [0, 0, 0]]
    far = PAIR.offset.copy()
    far[:2] = 2000  # beyond its road's end is at its end
    beyond = along.find(CUT, roads(), dataclasses.replace(PAIR, offset=far), np.array([True, True, False]), 900)
    assert beyond.takes[0, 1] == 200
    nothing = along.find(CUT, roads(), PAIR, np.zeros(3, np.bool_), 900)
    assert not nothing.takes.any()


@pytest.mark.parametrize(("took", "pace"), [(175, 2), (0, 4), (150, 3), (205, 1), (270, 0)])
def test_a_drive_read_twice_tells_a_cars_pace(took, pace):
    site = np.array([0, 1], np.int32)
    seen = under_way.sightings(np.array([50, 50 + took], np.int32), site, PASSED, BEYOND)
    said = np.full(5, 1 / 6)
    said[pace] = 2 / 6
    assert under_way.paces(seen, PASSED) == pytest.approx(said)
    apart = under_way.sightings(np.array([50, 50 + 271], np.int32), site, PASSED, BEYOND)  # two drives tell none
    assert under_way.paces(apart, PASSED) == pytest.approx(along.EVEN)


@pytest.mark.parametrize(("takes", "took", "pace"), [(1.5, 0, 4), (0.9, 1, 1)])
def test_sites_a_second_apart_tell_a_pace_too(takes, took, pace):
    seen = under_way.Sightings(np.array([50, 50 + took]), np.array([0, 1], np.int32), np.zeros(2, np.int64))
    said = under_way.paces(seen, PASSED._replace(takes=np.full((2, 2), takes)))
    assert said.argmax() == pace
    assert said[pace] == pytest.approx(2 / 6)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5), st.integers(0, 1)), max_size=6))
def test_paces_are_counted_as_they_are_plainly(reads_of):
    """Reads at one of two sites, each so many minutes after the last, on the same drive but for some."""
    time = np.cumsum([60 * gap for gap, *_ in reads_of], dtype=np.int64)
    site = np.array([site for *_, site in reads_of], np.int32)
    drive = np.cumsum([new == 1 for _, new, _ in reads_of], dtype=np.int64)
    got = under_way.paces(under_way.Sightings(time, site, drive), PASSED)
    said = naive.paces(time.tolist(), site.tolist(), drive.tolist(), PASSED.takes.tolist(), along.PACES, 5)
    assert got == pytest.approx(said)


def test_a_car_known_to_be_slow_is_held_to_be_nearer_and_longer_under_way():
    slow = WAYS.at(0, 200, 0.0, np.array([1.0, 0, 0, 0, 0]), back=False)
    assert slow[6] == pytest.approx(np.eye(9)[4])  # at 140 s
    assert slow[5].sum() == 1
    seen = under_way.Sightings(np.array([0, 600], np.int64), np.array([0, 1], np.int32), np.zeros(2, np.int64))
    maybe = under_way.drives(0, 900, np.array([3], np.int32), seen)
    went = np.zeros((3, 9, 9))
    went[2, 5, 7] = 1.0
    goes = under_way.split(np.eye(9)[[7]], (went, np.arange(3)[None]), maybe, PASSED, BEYOND, 0.0)[1]
    pace = (5 + 0.7) / 6
    assert goes.sum() == pytest.approx(200 / 900 / pace)


def parted(*times, asked=1, moved=(), astray=0.0, at_seven=1.0):
    """Return what is believed of a car that stands, by the kernel, at 7 (or 0) as the step begins: standing, and under way."""
    time = np.array(times, np.int32)
    seen = under_way.sightings(time, np.zeros(len(time), np.int32), WAYS, TRAVEL)
    maybe = under_way.drives(0, 900, np.array([asked], np.int32), seen)
    went = np.zeros((3, 9, 9))
    for drive, start, end in moved:
        went[drive, start, end] = 1.0
    posterior = at_seven * np.eye(9)[[7]] + (1 - at_seven) * np.eye(9)[[0]]
    stands, goes = under_way.split(posterior, (went, np.arange(3)[None]), maybe, WAYS, TRAVEL, astray)
    assert (stands + goes).sum() == pytest.approx(1)
    return stands[0], goes[0]


def test_a_car_is_under_way_until_it_can_have_arrived():
    stands, goes = parted(900 - 60, moved=[(0, 0, 7)])
    assert goes == pytest.approx([0, 0, 0, 0.4, 0.6, 0, 0, 0, 0])  # 42, 51, 60, 69, 78 s past it: two before 60 s
    assert stands.sum() == pytest.approx(0)
    assert parted(900 - 899, moved=[(0, 0, 7)])[0][7] == 1  # 400 s are over
    assert parted(0, moved=[(0, 0, 7)])[1].sum() == 0  # a whole step ago: where it is the steps know
    assert parted(900 - 60)[1].sum() == 0  # the read was another's: the steps have it go nowhere


def test_a_car_that_is_about_to_be_read_has_left():
    goes = parted(900 + 60, moved=[(1, 7, 0)])[1]
    assert goes.sum() == pytest.approx(1)
    assert goes[2] == pytest.approx(1)  # on the site's road, by its end
    assert parted(1800, moved=[(1, 7, 0)])[1].sum() == 0


def test_between_two_reads_of_one_drive_it_is_between_the_sites():
    stands, goes = parted(900 - 60, 900 + 60, moved=[(0, 0, 7)])
    assert goes.sum() == pytest.approx(1)
    assert stands.sum() == 0
    assert goes[[1, 2, 3]].sum() == pytest.approx(1)
    later = parted(900 - 60, 900 + 60, 2000, moved=[(0, 0, 7)])
    assert np.array(later) == pytest.approx(np.array([stands, goes]))


def test_unread_it_is_under_way_as_long_as_the_way_takes():
    stands, goes = parted(moved=[(2, 5, 7)])
    late = 200 / 900
    assert stands[7] == pytest.approx(1 - 0.75 * late - 0.25 * late)
    assert goes == pytest.approx(late * WAYS.share[5, 7], abs=1e-6)
    assert parted(moved=[(2, 5, 7)], at_seven=0.1)[1].sum() == pytest.approx(0.1)  # no more than there are
    assert parted(moved=[(2, 5, 7)], asked=0)[1].sum() == 0
    assert parted(100, moved=[(2, 5, 7)])[1].sum() == 0  # of a step with a read it is known when it left


def test_the_tracker_parts_standing_from_under_way():
    known = adversary()
    asked = np.arange(9, dtype=np.int32)
    stands, goes = tracking.locate(known, watching(known), *reads(3 * 900 - 30), asked)
    assert (stands + goes).sum(axis=1) == pytest.approx(np.ones(9))
    assert goes[3].sum() > 5 * goes[[0, 5, 6, 7, 8]].sum(axis=1).max()
    assert goes[3, 3] > 0.9 * goes[3].sum()
    assert goes[0].sum() == 0
    for read, step in ((900 - 30, 1), (8 * 900 - 30, 8)):  # in the first step, and in the last
        assert tracking.locate(known, watching(known), *reads(read), asked[[step]])[1, 0, 3] > 0.7


def test_two_reads_of_one_drive_are_one_move():
    """As a step ends and as the next begins: by two moves it would have stopped between, and gone back."""
    known = adversary()
    once = where(known, watching(known), *reads(3 * 900 - 30), np.array([5], np.int32))
    twice = where(known, watching(known), *reads(3 * 900 - 30, 3 * 900 + 30), np.array([5], np.int32))
    assert abs(once - twice).sum() < 0.2


def test_ways_past_a_camera_are_learned_from_trips():
    """Of 40 trips from zone 0 to 6 the streets alone would have all pass; one in four does."""
    pair, passes = np.full(40, 6), np.arange(40)[None] % 4 == 0
    found = zones.learned(TRAVEL.past, pair, passes)
    power = max(zones.POWERS)
    least = np.clip(TRAVEL.past, 1e-6, 1 - 1e-6) ** power
    assert found[0, 0, 6] == pytest.approx((10 + zones.SMOOTH * least[0, 0, 6]) / (40 + zones.SMOOTH))
    assert found[0, 6, 0] == pytest.approx(least[0, 6, 0])
    none = Sites.of(camera=[], road=[], offset=[], heading=[])
    nothing = zones.travel(CUT, roads(), none, np.zeros(0, np.bool_))
    assert zones.learned(nothing.past, pair, passes[:0]).shape == (0, 9, 9)


def test_streets_under_points():
    x, y = np.array([0.0, 1400.0, 1600.0]), np.zeros(3)
    assert zones.under(CUT, JUNCTIONS, x, y).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("zone", "more"), [(3, False), (5, True)])
def test_doubt_about_ways_is_learned_from_cars_under_way(zone, more):
    """30 s after the read they are by the site: no doubt; or 2 km on: as much doubt as there is."""
    known = adversary()
    time, site = reads(3 * 900 - 30)
    stood = tracking.Rehearsed(
        time, site, np.array([1, 3], np.int32), np.array([0, zone], np.int32), np.array([False, True])
    )
    got = tracking.rehearse(known, [stood] * 3, 0, 8)
    assert got.astray in tracking.ASTRAY
    assert (got.astray > 0) == more


def test_a_drive_is_looked_for_in_the_step_in_which_it_was_first_read():
    seen = under_way.sightings(np.array([850, 950, 2800], np.int32), np.zeros(3, np.int32), WAYS, TRAVEL)
    maybe = under_way.drives(0, 900, np.array([0, 2, 4], np.int32), seen)
    assert maybe.before.tolist() == [-1, 1, 2]
    assert maybe.began().tolist()[1:] == [[0, 2, 1], [3, 4, 3]]
