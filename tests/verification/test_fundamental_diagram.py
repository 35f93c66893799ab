"""Flow against density on a corridor: the queue model must draw Newell's triangle (Newell 1993, 2002), within a vehicle."""

import numpy as np
import pytest

from alprsim import roads
from alprsim.tables import RoadKind
from tests.verification.roadway import (
    BACK,
    BLUE,
    CAPACITY,
    COMPILED,
    CROSSING,
    FREE,
    GREEN,
    GREY,
    JAM,
    LENGTH,
    ORANGE,
    RED,
    ROOM,
    WAVE,
    corridor,
    count,
    density,
    drive,
    entries,
    links,
    picture,
)  # fmt: skip

pytestmark = [pytest.mark.verification, COMPILED]

ROW = "fundamental diagram"
INTERVALS = (2_000, 2_500, 4_000, 8_000, 20_000)
"""Of departures, ms: from capacity down to 180 vehicles an hour."""
HEADWAYS = (2_500, 4_000, 6_000, 12_000, 30_000)
"""Of the bottleneck that the corridor queues before, ms."""


def free(interval):
    """Return a day of steady traffic below capacity, and flow and density on each link (1/s, 1/m)."""
    day = corridor([0] * 6, np.arange(300) * interval)
    start, end = 100 * interval, 200 * interval
    states = []
    for road in range(5):
        came, left = entries(day, road), entries(day, road + 1)
        states.append((np.sum((came >= start) & (came < end)) * 1000 / (end - start), density(came, left, start, end)))
    return day, np.array(states)


def congested(headway):
    """Return flow and density on each link of a standing queue, and how far its vehicles are from k_jam − q/w."""
    day = corridor([0] * 6 + [headway], np.arange(900) * 2_000)
    q = 1000 / headway
    moments = np.arange(1_000_000, 1_700_000, 500)
    states, off = [], 0.0
    for road in range(2, 6):
        came, left = entries(day, road), entries(day, road + 1)
        on = count(came, moments) - count(left, moments)
        off = max(off, np.abs(on - (JAM - q / BACK) * LENGTH).max())
        start, end = 1_000_000, 1_000_000 + 700_000 // headway * headway
        states.append((np.sum((came >= start) & (came < end)) * 1000 / (end - start), density(came, left, start, end)))
    return np.array(states), off


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_free_branch_is_exact(interval, verified):
    """Up to capacity nobody loses a millisecond, and density is q / v on every link."""
    day, states = free(interval)
    trips = [np.diff(times) for times in zip(*(entries(day, road) for road in range(6)), strict=True)]
    verified(ROW, "free: every vehicle crosses each link in L/v_f", np.abs(np.array(trips) - CROSSING).max(), 0, "ms")
    off = np.abs(states[:, 1] - 1000 / interval / FREE).max() * LENGTH
    verified(ROW, "free: k = q/v_f (Edie's density)", off, 1e-9, "vehicles a link")


@pytest.mark.parametrize("headway", HEADWAYS)
def test_the_congested_branch_is_within_a_vehicle_a_link(headway, verified):
    _, off = congested(headway)
    verified(ROW, "congested: k = k_jam − q/w at any moment", off, 1 + 1e-9, "vehicles a link")


def test_simple_storage_has_no_congested_branch(verified):
    """The option without waves: whatever a queue's flow, it stands at jam density. So it is not the default."""
    day = drive(links([0] * 6 + [4_000]), np.arange(900) * 2_000, storage="simple")
    moments = np.arange(1_000_000, 1_700_000, 500)
    on = np.array([count(entries(day, road), moments) - count(entries(day, road + 1), moments) for road in range(2, 6)])
    verified(ROW, "simple storage (an option): k = k_jam at any flow", ROOM - on.min(), 1, "vehicles a link")


def most():
    """Return the entries of a link inside a corridor that everybody wants to enter at once, past the first vehicles."""
    return entries(corridor([0] * 6, np.zeros(1_000, np.int64)), 4)[200:]


def test_capacity_is_that_of_the_triangle(verified):
    """However many want in, a link passes k·v·w/(v + w): its room each crossing + wave."""
    through = most()
    turnover = through[ROOM:] - through[:-ROOM]
    verified(ROW, "capacity: k_jam·v_f·w/(v_f + w)", np.abs(turnover * CAPACITY / ROOM - 1000).max() / 10, 1e-9, "%")


@pytest.mark.parametrize("kind", list(RoadKind), ids=lambda kind: kind.name.lower())
def test_every_class_of_road_carries_its_capacity(kind, verified):
    """500 m of each class of the table, two lanes: 1/headway, or the triangle's where that is less (within rounding)."""
    rule, length, lanes = roads.road_classes()[kind], 500.0, 2
    room = int(rule.jam_density * length * lanes)
    crossing, wave = (round(length / speed * 1000) for speed in (rule.speed, rule.wave_speed))
    headway = round(3_600_000 / (rule.capacity * lanes))
    day = corridor([headway] * 5, np.zeros(2_000, np.int64), crossing=crossing, room=room, wave=wave, length=length)
    carried = 1_000_000 * 3.6 / np.diff(entries(day, 3)[500:]).mean()
    triangle = 3600 * lanes * rule.jam_density * rule.speed * rule.wave_speed / (rule.speed + rule.wave_speed)
    expected = min(lanes * rule.capacity, triangle)
    verified(ROW, "capacity of each class of road, 500 m × 2 lanes", abs(carried / expected - 1) * 100, 1, "%")


def test_the_diagram_is_drawn(plots):
    figure, (axis,) = picture(
        "Fundamental diagram of a corridor: theory and the queue model", "density, vehicles/km", "flow, vehicles/h"
    )
    axis.plot([0, CAPACITY / FREE * 1e3, JAM * 1e3], [0, CAPACITY * 3600, 0], color=GREY, zorder=1, label="theory")
    clouds = (
        ("free flow", BLUE, "o", np.concatenate([free(interval)[1] for interval in INTERVALS])),
        ("queue before a bottleneck", RED, "s", np.concatenate([congested(headway)[0] for headway in HEADWAYS])),
    )
    for label, colour, marker, states in clouds:
        axis.scatter(states[:, 1] * 1e3, states[:, 0] * 3600, color=colour, marker=marker, s=26, label=label, zorder=2)
    through = most()[: 10 * ROOM + 1]
    flow = 10 * ROOM / (through[-1] - through[0]) * 3_600_000
    label = f"all want in at once: {flow:,.0f} vehicles/h"
    axis.scatter(CAPACITY / FREE * 1e3, flow, color=GREEN, marker="*", s=110, label=label, zorder=3)
    slope = {"color": GREY, "fontsize": 9}
    axis.annotate(f"v_f = {FREE * 3.6:.0f} km/h", (15, 810), (20, 640), **slope)
    axis.annotate(f"−w = −{BACK * 3.6:.0f} km/h", (90, 780), (96, 800), **slope)
    allowed = 1 / LENGTH * 1e3
    band = [JAM * 1e3, CAPACITY / FREE * 1e3]
    axis.fill_betweenx(
        [0, CAPACITY * 3600], np.array(band) - allowed, np.array(band) + allowed,
        color=ORANGE, alpha=0.2, linewidth=0, label="± 1 vehicle a link (allowed)",
    )  # fmt: skip
    axis.set(xlim=(0, 150), ylim=(0, 2_150))
    axis.legend(frameon=False, loc="upper right", fontsize=8)
    figure.savefig(plots / "fundamental_diagram.png", dpi=120)
    assert WAVE / CROSSING == FREE / BACK  # the line that was drawn is that of the links that were driven
