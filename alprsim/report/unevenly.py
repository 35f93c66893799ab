"""How unevenly it falls: cars in the order of what they show, a line a policy, and the same as a table by policy and by town."""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from alprsim.report import chart
from alprsim.report.tables import Cell, Grid, Head
from alprsim.results import distribution, words
from alprsim.results.headline import Subject
from alprsim.results.run import Run, horizon
from alprsim.tables import AS_WRITTEN

DAYS, TRIPS = "days_seen_of_horizon", "trips_detected_of_horizon"
_ASKED = {DAYS: "driven days seen", TRIPS: "trips detected"}
_AT = dict(zip(distribution.QUANTILES, (0, *range(10, 100, 10), 99, 100), strict=True))
"""Where among 100 cars each quantile stands."""

_WIDE = chart.Layout(chart.WIDTH, 330, chart.LEFT, chart.RIGHT, 28, 262, 0)
_NARROW = chart.Layout(300, 270, 46, 292, 24, 200, 0, narrow=True)
_CARS = "cars, in the order of what they show"
_HEADS = (
    ("none", "At zero", "cars that show nothing"),
    ("min", "Least", "the car that shows least"),
    ("p10", "10 %", "a tenth of the cars show no more"),
    ("p50", "Median", "half of the cars show no more"),
    ("p90", "90 %", "nine tenths show no more"),
    ("p99", "99 %", "one in a hundred shows more"),
    ("max", "Most", "the car that shows most"),
)


class Shown(NamedTuple):
    """What the page shows."""

    svg: Markup
    narrow: Markup
    """For a phone."""
    names: list[tuple[str, bool, int]]
    """Of each line: its name, whether it is the baseline, and the row of its colour and shape."""
    subject: str
    table: Grid
    towns: Grid | None
    note: str


def shown(run: Run, about: Subject) -> Shown | None:
    """Return picture and tables of the subject's viewer and sight, policies as practised; None where the run asked none."""
    if not distribution.asked(run):
        return None
    table = distribution.over_cars(run, viewer=about.viewer, sight=about.sight, retention=AS_WRITTEN)
    table = table[table["statistic"].isin(_ASKED)]
    every = table[table["town"].eq(distribution.EVERY) & table["none"].notna()]
    if every.empty:
        return None
    order = [policy for policy in run.info["policies"] if policy in set(every["policy"])]
    who = f"{run.titled(about.viewer)}, {words.SIGHTS[about.sight][0]} sight, of each car’s own in the last {horizon(run)}"
    lines = _lines(every, run, order)
    wide, narrow = (Markup(_picture(lines, order, about, who, of)) for of in (_WIDE, _NARROW))
    names = [
        (policy, policy == about.policy, row) for row, policy in enumerate(run.info["policies"]) if policy in lines
    ]
    seeds = len(run.provenance["seeds"])
    note = (
        f"Residents’ cars that drove then, never-read ones included, at the last moment asked about. {_NUMBERS}"
        f"{f' Means over {seeds} seeds of each seed’s own.' if seeds > 1 else ''}"
    )
    return Shown(wide, narrow, names, who, _by_policy(every, order, about, who), _by_town(table, run, about), note)


_NUMBERS = (
    "Percentages of a car are whole and rounded up, so that 0 is nothing at all. Marked are the least, each tenth, 99 in a "
    "hundred and the most; between them the line only joins."
)


def _lines(every: pd.DataFrame, run: Run, order: list[str]) -> dict[str, tuple[int, list[float]]]:
    """Return each policy's row of colour and its quantiles of days seen, in %."""
    days = every[every["statistic"].eq(DAYS)].set_index("policy")[list(_AT)]
    return {
        policy: (row, [float(value) for value in days.loc[policy]])
        for row, policy in enumerate(run.info["policies"])
        if policy in order and policy in days.index
    }


def _picture(
    lines: dict[str, tuple[int, list[float]]], order: list[str], about: Subject, who: str, of: chart.Layout
) -> str:  # fmt: skip
    y = chart.Linear(1.0, "share", upper=of.top, lower=of.bottom)
    parts = [_frame(y, of)]
    for place, policy in enumerate(order):
        row, shares = lines[policy]
        points = [(_across(at, of), y(share / 100)) for at, share in zip(_AT.values(), shares, strict=True)]
        width = 2 + 1.3 * min(len(order) - 1 - place, 4)
        path = "L".join(f"{at:.1f} {level:.1f}" for at, level in points)
        marks = "".join(
            f'<g><title>{escape(f"{policy}: {_of_cars(name)} {share:g} %")}</title><use href="#m{chart.marker(row)}" '
            f'x="{at:.1f}" y="{level:.1f}"/></g>'
            for (at, level), name, share in zip(points, _AT, shares, strict=True)
        )
        parts.append(
            f'<g class="s{row % chart.MARKERS}"><path class="stroke" stroke-width="{width:.1f}" {chart.dash(row)}d="M{path}"/>'
            f"{marks}</g>"
        )
    parts.append("" if of.narrow else _names(lines, about, y, of))
    return (
        f'<svg class="ladder{" narrow" * of.narrow}" viewBox="0 0 {of.width} {of.height}" role="img" '
        f'aria-label="{escape(_summary(lines, who), quote=True)}">{"".join(parts)}</svg>'
    )


def _frame(y: chart.Linear, of: chart.Layout) -> str:
    sides = "".join(
        f'<path class="grid" d="M{of.left} {at:.1f}H{of.right}"/><text class="tick" x="{of.left - 6}" y="{at + 4:.1f}" '
        f'text-anchor="end">{said}</text>'
        for at, said in y.ticks
    )
    below = "".join(
        f'<path class="axisline" d="M{_across(at, of):.1f} {of.bottom}v5"/><text class="tick" x="{_across(at, of):.1f}" '
        f'y="{of.bottom + 19}" text-anchor="middle">{said}</text>'
        for at, said in ((0, "least"), (25, "25 %"), (50, "half"), (75, "75 %"), (100, "most"))
    )
    return (
        f'{sides}<path class="axisline" d="M{of.left} {of.bottom}H{of.right}"/>{below}<text class="axis" '
        f'x="{(of.left + of.right) / 2:.0f}" y="{of.bottom + 44}" text-anchor="middle">{_CARS}</text>'
        f'<text class="tick" x="{0 if of.narrow else of.left}" y="{of.top - 12}">of its own driven days, seen</text>'
    )


def _across(at: float, of: chart.Layout) -> float:
    return of.left + 14 + (of.right - of.left - 28) * at / 100


def _names(
    lines: dict[str, tuple[int, list[float]]], about: Subject, y: chart.Linear, of: chart.Layout
) -> str:  # fmt: skip
    """Write each line's name beside its last point, moved apart where they would touch."""
    last = [(policy, row, y(shares[-1] / 100)) for policy, (row, shares) in lines.items()]
    places = chart.spread([level for *_, level in last], 19, of.top + 4, of.bottom)
    return "".join(
        f'<g class="s{row % chart.MARKERS}"><path class="leader" d="M{_across(100, of) + 9:.1f} {level:.1f}L{of.right + 6} '
        f'{place:.1f}"/><use href="#m{chart.marker(row)}" x="{of.right + 14}" y="{place:.1f}"/>'
        f'<text class="name{" base" * (policy == about.policy)}" x="{of.right + 24}" y="{place + 4:.1f}">'
        f"{escape(chart.short(policy))}</text></g>"
        for (policy, row, level), place in zip(last, places, strict=True)
    )


def _of_cars(name: str) -> str:
    at = _AT[name]
    return {0: "the car that shows least", 100: "the car that shows most"}.get(at, f"{at} % of the cars show at most")


def _summary(lines: dict[str, tuple[int, list[float]]], who: str) -> str:
    """Say in words what the picture shows: of each policy the least, the median and the most."""
    said = [
        f"{policy}: {shares[0]:g} % of the car that shows least, {shares[5]:g} % of the median car, {shares[-1]:g} % of the "
        "one that shows most"
        for policy, (_, shares) in lines.items()
    ]
    return f"How many of their own driven days cars show. {who}. {'; '.join(said)}."


def _by_policy(every: pd.DataFrame, order: list[str], about: Subject, who: str) -> Grid:
    rows = []
    for policy in order:
        name = policy + (" (baseline)" if policy == about.policy else "")
        mine = every[every["policy"].eq(policy)].set_index("statistic")
        rows += [(name, _ASKED[one], _cells(mine.loc[one])) for one in _ASKED if one in mine.index]
    return Grid(f"How unevenly it falls: {who}", _heads(), rows, open=True)


def _by_town(table: pd.DataFrame, run: Run, about: Subject) -> Grid | None:
    """Return the baseline by home town, where there are several."""
    mine = table[table["policy"].eq(about.policy) & table["town"].ne(distribution.EVERY)]
    if mine["town"].nunique() < 2:
        return None
    rows = [
        (run.place(row["town"]), f"{_ASKED[row['statistic']]}; {_many(row['vehicles'])}", _cells(row))
        for _, row in mine.iterrows()
    ]
    return Grid(f"The same by home town: {about.policy}, as practised", _heads(), rows)


def _many(cars: float) -> str:
    return f"fewer than {distribution.FEW} cars" if cars < distribution.FEW else f"{cars:,.0f} cars"


def _heads() -> list[Head]:
    return [Head(title, remark, "") for _, title, remark in _HEADS]


def _cells(row: pd.Series) -> list[Cell]:
    values = {name: float(row[name]) / (1 if name == "none" else 100) for name, *_ in _HEADS}
    return [Cell("not measured" if math.isnan(v) else f"{words.percent(v)} %") for v in values.values()]
