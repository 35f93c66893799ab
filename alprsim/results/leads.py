"""Look-backs that only records too coarse to place a car could answer: told beside the others where there are any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from alprsim.results import words

if TYPE_CHECKING:
    from alprsim.results.suite import Line


def told(found: Iterable[Line]) -> list[Line]:
    """Return lines of the suite without those with leads of a policy whose records are exact enough to leave none."""
    means: dict[tuple[str, str], list[float]] = {}
    kept = []
    for line in found:
        shown, mine = line.shown, [answer.mean for answer in line.answers]
        means[shown.measure, shown.statistic] = mine
        plain = means.get((shown.measure, shown.statistic.removesuffix(words.WITH_LEADS)), [])
        if not shown.statistic.endswith(words.WITH_LEADS) or not np.array_equal(mine, plain, equal_nan=True):
            kept.append(line)
    return kept
