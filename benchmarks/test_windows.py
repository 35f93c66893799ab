"""How fast 40 nested windows are counted, four statistics a vehicle, beside DuckDB and the memory itself."""

import numpy as np
import pytest

from alprsim.kernels import windows
from benchmarks import crowd

QUERY = f"""
WITH aged AS (
    SELECT vehicle, trip, time // 86400 AS day, {crowd.bucket(f"{crowd.NOW} - time")} AS b FROM reads
), every AS (
    SELECT vehicle, b, 0 AS what FROM aged WHERE trip <> -2
    UNION ALL SELECT vehicle, min(b), 1 FROM aged WHERE trip >= 0 GROUP BY vehicle, day
    UNION ALL SELECT vehicle, unnest(min(b, 2)), unnest([2, 3]) FROM aged WHERE trip >= 0 GROUP BY vehicle, trip
)
SELECT vehicle, what, b, count(*) AS n FROM every WHERE b < {len(crowd.WINDOWS)} GROUP BY ALL
"""


def nested(of, counts):
    """Return what counts some rows into their place."""

    def count(rows, start):
        mine = counts[start * windows.QUANTITIES : (start + len(rows)) * windows.QUANTITIES]
        windows.nested(rows, of.first_read, of.time, of.trip, crowd.WINDOWS, crowd.NOW, mine)

    return count


def right(of, counts):
    """Say whether every vehicle's reads are as many as numpy counts, and days and trips of all windows add up."""
    by = counts.reshape(len(of.rows), windows.QUANTITIES, -1)
    true = (of.trip != -2).reshape(len(of.rows), -1)
    age = crowd.NOW - of.time.reshape(true.shape)
    for row in (0, 17, 30, 39):
        assert np.array_equal(by[:, windows.READS, row], (true & (age < crowd.WINDOWS[row])).sum(axis=1))
    all_trips = (of.trip.reshape(-1, 2) >= 0).reshape(len(of.rows), -1, 2)
    assert by[:, windows.ONCE, -1].sum() == all_trips.any(axis=2).sum()
    assert by[:, windows.TWICE, -1].sum() == all_trips.all(axis=2).sum()
    assert (by[:, windows.DAYS, -1] <= crowd.DAYS).all()
    assert (np.diff(by, axis=2) >= 0).all()


def test_nested(benchmark, tell):
    of = crowd.crowd(10_000_000)
    counts = np.empty((len(of.rows) * windows.QUANTITIES, len(crowd.WINDOWS)), np.int32)
    count = nested(of, counts)
    benchmark.pedantic(count, (of.rows, 0), rounds=15)
    n = benchmark.extra_info["reads"] = len(of.time)
    right(of, counts)
    assert of.time.nbytes + of.trip.nbytes + of.first_read.nbytes <= 9 * n  # nothing else is held but the answer
    one, alone = crowd.core_seconds(lambda: count(of.rows, 0)), counts.copy()
    cores = crowd.two_cores(count, of.rows)
    assert np.array_equal(counts, alone)  # any number of threads: the same bits
    stream, (answer, duck) = crowd.streaming(of.time, of.trip), in_duckdb(of)
    assert np.array_equal(counts, answer)
    crowd.say(
        tell, "40 windows × 4 statistics, 10 M reads", n, one, bytes_a_read=8, stream=stream, duck=duck, cores=cores
    )


def in_duckdb(of):
    """Return the same counts as DuckDB finds them, and its CPU time."""
    rows, seconds = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, trip=of.trip)
    counts = np.zeros((len(of.rows), windows.QUANTITIES, len(crowd.WINDOWS)), np.int32)
    counts[rows["vehicle"], rows["what"], rows["b"]] = rows["n"]
    return counts.cumsum(axis=2, dtype=np.int32).reshape(-1, len(crowd.WINDOWS)), seconds


@pytest.mark.large
def test_nested_100_million(benchmark, tell):
    of = crowd.crowd(100_000_000)
    counts = np.empty((len(of.rows) * windows.QUANTITIES, len(crowd.WINDOWS)), np.int32)
    count = nested(of, counts)
    benchmark.pedantic(count, (of.rows, 0), rounds=3)
    n = benchmark.extra_info["reads"] = len(of.time)
    right(of, counts)
    one, cores = crowd.core_seconds(lambda: count(of.rows, 0), 5), crowd.two_cores(count, of.rows, 20)
    stream = crowd.streaming(of.time, of.trip)
    crowd.say(tell, "40 windows × 4 statistics, 100 M reads", n, one, bytes_a_read=8, stream=stream, cores=cores)
