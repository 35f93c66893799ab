"""What people usually do, learned from diaries small enough to follow by hand."""

import numpy as np
import pytest

from alprsim.kernels.tracker import LEAVE_HOME, LEAVE_LONG, LEAVE_SHORT
from alprsim.measures import routines
from alprsim.measures.routines import AT_HOME, AWAY_LONG
from alprsim.tables import DAY

HOUR = 3600
STEP = 900
TRIPS = (1800, 2400, 1, False), (2600, 4500, 1, False), (15300, 15900, 0, True), (17100, 17200, 0, True)
"""Departures, arrivals, zones, homewards: a stop between two steps, three hours to the second, home, and round the block."""


def diary(trips):
    """Return one car's trips."""
    depart, arrive, zone, homewards = (np.array(column) for column in zip(*trips, strict=True))
    moments = (np.asarray(column, np.int32) for column in (np.zeros(len(trips)), depart, arrive, zone))
    return routines.Diary(*moments, homewards)


def learned(monkeypatch, trips, garage, days=1):
    monkeypatch.setattr(routines, "SMOOTH", 1e-9)
    return routines.learn(diary(trips), np.array(garage, np.int32), 3, days=days, step=STEP, first_weekday=0)


def test_stays_are_those_that_a_step_begins_in():
    found = routines._stays(diary(TRIPS), np.array([0, 2], np.int32), DAY, STEP)
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [
        (0, AT_HOME, 0, 0, 2), (0, AWAY_LONG, 1, 5, 17), (0, AT_HOME, 0, 18, 19), (0, AT_HOME, 0, 20, 96),
        (1, AT_HOME, 2, 0, 96),
    ]  # fmt: skip
    here, after = routines._moves(found)
    assert (here.tolist(), after.tolist()) == ([0, 1], [1, 2])  # round the block is no move


def test_who_leaves_does_so_in_the_last_step_of_the_stay(monkeypatch):
    """The long stay's last step begins at 8:00 sharp, and is the only one of that hour."""
    got = learned(monkeypatch, TRIPS, [0])
    assert got.hours[[3, 4], LEAVE_LONG].tolist() == pytest.approx([1e-6, 0.98], abs=2e-6)
    assert got.home.tolist() == [1, 0, 0]


def test_departures_are_of_all_who_may_leave():
    hours = np.zeros((2, 6))
    hours[0, [LEAVE_HOME, LEAVE_SHORT, LEAVE_LONG]] = 0.1, 0.5, 0.25
    begin = np.array([[0.5, 0.1, 0.4], [1.0, 0.0, 0.0]])
    got = routines.Routine(np.ones(1), hours, np.ones((1, 2)), begin, np.ones(2)).departures
    assert got.tolist() == pytest.approx([0.05 + 0.05 + 0.1, 0.0])


def test_errands_and_long_stays_are_loyal_apart(monkeypatch):
    """Six days at work in one place, and after it now to one place, now to another."""
    trips = [
        trip
        for day in range(6)
        for trip in (
            (day * DAY + 4 * HOUR, day * DAY + 5 * HOUR, 1, False),
            (day * DAY + 14 * HOUR, day * DAY + 15 * HOUR, 1 + day % 2, False),
            (day * DAY + 16 * HOUR, day * DAY + 17 * HOUR, 0, True),
        )
    ]
    assert learned(monkeypatch, trips, [0], days=6).loyalty.tolist() == [routines.LOYALTIES[-1], routines.LOYALTIES[0]]


def test_those_of_each_zone_have_destinations_of_their_own(monkeypatch):
    monkeypatch.setattr(routines, "SMOOTH", 1e-9)
    lives, layer, zone = np.array([1, 1, 0], np.int32), np.array([0, 1, 0]), np.array([2, 0, 1])
    to = routines._destinations(lives, layer, zone, 3)
    assert to[1].tolist() == pytest.approx([0, 0, 1, 1, 0, 0], abs=1e-6)
    assert to[0, :3].tolist() == pytest.approx([0, 1, 0], abs=1e-6)
