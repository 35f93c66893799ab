"""What a tracker believes of a car that may be under way: where on its way it is, given where it goes and when it was read.

The kernel's steps know of trips only from where to where, and in which step. A car that left in a step may not have arrived
when it ends, and one that is read as the next begins had left before: where it is follows from free-flow times.
"""

from typing import NamedTuple

import numpy as np

from alprsim.measures.along import EVEN, PACES, Along
from alprsim.measures.zones import Travel
from alprsim.tables import Float64, Int32, Int64

LATE, SLACK = 1.5, 120
"""Two reads are of one drive if the second follows within so many times what the way takes on empty roads, and s. Assumption."""

DRIVES = 5
"""Drives, at all paces alike, that what is not known of a car's pace counts for. Assumption."""


class Sightings(NamedTuple):
    """Reads by cameras that stand, in order of time, and the drives that they are of."""

    time: Int64
    site: Int32
    drive: Int64
    """When the first read of the same drive was made."""


class Drives(NamedTuple):
    """Drives that may have been under way at moments asked about; steps in which each began, in which it is looked for."""

    start: int
    step: int
    asked: Int32
    seen: Sightings
    before: Int64
    """[rows]: the last sighting up to each moment; −1 none."""
    timed: bool = True
    """Whether the sightings' times tell a pace."""

    def began(self) -> Int64:
        """Return the steps in which drives began that may be under way at some moment: [rows, 3].

        The one that was last seen, one that is about to be, and one that was not: all of them steps of the kernel.
        """
        last = np.append(self.seen.drive, self.start)[self.before]
        asked = self.asked.astype(np.int64)
        return np.stack([(last - self.start) // self.step, asked, asked - 1], axis=1)


def sightings(time: Int32, site: Int32, along: Along, travel: Travel) -> Sightings:
    """Put reads, in order of time, together that one drive explains."""
    takes = travel.from_site[along.of_site[site[1:]], site[:-1]]
    apart = np.diff(time) > LATE * takes + SLACK
    first = np.flatnonzero(np.concatenate([np.ones(min(1, len(time)), np.bool_), apart]))
    length = np.diff(np.append(first, len(time)))
    return Sightings(time.astype(np.int64), site, np.repeat(time[first], length).astype(np.int64))


def paces(seen: Sightings, along: Along) -> Float64:
    """Return how likely a car is to drive at each of `along.PACES`, by its reads: float64[paces].

    A drive that several cameras read went at the pace nearest to what the ways between them take on empty roads over what they
    took.
    """
    takes, took = along.takes[seen.site[:-1], seen.site[1:]], np.diff(seen.time)
    tells = (seen.drive[1:] == seen.drive[:-1]) & (takes > 0)
    _, drive = np.unique(seen.drive[1:][tells], return_inverse=True)
    free, taken = np.bincount(drive, takes[tells]), np.bincount(drive, took[tells])
    nearest = np.abs(np.log(free / np.maximum(taken, 1))[:, None] - np.log(PACES)).argmin(axis=1)
    worth = DRIVES * EVEN + np.bincount(nearest, minlength=len(PACES))
    likely: Float64 = worth / worth.sum()
    return likely


def drives(start: int, step: int, asked: Int32, seen: Sightings) -> Drives:
    """Find the sightings before each moment asked about."""
    moment = start + asked.astype(np.int64) * step
    return Drives(start, step, asked, seen, np.searchsorted(seen.time, moment, side="right") - 1)


def split(
    posterior: Float64, went: tuple[Float64, Int64], maybe: Drives, along: Along, travel: Travel, astray: float
) -> Float64:
    """Part what is believed of each moment into that the car stands in a zone, and that it is under way there.

    Parameters
    ----------
    posterior : float64[rows, zones]
    went : float64[n, zones, zones], int64[rows, 3]
        How likely the car went from each zone to each in some steps, and which of them are those of `Drives.began`.

    Returns
    -------
    float64[2, rows, zones], standing and under way
    """
    stands, goes = posterior.copy(), np.zeros_like(posterior)
    moved, of = went
    seen, step = maybe.seen, maybe.step
    busy = np.unique((seen.drive - maybe.start) // step)
    pace = paces(seen, along) if maybe.timed else EVEN
    late = np.minimum(travel.between / (step * (pace @ PACES)), 1.0)
    for row, now in enumerate(maybe.asked.tolist()):
        moment, last = maybe.start + now * step, int(maybe.before[row])
        after = seen.time[last + 1] - moment if last + 1 < len(seen.time) else step
        since = moment - seen.time[last] if last >= 0 else step
        here = stands[row], goes[row]
        if 0 <= last < len(seen.time) - 1 and seen.drive[last] == seen.drive[last + 1]:
            part = since / (since + after)
            _start(
                *here, moved[of[row, 0]].sum(axis=0), _midway(along, travel, seen.site[last : last + 2], part, astray)
            )
            continue
        if since < step:
            _start(
                *here, moved[of[row, 0]].sum(axis=0), along.at(int(seen.site[last]), since, astray, pace, back=False)
            )
        if after < step:
            _start(
                *here, moved[of[row, 1]].sum(axis=1), along.at(int(seen.site[last + 1]), after, astray, pace, back=True)
            )
        if now > 0 and now - 1 not in busy:
            left = moved[of[row, 2]] * late
            left *= np.minimum(1.0, stands[row] / np.maximum(left.sum(axis=0), 1e-300))
            goes[row] += left.ravel() @ along.share.reshape(left.size, len(left))
            stands[row] -= left.sum(axis=0)
    return np.maximum(np.stack([stands, goes]), 0.0)


def _start(stands: Float64, goes: Float64, went: Float64, where: Float64) -> None:
    """Put those who went under way, as far as they are still on it: [zones that they stand in by the kernel, zones]."""
    went = np.minimum(went, stands)
    goes += went @ where
    stands -= went * where.sum(axis=1)


def _midway(along: Along, travel: Travel, sites: Int32, part: float, astray: float) -> Float64:
    """Return where a car is between two sites that it passes on one drive, whatever its goal: what it took is its pace."""
    one, other = sites.tolist()
    goal = along.of_site[other]
    where = along.at(one, part * travel.from_site[goal, one], astray, EVEN, back=False)[goal].copy()
    where[goal] += 1.0 - where.sum()
    return np.broadcast_to(where, (len(where), len(where)))
