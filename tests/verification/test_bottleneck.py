"""Queues before a bottleneck: Newell's cumulative curves, the delay, shocks and the discharge wave (Newell 1993)."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from tests.verification.roadway import (
    BACK,
    BLUE,
    COMPILED,
    CROSSING,
    FREE,
    GREY,
    JAM,
    LENGTH,
    ORANGE,
    RED,
    ROOM,
    WAVE,
    corridor,
    count,
    drive,
    entries,
    links,
    picture,
)  # fmt: skip

pytestmark = [pytest.mark.verification, COMPILED]

ROW = "bottleneck"


def rush():
    """Return a day of 400 vehicles each 2 s, then 200 each 6 s, through a bottleneck of one each 4 s after 600 m."""
    departs = np.arange(600) * 2_000
    departs[400:] = departs[399] + np.arange(1, 201) * 6_000
    return corridor([0, 0, 0, 4_000, 0], departs), departs


def test_newells_cumulative_curves_hold_before_a_bottleneck(verified, plots):
    """N(x, t) = min(N(0, t − L/v), N(L, t − L/w) + k·L) within a vehicle (Newell 1993)."""
    day, departs = rush()
    moments = np.arange(0, 3_000_000, 500)
    for road in (1, 2, 3):
        came, before, after = (entries(day, at) for at in (road, road - 1, road + 1))
        free, spill = count(before, moments - CROSSING), count(after, moments - WAVE) + ROOM
        off = np.abs(count(came, moments) - np.minimum(free, spill)).max()
        verified(ROW, "N(x,t) = min(N(0,t−L/v_f), N(L,t−L/w) + k_jam·L)", off, 1, "vehicles")
    draw_curves(day, departs, plots / "bottleneck_curves.png")


def draw_curves(day, departs, file):
    figure, (left, right) = picture(
        "Cumulative curves at a bottleneck (900 vehicles/h) behind 600 m of road", "time, min", "vehicles", panels=2
    )
    minutes, numbers = np.arange(0, 45, 0.1), np.arange(1, len(departs) + 1)
    ways = [(departs + 4 * CROSSING, BLUE, "would arrive, free flow"), (entries(day, 4), RED, "leave the bottleneck")]
    for times, colour, label in ways:
        left.step(times / 60_000, numbers, where="post", color=colour, label=label)
    arrived, gone = (count(times, minutes * 60_000) for times, *_ in ways)
    hours = (np.sum(ways[1][0]) - np.sum(ways[0][0])) / 3_600_000
    label = f"delay of all: {hours:.1f} vehicle-hours"
    left.fill_between(minutes, gone, arrived, color=ORANGE, alpha=0.25, linewidth=0, label=label)
    left.set(ylabel="vehicles, cumulated")
    moments = np.arange(0, 2_700_000, 1_000)
    for road, colour, where in ((3, BLUE, "last link before the bottleneck"), (0, ORANGE, "first link of the road")):
        n = count(entries(day, road), moments) - count(entries(day, road + 1), moments)
        right.plot(moments / 60_000, n, color=colour, linewidth=1, label=f"on the {where}")
    right.axhline(
        (JAM - 0.25 / BACK) * LENGTH, color=GREY, linestyle="--", label="theory of a queue: k_jam − q/w", zorder=3
    )
    right.set(ylabel="vehicles on a link of 150 m")
    for axis, top in ((left, 650), (right, 20)):
        axis.set(xlim=(0, 45), ylim=(0, top))
        axis.legend(frameon=False, fontsize=8, loc="lower right" if axis is left else "upper right")
    figure.savefig(file, dpi=120)


def test_the_delay_at_a_bottleneck_is_the_triangle(verified):
    arrival, headway, n = 2_000, 4_000, 300
    day = corridor([0, 0, 0, headway, 0], np.arange(n) * arrival)
    out = entries(day, 4)
    delay = (out - np.arange(n) * arrival - 4 * CROSSING).sum() / 1000
    triangle = n * (n - 1) / 2 * (headway - arrival) / 1000
    verified(ROW, "total delay = the triangle between the curves", abs(delay - triangle), 1e-9, "vehicle-s")
    verified(ROW, "discharge at one vehicle a headway", np.abs(np.diff(out) - headway).max(), 0, "ms")


INTERVAL, SLOW = 2_500, 6_000
"""Free flow at 1/2.5 s meets a queue that discharges at 1/6 s."""


def test_the_shock_moves_back_at_the_slope_between_the_two_states(verified, plots):
    """(q_A − q_B)/(k_A − k_B)."""
    last = 20
    day = corridor([0] * last + [SLOW], np.arange(900) * INTERVAL)
    ends = np.arange(last - 1, 0, -1)  # the first link before the bottleneck's fills from nothing: no shock as yet
    reached = []
    for road in ends:
        came, left = entries(day, road), entries(day, road + 1)
        reached.append(came[np.argmax(left - came > CROSSING)])
    q_a, q_b = 1000 / INTERVAL, 1000 / SLOW
    shock = (q_a - q_b) / (q_a / FREE - (JAM - q_b / BACK))
    speed = -np.polyfit(np.array(reached) / 1000, -ends * LENGTH, 1)[0]
    verified("shock", "speed = (q_A − q_B)/(k_A − k_B)", abs(speed / shock - 1) * 100, 1, "%")
    expected = reached[0] + (ends[0] - ends) * LENGTH / -shock * 1000
    off = np.abs(reached - expected).max()
    verified("shock", "passes each link when it should", off, SLOW, "ms (a headway)")
    draw_shock(day, last, shock, reached[0], plots / "shock.png")


def draw_shock(day, last, shock, start, file):
    figure, (axis,) = picture(
        "A shock: 1,440 vehicles/h meet a queue that discharges 600 vehicles/h at 3 km",
        "time, min", "way, km",
    )  # fmt: skip
    trip, road, time = day.passages.trip, day.passages.road, day.passages.time
    lines = []
    for vehicle in range(0, 480, 4):
        mine = trip == vehicle
        lines.append(np.stack([time[mine] / 60_000, road[mine] * LENGTH / 1000], axis=1))
    axis.add_collection(LineCollection(lines, colors=BLUE, linewidths=0.6, label="every fourth vehicle"))
    moments = np.array([0, 16.0])
    axis.plot(
        start / 60_000 + moments, (last - 1) * LENGTH / 1000 + shock * moments * 0.06, color=RED, linewidth=2,
        label=f"theory: −{-shock * 3.6:.1f} km/h",
    )  # fmt: skip
    axis.axhline(last * LENGTH / 1000, color=GREY, linestyle=":", label="bottleneck")
    axis.set(xlim=(0, 20), ylim=(0, 3.8))
    axis.legend(frameon=False, fontsize=8, loc="upper left", ncols=3)
    figure.savefig(file, dpi=120)


def test_a_jam_starts_to_move_at_the_wave_speed(verified, plots):
    """A jam stands behind one car that waits for a full side road; once that frees, links move a wave time apart."""
    side, stands, jam = 6, 600_000, 130
    roads = links([2_000] * 7, crossing=[CROSSING] * 6 + [stands], room=[ROOM] * 6 + [1])
    straight = list(range(6))
    day = drive(roads, [0] * 2 + [2_000] * jam, paths=[[side], [0, 1, 2, 3, 4, side]] + [straight] * jam)
    released = entries(day, side)[1]
    assert released > stands
    flow = np.diff(entries(day, 5))
    verified("discharge", "at capacity, a vehicle each 2 s", np.abs(flow[: ROOM * 4] - 2_000).max(), 0, "ms")
    for road in (4, 3, 2, 1):
        times = entries(day, road)
        off = abs(times[times >= released].min() - released - (5 - road) * WAVE)
        verified("discharge", "the start travels back at −w", off, 0, "ms")
    draw_discharge(day, released, plots / "discharge.png")


def draw_discharge(day, released, file):
    figure, (axis,) = picture("A jam discharges from its front, 750 m along the road", "time, min", "way, m")
    for vehicle in range(2, 130, 2):
        mine = day.passages.trip == vehicle
        ends, starts = np.append(day.passages.time[mine][1:], 0), day.passages.time[mine]
        ways = day.passages.road[mine] * LENGTH
        # A vehicle crosses at free speed and then stands at the link's end: so the link's queue is drawn at its end.
        knots = [
            (t, x)
            for a, b, way in zip(starts, ends, ways, strict=True)
            for t, x in ((a, way), (min(a + CROSSING, b or a + CROSSING), way + LENGTH))
        ]
        axis.plot(*(np.array(knots).T / [[60_000], [1]]), color=BLUE, linewidth=0.5)
    back = np.array([0, 4 * WAVE])
    axis.plot([], [], color=BLUE, linewidth=0.5, label="every second vehicle; it waits at its link’s end")
    axis.plot(
        (released + back) / 60_000, (5 - back / WAVE) * LENGTH, color=RED, linewidth=2,
        label=f"theory: −{BACK * 3.6:.0f} km/h",
    )  # fmt: skip
    axis.set(xlim=(released / 60_000 - 2, released / 60_000 + 6), ylim=(0, 6 * LENGTH))
    axis.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize=8, loc="lower right")
    figure.savefig(file, dpi=120)
