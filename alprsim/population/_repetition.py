"""How strictly a synthetic population repeats itself from day to day: what retention results hang on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.population._calendar import date_of
from alprsim.population._choice import Mask
from alprsim.population._day import trips
from alprsim.population._settle import settle
from alprsim.randomness import draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    DAY_STARTS,
    Int32,
    Int64,
    Network,
    PersonKind,
    PlaceKind,
    Purpose,
    Settlement,
    VehicleKind,
)

MONTH = 28  # days
HOUSEHOLDS = 8000  # whose weeks are followed where there are more
ASSUMPTION = "assumption"
INPUT, FITTED, INDEPENDENT = "input", "fitted", "independent"
"""What a figure beside a published one proves: nothing but that a key does what it says; that the keys or profiles shaped by
hand to the published one fit it; something about the model, of which nothing was set by it."""


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
    basis: str = ""
    """`INPUT`, `FITTED` or `INDEPENDENT`; empty where nothing was published."""

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


def repetition(
    settlement: Settlement, network: Network, spec: models.Population, *, seed: int, start: date, weeks: int = 5
) -> tuple[Finding, ...]:
    """Measure how strictly residents repeat themselves over some weeks, 4 or more: what retention results hang on."""
    return tuple(findings(follow(settlement, network, spec, seed=seed, start=start, weeks=weeks)))


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
        record = follow(settlement, network, varied, seed=seed, start=start, weeks=4)
        there, ways, hours = record.places().mean(), record.repeated(), record.repeated(within_hour=True)
        rows.append(Variation(chance, stray, late, there, ways, hours, record.new(), record.commutes()))
    return tuple(rows)


def living_here(settlement: Settlement, network: Network) -> Mask:
    return np.asarray(network.places.kind[settlement.people.home] == PlaceKind.HOME)


@dataclass(frozen=True)
class Record:
    """What the residents of some households drove over some weeks, trip for trip; who and how many they are."""

    day: Int64
    hour: Int64
    ordinary: Mask
    """Whether it was a weekday in term and no holiday."""
    vehicle: Int32
    driver: Int32
    companion: Int32
    origin: Int32
    destination: Int32
    purpose: NDArray[np.int8]
    drivers: Int64
    commuters: Int64
    vehicles: int
    home: Int32
    """Of everyone."""
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
        return int((fresh & late).sum()) / max(1, int(late.sum()))

    def commutes(self) -> float:
        """Return the days a week on which a commuter who works away from home goes to work by car."""
        rows = np.flatnonzero((self.purpose == Purpose.WORK) & np.isin(self.driver, self.commuters))
        days = int(np.unique(np.stack([self.driver[rows], self.day[rows]]), axis=1).shape[1])
        return days / max(1, len(self.commuters)) / (self.days / 7)

    def trips_a_day(self) -> Int64:
        """Return the trips of each vehicle on each day, zeros included."""
        made = np.unique(np.stack([self.vehicle, self.day]), axis=1, return_counts=True)[1]
        return np.concatenate([made, np.zeros(self.vehicles * self.days - len(made), np.int64)])


def follow(
    settlement: Settlement, network: Network, spec: models.Population, *, seed: int, start: date, weeks: int
) -> Record:
    """Record the trips of every resident household, or of a fair sample of `HOUSEHOLDS`."""
    if weeks < MONTH // 7:
        raise ValueError(f"repetition is measured over a month: weeks must be at least {MONTH // 7}, not {weeks}")
    people, vehicles = settlement.people, settlement.vehicles
    number = int(people.household[-1]) + 1 if len(people) else 0
    key = np.zeros(number, np.uint64)
    key[people.household[::-1]] = people.key[::-1]
    luck = uniform(draw(stream(seed, "whose weeks are followed"), key))
    living = np.zeros(number, np.bool_)
    living[people.household[living_here(settlement, network)]] = True
    asked = living & (luck < HOUSEHOLDS / max(1, int(living.sum())))
    car = (vehicles.kind == VehicleKind.RESIDENT) & np.append(asked, False)[vehicles.household]
    parts: list[dict[str, Any]] = []
    for day in range(7 * weeks):
        driven = trips(settlement, network, spec, seed=seed, day=day, start=start)
        driven = driven.take(car[driven.vehicle])
        on, columns = date_of(spec.calendar, start, day), driven.data()
        columns["day"] = np.full(len(driven), day)
        columns["hour"] = (columns.pop("depart") - day * DAY + DAY_STARTS) // 3600 % 24
        columns["ordinary"] = np.full(len(driven), on.weekday < 5 and on.term and not on.holiday)
        parts.append(columns)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    drives = asked[people.household] & (people.vehicle >= 0)
    junction = network.places.junction
    far = drives & (people.kind == PersonKind.COMMUTER) & (people.work >= 0)
    far &= junction[people.work] != junction[people.home]
    return Record(
        **joined, drivers=np.flatnonzero(drives), commuters=np.flatnonzero(far), vehicles=int(car.sum()),
        home=people.home, days=7 * weeks,
    )  # fmt: skip


def findings(record: Record) -> Iterator[Finding]:
    month = f"{MONTH} days"
    yield Finding(f"places a driver goes to in {month}", "mean", record.places().mean(), None, 0, ASSUMPTION)
    yield Finding(
        f"places a driver goes to in {month}", "median", float(np.median(record.places())), None, 0, ASSUMPTION
    )
    hong = "Hong et al. 2023 (Transportation Research C): places a private vehicle keeps going to, Switzerland"
    yield Finding(
        "places driven to twice or more in 5 weeks", "mean", record.places(35, 2).mean(), 7, 2, hong, INDEPENDENT
    )
    cuttone = "Cuttone et al. 2018 (EPJ Data Science): 20–25 % of moves, all modes, students; ours is lower by choice"
    yield Finding("last week's trips to a new place", "%", 100 * record.new(), 22.5, 15, cuttone, INDEPENDENT)
    yield Finding("weekday trips on a repeated way", "%", 100 * record.repeated(), None, 0, ASSUMPTION)
    yield Finding(
        "weekday trips on a repeated way and hour", "%", 100 * record.repeated(within_hour=True), None, 0, ASSUMPTION
    )
    time_use = "American Time Use Survey 2017–18: usual days of work, at home or not"
    yield Finding("days a week a commuter commutes", "", record.commutes(), 4.77, 0.8, time_use, INPUT)
    made = record.trips_a_day()
    yield Finding("trips a vehicle", "a day", float(made.mean()), None, 0, "trips a driver and vehicles a person")
    few = np.bincount(np.minimum(made, 5), minlength=6) / max(1, len(made))
    for name, share in (
        ("none", few[0]),
        ("1 or 2", few[1:3].sum()),
        ("3 or 4", few[3:5].sum()),
        ("5 or more", few[5]),
    ):
        yield Finding(f"days on which a vehicle makes {name}", "%", 100 * float(share), None, 0, ASSUMPTION)
