"""A corridor to test theory on, what was seen at its links, and the pictures' common look."""

import numba
import numpy as np
import pytest
from matplotlib.figure import Figure

from alprsim import traffic
from alprsim.scenario import models
from alprsim.tables import Paths, Roads, Trips

COMPILED = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="half a minute as plain Python; the twins are compared elsewhere"
)

# One lane at 15 m/s, jam spacing 7.5 m, wave speed 5 m/s: links of 150 m take 10 s, hold 20 vehicles, wave 30 s.
CROSSING, ROOM, WAVE = 10_000, 20, 30_000
JAM, FREE, BACK = 1 / 7.5, 15.0, 5.0  # vehicles/m, m/s, m/s
LENGTH = 150.0
CAPACITY = JAM * FREE * BACK / (FREE + BACK)  # vehicles/s

# Okabe and Ito's colours, which colour-blind people tell apart (jfly.uni-koeln.de/color).
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
GREY = "#777777"


def links(headways, *, crossing=CROSSING, room=ROOM, wave=WAVE, length=LENGTH):
    """Return links that are alike but for their headways (ms)."""
    n = len(headways)
    fill = dict.fromkeys(("tail", "head", "lanes", "kind"), np.zeros(n))
    same = {name: np.full(n, value) for name, value in (("crossing", crossing), ("room", room), ("wave", wave))}
    return Roads.of(**fill, **same, length=np.full(n, length), headway=headways)


def day_trips(departs):
    """Return one trip a vehicle, departing at these moments (ms)."""
    k = len(departs)
    nobody = dict.fromkeys(("driver", "companion", "origin", "destination"), np.full(k, -1))
    return Trips.of(vehicle=np.arange(k), depart=np.asarray(departs) // 1000, purpose=np.zeros(k), **nobody)


def compressed(paths):
    """Return paths, each a list of links, as the model takes them."""
    first = np.cumsum([0, *(len(path) for path in paths)], dtype=np.int64)
    return Paths(first, np.concatenate(paths).astype(np.int32))


def drive(roads, departs, *, paths=None, route=None, storage="newell"):
    """Drive one vehicle a departure (ms): along all links, along the paths in turn, or each along its route of these."""
    paths = [range(len(roads))] if paths is None else paths
    route = np.arange(len(departs)) % len(paths) if route is None else route
    spec = models.Traffic(stuck="1 h", storage=storage)
    return traffic.drive(
        roads, day_trips(departs), compressed(paths), route.astype(np.int32), spec, day=0, fidelity="queue"
    )


def corridor(headways, departs, *, paths=None, **links_like):
    """Drive one vehicle a departure (ms) along links with these headways (ms)."""
    return drive(links(headways, **links_like), departs, paths=paths)


def entries(day, road):
    """Return the times of entry of one road, ms, in order: its cumulative curve upside down."""
    return day.passages.time[day.passages.road == road]


def count(times, moment):
    """Return how many of the times are past at each moment."""
    return np.searchsorted(times, moment, side="right")


def density(came, left, start, end, length=LENGTH):
    """Return Edie's density, vehicles/m: time spent on the link from start to end (ms) / (length × duration)."""
    spent = np.clip(left, start, end) - np.clip(came, start, end)
    return spent.sum() / (end - start) / length


def picture(title, across, up, *, panels=1):
    """Return a figure and its panels, one beside the other."""
    figure = Figure(figsize=(5.6 * panels + 0.8, 4.4), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    figure.suptitle(title, fontsize=11)
    for axis in axes:
        axis.set(xlabel=across, ylabel=up)
        axis.grid(color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes
