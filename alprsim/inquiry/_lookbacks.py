"""What each case leaves for an investigation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alprsim import utility
from alprsim.inquiry._asked import Asked, Lenses
from alprsim.kernels import ladder
from alprsim.measures import completeness, question
from alprsim.measures.question import Answer
from alprsim.sight import Case
from alprsim.store import Store
from alprsim.tables import UNLIMITED, Int32, Measured, Reads


def ask(asked: Asked, every: Lenses, kept: Store, reads: Reads, lives: Sequence[completeness.Sums]) -> Measured:
    """Ask what each case leaves for an investigation."""
    study, network = asked.study, asked.world.network
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
        blind = Lenses.of([case._replace(by_plate=False) for case in every.cases], asked.records.streams)
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
