"""Nights away from the registered address: against a plain twin, and by hand."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alprsim.measures import nights, places, question
from alprsim.tables import DAY, UNLIMITED, VehicleKind
from tests import naive_visits as naive
from tests.naive_measures import held as held_reads
from tests.worlds import HOUR, SIGHTS, World, rules, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=50)
RULE = nights.Rule(evening=14 * HOUR, morning=8 * HOUR, away=1000.0, area=500.0)
SITES = ((0.0, 0.0), (1001.0, 0.0), (1001.0, 500.0), (5000.0, 0.0))
PLACES = ((0.0, 0.0), (1000.0, 0.0), (1001.0, 0.0), (np.inf, np.inf))
HOMES = ((0.0, 0.0), (1001.0, 0.0), (0.0, 0.0))


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def spots(points):
    x, y = np.array(points, float).reshape(-1, 2).T.copy()
    return places.Spots(x, y, np.zeros(len(x), np.int16))


def counted(world, lens, destinations, now, *, rule=RULE, horizon=DAY, lives=None):
    people = question.residents(*world.tables())
    bucket = world.bucket()
    to = np.array([*destinations[: len(bucket.truth)], *[0] * (len(bucket.truth) - len(destinations))], np.int32)
    opened = question.open_bucket(bucket._replace(truth=replace(bucket.truth, destination=to)))
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    held = question.held(asked, opened.bucket.reads)
    sums, sites = nights.empty(len(people.towns)), spots(SITES)
    nights.add(
        sums, nights.empty(2) if lives is None else lives, opened, held, asked, people, drivers=world.drivers(),
        sites=sites, home=spots(HOMES), places=spots(PLACES),
        together=nights.near_each_other(sites, rule.area), rule=rule,
    )  # fmt: skip
    return sums


ruled = st.builds(
    nights.Rule, st.integers(0, 23).map(lambda h: h * HOUR), st.integers(0, 23).map(lambda h: h * HOUR),
    st.sampled_from([999.0, 1000.0, 1001.0]), st.sampled_from([499.0, 500.0, 5000.0]),
)  # fmt: skip
BUSY = World(
    owner_of_site=(0, 1, 0, 1),
    trips=((0, 5 * HOUR, 6 * HOUR), (0, 29 * HOUR, 30 * HOUR), (0, 46 * HOUR, 50 * HOUR), (0, 53 * HOUR, 54 * HOUR)),
    reads=tuple(
        (h * HOUR, s, 0, 0) for h, s in ((5, 1), (29, 2), (30, 1), (43, 1), (48, 2), (53, 1), (71, 1), (73, 1))
    ),
)


def day(*reads):
    """Return reads (clock hour, the next morning from 28, site) and a trip at eight in the evening that lasts an hour."""
    reads = tuple((int((h - 4) * HOUR), site, 0, 0) for h, site in reads)
    return World(((0, 16 * HOUR, 17 * HOUR),), reads, owner_of_site=(0, 1, 0, 1))


@pytest.mark.parametrize(
    ("reads", "right"),
    [
        (((20.5, 1), (31, 1)), 1),
        (((18, 1), (35.9, 2)), 1),  # just late and just early enough, just together
        (((17.9, 1), (31, 1)), 0),
        (((20.5, 1), (36, 1)), 0),
        (((20.5, 1), (31, 3)), 0),  # not together
        (((20.5, 0), (31, 1)), 0),  # home in the evening
        (((20.5, 1), (31, 0)), 0),
        (((20.5, 1), (27.9, 1)), 0),  # the same day, which ends at four
        (((20.5, 1), (28, 1)), 1),
        (((20.5, 1), (27, 1), (31, 1)), 1),
        (((20.5, 1), (27, 0), (31, 1)), 0),
        (((20.5, 1), (55, 1)), 0),  # the morning after
    ],
)
def test_a_night_away_shows_between_evening_and_morning(reads, right):
    sums = counted(day(*reads), limits(UNLIMITED), [2], 2 * DAY, horizon=2 * DAY)
    assert (sums.away[0, 0], sums.nights[0, 0]) == (2, 4)  # the car stays there, too, for the second night
    assert (sums.claimed[0, 0], sums.right[0, 0]) == (right, right)


def test_who_stood_at_home_or_was_under_way_was_not_away():
    world = day((20.5, 1), (31, 1))
    assert counted(world, limits(UNLIMITED), [1], 40 * HOUR).away.sum() == 0  # just near enough to home
    assert counted(world, limits(UNLIMITED), [3], 40 * HOUR).away[0, 0] == 1  # beyond the streets
    for arrive, away in ((22 * HOUR, 1), (22 * HOUR + 1, 0), (-1, 0)):
        late = replace(world, trips=((0, 16 * HOUR, arrive),))
        sums = counted(late, limits(UNLIMITED), [2], 40 * HOUR)
        assert (sums.away[0, 0], sums.claimed[0, 0], sums.right[0, 0]) == (away, 1, away)
    at_once = replace(world, trips=((0, 16 * HOUR, 16 * HOUR),))
    assert counted(at_once, limits(UNLIMITED), [2], 40 * HOUR).away[0, 0] == 1
    assert counted(replace(world, trips=()), limits(UNLIMITED), [2], 40 * HOUR).away.sum() == 0


def test_a_camera_just_near_enough_to_home_tells_nothing():
    world = day((20.5, 1), (31, 1))
    assert counted(world, limits(UNLIMITED), [2], 40 * HOUR, rule=RULE._replace(away=1001.0)).claimed.sum() == 0
    assert counted(world, limits(UNLIMITED), [2], 40 * HOUR, rule=RULE._replace(away=1000.9)).claimed.sum() == 1


def test_each_night_is_held_against_itself():
    """Away on the first night alone, and read as on both."""
    world = replace(
        day((20.5, 1), (31, 1), (44.5, 1), (55, 1)), trips=((0, 16 * HOUR, 17 * HOUR), (0, 30 * HOUR, 31 * HOUR))
    )
    sums = counted(world, limits(UNLIMITED), [2, 0], 3 * DAY, horizon=3 * DAY)
    assert (sums.away[0, 0], sums.claimed[0, 0], sums.right[0, 0]) == (1, 2, 1)
    late = counted(world, limits(UNLIMITED), [2, 0], 3 * DAY, horizon=DAY + 3 * HOUR)
    assert (late.away[0, 0], late.claimed[0, 0], late.right[0, 0]) == (0, 1, 0)


def test_a_ghost_makes_no_night_right_and_visitors_are_left_out():
    world = day((20.5, 1), (31, 1))
    ghost = replace(world, reads=(world.reads[0], (27 * HOUR, 1, 0, 1)))
    sums = counted(ghost, limits(UNLIMITED), [2], 40 * HOUR)
    assert (sums.claimed[0, 0], sums.right[0, 0]) == (1, 0)
    sums = counted(replace(world, kind=(VehicleKind.VISITOR,) * 3), limits(UNLIMITED), [2], 40 * HOUR)
    assert [int(part.sum()) for part in sums] == [0, 0, 0, 0, 0]


def test_rows_are_shares_by_town():
    sums = counted(day((20.5, 1), (31, 1)), limits(UNLIMITED, 2 * HOUR), [2], 2 * DAY, horizon=2 * DAY)
    table = nights.rows([sums], np.arange(2, dtype=np.int32), [Case()] * 2, ("Ash", "Elm"), seed=1)
    number = np.arange(len(table)) % 2
    keys = zip(table.statistic, table.town, number, strict=True)
    got = {key: (value, int(n)) for key, value, n in zip(keys, table.value, table.n, strict=True)}
    assert got["recall", "Ash", 0] == (0.5, 2)
    assert got["precision", "all", 0] == (1.0, 1)
    assert got["base_rate", "all", 0] == (2 / 6, 6)
    assert got["claimed", "Ash", 0] == (0.25, 4)
    assert got["recall", "all", 1] == (0.0, 2)
    assert np.isnan(got["recall", "Elm", 0][0])
    assert got["precision", "all", 1][1] == 0


@few
@given(worlds(), rules(), st.lists(st.integers(0, 3), max_size=12), st.integers(0, 99).map(lambda h: h * HOUR),
       st.integers(1, 70).map(lambda h: h * HOUR), ruled)  # fmt: skip
@example(BUSY, limits(UNLIMITED, DAY), [2, 2, 0, 2], 75 * HOUR, 75 * HOUR, RULE._replace(evening=HOUR))
@example(BUSY, limits(UNLIMITED, DAY), [2, 2, 0, 2], 78 * HOUR, 30 * HOUR, RULE)
@example(BUSY, limits(UNLIMITED, DAY), [2, 2, 0, 2], 96 * HOUR, 74 * HOUR, RULE)
def test_what_is_counted_equals_the_twin(world, lens, destinations, now, horizon, rule):
    sums = counted(world, lens, destinations, now, rule=rule, horizon=horizon)
    trips = sorted(world.trips)
    to = dict(zip(trips, [*destinations, *[0] * len(trips)], strict=False))
    days = [d for d in range(now // DAY) if now - horizon < d * DAY + 22 * HOUR <= now] if horizon <= now else []
    for sight in range(SIGHTS):
        twin = np.zeros((4, 2), int)
        for vehicle, town in enumerate(world.town):
            mine = [(depart, arrive, to[v, depart, arrive]) for v, depart, arrive in trips if v == vehicle]
            away = [naive.nights_away(mine, HOMES[vehicle], PLACES, d * DAY + 22 * HOUR, rule.away) for d in days]
            reads = sorted(read for read in world.reads if read[2] == vehicle)
            obtained = held_reads(reads, lambda o, age, k=sight: lens.obtains(k, o, age), world.owner_of_site, now)
            seen = [read for read, yes in zip(reads, obtained, strict=True) if yes]
            said = [claim for claim in naive.claimed_nights(seen, SITES, HOMES[vehicle], rule) if claim[0] in days]
            right = [ok and away[days.index(day)] for day, ok in said]
            twin[:, town] += len(days), sum(away), len(said), sum(right)
        assert [part[:, sight].tolist() for part in sums] == [*twin.tolist(), twin[3].tolist()]
