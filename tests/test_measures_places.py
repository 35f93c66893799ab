"""Home and work as a simple adversary guesses them: against a plain twin, by hand, and scored to the metre."""

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels.anchors import anchors
from alprsim.measures import places, question
from alprsim.tables import DAY, UNLIMITED, Junctions, People, PlaceKind, Places, Roads, Sites, VehicleKind
from tests import naive_measures as naive
from tests.worlds import HOUR, SIGHTS, World, rules, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=100)
moments = st.integers(0, 80).map(lambda hour: hour * HOUR)


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def guessed(world, lens, now, first_weekday=0, near=(False,) * 3):
    """Return the kernel's home and work, and the days until each was found: four times [vehicles, 64]."""
    bucket = world.bucket()
    asked = question.ask(lens, world.sites(), moment=now, horizon=HOUR)
    guess, until = (np.empty((2 * world.vehicles, 64), np.int32) for _ in range(2))
    rows = np.arange(world.vehicles)
    held = question.held(asked, bucket.reads)
    near = np.tile(np.array(near, np.bool_), (2 * world.vehicles, 1))
    anchors(rows, bucket.first_read, bucket.reads.time, bucket.reads.site, held, near, first_weekday, now, guess, until)
    return guess[::2], guess[1::2], until[::2], until[1::2]


@few
@given(worlds(), rules(), moments, st.integers(0, 6), st.tuples(*[st.booleans()] * 3))
def test_guesses_equal_the_twin(world, lens, now, first_weekday, near):
    *guess, home_days, work_days = guessed(world, lens, now, first_weekday, near)
    for vehicle in range(world.vehicles):
        mine = sorted(read for read in world.reads if read[2] == vehicle)
        for sight in range(SIGHTS):
            held = naive.held(mine, lambda o, age, k=sight: lens.obtains(k, o, age), world.owner_of_site, now)
            left = [(time, site) for (time, site, *_), yes in zip(mine, held, strict=True) if yes]
            twin = naive.home_and_work(left, first_weekday)
            assert [of[vehicle, sight] for of in guess] == [-1 if site is None else site for site in twin]
            days = [naive.days_until(left, first_weekday, now, near, kind) for kind in range(2)]
            assert [of[vehicle, sight] for of in (home_days, work_days)] == [-1 if d is None else d for d in days]


words = st.sampled_from([0, 1, 2**64 - 1, 2**63, 0x5555_5555_5555_5555, 0xFFFF_0000_FFFF_0000, 2**20 - 1, 0xF0F0])


def same_in_all_64_cases(bucket, masks, first_weekday, near, now):
    """Hold every case's guesses against the twin's, whichever cases hold the same reads."""
    n = len(bucket.vehicle)
    guess, until = (np.full((2 * n, 64), 7, np.int32) for _ in range(2))
    reads, fits = bucket.reads, np.tile(np.array(near, np.bool_), (2 * n, 1))
    anchors(np.arange(n), bucket.first_read, reads.time, reads.site, masks, fits, first_weekday, now, guess, until)
    for vehicle, case in product(range(n), range(64)):
        mine = range(bucket.first_read[vehicle], bucket.first_read[vehicle + 1])
        left = [(int(reads.time[r]), int(reads.site[r])) for r in mine if int(masks[r]) >> case & 1]
        twin = naive.home_and_work(left, first_weekday)
        assert guess[2 * vehicle : 2 * vehicle + 2, case].tolist() == [-1 if s is None else s for s in twin]
        days = [naive.days_until(left, first_weekday, now, near, kind) for kind in range(2)]
        assert until[2 * vehicle : 2 * vehicle + 2, case].tolist() == [-1 if d is None else d for d in days]


@settings(deadline=None, derandomize=True, max_examples=30)
@given(worlds(), st.lists(words, min_size=1, max_size=7), st.integers(0, 6), st.tuples(*[st.booleans()] * 3))
def test_guesses_of_all_64_cases_equal_the_twin(world, held, first_weekday, near):
    bucket = world.bucket()
    masks = np.resize(np.array(held, np.uint64), len(bucket.reads))
    same_in_all_64_cases(bucket, masks, first_weekday, near, 80 * HOUR)


@pytest.mark.parametrize("rare", [0, 1, 4])
def test_guesses_equal_the_twin_where_no_two_cases_hold_the_same(rare):
    """Some reads are held by half of the cases and some, the more with ``rare``, by few: votes by ones and by sixty-fours."""
    draw = np.random.default_rng(rare)
    when = np.sort(draw.integers(0, 9 * 24, 70)) * HOUR
    world = World(
        reads=tuple(
            (int(t), int(s), v, v) for v in range(2) for t, s in zip(when, draw.integers(0, 3, 70), strict=True)
        )
    )
    bucket = world.bucket()
    masks = draw.integers(0, 2**64, (6, len(bucket.reads)), dtype=np.uint64)
    few = draw.random(len(bucket.reads)) < 0.5
    masks[0, few] = np.bitwise_and.reduce(masks[: rare + 1, few], axis=0)
    same_in_all_64_cases(bucket, masks[0], 0, (False, True, False), 9 * DAY)


def day(*reads, number=0):
    """Return reads of vehicle 0 on a day: (clock hour, site)."""
    return tuple((number * DAY + int((hour - 4) * HOUR), site, 0, 0) for hour, site in reads)


@pytest.mark.parametrize(("now", "days"), [(DAY, 1), (DAY + 1, 2), (2 * DAY, 2), (2 * DAY + 1, 3)])
def test_a_day_begun_is_a_day_that_reads_must_be_held(now, days):
    world = World(reads=day((8, 1)), vehicles=1, town=(0,), kind=(VehicleKind.RESIDENT,))
    assert guessed(world, limits(UNLIMITED), now, near=(True,) * 3)[2][0, 0] == days


@pytest.mark.parametrize(
    ("reads", "home", "work"),
    [
        ((), -1, -1),
        (day((8, 1)), 1, -1),
        (day((7, 2), (7.5, 1), (17, 1), (17.5, 2)), 2, 1),
        (day((7, 2), (7.5, 0), (10.5, 1), (18, 2)), 2, 1),  # the longest stay, 7.5 h, begins at 10:30
        (day((7, 2), (7.5, 0), (10.5, 1), (13.5, 2)), 2, 0),  # equal stays: the earlier; equal votes: the lower site
        (day((7, 2), (9.9, 1)), 1, -1),  # too short; equal votes for home too
        (day((7, 2), (10, 1)), 1, 1),  # just long enough
        (day((4.5, 2), (11, 1)), 1, -1),  # begun before five
        (day((12, 2), (18, 1)), 1, -1),  # begun at noon
        (day((22, 1), (27, 2)), 1, -1),  # three in the morning is the same day
        (day((7, 2), (16, 2), number=5), 2, -1),  # a Saturday
    ],
)
def test_guesses_by_hand(reads, home, work):
    world = World(reads=reads, vehicles=1, town=(0,), kind=(VehicleKind.RESIDENT,))
    homes, works, *until = guessed(world, limits(UNLIMITED), 10 * DAY)
    assert all((of == -1).all() for of in until)  # nothing is near
    assert (homes[0, 0], works[0, 0]) == (home, work)
    assert (homes[0, 1:] == -1).all()
    assert (works[0, 1:] == -1).all()


def spots(*points):
    x, y, town = np.array(points, float).reshape(-1, 3).T
    return places.Spots(x.copy(), y.copy(), town.astype(np.int16))


WORLD = World(
    reads=(*day((7, 0), (7.5, 1), (17, 1), (17.5, 0)), *((t, s, 1, 1) for t, s, *_ in day((7, 2), (18, 2)))),
    town=(0, 1, 0),
)
SITES = spots((0, 0, 0), (3000, 4000, 1), (100_000, 0, 1))
HOME = spots((250, 0, 0), (0, 0, 1), (0, 0, 0))
WORK = spots((3000, 4300, 1), (np.nan, np.nan, -1), (0, 0, 0))
NOBODY = spots()


def found(world, lens, moments, *, cases=1, sites=SITES, within=(250.0, 500.0)):
    people = question.residents(*world.tables())
    sums = places.empty(people, within=within, days=10)
    opened = question.open_bucket(world.bucket())
    for now in moments:
        asked = question.ask(lens, world.sites(), moment=now, horizon=HOUR)
        held = question.held(asked, opened.bucket.reads)
        places.add(
            sums, places.empty(people, within=within, days=10), opened, held, asked, people, drivers=world.drivers(),
            sites=sites, cars=places.Known(HOME, WORK), persons=places.Known(HOME, WORK), first_weekday=0,
        )  # fmt: skip
    rows = places.rows([sums], np.arange(cases, dtype=np.int32), [Case()] * cases, people, seed=1)
    number = np.arange(len(rows)) % cases
    keys = zip(rows.measure, rows.statistic, rows.town, number, strict=True)
    return {key: (value, int(n)) for key, value, n in zip(keys, rows.value, rows.n, strict=True)}


def test_what_is_found_is_a_share_of_all_who_have_such_a_place():
    got = found(WORLD, limits(2 * DAY), [2 * DAY])
    assert got["home_found", "within_250m", "Ash", 0] == (0.5, 2)  # vehicle 2 was never read: not found
    assert got["home_found", "within_250m", "all", 0] == (pytest.approx(1 / 3), 3)
    assert got["home_found", "right_town", "Elm", 0] == (1.0, 1)
    assert got["work_found", "within_250m", "all", 0] == (0.0, 2)  # vehicle 1 has no work
    assert got["work_found", "within_500m", "all", 0] == (0.5, 2)
    assert got["work_found", "right_town", "all", 0] == (0.5, 2)
    assert np.isnan(got["work_found", "within_500m", "Elm", 0][0])


def test_the_median_error_is_of_those_with_an_estimate():
    got = found(WORLD, limits(2 * DAY), [2 * DAY])
    assert got["home_found", "median_error", "Ash", 0] == (262.5, 1)  # 250 m is counted as 250 to 275 m
    assert got["home_found", "median_error", "Elm", 0] == (np.inf, 1)
    assert got["work_found", "median_error", "all", 0] == (312.5, 1)
    assert got["home_found", "median_error", "all", 0] == (262.5, 2)  # the lower of two


def test_of_those_guessed_so_many_are_right():
    """Of the homes of vehicles 0 and 1, which alone were read, that of 0 is found."""
    got = found(WORLD, limits(2 * DAY), [2 * DAY])
    assert got["home_found", "within_250m_of_guessed", "all", 0] == (0.5, 2)
    assert got["home_found", "within_250m_of_guessed", "Elm", 0] == (0.0, 1)
    assert got["work_found", "within_500m_of_guessed", "Ash", 0] == (1.0, 1)


def test_nothing_held_finds_nothing_and_what_is_not_simulated_is_not_measured():
    got = found(WORLD, limits(0, 2 * DAY, UNLIMITED), [DAY, 2 * DAY], cases=3)
    assert [got["home_found", "right_town", "all", k] for k in (0, 1)] == [(0.0, 6), (pytest.approx(2 / 3), 3)]
    assert np.isnan(got["home_found", "right_town", "all", 2][0])
    assert [got["home_found", "median_error", "all", k][1] for k in range(3)] == [0, 2, 0]
    assert np.isnan(got["home_found", "median_error", "all", 0][0])


def test_without_cameras_nothing_is_found():
    world = replace(WORLD, reads=())
    assert found(world, limits(DAY), [DAY], sites=NOBODY)["home_found", "within_250m", "all", 0] == (0.0, 3)


JUNCTIONS = Junctions.of(osm_id=[1, 2], x=[0, 100], y=[0, 200], town=[0, 1])
PLACES = Places.of(
    junction=[0, 1, 1], kind=[PlaceKind.HOME, PlaceKind.WORK, PlaceKind.BEYOND], weight=[1, 1, 1], town=[0, 1, 1]
)


def test_a_site_stands_on_its_road():
    zero = [0]
    roads = Roads.of(
        tail=zero, head=[1], length=[400], crossing=zero, lanes=zero, headway=zero, room=zero, wave=zero, kind=zero
    )
    sites = Sites.of(camera=[0] * 4, road=[0] * 4, offset=[0, 100, 300, 500], heading=[0] * 4)
    got = places.site_spots(sites, roads, JUNCTIONS)
    assert got.x.tolist() == [0, 25, 75, 100]
    assert got.y.tolist() == [0, 50, 150, 200]
    assert got.town.tolist() == [0, 0, 1, 1]


def test_home_is_the_garage_and_work_the_main_drivers():
    vehicles, *_ = replace(World(), vehicles=4, town=(0,) * 4, kind=(0,) * 4).tables()
    people = People.of(
        home=[0] * 5, work=[-1, 1, 0, 2, 1], household=range(5), vehicle=[0, 0, 0, 2, -1], kind=[0] * 5, key=range(5)
    )
    home = places.homes(vehicles, PLACES, JUNCTIONS)
    work = places.works(vehicles, people, PLACES, JUNCTIONS)
    assert home.x.tolist() == [0, 0, 0, 0]
    assert home.town.tolist() == [0, 0, 0, 0]
    assert work.x.tolist() == pytest.approx([100, np.nan, np.inf, np.nan], nan_ok=True)
    assert work.town.tolist() == [1, -1, 1, -1]


def test_work_beyond_the_map_is_never_near_a_camera():
    people = question.residents(*WORLD.tables())
    sums = places.empty(people, within=(1e9,), days=2)
    opened = question.open_bucket(WORLD.bucket())
    asked = question.ask(limits(2 * DAY), WORLD.sites(), moment=2 * DAY, horizon=HOUR)
    held = question.held(asked, opened.bucket.reads)
    beyond = spots(*[(np.inf, np.inf, 0)] * 3)
    known, lives = places.Known(HOME, beyond), places.empty(people, within=(1e9,), days=2)
    places.add(
        sums, lives, opened, held, asked, people, drivers=WORLD.drivers(), sites=SITES, cars=known, persons=known,
        first_weekday=0,
    )  # fmt: skip
    assert all(np.array_equal(a, b) for a, b in zip(sums, lives, strict=True))
    assert sums.asked[1, :, 0].tolist() == [2, 1]
    assert not sums.found[1, :, 0].any()
    assert not sums.days[1].any()


def test_the_days_by_which_half_are_found_count_those_who_never_are():
    """Of six who are asked about, one shows within a day and two within three; of two others only one ever does."""
    days = np.zeros((3, 5, 1), np.int64)
    days[0, 1], days[0, 3], days[1, 2] = 1, 2, 1
    asked = np.array([[6], [4], [0]])
    assert places._days_until_half(days, asked)[:, 0].tolist() == pytest.approx([3, np.inf, np.nan], nan_ok=True)
    assert found(WORLD, limits(2 * DAY), [2 * DAY])["home_found", "days_until_half", "Ash", 0] == (2.0, 2)


def test_days_until_found_are_counted_back_from_the_moment():
    """Vehicle 0 lives by site 0: read there yesterday, and at site 1 today and the day before yesterday."""
    days = (
        *day((7, 1), (18, 1)),
        *day((7, 0), (18, 0), number=1),
        *day((7, 0), (18, 0), number=2),
        *day((7, 1), number=3),
    )
    world = replace(WORLD, reads=days)
    now = 3 * DAY + 6 * HOUR
    got = found(world, limits(UNLIMITED, 12 * HOUR, 2 * DAY), [now], cases=3)
    # Twelve hours hold today's read alone, at site 1. Two days back each site has two votes, and the lower row wins.
    assert got["home_found", "days_until_found", "all", 2] == (2.0, 1)
    assert np.isnan(got["home_found", "days_until_found", "all", 1][0])
    assert got["home_found", "days_until_found", "all", 1][1] == 0
    lasting = found(replace(world, reads=(*days, (now - HOUR, 1, 0, 0))), limits(3 * DAY), [now])
    assert lasting["home_found", "days_until_found", "all", 0] == (2.0, 1)
    early = found(replace(world, reads=day((7, 0), (18, 0))), limits(12 * HOUR), [14 * HOUR + 1])
    assert early["home_found", "days_until_found", "Ash", 0] == (1.0, 1)
