"""How unevenly cars are laid open under each policy: from the car that shows least to the car that shows most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from alprsim.results import words
from alprsim.results.answer_sentence import rests_on
from alprsim.results.run import ResultError, Run, horizon
from alprsim.tables import AS_WRITTEN

TABLE = "viewers_distribution"
KEYS = ("policy", "viewer", "sight", "retention", "town", "statistic")
QUANTILES = ("min", *(f"p{tenth}" for tenth in range(10, 100, 10)), "p99", "max")
"""Of the cars in order of what they show: the least, so many hundredths, the most."""

FEW = 30
"""Cars below which no figure is told."""

EVERY = "all"
OF_HORIZON = "_of_horizon"


class Said(NamedTuple):
    """What a statistic counts, in words, and its unit."""

    title: str
    unit: str


SAID = {
    "reads_held": Said("reads held", "reads"),
    "days_seen": Said("days seen, of all that is held", "d"),
    "trips_detected": Said("trips detected, of all that is held", "trips"),
    "trips_linked": Said("trips linked, of all that is held", "trips"),
    "days_seen_of_horizon": Said("of its own driven days in the last T, seen", "%"),
    "trips_detected_of_horizon": Said("of its own trips in the last T, detected", "%"),
    "trips_linked_of_horizon": Said("of its own trips in the last T, linked", "%"),
}
"""What is told of each car, in the order of the table."""

_SHOWN = ("min", "p10", "p50", "p90", "p99", "max")
_HEADS = ("cars", "at zero", "mean", "least", "10 %", "median", "90 %", "99 %", "most")


def asked(run: Run) -> bool:
    """Tell whether a run asked it."""
    return TABLE in run.tables


def over_cars(run: Run, **wanted: Any) -> pd.DataFrame:
    """Return a row a (policy, viewer, sight, limit, town, statistic), ``KEYS``; only those of what is named.

    ``seeds`` (how many), ``vehicles``, ``none`` (the share of cars at zero), ``mean`` and the quantiles: means over seeds of
    each seed's own. NaN: of fewer than 30 cars, or not told by the alprsim that made it; ``so_far``: more is kept than was
    simulated.

    Raises
    ------
    ResultError
        The run did not ask it.
    """
    if not asked(run):
        raise ResultError(f"{run.folder} did not ask it; name `distribution` in the scenario's measures.families")
    table = run.table(TABLE)
    for key, value in wanted.items():
        table = table[table[key].eq(value)] if value is not None else table
    numbers = ["vehicles", "none", "mean", *QUANTILES]
    table = table.reindex(columns=[*KEYS, "so_far", "seed", *numbers])
    table[list(QUANTILES)] = table[list(QUANTILES)].where(table[list(QUANTILES)] >= 0)
    found = table.groupby(list(KEYS), sort=False)
    rows = found[numbers].mean()
    rows.loc[rows["vehicles"] < FEW, numbers[1:]] = math.nan
    rows.insert(0, "seeds", found["seed"].nunique())
    rows.insert(0, "so_far", found["so_far"].max().astype(bool))
    return rows.reset_index()


def as_rows(
    run: Run, policies: Sequence[str], *, sight: str, retention: int = AS_WRITTEN, towns: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the distribution as plain data; what was not measured is None."""
    table = over_cars(run, sight=sight, retention=retention, town=None if towns else EVERY)
    for policy in policies:
        for row in table[table["policy"].eq(policy)].to_dict("records"):
            unit = {"unit": SAID[row["statistic"]].unit}
            yield unit | {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def as_text(
    run: Run, policies: Sequence[str], *, sight: str, retention: int = AS_WRITTEN, towns: bool = False
) -> str:  # fmt: skip
    """Return the distribution as text: what it rests on, then a block a policy, viewer and, if wanted, home town."""
    table = over_cars(run, sight=sight, retention=retention, town=None if towns else EVERY)
    seeds = len(run.provenance["seeds"])
    blocks = [
        f"{run.info['title']} {rests_on(run)}\nResidents’ cars at the last moment, never-read ones included, in the order of "
        f"what each shows: the least, what a tenth of them do not\nexceed, the median …, the most"
        f"{'; means over ' + str(seeds) + ' seeds of each seed’s own' if seeds > 1 else ''}. T: the last {horizon(run)}; of it "
        "the cars that drove then, in whole per cent rounded up.\n*: more is kept than was simulated; of what the simulated "
        f"time holds. –: not measured, or of fewer than {FEW} cars."
    ]
    for policy in policies:
        mine = table[table["policy"].eq(policy)]
        lines = [f"{policy}; {words.SIGHTS[sight][0]} sight, {words.limit(retention)}"]
        lines.append(f"{'':50}" + "".join(f"{head:>9}" for head in _HEADS))
        for (viewer, town), rows in mine.groupby(["viewer", "town"], sort=False):
            lines.append(f"  {viewer}" + (f", homes in {run.place(town)}" if town != EVERY else ""))
            lines += [_line(row) for row in rows.to_dict("records")]
        blocks.append("\n".join(lines if len(mine) else [lines[0], "  a sight that nobody has, or not asked"]))
    return "\n\n".join(blocks)


def _line(row: dict[str, Any]) -> str:
    """Return a statistic's figures in a line."""
    title, unit = SAID[row["statistic"]]
    cells = [f"{row['vehicles']:,.0f}", "–" if math.isnan(row["none"]) else f"{words.percent(row['none'])} %"]
    cells += [said(row[name], unit) for name in ("mean", *_SHOWN)]
    name = f"{title}{' (d)' * (unit == 'd')}{'*' if row['so_far'] else ''}"
    return f"    {name:46}" + "".join(f"{cell:>9}" for cell in cells)


def said(value: float, unit: str) -> str:
    """Say what a car shows, without a unit but for per cent."""
    if math.isnan(value):
        return "–"
    return f"{words.percent(value / 100)} %" if unit == "%" else words.number(value)
