"""How fast the longest unobserved gaps of 40 limits are found and binned, beside DuckDB and the memory itself."""

import numpy as np
import pytest

from alprsim.kernels import gaps
from alprsim.tables import DAY
from benchmarks import crowd

QUERY = f"""
WITH held AS (
    SELECT vehicle, time, {crowd.bucket(f"{crowd.NOW} - time")} AS b,
        coalesce(lead(time) OVER (PARTITION BY vehicle ORDER BY time), {crowd.NOW}) - time AS gap
    FROM reads WHERE trip <> -2
), longest AS (
    SELECT vehicle, time, b, max(gap) OVER (PARTITION BY vehicle ORDER BY time DESC) AS gap FROM held
)
SELECT vehicle, b, min(time) AS time, max(gap) AS gap FROM longest WHERE b < {len(crowd.WINDOWS)} GROUP BY ALL
"""


def job(reads):
    """Find, in so many reads, each vehicle's longest gaps."""
    of = crowd.crowd(reads)
    masks, window = crowd.masks(of, "nested"), crowd.windows_of_cases()
    found = np.empty((len(of.rows) * gaps.TIMES, 64), np.int32)

    def find(rows, start):
        mine = found[start * gaps.TIMES : (start + len(rows)) * gaps.TIMES]
        gaps.longest(rows, of.first_read, of.time, of.trip, masks, window, crowd.NOW, crowd.NOW - crowd.HORIZON, mine)

    return crowd.Job(
        "longest gaps of 40 windows × 3 times", 50, of, find, (of.time, of.trip, masks), (found,),
        lambda: right(of, found), lambda: in_duckdb(of, found), " for one time",
    )  # fmt: skip


def job_told(reads):
    """Find the same where one owner's records are exact, others' to the hour, and some to the day."""
    of = crowd.crowd(reads)
    masks, window = crowd.masks(of, "nested"), crowd.windows_of_cases()
    step = np.array([1, 3600, 3600, DAY])[of.site % 4]
    early = (of.time // step * step).astype(np.int32)
    late = early + step.astype(np.int32) - 1
    order = np.lexsort((late, of.vehicle))
    masks = np.where(of.trip == -2, np.uint64(0), masks)[order]
    early, late = early[order], late[order]
    found = np.empty((len(of.rows) * gaps.TIMES, 64), np.int32)

    def find(rows, start):
        mine = found[start * gaps.TIMES : (start + len(rows)) * gaps.TIMES]
        since = crowd.NOW - crowd.HORIZON
        gaps.longest_told(rows, of.first_read, early, late, masks, window, crowd.NOW, since, mine)

    def right():
        by = found.reshape(len(of.rows), gaps.TIMES, 64)
        for row in (0, 30, 39):
            held = (masks >> np.uint64(row) & np.uint64(1) == 1).reshape(len(of.rows), -1)
            least = np.where(held, early.reshape(held.shape), 0)
            before = np.maximum.accumulate(least, axis=1)
            gap = np.where(held, np.minimum(late.reshape(held.shape), crowd.NOW), 0)
            gap[:, 1:] -= before[:, :-1]
            assert np.array_equal(by[:, gaps.SO_FAR, row], np.maximum(gap.max(axis=1), crowd.NOW - before[:, -1]))

    return crowd.Job(
        "the same of records kept coarse", 10, of, find, (early, late, masks), (found,), right
    )  # fmt: skip


def right(of, found):
    """Assert that some windows' gaps are those that numpy finds, of every vehicle."""
    by = found.reshape(len(of.rows), gaps.TIMES, 64)
    time = of.time.reshape(len(of.rows), -1)
    for row in (0, 30, 39) if len(time) < 100_000 else (30,):
        held = (of.trip.reshape(time.shape) != -2) & (crowd.NOW - time < crowd.WINDOWS[row])
        seen = np.where(held, time, 0)  # an unheld read stands at the start: earlier ones are no later than later ones
        marks = np.concatenate([np.maximum.accumulate(seen, axis=1), np.full((len(time), 1), crowd.NOW)], axis=1)
        assert np.array_equal(by[:, gaps.SO_FAR, row], np.diff(marks, axis=1, prepend=0).max(axis=1))
    assert (by[:, gaps.HORIZON, :40] <= by[:, gaps.SO_FAR, :40]).all()
    assert (by[:, gaps.HORIZON, 40:] == crowd.HORIZON).all()
    assert (np.diff(by[:, gaps.SO_FAR, :40], axis=1) <= 0).all()  # a longer limit never lengthens a gap


def in_duckdb(of, found):
    """Assert that DuckDB finds each window's longest gap since the start to be the same; return its CPU time."""
    rows, seconds = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, trip=of.trip)
    first = np.full((len(of.rows), len(crowd.WINDOWS)), crowd.NOW)
    inner = np.zeros_like(first)
    first[rows["vehicle"], rows["b"]], inner[rows["vehicle"], rows["b"]] = rows["time"], rows["gap"]
    theirs = np.maximum(np.minimum.accumulate(first, axis=1), np.maximum.accumulate(inner, axis=1))
    assert np.array_equal(found.reshape(-1, gaps.TIMES, 64)[:, gaps.SO_FAR, :40], theirs)
    return seconds


@pytest.mark.parametrize("reads", crowd.TIMES)
def test_longest(benchmark, tell, reads):
    crowd.try_out(benchmark, tell, job(reads))


def test_longest_told(benchmark, tell):
    crowd.try_out(benchmark, tell, job_told(crowd.TIMES[0] // 4))


def test_add_bins(benchmark):
    found = np.tile(np.arange(64, dtype=np.int32) * DAY, (2048 * gaps.TIMES, 1))
    group, bins = (np.arange(2048) % 2).astype(np.int16), 400

    def add():
        counts = np.zeros((2 * gaps.TIMES * bins, 64), np.int64)
        gaps.add_bins(found, group, bins, counts)
        return counts

    counts = benchmark(add).reshape(2, gaps.TIMES, bins, 64)
    benchmark.extra_info["vehicles"] = 2048
    assert (counts[:, :, 24 * np.arange(14), np.arange(14)] == 1024).all()
    assert (counts[:, :, 336 + np.arange(1, 50), np.arange(15, 64)] == 1024).all()
