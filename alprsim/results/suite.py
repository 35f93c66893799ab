"""The seventeen measures of a run in their order, for every viewer under every policy: what ``alprsim measures`` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from alprsim.measures.glossary import BY_NAME
from alprsim.results import words
from alprsim.results.answer_sentence import rests_on
from alprsim.results.run import Answer, Run, horizon
from alprsim.results.summary import PLAIN
from alprsim.tables import AS_WRITTEN


class Shown(NamedTuple):
    """One figure of the suite; bulk is of everybody's reads, and so of bulk sight whatever sight is asked about."""

    number: int
    measure: str
    statistic: str
    said: str
    """What it is, beside the measure's title."""
    bulk: bool = False
    who: str = PLAIN["who"]
    viewer: str | None = None
    """In whose name the measure stands, where it is one for all viewers."""


BY_CAMERA = "homes by distance to a camera"
"""A grouping of ``measures.equity``, which results do not import: a test holds them together."""

SUITE = (
    Shown(1, "exposure_rate", "share_of_horizon", "of the last T"),
    Shown(1, "exposure_rate_driving", "share_of_horizon", "of the last T"),
    Shown(2, "effective_retention", "max", "longest of any department"),
    Shown(2, "effective_retention", "mean", "mean of departments"),
    Shown(3, "observed_days", "share_of_horizon", "of days driven in the last T"),
    Shown(4, "trips_detected", "share_of_horizon_pooled", "of the last T"),
    Shown(4, "trips_linked", "share_of_horizon_pooled", "of the last T"),
    Shown(5, "path_recall", "share_of_horizon_pooled", "of the last T, quickest ways"),
    Shown(5, "path_recall", "share_of_horizon_pooled_by_choice", "of the last T, drivers’ ways"),
    Shown(5, "path_precision", "share_of_horizon_pooled", "of the last T, quickest ways"),
    Shown(5, "trips_rebuilt", "share_of_horizon_pooled", "of the last T, quickest ways"),
    Shown(6, "longest_gap", "median_of_horizon", "median, of the last T"),
    Shown(6, "longest_gap", "max_of_horizon", "most, of the last T"),
    Shown(7, "position_error", "tracker", "Bayesian tracker"),
    Shown(7, "position_error", "nearest", "nearest read in time"),
    Shown(7, "position_error", "prior", "no read: streets, places, hours"),
    Shown(7, "position_within", "tracker", "Bayesian tracker"),
    Shown(7, "position_within", "nearest", "nearest read in time"),
    Shown(8, "home_found", "within_250m", "within 250 m, for who lacks the register"),
    Shown(8, "work_found", "within_250m", "within 250 m"),
    Shown(8, "nights_away", "recall", "recall"),
    Shown(9, "sensitive_visits", "recall", "recall"),
    Shown(9, "sensitive_visits", "precision", "precision"),
    Shown(9, "sensitive_visits", "at_decoys", "inferred at places that do not exist"),
    Shown(9, "sensitive_habits", "recall", "recall"),
    Shown(10, "top_anonymity_set", "top2_defined", "cars with a top 2", bulk=True),
    Shown(10, "top_anonymity_set", "top2_median", "top 2, median", bulk=True),
    Shown(10, "top_anonymity_set", "top2_below_5", "top 2 shared by fewer than 5", bulk=True),
    Shown(11, "unicity", "p4", "4 sightings, of all cars", bulk=True),
    Shown(11, "unicity", "p4_eligible", "cars with 4 sightings", bulk=True),
    Shown(11, "unicity", "p4_eligible_only", "4 sightings, of those", bulk=True),
    Shown(12, "worst_case_risk", "p2", "2 sightings", bulk=True),
    Shown(13, "linkability", "first_1d", "from day to day, first guess right", bulk=True),
    Shown(13, "linkability", "first_7d", "from week to week, first guess right", bulk=True),
    Shown(14, "company", "ties", "pairs taken to travel together", bulk=True),
    Shown(14, "company", "ties_by_chance", "the same by chance", bulk=True),
    Shown(14, "company", "precision", "of one household", bulk=True),
    Shown(14, "company", "base_rate", "any pair, of one household", bulk=True),
    Shown(15, "prediction", "markov", "Markov chain", bulk=True),
    Shown(15, "prediction", "own_most_frequent", "its most frequent camera", bulk=True),
    Shown(16, "audience", "agencies", "that can reach a read, most of any department", viewer="everybody"),
    Shown(17, "equity", "most_to_least_trips_detected", "quarters of homes by distance to a camera", who=BY_CAMERA),
)
"""In the order of the list; of each measure what a reader asks first. Everything else is in summary.csv."""


OF_STORES = (2, 16)
"""Measures of stores and routes: the same whoever's lives are asked about."""


class Told(NamedTuple):
    """One figure for one viewer."""

    answer: Answer
    so_far: bool = False
    """Whether more is kept than was simulated, so that this is of what the simulated time holds."""


class Line(NamedTuple):
    """A figure of the suite under one policy, an answer a viewer."""

    shown: Shown
    title: str
    told: list[Told]

    @property
    def answers(self) -> list[Answer]:
        """The figures alone."""
        return [one.answer for one in self.told]


NOTHING = Told(Answer(math.nan, math.nan, math.nan, 0, "", 0))


def suite(
    run: Run, policy: str, *, sight: str = "request", retention: int = AS_WRITTEN, who: str = PLAIN["who"]
) -> Iterator[Line]:
    """Yield the suite under one policy, viewers in the order of the run; ``who``: vehicles, or people."""
    rows = run.summary
    rows = rows[rows["policy"].eq(policy) & rows["retention"].eq(retention) & rows["reads"].eq(PLAIN["reads"])]
    for shown in SUITE:
        told = [one(rows, _of(shown, who), viewer, sight) for viewer in run.info["viewers"]]
        yield Line(shown, BY_NAME[shown.measure].title, told)


def one(rows: pd.DataFrame, shown: Shown, viewer: str, sight: str) -> Told:
    """Return one figure out of the rows of a policy and limit; nothing where it is of a sight that the viewer has not."""
    if shown.bulk and not _has_bulk(rows, viewer):
        return NOTHING
    mask = rows["viewer"].eq(shown.viewer or viewer) & rows["who"].eq(shown.who)
    mask &= rows["sight"].eq("bulk" if shown.bulk else sight) & rows["measure"].eq(shown.measure)
    for ending in ("", words.SO_FAR):
        mine = rows[mask & rows["statistic"].eq(shown.statistic + ending) & rows["mean"].notna()]
        whole = mine[mine["town"].eq("all")]
        mine = whole if len(whole) else mine
        if len(mine):
            row = mine.loc[mine["mean"].idxmax()]
            answer = Answer(row["mean"], row["low"], row["high"], int(row["n_seeds"]), row["unit"], int(row["n"]))
            return Told(answer, bool(ending))
    return NOTHING


def as_text(
    run: Run, policies: Sequence[str], *, sight: str = "request", retention: int = AS_WRITTEN, who: str = PLAIN["who"]
) -> str:
    """Return the suite as text: what it rests on, then a block a policy, a column a viewer."""
    viewers = list(run.info["viewers"])
    width = max(16, *(len(name) for name in viewers)) + 2
    blocks = [
        f"{run.info['title']} {rests_on(run)}\nT, the last {horizon(run)} before each moment. Bulk: of everybody's reads, for "
        "who holds or can search them whole, whatever sight is asked about.\n*: more is kept than was simulated; of what the "
        "simulated time holds. –: not asked, not measured, or a sight that the viewer has not."
    ]
    for policy in policies:
        lines = [f"{policy}; {words.SIGHTS[sight][0]} sight, {words.limit(retention)}"]
        lines[0] += "" if who == PLAIN["who"] else f"; of {who}, over the cars they drive"
        lines.append(f"{'':72}" + "".join(f"{name:>{width}}" for name in viewers))
        before = 0
        for line in suite(run, policy, sight=sight, retention=retention, who=who):
            number = f"{line.shown.number:>2}" if line.shown.number != before else "  "
            before = line.shown.number
            what = f"{line.title}, {line.shown.said}" + (" (bulk)" if line.shown.bulk else "")
            lines.append(f"{number}  {what:68}" + "".join(f"{_said(one):>{width}}" for one in line.told))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _of(shown: Shown, who: str) -> Shown:
    """Ask a figure of other lives: where it is told of none of them, nothing is found."""
    return shown if who == PLAIN["who"] or shown.number in OF_STORES else shown._replace(who=who)


def _said(told: Told) -> str:
    answer = told.answer
    if not answer.measured:
        return "–"
    said = words.quantity(answer.mean, answer.unit) + ("*" if told.so_far else "")
    if answer.n_seeds > 1 and not math.isnan(answer.low):
        said += f" ({words.interval(answer.low, answer.high, answer.unit)})"
    return said


def _has_bulk(rows: pd.DataFrame, viewer: str) -> bool:
    """Say whether a viewer holds, or can search whole, any camera's reads."""
    mine = rows[rows["viewer"].eq(viewer) & rows["sight"].eq("bulk") & rows["measure"].eq("effective_retention")]
    return bool(mine[mine["statistic"].eq("window")]["mean"].gt(0).any())
