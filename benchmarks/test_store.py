"""Reads written a second, a month at a time, and read again: every one must come back as it was."""

import itertools

import numpy as np
import pytest

from alprsim import parquet, store
from alprsim.randomness import below, draw, stream
from alprsim.tables import DAY, Journeys, Reads, Trips

DAYS, A_DAY = 6, 1_000_000
PLATES, VEHICLES, SITES = 3_000_000, 400_000, 300
NO_TRIPS, NO_JOURNEYS = Trips.empty(), Journeys.empty()


def a_day(day):
    """Return a million reads in order of time: mostly of the vehicles at hand, a few in a hundred ghosts or unreadable."""
    bits = draw(stream(1, "reads"), day, np.arange(A_DAY))
    vehicle = below(bits, VEHICLES)
    fate = below(draw(bits, 1), 100)
    plate = np.where(fate < 2, -1, np.where(fate < 9, below(draw(bits, 2), PLATES), vehicle))
    time = np.sort(below(draw(bits, 3), DAY)) + day * DAY
    return Reads.of(time=time, site=below(draw(bits, 4), SITES), plate=plate, vehicle=vehicle)


@pytest.fixture(scope="module")
def days():
    return [a_day(day) for day in range(DAYS)]


def checksum(tables):
    """Return the number of reads, and a sum that tells any change of any of them but not their order."""
    hashes = [draw(np.uint64(1), t.time, t.site, t.plate, t.vehicle).sum(dtype=np.uint64) for t in tables]
    with np.errstate(over="ignore"):
        return sum(map(len, tables)), np.sum(hashes, dtype=np.uint64)


def write(folder, plan, days):
    writer = store.Writer(folder, plan)
    for reads in days:
        writer.add(reads, NO_TRIPS, NO_JOURNEYS)
    writer.flush()
    return folder


def test_write(benchmark, days, tmp_path):
    plan = store.layout(PLATES, np.arange(VEHICLES) // 2, store.buckets_for(DAYS * A_DAY))
    folders = (tmp_path / str(n) for n in itertools.count())

    def fresh():
        folder = next(folders)
        folder.mkdir()
        return (folder, plan, days), {}

    folder = benchmark.pedantic(write, setup=fresh, rounds=3, warmup_rounds=1)
    files = list((folder / "reads").rglob("*.parquet"))
    assert checksum([parquet.read(Reads, file) for file in files]) == checksum(days)
    assert store.Store(folder).count() == DAYS * A_DAY
    if benchmark.stats:
        benchmark.extra_info["reads/s"] = round(DAYS * A_DAY / benchmark.stats.stats.min)
    benchmark.extra_info["bytes a read"] = round(sum(file.stat().st_size for file in files) / (DAYS * A_DAY), 2)


def test_read(benchmark, days, tmp_path):
    plan = store.layout(PLATES, np.arange(VEHICLES) // 2, store.buckets_for(DAYS * A_DAY))
    kept = store.Store(write(tmp_path, plan, days))
    buckets = benchmark.pedantic(lambda: [kept.bucket(number) for number in range(len(kept))], rounds=3)
    own = [reads.take((reads.plate >= 0) & (reads.plate < VEHICLES)) for reads in days]
    assert checksum([bucket.reads for bucket in buckets]) == checksum(own)
    for bucket in buckets:
        grouped = np.repeat(bucket.vehicle, np.diff(bucket.first_read))
        assert np.array_equal(bucket.reads.plate, grouped)
        back = np.diff(bucket.reads.time) < 0
        assert not np.any(back & (np.diff(grouped) == 0))
    if benchmark.stats:
        benchmark.extra_info["reads/s"] = round(checksum(own)[0] / benchmark.stats.stats.min)
