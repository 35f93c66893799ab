"""How much of where a car drove can be drawn from what a viewer holds of it, and how much of what is drawn is right.

The adversary knows the streets, not the trips. It takes held reads that follow each other soon enough for one drive and
draws the way between their cameras: the quickest, or that which most drivers take. It takes misreads of other cars for this
one, and reads by cars that drive around for none of its ways: those tell the street, not the direction, and may be of a parked
car. Kilometres are of directed roads, whole ones, within a tolerance of time.

Of people: a claim is made of a car, and counts for who was at its wheel. What is right counts for the driver of the trip; what is
wrong for who drove the car at the moment claimed, or last before it, or else for whom the plate names. So all people's
kilometres, right and wrong, are all cars'. Asked about are those who mainly drive a car that was drawn, over all cars
that they drive: one draw is of a car with all its drivers.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder, legs
from alprsim.measures.drives import KILOMETRE, Drives, Pairs, at_wheel, lengths, pairs
from alprsim.measures.question import VEHICLES, Answer, Case, Opened, Question, Residents, ratio, tidy
from alprsim.measures.ways import Ways, joined, pieces
from alprsim.tables import Bool, Float64, Int32, Int64, Measured, Paths, Roads, UInt64

ADVERSARIES = ("", "_by_choice")
"""Ends of statistics: who draws the quickest way at free flow, and who draws the one that most drivers take."""

FEWEST = 30
"""Vehicles that a town's figure must be of; those of a smaller group count in all towns together only."""

_MEASURES = ("path_recall", "path_precision", "trips_rebuilt")
_TIMES = ("share_of_horizon", "share_of_window")
_PARTS = (legs.RIGHT, legs.RIGHT, legs.REBUILT)
_STOCKS = {0: (0, "km", KILOMETRE), 2: (1, "trips", 1)}
"""Of measures that have one: where it stands in `Sums.so_far`, unit and size."""
_SHARES = len(_TIMES) * len(_MEASURES)


_Number = TypeVar("_Number", bound=np.generic)


class Lives(NamedTuple):
    """Whose kilometres are added up: vehicles', or people's over the vehicles they drive."""

    sums: "Sums"
    target: Int64
    """[n_lives], rising: the row of each in the sums; of several of one draw the same."""
    of_pair: Int64
    """[n_pairs]: whose each pair of vehicle and driver is; −1 nobody's who is asked about."""


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
        self._first = np.searchsorted(self._owner, np.arange(len(truth.row) + 1)).astype(np.int64)  # any: 1
        self._truth, self._ways, self._roads, self._tolerance = truth, ways, roads, tolerance
        self.pairs = pairs(truth)
        self._longest = max(ways.longest, int(self._step.max(initial=0)))  # any: 0
        ways.know(self._pairs())
        self._known = np.zeros(0, np.int64)
        self._claims = [_Claims.none() for _ in ADVERSARIES]

    def add(self, counted: Sequence[Lives], masks: UInt64, question: Question) -> None:
        """Add one moment through one lens.

        Parameters
        ----------
        counted
            Whose kilometres are added up, to which sums.
        masks : uint64[n_reads]
            Of the bucket's reads: `question.held`.
        """
        earlier, later, way, sights = self.legs(masks[self.read])
        claim, its = self._claimed(earlier, later, way), self.pairs
        nowhere, one_owner = np.zeros(len(its.depart), np.int32), np.zeros(1, np.int16)  # any: 1
        in_window = ladder.held(its.depart, nowhere, one_owner, question.steps, question.in_window, question.moment)
        for adversary, made in enumerate(self._claims):
            tallies = np.empty((len(its.car) * legs.ROWS, legs.CASES), np.int64)
            leg, first, run, first_road = made.by_pair(claim, its, question.moment)
            legs.score(
                first, run, sights[leg], first_road, made.drive, made.claimed, made.trip, made.extent, its.first_trip,
                its.depart, its.first, its.trip_of, its.when, its.length, in_window, question.moment,
                question.moment - question.horizon, tallies,
            )  # fmt: skip
            for lives in counted:
                _add(lives, adversary, tallies.reshape(len(its.car), legs.ROWS, legs.CASES), question)
        for lives in counted:
            np.add.at(lives.sums.asked, lives.target, np.stack([question.measured, np.ones_like(question.measured)]))

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
            np.concatenate([way[:found], np.full(len(read), -1, np.int32)])[order],  # any: 1
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
        old = np.empty_like(self.pairs.drive)
        old[self.pairs.drive] = np.arange(len(old))
        of_truth = _renumbered(made.drive, old)
        claimed, drive = (pieces(Paths(made.first, of), claim).road for of in (made.claimed, of_truth))
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
        car = np.repeat(self._owner[later], np.diff(claimed.first)).astype(np.int64)
        return _Claims(
            claimed.first, _renumbered(drive, self.pairs.drive), when, _renumbered(trip, self.pairs.trip),
            lengths(self._roads, claimed.road), *at_wheel(truth, self.pairs, car, drive, when, trip),
        )  # fmt: skip

    def _roads_of(self, later: Int32, way: Int32, ways: Paths) -> Paths:
        """Return the roads of claims: a passage claims the road of its read, a link the way between."""
        passage = np.flatnonzero(way < 0)
        own = Paths(np.arange(len(passage) + 1, dtype=np.int64), self._road[later[passage]])
        row = len(passage) + way
        row[passage] = np.arange(len(passage))
        return pieces(joined(own, ways), row)


class _Claims(NamedTuple):
    """Claims held against the truth, as of `legs.match`, trips and roads driven in the order of `Pairs`."""

    first: Int64
    drive: Int32
    claimed: Int32
    trip: Int32
    extent: Int32
    right: Int32
    """The pair whose trip drove it; −1 none."""
    wrong: Int32
    """The pair for which it counts while nobody drove it."""

    @classmethod
    def none(cls) -> "_Claims":
        return cls(np.zeros(1, np.int64), *(np.zeros(0, np.int32) for _ in cls._fields[1:]))

    def plus(self, other: "_Claims") -> "_Claims":
        first = np.concatenate([self.first, self.first[-1] + other.first[1:]])
        return _Claims(first, *(np.concatenate(both) for both in zip(self[1:], other[1:], strict=True)))

    def by_pair(self, claim: Int64, its: Pairs, now: int) -> tuple[NDArray[np.intp], Int64, Int64, Int64]:
        """Cut claims into runs of roads that count for one pair; return legs, by pair, as `legs.score` takes them.

        Parameters
        ----------
        claim : int64[n_legs]
            The claim of each leg, by vehicle.

        Returns
        -------
        The leg of each run, where each pair's begin, which run it is, and where the roads of each run begin.
        """
        driven = self.drive >= 0
        driven[driven] = its.when[self.drive[driven]] <= now
        pair = np.where(driven, self.right, self.wrong)
        begins = np.diff(pair, prepend=-2) != 0  # any: 2
        begins[self.first[self.first < len(pair)]] = True
        road = np.flatnonzero(begins)
        of_claim = np.searchsorted(road, self.first)
        many = np.diff(of_claim)[claim]
        leg = np.repeat(np.arange(len(claim)), many)
        run = np.arange(len(leg)) + np.repeat(of_claim[claim] - np.cumsum(many) + many, many)
        order = np.argsort(pair[road[run]], kind="stable")
        first = np.searchsorted(pair[road[run[order]]], np.arange(len(its.car) + 1))
        return leg[order], first.astype(np.int64), run[order].astype(np.int64), np.append(road, len(pair))


def _renumbered(row: Int32, new: Int64) -> Int32:
    """Return the new place of each row; −1 stays none."""
    return np.append(new, -1)[row].astype(np.int32)


def _add(lives: Lives, adversary: int, tallies: Int64, question: Question) -> None:
    """Add the counts of one adversary at one moment, and each one's own shares."""
    known = np.full(legs.CASES, question.horizon <= question.moment)
    times = np.repeat(np.stack([question.measured, known, question.measured]), legs.QUANTITIES, axis=0)
    life, mine = _summed(lives.of_pair, tallies)
    target, sums = lives.target[life], lives.sums
    counts = mine * times
    parts = [(_part_and_whole(counts, row)) for row in range(_SHARES)]
    has = np.stack([whole > 0 for _, whole in parts], axis=1)
    share = [part * (ladder.ONE_SHARE / np.maximum(whole, 1)) for part, whole in parts]
    shares = np.where(has, np.stack(share, axis=1), 0).astype(np.int64)
    for total, part in (
        (sums.counts, counts), (sums.so_far, mine[:, [legs.RIGHT, legs.REBUILT]]), (sums.shares, shares), (sums.has, has)
    ):  # fmt: skip
        row, added = _summed(target, part)
        total[row, adversary] += added


def _summed(row: Int64, parts: NDArray[_Number]) -> tuple[Int64, NDArray[_Number]]:
    """Return the rows named, −1 left out, and the sums of what belongs to each: many times as fast as np.add.at."""
    steps = np.diff(row, prepend=-1)
    if np.all(steps > 0):  # any: 0
        return row, parts
    if np.any(steps < 0) or row[0] < 0:  # any: steps < 0; row[0] < 0; 0
        order = np.argsort(row, kind="stable")
        order = order[np.searchsorted(row[order], 0) :]
        row, parts = row[order], parts[order]
    start = np.flatnonzero(np.diff(row, prepend=-1))  # any: 1
    return row[start], np.add.reduceat(parts, start, axis=0, dtype=np.int64)


def _part_and_whole(counts: Int64, row: int) -> tuple[Int64, Int64]:
    """Return what a share is of, [targets, 64]: row = time × 3 + measure."""
    time, measure = divmod(row, len(_MEASURES))
    column = counts[:, (time + 1) * legs.QUANTITIES :]
    whole = (column[:, legs.DRIVEN], column[:, legs.RIGHT] + column[:, legs.WRONG], column[:, legs.TRIPS])[measure]
    return column[:, _PARTS[measure]], whole


def rows(
    sums: Sequence[Sums], place: Int32, cases: Sequence[Case], targets: Int32, people: Residents, *, seed: int,
    who: str = VEHICLES,
) -> Measured:  # fmt: skip
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics: ``share_of_horizon`` and ``share_of_window`` (mean over targets of each one's own ratio; who has none is left
    out, n counts the others) and the same ``_pooled`` (sum over sum); of the former two ``_error``, the standard error of
    having drawn targets, a car with its drivers at all moments being one draw; ``stock`` (what is held to have been driven
    and was, of a target) and ``stock_so_far``, even if more would be had more been simulated. Each again ``_by_choice``. A
    town with fewer than 30 targets is not told.
    """
    town = people.town[targets]
    groups = [(town == row, int(np.sum(people.town == row))) for row in range(len(people.towns))]
    groups = [(some & (some.sum() >= FEWEST), of) for some, of in groups]
    groups.append((np.ones(len(targets), np.bool_), int(np.sum(people.town >= 0))))
    answers = [
        answer for adversary in range(len(ADVERSARIES)) for measure in range(len(_MEASURES))
        for answer in (*_shares(sums, place, groups, adversary, measure), *_stocks(sums, place, groups, adversary, measure))
    ]  # fmt: skip
    return tidy(answers, cases, [*people.towns, "all"], seed=seed, who=who)


_Group = tuple[Bool, int]


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
    drawn = n / max(of, 1)  # any
    error = np.sqrt(off * (1 - drawn) * n / max(n - 1, 1)) / np.maximum(total, 1)
    return np.stack([share, np.where(np.isnan(share) | (n < 2), np.nan, error)])


def _totals(part: Int64, groups: Sequence[_Group]) -> Int64:
    """Return the sums over each group's targets: [groups, 64]."""
    return np.stack([part[some].sum(axis=0) for some, _ in groups])


def _by_case(by_lens: Sequence[NDArray[_Number]], place: Int32) -> NDArray[_Number]:
    """Return [groups, cases] of [groups, 64] a lens."""
    return np.concatenate(by_lens, axis=1)[:, place]
