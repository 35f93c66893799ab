"""Speed of pairing reads with incidents, and of asking 64 policies at once about the pairs."""

import numpy as np
import pytest

from alprsim.kernels import lookback

READS, SITES, INCIDENTS, NEAR, SHAPES, DAYS, AROUND = 2_000_000, 200, 6_000, 5, 3, 60, 1800
POLICIES = np.arange(64)


@pytest.fixture(scope="module")
def month():
    """Return two months of reads at random sites, and incidents with five sites in range each."""
    rng = np.random.default_rng(1)
    time = rng.integers(0, DAYS * 86_400, READS, np.int32)
    site = rng.integers(0, SITES, READS, np.int32)
    first = np.arange(SITES + 1) * (INCIDENTS * NEAR // SITES)
    when = np.sort(rng.integers(0, DAYS * 86_400, INCIDENTS, np.int32))
    near = rng.permuted(np.repeat(np.arange(INCIDENTS, dtype=np.int32), NEAR)).reshape(SITES, -1)
    incident = np.sort(near, axis=1).reshape(-1)  # an incident's number is its place in time
    asked = when[:, None].astype(np.int64) + rng.integers(0, 64 * 86_400, (INCIDENTS, SHAPES))
    return time, site, first, when[incident], incident, asked


@pytest.fixture(scope="module")
def paired(month):
    """Return the pairs, and a lens of one owner in which policy k keeps reads for k days."""
    time, site, first, moment, incident, asked = month
    pair = lookback.near_reads(time, site, first, moment, AROUND)
    read = time[pair[:, 0]]
    rules = np.zeros((64, lookback.RULE), np.int32)
    rules[:, lookback.END] = POLICIES * 86_400
    lens = np.array([0, 64]), rules, np.left_shift(np.uint64(1), POLICIES.astype(np.uint64)).view(np.int64)
    never = np.full(asked.shape, lookback.NEVER)
    return incident[pair[:, 1]], read, np.zeros(len(read), np.int16), asked, never, *lens


def test_near_reads(benchmark, month):
    time, site, first, moment, _, _ = month
    pair = benchmark(lookback.near_reads, time, site, first, moment, AROUND)
    expected = READS * (INCIDENTS * NEAR / SITES) * (2 * AROUND + 1) / (DAYS * 86_400)
    assert abs(len(pair) / expected - 1) < 0.01
    assert np.all(np.abs(time[pair[:, 0]] - moment[pair[:, 1]]) <= AROUND)


def test_obtainable(benchmark, paired):
    def ask():
        found = np.zeros((INCIDENTS, SHAPES), np.int64)
        lookback.obtainable(*paired, found)
        return found

    found = benchmark(ask)
    answered = [(found >> k & 1).sum() for k in POLICIES]
    asked = len(np.unique(paired[0])) * SHAPES
    assert np.all(np.diff(answered) >= 0)
    assert np.abs(np.array(answered) / asked - POLICIES / 64).max() < 0.02


def test_obtainable_with_holds(benchmark, month, paired):
    """A hold filed for each incident half a day later: what is kept for a day is then there whenever it is asked for."""
    moment, near = month[3:5]
    when = np.zeros(INCIDENTS, np.int64)
    when[near] = moment
    incident, read, stream, asked, _, *lens = paired
    filed = (when + 43_200)[:, None]
    held = np.where(filed <= asked, filed, lookback.NEVER)

    def ask():
        found = np.zeros((INCIDENTS, SHAPES), np.int64)
        lookback.obtainable(incident, read, stream, asked, held, *lens, found)
        return found

    found = benchmark(ask)
    assert not np.any(found & 1)
    later = (asked - when[:, None] > 43_200) & np.isin(np.arange(INCIDENTS), incident)[:, None]
    assert np.all(found[later] == -2)
