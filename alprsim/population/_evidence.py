"""How a synthetic population compares with published figures, and how strictly it repeats itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

from alprsim.population import _figures as figures
from alprsim.population._calendar import date_of
from alprsim.population._choice import commuting_table, town_rows
from alprsim.population._day import trips
from alprsim.population._repetition import FITTED, INDEPENDENT, INPUT, Finding, findings, follow, living_here
from alprsim.population._ways import quickest
from alprsim.randomness import draw, stream
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
ASKED = 1000  # trips whose quickest way is looked for: a mean to within 3 %

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
    record = follow(settlement, network, spec, seed=seed, start=start, weeks=weeks)
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
        *findings(record),
    )


def table(findings: Iterable[Finding]) -> str:
    """Write findings as a table for people: ours, published, within which tolerance, what that proves, and by whom."""
    lines = [f"{'':46} {'':16} {'ours':>8} {'published':>9}  within  {'basis':11}  source"]
    for f in findings:
        published = "" if f.published is None else f"{f.published:.2f}"
        within = {True: f"± {f.tolerance:g}", False: "NO", None: "–"}[f.within]
        lines.append(f"{f.what:46} {f.unit:16} {f.ours:8.2f} {published:>9}  {within:6}  {f.basis:11}  {f.source}")
    return "\n".join(lines)


# --- what people are and do -------------------------------------------------------------------------------------------


def _residents(settlement: Settlement, driven: Trips) -> Trips:
    return driven.take(settlement.vehicles.kind[driven.vehicle] == VehicleKind.RESIDENT)


def _households(settlement: Settlement, network: Network) -> Iterator[Finding]:
    people, vehicles = settlement.people, settlement.vehicles
    here = living_here(settlement, network)
    own = vehicles.household[vehicles.kind == VehicleKind.RESIDENT]
    households = len(np.unique(people.household[here]))
    adults = float(np.mean(people.kind[here] != PersonKind.CHILD))
    yield Finding("adults", "% of people", 100 * adults, 79.6, 1, "ACS 2023, Connecticut, aged 18 or more", FITTED)
    carless = 100 * (1 - len(np.unique(own)) / households)
    yield Finding("households without a vehicle", "%", carless, 8.6, 3, "ACS 2023, Connecticut", INDEPENDENT)
    plates = "3,023,124 plates (2019) over about 3.6 M people"
    yield Finding("vehicles a person", "", len(own) / int(here.sum()), 0.84, 0.03, plates, INPUT)


def _rates(settlement: Settlement, network: Network, days: list[Trips]) -> Iterator[Finding]:
    people = settlement.people
    here = living_here(settlement, network)
    drivers = int(np.sum(here & (people.vehicle >= 0)))
    a_day = sum(len(day) for day in days) / 7
    yield Finding("vehicle trips a driver", "a day", a_day / drivers, 2.7, 0.2, _NHTS, INPUT)
    household = "NHTS 2017: 1,865 vehicle trips a household in a year (US Department of Energy, 2018)"
    yield Finding(
        "vehicle trips a household",
        "a day",
        a_day / len(np.unique(people.household[here])),
        1865 / 365,
        0.5,
        household,
        INDEPENDENT,
    )
    idle = 100 * (1 - sum(len(np.unique(day.driver)) for day in days) / 7 / drivers)
    yield Finding("drivers who do not drive on a day", "%", idle, 32, 5, _AAA, FITTED)
    work = np.concatenate([day.companion[day.purpose == Purpose.WORK] for day in days])
    yield Finding(
        "commutes with a companion",
        "%",
        100 * float(np.mean(work >= 0)),
        8.2,
        3,
        "Connecticut, press on Census figures",
        INPUT,
    )


def _hours(middle: Trips, saturday: Trips, m: int, s: int) -> Iterator[Finding]:
    for name, table, day, number in (
        ("Wednesday", figures.WEDNESDAY, middle, m),
        ("Saturday", figures.SATURDAY, saturday, s),
    ):
        ours, published = _profile(day, number), np.array(table) / sum(table)
        alike = 100 * (1 - 0.5 * float(np.abs(ours - published).sum()))
        yield Finding(
            f"{name}'s trips in the same hour", "%", alike, 100, 15, f"{_NT3}: overlap with its profile", FITTED
        )
        peak = int(np.argmax(published))
        yield Finding(
            f"{name}'s trips from {peak} to {peak + 1} h",
            "%",
            100 * ours[peak],
            100 * published[peak],
            2,
            _NT3,
            FITTED,
        )
        if name == "Wednesday":
            yield Finding("Wednesday's trips from 7 to 8 h", "%", 100 * ours[7], 100 * published[7], 2, _NT3, FITTED)
    ratio = sum(figures.SATURDAY) / sum(figures.WEDNESDAY)
    yield Finding("Saturday's trips for one of Wednesday", "", len(saturday) / len(middle), ratio, 0.06, _NT3, FITTED)


def _profile(driven: Trips, day: int) -> Float64:
    clock = (driven.depart - day * DAY + DAY_STARTS) // 3600 % 24
    return np.bincount(clock, minlength=24) / max(1, len(driven))


def _lengths(network: Network, settlement: Settlement, driven: Trips, seed: int) -> Iterator[Finding]:
    junction = network.places.junction
    for name, mask in (("", driven.purpose >= 0), ("commute", driven.purpose == Purpose.WORK)):
        rows = np.flatnonzero(mask)
        luck = draw(stream(seed, "whose way is looked for"), settlement.vehicles.key[driven.vehicle[rows]], rows)
        rows = rows[np.argsort(luck)[:ASKED]]
        km, minutes = quickest(network.roads, junction[driven.origin[rows]], junction[driven.destination[rows]])
        joined = np.isfinite(minutes)
        rows, km, minutes = rows[joined], km[joined], minutes[joined]
        if not len(rows):
            continue
        beyond = network.places.kind[driven.destination[rows]] == PlaceKind.BEYOND
        if name == "commute":
            yield Finding(
                "a commute, to the gateway if beyond", "km", float(km.mean()), 12.1 * MILE, 4, _COMMUTE, INDEPENDENT
            )
            yield Finding(
                "a commute, to the gateway if beyond",
                "min, free flow",
                float(minutes.mean()),
                23.3,
                5,
                _COMMUTE,
                INDEPENDENT,
            )
            yield Finding(
                "the same, Connecticut",
                "min, free flow",
                float(minutes.mean()),
                25.4,
                5,
                "ACS 2012 to 2017, press",
                INDEPENDENT,
            )
            short = 100 * float(np.mean(minutes < 15))
            yield Finding("commutes under 15 minutes", "%", short, 28.9, 8, _CTPP, INDEPENDENT)
            yield Finding("commutes that end beyond", "%", 100 * float(beyond.mean()), None, 0, "the world simulated")
        else:
            yield Finding("a trip", "km", float(km.mean()), 2298 / 233 * MILE, 4, _BTS, FITTED)
            short = 100 * float(np.mean(km < 2 * MILE))
            yield Finding(
                "trips under 2 miles", "%", short, 35, 8, "NHTS 2017: more than 35 % (Slate, May 2018)", FITTED
            )


def _commuting(settlement: Settlement, network: Network, spec: models.Population, base: Path) -> Iterator[Finding]:
    """Compare where the commuters of each listed town work with the table they follow, else with its towns' own shares."""
    people, places, towns = settlement.people, network.places, network.towns
    works = living_here(settlement, network) & (people.kind == PersonKind.COMMUTER) & (people.work >= 0)
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
            town_name = name.split(",")[0].casefold()
            published = _KEPT_2014.get(town_name)
            basis = "" if published is None else FITTED if town_name == "danbury" else INDEPENDENT  # `JOBS_BEYOND`
            source = "LODES 2014, in-state jobs" if published is not None else "gravity and jobs beyond: assumptions"
            yield Finding(f"{name}: work in their own town", "%", kept, published and 100 * published, 8, source, basis)
            continue
        asked = table[row[town]]
        source = f"{Path(str(spec.commuting)).name}, {asked.sum():,.0f} jobs"
        yield Finding(
            f"{name}: work in their own town", "%", kept, 100 * asked[row[town]] / asked.sum(), 3, source, INPUT
        )
        known = np.bincount(row[places.town[work[mine]]], minlength=len(towns)) / mine.sum()
        here = np.unique(row[places.town[places.kind == PlaceKind.WORK]])
        alike = 1 - 0.5 * _distance(known, asked / asked.sum(), here)
        yield Finding(f"{name}: jobs in the right town", "%", 100 * alike, 100, 5, source, INPUT)


def _distance(ours: Float64, published: Float64, towns: Int64) -> float:
    """Return the sum of differences over towns with jobs, and between all that lies elsewhere."""
    one, other = ours[towns], published[towns]
    return float(np.abs(one - other).sum() + abs((1 - one.sum()) - (1 - other.sum())))
