"""The page's tables: every policy by the measures that matter, by town, and how long copies live."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.measures.glossary import BY_NAME
from alprsim.report.chart import Panel
from alprsim.results import words
from alprsim.results.headline import TRIPS, Subject, lookbacks
from alprsim.results.run import Answer, Run, horizon
from alprsim.results.summary import paired, plain
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED

_KEY = (
    ("effective_retention", "max"),
    ("exposure_rate", "share_of_horizon"),
    ("observed_days", "share_of_horizon"),
    TRIPS,
    ("lookback_plate", ""),
    ("trips_linked", "share_of_horizon_pooled"),
    ("home_found", "within_"),
    ("work_found", "within_"),
    ("unicity", "p4"),
)
_FEW = 30
"""Vehicles below which a group's figure is flagged."""


_PAIRED = (
    "Percentage points by which the share of trips detected differs from the baseline's as practised: the mean of the "
    "differences seed by seed, with its 95 % t-interval over seeds; one seed has none."
)


class Cell(NamedTuple):
    """A value and its interval, as printed."""

    value: str
    band: str = ""


class Head(NamedTuple):
    """A column's title with the measure's definition."""

    title: str
    about: str
    definition: str
    row: int | None = None
    """Of the colour and shape of a side of a comparison, whose letter the title is."""


class _Column(NamedTuple):
    """A column and what it says of a policy at a step."""

    head: Head
    cell: Callable[[str, int], Cell]


class Grid(NamedTuple):
    """A table for the page: rows have a name, a remark and as many cells as there are heads."""

    caption: str
    heads: list[Head]
    rows: list[tuple[str, str, list[Cell]]]
    open: bool = False


def cell(answer: Answer, measure: str, *, so_far: bool = False) -> Cell:
    """Return an answer as printed; ``so_far``: it counts only what was simulated."""
    if not answer.measured:
        return Cell("not measured")
    value = words.quantity(answer.mean, answer.unit, measure=measure) + (" so far" if so_far else "")
    if answer.n_seeds < 2:
        return Cell(value)
    if math.isinf(answer.mean) or answer.low == answer.high:
        return Cell(value)
    return Cell(value, words.interval(answer.low, answer.high, answer.unit, measure=measure))


def policies(run: Run, about: Subject) -> list[Grid]:
    """Return a grid for each viewer and sight: each policy as written and with the headline's limit; the subject's is open."""
    asked = {(key[1], key[2]) for key in run.answers}
    pairs = [(viewer, sight) for viewer in run.info["viewers"] for sight in words.SIGHTS if (viewer, sight) in asked]
    order = sorted(pairs, key=lambda pair: pair != (about.viewer, about.sight))
    seeds = _by_seed(run)
    return [_policies(run, about, viewer, sight, seeds, is_open=not row) for row, (viewer, sight) in enumerate(order)]


def towns(run: Run, about: Subject) -> Grid | None:
    """Return the share of trips detected by home town: the baseline as practised and limited, the others as written."""
    wanted = [(about.policy, AS_WRITTEN)] + ([(about.policy, about.step)] if about.step is not None else [])
    wanted += [(policy, AS_WRITTEN) for policy in run.info["policies"] if policy != about.policy]
    listed = [town for town in run.info["towns"] if town["listed"]]
    rows = []
    for town in listed:
        found = [run.answer(policy, about.viewer, about.sight, step, *TRIPS, town["name"]) for policy, step in wanted]
        if any(answer.measured for answer in found):
            times = len(run.info["moments_s"])
            few = max(answer.n / max(answer.n_seeds * times, 1) for answer in found) < _FEW
            remark = f"{town['population']:,} residents" + (f"; fewer than {_FEW} vehicles" if few else "")
            rows.append((run.place(town["name"]), remark, [cell(answer, "trips_detected") for answer in found]))
    heads = [
        Head(
            policy, _step(step) + _keeps_more(run, Subject(policy, about.viewer, about.sight, step)),
            BY_NAME["trips_detected"].told,
        )
        for policy, step in wanted
    ]  # fmt: skip
    caption = (
        f"Trips detected, of those in the last {horizon(run)}, by home town: "
        f"{run.titled(about.viewer)}, {words.SIGHTS[about.sight][0]} sight"
    )
    return Grid(caption, heads, rows, open=True) if rows else None


_MANY = 20
"""Counts beyond which their table is folded."""

_COUNTS = ("Counted", "Modelled", "GEH", "Asked", "Met")


def counts(run: Run) -> Grid | None:
    """Return the traffic counts beside the model, those that volumes were fitted to first; None where there are none."""
    if "counts" not in run.tables:
        return None
    table = run.table("counts").sort_values("use", kind="stable")
    rows = []
    for row in table.itertuples():
        when = f"{row.day}, {row.hour} to {row.hour + 1}" if row.hour >= 0 else f"{row.day}, the whole day"
        driven = row.within is not None
        values = (
            f"{row.counted:,.0f}", f"{row.modelled:,.0f}" if driven else "not simulated", f"{row.geh:.1f}" if driven else "",
            row.asked, {True: "yes", False: "no"}.get(row.within, ""),
        )  # fmt: skip
        use = "for fitting" if row.use == "calibration" else "kept for validation"
        use += "" if row.apart or row.use == "calibration" else ", but on a road that was fitted"
        rows.append((row.name, f"{row.road_class}, {when}; {use}", [Cell(value) for value in values]))
    caption = f"{len(table):,} counts: {run.info['labels']['calibration']}"
    return Grid(caption, [Head(name, "", "") for name in _COUNTS], rows, open=len(rows) <= _MANY)


_LIVES = {
    "vehicles": ("residents’ cars", "what a plate shows"),
    "people": ("residents", "each over all the cars they drive"),
    "visitors": ("visitors’ cars", "from elsewhere, who come in to work"),
    "through": ("through traffic", "only passes; a row of its pool stands for another car after 30 d"),
}
_SOURCES = {
    "own": ("its own cameras", "those of the viewer, a department"),
    "peers": ("departments’ cameras", "other departments’, wherever the reads are kept"),
    "commercial": ("private cameras", "those that feed a commercial pool: no town decides on them"),
}


def lives(run: Run, about: Subject) -> Grid | None:
    """Return days observed and trips detected of cars and of people, visitors and through traffic apart."""
    columns = [
        ("observed_days", "share_of_horizon", "vehicles"), ("observed_days", "share_of_horizon", "people"),
        (*TRIPS, "vehicles"), (*TRIPS, "visitors"), (*TRIPS, "through"),
    ]  # fmt: skip
    heads = [Head(f"{BY_NAME[m].title}: {_LIVES[who][0]}", _LIVES[who][1], BY_NAME[m].told) for m, _, who in columns]
    asked = [{"measure": m, "statistic": s, "who": who} for m, s, who in columns]
    return _others(run, about, heads, asked, "Whose lives")


def sources(run: Run, about: Subject) -> Grid | None:
    """Return reads a day and trips detected from whose cameras' reads alone; together they overlap in trips."""
    rate = ("exposure_rate", "share_of_horizon")
    seen = [of for of in _SOURCES if _any_reads(run, about, *rate, of)]
    columns = [(*rate, of) for of in seen] + [(*TRIPS, of) for of in seen]
    heads = [Head(f"{BY_NAME[m].title}: {_SOURCES[of][0]}", _SOURCES[of][1], BY_NAME[m].told) for m, _, of in columns]
    asked = [{"measure": m, "statistic": s, "reads": of} for m, s, of in columns]
    return _others(run, about, heads, asked, "Whose cameras")


def _any_reads(run: Run, about: Subject, measure: str, statistic: str, source: str) -> bool:
    """Tell whether under any policy the subject's viewer obtains any read of that source."""
    cases = [(policy, about.viewer, about.sight, AS_WRITTEN) for policy in run.info["policies"]]
    return any(run.answer(*case, measure, statistic, reads=source).mean > 0 for case in cases)


def _others(run: Run, about: Subject, heads: list[Head], asked: list[dict[str, str]], title: str) -> Grid | None:
    """Return a grid of the subject's viewer and sight: every policy as written and limited; None where nothing is known."""
    rows = []
    for policy in run.info["policies"]:
        for step in (AS_WRITTEN,) if about.step is None else (AS_WRITTEN, about.step):
            found = [run.answer(policy, about.viewer, about.sight, step, **question) for question in asked]
            cells = [cell(answer, question["measure"]) for answer, question in zip(found, asked, strict=True)]
            if any(answer.measured for answer in found):
                more = _keeps_more(run, Subject(policy, about.viewer, about.sight, step))
                rows.append((policy + (" (baseline)" if policy == about.policy else ""), _step(step) + more, cells))
    who = f"{run.titled(about.viewer)}, {words.SIGHTS[about.sight][0]} sight, of the last {horizon(run)}"
    return Grid(f"{title}: {who}", heads, rows) if rows else None


def copies(run: Run, about: Subject) -> tuple[list[str], Grid | None]:
    """Return sentences on copies that outlive a limit, and how long reads live by viewer and policy under it."""
    if about.step is None:
        return [], None
    sentences, rows = [], []
    for viewer in run.info["viewers"]:
        found = [_longest(run, policy, viewer, about.step) for policy in run.info["policies"]]
        rows.append((run.titled(viewer), "", [cell(answer, "effective_retention") for answer in found]))
        outliving = {policy: a.mean for policy, a in zip(run.info["policies"], found, strict=True) if a.measured}
        for policy, days in outliving.items():
            if days * DAY > about.step * 1.001:
                lives = words.quantity(days, "d", measure="effective_retention")
                sentences.append(
                    f"{policy}: {run.titled(viewer)} can still reach a department’s read for {lives}, although the limit is "
                    f"{words.duration(about.step)}. A copy outlives its source."
                )
    entry = BY_NAME["effective_retention"]
    heads = [Head(policy, words.limit(about.step), entry.told) for policy in run.info["policies"]]
    caption = f"How long some department’s read can be reached under {words.limit(about.step)}, by any sight"
    return sentences, Grid(caption, heads, rows, open=True)


def numbers(panel: Panel) -> Grid:
    """Return a chart's values as a grid."""
    heads = [Head(words.duration(step), "", "") for step in panel.steps]
    rows = [
        (line.name, "", [cell(a, panel.measure, so_far=k in line.so_far) for k, a in enumerate(line.answers)])
        for line in panel.lines
    ]
    return Grid(f"{panel.title}: {panel.subject}", heads, rows)


def _policies(
    run: Run, about: Subject, viewer: str, sight: str, seeds: dict[tuple[Any, ...], NDArray[np.float64]], *, is_open: bool
) -> Grid:  # fmt: skip
    columns = [
        column
        for measure, start in _KEY
        if (statistic := _statistic(run, viewer, sight, measure, start))
        for column in _columns(run, about, viewer, sight, seeds, measure, statistic)
    ]
    rows = []
    for policy in run.info["policies"]:
        for step in (AS_WRITTEN,) if about.step is None else (AS_WRITTEN, about.step):
            name = policy + (" (baseline)" if policy == about.policy else "")
            remark = _step(step) + _keeps_more(run, Subject(policy, viewer, sight, step))
            cells = [column.cell(policy, step) for column in columns]
            if any(one.value not in ("not measured", "the baseline") for one in cells):
                rows.append((name, remark, cells))
    heads = [column.head for column in columns]
    return Grid(f"{run.titled(viewer)}, {words.SIGHTS[sight][0]} sight", heads, rows, is_open)


def _columns(
    run: Run, about: Subject, viewer: str, sight: str, seeds: dict[tuple[Any, ...], NDArray[np.float64]],
    measure: str, statistic: str,
) -> list[_Column]:  # fmt: skip
    """Return a measure's column; behind trips detected their difference to the baseline, look-backs as a range."""
    entry = BY_NAME[measure]
    if measure == "lookback_plate":
        head = Head(entry.title, "range over assumed query ages", entry.told)
        return [_Column(head, lambda policy, step: _range(run, Subject(policy, viewer, sight, None), step))]
    head = Head(entry.title, _about(run, measure, statistic), entry.told)
    own = _Column(
        head, lambda policy, step: _cell(run, Subject(policy, viewer, sight, step), measure, statistic)
    )  # fmt: skip
    if (measure, statistic) != TRIPS:
        return [own]
    baseline = (about.policy, viewer, sight, AS_WRITTEN)
    head = Head("Difference", "in trips detected, to the baseline as practised, paired by seed", _PAIRED)
    return [own, _Column(head, lambda policy, step: _change(seeds, baseline, (policy, viewer, sight, step)))]


def _about(run: Run, measure: str, statistic: str) -> str:
    said = words.statistic(statistic, run.info["horizon_s"])
    cell = words.bins(run.info.get("unicity_bin_s")) if measure == "unicity" else ""
    return f"{said} ({cell})" if cell else said


def _by_seed(run: Run) -> dict[tuple[Any, ...], NDArray[np.float64]]:
    """Return the share of trips detected by (policy, viewer, sight, retention), a value a seed."""
    rows = plain(run.measures)
    rows = rows[rows["measure"].eq(TRIPS[0]) & rows["statistic"].eq(TRIPS[1])]
    wide = rows.set_index(["policy", "viewer", "sight", "retention", "seed"])["value"].unstack("seed")
    return dict(zip(wide.index, wide.to_numpy(float), strict=True))


def _change(
    seeds: dict[tuple[Any, ...], NDArray[np.float64]], baseline: tuple[Any, ...], other: tuple[Any, ...]
) -> Cell:
    """Return how far a policy's share is from the baseline's, seed by seed, in percentage points."""
    if baseline == other:
        return Cell("the baseline")
    if baseline not in seeds or other not in seeds:
        return Cell("not measured")
    mean, low, high = paired(seeds[baseline], seeds[other])
    if math.isnan(mean):
        return Cell("not measured")
    return Cell(
        f"{words.points(mean)} points", "" if math.isnan(low) else f"{words.points(low)} to {words.points(high)}"
    )


def _statistic(run: Run, viewer: str, sight: str, measure: str, start: str) -> str:
    """Return the first statistic of a measure that starts so and was measured for all towns; empty if none was."""
    names = [name for name in run.statistics.get(measure, []) if words.is_plain(name) and words.starts(name, start)]
    steps = (AS_WRITTEN, *run.steps)
    asked = [(policy, viewer, sight, step, measure) for policy in run.info["policies"] for step in steps]
    known = (n for n in names if any(run.answer(*case, s).measured for case in asked for s in (n, n + words.SO_FAR)))
    return next(known, "")


def _cell(run: Run, about: Subject, measure: str, statistic: str) -> Cell:
    """Return an answer as printed, or where it was not measured what the simulated time holds."""
    assert about.step is not None
    for name in (statistic, statistic + words.SO_FAR):
        answer = run.answer(about.policy, about.viewer, about.sight, about.step, measure, name)
        if answer.measured:
            return cell(answer, measure, so_far=name != statistic)
    return Cell("not measured")


def _range(run: Run, about: Subject, step: int) -> Cell:
    found = sorted(answer.mean for answer in lookbacks(run, about, step).values())
    if not found:
        return Cell("not measured")
    return Cell(words.interval(found[0], found[-1], "share"), f"{len(found)} query ages")


def _longest(run: Run, policy: str, viewer: str, step: int) -> Answer:
    """Return the longest life of a department’s read by the widest sight there is."""
    found = [run.answer(policy, viewer, sight, step, "effective_retention", "max") for sight in words.SIGHTS]
    return max(found, key=lambda answer: answer.mean if answer.measured else -1)


def _keeps_more(run: Run, about: Subject) -> str:
    """Say it where the viewer can reach back further than the last T: shares of the last T then look no further."""
    assert about.step is not None
    window = run.answer(about.policy, about.viewer, about.sight, about.step, "effective_retention", "window")
    return f"; more than {horizon(run)} is kept" if window.mean * DAY > run.info["horizon_s"] else ""


def _step(step: int | None) -> str:
    if step is None:
        return ""
    if step == AS_WRITTEN:
        return "as the policy says"
    return "no limit" if step >= UNLIMITED else words.limit(step).removeprefix("a ").removeprefix("an ")
