from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import parquet, store
from alprsim.kernels import group as kernels
from alprsim.tables import Journeys, Reads, TableError, Trips, Truth
from tests import naive_group as naive


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 5), max_size=30))
def test_group_agrees_with_its_twin(keys):
    first = np.zeros(7, np.int64)
    order = kernels.group(np.array(keys, np.int32), first)
    expected_order, expected_first = naive.group(keys, 6)
    assert order.tolist() == expected_order
    assert first.tolist() == expected_first


def a_day(day: int, n_plates: int, n_vehicles: int) -> tuple[Reads, Trips, Journeys]:
    rng = np.random.default_rng(day)
    n = 200
    time = np.sort(rng.integers(0, 86_400, n)) + day * 86_400
    vehicle = rng.integers(0, n_vehicles, n)
    plate = np.where(rng.random(n) < 0.1, -1, rng.integers(0, n_plates, n))
    reads = Reads.of(time=time, site=rng.integers(0, 9, n), plate=plate, vehicle=vehicle)
    drivers = np.sort(rng.integers(0, n_vehicles, 80))
    depart = np.sort(rng.integers(0, 86_000, 80)) + day * 86_400
    rows = np.lexsort((depart, drivers))
    trips = Trips.of(
        vehicle=drivers[rows], driver=drivers[rows], companion=np.full(80, -1), depart=depart[rows],
        origin=np.zeros(80), destination=np.ones(80), purpose=np.zeros(80),
    )  # fmt: skip
    journeys = Journeys.of(depart=depart[rows], arrive=depart[rows] + 60, path=np.zeros(80))
    return reads, trips, journeys


def whole(folder: Path, part: str, number: int, block: int) -> list[tuple[int, ...]]:
    columns = pq.ParquetFile(folder / part / f"bucket={number}" / f"block={block}.parquet").read()
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


@pytest.mark.parametrize("piece", [1, 7, 100, 10**6])
@pytest.mark.parametrize(("n_plates", "n_buckets"), [(60, 3), (3, 9)])
def test_a_file_holds_its_plates_days_of_its_block_in_order_however_it_is_put_together(
    tmp_path: Path, monkeypatch, piece: int, n_plates: int, n_buckets: int
):
    """Some buckets hold one plate, some none; unreadable reads are of one plate, and more than a piece."""
    monkeypatch.setattr(store, "_PIECE", piece)
    monkeypatch.setattr(store, "BLOCK_DAYS", 3)
    plan = store.layout(n_plates, np.arange(n_plates) // 2, n_buckets)
    writer = store.Writer(tmp_path, plan)
    days = [a_day(day, n_plates, n_plates) for day in range(4)]
    for day in days:
        writer.add(*day)
    writer.flush()
    bucket = {p: b for b in range(n_buckets) for p in plan.plate[plan.first[b] : plan.first[b + 1]].tolist()} | {-1: -1}
    assert min(np.diff(plan.first)) < 2 or n_buckets == 3
    for block in (0, 1):
        reads, truth = ([], [])
        for seen, trips, journeys in days[3 * block : 3 * block + 3]:
            reads += zip(*(seen.data()[name].tolist() for name in ("time", "site", "plate", "vehicle")), strict=True)
            driven = {**trips.data(), **journeys.data()}
            truth += zip(*(driven[c.name].tolist() for c in Truth.columns()), strict=True)
        for number in (*range(n_buckets), -1):
            own = sorted((row for row in reads if bucket[row[2]] == number), key=lambda row: row[2])
            assert whole(tmp_path, "reads", number, block) == own
        for number in range(n_buckets):
            own = sorted((row for row in truth if bucket[row[0]] == number), key=lambda row: row[0])
            assert whole(tmp_path, "truth", number, block) == own


def test_days_wait_unseen_and_leave_nothing(tmp_path: Path):
    """A reader who comes before the block is whole finds no file of it."""
    writer = store.Writer(tmp_path, store.layout(60, np.arange(40) // 2, 3))
    writer.add(*a_day(0, 60, 40))
    writer.add(*a_day(1, 60, 40))
    assert not list(tmp_path.rglob("*.parquet"))
    assert store.Store(tmp_path).count() == 0
    waiting = sum(file.stat().st_size for part in ("reads", "truth") for file in (tmp_path / f".{part}").iterdir())
    assert waiting == 2 * (200 * 16 + 80 * 29)
    writer.flush()
    assert sorted(f.name for f in tmp_path.iterdir()) == ["households.npy", "layout.json", "reads", "truth"]
    assert store.Store(tmp_path).count() == 400


@pytest.mark.parametrize("days", [1, store.BLOCK_DAYS + 2])
def test_what_goes_in_comes_out_grouped(tmp_path: Path, days: int):
    n_plates, n_vehicles = 60, 40
    writer = store.Writer(tmp_path, store.layout(n_plates, np.arange(n_vehicles) // 2, 3))
    rows = [a_day(day, n_plates, n_vehicles) for day in range(days)]
    for day in rows:
        writer.add(*day)
    writer.flush()
    kept = store.Store(tmp_path)
    assert kept.count() == sum(len(reads) for reads, _, _ in rows)
    seen = []
    for number in range(len(kept)):
        bucket = kept.bucket(number)
        seen += bucket.vehicle.tolist()
        for i, vehicle in enumerate(bucket.vehicle):
            mine = bucket.reads.take(slice(bucket.first_read[i], bucket.first_read[i + 1]))
            expected = [t for reads, _, _ in rows for t in reads.time[reads.plate == vehicle]]
            assert mine.time.tolist() == expected
            assert (mine.plate == vehicle).all()
            driven = bucket.truth.take(slice(bucket.first_trip[i], bucket.first_trip[i + 1]))
            assert driven.depart.tolist() == [t for _, trips, _ in rows for t in trips.depart[trips.vehicle == vehicle]]
    assert sorted(seen) == list(range(n_vehicles))
    everything = kept.reads()
    assert len(everything) == sum((reads.plate >= 0).sum() for reads, _, _ in rows)


def test_a_parquet_file_carries_units_and_names_its_table(tmp_path: Path):
    reads, _, _ = a_day(0, 9, 9)
    file = tmp_path / "reads.parquet"
    parquet.save(reads, file)
    schema = pq.read_schema(file)
    assert schema.field("time").metadata[b"unit"] == b"s"
    assert schema.metadata[b"alprsim.table"] == b"Reads"
    assert parquet.read(Reads, file).time.tolist() == reads.time.tolist()
    with pytest.raises(TableError, match="no column driver, companion"):
        parquet.read(Trips, file)
    assert [f.name for f in tmp_path.iterdir()] == ["reads.parquet"]


def test_rows_come_in_order_of_time_even_where_a_jam_drags_one_day_into_the_next(tmp_path: Path):
    def day(time: int, late: int) -> tuple[Reads, Trips, Journeys]:
        reads = Reads.of(time=[time, late], site=[0, 1], plate=[2, 2], vehicle=[2, 2])
        ends = {"driver": [2, 2], "companion": [-1, -1], "origin": [0, 0], "destination": [1, 1], "purpose": [0, 0]}
        trips = Trips.of(vehicle=[2, 2], depart=[time, late], **ends)
        return reads, trips, Journeys.of(depart=[time, late], arrive=[time + 9, late + 9], path=[0, 0])

    writer = store.Writer(tmp_path, store.layout(5, np.arange(5), 1))
    writer.add(*day(80_000, 90_000))
    writer.add(*day(86_500, 99_000))
    writer.flush()
    bucket = store.Store(tmp_path).bucket(0)
    mine = slice(bucket.first_read[2], bucket.first_read[3])
    assert bucket.reads.time[mine].tolist() == bucket.truth.depart[mine].tolist() == [80_000, 86_500, 90_000, 99_000]
    assert bucket.reads.site[mine].tolist() == [0, 0, 1, 1]
    assert bucket.truth.arrive[mine].tolist() == [80_009, 86_509, 90_009, 99_009]


@pytest.mark.parametrize(("reads", "buckets"), [(0.0, 1), (4e6, 1), (4e6 + 1, 2), (6e9, 256)])
def test_a_bucket_holds_about_four_million_reads(reads: float, buckets: int):
    assert store.buckets_for(reads) == buckets


def test_plates_are_dealt_to_buckets_once_each():
    plan = store.layout(1000, np.repeat(np.arange(100), 4), 7)
    assert plan.n_buckets == 7
    assert np.sort(plan.plate).tolist() == list(range(1000))
    assert (plan.plate[plan.place] == np.arange(1000)).all()
    sizes = np.diff(plan.first)
    assert sizes.min() > 100
    for start, end in zip(plan.first[:-1], plan.first[1:], strict=True):
        assert (np.diff(plan.plate[start:end]) > 0).all()
    bucket = np.searchsorted(plan.first, plan.place, side="right") - 1
    assert all(len(set(bucket[4 * home : 4 * home + 4])) == 1 for home in range(100))  # a household's cars lie together
    fewer = store.layout(1000, np.append(np.repeat(np.arange(75), 4), [-1] * 100), 7)
    unchanged = np.r_[:300, 400:1000]
    assert ((np.searchsorted(fewer.first, fewer.place, side="right") - 1)[unchanged] == bucket[unchanged]).all()
