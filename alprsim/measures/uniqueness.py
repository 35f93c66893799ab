"""How few sightings single a car out among everybody's: whether hiding plates behind pseudonyms would hide people.

Expected unicity: of a target's cells (camera site, time bin) take p at random; the target is singled out if no other
plate was seen in all of them. Where pseudonyms change, the first of the p is any of the target's cells and the others are of
the same pseudonym. Everybody is the background: all recorded plates, misread ones and ones passing through included. It
exists for bulk sight only, because it asks for everybody's reads.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import unicity
from alprsim.measures.crowd import Known, cell_keys
from alprsim.measures.question import Answer, Case, Question, Residents, of_cases, ratio, tidy
from alprsim.measures.sampling import error_of_mean
from alprsim.randomness import draw, stream
from alprsim.tables import Bool, Cameras, Int32, Int64, Measured, Sites, UInt64, Vehicles

SUBSETS = 8
"""Random subsets of each size a target; the noise they leave is part of the printed error."""


class Sums(NamedTuple):
    """What was found so far through one lens, over moments: [points, 64], for p = 1 to points."""

    asked: Int64
    """Targets × moments."""
    eligible: Int64
    """Subsets for which there were p cells, of `SUBSETS` × asked."""
    unique: Int64
    """Subsets with one member, of `SUBSETS` × asked."""
    own: Int32
    """[targets, points, 64]: each target's number of those."""


class Trace(NamedTuple):
    """The targets' held cells: target i has ``first[i]:first[i + 1]``, each cell once a pseudonym, in order."""

    first: Int64
    who: Int32
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


def empty(points: int, targets: int) -> Sums:
    """Return sums of nothing, for so many targets."""
    own = np.zeros((targets, points, unicity.CASES), np.int32)
    asked, eligible, unique = np.zeros((3, points, unicity.CASES), np.int64)
    return Sums(asked, eligible, unique, own)


def draws(vehicles: Vehicles, targets: Int32, *, seed: int) -> UInt64:
    """Return what the draws of each target belong to."""
    return draw(stream(seed, "unicity subset"), vehicles.key[targets])


def add(
    counted: Sequence[tuple[Sums, Bool]], known: Known, masks: UInt64, question: Question, *,
    targets: Int32, base: UInt64, site_key: UInt64, time_bin: int,
) -> None:  # fmt: skip
    """Add one moment.

    Parameters
    ----------
    counted
        Sums, and which of the targets (bool[n]) are added to them.
    known : Known
        Everybody's reads, as the lens knows them.
    masks : uint64[reads of `known`]
        The answer of `question.held`.
    targets : int32[n], row of Vehicles
        The answer of `choose`.
    base : uint64[n]
        The answer of `draws`.
    site_key : uint64[n_sites]
        The answer of `site_keys`.
    time_bin : int, s
    """
    bins = int(known.time.max(initial=0)) // time_bin + 1  # any
    first, who, seen = unicity.index(known.time, known.site, known.who, masks, time_bin, bins, len(site_key))
    trace = _trace(known, masks, targets, time_bin, bins)
    points = len(counted[0][0].asked)
    scores, able = (np.empty((len(targets) * points, unicity.CASES), np.int32) for _ in range(2))
    key = cell_keys(known, trace.who, site_key[trace.cell // bins], trace.cell % bins)
    unicity.unique(
        base, trace.first, trace.who, trace.cell, key, trace.masks, first, who, seen, SUBSETS, points, scores, able
    )
    unique, eligible = (part.reshape(len(targets), points, unicity.CASES).astype(np.int64) for part in (scores, able))
    for one, mine in counted:
        one.asked[:] += mine.sum() * question.measured
        one.eligible[:] += eligible[mine].sum(axis=0) * question.measured
        one.unique[:] += unique[mine].sum(axis=0) * question.measured
        one.own[:] += unique[mine].astype(np.int32) * question.measured


def rows(sums: Sequence[Sums], place: Int32, cases: Sequence[Case], *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics, for each p: ``p1`` (a target with fewer than p cells scores 0), ``p1_eligible_only`` (those left out),
    ``p1_eligible`` (share with at least p cells) and ``p1_error`` (standard error of ``p1`` from having drawn
    targets and subsets, a target at all moments being one draw; the spread between seeds comes
    on top). n counts targets over all moments. Where pseudonyms change,
    what is known of a target is of one of them, and eligible are the draws, not the targets, with p cells.
    """
    asked, eligible, unique, own = (
        of_cases([part[None] for part in by_lens], place)[0]  # any: 0
        for by_lens in zip(*sums, strict=True)
    )
    answers = []
    for p in range(len(asked)):
        mean = ratio(unique[p], SUBSETS * asked[p])
        for statistic, value, n in (
            ("", mean, asked[p]),
            ("_eligible_only", ratio(unique[p], eligible[p]), -(-eligible[p] // SUBSETS)),
            ("_eligible", ratio(eligible[p], SUBSETS * asked[p]), asked[p]),
            ("_error", error_of_mean(own[:, p] / SUBSETS, asked[p]), asked[p]),
        ):
            answers.append(Answer("unicity", f"p{p + 1}{statistic}", "share", value[None], n[None]))
    return tidy(answers, cases, ["all"], seed=seed)


def _trace(known: Known, masks: UInt64, targets: Int32, time_bin: int, bins: int) -> Trace:
    """Gather each target's cells under each pseudonym, and in which sights a read of it is held there."""
    place = np.searchsorted(targets, known.plate)
    target_of = np.where(np.append(targets, -1)[place] == known.plate, place, -1)  # any: 1
    mine = np.flatnonzero((target_of[known.who] >= 0) & (masks != 0))
    who = known.who[mine]
    cell = known.site[mine].astype(np.int64) * bins + known.time[mine] // time_bin
    order = np.lexsort((cell, who))
    who, cell = who[order], cell[order]
    fresh = np.flatnonzero(np.diff(who, prepend=-1) | np.diff(cell, prepend=-1))  # any: 1
    together = np.bitwise_or.reduceat(masks[mine][order], fresh) if len(fresh) else masks[:0]  # any
    first = np.searchsorted(target_of[who[fresh]], np.arange(len(targets) + 1)).astype(np.int64)  # any: 1
    return Trace(first, who[fresh], cell[fresh], together)
