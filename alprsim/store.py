"""Reads and truth on disk, in buckets: a measure opens the reads and the trips of a few vehicles at a time.

A bucket is a hash of the recorded plate, or of the household that owns it, so that all the cars a person drives lie in one
bucket; one file a bucket and block of days, sorted by (plate, time, site). Unreadable reads have a bucket of their own, −1.
The truth of a vehicle lies in the bucket of its own plate.
"""

import json
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
    """Takes a day at a time and writes a block of days when it is full; memory is bounded by a block."""

    def __init__(self, folder: Path, plan: Layout) -> None:
        self._folder = folder
        self._plan = plan
        self._reads: list[Columns] = []
        self._truth: list[Columns] = []
        self._block = 0
        for bucket in range(plan.n_buckets):
            (folder / "truth" / f"bucket={bucket}").mkdir(parents=True)
            (folder / "reads" / f"bucket={bucket}").mkdir(parents=True)
        (folder / "reads" / "bucket=-1").mkdir()
        sizes = {"plates": len(plan.plate), "buckets": plan.n_buckets}
        (folder / "layout.json").write_text(json.dumps(sizes))
        np.save(folder / "households.npy", plan.household)

    def add(self, reads: Reads, trips: Trips, journeys: Journeys) -> None:
        """Take one day: reads in order of time, trips row for row with journeys."""
        driven = {**trips.data(), "depart": journeys.depart, "arrive": journeys.arrive}
        self._reads.append(reads.data())
        self._truth.append({c.name: driven[c.name] for c in Truth.columns()})
        if len(self._reads) == BLOCK_DAYS:
            self.flush()

    def flush(self) -> None:
        """Write what has come since the last block."""
        if not self._reads:
            return
        self._write("reads", Reads, _stack(self._reads), "plate")
        self._reads = []
        self._write("truth", Truth, _stack(self._truth), "vehicle")
        self._truth = []
        self._block += 1

    def _write(self, part: str, kind: type[Table], rows: Columns, key: str) -> None:
        n_plates = len(self._plan.plate)
        unread = rows[key] < 0
        place = np.where(unread, n_plates, self._plan.place[rows[key]]).astype(np.int32)
        first = np.zeros(n_plates + 2, np.int64)
        order = kernels.group(place, first)
        edges = [*first[self._plan.first], first[-1]]
        buckets = [*range(self._plan.n_buckets), -1]
        for bucket, start, end in zip(buckets, edges[:-1], edges[1:], strict=True):
            if bucket >= 0 or part == "reads":
                mine = kind(**{name: values[order[start:end]] for name, values in rows.items()})
                parquet.save(mine, self._folder / part / f"bucket={bucket}" / f"block={self._block}.parquet", fast=True)


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
