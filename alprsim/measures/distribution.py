"""How unevenly a store lays people's cars open: from the car read least to the car read most.

For every length of retention, of a store that holds every camera's reads, each for just so long: no sharing graph narrows it,
so it is what the least and the most exposed cars would show to whoever holds everything. And of what each viewer holds, or can
ask for, under each policy and limit: how much, and which part of each car's own days and trips of the last T.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from alprsim.kernels import ladder, windows
from alprsim.measures import completeness, risk
from alprsim.measures.question import Case, Opened, Question, Residents, home_towns, of_cases, ratio
from alprsim.tables import Bool, Int16, Int32, Int64, UInt64, ViewersDistribution

SHORTEST, STEPS = 180, 40
"""Three minutes, New Hampshire's limit (RSA 261:75-b), and how many windows there are from it to the simulated time."""

STATISTICS = ("reads_held", "days_seen", "trips_detected", "trips_linked")
"""In the order of `kernels.windows`: each as the stock of the measure of completeness that counts it."""

OF_HORIZON = ("days_seen_of_horizon", "trips_detected_of_horizon", "trips_linked_of_horizon")
"""Of viewers, after the stocks: in % of a car's own driven days, or trips, of the last T."""

QUANTILES = (*range(10, 100, 10), 99)
"""In hundredths."""

_STOCKS = [ladder.READS, ladder.DAYS, ladder.ONCE, ladder.TWICE]
"""Rows of `ladder.tally` with what is held, in the order of `STATISTICS`."""

_PARTS, _WHOLES = ([ladder.HORIZON * ladder.QUANTITIES + pair[side] for pair in ladder.SHARES[1:]] for side in (0, 1))
"""Rows of the same with what is seen in the last T and with all of it, in the order of `OF_HORIZON`."""

_SCALE = np.array([1.0] * len(STATISTICS) + [ladder.ONE_SHARE / 100] * len(OF_HORIZON))
"""Of `Held.total`, a statistic each."""


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
    """Return columns, a row a (town, statistic, window): how many vehicles, the share that shows nothing, quantiles.

    A quantile is of the vehicles in order of what they show: the least number that so many hundredths do not exceed.
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


class Held(NamedTuple):
    """How many of each town's vehicles show so much to each sight of a lens; of stocks, then of the last T."""

    counts: Int64
    """[towns, 7, slots, 64]: vehicles by `risk.slot`: each number below 256 has its own, others are told to within 1 %."""
    total: Int64
    """[towns, 7, 64]: the sum; of the last T of the shares, in `ladder.ONE_SHARE`."""
    most: Int64
    """[towns, 7, 64]: the largest."""


def nothing(towns: int) -> Held:
    """Return sums of nothing."""
    shape = towns, len(_SCALE)
    return Held(*(np.zeros((*shape, *more, ladder.CASES), np.int64) for more in ((1,), (), ())))  # any: 1


def add(
    held: Held, opened: Opened, masks: UInt64, question: Question, town: Int16, *, dated: UInt64 | None = None
) -> Held:
    """Return the sums with one bucket's vehicles added, each once, read or not; ``town``: of each, −1 is not counted."""
    for lives, tallied in completeness.counted(opened, masks, question, np.flatnonzero(town >= 0), dated=dated):
        shown, summed, asked = _shown(tallied, known=question.horizon <= question.moment)
        slot, of = risk.slot(shown), town[lives].astype(np.int64)
        held = _with_room(held, int(slot.max()) + 1)  # any: 1
        towns, quantities, slots, cases = held.counts.shape
        cell = (of[:, None, None] * quantities + np.arange(quantities)[:, None]) * slots
        cell = (cell + slot) * cases + np.arange(cases)
        np.add.at(held.counts.ravel(), cell[asked], 1)
        for row in range(towns):
            held.total[row] += summed[of == row].sum(axis=0)
            np.maximum(held.most[row], shown[of == row].max(axis=0, initial=0), out=held.most[row])
    return held


def _shown(tallied: Int32, *, known: bool) -> tuple[Int32, Int64, Bool]:
    """Return what each life shows, what of it is summed, and whether it is asked of it at all, [lives, 7, 64] each.

    A share is whole per cent rounded up, so that 0 is nothing at all; who made no trip in the last T has none.
    """
    stock, part, whole = (tallied[:, rows].astype(np.int64) for rows in (_STOCKS, _PARTS, _WHOLES))
    of = np.maximum(whole, 1)  # any: 1
    asked = np.concatenate([np.ones(stock.shape, np.bool_), (whole > 0) & known], axis=1)
    shown = np.concatenate([stock, -(-100 * part // of)], axis=1)
    summed = np.concatenate([stock, np.int64(ladder.ONE_SHARE) * part // of], axis=1)
    return (shown * asked).astype(np.int32), summed * asked, asked


def of_viewers(
    held: Sequence[Held], so_far: Sequence[Bool], place: Int32, cases: Sequence[Case], towns: Sequence[str]
) -> ViewersDistribution:
    """Return a row a (town, statistic, case); case c stands at lens × 64 + bit ``place[c]``.

    Parameters
    ----------
    held
        A lens each.
    so_far : bool[64] each
        Whether a sight reaches back further than was simulated.
    """
    slots = max(one.counts.shape[2] for one in held)
    counts = of_cases([_with_room(one, slots).counts for one in held], place)
    total, most = of_cases([one.total for one in held], place), np.concatenate([one.most for one in held], axis=-1)
    most = np.concatenate([most[..., place], most[..., place].max(axis=0, keepdims=True, initial=0)])
    beyond, parts = np.concatenate(so_far)[place], []
    for row, town in enumerate([*towns, "all"]):
        for quantity, statistic in enumerate((*STATISTICS, *OF_HORIZON)):
            mine, n = counts[row, quantity], counts[row, quantity].sum(axis=0)
            below = mine.cumsum(axis=0)
            least = {"min": (below == 0).sum(axis=0)} | {f"p{k}": (below * 100 < k * n).sum(axis=0) for k in QUANTILES}
            quantiles = {key: np.where(n > 0, risk.of_slot(slot), -1).astype(np.int32) for key, slot in least.items()}
            parts.append(ViewersDistribution.of(
                policy=[case.policy for case in cases], viewer=[case.viewer for case in cases],
                sight=[case.sight for case in cases], retention=[case.retention for case in cases],
                so_far=(beyond & (statistic in STATISTICS)).astype(np.int8),
                town=[town] * len(cases), statistic=[statistic] * len(cases), vehicles=n,
                none=ratio(mine[0], n), mean=ratio(total[row, quantity] / _SCALE[quantity], n), **quantiles,
                max=np.where(n > 0, most[row, quantity], -1),
            ))  # fmt: skip
    columns = [column.name for column in ViewersDistribution.columns()]
    return ViewersDistribution.of(**{name: np.concatenate([getattr(one, name) for one in parts]) for name in columns})


def _with_room(held: Held, slots: int) -> Held:
    """Return the sums with room for so many slots at least."""
    more = slots - held.counts.shape[2]
    if more <= 0:  # any: more <= 0
        return held
    return held._replace(counts=np.pad(held.counts, ((0, 0), (0, 0), (0, more), (0, 0))))


def _shape(ordered: Int32) -> dict[str, Any]:
    """Return what is told of a sorted column a window, [vehicles, windows]; NaN and −1 without a vehicle."""
    n, names = len(ordered), [f"p{k}" for k in QUANTILES]
    if n == 0:
        return {"none": np.nan, "mean": np.nan, **dict.fromkeys(["min", *names, "max"], -1)}
    quantiles = {name: ordered[-(-k * n // 100) - 1] for name, k in zip(names, QUANTILES, strict=True)}
    ends = {"min": ordered[0], "max": ordered[-1]}
    return {"none": (ordered == 0).mean(axis=0), "mean": ordered.mean(axis=0), **quantiles, **ends}
