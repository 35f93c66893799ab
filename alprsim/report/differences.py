"""Differences to the first side as a picture: a dot a side, a whisker for its interval, a line for no difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from alprsim.report import chart
from alprsim.report._measures import wrapped
from alprsim.results import words

_LEFT, _RIGHT, _VALUE = 282, 590, 608
"""Where the names end, the plot ends and the values begin."""
_TOP, _ROW, _GAP = 40, 24, 14
_STEPS = 5
"""That an axis has at the most."""
_LETTERS = 38
"""Of a measure's name that fit a line."""


class Dot(NamedTuple):
    """A side's difference to the first, a share; NaN: not measured, or no interval."""

    letter: str
    row: int
    """Of its colour and shape."""
    mean: float
    low: float
    high: float
    marked: bool | None
    """Whether it holds under other assumptions; None: nobody asked."""

    @property
    def said(self) -> str:
        """The difference and its interval, in words."""
        if math.isnan(self.mean):
            return "not measured"
        mark = {True: "◆ ", False: "◇ ", None: ""}[self.marked]
        band = "no interval" if math.isnan(self.low) else f"{words.points(self.low)} to {words.points(self.high)}"
        return f"{mark}{words.points(self.mean)} points ({band})"


class Group(NamedTuple):
    """A measure, and a dot for each side but the first."""

    title: str
    dots: Sequence[Dot]


class _Axis(NamedTuple):
    """Where a difference stands: from the least to the most, none of it always in sight."""

    low: float
    high: float
    step: float

    def __call__(self, value: float) -> float:
        along = (value - self.low) / (self.high - self.low)
        return _LEFT + (_RIGHT - _LEFT) * min(max(along, 0), 1)


def draw(groups: Sequence[Group], about: str) -> str:
    """Return the picture as SVG that the page's style dresses; ``about`` begins the text that says what it shows."""
    x = _axis([v for group in groups for dot in group.dots for v in dot[2:5] if not math.isnan(v)])
    heights = [max(len(group.dots), len(wrapped(group.title, _LETTERS))) * _ROW + _GAP for group in groups]
    bottom = _TOP + sum(heights)
    parts = [_frame(x, bottom)]
    at = float(_TOP)
    for group, height in zip(groups, heights, strict=True):
        parts.append(_group(group, at, height, x))
        at += height
    label = escape(f"{about} {'; '.join(_in_words(group) for group in groups)}.", quote=True)
    return (
        f'<svg class="ladder" viewBox="0 0 {chart.WIDTH} {bottom + 44}" role="img" aria-label="{label}">'
        + "".join(parts)
        + "</svg>"
    )


def _group(group: Group, at: float, height: float, x: _Axis) -> str:
    lines = wrapped(group.title, _LETTERS)
    parts = [f'<path class="grid" d="M12 {at + height - _GAP / 2:.1f}H{chart.WIDTH - 12}"/>']
    parts += [
        f'<text class="name" x="12" y="{at + 16 + 17 * row:.1f}">{escape(line)}</text>'
        for row, line in enumerate(lines)
    ]
    for row, dot in enumerate(group.dots):
        y = at + _ROW * row + _ROW / 2
        parts.append(_dot(dot, y, x))
    return "".join(parts)


def _dot(dot: Dot, y: float, x: _Axis) -> str:
    text = f'<text class="note" x="{_VALUE}" y="{y + 4:.1f}">{escape(f"{dot.letter} − A: {dot.said}")}</text>'
    if math.isnan(dot.mean):
        return text
    whisker = ""
    if not math.isnan(dot.low):
        low, high = x(dot.low), x(dot.high)
        whisker = (
            f'<path class="stroke" stroke-width="2" d="M{low:.1f} {y:.1f}H{high:.1f}M{low:.1f} {y - 5:.1f}v10'
            f'M{high:.1f} {y - 5:.1f}v10"/>'
        )
    hollow = ' class="hollow"' if dot.marked is False else ""
    mark = f'<g{hollow}><use href="#m{chart.marker(dot.row)}" x="{x(dot.mean):.1f}" y="{y:.1f}"/></g>'
    return f'<g class="s{dot.row % chart.MARKERS}">{whisker}{mark}</g>{text}'


def _frame(x: _Axis, bottom: float) -> str:
    parts = [f'<text class="tick" x="{_LEFT}" y="16">percentage points, compared with A</text>']
    for number in range(round(x.low / x.step), round(x.high / x.step) + 1):
        said = words.points(number * x.step).removesuffix(".0") if number else "0"
        parts.append(
            f'<path class="{"grid" if number else "axisline"}" d="M{x(number * x.step):.1f} {_TOP - 6}V{bottom}"/>'
            f'<text class="tick" x="{x(number * x.step):.1f}" y="{bottom + 16}" text-anchor="middle">{said}</text>'
        )
    sides = {"start": ("less than under A", x.low < 0, _LEFT), "end": ("more than under A", x.high > 0, _RIGHT)}
    parts += [
        f'<text class="axis" x="{at}" y="{bottom + 36}" text-anchor="{anchor}">{said}</text>'
        for anchor, (said, there, at) in sides.items()
        if there
    ]
    return "".join(parts)


def _axis(values: Sequence[float]) -> _Axis:
    """Return an axis with round ends, at most five steps long, never shorter than a percentage point."""
    least, most = min(values, default=0.0), max(values, default=0.0)
    least, most = min(least, 0.0), max(most, 0.0)
    for step in (0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5):
        low, high = math.floor(least / step - 1e-9) + (least == 0), math.ceil(most / step + 1e-9) - (most == 0)
        if high - low <= _STEPS:
            break
    low, high = (-2, 2) if low == high else (low, high)
    return _Axis(low * step, high * step, step)


def _in_words(group: Group) -> str:
    return f"{group.title}: " + ", ".join(f"{dot.letter} − A {dot.said}" for dot in group.dots)
