"""Where a value stands in a chart: the plot's edges, shares and counts on a plain scale, lifetimes on a logarithmic one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from alprsim.results import words
from alprsim.tables import DAY, UNLIMITED

WIDTH, HEIGHT = 900, 534
LEFT, RIGHT, TOP, BOTTOM = 62, 712, 206, 472
"""The plot's edges; beyond RIGHT stand the lines' names, above TOP the laws, below BOTTOM the limits."""


class Layout(NamedTuple):
    """How large a chart is, and where its plot ends."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    column: int
    """Room for the policies as practised, left of the limits."""
    narrow: bool = False
    """For a phone: limits upright, laws by number, lines named by the key above the chart."""


WIDE = Layout(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, 66)
NARROW = Layout(300, 348, 52, 296, 30, 240, 34, narrow=True)

_LONGEST_GAP = 1.0  # decades; a wider gap between two steps is shortened and marked

Place = Callable[[float], float]
"""Where a value stands along an axis."""


class Scale(Protocol):
    """Where a value stands, and which values are named at the side."""

    def __call__(self, value: float) -> float:
        """Return y."""

    @property
    def ticks(self) -> Sequence[tuple[float, str]]:
        """Return y and text of each tick."""


class Linear:
    """From 0 up to a round number above the largest value."""

    def __init__(self, largest: float, unit: str, *, upper: float = TOP, lower: float = BOTTOM) -> None:
        self.step, self.top = _round_top(largest, unit)
        self.unit, self.upper, self.lower = unit, upper, lower

    def __call__(self, value: float) -> float:
        """Return y; values outside (intervals may be) stop at the edge."""
        return self.lower - (self.lower - self.upper) * min(max(value / self.top, 0), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return y and text of each tick."""
        values = [number * self.step for number in range(round(self.top / self.step) + 1)]
        return [(self(v), f"{100 * v:g} %" if self.unit == "share" else f"{v:,g}") for v in values]


class Lifetime:
    """Days on a logarithmic scale, with a place below for none and above for no end."""

    _NAMED = (60, 3600, DAY, 7 * DAY, 30 * DAY, 365 * DAY, 1826 * DAY, 18260 * DAY)

    def __init__(self, days: Sequence[float], of: Layout = WIDE) -> None:
        self.upper, self.lower = of.top, of.bottom
        finite = [d * DAY for d in days if 0 < d < math.inf] or [60.0, 1826.0 * DAY]
        self.low, self.high = math.log(min(*finite, 3600)), math.log(max(*finite, 365 * DAY) * 1.3)

    def __call__(self, value: float) -> float:
        """Return y of a number of days."""
        if value <= 0 or math.isinf(value):
            return self.lower if value <= 0 else self.upper + 6
        along = (math.log(value * DAY) - self.low) / (self.high - self.low)
        return self.lower - 26 - (self.lower - self.upper - 56) * min(max(along, 0), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return y and text of each tick."""
        named = [s for s in self._NAMED if self.low <= math.log(s) <= self.high]
        return [(self.lower, "none"), *((self(s / DAY), words.duration(s)) for s in named), (self.upper + 6, "no end")]


def positions(steps: Sequence[int], *, first: float = LEFT + 22, of: Layout = WIDE) -> tuple[list[float], list[float]]:
    """Return x of each step, logarithmic, the least at ``first``, and where the axis is shortened."""
    gaps, broken = [0.0], [False]
    for before, after in pairwise(steps):
        decades = math.log10(after / max(before, 1)) if after < UNLIMITED else math.inf
        broken.append(decades > _LONGEST_GAP * 1.2)
        shortened = _LONGEST_GAP if after < UNLIMITED else 0.6 * _LONGEST_GAP
        gaps.append(shortened if broken[-1] else decades)
    span = of.right - (10 if of.narrow else 22) - first
    total = sum(gaps)
    if not total:
        return [first + span / 2] * len(steps), []
    x = [first + span * sum(gaps[: row + 1]) / total for row in range(len(steps))]
    return x, [(a + b) / 2 for (a, b), cut in zip(pairwise(x), broken[1:], strict=True) if cut]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move labels apart to at least ``gap``, each as near to where it wants to be as their order allows."""
    order = sorted(range(len(wanted)), key=lambda row: (wanted[row], row))
    placed: list[list[float]] = []  # blocks of labels that touch: [sum of wanted offsets, count]
    for row in order:
        placed.append([wanted[row], 1])
        while len(placed) > 1 and _top(placed[-2], gap, low, high) + placed[-2][1] * gap > _top(
            placed[-1], gap, low, high
        ):
            total, count = placed.pop()
            before = placed[-1]
            placed[-1] = [before[0] + total - before[1] * gap * count, before[1] + count]
    tops = [_top(block, gap, low, high) + gap * k for block in placed for k in range(int(block[1]))]
    answer = [0.0] * len(wanted)
    for row, top in zip(order, tops, strict=True):
        answer[row] = top
    return answer


def _round_top(largest: float, unit: str) -> tuple[float, float]:
    if largest <= 0:
        return (0.25, 1.0) if unit == "share" else (1.0, 1.0)
    if unit == "share" and largest > 0.5:
        return 0.2, 1.0
    size = 10 ** math.floor(math.log10(largest))
    step = next(size * part for part in (0.2, 0.25, 0.5, 1, 2) if largest / (size * part) <= 6)
    return step, step * math.ceil(largest / step - 1e-9)


def _top(block: list[float], gap: float, low: float, high: float) -> float:
    total, count = block
    return min(max(total / count, low), max(low, high - gap * (count - 1)))
