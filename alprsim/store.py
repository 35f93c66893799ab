"""Reads and truth on disk, in buckets: a measure opens the reads and the trips of a few vehicles at a time.

A bucket is a hash of the recorded plate, or of the household that owns it, so that all the cars a person drives lie in one
bucket; one file a bucket and block of days, sorted by (plate, time, site). Unreadable reads have a bucket of their own, −1.
The truth of a vehicle lies in the bucket of its own plate.
"""

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from alprsim import parquet
from alprsim.kernels import group as kernels
from alprsim.randomness import below, draw
from alprsim.tables import Bucket, Int32, Int64, Journeys, Reads, Table, Trips, Truth

BLOCK_DAYS = 30
_BUCKET_READS = 4_000_000  # reads a bucket is sized for: 64 MB in memory form
_PIECE = 1 << 18
"""Rows of a block put together at once: 27 MB as measured, and files no larger than of whole blocks."""

T = TypeVar("T", bound=Table)
Columns = dict[str, NDArray[Any]]


class Layout(NamedTuple):
    """How plates are dealt to buckets: bucket b holds ``plate[first[b]:first[b + 1]]``, rising; p stands at place[p]."""

    first: Int64
    plate: Int32
    place: Int32
    household: Int32
    """[vehicles]: who own it, −1 nobody here."""

    @property
    def n_buckets(self) -> int:
        """How many buckets hold plates."""
        return len(self.first) - 1


def layout(n_plates: int, household: Int32, n_buckets: int) -> Layout:
    """Deal plates to buckets by a hash of their row, a household's (row by row with Vehicles) by a hash of its number."""
    hashed = draw(np.uint64(0), np.arange(n_plates))
    owned = np.flatnonzero(household >= 0)
    hashed[owned] = draw(np.uint64(1), household[owned])
    bucket = below(hashed, n_buckets).astype(np.int32)
    first = np.zeros(n_buckets + 1, np.int64)
    plate = kernels.group(bucket, first).astype(np.int32)
    place = np.empty(n_plates, np.int32)
    place[plate] = np.arange(n_plates, dtype=np.int32)
    return Layout(first, plate, place, household)


def buckets_for(reads: float) -> int:
    """Return how many buckets keep each near four million of the expected reads (1 to 256)."""
    return int(min(256, max(1, -(-reads // _BUCKET_READS))))


class Writer:
    """Takes a day at a time; sorts a block of days into the buckets' files when it is full.

    Until then the days wait on disk (16 bytes a read, 29 a trip) and are put together a piece at a time: memory is bounded by
    a day and a piece.
    """

    def __init__(self, folder: Path, plan: Layout) -> None:
        self._folder = folder
        self._plan = plan
        self._block = 0
        for bucket in range(plan.n_buckets):
            (folder / "truth" / f"bucket={bucket}").mkdir(parents=True)
            (folder / "reads" / f"bucket={bucket}").mkdir(parents=True)
        (folder / "reads" / "bucket=-1").mkdir()
        sizes = {"plates": len(plan.plate), "buckets": plan.n_buckets}
        (folder / "layout.json").write_text(json.dumps(sizes))
        np.save(folder / "households.npy", plan.household)
        self._place = np.append(plan.place, np.int32(len(plan.plate)))  # the last is where plate −1 stands
        self._edges = np.append(plan.first, len(self._place))
        self._begin()

    def add(self, reads: Reads, trips: Trips, journeys: Journeys) -> None:
        """Take one day: reads in order of time, trips row for row with journeys."""
        driven = {**trips.data(), "depart": journeys.depart, "arrive": journeys.arrive}
        self._reads.add(reads.data())
        self._truth.add({c.name: driven[c.name] for c in Truth.columns()})
        if len(self._reads) == BLOCK_DAYS:
            self.flush()

    def flush(self) -> None:
        """Write what has come since the last block."""
        if not len(self._reads):
            return
        buckets = range(self._plan.n_buckets)
        self._write("reads", Reads, self._reads, [*buckets, -1])
        self._write("truth", Truth, self._truth, [*buckets])
        self._block += 1
        self._begin()

    def _begin(self) -> None:
        self._reads = _Days(self._folder / ".reads", "plate", self._place, self._edges)
        self._truth = _Days(self._folder / ".truth", "vehicle", self._place, self._edges)

    def _write(self, part: str, kind: type[Table], days: "_Days", buckets: list[int]) -> None:
        for number, bucket in enumerate(buckets):
            file = parquet.Appender(
                self._folder / part / f"bucket={bucket}" / f"block={self._block}.parquet", fast=True
            )
            for rows in days.pieces(number):
                file.add(kind(**rows))
            file.close()
        days.remove()


class _Day(NamedTuple):
    """One day's rows in a file, by (bucket, plate, time), a column after the other."""

    file: Path
    first: Int64  # rows before each bucket
    columns: dict[str, tuple[np.dtype[Any], int]]  # dtype, where it begins

    def read(self, name: str, start: int, end: int) -> NDArray[Any]:
        """Return rows of one column."""
        dtype, begin = self.columns[name]
        return np.fromfile(self.file, dtype, end - start, offset=begin + start * dtype.itemsize)


class _Piece(NamedTuple):
    """Rows start[day]:end[day] of each day, which stand at places low … high − 1."""

    low: int
    high: int
    start: Int64
    end: Int64


class _Days:
    """A block's days of one table, waiting to be put together."""

    def __init__(self, folder: Path, key: str, place: Int32, edges: Int64) -> None:
        self._folder, self._key, self._place, self._edges = folder, key, place, edges
        self._before = np.zeros(len(place) + 1, np.int64)  # rows of the block before each place
        self._days: list[_Day] = []

    def __len__(self) -> int:
        return len(self._days)

    def add(self, rows: Columns) -> None:
        """Take a day's rows, those of a plate in order of time."""
        first = np.zeros_like(self._before)
        order = kernels.group(self._place[rows[self._key]], first)
        columns = {}
        self._folder.mkdir(exist_ok=True)
        with open(self._folder / str(len(self)), "wb") as file:
            for name, values in rows.items():
                columns[name] = values.dtype, file.tell()
                file.write(values[order])
        self._days.append(_Day(self._folder / str(len(self)), first[self._edges], columns))
        self._before += first

    def pieces(self, bucket: int) -> Iterator[Columns]:
        """Yield a bucket's rows in order of (plate, day, time), a piece at a time, at least one, even if it is empty."""
        for low, high, start, end in self._cut(bucket):
            parts = zip(self._days, start.tolist(), end.tolist(), strict=True)
            mine = [(day, first, last) for day, first, last in parts if first < last] or [(self._days[0], 0, 0)]
            rows = {
                name: np.concatenate([day.read(name, first, last) for day, first, last in mine])
                for name in mine[0][0].columns
            }
            place = self._place[rows[self._key]] - np.int32(low)
            order = kernels.group(place, np.zeros(high - low + 1, np.int64))
            yield {name: values[order] for name, values in rows.items()}

    def remove(self) -> None:
        """Remove what was waiting."""
        shutil.rmtree(self._folder)

    def _cut(self, bucket: int) -> Iterator[_Piece]:
        """Cut a bucket into pieces of about ``_PIECE`` rows, between plates; a plate on its own, between days."""
        low, high = self._edges[bucket : bucket + 2].tolist()
        start, end = np.array([day.first[bucket : bucket + 2] for day in self._days]).T
        if high - low < 2:
            turn = np.cumsum(end - start) // _PIECE
            for now in np.unique(turn):
                yield _Piece(low, high, start, np.where(turn == now, end, start))
            return
        held = self._before[low : high + 1] - self._before[low]
        within = np.searchsorted(held, np.arange(_PIECE, held[-1], _PIECE))
        cuts = low + np.unique([0, *within, high - low])
        bounds = np.array([self._bounds(day, bucket, cuts) for day in self._days]).T
        for at, (first, last) in enumerate(pairwise(cuts.tolist())):
            yield _Piece(first, last, bounds[at], bounds[at + 1])

    def _bounds(self, day: _Day, bucket: int, cuts: Int64) -> Int64:
        """Return the rows of a day before each cut: in the middle of a bucket they are looked for."""
        start, end = day.first[bucket : bucket + 2].tolist()
        if len(cuts) == 2:
            return np.array([start, end])
        return np.searchsorted(self._place[day.read(self._key, start, end)], cuts) + np.int64(start)


class Store:
    """Reads and truth as a `Writer` left them in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        sizes = json.loads((folder / "layout.json").read_text())
        self._plan = layout(sizes["plates"], np.load(folder / "households.npy"), sizes["buckets"])

    def __len__(self) -> int:
        return self._plan.n_buckets

    def bucket(self, number: int) -> Bucket:
        """Open one bucket: its vehicles' reads and trips, grouped by vehicle, in order of time."""
        plan = self._plan
        plates = plan.plate[plan.first[number] : plan.first[number + 1]]
        vehicle = plates[: np.searchsorted(plates, len(plan.household))]
        reads, first_read = self._grouped(Reads, "reads", number, "plate", "time", len(vehicle))
        truth, first_trip = self._grouped(Truth, "truth", number, "vehicle", "depart", len(vehicle))
        return Bucket(vehicle, first_read, Reads(**reads), first_trip, Truth(**truth))

    def where(self, vehicle: int) -> tuple[int, int]:
        """Return the number of the bucket that holds a vehicle, and its row there."""
        place = int(self._plan.place[vehicle])
        number = int(np.searchsorted(self._plan.first, place, side="right")) - 1
        return number, place - int(self._plan.first[number])

    def reads(self) -> Reads:
        """Return every readable read, in order of (bucket, block, plate, time): 16 bytes a read."""
        parts = [_read(Reads, file) for number in range(len(self)) for file in self._files("reads", number)]
        return Reads(**_stack(parts))

    def count(self) -> int:
        """Return the number of reads, unreadable ones included."""
        return sum(
            pq.read_metadata(f).num_rows for number in range(-1, len(self)) for f in self._files("reads", number)
        )

    def _grouped(self, kind: type[Table], part: str, number: int, key: str, time: str, n: int) -> tuple[Columns, Int64]:
        rows = _stack([_read(kind, file) for file in self._files(part, number)])
        place = self._plan.place[rows[key]] - np.int32(self._plan.first[number])
        first = np.zeros(self._plan.first[number + 1] - self._plan.first[number] + 1, np.int64)
        order = kernels.group(place, first)[: first[n]]
        back = (np.diff(rows[time][order]) < 0) & (np.diff(place[order]) == 0)
        if back.any():  # a jam dragged one day into the next
            order = order[np.lexsort((rows[time][order], place[order]))]
        return {name: values[order] for name, values in rows.items()}, first[: n + 1].copy()

    def _files(self, part: str, number: int) -> list[Path]:
        folder = self._folder / part / f"bucket={number}"
        return sorted(folder.glob("block=*.parquet"), key=lambda f: int(f.stem.removeprefix("block=")))


def _read(kind: type[Table], file: Path) -> Columns:
    return parquet.read(kind, file).data()


def _stack(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
