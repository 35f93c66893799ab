"""How few sightings single a car out among everybody's: whether hiding plates behind pseudonyms would hide people.

Expected unicity: of a target's cells (camera site, time bin) take p at random; the target is singled out if no other
plate was seen in all of them. Everybody is the background: all recorded plates, misread ones and ones passing through
included. It exists for bulk sight only, because it asks for everybody's reads.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import unicity
from alprsim.measures.question import Answer, Case, Question, Residents, held, of_cases, ratio, tidy
from alprsim.randomness import draw, stream
from alprsim.tables import Cameras, Int16, Int32, Int64, Measured, Reads, Sites, UInt64, Vehicles

SUBSETS = 8
"""Random subsets of each size a target; the noise they leave is part of the printed error."""


class Sums(NamedTuple):
    """What was found so far through one lens, over moments: [points, 64], for p = 1 to points."""

    asked: Int64
    """Targets × moments."""
    eligible: Int64
    """Those with at least p cells."""
    unique: Int64
    """Subsets with one member, of `SUBSETS` × asked."""
    squares: Int64
    """Sum of each target's own number of those, squared."""


class Trace(NamedTuple):
    """The targets' held cells: target i has ``first[i]:first[i + 1]``, each cell once, in order."""

    first: Int64
    cell: Int64
    masks: UInt64


def choose(vehicles: Vehicles, people: Residents, count: int, *, seed: int) -> Int32:
    """Choose up to ``count`` resident vehicles, those with the lowest draws of their keys; rows in order."""
    rows = np.flatnonzero(people.town >= 0)
    drawn = draw(stream(seed, "unicity target"), vehicles.key[rows])
    return np.sort(rows[np.lexsort((vehicles.key[rows], drawn))[:count]]).astype(np.int32)


def site_keys(sites: Sites, cameras: Cameras) -> UInt64:
    """Return the key of each site: its camera's, with the road it watches."""
    return draw(cameras.key[sites.camera], sites.road)


def empty(points: int) -> Sums:
    """Return sums of nothing."""
    return Sums(*(np.zeros((points, unicity.CASES), np.int64) for _ in range(4)))


def add(
    sums: Sums, reads: Reads, question: Question, *,
    targets: Int32, vehicles: Vehicles, site_key: UInt64, time_bin: int, seed: int, streams: Int16 | None = None,
) -> None:  # fmt: skip
    """Add one moment.

    Parameters
    ----------
    reads : Reads
        Of everybody, in any order (by plate is fastest).
    targets : int32[n], row of Vehicles
        The answer of `choose`.
    site_key : uint64[n_sites]
        The answer of `site_keys`.
    time_bin : int, s
    streams : int16[n_reads]
        As for `held`.
    """
    masks = held(question, reads, streams)
    bins = int(reads.time.max(initial=0)) // time_bin + 1
    first, who, seen = unicity.index(reads.time, reads.site, reads.plate, masks, time_bin, bins, len(site_key))
    trace = _trace(reads, masks, targets, time_bin, bins)
    points = len(sums.asked)
    scores = np.empty((len(targets) * points, unicity.CASES), np.int32)
    unicity.unique(
        targets, draw(stream(seed, "unicity subset"), vehicles.key[targets]),
        trace.first, trace.cell, draw(site_key[trace.cell // bins], trace.cell % bins), trace.masks,
        first, who, seen, SUBSETS, points, scores,
    )  # fmt: skip
    by_target = scores.reshape(len(targets), points, unicity.CASES).astype(np.int64)
    size = np.arange(1, points + 1)[:, None]
    sums.asked[:] += len(targets) * question.measured
    sums.eligible[:] += (_cells(trace)[:, None] >= size).sum(axis=0) * question.measured
    sums.unique[:] += by_target.sum(axis=0) * question.measured
    sums.squares[:] += (by_target**2).sum(axis=0) * question.measured


def rows(sums: Sequence[Sums], place: Int32, cases: Sequence[Case], *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics, for each p: ``p1`` (a target with fewer than p cells scores 0), ``p1_eligible_only`` (those left out),
    ``p1_eligible`` (share with at least p cells) and ``p1_error`` (standard error of ``p1`` from having drawn
    targets and subsets; the spread between seeds comes on top). n counts targets over all moments.
    """
    asked, eligible, unique, squares = (
        of_cases([part[None] for part in by_lens], place)[0] for by_lens in zip(*sums, strict=True)
    )
    answers = []
    for p in range(len(asked)):
        mean = ratio(unique[p], SUBSETS * asked[p])
        variance = np.maximum(ratio(squares[p], SUBSETS**2 * asked[p]) - mean**2, 0)
        for statistic, value, n in (
            ("", mean, asked[p]),
            ("_eligible_only", ratio(unique[p], SUBSETS * eligible[p]), eligible[p]),
            ("_eligible", ratio(eligible[p], asked[p]), asked[p]),
            ("_error", np.sqrt(ratio(variance, asked[p])), asked[p]),
        ):
            answers.append(Answer("unicity", f"p{p + 1}{statistic}", "share", value[None], n[None]))
    return tidy(answers, cases, ["all"], seed=seed)


def _trace(reads: Reads, masks: UInt64, targets: Int32, time_bin: int, bins: int) -> Trace:
    """Gather each target's cells, and in which sights a read of it is held there."""
    row_of_plate = np.full(int(reads.plate.max(initial=-1)) + 2, -1, np.int32)  # the last stands for plate −1
    known = targets[targets < len(row_of_plate) - 1]
    row_of_plate[known] = np.arange(len(known))
    mine = np.flatnonzero((row_of_plate[reads.plate] >= 0) & (masks != 0))
    target = row_of_plate[reads.plate[mine]]
    cell = reads.site[mine].astype(np.int64) * bins + reads.time[mine] // time_bin
    order = np.lexsort((cell, target))
    target, cell = target[order], cell[order]
    fresh = np.flatnonzero(np.diff(target, prepend=-1) | np.diff(cell, prepend=-1))
    together = np.bitwise_or.reduceat(masks[mine][order], fresh) if len(fresh) else masks[:0]
    first = np.searchsorted(target[fresh], np.arange(len(targets) + 1)).astype(np.int64)
    return Trace(first, cell[fresh], together)


def _cells(trace: Trace) -> Int64:
    """Return [targets, 64]: how many cells of each target each sight holds."""
    n = len(trace.first) - 1
    owner = np.repeat(np.arange(n), np.diff(trace.first))
    return np.stack(
        [
            np.bincount(owner[(trace.masks >> bit) & np.uint64(1) == 1], minlength=n)
            for bit in np.arange(64, dtype=np.uint64)
        ],
        axis=1,
    )
