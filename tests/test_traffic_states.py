"""Flow, density and speed: by hand, and against what a day's tables add up to."""

import numpy as np
import pytest
from hypothesis import given, settings

from alprsim.report import traffic_states as states
from alprsim.tables import DAY, Flows, Journeys, Passages, Roads
from tests.test_traffic import JIT, World, worlds

MS = 1000


def roads(n=2, *, length=1_000.0, crossing=60_000, lanes=1):
    zero = np.zeros(n)
    return Roads.of(
        tail=zero, head=zero, length=zero + length, crossing=zero + crossing, lanes=zero + lanes, headway=zero,
        room=zero + 9, wave=zero, kind=zero,
    )  # fmt: skip


def passages(rows):
    time, road, trip = zip(*sorted(rows), strict=True)
    return Passages.of(time=time, road=road, trip=trip)


def journeys(pairs):
    return Journeys.of(depart=[a for a, _ in pairs], arrive=[b for _, b in pairs], path=[0] * len(pairs))


def test_a_vehicle_leaves_a_road_as_it_enters_the_next_and_the_last_as_it_arrives():
    told = passages([(0, 0, 0), (60_000, 1, 0), (30_000, 1, 1), (95_500, 0, 1)])
    leave = states.exits(told, journeys([(0, 130), (30, 160)]))
    assert leave.tolist() == [60_000, 95_500, 130_000, 160_000]


def flows(of):
    """Make two roads' Flows from (road, quarter hour): (vehicles, ms)."""
    vehicles, time = np.zeros(192), np.full(192, 60_000)
    for (road, slot), (n, ms) in of.items():
        vehicles[road * 96 + slot], time[road * 96 + slot] = n, ms
    return Flows.of(vehicles=vehicles, time=time)


def test_an_hours_flow_and_space_mean_speed():
    """04:00 to 05:00 are the first four quarter hours; 03:00 to 04:00 the last; where nobody drives, free flow."""
    told = flows({(0, 0): (10, 60_000), (0, 3): (30, 120_000), (0, 4): (7, 60_000), (1, 95): (5, 80_000)})
    first, last = (states.of_links(roads(), told, hour) for hour in (4, 3))
    assert first.flow.tolist() == [40, 0]
    np.testing.assert_allclose(first.speed, [1_000 / 105, 1_000 / 60])
    np.testing.assert_allclose(first.relative, [60 / 105, 1])
    assert last.flow.tolist() == [0, 5]
    np.testing.assert_allclose(last.relative, [1, 0.75])


def test_delay_is_time_beyond_free_flow_and_has_its_hour():
    told = flows({(0, 0): (10, 60_000), (0, 21): (30, 120_000), (1, 60): (60, 90_000)})
    delay = states.delays(roads(), told)
    assert delay.shape == (2, 96)
    assert delay[0, 21] == pytest.approx(0.5)
    assert delay[1, 60] == pytest.approx(0.5)
    assert delay.sum() == pytest.approx(1.0)
    assert states.worst_hour(delay) == 9  # of equals the first: quarter hour 21 is 09:15
    assert states.worst_hour(states.delays(roads(), flows({(1, 95): (1, 90_000)}))) == 3


def test_the_networks_density_is_time_spent_and_its_flow_way_travelled():
    """One vehicle from 04:10 to 04:20 on 2 km of one lane each: five minutes in either quarter hour."""
    told = passages([(600_000, 0, 0), (1_000_000, 1, 0)])
    whole = states.of_network(roads(), told, journeys([(600, 1_200)]), 0)
    np.testing.assert_allclose(whole.density[:3], [1 / 3 / 2, 1 / 3 / 2, 0])
    np.testing.assert_allclose(whole.flow[:3], [1 / 2 / 0.25, 1 / 2 / 0.25, 0])
    wider = states.of_network(roads(lanes=2), told, journeys([(600, 1_200)]), 0)
    np.testing.assert_allclose(wider.flow, whole.flow / 2)


def test_what_lies_past_the_days_end_is_left_out():
    start = 3 * DAY
    told = passages([((start + DAY - 60) * MS, 0, 0), ((start + DAY + 60) * MS, 1, 0)])
    whole = states.of_network(roads(), told, journeys([(start + DAY - 60, start + DAY + 120)]), 3)
    assert whole.density[:95].sum() == 0
    assert whole.density[95] == pytest.approx(60 / 900 / 2)
    assert whole.flow[95] == pytest.approx(1 / 2 / 0.25)


def lasting(world):
    """Return the world with no road that is crossed in no time."""
    return World([(max(link[0], 500), *link[1:]) for link in world.links], world.trips, stuck=world.stuck)


@settings(deadline=None, derandomize=True, max_examples=40 if JIT else 5)
@given(worlds.map(lasting))
def test_states_add_up_to_the_day(world):
    """Of any day by queue: exits never precede free flow, and the tables agree on time lost and way travelled."""
    links = world.roads()
    links = Roads(
        **{**links.data(), "length": np.full(len(links), 100, np.float32), "lanes": np.ones(len(links), np.int8)}
    )
    day = world.drive()
    leave = states.exits(day.passages, day.journeys)
    took = leave - day.passages.time
    assert (took >= links.crossing[day.passages.road]).all()
    late = (took - links.crossing[day.passages.road]).sum() / 3_600_000
    rounding = (
        len(world.trips) + 0.001 * day.moves
    ) / 3600  # arrivals are told in whole seconds, mean times in whole ms
    assert abs(states.delays(links, day.flows).sum() - late) <= rounding
    whole = states.of_network(links, day.passages, day.journeys, 0)
    lane_km = 0.1 * len(links)
    today = day.passages.time < DAY * MS
    assert whole.flow.sum() * lane_km * 0.25 == pytest.approx(0.1 * today.sum())
    spent = (np.minimum(day.journeys.arrive, DAY) - np.minimum(day.journeys.depart, DAY)).sum()
    assert whole.density.sum() * lane_km * 0.25 == pytest.approx(spent / 3600)
