"""The retention ladder: one line a sharing option over limits from minutes to none, drawn as SVG.

Nothing is drawn where nothing was measured; a limit longer than the question's own horizon is a hollow point that no
line passes through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from alprsim.report import _limits
from alprsim.report.scale import BOTTOM as BOTTOM
from alprsim.report.scale import HEIGHT as HEIGHT
from alprsim.report.scale import LEFT as LEFT
from alprsim.report.scale import NARROW as NARROW
from alprsim.report.scale import RIGHT as RIGHT
from alprsim.report.scale import TOP as TOP
from alprsim.report.scale import WIDE as WIDE
from alprsim.report.scale import WIDTH as WIDTH
from alprsim.report.scale import Layout as Layout
from alprsim.report.scale import Lifetime as Lifetime
from alprsim.report.scale import Linear as Linear
from alprsim.report.scale import Place as Place
from alprsim.report.scale import Scale as Scale
from alprsim.report.scale import positions as positions
from alprsim.report.scale import spread as spread
from alprsim.results import words
from alprsim.results.run import NOTHING, Answer
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED

MARKERS = 6
"""Marker shapes the page defines as #m0 …; colour, shape and dashes change together."""

SHAPES = (
    '<path id="m0" d="M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z"/>'
    '<path id="m1" d="M-4.5 -4.5h9v9h-9z"/>'
    '<path id="m2" d="M0 -6l5.6 9.8h-11.2z"/>'
    '<path id="m3" d="M0 -6.2l6.2 6.2l-6.2 6.2l-6.2 -6.2z"/>'
    '<path id="m4" d="M0 6l5.6 -9.8h-11.2z"/>'
    '<path id="m5" d="M-5.5 -2h3.5v-3.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5z"/>'
)
"""The markers #m0 …, for a picture's definitions."""

_DASHES = ("", "9 4", "2.5 4", "12 4 2.5 4", "5 3", "16 5")
_NAME_LETTERS = 25
_HOLLOW = ' class="hollow"'


class Line(NamedTuple):
    """One sharing option's answers, row for row with the panel's steps."""

    name: str
    answers: Sequence[Answer]
    baseline: bool
    so_far: frozenset[int] = frozenset()
    """Rows whose answer counts only what was simulated, because more is kept."""
    practised: Answer = NOTHING
    """As the policy itself says, drawn left of the limits."""
    wide: Sequence[tuple[float, float]] = ()
    """Row for row the band over assumptions, NaN where there is none; empty where none was computed."""
    practised_wide: tuple[float, float] | None = None
    """The same band of what the policy itself says."""
    row: int | None = None
    """Of its colour, shape and dashes, where these are not by its place among the lines."""


class Panel(NamedTuple):
    """One chart: a statistic of a measure through a viewer's eyes."""

    title: str
    subject: str
    """Whose eyes and which sight, in words."""
    measure: str
    unit: str
    steps: Sequence[int]
    """s, rising; the last may be UNLIMITED."""
    lines: Sequence[Line]
    practised: Answer
    """The baseline as the policy itself says."""
    horizon: int | None
    """s: limits longer than this are hollow; None where the statistic has no horizon."""


def ladder(panel: Panel, of: Layout = WIDE) -> str:
    """Return the panel as an SVG picture with a text that says what it shows."""
    x, breaks = positions(panel.steps, first=_first(panel, of), of=of)
    y = _scale(panel, of)
    parts = [_frame(x, breaks, y, panel, of), _limits.laws(x, panel.steps, of)]
    if panel.measure == "effective_retention":
        parts.append(_diagonal(x, y, panel.steps))
    parts += [_wide(line, row, x, y, panel) for row, line in dressed(panel.lines)]
    parts += [_band(line, row, x, y, panel) for row, line in dressed(panel.lines)]
    parts.append(_practised(panel, y, of))
    parts += [_line(line, row, x, y, panel) for row, line in dressed(panel.lines)]
    parts.append(_column(panel, y, of))
    parts.append("" if of.narrow else _names(panel, x, y))
    label = escape(summary(panel), quote=True)
    return (
        f'<svg class="ladder{" narrow" * of.narrow}" viewBox="0 0 {of.width} {of.height}" role="img" aria-label="{label}">'
        + "".join(part for part in parts if part)
        + "</svg>"
    )


def narrow(panel: Panel) -> str:
    """Return the panel for a phone: the picture, and below it the laws that its numbers stand for."""
    return ladder(panel, NARROW) + _limits.listed(panel.steps)


def dressed(lines: Sequence[Line]) -> list[tuple[int, Line]]:
    """Return each line with the row of its colour, shape and dashes."""
    return [(place if line.row is None else line.row, line) for place, line in enumerate(lines)]


def summary(panel: Panel) -> str:
    """Say in words what the panel shows: every line from its first measured limit to its last."""
    said = []
    for line in panel.lines:
        measured = [(step, a) for step, a in zip(panel.steps, line.answers, strict=True) if a.measured]
        ends = dict([measured[0], measured[-1]] if measured else [])
        values = " to ".join(f"{_say(panel, answer)} at {words.duration(step)}" for step, answer in ends.items())
        said.append(f"{line.name}{' (baseline)' if line.baseline else ''}: {values or 'not measured'}")
    return f"{panel.title}. {panel.subject}. " + "; ".join(said) + "."


def notes(panel: Panel) -> list[str]:
    """Return what a reader must know about this panel's points: hollow ones, missing ones, bands."""
    said = []
    beyond = [words.duration(step) for step in panel.steps if panel.horizon is not None and step > panel.horizon]
    if beyond and panel.horizon is not None:
        said.append(
            f"Hollow points ({_join(beyond)}): the limit is longer than the question’s horizon of "
            f"{words.duration(panel.horizon)}, so it takes away nothing that is asked about."
        )
    if any(line.so_far for line in panel.lines):
        said.append("Hollow points: more is kept than was simulated; they count what the simulated time holds so far.")
    if panel.measure == "effective_retention":
        said.append("The broad grey line is the limit itself: what lies above it outlives the limit.")
    missing: dict[str, list[str]] = {}
    for line in panel.lines:
        gaps = [words.duration(s) for s, a in zip(panel.steps, line.answers, strict=True) if not a.measured]
        if gaps:
            missing.setdefault(_join(gaps), []).append(line.name)
    for gaps_, names in missing.items():
        who = "every line" if len(names) == len(panel.lines) else _join(names)
        said.append(f"Not measured, so not drawn: {who} at {gaps_} (more than was simulated, or not asked).")
    seeds = max((a.n_seeds for line in panel.lines for a in line.answers), default=0)
    if seeds > 1:
        said.append(
            f"Bands: 95 % t-interval of the mean over {seeds} seeds, which is noise of the simulation, not distance from truth."
        )
    elif seeds == 1:
        said.append("One seed: no interval.")
    if any(line.wide or line.practised_wide for line in panel.lines):
        said.append(
            "Outlined, paler bands: from the least to the most over other assumptions (cameras, capture, volumes of traffic), "
            "as alprsim sensitivity ran them."
        )
    return said


def marker(row: int) -> int:
    """Return a line's marker and dashes: with a seventh line, whose colour is the first's again, they are others."""
    return (row + row // MARKERS) % MARKERS


def dash(row: int) -> str:
    """Return how a line is broken, as an attribute with a blank after it; the first is whole."""
    return f'stroke-dasharray="{_DASHES[marker(row)]}" ' if marker(row) else ""


def short(name: str) -> str:
    """Cut a name to what fits beside the chart."""
    return name if len(name) <= _NAME_LETTERS else name[: _NAME_LETTERS - 1] + "…"


def _scale(panel: Panel, of: Layout) -> Scale:
    answers = [*(a for line in panel.lines for a in line.answers), panel.practised]
    answers += [line.practised for line in panel.lines]
    values = [v for a in answers for v in (a.mean, a.high) if not math.isnan(v)]
    wide = [band for line in panel.lines for band in (*line.wide, line.practised_wide) if band]
    values += [high for _, high in wide if math.isfinite(high)]
    if panel.measure == "effective_retention":
        return Lifetime([*values, *(step / DAY for step in panel.steps if step < UNLIMITED)], of)
    largest = max((v for v in values if math.isfinite(v)), default=0)
    return Linear(largest, panel.unit, upper=of.top, lower=of.bottom)


def _frame(x: Sequence[float], breaks: Sequence[float], y: Scale, panel: Panel, of: Layout) -> str:
    grid = "".join(f'<path class="grid" d="M{of.left} {at:.1f}H{of.right}"/>' for at, _ in y.ticks)
    sides = "".join(
        f'<text class="tick" x="{of.left - (4 if of.narrow else 8)}" y="{at + 4:.1f}" text-anchor="end">{escape(said)}</text>'
        for at, said in y.ticks
    )
    cuts = "".join(f'<path class="cut" d="M{at - 6:.1f} {of.bottom + 6}l5 -12m3 12l5 -12"/>' for at in breaks)
    unit = {"share": "", "d": ""}.get(panel.unit, panel.unit)
    title = (
        f'<text class="tick" x="{of.left}" y="{of.top - (18 if of.narrow else 10)}">{escape(unit)}</text>'
        if unit
        else ""
    )
    return f"{grid}{sides}{title}{axis(x, breaks, panel.steps, of, of.bottom)}{cuts}"


def axis(x: Sequence[float], breaks: Sequence[float], steps: Sequence[int], of: Layout, bottom: float) -> str:
    """Draw the axis of limits with their names and what it is."""
    about = (
        ("limit tried" if of.narrow else "retention limit tried")
        + ", logarithmic"
        + " (shortened at //)" * bool(breaks)
    )
    return (
        f'<path class="axisline" d="M{of.left} {bottom}H{of.right}"/>{_limits.limits(x, steps, of, bottom)}<text class="axis" '
        f'x="{(of.left + of.right) / 2:.0f}" y="{bottom + of.height - of.bottom - 8}" text-anchor="middle">{about}</text>'
    )


def _diagonal(x: Sequence[float], y: Scale, steps: Sequence[int]) -> str:
    points = [(at, y(step / DAY if step < UNLIMITED else math.inf)) for at, step in zip(x, steps, strict=True)]
    path = "L".join(f"{at:.1f} {level:.1f}" for at, level in points)
    return f'<path class="diagonal" d="M{path}"><title>the limit itself</title></path>'


def _band(line: Line, row: int, x: Sequence[float], y: Scale, panel: Panel) -> str:
    parts = []
    for rows in _runs(line, panel):
        known = [k for k in rows if math.isfinite(line.answers[k].low) and math.isfinite(line.answers[k].high)]
        if len(known) == len(rows) > 1:
            there = "L".join(f"{x[k]:.1f} {y(line.answers[k].high):.1f}" for k in rows)
            back = "L".join(f"{x[k]:.1f} {y(line.answers[k].low):.1f}" for k in reversed(rows))
            parts.append(f'<path class="band s{row % MARKERS}" d="M{there}L{back}Z"/>')
    return "".join(parts)


def _wide(line: Line, row: int, x: Sequence[float], y: Scale, panel: Panel) -> str:
    """Draw the band over assumptions: pale, with an outline as the line is broken."""
    parts = []
    for rows in _runs(line, panel) if line.wide else []:
        known = [k for k in rows if all(map(math.isfinite, line.wide[k]))]
        if len(known) > 1:
            there = "L".join(f"{x[k]:.1f} {y(line.wide[k][1]):.1f}" for k in known)
            back = "L".join(f"{x[k]:.1f} {y(line.wide[k][0]):.1f}" for k in reversed(known))
            parts.append(f'<path class="wide s{row % MARKERS}" {dash(row)}d="M{there}L{back}Z"/>')
    return "".join(parts)


def _line(line: Line, row: int, x: Sequence[float], y: Scale, panel: Panel) -> str:
    """Draw a line; earlier ones are wider, so that one that lies under another still shows."""
    width = 2 + 1.3 * min(max(len(panel.lines) - 1 - row, 0), 4)
    strokes = [
        f'<path class="stroke" stroke-width="{width:.1f}" {dash(row)}d="M'
        + "L".join(f"{x[k]:.1f} {y(line.answers[k].mean):.1f}" for k in rows)
        + '"/>'
        for rows in _runs(line, panel)
        if len(rows) > 1
    ]
    points = [
        _point(panel, line, row, step, (at, y(answer.mean)), answer, hollow=_is_hollow(panel, line, k))
        for k, (at, step, answer) in enumerate(zip(x, panel.steps, line.answers, strict=True))
        if answer.measured
    ]
    return f'<g class="s{row % MARKERS}">{"".join(strokes)}{"".join(points)}</g>'


def _point(
    panel: Panel, line: Line, row: int, step: int, where: tuple[float, float], answer: Answer, *, hollow: bool = False
) -> str:  # fmt: skip
    """Draw a marker that says its value, and by its data which policy and limit it is."""
    when = "as practised" if step == AS_WRITTEN else words.duration(step)
    return (
        f'<g{_HOLLOW if hollow else ""} data-policy="{escape(line.name)}" data-at="{step}"><title>'
        f"{escape(f'{line.name}, {when}: {_say(panel, answer)}')}</title>"
        f'<use href="#m{marker(row)}" x="{where[0]:.1f}" y="{where[1]:.1f}"/></g>'
    )


def _first(panel: Panel, of: Layout) -> float:
    """Return where the limits begin: further right where the policies as practised stand before them."""
    column = of.column if any(line.practised.measured for line in panel.lines) else 0
    return of.left + (12 if of.narrow else 22) + column


def _column(panel: Panel, y: Scale, of: Layout) -> str:
    """Draw what each policy itself says, left of the limits and joined to nothing."""
    drawn = [(row, line) for row, line in dressed(panel.lines) if line.practised.measured]
    if not drawn:
        return ""
    x = practised_at(of)
    points = "".join(
        f'<g class="s{row % MARKERS}">{_wide_practised(line, row, x, y)}{_whisker(line.practised, x, y)}'
        f"{_point(panel, line, row, AS_WRITTEN, (x, y(line.practised.mean)), line.practised)}</g>"
        for row, line in drawn
    )
    return f"{column(of, of.top, of.bottom)}{points}"


def practised_at(of: Layout) -> float:
    """Return where across the policies as practised stand."""
    return of.left + (14.0 if of.narrow else 30.0)


def column(of: Layout, top: float, bottom: float) -> str:
    """Draw what the policies as practised stand in, left of the limits."""
    x, edge = practised_at(of), of.left + of.column - (4 if of.narrow else 6)
    lines = [
        f'<path class="axisline" stroke-dasharray="1 3" d="M{edge} {top - 8}V{bottom}"/>'
        f'<path class="axisline" d="M{x:g} {bottom}v5"/>'
    ]
    if of.narrow:
        return lines[0] + _limits.upright("as practised", x, bottom)
    named = zip(("as", "practised"), (21, 36), strict=True)
    lines += [
        f'<text class="tick" x="{x:g}" y="{bottom + at}" text-anchor="middle">{said}</text>' for said, at in named
    ]
    return "".join(lines)


def _wide_practised(line: Line, row: int, x: float, y: Scale) -> str:
    """Draw the band over assumptions of what the policy itself says, as wide as its marker."""
    if line.practised_wide is None or not all(map(math.isfinite, line.practised_wide)):
        return ""
    low, high = (y(end) for end in line.practised_wide)
    return f'<path class="wide" {dash(row)}d="M{x - 9} {low:.1f}H{x + 9}V{high:.1f}H{x - 9}Z"/>'


def _whisker(answer: Answer, x: float, y: Scale) -> str:
    if answer.n_seeds < 2 or not (math.isfinite(answer.low) and math.isfinite(answer.high)):
        return ""
    return f'<path class="stroke" stroke-width="1.5" d="M{x} {y(answer.low):.1f}V{y(answer.high):.1f}"/>'


def _runs(line: Line, panel: Panel) -> list[list[int]]:
    """Return the rows of points that a line may join: measured, next to each other, not beyond the horizon."""
    runs: list[list[int]] = [[]]
    for k, answer in enumerate(line.answers):
        if answer.measured and not _is_hollow(panel, line, k):
            runs[-1].append(k)
        elif runs[-1]:
            runs.append([])
    return [rows for rows in runs if rows]


def _practised(panel: Panel, y: Scale, of: Layout) -> str:
    if not panel.practised.measured:
        return ""
    level = y(panel.practised.mean)
    named = "baseline" if of.narrow else "baseline as practised"
    said = f"{named}: {words.quantity(panel.practised.mean, panel.unit, measure=panel.measure)}"
    above = level - 6 if level - 20 > of.top else level + 15
    return (
        f'<path class="practised" d="M{of.left} {level:.1f}H{of.right}"/>'
        f'<text class="note" x="{_first(panel, of) - (6 if of.narrow else 16):.0f}" y="{above:.1f}">{said}</text>'
    )


def _names(panel: Panel, x: Sequence[float], y: Scale) -> str:
    """Write each line's name beside its last point, moved apart where they would touch."""
    last = []
    for row, line in dressed(panel.lines):
        drawn = [k for k, answer in enumerate(line.answers) if answer.measured]
        if drawn:
            last.append((row, line, x[drawn[-1]], y(line.answers[drawn[-1]].mean)))
    places = spread([level for *_, level in last], 19, TOP + 4, BOTTOM)
    return "".join(
        f'<g class="s{row % MARKERS}"><path class="leader" d="M{at + 9:.1f} {level:.1f}L{RIGHT + 6} {place:.1f}"/>'
        f'<use href="#m{marker(row)}" x="{RIGHT + 14}" y="{place:.1f}"/><text class="name{" base" if line.baseline else ""}" '
        f'x="{RIGHT + 24}" y="{place + 4:.1f}">{escape(short(line.name))}</text></g>'
        for (row, line, at, level), place in zip(last, places, strict=True)
    )


def _say(panel: Panel, answer: Answer) -> str:
    value = words.quantity(answer.mean, panel.unit, measure=panel.measure)
    if answer.n_seeds < 2 or not math.isfinite(answer.mean):
        return value
    return f"{value} ({words.interval(answer.low, answer.high, panel.unit, measure=panel.measure)})"


def _is_hollow(panel: Panel, line: Line, row: int) -> bool:
    return row in line.so_far or (panel.horizon is not None and panel.steps[row] > panel.horizon)


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
