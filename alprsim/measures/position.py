"""How far an estimate of where a car was lies from where it was, at random moments, moving and parked apart.

After Shokri et al. 2011: the expectation, over what the adversary holds to be likely, of the distance to the truth. Three
adversaries: the Bayesian tracker (`tracking`), the nearest held read in time, and who looks at no read (the population's
prior), to which the second falls back where nothing is held. A strong adversary must also know how sure it may be: its 90 %
region should hold the truth 90 % of the time.

Of people: where they are is on the trip that they drive or ride along on, else where the last of those led, else at home. The
adversary takes a person to be where the car is that they mainly drive: asked about are all who mainly drive a car drawn.

Measured in ``scenarios/quickstart.yaml`` (generated streets, 7 assumed cameras, uncalibrated; all reads kept, the last 7 days, 75
cars, each of seeds 1 and 2): README, "The tracker".
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels.ladder import CASES
from alprsim.measures import regions
from alprsim.measures.question import VEHICLES, Answer, Case, Residents, of_cases, ratio, tidy
from alprsim.measures.sampling import error_of_sums
from alprsim.measures.tracking import REGION
from alprsim.measures.zones import Zones
from alprsim.randomness import below, draw, stream
from alprsim.tables import (
    Bool,
    Float64,
    Int16,
    Int32,
    Int64,
    Junctions,
    Measured,
    Paths,
    Roads,
    Truth,
    UInt64,
    Vehicles,
)

METHODS = ("tracker", "nearest", "prior")
TRACKER, NEAREST, PRIOR = range(len(METHODS))
ERROR, POINT, LIKELY_NEAR, LIKELY_ZONE, COVERED, SIZE, WITHIN, ZONE = range(8)
"""What is scored: m, expected over all that is held likely, and of the best single guess; how likely a place within the
distance, and the right zone, is held; whether the region holds the truth; zones in it; whether the best single guess lies
within the distance, and in the right zone."""
SCORES = 8
SPREAD = 5

MEASURES = (
    ("position_error", "m", POINT),
    ("position_expected", "m", ERROR),
    ("position_within", "share", WITHIN),
    ("position_zone", "share", ZONE),
    ("position_likely_near", "share", LIKELY_NEAR),
    ("position_likely_zone", "share", LIKELY_ZONE),
)
HITS = (("position_within", WITHIN), ("position_zone", ZONE))
"""Of the best single guess, right or wrong: those that may be set beside each other, with the error of the draw."""
SCORED = (*METHODS, "tracker_minus_nearest")
KINDS = ("", "_parked", "_moving")

EVER, PARKED, MOVING = range(3)
"""Moments: at random; those of them when the car was parked; random ones when it was under way."""

UNIT = 2.0**16
"""Scores are added up in whole numbers, so that the order of buckets and processes changes nothing."""

FEWEST = 30
"""Targets that a group's figure must be of; those of a smaller one count in all together only."""


class Sums(NamedTuple):
    """What was found so far through one lens, over buckets and moments."""

    asked: Int64
    """[targets, 3, 64], or a row a town (`of_groups`): moments."""
    score: Int64
    """[targets, 3 moments, 3 methods, 6, 64], in 2⁻¹⁶."""
    spread: Int64
    """[targets, 5, 64]: lives × moments; the sum of each one's mean error of the tracker, in 2⁻¹⁶ km; and of each draw, a car
    with those who are asked about of it, that sum squared, that sum times their number, and their number squared."""


class Groups(NamedTuple):
    """The sums of groups of targets."""

    asked: Int64
    score: Int64
    spread: Int64
    squares: Int64
    """[groups, 3 moments, 2 `HITS`, 4 `SCORED`, 3, 64]: over targets, what each has right at all its moments squared, times
    its moments, and these squared."""
    products: Int64
    """[groups, 3 moments, 2 others, 3, 64]: over targets, the error of the best single guess, m over all its moments, squared,
    times the nearest read's or the prior's, and theirs squared."""


class Course(NamedTuple):
    """The trips of one car, or of one person in whatever cars, in order of departure."""

    vehicle: Int32
    depart: Int32
    arrive: Int32
    origin: Int32
    destination: Int32

    @classmethod
    def of(cls, truth: Truth, rows: NDArray[np.integer]) -> "Course":
        """Return some trips."""
        return cls(*(getattr(truth, name)[rows] for name in cls._fields))

    def take(self, rows: NDArray[np.integer]) -> "Course":
        """Return some of the trips."""
        return Course(*(column[rows] for column in self))


class Truths(NamedTuple):
    """Where one car, or one person, was at the moments asked about, a row a moment."""

    step: Int32
    """Ascending."""
    moments: Bool
    """[rows, 3]: which kinds of moments it is one of."""
    zone: Int32
    x: Float64
    y: Float64


def choose(vehicles: Vehicles, people: Residents, count: int, *, seed: int) -> Int32:
    """Choose up to ``count`` resident vehicles, those with the lowest draws of their keys; rows in order."""
    rows = np.flatnonzero(people.town >= 0)
    drawn = draw(stream(seed, "position target"), vehicles.key[rows])
    return np.sort(rows[np.lexsort((vehicles.key[rows], drawn))[:count]]).astype(np.int32)


def trips_of_person(truth: Truth, person: int) -> Course:
    """Return the trips that a person drove or rode along on, in whatever car, in order of departure.

    The bucket must hold all cars of a household: nobody rides in another household's.
    """
    mine = np.flatnonzero((truth.driver == person) | (truth.companion == person))
    return Course.of(truth, mine[np.argsort(truth.depart[mine], kind="stable")])


def instants(key: UInt64 | int, under_way: Bool, *, moment: int, count: int, seed: int) -> tuple[Int32, Bool]:
    """Draw the steps to ask about: ``count`` random ones, and a third as many of those when the car is under way.

    Parameters
    ----------
    key : int
        The vehicle's or the person's.
    under_way : bool[steps + 1]
        Whether it is at the start of each; the first, before the last T, is never asked about.
    moment : int
        Which of the query moments.

    Returns
    -------
    int32[n], ascending, and bool[n, 3]: which are random, of them parked, and drawn under way
    """
    base = stream(seed, "position instant")
    random = 1 + below(draw(base, key, moment, np.arange(count)), len(under_way) - 1)
    driven = 1 + np.flatnonzero(under_way[1:])
    drawn = draw(stream(seed, "position under way"), key, moment, driven)
    driven = driven[np.argsort(drawn, kind="stable")[: -(-count // 3)]]
    step = np.concatenate([random, driven]).astype(np.int32)
    chance = np.arange(len(step)) < count
    kinds = np.stack([chance, chance & ~under_way[step], ~chance], axis=1)
    order = np.argsort(step, kind="stable")
    return step[order], kinds[order]


def empty(targets: int) -> Sums:
    """Return sums of nothing."""
    shapes = ((3,), (3, len(METHODS), SCORES), (SPREAD,))  # any: 3
    return Sums(*(np.zeros((targets, *shape, CASES), np.int64) for shape in shapes))


def of_groups(sums: Sums, group: Int16, groups: int) -> Groups:
    """Return the sums of each group of targets; group is int16[targets], −1 of none."""
    parts = *sums, _squares(sums), _products(sums)
    return Groups(*(np.stack([part[group == row].sum(axis=0) for row in range(groups)]) for part in parts))


def _squares(sums: Sums) -> Int64:
    """Return of each target what `Groups.squares` adds up."""
    hits = sums.score[:, :, :, [what for _, what in HITS]].swapaxes(2, 3) // int(UNIT)
    right = np.concatenate([hits, hits[:, :, :, [TRACKER]] - hits[:, :, :, [NEAREST]]], axis=3)
    n = np.broadcast_to(sums.asked[:, :, None, None], right.shape)
    return np.stack([right * right, right * n, n * n], axis=4)


def _products(sums: Sums) -> Int64:
    """Return of each target what `Groups.products` adds up; whole metres, so that the order changes nothing."""
    off = np.rint(sums.score[:, :, :, POINT] / UNIT).astype(np.int64)
    mine, others = off[:, :, :1], off[:, :, 1:]
    return np.stack([np.broadcast_to(mine * mine, others.shape), mine * others, others * others], axis=3)


def from_truth(zones: Zones, truths: Truths, within: float) -> tuple[Float64, Float64]:
    """Return the mean distance of each zone's points to the truth, and the share of them within a distance: [rows, zones]."""
    away = np.hypot(zones.x - truths.x[:, None], zones.y - truths.y[:, None])
    sums = (zones.zone[:, None] == np.arange(zones.many)) * zones.share[:, None]
    return away @ sums, (away <= within) @ sums


def score(zones: Zones, belief: Float64, truths: Truths, known: tuple[Float64, Float64], within: float) -> Float64:
    """Score what is believed, [2, rows, zones], of a car that stands and of one under way, against the truth: [rows, 8].

    ``known``: of `from_truth`, how far all is from it. The best guess is the middle of the zone from which the expected
    distance to everything else is least.

    The region is the fewest zones that hold 90 % of what is believed, if the car stands and if it is under way
    (`regions`); of the last of them only as much as is needed, and where the truth lies in that one, it counts as covered to
    that part.
    """
    posterior = belief.sum(axis=0)
    rows, zone = np.arange(len(posterior)), truths.zone
    away, near = known
    middle = np.stack([np.bincount(zones.zone, zones.share * along) for along in (zones.x, zones.y)])
    apart = np.hypot(*(middle[:, :, None] - middle[:, None, :]))
    guess = (posterior @ apart).argmin(axis=1)
    best = middle[:, guess]
    part = regions.fewest(belief, REGION)
    found = np.empty((len(zone), SCORES))
    found[:, ERROR], found[:, LIKELY_NEAR] = (posterior * away).sum(axis=1), (posterior * near).sum(axis=1)
    found[:, POINT] = np.hypot(best[0] - truths.x, best[1] - truths.y)
    found[:, WITHIN], found[:, ZONE] = found[:, POINT] <= within, guess == zone
    found[:, LIKELY_ZONE], found[:, COVERED], found[:, SIZE] = (
        posterior[rows, zone],
        part[rows, zone],
        part.sum(axis=1),
    )
    return found


def nearest(
    truths: Truths, moment: Int64, time: Int32, spots: tuple[Float64, Float64, Int32], prior: Float64, within: float
) -> Float64:
    """Score the site of the nearest of some reads in time (of equals the earlier); without any, the prior's own scores.

    Parameters
    ----------
    moment : int64[rows], s
    time : int32[n], s
        Of the held reads.
    spots
        x, y and zone of their sites.
    """
    if not len(time):
        return prior
    which = np.abs(time - moment[:, None]).argmin(axis=1)
    away = np.hypot(spots[0][which] - truths.x, spots[1][which] - truths.y)
    found = np.zeros((len(moment), SCORES))
    found[:, ERROR], found[:, POINT] = away, away
    found[:, WITHIN], found[:, ZONE] = away <= within, spots[2][which] == truths.zone
    found[:, LIKELY_NEAR], found[:, LIKELY_ZONE] = found[:, WITHIN], found[:, ZONE]  # a point is all that it believes
    return found


def add(sums: Sums, row: int, bits: Int64, drawn: Sequence[tuple[Truths, Float64]]) -> None:
    """Add one draw, a row of the sums, at one moment: truths, and how the sights ``bits`` score, [3 methods, rows, 8]."""
    total = 0.0
    for truths, scores in drawn:
        whole = np.rint(scores * UNIT).astype(np.int64)
        for kind in range(3):
            mine = truths.moments[:, kind]
            sums.asked[row, kind, bits] += mine.sum()
            sums.score[row, kind][:, :, bits] += whole[:, mine].sum(axis=1)[:, :, None]
        total += scores[TRACKER, truths.moments[:, EVER], POINT].mean() / 1000.0
    n = len(drawn)
    spread = np.rint(np.array([n, total * UNIT, total * total * UNIT, n * total * UNIT, n * n])).astype(np.int64)
    sums.spread[row][:, bits] += spread[:, None]


def rows(
    sums: Sequence[Groups], place: Int32, cases: Sequence[Case], people: Residents, *, moments: int, seed: int,
    who: str = VEHICLES,
) -> Measured:  # fmt: skip
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics of ``position_error`` and ``position_expected`` (m), ``position_within`` and ``position_zone`` (of the best
    single guess), ``position_likely_near`` and ``position_likely_zone`` (of all that is believed): ``tracker``,
    ``nearest`` and ``prior``, each also ``_parked`` and ``_moving``; of the third and fourth also ``tracker_minus_nearest``,
    and of each ``_error`` (standard error from having drawn targets; of the difference, paired); of the first,
    ``of_nearest`` and ``of_prior`` (the
    tracker's error as a share of theirs, each also ``_parked`` and ``_moving``, and with ``_error``, paired) and
    ``tracker_error`` (standard error from having drawn targets; its n counts
    them). ``position_region``: ``coverage`` and ``prior_coverage`` (how often the 90 % region holds the truth), ``zones`` and
    ``prior_zones`` (its size), and ``of_prior``. n counts moments.
    A town with fewer than 30 targets is not told.
    """
    asked = of_cases([lens.asked for lens in sums], place)
    found = of_cases([lens.score for lens in sums], place)
    spread = of_cases([lens.spread for lens in sums], place)
    answers = []
    for measure, unit, what in MEASURES:
        for kind, suffix in enumerate(KINDS):
            n = asked[:, kind]
            answers += [
                Answer(measure, name + suffix, unit, ratio(found[:, kind, method, what], n * UNIT), n)
                for method, name in enumerate(METHODS)
            ]
    squares = of_cases([lens.squares for lens in sums], place)
    for row, (measure, what) in enumerate(HITS):
        answers += _hits(measure, asked, found[:, :, :, what] / UNIT, squares[:, :, row])
    products = of_cases([lens.products for lens in sums], place)
    for kind, suffix in enumerate(KINDS):
        answers += _shares(suffix, asked[:, kind], found[:, kind, :, POINT] / UNIT, products[:, kind])
    n = asked[:, EVER]
    answers.append(Answer("position_error", "tracker_error", "m", _standard_error(spread, moments), spread[:, 0]))
    for kind, suffix in enumerate(KINDS):
        for method, name in ((TRACKER, ""), (PRIOR, "prior_")):
            for what, called, unit in ((COVERED, "coverage", "share"), (SIZE, "zones", "zones")):
                value = ratio(found[:, kind, method, what], asked[:, kind] * UNIT)
                answers.append(Answer("position_region", name + called + suffix, unit, value, asked[:, kind]))
    size = found[:, EVER, :, SIZE]
    answers.append(Answer("position_region", "of_prior", "share", ratio(size[:, TRACKER], size[:, PRIOR]), n))
    few = spread[:, 0] < FEWEST * moments
    few[-1] = False
    told = [
        one._replace(value=np.where(few, np.nan, one.value), n=np.where(few, 0, one.n).astype(np.int64))
        for one in answers
    ]
    return tidy(told, cases, [*people.towns, "all"], seed=seed, who=who)


def along(
    paths: Paths, route: Int32, part: Float64, start: Int32, roads: Roads, junctions: Junctions
) -> tuple[Float64, Float64]:
    """Return where a car is that has driven a part of its route's free-flow time; without roads it stands at its start.

    Parameters
    ----------
    route : int32[n], row of paths
    part : float64[n], from 0 to below 1
    start : int32[n], row of Junctions
    """
    x, y = junctions.x[start].astype(np.float64), junctions.y[start].astype(np.float64)
    for row in range(len(route)):
        road = paths.road[paths.first[route[row]] : paths.first[route[row] + 1]]
        if not len(road):
            continue
        end = np.cumsum(roads.crossing[road], dtype=np.float64)
        driven = part[row] * end[-1]
        nth = min(int(np.searchsorted(end, driven, side="right")), len(road) - 1)
        share = 1.0 - (end[nth] - driven) / max(float(roads.crossing[road[nth]]), 1.0)
        tail, head = roads.tail[road[nth]], roads.head[road[nth]]
        x[row] = junctions.x[tail] + share * (junctions.x[head] - junctions.x[tail])
        y[row] = junctions.y[tail] + share * (junctions.y[head] - junctions.y[tail])
    return x, y


def _hits(measure: str, asked: Int64, right: Float64, squares: Int64) -> Iterator[Answer]:
    """Yield by how much the tracker is right more often than the nearest read, and the errors; right: [towns, 3, 3, cases]."""
    right = np.concatenate([right, right[:, :, [TRACKER]] - right[:, :, [NEAREST]]], axis=2)
    for kind, suffix in enumerate(KINDS):
        n = asked[:, kind]
        for which, name in enumerate(SCORED):
            mean = ratio(right[:, kind, which], n)
            if which >= len(METHODS):
                yield Answer(measure, name + suffix, "share", mean, n)
            yield Answer(measure, f"{name}{suffix}_error", "share", error_of_sums(mean, squares[:, kind, which], n), n)


def _shares(suffix: str, n: Int64, off: Float64, products: Int64) -> Iterator[Answer]:
    """Yield the tracker's error as a share of the others', with the error of the draw, paired; off: [towns, 3, cases]."""
    for row, name in enumerate(METHODS[1:]):
        share = ratio(off[:, 0], off[:, row + 1])
        yield Answer("position_error", f"of_{name}{suffix}", "share", share, n)
        error = error_of_sums(share, products[:, row], off[:, row + 1])
        yield Answer("position_error", f"of_{name}{suffix}_error", "share", error, n)


def _standard_error(spread: Int64, moments: int) -> Float64:
    """Return the standard error, m, of the mean over targets; what one draw scores at several moments counts as one."""
    n, total, squares, products = spread[:, 0], *(spread[:, row] / UNIT for row in range(1, 4))
    mean = ratio(total, n)
    off = np.maximum(squares - 2.0 * mean * products + mean**2 * spread[:, 4], 0.0)
    return 1000.0 * ratio(np.sqrt(off * moments), n)
