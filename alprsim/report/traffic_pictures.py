"""Pictures of a day's traffic: a corridor in time and space, flow and speed on the map, the network as a whole.

Colours are those that colour-blind people tell apart: viridis, ColorBrewer's YlOrRd, Okabe and Ito's.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from alprsim.report.corridor import Corridor, Crossings, Throughs
from alprsim.report.traffic_states import LinkStates, NetworkStates
from alprsim.tables import DAY, DAY_STARTS, SLOT, Float64, Int32, Junctions, Roads

_BLUE, _RED, _ORANGE = "#0072B2", "#D55E00", "#E69F00"
_GREY, _PALE = "#666666", "#d5d5d5"
_CONGESTED = ListedColormap(["#800026", "#e31a1c", "#fd8d3c", "#fecc5c", "#bcbcbc"])
_SPEED_STEPS = (0, 25, 50, 75, 90, 100)
"""% of free-flow speed: the last class is drawn in grey, as nothing is wrong there."""

_BUSY = ListedColormap(colormaps["viridis"](np.arange(230))[::-1])
"""The busier the darker; viridis without its yellow, which white paper swallows."""

_DPI = 110
_LETTERS = 15
"""Of 8 points that an inch holds, about."""
_MOST_VEHICLES = 400
"""In one time–space diagram: the lines of more cannot be told apart."""


class Caption(NamedTuple):
    """What every picture says of itself."""

    title: str
    """The study and its day."""
    basis: str
    """What it rests on: whose streets, and that the traffic is synthetic."""


def corridor(
    road: Corridor, seen: Crossings, through: Throughs, crossing: Int32, start: float, end: float, caption: Caption,
    file: Path,
) -> None:  # fmt: skip
    """Draw a corridor's time–space diagram, its cumulative curves and the vehicles delayed on it.

    Parameters
    ----------
    crossing : ms
        Of each road along it, at free flow.
    start, end : ms since the scenario's start
        The time shown.
    """
    figure = Figure(figsize=(9, 9.6), layout="constrained")
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[3, 2, 1.2])
    _time_space(figure, top, road, seen, crossing, start, end)
    _cumulative(middle, bottom, through, float(crossing.sum(dtype=np.int64)), start, end)
    bottom.set_xlabel("time of day")
    bottom.set_xlim(_hours(start), _hours(start) + (end - start) / 3_600_000)
    _clock(bottom)
    _entitle(figure, f"A corridor of {road.start[-1] / 1000:.1f} km, from A to B · {caption.title}", caption.basis)
    figure.savefig(file, dpi=_DPI)


def _time_space(
    figure: Figure, axis: Axes, road: Corridor, seen: Crossings, crossing: Int32, start: float, end: float
) -> None:
    """Draw vehicles as lines from entry to exit of each road, coloured by speed; of many vehicles every n-th."""
    shown = np.flatnonzero((seen.left > start) & (seen.entered < end))
    vehicles = np.unique(seen.trip[shown])
    every = 1 + len(vehicles) // _MOST_VEHICLES
    shown = shown[np.isin(seen.trip[shown], vehicles[::every])]
    place, took = seen.place[shown], seen.left[shown] - seen.entered[shown]
    speed = 100 * np.minimum(crossing[place] / np.maximum(took, 1), 1)
    order = np.argsort(-speed, kind="stable")  # the slow on top
    shown, place, speed = shown[order], place[order], speed[order]
    clock = np.stack([seen.entered[shown], seen.left[shown]], axis=1)
    way = np.stack([road.start[place], road.start[place + 1]], axis=1) / 1000
    lines = np.stack([_hours(start) + (clock - start) / 3_600_000, way], axis=2)
    scale = ScalarMappable(BoundaryNorm(_SPEED_STEPS, _CONGESTED.N), _CONGESTED)
    colours = scale.to_rgba(speed)
    axis.add_collection(LineCollection(list(lines), colors=colours, linewidths=0.7, rasterized=True))
    axis.set(ylabel="way from A, km", ylim=(0, road.start[-1] / 1000))
    axis.set_title(f"Each line a vehicle{'' if every == 1 else f', one in {every}'}", fontsize=9, loc="left")
    figure.colorbar(scale, ax=axis, label="speed, % of free flow", pad=0.01, ticks=_SPEED_STEPS)


def _cumulative(curves: Axes, gap: Axes, through: Throughs, free: float, start: float, end: float) -> None:
    """Draw those who drive all of it: when they would be at its end at free flow, when they are, how many are late."""
    moments = np.linspace(start, end, 720)
    clock = _hours(start) + (moments - start) / 3_600_000
    would, do = np.sort(through.entered) + free, np.sort(through.left)
    base = np.searchsorted(do, start)
    due, done = (np.searchsorted(times, moments, side="right") - base for times in (would, do))
    curves.plot(clock, due, color=_BLUE, label="would be at B, at free flow")
    curves.plot(clock, done, color=_RED, label="are at B")
    curves.fill_between(clock, done, due, color=_ORANGE, alpha=0.3, linewidth=0, label="delay")
    curves.set(ylabel="vehicles, cumulated", ylim=(0, None))
    curves.set_title("Those who drive from A to B (Newell’s cumulative curves)", fontsize=9, loc="left")
    curves.legend(frameon=False, fontsize=8, loc="upper left")
    gap.fill_between(clock, 0, np.maximum(due - done, 0), color=_ORANGE, alpha=0.6, linewidth=0)
    hours = float(np.maximum(due - done, 0).mean()) * (end - start) / 3_600_000
    gap.set(ylabel="of them delayed", ylim=(0, None))
    gap.set_title(f"The gap between the curves: {hours:,.1f} vehicle-hours lost", fontsize=9, loc="left")
    for axis in (curves, gap):
        axis.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axis.yaxis.set_major_formatter(_thousands())
        _plain(axis)


def maps(
    junctions: Junctions, roads: Roads, links: LinkStates, hour: int, caption: Caption, file: Path, road: Corridor
) -> None:
    """Draw flow and speed by link on two maps: both directions of a street together, of speeds the slower one's."""
    lines, flow, speed = _segments(junctions, roads, links)
    least = max(np.ptp(junctions.x), np.ptp(junctions.y)) / 4  # a single road is no strip without width
    (west, east), (south, north) = _limits(junctions.x, least), _limits(junctions.y, least)
    south -= 0.06 * (north - south)  # where the scale bar stands
    wide, tall = east - west, north - south
    beside = wide <= 1.8 * tall
    across = 6.4 if beside else 10.0
    size = (13, min(across * tall / wide, 8.5) + 1.5) if beside else (10, 2 * across * tall / wide + 2.6)
    figure = Figure(figsize=size, layout="constrained")
    left, right = figure.subplots(*((1, 2) if beside else (2, 1)))
    for axis in (left, right):
        axis.set(aspect="equal", xlim=(west, east), ylim=(south, north))
        axis.axis("off")
    most = max(float(flow.max(initial=0)), 10.0)
    busy = ScalarMappable(LogNorm(max(most / 1000, 1.0), most), _BUSY)
    _streets(left, lines, flow, busy, flow, order=flow)
    _bar(figure, left, busy, "flow, vehicles/h, both directions")
    slow = ScalarMappable(BoundaryNorm(_SPEED_STEPS, _CONGESTED.N), _CONGESTED)
    _streets(right, lines, speed * 100, slow, flow, order=-speed)
    _bar(figure, right, slow, "mean speed, % of free flow, the slower direction", _SPEED_STEPS)
    for axis in (left, right):
        _scale_bar(axis, wide)
        _ends(axis, junctions, roads, road)
    _entitle(figure, f"{hour:02d}:00 to {(hour + 1) % 24:02d}:00 · {caption.title}", caption.basis)
    figure.savefig(file, dpi=_DPI)


def _limits(values: Float64, least: float) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    half = 0.52 * max(high - low, least, 1.0)
    return (low + high) / 2 - half, (low + high) / 2 + half


def _segments(
    junctions: Junctions, roads: Roads, links: LinkStates
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return each street once: its line, the flow of both directions, the lower relative speed of those driven."""
    low, high = np.minimum(roads.tail, roads.head), np.maximum(roads.tail, roads.head)
    _, first, street = np.unique(low.astype(np.int64) * len(junctions) + high, return_index=True, return_inverse=True)
    flow = np.bincount(street, links.flow).astype(np.float64)
    speed = np.ones(len(first))
    np.minimum.at(speed, street, np.where(links.flow > 0, links.relative, 1))
    ends = np.stack([low[first], high[first]], axis=1)
    return np.stack([junctions.x[ends], junctions.y[ends]], axis=2), flow, speed


def _streets(
    axis: Axes, lines: NDArray[Any], values: NDArray[Any], scale: ScalarMappable, flow: NDArray[Any], *,
    order: NDArray[Any],
) -> None:  # fmt: skip
    """Draw all streets thinly and those driven by value, the wider the more drive there, the highest order on top."""
    axis.add_collection(LineCollection(list(lines), colors=_PALE, linewidths=0.25), autolim=False)
    rows = np.flatnonzero(flow > 0)
    rows = rows[np.argsort(order[rows], kind="stable")]
    width = 0.3 + 2.7 * np.sqrt(flow[rows] / max(float(flow.max(initial=0)), 1.0))
    drawn = LineCollection(list(lines[rows]), colors=scale.to_rgba(values[rows]), linewidths=width, capstyle="round")
    axis.add_collection(drawn, autolim=False)


def _bar(figure: Figure, axis: Axes, scale: ScalarMappable, label: str, ticks: Any = None) -> None:
    bar = figure.colorbar(scale, ax=axis, location="bottom", shrink=0.7, pad=0.01, aspect=35, label=label, ticks=ticks)
    if ticks is None:
        bar.ax.xaxis.set_major_formatter(_thousands())


def _scale_bar(axis: Axes, wide: float) -> None:
    metres = next((m for m in (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100) if m <= wide / 4), 50)
    said = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    (west, east), (south, north) = axis.get_xlim(), axis.get_ylim()
    x, y = west + 0.02 * (east - west), south + 0.02 * (north - south)
    axis.plot([x, x + metres], [y, y], color="black", linewidth=2, solid_capstyle="butt")
    axis.text(x, y + 0.012 * (north - south), said, fontsize=8, va="bottom")


def _ends(axis: Axes, junctions: Junctions, roads: Roads, corridor: Corridor) -> None:
    """Mark where the corridor starts and ends, beside the road on its outer side."""
    ends = np.array([roads.tail[corridor.road[0]], roads.head[corridor.road[-1]]])
    at = np.stack([junctions.x[ends], junctions.y[ends]], axis=1)
    along = at[1] - at[0]
    away = 15 * along / max(float(np.hypot(*along)), 1.0)
    for name, point, side in (("A", at[0], -1), ("B", at[1], 1)):
        axis.annotate(
            name, tuple(point), xytext=tuple(side * away), textcoords="offset points", ha="center", va="center",
            fontsize=8, fontweight="bold", color="white", arrowprops={"arrowstyle": "-", "linewidth": 0.8},
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": _BLUE, "edgecolor": "white"},
        )  # fmt: skip


def network(states: NetworkStates, caption: Caption, file: Path) -> None:
    """Draw the network fundamental diagram, a loop of quarter hours through the day: flow and speed against density."""
    figure = Figure(figsize=(12.5, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    clock = (DAY_STARTS + SLOT * (np.arange(len(states.flow)) + 0.5)) / 3600
    busy = states.density > states.density.max() / 10  # at night a few vehicles' speeds say little
    speed = np.divide(states.flow, states.density, out=np.zeros_like(states.flow), where=states.density > 0)
    for axis, heights, rows in ((left, states.flow, slice(None)), (right, speed, busy)):
        points = np.stack([states.density, heights], axis=1)[rows]
        axis.plot(*points.T, color=_PALE, linewidth=1, zorder=1)
        dots = axis.scatter(*points.T, c=clock[rows], vmin=4, vmax=28, cmap="viridis", s=22, zorder=2)
        axis.set(xlabel="density, vehicles/km and lane", xlim=(0, states.density.max() * 1.1))
        _plain(axis)
    left.set(ylabel="flow, vehicles/h and lane", ylim=(0, states.flow.max() * 1.1))
    right.set(ylabel="mean speed (flow / density), km/h")
    right.margins(y=0.1)
    for axis, heights in ((left, states.flow), (right, speed)):
        _name_hours(axis, np.stack([states.density, heights], axis=1), clock, busy)
    bar = figure.colorbar(dots, ax=right, label="time of day", pad=0.01, ticks=np.arange(4, 29, 4))
    bar.ax.yaxis.set_major_formatter(_clock_text())
    _entitle(figure, f"Network fundamental diagram, by quarter hours · {caption.title}", caption.basis)
    figure.savefig(file, dpi=_DPI)


def _name_hours(axis: Axes, points: Float64, clock: Float64, busy: NDArray[np.bool_]) -> None:
    """Write the hour beside its first quarter, the densest first, and leave out what would cover another or a point."""
    low, high = np.array([axis.get_xlim()[0], axis.get_ylim()[0]]), np.array([axis.get_xlim()[1], axis.get_ylim()[1]])
    at = (points - low) / (high - low)
    taken = list(at[busy])
    letters = np.array([0.075, 0.035])  # of a panel: what "07:00" covers
    for row in sorted(np.flatnonzero(busy & (clock % 1 < SLOT / 3600)), key=lambda row: -points[row, 0]):
        for step in ((0.055, 0.0), (-0.055, 0.0), (0.05, -0.04), (-0.05, 0.04), (0.0, 0.05), (0.0, -0.05)):
            middle = at[row] + step
            clear = all(np.any(np.abs(middle - other) >= letters / 2 + 0.008) for other in taken)
            if clear and np.all((middle > letters / 2) & (middle < 1 - letters / 2)):
                taken += [middle + np.array([side * letters[0] / 3, 0]) for side in (-1, 0, 1)]
                x, y = middle.tolist()
                said = f"{int(clock[row]) % 24:02d}:00"
                axis.text(x, y, said, transform=axis.transAxes, ha="center", va="center", fontsize=8, color=_GREY)
                break


# --- what they share --------------------------------------------------------------------------------------------------


def _entitle(figure: Figure, title: str, basis: str) -> None:
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    figure.supxlabel(fill(basis, int(_LETTERS * figure.get_figwidth())), fontsize=8, color=_GREY, x=0.01, ha="left")


def _plain(axis: Axes) -> None:
    axis.grid(color="#e5e5e5", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def _hours(moment: float) -> float:
    """Return the clock time in hours, from 4 to 28, of a moment in ms since the scenario's start."""
    return (moment / 1000 % DAY + DAY_STARTS) / 3600


def _clock(axis: Axes) -> None:
    low, high = axis.get_xlim()
    axis.xaxis.set_major_locator(MultipleLocator(0.25 if high - low <= 3 else 1))
    axis.xaxis.set_major_formatter(_clock_text())


def _clock_text() -> FuncFormatter:
    return FuncFormatter(lambda hour, _: f"{int(hour + 1e-6) % 24:02d}:{round(hour * 60) % 60:02d}")


def _thousands() -> FuncFormatter:
    return FuncFormatter(lambda value, _: f"{value:,.0f}")
