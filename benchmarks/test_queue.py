"""The queue model on a grid of streets: link moves a second, and that every vehicle arrives when it always did."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from alprsim import traffic
from alprsim.kernels import queue
from alprsim.scenario import models
from benchmarks import grid

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # others' work on the machine does not count

DAY = 86_400_000


@pytest.fixture(scope="module")
def city():
    return grid.rush()


@pytest.mark.parametrize(
    ("storage", "answer"),
    [("newell", (2_065_160, 136_249_644_469, 940)), ("simple", (2_065_160, 132_643_225_522, 0))],
)
def test_advance(benchmark, city, storage, answer):
    """7,920 links, 100,000 trips: the bench of design/traffic.md §3."""
    wave = city.roads.wave if storage == "newell" else np.zeros_like(city.roads.wave)
    meant, first = city.trips.depart.astype(np.int64) * 1000, city.paths.first
    nothing = np.zeros(len(city.roads), np.bool_)
    states = []

    def setup():
        states[:] = [
            queue.begin(
                city.roads.crossing, city.roads.headway, city.roads.room, wave, nothing, city.trips.vehicle, meant,
                first[:-1], first[1:], city.paths.road, 0, stuck=60_000,
            )
        ]  # fmt: skip
        return (*states[0], DAY), {}

    benchmark.pedantic(queue.advance, setup=setup, rounds=7)
    last = states[0]
    moves, arrived = int(last.flows[:, 0].sum()), queue.tell(last).arrived
    assert moves == city.moves
    assert (arrived >= 0).all()
    assert (moves, int(arrived.sum()), int(last.clock[queue.FORCED])) == answer
    lost = (arrived - meant - city.free_times()) / 1000
    assert 100 < lost.mean() < 250
    benchmark.extra_info["mean delay, s"] = round(float(lost.mean()), 1)
    note(benchmark, moves)


@pytest.mark.parametrize(
    ("city", "storage", "answer", "delay"),
    [
        ("region_day", "newell", (27_488_154, 44_739_872_930, 0, 427_486), 9.6),
        ("region_day", "simple", (27_488_154, 44_739_873_961, 0, 427_486), 9.6),
        ("congested_day", "newell", (27_488_154, 44_861_703_410, 0, 427_486), 96.6),
    ],
)
def test_a_regions_day(benchmark, city, storage, answer, delay):
    """400,000 vehicles from tables to journeys, flows and the passages of 500 roads, in a process of its own."""
    told = benchmark.pedantic(region, (city, storage), rounds=1)  # its own CPU time, not this process's, counts
    assert [told[name] for name in ("moves", "arrive", "forced", "passages")] == list(answer)
    assert told["mean delay, s"] == pytest.approx(delay, abs=0.5)
    assert told["peak MB"] < 1500
    benchmark.extra_info["moves a second"] = round(told["moves"] / told["engine s"])
    benchmark.extra_info |= {name: told[name] for name in ("engine s", "whole day s", "peak MB", "mean delay, s")}


def region(city, storage):
    program = f"from benchmarks.test_queue import drive_region as d; d({city!r}, {storage!r})"
    return json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)


def drive_region(name, storage):
    """Drive the day; write what it told and what it took, in CPU seconds, as JSON."""
    import resource  # not on Windows

    city, spec = getattr(grid, name)(), models.Traffic(storage=storage, stuck="60 s")
    watched = np.arange(len(city.roads)) % 64 == 0
    given = (city.roads, city.trips, city.paths, city.route, spec)
    queues = traffic.Queues(traffic.plan(*given, day=0, watched=watched))
    start = time.process_time()
    queues.advance(DAY)
    engine = time.process_time() - start
    del queues
    start = time.process_time()
    day = traffic.drive(*given, day=0, fidelity="queue", watched=watched)
    told = {
        "moves": day.moves, "arrive": int(day.journeys.arrive.sum(dtype=np.int64)), "forced": day.forced,
        "passages": len(day.passages), "engine s": round(engine, 2), "whole day s": round(time.process_time() - start, 2),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
        "mean delay, s": round(float(city.delay(day.journeys).mean()), 1),
    }  # fmt: skip
    sys.stdout.write(json.dumps(told))


def note(benchmark, moves):
    if benchmark.stats:
        benchmark.extra_info["moves a second"] = round(moves / benchmark.stats.stats.min)
