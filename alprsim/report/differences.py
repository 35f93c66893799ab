"""Differences to the first side as a picture: a dot a side, a whisker for its interval, a line for no difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from alprsim.report import chart
from alprsim.report._measures import wrapped
from alprsim.results import words

_TOP, _GAP, _LINE = 40, 14, 17
_STEPS = 5
"""That an axis has at the most."""


class _Layout(NamedTuple):
    """Where the plot begins and ends, and the values begin; how much of a measure's name fits a line."""

    width: int
    left: int
    right: int
    value: int
    letters: int
    row: int
    """Height of a side's difference."""
    down: int
    """From its mark to its value's line."""
    above: bool
    """Whether the measure's name stands over its differences, not beside them."""


_WIDE = _Layout(chart.WIDTH, 282, 590, 608, 38, 24, 4, above=False)
_NARROW = _Layout(340, 18, 322, 12, 44, 42, 22, above=True)
"""For a phone: names over the plot, values under their marks."""


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


class _Plot(NamedTuple):
    """An axis laid out."""

    axis: _Axis
    of: _Layout

    def __call__(self, value: float) -> float:
        along = (value - self.axis.low) / (self.axis.high - self.axis.low)
        return self.of.left + (self.of.right - self.of.left) * min(max(along, 0), 1)


def draw(groups: Sequence[Group], about: str, *, narrow: bool = False) -> str:
    """Return the picture as SVG that the page's style dresses; ``about`` begins the text that says what it shows."""
    layout = _NARROW if narrow else _WIDE
    x = _Plot(_axis([v for group in groups for dot in group.dots for v in dot[2:5] if not math.isnan(v)]), layout)
    heights = [_height(group, layout) for group in groups]
    bottom = _TOP + sum(heights)
    parts = [_frame(x, bottom)]
    at = float(_TOP)
    for group, height in zip(groups, heights, strict=True):
        parts.append(_group(group, at, height, x))
        at += height
    label = escape(f"{about} {'; '.join(_in_words(group) for group in groups)}.", quote=True)
    return (
        f'<svg class="ladder{" narrow" * narrow}" viewBox="0 0 {layout.width} {bottom + 44}" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def _height(group: Group, of: _Layout) -> int:
    lines, rows = len(wrapped(group.title, of.letters)), len(group.dots)
    return (lines * _LINE + 8 + rows * of.row if of.above else max(lines, rows) * of.row) + _GAP


def _group(group: Group, at: float, height: float, x: _Plot) -> str:
    lines = wrapped(group.title, x.of.letters)
    parts = [f'<path class="grid" d="M12 {at + height - _GAP / 2:.1f}H{x.of.width - 12}"/>']
    parts += [
        f'<text class="name" x="12" y="{at + 16 + _LINE * row:.1f}">{escape(line)}</text>'
        for row, line in enumerate(lines)
    ]
    first = at + (len(lines) * _LINE + 20 if x.of.above else x.of.row / 2)
    parts += [_dot(dot, first + x.of.row * row, x) for row, dot in enumerate(group.dots)]
    return "".join(parts)


def _dot(dot: Dot, y: float, x: _Plot) -> str:
    said = escape(f"{dot.letter} − A: {dot.said}")
    text = f'<text class="note" x="{x.of.value}" y="{y + x.of.down:.1f}">{said}</text>'
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


def _frame(x: _Plot, bottom: float) -> str:
    of, (low, high, step) = x.of, x.axis
    parts = [f'<text class="tick" x="{of.left}" y="16">percentage points, compared with A</text>']
    for number in range(round(low / step), round(high / step) + 1):
        said = words.points(number * step).removesuffix(".0") if number else "0"
        parts.append(
            f'<path class="{"grid" if number else "axisline"}" d="M{x(number * step):.1f} {_TOP - 6}V{bottom}"/>'
            f'<text class="tick" x="{x(number * step):.1f}" y="{bottom + 16}" text-anchor="middle">{said}</text>'
        )
    sides = {"start": ("less than under A", low < 0, of.left), "end": ("more than under A", high > 0, of.right)}
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
