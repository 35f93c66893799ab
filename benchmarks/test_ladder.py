"""How fast 40 retention limits are asked of the same reads: masks, then days and trips, all of them in one pass."""

from typing import NamedTuple

import numpy as np
import pytest

from alprsim.kernels import ladder
from alprsim.tables import DAY
from benchmarks import crowd

VEHICLES, DAYS, SITES, OWNERS = 2_000, 60, 200, 9
NOW, HORIZON = 60 * DAY, 30 * DAY
WINDOWS = np.unique(np.geomspace(180, 60 * DAY, 40).astype(np.int32))


class Traffic(NamedTuple):
    """Reads and trips, grouped by vehicle."""

    vehicle: np.ndarray
    first_read: np.ndarray
    time: np.ndarray
    truth: np.ndarray
    site: np.ndarray
    first_trip: np.ndarray
    depart: np.ndarray
    arrive: np.ndarray


@pytest.fixture(scope="module")
def traffic():
    """Every vehicle makes three trips a day of 20 minutes with two reads each: 720,000 reads, one in 20 a ghost."""
    trips = VEHICLES * DAYS * 3
    depart = np.tile((np.arange(DAYS)[:, None] * DAY + np.array([3, 12, 15]) * 3600).reshape(-1), VEHICLES)
    time = (depart[:, None] + np.array([300, 900])).reshape(-1)
    vehicle = np.arange(VEHICLES, dtype=np.int32)
    truth = np.repeat(vehicle, DAYS * 6)
    truth[::20] = -1
    return Traffic(
        vehicle,
        np.arange(VEHICLES + 1, dtype=np.int64) * DAYS * 6,
        time.astype(np.int32),
        truth,
        (np.arange(2 * trips) * 7919 % SITES).astype(np.int32),
        np.arange(VEHICLES + 1, dtype=np.int64) * DAYS * 3,
        depart.astype(np.int32),
        (depart + 1200).astype(np.int32),
    )


@pytest.fixture(scope="module")
def steps():
    """One piece of age a window; owner 0 shares with nobody beyond the first eight cases."""
    ages = np.concatenate([[0], WINDOWS[:-1]]).astype(np.int32)
    holds = (ages[:, None] < WINDOWS) @ (np.uint64(1) << np.arange(len(WINDOWS), dtype=np.uint64))
    grid = np.repeat(holds[:, None], OWNERS, axis=1)
    grid[:, 0] &= np.uint64(255)
    return ages, grid.reshape(-1), holds


def test_held(benchmark, traffic, steps):
    ages, grid, _ = steps
    owner = (np.arange(SITES) % OWNERS).astype(np.int16)
    masks = benchmark(ladder.held, traffic.time, traffic.site, owner, ages, grid, NOW)
    benchmark.extra_info["reads"] = len(masks)
    longest = np.uint64(1) << np.uint64(len(WINDOWS) - 1)
    shared = owner[traffic.site] != 0
    assert ((masks & longest) != 0).tolist() == shared.tolist()


def test_trips_of_reads(benchmark, traffic):
    t = traffic
    trip = benchmark(ladder.trips_of_reads, t.vehicle, t.first_read, t.time, t.truth, t.first_trip, t.depart, t.arrive)
    benchmark.extra_info["reads"] = len(trip)
    expected = np.where(t.truth < 0, ladder.GHOST, np.arange(len(trip)) // 2)
    assert np.array_equal(trip, expected)


def test_tally(benchmark, traffic, steps):
    t, (ages, grid, holds) = traffic, steps
    everyone = np.zeros(SITES, np.int16) + np.int16(1)
    masks = ladder.held(t.time, t.site, everyone, ages, grid, NOW)
    trip = ladder.trips_of_reads(t.vehicle, t.first_read, t.time, t.truth, t.first_trip, t.depart, t.arrive)
    nowhere, one = np.zeros(len(t.depart), np.int32), np.zeros(1, np.int16)
    inside = ladder.held(t.depart, nowhere, one, ages, holds, NOW)
    counts = np.empty((VEHICLES * ladder.ROWS, ladder.CASES), np.int32)
    rows = np.arange(VEHICLES)
    benchmark(
        ladder.tally, rows, t.first_read, t.time, trip, masks, t.first_trip, t.depart, t.arrive, inside,
        NOW, NOW - HORIZON, counts,
    )  # fmt: skip
    benchmark.extra_info["reads"] = len(masks)
    by_row = counts.reshape(VEHICLES, ladder.ROWS, ladder.CASES)
    true = (t.truth >= 0) & (NOW - t.time[:, None] < WINDOWS[None, :]).T
    assert by_row[:, ladder.READS, : len(WINDOWS)].sum(axis=0).tolist() == true.sum(axis=1).tolist()
    late = ladder.HORIZON * ladder.QUANTITIES
    assert (by_row[:, late + ladder.TRIPS] == 90).all()
    assert (by_row[:, late + ladder.DRIVEN] == 30).all()
    assert by_row[:, late + ladder.ONCE, len(WINDOWS) - 1].tolist() == [90] * VEHICLES


def test_add_shares(benchmark):
    counts = np.ones((512 * ladder.ROWS, ladder.CASES), np.int32)
    group = (np.arange(512) % 2).astype(np.int16)

    def add():
        rows = [np.zeros((2 * n, ladder.CASES), np.int64) for n in (ladder.ROWS, 8, 8)]
        ladder.add_shares(counts, group, *rows)
        return rows

    totals, shares, eligible = benchmark(add)
    benchmark.extra_info["vehicles"] = 512
    assert (totals == 256).all()
    assert (eligible == 256).all()
    assert (shares == 256 * 2**32).all()


BITS = ", ".join(f"sum((seen >> {k}) & 1)" for k in range(40))
QUERY = f"""
WITH of_reads AS (SELECT vehicle, mask AS seen FROM reads WHERE trip <> -2),
days AS (SELECT vehicle, bit_or(mask) AS seen FROM reads WHERE trip >= 0 GROUP BY vehicle, time // 86400),
trips AS (SELECT vehicle, bit_or(mask) AS seen FROM reads WHERE trip >= 0 GROUP BY vehicle, trip)
SELECT 0 AS what, vehicle, {BITS} FROM of_reads GROUP BY vehicle
UNION ALL SELECT 1, vehicle, {BITS} FROM days GROUP BY vehicle
UNION ALL SELECT 2, vehicle, {BITS} FROM trips GROUP BY vehicle
"""
"""Three of the four statistics, of everything held: the trips with two reads are left out, to be fair."""


def tallied(of, masks, inside, counts):
    """Return what counts some rows, a cacheful at a time, and keeps the four stocks that people ask about."""
    asked = [ladder.READS, ladder.DAYS, ladder.ONCE, ladder.TWICE]

    def count(rows, start):
        scratch = np.empty((512 * ladder.ROWS, ladder.CASES), np.int32)
        for begin in range(0, len(rows), 512):
            chunk = rows[begin : begin + 512]
            mine = scratch[: len(chunk) * ladder.ROWS]
            ladder.tally(
                chunk, of.first_read, of.time, of.trip, masks, of.first_trip, of.depart, of.arrive, inside,
                crowd.NOW, crowd.NOW - crowd.HORIZON, mine,
            )  # fmt: skip
            place = slice(start + begin, start + begin + len(chunk))
            counts[place] = mine.reshape(len(chunk), ladder.ROWS, ladder.CASES)[:, asked, :40]

    return count


def test_forty_arbitrary_policies(benchmark, tell):
    """10 M reads: who holds each, then reads, days and trips of the last T, of the window and of all that is held."""
    of = crowd.crowd(10_000_000)
    counts = np.empty((len(of.rows), 4, 40), np.int32)
    nowhere, one_owner = np.zeros(len(of.depart), np.int32), np.zeros(1, np.int16)
    inside = ladder.held(of.depart, nowhere, one_owner, crowd.AGES, crowd.NESTED, crowd.NOW)

    def hold():
        return ladder.held(of.time, of.site, crowd.OWNER, crowd.AGES, crowd.ARBITRARY, crowd.NOW)

    def whole():
        tallied(of, hold(), inside, counts)(of.rows, 0)

    benchmark.pedantic(whole, rounds=3)
    n = benchmark.extra_info["reads"] = len(of.time)
    masks = hold()
    assert of.time.nbytes + of.site.nbytes + of.trip.nbytes + masks.nbytes <= 24 * n  # and the answer
    one, alone = crowd.core_seconds(whole, 5), counts.copy()
    cores = crowd.two_cores(tallied(of, masks, inside, counts), of.rows, 60)
    assert np.array_equal(counts, alone)
    rows, duck = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, trip=of.trip, mask=masks)
    answer = np.zeros((3, len(of.rows), 40), np.int64)
    answer[rows["what"], rows["vehicle"]] = rows.iloc[:, 2:]
    assert np.array_equal(counts[:, :3].transpose(1, 0, 2), answer)
    assert (counts[:, 3] <= counts[:, 2]).all()
    stream = crowd.streaming(of.time, of.site, of.trip, masks)
    what = "40 arbitrary policies × 4 statistics × 3 times, 10 M reads (DuckDB: 3 statistics of one time)"
    crowd.say(tell, what, n, one, bytes_a_read=20, stream=stream, duck=duck, cores=cores)
