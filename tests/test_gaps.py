"""The longest unobserved gap: against a plain twin, by hand, told in hours, and as policies must behave."""

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import gaps as kernel
from alprsim.kernels import ladder
from alprsim.measures import gaps, question
from alprsim.measures.glossary import BY_NAME
from alprsim.results import words
from alprsim.tables import DAY, UNLIMITED, VehicleKind
from tests import naive_measures, naive_windows
from tests.worlds import HOUR, SIGHTS, ZOO, Rules, World, hours, rules, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=40)
horizons = st.integers(1, 60).map(lambda hour: hour * HOUR)


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def found(world, lens, now, horizon, rows=None):
    """Return the kernel's gaps, [vehicles, 3, 64], s, written over whatever was there."""
    opened = question.open_bucket(world.bucket())
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    reads, held = opened.bucket.reads, question.held(asked, opened.bucket.reads)
    rows = np.arange(world.vehicles) if rows is None else np.array(rows)
    out = np.full((len(rows) * kernel.TIMES, 64), -7, np.int32)
    since = now - horizon
    kernel.longest(rows, opened.bucket.first_read, reads.time, opened.trip, held, asked.window, now, since, out)
    return out.reshape(len(rows), kernel.TIMES, 64)


def twin(world, lens, vehicle, sight, now, horizon):
    """Return the longest gap of the last T, the window and the time so far of one vehicle and sight."""
    mine = [read for read in world.reads if read[2] == vehicle]
    held = naive_measures.held(mine, lambda o, age: lens.obtains(sight, o, age), world.owner_of_site, now)
    times = [time for (time, _, _, truth), yes in zip(mine, held, strict=True) if yes and truth == vehicle]
    return [naive_windows.longest_gap(times, now - past, now) for past in (horizon, lens.window(sight), now)]


@few
@given(worlds(), rules(), hours, horizons)
def test_gaps_equal_the_twin(world, lens, now, horizon):
    got = found(world, lens, now, horizon)
    for vehicle, sight in product(range(3), range(SIGHTS)):
        assert got[vehicle, :, sight].tolist() == twin(world, lens, vehicle, sight, now, horizon)


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("now", [0, HOUR, 25 * HOUR, 48 * HOUR, 80 * HOUR])
def test_gaps_equal_the_twin_in_the_zoo(name, now):
    world, lens = ZOO[name], limits(0, 180, HOUR, 24 * HOUR, 30 * HOUR, UNLIMITED)
    got = found(world, lens, now, 24 * HOUR)
    for vehicle, sight in product(range(world.vehicles), range(SIGHTS)):
        assert got[vehicle, :, sight].tolist() == twin(world, lens, vehicle, sight, now, 24 * HOUR)


@pytest.mark.parametrize(
    ("reads", "of_horizon", "so_far"),
    [
        ((), 24, 60),  # never read
        ((36,), 24, 36),  # as the last T begins: not in it
        ((37,), 23, 37),
        ((60,), 24, 60),  # at the moment
        ((61,), 24, 60),  # after it
        ((0, 40, 50, 60), 10, 40),
        ((10, 20, 55), 19, 35),  # the longest since the start crosses the edge of the last T
        ((0, 40, 41), 19, 40),
        ((30, 45), 15, 30),
    ],
)
def test_gaps_by_hand(reads, of_horizon, so_far):
    world = World(reads=tuple((hour * HOUR, 0, 0, 0) for hour in reads))
    got = found(world, limits(UNLIMITED), 60 * HOUR, 24 * HOUR)[0, :, 0] / HOUR
    assert (got[kernel.HORIZON], got[kernel.SO_FAR]) == (of_horizon, so_far)


def test_what_one_case_holds_ends_no_other_cases_gap_and_a_ghost_ends_none():
    world = World(reads=((10 * HOUR, 0, 0, 0), (20 * HOUR, 1, 0, 0), (21 * HOUR, 1, 0, 0), (30 * HOUR, 0, 0, 1)))
    lens = Rules((((0, 0b101),), ((0, 0b110),)))
    assert (found(world, lens, 40 * HOUR, 40 * HOUR)[0, 0, :4] / HOUR).tolist() == [30, 20, 19, 40]


def test_only_the_rows_asked_for_are_told():
    world, lens = ZOO["two days and a night"], limits(HOUR, UNLIMITED)
    whole = found(world, lens, 60 * HOUR, 24 * HOUR)
    assert np.array_equal(found(world, lens, 60 * HOUR, 24 * HOUR, rows=[2, 0]), whole[[2, 0]])


@few
@given(worlds(), rules(), rules(), hours, horizons)
def test_one_more_partner_or_a_longer_limit_never_lengthens_a_gap(world, lens, other, now, horizon):
    """Whatever another rule lets a sight obtain besides; what is kept grows too, so its own column may rise."""
    ages = [sorted({age for rule in (lens, other) for age, _ in rule.pieces[owner]}) for owner in range(2)]

    def mask(rule, owner, at):
        return [mask for age, mask in rule.pieces[owner] if age <= at][-1]

    both = Rules(tuple(tuple((a, mask(lens, o, a) | mask(other, o, a)) for a in ages[o]) for o in range(2)))
    less, more = found(world, lens, now, horizon), found(world, both, now, horizon)
    for time in (kernel.HORIZON, kernel.SO_FAR):
        assert (more[:, time, :SIGHTS] <= less[:, time, :SIGHTS]).all()


# --- bins -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "where"),
    [
        (0, 0), (HOUR - 1, 0), (HOUR, 1), (24 * HOUR, 24), (14 * DAY - 1, 335), (14 * DAY, 336), (15 * DAY - 1, 336),
        (15 * DAY, 337), (16 * DAY, 338), (90 * DAY, 338),
    ],
)  # fmt: skip
def test_a_gap_is_told_to_the_hour_and_beyond_two_weeks_to_the_day(seconds, where):
    counts = np.zeros((2 * kernel.TIMES * 339, 64), np.int64)
    found = np.zeros((kernel.TIMES, 64), np.int32)
    found[1, 5] = seconds
    kernel.add_bins(found, np.array([1], np.int16), 339, counts)
    by = counts.reshape(2, kernel.TIMES, 339, 64)
    assert by[1, 1, where, 5] == 1
    assert by[0].sum() == 0
    assert by[1].sum(axis=1).tolist() == [[1] * 64] * 3
    told = naive_windows.hours(seconds) if seconds < 17 * DAY else 16 * 24
    assert gaps._hours(np.array([where])).tolist() == [told]


def summed(world, lens, moments, horizon, *, buckets=None, longest=100 * HOUR):
    people = question.residents(*world.tables())
    sums = gaps.empty(len(people.towns), longest=longest)
    for now in moments:
        asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
        for bucket in buckets or [range(world.vehicles)]:
            opened = question.open_bucket(world.bucket(bucket))
            town = question.home_towns(people, opened.bucket.vehicle)
            gaps.add(sums, opened, question.held(asked, opened.bucket.reads), asked, town)
    return sums, people


def answers(sums, people, cases=1):
    """Return {(statistic, town, case number): (value, n)}."""
    rows = gaps.rows([sums], np.arange(cases, dtype=np.int32), [Case()] * cases, people.towns, seed=1)
    assert set(rows.measure) == {"longest_gap"} <= set(BY_NAME)
    keys = zip(rows.statistic, rows.town, np.arange(len(rows)) % cases, strict=True)
    return dict(zip(keys, zip(rows.value, rows.n, strict=True), strict=True))


# --- over vehicles ----------------------------------------------------------------------------------------------------


@few
@given(worlds(), rules(), hours, horizons, st.permutations([[0], [1], [2]]))
def test_medians_and_shares_equal_the_twin(world, lens, now, horizon, buckets):
    got = answers(*summed(world, lens, [now], horizon, buckets=buckets), cases=SIGHTS)
    for sight, (town, members) in product(range(SIGHTS), (("Ash", (0, 2)), ("Elm", (1,)), ("all", (0, 1, 2)))):
        window = lens.window(sight)
        known = (horizon if horizon <= now else 0, window if window <= now else 0, now)
        whole = [twin(world, lens, v, sight, now, horizon) for v in members]
        for time, suffix in enumerate(gaps.TIMES):
            told = [naive_windows.hours(of[time]) for of in whole]
            median, longest = (got[f"{name}_{suffix}", town, sight] for name in ("median", "max"))
            if known[time] == 0:
                assert np.isnan([median[0], longest[0]]).all()
                assert (median[1], longest[1]) == (0, 0)
                continue
            assert median == (naive_windows.lower_median(told), len(members))
            assert longest == (max(told), len(members))
            for name, least in (("24h", 24), ("72h", 72), ("7d", 168)):
                share, n = got[f"at_least_{name}_{suffix}", town, sight]
                if known[time] < least * HOUR:
                    assert np.isnan(share)
                    assert n == 0
                else:
                    assert share == sum(of[time] >= least * HOUR for of in whole) / len(members)
                    assert n == len(members)


def test_two_weeks_and_more():
    world = World(reads=((2 * DAY, 0, 1, 1), (10 * DAY, 0, 1, 1), (12 * DAY + 60, 0, 1, 1)))
    got = answers(*summed(world, limits(UNLIMITED, 9 * DAY), [20 * DAY], 16 * DAY, longest=20 * DAY), cases=2)
    assert got["max_of_horizon", "all", 0] == (16 * 24, 3)
    assert got["median_of_horizon", "Elm", 0] == (7 * 24 + 23, 1)  # not quite eight days: from 12 d 1 min to 20 d
    assert got["max_so_far", "all", 0] == (20 * 24, 3)
    assert got["at_least_7d_of_horizon", "Elm", 0] == (1.0, 1)
    assert got["at_least_7d_of_window", "all", 1] == (1.0, 3)
    assert np.isnan(got["max_of_window", "all", 0][0])
    assert got["max_of_window", "all", 1] == (9 * 24, 3)
    assert got["at_least_24h_of_window", "all", 0][1] == 0


def test_moments_add_up_and_unmeasured_ones_are_left_out():
    world = ZOO["two days and a night"]
    got = answers(*summed(world, limits(UNLIMITED, 30 * HOUR), [24 * HOUR, 60 * HOUR], 36 * HOUR), cases=2)
    assert got["max_of_horizon", "all", 1] == (36, 3)
    assert got["max_of_window", "all", 1] == (30, 3)
    assert got["max_so_far", "all", 0] == (60, 6)
    assert got["at_least_24h_so_far", "all", 0] == (2 / 6, 6)  # the car that nobody reads, at both moments
    assert got["at_least_72h_so_far", "all", 0][1] == 0


def test_a_window_of_a_second_is_a_window_and_none_is_not():
    got = answers(*summed(ZOO["nothing happens"], limits(0, 1), [HOUR], HOUR), cases=2)
    assert got["max_of_window", "all", 0][1] == 0
    assert got["max_of_window", "all", 1] == (0, 3)


def test_visitors_and_the_chunk_change_nothing(monkeypatch):
    world, lens = ZOO["two days and a night"], limits(HOUR, UNLIMITED)
    sums, people = summed(world, lens, [60 * HOUR], 24 * HOUR)
    monkeypatch.setattr(gaps, "CHUNK", 2)
    again, _ = summed(world, lens, [60 * HOUR], 24 * HOUR)
    assert all(np.array_equal(a, b) for a, b in zip(sums, again, strict=True))
    away = replace(world, kind=(VehicleKind.RESIDENT, VehicleKind.VISITOR, VehicleKind.RESIDENT))
    assert answers(*summed(away, lens, [60 * HOUR], 24 * HOUR))["max_so_far", "all", 0] == (60, 2)
    assert answers(sums, people)["max_so_far", "all", 0] == (60, 3)


def test_a_driver_of_two_cars_is_seen_in_either():
    world = replace(
        ZOO["nothing happens"],
        trips=((0, HOUR, 2 * HOUR), (1, 30 * HOUR, 31 * HOUR)),
        reads=((HOUR, 0, 0, 0), (30 * HOUR, 0, 1, 1)),
        wheel=(((1, 30 * HOUR), 0),),
    )
    people = question.residents(*world.tables())
    opened = question.open_bucket(world.bucket())
    asked = question.ask(limits(UNLIMITED), world.sites(), moment=40 * HOUR, horizon=40 * HOUR)
    driven, sums = question.by_driver(opened, people), gaps.empty(2, longest=40 * HOUR)
    town = question.groups_of_drivers(people, driven.opened.bucket.vehicle)
    gaps.add(sums, driven.opened, question.held(asked, opened.bucket.reads)[driven.read], asked, town)
    assert sums.lives[0, kernel.HORIZON, [29, 40], 0].tolist() == [1, 1]
    rows = gaps.rows([sums], np.zeros(1, np.int32), [Case()], people.towns, seed=1, who="people")
    assert set(rows.who) == {"people"}


def test_every_statistic_has_words():
    for name in {statistic for statistic, *_ in answers(*summed(ZOO["nothing happens"], limits(0), [HOUR], HOUR))}:
        said = words.statistic(name, 30 * DAY)
        assert "_" not in said
        assert ("30 d" in said) == name.endswith("of_horizon")


def test_a_gap_never_read_is_the_whole_time_and_masks_of_nobody_end_none():
    """Masks beyond the sights that are asked stay empty: their gap is the whole time."""
    got = found(ZOO["two days and a night"], limits(UNLIMITED), 60 * HOUR, 24 * HOUR)
    assert (got[:, kernel.HORIZON, 1:] == 24 * HOUR).all()
    assert (got[:, kernel.SO_FAR, 1:] == 60 * HOUR).all()
    assert (got[:, kernel.WINDOW, 1:] == 0).all()
    assert got.shape[2] == ladder.CASES
