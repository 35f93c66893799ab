"""What a limit leaves an investigation, in a small panel under the ladder: look-backs, and hot lists, which no limit touches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from alprsim.report import chart
from alprsim.report.figures import Bands
from alprsim.report.tables import Cell, Grid, Head
from alprsim.results import frontier, words
from alprsim.results.run import Run
from alprsim.results.sensitivity import ANY_AGE
from alprsim.tables import AS_WRITTEN

_TOP, _BOTTOM = 40, 170
_LISTS = 40
"""Room for the hot lists' own line, above the panel."""


class Panel(NamedTuple):
    """The panel of a viewer and a sight, with what must be said beside it."""

    key: str
    svg: Markup
    narrow: Markup
    """For a phone."""
    names: list[tuple[str, bool, int]]
    """Of each policy: its name, whether it is the baseline, and the row of its colour and shape."""
    notes: list[str]
    numbers: Grid


class _Line(NamedTuple):
    policy: str
    steps: list[int]
    bands: list[frontier.Band]
    """Row for row with the limits, over the assumed query ages."""
    wide: list[tuple[float, float]]
    practised: frontier.Band
    practised_wide: tuple[float, float] | None


def panels(run: Run, bands: Bands) -> list[Panel]:
    """Return a panel for each viewer and sight of which look-backs by plate were asked."""
    found = [
        _panel(run, viewer, sight, f"{row}~{sight}", bands)
        for row, viewer in enumerate(run.info["viewers"])
        for sight in words.SIGHTS
    ]
    return [panel for panel in found if panel]


def _panel(run: Run, viewer: str, sight: str, key: str, bands: Bands) -> Panel | None:
    lines = [_line(run, policy, viewer, sight, bands) for policy in run.info["policies"]]
    if not any(math.isfinite(band.mid) for line in lines for band in line.bands):
        return None
    worth = frontier.hot_lists(run)
    label = escape(_in_words(run, viewer, sight, lines, worth), quote=True)
    wide, narrow = (_svg(run, lines, worth, label, of) for of in (chart.WIDE, chart.NARROW))
    names = [(line.policy, line.policy == run.info["baseline"], row) for row, line in enumerate(lines)]
    return Panel(key, wide, narrow, names, _notes(run, lines, worth), _numbers(run, lines))


def _svg(run: Run, lines: Sequence[_Line], worth: dict[str, float], label: str, of: chart.Layout) -> Markup:
    down = _LISTS if worth else 0
    highest = max(v for line in lines for band in [*line.bands, line.practised] for v in [band.high] if v == v)
    wide = [band for line in lines for band in (*line.wide, line.practised_wide) if band]
    highest = max([highest, *(high for _, high in wide if high == high)])
    y = chart.Linear(highest, "share", upper=_TOP + down, lower=_BOTTOM + down)
    x, breaks = chart.positions(run.steps, first=of.left + (12 if of.narrow else 22) + of.column, of=of)
    parts = [_frame(run, x, breaks, y, of)]
    if worth:
        parts.append(_hot_lists(worth, of))
    parts += [_drawn(line, row, x, y, of) for row, line in enumerate(lines)]
    parts.append("" if of.narrow else _names(run, lines, x, y))
    height = y.lower + of.height - of.bottom
    return Markup(
        f'<svg class="ladder{" narrow" * of.narrow}" viewBox="0 0 {of.width} {height:g}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _line(run: Run, policy: str, viewer: str, sight: str, bands: Bands) -> _Line:
    def over_ages(step: int) -> frontier.Band:
        case = (policy, viewer, sight, step, "lookback_plate")
        return frontier.Band.of([run.answer(*case, shape).mean for shape in frontier.shapes(run)])

    wide = [bands.get((policy, viewer, sight, step, "lookback_plate", ANY_AGE)) for step in run.steps]
    known = [one[:2] if one else (math.nan, math.nan) for one in wide] if any(wide) else []
    practised = bands.get((policy, viewer, sight, AS_WRITTEN, "lookback_plate", ANY_AGE))
    own = practised[:2] if practised else None
    return _Line(policy, run.steps, [over_ages(step) for step in run.steps], known, over_ages(AS_WRITTEN), own)


def _frame(run: Run, x: Sequence[float], breaks: Sequence[float], y: chart.Linear, of: chart.Layout) -> str:
    """Draw the axes; limits stand and are named as on the ladder above."""
    title = f'<text class="tick" x="{of.left}" y="{y.upper - 14:g}">look-backs by plate still answered</text>'
    sides = "".join(
        f'<path class="grid" d="M{of.left} {at:.1f}H{of.right}"/>'
        f'<text class="tick" x="{of.left - (4 if of.narrow else 8)}" y="{at + 4:.1f}" text-anchor="end">{said}</text>'
        for at, said in list(y.ticks)[:: 2 if len(y.ticks) > 4 else 1]
    )
    cuts = "".join(f'<path class="cut" d="M{at - 6:.1f} {y.lower + 6:g}l5 -12m3 12l5 -12"/>' for at in breaks)
    return f"{sides}{title}{chart.axis(x, breaks, run.steps, of, y.lower)}{cuts}{chart.column(of, y.upper, y.lower)}"


def _hot_lists(worth: dict[str, float], of: chart.Layout) -> str:
    """Draw what hot lists find as one line through every limit; it has no part in the scale of the look-backs."""
    said = f"hot lists: {words.number(worth['true_hits'])} true alerts a day" + " at every limit" * (not of.narrow)
    return (
        f'<g class="s5"><path class="stroke" stroke-width="3" d="M{of.left} 32H{of.right}"/></g>'
        f'<text class="note" x="{of.left}" y="20">{escape(said)}</text>'
    )


def _drawn(line: _Line, row: int, x: Sequence[float], y: chart.Linear, of: chart.Layout) -> str:
    known = [k for k, band in enumerate(line.bands) if math.isfinite(band.mid)]
    parts = []
    if line.wide and len(known) > 1:
        parts.append(f'<path class="wide" {chart.dash(row)}d="{_area(known, x, y, line.wide)}"/>')
    if line.practised_wide and all(map(math.isfinite, line.practised_wide)):
        low, high = (y(end) for end in line.practised_wide)
        at = chart.practised_at(of)
        parts.append(f'<path class="wide" {chart.dash(row)}d="M{at - 9} {low:.1f}H{at + 9}V{high:.1f}H{at - 9}Z"/>')
    if len(known) > 1:
        parts.append(f'<path class="band" d="{_area(known, x, y, [(b.low, b.high) for b in line.bands])}"/>')
        through = "L".join(f"{x[k]:.1f} {y(line.bands[k].mid):.1f}" for k in known)
        parts.append(f'<path class="stroke" stroke-width="2" {chart.dash(row)}d="M{through}"/>')
    points = [*zip(line.steps, x, line.bands, strict=True), (AS_WRITTEN, chart.practised_at(of), line.practised)]
    parts += [
        f'<g data-policy="{escape(line.policy)}" data-at="{step}"><title>{escape(_said(line.policy, step, band))}</title>'
        f'<use href="#m{chart.marker(row)}" x="{at:.1f}" y="{y(band.mid):.1f}"/></g>'
        for step, at, band in points
        if math.isfinite(band.mid)
    ]
    return f'<g class="s{row % chart.MARKERS}">{"".join(parts)}</g>'


def _area(rows: Sequence[int], x: Sequence[float], y: chart.Linear, ends: Sequence[tuple[float, float]]) -> str:
    rows = [k for k in rows if all(map(math.isfinite, ends[k]))]
    there = "L".join(f"{x[k]:.1f} {y(ends[k][1]):.1f}" for k in rows)
    back = "L".join(f"{x[k]:.1f} {y(ends[k][0]):.1f}" for k in reversed(rows))
    return f"M{there}L{back}Z" if rows else "M0 0"


def _names(run: Run, lines: Sequence[_Line], x: Sequence[float], y: chart.Linear) -> str:
    """Write each policy's name beside its last point, as far apart as the panel's height allows."""
    ends = []
    for row, line in enumerate(lines):
        known = [k for k, band in enumerate(line.bands) if math.isfinite(band.mid)]
        if known:
            ends.append((row, line, x[known[-1]], y(line.bands[known[-1]].mid)))
    places = chart.spread([level for *_, level in ends], 17, y.upper - 12, y.lower + 8)
    return "".join(
        f'<g class="s{row % chart.MARKERS}"><path class="leader" d="M{at + 9:.1f} {level:.1f}L{chart.RIGHT + 6} {place:.1f}"/>'
        f'<use href="#m{chart.marker(row)}" x="{chart.RIGHT + 14}" y="{place:.1f}"/>'
        f'<text class="name{" base" if line.policy == run.info["baseline"] else ""}" x="{chart.RIGHT + 24}" '
        f'y="{place + 4:.1f}">{escape(chart.short(line.policy))}</text></g>'
        for (row, line, at, level), place in zip(ends, places, strict=True)
    )


def _said(policy: str, step: int, band: frontier.Band) -> str:
    when = "as practised" if step == AS_WRITTEN else words.duration(step)
    return f"{policy}, {when}: {words.interval(band.low, band.high, 'share')} of look-backs answered"


def _in_words(run: Run, viewer: str, sight: str, lines: Sequence[_Line], worth: dict[str, float]) -> str:
    said = [f"Look-backs by plate still answered, {run.titled(viewer)}, {words.SIGHTS[sight][0]} sight."]
    for line in lines:
        known = [(s, b) for s, b in zip(line.steps, line.bands, strict=True) if math.isfinite(b.mid)]
        ends = dict([known[0], known[-1]] if known else [])
        told = " to ".join(f"{words.interval(b.low, b.high, 'share')} at {words.duration(s)}" for s, b in ends.items())
        said.append(f"{line.policy}: {told or 'not measured'}.")
    if worth:
        said.append(f"Hot lists: {words.number(worth['true_hits'])} true alerts a day at every limit.")
    return " ".join(said)


def _notes(run: Run, lines: Sequence[_Line], worth: dict[str, float]) -> list[str]:
    ages = len(frontier.shapes(run))
    said = [
        "Look-backs: the share of questions by plate that still find a useful read. The line is the middle, the band the range "
        f"of {ages} assumed query ages. It {frontier.CAVEAT}, and it {frontier.RESTS_ON}."
    ]
    said += frontier.spreads(run)
    if any(line.wide or line.practised_wide for line in lines):
        said.append("Outlined, paler bands: over other assumptions too (cameras, capture, volumes of traffic).")
    if worth:
        said.append(
            f"Hot lists have a line of their own, outside that scale: {words.number(worth['true_hits'])} true and "
            f"{words.number(worth['false_alerts'])} false alerts a day. An alert is decided when a plate is read, so what is "
            "kept afterwards, and for how long, changes nothing about it."
        )
    return said


def _numbers(run: Run, lines: Sequence[_Line]) -> Grid:
    heads = [Head("as practised", "", ""), *(Head(words.duration(step), "", "") for step in run.steps)]
    rows = [(line.policy, "", [_cell(band) for band in (line.practised, *line.bands)]) for line in lines]
    return Grid("Look-backs by plate answered: the middle, and the range over assumed query ages", heads, rows)


def _cell(band: frontier.Band) -> Cell:
    if math.isnan(band.mid):
        return Cell("not measured")
    return Cell(words.quantity(band.mid, "share"), words.interval(band.low, band.high, "share"))
