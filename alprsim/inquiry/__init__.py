"""Every policy is asked of the same reads: the cases, what each viewer holds at each moment, and the tidy answers.

A case is one (policy, step of the ladder, viewer, sight). Cases that can obtain the same reads share the work. A *family* of
measures counts one vehicle's reads at a time, bucket by bucket; what needs everybody's reads is asked of all at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from alprsim import hotlists, records, sight
from alprsim.days import Tell
from alprsim.experiment import Simulated, World
from alprsim.inquiry import (
    _apart,
    _audience,
    _company,
    _linkability,
    _lookbacks,
    _names,
    _portals,
    _prediction,
    _unique,
    _week,
)
from alprsim.inquiry._answer import AUDIENCE as AUDIENCE
from alprsim.inquiry._answer import ask_answer as ask_answer
from alprsim.inquiry._answer import subset_name as subset_name
from alprsim.inquiry._asked import SO_FAR as SO_FAR
from alprsim.inquiry._asked import Asked, Counting, Family, Lenses, Look, middles
from alprsim.inquiry._cases import SIGHTS, cases
from alprsim.inquiry._distribution import Distribution
from alprsim.inquiry._equity import Equity
from alprsim.inquiry._gaps import Gaps
from alprsim.inquiry._granted import expected
from alprsim.inquiry._homes import Homes
from alprsim.inquiry._lives import Lives
from alprsim.inquiry._lookbacks import WITH_HOLDS as WITH_HOLDS
from alprsim.inquiry._lookbacks import WITH_LEADS as WITH_LEADS
from alprsim.inquiry._nights import Nights
from alprsim.inquiry._paths import Ways
from alprsim.inquiry._portals import PORTAL_DAYS as PORTAL_DAYS
from alprsim.inquiry._position import Position
from alprsim.inquiry._visits import Visits
from alprsim.measures import question, retention, spans, wheel
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.store import Store
from alprsim.tables import Measured, Reads

BY_VEHICLE: dict[str, Callable[[Asked, Lenses], Family]] = {
    "distribution": Distribution,
    "gaps": Gaps,
    "homes": Homes,
    "paths": Ways,
    "position": Position,
    "equity": Equity,
    "nights": Nights,
    "visits": Visits,
}
"""Families of measures.families that count a vehicle at a time."""

OF_EVERYBODY: dict[str, Callable[[Asked, Reads], list[Measured]]] = {
    "uniqueness": _unique.ask,
    "linkability": _linkability.ask,
    "company": _company.ask,
    "prediction": _prediction.ask,
    "resolution": _unique.ask_resolution,
    "sets": _unique.ask_sets,
    "worst_case": _unique.ask_worst_case,
}
"""Those that need everybody's reads at once, and so exist for bulk sight only."""


def ask(loaded: Loaded, world: World, done: Simulated, *, seed: int, folder: Path, tell: Tell) -> Measured:
    """Ask every case of one seed's reads; what the baseline's viewer sees of each vehicle goes to ``exposure.parquet``."""
    settlement, network = done.settlement, world.network
    people = question.residents(settlement.vehicles, settlement.people, network.places, network.towns)
    told = records.sort(
        {name: policy.custody for name, policy in loaded.policies.items()}, world.agencies, done.placement.cameras,
        done.placement.sites, network, alerts=folder / "alerts.parquet" if done.lists else None, seed=seed,
    )  # fmt: skip
    asked = Asked(loaded, world, done, seed, people, told, folder)
    whole = cases(loaded, world)
    parts = [part for case in whole if case.sight in SIGHTS for part in sight.by_source(case, world.agencies)]
    every = Lenses.of([*whole, *parts], told.streams)
    all_reads = every.only(sight.ALL)
    lives = Lives(asked, every)
    wanted = loaded.scenario.measures.families
    groups = _apart.Apart(asked, all_reads, wanted)
    named: dict[str, Family] = {
        str(name): groups.counted.get(name) or make(asked, all_reads)
        for name, make in BY_VEHICLE.items() if name in wanted
    }  # fmt: skip
    others = list(named.values())
    kept = Store(folder)
    _ask_buckets(asked, every, [lives, *others, groups], kept, tell)
    lives.save()
    reads = kept.reads()
    crowd: list[Measured] = []
    for name in (name for name in OF_EVERYBODY if name in wanted):
        tell(name, 0)
        crowd += OF_EVERYBODY[name](asked, reads)
    tell("look-backs", 0)
    whose = {question.VEHICLES: lives.residents, question.PEOPLE: lives.people}
    answered = _lookbacks.ask(asked, all_reads, kept, reads, whose)
    _portals.save(asked, reads)
    tell("a week", 0)
    _week.save(asked, all_reads.certain(), kept, reads)
    owners = np.unique(done.placement.cameras.agency).tolist()
    wide = [case for case in whole if case.least == 0]
    effective = retention.rows(wide, world.agencies, with_cameras=owners, seed=seed, lists=done.lists is not None)
    lived = expected(question.join([*lives.rows(), answered]), whole)
    counted = _under_names(asked, whole, named, groups, kept, tell)
    able = _audience.ask(loaded, world, owners, seed=seed, lists=done.lists is not None)
    return question.join([effective, able, lived, *counted, *crowd, *_alerted(asked)])


def _under_names(
    asked: Asked, whole: list[Case], named: dict[str, Family], groups: _apart.Apart, kept: Store, tell: Tell
) -> list[Measured]:  # fmt: skip
    """Return what every family counted, groups of lives apart; where pseudonyms stand for plates, by them or not at all."""
    tables = {name: [expected(rows, whole) for rows in family.rows()] for name, family in named.items()}
    counted = [rows for of_family in tables.values() for rows in of_family]
    counted += groups.rows(
        tables, {name: one for name, one in named.items() if isinstance(one, (Ways, Position))}
    )  # fmt: skip
    hidden = _names.hidden(whole)
    if not hidden:
        return counted
    instead: list[Measured] = []
    if "homes" in named:
        homes = _names.Named(asked, hidden)
        _ask_buckets(asked, homes.every, [homes], kept, tell)
        instead = homes.rows()
    by_plate = {
        str(one) for name in _names.BY_PLATE for rows in tables.get(name, ()) for one in np.unique(rows.measure)
    }
    return _names.told(counted, hidden, sorted(by_plate), instead)


def _ask_buckets(asked: Asked, every: Lenses, families: Sequence[Counting], kept: Store, tell: Tell) -> None:
    """Show every family each bucket through each lens at each moment."""
    questions = asked.questions(every.lenses)
    of_listed = dataclasses.replace(asked, listed=True).questions(every.lenses)
    centres = [middles(asked, lens) for lens in every.lenses]
    for number in range(len(kept)):
        tell("measures", number / len(kept))
        opened = question.open_bucket(kept.bucket(number))
        stream = asked.records.of(opened.bucket.reads)
        driven = question.by_driver(opened, asked.people)
        drivers = wheel.wheel(opened.bucket, asked.people, asked.keepers)
        for n, lens in enumerate(every.lenses):
            seen = question.coarsened(opened, stream, lens.seen, centres[n])
            for m, row in enumerate(questions):
                known = lens.known(stream, opened.bucket.reads.time, row[n].moment)
                if lens.routes is not None:
                    seen = question.coarsened(opened, known, lens.seen, centres[n])
                masks = question.held(row[n], opened.bucket.reads, stream)
                dated = spans.dated(masks, opened.bucket.reads.time, known, lens.seen)
                look = Look(m, n, row[n], of_listed[m][n], opened, seen, driven, drivers, stream, known, masks, dated)
                for family in families:
                    family.add(look)


def _alerted(asked: Asked) -> list[Measured]:
    """Return the rows of the hot lists, which no case changes: alerts are decided when plates are read."""
    done, length = asked.done, asked.loaded.scenario.length
    if done.lists is None or done.alerts is None:
        return []
    vehicles = done.settlement.vehicles
    return [hotlists.rows(done.alerts, done.lists, asked.world.agencies, vehicles, length=length, seed=asked.seed)]
