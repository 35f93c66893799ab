"""Speed of drawing who is on a state's hot lists, and of matching reads against them."""

import numpy as np
import pytest

from alprsim import hotlists
from alprsim.kernels import hotlists as kernels
from alprsim.randomness import below, draw, stream
from alprsim.tables import DAY

PLATES, VEHICLES, SITES, LISTS, DAYS = 3_000_000, 400_000, 300, 4, 30
READS, SHARE = 10_000_000, 0.005
OFF, WANTED, STALE = 30 * DAY / SHARE - 44 * DAY, 30.0 * DAY, 14.0 * DAY


@pytest.fixture(scope="module")
def listings():
    """Four lists of all the state's plates for a month, as `hotlists.draw` orders them, in a live copy."""
    key = np.arange(PLATES)
    drawn = [
        kernels.spells(stream(n, "a list"), key, OFF, WANTED, STALE, DAYS * DAY, hotlists._TAIL) for n in range(LISTS)
    ]
    plate, listed, _, removed = np.concatenate(drawn).T
    hot_list = np.repeat(np.arange(LISTS), [len(rows) for rows in drawn])
    order = np.lexsort((listed, hot_list, plate))
    first = np.searchsorted(plate[order], np.arange(PLATES + 1)).astype(np.int64)
    begin, end = (np.minimum(at[order], 2**31 - 1).astype(np.int32) for at in (listed, removed))
    return first, begin, end, hot_list[order].astype(np.int16)


def test_spells(benchmark):
    """One list of three million plates: at any time 0.5 % rightly on it and as much more as is stale."""
    found = benchmark(
        kernels.spells, stream(1, "a list"), np.arange(PLATES), OFF, WANTED, STALE, DAYS * DAY, hotlists._TAIL
    )
    for moment in (0, 10 * DAY, 29 * DAY):
        rightly = np.count_nonzero((found[:, 1] <= moment) & (moment < found[:, 2]))
        stale = np.count_nonzero((found[:, 2] <= moment) & (moment < found[:, 3]))
        assert rightly == pytest.approx(SHARE * PLATES, rel=0.04)
        assert stale == pytest.approx(SHARE * PLATES * STALE / WANTED, rel=0.06)


def test_match(benchmark, listings):
    """Ten million reads of simulated vehicles against four lists: each list holds 0.5 % × 44 / 30 of them at any time."""
    bits = draw(stream(1, "reads"), np.arange(READS))
    time = np.sort(below(bits, DAYS * DAY)).astype(np.int32)
    plate, site = below(draw(bits, 1), VEHICLES).astype(np.int32), below(draw(bits, 2), SITES).astype(np.int32)
    matched = np.ones((SITES, LISTS), np.bool_)
    matched[: SITES // 2, 0] = False  # half of the sites are matched against three lists only
    pairs = benchmark(kernels.match, time, site, plate, *listings, matched)
    assert len(pairs) / READS == pytest.approx(SHARE * 44 / 30 * (LISTS - 0.5), rel=0.05)
    first, begin, end, _ = listings
    read, row = pairs.T
    assert ((begin[row] <= time[read]) & (time[read] < end[row])).all()
    assert ((first[plate[read]] <= row) & (row < first[plate[read] + 1])).all()
