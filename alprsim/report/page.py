"""What the page says, gathered from a run and put into its template: sentence, charts, tables, map, limits, provenance."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from importlib import resources
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alprsim.measures.glossary import GLOSSARY
from alprsim.report import (
    alerts,
    answer,
    chart,
    explorer,
    fitting,
    frontier,
    losses,
    rings,
    statutes,
    street_map,
    tables,
    unevenly,
    week,
)
from alprsim.report.cube import by_seed
from alprsim.report.figures import figures
from alprsim.report.opening import opened
from alprsim.results import comparison, sensitivity, words
from alprsim.results import frontier as utility
from alprsim.results.headline import subject
from alprsim.results.run import Run, horizon
from alprsim.results.summary import as_csv
from alprsim.tables import AS_WRITTEN

SCRIPTS = ("script.js", "week.js", "explorer.js", "told.js")
"""Files of the page's one script, in this order; the first has what the others use."""

_FILES = ("file", "commuting", "counts")
"""Keys of a scenario that name files."""

_MOST_CSV = 1_500_000
"""Letters of zipped CSV carried with the page; beyond that only the answers for all towns together."""


def render(run: Run, without: frozenset[str] = frozenset()) -> str:
    """Return the page as one HTML document, without some of what ``fitting.LEFT_OUT`` names."""
    environment = Environment(
        loader=PackageLoader("alprsim.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["told"] = {entry.title: entry.told for entry in GLOSSARY}
    about, bands = subject(run), sensitivity.bands(run)
    seeds = by_seed(run)
    first = opened(run, seeds, bands)
    ladders = figures(run, first.about, first.pair, bands)
    tried = explorer.explored(run, first.about, first.pair, ladders, seeds, bands, towns="cube" not in without)
    style = asset("style.css") + asset("week.css") + tried.style
    script = "\n".join(asset(name) for name in SCRIPTS)
    copied, lives = tables.copies(run, about)
    macros = environment.get_template("figures.html.j2").module
    begun = [rings.Chosen(first.about.policy, AS_WRITTEN)]
    ladders[:1] = [
        one._replace(svg=rings.ringed(one.svg, begun), narrow=rings.ringed(one.narrow, begun)) for one in ladders[:1]
    ]
    tried.looks[:1] = [
        one._replace(svg=rings.ringed(one.svg, begun), narrow=rings.ringed(one.narrow, begun))
        for one in tried.looks[:1]
    ]
    kept = [one for one in ladders[1:] if "charts" not in without or comparison.is_main(*one.pair)]
    charts = {one.key: macros.figure(one) for one in kept}  # type: ignore[attr-defined]
    charts |= {f"looks~{one.key}": macros.under(one) for one in tried.looks[1:]}  # type: ignore[attr-defined]
    return environment.get_template("page.html.j2").render(
        charts=zipped(json.dumps(charts, ensure_ascii=False)),
        cube=zipped(json.dumps(tried.cube, ensure_ascii=False, separators=(",", ":"))),
        tried=tried,
        opening=first,
        bands=bands,
        run=run,
        info=run.info,
        made=run.provenance,
        about=about,
        asked=answer.shown(run),
        shapes=Markup(chart.SHAPES),
        style=Markup(style),
        script=Markup(script),
        policy=security(style, script),
        headline=run.headline(),
        figures=ladders,
        frontier=frontier.shown(run),
        spreads=utility.spreads(run),
        copies=copied,
        lives=lives,
        lifetime=next((f for f in ladders if f.key.endswith("effective_retention.max")), None),
        policies=tables.policies(run, about),
        towns=tables.towns(run, about),
        lives_and_sources=[grid for grid in (tables.lives(run, about), tables.sources(run, about)) if grid],
        unevenly=unevenly.shown(run, about),
        counts=tables.counts(run),
        alerts=alerts.table(run),
        alerted=alerts.remarks(run),
        published_hits=alerts.published(run),
        week=week.section(run, first.about, environment, zipped, others="week" not in without),
        map=street_map.draw(run),
        losses=losses.losses(run),
        glossary=GLOSSARY,
        statutes={step: laws for step in run.steps if (laws := statutes.at(step))},
        horizon=horizon(run),
        csv=None if "csv" in without else _csv(run),
        left_out=fitting.note(without, "All of it is in summary.csv and the other tables beside the page."),
        words=words,
        scenario=without_folders(run.scenario_text),
        cell=words.bins(run.info.get("unicity_bin_s")),
        markup=Markup,
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
