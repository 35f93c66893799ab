"""Who bears it: the same measures by neighbourhood and by town, and for each kilometre driven.

Neighbourhoods are told apart by what the simulated map itself says of a home: how far the nearest fixed camera is, how
densely people live around it, how far the town's centre is. None of that is income, race or age, of which the
simulation knows nothing.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder
from alprsim.measures import completeness
from alprsim.measures.question import (
    BITS,
    VEHICLES,
    Answer,
    Case,
    Opened,
    Question,
    join,
    of_cases,
    ratio,
    tidy,
)
from alprsim.measures.wheel import people_of
from alprsim.randomness import draw, stream
from alprsim.tables import DAY, Float64, Int16, Int32, Int64, Measured, PlaceKind, Places, UInt64

AROUND = 500.0
"""Metres around a home within which its neighbours are counted."""

QUARTERS = 4
LEAST = 30
"""Vehicles that a group must have, or it is joined to the next; and that each group's figure must be a share or mean of
so many (of visits, of nights …), or groups are not compared."""

SHUFFLES = 3
"""How often homes are dealt to groups at random: the most over the least of groups that differ by nothing is above 1 too."""

BY_CHANCE = "_by_chance"

_LAST = ladder.HORIZON * ladder.QUANTITIES
PER_KM = {"reads_per_1000_km": ladder.READS, "days_per_1000_km": ladder.DAYS, "trips_per_1000_km": ladder.ONCE}
"""What is counted for each kilometre: reads, days with one, trips with one."""

RETENTION = "retention_of_reads"

DAY_PARTS = 1 << 20
"""Days of retention are summed in so many parts, so that the order of buckets and processes changes nothing."""
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


def shuffled(grouping: Grouping, key: UInt64, number: int, *, seed: int) -> Grouping:
    """Return groups of the same sizes, to which the same vehicles are dealt at random, by draws of their keys."""
    mine = np.flatnonzero(grouping.group >= 0)
    drawn = draw(stream(seed, "equity shuffle"), key[mine], number)
    group = grouping.group.copy()
    group[mine[np.lexsort((key[mine], drawn))]] = np.sort(grouping.group[mine])
    return grouping._replace(group=group)


def chances(groupings: Sequence[Grouping], key: UInt64, *, seed: int) -> list[tuple[list[str], list[Grouping]]]:
    """Return the names of the groupings that can be compared, and shuffles; quarters, of about the same sizes, share theirs."""
    found: dict[tuple[int, bool], tuple[list[str], list[Grouping]]] = {}
    for one in groupings:
        if (one.sizes >= LEAST).sum() >= 2:
            names, _ = found.setdefault(
                (len(one.groups), one.name == BY_TOWN),
                ([], [shuffled(one, key, number, seed=seed) for number in range(SHUFFLES)]),
            )
            names.append(one.name)
    return list(found.values())


def by_chance(tables: Sequence[Measured], names: Sequence[str]) -> Measured:
    """Return the mean of what several shuffles' comparisons say, row for row, in the name of each grouping they stand for."""
    value = np.mean([table.value for table in tables], axis=0)
    first, *_ = tables
    one = dataclasses.replace(
        first, statistic=np.char.add(first.statistic, BY_CHANCE), value=value, n=np.where(np.isnan(value), 0, first.n)
    )
    people = np.char.startswith(one.who, people_of(""))
    return join([dataclasses.replace(one, who=np.where(people, people_of(name), name)) for name in names])


class Sums(NamedTuple):
    """What was counted so far through one lens of one grouping, over buckets and moments."""

    lives: completeness.Sums
    metres: Int64
    """[groups, 64]: driven in the last T, over all moments at which that is measured."""
    retained: Int64
    """[groups, 3, 64]: vehicles × moments that were read in the last T; those of them of which some read can be obtained without
    end; the others' sum of how long their own reads can be obtained on average, days in `DAY_PARTS`."""


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
    return Sums(completeness.empty(groups), *(np.zeros((groups, *of, ladder.CASES), np.int64) for of in ((), (3,))))


def retained(question: Question) -> Float64:
    """Return how long each sight can obtain the reads of each owner, or stream, d: [owners, 64]; infinite without end."""
    grid = question.grid.reshape(len(question.steps), -1)  # any: 1
    held = (grid[..., None] >> BITS & np.uint64(1)).astype(np.bool_)
    ends = np.append(question.steps[1:], np.inf) / DAY
    finite = np.where(np.isinf(ends), 0, ends)  # any: 0
    until: Float64 = (held * finite[:, None, None]).max(axis=0)
    return np.where(held[-1], np.inf, until)


def add(
    sums: Sequence[Sums], opened: Opened, masks: UInt64, question: Question, groups: Sequence[Int16], *, metres: Int64,
    stream: Int16, dated: UInt64 | None = None,
) -> None:  # fmt: skip
    """Add one bucket at one moment to the sums of several groupings: it is walked once for all.

    Parameters
    ----------
    opened : Opened
        The bucket by vehicle, or by driver, as it was.
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    groups : int16[n_lives] each
        To which of each grouping each of the bucket's lives belongs, as `of_vehicles`: −1 in all, or in none.
    metres : int64[n_trips], m
        How far each trip of the bucket went.
    stream : int16[n_reads]
        Of each read, as `question.grid` has them.
    dated : uint64[n_reads]
        The answer of `spans.dated`: which reads show a day; None: all.
    """
    bucket, since = opened.bucket, question.moment - question.horizon
    (lives, group), *also = [(one.lives, group) for one, group in zip(sums, groups, strict=True)]
    completeness.add(lives, opened, masks, question, group, also=also, dated=dated)
    if since < 0:
        return
    whose, depart = np.repeat(np.arange(len(bucket.vehicle)), np.diff(bucket.first_trip)), bucket.truth.depart
    some = (groups[0][whose] >= 0) & (depart > since) & (depart <= question.moment)
    driven = np.zeros(len(bucket.vehicle), np.int64)
    np.add.at(driven, whose[some], metres[some])
    read, kept = _retained_by_life(opened, question, groups[0], stream)
    mine = np.flatnonzero(groups[0] >= 0)
    for one, group in zip(sums, groups, strict=True):
        by_group = np.zeros(len(one.metres), np.int64)
        np.add.at(by_group, group[mine], driven[mine])
        one.metres[:] += by_group[:, None]
        np.add.at(one.retained, group[read], kept)


def of_vehicles(grouping: Grouping, vehicle: Int32) -> Int16:
    """Return the groups of some vehicles; −1 of plates of nobody simulated too (rows beyond Vehicles)."""
    return np.append(grouping.group, np.int16(NOBODY))[np.minimum(vehicle, len(grouping.group))]


def rows(
    grouping: Grouping, sums: Sequence[Sums], place: Int32, cases: Sequence[Case], *, seed: int, who: str = VEHICLES,
    sizes: Int64 | None = None,
) -> Measured:  # fmt: skip
    """Write one grouping's sums of all lenses as tidy rows; case c stands at lens × 64 + bit ``place[c]``.

    Of the last T, for each group, which ``who`` names: exposure_rate, observed_days, trips_detected, trips_linked and reads,
    days and trips with one for each 1,000 km, ``share_of_horizon``; and retention_of_reads, ``mean`` (d; n counts vehicles that
    were read; infinite where some read never goes). Of towns, which ``town`` names, those that are not told anyway. And
    equity, ``most_to_least_`` and the measure's name: the most exposed group's figure over the least exposed one's, of the
    groups of 30 vehicles or more, which n counts; infinite where somebody is not exposed at all. NaN with n = 0 was not
    measured, or is of fewer than 30 in some group. Of people (``who``) the same in the name of theirs, by ``sizes``, how many of
    them each group has.
    """
    lives = completeness.Sums(*(of_cases(parts, place) for parts in zip(*(lens.lives for lens in sums), strict=True)))
    metres, kept = (of_cases(parts, place) for parts in zip(*(lens[1:] for lens in sums), strict=True))
    sizes = grouping.sizes if sizes is None else sizes
    big, named = sizes >= LEAST, str if who == VEHICLES else people_of
    towns, found = grouping.name == BY_TOWN, []
    for measure, unit, value, n in _figures(lives, metres, kept):
        times = apart(np.where(n >= LEAST, value, np.nan)[:-1][big])
        counted = np.where(np.isnan(times), 0, big.sum())
        compared = Answer("equity", f"most_to_least_{measure}", "times", times, counted)
        found.append(tidy([compared], cases, ["all"], seed=seed, who=named(grouping.name)))
        statistic = "mean" if measure == RETENTION else "share_of_horizon"
        if towns and measure in (RETENTION, *PER_KM):
            answer = Answer(measure, statistic, unit, value, n)
            found.append(tidy([answer], cases, [*grouping.groups, "all"], seed=seed, who=who))
        for row, name in enumerate(() if towns else grouping.groups):
            mine = (value[row : row + 1], n[row : row + 1]) if big[row] else _nothing(len(cases))
            found.append(tidy([Answer(measure, statistic, unit, *mine)], cases, ["all"], seed=seed, who=named(name)))
    return join(found)


def _nothing(cases: int) -> tuple[Float64, Int64]:
    return np.full((1, cases), np.nan), np.zeros((1, cases), np.int64)


def _retained_by_life(
    opened: Opened, question: Question, group: Int16, stream: Int16
) -> tuple[NDArray[np.intp], Int64]:
    """Return which lives have reads of the last T, as they were truly their own, and what `Sums.retained` adds for each."""
    bucket, now = opened.bucket, question.moment
    whose = np.repeat(np.arange(len(group)), np.diff(bucket.first_read))
    mine = (bucket.reads.time > now - question.horizon) & (bucket.reads.time <= now) & (opened.trip != ladder.GHOST)
    mine &= group[whose] >= 0
    days = retained(question)
    reads = np.zeros((len(group), len(days)), np.int64)
    np.add.at(reads, (whose[mine], stream[mine]), 1)  # any: 1
    read = np.flatnonzero(reads.any(axis=1))
    endless = reads[read] @ np.isinf(days).astype(np.int64) > 0
    mean = (reads[read] @ np.where(np.isinf(days), 0.0, days)) / reads[read].sum(axis=1)[:, None]
    parts = np.where(endless, 0, np.rint(mean * DAY_PARTS)).astype(np.int64)  # any: 0
    return read, np.stack([np.ones_like(parts), endless, parts], axis=1).astype(np.int64)


def _figures(lives: completeness.Sums, metres: Int64, kept: Int64) -> Iterator[tuple[str, str, Float64, Int64]]:
    """Yield each measure's name, unit, value and n, [groups + 1, cases]: of the last T, mean over vehicles; by km, pooled."""
    reads, n = lives.totals[:, _LAST + ladder.READS], lives.lives[:, 1]
    yield "exposure_rate", "reads/d", ratio(reads * float(DAY), lives.seconds[:, 1]), n
    for measure, row in (("observed_days", 1), ("trips_detected", 2), ("trips_linked", 3)):
        eligible = lives.eligible[:, row]
        yield measure, "share", ratio(lives.shares[:, row] / ladder.ONE_SHARE, eligible), eligible
    for measure, row in PER_KM.items():
        yield measure, f"{measure.split('_')[0]}/1000 km", ratio(lives.totals[:, _LAST + row] * 1e6, metres), n
    read, endless, parts = np.moveaxis(kept, 1, 0)
    yield RETENTION, "d", np.where(endless > 0, np.inf, ratio(parts / DAY_PARTS, read)), read


def apart(value: Float64) -> Float64:
    """Return the most over the least of [groups, cases], [1, cases].

    NaN with fewer than two groups, where one is not measured or without end, and where nobody is exposed.
    """
    if len(value) < 2:
        return np.full((1, value.shape[1]), np.nan)
    most, least = value.max(axis=0), value.min(axis=0)
    most = np.where(np.isinf(most), np.nan, most)
    return np.where((least == 0) & (most > 0), np.inf, ratio(most, np.where(np.isinf(least), np.nan, least)))[None]


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
