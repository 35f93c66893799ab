"""The picture of privacy against utility: a line a policy through its limits, with bands over the assumed delays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from alprsim.measures.glossary import BY_NAME
from alprsim.report import chart
from alprsim.report._picture import placed, standalone
from alprsim.report.figures import uncounted
from alprsim.report.tables import Cell, Grid, Head
from alprsim.results import frontier, words
from alprsim.results.headline import TRIPS, subject
from alprsim.results.run import Run, horizon
from alprsim.tables import AS_WRITTEN, AgencyKind

FILE = "frontier.svg"
_HEIGHT, _TOP, _BOTTOM = 430, 44, 356
"""Of a panel; its plot's upper and lower edge. Its left and right are the ladder's."""
_NEAR, _ALIKE = 3.0, 24.0
"""Points nearer than this are one: what they are called is joined; of several policies' so near, one is named for all."""
_AFAR = 120.0
"""From the right edge: a longer line to a policy's name would look like the policy's own."""
_CHARACTER, _LINE = 7.6, 14.0
"""Room that a label takes."""
_CEILING = {False: "had every read been kept and shared for ever", True: "all kept and shared for ever"}
"""What coverage leaves, by whether there is little room."""
_LEADS = "with records too coarse to say it was there: an upper bound"
_ACROSS = {
    False: ["vehicle trips of the last {} that it can detect; further left, less is laid open"],
    True: ["vehicle trips of the last {} that it can", "detect; further left, less is laid open"],
}
_BESIDE = ((9, 4), (-9, 4), (9, 16), (9, -9), (-9, -9), (-9, 16), (0, -14), (0, 22), (24, -4), (40, -4))
"""Where a label may stand, seen from its point, the best first."""
_Box = tuple[float, float, float, float]
"""Left, top, right, bottom; of a line its ends, x and y."""


class Shown(NamedTuple):
    """What the page shows."""

    svg: Markup
    narrow: Markup
    """For a phone."""
    names: list[tuple[str, bool, int]]
    """Of each line: its name, whether it is the baseline, and the row of its colour and shape."""
    notes: list[str]
    numbers: list[Grid]


class _Spot(NamedTuple):
    """Points of a policy that fall together."""

    x: float
    y: float
    low: float
    high: float
    steps: list[int]

    @property
    def name(self) -> str:
        first, last = (words.duration(step) for step in (self.steps[0], self.steps[-1]))
        return first if len(self.steps) == 1 else f"{first} to {last}"


def shown(run: Run) -> Shown | None:
    """Return the frontier as the page shows it; None where no look-back was asked."""
    panels = [panel for viewer in _viewers(run) if any(_measured(panel := _points(run, viewer)).values())]
    if not panels:
        return None
    wide, narrow = (_svg(run, panels, of) for of in (chart.WIDE, chart.NARROW))
    drawn = dict.fromkeys(policy for panel in panels for policy, mine in _measured(panel).items() if mine)
    names = [(policy, policy == run.info["baseline"], row) for row, policy in enumerate(drawn)]
    return Shown(wide, narrow, names, notes(run), [_numbers(run, panel) for panel in panels])


def _svg(run: Run, panels: Sequence[Sequence[frontier.Point]], of: chart.Layout) -> Markup:
    size = f'viewBox="0 0 {of.width} {_HEIGHT}"'
    parts = [
        placed(
            f'<svg class="ladder" {size}>{_panel(run, panel, of)}</svg>',
            0,
            at,
            of.width,
            _HEIGHT,
        )
        for at, panel in zip(range(0, 9999, _HEIGHT + 16), panels, strict=False)
    ]
    height = len(parts) * (_HEIGHT + 16)
    label = escape(" ".join(_in_words(run, panel) for panel in panels), quote=True)
    return Markup(
        f'<svg class="ladder{" narrow" * of.narrow}" viewBox="0 0 {of.width} {height}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def save(run: Run) -> None:
    """Write ``frontier.svg`` into the run's folder, with all that must be said beside it."""
    found = shown(run)
    if found is not None:
        (run.folder / FILE).write_text(whole(run, found), "utf-8")


def whole(run: Run, found: Shown) -> str:
    """Return the frontier as a picture of its own, with all that must be said beside it."""
    title = f"What limits lay open, and what they leave an investigation: {run.info['title']}"
    return standalone(
        str(found.svg), title=title, above=found.notes[:2], below=found.notes[2:], width=chart.WIDTH
    )  # fmt: skip


def notes(run: Run) -> list[str]:
    """Say what the picture does and does not measure, what it follows from, and what hot lists are worth whatever is kept."""
    several = max((answer.n_seeds for answer in run.answers.values()), default=0) > 1
    said = [
        f"It {frontier.CAVEAT}, and it {frontier.RESTS_ON}: the band runs from the least to the most over "
        f"{len(frontier.shapes(run))} assumed delays, the line is the middle one.",
        *frontier.basis(run),
        *frontier.spreads(run),
    ]
    said += uncounted(run, run.onlooker, subject(run).sight, TRIPS)
    said.append("Across: 95 % t-interval of the mean over seeds." if several else "One seed: no interval across.")
    if worth := frontier.hot_lists(run):
        each = f", {words.number(worth['true_for_each_false'])} for each false one" if worth["false_alerts"] else ""
        said.append(
            f"Hot lists: {words.number(worth['true_hits'])} true hits and {words.number(worth['false_alerts'])} false alerts a "
            f"day{each}, under every policy and limit here: decided when a plate is read, whatever is kept afterwards."
        )
    said.append(
        "Limits longer than the time asked about take nothing away that is asked about: their points fall together."
    )
    return said


def _viewers(run: Run) -> list[str]:
    """Return the headline's viewer, and the first that is a department's own."""
    kinds = run.table("agencies").set_index("name")["kind"]
    own = (v for v, said in run.info["viewers"].items() if kinds.get(said["agency"]) == AgencyKind.DEPARTMENT)
    return list(dict.fromkeys([run.onlooker, *list(own)[:1]]))


def _points(run: Run, viewer: str) -> list[frontier.Point]:
    """Return the points of a viewer's panel: look-backs by plate, at every limit that was tried."""
    sight = subject(run).sight
    every = frontier.points(run, viewers=[viewer], queries=["plate"])
    return [point for point in every if point.sight == sight and point.retention != AS_WRITTEN]


def _measured(points: Sequence[frontier.Point]) -> dict[str, list[frontier.Point]]:
    """Return each policy's points that were measured."""
    found: dict[str, list[frontier.Point]] = {}
    for point in points:
        known = point.privacy.measured and not math.isnan(point.answered.mid)
        found.setdefault(point.policy, []).extend([point] if known else [])
    return found


def _panel(run: Run, points: Sequence[frontier.Point], of: chart.Layout) -> str:
    by_policy = _measured(points)
    known = [point for mine in by_policy.values() for point in mine]
    across = chart.Linear(max(point.privacy.mean for point in known), "share")
    up = chart.Linear(max(max(point.answered.high, point.coverage.high) for point in known) * 1.05, "share")

    def x(value: float) -> float:
        return of.left + 12 + (of.right - of.left - 24) * min(max(value / across.top, 0), 1)

    def y(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * min(max(value / up.top, 0), 1)

    ceiling, covered = _ceiling(known, y, of)
    parts = [_frame(run, points[0], across, up, (x, y), of), ceiling]
    spots = {policy: _spots(mine, x, y) for policy, mine in by_policy.items() if mine}
    for row, (policy, mine) in enumerate(spots.items()):
        parts.append(_line(row, len(spots), mine, by_policy[policy], x, y))
    parts.append(_labels(list(spots.values()), covered, of))
    parts.append("" if of.narrow else _names(run, spots))
    return "".join(parts)


def _frame(
    run: Run, one: frontier.Point, across: chart.Linear, up: chart.Linear, to: tuple[chart.Place, chart.Place],
    of: chart.Layout,
) -> str:  # fmt: skip
    x, y = to
    who = f"{run.titled(one.viewer)}, {words.SIGHTS[one.sight][0]} sight"
    parts = [
        f'<text class="{"name" if of.narrow else "base"}" x="{0 if of.narrow else of.left}" y="14">{escape(who)}</text>'
    ]
    parts.append(f'<text class="tick" x="{of.left}" y="{_TOP - 10}">look-backs by plate still answered</text>')
    parts += [
        f'<path class="grid" d="M{of.left} {y(value):.1f}H{of.right}"/><text class="tick" x="{of.left - 8}" '
        f'y="{y(value) + 4:.1f}" text-anchor="end">{100 * value:g} %</text>'
        for value in (number * up.step for number in range(round(up.top / up.step) + 1))
    ]
    parts += [
        f'<path class="axisline" d="M{x(value):.1f} {_BOTTOM}v5"/><text class="tick" x="{x(value):.1f}" y="{_BOTTOM + 18}" '
        f'text-anchor="middle">{100 * value:g} %</text>'
        for value in _shares(across, of)
    ]
    parts.append(f'<path class="axisline" d="M{of.left} {_BOTTOM}H{of.right}"/>')
    parts += [
        f'<text class="axis" x="{(of.left + of.right) / 2:.0f}" y="{_BOTTOM + 40 + 16 * row}" text-anchor="middle">'
        f"{told.format(horizon(run))}</text>"
        for row, told in enumerate(_ACROSS[of.narrow])
    ]
    return "".join(parts)


def _shares(across: chart.Linear, of: chart.Layout) -> list[float]:
    """Return the shares that are named below: of many every other one where there is little room."""
    count = round(across.top / across.step)
    return [number * across.step for number in range(0, count + 1, 2 if of.narrow and count > 4 else 1)]


def _ceiling(known: Sequence[frontier.Point], y: chart.Place, of: chart.Layout) -> tuple[str, list[_Box]]:
    """Draw what coverage leaves: the most that any policy could answer, named above the left; and say what that covers."""
    most = max(point.coverage.high for point in known)
    if math.isnan(most):
        return "", []
    said = f"{_CEILING[of.narrow]}: {words.percent(most)} %"
    left, level, above = of.left + 6, y(most), 24 if of.narrow else 7
    text = (left, level - above - _LINE + 3, left + _CHARACTER * len(said), level - above + 3)
    return (
        f'<path class="practised" d="M{of.left} {level:.1f}H{of.right}"/>'
        f'<text class="note" x="{left}" y="{level - above:.1f}">{said}</text>'
    ), [text, (of.left, level - 2, of.right, level + 2)]


def _spots(points: Sequence[frontier.Point], x: chart.Place, y: chart.Place) -> list[_Spot]:
    """Join the points that follow each other and fall together."""
    found: list[_Spot] = []
    for point in points:
        band = point.answered
        spot = _Spot(x(point.privacy.mean), y(band.mid), y(band.low), y(band.high), [point.retention])
        if found and _apart(found[-1], spot) < _NEAR:
            found[-1].steps.append(point.retention)
        else:
            found.append(spot)
    return found


def _line(
    row: int, lines: int, spots: Sequence[_Spot], points: Sequence[frontier.Point], x: chart.Place, y: chart.Place
) -> str:  # fmt: skip
    """Draw a policy: its band, its line through the limits in rising order, at each point the band and the interval."""
    there = "L".join(f"{spot.x:.1f} {spot.high:.1f}" for spot in spots)
    back = "L".join(f"{spot.x:.1f} {spot.low:.1f}" for spot in reversed(spots))
    through = "L".join(f"{spot.x:.1f} {spot.y:.1f}" for spot in spots)
    width = 2 + 1.3 * min(lines - 1 - row, 4)
    parts = [f'<path class="band" d="M{there}L{back}Z"/>' if len(spots) > 1 else ""]
    parts.append(
        f'<path class="stroke" stroke-width="{width:.1f}" {chart.dash(row)}d="M{through}"/>' if len(spots) > 1 else ""
    )
    parts += [f'<path class="stroke" stroke-width="1.5" d="M{s.x:.1f} {s.low:.1f}V{s.high:.1f}"/>' for s in spots]
    for point in points:
        if point.privacy.n_seeds > 1 and math.isfinite(point.privacy.low):
            ends = f"M{x(point.privacy.low):.1f} {y(point.answered.mid):.1f}H{x(point.privacy.high):.1f}"
            parts.append(f'<path class="stroke" stroke-width="1.5" d="{ends}"/>')
    for point in points:
        parts.append(
            f"<g><title>{escape(_said(point))}</title>"
            f'<use href="#m{chart.marker(row)}" x="{x(point.privacy.mean):.1f}" y="{y(point.answered.mid):.1f}"/></g>'
        )
    return f'<g class="s{row % chart.MARKERS}">{"".join(parts)}</g>'


def _labels(by_policy: Sequence[Sequence[_Spot]], covered: Sequence[_Box], of: chart.Layout) -> str:
    """Name the limits beside their points, in a policy's colour where it is its own; what would cover others is left out.

    No label lies on another, on a point or on what is covered; on a policy's line only where there is no other place.
    """
    spots = [(row, spot) for row, mine in enumerate(by_policy) for spot in mine]
    taken: list[_Box] = [*((s.x - 5, s.y - 5, s.x + 5, s.y + 5) for _, s in spots), *covered]
    lines = [(a.x, a.y, b.x, b.y) for mine in by_policy for a, b in pairwise(mine)]
    lines += [(spot.x, spot.low, spot.x, spot.high) for _, spot in spots]
    written: set[tuple[str, float, float]] = set()
    parts = []
    for row, spot in sorted(spots, key=lambda one: -len(one[1].steps)):
        same = [other for _, other in spots if other.name == spot.name and _apart(other, spot) < _ALIKE]
        if any((other.name, other.x, other.y) in written for other in same):
            continue  # another policy's point lies there too
        free = [box for box in _boxes(spot, of) if not any(_cover(box, other) for other in taken)]
        clear = [box for box in free if not any(_crosses(line, box) for line in lines)]
        if box := next(iter([*clear, *free]), None):
            taken.append(box)
            written.add((spot.name, spot.x, spot.y))
            dress = "note" if len(same) > 1 else f"limit s{row % chart.MARKERS}"
            parts.append(f'<text class="{dress}" x="{box[0]:.1f}" y="{box[3] - 3:.1f}">{escape(spot.name)}</text>')
    return "".join(parts)


def _boxes(spot: _Spot, of: chart.Layout) -> Iterator[_Box]:
    """Yield where a point's label may stand inside the plot: left, top, right, bottom."""
    wide = _CHARACTER * len(spot.name)
    for right, down in _BESIDE:
        left = spot.x + right - (wide if right < 0 else wide / 2 if right == 0 else 0)
        box = (left, spot.y + down - _LINE + 3, left + wide, spot.y + down + 3)
        if box[0] > of.left + 2 and box[2] < of.right and box[1] > _TOP - 8 and box[3] < _BOTTOM:
            yield box


def _crosses(line: _Box, box: _Box) -> bool:
    """Tell whether a straight line enters a box: cut to the box's sides one after the other, something of it is left."""
    since, until = 0.0, 1.0
    for begin, end, low, high in ((line[0], line[2], box[0], box[2]), (line[1], line[3], box[1], box[3])):
        if begin == end:
            if not low < begin < high:
                return False
            continue
        first, last = sorted(((low - begin) / (end - begin), (high - begin) / (end - begin)))
        since, until = max(since, first), min(until, last)
    return since < until


def _apart(one: _Spot, other: _Spot) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def _cover(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _names(run: Run, spots: dict[str, list[_Spot]]) -> str:
    """Write each policy's name beside its last point, moved apart where they would touch; from afar no line leads to it."""
    ends = [mine[-1] for mine in spots.values()]
    places = chart.spread([end.y for end in ends], 19, _TOP + 4, _BOTTOM)
    leaders = [
        f'<path class="leader" d="M{end.x + 9:.1f} {end.y:.1f}L{chart.RIGHT + 6} {place:.1f}"/>'
        if end.x > chart.RIGHT - _AFAR
        else ""
        for end, place in zip(ends, places, strict=True)
    ]
    return "".join(
        f'<g class="s{row % chart.MARKERS}">{leader}<use href="#m{chart.marker(row)}" x="{chart.RIGHT + 14}" y="{place:.1f}"/>'
        f'<text class="name{" base" if policy == run.info["baseline"] else ""}" x="{chart.RIGHT + 24}" y="{place + 4:.1f}">'
        f"{escape(chart.short(policy))}</text></g>"
        for row, (policy, leader, place) in enumerate(zip(spots, leaders, places, strict=True))
    )


def _said(point: frontier.Point) -> str:
    answered = words.interval(point.answered.low, point.answered.high, "share")
    return (
        f"{point.policy}, {words.duration(point.retention)}: {words.percent(point.privacy.mean)} % of trips detected, "
        f"{answered} of look-backs answered"
    )


def _in_words(run: Run, points: Sequence[frontier.Point]) -> str:
    ends = [_said(point) for mine in _measured(points).values() if mine for point in (mine[0], mine[-1])]
    return f"{run.titled(points[0].viewer)}. {'; '.join(dict.fromkeys(ends))}."


def _numbers(run: Run, points: Sequence[frontier.Point]) -> Grid:
    """Return a panel's numbers: a row a policy, its shares of trips and of look-backs at each limit; another with leads."""
    about = BY_NAME[TRIPS[0]].title.lower()
    heads = [Head(words.duration(step), f"{about}; look-backs", "") for step in run.steps]
    rows = []
    for policy in run.info["policies"]:
        mine = {point.retention: point for point in points if point.policy == policy}
        cells = [_cell(mine[step]) for step in run.steps]
        rows.append((policy, "", cells))
        if any(frontier.has_leads(point) for point in mine.values()):
            rows.append((policy, _LEADS, [_leads(mine[step]) for step in run.steps]))
    who = f"{run.titled(points[0].viewer)}, {words.SIGHTS[points[0].sight][0]} sight"
    return Grid(f"Trips detected, and look-backs by plate answered over the assumed delays: {who}", heads, rows)


def _cell(point: frontier.Point) -> Cell:
    if not point.privacy.measured:
        return Cell("not measured")
    return Cell(
        words.quantity(point.privacy.mean, "share"), words.interval(point.answered.low, point.answered.high, "share")
    )


def _leads(point: frontier.Point) -> Cell:
    """Say how many look-backs are answered if coarse records count too, beside what that is set against."""
    found = point.with_leads if frontier.has_leads(point) else point.answered
    cell = _cell(point)
    return cell._replace(band=words.interval(found.low, found.high, "share")) if cell.band else cell
