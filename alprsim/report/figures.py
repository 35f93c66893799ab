"""The ladders of a page: one for each viewer, sight and measure that has something to show, and what can be chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from markupsafe import Markup

from alprsim.measures.glossary import BY_NAME
from alprsim.report import answer, chart, tables
from alprsim.results import frontier as utility
from alprsim.results import words
from alprsim.results.headline import TRIPS, Subject
from alprsim.results.run import Run
from alprsim.results.sensitivity import ANY_AGE, Band
from alprsim.tables import AS_WRITTEN

Pair = tuple[str, str]
"""A measure and its statistic."""
Bands = Mapping[tuple[str, str, str, int, str, str], Band]

_ORDER = ("trips_rebuilt", "trips_detected", "observed_days", "trips_linked", "effective_retention", "home_found", "unicity",
          "lookback_plate", "lookback_area", "work_found", "exposure_rate", "exposure_rate_driving", "days_per_answer",
          "ghost_rate")  # fmt: skip
_STATISTICS = ("share_of_horizon_pooled", "share_of_horizon", "stock", "share_of_window", "max", "mean")
_POOLED = ("trips_detected", "trips_linked", "trips_rebuilt")
"""Measures whose pooled shares are drawn too: trips over trips."""

_DRAWN_TOO = ("_of_no_limit", "_eligible", words.WITH_HOLDS)
"""Of the statistics that are another view of a plain one; those so far are hollow points of theirs, others in the table."""

NO_BAND = (math.nan, math.nan)
"""Of a limit over which assumptions were not varied."""


class Figure(NamedTuple):
    """A ladder with its notes and numbers; `key` is viewer, sight and measure by their rows in the choices."""

    key: str
    title: str
    subject: str
    svg: Markup
    narrow: Markup
    """For a phone."""
    notes: list[str]
    numbers: tables.Grid
    names: list[tuple[str, bool, int]]
    """Of each line: its name, whether it is the baseline, and the row of its colour and shape."""
    definition: str

    @property
    def pair(self) -> Pair:
        """The measure and its statistic."""
        measure, _, statistic = self.key.rpartition("~")[2].partition(".")
        return measure, statistic


def pairs(run: Run) -> list[Pair]:
    """Return the measures and statistics that are drawn, the most telling first."""
    asked = sorted(((m, s) for m, names in run.statistics.items() if m in BY_NAME for s in names), key=_rank)
    return [pair for pair in asked if _is_drawn(*pair)]


def key(run: Run, viewer: str, sight: str, pair: Pair) -> str:
    """Return what names a ladder on the page."""
    return f"{list(run.info['viewers']).index(viewer)}~{sight}~{'.'.join(pair)}"


def figures(run: Run, about: Subject, first: Pair, bands: Bands) -> list[Figure]:
    """Return every ladder that has something to show, the one the page begins with first."""
    viewers, sights = list(run.info["viewers"]), list(words.SIGHTS)
    asked = sorted(pairs(run), key=lambda pair: pair != first)
    return [
        ladder(run, viewer, sight, pair, bands)
        for viewer in sorted(viewers, key=lambda name: name != about.viewer)
        for sight in sorted(sights, key=lambda name: name != about.sight)
        for pair in asked
        if _any(run, viewer, sight, *pair)
    ]


def titled(run: Run, measure: str, statistic: str) -> str:
    """Return a measure's title with what its statistic is of."""
    return f"{BY_NAME[measure].title}: {words.statistic(statistic, run.info['horizon_s'])}"


def line(run: Run, policy: str, viewer: str, sight: str, pair: Pair, bands: Bands) -> chart.Line:
    """Return a policy's answers over the ladder, as it is practised, and over other assumptions."""
    own = answer.line(run, policy, viewer, sight, *pair)
    wide = [over_assumptions(bands, (policy, viewer, sight, step, *pair)) for step in run.steps]
    return own._replace(
        practised=run.answer(policy, viewer, sight, AS_WRITTEN, *pair),
        wide=[band or NO_BAND for band in wide] if any(wide) else (),
        practised_wide=over_assumptions(bands, (policy, viewer, sight, AS_WRITTEN, *pair)),
    )


def over_assumptions(bands: Bands, case: tuple[str, str, str, int, str, str]) -> tuple[float, float] | None:
    """Return the band of an answer over other assumptions; of look-backs, over the query ages too."""
    found = bands.get(case) or (bands.get((*case[:5], ANY_AGE)) if case[4].startswith("lookback_") else None)
    return found[:2] if found else None


def ladder(run: Run, viewer: str, sight: str, pair: Pair, bands: Bands) -> Figure:
    """Return one ladder: of a measure that was measured, through a viewer's eyes."""
    measure, statistic = pair
    every = [line(run, policy, viewer, sight, pair, bands) for policy in run.info["policies"]]
    lines = [one._replace(row=row) for row, one in enumerate(every) if any(answer.measured for answer in one.answers)]
    unit = next(a.unit for one in lines for a in one.answers if a.measured)
    who = f"{run.titled(viewer)}, {words.SIGHTS[sight][0]} sight"
    practised = run.answer(run.info["baseline"], viewer, sight, AS_WRITTEN, measure, statistic)
    limited = run.info["horizon_s"] if statistic.startswith("share_of_horizon") else None
    panel = chart.Panel(titled(run, *pair), who, measure, unit, run.steps, lines, practised, limited)
    bare = ["The band over assumptions was not computed for this measure."] if bands and not any(
        one.wide for one in lines
    ) else []  # fmt: skip
    return Figure(
        key(run, viewer, sight, pair),
        panel.title,
        who,
        Markup(chart.ladder(panel)),
        Markup(chart.narrow(panel)),
        [*chart.notes(panel), *uncounted(run, viewer, sight, pair), *bare, *_cells(run, measure)],
        tables.numbers(panel),
        [(one.name, one.baseline, row) for row, one in chart.dressed(lines)],
        BY_NAME[measure].told,
    )


def uncounted(run: Run, viewer: str, sight: str, pair: Pair) -> list[str]:
    """Say which policies' looks hang on a grant, and so are in another sight's figure."""
    said = []
    for other, how in (("process", "a warrant"), ("side_door", "a partner’s search")):
        cases = [(policy, viewer, other, AS_WRITTEN) for policy in run.info["policies"]]
        found = [
            case[0]
            for case in cases
            if any(run.answer(*case, pair[0], pair[1] + so).measured for so in ("", words.SO_FAR))
        ]
        if found and other != sight:
            named = ", ".join(f"“{policy}”" for policy in found)
            said.append(
                f"Not counted here: what {how} opens under {named}. {words.SIGHTS[other][0].capitalize()} sight has it."
            )
    return said


def _any(run: Run, viewer: str, sight: str, measure: str, statistic: str) -> bool:
    return any(
        run.answer(policy, viewer, sight, step, measure, statistic).measured
        for policy in run.info["policies"]
        for step in run.steps
    )


def _is_drawn(measure: str, statistic: str) -> bool:
    if statistic.endswith("_pooled"):
        return measure in _POOLED and statistic == TRIPS[1]
    return words.is_plain(statistic) or statistic.endswith(_DRAWN_TOO)


def _cells(run: Run, measure: str) -> list[str]:
    """Say what a cell of unicity was in this run, and what look-backs rest on."""
    if measure.startswith("lookback_") or measure == "days_per_answer":
        return [f"It {utility.CAVEAT}, and it {utility.RESTS_ON}.", *utility.basis(run), *utility.spreads(run)]
    cell = words.bins(run.info.get("unicity_bin_s")) if measure == "unicity" else ""
    return [f"A sighting is a cell: {cell}."] if cell else []


def _rank(pair: Pair) -> tuple[float, float, str]:
    measure, statistic = pair
    return (
        _ORDER.index(measure) if measure in _ORDER else math.inf,
        _STATISTICS.index(statistic) if statistic in _STATISTICS else math.inf,
        statistic,
    )
