"""Whether a viewer can tell that somebody goes to a clinic, a place of worship, a bar, a support group or a court.

The adversary (`kernels.visits`) takes two held reads in a row for a visit if both cameras are near such a place and the
time between leaves room for a stay there; it names one place at most, the one with the least way round. It knows where the
places are and nothing of the car. What the same rule finds at decoys, places that do not exist, is what passing by gives.

Of people: a visit is theirs who drove there (who rides along is not counted), and shows whoever it is said of. It is said of
the person whom the plate names (`wheel.keepers`), and right if that person drove there: who shares a car makes it less precise.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import ladder
from alprsim.kernels import visits as kernels
from alprsim.measures.places import median_days
from alprsim.measures.question import (
    VEHICLES,
    Answer,
    Case,
    Opened,
    Question,
    Residents,
    groups_of_drivers,
    home_towns,
    join,
    of_cases,
    ratio,
    tidy,
)
from alprsim.measures.sensitive import Near, Sensitive, Stops, stops
from alprsim.measures.wheel import NOBODY, Wheel
from alprsim.tables import DAY, Bool, Int16, Int32, Int64, Measured, UInt64

CASES = kernels.CASES
VISITS, PLACES, HABITS = "sensitive_visits", "sensitive_places", "sensitive_habits"
LATER = 2**16
"""More than any week: a pair and a week share a word."""

SPANS = 2
MONTH, SO_FAR = range(SPANS)
"""Of the last month, where so much was simulated; of as much of it as was."""


class Rule(NamedTuple):
    """What the adversary takes for a visit, and for a habit; as in the scenario's `measures.visits`."""

    within: float
    pace: float
    least: int
    most: int
    month: int
    weeks: int
    first_weekday: int
    """Of the scenario's first day; Monday is 0."""

    @property
    def longest(self) -> int:
        """The longest gap between two reads, s, that can be a visit."""
        return self.most + int(np.ceil(2 * self.within / self.pace))  # any


class Sums(NamedTuple):
    """What was counted so far through one lens, over buckets and moments; the last axis is the 64 sights.

    Visits are of the last T, places and habits of the last month. Of the two spans, MONTH counts only moments at which so
    much was simulated.
    """

    made: Int64
    """[towns, kinds, 64]: visits."""
    found: Int64
    """[towns, kinds, 64]: those inferred."""
    claimed: Int64
    """[towns, 2 × kinds, 64]: visits inferred, at places and at decoys of each kind."""
    right: Int64
    """[towns, kinds, 64]: inferences that are right; of people, of the person of whom it is said."""
    stood: Int64
    """[towns, kinds, 64]: in the gaps of the inferences, different places at which the car stood, driven there by that person;
    a guess may hit one."""
    of_kind: Int64
    """[towns, kinds, 64]: those of the kind inferred."""
    cars: Int64
    """[towns, spans, 64]: vehicles, or people, × moments."""
    gone: Int64
    """[towns, spans, kinds, 2, 64]: cars and places to which they went, at all and as a habit."""
    said: Int64
    """[towns, spans, 2 × kinds, 2, 64]: those claimed, at places and at decoys."""
    known: Int64
    """[towns, spans, kinds, 2, 64]: those that show, whoever it is said of."""
    true: Int64
    """[towns, spans, kinds, 2, 64]: those claimed rightly; of people, of the person of whom it is said."""
    days: Int64
    """[towns, spans, kinds, 2, days + 1, 64]: of those that show, by the days of reads from which it does."""


class _Found(NamedTuple):
    """What was inferred from one bucket through one lens, and the truth it is held against."""

    car: Int64
    """[claims]: whose, car's or person's, row of `town`."""
    place: Int32
    since: Int32
    until: Int32
    """[claims] s: the two reads."""
    masks: UInt64
    trip: Int32
    """[claims]: that led there, −1: wrong."""
    stood: Int32
    of_kind: Int32
    """[claims]: different places at which the car stood then, and of the kind claimed; 0 where a read is a ghost's."""
    where: Stops
    owner: Int64
    """[trips]: whose, row of `town`; −1 nobody's who is measured."""
    town: Int16
    """[cars]."""

    def only(self, some: Bool) -> "_Found":
        """Return some of the claims."""
        return self._replace(**{name: getattr(self, name)[some] for name in self._fields[:8]})


def empty(towns: int, kinds: int, rule: Rule) -> Sums:
    """Return sums of nothing."""
    levels, days = kernels.LEVELS, -(-rule.month // DAY) + 1  # any
    both = 2 * kinds
    shapes: list[tuple[int, ...]] = [(kinds,), (kinds,), (both,), (kinds,), (kinds,), (kinds,), (SPANS,)]
    shapes += [(SPANS, kinds, levels), (SPANS, both, levels), (SPANS, kinds, levels), (SPANS, kinds, levels)]
    shapes.append((SPANS, kinds, levels, days))
    return Sums(*(np.zeros((towns, *shape, CASES), np.int64) for shape in shapes))


def add(
    sums: Sums, lives: Sums, seen: Opened, masks: UInt64, question: Question, people: Residents, *, drivers: Wheel,
    sensitive: Sensitive, near: Near, rule: Rule, also: Sequence[tuple[Residents, Sums, Sums]] = (),
) -> None:  # fmt: skip
    """Add one bucket at one moment.

    Parameters
    ----------
    sums, lives : Sums
        Of vehicles, and of people; added to in place.
    seen : Opened
        The bucket, with times and places as the adversary knows them; its trips are the truth.
    masks : uint64[n_reads]
        The answer of `question.held` for the bucket's reads.
    near : Near
        The places of `sensitive` near each site, within ``rule.within``.
    also
        The same people by other groups in the place of towns, with the sums of their vehicles and of them: they are walked
        once for all. Who has a town must have a group in each.
    """
    rows = np.flatnonzero(home_towns(people, seen.bucket.vehicle) >= 0).astype(np.int64)
    where = stops(seen.bucket, sensitive)
    claims, held = _infer(seen, masks, rows, sensitive, near, rule)
    found = _found(seen, rows, claims, held, where, where.place, sensitive)
    owner = np.full(len(seen.bucket.vehicle), NOBODY, np.int64)
    owner[rows] = np.arange(len(rows))
    found = found._replace(owner=np.repeat(owner, np.diff(seen.bucket.first_trip)))
    keeper = drivers.keeper[np.repeat(np.arange(len(owner)), np.diff(seen.bucket.first_trip))]
    own = np.where(keeper == drivers.driver, where.place, np.int32(kernels.NOWHERE))
    said = _found(seen, rows, claims, held, where, own, sensitive)
    said = said._replace(car=drivers.keeper[rows[said.car]], owner=drivers.driver)
    shown = found._replace(car=np.append(drivers.driver, NOBODY)[found.trip], owner=drivers.driver)
    said, shown = said.only(said.car >= 0), shown.only(shown.car >= 0)
    for whose, their_cars, they in [(people, sums, lives), *also]:
        by_car = found._replace(town=whose.town[seen.bucket.vehicle[rows]])
        _add(their_cars, by_car, by_car, sensitive, rule, question)
        group = groups_of_drivers(whose, drivers.person)
        _add(they, said._replace(town=group), shown._replace(town=group), sensitive, rule, question)


def _add(sums: Sums, said: _Found, shown: _Found, sensitive: Sensitive, rule: Rule, question: Question) -> None:
    """Add what is said of lives, and what of them shows whoever it is said of."""
    now = question.moment
    if question.horizon <= now:
        _add_visits(sums, said, shown, sensitive, rule, now, now - question.horizon)
    lives, gone, claimed, true, days = _places_of_month(sums, said, sensitive, rule, now)
    known = true
    if said is not shown:
        *_, known, days = _places_of_month(sums, shown, sensitive, rule, now)
    parts = (sums.cars, lives), (sums.gone, gone), (sums.said, claimed), (sums.known, known), (sums.true, true)
    for span in (MONTH, SO_FAR):
        if span == SO_FAR or rule.month <= now:
            for total, counted in (*parts, (sums.days, days)):
                total[:, span] += counted


def rows(
    sums: Sequence[Sums], place: Int32, cases: Sequence[Case], towns: Sequence[str], sensitive: Sensitive, *, seed: int,
    who: str = VEHICLES,
) -> Measured:  # fmt: skip
    """Write the sums of all lenses as tidy rows, for each town and all; case c stands at lens × 64 + bit ``place[c]``.

    Statistics of sensitive_visits, of the last T, and for all towns together of each kind (``recall_clinic`` …):
    ``recall`` (visits inferred / made; n counts those made), ``precision`` (right / inferred; n counts the inferred, at
    most one of a gap: those of a kind name that kind), ``by_chance`` (the expected precision if each of them named one of
    all places, or of all of its kind, at random; n as of precision) and ``at_decoys`` (of all kinds together alone:
    inferences at decoys, which compete among themselves in groups as large as that of the places, on average of the
    groups, for each at a place; n counts those at places). Of sensitive_places and sensitive_habits, of the last month,
    the same of pairs of a car and a place, to which it goes at all or in several weeks; by_chance is then of a car and a
    place at random, and n counts those; and ``days_until_found``, the median over the pairs found, which n counts, of the
    days of reads from which it shows. Those of a month are told ``_so_far`` too.
    """
    every = Sums(*(of_cases(parts, place) for parts in zip(*sums, strict=True)))
    together, by_kind = [], []
    for first, *others in _answers(every, sensitive):
        together.append(first)
        by_kind += [answer._replace(value=answer.value[-1:], n=answer.n[-1:]) for answer in others]
    whole = tidy(together, cases, [*towns, "all"], seed=seed, who=who)
    return join([whole, tidy(by_kind, cases, ["all"], seed=seed, who=who)])


def _infer(
    seen: Opened, masks: UInt64, rows: Int64, sensitive: Sensitive, near: Near, rule: Rule
) -> tuple[Int32, UInt64]:
    """Return what the rule infers of some of the bucket's cars, and by which cases."""
    reads, room, n = seen.bucket.reads, 0, 1  # any
    while n > room:
        room = n
        claims, held = np.empty((4, room), np.int32), np.empty(room, np.uint64)
        n = kernels.infer(
            rows, seen.bucket.first_read, reads.time, reads.site, masks, near.first, near.place, near.metres,
            sensitive.lot, sensitive.group, rule.pace, rule.least, rule.most, rule.longest, claims, held,
        )  # fmt: skip
    return np.ascontiguousarray(claims[:, :n]), held[:n]


def _found(
    seen: Opened, rows: Int64, claims: Int32, held: UInt64, where: Stops, place: Int32, sensitive: Sensitive
) -> _Found:
    """Hold what is inferred against stays at some places, by car; a ghost's read makes nothing right."""
    bucket, reads = seen.bucket, seen.bucket.reads
    trip, stood, of_kind = np.empty((3, len(held)), np.int32)
    kernels.stops_of_claims(
        claims, rows, reads.time, bucket.first_trip, where.arrive, where.leave, place, sensitive.kind, trip, stood, of_kind
    )  # fmt: skip
    car, start, end, named = claims
    ghost = (seen.trip[start] == ladder.GHOST) | (seen.trip[end] == ladder.GHOST)
    return _Found(
        car.astype(np.int64), named, reads.time[start], reads.time[end], held,
        np.where(ghost, np.int32(kernels.NOWHERE), trip), np.where(ghost, np.int32(0), stood),
        np.where(ghost, np.int32(0), of_kind), where,
        np.zeros(0, np.int64), np.zeros(0, np.int16),  # any
    )  # fmt: skip


def _add_visits(
    sums: Sums, found: _Found, shown: _Found, sensitive: Sensitive, rule: Rule, now: int, since: int
) -> None:
    """Count the visits that began in the last T and have ended, and the inferences whose second read is of it."""
    where, town, kinds = found.where, found.town.astype(np.int64), len(sensitive.kinds)
    there = (found.owner >= 0) & (where.place >= 0)
    made = np.flatnonzero(there & (where.arrive > since) & (where.leave <= now))
    cell = town[found.owner[made]] * kinds + sensitive.kind[where.place[made]]
    sums.made[:] += np.bincount(cell, minlength=sums.made.size // CASES).reshape(*sums.made.shape[:-1], 1)
    showing = np.zeros(len(where.arrive), np.uint64)
    np.bitwise_or.at(showing, shown.trip[shown.trip >= 0], shown.masks[shown.trip >= 0])
    _add_up(sums.found, cell, showing[made])
    late, kind = found.until > since, sensitive.kind[found.place].astype(np.int64)
    _add_up(sums.claimed, (town[found.car] * 2 * kinds + kind)[late], found.masks[late])
    right = late & (found.trip >= 0)
    cell = town[found.car] * kinds + kind
    _add_up(sums.right, cell[right], found.masks[right])
    named = late & (kind < kinds)
    for total, hits in ((sums.stood, found.stood), (sums.of_kind, found.of_kind)):
        _add_up(total, np.repeat(cell[named], hits[named]), np.repeat(found.masks[named], hits[named]))


def _add_up(total: Int64, cell: Int64, masks: UInt64) -> None:
    """Count masks' bits into the cells of all but the last axis."""
    kernels.add_up(cell, masks, total.reshape(-1, CASES))  # any


def _places_of_month(
    sums: Sums, found: _Found, sensitive: Sensitive, rule: Rule, now: int
) -> tuple[Int64, Int64, Int64, Int64, Int64]:
    """Return the cars, the places they went to, those claimed, those claimed rightly and after how many days."""
    town, kinds, since = found.town.astype(np.int64), len(sensitive.kinds), now - rule.month
    cars = np.bincount(town, minlength=len(sums.cars))[:, None]
    key, weeks = _weeks_of_pairs(found, sensitive, rule, now)
    gone = np.zeros((len(sums.cars), kinds, kernels.LEVELS, 1), np.int64)
    for level, needed in ((kernels.ONCE, 1), (kernels.HABIT, rule.weeks)):
        pair = key[weeks >= needed]
        cell = town[pair // len(sensitive.kind)] * kinds + sensitive.kind[pair % len(sensitive.kind)]
        gone[:, :, level, 0] = np.bincount(cell, minlength=len(gone) * kinds).reshape(len(gone), kinds)
    some = np.flatnonzero(found.since > since)
    pair = found.car[some] * len(sensitive.kind) + found.place[some]
    order = np.lexsort((-found.since[some], pair))
    some, pair = some[order], pair[order]
    first = np.flatnonzero(np.append(True, np.diff(pair) != 0)[: len(pair)])
    at = np.searchsorted(key, pair[first])
    true = np.append(key, kernels.NOWHERE)[at] == pair[first]
    day = found.since[some] // DAY
    shape = len(sums.cars), 2 * kinds, kernels.LEVELS
    said, known = np.zeros((*shape, CASES), np.int64), np.zeros((*shape, CASES), np.int64)
    days = np.zeros((*shape, sums.days.shape[-2], CASES), np.int64)
    kernels.weigh(
        np.append(first, len(some)).astype(np.int64), _week(found.since[some], rule),
        (-(-(now - day * DAY) // DAY)).astype(np.int32), found.masks[some], found.trip[some] >= 0,
        np.where(true, np.append(weeks, kernels.NOWHERE)[at], 0).astype(np.int32),
        town[found.car[some[first]]] * 2 * kinds + sensitive.kind[found.place[some[first]]], rule.weeks,
        days.shape[-2], *(part.reshape(-1, CASES) for part in (said, known, days)),  # any
    )  # fmt: skip
    return cars, gone, said, known[:, :kinds], days[:, :kinds]


def _weeks_of_pairs(found: _Found, sensitive: Sensitive, rule: Rule, now: int) -> tuple[Int64, Int64]:
    """Return the pairs of a car and a place it went to in the last month, rising (car × places + place), and its weeks."""
    where = found.where
    there = (found.owner >= 0) & (where.place >= 0) & (where.arrive > now - rule.month) & (where.leave <= now)
    pair = found.owner[there] * len(sensitive.kind) + where.place[there]
    both = np.unique(pair * LATER + _week(where.arrive[there], rule))
    key, weeks = np.unique(both // LATER, return_counts=True)
    return key, weeks.astype(np.int64)


def _week(time: Int32, rule: Rule) -> Int32:
    """Return the week, Monday to Sunday, of each time; the first is 0."""
    return ((time // DAY + rule.first_weekday) // 7).astype(np.int32)


def _answers(every: Sums, sensitive: Sensitive) -> Iterator[list[Answer]]:
    """Yield each statistic: of all kinds together, then of each."""
    yield from _of_visits(every, sensitive)
    for level, measure in ((kernels.ONCE, PLACES), (kernels.HABIT, HABITS)):
        for span, suffix in ((MONTH, ""), (SO_FAR, "_so_far")):
            yield from _of_places(every, sensitive, measure, level, span, suffix)


def _of_visits(every: Sums, sensitive: Sensitive) -> Iterator[list[Answer]]:
    kinds = len(sensitive.kinds)
    claimed = every.claimed[:, :kinds]
    yield _shares(VISITS, "recall", sensitive, every.found, every.made)
    yield _shares(VISITS, "precision", sensitive, every.right, claimed)
    yield _at_decoys(VISITS, sensitive, every.claimed, "")
    sizes = sensitive.sizes[:kinds]
    yield [
        Answer(VISITS, name, "share", ratio(hits, n * size), n)
        for name, hits, n, size in zip(
            _each("by_chance", sensitive, ""), (every.stood.sum(axis=1), *np.moveaxis(every.of_kind, 1, 0)),
            _together(claimed), (sizes.sum(), *sizes), strict=True,
        )
    ]  # fmt: skip


def _of_places(
    every: Sums, sensitive: Sensitive, measure: str, level: int, span: int, suffix: str
) -> Iterator[list[Answer]]:
    kinds = len(sensitive.kinds)
    gone, said, known, true, days = (
        part[:, span, :, level] for part in (every.gone, every.said, every.known, every.true, every.days)
    )
    pairs = every.cars[:, span, None] * sensitive.sizes[:kinds, None]
    claimed = said[:, :kinds]
    yield _shares(measure, "recall", sensitive, known, gone, suffix)
    yield _shares(measure, "precision", sensitive, true, claimed, suffix)
    yield _shares(measure, "by_chance", sensitive, gone, pairs, suffix)
    yield _at_decoys(measure, sensitive, said, suffix)
    names = _each("days_until_found", sensitive, suffix)
    yield [
        Answer(measure, name, "d", median_days(part), part.sum(axis=1))
        for name, part in zip(names, _together(days), strict=True)
    ]


def _shares(
    measure: str, statistic: str, sensitive: Sensitive, part: NDArray[Any], whole: Int64, suffix: str = ""
) -> list[Answer]:
    """Return a ratio of what was counted, for all kinds together and for each."""
    both = zip(_each(statistic, sensitive, suffix), _together(part), _together(whole), strict=True)
    return [Answer(measure, name, "share", ratio(one, n), n) for name, one, n in both]


def _together(part: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield a part of the sums, [towns, kinds, …], for all kinds together and for each."""
    yield part.sum(axis=1)
    yield from np.moveaxis(part, 1, 0)


def _each(statistic: str, sensitive: Sensitive, suffix: str) -> list[str]:
    return [statistic + suffix, *(f"{statistic}_{kind}{suffix}" for kind in sensitive.kinds)]


def _at_decoys(measure: str, sensitive: Sensitive, said: Int64, suffix: str) -> list[Answer]:
    """Return the claims at decoys, as if there were as many as places, for each at a place: 1 and above too.

    Not by kind: all kinds compete, so that which one is named depends on what stands nearest.
    """
    kinds = len(sensitive.kinds)
    places, decoys = sensitive.sizes[:kinds].sum(), sensitive.sizes[kinds:].sum()
    claimed = said[:, :kinds].sum(axis=1)
    scaled = said[:, kinds:].sum(axis=1) * ratio(places, decoys)
    return [Answer(measure, "at_decoys" + suffix, "times", ratio(scaled, claimed), claimed)]
