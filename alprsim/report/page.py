"""What the page says, gathered from a run and put into its template: sentence, charts, tables, map, limits, provenance."""

from __future__ import annotations

import base64
import gzip
import hashlib
import math
import re
from importlib import resources
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alprsim.measures.glossary import BY_NAME, GLOSSARY
from alprsim.report import alerts, answer, chart, frontier, losses, statutes, street_map, tables, week
from alprsim.results import frontier as utility
from alprsim.results import words
from alprsim.results.headline import TRIPS, Subject, lookbacks, outlived, subject
from alprsim.results.run import Answer, Run, horizon
from alprsim.results.summary import as_csv
from alprsim.tables import AS_WRITTEN, UNLIMITED

_ORDER = ("trips_detected", "observed_days", "trips_linked", "effective_retention", "home_found", "unicity",
          "lookback_plate", "lookback_area", "work_found", "exposure_rate", "exposure_rate_driving", "days_per_answer",
          "ghost_rate")  # fmt: skip
_STATISTICS = ("share_of_horizon_pooled", "share_of_horizon", "stock", "share_of_window", "max", "mean")
_POOLED = ("trips_detected", "trips_linked")
"""Measures whose pooled shares are drawn too: trips over trips."""

_DRAWN_TOO = ("_of_no_limit", "_eligible", words.WITH_HOLDS)
"""Of the statistics that are another view of a plain one; those so far are hollow points of theirs, others in the table."""

_FILES = ("file", "commuting", "counts")
"""Keys of a scenario that name files."""

_MOST_CSV = 1_500_000
"""Letters of zipped CSV carried with the page; beyond that only the answers for all towns together."""


_ASSETS = {"css": ("style", "week"), "js": ("script", "week")}
"""The parts of the page's style and of its script, in order."""


class Bar(NamedTuple):
    """A row of ten cars on the first screen."""

    name: str
    when: str
    answer: Answer
    baseline: bool

    @property
    def said(self) -> str:
        """How many of ten, with the interval."""
        if not self.answer.measured:
            return "not measured"
        value = f"{words.of_ten(self.answer.mean)} of 10"
        if self.answer.n_seeds < 2:
            return f"{value} (one seed, no interval)"
        return f"{value} ({words.of_ten(self.answer.low)} to {words.of_ten(self.answer.high)})"


class Figure(NamedTuple):
    """A ladder with its notes and numbers; `key` is viewer, sight and measure by their rows in the choices."""

    key: str
    title: str
    subject: str
    svg: Markup
    notes: list[str]
    numbers: tables.Grid
    names: list[tuple[str, bool]]


class Choice(NamedTuple):
    """An entry of one of the three lists above the ladder; entries of a group stand together."""

    value: str
    text: str
    group: str = ""


def render(run: Run) -> str:
    """Return the page as one HTML document."""
    environment = Environment(
        loader=PackageLoader("alprsim.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    about = subject(run)
    style, script = ("".join(asset(f"{name}.{kind}") for name in names) for kind, names in _ASSETS.items())
    figures, choices = _figures(run, about)
    copied, lives = tables.copies(run, about)
    macros = environment.get_template("figures.html.j2").module
    return environment.get_template("page.html.j2").render(
        charts=zipped("".join(macros.figure(one) for one in figures[1:])),  # type: ignore[attr-defined]
        run=run,
        info=run.info,
        made=run.provenance,
        about=about,
        asked=answer.shown(run),
        shapes=Markup(chart.SHAPES),
        style=Markup(style),
        script=Markup(script),
        policy=security(style, script),
        sentence=sentence(run, about),
        headline=run.headline(),
        bars=_bars(run, about),
        figures=figures,
        choices=choices,
        frontier=frontier.shown(run),
        copies=copied,
        lives=lives,
        lifetime=next((f for f in figures if f.key.endswith("effective_retention.max")), None),
        policies=tables.policies(run, about),
        towns=tables.towns(run, about),
        lives_and_sources=[grid for grid in (tables.lives(run, about), tables.sources(run, about)) if grid],
        counts=tables.counts(run),
        alerts=alerts.table(run),
        alerted=alerts.remarks(run),
        published_hits=alerts.published(run),
        week=week.section(run, about, environment, zipped),
        map=street_map.draw(run),
        losses=losses.losses(run),
        glossary=GLOSSARY,
        statutes={step: laws for step in run.ladder if (laws := statutes.at(step))},
        horizon=horizon(run),
        csv=_csv(run),
        words=words,
        scenario=without_folders(run.scenario_text),
        cell=words.bins(run.info.get("unicity_bin_s")),
        markup=Markup,
    )


def sentence(run: Run, about: Subject) -> str:
    """Return the page's first sentence: how much a viewer can see in practice, under a limit, and what a limit costs."""
    who = f"{run.titled(about.viewer)} can detect"
    sight = f"({words.SIGHTS[about.sight][0]} sight)"
    now = _trips(run, about, about.policy, AS_WRITTEN)
    text = (
        f"In this synthetic model, of every 10 vehicle trips that residents made in the last {horizon(run)}, {who} "
        f"{words.of_ten(now.mean)} {sight} as the baseline “{about.policy}” is practised"
    )
    if about.step is None:
        return text + f"; no limit that was tried is shorter than those {horizon(run)}."
    limited = _trips(run, about, about.policy, about.step)
    text += f", and {words.of_ten(limited.mean)} under {words.limit(about.step)}{outlived(run, about)}"
    return text + answered(run, about, about.step)


def answered(run: Run, about: Subject, step: int) -> str:
    """Say what a limit leaves of look-backs by plate, beside what no limit leaves: coverage caps both."""
    limited, unlimited = (
        sorted(answer.mean for answer in lookbacks(run, about, limit).values()) for limit in (step, UNLIMITED)
    )
    if not limited:
        return "."
    without = f" ({words.of_ten_range(unlimited[0], unlimited[-1])} without a limit)" if unlimited else ""
    return (
        f"; of 10 look-backs by plate it would still answer {words.of_ten_range(limited[0], limited[-1])}{without}, over "
        f"{len(limited)} assumed query ages."
    )


def _bars(run: Run, about: Subject) -> list[Bar]:
    bars = [Bar(about.policy, "as practised", _trips(run, about, about.policy, AS_WRITTEN), True)]
    if about.step is not None:
        limited = _trips(run, about, about.policy, about.step)
        bars.append(Bar(about.policy, f"with {words.limit(about.step)}", limited, True))
    for policy in run.info["policies"]:
        if policy != about.policy:
            bars.append(Bar(policy, "as written", _trips(run, about, policy, AS_WRITTEN), False))
            if about.step is not None:
                limited = _trips(run, about, policy, about.step)
                bars.append(Bar(policy, f"with {words.limit(about.step)}", limited, False))
    return bars


def _trips(run: Run, about: Subject, policy: str, retention: int) -> Answer:
    return run.answer(policy, about.viewer, about.sight, retention, *TRIPS)


def _figures(run: Run, about: Subject) -> tuple[list[Figure], dict[str, list[Choice]]]:
    """Return every ladder that has something to show, the subject's own first, and what can be chosen."""
    viewers, sights = list(run.info["viewers"]), list(words.SIGHTS)
    asked = sorted(((m, s) for m, names in run.statistics.items() if m in BY_NAME for s in names), key=_rank)
    asked = [pair for pair in asked if _is_drawn(*pair)]
    figures = [
        _figure(run, viewer, sight, measure, statistic)
        for viewer in sorted(viewers, key=lambda name: name != about.viewer)
        for sight in sorted(sights, key=lambda name: name != about.sight)
        for measure, statistic in asked
        if _any(run, viewer, sight, measure, statistic)
    ]
    parts = [figure.key.split("~") for figure in figures]
    shown = {pair: _titled(run, *pair) for pair in asked if any(p[2] == ".".join(pair) for p in parts)}
    return figures, {
        "viewer": [
            Choice(str(row), run.titled(v)) for row, v in enumerate(viewers) if any(p[0] == str(row) for p in parts)
        ],
        "sight": [Choice(s, words.SIGHTS[s][0]) for s in sights if any(p[1] == s for p in parts)],
        "measure": [Choice(".".join(pair), text, BY_NAME[pair[0]].title) for pair, text in shown.items()],
    }


def _figure(run: Run, viewer: str, sight: str, measure: str, statistic: str) -> Figure:
    steps, baseline = run.ladder, run.info["baseline"]
    lines = [answer.line(run, policy, viewer, sight, measure, statistic) for policy in run.info["policies"]]
    lines = [line for line in lines if any(answer.measured for answer in line.answers)]
    unit = next(a.unit for line in lines for a in line.answers if a.measured)
    title = _titled(run, measure, statistic)
    who = f"{run.titled(viewer)}, {words.SIGHTS[sight][0]} sight"
    practised = run.answer(baseline, viewer, sight, AS_WRITTEN, measure, statistic)
    limited = run.info["horizon_s"] if statistic.startswith("share_of_horizon") else None
    panel = chart.Panel(title, who, measure, unit, steps, lines, practised, limited)
    return Figure(
        f"{list(run.info['viewers']).index(viewer)}~{sight}~{measure}.{statistic}",
        title,
        who,
        Markup(chart.ladder(panel)),
        [*chart.notes(panel), *_cells(run, measure)],
        tables.numbers(panel),
        [(line.name, line.baseline) for line in lines],
    )


def _any(run: Run, viewer: str, sight: str, measure: str, statistic: str) -> bool:
    return any(
        run.answer(policy, viewer, sight, step, measure, statistic).measured
        for policy in run.info["policies"]
        for step in run.ladder
    )


def _is_drawn(measure: str, statistic: str) -> bool:
    if statistic.endswith("_pooled"):
        return measure in _POOLED and statistic == TRIPS[1]
    return words.is_plain(statistic) or statistic.endswith(_DRAWN_TOO)


def _cells(run: Run, measure: str) -> list[str]:
    """Say what a cell of unicity was in this run, and what look-backs rest on."""
    if measure.startswith("lookback_") or measure == "days_per_answer":
        return [f"It {utility.CAVEAT}, and it {utility.RESTS_ON}.", *utility.basis(run)]
    cell = words.bins(run.info.get("unicity_bin_s")) if measure == "unicity" else ""
    return [f"A sighting is a cell: {cell}."] if cell else []


def _titled(run: Run, measure: str, statistic: str) -> str:
    return f"{BY_NAME[measure].title}: {words.statistic(statistic, run.info['horizon_s'])}"


def _rank(pair: tuple[str, str]) -> tuple[float, float, str]:
    measure, statistic = pair
    return (
        _ORDER.index(measure) if measure in _ORDER else math.inf,
        _STATISTICS.index(statistic) if statistic in _STATISTICS else math.inf,
        statistic,
    )


def _csv(run: Run) -> dict[str, Any]:
    """Return the tidy summary, zipped, as a link that needs no network."""
    content = zipped(as_csv(run.summary, run.info))
    whole = len(content) <= _MOST_CSV
    if not whole:
        content = zipped(as_csv(run.summary[run.summary["town"].eq("all")], run.info))
    link = Markup("data:application/gzip;base64,") + content
    return {"href": link, "whole": whole, "name": f"{run.info['name']}-summary.csv"}


def without_folders(scenario: str) -> str:
    """Return a resolved scenario with its files by name only: where they lie on one machine is nobody else's business."""

    def shown(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: shown(item, key if name == "value" else name) for name, item in value.items()}
        if isinstance(value, list):
            return [shown(item, key) for item in value]
        return re.split(r"[/\\]", value)[-1] if key in _FILES and isinstance(value, str) else value

    data = yaml.safe_load(scenario)
    if (named := shown(data)) == data:
        return scenario
    text: str = yaml.safe_dump(named, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    return "# Files are shown by name: put them beside the scenario.\n" + text


def zipped(text: str) -> Markup:
    """Return text as gzip in base 64, the same on every machine and day."""
    return Markup(base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode())


def asset(name: str) -> str:
    """Return a file of this folder as text."""
    return resources.files("alprsim.report").joinpath(name).read_text("utf-8")


def security(style: str, script: str) -> str:
    """Return the Content-Security-Policy: nothing may be fetched, only this style and this script may run."""
    style_hash, script_hash = (base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in (style, script))
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
