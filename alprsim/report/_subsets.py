"""Every subset of departments that opt out: how far the best, the mean and the worst go, and each department's own share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd

from alprsim.report import chart
from alprsim.results import words
from alprsim.results.answer_sentence import one, values, who
from alprsim.results.run import Run

_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 530, 48, 400
Scale = Callable[[float], float]

_BARS, _END = 668, 850
"""Where the bars of the second panel begin and end."""


def subsets(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> tuple[str, float]:
    """Draw both panels; return them with their height."""
    main = rows[rows["measure"].eq(asked["measure"])]
    inside = _by_number(run, asked, main) + _shares(asked, main)
    return inside, _BOTTOM + 56


def _by_number(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> str:
    """Draw what is seen against how many opt out: band, mean, best and worst order."""
    n = len(asked["opt_out"])
    least, mean, most = (values(rows, name).sort_values("k")["mean"].tolist() for name in ("least", "mean", "most"))
    scale = chart.Linear(max(most), "share")

    def x(k: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * k / n

    def y(share: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * min(max(share / scale.top, 0), 1)

    def path(shares: Sequence[float]) -> str:
        return "L".join(f"{x(k):.1f} {y(share):.1f}" for k, share in enumerate(shares))

    back = "L".join(f"{x(k):.1f} {y(share):.1f}" for k, share in reversed(list(enumerate(most))))
    ticks = [scale.step * row for row in range(round(scale.top / scale.step) + 1)]
    parts = [f'<text class="base" x="4" y="14">{escape(who(run, asked["viewer"], asked["sight"]))}</text>']
    parts += [
        f'<path class="grid" d="M{_LEFT} {y(t):.1f}H{_RIGHT}"/><text class="tick" x="{_LEFT - 8}" y="{y(t) + 4:.1f}" '
        f'text-anchor="end">{100 * t:g} %</text>'
        for t in ticks
    ]
    parts += [
        f'<text class="tick" x="{x(k):.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{k}</text>' for k in range(n + 1)
    ]
    parts.append(
        f'<path class="axisline" d="M{_LEFT} {_BOTTOM}H{_RIGHT}"/><text class="axis" x="{(_LEFT + _RIGHT) / 2:.0f}" '
        f'y="{_BOTTOM + 38}" text-anchor="middle">departments that opt out, of {n}; band: all choices; dashed: their mean</text>'
    )
    half = most[0] - 0.5 * (most[0] - least[-1])
    parts.append(
        f'<path class="practised" d="M{_LEFT} {y(half):.1f}H{_RIGHT}"/><text class="tick" x="{_LEFT - 8}" '
        f'y="{y(half) + 4:.1f}" text-anchor="end">½ fall</text>'
    )
    parts.append(f'<g class="s0"><path class="band" d="M{path(least)}L{back}Z"/>')
    parts.append(f'<path class="stroke" stroke-width="2.5" stroke-dasharray="9 4" d="M{path(mean)}"/></g>')
    parts.append(_order(rows, "worst order", "s1", most[0], x, y, above=True))
    parts.append(_order(rows, "best order", "s2", most[0], x, y, above=False))
    parts += [_legend("s1", "worst order", _RIGHT - 260), _legend("s2", "best order", _RIGHT - 130)]
    return "".join(parts)


def _order(rows: pd.DataFrame, name: str, colour: str, start: float, x: Scale, y: Scale, *, above: bool) -> str:
    """Draw an order of opting out, each point named by who is next; the last of all only once."""
    steps = values(rows, name).sort_values("k")
    line = "L".join(
        f"{x(k):.1f} {y(share):.1f}" for k, share in [(0, start), *zip(steps["k"], steps["mean"], strict=True)]
    )
    marks, names = [], []
    for k, share, member in zip(steps["k"], steps["mean"], steps["policy"], strict=True):
        said = escape(f"{name}: {member} is number {k}, leaves {words.percent(share)} %")
        marks.append(f'<g><title>{said}</title><use href="#m0" x="{x(k):.1f}" y="{y(share):.1f}"/></g>')
        at = (x(k) + 3, y(share) - 9, "start") if above else (x(k) - 1, y(share) + 15, "end")
        if not above or k < len(steps):
            names.append(
                f'<text class="note" transform="translate({at[0]:.1f} {at[1]:.1f})rotate(-30)" text-anchor="{at[2]}">'
                f"{escape(member)}</text>"
            )
    return (
        f'<g class="{colour}"><path class="stroke" stroke-width="2" d="M{line}"/>{"".join(marks)}{"".join(names)}</g>'
    )


def _legend(colour: str, name: str, at: float) -> str:
    return (
        f'<g class="{colour}"><path class="stroke" stroke-width="2.5" d="M{at} 26h26"/>'
        f'<text class="tick" x="{at + 32}" y="30">{name}</text></g>'
    )


def _shares(asked: dict[str, Any], rows: pd.DataFrame) -> str:
    """Draw each department's Shapley value, what it takes away alone and what when all others have opted out."""
    own = values(rows, "Shapley value").sort_values("mean", ascending=False, kind="stable")
    alone, last = (
        {name: one(rows, quantity, policy=name) for name in asked["opt_out"]} for quantity in ("alone", "last")
    )  # fmt: skip
    largest = max([1e-9, *own["mean"], *alone.values(), *last.values()])
    gap = (_BOTTOM - _TOP) / len(own)

    def x(share: float) -> float:
        return _BARS + (_END - _BARS) * float(max(share, 0) / largest)

    parts = [f'<text class="base" x="{_RIGHT + 46}" y="14">Share of the fall, percentage points</text>']
    for row, (name, share) in enumerate(zip(own["policy"], own["mean"], strict=True)):
        y = _TOP + gap * row
        said = f"{name}: {words.points(share)} points (Shapley)"
        said += f"; alone {words.points(alone[name])}; last {words.points(last[name])}"
        parts.append(
            f'<g class="s0"><title>{escape(said)}</title>'
            f'<text x="{_BARS - 8}" y="{y + 17:.1f}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_BARS}" y="{y + 4:.1f}" width="{x(share) - _BARS:.1f}" height="17" fill="currentColor"/></g>'
            f'<text class="tick" x="{max(x(share), x(alone[name]), x(last[name])) + 8:.1f}" y="{y + 17:.1f}">'
            f"{words.points(share).lstrip('+')}</text>"
            f'<path class="mark" d="M{x(alone[name]):.1f} {y + 1:.1f}v23"/>'
            f'<path class="mark" stroke-dasharray="3 2" d="M{x(last[name]):.1f} {y + 1:.1f}v23"/>'
        )
    parts.append(
        f'<text class="axis" x="{_RIGHT + 46}" y="{_BOTTOM + 18}">bar: Shapley value; line: opting out alone;</text>'
        f'<text class="axis" x="{_RIGHT + 46}" y="{_BOTTOM + 38}">dashed: when all others have opted out</text>'
    )
    return "".join(parts)
