"""The axis of limits and the laws that name them: written out, or for a phone upright and by number with a list below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from alprsim.report import statutes
from alprsim.report.scale import BOTTOM, TOP, Layout, spread
from alprsim.results import words

_LINE = 14.0
"""Room that an upright limit takes across."""


def limits(x: Sequence[float], steps: Sequence[int], of: Layout, bottom: float) -> str:
    """Write the limits under an axis."""
    return _upright(x, steps, of, bottom) if of.narrow else _rows(x, steps, bottom)


def laws(x: Sequence[float], steps: Sequence[int], of: Layout) -> str:
    """Draw the limits that laws name as lines through the chart."""
    return _numbered(x, steps, of) if of.narrow else _written(x, steps)


def _rows(x: Sequence[float], steps: Sequence[int], bottom: float) -> str:
    """Write the limits under an axis, in two rows where they would touch."""
    ends, parts = [-math.inf, -math.inf], []
    for at, step in zip(x, steps, strict=True):
        said = words.duration(step)
        half = 3.7 * len(said)
        row = 0 if at - half > ends[0] else 1
        ends[row] = at + half + 3
        parts.append(
            f'<path class="axisline" d="M{at:.1f} {bottom}v{5 + 17 * row}"/>'
            f'<text class="tick" x="{at:.1f}" y="{bottom + 21 + 15 * row}" text-anchor="middle">{said}</text>'
        )
    return "".join(parts)


def _written(x: Sequence[float], steps: Sequence[int]) -> str:
    parts = []
    for at, step in zip(x, steps, strict=True):
        if mark := statutes.mark(step):
            parts.append(
                f'<g class="{mark.style}"><title>{escape(f"{words.duration(step)}: {mark.said}")}</title>'
                f'<path d="M{at:.1f} {TOP - 8}V{BOTTOM}"/>'
                f'<text transform="translate({at + 3:.1f} {TOP - 12})rotate(-45)">{escape(mark.label)}</text></g>'
            )
    return "".join(parts)


def _upright(x: Sequence[float], steps: Sequence[int], of: Layout, bottom: float) -> str:
    """Write the limits upwards, moved apart where they would touch; what has no room is left out."""
    most = math.floor((of.right + 4 - x[0]) / _LINE) + 1
    every = math.ceil(len(steps) / most)
    shown = [row for row in range(len(steps)) if (len(steps) - 1 - row) % every == 0]
    places = spread([x[row] for row in shown], _LINE, x[0], of.right + 4)
    ticks = "".join(f'<path class="axisline" d="M{at:.1f} {bottom}v4"/>' for at in x)
    return ticks + "".join(
        f'<path class="axisline" d="M{x[row]:.1f} {bottom + 4}L{place:.1f} {bottom + 10}"/>'
        f"{upright(words.duration(steps[row]), place, bottom + 8)}"
        for row, place in zip(shown, places, strict=True)
    )


def upright(said: str, x: float, bottom: float) -> str:
    """Write a text upwards that ends under an axis."""
    return (
        f'<text class="tick" transform="translate({x + 4:.1f} {bottom + 6})rotate(-90)" text-anchor="end">{said}</text>'
    )


def _numbered(x: Sequence[float], steps: Sequence[int], of: Layout) -> str:
    """Draw the limits that laws name as lines with a number above them, moved apart where they would touch."""
    named = _named(steps)
    places = spread([x[row] for row, _ in named], 14, of.left, of.right)
    parts = []
    for number, ((row, mark), place) in enumerate(zip(named, places, strict=True), start=1):
        parts.append(
            f'<g class="{mark.style}"><path d="M{place:.1f} {of.top - 14}L{x[row]:.1f} {of.top - 4}V{of.bottom}"/>'
            f'<text x="{place:.1f}" y="{of.top - 17}" text-anchor="middle">{number}</text></g>'
        )
    return "".join(parts)


def listed(steps: Sequence[int]) -> str:
    """Return the laws that the numbers stand for, as a list for the page."""
    items = "".join(f"<li>{words.duration(steps[row])}: {escape(mark.label)}</li>" for row, mark in _named(steps))
    return f'<ol class="laws">{items}</ol>' if items else ""


def _named(steps: Sequence[int]) -> list[tuple[int, statutes.Mark]]:
    return [(row, mark) for row, step in enumerate(steps) if (mark := statutes.mark(step))]
