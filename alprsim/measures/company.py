"""Who travels with whom: pairs of plates read together again and again, held against who really shares a household.

The truth is of cars of one household. A carpool adds nothing to it: whoever rides along does so in one car with the driver, who
is of their household (`Truth.companion`), and so leaves no tie between plates; no two cars of different households are ever
driven together by plan.

The adversary takes for companions any two plates with at least m co-reads (two reads at one camera site, at most w apart) at q
different cameras or more. Traffic makes such pairs by itself, so beside its ties stand those that the same reads give when
every plate's are moved by some minutes of its own: there nobody travels with anybody.

Under pseudonyms that change, co-reads are those of two pseudonyms: a new one starts from nothing. Two cars are one tie, however
many of their pseudonyms are tied.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import company as kernels
from alprsim.measures.question import BITS, Answer, Case, Question, Residents, of_cases, ratio, tidy
from alprsim.randomness import below, draw, stream
from alprsim.tables import Bool, Int32, Int64, Measured, Truth, UInt64, Vehicles

MOVED = 1800
"""s: the most by which a plate's reads are moved, either way, to see what chance makes. Assumption: within it traffic
stays as dense, and it is far longer than any window."""

TOGETHER = 120
"""s: two cars of a household that leave one place for one other at most so long after each other travel together."""

_ROOM = 1 << 28
"""The most cells in which co-reads are counted: 268 MB."""


class Rule(NamedTuple):
    """What the adversary takes for company."""

    reads: int
    """m: co-reads at least."""
    window: int
    """w, s: between two reads of one co-read at most."""
    cameras: int
    """q: different cameras at least."""


class Seen(NamedTuple):
    """Readable reads in order of (site, time), as exactly as the adversary knows them."""

    site: Int32
    time: Int32
    who: Int32
    """The pseudonym: where plates are plain, one a plate."""
    masks: UInt64
    camera: Int32
    """[n_sites]: not a column of reads."""
    plate: Int32
    """[pseudonyms]: whose each is, which the adversary does not know."""


class Known(NamedTuple):
    """Who really belong together, as pairs of resident vehicles."""

    household: Int32
    """[vehicles]: −1 nobody here, or not a resident's."""
    pairs: int
    """Pairs of cars of one household."""
    together: Int64
    """Of those the pairs that travelled together, the lower row × 2³² + the higher, rising."""
    since: Int32
    """s: when each first did."""
    cars: int
    """Residents' vehicles."""
    member: Bool | None = None
    """[vehicles]: whose company is asked about, where it is not everybody's."""

    @property
    def every(self) -> int:
        """The pairs of residents' cars of which one at least is asked about."""
        asked = self.cars if self.member is None else int(self.member.sum())
        return asked * (asked - 1) // 2 + asked * (self.cars - asked)

    def of(self, pair: Int64) -> NDArray[np.bool_]:
        """Return which pairs have a car that is asked about."""
        if self.member is None:
            return np.ones(len(pair), np.bool_)
        member = np.append(self.member, False)
        one, other = (member[np.minimum(plate, len(self.member))] for plate in (pair >> 32, pair & 0xFFFFFFFF))
        either: Bool = one | other
        return either


class Sums(NamedTuple):
    """What was found so far through one lens, over moments: [64]."""

    asked: Int64
    """Moments."""
    ties: Int64
    right: Int64
    """Ties within a household."""
    chance: Int64
    """Ties among moved reads."""
    chance_right: Int64
    travelled: Int64
    """Ties of pairs that travelled together by the moment."""
    pairs: Int64
    """Pairs of one household × moments."""
    together: Int64
    """Pairs that had travelled together × moments."""


def truth(vehicles: Vehicles, people: Residents, truths: Iterable[Truth]) -> Known:
    """Find the pairs of cars of one household, and which of them travelled together.

    `truths` hold all trips of a household's cars in one part, as buckets do.
    """
    household = np.where(people.town >= 0, vehicles.household, -1).astype(np.int32)
    found = [np.empty((2, 0), np.int64), *(_together(household, part) for part in truths)]
    pair, since = np.concatenate(found, axis=1)
    order = np.lexsort((since, pair))
    fresh = order[np.diff(pair[order], prepend=-1) != 0]  # any: 1
    cars = int((people.town >= 0).sum())
    return Known(household, _pairs(household), pair[fresh], since[fresh].astype(np.int32), cars)


def among(known: Known, member: Bool) -> Known:
    """Return the same of some residents' vehicles: pairs with one of them at least are theirs."""
    between_others = _pairs(np.where(member, -1, known.household))  # any: 1
    theirs = known._replace(pairs=known.pairs - between_others, member=member)
    mine = theirs.of(known.together)
    return theirs._replace(together=known.together[mine], since=known.since[mine])


def empty() -> Sums:
    """Return sums of nothing."""
    return Sums(*(np.zeros(kernels.CASES, np.int64) for _ in Sums._fields))


def arranged(site: Int32, time: Int32, who: Int32, masks: UInt64, camera: Int32, plate: Int32) -> Seen:
    """Return the readable reads that some sight holds, in order of (site, time)."""
    rows = np.flatnonzero((who >= 0) & (masks != 0))
    rows = rows[np.lexsort((who[rows], time[rows], site[rows]))]
    return Seen(site[rows], time[rows], who[rows], masks[rows], camera, plate)


def moved(seen: Seen, vehicles: Vehicles, *, seed: int) -> Seen:
    """Return the reads with every plate's moved by a time of its own, up to `MOVED` either way."""
    key = seen.plate.astype(np.uint64)
    known = seen.plate < len(vehicles)
    key[known] = vehicles.key[seen.plate[known]]
    by = below(draw(stream(seed, "company by chance"), key), 2 * MOVED + 1) - MOVED
    time = (seen.time + by[seen.who]).astype(np.int32)
    return arranged(seen.site, time, seen.who, seen.masks, seen.camera, seen.plate)


def add(
    sums: Sums, seen: Seen, question: Question, rule: Rule, known: Known, vehicles: Vehicles, *, seed: int,
    also: Sequence[tuple[Sums, Known]] = (),
) -> None:  # fmt: skip
    """Add one moment.

    Parameters
    ----------
    seen : Seen
        The answer of `arranged`, of everybody's reads.
    known : Known
        The answer of `truth`.
    also
        Other sums, and whose company is added to them: as the answer of `among`.
    """
    found = of_cars(*ties(seen, rule), seen.plate)
    chance = of_cars(*ties(moved(seen, vehicles, seed=seed), rule), seen.plate)
    for one, whose in ((sums, known), *also):
        _add(one, question, whose, found, chance)


def _add(
    sums: Sums, question: Question, known: Known, found: tuple[Int64, UInt64], chance: tuple[Int64, UInt64]
) -> None:
    """Add the ties of one moment, true reads' and moved ones', that have a car which is asked about."""
    counted = question.measured
    travelled = known.together[known.since <= question.moment]
    sums.asked[:] += counted
    sums.pairs[:] += known.pairs * counted
    sums.together[:] += len(travelled) * counted
    mine = known.of(found[0])
    pair, tied = found[0][mine], found[1][mine]
    right = _same_household(pair, known.household)
    sums.ties[:] += _by_case(tied) * counted
    sums.right[:] += _by_case(tied[right]) * counted
    sums.travelled[:] += _by_case(tied[np.isin(pair, travelled)]) * counted
    mine = known.of(chance[0])
    pair, tied = chance[0][mine], chance[1][mine]
    sums.chance[:] += _by_case(tied) * counted
    sums.chance_right[:] += _by_case(tied[_same_household(pair, known.household)]) * counted


def ties(seen: Seen, rule: Rule) -> tuple[Int64, UInt64]:
    """Return the pairs of pseudonyms that some sight takes for company, the lower × 2³² + the higher, and which sights do."""
    reads = seen[:4]
    n = kernels.count(*reads, rule.window)
    cells = np.zeros(min(_ROOM, 1 << max(int(4 * n).bit_length(), 10)), np.uint8)  # any
    kernels.sketch(*reads, rule.window, cells)
    others = np.empty(0, np.int32), np.empty(0, np.uint64)  # any
    room = kernels.collect(*reads, rule.window, cells, rule.reads, np.empty(0, np.int64), *others)
    pair, where, both = np.empty(room, np.int64), np.empty(room, np.int32), np.empty(room, np.uint64)
    kernels.collect(*reads, rule.window, cells, rule.reads, pair, where, both)
    camera = seen.camera[where]
    order = np.lexsort((camera, pair))
    pair = pair[order]
    fresh = np.flatnonzero(np.diff(pair, prepend=-1))  # any: 1
    tied = np.empty(len(fresh), np.uint64)
    first = np.append(fresh, len(pair)).astype(np.int64)
    kernels.ties(first, camera[order], both[order], rule.reads, rule.cameras, tied)
    return pair[fresh][tied != 0], tied[tied != 0]


def of_cars(pair: Int64, tied: UInt64, plate: Int32) -> tuple[Int64, UInt64]:
    """Return ties of pseudonyms as those of the plates that stand behind them: each pair of plates once, with all its sights."""
    one, other = (plate[half].astype(np.int64) for half in (pair >> 32, pair & 0xFFFFFFFF))
    cars = np.minimum(one, other) << 32 | np.maximum(one, other)
    order = np.argsort(cars, kind="stable")
    fresh = np.flatnonzero(np.diff(cars[order], prepend=-1))  # any: 1
    words = np.bitwise_or.reduceat(tied[order], fresh) if len(fresh) else tied
    return cars[order][fresh], words


def rows(sums: Sequence[Sums], place: Int32, cases: Sequence[Case], known: Known, *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics: ``ties``, pairs taken for company at a moment, and ``ties_by_chance``, when every plate's reads are moved;
    ``precision``, the share of ties within one household, and ``precision_by_chance``; ``base_rate``, the share of
    households' pairs among all pairs of residents' cars; ``recall``, the share of households' pairs that are ties, and
    ``recall_of_travelled``, of those that travelled together by the moment. n counts what each is a share of, or moments. Of some
    cars (`among`) of the pairs with one of them at least: a tie between two towns, or two strata, is told of both.
    """
    asked, found, right, chance, chance_right, travelled, pairs, together = (
        of_cases([part[None] for part in by_lens], place)[0]  # any: 0
        for by_lens in zip(*sums, strict=True)
    )
    every = known.every * asked
    answers = [
        Answer("company", statistic, unit, ratio(part, whole)[None], whole[None])
        for statistic, unit, part, whole in (
            ("ties", "pairs", found, asked),
            ("ties_by_chance", "pairs", chance, asked),
            ("precision", "share", right, found),
            ("precision_by_chance", "share", chance_right, chance),
            ("base_rate", "share", pairs, every),
            ("recall", "share", right, pairs),
            ("recall_of_travelled", "share", travelled, together),
        )
    ]
    return tidy(answers, cases, ["all"], seed=seed)


def _pairs(household: Int32) -> int:
    """Return how many pairs of cars are of one household; −1 nobody's."""
    sizes = np.unique(household[household >= 0], return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def _together(household: Int32, part: Truth) -> NDArray[np.int64]:
    """Return the pairs of one part that travelled together and when, [2, n]; a pair comes as often as it did."""
    home = household[part.vehicle]
    rows = np.flatnonzero(home >= 0)
    rows = rows[np.lexsort((part.depart[rows], part.destination[rows], part.origin[rows], home[rows]))]
    way = np.stack([home[rows], part.origin[rows], part.destination[rows]])
    depart, car = part.depart[rows], part.vehicle[rows].astype(np.int64)
    found, behind = [np.empty((2, 0), np.int64)], 1
    while behind < len(rows):  # any
        near = (way[:, behind:] == way[:, :-behind]).all(axis=0) & (depart[behind:] - depart[:-behind] <= TOGETHER)
        if not near.any():
            break
        one, other, when = car[:-behind][near], car[behind:][near], depart[behind:][near]
        pair = (np.minimum(one, other) << 32) | np.maximum(one, other)
        found.append(np.stack([pair, when])[:, one != other])
        behind += 1
    return np.concatenate(found, axis=1)


def _same_household(pair: Int64, household: Int32) -> NDArray[np.bool_]:
    of = np.append(household, -1)  # any: 1
    one, other = (of[np.minimum(plate, len(household))] for plate in (pair >> 32, pair & 0xFFFFFFFF))
    same: NDArray[np.bool_] = (one == other) & (one >= 0) & (pair >> 32 != pair & 0xFFFFFFFF)
    return same


def _by_case(tied: UInt64) -> Int64:
    """Return how many ties each of the 64 sights takes for one."""
    counts: Int64 = (tied[:, None] >> BITS & np.uint64(1)).sum(axis=0).astype(np.int64)
    return counts
