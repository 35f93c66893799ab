"""How a synthetic population compares with published figures, and how strictly it repeats itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.population import _figures as figures
from alprsim.population._calendar import date_of
from alprsim.population._choice import Mask, commuting_table, town_rows
from alprsim.population._day import trips
from alprsim.population._settle import settle
from alprsim.population._ways import quickest
from alprsim.randomness import draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    DAY_STARTS,
    Float64,
    Int64,
    Network,
    PersonKind,
    PlaceKind,
    Purpose,
    Settlement,
    Trips,
    VehicleKind,
)

MILE = 1.609344  # km
MONTH = 28  # days
ASKED = 400  # trips whose quickest way is looked for: enough for a mean to within 4 %
HOUSEHOLDS = 8000  # of which repetition is measured where there are more

ASSUMPTION = "assumption"
_NHTS = "NHTS 2017 (remembered), what the habits are scaled to"
_NT3 = "FHWA Highway Statistics 2006, NT-3"
_BTS = "NHTS 2001: 2,298 of 233 billion (BTS, Highlights, table 2)"
_COMMUTE = "NHTS 2001, commutes in private vehicles"
_AAA = "AAA Foundation, American Driving Survey 2013–14"
_CTPP = "CTPP profile of ACS 2005, Connecticut, all modes"
_KEPT_2014 = {
    "wethersfield": 0.06, "trumbull": 0.11, "stratford": 0.16, "fairfield": 0.22, "norwalk": 0.32, "new haven": 0.44,
    "danbury": 0.39,
}  # fmt: skip
"""In-state jobs of residents in their own town, LODES 2014."""


class Finding(NamedTuple):
    """One figure of the population beside the published one."""

    what: str
    unit: str
    ours: float
    published: float | None
    """None: nothing published was found; `source` then says what it follows from."""
    tolerance: float
    """In the figure's unit: how far from the published one it may lie to count as within. A judgement, not published."""
    source: str

    @property
    def within(self) -> bool | None:
        """Whether ours lies within the tolerance; None where nothing was published."""
        return None if self.published is None else bool(abs(self.ours - self.published) <= self.tolerance)


class Variation(NamedTuple):
    """What day-to-day variation does to repetition: one row a combination of skip, explore and jitter."""

    skip: float
    explore: float
    jitter: int
    """s"""
    places: float
    """Distinct places a driver goes to in a month."""
    repeated: float
    """Share of weekday trips on an origin–destination that the vehicle drives again on a weekday of the month."""
    repeated_hour: float
    """The same, in the same hour of the day."""
    new: float
    """Share of trips, in the last week, to a place not gone to before."""
    commutes: float
    """Days a week a commuter commutes."""


def evidence(
    settlement: Settlement,
    network: Network,
    spec: models.Population,
    *,
    seed: int,
    start: date,
    base: Path,
    weeks: int = 5,
) -> tuple[Finding, ...]:
    """Set rates, lengths, hours, commuting and repetition of a settlement's residents beside published figures.

    Parameters
    ----------
    settlement
        Made by `settle` with the same network, spec and seed.
    start
        The date of day 0; figures of a week are of the days 0 to 6.
    base
        The folder that `population.commuting` is relative to.
    weeks
        Over which repetition is measured, 4 or more.

    Notes
    -----
    Ways are the quickest at free flow, of a sample of trips, as far as streets are simulated: what lies behind a gateway is
    left out, so lengths and minutes are lower bounds wherever many work beyond.
    """
    record = _follow(settlement, network, spec, seed=seed, start=start, weeks=weeks)
    days = [
        _residents(settlement, trips(settlement, network, spec, seed=seed, day=day, start=start)) for day in range(7)
    ]
    on = [date_of(spec.calendar, start, day) for day in range(7)]
    plain = [day for day in range(7) if not on[day].holiday]
    middle = next((d for d in plain if on[d].weekday == 2), plain[0])
    saturday = next((d for d in plain if on[d].weekday == 5), plain[-1])
    return (
        *_households(settlement, network),
        *_rates(settlement, network, days),
        *_hours(days[middle], days[saturday], middle, saturday),
        *_lengths(network, settlement, days[middle], seed),
        *_commuting(settlement, network, spec, base),
        *_repetition(record),
    )


def repetition(
    settlement: Settlement, network: Network, spec: models.Population, *, seed: int, start: date, weeks: int = 5
) -> tuple[Finding, ...]:
    """Measure how strictly residents repeat themselves over some weeks, 4 or more: what retention results hang on."""
    return tuple(_repetition(_follow(settlement, network, spec, seed=seed, start=start, weeks=weeks)))


def sensitivity(
    network: Network, spec: models.Population, *, seed: int, start: date, base: Path,
    skip: Sequence[float] = (0.0, 0.1, 0.2), explore: Sequence[float] = (0.0, 0.1, 0.3),
    jitter: Sequence[int] = (0, 900, 3600),
) -> tuple[Variation, ...]:  # fmt: skip
    """Measure a month's repetition under every combination of skip, explore and jitter."""
    rows = []
    for chance, stray, late in product(skip, explore, jitter):
        varied = spec.model_copy(update={"skip": chance, "explore": stray, "jitter": late})
        settlement = settle(network, varied, seed=seed, base=base)
        record = _follow(settlement, network, varied, seed=seed, start=start, weeks=4)
        rows.append(
            Variation(
                chance,
                stray,
                late,
                record.places().mean(),
                record.repeated(),
                record.repeated(within_hour=True),
                record.new(),
                record.commutes(),
            )  # fmt: skip
        )
    return tuple(rows)


# --- what people are and do -------------------------------------------------------------------------------------------


def _residents(settlement: Settlement, driven: Trips) -> Trips:
    return driven.take(settlement.vehicles.kind[driven.vehicle] == VehicleKind.RESIDENT)


def _living_here(settlement: Settlement, network: Network) -> Mask:
    return np.asarray(network.places.kind[settlement.people.home] == PlaceKind.HOME)


def _households(settlement: Settlement, network: Network) -> Iterator[Finding]:
    people, vehicles = settlement.people, settlement.vehicles
    here = _living_here(settlement, network)
    own = vehicles.household[vehicles.kind == VehicleKind.RESIDENT]
    households = len(np.unique(people.household[here]))
    adults = float(np.mean(people.kind[here] != PersonKind.CHILD))
    yield Finding("adults", "% of people", 100 * adults, 79.6, 1, "ACS 2023, Connecticut, aged 18 or more")
    carless = 100 * (1 - len(np.unique(own)) / households)
    yield Finding("households without a vehicle", "%", carless, 8.6, 3, "ACS 2023, Connecticut")
    plates = "3,023,124 plates (2019) over about 3.6 M people"
    yield Finding("vehicles a person", "", len(own) / int(here.sum()), 0.84, 0.03, plates)


def _rates(settlement: Settlement, network: Network, days: list[Trips]) -> Iterator[Finding]:
    people = settlement.people
    here = _living_here(settlement, network)
    drivers = int(np.sum(here & (people.vehicle >= 0)))
    a_day = sum(len(day) for day in days) / 7
    yield Finding("vehicle trips a driver", "a day", a_day / drivers, 2.7, 0.2, _NHTS)
    household = "NHTS 2017: 1,865 vehicle trips a household in a year (US Department of Energy, 2018)"
    yield Finding(
        "vehicle trips a household", "a day", a_day / len(np.unique(people.household[here])), 1865 / 365, 0.5, household
    )
    idle = 100 * (1 - sum(len(np.unique(day.driver)) for day in days) / 7 / drivers)
    yield Finding("drivers who do not drive on a day", "%", idle, 32, 5, _AAA)
    work = np.concatenate([day.companion[day.purpose == Purpose.WORK] for day in days])
    yield Finding(
        "commutes with a companion",
        "%",
        100 * float(np.mean(work >= 0)),
        8.2,
        3,
        "Connecticut, press on Census figures",
    )


def _hours(middle: Trips, saturday: Trips, m: int, s: int) -> Iterator[Finding]:
    for name, table, day, number in (
        ("Wednesday", figures.WEDNESDAY, middle, m),
        ("Saturday", figures.SATURDAY, saturday, s),
    ):
        ours, published = _profile(day, number), np.array(table) / sum(table)
        alike = 100 * (1 - 0.5 * float(np.abs(ours - published).sum()))
        yield Finding(f"{name}'s trips in the same hour", "%", alike, 100, 15, f"{_NT3}: overlap with its profile")
        peak = int(np.argmax(published))
        yield Finding(
            f"{name}'s trips from {peak} to {peak + 1} h", "%", 100 * ours[peak], 100 * published[peak], 2, _NT3
        )
        if name == "Wednesday":
            yield Finding("Wednesday's trips from 7 to 8 h", "%", 100 * ours[7], 100 * published[7], 2, _NT3)
    ratio = sum(figures.SATURDAY) / sum(figures.WEDNESDAY)
    yield Finding("Saturday's trips for one of Wednesday", "", len(saturday) / len(middle), ratio, 0.06, _NT3)


def _profile(driven: Trips, day: int) -> Float64:
    clock = (driven.depart - day * DAY + DAY_STARTS) // 3600 % 24
    return np.bincount(clock, minlength=24) / max(1, len(driven))


def _lengths(network: Network, settlement: Settlement, driven: Trips, seed: int) -> Iterator[Finding]:
    junction = network.places.junction
    for name, mask in (("", driven.purpose >= 0), ("commute", driven.purpose == Purpose.WORK)):
        rows = np.flatnonzero(mask)
        luck = draw(stream(seed, "whose way is looked for"), settlement.vehicles.key[driven.vehicle[rows]], rows)
        rows = rows[np.argsort(luck)[:ASKED]]
        if not len(rows):
            continue
        km, minutes = quickest(network.roads, junction[driven.origin[rows]], junction[driven.destination[rows]])
        beyond = network.places.kind[driven.destination[rows]] == PlaceKind.BEYOND
        if name == "commute":
            yield Finding("a commute, to the gateway if beyond", "km", float(km.mean()), 12.1 * MILE, 4, _COMMUTE)
            yield Finding(
                "a commute, to the gateway if beyond", "min, free flow", float(minutes.mean()), 23.3, 5, _COMMUTE
            )
            yield Finding(
                "the same, Connecticut", "min, free flow", float(minutes.mean()), 25.4, 5, "ACS 2012 to 2017, press"
            )
            short = 100 * float(np.mean(minutes < 15))
            yield Finding("commutes under 15 minutes", "%", short, 28.9, 8, _CTPP)
            yield Finding("commutes that end beyond", "%", 100 * float(beyond.mean()), None, 0, "the world simulated")
        else:
            yield Finding("a trip", "km", float(km.mean()), 2298 / 233 * MILE, 4, _BTS)
            short = 100 * float(np.mean(km < 2 * MILE))
            yield Finding("trips under 2 miles", "%", short, 35, 8, "NHTS 2017: more than 35 % (Slate, May 2018)")


def _commuting(settlement: Settlement, network: Network, spec: models.Population, base: Path) -> Iterator[Finding]:
    """Compare where the commuters of each listed town work with the table they follow, else with its towns' own shares."""
    people, places, towns = settlement.people, network.places, network.towns
    works = _living_here(settlement, network) & (people.kind == PersonKind.COMMUTER) & (people.work >= 0)
    home, work = places.town[people.home[works]], people.work[works]
    inside = places.kind[work] != PlaceKind.BEYOND
    table, row = commuting_table(network, spec, base), town_rows(network)
    for town in np.flatnonzero(towns.listed):
        mine = home == town
        if not mine.any():
            continue
        kept = 100 * float(np.mean(inside[mine] & (places.town[work[mine]] == town)))
        name = str(towns.name[town])
        if table is None:
            published = _KEPT_2014.get(name.split(",")[0].casefold())
            source = "LODES 2014, in-state jobs" if published is not None else "gravity and jobs beyond: assumptions"
            yield Finding(f"{name}: work in their own town", "%", kept, published and 100 * published, 8, source)
            continue
        asked = table[row[town]]
        source = f"{Path(str(spec.commuting)).name}, {asked.sum():,.0f} jobs"
        yield Finding(f"{name}: work in their own town", "%", kept, 100 * asked[row[town]] / asked.sum(), 3, source)
        known = np.bincount(row[places.town[work[mine]]], minlength=len(towns)) / mine.sum()
        here = np.unique(row[places.town[places.kind == PlaceKind.WORK]])
        alike = 1 - 0.5 * _distance(known, asked / asked.sum(), here)
        yield Finding(f"{name}: jobs in the right town", "%", 100 * alike, 100, 5, source)


def _distance(ours: Float64, published: Float64, towns: Int64) -> float:
    """Return the sum of differences over towns with jobs, and between all that lies elsewhere."""
    one, other = ours[towns], published[towns]
    return float(np.abs(one - other).sum() + abs((1 - one.sum()) - (1 - other.sum())))


# --- repetition -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Record:
    """What the residents of some households drove over some weeks, trip for trip; who and how many they are."""

    day: Int64
    hour: Int64
    ordinary: Mask
    """Whether it was an ordinary weekday."""
    vehicle: Int64
    driver: Int64
    companion: Int64
    origin: Int64
    destination: Int64
    purpose: Int64
    drivers: Int64
    commuters: Int64
    vehicles: int
    home: Int64
    days: int

    def places(self, days: int = MONTH, least: int = 1) -> Int64:
        """Return, for each driver, the places gone to at least so often in the first `days`, in any seat; home among them."""
        early = self.day < days
        who = np.concatenate([self.driver[early], self.companion[early]])
        place = np.concatenate([self.destination[early], self.destination[early]])
        seat = who >= 0
        visits, times = np.unique(np.stack([who[seat], place[seat]]), axis=1, return_counts=True)
        often = visits[:, times >= least]
        away = often[1] != self.home[often[0]]
        return np.bincount(often[0][away], minlength=len(self.home))[self.drivers] + 1

    def repeated(self, *, within_hour: bool = False) -> float:
        """Return the share of a month's weekday trips whose vehicle drives the same way on another weekday trip."""
        rows = np.flatnonzero(self.ordinary & (self.day < MONTH))
        when = self.hour[rows] if within_hour else np.zeros(len(rows), np.int64)
        ways = np.stack([self.vehicle[rows], self.origin[rows], self.destination[rows], when])
        times = np.unique(ways, axis=1, return_counts=True)[1]
        return float(times[times > 1].sum() / max(1, times.sum()))

    def new(self) -> float:
        """Return the share of the last week's trips, those home apart, to a place the driver had not gone to before."""
        away = np.flatnonzero(self.purpose != Purpose.HOME)
        _, first = np.unique(np.stack([self.driver[away], self.destination[away]]), axis=1, return_index=True)
        late = self.day[away] >= self.days - 7  # trips are in order of day, so `first` is the first visit
        fresh = np.zeros(len(away), np.bool_)
        fresh[first] = True
        return float(np.sum(fresh & late) / max(1, np.sum(late)))

    def commutes(self) -> float:
        """Return the days a week on which a commuter who works away from home goes to work by car."""
        return len(self._work_days()[0]) / max(1, len(self.commuters)) / (self.days / 7)

    def weekend_work(self, weekend: Mask) -> float:
        """Return the share of commutes on days of the weekend."""
        _, day = self._work_days()
        return float(np.mean(weekend[day])) if len(day) else 0.0

    def _work_days(self) -> NDArray[Any]:
        rows = np.flatnonzero((self.purpose == Purpose.WORK) & np.isin(self.driver, self.commuters))
        return np.unique(np.stack([self.driver[rows], self.day[rows]]), axis=1)

    def trips_a_day(self) -> Int64:
        """Return the trips of each vehicle on each day, zeros included."""
        made = np.unique(np.stack([self.vehicle, self.day]), axis=1, return_counts=True)[1]
        return np.concatenate([made, np.zeros(self.vehicles * self.days - len(made), np.int64)])


def _follow(
    settlement: Settlement, network: Network, spec: models.Population, *, seed: int, start: date, weeks: int
) -> _Record:
    """Record the trips of every resident household, or of a fair sample of `HOUSEHOLDS`."""
    if weeks < MONTH // 7:
        raise ValueError(f"repetition is measured over a month: weeks must be at least {MONTH // 7}, not {weeks}")
    people, vehicles = settlement.people, settlement.vehicles
    number = int(people.household[-1]) + 1 if len(people) else 0
    key = np.zeros(number, np.uint64)
    key[people.household[::-1]] = people.key[::-1]
    luck = uniform(draw(stream(seed, "whose weeks are followed"), key))
    living = np.zeros(number, np.bool_)
    living[people.household[_living_here(settlement, network)]] = True
    asked = living & (luck < HOUSEHOLDS / max(1, int(living.sum())))
    of_theirs = asked[people.household]
    car = (vehicles.kind == VehicleKind.RESIDENT) & np.append(asked, False)[vehicles.household]
    parts = []
    for day in range(7 * weeks):
        driven = trips(settlement, network, spec, seed=seed, day=day, start=start)
        driven = driven.take(car[driven.vehicle])
        on = date_of(spec.calendar, start, day)
        parts.append((
            np.full(len(driven), day), (driven.depart - day * DAY + DAY_STARTS) // 3600 % 24,
            np.full(len(driven), on.weekday < 5 and not on.holiday and on.term), driven.vehicle, driven.driver,
            driven.companion, driven.origin, driven.destination, driven.purpose,
        ))  # fmt: skip
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    drives = of_theirs & (people.vehicle >= 0)
    junction = network.places.junction
    far = drives & (people.kind == PersonKind.COMMUTER) & (people.work >= 0)
    far &= junction[people.work] != junction[people.home]
    return _Record(
        *(column if column.dtype == np.bool_ else column.astype(np.int64) for column in columns),
        drivers=np.flatnonzero(drives), commuters=np.flatnonzero(far), vehicles=int(car.sum()),
        home=people.home.astype(np.int64), days=7 * weeks,
    )  # fmt: skip


def _repetition(record: _Record) -> Iterator[Finding]:
    month = f"{MONTH} days"
    yield Finding(f"places a driver goes to in {month}", "mean", record.places().mean(), None, 0, ASSUMPTION)
    yield Finding(
        f"places a driver goes to in {month}", "median", float(np.median(record.places())), None, 0, ASSUMPTION
    )
    hong = "Hong et al. 2023 (Transportation Research C): places a private vehicle keeps going to, Switzerland"
    yield Finding("places driven to twice or more in 5 weeks", "mean", record.places(35, 2).mean(), 7, 2, hong)
    cuttone = "Cuttone et al. 2018 (EPJ Data Science): 20–25 % of moves, all modes, students; ours is lower by choice"
    yield Finding("last week's trips to a new place", "%", 100 * record.new(), 22.5, 15, cuttone)
    yield Finding("weekday trips on a repeated way", "%", 100 * record.repeated(), None, 0, ASSUMPTION)
    yield Finding(
        "weekday trips on a repeated way and hour", "%", 100 * record.repeated(within_hour=True), None, 0, ASSUMPTION
    )
    time_use = "American Time Use Survey 2017–18: usual days of work, at home or not"
    yield Finding("days a week a commuter commutes", "", record.commutes(), 4.77, 0.8, time_use)
    made = record.trips_a_day()
    yield Finding("trips a vehicle", "a day", float(made.mean()), None, 0, "trips a driver and vehicles a person")
    for name, few in (("none", made == 0), ("1 or 2", (made > 0) & (made < 3)), ("3 or 4", (made > 2) & (made < 5))):
        yield Finding(f"days on which a vehicle makes {name}", "%", 100 * float(few.mean()), None, 0, ASSUMPTION)
    yield Finding("days on which a vehicle makes 5 or more", "%", 100 * float(np.mean(made > 4)), None, 0, ASSUMPTION)
