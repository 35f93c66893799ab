"""The page of one synthetic vehicle: what a viewer finds on it under each policy, and which rule removed the rest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from typing import NamedTuple

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alprsim.report import street_map
from alprsim.report.page import asset, security
from alprsim.report.street_map import Streets
from alprsim.results.run import Run
from alprsim.tables import DAY, DAY_STARTS

_CELL, _LEFT, _TOP = 13, 74, 18
_ROWS = ((35, 13), (100, 6), (10_000, 2))
"""Up to so many days: height of a day."""

_DOT, _LARGEST = 8, 34
_BAR, _BAR_HEIGHT = 640, 26


class Seen(NamedTuple):
    """One read as the viewer holds it."""

    time: int
    """s since the scenario's start, as exactly as the viewer knows it."""
    said: str
    """When, in words."""
    date: str
    hour: int
    """Clock hour; −1: only the day is known."""
    x: float
    y: float
    """m: the camera, or the middle of the square that the record tells."""
    place_step: float
    place: str
    owner: str
    store: str
    sight: str
    near: tuple[str, ...]
    """Truth: kinds of the places it went to near there."""


class Loss(NamedTuple):
    """Reads that one rule keeps from the viewer."""

    said: str
    reads: int


class Holding(NamedTuple):
    """What the viewer holds under one policy. `seen`, pseudonymous and `losses` add up to all reads."""

    policy: str
    seen: tuple[Seen, ...]
    pseudonymous: int
    """Held, but under a pseudonym: not found by plate."""
    losses: tuple[Loss, ...]
    against: tuple[Loss, ...]
    """Of what the viewer finds under the baseline, what is missing here, by rule."""
    trips: int
    """Truth: its trips with at least one read that the viewer finds."""
    ghosts: int
    """Truth: reads found that are of another car."""

    @property
    def days(self) -> int:
        """How many days it is seen on."""
        return len({seen.date for seen in self.seen})

    @property
    def near(self) -> list[tuple[str, int]]:
        """Kinds of places it went to near reads that are found, and how many reads, most first."""
        return Counter(kind for seen in self.seen for kind in seen.near).most_common()


class Dossier(NamedTuple):
    """One vehicle, one viewer, one moment, several policies; the first is the baseline."""

    run: str
    vehicle: int
    chosen: str
    kind: str
    town: str
    viewer: str
    sight: str
    sight_means: str
    asked: str
    moment: int
    seed: int
    reads: int
    ghosts: int
    trips: int
    ever: tuple[tuple[int, float, float], ...]
    """Time (s), x and y (m) of all that was ever read of it."""
    holdings: tuple[Holding, ...]


class Card(NamedTuple):
    """A policy's pictures."""

    holding: Holding
    map: Markup
    calendar: Markup


def render(run: Run, dossier: Dossier) -> str:
    """Return the page as one HTML document."""
    environment = Environment(
        loader=PackageLoader("alprsim.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    style = asset("style.css") + asset("dossier.css")
    streets = street_map.streets(run)
    cards = [
        Card(holding, Markup(_map(streets, dossier, holding)), Markup(_calendar(run, dossier, holding)))
        for holding in dossier.holdings
    ]
    return environment.get_template("dossier.html.j2").render(
        run=run, info=run.info, made=run.provenance, d=dossier, cards=cards, style=Markup(style),
        policy=security(style, ""), streets=Markup(streets.svg), view=streets.view, credit=streets.credit,
        bars=[Markup(_bar(dossier, holding)) for holding in dossier.holdings], swatches=swatches,
    )  # fmt: skip


def _map(streets: Streets, dossier: Dossier, holding: Holding) -> str:
    """Draw where the vehicle was read: discs for what the viewer finds, rings for what it does not."""
    found = Counter((seen.x, seen.y, seen.place_step) for seen in holding.seen)
    places = {(seen.x, seen.y, seen.place_step): seen.place for seen in holding.seen}
    spots = Counter((x, y) for _, x, y in dossier.ever)
    known = {(x, y) for x, y, step in found if not step}
    marks = [
        f'<circle class="unseen" {_at(streets, x, y)} r="{_DOT}"><title>{n} reads, none found</title></circle>'
        for (x, y), n in spots.items() if (x, y) not in known
    ]  # fmt: skip
    for (x, y, step), n in found.most_common():
        said = f"<title>{escape(places[x, y, step])}: {n} read{'s' * (n > 1)}</title>"
        radius = min(_DOT * math.sqrt(n), _LARGEST)
        marks.append(
            _square(streets, x, y, step, said) if step
            else f'<circle class="seen" {_at(streets, x, y)} r="{radius:.1f}">{said}</circle>'
        )  # fmt: skip
    view = streets.view
    label = f"Map: {len(holding.seen)} reads found at {len(found)} places"
    return (
        f'<svg class="map small" viewBox="0 0 {view.width} {view.height}" role="img" aria-label="{label}">'
        f'<use class="streets" href="#streets"/>{"".join(marks)}</svg>'
    )


def _at(streets: Streets, x: float, y: float) -> str:
    across, down = _point(streets, x, y)
    return f'cx="{across:.1f}" cy="{down:.1f}"'


def _point(streets: Streets, x: float, y: float) -> tuple[float, float]:
    at = streets.view(np.array([x]), np.array([y]))[0]
    return float(at[0]), float(at[1])


def _square(streets: Streets, x: float, y: float, step: float, said: str) -> str:
    across, down = _point(streets, x, y)
    side = step * streets.view.scale
    return (
        f'<rect class="seen square" x="{across - side / 2:.1f}" y="{down - side / 2:.1f}" width="{side:.1f}" '
        f'height="{side:.1f}">{said}</rect>'
    )


def _calendar(run: Run, dossier: Dossier, holding: Holding) -> str:
    """Draw days as rows and hours as columns, from 04:00: filled where it was found, a ring where only read."""
    days = max(-(-dossier.moment // DAY), 1)
    height = next(tall for most, tall in _ROWS if days <= most)
    ever = Counter((time // DAY, time % DAY // 3600) for time, _, _ in dossier.ever)
    found = Counter((seen.time // DAY, seen.time % DAY // 3600 if seen.hour >= 0 else -1) for seen in holding.seen)
    parts = [_hours(days * height), *_days(run, days, height)]
    for (day, hour), n in ever.items():
        parts.append(f'<rect class="unseen" {_cell(day, hour, height)}><title>read, {n}</title></rect>')
    for (day, hour), n in found.items():
        wide = "whole" if hour < 0 else f"n{min(n, 4)}"
        parts.append(f'<rect class="cell {wide}" {_cell(day, hour, height)}><title>{n} found</title></rect>')
    return (
        f'<svg class="calendar" viewBox="0 0 {_LEFT + 24 * _CELL + 10} {_TOP + days * height + 4}" role="img" '
        f'aria-label="Calendar: found on {holding.days} days">{"".join(parts)}</svg>'
    )


def _cell(day: int, hour: int, height: int) -> str:
    gap, corner = (1, ' rx="2"') if height > 4 else (0, "")
    left, wide = _LEFT + max(hour, 0) * _CELL, _CELL if hour >= 0 else 24 * _CELL
    return f'x="{left + 0.5}" y="{_TOP + day * height + gap / 2}" width="{wide - 1}" height="{height - gap}"{corner}'


def _hours(depth: int) -> str:
    lines = []
    for column in range(0, 25, 4):
        x, clock = _LEFT + column * _CELL, (column + DAY_STARTS // 3600) % 24
        lines.append(f'<path class="grid" d="M{x} {_TOP}v{depth}"/>')
        lines.append(f'<text class="tick" x="{x}" y="{_TOP - 5}" text-anchor="middle">{clock:02}</text>')
    return "".join(lines)


def _days(run: Run, days: int, height: int) -> list[str]:
    """Name every day where there is room, else every Monday or the first of a month."""
    start = date.fromisoformat(run.info["start"])
    said = []
    for day in range(days):
        at = start + timedelta(days=day)
        if height > 10 or (at.weekday() == 0 and height > 4) or at.day == 1:
            weekend = " weekend" if at.weekday() > 4 else ""
            y = _TOP + day * height + height / 2 + 4
            said.append(
                f'<text class="tick{weekend}" x="{_LEFT - 6}" y="{y:.1f}" text-anchor="end">{at:%a %d %b}</text>'
            )
    return said


def _bar(dossier: Dossier, holding: Holding) -> str:
    """Draw all that was ever read as one bar: found, under a pseudonym, and what each rule removed."""
    parts = [("found", "seen", len(holding.seen)), ("under a pseudonym", "alias", holding.pseudonymous)]
    parts += [(loss.said, f"loss l{row % 4}", loss.reads) for row, loss in enumerate(holding.losses)]
    x, drawn = 0.0, []
    for said, look, n in parts:
        wide = _BAR * n / max(dossier.reads, 1)
        if n:
            title = f"<title>{escape(said)}: {n} of {dossier.reads} reads</title>"
            text = f'<text x="{x + 6:.1f}" y="17">{n}</text>' if wide > 30 else ""
            drawn.append(
                f'<g class="{look}"><rect x="{x:.1f}" width="{wide:.1f}" height="{_BAR_HEIGHT}"/>{text}{title}</g>'
            )
        x += wide
    label = escape(f"{len(holding.seen)} of {dossier.reads} reads found under {holding.policy}", quote=True)
    return (
        f'<svg class="whole" viewBox="0 0 {_BAR} {_BAR_HEIGHT}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'
    )


def swatches(losses: Sequence[Loss]) -> list[tuple[str, Loss]]:
    """Return each loss with the look of its part of the bar."""
    return [(f"loss l{row % 4}", loss) for row, loss in enumerate(losses)]
