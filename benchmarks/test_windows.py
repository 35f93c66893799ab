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


def job(reads):
    """Count, of so many reads, what 40 windows show of each vehicle."""
    of = crowd.crowd(reads)
    counts = np.empty((len(of.rows) * windows.QUANTITIES, len(crowd.WINDOWS)), np.int32)

    def count(rows, start):
        mine = counts[start * windows.QUANTITIES : (start + len(rows)) * windows.QUANTITIES]
        windows.nested(rows, of.first_read, of.time, of.trip, crowd.WINDOWS, crowd.NOW, mine)

    return crowd.Job(
        "40 windows × 4 statistics", 90, of, count, (of.time, of.trip), (counts,), lambda: right(of, counts),
        lambda: in_duckdb(of, counts),
    )  # fmt: skip


def right(of, counts):
    """Assert that every vehicle's reads are as many as numpy counts, and that days and trips of all windows add up."""
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


def in_duckdb(of, counts):
    """Assert that DuckDB finds the same counts; return its CPU time."""
    rows, seconds = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, trip=of.trip)
    theirs = np.zeros((len(of.rows), windows.QUANTITIES, len(crowd.WINDOWS)), np.int32)
    theirs[rows["vehicle"], rows["what"], rows["b"]] = rows["n"]
    assert np.array_equal(counts, theirs.cumsum(axis=2, dtype=np.int32).reshape(counts.shape))
    return seconds


@pytest.mark.parametrize("reads", crowd.TIMES)
def test_nested(benchmark, tell, reads):
    crowd.try_out(benchmark, tell, job(reads))
