"""How fast everybody's reads are indexed, and how fast targets are held against them under 40 cases at once."""

import numpy as np
import pytest

from alprsim.kernels import unicity
from alprsim.measures import uniqueness
from alprsim.measures.crowd import known as known_to
from alprsim.randomness import below, draw, stream
from alprsim.tables import DAY, Reads

READS, VEHICLES, DAYS, SITES, BIN = 1_000_000, 20_000, 60, 100, 3600
BINS = DAYS * DAY // BIN


@pytest.fixture(scope="module")
def crowd():
    """Make reads in order of plate; vehicles have ten habitual (site, hour) pairs; case k holds the last 1.5 k days."""
    rows = np.arange(READS)
    plate = (rows * VEHICLES // READS).astype(np.int32)
    habit = below(draw(stream(1, "which habit"), rows), 10)
    site = below(draw(stream(1, "where"), plate, habit), SITES).astype(np.int32)
    hour = below(draw(stream(1, "when"), plate, habit), 24)
    time = (below(draw(stream(1, "day"), rows), DAYS) * DAY + hour * 3600).astype(np.int32)
    age = DAYS * DAY - time
    held = age[:, None] <= np.arange(40) * int(1.5 * DAY)
    masks = held @ (np.uint64(1) << np.arange(40, dtype=np.uint64))
    return Reads(time=time, site=site, plate=plate, vehicle=plate.copy()), masks


def test_index(benchmark, crowd):
    reads, masks = crowd
    first, who, seen = benchmark(unicity.index, reads.time, reads.site, reads.plate, masks, BIN, BINS, SITES)
    benchmark.extra_info["reads"] = READS
    cell = reads.site.astype(np.int64) * BINS + reads.time // BIN
    distinct = np.unique(np.stack([cell, reads.plate.astype(np.int64)])[:, masks != 0], axis=1)
    assert np.array_equal(who, distinct[1])
    assert np.array_equal(first, np.searchsorted(distinct[0], np.arange(SITES * BINS + 1)))
    assert (seen != 0).all()


def test_unique(benchmark, crowd):
    reads, masks = crowd
    index = unicity.index(reads.time, reads.site, reads.plate, masks, BIN, BINS, SITES)
    targets = np.arange(0, VEHICLES, VEHICLES // 500, dtype=np.int32)
    known = known_to(reads, np.zeros(READS, np.int16), None, {})
    trace = uniqueness._trace(known, masks, targets, BIN, BINS)
    scores, able = (np.empty((len(targets) * 4, unicity.CASES), np.int32) for _ in range(2))
    base = draw(stream(1, "targets"), targets)
    keys = trace.cell.astype(np.uint64)
    benchmark(
        unicity.unique, base, trace.first, trace.who, trace.cell, keys, trace.masks, *index, 8, 4, scores, able
    )  # fmt: skip
    benchmark.extra_info["subsets"] = len(targets) * 8
    share = scores.reshape(-1, 4, unicity.CASES).mean(axis=0) / 8
    assert (share[:, 0] == 0).all()  # no window, no cell
    assert (share[:, 40:] == 0).all()
    assert share[3, 39] > share[1, 39] > share[0, 39]  # more points single out more
    assert share[3, 39] > 0.9
