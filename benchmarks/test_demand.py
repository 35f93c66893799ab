"""Speed of settling a town of 60,000, of making its day and that of a region eight times as large, and of the kernels."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alprsim import population
from alprsim.kernels import demand, tours
from alprsim.population import _day
from alprsim.scenario.models import Fleet, Population
from alprsim.tables import DAY, Junctions, Network, PlaceKind, Places, Roads, Towns

PEOPLE, SIDE, SPACING, TOURS = 60_000, 80, 150.0, 1_000_000
REGION = 8 * PEOPLE
STEP = dict(zip(PlaceKind, (1, 3, 211, 97, 97, 307, 241, 997, 33), strict=False))
SPEC, DAY_OF = Population(), {"seed": 1, "start": date(2025, 9, 1)}


def grid(people):
    """Return a grid of 80 × 80 junctions 150 m apart, with a home at each and every kind of place at some."""
    n = SIDE * SIDE
    junction = np.concatenate([np.arange(int(kind), n, step) for kind, step in STEP.items()])
    kind = np.concatenate([np.full(len(range(int(kind), n, step)), kind) for kind, step in STEP.items()])
    weight = np.where(kind == PlaceKind.HOME, people / n, np.where(kind == PlaceKind.WORK, people / 2 / (n // 3), 1.0))
    at = np.arange(n)
    return Network(
        junctions=Junctions.of(osm_id=at, x=at % SIDE * SPACING, y=at // SIDE * SPACING, town=at * 0),
        roads=Roads.empty(),
        places=Places.of(junction=junction, kind=kind, weight=weight, town=kind * 0),
        towns=Towns.of(name=["Grid"], x=[0.0], y=[0.0], population=[people], listed=[1]),
        crs="",
        attribution="",
        generated=True,
    )


@pytest.fixture(scope="module")
def town():
    return grid(PEOPLE)


@pytest.fixture(scope="module")
def settled(town):
    return population.settle(town, SPEC, seed=1, base=Path())


def checksum(*columns):
    """Return a sum that a changed or moved value changes, modulo 2⁶⁴."""
    return int(sum((np.arange(1, len(c) + 1) * (i + 1) * c.astype(np.int64)).sum() for i, c in enumerate(columns)))


def test_settle(benchmark, town):
    made = benchmark(population.settle, town, SPEC, seed=1, base=Path())
    assert (len(made.people), len(made.vehicles), len(made.habits)) == (60_309, 50_492, 260_119)
    assert checksum(made.people.work, made.people.vehicle, made.habits.place) == 997_364_660_859_124


def test_trips(benchmark, town, settled):
    made = benchmark(population.trips, settled, town, SPEC, day=2, **DAY_OF)
    assert len(made) == 122_370
    assert checksum(made.vehicle, made.depart, made.origin, made.destination) == 3_762_565_344_921_210


def test_a_day_of_a_region_with_all_it_can_have(benchmark):
    """480,000 people and 400,000 vehicles: about the eight departments' residents; then visitors and vehicles that work."""
    fleet = {"delivery": Fleet(share=0.01, stops=40.0, places=80), "taxis": Fleet(share=0.005, stops=24.0, places=60)}
    region, spec = grid(REGION), SPEC.model_copy(update=fleet)
    everyone = population.settle(region, spec, seed=1, base=Path())
    made = benchmark(population.trips, everyone, region, spec, day=2, **DAY_OF)
    assert (len(everyone.vehicles), len(made)) == (408_847, 1_147_169)
    assert checksum(made.vehicle, made.depart, made.origin, made.destination) == 503_433_788_347_091_809


def planned(town, settled):
    """Return what the kernel of plans is given for a whole town, and what it writes."""
    on = _day.date_of(SPEC.calendar, DAY_OF["start"], 2)
    people, habits, n = settled.people, settled.habits, len(settled.people)
    given = (
        people.household, people.key, people.kind, people.home, people.work, people.vehicle, habits.person, habits.place,
        habits.weekly, settled.vehicles.household, *_day._Plans.of(town, SPEC, 1, 2, on), 0, n, 0, 0,
    )  # fmt: skip
    written = (
        np.zeros((3, n + 1), np.int64), np.zeros((tours.TOUR_COLUMNS, 6 * n), np.int32), np.zeros(6 * n, np.uint64)
    )  # fmt: skip
    return given, written


def test_plan(benchmark, town, settled):
    given, (first, plans, bits) = planned(town, settled)
    assert benchmark(tours.plan, *given, first, plans, bits) == 61_502
    assert checksum(*plans[: tours.STAYS]) == 1_230_429_689_764_555


def test_write_trips(benchmark, town, settled):
    given, (first, plans, bits) = planned(town, settled)
    n = tours.plan(*given, first, plans, bits)
    made = np.empty((demand.TRIP_COLUMNS, 3 * n), np.int32)
    kind = town.places.kind.astype(np.int32)
    trips = benchmark(
        demand.write_trips, first[tours.TOURS], plans, settled.people.home, kind, np.empty(n, np.int32), made
    )
    assert trips == 129_598
    assert checksum(*made[:, :trips]) == 2_966_245_723_270_538


def test_make_rounds(benchmark):
    vehicles, slots, places = 4000, 80, 2000
    rng = np.random.default_rng(1)
    stop = rng.integers(-places, places, (vehicles, slots), np.int32).clip(-1)
    stay, leave = rng.integers(120, 400, (vehicles, slots), np.int32), rng.integers(0, 40_000, vehicles, np.int32)
    garage, junction = rng.integers(0, places, vehicles, np.int32), (np.arange(places) // 2).astype(np.int32)
    x, y = rng.uniform(0, 9000, places), rng.uniform(0, 9000, places)
    depart, place = np.zeros((vehicles, slots + 1), np.int32), np.zeros((vehicles, slots + 1), np.int32)
    count = benchmark(
        demand.make_rounds, stop, stay, leave, garage, junction, x, y, 8.0, 120, 36_000, DAY, depart, place
    )
    assert (checksum(count), checksum(depart.reshape(-1), place.reshape(-1))) == (296_830_673, 950_992_016_585_030)


def test_share_cars(benchmark):
    households = TOURS // 4
    rng = np.random.default_rng(1)
    first = np.arange(households + 1) * 2
    household = np.arange(TOURS) // 4
    driver = (2 * household + rng.integers(0, 2, TOURS)).astype(np.int32)
    length = rng.integers(1800, 36_000, TOURS, np.int32)
    start = np.sort(rng.integers(0, DAY, (households, 4), np.int32), axis=1).reshape(-1)
    asked = np.where(rng.random(TOURS) < 0.1, 2 * household, -1).astype(np.int32)

    def share():
        plan = start.copy(), driver.copy(), asked.copy()
        demand.share_cars(first * 2, first, first, driver, length, 600, DAY, *plan)
        return plan

    depart, car, companion = benchmark(share)
    assert checksum(depart, car, companion) == 287_401_835_599_501_852
    assert (np.sum(car >= 0), np.sum(companion >= 0)) == (736_217, 38_765)
