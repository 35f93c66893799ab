"""Speed of settling a town of 60,000, of making its day, and of sharing out its cars."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alprsim import population
from alprsim.kernels import demand
from alprsim.scenario.models import Population
from alprsim.tables import DAY, Junctions, Network, PlaceKind, Places, Roads, Towns

PEOPLE, SIDE, SPACING, TOURS = 60_000, 80, 150.0, 1_000_000
STEP = dict(zip(PlaceKind, (1, 3, 211, 97, 97, 307, 241, 997, 33), strict=False))
SPEC, DAY_OF = Population(), {"seed": 1, "start": date(2025, 9, 1)}


@pytest.fixture(scope="module")
def town():
    """Return a grid of 80 × 80 junctions 150 m apart, with a home at each and every kind of place at some."""
    n = SIDE * SIDE
    junction = np.concatenate([np.arange(int(kind), n, step) for kind, step in STEP.items()])
    kind = np.concatenate([np.full(len(range(int(kind), n, step)), kind) for kind, step in STEP.items()])
    weight = np.where(kind == PlaceKind.HOME, PEOPLE / n, np.where(kind == PlaceKind.WORK, PEOPLE / 2 / (n // 3), 1.0))
    at = np.arange(n)
    return Network(
        junctions=Junctions.of(osm_id=at, x=at % SIDE * SPACING, y=at // SIDE * SPACING, town=at * 0),
        roads=Roads.empty(),
        places=Places.of(junction=junction, kind=kind, weight=weight, town=kind * 0),
        towns=Towns.of(name=["Grid"], x=[0.0], y=[0.0], population=[PEOPLE], listed=[1]),
        crs="",
        attribution="",
        generated=True,
    )


@pytest.fixture(scope="module")
def settled(town):
    return population.settle(town, SPEC, seed=1, base=Path())


def checksum(*columns):
    """Return a sum that a changed or moved value changes, modulo 2⁶⁴."""
    return int(sum((np.arange(1, len(c) + 1) * (i + 1) * c.astype(np.int64)).sum() for i, c in enumerate(columns)))


def test_settle(benchmark, town):
    made = benchmark(population.settle, town, SPEC, seed=1, base=Path())
    assert (len(made.people), len(made.vehicles), len(made.habits)) == (60_309, 50_492, 260_119)
    assert checksum(made.people.work, made.people.vehicle, made.habits.place) == 998_173_898_471_242


def test_trips(benchmark, town, settled):
    made = benchmark(population.trips, settled, town, SPEC, day=2, **DAY_OF)
    assert len(made) == 121_606
    assert checksum(made.vehicle, made.depart, made.origin, made.destination) == 3_711_017_707_690_365


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
