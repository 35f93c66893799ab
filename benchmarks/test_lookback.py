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
    moment = np.sort(rng.integers(0, DAYS * 86_400, (SITES, INCIDENTS * NEAR // SITES), np.int32), axis=1).reshape(-1)
    incident = rng.integers(0, INCIDENTS, len(moment), np.int32)
    query_age = rng.integers(0, 64 * 86_400, (INCIDENTS, SHAPES), np.int32)
    return time, site, first, moment, incident, query_age


@pytest.fixture(scope="module")
def paired(month):
    """Return the pairs, and a lens of one owner in which policy k keeps reads for k days."""
    time, site, first, moment, incident, query_age = month
    pair = lookback.near_reads(time, site, first, moment, AROUND)
    lead = moment[pair[:, 1]] - time[pair[:, 0]]
    keeps = np.array([sum(1 << int(k) for k in POLICIES if day < k) for day in range(64)], np.uint64).view(np.int64)
    lens = np.array([0, 64]), np.arange(64, dtype=np.int32) * 86_400, keeps
    return incident[pair[:, 1]], lead, np.zeros(len(lead), np.int16), query_age, *lens


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
