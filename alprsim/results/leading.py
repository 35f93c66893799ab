"""What a reader asks first of every measure that a run was asked: of these a sensitivity study has bands.

They are the lines of the suite that hang on a policy, and what a comparison begins with; each as it is, and so far where more
is kept than was simulated.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from alprsim.results import suite, words
from alprsim.results.comparison import MAIN
from alprsim.results.run import Run
from alprsim.results.summary import PLAIN

LOOKBACKS = ("lookback_plate", "lookback_area")
"""Of these every shape of query age is a statistic, and one more assumption."""

POINT = 0.01
"""The least difference of two shares that counts: one percentage point."""
PERCENT = 0.01
"""Of what is no share: one percent of the figure that it is compared with. Assumption: a point of something has no meaning
there, and below a percent a policy's effect is of no use whatever its sign."""

BENCH = "one percentage point (of what is no share: one percent of the figure that it is compared with)"
"""The same in words."""


class Leading(NamedTuple):
    """One statistic that leads."""

    who: str
    measure: str
    statistic: str
    so_far: str = ""
    """What stands in where more is kept than was simulated; empty: nothing."""


def leading(run: Run) -> list[Leading]:
    """Return what leads of each measure of the run, in the suite's order, look-backs last."""
    lines = [
        Leading(one.who, one.measure, one.statistic, one.so_far or one.statistic + words.SO_FAR)
        for one in suite.lines(run)
        if not one.of_no_case and one.viewer is None and one.measure not in LOOKBACKS
    ]
    main = [
        Leading(PLAIN["who"], measure, name, name + words.SO_FAR)
        for measure, start in (*MAIN, *((measure, "") for measure in LOOKBACKS))
        for name in run.statistics.get(measure, [])
        if words.is_plain(name) and words.starts(name, start)
    ]
    told = {one[:3] for one in lines}
    return [*lines, *(one for one in dict.fromkeys(main) if one[:3] not in told)]


def exceeds(difference: float, unit: str, base: float) -> bool:
    """Tell whether a difference to a figure is more than a point, or a percent of it; of one without end, any is."""
    least = POINT if unit == "share" else PERCENT * abs(base)
    return abs(difference) > (least if math.isfinite(least) else 0.0)
