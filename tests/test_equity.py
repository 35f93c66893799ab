"""Who bears it: groups of homes, what each group's cars leave, and for each kilometre driven."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.measures import equity, question
from alprsim.tables import DAY, UNLIMITED, PlaceKind, Places
from tests.worlds import HOUR, World
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=40)


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def test_quarters_have_a_quarter_each_and_who_is_not_measured_none():
    value = np.arange(200.0)[::-1].copy()
    who = np.ones(200, np.bool_)
    who[:40] = False
    found = equity.quarters("distance", "nearest", value, who)
    assert found.sizes.tolist() == [40] * 4
    assert (found.group[:40] == -1).all()
    assert found.group[40:].tolist() == [3] * 40 + [2] * 40 + [1] * 40 + [0] * 40
    assert found.groups[0] == "homes by distance, 1 of 4 (nearest first)"
    assert found.name == "homes by distance"


@few
@given(st.lists(st.integers(0, 6), max_size=150))
def test_no_group_is_too_small_and_equal_homes_stay_together(values):
    value = np.array(values, float)
    found = equity.quarters("distance", "nearest", value, np.ones(len(value), np.bool_))
    assert len(found.groups) <= 4
    assert found.sizes.sum() == len(value)
    assert len(found.groups) == 1 or found.sizes.min() >= equity.LEAST
    order = np.argsort(value, kind="stable")
    assert (np.diff(found.group[order]) >= 0).all()
    assert all(len(set(found.group[value == one].tolist())) == 1 for one in set(values))


@pytest.mark.parametrize(
    ("sizes", "joined"),
    [
        ((30, 30, 30, 30), (0, 1, 2, 3)), ((29, 1, 30), (0, 0, 1)), ((30, 29), (0, 0)), ((30, 15, 15, 30), (0, 1, 1, 2)),
        ((5,), (0,)), ((0, 30), (0, 0)), ((30, 30, 29), (0, 1, 1)), ((31, 29, 1), (0, 1, 1)), ((30, 29, 30), (0, 1, 1)),
    ],
)  # fmt: skip
def test_small_groups_are_joined_to_the_next(sizes, joined):
    assert equity._joined(np.array(sizes)).tolist() == list(joined)


def test_the_nearest_camera_counts():
    x, y = np.array([0.0, 10.0]), np.zeros(2)
    assert equity.camera_distance(x, y, (np.array([3.0, 7.0]), np.array([4.0, 0.0]))).tolist() == [5, 3]
    assert equity.camera_distance(x, y, (np.zeros(0), np.zeros(0))).tolist() == [np.inf, np.inf]


def test_neighbours_live_within_five_hundred_metres():
    places = Places.of(
        junction=[0] * 4, kind=[PlaceKind.HOME, PlaceKind.HOME, PlaceKind.HOME, PlaceKind.SHOP], weight=[3, 4, 5, 9], town=[0] * 4
    )  # fmt: skip
    assert equity.neighbours(places, np.array([0, 500.0, 1000.1, 0]), np.zeros(4)).tolist() == [7, 7, 5, 0]
    assert equity.neighbours(places, np.zeros(4), np.array([0, 500.0, 1000.1, 0])).tolist() == [7, 7, 5, 0]


N = 60
CROWD = World(
    trips=tuple((v, d * DAY + HOUR, d * DAY + 2 * HOUR) for v in range(N) for d in range(2)),
    reads=tuple((DAY + HOUR, 0, v, v) for v in range(30)) + tuple((HOUR, 0, v, v) for v in range(N)),
    vehicles=N, town=(0,) * 30 + (1,) * 30, kind=(0,) * N,
)  # fmt: skip
"""Yesterday all were read once, today those of the first town."""


def told(grouping, lens, now=2 * DAY, horizon=DAY, cases=1, metres=1000, world=CROWD, extra=N + 5):
    opened = question.open_bucket(world.bucket([*range(N), extra]))
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    sums = equity.empty(grouping)
    held = question.held(asked, opened.bucket.reads)
    of, driven = world.sites()[opened.bucket.reads.site], np.full(len(opened.bucket.truth), metres)
    group = equity.of_vehicles(grouping, opened.bucket.vehicle)
    equity.add([sums], opened, held, asked, [group], metres=driven, stream=of)
    table = equity.rows(grouping, [sums], np.arange(cases, dtype=np.int32), [Case()] * cases, seed=1)
    number = np.arange(len(table)) % cases
    keys = zip(table.who, table.measure, table.town, table.statistic, number, strict=True)
    return {key: (value, int(n)) for key, value, n in zip(keys, table.value, table.n, strict=True)}


def test_groups_of_homes_are_compared():
    grouping = equity.quarters("rank", "first", np.arange(N) // 30 * 1.0, np.ones(N, np.bool_))
    first, second = grouping.groups
    got = told(grouping, limits(UNLIMITED, 0), cases=2)
    said = "all", "share_of_horizon", 0
    assert got[(first, "exposure_rate", *said)] == (1.0, 30)
    assert got[(second, "exposure_rate", *said)] == (0.0, 30)
    assert got[(first, "observed_days", *said)] == (1.0, 30)
    assert got[(first, "trips_detected", *said)] == (1.0, 30)
    assert got[(first, "reads_per_1000_km", *said)] == (1000.0, 30)
    assert got["homes by rank", "equity", "all", "most_to_least_exposure_rate", 0] == (np.inf, 2)
    assert np.isnan(got["homes by rank", "equity", "all", "most_to_least_trips_detected", 1][0])  # nobody is exposed
    whole = told(grouping, limits(UNLIMITED), horizon=2 * DAY)
    for measure in ("exposure_rate", "observed_days", "trips_detected", "reads_per_1000_km"):
        assert whole["homes by rank", "equity", "all", f"most_to_least_{measure}", 0] == (2.0, 2), measure
    assert whole[(second, "reads_per_1000_km", *said)] == (500.0, 30)


def test_groups_of_chance_have_the_same_sizes_and_hang_on_keys():
    grouping = equity.Grouping("homes by rank", ("near", "far"), np.repeat([0, -1, 1], [30, 10, 40]).astype(np.int16))
    key = np.arange(100, 180).astype(np.uint64)
    one, other = (equity.shuffled(grouping, key, number, seed=1) for number in range(2))
    assert one.sizes.tolist() == other.sizes.tolist() == [30, 40]
    assert (one.group[30:40] == -1).all()
    assert 5 < (one.group[:30] == 0).sum() < 25
    assert one.group.tolist() != other.group.tolist()
    turned = equity.shuffled(grouping._replace(group=grouping.group[::-1].copy()), key[::-1], 0, seed=1)
    assert turned.group[::-1].tolist() == one.group.tolist()  # who is where in the table changes nothing


def test_quarters_share_their_shuffles_and_who_cannot_be_compared_has_none():
    value, key = np.arange(120.0), np.arange(120).astype(np.uint64)
    who = np.ones(120, np.bool_)
    quarters = [equity.quarters(name, "first", value, who) for name in ("one", "other")]
    towns = equity.by_town(("a", "b", "c", "d"), np.repeat([0, 1, 2, 3], [60, 20, 20, 20]).astype(np.int16))
    assert equity.chances([towns], key, seed=1) == []
    ((names, shuffles),) = equity.chances([*quarters, towns], key, seed=1)
    assert names == ["homes by one", "homes by other"]
    assert len(shuffles) == equity.SHUFFLES
    apart = equity.by_town(("a", "b", "c", "d"), np.repeat([0, 1, 2, 3], 30).astype(np.int16))
    assert [names for names, _ in equity.chances([*quarters, apart], key, seed=1)] == [names, [equity.BY_TOWN]]
    two = equity.by_town(("a", "b", "c", "d"), np.repeat([0, 1, 2, 3], [50, 30, 20, 20]).astype(np.int16))
    assert [names for names, _ in equity.chances([two], key, seed=1)] == [[equity.BY_TOWN]]


def test_chance_is_the_mean_of_shuffles_in_the_name_of_each_grouping():
    def one(*value):
        return question.tidy(
            [question.Answer("equity", "most_to_least_x", "times", np.array([value]), np.array([[4, 4]]))],
            [Case(), Case()], ["all"], seed=1, who="shuffle",
        )  # fmt: skip

    got = equity.by_chance([one(1.0, 2.0), one(4.0, np.nan)], ["homes by one", "homes by other"])
    assert got.who.tolist() == ["homes by one"] * 2 + ["homes by other"] * 2
    assert set(got.statistic) == {"most_to_least_x_by_chance"}
    assert got.value.tolist() == pytest.approx([2.5, np.nan] * 2, nan_ok=True)
    assert got.n.tolist() == [4, 0] * 2


def test_towns_have_rows_of_their_own_and_small_ones_are_not_compared():
    towns = equity.by_town(("Ash", "Elm"), np.array(CROWD.town, np.int16))
    got = told(towns, limits(UNLIMITED), horizon=2 * DAY, metres=500)
    assert got["vehicles", "reads_per_1000_km", "Ash", "share_of_horizon", 0] == (2000.0, 30)
    assert got["vehicles", "reads_per_1000_km", "all", "share_of_horizon", 0] == (1500.0, 60)
    assert ("vehicles", "exposure_rate", "Ash", "share_of_horizon", 0) not in got
    assert got["homes by town", "equity", "all", "most_to_least_reads_per_1000_km", 0] == (2.0, 2)
    small = equity.by_town(("Ash", "Elm"), np.array((0,) * 31 + (1,) * 29, np.int16))
    value, n = told(small, limits(UNLIMITED), horizon=2 * DAY)[
        "homes by town", "equity", "all", "most_to_least_exposure_rate", 0
    ]
    assert np.isnan(value)
    assert n == 0


def test_a_group_of_too_few_is_named_and_not_told():
    grouping = equity.Grouping("homes by rank", ("near", "far"), np.repeat([0, 1], [31, 29]).astype(np.int16))
    got = told(grouping, limits(UNLIMITED), horizon=2 * DAY)
    assert got["near", "exposure_rate", "all", "share_of_horizon", 0] == (pytest.approx(30.5 / 31), 31)
    assert got["far", "exposure_rate", "all", "share_of_horizon", 0] == (pytest.approx(np.nan, nan_ok=True), 0)
    assert got["near", "retention_of_reads", "all", "mean", 0] == (np.inf, 31)
    assert {key[0] for key in got} == {"near", "far", "homes by rank"}


def test_kilometres_are_of_trips_that_departed_in_the_last_time():
    """Everybody departs an hour after each day began: the last T is open at its start, closed at the moment."""
    towns = equity.by_town(("Ash", "Elm"), np.array(CROWD.town, np.int16))
    said = "vehicles", "reads_per_1000_km", "all", "share_of_horizon", 0
    assert told(towns, limits(UNLIMITED), now=DAY + HOUR)[said][0] == 30 / 60 * 1000  # one trip each, as it departs
    assert told(towns, limits(UNLIMITED), now=DAY + HOUR - 1)[said][0] == 1000.0
    assert np.isnan(told(towns, limits(UNLIMITED), now=DAY + HOUR - 1, horizon=DAY - 1)[said][0])  # as nobody departed
    assert told(towns, limits(UNLIMITED), now=2 * DAY + HOUR - 1, horizon=2 * DAY)[said][0] == 750.0


def test_trips_and_days_are_shares_of_their_own():
    """Vehicles make two trips a day, one of them read; every second vehicle's read twice."""
    twice = World(
        trips=tuple((v, h * HOUR, (h + 1) * HOUR) for v in range(N) for h in (1, 5)),
        reads=tuple((HOUR + s, 0, v, v) for v in range(N) for s in range(1 + v % 2)),
        vehicles=N, town=(0,) * 30 + (1,) * 30, kind=(0,) * N,
    )  # fmt: skip
    grouping = equity.quarters("rank", "first", np.arange(N) // 30 * 1.0, np.ones(N, np.bool_))
    got = told(grouping, limits(UNLIMITED), now=DAY, world=twice)
    assert got[(grouping.groups[0], "observed_days", "all", "share_of_horizon", 0)] == (1.0, 30)
    assert got[(grouping.groups[0], "trips_detected", "all", "share_of_horizon", 0)] == (0.5, 30)
    assert got[(grouping.groups[0], "trips_linked", "all", "share_of_horizon", 0)] == (0.25, 30)


def test_what_is_told_for_each_kilometre_names_it():
    grouping = equity.by_town(("Ash",), np.zeros(1, np.int16))
    table = equity.rows(grouping, [equity.empty(grouping)], np.zeros(1, np.int32), [Case()], seed=1)
    told_in = dict(zip(table.measure.tolist(), table.unit.tolist(), strict=True))
    assert told_in["reads_per_1000_km"] == "reads/1000 km"
    assert told_in["trips_per_1000_km"] == "trips/1000 km"


def test_plates_of_nobody_simulated_are_in_no_group():
    grouping = equity.quarters("rank", "first", np.zeros(N), np.ones(N, np.bool_))
    got = told(grouping, limits(UNLIMITED), horizon=2 * DAY, extra=N)
    assert got[(grouping.groups[0], "exposure_rate", "all", "share_of_horizon", 0)] == (0.75, N)


def test_a_time_longer_than_was_simulated_is_not_measured():
    grouping = equity.by_town(("Ash", "Elm"), np.array(CROWD.town, np.int16))
    got = told(grouping, limits(UNLIMITED), horizon=3 * DAY)
    value, n = got["vehicles", "reads_per_1000_km", "all", "share_of_horizon", 0]
    assert np.isnan(value)
    assert n == 0


# --- of each kilometre, and how long its own reads live ------------------------------------------------------------------


def test_days_and_trips_are_told_for_each_kilometre():
    towns = equity.by_town(("Ash", "Elm"), np.array(CROWD.town, np.int16))
    got = told(towns, limits(UNLIMITED), horizon=2 * DAY, metres=500)
    assert got["vehicles", "trips_per_1000_km", "Ash", "share_of_horizon", 0] == (2000.0, 30)
    assert got["vehicles", "days_per_1000_km", "Elm", "share_of_horizon", 0] == (1000.0, 30)
    assert got["homes by town", "equity", "all", "most_to_least_trips_per_1000_km", 0] == (2.0, 2)
    assert got["homes by town", "equity", "all", "most_to_least_trips_linked", 0][1] == 0  # as none is


OWNERS = st.integers(0, 1)
SOME_READS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 2), st.integers(0, 2)), max_size=9)


@few
@given(
    SOME_READS, st.lists(st.sampled_from([0, 2 * HOUR, 3 * HOUR, UNLIMITED]), min_size=2, max_size=2), st.integers(1, 5)
)
def test_how_long_own_reads_live_equals_the_twin(reads, windows, horizon):
    """Sites 0 and 1 are of owners 0 and 1, each with a window of its own."""
    made = [(hour * HOUR, site, plate, true) for hour, site, plate, true in reads]
    for town, (value, n) in told_of_retention(made, windows, horizon).items():
        cars = [v for v in range(3) if town in ("all", ("Ash", "Ash", "Elm")[v])]
        means = twin_of_retention(made, cars, windows, 4 * HOUR, horizon * HOUR) if horizon <= 4 else []
        assert n == len(means)
        assert value == pytest.approx(np.mean(means) if means else np.nan, abs=1e-5, nan_ok=True)


def test_one_read_that_never_goes_is_enough_for_a_town():
    assert told_of_retention([(HOUR, 1, 0, 0), (HOUR, 0, 1, 1)], [2 * HOUR, UNLIMITED], 4)["Ash"] == (np.inf, 2)


def test_of_reads_the_last_time_is_open_at_its_start():
    got = told_of_retention([(0, 1, 0, 0), (1, 0, 0, 0), (4 * HOUR, 0, 2, 2)], [2 * HOUR, UNLIMITED], 4)
    lasts = pytest.approx(2 / 24, abs=1e-5)
    assert got == {"Ash": (lasts, 1), "Elm": (lasts, 1), "all": (lasts, 2)}


def told_of_retention(reads, windows, horizon):
    """Return how long own reads live, and of how many, by town, of two cars in Ash and one in Elm, four hours after the start."""
    world = World(reads=tuple(reads), owner_of_site=(0, 1), town=(0, 0, 1), kind=(0,) * 3)
    opened = question.open_bucket(world.bucket(range(3)))
    asked = question.ask(of_owners(windows), world.sites(), moment=4 * HOUR, horizon=horizon * HOUR)
    assert equity.retained(asked)[:, 0].tolist() == [w / DAY if w < UNLIMITED else np.inf for w in windows]
    grouping = equity.by_town(("Ash", "Elm"), np.array(world.town, np.int16))
    sums, held = equity.empty(grouping), question.held(asked, opened.bucket.reads)
    of, nothing = world.sites()[opened.bucket.reads.site], np.zeros(0, np.int64)
    group = equity.of_vehicles(grouping, opened.bucket.vehicle)
    equity.add([sums], opened, held, asked, [group], metres=nothing, stream=of)
    table = equity.rows(grouping, [sums], np.zeros(1, np.int32), [Case()], seed=1)
    mine = table.take((table.measure == "retention_of_reads") & (table.who == "vehicles"))
    return {town: (value, int(n)) for town, value, n in zip(mine.town, mine.value, mine.n, strict=True)}


def of_owners(windows):
    """Return a lens of one sight that obtains each owner's reads until its window ends."""
    pieces = [[(0, 1), (w, 0)] if 0 < w < UNLIMITED else [(0, int(w > 0))] for w in windows]
    first = np.cumsum([0, *map(len, pieces)])
    age, cases = zip(*(piece for mine in pieces for piece in mine), strict=True)
    return Told(first.astype(np.int64), np.array(age, np.int32), np.array(cases, np.uint64))


class Told(NamedTuple):
    """A lens as the measures take it."""

    first: np.ndarray
    age: np.ndarray
    cases: np.ndarray


def twin_of_retention(reads, cars, windows, now, horizon):
    """Return each read car's mean, d, over its own reads of the last T."""
    found = []
    for car in cars:
        mine = [
            windows[site] for time, site, plate, true in reads if plate == true == car and now - horizon < time <= now
        ]
        if mine:
            found.append(np.mean([w / DAY if w < UNLIMITED else np.inf for w in mine]))
    return found
