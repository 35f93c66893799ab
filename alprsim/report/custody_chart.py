"""Who can obtain how much, day by day across changes of law, outages and breaches; and what an intruder would hold.

Colours are Okabe and Ito's, which colour-blind people tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from alprsim.tables import Float64, Int64

_BLUE, _ORANGE, _RED, _GREY, _PALE = "#0072B2", "#E69F00", "#D55E00", "#666666", "#d5d5d5"
_OWNERS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442", "#999999")
"""The last is of all others together."""
_DPI = 110
_FILLED: dict[str, Any] = {"alpha": 0.5, "linewidth": 0, "step": "post"}
_STEPPED: dict[str, Any] = {"linewidth": 1.4, "drawstyle": "steps-post"}
_COLOURS = {"change": _GREY, "breach": _RED, "hold": "#009E73"}


class Mark(NamedTuple):
    """Something that happens midway; an outage has an end."""

    kind: str
    at: int
    end: int
    text: str


class Curve(NamedTuple):
    """What one viewer can obtain, as shares of all that was captured until then, moment for moment."""

    viewer: str
    bulk: Float64
    request: Float64


class Loot(NamedTuple):
    """What an intruder would hold: reads by owner."""

    text: str
    owners: Sequence[str]
    lying: Int64
    searchable: Int64


class Picture(NamedTuple):
    """All that is drawn."""

    title: str
    basis: str
    start: datetime
    """Second 0."""
    moments: Int64
    curves: Sequence[Curve]
    marks: Sequence[Mark]
    loots: Sequence[Loot]


def draw(picture: Picture, file: Path) -> None:
    """Draw a panel for each viewer and, where there are breaches, one of what they lay open; the suffix says the format."""
    panels, loots = len(picture.curves), len(picture.loots)
    heights = [*[1.9] * panels, *([0.75 + 0.5 * loots] if loots else [])]
    figure = Figure(figsize=(10, 1.5 + sum(heights)), layout="constrained")
    axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for row, (axis, curve) in enumerate(zip(axes, picture.curves, strict=False)):
        _panel(axis, curve, picture, named=row == 0, dated=row == panels - 1)
    if loots:
        _loots(axes[-1], picture.loots)
    figure.suptitle(fill(picture.title, 90), x=0.01, ha="left", fontsize=12, fontweight="bold")
    figure.supxlabel(fill(picture.basis, 170), x=0.01, ha="left", fontsize=7.5, color=_GREY)
    figure.savefig(file, dpi=_DPI)


def _panel(axis: Axes, curve: Curve, picture: Picture, *, named: bool, dated: bool) -> None:
    days = [_date(picture, moment) for moment in picture.moments]
    axis.fill_between(days, curve.bulk, curve.request, color=_ORANGE, label="on request only", **_FILLED)
    axis.plot(days, curve.request, color=_ORANGE, **_STEPPED)
    axis.fill_between(days, curve.bulk, color=_BLUE, label="in bulk", **_FILLED)
    axis.plot(days, curve.bulk, color=_BLUE, **_STEPPED)
    axis.set(ylim=(0, 1.04), xlim=(days[0], days[-1]))
    axis.set_ylabel("of all captured so far", fontsize=8)
    axis.yaxis.set_major_locator(MultipleLocator(0.25))
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    locator = AutoDateLocator(minticks=5, maxticks=11)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    axis.tick_params(labelbottom=dated, labelsize=8)
    axis.set_title(curve.viewer, fontsize=9.5, loc="left")
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.grid(axis="y", color=_PALE, linewidth=0.6)
    axis.set_axisbelow(True)
    _mark(axis, picture, named=named)
    if named:
        axis.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0.55, 1.0), ncols=2, borderaxespad=0.2)


def _mark(axis: Axes, picture: Picture, *, named: bool) -> None:
    """Draw what happens midway as lines and spans, numbered; the first panel spells the numbers out."""
    numbers: dict[int, list[int]] = {}
    for number, mark in enumerate(picture.marks, 1):
        at = _date(picture, mark.at)
        numbers.setdefault(mark.at, []).append(number)
        if mark.end > mark.at:
            axis.axvspan(at, _date(picture, mark.end), color="#000000", alpha=0.13, linewidth=0)
        else:
            style = "--" if mark.kind == "change" else "-"
            axis.axvline(at, color=_COLOURS.get(mark.kind, _GREY), linewidth=1.3, linestyle=style)
    for moment, together in numbers.items():
        axis.annotate(
            ", ".join(map(str, together)), (_date(picture, moment), 1.0), xycoords=("data", "axes fraction"),
            xytext=(3, -2), textcoords="offset points", ha="left", va="top", fontsize=8, color="white", fontweight="bold",
            bbox={
                "boxstyle": "round,pad=0.2", "linewidth": 0,
                "facecolor": _COLOURS.get(picture.marks[together[0] - 1].kind, _GREY),
            },
        )  # fmt: skip
    if named and picture.marks:
        said = [f"{n}  {_date_text(picture, m)}: {m.text}" for n, m in enumerate(picture.marks, 1)]
        axis.annotate(
            "\n".join(fill(line, 130, subsequent_indent="    ") for line in said), (0, 1.0), xycoords="axes fraction",
            xytext=(0, 20), textcoords="offset points", ha="left", va="bottom", fontsize=8, color="#333333",
        )  # fmt: skip


def _loots(axis: Axes, loots: Sequence[Loot]) -> None:
    """Draw what lies there as bars by owner, and what the agency's own officers could export besides as pale ones."""
    owners = _largest(loots)
    for row, loot in enumerate(loots):
        left = 0.0
        for kind, counts in (("lying", loot.lying), ("searchable", loot.searchable)):
            for place, owner in enumerate([*owners, "others"]):
                reads = _of(loot, counts, owner, owners)
                label = (
                    owner
                    if row == 0
                    and kind == "lying"
                    and any(_of(one, n, owner, owners) for one in loots for n in one[2:])
                    else None
                )
                axis.barh(row, reads, left=left, height=0.62, color=_OWNERS[place], alpha=1.0 if kind == "lying" else 0.35,
                          hatch=None if kind == "lying" else "////", edgecolor="white", linewidth=0.4, label=label)  # fmt: skip
                left += reads
        axis.text(
            left,
            row,
            f"  {loot.lying.sum():,} lie there, {loot.searchable.sum():,} more can be exported",
            va="center",
            fontsize=8,
        )
        axis.set_xlim(0, max(axis.get_xlim()[1], left * 1.5, 1))
    axis.set_yticks(range(len(loots)), [loot.text for loot in loots], fontsize=8)
    axis.set_ylim(len(loots) - 0.4, -0.6)
    axis.set_title(
        "What an intruder would hold: reads by whose camera made them (hatched: only searchable from there)",
        fontsize=9.5,
        loc="left",
    )
    axis.tick_params(axis="x", labelsize=8)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=7)


def _largest(loots: Sequence[Loot]) -> list[str]:
    total = {owner: 0 for loot in loots for owner in loot.owners}
    for loot in loots:
        for owner, lying, searchable in zip(loot.owners, loot.lying, loot.searchable, strict=True):
            total[owner] += int(lying) + int(searchable)
    return sorted(total, key=lambda owner: -total[owner])[: len(_OWNERS) - 1]


def _of(loot: Loot, counts: Int64, owner: str, owners: Sequence[str]) -> int:
    pairs = zip(loot.owners, counts, strict=True)
    return sum(int(n) for name, n in pairs if name == owner or (owner == "others" and name not in owners))


def _date(picture: Picture, moment: int) -> float:
    return float(date2num(picture.start + timedelta(seconds=int(moment))))


def _date_text(picture: Picture, mark: Mark) -> str:
    dates = [picture.start + timedelta(seconds=int(one)) for one in dict.fromkeys((mark.at, mark.end))]
    return " to ".join(f"{one.day} {one:%b %H:%M}" for one in dates)
