"""Delivery vehicles and taxis: how many, where they go, and that they leave everybody else alone."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import population
from alprsim.kernels.demand import make_rounds
from alprsim.population import _figures as figures
from alprsim.scenario import models
from alprsim.tables import DAY, PlaceKind, Purpose, Settlement, Trips, VehicleKind
from tests import naive_demand
from tests.test_population import GO, HERE, PLAIN, grid_town, network, varied

SPEC = varied(
    delivery=models.Fleet(share=0.02, stops=30.0, places=60), taxis=models.Fleet(share=0.01, stops=20.0, places=25)
)
WEEKS = 4


@pytest.fixture(scope="module")
def settled() -> Settlement:
    return population.settle(PLAIN, SPEC, seed=3, base=HERE)


@pytest.fixture(scope="module")
def month(settled: Settlement) -> list[Trips]:
    return [population.trips(settled, PLAIN, SPEC, day=day, **GO) for day in range(7 * WEEKS)]


def of_kind(settled: Settlement, trips: Trips, *kinds: VehicleKind) -> Trips:
    return trips.take(np.isin(settled.vehicles.kind[trips.vehicle], kinds))


def test_there_are_as_many_as_asked_and_they_are_based_in_the_town(settled: Settlement) -> None:
    kind, residents = settled.vehicles.kind, np.sum(settled.vehicles.kind == VehicleKind.RESIDENT)
    for fleet, based, share in (
        (VehicleKind.DELIVERY, PlaceKind.WORK, 0.02), (VehicleKind.TAXI, PlaceKind.HOME, 0.01),
    ):  # fmt: skip
        assert np.sum(kind == fleet) == round(share * residents)
        assert np.all(PLAIN.places.kind[settled.vehicles.garage[kind == fleet]] == based)
    assert np.all(settled.vehicles.household[np.isin(kind, (VehicleKind.DELIVERY, VehicleKind.TAXI))] == -1)


def test_by_default_there_are_none() -> None:
    plain = population.settle(PLAIN, varied(), seed=3, base=HERE)
    assert set(np.unique(plain.vehicles.kind).tolist()) == {VehicleKind.RESIDENT, VehicleKind.VISITOR}


@pytest.mark.whole
def test_they_change_nobody_elses_day(settled: Settlement, month: list[Trips]) -> None:
    plain = population.settle(PLAIN, varied(), seed=3, base=HERE)
    alone = population.trips(plain, PLAIN, varied(), day=3, **GO)
    others = of_kind(settled, month[3], VehicleKind.RESIDENT, VehicleKind.VISITOR)
    for name, column in alone.data().items():
        assert np.array_equal(column, others.data()[name]), name


@pytest.mark.parametrize(
    ("kind", "fleet", "week"),
    [
        (VehicleKind.DELIVERY, SPEC.delivery, figures.DELIVERY_WEEK),
        (VehicleKind.TAXI, SPEC.taxis, figures.TAXI_WEEK),
    ],
)
@pytest.mark.whole
def test_they_stop_as_often_as_asked_within_their_own_places(
    settled: Settlement, month: list[Trips], kind: VehicleKind, fleet: models.Fleet, week: tuple[float, ...]
) -> None:
    driven = [of_kind(settled, trips, kind) for trips in month]
    fleet_size = np.sum(settled.vehicles.kind == kind)
    for day in range(7):
        works = np.mean([len(np.unique(driven[day + 7 * w].vehicle)) for w in range(WEEKS)]) / fleet_size
        assert works == pytest.approx(week[day], abs=0.08)
    days = sum(len(np.unique(trips.vehicle)) for trips in driven)
    stops = sum(np.sum(trips.purpose == Purpose.SERVICE) for trips in driven)
    assert 0.7 * fleet.stops < stops / days <= 1.02 * fleet.stops  # neighbours at one corner are one stop
    pairs = np.concatenate(
        [np.stack([t.vehicle, t.destination])[:, t.purpose == Purpose.SERVICE] for t in driven], axis=1
    )
    places = np.bincount(np.unique(pairs, axis=1)[0])
    assert places.max() <= fleet.places
    assert np.median(places[places > 0]) > 0.6 * fleet.places


@pytest.mark.whole
def test_they_leave_and_return_to_their_base_and_go_on_from_where_they_stand(
    settled: Settlement, month: list[Trips]
) -> None:
    for day, trips in enumerate(month):
        driven = of_kind(settled, trips, VehicleKind.DELIVERY, VehicleKind.TAXI)
        same = driven.vehicle[1:] == driven.vehicle[:-1]
        assert np.array_equal(driven.origin[1:][same], driven.destination[:-1][same])
        first, last = np.concatenate([[True], ~same]), np.concatenate([~same, [True]])
        garage = settled.vehicles.garage[driven.vehicle]
        assert np.array_equal(driven.origin[first], garage[first])
        assert np.array_equal(driven.destination[last], garage[last])
        assert np.array_equal(driven.purpose == Purpose.HOME, last)
        assert np.all(np.diff(driven.depart)[same] > 0)
        assert np.all(driven.driver == -1)
        assert driven.depart.max() < (day + 1) * DAY
        assert np.all(PLAIN.places.junction[driven.origin] != PLAIN.places.junction[driven.destination])


@pytest.mark.whole
def test_a_delivery_round_is_a_neighbourhood_and_a_taxi_goes_anywhere(settled: Settlement, month: list[Trips]) -> None:
    x, y = (axis[PLAIN.places.junction] for axis in (PLAIN.junctions.x, PLAIN.junctions.y))
    hops = []
    for kind in (VehicleKind.DELIVERY, VehicleKind.TAXI):
        driven = of_kind(settled, month[1], kind)
        stops = driven.purpose == Purpose.SERVICE
        metres = np.hypot(x[driven.origin] - x[driven.destination], y[driven.origin] - y[driven.destination])[stops]
        hops.append(float(np.median(metres)))
    assert hops[0] < 600 < 2 * hops[0] < hops[1]


def test_a_town_without_a_base_has_none() -> None:
    world = network(grid_town("Alder", (0, 0), 12, 900, 1))
    keep = world.places.kind != PlaceKind.WORK
    world = world._replace(places=world.places.take(keep))
    settled = population.settle(world, SPEC, seed=3, base=HERE)
    assert not np.any(settled.vehicles.kind == VehicleKind.DELIVERY)
    assert np.any(settled.vehicles.kind == VehicleKind.TAXI)


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 5)), max_size=6),
    st.integers(0, 4), st.integers(0, 9), st.integers(0, 25), st.integers(10, 40),
)  # fmt: skip
def test_a_round_is_its_naive_twin(stops: list[tuple[int, int]], base: int, leave: int, shift: int, day: int) -> None:
    junction = np.array([0, 1, 1, 2, 0], np.int32)
    x = np.array([0.0, 16.0, 16.0, 40.0, 0.0])
    towns = SimpleNamespace(
        places=SimpleNamespace(junction=junction.tolist()),
        junctions=SimpleNamespace(x=np.array([0.0, 16.0, 40.0]), y=np.zeros(3)),
    )
    stop, stay = (np.array([[s[i] for s in stops]], np.int32).reshape(1, -1) for i in (0, 1))
    depart, place = (np.zeros((1, len(stops) + 1), np.int32) for _ in range(2))
    pace, walk = figures.PACE, figures.WALK
    count = make_rounds(
        stop, stay, np.array([leave], np.int32), np.array([base], np.int32), junction, x, np.zeros(5), pace, walk,
        shift * 60, day * 60, depart, place,
    )  # fmt: skip
    expected = naive_demand.make_round(towns, [s for s in stops if s[0] >= 0], leave, base, shift * 60, day * 60)
    assert list(zip(depart[0, : count[0]].tolist(), place[0, : count[0]].tolist(), strict=True)) == expected
    assert count[0] != 1
    assert all(a[0] < b[0] for a, b in itertools.pairwise(expected))
