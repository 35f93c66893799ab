"""Motorways of the generated streets: two carriageways, ramps to the roads they cross, and ends where they leave."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from alprsim._region import Bool, Line, Region
from alprsim._streets import Pieces, crossings
from alprsim.tables import Float64, RoadKind

_RAMP = 350.0
"""How far from the road crossed a ramp leaves the motorway, metres: Danbury's ramps have a median length of 385 m."""

_LONG_RAMP = 500.0  # the same where motorways meet: assumption
_APART = 1500.0  # least distance between interchanges, metres: assumption
_FROM_BORDER = 400.0  # so that ramps of neighbouring towns do not overlap
_AT_END = 300.0  # a motorway's end nearer than this to an interchange is part of it
_MEETS = 1200.0  # a motorway's end nearer than this to another motorway joins it: the points are hand-set
_LONG = 1200.0  # a town with more motorway than this has an interchange, metres: assumption
_HALF = 15.0  # between the middle of the motorway and the middle of a carriageway


class Interchange(NamedTuple):
    """Ramps between a motorway and a road: points of the town's streets to the right and left of the way of the line."""

    line: int
    at: float
    right: int
    left: int


class Meeting(NamedTuple):
    """Two motorways meet: line and metres along it, of each."""

    line: int
    at: float
    other: int
    other_at: float


def along(line: Line) -> Float64:
    """Return how far along the line each of its points lies, metres."""
    return np.concatenate([[0.0], np.cumsum(np.sqrt(((line.xy[1:] - line.xy[:-1]) ** 2).sum(1)))])


def meetings(region: Region) -> list[Meeting]:
    """Find where motorways cross, or end at another."""
    motorways = [i for i, line in enumerate(region.lines) if line.kind == RoadKind.MOTORWAY]
    found = []
    for i in motorways:
        for j in motorways:
            if j <= i:
                continue
            a, b = region.lines[i].xy, region.lines[j].xy
            s, t = along(region.lines[i]), along(region.lines[j])
            m, n, u, v = crossings(a[:-1], a[1:], b[:-1], b[1:])
            met = [
                (s[p] + f * (s[p + 1] - s[p]), t[q] + g * (t[q + 1] - t[q]))
                for p, q, f, g in zip(m, n, u, v, strict=True)
            ]
            met += [(s[e], t[k]) for e in (0, -1) for k in _closest(a[e], b)]
            met += [(s[k], t[e]) for e in (0, -1) for k in _closest(b[e], a)]
            found += [Meeting(i, float(p), j, float(q)) for p, q in _thin(met)]
    return found


def _closest(point: Float64, xy: Float64) -> list[int]:
    squared = ((xy - point) ** 2).sum(1)
    return [int(squared.argmin())] if squared.min() < _MEETS**2 else []


def _thin(met: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep one of the meetings that lie within 2.5 km of each other: hand-set lines may weave across one another."""
    kept: list[tuple[float, float]] = []
    for at in met:
        if all(abs(at[0] - k[0]) > 2500.0 for k in kept):
            kept.append(at)
    return kept


def interchanges(region: Region, town: int, main: Pieces, met: list[Meeting]) -> list[Interchange]:
    """Choose a town's interchanges: where main roads cross its motorways, and where a motorway ends on its streets."""
    chosen: list[Interchange] = []
    for row, line in enumerate(region.lines):
        if line.kind != RoadKind.MOTORWAY or not np.any(region.owners[row] == town):
            continue
        s = along(line)
        taken = [m.at for m in met if m.line == row] + [m.other_at for m in met if m.other == row]
        for end in (0, -1):
            here = region.owners[row][end] == town and _ends_in_town(region, line, end)
            if here and _free(float(s[end]), taken, _AT_END):
                chosen.append(_nearest(row, float(s[end]), line.xy[end], main))
                taken.append(float(s[end]))
        for low, high in runs(region.owners[row] == town):
            found = _diamonds(row, line, s, low, high, main, taken)
            middle = float(s[low] + s[high]) / 2
            if not found and s[high] - s[low] > _LONG and _free(middle, taken, _APART):
                found = [_nearest(row, middle, line.xy[(low + high) // 2], main)]
            chosen += found
            taken += [c.at for c in found]
    return chosen


def _free(at: float, taken: list[float], apart: float) -> bool:
    return all(abs(at - t) > apart for t in taken)


def _diamonds(
    row: int, line: Line, s: Float64, low: int, high: int, main: Pieces, taken: list[float]
) -> list[Interchange]:
    """Choose among the roads that a stretch of motorway crosses, the higher classes first, as many as keep apart."""
    wide = np.flatnonzero(main.kind != RoadKind.TERTIARY)
    ends = main.xy[main.tail[wide]], main.xy[main.head[wide]]
    m, n, u, _ = crossings(line.xy[low:high], line.xy[low + 1 : high + 1], *ends)
    at = s[low + m] + u * (s[low + m + 1] - s[low + m])
    found: list[Interchange] = []
    for k in np.lexsort((at, main.kind[wide[n]] == RoadKind.SECONDARY)):
        inner = s[low] + _FROM_BORDER <= at[k] <= s[high] - _FROM_BORDER
        if inner and _free(at[k], taken + [c.at for c in found], _APART):
            way = line.xy[low + m[k]], line.xy[low + m[k] + 1]
            found.append(_diamond(row, float(at[k]), *way, main, int(wide[n[k]])))
    return found


def _ends_in_town(region: Region, line: Line, end: int) -> bool:
    return any(town.name == line.ends[end] for town in region.towns)


def runs(mask: Bool) -> list[tuple[int, int]]:
    """Return the first and last row of each stretch of two or more rows in which the mask holds."""
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    pairs = zip(np.flatnonzero(steps == 1).tolist(), (np.flatnonzero(steps == -1) - 1).tolist(), strict=True)
    return [(low, high) for low, high in pairs if high > low]


def _diamond(line: int, at: float, p: Float64, q: Float64, main: Pieces, piece: int) -> Interchange:
    ends = int(main.tail[piece]), int(main.head[piece])
    way, off = q - p, main.xy[ends[1]] - main.xy[ends[0]]
    leftwards = way[0] * off[1] - way[1] * off[0] > 0
    return Interchange(line, at, *(ends if leftwards else ends[::-1]))


def _nearest(line: int, at: float, point: Float64, main: Pieces) -> Interchange:
    nearest = int(main.tail[((main.xy[main.tail] - point) ** 2).sum(1).argmin()])
    return Interchange(line, at, nearest, nearest)


def barriers(region: Region, town: int, main: Pieces, chosen: list[Interchange]) -> Float64:
    """Return the lines (x, y, x, y) that a town's small streets do not cross: its motorways and ramps."""
    walls = [np.empty((0, 4))]
    for i, line in enumerate(region.lines):
        if line.kind == RoadKind.MOTORWAY:
            walls += [
                np.hstack([line.xy[low:high], line.xy[low + 1 : high + 1]])
                for low, high in runs(region.owners[i] == town)
            ]
    for ramp in chosen:
        for shift in (-_RAMP, _RAMP):
            foot = position(region.lines[ramp.line], ramp.at + shift, 0.0)
            walls += [np.concatenate([foot, main.xy[point]])[None, :] for point in {ramp.right, ramp.left}]
    lines = np.vstack(walls)
    return lines[
        np.any(lines[:, :2] != lines[:, 2:], axis=1)
    ]  # where a motorway goes on as a street, a ramp has no length


def position(line: Line, at: float, right: float) -> Float64:
    """Return the point `at` metres along a line and `right` metres to the right of its way."""
    s = along(line)
    k = int(np.clip(np.searchsorted(s, at) - 1, 0, len(s) - 2))
    way = line.xy[k + 1] - line.xy[k]
    share = min(max((at - s[k]) / (s[k + 1] - s[k]), 0.0), 1.0)
    unit = way / np.sqrt((way**2).sum())
    return np.asarray(line.xy[k] + share * way + right * np.array([unit[1], -unit[0]]))


class Exit(NamedTuple):
    """Where a motorway leaves what is built: its point, and the line and sample at which it does so."""

    point: int
    line: int
    sample: int
    end: int  # 0: towards the line's first point, −1: towards its last


class Carriageways:
    """One-way roads. Their points are numbered from `first`; lower numbers are points of the streets."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.points: list[tuple[float, float, int, float, int]] = []  # x, y, line, metres along it, carriageway
        self.roads: list[tuple[int, int, float, int, int]] = []  # tail, head, length, class, line
        self.exits: list[Exit] = []

    def point(self, line: Line, row: int, at: float, right: float) -> int:
        """Add a point and return its number."""
        x, y = position(line, at, right)
        self.points.append((float(x), float(y), row, at, int(np.sign(right))))
        return self.first + len(self.points) - 1


class _Event(NamedTuple):
    """Ramps at one place of a motorway, before and after it; of a meeting (by number) or to two points of the streets."""

    at: float
    meeting: int
    right: int
    left: int


class _Arms(NamedTuple):
    """Where cars leave a motorway for another and where they come in."""

    off: list[int]
    on: list[int]


def carriageways(
    region: Region, built: list[Bool], streets: Float64, chosen: list[Interchange], met: list[Meeting]
) -> Carriageways:
    """Lay both carriageways of every motorway where it is built, with the ramps.

    `built` tells for each line which of its points are; `streets` are the streets' points (float64[n, 2]), which `chosen`
    names by row.
    """
    roads = Carriageways(len(streets))
    arms: dict[tuple[int, int], _Arms] = {}
    for row, line in enumerate(region.lines):
        if line.kind != RoadKind.MOTORWAY:
            continue
        for low, high in runs(built[row]):
            events = _events(region, built, row, low, high, chosen, met)
            if events:
                _lay(roads, arms, line, row, (low, high), events, streets)
    for number, meeting in enumerate(met):
        one, other = arms.get((number, meeting.line)), arms.get((number, meeting.other))
        if one and other:
            _ramps(roads, one.off, other.on, meeting.other, streets)
            _ramps(roads, other.off, one.on, meeting.line, streets)
    return roads


def _events(
    region: Region, built: list[Bool], row: int, low: int, high: int, chosen: list[Interchange], met: list[Meeting]
) -> list[_Event]:
    s = along(region.lines[row])
    events = [_Event(c.at, -1, c.right, c.left) for c in chosen if c.line == row]
    for number, m in enumerate(met):
        for line, at, other, other_at in ((m.line, m.at, m.other, m.other_at), (m.other, m.other_at, m.line, m.at)):
            if line == row and _is_built(region, built, other, other_at):
                events.append(_Event(at, number, -1, -1))
    return sorted(e for e in events if s[low] - 1.0 <= e.at <= s[high] + 1.0)


def _is_built(region: Region, built: list[Bool], line: int, at: float) -> bool:
    nearest = int(np.abs(along(region.lines[line]) - at).argmin())
    return any(low <= nearest <= high for low, high in runs(built[line]))


def _lay(
    roads: Carriageways, arms: dict[tuple[int, int], _Arms], line: Line, row: int, run: tuple[int, int],
    events: list[_Event], streets: Float64,
) -> None:  # fmt: skip
    """Lay one stretch of motorway: points in order of their place on the line, then the pieces between them."""
    s = along(line)
    start, stop = float(s[run[0]]), float(s[run[1]])
    stops = [start, *(e.at for e in events), stop]
    forward: list[tuple[float, int]] = []
    backward: list[tuple[float, int]] = []

    def leave(at: float, end: int) -> None:
        point = roads.point(line, row, at, 0.0)
        forward.append((at, point))
        backward.append((at, point))
        roads.exits.append(Exit(point, row, run[end], end))

    if events[0].at - start > _AT_END:
        leave(start, 0)
    for k, event in enumerate(events):
        reach = _RAMP if event.meeting < 0 else _LONG_RAMP
        before, after = event.at - start > _AT_END, stop - event.at > _AT_END
        here = _Arms([], [])
        for side, stays in ((-1, before), (1, after)):
            if not stays:
                continue
            room = abs(stops[k + 1 + side] - event.at)
            at = event.at + side * min(reach, 0.4 * room)
            ahead, back = roads.point(line, row, at, _HALF), roads.point(line, row, at, -_HALF)
            forward.append((at, ahead))
            backward.append((at, back))
            (here.off if side < 0 else here.on).append(ahead)
            (here.on if side < 0 else here.off).append(back)
            if event.meeting < 0:
                _ramps(roads, *(([ahead], [event.right]) if side < 0 else ([event.right], [ahead])), row, streets)
                _ramps(roads, *(([event.left], [back]) if side < 0 else ([back], [event.left])), row, streets)
        if event.meeting >= 0:
            arms[event.meeting, row] = here
    if stop - events[-1].at > _AT_END:
        leave(stop, -1)
    for (a, p), (b, q) in itertools.pairwise(forward):
        roads.roads.append((p, q, b - a, RoadKind.MOTORWAY, row))
    for (a, p), (b, q) in itertools.pairwise(backward):
        roads.roads.append((q, p, b - a, RoadKind.MOTORWAY, row))


def _ramps(roads: Carriageways, tails: list[int], heads: list[int], row: int, streets: Float64) -> None:
    """Join each tail to each head by a ramp a tenth longer than the straight line."""
    for tail in tails:
        for head in heads:
            (ax, ay), (bx, by) = (
                streets[p] if p < roads.first else roads.points[p - roads.first][:2] for p in (tail, head)
            )
            length = 1.1 * float(np.sqrt((ax - bx) ** 2 + (ay - by) ** 2))
            roads.roads.append((tail, head, max(length, 10.0), RoadKind.RAMP, row))
