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


def job(reads, policies):
    """Say of so many reads who holds each, then count reads, days and trips of the last T, of the window and of all held."""
    of = crowd.crowd(reads)
    counts = np.empty((len(of.rows), 4, 40), np.int32)
    asked = [ladder.READS, ladder.DAYS, ladder.ONCE, ladder.TWICE]
    nowhere, one_owner = np.zeros(len(of.depart), np.int32), np.zeros(1, np.int16)
    inside = ladder.held(of.depart, nowhere, one_owner, crowd.AGES, crowd.NESTED, crowd.NOW)

    def whole(rows, start):
        """Take a cacheful of vehicles at a time; of what is counted, keep the stocks that people ask about."""
        mine = slice(of.first_read[start], of.first_read[start + len(rows)])
        time, trip = of.time[mine], of.trip[mine]
        masks = ladder.held(time, of.site[mine], crowd.OWNER, crowd.AGES, crowd.POLICIES[policies], crowd.NOW)
        first_read = of.first_read[start : start + len(rows) + 1] - of.first_read[start]
        first_trip, scratch = of.first_trip[start:], np.empty((512 * ladder.ROWS, ladder.CASES), np.int32)
        for begin in range(0, len(rows), 512):
            chunk = np.arange(begin, min(begin + 512, len(rows)))
            part = scratch[: len(chunk) * ladder.ROWS]
            ladder.tally(
                chunk, first_read, time, trip, masks, first_trip, of.depart, of.arrive, inside,
                crowd.NOW, crowd.NOW - crowd.HORIZON, part,
            )  # fmt: skip
            counts[start + chunk] = part.reshape(len(chunk), ladder.ROWS, ladder.CASES)[:, asked, :40]

    def right():
        """Of some vehicles by numpy, day by day and trip by trip."""
        assert (counts[:, 3] <= counts[:, 2]).all()
        masks = crowd.masks(of, policies).reshape(len(of.rows), crowd.DAYS, 2, 2)[:: len(of.rows) // 50]
        masks = np.where(of.trip.reshape(len(of.rows), crowd.DAYS, 2, 2)[:: len(of.rows) // 50] >= 0, masks, 0)
        held = (masks[..., None] >> np.arange(40, dtype=np.uint64)) & np.uint64(1) > 0
        trips = held.sum(axis=3)
        plain = [
            trips.sum(axis=(1, 2)),
            trips.any(axis=2).sum(axis=1),
            *((trips >= n).sum(axis=(1, 2)) for n in (1, 2)),
        ]
        assert np.array_equal(counts[:: len(of.rows) // 50], np.stack(plain, axis=1))

    return crowd.Job(
        f"40 policies, {policies} × 4 statistics × 3 times", 20, of, whole, (of.time, of.site, of.trip), (counts,), right,
        lambda: in_duckdb(of, counts, policies), " for 3 statistics of one time",
    )  # fmt: skip


def in_duckdb(of, counts, policies):
    """Assert that DuckDB counts the same; return its CPU time."""
    masks = crowd.masks(of, policies)
    rows, seconds = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, trip=of.trip, mask=masks)
    theirs = np.zeros((3, len(of.rows), 40), np.int64)
    theirs[rows["what"], rows["vehicle"]] = rows.iloc[:, 2:]
    assert np.array_equal(counts[:, :3].transpose(1, 0, 2), theirs)
    return seconds


@pytest.mark.parametrize("reads", crowd.TIMES)
@pytest.mark.parametrize("policies", ["by owner", "arbitrary"])
def test_forty_policies(benchmark, tell, reads, policies):
    crowd.try_out(benchmark, tell, job(reads, policies))
