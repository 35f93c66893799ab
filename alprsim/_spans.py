"""At which ages a rule lets reads be obtained at a moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alprsim.tables import UNLIMITED, Int64, UInt64


def spans(rule: Sequence[int], moment: int) -> tuple[Int64, Int64]:
    """Return the ages [begin, end) at which one rule lets reads be obtained at a moment, period by period of capture."""
    period, from_phase, to_phase, begin, begin_clock, end, end_clock, delay = rule
    served, endless = moment + delay, end == UNLIMITED
    if not period:
        low, high = max(begin - delay, 0), UNLIMITED if endless else end - delay
        return np.array([low][: low < high], np.int64), np.array([high][: low < high], np.int64)
    first = -2 if endless else (served - end) // period - 2  # any: 2
    starts = np.arange(first, moment // period + 1, dtype=np.int64) * period  # any: 1
    early, late = starts + from_phase, starts + to_phase
    late = np.minimum(late, moment + 1)
    late = np.where(starts + begin <= served, late, early) if begin_clock else np.minimum(late, served - begin + 1)
    if not endless:
        early = np.where(starts + end > served, early, late) if end_clock else np.maximum(early, served - end + 1)
    some = early < late
    age_begin, age_end = moment - late[some] + 1, moment - early[some] + 1
    if endless and len(age_end):  # what was captured before the start is as what was captured first
        age_end = np.where(age_end == age_end.max(), UNLIMITED, age_end)
    return age_begin, age_end


def pieces(begin: Int64, end: Int64, word: UInt64) -> tuple[Int64, UInt64]:
    """Return the ages at which the union of spans, each with its bits, changes, and the bits from there on."""
    ages = np.unique(np.concatenate([[0], begin, end[end < UNLIMITED]]))  # any: end < UNLIMITED
    count = np.zeros((len(ages) + 1, 64), np.int32)
    bits = (word[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    np.add.at(count, np.searchsorted(ages, begin), bits.astype(np.int32))
    last = np.where(end < UNLIMITED, np.searchsorted(ages, end), len(ages))  # any: end < UNLIMITED
    np.subtract.at(count, last, bits.astype(np.int32))
    open_ = count[:-1].cumsum(axis=0) > 0
    cases = (open_.astype(np.uint64) << np.arange(64, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    kept = np.concatenate([[True], cases[1:] != cases[:-1]])
    return ages[kept], cases[kept]
