"""What records kept coarse may have been exactly: draws of a time within each one's step and of a camera within its square."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from alprsim.measures.routines import class_of
from alprsim.randomness import choose, draw, uniform
from alprsim.tables import Bool, Float64, Int32, Int64, UInt64

HOUR = 3600

DRAWS = 8
"""Times that coarse records are drawn anew; what is believed is the mean. Assumption."""


class Kept(NamedTuple):
    """One car's held records as they are kept, a row a record."""

    time: Int32
    """s: exactly, or the start of its step."""
    site: Int32
    """Exactly, or the one in the middle of its square."""
    step: Int32
    """s: times are known to; 0 exactly."""
    side: Float64
    """m: places are known to; 0 the camera."""
    bits: UInt64
    """Drawn bits of each."""

    def take(self, rows: Int64 | Bool) -> "Kept":
        """Return some of them."""
        return Kept(self.time[rows], self.site[rows], self.step[rows], self.side[rows], self.bits[rows])

    @property
    def exact(self) -> bool:
        """Tell whether all are."""
        return not (self.step > 1).any() and not (self.side > 0).any()

    @property
    def middle(self) -> Int32:
        """s: the middle of each one's step."""
        return self.time + self.step // 2


def possible(kept: Kept, start: int, moment: int) -> Bool:
    """Tell which may have been made from `start` to before `moment`, s."""
    return (kept.time + np.maximum(kept.step, 1) > start) & (kept.time < moment)


class Likely(NamedTuple):
    """What tells when and where reads are made."""

    hours: Float64
    """[72]: departures at each class of time (`routines.class_of`)."""
    first_weekday: int
    middles: Mapping[float, Int32]
    """By the side of squares, the site in the middle of each site's square."""
    sites: Float64
    """[sites]: reads that each makes, of those whose records may be among these."""


def filled(kept: Kept, number: int, start: int, moment: int, likely: Likely) -> tuple[Int32, Int32]:
    """Draw for the n-th time when and where each record may have been made: times and sites of those from `start` on.

    A time is drawn from its step, up to `moment`, as cars are about at its hours; a place from the sites of its square, as many
    cars as each reads.
    """
    bits = draw(kept.bits, number)
    time, site, when, where = kept.time.copy(), kept.site.copy(), uniform(draw(bits, 0)), draw(bits, 1)
    length = np.minimum(np.maximum(kept.step, 1), moment - kept.time)
    for cell in np.unique(np.stack([kept.time, length]), axis=1).T:
        rows = (kept.time == cell[0]) & (length == cell[1])
        time[rows] += _within(int(cell[0]), int(cell[1]), when[rows], likely)
    for side, middle in likely.middles.items():
        mine = kept.side == side
        for one in np.unique(kept.site[mine]).tolist():
            rows, among = np.flatnonzero(mine & (kept.site == one)), np.flatnonzero(middle == one)
            site[rows] = among[choose(where[rows], likely.sites[among])]
    inside = time >= start
    return time[inside].astype(np.int32), site[inside]


def _within(start: int, length: int, chance: Float64, likely: Likely) -> Int32:
    """Return so many s after `start`, before `length`, that as many cars have left before as `chance` says."""
    edge = np.append(np.arange(0, length, HOUR), length)
    busy = np.diff(edge) * likely.hours[class_of(start + edge[:-1], likely.first_weekday)]
    before = np.concatenate([[0.0], np.cumsum(busy)])
    since: Int32 = np.minimum(np.interp(chance * before[-1], before, edge), length - 1).astype(np.int32)
    return since
