"""The seventeen measures of a run in their order, for every viewer under every policy: what ``alprsim measures`` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alprsim.measures.glossary import BY_NAME
from alprsim.results import words
from alprsim.results.run import Answer, Run
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
    Shown(7, "position_error", "prior", "knowing only the town"),
    Shown(8, "home_found", "within_250m", "within 250 m"),
    Shown(8, "work_found", "within_250m", "within 250 m"),
    Shown(8, "nights_away", "recall", "recall"),
    Shown(9, "sensitive_visits", "recall", "recall"),
    Shown(9, "sensitive_visits", "precision", "precision"),
    Shown(9, "sensitive_habits", "recall", "recall"),
    Shown(10, "top_anonymity_set", "top2_below_5", "top 2 shared by fewer than 5", bulk=True),
    Shown(11, "unicity", "p4", "4 sightings", bulk=True),
    Shown(11, "unicity", "p4_eligible", "cars with 4 sightings", bulk=True),
    Shown(12, "worst_case_risk", "p2", "2 sightings", bulk=True),
    Shown(13, "linkability", "first_1d", "from day to day, first guess right", bulk=True),
    Shown(13, "linkability", "first_7d", "from week to week, first guess right", bulk=True),
    Shown(14, "company", "ties", "pairs taken to travel together", bulk=True),
    Shown(14, "company", "precision", "of one household", bulk=True),
    Shown(15, "prediction", "markov", "Markov chain", bulk=True),
    Shown(16, "audience", "agencies", "that can reach a read, most of any department", viewer="everybody"),
    Shown(17, "equity", "most_to_least_trips_detected", "quarters of homes by distance to a camera", who=BY_CAMERA),
)
"""In the order of the list; of each measure what a reader asks first. Everything else is in summary.csv."""


class Line(NamedTuple):
    """A figure of the suite under one policy, an answer a viewer."""

    shown: Shown
    title: str
    answers: list[Answer]


def suite(run: Run, policy: str, *, sight: str = "request", retention: int = AS_WRITTEN) -> Iterator[Line]:
    """Yield the suite under one policy, viewers in the order of the run."""
    for shown in SUITE:
        answers = [one(run, shown, policy, viewer, sight, retention) for viewer in run.info["viewers"]]
        yield Line(shown, BY_NAME[shown.measure].title, answers)


def one(run: Run, shown: Shown, policy: str, viewer: str, sight: str, retention: int) -> Answer:
    """Return one figure; where more is kept than was simulated, what the simulated time holds of it."""
    for statistic in (shown.statistic, shown.statistic + words.SO_FAR):
        rows = run.summary
        mask = rows["policy"].eq(policy) & rows["viewer"].eq(shown.viewer or viewer) & rows["who"].eq(shown.who)
        mask &= rows["retention"].eq(retention) & rows["reads"].eq(PLAIN["reads"])
        mask &= rows["sight"].eq("bulk" if shown.bulk else sight)
        rows = rows[mask & rows["measure"].eq(shown.measure) & rows["statistic"].eq(statistic) & rows["mean"].notna()]
        mine = rows[rows["town"].eq("all")]
        mine = mine if len(mine) else rows
        if len(mine):
            row = mine.loc[mine["mean"].idxmax()]
            return Answer(row["mean"], row["low"], row["high"], int(row["n_seeds"]), row["unit"], int(row["n"]))
    return Answer(math.nan, math.nan, math.nan, 0, "", 0)


def as_text(run: Run, policies: Sequence[str], *, sight: str = "request", retention: int = AS_WRITTEN) -> str:
    """Return the suite as text: a block a policy, a column a viewer."""
    viewers = list(run.info["viewers"])
    width = max(12, *(len(name) for name in viewers)) + 2
    blocks = []
    for policy in policies:
        head = f"{policy}; {words.SIGHTS[sight][0]} sight, {words.limit(retention)}"
        lines = [f"{'':68}" + "".join(f"{name:>{width}}" for name in viewers)]
        before = 0
        for line in suite(run, policy, sight=sight, retention=retention):
            number = f"{line.shown.number:>2}" if line.shown.number != before else "  "
            before = line.shown.number
            told = [words.quantity(a.mean, a.unit) if a.measured else "–" for a in line.answers]
            what = f"{line.title}, {line.shown.said}"
            lines.append(f"{number}  {what:64}" + "".join(f"{said:>{width}}" for said in told))
        blocks.append("\n".join([head, *lines]))
    return "\n\n".join(blocks)
