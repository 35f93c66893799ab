"""Every policy is asked of the same reads: the cases, what each viewer holds at each moment, and the tidy answers.

A case is one (policy, step of the ladder, viewer, sight). Cases that can obtain the same reads share the work.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alprsim import hotlists, parquet, records, sight, utility
from alprsim.days import Tell
from alprsim.experiment import Simulated, World
from alprsim.inquiry._answer import AUDIENCE as AUDIENCE
from alprsim.inquiry._answer import ask_answer as ask_answer
from alprsim.inquiry._answer import subset_name as subset_name
from alprsim.inquiry._cases import SIGHTS, Named, cases, expected, label
from alprsim.kernels import ladder
from alprsim.measures import completeness, places, question, retention, uniqueness
from alprsim.measures.question import Answer, Question, Residents
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.store import Store
from alprsim.tables import AS_WRITTEN, DAY, ROVING, UNLIMITED, AgencyKind, Int32, Measured, Reads

SO_FAR = "_so_far"
"""Ends the name of a statistic of everything held that counts what the simulated time holds, even where the window is
longer: what has no steady state is reported against elapsed time, and is a lower bound."""

PORTAL_DAYS = 30
"""Over which agencies' transparency portals count the vehicles detected."""

Sums = TypeVar("Sums", places.Sums, uniqueness.Sums)


class _Lenses(NamedTuple):
    """Some of the cases, their lenses, and where each case stands in them."""

    cases: list[Case]
    lenses: list[sight.Lens]
    place: Int32

    @classmethod
    def of(cls, cases: list[Case], streams: sight.Streams) -> _Lenses:
        return cls(cases, *sight.lenses(cases, streams))

    def only(self, reads: str) -> _Lenses:
        """Return the cases of one kind of reads, with the lenses up to the last that they need: few for the first kind."""
        return self._some([case.reads == reads for case in self.cases])

    def certain(self) -> _Lenses:
        """Return the cases that hang on nobody's grant."""
        return self._some([case.sight in SIGHTS for case in self.cases])

    def named(self) -> list[Named]:
        """Return the cases as rows of the tidy table name them: those that hang on a grant by the draw they stand for."""
        return [label(case) for case in self.cases]

    def _some(self, wanted: list[bool]) -> _Lenses:
        rows = np.array(wanted, np.bool_)
        place = self.place[rows]
        cases = [case for case, yes in zip(self.cases, wanted, strict=True) if yes]
        return _Lenses(cases, self.lenses[: int(place.max(initial=-1)) // 64 + 1], place)


class _Lives(NamedTuple):
    """What was counted of lives, a lens each: by vehicle, those from elsewhere apart, and by driver."""

    vehicles: list[completeness.Sums]
    people: list[completeness.Sums]


class _Asked(NamedTuple):
    """One seed's world, ready to be asked."""

    loaded: Loaded
    world: World
    done: Simulated
    seed: int
    people: Residents
    records: records.Records

    def questions(self, lenses: Sequence[sight.Lens]) -> list[list[Question]]:
        """Put every lens at every query moment: a row a moment."""
        asked, group = self.loaded.scenario.measures, self.records.group.astype(np.int16)
        return [
            [question.ask(lens.at(moment), group, moment=moment, horizon=asked.horizon) for lens in lenses]
            for moment in asked.moments
        ]


def ask(loaded: Loaded, world: World, done: Simulated, *, seed: int, folder: Path, tell: Tell) -> Measured:
    """Ask every case of one seed's reads; what the baseline's viewer sees of each vehicle goes to ``exposure.parquet``."""
    settlement, network = done.settlement, world.network
    people = question.residents(settlement.vehicles, settlement.people, network.places, network.towns)
    told = records.sort(
        {name: policy.custody for name, policy in loaded.policies.items()}, world.agencies, done.placement.cameras,
        done.placement.sites, network, alerts=folder / "alerts.parquet" if done.lists else None, seed=seed,
    )  # fmt: skip
    asked = _Asked(loaded, world, done, seed, people, told)
    whole = cases(loaded, world)
    parts = [part for case in whole if case.sight in SIGHTS for part in sight.by_source(case, world.agencies)]
    every = _Lenses.of([*whole, *parts], told.streams)
    kept = Store(folder)
    lives, homes = _ask_buckets(asked, every, kept, folder, tell)
    reads = kept.reads()
    tell("uniqueness", 0)
    unique = _ask_uniqueness(asked, reads)
    tell("look-backs", 0)
    residents = [sums.of(slice(len(people.towns))) for sums in lives.vehicles]
    answered = _ask_lookback(asked, every.only(sight.ALL), kept, reads, residents)
    _save_portals(asked, reads, folder)
    owners = np.unique(done.placement.cameras.agency).tolist()
    wide = [case for case in whole if case.least == 0]
    effective = retention.rows(wide, world.agencies, with_cameras=owners, seed=seed)
    lived = expected(question.join([*_lived(lives, every, asked), answered]), whole)
    return question.join([effective, lived, *homes, *unique, *_alerted(asked)])


def _alerted(asked: _Asked) -> list[Measured]:
    """Return the rows of the hot lists, which no case changes: alerts are decided when plates are read."""
    done, length = asked.done, asked.loaded.scenario.length
    if done.lists is None or done.alerts is None:
        return []
    vehicles = done.settlement.vehicles
    return [hotlists.rows(done.alerts, done.lists, asked.world.agencies, vehicles, length=length, seed=asked.seed)]


def _lived(lives: _Lives, every: _Lenses, asked: _Asked) -> list[Measured]:
    """Return the rows of completeness: by town for all reads, and for all towns together by whose reads they are."""
    towns, whole = asked.people.towns, every.only(sight.ALL)
    of_towns = [sums.of(slice(len(towns))) for sums in lives.vehicles]

    def rows(sums: list[completeness.Sums], part: _Lenses, names: Sequence[str], who: str) -> Measured:
        moments = asked.loaded.scenario.measures.moments
        return completeness.rows(sums, part.place, part.named(), names, moments=moments, seed=asked.seed, who=who)

    answers = [rows(of_towns, whole, towns, question.VEHICLES), rows(lives.people, whole, towns, question.PEOPLE)]
    for group, who in enumerate(question.APART, len(towns)):
        answers.append(rows([sums.of(slice(group, group + 1)) for sums in lives.vehicles], whole, (), who))
    return answers + [rows(of_towns, every.only(source), (), question.VEHICLES) for source in sight.SOURCES]


def _ask_buckets(asked: _Asked, every: _Lenses, kept: Store, folder: Path, tell: Tell) -> tuple[_Lives, list[Measured]]:
    """Ask what needs one vehicle's, or one driver's, reads at a time: bucket by bucket, all moments and lenses."""
    world, done, study = asked.world, asked.done, asked.loaded.scenario
    junctions, vehicles = world.network.junctions, done.settlement.vehicles
    spots = {
        "sites": places.site_spots(done.placement.sites, world.network.roads, junctions),
        "home": places.homes(vehicles, world.network.places, junctions),
        "work": places.works(vehicles, done.settlement.people, world.network.places, junctions),
    }
    questions, towns = asked.questions(every.lenses), len(asked.people.towns)
    whole = every.only(sight.ALL)
    sure = whole.certain()
    lives = _Lives(
        *([completeness.empty(n, len(questions)) for _ in every.lenses] for n in (towns + len(question.APART), towns))
    )
    homes = [
        [places.empty(asked.people, within=study.measures.near_home, days=study.length // DAY) for _ in whole.lenses]
        for _ in questions
    ]
    exposed: list[completeness.Exposure] = []
    lens_shown, bit_shown = divmod(int(whole.place[_shown(asked.loaded, whole.cases)]), 64)
    for number in range(len(kept)):
        tell("measures", number / len(kept))
        opened = question.open_bucket(kept.bucket(number))
        stream = asked.records.of(opened.bucket.reads)
        group = question.groups_of_vehicles(asked.people, opened.bucket.vehicle)
        driven = question.by_driver(opened, asked.people)
        group_of_driver = question.groups_of_drivers(asked.people, driven.opened.bucket.vehicle)
        for m, row in enumerate(questions):
            for n, put in enumerate(row):
                masks = question.held(put, opened.bucket.reads, stream)
                completeness.add(lives.vehicles[n], opened, masks, put, group, moment=m)
                completeness.add(lives.people[n], driven.opened, masks[driven.read], put, group_of_driver, moment=m)
                if n < len(whole.lenses):
                    places.add(
                        homes[m][n],
                        opened,
                        masks,
                        _so_far(put),
                        asked.people,
                        **spots,
                        first_weekday=study.start.weekday(),
                    )
                if m == len(questions) - 1 and n == lens_shown:
                    exposed.append(completeness.exposure(opened, masks, put, asked.people, bit=bit_shown))
    _save_exposure(exposed, asked, folder)
    rows = [
        _of_all_moments(homes, questions, suffix, lambda sums: places.rows(
            sums, sure.place, sure.cases, asked.people, seed=asked.seed)) for suffix in ("", SO_FAR)
    ]  # fmt: skip
    return lives, rows


def _ask_uniqueness(asked: _Asked, reads: Reads) -> list[Measured]:
    """Ask what needs everybody's reads, and so exists for bulk sight only."""
    study, vehicles = asked.loaded.scenario.measures, asked.done.settlement.vehicles
    in_bulk = [case._replace(by_plate=False) for case in cases(asked.loaded, asked.world) if case.sight == "bulk"]
    bulk, of_read = _Lenses.of(in_bulk, asked.records.streams), asked.records.of(reads)
    targets = uniqueness.choose(vehicles, asked.people, study.unicity_targets, seed=asked.seed)
    keys = uniqueness.site_keys(asked.done.placement.sites, asked.done.placement.cameras)
    questions = asked.questions(bulk.lenses)
    found = [[uniqueness.empty(study.unicity_points) for _ in row] for row in questions]
    for sums, row in zip(found, questions, strict=True):
        for total, put in zip(sums, row, strict=True):
            uniqueness.add(
                total, reads, _so_far(put), targets=targets, vehicles=vehicles, site_key=keys,
                time_bin=study.unicity_bin, seed=asked.seed, streams=of_read,
            )  # fmt: skip
    return [
        _of_all_moments(found, questions, suffix, lambda sums: uniqueness.rows(
            sums, bulk.place, bulk.cases, seed=asked.seed)) for suffix in ("", SO_FAR)
    ]  # fmt: skip


def _ask_lookback(
    asked: _Asked, every: _Lenses, kept: Store, reads: Reads, lives: Sequence[completeness.Sums]
) -> Measured:
    """Ask what each case leaves for an investigation."""
    study, network = asked.loaded.scenario, asked.world.network
    truths = (kept.bucket(number).truth for number in range(len(kept)))
    stops = utility.incidents(
        truths, asked.done.settlement.vehicles, network.places, network.junctions, study.utility, seed=asked.seed,
        moments=study.measures.moments, horizon=study.measures.horizon,
    )  # fmt: skip
    where = utility.positions(asked.done.placement.sites, network.roads, network.junctions)
    scene = utility.surroundings(stops, where, study.utility)
    found = utility.find(scene, reads, asked.records.of(reads), every.lenses)
    answers = utility.answers(found, every.place)
    if any(np.any(case.access.rotation) for case in every.cases):  # who looks for whatever was there needs no plate
        blind = _Lenses.of([case._replace(by_plate=False) for case in every.cases], asked.records.streams)
        by_area = utility.find(scene, reads, asked.records.of(reads), blind.lenses)
        answers = answers._replace(area=utility.answers(by_area, blind.place).area)
    no_limit = _no_limit(every.cases)
    per_answer = utility.days_per_answer(_days_held(lives, every.place), answers.plate)
    rows: list[Answer] = []
    n = np.full((1, len(every.cases)), answers.n)

    def tell_apart(measure: str, unit: str, values: NDArray[np.float64], suffix: str = "") -> None:
        for shape, name in enumerate(study.utility.query_ages):
            rows.append(Answer(measure, name + suffix, unit, values[None, :, shape], n))

    for kind, answered, ever in (
        ("plate", answers.plate, answers.plate_ever), ("area", answers.area, answers.area_ever),
    ):  # fmt: skip
        tell_apart(f"lookback_{kind}", "share", question.ratio(answered, np.full(answered.shape, answers.n)))
        tell_apart(f"lookback_{kind}", "share", _against(answered, no_limit), "_of_no_limit")
        coverage = question.ratio(ever, np.full(len(ever), answers.n))
        tell_apart(f"lookback_{kind}", "share", np.broadcast_to(coverage, answered.shape), "_coverage")
    tell_apart("days_per_answer", "vehicle-days/answer", per_answer)
    return question.tidy(rows, every.named(), ["all"], seed=asked.seed)


def _of_all_moments(
    sums: list[list[Sums]], questions: list[list[Question]], suffix: str, rows: Callable[[list[Sums]], Measured]
) -> Measured:
    """Add the moments up, those outside the simulated time left out unless the statistic is of the time so far."""
    by_lens = []
    for lens in range(len(sums[0])):
        parts = [
            _times(row[lens], np.ones(64, np.bool_) if suffix else put[lens].measured)
            for row, put in zip(sums, questions, strict=True)
        ]
        by_lens.append(functools.reduce(_plus, parts))
    table = rows(by_lens)
    return dataclasses.replace(table, statistic=np.char.add(table.statistic, suffix)) if suffix else table


def _so_far(put: Question) -> Question:
    """Count a window that reaches back beyond the simulated time as if it ended there: the caller tells them apart."""
    return put._replace(window=np.minimum(put.window, put.moment).astype(np.int32))


def _times(sums: Any, mask: NDArray[np.bool_]) -> Any:
    """Multiply every array of a named tuple of sums."""
    return sums._make(part * mask if isinstance(part, np.ndarray) else part for part in sums)


def _plus(one: Any, other: Any) -> Any:
    """Add two named tuples of sums, array by array."""
    both = zip(one, other, strict=True)
    return one._make(a + b if isinstance(a, np.ndarray) else a for a, b in both)


def _days_held(lives: Sequence[completeness.Sums], place: Int32) -> NDArray[np.float64]:
    """Return the vehicle-days held in each case, over all moments; NaN where not every moment is measured."""
    held = question.of_cases([sums.totals[:, ladder.DAYS] for sums in lives], place)[-1]
    asked = question.of_cases([sums.lives[:, ladder.STOCK] for sums in lives], place)[-1]
    whole = question.of_cases([sums.lives[:, ladder.HORIZON] for sums in lives], place)[-1]
    return np.where(asked == whole, held.astype(np.float64), np.nan)


def _no_limit(found: Sequence[Case]) -> dict[int, int]:
    """Return for each case the same one without a limit, where the ladder has that step."""
    unlimited = {(c.policy, c.viewer, c.sight): i for i, c in enumerate(found) if c.retention == UNLIMITED}
    return {i: unlimited[key] for i, c in enumerate(found) if (key := (c.policy, c.viewer, c.sight)) in unlimited}


def _against(answered: NDArray[np.int64], no_limit: dict[int, int]) -> NDArray[np.float64]:
    if len(no_limit) < len(answered):
        return np.full(answered.shape, np.nan)
    rows = np.array([no_limit[i] for i in range(len(answered))], np.int32)
    return utility.against_no_limit(answered, rows)


def _shown(loaded: Loaded, found: Sequence[Case]) -> int:
    """Return the case whose distribution over vehicles is kept: the baseline as written, its consumer on request."""
    baseline = next(iter(loaded.policies.values()))
    kinds = {name: baseline.custody.agencies[viewer.agency].kind for name, viewer in baseline.viewers.items()}
    viewer = next((name for name, kind in kinds.items() if kind == AgencyKind.CONSUMER.name.lower()), next(iter(kinds)))
    names = [(case.policy, case.viewer, case.sight, case.retention) for case in found]
    return names.index((baseline.name, viewer, "request", AS_WRITTEN))


def _save_exposure(parts: Sequence[completeness.Exposure], asked: _Asked, folder: Path) -> None:
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in completeness.Exposure._fields}
    order = np.argsort(columns["vehicle"])
    town = asked.world.network.towns.name[asked.done.settlement.vehicles.town[columns["vehicle"][order]]]
    table = pa.table(
        {"vehicle": columns.pop("vehicle")[order], "town": town, **{k: v[order] for k, v in columns.items()}}
    )
    parquet.write(table, folder / "exposure.parquet")


def _save_portals(asked: _Asked, reads: Reads, folder: Path) -> None:
    """Write what agencies' transparency portals would say: different plates in the last 30 days, and over how many cameras.

    They are of cameras that stand: what patrol cars read is in no portal's count of cameras. A shorter run counts the days
    it has.
    """
    length = asked.loaded.scenario.length
    days = min(PORTAL_DAYS, length // DAY)
    cameras, sites = asked.done.placement.cameras, asked.done.placement.sites
    stands = ~np.isin(cameras.kind, ROVING)
    recent = (reads.time >= length - days * DAY) & (reads.time < length) & stands[sites.camera[reads.site]]
    owner = cameras.agency[sites.camera[reads.site[recent]]].astype(np.int64)
    pairs = np.unique(owner << 32 | reads.plate[recent])
    n = len(asked.world.agencies)
    table = {
        "agency": asked.world.agencies.name,
        "kind": asked.world.agencies.kind,
        "cameras": np.bincount(cameras.agency[stands], minlength=n),
        "days": np.full(n, days),
        "plates": np.bincount(pairs >> 32, minlength=n),
    }
    parquet.write(pa.table(table), folder / "portals.parquet")
