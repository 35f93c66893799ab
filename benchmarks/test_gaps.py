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


def longest(of, masks, found):
    """Return what finds some rows' gaps, in their place."""
    window = crowd.windows_of_cases()

    def find(rows, start):
        mine = found[start * gaps.TIMES : (start + len(rows)) * gaps.TIMES]
        gaps.longest(rows, of.first_read, of.time, of.trip, masks, window, crowd.NOW, crowd.NOW - crowd.HORIZON, mine)

    return find


def right(of, found):
    """Say whether some windows' gaps are those that numpy finds, of every vehicle."""
    by = found.reshape(len(of.rows), gaps.TIMES, 64)
    time = of.time.reshape(len(of.rows), -1)
    for row in (0, 30, 39):
        held = (of.trip.reshape(time.shape) != -2) & (crowd.NOW - time < crowd.WINDOWS[row])
        seen = np.where(held, time, 0)  # an unheld read stands at the start: earlier ones are no later than later ones
        marks = np.concatenate([np.maximum.accumulate(seen, axis=1), np.full((len(time), 1), crowd.NOW)], axis=1)
        assert np.array_equal(by[:, gaps.SO_FAR, row], np.diff(marks, axis=1, prepend=0).max(axis=1))
    assert (by[:, gaps.HORIZON, :40] <= by[:, gaps.SO_FAR, :40]).all()
    assert (by[:, gaps.HORIZON, 40:] == crowd.HORIZON).all()


def test_longest(benchmark, tell):
    of = crowd.crowd(10_000_000)
    masks = crowd.nested_masks(of)
    found = np.empty((len(of.rows) * gaps.TIMES, 64), np.int32)
    find = longest(of, masks, found)
    benchmark.pedantic(find, (of.rows, 0), rounds=15)
    n = benchmark.extra_info["reads"] = len(of.time)
    right(of, found)
    assert of.time.nbytes + of.trip.nbytes + masks.nbytes + of.first_read.nbytes <= 17 * n  # and the answer
    one, alone = crowd.core_seconds(lambda: find(of.rows, 0)), found.copy()
    cores = crowd.two_cores(find, of.rows)
    assert np.array_equal(found, alone)
    stream, (answer, duck) = crowd.streaming(of.time, of.trip, masks), in_duckdb(of)
    assert np.array_equal(found.reshape(-1, gaps.TIMES, 64)[:, gaps.SO_FAR, :40], answer)
    crowd.say(
        tell, "longest gaps of 40 windows × 3 times, 10 M reads", n, one,
        bytes_a_read=16, stream=stream, duck=duck, cores=cores,
    )  # fmt: skip


def in_duckdb(of):
    """Return [vehicles, 40]: each window's longest gap since the start as DuckDB finds it, and its CPU time."""
    rows, seconds = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, trip=of.trip)
    first = np.full((len(of.rows), len(crowd.WINDOWS)), crowd.NOW)
    inner = np.zeros_like(first)
    first[rows["vehicle"], rows["b"]], inner[rows["vehicle"], rows["b"]] = rows["time"], rows["gap"]
    return np.maximum(np.minimum.accumulate(first, axis=1), np.maximum.accumulate(inner, axis=1)), seconds


@pytest.mark.large
def test_longest_100_million(benchmark, tell):
    of = crowd.crowd(100_000_000)
    masks = crowd.nested_masks(of)
    found = np.empty((len(of.rows) * gaps.TIMES, 64), np.int32)
    find = longest(of, masks, found)
    benchmark.pedantic(find, (of.rows, 0), rounds=3)
    n = benchmark.extra_info["reads"] = len(of.time)
    by = found.reshape(len(of.rows), gaps.TIMES, 64)
    assert (by[:, gaps.HORIZON, :40] <= by[:, gaps.SO_FAR, :40]).all()
    assert (np.diff(by[:, gaps.SO_FAR, :40], axis=1) <= 0).all()  # a longer limit never lengthens a gap
    one, cores = crowd.core_seconds(lambda: find(of.rows, 0), 5), crowd.two_cores(find, of.rows, 20)
    stream = crowd.streaming(of.time, of.trip, masks)
    crowd.say(tell, "longest gaps, 100 M reads", n, one, bytes_a_read=16, stream=stream, cores=cores)


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
