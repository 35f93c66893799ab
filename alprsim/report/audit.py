"""The page of the simulated audit log: who searches how often, how far a search reaches, and whose cameras answer it."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alprsim.report.page import asset, security
from alprsim.results.run import Run

PUBLISHED = (
    "Agencies’ own searches in 30 d: median 101, a tenth make 640 or more; Connecticut’s portals 19 to 679, median 128 "
    "(transparency portals, April 2026).",
    "ICE, 2018: over 30,000 searches a month by 9,200 users (contract documents).",
    "One search in May 2025 reached 6,809 networks and 83,345 cameras (Johnson County, Texas).",
    "San Jose’s database was searched 3,965,519 times in a year, about 10,500 times a day (June 2024 to June 2025).",
)
"""Beside which the simulated volumes stand."""

_WIDE = 320


def render(run: Run, rows: list[dict[str, Any]]) -> str:
    """Return the page as one HTML document; `rows`: a policy and an agency each, as ``audit.csv`` has them."""
    environment = Environment(
        loader=PackageLoader("alprsim.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    style = asset("style.css") + asset("dossier.css")
    policies = list(dict.fromkeys(row["policy"] for row in rows))
    most = max((row["searches_30d"] for row in rows), default=1) or 1
    tables = [
        (name, [(row, _volume(row, most), _answers(row)) for row in rows if row["policy"] == name]) for name in policies
    ]
    return environment.get_template("audit.html.j2").render(
        run=run, info=run.info, made=run.provenance, tables=tables, style=Markup(style), policy=security(style, ""),
        published=PUBLISHED,
    )  # fmt: skip


def _volume(row: dict[str, Any], most: float) -> Markup:
    wide = 150 * row["searches_30d"] / most
    return Markup(
        f'<svg class="whole" viewBox="0 0 150 14" aria-hidden="true"><g class="seen">'
        f'<rect width="{max(wide, 1):.1f}" height="14"/></g></svg>'
    )


def _answers(row: dict[str, Any]) -> Markup:
    """Draw the searches of an agency: answered mostly by others' cameras, by its own, and not answered."""
    parts = [
        ("seen", row["mostly_others"]),
        ("own", row["answered"] - row["mostly_others"]),
        ("loss l1", 1 - row["answered"]),
    ]
    x, drawn = 0.0, ""
    for look, share in parts:
        drawn += f'<g class="{look}"><rect x="{x:.1f}" width="{_WIDE * share:.1f}" height="20"/></g>'
        x += _WIDE * share
    label = f"{row['mostly_others']:.0%} answered mostly by others, {row['answered']:.0%} answered at all"
    return Markup(f'<svg class="whole" viewBox="0 0 {_WIDE} 20" role="img" aria-label="{label}">{drawn}</svg>')
