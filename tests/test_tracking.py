"""What a tracker believes at the edges: as a car passes, as a day begins, of homes just likely enough."""

import numpy as np
import pytest

from alprsim.measures import along, routines, tracking, zones
from tests.test_position import JUNCTIONS, PLACES, roads, site_on


def adversary(**changes):
    """Return one who watches the road from junction 2 to 3 of the line, each junction a zone, and knows little else."""
    cut = zones.cut(JUNCTIONS, PLACES, 8)
    site = site_on(2, 3)
    travel = zones.travel(cut, roads(), site, np.array([True]))
    ways = along.find(cut, roads(), site, np.array([True]), 900)
    n = cut.many
    to = np.full((n, 2 * n), 1 / n)
    home = np.where(np.arange(n) < 4, 0.25, 0.0)
    hours = np.tile([0.05, 0.3, 0.1, 0.5, 0.5, 0.8], (routines.HOURS, 1))
    begin = np.tile([0.8, 0.1, 0.1], (routines.HOURS, 1))
    routine = routines.Routine(home, hours, to, begin, np.array([4.0, 1.0]))
    told = {
        "x": [2500.0],
        "y": [0.0],
        "zone": [2],
        "chance": [0.9],
        "ghost": [1e-6],
        "stands": [True],
        "roves": [False],
    }
    readers = tracking.Readers(*(np.array(told[name]) for name in tracking.Readers._fields))
    return tracking.Adversary(cut, travel, ways, routine, readers, 900, 0)._replace(**changes)


def watching(known, steps=8, watched=True):
    return tracking.watch(known, 0, [np.array([watched])], np.zeros(steps, np.int32))


def where(*said):
    """Return where a car is held to be, standing or under way."""
    return tracking.locate(*said).sum(axis=0)


NONE = np.empty(0, np.int32)


def reads(*times):
    return np.array(times, np.int32), np.zeros(len(times), np.int32)


def test_a_read_parts_before_from_after():
    known = adversary()
    found = where(known, watching(known), *reads(3 * 900 + 450), np.arange(9, dtype=np.int32))
    assert found.sum(axis=1) == pytest.approx(np.ones(9))
    assert found[3, :3].sum() > 0.95
    assert found[4, 3:].sum() > 0.95
    assert found[0, 3:].sum() < 0.4


def test_not_being_read_tells_less_and_only_where_somebody_watches():
    known = adversary()
    asked = np.arange(9, dtype=np.int32)
    unwatched = where(known, watching(known, watched=False), NONE, NONE, asked)
    watched = where(known, watching(known), NONE, NONE, asked)
    crossed = unwatched[8, 3:].sum(), watched[8, 3:].sum()
    assert crossed[1] < crossed[0]
    doubting = adversary(absence=0.1)
    less = where(doubting, watching(doubting), NONE, NONE, asked)[8, 3:].sum()
    assert crossed[1] < less < crossed[0]


def test_homes_are_weighed_by_what_was_seen_as_far_as_it_is_trusted():
    prior, logs = np.array([0.5, 0.5, 0.0]), np.log([0.8, 0.2, 0.9])
    assert tracking.believed(prior, logs, 1.0) == pytest.approx([0.8, 0.2, 0])
    assert tracking.believed(prior, logs, 0.5) == pytest.approx([2 / 3, 1 / 3, 0])
    assert tracking.believed(prior, np.array([0.0, -50.0, 0.0]), 1.0).tolist() == [1, 0, 0]


def test_the_register_names_the_home():
    known = adversary()
    home = np.zeros(9)
    home[1] = 1
    found = where(known, watching(known, watched=False), NONE, NONE, np.array([0, 1], np.int32), home)
    assert found[0, 1] == pytest.approx(0.8 + 0.2 / 9)
    assert found[1].argmax() == 1


def test_a_patrol_reads_what_is_parked_and_its_silence_says_nothing():
    known = adversary()
    roving = known.readers._replace(stands=np.array([False]), roves=np.array([True]))
    known = known._replace(readers=roving, travel=known.travel._replace(past=np.zeros((1, 9, 9))))
    watched = watching(known)
    assert (watched.pairs == 1).all()
    found = where(known, watched, *reads(3 * 900), np.array([3, 4], np.int32))
    assert found[:, 2].max() > 0.9


def test_trust_is_learned_from_cars_whose_truth_is_known():
    """Cars that are where the reads say are worth full trust; cars that are anywhere are worth little."""
    known, asked = adversary(), np.array([1, 4], np.int32)
    time, site = reads(2 * 900 + 100, 6 * 900)
    honest = [tracking.Rehearsed(time, site, asked, np.array([0, 5], np.int32), np.zeros(2, np.bool_))] * 2
    sure = tracking.rehearse(known, honest, 0, 8)
    lying = [tracking.Rehearsed(time, site, asked, np.array([8, 0], np.int32), np.zeros(2, np.bool_))] * 2
    unsure = tracking.rehearse(known, lying, 0, 8)
    assert (sure.trust, sure.absence) != (unsure.trust, unsure.absence)
    assert sure.trust in tracking.TRUSTS
    assert unsure.absence in tracking.ABSENCES


@pytest.mark.parametrize("drives", [False, True])
def test_what_is_learned_of_one_car_is_learned_of_three_alike(drives):
    known, asked = adversary(), np.array([3], np.int32)
    one = tracking.Rehearsed(*reads(3 * 900 - 30), asked, np.array([3], np.int32), np.array([drives]))
    learn = tracking._moving if drives else tracking._standing
    assert learn(known, [one], 0, 8) == pytest.approx(learn(known, [one] * 3, 0, 8))


def test_of_those_whose_region_holds_enough_the_highest_score_is_best():
    def best(*tried):
        return tracking._best([(np.array(scores), name) for name, scores in zip("abc", tried, strict=False)])

    assert best((0.92, -3.0), (0.95, -2.0), (0.85, -1.0)) == "b"
    assert best((0.5, -1.0), (0.8, -5.0)) == "b"


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
    found = where(known, watched, NONE, NONE, np.zeros(1, np.int32), home)
    assert found[0].tolist() == pytest.approx(home)


def test_a_cars_own_habits_are_learned_from_its_reads(monkeypatch):
    known, asked = adversary(), np.arange(9, dtype=np.int32)
    known = known._replace(routine=known.routine._replace(loyalty=np.array([0.1, 0.1])))
    seen = reads(900 * 2 + 450, 900 * 5 + 450)
    twice = where(known, watching(known), *seen, asked)
    monkeypatch.setattr(tracking, "PASSES", 1)
    assert abs(where(known, watching(known), *seen, asked) - twice).max() > 0.01
