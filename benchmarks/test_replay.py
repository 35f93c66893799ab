"""A region's day by table: link moves a second, with few roads watched, and that it always tells the same."""

import time

import numpy as np
import pytest

from alprsim import traffic
from alprsim.kernels import replay
from benchmarks import grid

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # others' work on the machine does not count


@pytest.fixture(scope="module")
def city():
    return grid.region_day()


@pytest.fixture(scope="module")
def watched(city):
    """One road in 64, as densely as cameras ever stand: five hundred of them."""
    return np.arange(len(city.roads)) % 64 == 0


def note(benchmark, moves):
    if benchmark.stats:
        benchmark.extra_info["moves a second"] = round(moves / benchmark.stats.stats.min)


def test_replay(benchmark, city, watched):
    first, end = city.paths.first[:-1], city.paths.first[1:]
    order = np.argsort(city.trips.depart, kind="stable").astype(np.int32)
    meant = city.trips.depart[order].astype(np.int64) * 1000
    times = city.flat_table().time.reshape(-1, 96).T.ravel()
    passages = replay.count(first, end, city.paths.road, watched)
    ready = np.zeros(int(city.trips.vehicle.max()) + 1, np.int64)
    depart, arrive = np.empty_like(meant), np.empty_like(meant)
    vehicles, when = np.zeros(len(times), np.int32), np.empty(passages, np.int64)
    road, who = np.empty(passages, np.int32), np.empty(passages, np.int32)

    def setup():
        ready[:], vehicles[:] = 0, 0

    arguments = (
        order, city.trips.vehicle[order], first[order], end[order], meant, city.paths.road, times, watched, 0, ready,
        depart, arrive, vehicles, when, road, who,
    )  # fmt: skip
    passed = benchmark.pedantic(replay.replay, args=arguments, setup=setup, rounds=5)
    assert (int(vehicles.sum()), passed) == (city.moves, passages)
    assert (int(arrive.sum()), int(when.sum())) == (44_792_163_297_771, 13_667_672_284_666)
    note(benchmark, city.moves)


def test_count(benchmark, city, watched):
    first, end = city.paths.first[:-1], city.paths.first[1:]
    assert benchmark(replay.count, first, end, city.paths.road, watched) == np.sum(watched[city.paths.road])
    note(benchmark, city.moves)


def test_a_day_by_table(benchmark, city, watched):
    """From trips to passages in order, journeys and flows: what a simulated day by table costs."""
    table = city.flat_table()

    def drive():
        return traffic.drive(
            city.roads, city.trips, city.paths, city.route, grid.STUCK, day=0, fidelity="table", table=table,
            watched=watched,
        )  # fmt: skip

    day = benchmark.pedantic(drive, rounds=5)
    assert (day.moves, len(day.passages), int(day.journeys.arrive.sum(dtype=np.int64))) == (
        27_488_154,
        427_486,
        44_792_860_707,
    )
    note(benchmark, city.moves)
