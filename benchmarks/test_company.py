"""How fast co-reads are counted, collected and made ties, in a stream where some always drive together."""

import numpy as np
import pytest

from alprsim.kernels import company as kernels
from alprsim.measures import company
from alprsim.randomness import below, draw, stream
from alprsim.tables import DAY

READS, PLATES, SITES, DAYS, COUPLES = 1_000_000, 50_000, 50, 10, 500
RULE = company.Rule(3, 30, 2)


@pytest.fixture(scope="module")
def crowd():
    """Make reads at random moments of random plates, and of five hundred couples who pass five cameras five seconds apart."""
    rows = np.arange(READS - COUPLES * 10)
    plate = below(draw(stream(1, "who"), rows), PLATES) + 2 * COUPLES
    site, time = below(draw(stream(1, "where"), rows), SITES), below(draw(stream(1, "when"), rows), DAYS * DAY)
    couple, times = np.repeat(np.arange(COUPLES), 10), np.tile(np.arange(10), COUPLES)
    when = below(draw(stream(1, "together"), couple, times // 2), DAYS * DAY) + times % 2 * 5
    parts = (
        np.append(site, times // 2).astype(np.int32), np.append(time, when).astype(np.int32),
        np.append(plate, couple * 2 + times % 2).astype(np.int32),
    )  # fmt: skip
    cameras, plates = (np.arange(n, dtype=np.int32) for n in (SITES, PLATES + 2 * COUPLES))
    return company.arranged(*parts, np.full(READS, (1 << 40) - 1, np.uint64), cameras, plates)


def test_count(benchmark, crowd):
    n = benchmark(kernels.count, *crowd[:4], RULE.window)
    benchmark.extra_info["reads"] = READS
    rate = READS / SITES / (DAYS * DAY)
    assert n == pytest.approx(READS * rate * (RULE.window + 0.5), rel=0.02)


def test_sketch_and_collect(benchmark, crowd):
    cells = np.zeros(1 << 23, np.uint8)
    room = np.empty(100_000, np.int64), np.empty(100_000, np.int32), np.empty(100_000, np.uint64)

    def both():
        cells[:] = 0
        kernels.sketch(*crowd[:4], RULE.window, cells)
        return kernels.collect(*crowd[:4], RULE.window, cells, RULE.reads, *room)

    n = benchmark(both)
    benchmark.extra_info["reads"] = READS
    assert COUPLES * 5 <= n < 100_000


def test_ties(benchmark, crowd):
    pair, tied = benchmark(company.ties, crowd, RULE)
    benchmark.extra_info["reads"] = READS
    assert (tied == (1 << 40) - 1).all()
    couples = np.arange(COUPLES, dtype=np.int64) * 2
    assert np.isin((couples << 32) + couples + 1, pair).all()
    assert len(pair) < COUPLES + 20
