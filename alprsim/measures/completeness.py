"""How much of a life's days and trips a viewer's reads lay open: reads a day, the share of days, the share of trips.

Of vehicles (what a plate shows) and of people (the union over the cars they drive); visitors and through traffic apart.
Each one's share is taken first and then its mean, never-read ones included; the pooled ratio stands beside it. Only
reads of the true vehicle count; ghosts (another car, misread as this one) are counted apart. A record kept too coarse to be of
one day shows none; reads and trips it does show: somebody was on the way.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder
from alprsim.measures.question import (
    PEOPLE,
    THROUGH,
    VEHICLES,
    Answer,
    Case,
    Opened,
    Question,
    Residents,
    home_towns,
    of_cases,
    ratio,
    tidy,
)
from alprsim.tables import DAY, Float64, Int16, Int32, Int64, Measured, UInt64

DAYS = [time * ladder.QUANTITIES + ladder.DAYS for time in (ladder.STOCK, ladder.HORIZON, ladder.WINDOW)]
"""Rows of `ladder.tally` that count days."""

CHUNK = 512
"""Vehicles counted at a time: their counts (2.7 MB) stay in cache."""


class Sums(NamedTuple):
    """What was counted so far of one lens, for each group of lives and sight, over buckets and moments."""

    totals: Int64
    """[groups, 21, 64]: counts of `ladder.tally`, where measured."""
    shares: Int64
    """[groups, 8, 64]: sum of the lives' shares, in 2⁻³²."""
    eligible: Int64
    """[groups, 8, 64]: lives that have the share."""
    lives: Int64
    """[groups, 3, 64]: lives × moments, of the stock, the last T and the window, where measured."""
    seconds: Int64
    """[groups, 3, 64] s: the calendar time they stand for."""
    so_far: Int64
    """[groups, moments, 7, 64]: what is held at each moment, measured or not: what the simulated time holds of it."""
    looked: Int64
    """[groups, moments, 64]: lives looked at."""

    def of(self, groups: slice) -> "Sums":
        """Return the sums of some groups."""
        return Sums(*(part[groups] for part in self))


class Exposure(NamedTuple):
    """One sight's answers vehicle by vehicle, over the last T: NaN where a vehicle did not drive."""

    vehicle: Int32
    reads_a_day: Float64
    observed_days: Float64
    trips_detected: Float64
    trips_linked: Float64


class _Ratio(NamedTuple):
    measure: str
    quantity: int
    share: int | None  # row of ladder.SHARES; None: by calendar time
    stock_unit: str | None
    unit: str
    never: tuple[str, ...] = ()  # whose lives have none: ghosts are of plates; a through vehicle has no calendar here


_RATIOS = (
    _Ratio("exposure_rate", ladder.READS, None, "reads", "reads/d", (THROUGH,)),
    _Ratio("exposure_rate_driving", ladder.READS, 0, None, "reads/driving d"),
    _Ratio("ghost_rate", ladder.GHOSTS, None, "reads", "reads/d", (PEOPLE, THROUGH)),
    _Ratio("observed_days", ladder.DAYS, 1, "d", "share"),
    _Ratio("trips_detected", ladder.ONCE, 2, "trips", "share"),
    _Ratio("trips_linked", ladder.TWICE, 3, "trips", "share"),
)
_TIMES = ("stock", "share_of_horizon", "share_of_window")


def empty(groups: int, moments: int = 1) -> Sums:
    """Return sums of nothing."""
    shares = 2 * len(ladder.SHARES)
    rows = [(ladder.ROWS,), (shares,), (shares,), (3,), (3,), (moments, ladder.QUANTITIES), (moments,)]
    return Sums(*(np.zeros((groups, *shape, ladder.CASES), np.int64) for shape in rows))


def add(
    sums: Sums, opened: Opened, masks: UInt64, question: Question, group: Int16, *, moment: int = 0,
    also: Sequence[tuple[Sums, Int16]] = (), dated: UInt64 | None = None,
) -> None:  # fmt: skip
    """Add one bucket at one moment.

    Parameters
    ----------
    sums : Sums
        Added to in place.
    opened : Opened
        The buckets together must hold every life once, read or not: by vehicle, or by driver (`question.by_driver`).
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    group : int16[n_lives]
        To which each of the bucket's lives belongs; −1 is not counted.
    moment : int
        Which of the query moments it is.
    also
        Other sums that the same lives are added to, by other groups of theirs: they are counted once for all. Who is counted
        in the first must have a group in each.
    dated : uint64[n_reads]
        The answer of `spans.dated`: which of them show a day; None: all.
    """
    every = [(sums, group), *also]
    fresh = [empty(len(one.totals)) for one, _ in every]
    rows = np.flatnonzero(group >= 0)
    flat = [[part.reshape(-1, ladder.CASES) for part in one[:3]] for one in fresh]  # any: 1
    for chunk, counts in _tally(opened, masks, question, rows, dated):
        for (_, groups), parts in zip(every, flat, strict=True):
            ladder.add_shares(counts.reshape(-1, ladder.CASES), groups[chunk], *parts)  # any: 1
    for (one, groups), new in zip(every, fresh, strict=True):
        _add(one, new, groups[rows], question, moment)


def _add(sums: Sums, fresh: Sums, group: Int16, question: Question, moment: int) -> None:
    """Add what was counted anew, of lives of these groups."""
    times = _measured(question)
    sums.so_far[:, moment] += fresh.totals[:, : ladder.QUANTITIES]
    counted = np.bincount(group, minlength=len(fresh.lives))
    sums.looked[:, moment] += counted[:, None]
    lives = counted[:, None, None] * times
    sums.totals[:] += fresh.totals * np.repeat(times, ladder.QUANTITIES, axis=0)
    sums.shares[:] += fresh.shares * np.repeat(times[1:], len(ladder.SHARES), axis=0)
    sums.eligible[:] += fresh.eligible * np.repeat(times[1:], len(ladder.SHARES), axis=0)
    sums.lives[:] += lives
    sums.seconds[:, 1] += lives[:, 1] * question.horizon
    sums.seconds[:, 2] += lives[:, 2] * question.window.astype(np.int64)


def rows(
    sums: Sequence[Sums], place: Int32, cases: Sequence[Case], towns: Sequence[str], *, seed: int,
    moments: Sequence[int] = (), who: str = VEHICLES,
) -> Measured:  # fmt: skip
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics: ``stock`` (mean held of a life), ``share_of_horizon`` and ``share_of_window`` (mean over lives of
    each one's own ratio; those with nothing to see are left out, n counts the others) and the same ``_pooled``
    (sum over sum). n counts lives over all moments; NaN with n = 0 was not measured. What has no steady state is told
    against elapsed time: ``stock_after_9.25d``, what is held at that moment (s: ``moments``) even if more would be had more
    been simulated, and ``stock_so_far``, its mean over the moments. Without towns, "all" alone.
    """
    every = Sums(*(of_cases(by_lens, place) for by_lens in zip(*sums, strict=True)))
    every = every if towns else every.of(slice(-1, None))
    whose = PEOPLE if who.startswith(PEOPLE) else who
    answers = [answer for asked in _RATIOS if whose not in asked.never for answer in _answers(asked, every, moments)]
    return tidy(answers, cases, [*towns, "all"], seed=seed, who=who)


def counted(
    opened: Opened, masks: UInt64, question: Question, rows: NDArray[np.intp], *, dated: UInt64 | None = None
) -> Iterator[tuple[Int64, Int32]]:
    """Yield some lives of a bucket, a chunk at a time, and what is held of each, measured or not.

    The counts, [lives, 21, 64], are those of `ladder.tally`: of what the simulated time holds. They are overwritten.
    """
    yield from _tally(opened, masks, question, rows, dated)


def exposure(
    opened: Opened, masks: UInt64, question: Question, people: Residents, *, bit: int, dated: UInt64 | None = None
) -> Exposure:
    """Return one sight's exposure of each resident vehicle of the bucket, for charts of its distribution."""
    inside = np.flatnonzero(home_towns(people, opened.bucket.vehicle) >= 0)
    parts = [counts[:, :, bit].copy() for _, counts in _tally(opened, masks, question, inside, dated)]
    last = np.concatenate([np.zeros((0, ladder.ROWS), np.int32), *parts])[:, ladder.HORIZON * ladder.QUANTITIES :]
    known = 1.0 if question.horizon <= question.moment else np.nan
    return Exposure(
        opened.bucket.vehicle[inside],
        last[:, ladder.READS] * known * DAY / question.horizon,
        ratio(last[:, ladder.DAYS], last[:, ladder.DRIVEN]) * known,
        ratio(last[:, ladder.ONCE], last[:, ladder.TRIPS]) * known,
        ratio(last[:, ladder.TWICE], last[:, ladder.TRIPS]) * known,
    )


def _tally(
    opened: Opened, masks: UInt64, question: Question, rows: NDArray[np.intp], dated: UInt64 | None = None
) -> Iterator[tuple[Int64, Int32]]:
    """Yield rows of the bucket and their counts, [rows, 21, 64], a chunk at a time; the counts are overwritten.

    Where some reads show no day, the days are counted once more, without them.
    """
    bucket, truth = opened.bucket, opened.bucket.truth
    nowhere, one_owner = np.zeros(len(truth), np.int32), np.zeros(1, np.int16)  # any: 1
    in_window = ladder.held(truth.depart, nowhere, one_owner, question.steps, question.in_window, question.moment)
    counts = np.empty((CHUNK, ladder.ROWS, ladder.CASES), np.int32)
    of_days = counts if dated is None else np.empty_like(counts)

    def tally(chunk: Int64, shown: UInt64, found: Int32) -> None:
        ladder.tally(
            chunk, bucket.first_read, bucket.reads.time, opened.trip, shown,
            bucket.first_trip, truth.depart, truth.arrive, in_window, question.moment, question.moment - question.horizon,
            found[: len(chunk)].reshape(-1, ladder.CASES),  # any: 1
        )  # fmt: skip

    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK].astype(np.int64)
        tally(chunk, masks, counts)
        if dated is not None:
            tally(chunk, dated, of_days)
            counts[: len(chunk), DAYS] = of_days[: len(chunk), DAYS]
        yield chunk, counts[: len(chunk)]


def _measured(question: Question) -> NDArray[np.bool_]:
    """Return [3, 64]: whether stock, last T and window can be known at the moment, for each sight."""
    last = np.full(ladder.CASES, question.horizon <= question.moment)
    return np.stack([question.measured, last, question.measured])


def _stocks(asked: _Ratio, sums: Sums, moments: Sequence[int]) -> Iterator[Answer]:
    """Yield what is held: in a steady state, and so far, over all moments and at each."""
    if asked.stock_unit is None:
        return
    parts = [("stock", sums.totals[:, asked.quantity], sums.lives[:, 0])]
    held = sums.so_far[:, :, asked.quantity]
    parts.append(("stock_so_far", held.sum(axis=1), sums.looked.sum(axis=1)))
    parts += [(f"stock_after_{at / DAY:g}d", held[:, m], sums.looked[:, m]) for m, at in enumerate(moments)]
    for statistic, part, lives in parts:
        yield Answer(asked.measure, statistic, asked.stock_unit, ratio(part, lives), lives)


def _answers(asked: _Ratio, sums: Sums, moments: Sequence[int]) -> list[Answer]:
    answers = list(_stocks(asked, sums, moments))
    for time in (ladder.HORIZON, ladder.WINDOW):
        part = sums.totals[:, time * ladder.QUANTITIES + asked.quantity]
        if asked.share is None:
            mean = pooled = ratio(part * float(DAY), sums.seconds[:, time])
            n = np.where(sums.seconds[:, time] > 0, sums.lives[:, time], 0)
        else:
            row = (time - 1) * len(ladder.SHARES) + asked.share
            whole = sums.totals[:, time * ladder.QUANTITIES + ladder.SHARES[asked.share][1]]
            n = sums.eligible[:, row]
            mean, pooled = ratio(sums.shares[:, row] / ladder.ONE_SHARE, n), ratio(part, whole)
        answers += [
            Answer(asked.measure, _TIMES[time], asked.unit, mean, n),
            Answer(asked.measure, _TIMES[time] + "_pooled", asked.unit, pooled, n),
        ]
    return answers
