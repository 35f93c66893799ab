"""The queue model against traffic theory: what Newell's and Daganzo's papers say must come out, within a vehicle."""

import numba
import numpy as np
import pytest

from alprsim import traffic
from alprsim.scenario import models
from alprsim.tables import Paths, Roads, Trips

pytestmark = [
    pytest.mark.verification,
    pytest.mark.skipif(
        bool(numba.config.DISABLE_JIT), reason="half a minute as plain Python; the twins are compared elsewhere"
    ),
]

# One lane at 15 m/s, jam spacing 7.5 m, wave speed 5 m/s: links of 150 m take 10 s, hold 20 vehicles, wave 30 s.
CROSSING, ROOM, WAVE = 10_000, 20, 30_000
JAM, FREE, BACK = 1 / 7.5, 15.0, 5.0  # vehicles/m, m/s, m/s
LENGTH = 150.0
CAPACITY = JAM * FREE * BACK / (FREE + BACK)  # vehicles/s


def corridor(headways, departs, *, paths=None, wave=WAVE, crossing=CROSSING, room=ROOM):
    """Drive one vehicle a departure (ms) along links with these headways (ms)."""
    n, k = len(headways), len(departs)
    fill = dict.fromkeys(("tail", "head", "lanes", "kind"), np.zeros(n))
    roads = Roads.of(
        **fill, length=np.full(n, LENGTH), crossing=np.full(n, crossing), headway=headways, room=np.full(n, room),
        wave=np.full(n, wave),
    )  # fmt: skip
    nobody = dict.fromkeys(("driver", "companion", "origin", "destination"), np.full(k, -1))
    trips = Trips.of(vehicle=np.arange(k), depart=np.asarray(departs) // 1000, purpose=np.zeros(k), **nobody)
    paths = [list(range(n))] if paths is None else paths
    first = np.cumsum([0, *(len(path) for path in paths)], dtype=np.int64)
    route = (np.arange(k) % len(paths)).astype(np.int32)
    spec = models.Traffic(stuck="1 h")
    compressed = Paths(first, np.concatenate(paths).astype(np.int32))
    return traffic.drive(roads, trips, compressed, route, spec, day=0, fidelity="queue")


def entries(day, road):
    """Return the times of entry of one road, ms, in order: its cumulative curve upside down."""
    return day.passages.time[day.passages.road == road]


def count(times, moment):
    return np.searchsorted(times, moment, side="right")


def test_newells_cumulative_curves_hold_before_a_bottleneck():
    """N(x, t) = min(N(0, t − L/v), N(L, t − L/w) + k·L) within a vehicle (Newell 1993)."""
    departs = np.arange(600) * 2_000
    departs[400:] = departs[399] + np.arange(1, 201) * 6_000
    day = corridor([0, 0, 0, 4_000, 0], departs)
    moments = np.arange(0, 3_000_000, 500)
    for road in (1, 2, 3):
        came, before = entries(day, road), entries(day, road - 1)
        after = entries(day, road + 1)
        free, spill = count(before, moments - CROSSING), count(after, moments - WAVE) + ROOM
        assert np.abs(count(came, moments) - np.minimum(free, spill)).max() <= 1


def test_the_delay_at_a_bottleneck_is_the_triangle():
    arrival, headway, n = 2_000, 4_000, 300
    day = corridor([0, 0, 0, headway, 0], np.arange(n) * arrival)
    delay = day.journeys.arrive - np.arange(n) * arrival // 1000 - 5 * CROSSING // 1000
    triangle = n * n * (headway - arrival) / 1000 / 2
    assert abs(delay.sum() - triangle) <= n * headway / 1000
    discharge = np.diff(entries(day, 4))
    assert (discharge == headway).all()


@pytest.mark.parametrize("headway", [2_500, 4_000, 6_000, 12_000, 30_000])
def test_the_congested_branch_of_the_fundamental_diagram(headway):
    """Density is k_jam − q/w on every link of a standing queue, within a vehicle a link."""
    day = corridor([0] * 6 + [headway], np.arange(900) * 2_000)
    q = 1000 / headway
    moments = np.arange(1_000_000, 1_700_000, 1_000)
    for road in range(2, 6):
        on = count(entries(day, road), moments) - count(entries(day, road + 1), moments)
        assert np.abs(on - (JAM - q / BACK) * LENGTH).max() <= 1 + 1e-9


@pytest.mark.parametrize("interval", [2_000, 3_000, 7_000, 20_000])
def test_the_free_branch_of_the_fundamental_diagram(interval):
    day = corridor([0] * 6, np.arange(300) * interval)
    moments = np.arange(100_000, 300 * interval - 100_000, 500)
    on = count(entries(day, 3), moments) - count(entries(day, 4), moments)
    assert abs(on.mean() - 1000 / interval / FREE * LENGTH) < 0.1
    assert (day.journeys.arrive - np.arange(300) * interval // 1000 == 60).all()


def test_capacity_is_that_of_the_triangle():
    """However many want in, a link passes k·v·w/(v + w): room vehicles each crossing + wave."""
    day = corridor([0] * 6, np.zeros(1_000, np.int64))
    through = entries(day, 4)
    turnover = through[200 + ROOM :] - through[200:-ROOM]
    assert (turnover == CROSSING + WAVE).all()
    assert pytest.approx(ROOM * 1000 / (CROSSING + WAVE)) == CAPACITY


def test_the_shock_moves_back_at_the_slope_between_the_two_states():
    """(q_A − q_B)/(k_A − k_B): free flow at 1/2.5 s meets a queue that discharges at 1/6 s."""
    interval, headway, n = 2_500, 6_000, 400
    day = corridor([0] * 9 + [headway], np.arange(n) * interval)
    reached = []
    for road in range(2, 9):
        came, left = entries(day, road), entries(day, road + 1)
        reached.append(came[np.argmax(left - came > CROSSING)])
    speed = LENGTH * 1000 / -np.diff(reached).mean()
    qa, qb = 1000 / interval, 1000 / headway
    shock = (qa - qb) / (qa / FREE - (JAM - qb / BACK))
    assert -speed == pytest.approx(shock, rel=0.05)


def test_a_jam_starts_to_move_at_the_wave_speed():
    """A standing queue's front opens at one moment; each link behind it moves a wave time later."""
    departs = np.concatenate([[0], np.full(120, 2_000)])
    day = corridor([0, 0, 0, 0, 400_000, 0], departs)
    starts = [entries(day, road) for road in range(5)]
    released = entries(day, 5)[1]
    for road in (4, 3, 2):
        times = starts[road]
        moved = times[times >= released].min()
        assert abs(moved - released - (5 - road) * WAVE) <= 1_000 * (5 - road)


def test_what_a_blocked_turn_holds_back_is_its_share_of_the_road():
    """At a diverge half of the vehicles turn to a bottleneck: outflow = capacity of the turn / its share."""
    day = corridor([0, 0, 5_000, 0], np.arange(600) * 2_000, paths=[[0, 1, 2], [0, 1, 3]])
    turned, straight = entries(day, 2), entries(day, 3)
    late = 500_000
    assert turned[-1] > late < straight[-1]
    for times in (turned, straight):
        steady = times[(times > late) & (times < times[-1] - 100_000)]
        assert np.diff(steady).mean() == pytest.approx(5_000, rel=0.02)


def test_a_merge_of_two_queues_is_shared_in_turns():
    day = corridor([2_000, 2_000, 4_000], np.zeros(400, np.int64), paths=[[0, 2], [1, 2]])
    who = day.passages.trip[day.passages.road == 2] % 2
    assert abs(who[50:350].mean() - 0.5) < 0.01
