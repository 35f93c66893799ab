"""Who bears it: the same measures by neighbourhood and by town, and for each kilometre driven.

Neighbourhoods are told apart by what the simulated map itself says of a home: how far the nearest fixed camera is, how
densely people live around it, how far the town's centre is. None of that is income, race or age, of which the
simulation knows nothing.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder
from alprsim.measures import completeness
from alprsim.measures.question import Answer, Case, Opened, Question, join, of_cases, ratio, tidy
from alprsim.tables import DAY, Float64, Int16, Int32, Int64, Measured, PlaceKind, Places, UInt64

AROUND = 500.0
"""Metres around a home within which its neighbours are counted."""

QUARTERS = 4
LEAST = 30
"""Vehicles that a group must have, or it is joined to the next."""

_LAST = ladder.HORIZON * ladder.QUANTITIES
PER_KM = "reads_per_1000_km"
BY_TOWN = "homes by town"
NOBODY = -1


class Grouping(NamedTuple):
    """The residents' vehicles, dealt to groups by something about their homes."""

    name: str
    """By what, as in “homes by distance to a camera”."""
    groups: tuple[str, ...]
    group: Int16
    """[vehicles]: −1 nobody's who is measured."""

    @property
    def sizes(self) -> Int64:
        """[groups]: vehicles."""
        return np.bincount(self.group[self.group >= 0], minlength=len(self.groups)).astype(np.int64)


class Sums(NamedTuple):
    """What was counted so far through one lens of one grouping, over buckets and moments."""

    lives: completeness.Sums
    metres: Int64
    """[groups, 64]: driven in the last T, over all moments at which that is measured."""


def quarters(name: str, nearest: str, value: Float64, who: NDArray[np.bool_]) -> Grouping:
    """Deal the vehicles ``who`` to quarters by a value of their homes, the least first; homes with one value stay together.

    A group of fewer than 30 vehicles is joined to the next, the last to the one before.
    """
    group = np.full(len(value), -1, np.int16)
    mine = value[who]
    edges = (
        np.unique(np.quantile(mine, np.arange(1, QUARTERS) / QUARTERS, method="lower"))
        if len(mine)
        else np.zeros(0)  # any
    )
    group[who] = np.searchsorted(edges, mine)
    joined = _joined(np.bincount(group[who], minlength=len(edges) + 1))  # any
    group[who] = joined[group[who]]
    n = int(joined.max(initial=0)) + 1
    return Grouping(
        f"homes by {name}", tuple(f"homes by {name}, {k + 1} of {n} ({nearest} first)" for k in range(n)), group
    )


def by_town(towns: Sequence[str], town: Int16) -> Grouping:
    """Return the home towns as groups; their names are those of the tidy table's towns."""
    return Grouping(BY_TOWN, tuple(towns), town)


def camera_distance(x: Float64, y: Float64, cameras: tuple[Float64, Float64]) -> Float64:
    """Return how far each home is from the nearest camera, m; infinite without any."""
    nearest = np.full(len(x), np.inf)
    for at_x, at_y in zip(*cameras, strict=True):
        np.minimum(nearest, np.hypot(x - at_x, y - at_y), out=nearest)
    return nearest


def neighbours(places: Places, x: Float64, y: Float64) -> Float64:
    """Return the residents within `AROUND` of each place, itself included; x and y (m) row for row with Places."""
    home = np.flatnonzero(places.kind == PlaceKind.HOME)
    home = home[np.argsort(x[home], kind="stable")]
    first = np.searchsorted(x[home], x[home] - AROUND, side="left")
    last = np.searchsorted(x[home], x[home] + AROUND, side="right")
    found = np.zeros(len(places))
    for row, begin, end in zip(home, first, last, strict=True):
        strip = home[begin:end]
        near = np.hypot(x[strip] - x[row], y[strip] - y[row]) <= AROUND
        found[row] = places.weight[strip][near].sum()
    return found


def empty(grouping: Grouping) -> Sums:
    """Return sums of nothing."""
    groups = len(grouping.groups)
    return Sums(completeness.empty(groups), np.zeros((groups, ladder.CASES), np.int64))


def add(sums: Sums, opened: Opened, masks: UInt64, question: Question, grouping: Grouping, *, metres: Int64) -> None:
    """Add one bucket at one moment.

    Parameters
    ----------
    opened : Opened
        The bucket by vehicle, as it was.
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    metres : int64[n_trips], m
        How far each trip of the bucket went.
    """
    bucket, since = opened.bucket, question.moment - question.horizon
    group = np.full(len(bucket.vehicle), NOBODY, np.int16)
    known = bucket.vehicle < len(grouping.group)
    group[known] = grouping.group[bucket.vehicle[known]]
    completeness.add(sums.lives, opened, masks, question, group)
    if since >= 0:
        of_trip, depart = np.repeat(group, np.diff(bucket.first_trip)), bucket.truth.depart
        some = (of_trip >= 0) & (depart > since) & (depart <= question.moment)
        driven = np.zeros(len(sums.metres), np.int64)
        np.add.at(driven, of_trip[some], metres[some])
        sums.metres[:] += driven[:, None]


def rows(grouping: Grouping, sums: Sequence[Sums], place: Int32, cases: Sequence[Case], *, seed: int) -> Measured:
    """Write one grouping's sums of all lenses as tidy rows; case c stands at lens × 64 + bit ``place[c]``.

    Of the last T, for each group, which ``who`` names: exposure_rate, observed_days, trips_detected and reads_per_1000_km,
    ``share_of_horizon``; of towns, which ``town`` names, reads_per_1000_km alone, since the others are told anyway. And
    equity, ``most_to_least_`` and the measure's name: the most exposed group's figure over the least exposed one's, of the
    groups of 30 vehicles or more, which n counts; infinite where somebody is not exposed at all. NaN with n = 0 was not
    measured.
    """
    lives = completeness.Sums(*(of_cases(parts, place) for parts in zip(*(lens.lives for lens in sums), strict=True)))
    metres = of_cases([lens.metres for lens in sums], place)
    big = grouping.sizes >= LEAST
    towns, found = grouping.name == BY_TOWN, []
    for measure, unit, value, n in _figures(lives, metres):
        apart = _apart(value[:-1][big])
        counted = np.where(np.isnan(apart), 0, big.sum())
        compared = Answer("equity", f"most_to_least_{measure}", "times", apart, counted)
        found.append(tidy([compared], cases, ["all"], seed=seed, who=grouping.name))
        if towns and measure == PER_KM:
            answer = Answer(measure, "share_of_horizon", unit, value, n)
            found.append(tidy([answer], cases, [*grouping.groups, "all"], seed=seed))
        for row, name in enumerate(() if towns else grouping.groups):
            answer = Answer(measure, "share_of_horizon", unit, value[row : row + 1], n[row : row + 1])
            found.append(tidy([answer], cases, ["all"], seed=seed, who=name))
    return join(found)


def _figures(lives: completeness.Sums, metres: Int64) -> Iterator[tuple[str, str, Float64, Int64]]:
    """Yield each measure's name, unit, value and n, [groups + 1, cases]: of the last T, mean over vehicles; by km, pooled."""
    reads, n = lives.totals[:, _LAST + ladder.READS], lives.lives[:, 1]
    yield "exposure_rate", "reads/d", ratio(reads * float(DAY), lives.seconds[:, 1]), n
    for measure, row in (("observed_days", 1), ("trips_detected", 2)):
        eligible = lives.eligible[:, row]
        yield measure, "share", ratio(lives.shares[:, row] / ladder.ONE_SHARE, eligible), eligible
    yield PER_KM, "reads/1000 km", ratio(reads * 1e6, metres), n


def _apart(value: Float64) -> Float64:
    """Return the most over the least of [groups, cases], [1, cases]; NaN with fewer than two groups, or none exposed."""
    if len(value) < 2:
        return np.full((1, value.shape[1]), np.nan)
    most, least = value.max(axis=0), value.min(axis=0)
    apart = np.where((least == 0) & (most > 0), np.inf, ratio(most, least))
    return apart[None]


def _joined(sizes: Int64) -> Int16:
    """Return for each group, in order, the number of that which it is part of once those of too few are joined to the last."""
    number = np.zeros(len(sizes), np.int16)
    held = 0
    for row, size in enumerate(sizes):
        if row:
            rest = int(sizes[row:].sum())
            enough = held >= LEAST and rest >= LEAST
            number[row] = number[row - 1] + enough
            held = 0 if enough else held
        held += int(size)
    return number
