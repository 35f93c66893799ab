"""How much of where a car drove can be drawn from what a viewer holds of it, and how much of what is drawn is right.

The adversary knows the streets, not the trips. It takes held reads that follow each other soon enough for one drive and
draws the way between their cameras: the quickest, or that which most drivers take. It takes misreads of other cars for this
one, and reads by cars that drive around for none of its ways: those tell the street, not the direction, and may be of a parked
car. Kilometres are of directed roads, whole ones, within a tolerance of time.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder, legs
from alprsim.measures.question import Answer, Case, Opened, Question, Residents, ratio, tidy
from alprsim.measures.ways import Ways, joined, pieces
from alprsim.tables import Bool, Bucket, Float64, Int32, Int64, Measured, Paths, Roads, Truth, UInt64

ADVERSARIES = ("", "_by_choice")
"""Ends of statistics: who draws the quickest way at free flow, and who draws the one that most drivers take."""

KILOMETRE = 10_000
"""Lengths are counted in decimetres: sums of whole numbers do not depend on the order of buckets or processes."""

FEWEST = 30
"""Vehicles that a town's figure must be of; those of a smaller group count in all towns together only."""

_MEASURES = ("path_recall", "path_precision", "trips_rebuilt")
_TIMES = ("share_of_horizon", "share_of_window")
_PARTS = (legs.RIGHT, legs.RIGHT, legs.REBUILT)
_STOCKS = {0: (0, "km", KILOMETRE), 2: (1, "trips", 1)}
"""Of measures that have one: where it stands in `Sums.so_far`, unit and size."""
_SHARES = len(_TIMES) * len(_MEASURES)


class Drives(NamedTuple):
    """Where some vehicles of a bucket drove: vehicle i made trips ``first_trip[i]:first_trip[i + 1]``."""

    row: Int64
    """Of the vehicles in the bucket."""
    first_trip: Int64
    depart: Int32
    arrive: Int32
    first: Int64
    """Trip t drove the roads ``first[t]:first[t + 1]``."""
    road: Int32
    when: Int32
    """s: when half of it was crossed, if the trip's time is spread in proportion to free flow."""
    length: Int32
    """Decimetres."""


class Drawn(NamedTuple):
    """What one sight draws by the quickest ways: a row a link or passage, in order of the later of its two reads."""

    claim: Int64
    """Equal pairs of reads are one claim."""
    sights: UInt64
    """Whose it is."""
    way: Paths
    """The roads that each claims."""
    claimed: Int32
    """s: when each road of them is claimed to be driven."""
    drive: Int32
    """Which road of `Drives` it was; −1 none: wrong."""


class Sums(NamedTuple):
    """What was counted so far through one lens, over moments, of each target: so that the error of the draw is known."""

    counts: Int64
    """[targets, adversaries, 15, 64]: counts of `legs.score`, where measured."""
    shares: Int64
    """[targets, adversaries, 6, 64]: of the last T and the window, each moment's own recall, precision and share rebuilt."""
    has: Int64
    """As shares: the moments that have one."""
    so_far: Int64
    """[targets, adversaries, 2, 64]: length right and trips rebuilt at all moments, measured or not."""
    asked: Int64
    """[targets, 2, 64]: moments at which what is held is known, and all moments."""


def empty(targets: int) -> Sums:
    """Return sums of nothing."""
    shapes = [(2, legs.ROWS), (2, _SHARES), (2, _SHARES), (2, 2), (2,)]  # any
    return Sums(*(np.zeros((targets, *shape, legs.CASES), np.int64) for shape in shapes))


def trips_of(bucket: Bucket, row: Int64) -> Int64:
    """Return the rows of Truth of some of a bucket's vehicles."""
    return np.concatenate([np.zeros(0, np.int64), *(np.arange(*bucket.first_trip[i : i + 2]) for i in row)])


def drives(bucket: Bucket, row: Int64, paths: Paths, route: Int32, roads: Roads) -> Drives:
    """Gather where some vehicles of a bucket drove.

    Parameters
    ----------
    row : int64[n], rising
        Of the vehicles in the bucket.
    paths, route : Paths, int32[n_trips]
        The route of each of `trips_of`.
    """
    trip = trips_of(bucket, row)
    truth: Truth = bucket.truth.take(trip)
    driven = pieces(paths, route)
    first_trip = np.concatenate([[0], np.cumsum(np.diff(bucket.first_trip)[row])]).astype(np.int64)
    crossing = roads.crossing[driven.road].astype(np.int64)
    of = np.repeat(np.arange(len(trip)), np.diff(driven.first))
    passed = np.concatenate([[0], np.cumsum(crossing)])
    middle = passed[:-1] - passed[driven.first[of]] + crossing // 2
    whole = np.maximum(passed[driven.first[1:]] - passed[driven.first[:-1]], 1)  # any
    lasted = truth.arrive.astype(np.int64) - truth.depart
    when = truth.depart[of] + lasted[of] * middle // whole[of]
    return Drives(
        row, first_trip, truth.depart, truth.arrive, driven.first, driven.road, when.astype(np.int32),
        lengths(roads, driven.road),
    )  # fmt: skip


def lengths(roads: Roads, road: Int32) -> Int32:
    """Return the length of each road in decimetres."""
    return np.rint(roads.length[road] * np.float64(KILOMETRE / 1000)).astype(np.int32)


class Sketch:
    """What one sight knows of the reads of some of a bucket's vehicles, and all claims made of them, each scored once.

    Parameters
    ----------
    seen : Opened
        The bucket's reads as the sight knows them.
    kept : bool[n_reads]
        Those of which ways are drawn.
    road : int32[n_reads], row of Roads
        Where the sight takes each to be made.
    step : int32[n_reads], s
        To which it knows the time; 0 exactly.
    tolerance : int, s
        Of a claim, not less than the coarser step of its two reads.
    """

    def __init__(
        self, truth: Drives, seen: Opened, ways: Ways, roads: Roads, *, kept: Bool, road: Int32, step: Int32, tolerance: int
    ) -> None:  # fmt: skip
        first, reads = seen.bucket.first_read, seen.bucket.reads
        read = np.concatenate([np.zeros(0, np.int64), *(np.arange(*first[i : i + 2]) for i in truth.row)])
        owner = np.repeat(np.arange(len(truth.row)), np.diff(first)[truth.row])
        read, owner = read[kept[read]], owner[kept[read]]
        order = np.lexsort((road[read], reads.time[read], owner))  # of reads of one step, nobody knows which was first
        self.read, self._owner = read[order], owner[order].astype(np.int32)
        self._time, self._road, self._step = reads.time[self.read], road[self.read], step[self.read]
        self._first = np.searchsorted(self._owner, np.arange(len(truth.row) + 1)).astype(np.int64)
        self._truth, self._ways, self._roads, self._tolerance = truth, ways, roads, tolerance
        self._longest = max(ways.longest, int(self._step.max(initial=0)))
        ways.know(self._pairs())
        self._known = np.zeros(0, np.int64)
        self._claims = [_Claims.none() for _ in ADVERSARIES]

    def add(self, sums: Sums, target: Int64, masks: UInt64, question: Question) -> None:
        """Add one moment through one lens.

        Parameters
        ----------
        target : int64[n_vehicles]
            The row of each vehicle in the sums.
        masks : uint64[n_reads]
            Of the bucket's reads: `question.held`.
        """
        truth = self._truth
        earlier, later, way, sights = self.legs(masks[self.read])
        claim = self._claimed(earlier, later, way)
        first = np.searchsorted(self._owner[later], np.arange(len(truth.row) + 1)).astype(np.int64)
        nowhere, one_owner = np.zeros(len(truth.depart), np.int32), np.zeros(1, np.int16)
        in_window = ladder.held(truth.depart, nowhere, one_owner, question.steps, question.in_window, question.moment)
        trip_of = np.repeat(np.arange(len(truth.depart), dtype=np.int32), np.diff(truth.first))
        for adversary, made in enumerate(self._claims):
            tallies = np.empty((len(truth.row) * legs.ROWS, legs.CASES), np.int64)
            legs.score(
                first, claim, sights, made.first, made.drive, made.claimed, made.trip, made.extent, truth.first_trip,
                truth.depart, truth.first, trip_of, truth.when, truth.length, in_window, question.moment,
                question.moment - question.horizon, tallies,
            )  # fmt: skip
            _add(sums, target, adversary, tallies.reshape(len(truth.row), legs.ROWS, legs.CASES), question)
        sums.asked[target, 0] += question.measured
        sums.asked[target, 1] += 1

    def legs(self, masks: UInt64) -> tuple[Int32, Int32, Int32, UInt64]:
        """Return links and passages in order of the later read: two reads, by their place in ``self.read``, way and sights.

        A passage is the same read twice, and way −1.
        """
        passage, room = np.empty(len(masks), np.uint64), len(masks)  # any
        while True:
            earlier, later, way, sights = *(np.empty(room, np.int32) for _ in range(3)), np.empty(room, np.uint64)
            found = legs.walk(
                self._first, self._time, self._road, self._step, masks, *self._ways.table, len(self._roads),
                self._ways.minimum, self._longest, passage, earlier, later, way, sights,
            )  # fmt: skip
            if found <= room:
                break
            room = found
        read = np.flatnonzero(passage).astype(np.int32)
        order = np.argsort(np.concatenate([later[:found], read]), kind="stable")
        return (
            np.concatenate([earlier[:found], read])[order], np.concatenate([later[:found], read])[order],
            np.concatenate([way[:found], np.full(len(read), -1, np.int32)])[order],
            np.concatenate([sights[:found], passage[read]])[order],
        )  # fmt: skip

    def drawn(self, masks: UInt64) -> Drawn:
        """Return what is drawn by the quickest ways, as `add` counts it.

        Parameters
        ----------
        masks : uint64[n_reads]
            As of `add`.
        """
        earlier, later, way, sights = self.legs(masks[self.read])
        claim = self._claimed(earlier, later, way)
        made = self._claims[0]
        claimed, drive = (pieces(Paths(made.first, of), claim).road for of in (made.claimed, made.drive))
        return Drawn(claim, sights, self._roads_of(later, way, self._ways.quickest), claimed, drive)

    def _pairs(self) -> Int64:
        """Return the pairs of different roads, from × roads + to, of reads that may be of one leg."""
        codes = [np.zeros(0, np.int64)]
        for apart in range(1, len(self.read)):
            near = self._owner[apart:] == self._owner[:-apart]
            near &= self._time[apart:] - self._time[:-apart] <= self._longest
            if not near.any():
                break
            one, other = self._road[:-apart][near].astype(np.int64), self._road[apart:][near]
            codes.append(np.unique((one * len(self._roads) + other)[one != other]))
        return np.unique(np.concatenate(codes))

    def _claimed(self, earlier: Int32, later: Int32, way: Int32) -> Int64:
        """Return the row of each claim, after those that are new are held against the truth."""
        code = earlier.astype(np.int64) * len(self.read) + later
        fresh = np.setdiff1d(code, self._known)
        if len(fresh):
            which = np.unique(code, return_index=True)[1]
            which = which[np.isin(code[which], fresh)]
            for adversary, ways in enumerate((self._ways.quickest, self._ways.drivers)):
                made = self._match(earlier[which], later[which], way[which], ways)
                self._claims[adversary] = self._claims[adversary].plus(made)
            self._known = np.concatenate([self._known, code[which]])
        order = np.argsort(self._known)
        return order[np.searchsorted(self._known, code, sorter=order)].astype(np.int64)

    def _match(self, earlier: Int32, later: Int32, way: Int32, ways: Paths) -> "_Claims":
        """Hold claims against the truth."""
        truth, claimed = self._truth, self._roads_of(later, way, ways)
        known = np.maximum(self._step[earlier], self._step[later])
        drive, when, trip = (np.empty(len(claimed.road), np.int32) for _ in range(3))
        legs.match(
            claimed.first, claimed.road, self._roads.crossing, self._owner[later], self._road[earlier], self._road[later],
            self._time[earlier], self._time[later], np.maximum(known, self._tolerance).astype(np.int32), truth.first_trip,
            truth.depart, truth.arrive, truth.first, truth.road, truth.when, drive, when, trip,
        )  # fmt: skip
        return _Claims(claimed.first, drive, when, trip, lengths(self._roads, claimed.road))

    def _roads_of(self, later: Int32, way: Int32, ways: Paths) -> Paths:
        """Return the roads of claims: a passage claims the road of its read, a link the way between."""
        passage = np.flatnonzero(way < 0)
        own = Paths(np.arange(len(passage) + 1, dtype=np.int64), self._road[later[passage]])
        row = np.where(way < 0, 0, len(passage) + way)
        row[passage] = np.arange(len(passage))
        return pieces(joined(own, ways), row)


class _Claims(NamedTuple):
    """Claims held against the truth, as of `legs.match`."""

    first: Int64
    drive: Int32
    claimed: Int32
    trip: Int32
    extent: Int32

    @classmethod
    def none(cls) -> "_Claims":
        return cls(np.zeros(1, np.int64), *(np.zeros(0, np.int32) for _ in range(4)))

    def plus(self, other: "_Claims") -> "_Claims":
        first = np.concatenate([self.first, self.first[-1] + other.first[1:]])
        return _Claims(first, *(np.concatenate(both) for both in zip(self[1:], other[1:], strict=True)))


def _add(sums: Sums, target: Int64, adversary: int, tallies: Int64, question: Question) -> None:
    """Add the counts of one adversary at one moment, and each target's own shares."""
    known = np.full(legs.CASES, question.horizon <= question.moment)
    times = np.stack([question.measured, known, question.measured])
    counts = tallies * np.repeat(times, legs.QUANTITIES, axis=0)
    sums.counts[target, adversary] += counts
    sums.so_far[target, adversary] += tallies[:, [legs.RIGHT, legs.REBUILT]]
    for row in range(_SHARES):
        part, whole = _part_and_whole(counts, row)
        share = np.where(whole > 0, part * (ladder.ONE_SHARE / np.maximum(whole, 1)), 0)
        sums.shares[target, adversary, row] += share.astype(np.int64)
        sums.has[target, adversary, row] += whole > 0


def _part_and_whole(counts: Int64, row: int) -> tuple[Int64, Int64]:
    """Return what a share is of, [targets, 64]: row = time × 3 + measure."""
    time, measure = divmod(row, len(_MEASURES))
    column = counts[:, (time + 1) * legs.QUANTITIES :]
    whole = (column[:, legs.DRIVEN], column[:, legs.RIGHT] + column[:, legs.WRONG], column[:, legs.TRIPS])[measure]
    return column[:, _PARTS[measure]], whole


def rows(
    sums: Sequence[Sums], place: Int32, cases: Sequence[Case], targets: Int32, people: Residents, *, seed: int
) -> Measured:  # fmt: skip
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics: ``share_of_horizon`` and ``share_of_window`` (mean over targets of each one's own ratio; who has none is left
    out, n counts the others) and the same ``_pooled`` (sum over sum); of the former two ``_error``, the standard error of
    having drawn targets, a car at all moments being one draw; ``stock`` (what is held to have been driven and was, of a
    target) and ``stock_so_far``, even if more would be had more been simulated. Each again ``_by_choice``. A town with fewer
    than 30 targets is not told.
    """
    town = people.town[targets]
    groups = [(town == row, int(np.sum(people.town == row))) for row in range(len(people.towns))]
    groups = [(some & (some.sum() >= FEWEST), of) for some, of in groups]
    groups.append((np.ones(len(targets), np.bool_), int(np.sum(people.town >= 0))))
    answers = [
        answer for adversary in range(len(ADVERSARIES)) for measure in range(len(_MEASURES))
        for answer in (*_shares(sums, place, groups, adversary, measure), *_stocks(sums, place, groups, adversary, measure))
    ]  # fmt: skip
    return tidy(answers, cases, [*people.towns, "all"], seed=seed)


_Group = tuple[Bool, int]
_Number = TypeVar("_Number", bound=np.generic)


def _shares(
    sums: Sequence[Sums], place: Int32, groups: Sequence[_Group], adversary: int, measure: int
) -> Iterator[Answer]:
    """Yield a measure's shares, of the last T with the error of the draw."""
    ending = ADVERSARIES[adversary]
    for time, statistic in enumerate(_TIMES):
        row = time * len(_MEASURES) + measure
        own = [(lens.shares[:, adversary, row] / ladder.ONE_SHARE, lens.has[:, adversary, row]) for lens in sums]
        pooled = [_part_and_whole(lens.counts[:, adversary], row) for lens in sums]
        n = _by_case([_totals(whole, groups) for _, whole in own], place)
        for kind, both in (("", own), ("_pooled", pooled)):
            found = [np.stack([_estimate(part[some], whole[some], of) for some, of in groups]) for part, whole in both]
            value, error = (_by_case([lens[:, which] for lens in found], place) for which in range(2))
            yield Answer(_MEASURES[measure], statistic + kind + ending, "share", value, n)
            if time == 0:
                yield Answer(_MEASURES[measure], f"{statistic}{kind}_error{ending}", "share", error, n)


def _stocks(
    sums: Sequence[Sums], place: Int32, groups: Sequence[_Group], adversary: int, measure: int
) -> Iterator[Answer]:
    """Yield what is held of a target, in a steady state and so far; of precision there is none."""
    if measure not in _STOCKS:
        return
    so_far, unit, size = _STOCKS[measure]
    counted = (
        [lens.counts[:, adversary, _PARTS[measure]] for lens in sums],
        [lens.so_far[:, adversary, so_far] for lens in sums],
    )
    for which, statistic in enumerate(("stock", "stock_so_far")):
        held = _by_case([_totals(part, groups) for part in counted[which]], place)
        n = _by_case([_totals(lens.asked[:, which], groups) for lens in sums], place)
        yield Answer(_MEASURES[measure], statistic + ADVERSARIES[adversary], unit, ratio(held / size, n), n)


def _estimate(part: Float64 | Int64, whole: Int64, of: int) -> Float64:
    """Return a ratio over the targets of a group and its standard error, linearised, drawn from ``of`` vehicles: [2, 64]."""
    n = len(part)
    total = whole.sum(axis=0)
    share = ratio(part.sum(axis=0), total)
    off = ((part - share * whole) ** 2).sum(axis=0)
    error = np.sqrt(off * (1 - n / max(of, 1)) * n / max(n - 1, 1)) / np.maximum(total, 1)
    return np.stack([share, np.where(np.isnan(share) | (n < 2), np.nan, error)])


def _totals(part: Int64, groups: Sequence[_Group]) -> Int64:
    """Return the sums over each group's targets: [groups, 64]."""
    return np.stack([part[some].sum(axis=0) for some, _ in groups])


def _by_case(by_lens: Sequence[NDArray[_Number]], place: Int32) -> NDArray[_Number]:
    """Return [groups, cases] of [groups, 64] a lens."""
    return np.concatenate(by_lens, axis=1)[:, place]
