"""What a tracker believes at the edges: as a car passes, as a day begins, of homes just likely enough."""

import numpy as np
import pytest

from alprsim.measures import tracking
from tests.test_position import NONE, adversary, reads, watching

ASKED = np.array([1], np.int32)


def moved(since, zone, **travel):
    """Return where a car is, held to be bound for (or from) a zone, so many seconds after it was read; the site is at 2.5 km."""
    known = adversary()
    before = np.zeros((1, 9))
    before[0, zone] = 1.0
    known = known._replace(travel=known.travel._replace(**travel))
    time = np.array([known.step - since], np.int32)
    return tracking._under_way(known, 0, time, np.zeros(1, np.int32), ASKED, before)[0].argmax()


def test_a_car_is_under_way_until_it_can_have_arrived():
    slowly = np.full((9, 1), 2000.0)
    assert moved(899, 6, from_site=slowly) == 4  # 899 of 2000 s toward 6 km
    assert moved(900, 6, from_site=slowly) == 6  # a whole step ago it was read: where it is the steps know
    in_time = np.full((9, 1), 400.0)
    assert (moved(399, 8, from_site=in_time), moved(400, 8, from_site=in_time)) == (
        7,
        8,
    )  # at the gateway, and beyond it


def test_as_it_is_read_a_car_is_at_the_site_unless_it_goes_no_further():
    assert moved(0, 3) == 3  # the site's road leads there
    assert moved(0, 7) == 2


def test_a_home_just_likely_enough_is_looked_at(monkeypatch):
    monkeypatch.setattr(tracking, "UNLIKELY", 0.5)
    assert tracking.believed(np.array([0.5, 0.5]), np.zeros(2), 1.0).tolist() == [0.5, 0.5]


def test_a_car_begins_as_cars_are_at_the_first_steps_hour():
    known = adversary()
    begin = known.routine.begin.copy()
    begin[0], begin[1] = (1, 0, 0), (0, 0.5, 0.5)
    known = known._replace(routine=known.routine._replace(begin=begin))
    watched = tracking.watch(known, 2700, [np.array([False])], np.zeros(8, np.int32))
    home = np.eye(9)[1]
    found = tracking.locate(known, watched, NONE, NONE, np.zeros(1, np.int32), home)
    assert found[0].tolist() == pytest.approx(home)


def test_a_cars_own_habits_are_learned_from_its_reads(monkeypatch):
    known, asked = adversary(), np.arange(9, dtype=np.int32)
    known = known._replace(routine=known.routine._replace(loyalty=np.array([0.1, 0.1])))
    seen = reads(900 * 2 + 450, 900 * 5 + 450)
    twice = tracking.locate(known, watching(known), *seen, asked)
    monkeypatch.setattr(tracking, "PASSES", 1)
    assert abs(tracking.locate(known, watching(known), *seen, asked) - twice).max() > 0.01
