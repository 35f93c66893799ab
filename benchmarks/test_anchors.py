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
WITH held AS (SELECT i, vehicle, time, site, time // 86400 AS day FROM reads WHERE mask & {bit}::UBIGINT <> 0),
ends AS (SELECT vehicle, arg_min(site, i) AS one, arg_max(site, i) AS other FROM held GROUP BY vehicle, day),
gaps AS (
    SELECT vehicle, day, time, site, lag(time) OVER same AS since, lag(site) OVER same AS start
    FROM held WINDOW same AS (PARTITION BY vehicle, day ORDER BY i)
),
longest AS (
    SELECT vehicle, arg_min((start, site), (since - time, since)) AS ends FROM gaps
    WHERE day % 7 < 5 AND since % 86400 >= 3600 AND since % 86400 < 8 * 3600 AND time - since >= 3 * 3600
    GROUP BY vehicle, day
),
votes AS (
    SELECT vehicle, 0 AS which, unnest([one, other]) AS site FROM ends
    UNION ALL SELECT vehicle, 1, unnest([ends[1], ends[2]]) FROM longest
),
counted AS (SELECT vehicle, which, site, count(*) AS n FROM votes GROUP BY ALL)
SELECT vehicle, which, arg_min(site, (-n, site)) AS site FROM counted GROUP BY vehicle, which
"""
"""Home (0) and work (1) under one policy, without when they were first found."""

ASKED = {
    "nested": ([39], " for one limit"),
    "by owner": (range(40), ", policy by policy"),
    "arbitrary": ([0], " for one policy"),
}
"""Which of the 40 policies DuckDB is asked about: all where each holds few reads; else one, all would take too long."""


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
        lambda: in_duckdb(of, masks, guess, ASKED[policies][0]), ASKED[policies][1] + ", without when each was found",
    )  # fmt: skip


def in_duckdb(of, masks, guess, asked):
    """Assert that DuckDB names the same homes and works, policy by policy; return its CPU time."""
    told = {
        "i": np.arange(len(of.time), dtype=np.int32),
        "vehicle": of.vehicle,
        "time": of.time,
        "site": of.site,
        "mask": masks,
    }
    took = 0.0
    for policy in asked:
        named, seconds = crowd.ask_duckdb(QUERY.format(bit=1 << policy), **told)
        found = np.full(len(guess), -1, np.int32)
        found[2 * named["vehicle"] + named["which"]] = named["site"]
        assert np.array_equal(found, guess[:, policy])
        took += seconds
    assert (guess[:, list(asked)] >= 0).any(axis=1).mean() > 0.5
    return took


@pytest.mark.parametrize("reads", crowd.TIMES)
@pytest.mark.parametrize("policies", crowd.POLICIES)
def test_homes_and_works(benchmark, tell, reads, policies):
    crowd.try_out(benchmark, tell, job(reads, policies))
