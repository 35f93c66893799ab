"""What each case leaves for an investigation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alprsim import utility
from alprsim.inquiry._asked import Asked, Lenses
from alprsim.kernels import ladder
from alprsim.measures import completeness, question
from alprsim.measures.question import Answer
from alprsim.sight import Case
from alprsim.store import Store
from alprsim.tables import UNLIMITED, Int32, Int64, Measured, Reads

WITH_HOLDS = "_with_holds"
"""Ends the name of a share of look-backs that counts holds, as expected over whether they are filed."""

WITH_LEADS = "_with_leads"
"""Ends the name of a share of look-backs that counts leads: records too coarse to place the car near the incident, made there."""


def ask(
    asked: Asked, every: Lenses, kept: Store, reads: Reads, lives: Mapping[str, Sequence[completeness.Sums]]
) -> Measured:  # fmt: skip
    """Ask what each case leaves for an investigation, and how much it holds for it of whose ``lives``, a lens each."""
    study, network = asked.study, asked.world.network
    truths = (kept.bucket(number).truth for number in range(len(kept)))
    stops = utility.incidents(
        truths, asked.done.settlement.vehicles, network.places, network.junctions, study.utility, seed=asked.seed,
        moments=study.measures.moments, horizon=study.measures.horizon,
    )  # fmt: skip
    where = utility.positions(asked.done.placement.sites, network.roads, network.junctions)
    scene = utility.surroundings(stops, where, study.utility)
    answers, holding = _answered(asked, every, scene, reads)
    shapes = list(study.utility.query_ages)
    rows = list(_shares(every, answers, holding, shapes))
    if any(np.any(case.access.time_step) or np.any(case.access.place_step) for case in every.cases):
        leads, _ = _answered(asked, every, scene, reads, leads=True)
        rows += _also(leads, shapes, WITH_LEADS)
    parts = [question.tidy(rows, every.named(), ["all"], seed=asked.seed)]
    for who, sums in lives.items():
        held = list(_held(who, sums, every.place, answers, shapes))
        parts.append(question.tidy(held, every.named(), ["all"], seed=asked.seed, who=who))
    return question.join(parts)


def _answered(
    asked: Asked, every: Lenses, scene: utility.Scene, reads: Reads, *, leads: bool = False
) -> tuple[utility.Answers, utility.Expected | None]:
    """Count the look-backs of each case, leads too or not, and where holds are filed what is expected with them."""
    stream, spec = asked.records.of(reads), asked.study.utility.hold
    holds = bool(spec.chance) and not leads

    def look(lenses: Lenses, *, holds: bool = False) -> Int64:
        sights = [lens._replace(seen=None, routes=None) for lens in lenses.lenses] if leads else lenses.lenses
        return utility.find(scene, reads, stream, sights, holds=holds)

    found, held = look(every), look(every, holds=True) if holds else None
    answers = utility.answers(found, every.place)
    expected = None if held is None else utility.with_holds(found, held, every.place, spec)
    if any(np.any(case.access.rotation) for case in every.cases):  # who looks for whatever was there needs no plate
        blind = Lenses.of([case._replace(by_plate=False) for case in every.cases], asked.records.streams)
        by_area = look(blind)
        answers = answers._replace(area=utility.answers(by_area, blind.place).area)
        if expected is not None and held is not None:
            if spec.of == "area":
                filed = utility.answers(look(blind, holds=True), blind.place).area
            else:  # under a pseudonym no plate can be named in a hold
                filed = _either((by_area[1], blind.place), (held[0], every.place))
            expected = expected._replace(area=answers.area * (1 - spec.chance) + filed * spec.chance)
    return answers, expected


def _either(*found: tuple[Int64, Int32]) -> Int64:
    """Count the look-backs that any of some kinds of query answers each case: found [lenses, n, shapes], and its bit in each."""
    return np.stack([
        np.bitwise_or.reduce([bits[at // 64] >> at % 64 & 1 for (bits, _), at in zip(found, case, strict=True)]).sum(axis=0)
        for case in zip(*(place.tolist() for _, place in found), strict=True)
    ])  # fmt: skip


def _shares(
    every: Lenses, answers: utility.Answers, holding: utility.Expected | None, shapes: Sequence[str]
) -> Iterator[Answer]:
    """Yield the share of look-backs answered, against no limit, as coverage caps it, and with holds."""
    no_limit, n = _no_limit(every.cases), np.full((1, len(every.cases)), answers.n)
    for kind, answered, ever in (
        ("plate", answers.plate, answers.plate_ever), ("area", answers.area, answers.area_ever),
    ):  # fmt: skip
        all_ = np.full(answered.shape, answers.n)
        coverage = np.broadcast_to(question.ratio(ever, np.full(len(ever), answers.n)), answered.shape)
        views = {
            "": question.ratio(answered, all_),
            "_of_no_limit": _against(answered, no_limit),
            "_coverage": coverage,
        }
        if holding is not None:
            views[WITH_HOLDS] = question.ratio(getattr(holding, kind), all_)
        for suffix, values in views.items():
            for shape, name in enumerate(shapes):
                yield Answer(f"lookback_{kind}", name + suffix, "share", values[None, :, shape], n)


def _also(answers: utility.Answers, shapes: Sequence[str], suffix: str) -> Iterator[Answer]:
    """Yield the share of look-backs answered, counted in another way."""
    n = np.full((1, len(answers.plate)), answers.n)
    for kind, answered in (("plate", answers.plate), ("area", answers.area)):
        share = question.ratio(answered, np.full(answered.shape, answers.n))
        for shape, name in enumerate(shapes):
            yield Answer(f"lookback_{kind}", name + suffix, "share", share[None, :, shape], n)


def _held(
    who: str, sums: Sequence[completeness.Sums], place: Int32, answers: utility.Answers, shapes: Sequence[str]
) -> Iterator[Answer]:
    """Yield the days of movement held for each look-back by plate answered.

    In a steady state alone: of a store that still fills, the days are cut at what was simulated and the look-backs are not.
    """
    unit = {question.VEHICLES: "vehicle-days/answer", question.PEOPLE: "person-days/answer"}[who]
    n = np.full((1, len(place)), answers.n)
    values = utility.days_per_answer(_days_held(sums, place), answers.plate)
    for shape, name in enumerate(shapes):
        yield Answer("days_per_answer", name, unit, values[None, :, shape], n)


def _days_held(lives: Sequence[completeness.Sums], place: Int32) -> NDArray[np.float64]:
    """Return the days of theirs held in each case, over all moments; NaN where not every moment is measured."""
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
