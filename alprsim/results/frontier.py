"""What a policy lays open beside what it leaves an investigation, at every limit: a frontier with bands, never one score.

The bands are over the assumed ages of the question. Utility is the availability of a useful read when the question is asked;
it does not count solved crimes. The worth of hot lists stands beside it: decided when a plate is read, it is the same in
every row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import NormalDist, median
from typing import Any, NamedTuple

import pandas as pd

from alprsim.results import words
from alprsim.results.headline import TRIPS
from alprsim.results.run import Answer, Run
from alprsim.results.summary import labels
from alprsim.scenario import models, units
from alprsim.tables import AS_WRITTEN, DAY

FILE = "frontier.csv"
CAVEAT = "measures the availability of a read, not solved crimes"
RESTS_ON = "follows from the assumed delay of the question"
QUERIES = ("plate", "area")
_EVERY = "all"  # equal to hotlists.EVERY, which results may not import: a test holds them together
_WORTH = ("true_hits", "false_alerts", "true_for_each_false")


class Band(NamedTuple):
    """A figure under the assumed shapes of query age: the least, the middle one and the most; NaN: not measured."""

    low: float
    mid: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Band:
        """Return the band of some shapes' figures."""
        known = [value for value in values if not math.isnan(value)]
        return cls(min(known), median(known), max(known)) if known else cls(math.nan, math.nan, math.nan)


class Point(NamedTuple):
    """A policy at one limit, through a viewer's eyes."""

    policy: str
    viewer: str
    sight: str
    retention: int
    query: str
    """By plate or by area: never mixed."""
    privacy: Answer
    answered: Band
    of_no_limit: Band
    coverage: Band
    """Had everyone's reads been kept and shared for ever: it caps `answered`."""
    with_holds: Band
    """NaN where no hold is filed."""
    with_leads: Band
    """With records too coarse to say that the car was there: an upper bound; NaN where that adds none."""
    days: Band
    """Person-days of movement held for each look-back by plate answered; of an area query NaN."""


def points(
    run: Run, *, viewers: Sequence[str] = (), queries: Sequence[str] = QUERIES, measure: tuple[str, str] = TRIPS
) -> Iterator[Point]:
    """Yield every policy at every limit, the one that the policy itself says last, for some viewers (none named: all).

    Parameters
    ----------
    measure
        What stands for privacy: a measure and its statistic, of residents' vehicles.
    """
    sights = dict.fromkeys(key[2] for key in run.answers if key[2] in words.SIGHTS)
    for viewer in viewers or run.info["viewers"]:
        for sight in sights:
            for query in queries:
                for policy in run.info["policies"]:
                    for step in (*run.steps, AS_WRITTEN):
                        yield _point(run, policy, viewer, sight, step, query, measure)


def table(run: Run, *, measure: tuple[str, str] = TRIPS) -> pd.DataFrame:
    """Return the frontier as a data frame: a row a (policy, viewer, sight, limit, kind of query).

    ``privacy`` with its 95 % t-interval over seeds; ``answered``, ``of_no_limit``, ``coverage``, ``with_holds`` and
    ``person_days_per_answer`` each as low, mid and high over the shapes of query age; the hot lists' worth, the same in all.
    Where coarse records leave leads in any row, ``with_leads`` too: the upper bound of ``answered``, NaN where it is no higher.
    """
    worth = hot_lists(run)
    rows = []
    for point in points(run, measure=measure):
        where = dict(zip(Point._fields[:5], point[:5], strict=True))
        privacy = point.privacy
        bands = {
            f"{name}_{end}": value
            for name, band in zip((*Point._fields[6:-1], "person_days_per_answer"), point[6:], strict=True)
            for end, value in zip(Band._fields, band, strict=True)
        }
        told = {
            "privacy": privacy.mean,
            "privacy_low": privacy.low,
            "privacy_high": privacy.high,
            "n_seeds": privacy.n_seeds,
        }
        if privacy.measured:
            rows.append(
                {**where, "privacy_measure": measure[0], "privacy_statistic": measure[1], **told, **bands, **worth}
            )
    found = pd.DataFrame(rows)
    leads = [f"with_leads_{end}" for end in Band._fields]
    return found if found.empty or found[leads].notna().any(axis=None) else found.drop(columns=leads)


def write(run: Run) -> None:
    """Write ``frontier.csv`` into the run's folder: on every row what it rests on, and what it does not measure."""
    rows = table(run)
    if rows.empty:
        return
    said = {step: "as the policy says" if step < 0 else words.duration(step) for step in rows["retention"].unique()}
    useful = basis(run)
    wide = rows.assign(useful=useful[0] if useful else "", utility=CAVEAT, rests_on=RESTS_ON, **labels(run.info))
    wide.insert(rows.columns.get_loc("retention") + 1, "retention_text", rows["retention"].map(said))
    wide.to_csv(run.folder / FILE, index=False, float_format="%.6g", lineterminator="\n")


def hot_lists(run: Run) -> dict[str, float]:
    """Return true hits and false alerts a day, and how many of the former come to one of the latter; empty without lists."""
    case = (_EVERY, _EVERY, _EVERY, AS_WRITTEN, "hot_list_value")
    found = {name: run.answer(*case, name, _EVERY, who=_EVERY, reads=_EVERY) for name in _WORTH}
    return {name: answer.mean for name, answer in found.items()} if any(a.n_seeds for a in found.values()) else {}


def shapes(run: Run) -> list[str]:
    """Return the assumed shapes of query age, as the scenario lists them."""
    return [name for name in run.statistics.get("lookback_plate", []) if words.is_plain(name)]


def described(spec: models.Utility) -> dict[str, Any]:
    """Return what run.json says of a study's look-backs: which reads are useful, how late the questions come, holds."""
    hold = {"chance": spec.hold.chance, "within_s": spec.hold.within, "of": spec.hold.of} if spec.hold.chance else None
    return {
        "within_m": spec.within, "around_s": spec.around,
        "query_ages": {name: _shape(one) for name, one in spec.query_ages.items()}, "hold": hold,
    }  # fmt: skip


def basis(run: Run) -> list[str]:
    """Say which reads are useful, how late the questions are taken to come, and which holds are filed."""
    told = run.info.get("utility")
    if not told:
        return []
    said = [f"Useful: a read within {told['within_m']:g} m and {words.duration(told['around_s'])} of the incident."]
    said.append("Assumed delays: " + "; ".join(f"{name}: {shape}" for name, shape in told["query_ages"].items()) + ".")
    if hold := told["hold"]:
        said.append(
            f"Holds (assumed): for {100 * hold['chance']:g} % of incidents one of the {hold['of']} is filed within "
            f"{words.duration(hold['within_s'])}."
        )
    return said


def has_leads(point: Point) -> bool:
    """Tell whether records too coarse to say that the car was there could answer more look-backs."""
    return not math.isnan(point.with_leads.high)


def spreads(run: Run) -> list[str]:
    """Say, of shapes with the same middle age, why the one with older questions may have more look-backs answered.

    Both are lognormal (`utility.quantiles`): the one that reaches further beyond their median also has more questions far
    below it, so a limit shorter than that age leaves more of them a read, and a longer one fewer.
    """
    told = (run.info.get("utility") or {}).get("query_ages", {})
    found = [(name, *of) for name, text in told.items() if (of := _of_two_points(text))]
    said = []
    for (name, middle, spread), (other, same, further) in combinations(found, 2):
        if middle == same and spread != further:
            (narrow, least), (wide, most) = sorted([(name, spread), (other, further)], key=lambda one: one[1])
            limit = 3 * DAY if middle > 3 * DAY else middle / 2
            within = [f"{100 * NormalDist().cdf(math.log(limit / middle) / s):.0f} %" for s in (most, least)]
            age = words.duration(middle)
            said.append(
                f"“{wide}” and “{narrow}” questions have the same middle age, {age}, and {wide} ones spread wider both ways: "
                f"{within[0]} of them come within {words.duration(limit)}, of {narrow} ones {within[1]}. So under a limit "
                f"shorter than {age} more {wide} ones are answered, under a longer one fewer."
            )
    return said


_TWO_POINTS = re.compile(r"half within (.+), (.+) % beyond (.+)")


def _of_two_points(shape: str) -> tuple[float, float] | None:
    """Return median (s) and spread (of the logarithm) of a shape as `_shape` says it; None of the others."""
    said = _TWO_POINTS.fullmatch(shape)
    if not said:
        return None
    middle, beyond = (float(units.seconds(said[k].replace(",", ""))) for k in (1, 3))
    return middle, math.log(beyond / middle) / NormalDist().inv_cdf(1 - float(said[2]) / 100)


def _shape(one: models.QueryAge) -> str:
    if one.kind == "audit_log":
        return f"as in {str(one.file).replace(chr(92), '/').rpartition('/')[2]}"
    if one.kind == "exponential":
        return f"exponential, mean {words.duration(one.mean or 0)}"  # any
    share, age = (0.05, one.p95) if one.kind == "lognormal" else (one.beyond_share or 0.0, one.beyond)
    return (
        f"half within {words.duration(one.median or 0)}, {100 * share:g} % beyond {words.duration(age or 0)}"  # any: 0
    )


def _point(
    run: Run, policy: str, viewer: str, sight: str, step: int, query: str, measure: tuple[str, str]
) -> Point:  # fmt: skip
    case = (policy, viewer, sight, step)

    def band(name: str, ending: str = "", *, who: str = "vehicles") -> Band:
        return Band.of([run.answer(*case, name, shape + ending, who=who).mean for shape in shapes(run)])

    lookback = f"lookback_{query}"
    answered, of_no_limit, coverage, with_holds, with_leads = (
        band(lookback, ending) for ending in ("", "_of_no_limit", "_coverage", words.WITH_HOLDS, words.WITH_LEADS)
    )
    if with_leads == answered:
        with_leads = Band.of([])
    days = band("days_per_answer", who="people") if query == "plate" else Band.of([])
    privacy = run.answer(*case, *measure)
    return Point(
        policy, viewer, sight, step, query, privacy, answered, of_no_limit, coverage, with_holds, with_leads, days
    )
