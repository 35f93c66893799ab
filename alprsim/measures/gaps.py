"""Whether anyone can disappear: the longest stretch in which no read of a car, or of its driver, is held.

Where records keep times coarse, the longest in which none may have been made, as far as they tell.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import gaps, ladder
from alprsim.measures.question import VEHICLES, Answer, Case, Opened, Question, of_cases, ratio, tidy
from alprsim.tables import Float64, Int16, Int32, Int64, Measured, UInt64

MEASURE = "longest_gap"

LONG = {"24h": 24, "72h": 72, "7d": 168}
"""Hours: stretches that are long enough for a night away, a long weekend, a week."""

TIMES = ("of_horizon", "of_window", "so_far")
"""In the order of `kernels.gaps`: the last T; the window kept; from the start of the simulation to the moment."""

CHUNK = 2048
"""Vehicles at a time: their gaps (1.6 MB) stay in cache."""


class Sums(NamedTuple):
    """What was counted so far through one lens, over buckets and moments."""

    lives: Int64
    """[groups, 3, bins, 64]: lives × moments by their longest gap in each time, where measured."""
    could: Int64
    """[groups, 3, 3, 64]: lives × moments of which a gap as long as each of LONG could be told: the time is as long."""


def empty(groups: int, *, longest: int) -> Sums:
    """Return sums of nothing; ``longest``: the longest time asked about, s."""
    bins = gaps.HOURS + max(longest - gaps.HOURS * gaps.HOUR, 0) // gaps.DAY + 1  # any
    shapes = ((gaps.TIMES, bins), (gaps.TIMES, len(LONG)))
    return Sums(*(np.zeros((groups, *shape, gaps.CASES), np.int64) for shape in shapes))


def add(
    sums: Sums, opened: Opened, masks: UInt64, question: Question, group: Int16, *,
    also: Sequence[tuple[Sums, Int16]] = (), told: tuple[Int32, Int32] | None = None,
) -> None:  # fmt: skip
    """Add one bucket at one moment.

    Parameters
    ----------
    opened : Opened
        By vehicle, or by driver (`question.by_driver`), with times as they were.
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    group : int16[n_lives]
        To which each of the bucket's lives belongs; −1 is not counted.
    also
        Other sums that the same lives are added to, by other groups of theirs: they are walked once for all. Who is counted in
        the first must have a group in each.
    told : int32[n_reads] twice, s
        The answer of `spans.spans`: from when to when each read may have been made; None: all are known to the second.
    """
    bins, every = sums.lives.shape[2], [(sums, group), *also]
    rows = np.flatnonzero(group >= 0)
    fresh = [np.zeros_like(one.lives) for one, _ in every]
    scratch = np.empty((CHUNK * gaps.TIMES, gaps.CASES), np.int32)
    find = gaps.longest if told is None else gaps.longest_told
    reads = _exact(opened, masks) if told is None else _left_open(opened, masks, told)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK].astype(np.int64)
        found = scratch[: len(chunk) * gaps.TIMES]
        find(
            chunk, opened.bucket.first_read, *reads, question.window, question.moment,
            question.moment - question.horizon, found,
        )  # fmt: skip
        for (_, groups), new in zip(every, fresh, strict=True):
            gaps.add_bins(found, groups[chunk], bins, new.reshape(-1, gaps.CASES))  # any
    known = _known(question)
    long = np.array(list(LONG.values()))[:, None] * gaps.HOUR
    for (one, groups), new in zip(every, fresh, strict=True):
        one.lives[:] += new * (known > 0)[:, None]
        lives = np.bincount(groups[rows], minlength=len(new))
        one.could[:] += lives[:, None, None, None] * (known[:, None] >= long)


def rows(
    sums: Sequence[Sums], place: Int32, cases: Sequence[Case], towns: Sequence[str], *, seed: int, who: str = VEHICLES
) -> Measured:
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics: ``median`` and ``max`` (h: whole hours, beyond 14 days whole days, rounded down) over lives, and
    ``at_least_24h``, ``_72h`` and ``_7d`` (shares of lives), each ``_of_horizon`` (in the last T), ``_of_window`` (in what
    the policy keeps: NaN with n = 0 where it keeps nothing, or more than was simulated) and ``_so_far`` (in all that was
    simulated). A share is not measured in a time that is shorter than the stretch. Never-read lives count: their gap
    is the whole time.
    """
    lives, could = (of_cases(by_lens, place) for by_lens in zip(*sums, strict=True))
    return tidy(list(_answers(lives, could)), cases, [*towns, "all"], seed=seed, who=who)


def _exact(opened: Opened, masks: UInt64) -> tuple[Int32, Int32, UInt64]:
    return opened.bucket.reads.time, opened.trip, masks


def _left_open(opened: Opened, masks: UInt64, told: tuple[Int32, Int32]) -> tuple[Int32, Int32, UInt64]:
    """Return since when and until when reads may have been made, a life's by the latter, and who holds them: ghosts nobody."""
    early, late = told
    whose = np.repeat(np.arange(len(opened.bucket.vehicle)), np.diff(opened.bucket.first_read))
    order = np.lexsort((late, whose))
    return early[order], late[order], np.where(opened.trip == ladder.GHOST, np.uint64(0), masks)[order]


def _known(question: Question) -> Int64:
    """Return [3, 64] s: how long the last T, the window and the time simulated are; 0 where not measured."""
    horizon = question.horizon if question.horizon <= question.moment else 0
    window = np.where(question.measured, question.window, 0)
    whole = np.stack([np.full(gaps.CASES, horizon), window, np.full(gaps.CASES, question.moment)])
    return whole.astype(np.int64)


def _answers(lives: Int64, could: Int64) -> Iterator[Answer]:
    """Yield every statistic of [towns, 3, bins, cases] lives."""
    for time, suffix in enumerate(TIMES):
        mine = lives[:, time]
        n = mine.sum(axis=1)
        yield Answer(MEASURE, f"median_{suffix}", "h", _middle(mine, n), n)
        yield Answer(MEASURE, f"max_{suffix}", "h", _most(mine, n), n)
        for row, (name, hours) in enumerate(LONG.items()):
            whole = could[:, time, row]
            yield Answer(
                MEASURE, f"at_least_{name}_{suffix}", "share", ratio(mine[:, hours:].sum(axis=1), whole), whole
            )


def _middle(lives: Int64, n: Int64) -> Float64:
    """Return the (lower) median of counts by bin, [towns, bins, cases], in hours; NaN without any."""
    below = lives.cumsum(axis=1)
    return np.where(n > 0, _hours((2 * below < n[:, None]).sum(axis=1)), np.nan)


def _most(lives: Int64, n: Int64) -> Float64:
    """Return the last bin that has any, in hours; NaN without any."""
    bins = lives.shape[1]
    last = bins - 1 - (lives[:, ::-1] > 0).argmax(axis=1)
    return np.where(n > 0, _hours(last), np.nan)


def _hours(bins: NDArray[np.signedinteger]) -> Float64:
    """Return where a bin of `kernels.gaps` begins, h."""
    hours: Float64 = np.where(bins < gaps.HOURS, bins, gaps.HOURS + (bins - gaps.HOURS) * 24).astype(np.float64)  # any
    return hours
