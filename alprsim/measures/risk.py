"""Who is most exposed when plates are hidden: by the few cameras that see a car most, and by the sightings that tell most.

The *top-N anonymity set* is every plate with the same N most-read cameras. The *worst-case risk* is one over the fewest
plates that share some p sightings: what an adversary knows who happens to know just the telling ones. It is never unicity,
which takes sightings as they come; it saturates at 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import crowd as kernels
from alprsim.kernels import favourites, ladder
from alprsim.measures.crowd import Crowd, Known
from alprsim.measures.question import Answer, Case, of_cases, ratio, tidy
from alprsim.measures.sampling import error_of_mean
from alprsim.tables import Bool, Cameras, Float64, Int32, Int64, Measured, Sites

TOP = 3
"""N of the sets of cameras: 1 to so many."""

FEW = 5
"""Vehicles; a set of fewer hides nobody by the rule of thumb of disclosure control. Assumption."""

POINTS = 3
"""Sightings of the worst case: 1 to so many."""

MOST = 1_000_000
"""Steps of one search; what was cut short is told (`_bounded`)."""

_EXACT = 256


class Sets(NamedTuple):
    """Top-N sets found so far through one lens, over moments."""

    asked: Int64
    """[TOP, 64]: residents' vehicles × moments."""
    few: Int64
    """[TOP, 64]: those whose set fewer than `FEW` share."""
    shared: Int64
    """[TOP, slots, 64]: those with a set, by how many share it (`slot`)."""


class Worst(NamedTuple):
    """Worst cases found so far through one lens, over moments: [POINTS, 64]."""

    asked: Int64
    """Targets × moments."""
    risk: Int64
    """Sum of risks, in `ladder.ONE_SHARE`."""
    certain: Int64
    """Those that some p sightings single out."""
    bounded: Int64
    """Those whose search was cut short: their risk is at least that. None for p = 1."""
    own: Int64
    """[targets, POINTS, 64]: each target's sum of risks, in the same."""


def slot(size: Int32) -> Int64:
    """Return the slot of a histogram for numbers from 0 to 2³¹: each below 256 has its own, others to within 1 %."""
    shift = np.maximum(np.frexp(size)[1] - 8, 0).astype(np.int64)
    return np.asarray((shift << 7) + (size.astype(np.int64) >> shift))


def of_slot(slot: Int64) -> Int64:
    """Return the lowest number of each slot."""
    shift = np.where(slot < _EXACT, 0, (slot >> 7) - 1)  # any: slot < _EXACT
    return np.asarray((slot - (shift << 7)) << shift, np.int64)


SLOTS = int(slot(np.array([2**31 - 1], np.int32))[0]) + 1


def ranked(cameras: Cameras, sites: Sites) -> Int32:
    """Return for each site its camera's rank by key: of cameras that read a plate equally often, the lower rank counts first."""
    rank = np.empty(len(cameras), np.int32)
    rank[np.argsort(cameras.key, kind="stable")] = np.arange(len(cameras))
    return np.asarray(rank[sites.camera], np.int32)


def no_sets() -> Sets:
    """Return sums of nothing."""
    return Sets(*(np.zeros((TOP, *more, ladder.CASES), np.int64) for more in ((), (), (SLOTS,))))


def no_worst(targets: int) -> Worst:
    """Return sums of nothing, for so many targets."""
    return Worst(*(np.zeros((*of, POINTS, ladder.CASES), np.int64) for of in ((), (), (), (), (targets,))))


def sharing_top(known: Known, held: Bool, camera: Int32, residents: Int32) -> Int64:
    """Return how many plates have each resident's set of the 1, 2, … `TOP` cameras that read it most: [residents, TOP].

    Under pseudonyms that change, a vehicle's set is that of the pseudonym with most reads, of equals the first, and every
    pseudonym is one of the crowd. 0: so many cameras never read it.

    Parameters
    ----------
    held : bool[reads of `known`]
    camera : int32[n_sites]
        The answer of `ranked`.
    residents : int32[n], row of Vehicles, rising
    """
    site, who = known.site[held], known.who[held]
    n = int(camera.max(initial=0)) + 1  # any
    name = np.empty(len(known.plate) * TOP, np.int64)
    favourites.favourites(who, camera[site], n, TOP, name)
    reads = np.bincount(who, minlength=len(known.plate))
    order = np.lexsort((np.arange(len(reads)), -reads, known.plate))
    begin = np.searchsorted(known.plate, residents)
    seen = np.append(known.plate, -1)[begin] == residents  # any: 1
    mine = order[begin[seen]]  # order is by plate, as `known.plate` is: the first of each is the most-read
    answer = np.zeros((len(residents), TOP), np.int64)
    for top, names in enumerate(name.reshape(-1, TOP).T):  # any: 1
        _, which, many = np.unique(names, return_inverse=True, return_counts=True)
        answer[seen, top] = np.where(names[mine] >= 0, many[which[mine]], 0)
    return answer


def add_sets(sums: Sets, sharing: Int64, bits: Sequence[int]) -> None:
    """Add what some sights hold alike at one moment: the answer of `sharing_top`."""
    for top in range(TOP):
        mine = sharing[sharing[:, top] > 0, top]
        sums.asked[top, bits] += len(sharing)
        sums.few[top, bits] += (mine < FEW).sum()
        sums.shared[top][:, bits] += np.bincount(slot(mine.astype(np.int32)), minlength=SLOTS)[:, None]


def worst_sharing(crowd: Crowd, ranges: Int64, *, points: int = POINTS, most: int = MOST) -> tuple[Int32, Bool]:
    """Return the fewest plates that share up to 1, 2, … of each target's cells, [targets, points], and whose search was cut.

    A target with fewer than p cells counts with all it has; 0 it has none.
    """
    answer, cut = np.empty((len(ranges) // 2, points), np.int32), np.empty(len(ranges) // 2, np.bool_)
    kernels.worst(
        ranges, crowd.who, crowd.cell, crowd.first, crowd.member, crowd.row, crowd.bits, most, answer, cut
    )  # fmt: skip
    return answer, cut


def risks(sharing: Int32) -> Float64:
    """Return one over how many share; 0 where nothing was held."""
    return np.divide(1.0, sharing, out=np.zeros(sharing.shape), where=sharing > 0)


def add_worst(sums: Worst, sharing: Int32, cut: Bool, bits: Sequence[int]) -> None:
    """Add what some sights hold alike at one moment: the answer of `worst_sharing`."""
    risk = np.floor(risks(sharing) * ladder.ONE_SHARE).astype(np.int64)
    bounded = cut[:, None] & (sharing > 1) & (np.arange(POINTS) > 0)
    sums.asked[:, bits] += len(sharing)
    sums.risk[:, bits] += risk.sum(axis=0)[:, None]
    sums.own[:, :, bits] += risk[:, :, None]
    sums.certain[:, bits] += (sharing == 1).sum(axis=0)[:, None]
    sums.bounded[:, bits] += bounded.sum(axis=0)[:, None]


def rows_of_sets(sums: Sequence[Sets], place: Int32, cases: Sequence[Case], *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics, for N = 1, 2, 3: ``top2_below_5`` (share of all residents' vehicles whose set fewer than 5 plates have, one
    without a set not among them), ``top2_defined`` (share with a set), ``top2_below_5_defined_only`` and ``top2_median``
    (plates that share the set, of those with one; above 255 to within 1 %).
    """
    asked, few, shared = (
        of_cases([part[None] for part in by_lens], place)[0]  # any: 0
        for by_lens in zip(*sums, strict=True)
    )
    defined = shared.sum(axis=1)
    answers = []
    for top in range(TOP):
        for statistic, unit, value, n in (
            (f"below_{FEW}", "share", ratio(few[top], asked[top]), asked[top]),
            (f"below_{FEW}_defined_only", "share", ratio(few[top], defined[top]), defined[top]),
            ("defined", "share", ratio(defined[top], asked[top]), asked[top]),
            ("median", "plates", _median(shared[top]), defined[top]),
        ):
            answers.append(Answer("top_anonymity_set", f"top{top + 1}_{statistic}", unit, value[None], n[None]))
    return tidy(answers, cases, ["all"], seed=seed)


def rows_of_worst(sums: Sequence[Worst], place: Int32, cases: Sequence[Case], *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics, for p = 1, 2, 3: ``p2`` (mean risk; a vehicle never read scores 0), ``p2_certain`` (share whose risk is 1),
    ``p2_error`` (standard error of ``p2`` from having drawn targets, one at all moments being one draw) and ``p2_bounded`` (share
    whose search was cut short: their risk is a lower bound).
    """
    asked, risk, certain, bounded, own = (
        of_cases([part[None] for part in by_lens], place)[0]  # any: 0
        for by_lens in zip(*sums, strict=True)
    )
    answers = []
    for p in range(POINTS):
        n = asked[p]
        mean, error = ratio(risk[p] / ladder.ONE_SHARE, n), error_of_mean(own[:, p] / ladder.ONE_SHARE, n)
        for statistic, value in (
            ("", mean), ("_certain", ratio(certain[p], n)), ("_error", error), ("_bounded", ratio(bounded[p], n)),
        ):  # fmt: skip
            answers.append(Answer("worst_case_risk", f"p{p + 1}{statistic}", "share", value[None], n[None]))
    return tidy(answers, cases, ["all"], seed=seed)


def _median(histogram: Int64) -> Float64:
    """Return the median of each column, [slots, n]: the lower of two middles; NaN of nothing."""
    total = histogram.sum(axis=0)
    reached = histogram.cumsum(axis=0) * 2 >= np.maximum(total, 1)  # any: 1
    return np.where(total > 0, of_slot(reached.argmax(axis=0)), np.nan)
