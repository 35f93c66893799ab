"""Whether the future can be guessed: how often the next camera that reads a car is the one that its past points to.

The adversary knows all held reads of everybody, and then each read as it comes; of every read it names the camera of the
next, by a Markov chain of order one for each car and hour, backed off to everybody's ways (`kernels.prediction.predict`).
What is guessed are the true reads of the time after the moment, at any camera of which the viewer ever obtains reads. A
hit rate says little alone: beside it stand the car's most frequent camera, everybody's most frequent next camera, and the
next one along the road, and as an annex how regular what is held is (`measures.entropy`).

Under pseudonyms that change, a car's own past is what is held under the pseudonym of the read whose next is guessed, and its
regularity that of the pseudonym with most held reads.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import prediction as kernels
from alprsim.measures import crowd, entropy
from alprsim.measures.question import BITS, Answer, Case, Question, alike, of_cases, ratio, tidy
from alprsim.measures.sampling import error_of_ratio
from alprsim.tables import (
    Bool,
    CameraKind,
    Cameras,
    Float64,
    Int16,
    Int32,
    Int64,
    Measured,
    Reads,
    Roads,
    Sites,
    UInt64,
)

CASES = 64
PREDICTORS = ("markov", "own_most_frequent", "most_frequent_next", "along_the_road")
"""The stated predictor, then the baselines."""

ANNEX = ("real_shortest_unseen", "uncorrelated", "random", "predictability_shortest_unseen")
"""As `entropy.Bounds`; those that hang on a convention end with its name."""

ENTROPY = "prediction_entropy"
"""The measure of the annex: of all targets together alone."""

SCALE = 1 << 32
"""Bits and shares of the annex are summed in so many parts."""


class Sums(NamedTuple):
    """What was found so far through one lens, over moments."""

    asked: Int64
    """[64]: targets × moments whose following time was simulated."""
    guessed: Int64
    """[64]: those with at least one read to guess."""
    reads: Int64
    """[64]: reads to guess."""
    hits: Int64
    """[predictors, 64]."""
    regular: Int64
    """[64]: targets × moments with enough held reads for an entropy."""
    looked_at: Int64
    """[64]: of those the reads, the latest `entropy.MOST` of each."""
    annex: Int64
    """[annex, 64]: of those the sums, in 1 / `SCALE`."""
    own: Int64
    """[targets, 2, 64]: each target's reads to guess, and hits of the stated predictor."""


class Stream(NamedTuple):
    """One viewer's reads of everybody, by (pseudonym, time): what it holds at the moment, then what comes."""

    who: Int32
    """The pseudonym: where plates are plain, one a plate."""
    camera: Int32
    hour: Int32
    asked: Bool
    """A true read after the moment."""
    past: Bool


def empty(targets: int) -> Sums:
    """Return sums of nothing, for so many targets."""
    shapes = ((), (), (), (len(PREDICTORS),), (), (), (len(ANNEX),), (targets, 2))
    return Sums(*(np.zeros((*shape, CASES), np.int64) for shape in shapes))


def ever(question: Question) -> UInt64:
    """Return for each owner, or stream, the sights that obtain its reads at some age."""
    grid = question.grid.reshape(len(question.steps), -1)  # any: 1
    words: UInt64 = np.bitwise_or.reduce(grid, axis=0)
    return words


def by_time(reads: Reads, known: crowd.Known) -> crowd.Known:
    """Return the readable reads in order of (pseudonym, time, site), by what they truly were."""
    order = np.lexsort((reads.site[known.row], reads.time[known.row], known.who))
    return known._replace(
        time=known.time[order], site=known.site[order], who=known.who[order], row=known.row[order]
    )  # fmt: skip


def add(
    counted: Sequence[tuple[Sums, Bool]], reads: Reads, known: crowd.Known, masks: UInt64, question: Question, *,
    streams: Int16, targets: Int32, camera: Int32, ahead: Int32, until: int,
) -> None:  # fmt: skip
    """Add one moment.

    Parameters
    ----------
    counted
        Sums, and which of the targets (bool[n]) are added to them.
    reads : Reads
        Of everybody.
    known : Known
        The answer of `by_time`: the readable ones as exactly as the adversary knows them.
    masks : uint64[n_reads]
        The answer of `question.held`.
    streams : int16[n_reads]
        Of each read, as `question.grid` has them.
    targets : int32[n], row of Vehicles, rising
    camera : int32[n_sites]
        The camera of each site.
    ahead : int32[n_cameras]
        The answer of `along_the_road`.
    until : int, s
        Reads after the moment up to here are guessed.
    """
    moment = question.moment
    words = np.where(reads.time <= moment, masks, np.where(reads.time <= until, ever(question)[streams], np.uint64(0)))
    words = words[known.row]
    names = np.flatnonzero(np.isin(known.plate, targets)).astype(np.int32)
    whose = np.searchsorted(targets, known.plate[names]).astype(np.int64)
    for total, some in counted:
        total.asked[:] += some.sum() * question.measured
    for one, cases in alike(words):
        bits = np.flatnonzero((cases >> BITS & np.uint64(1) == 1) & question.measured)
        some_sight = words >> np.uint64(one) & np.uint64(1) == 1
        rows = known.row[some_sight]
        past = reads.time[rows] <= moment
        asked = ~past & (reads.plate[rows] == reads.vehicle[rows])
        hour = (known.time[some_sight] // 3600 % kernels.HOURS).astype(np.int32)
        mine = Stream(known.who[some_sight], camera[known.site[some_sight]], hour, asked, past)
        name, right, guesses = guess(mine, names, len(ahead), ahead, camera[reads.site[rows]])
        of, hits = whose[name], guesses == right
        for total, some in counted:
            _add_hits(total, bits, (np.cumsum(some) - 1)[of[some[of]]], hits[:, some[of]])
        best = most_read(mine, names, whose)
        regular, looked_at, found = regularity(mine, names[best])
        of, annex = whose[best][regular], np.rint(found * SCALE).astype(np.int64)
        for total, some in counted:
            total.regular[bits] += some[of].sum()
            total.looked_at[bits] += looked_at[some[of]].sum()
            total.annex[:, bits] += annex[:, some[of]].sum(axis=1)[:, None]


def _add_hits(sums: Sums, bits: NDArray[np.intp], of: Int64, hits: Bool) -> None:
    """Add guesses, [predictors, reads], of some targets, rows of ``sums.own``."""
    sums.reads[bits] += len(of)
    sums.hits[:, bits] += hits.sum(axis=1)[:, None]
    n, hit = (np.bincount(of, weights, len(sums.own)).astype(np.int64) for weights in (None, hits[0]))
    sums.guessed[bits] += (n > 0).sum()
    sums.own[:, :, bits] += np.stack([n, hit], axis=1)[:, :, None]


def guess(mine: Stream, targets: Int32, n_cameras: int, ahead: Int32, true: Int32) -> tuple[Int64, Int32, Int32]:
    """Return the target and the true camera of each read to guess, and what every predictor names: [predictors, reads].

    ``targets`` are pseudonyms here, rising.
    """
    next_ = np.flatnonzero(mine.who[1:] == mine.who[:-1])
    learned = next_[mine.past[next_ + 1]]
    step = mine.camera[learned], mine.hour[learned], mine.camera[learned + 1]
    ways = kernels.Ways(*kernels.ways(*step, n_cameras))
    of_target, known = _whose(mine, targets)
    asked = np.flatnonzero(mine.asked & known)
    before = np.zeros(len(mine.who), np.bool_)
    before[next_ + 1] = True
    last = np.where(before[asked], mine.camera[asked - 1], -1).astype(np.int32)
    at = np.where(before[asked], mine.hour[asked - 1], 0).astype(np.int32)  # any: 0
    own = learned[known[learned]]
    edges = np.arange(len(targets) + 1)  # any
    markov = np.empty(len(asked), np.int32)
    kernels.predict(
        np.searchsorted(of_target[own], edges).astype(np.int64), mine.camera[own], mine.hour[own], mine.camera[own + 1],
        np.searchsorted(of_target[asked], edges).astype(np.int64), last, at, *ways, markov,
    )  # fmt: skip
    usual = favourites(of_target[mine.past & known], mine.camera[mine.past & known], len(targets), n_cameras)
    popular = np.bincount(mine.camera[mine.past], minlength=n_cameras)
    most = int(popular.argmax()) if popular.any() else -1  # any: 1
    own_usual = np.where(usual >= 0, usual, most)[of_target[asked]]
    following = np.append(_likeliest(ways), -1)[last]  # any: 1
    none = following < 0
    markov = np.where(markov < 0, own_usual, markov)
    return of_target[asked], true[asked], np.stack([
        markov, own_usual, np.where(none, most, following), np.append(ahead, -1)[last],  # any: 1
    ]).astype(np.int32)  # fmt: skip


def most_read(mine: Stream, names: Int32, whose: Int64) -> Int64:
    """Return of each target, in order, which of its pseudonyms has most held reads: of equals the first."""
    name, known = _whose(mine, names)
    held = np.bincount(name[known & mine.past], minlength=len(names))
    order = np.lexsort((-held, whose))
    first: Int64 = order[np.diff(whose[order], prepend=-1) != 0].astype(np.int64)  # any: 1
    return first


def regularity(mine: Stream, targets: Int32) -> tuple[Int64, Int64, Float64]:
    """Return which targets have enough held reads, how many are looked at of each, and its bounds: [annex, those]."""
    of_target, known = _whose(mine, targets)
    rows = np.flatnonzero(mine.past & known)
    first, camera = entropy.latest(of_target[rows], mine.camera[rows], len(targets))
    enough = np.bincount(of_target[rows], minlength=len(targets)) >= entropy.LEAST  # any
    return np.flatnonzero(enough).astype(np.int64), np.diff(first), np.stack(entropy.bounds(first, camera))


def favourites(target: Int64, camera: Int32, n_targets: int, n_cameras: int) -> Int32:
    """Return the camera that read each target most often, of equals the lowest; −1 none."""
    both, count = np.unique(target * n_cameras + camera, return_counts=True)
    order = np.lexsort((both, -count, both // n_cameras))
    of = both[order] // n_cameras
    fresh = np.flatnonzero(np.diff(of, prepend=-1))  # any: 1
    usual = np.full(n_targets, -1, np.int32)
    usual[of[fresh]] = both[order][fresh] % n_cameras
    return usual


def along_the_road(sites: Sites, cameras: Cameras, roads: Roads) -> Int32:
    """Return for each camera the next one ahead by free-flow driving time, without turning round at once; −1 none.

    Only readers that stand count; of a camera that watches several roads its first site does.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    ahead = np.full(len(cameras), -1, np.int32)
    standing = np.flatnonzero(~np.isin(cameras.kind[sites.camera], [kind for kind in CameraKind if kind.drives]))
    if not len(standing):
        return ahead
    junctions = int(max(roads.tail.max(), roads.head.max())) + 1  # any
    order = np.lexsort((roads.crossing, roads.head, roads.tail))
    order = order[
        (np.diff(roads.tail[order], prepend=-1) != 0) | (np.diff(roads.head[order], prepend=-1) != 0)  # any: 1
    ]
    back = roads.head[order], roads.tail[order]
    graph = csr_array((np.maximum(roads.crossing[order], 1).astype(np.float64), back), shape=(junctions, junctions))
    watched: dict[int, list[int]] = {}
    for site in standing[np.argsort(sites.offset[standing], kind="stable")]:
        watched.setdefault(int(sites.road[site]), []).append(int(site))
    at_tail = {int(roads.tail[road]): found[0] for road, found in sorted(watched.items(), reverse=True)}
    time, _, source = dijkstra(graph, indices=sorted(at_tail), min_only=True, return_predecessors=True)
    first_road = np.searchsorted(roads.tail, np.arange(junctions + 1))  # any
    for site in standing[::-1]:
        road, own = int(sites.road[site]), int(sites.camera[site])
        found = [(-1.0, other) for other in watched[road] if sites.offset[other] > sites.offset[site]]
        for way in range(first_road[roads.head[road]], first_road[roads.head[road] + 1]):
            to = int(roads.head[way])
            if to == roads.tail[road]:
                continue
            if way in watched:
                found.append((0.0, watched[way][0]))
            elif source[to] >= 0:
                found.append((float(roads.crossing[way] + time[to]), at_tail[int(source[to])]))
        others = [(cost, int(sites.camera[other])) for cost, other in found if sites.camera[other] != own]
        ahead[own] = min(others)[1] if others else -1
    return ahead


def rows(sums: Sequence[Sums], place: Int32, cases: Sequence[Case], *, seed: int, least: int = 0) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics: the share of reads guessed right by each of `PREDICTORS` (n counts reads), ``markov_error``, the standard
    error of the first from having drawn targets (one at all moments is one
    draw), and ``read_next``, the share of targets that had a read to guess.
    Of measure `ENTROPY`: the means of `ANNEX` over the targets with at least `entropy.LEAST` held reads (n counts
    them), of how many reads each is made, and the share of targets that have so many. The means are not told where at a moment
    less than ``least`` targets have so many.
    """
    asked, guessed, reads, hits, regular, looked_at, annex, own = (
        of_cases([part[None] for part in by_lens], place)[0]  # any: 0
        for by_lens in zip(*sums, strict=True)
    )
    answers = [
        Answer("prediction", name, "share", ratio(hits[row], reads)[None], reads[None])
        for row, name in enumerate(PREDICTORS)
    ]
    error = error_of_ratio(own[:, 1], own[:, 0])
    answers.append(Answer("prediction", "markov_error", "share", error[None], reads[None]))
    answers.append(Answer("prediction", "read_next", "share", ratio(guessed, asked)[None], asked[None]))
    units = ("bits", "bits", "bits", "share")
    few = regular * len(sums[0].own) < least * asked
    n = np.where(few, 0, regular)
    told = [
        ("looked_at", "reads", ratio(looked_at, n), n),
        (f"at_least_{entropy.LEAST}_reads", "share", ratio(regular, asked), asked),
        *((name, unit, ratio(part / SCALE, n), n) for name, unit, part in zip(ANNEX, units, annex, strict=True)),
    ]
    answers += [Answer(ENTROPY, name, unit, value[None], n[None]) for name, unit, value, n in told]
    return tidy(answers, cases, ["all"], seed=seed)


def _whose(mine: Stream, targets: Int32) -> tuple[Int64, Bool]:
    """Return which target each read is of, and whether it is one's at all."""
    of_target = np.searchsorted(targets, mine.who).astype(np.int64)
    known: Bool = np.append(targets, -1)[of_target] == mine.who  # any: 1
    return of_target, known


def _likeliest(ways: kernels.Ways) -> Int32:
    """Return for each camera where most went on to, at any hour; of equals the lowest; −1 nobody did."""
    n = len(ways.first) - 1
    come, times = np.repeat(np.arange(n), np.diff(ways.first)), ways.hourly[:, kernels.HOURS]
    order = np.lexsort((ways.to, -times, come))
    fresh = np.flatnonzero(np.diff(come[order], prepend=-1))  # any: 1
    best = np.full(n, -1, np.int32)
    best[come[order][fresh]] = ways.to[order][fresh]
    return best
