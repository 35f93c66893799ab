"""How fast home and work are guessed for 64 cases at once."""

import itertools
from collections import Counter

import numpy as np
import pytest

from alprsim.kernels.anchors import anchors
from alprsim.tables import DAY
from benchmarks import crowd

VEHICLES, DAYS, SITES = 2_000, 60, 200
HOUR = 3600


def test_anchors(benchmark):
    """Everybody lives by one site, works by another and shops at a third; case k holds the last k days."""
    clock = np.array([7, 7.5, 11, 17, 17.5, 20], float) - 4
    time = np.tile((np.arange(DAYS)[:, None] * DAY + clock * 3600).reshape(-1), VEHICLES).astype(np.int32)
    vehicle = np.repeat(np.arange(VEHICLES), DAYS * 6)
    which = np.tile([0, 1, 2, 1, 0, 0], VEHICLES * DAYS)
    site = ((vehicle * 3 + which) % SITES).astype(np.int32)
    held = (DAYS - time // DAY)[:, None] <= np.arange(64)
    masks = held @ (np.uint64(1) << np.arange(64, dtype=np.uint64))
    first = np.arange(VEHICLES + 1, dtype=np.int64) * DAYS * 6
    own = np.arange(VEHICLES) * 3 % SITES
    near = np.repeat(own[:, None] == np.arange(SITES), 2, axis=0)
    guess, until = np.empty((2 * VEHICLES, 64), np.int32), np.empty((2 * VEHICLES, 64), np.int32)
    benchmark(anchors, np.arange(VEHICLES), first, time, site, masks, near, 0, DAYS * DAY - 1, guess, until)
    benchmark.extra_info["reads"] = len(time)
    home, work = guess[::2], guess[1::2]
    agree(slice(None, None, 500), vehicle, time, site, masks, guess, range(0, 64, 9))
    assert (home[:, 0] == -1).all()
    assert (home[:, 1:] == own[:, None]).all()
    assert (work[:, -1] >= 0).all()
    assert (until[::2, 1:] == 1).all()


def agree(some, vehicle, time, site, masks, guess, cases):
    """Assert the guesses of some vehicles in some cases by plain loops; the first day is a Monday."""
    for row in range(len(guess) // 2)[some]:
        mine = range(*np.searchsorted(vehicle, [row, row + 1]))
        for case in cases:
            held = [(int(time[k]), int(site[k])) for k in mine if int(masks[k]) >> case & 1]
            assert guess[2 * row : 2 * row + 2, case].tolist() == list(plain(held)), (row, case)


def plain(held):
    """Return where home and work seem to be of one case's reads, (time, site) in order; −1 where none speaks."""
    home, work = Counter(), Counter()
    for day, reads in itertools.groupby(held, lambda read: read[0] // DAY):
        reads = list(reads)
        home.update([reads[0][1], reads[-1][1]])
        gaps = [
            (before[0] - after[0], before[0], before[1], after[1])
            for before, after in itertools.pairwise(reads)
            if HOUR <= before[0] % DAY < 8 * HOUR and after[0] - before[0] >= 3 * HOUR
        ]
        if gaps and day % 7 < 5:
            work.update(min(gaps)[2:])
    return tuple(min(votes, key=lambda site: (-votes[site], site), default=-1) for votes in (home, work))


QUERY = """
WITH ends AS (
    SELECT vehicle, arg_min(site, time) AS one, arg_max(site, time) AS other FROM reads GROUP BY vehicle, time // 86400
),
votes AS (SELECT vehicle, unnest([one, other]) AS site FROM ends),
counted AS (SELECT vehicle, site, count(*) AS n FROM votes GROUP BY ALL)
SELECT vehicle, arg_min(site, (-n, site)) AS home FROM counted GROUP BY vehicle ORDER BY vehicle
"""
"""Home alone, of one limit alone."""


def job(reads, policies):
    """Guess, from so many reads, where everybody lives and works; near each home and work is the first of a dozen sites."""
    of = crowd.crowd(reads)
    masks = crowd.masks(of, policies)
    guess, until = np.empty((2 * len(of.rows), 64), np.int32), np.empty((2 * len(of.rows), 64), np.int32)
    near = np.repeat((of.rows * 7 % crowd.SITES)[:, None] == np.arange(crowd.SITES), 2, axis=0)

    def name(rows, start):
        mine = slice(2 * start, 2 * (start + len(rows)))
        anchors(rows, of.first_read, of.time, of.site, masks, near[mine], 0, crowd.NOW, guess[mine], until[mine])

    def right():
        agree(slice(None, None, len(of.rows) // 20), of.vehicle, of.time, of.site, masks, guess, range(40))
        assert (guess[:, 40:] == -1).all()
        assert ((guess[:, :40] - np.repeat(of.rows * 7, 2)[:, None]) % crowd.SITES < 12)[guess[:, :40] >= 0].all()
        hit = (guess >= 0) & np.take_along_axis(near, np.maximum(guess, 0), axis=1)
        assert (until[hit] >= 1).all()  # who is near in the end was near for a first time
        assert (until[guess < 0] == -1).all()

    return crowd.Job(
        f"home and work of 40 policies, {policies}", 50, of, name, (of.time, of.site, masks), (guess, until), right,
        (lambda: in_duckdb(of, guess)) if policies == "nested" else None, " for home under one limit",
    )  # fmt: skip


def in_duckdb(of, guess):
    """Assert that DuckDB names the same homes for the longest limit; return its CPU time."""
    homes, seconds = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, site=of.site)
    ties = np.count_nonzero(np.diff(of.time) == 0) / len(
        of.time
    )  # which of two reads of one second is first, it leaves open
    assert (guess[::2, 39] == homes["home"]).mean() > 1 - 10 * ties - 1e-3
    return seconds


@pytest.mark.parametrize("reads", crowd.TIMES)
@pytest.mark.parametrize("policies", crowd.POLICIES)
def test_homes_and_works(benchmark, tell, reads, policies):
    crowd.try_out(benchmark, tell, job(reads, policies))
