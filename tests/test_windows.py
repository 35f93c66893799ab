"""Nested windows in one pass, and the distribution over cars they give: against plain twins and the ladder's own counts."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import ladder, windows
from alprsim.measures import distribution, question
from alprsim.tables import DAY, UNLIMITED, VehicleKind
from tests import naive_windows as naive
from tests.test_apart import Case
from tests.test_measures import counted
from tests.worlds import HOUR, ZOO, World, hours, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=50)
lists = st.lists(st.integers(0, 80), min_size=1, max_size=5, unique=True).map(
    lambda row: [h * HOUR for h in sorted(row)]
)
COLUMNS = [ladder.READS, ladder.DAYS, ladder.ONCE, ladder.TWICE]


def nested(world, window, now, rows=None):
    """Return the kernel's counts, [vehicles, 4, windows], written over whatever was there."""
    opened = question.open_bucket(world.bucket())
    rows = np.arange(world.vehicles) if rows is None else np.array(rows)
    counts = np.full((len(rows) * windows.QUANTITIES, len(window)), 99, np.int32)
    reads, window = opened.bucket.reads, np.array(window, np.int32)
    windows.nested(rows, opened.bucket.first_read, reads.time, opened.trip, window, now, counts)
    return counts.reshape(len(rows), windows.QUANTITIES, len(window))


def same_as_twin(world, window, now):
    counts = nested(world, window, now)
    for vehicle in range(world.vehicles):
        for row, length in enumerate(window):
            assert counts[vehicle, :, row].tolist() == naive.shown(world, vehicle, length, now)


@few
@given(worlds(), lists, hours)
def test_every_window_shows_what_the_twin_counts(world, window, now):
    same_as_twin(world, window, now)


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("now", [0, HOUR, 25 * HOUR, 48 * HOUR, 80 * HOUR])
def test_every_window_shows_what_the_twin_counts_in_the_zoo(name, now):
    same_as_twin(ZOO[name], [0, 180, HOUR, HOUR + 1, 24 * HOUR, 30 * HOUR, 100 * HOUR], now)


@few
@given(worlds(), lists, hours)
def test_nested_windows_are_the_ladders_stock_to_the_bit(world, window, now):
    stock = counted(world, limits(*window), now, HOUR)[:, COLUMNS, : len(window)]
    assert np.array_equal(nested(world, window, now), stock)


def test_a_trip_with_another_cars_read_between_its_own_is_linked_once():
    """A ghost between, and a read of the parked car after: two reads and no more make the link, a third changes nothing."""
    reads = [(10, 0, 0, 0), (20, 0, 0, 1), (30, 0, 0, 0), (40, 0, 0, 1), (50, 0, 0, 0), (HOUR, 0, 0, 0)]
    world = World(trips=((0, 0, 100),), reads=tuple(reads))
    assert nested(world, [HOUR - 49, HOUR - 29, HOUR - 9, HOUR + 1], HOUR)[0].tolist() == [
        [2, 3, 4, 4],
        [1, 1, 1, 1],
        [1, 1, 1, 1],
        [0, 1, 1, 1],
    ]


def test_only_the_rows_asked_for_are_counted():
    world = ZOO["two days and a night"]
    whole = nested(world, [HOUR, 60 * HOUR], 60 * HOUR)
    assert np.array_equal(nested(world, [HOUR, 60 * HOUR], 60 * HOUR, rows=[2, 0]), whole[[2, 0]])
    assert nested(world, [HOUR], 60 * HOUR, rows=np.zeros(0, np.int64)).shape == (0, 4, 1)


# --- the distribution over cars ---------------------------------------------------------------------------------------


def test_windows_run_from_three_minutes_to_the_time_simulated():
    window = distribution.lengths(60 * DAY)
    assert (window[0], window[-1], len(window)) == (180, 60 * DAY, 40)
    steps = np.diff(np.log(window.astype(float)))
    assert steps == pytest.approx(steps[0], rel=2e-2)
    assert window.dtype == np.int32
    assert distribution.lengths(180).tolist() == [180]
    assert distribution.lengths(60).tolist() == [60]
    assert distribution.lengths(0).tolist() == [1]


def tabled(world, window, now, buckets):
    people = question.residents(*world.tables())
    window = np.array(window, np.int32)
    parts = [distribution.count(question.open_bucket(world.bucket(bucket)), people, window, now) for bucket in buckets]
    columns = distribution.table(parts, window, people.towns)
    keys = zip(*(columns[name].tolist() for name in ("town", "statistic", "window")), strict=True)
    return {key: {name: columns[name][row].item() for name in columns} for row, key in enumerate(keys)}


AT = (0, *range(10, 100, 10), 99, 100)


def quantiles(said):
    """Return the least, what 10 … 90 and 99 hundredths do not exceed, and the most."""
    return [said["min"], *(said[f"p{k}"] for k in AT[1:-1]), said["max"]]


MANY = World(
    trips=tuple((v, h * HOUR, h * HOUR + 600) for v in range(12) for h in (1, 5, 30)),
    reads=tuple((h * HOUR + s, 0, v, v) for v in range(12) for h in (1, 5, 30) for s in range(v * (h + v) % 5)),
    vehicles=12,
    town=(0, 1, 0) * 4,
    kind=(VehicleKind.RESIDENT,) * 11 + (VehicleKind.VISITOR,),
)


@pytest.mark.parametrize("buckets", [[range(12)], [[3, 4, 11], [0], [1, 2, 5, 6, 7, 8, 9, 10]]])
def test_the_distribution_is_what_sorting_by_hand_gives(buckets):
    window = [HOUR, 12 * HOUR, 40 * HOUR]
    got = tabled(MANY, window, 31 * HOUR, buckets)
    assert len(got) == 3 * 4 * len(window)
    for name, towns in (("Ash", (0,)), ("Elm", (1,)), ("all", (0, 1))):
        cars = [v for v in range(12) if MANY.kind[v] == VehicleKind.RESIDENT and MANY.town[v] in towns]
        shown = {v: [naive.shown(MANY, v, length, 31 * HOUR) for length in window] for v in cars}
        for (row, length), (quantity, statistic) in (
            (a, b) for a in enumerate(window) for b in enumerate(distribution.STATISTICS)
        ):
            values = [shown[v][row][quantity] for v in cars]
            said = got[name, statistic, length]
            assert said["vehicles"] == len(cars)
            assert said["none"] == values.count(0) / len(cars)
            assert said["mean"] == pytest.approx(sum(values) / len(cars))
            assert quantiles(said) == [naive.quantile(values, k) for k in AT]
    assert any(said["none"] not in (0, 1) for said in got.values())


def of_viewers(world, window, now, buckets, horizon=HOUR):
    """Return what a lens's sights, each with a window of its own, show of cars: {(town, statistic, window): columns}."""
    people, held = question.residents(*world.tables()), distribution.nothing(2)
    asked = question.ask(limits(*window), world.sites(), moment=now, horizon=horizon)
    for bucket in buckets:
        opened = question.open_bucket(world.bucket(bucket))
        town = question.home_towns(people, opened.bucket.vehicle)
        held = distribution.add(held, opened, question.held(asked, opened.bucket.reads), asked, town)
    cases = [Case(str(length), retention=length) for length in window]
    place = np.arange(len(window), dtype=np.int32)
    table = distribution.of_viewers([held], [~asked.measured], place, cases, people.towns)
    keys = zip(table.town.tolist(), table.statistic.tolist(), table.retention.tolist(), strict=True)
    return {key: {name: column[row].item() for name, column in table.data().items()} for row, key in enumerate(keys)}


@pytest.mark.parametrize("buckets", [[range(12)], [[3, 4, 11], [0], [1, 2, 5, 6, 7, 8, 9, 10]]])
def test_what_viewers_see_of_cars_is_what_sorting_by_hand_gives(buckets):
    window = [HOUR, 12 * HOUR, 40 * HOUR]
    got = of_viewers(MANY, window, 31 * HOUR, buckets, 30 * HOUR)
    assert len(got) == 3 * 7 * len(window)
    for (town, statistic, length), said in got.items():
        cars = [v for v in range(11) if town in ("all", ("Ash", "Elm")[MANY.town[v]])]
        assert said["policy"] == str(length)
        if statistic in distribution.OF_HORIZON:
            assert_of_horizon(said, MANY, cars, length, 31 * HOUR, 30 * HOUR)
            continue
        quantity = distribution.STATISTICS.index(statistic)
        values = [naive.shown(MANY, v, length, 31 * HOUR)[quantity] for v in cars]
        assert said["so_far"] == int(length > 31 * HOUR)
        assert (said["vehicles"], said["none"]) == (len(cars), values.count(0) / len(cars))
        assert said["mean"] == pytest.approx(sum(values) / len(cars))
        assert quantiles(said) == [naive.quantile(values, k) for k in AT]
    assert any(said["none"] not in (0, 1) for said in got.values())
    shares = [said for (*_, name, _), said in got.items() if name in distribution.OF_HORIZON]
    assert any(0 < said["p50"] < 100 for said in shares)


def assert_of_horizon(said, world, cars, length, now, horizon):
    """Whole per cent rounded up, of who drove; the mean is of the shares themselves."""
    quantity = distribution.OF_HORIZON.index(said["statistic"])
    shares = [naive.of_horizon(world, v, length, now, horizon)[quantity] for v in cars] if horizon <= now else []
    shares = [share for share in shares if share is not None]
    assert (said["vehicles"], said["so_far"]) == (len(shares), 0)
    if not shares:
        assert quantiles(said) == [-1] * len(AT)
        assert np.isnan([said["mean"], said["none"]]).all()
        return
    assert said["none"] == pytest.approx(shares.count(0) / len(shares))
    assert said["mean"] == pytest.approx(float(100 * sum(shares) / len(shares)), abs=1e-6)
    assert quantiles(said) == [naive.quantile([math.ceil(100 * share) for share in shares], k) for k in AT]


def of_the_last_t_is_as_the_twin_tells(world, window, now, horizon):
    for (town, statistic, length), said in of_viewers(world, window, now, [range(world.vehicles)], horizon).items():
        if statistic in distribution.OF_HORIZON:
            homes = [v for v in range(world.vehicles) if world.kind[v] == VehicleKind.RESIDENT]
            cars = [v for v in homes if town in ("all", ("Ash", "Elm")[world.town[v]])]
            assert_of_horizon(said, world, cars, length, now, horizon)


@pytest.mark.parametrize("name", ZOO)
def test_what_viewers_see_of_the_last_t_is_as_the_twin_tells_in_the_zoo(name):
    of_the_last_t_is_as_the_twin_tells(ZOO[name], [HOUR, 24 * HOUR, 30 * HOUR, UNLIMITED], 60 * HOUR, 48 * HOUR)


@settings(few, max_examples=25)
@given(worlds(), lists, hours, st.integers(1, 60))
def test_what_viewers_see_of_the_last_t_is_as_the_twin_tells(world, window, now, horizon):
    of_the_last_t_is_as_the_twin_tells(world, window, now, horizon * HOUR)


@settings(few, max_examples=15)
@given(worlds(), st.lists(st.integers(1, 60).map(lambda hour: hour * HOUR), min_size=1, max_size=3, unique=True), hours)
def test_what_viewers_see_is_of_nested_windows_what_those_show(world, window, now):
    got, windows = of_viewers(world, window, now, [range(3)]), tabled(world, sorted(window), now, [range(3)])
    for key, said in got.items():
        if key[1] in distribution.OF_HORIZON:
            continue
        assert {name: said[name] for name in windows[key] if name != "window"} == pytest.approx(
            {name: value for name, value in windows[key].items() if name != "window"}, nan_ok=True
        )


def test_many_reads_are_told_to_a_percent_and_the_most_exactly():
    held = distribution.nothing(1)
    world = World(
        reads=tuple((second, 0, 0, 0) for second in range(1, 1001)), vehicles=1, town=(0,), kind=(VehicleKind.RESIDENT,)
    )  # fmt: skip
    people = question.residents(*world.tables())
    asked = question.ask(limits(HOUR), world.sites(), moment=HOUR // 2, horizon=HOUR)
    opened = question.open_bucket(world.bucket([0]))
    masks = question.held(asked, opened.bucket.reads)
    held = distribution.add(held, opened, masks, asked, question.home_towns(people, opened.bucket.vehicle))
    both, of_both = [held, distribution.nothing(1)], [~asked.measured] * 2
    table = distribution.of_viewers(both, of_both, np.array([0, 64], np.int32), [Case("a"), Case("b")], ("Ash",))
    read = table.statistic == "reads_held"
    assert set(table.max[read & (table.policy == "a")]) == {1000}
    assert set(table.p50[read & (table.policy == "a")]) == {1000 // 4 * 4}
    assert set(table.min[read & (table.policy == "a")]) == {1000 // 4 * 4}
    assert set(table.max[table.policy == "b"]) == {-1}
    none = distribution.of_viewers(
        [distribution.nothing(1)], [~asked.measured], np.zeros(1, np.int32), [Case("a")], ("Ash",)
    )
    assert set(none.p10) == set(none.max) == {-1}
    assert np.isnan(none.mean).all()


def test_the_median_of_101_cars_is_that_of_the_51st():
    world = World(reads=tuple((HOUR, 0, v, v) for v in range(50, 101)), vehicles=101, town=(0,) * 101, kind=(0,) * 101)
    window = [2 * HOUR]
    for said in (of_viewers(world, window, 2 * HOUR, [range(101)]), tabled(world, window, 2 * HOUR, [range(101)])):
        assert [said["all", "reads_held", 2 * HOUR][name] for name in ("p40", "p50", "p90")] == [0, 1, 1]


def test_a_town_without_cars_has_no_distribution():
    said = tabled(replace(World(), town=(0, 0, 0)), [HOUR], HOUR, [range(3)])
    assert (said["Elm", "days_seen", HOUR]["vehicles"], said["Elm", "days_seen", HOUR]["max"]) == (0, -1)
    assert np.isnan(said["Elm", "days_seen", HOUR]["none"])
    assert said["Elm", "days_seen", HOUR]["p50"] == -1
    assert said["all", "days_seen", HOUR]["none"] == 1.0
    assert tabled(World(vehicles=0, town=(), kind=()), [HOUR], HOUR, [])["all", "days_seen", HOUR]["p10"] == -1


def test_quantiles_of_many_cars():
    shape = distribution._shape(np.arange(1000, dtype=np.int32)[:, None] * [1, 2])
    assert [shape[f"p{k}"].tolist() for k in (10, 50, 90, 99)] == [[99, 198], [499, 998], [899, 1798], [989, 1978]]
    assert [shape[name].tolist() for name in ("min", "max", "none")] == [[0, 0], [999, 1998], [0.001, 0.001]]
