"""Whether pseudonyms that change protect: how many cars can be followed from one pseudonym to the next by their habits.

The adversary holds everybody's reads under pseudonyms and, knowing nothing else, gives each pseudonym of the later of two
epochs the one of the earlier whose profile is most alike: counts over camera site and hour of the day, cells that few share
weighing more (cosine of tf-idf vectors); among equals it picks at random.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import linkage
from alprsim.measures.question import BITS, Answer, Case, alike, of_cases, ratio, tidy
from alprsim.measures.sampling import error_of_mean
from alprsim.tables import UNLIMITED, Bool, Float64, Int32, Int64, Measured, Reads, UInt64

CASES = 64
SCALE = 1 << 32
"""Shares are summed in whole parts of this."""

TOP = 5
"""Links count as found if the right one is among so many."""

HOURS = 24
_RARITY = 16
"""Steps a doubling in which the weight of rare cells is told."""


class Sums(NamedTuple):
    """What was found so far through one lens, over moments: [lengths of epochs, 64]."""

    asked: Int64
    """Targets × moments whose two epochs both lie in the simulated time."""
    present: Int64
    """Those of whom a true read is held in both."""
    first: Int64
    """Parts of `SCALE`: the chance that the right pseudonym is named."""
    top: Int64
    """Parts of `SCALE`: the chance that it is among the first `TOP`."""
    candidates: Int64
    """Pseudonyms of the earlier epoch among whom each target was looked for, summed over targets."""
    own: Int64
    """[targets, lengths of epochs, 64], parts of `SCALE`: each target's own sum of `first`."""


class Epochs(NamedTuple):
    """Two neighbouring epochs: [begin, middle) and [middle, end)."""

    begin: int
    middle: int
    end: int


class Profiles(NamedTuple):
    """What pseudonyms did in one epoch, by plate: number p has the cells ``first[p]:first[p + 1]``, rising, each once."""

    plate: Int32
    first: Int64
    cell: Int64
    reads: Int64


def last_epochs(moment: int, length: int, *, by_clock: bool) -> Epochs:
    """Return the last two epochs that are over: that end now or, by the clock, at a multiple of their length."""
    end = (moment + 1) // length * length if by_clock else moment + 1
    return Epochs(end - 2 * length, end - length, end)


def rotation(lasts: Int32) -> int:
    """Return how long a pseudonym lasts where every stream that rotates is known by its shortest; 0: none rotates."""
    rotating = lasts[(lasts > 0) & (lasts < UNLIMITED)]
    return int(rotating.min(initial=UNLIMITED)) if len(rotating) else 0


def empty(lengths: int, targets: int) -> Sums:
    """Return sums of nothing, for so many lengths of epochs, and targets."""
    own = np.zeros((targets, lengths, CASES), np.int64)
    asked, present, first, top, candidates = np.zeros((5, lengths, CASES), np.int64)
    return Sums(asked, present, first, top, candidates, own)


def add(
    counted: Sequence[tuple[Sums, Bool]], row: int, reads: Reads, site: Int32, time: Int32, masks: UInt64, epochs: Epochs,
    targets: Int32, n_sites: int,
) -> None:  # fmt: skip
    """Add two epochs at one moment.

    Parameters
    ----------
    counted
        Sums, and which of the targets (bool[n]) are added to them.
    row : int
        Of the lengths of epochs.
    reads : Reads
        Of everybody: who was read, and in which epoch.
    site, time : int32[n_reads]
        Of each read, as exactly as the adversary knows it.
    masks : uint64[n_reads]
        The answer of `question.held`.
    targets : int32[n], row of Vehicles
    """
    if epochs.begin < 0:
        return
    for total, some in counted:
        total.asked[row] += some.sum()
    inside = np.flatnonzero(
        (reads.time >= epochs.begin) & (reads.time < epochs.end) & (reads.plate >= 0) & (masks != 0)
    )
    cell = site[inside].astype(np.int64) * HOURS + time[inside] // 3600 % HOURS
    later, true = reads.time[inside] >= epochs.middle, reads.plate[inside] == reads.vehicle[inside]
    plate, held = reads.plate[inside], masks[inside]
    for one, cases in alike(held):
        mine = held >> np.uint64(one) & np.uint64(1) == 1
        before, after = mine & ~later, mine & later
        present = targets[np.isin(targets, plate[before & true]) & np.isin(targets, plate[after & true])]
        earlier = profiles(plate[before], cell[before])
        now = _of(profiles(plate[after], cell[after]), present)
        better, tied = ranks(earlier, now, n_sites * HOURS)
        bits = np.flatnonzero(cases >> BITS & np.uint64(1))
        first, top = chance(better, tied, 1), chance(better, tied, TOP)
        for total, some in counted:
            whose = np.searchsorted(targets, present)
            here = some[whose]
            total.present[row, bits] += here.sum()
            total.candidates[row, bits] += len(earlier.plate) * some.sum()
            total.first[row, bits] += _parts(first[here]).sum()
            total.top[row, bits] += _parts(top[here]).sum()
            total.own[(np.cumsum(some) - 1)[whose[here], None], row, bits] += _parts(first[here])[:, None]


def profiles(plate: Int32, cell: Int64) -> Profiles:
    """Count each plate's reads by cell."""
    width = int(cell.max(initial=0)) + 1  # any
    both, count = np.unique(plate * np.int64(width) + cell, return_counts=True)
    who, place = both // width, both % width
    fresh = np.flatnonzero(np.diff(who, prepend=-1))  # any: 1
    return Profiles(who[fresh].astype(np.int32), np.append(fresh, len(who)), place, count.astype(np.int64))


def ranks(earlier: Profiles, later: Profiles, n_cells: int) -> tuple[Int32, Int32]:
    """Return for each later profile how many earlier ones are more like it than its own plate's, and how many as much."""
    seen = np.bincount(earlier.cell, minlength=n_cells)
    rarity = np.rint(_RARITY * np.log2((len(earlier.plate) + 1) / np.maximum(seen, 1))).astype(np.int64)
    who = np.repeat(np.arange(len(earlier.plate), dtype=np.int32), np.diff(earlier.first))
    weight = _damped(earlier.reads) * rarity[earlier.cell]
    length = np.bincount(who, weight.astype(np.float64) ** 2, len(earlier.plate)).astype(np.int64)
    order = np.argsort(earlier.cell, kind="stable")
    order = order[weight[order] > 0]  # any: weight[order] > 0
    listed = np.searchsorted(earlier.cell[order], np.arange(n_cells + 1)).astype(np.int64)  # any
    mine = _damped(later.reads) * rarity[later.cell]
    useful = np.flatnonzero(mine > 0)  # any: mine > 0
    first = np.searchsorted(useful, later.first).astype(np.int64)
    place = np.searchsorted(earlier.plate, later.plate)
    own = np.where(np.append(earlier.plate, -1)[place] == later.plate, place, -1).astype(np.int32)  # any: 1
    better, tied = np.empty(len(own), np.int32), np.empty(len(own), np.int32)
    linkage.link(
        first, later.cell[useful], mine[useful], own, listed, who[order], weight[order], length, better, tied
    )  # fmt: skip
    return better, tied


def chance(better: Int32, tied: Int32, among: int) -> Float64:
    """Return the chance that the right one is among the first, of those as good in random order; 0 where nothing points to it."""
    share = np.clip((among - better) / np.maximum(tied, 1), 0, 1)
    return np.where(tied > 0, share, 0.0)


def rows(sums: Sequence[Sums], place: Int32, cases: Sequence[Case], names: Sequence[str], *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics, for each length of epochs (``1d``; ``policy``: as the policy rotates): ``first_1d``, the chance that the
    right pseudonym is named, and ``top5_1d``, that it is among the first five, over all targets, never-read ones
    included; ``first_1d_of_present`` and ``top5_1d_of_present``, over those of whom a true read is held in both epochs;
    ``present_1d``, their share; ``candidates_1d``, among how many pseudonyms they were looked for; ``first_1d_error``, the
    standard error of having drawn targets, one at all moments being one draw. n counts targets over all moments.
    """
    asked, present, first, top, candidates, own = (
        of_cases([part[None] for part in by_lens], place)[0]  # any: 0
        for by_lens in zip(*sums, strict=True)
    )
    answers = []
    for row, name in enumerate(names):
        mean, whole, there = ratio(first[row] / SCALE, asked[row]), asked[row], present[row]
        for statistic, unit, value, n in (
            (f"first_{name}", "share", mean, whole),
            (f"first_{name}_of_present", "share", ratio(first[row] / SCALE, there), there),
            (f"first_{name}_error", "share", error_of_mean(own[:, row] / SCALE, whole), whole),
            (f"top{TOP}_{name}", "share", ratio(top[row] / SCALE, whole), whole),
            (f"top{TOP}_{name}_of_present", "share", ratio(top[row] / SCALE, there), there),
            (f"present_{name}", "share", ratio(there, whole), whole),
            (f"candidates_{name}", "pseudonyms", ratio(candidates[row], whole), whole),
        ):
            answers.append(Answer("linkability", statistic, unit, value[None], n[None]))
    return tidy(answers, cases, ["all"], seed=seed)


def _damped(count: Int64) -> Int64:
    """Return 1 + ⌊log₂ count⌋: the tenth read at a place and hour says less than the first."""
    return np.frexp(count.astype(np.float64))[1].astype(np.int64)


def _of(found: Profiles, plates: Int32) -> Profiles:
    """Return some plates' profiles, all of which are there."""
    at = np.searchsorted(found.plate, plates)
    size = found.first[at + 1] - found.first[at]
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    entry = np.repeat(found.first[at] - first[:-1], size) + np.arange(first[-1])
    return Profiles(plates, first, found.cell[entry], found.reads[entry])


def _parts(share: Float64) -> Int64:
    return np.rint(share * SCALE).astype(np.int64)
