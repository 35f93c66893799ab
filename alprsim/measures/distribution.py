"""How unevenly a store lays people's cars open: from the car read least to the car read most, for every length of retention.

The store holds every camera's reads, each for just so long: no sharing graph narrows it, so it is what the least and the most
exposed cars would show to whoever holds everything.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from alprsim.kernels import windows
from alprsim.measures.question import Opened, Residents, home_towns
from alprsim.tables import Int16, Int32

SHORTEST, STEPS = 180, 40
"""Three minutes, New Hampshire's limit (RSA 261:75-b), and how many windows there are from it to the simulated time."""

STATISTICS = ("reads_held", "days_seen", "trips_detected", "trips_linked")
"""In the order of `kernels.windows`: each as the stock of the measure of completeness that counts it."""

DECILES = tuple(range(10, 100, 10))


class Counted(NamedTuple):
    """What each resident's vehicle of some buckets would show: 640 bytes a vehicle."""

    town: Int16
    """[vehicles]: row of the listed towns."""
    counts: Int32
    """[vehicles, 4, windows]."""


def lengths(moment: int) -> Int32:
    """Return the windows, s: evenly spaced in their logarithm from 3 minutes to the time simulated by the moment."""
    return np.unique(np.geomspace(min(SHORTEST, max(moment, 1)), max(moment, 1), STEPS).round().astype(np.int32))


def count(opened: Opened, people: Residents, window: Int32, moment: int) -> Counted:
    """Count one bucket's residents; the buckets together must hold every vehicle once, read or not."""
    bucket = opened.bucket
    town = home_towns(people, bucket.vehicle)
    rows = np.flatnonzero(town >= 0)
    counts = np.empty((len(rows) * windows.QUANTITIES, len(window)), np.int32)
    windows.nested(rows, bucket.first_read, bucket.reads.time, opened.trip, window, moment, counts)
    return Counted(town[rows], counts.reshape(len(rows), windows.QUANTITIES, len(window)))


def table(parts: Sequence[Counted], window: Int32, towns: Sequence[str]) -> dict[str, Any]:
    """Return columns, a row a (town, statistic, window): how many vehicles, the share that shows nothing, deciles, the most.

    A decile is of the vehicles in order of what they show: the least number that so many tenths of them do not exceed.
    """
    town = np.concatenate([np.zeros(0, np.int16), *(part.town for part in parts)])
    columns: dict[str, list[Any]] = {}
    for row, name in enumerate([*towns, "all"]):
        mine = [part.counts[(part.town == row) | (row == len(towns))] for part in parts]
        vehicles = int(((town == row) | (row == len(towns))).sum())
        for quantity, statistic in enumerate(STATISTICS):
            none = [np.zeros((0, len(window)), np.int32)]
            ordered = np.sort(np.concatenate([*none, *(counts[:, quantity] for counts in mine)]), axis=0)
            said = {"window": window, "town": name, "statistic": statistic, "vehicles": vehicles, **_shape(ordered)}
            for key, value in said.items():
                columns.setdefault(key, []).append(np.broadcast_to(np.asarray(value), len(window)))
    return {key: np.concatenate(values) for key, values in columns.items()}


def _shape(ordered: Int32) -> dict[str, Any]:
    """Return what is told of a sorted column a window, [vehicles, windows]; NaN and −1 without a vehicle."""
    n = len(ordered)
    if n == 0:
        return {"none": np.nan, "mean": np.nan, **dict.fromkeys([f"p{decile}" for decile in DECILES], -1), "max": -1}
    deciles = {f"p{decile}": ordered[-(-decile * n // 100) - 1] for decile in DECILES}
    return {"none": (ordered == 0).mean(axis=0), "mean": ordered.mean(axis=0), **deciles, "max": ordered[-1]}
