"""What only a scenario's answer asks: every subset of departments that opt out, and how many agencies can look at a read.

The subsets are asked of completeness and look-backs alone, as the baseline policy is written, so that hundreds of them
cost little more than a few policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alprsim import custody, records, sight, utility
from alprsim.days import Tell
from alprsim.experiment import Simulated, World
from alprsim.inquiry._cases import Named
from alprsim.measures import completeness, question, spans
from alprsim.measures.question import Answer, Residents
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.store import Store
from alprsim.tables import AS_WRITTEN, Int32, Measured

AUDIENCE = "audience"
"""The measure that counts who can look; its town is the department whose reads they are, its viewer everybody."""


def subset_name(subset: int, n: int) -> str:
    """Name a subset of n departments by a digit each, in the scenario's order: 1 opts out."""
    return "opt_out:" + "".join("1" if subset >> row & 1 else "0" for row in range(n))


def without(rules: models.Custody, asked: models.OverSubsets, subset: int) -> models.Custody:
    """Return the rules with a subset of the departments opted out."""
    names = tuple(name for row, name in enumerate(asked.opt_out) if subset >> row & 1)
    out = (models.OptOut(agency=names, to=asked.to),) if names else ()
    return rules.model_copy(update={"opt_out": (*rules.opt_out, *out)})


def ask_answer(
    loaded: Loaded, world: World, done: Simulated, *, seed: int, folder: Path, tell: Tell
) -> Measured | None:  # fmt: skip
    """Ask one seed what the scenario's answer needs beside its policies; None where it needs nothing more."""
    asked = loaded.scenario.answer
    if isinstance(asked, models.OverSubsets):
        return _subsets(loaded, asked, world, done, seed=seed, folder=folder, tell=tell)
    if isinstance(asked, models.OverPolicies) and asked.audience:
        return _audience(loaded, asked.audience, world, seed=seed)
    return None


def _audience(loaded: Loaded, owner: str, world: World, *, seed: int) -> Measured:
    """Count under each policy, as written, the other agencies that can look at an owner's reads, by each sight."""
    names = [str(name) for name in world.agencies.name]
    of, every = names.index(owner), range(len(names))
    found: list[tuple[Named, int]] = []
    for policy in loaded.policies.values():
        access = custody.access(policy.custody, world.agencies, every)
        for seen in custody.SEEN:
            able = [
                v for v in every
                if v != of and custody.effective(access, viewer=v, owner=of, sight=seen).supremum > 0  # type: ignore[arg-type]
            ]  # fmt: skip
            found.append((Named(policy.name, "everybody", seen, sight.ALL, AS_WRITTEN), len(able)))
    value = np.array([[count for _, count in found]], np.float64)
    n = np.full(value.shape, len(names) - 1)
    return question.tidy(
        [Answer(AUDIENCE, "count", "agencies", value, n)], [case for case, _ in found], [owner], seed=seed
    )


def _subsets(
    loaded: Loaded, asked: models.OverSubsets, world: World, done: Simulated, *, seed: int, folder: Path, tell: Tell
) -> Measured:  # fmt: skip
    """Ask all subsets at once: those that see the same reads share a place in a lens."""
    study, policy = loaded.scenario, next(iter(loaded.policies.values()))
    people = question.residents(
        done.settlement.vehicles, done.settlement.people, world.network.places, world.network.towns
    )
    told = records.sort(
        {policy.name: policy.custody}, world.agencies, done.placement.cameras, done.placement.sites, world.network,
        alerts=folder / "alerts.parquet" if done.lists else None, seed=seed,
    )  # fmt: skip
    tell("subsets", 0)
    cases = _cases(policy, asked, world)
    lenses, place = sight.lenses(cases, told.streams)
    kept = Store(folder)
    lives = _lives(study, people, told, lenses, kept, tell)
    names = [case._replace(policy=subset_name(row, len(asked.opt_out))) for row, case in enumerate(cases)]
    rows = [completeness.rows(lives, place, names, (), moments=study.measures.moments, seed=seed)]
    if asked.beside:
        rows.append(_lookbacks(study, world, done, told, lenses, place, names, kept, seed=seed))
    return question.join(rows)


def _cases(policy: models.Policy, asked: models.OverSubsets, world: World) -> list[Case]:
    agency = policy.viewers[asked.viewer].agency
    row = [str(name) for name in world.agencies.name].index(agency)
    found = []
    for subset in range(1 << len(asked.opt_out)):
        access = custody.access(without(policy.custody, asked, subset), world.agencies, [row])
        found.append(Case(policy.name, asked.viewer, asked.sight, AS_WRITTEN, access, row))
    return found


def _lives(
    study: models.Scenario, people: Residents, told: records.Records, lenses: Sequence[sight.Lens], kept: Store, tell: Tell
) -> list[completeness.Sums]:  # fmt: skip
    """Count what each lens lays open of the residents' vehicles, bucket by bucket."""
    asked, group_of_site = study.measures, told.group.astype(np.int16)
    lives = [completeness.empty(len(people.towns), len(asked.moments)) for _ in lenses]
    questions = [
        [
            question.ask(lens.at(moment), group_of_site, moment=moment, horizon=asked.horizon, counted=lens.plain)
            for lens in lenses
        ]
        for moment in asked.moments
    ]
    for number in range(len(kept)):
        tell("subsets", number / len(kept))
        opened = question.open_bucket(kept.bucket(number))
        stream = told.of(opened.bucket.reads)
        group = question.home_towns(people, opened.bucket.vehicle)
        for moment, row in enumerate(questions):
            for sums, lens, put in zip(lives, lenses, row, strict=True):
                masks = question.held(put, opened.bucket.reads, stream)
                known = lens.known(stream, opened.bucket.reads.time, put.moment)
                dated = spans.dated(masks, opened.bucket.reads.time, known, lens.seen)
                completeness.add(sums, opened, masks, put, group, moment=moment, dated=dated)
    return lives


def _lookbacks(
    study: models.Scenario, world: World, done: Simulated, told: records.Records, lenses: Sequence[sight.Lens], place: Int32,
    names: Sequence[Case], kept: Store, *, seed: int,
) -> Measured:  # fmt: skip
    """Ask which look-backs by plate each subset still answers."""
    network, reads = world.network, kept.reads()
    truths = (kept.bucket(number).truth for number in range(len(kept)))
    stops = utility.incidents(
        truths, done.settlement.vehicles, network.places, network.junctions, study.utility, seed=seed,
        moments=study.measures.moments, horizon=study.measures.horizon,
    )  # fmt: skip
    where = utility.positions(done.placement.sites, network.roads, network.junctions)
    scene = utility.surroundings(stops, where, study.utility)
    answers = utility.answers(utility.find(scene, reads, told.of(reads), lenses), place)
    n = np.full((1, len(names)), answers.n)
    share = question.ratio(answers.plate, np.full(answers.plate.shape, answers.n))
    rows = [
        Answer("lookback_plate", name, "share", share[None, :, shape], n)
        for shape, name in enumerate(study.utility.query_ages)
    ]
    return question.tidy(rows, names, ["all"], seed=seed)
