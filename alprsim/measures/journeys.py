"""Whether who looks at what is held of a car can tell from where to where it drove: both ends of its journeys, rightly guessed.

Asked about are the trips of the last T that lead from one zone of streets to another: departed after t − T, arrived by t. Who
takes a car to stand still has trips inside one zone right, so those are left out. That there was such a trip, and when to a
step, is given: asked is where. Each end is guessed by itself, as the zone in which a car that stands most probably is: the first
at the last start of a step before the departure, the other at the first one from the arrival on.

None is left out for a stay too short for a step to start in: there the adversary is asked while the car is still, or already,
elsewhere, and is mostly wrong. It is the tracker's step that is too long, and the nearest read is asked at the same moments.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels.ladder import CASES
from alprsim.measures.position import FEWEST, METHODS, NEAREST, SCORED, TRACKER, Course
from alprsim.measures.question import VEHICLES, Answer, Case, Residents, of_cases, ratio, tidy
from alprsim.measures.sampling import error_of_sums
from alprsim.randomness import draw, stream
from alprsim.tables import Bool, Float64, Int16, Int32, Int64, Measured, UInt64

KINDS = ("", "_either")
"""Both ends are right; one at least is."""

UNIT = 2**10
"""Journeys are added up in whole parts of one, so that the order of buckets changes nothing; their squares still fit."""


class Clock(NamedTuple):
    """The steps of the last T."""

    start: int
    """s"""
    step: int
    """s"""
    steps: int


class Ends(NamedTuple):
    """The ends of journeys of one car, or of one person, that are asked about, a row a journey."""

    moment: Int32
    """[rows, 2]: the last start of a step before it left, and the first since it arrived; the last one is t."""
    zone: Int32
    """[rows, 2]: from where to where."""
    many: int
    """How many there were, of which these are drawn."""


class Sums(NamedTuple):
    """What was found so far through one lens, over buckets and moments, of each target."""

    lives: Int64
    """[targets, 64]: lives × moments."""
    asked: Int64
    """[targets, 64]: journeys asked about."""
    many: Int64
    """[targets, 64]: journeys that there were."""
    known: Int64
    """[targets, 2 `KINDS`, 3 methods, 64]: of these, those rightly guessed by what of those asked about was, in 2⁻¹⁰."""


class Groups(NamedTuple):
    """The sums of groups of targets."""

    lives: Int64
    asked: Int64
    many: Int64
    known: Int64
    squares: Int64
    """[groups, 2, 4 `SCORED`, 3, 64]: over targets, what each has right squared, times its journeys, and these squared."""


def drawn(
    trips: Course, of_place: Int32, clock: Clock, *, key: UInt64 | int, moment: int, count: int, seed: int
) -> Ends:
    """Draw up to ``count`` journeys out of all trips from zone to zone of the last T.

    Parameters
    ----------
    of_place : int32[places]
        The zone of each.
    key : int
        The vehicle's or the person's.
    moment : int
        Which of the query moments.
    """
    zone = np.stack([of_place[trips.origin], of_place[trips.destination]], axis=1)
    depart, arrive = (time.astype(np.int64) - clock.start for time in (trips.depart, trips.arrive))
    whole = np.flatnonzero((depart > 0) & (arrive <= clock.step * clock.steps) & (zone[:, 0] != zone[:, 1]))
    bits = draw(stream(seed, "journey"), key, moment, trips.depart[whole])
    some = whole[np.sort(np.argsort(bits, kind="stable")[:count])]
    at = np.stack([(depart[some] - 1) // clock.step, -(-arrive[some] // clock.step)], axis=1)
    return Ends(at.astype(np.int32), zone[some].astype(np.int32), len(whole))


def standing(likely: Float64, asked: Int32, journeys: Ends) -> Bool:
    """Tell which ends, [rows, 2], lie in the zone where a car that stands most probably is.

    Parameters
    ----------
    likely : float64[n, zones]
        How likely the car stands in each zone at each of the moments ``asked``, int32[n], ascending.
    """
    right: Bool = likely.argmax(axis=1)[np.searchsorted(asked, journeys.moment)] == journeys.zone
    return right


def nearest(journeys: Ends, clock: Clock, time: Int32, zone: Int32, prior: Bool) -> Bool:
    """Tell which ends lie in the zone of the site of the nearest read in time (of equals the earlier); without any, the prior's.

    Parameters
    ----------
    time, zone : int32[n], s
        Of the held reads, and of their sites.
    """
    if not len(time):
        return prior
    moment = clock.start + journeys.moment.astype(np.int64) * clock.step
    right: Bool = zone[np.abs(time - moment[..., None]).argmin(axis=2)] == journeys.zone
    return right


def empty(targets: int) -> Sums:
    """Return sums of nothing."""
    shapes = ((), (), (), (len(KINDS), len(METHODS)))
    return Sums(*(np.zeros((targets, *shape, CASES), np.int64) for shape in shapes))


def add(sums: Sums, row: int, bits: Int64, found: Sequence[tuple[Ends, Bool]]) -> None:
    """Add one draw, a row of the sums, at one moment: journeys, and which ends the sights ``bits`` have right, [3, rows, 2]."""
    for journeys, right in found:
        asked = len(journeys.zone)
        known = np.stack([right.all(axis=2), right.any(axis=2)]).sum(axis=2)
        each = journeys.many / max(asked, 1)
        sums.lives[row, bits] += 1
        sums.asked[row, bits] += asked
        sums.many[row, bits] += journeys.many
        sums.known[row][:, :, bits] += np.rint(known * each * UNIT).astype(np.int64)[:, :, None]


def of_groups(sums: Sums, group: Int16, groups: int) -> Groups:
    """Return the sums of each group of targets; group is int16[targets], −1 of none."""
    parts = *sums, _squares(sums)
    return Groups(*(np.stack([part[group == row].sum(axis=0) for row in range(groups)]) for part in parts))


def _squares(sums: Sums) -> Int64:
    """Return of each target what `Groups.squares` adds up."""
    right = _beside(sums.known)
    n = np.broadcast_to(sums.many[:, None, None] * UNIT, right.shape)
    return np.stack([right * right, right * n, n * n], axis=3)


def _beside(known: Int64) -> Int64:
    """Return what each method knows, and the tracker's less the nearest read's: [rows, 2, 4, …]."""
    return np.concatenate([known, known[:, :, [TRACKER]] - known[:, :, [NEAREST]]], axis=2)


def rows(
    sums: Sequence[Groups], place: Int32, cases: Sequence[Case], people: Residents, *, moments: int, seed: int,
    who: str = VEHICLES,
) -> Measured:  # fmt: skip
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics of ``journey_ends``: ``tracker``, ``nearest``, ``prior`` and ``tracker_minus_nearest``, each also ``_either``, and
    with ``_error`` (standard error from having drawn targets, all journeys of one at all moments being one draw; of the
    difference, paired). n counts the journeys asked about. A town with fewer than 30 targets is not told.
    """
    lives = of_cases([lens.lives for lens in sums], place)
    few = lives < FEWEST * moments
    few[-1] = False
    told = [
        one._replace(value=np.where(few, np.nan, one.value), n=np.where(few, 0, one.n).astype(np.int64))
        for one in _answers(Groups(*(of_cases(parts, place) for parts in zip(*sums, strict=True))))
    ]
    return tidy(told, cases, [*people.towns, "all"], seed=seed, who=who)


def _answers(sums: Groups) -> Iterator[Answer]:
    """Yield each statistic, and its error; sums: [towns, …, cases]."""
    known, whole = _beside(sums.known), sums.many * UNIT
    for kind, suffix in enumerate(KINDS):
        for which, name in enumerate(SCORED):
            share = ratio(known[:, kind, which], whole)
            error = error_of_sums(share, sums.squares[:, kind, which], whole)
            yield Answer("journey_ends", name + suffix, "share", share, sums.asked)
            yield Answer("journey_ends", f"{name}{suffix}_error", "share", error, sums.asked)
