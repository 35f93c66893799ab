"""How fast home and work are guessed for 64 cases at once."""

import numpy as np
import pytest

from alprsim.kernels import ladder
from alprsim.kernels.anchors import anchors
from alprsim.tables import DAY
from benchmarks import crowd

VEHICLES, DAYS, SITES = 2_000, 60, 200


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
    assert (home[:, 0] == -1).all()
    assert (home[:, 1:] == own[:, None]).all()
    assert (work[:, -1] >= 0).all()
    assert (until[::2, 1:] == 1).all()


QUERY = """
WITH ends AS (
    SELECT vehicle, arg_min(site, time) AS one, arg_max(site, time) AS other FROM reads GROUP BY vehicle, time // 86400
),
votes AS (SELECT vehicle, unnest([one, other]) AS site FROM ends),
counted AS (SELECT vehicle, site, count(*) AS n FROM votes GROUP BY ALL)
SELECT vehicle, arg_min(site, (-n, site)) AS home FROM counted GROUP BY vehicle ORDER BY vehicle
"""
"""Home alone, of one limit alone."""


@pytest.mark.parametrize("policies", ["nested", "arbitrary"])
def test_homes_and_works_of_ten_million_reads(benchmark, tell, policies):
    of = crowd.crowd(10_000_000)
    masks = crowd.nested_masks(of)
    if policies == "arbitrary":
        masks = ladder.held(of.time, of.site, crowd.OWNER, crowd.AGES, crowd.ARBITRARY, crowd.NOW)
    guess, until = np.empty((2 * len(of.rows), 64), np.int32), np.empty((2 * len(of.rows), 64), np.int32)
    near = np.repeat((of.rows * 7 % crowd.SITES)[:, None] == np.arange(crowd.SITES), 2, axis=0)

    def name(rows, start):
        mine = slice(2 * start, 2 * (start + len(rows)))
        anchors(rows, of.first_read, of.time, of.site, masks, near[mine], 0, crowd.NOW, guess[mine], until[mine])

    benchmark.pedantic(name, (of.rows, 0), rounds=3)
    n = benchmark.extra_info["reads"] = len(of.time)
    assert of.time.nbytes + of.site.nbytes + masks.nbytes + of.first_read.nbytes <= 17 * n  # near and the answer apart
    one, alone = crowd.core_seconds(lambda: name(of.rows, 0), 5), (guess.copy(), until.copy())
    cores = crowd.two_cores(name, of.rows, 60)
    assert np.array_equal(guess, alone[0])
    assert np.array_equal(until, alone[1])
    assert (guess[:, 40:] == -1).all()
    stream, duck = crowd.streaming(of.time, of.site, masks), None
    if policies == "nested":
        homes, duck = crowd.ask_duckdb(QUERY, vehicle=of.vehicle, time=of.time, site=of.site)
        ties = (
            of.time[1:][np.diff(of.time) == 0].size / n
        )  # which of two reads of one second is first, DuckDB leaves open
        assert (guess[::2, 39] == homes["home"]).mean() > 1 - 10 * ties - 1e-3
    what = f"home and work of 40 {policies} policies, 10 M reads" + (" (DuckDB: home under one limit)" if duck else "")
    crowd.say(tell, what, n, one, bytes_a_read=16, stream=stream, duck=duck, cores=cores)
