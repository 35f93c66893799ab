"""The queue model on a grid of streets: link moves a second, and that every vehicle arrives when it always did."""

import numpy as np
import pytest

from alprsim.kernels import queue
from alprsim.randomness import below, draw, stream

SIDE, TRIPS, SPAN = 20, 20_000, 450_000


def grid_paths(origin, destination):
    """Drive along the row, then along the column; roads of junction j: 4j + (east, west, south, north)."""
    y, x = np.divmod(origin, SIDE)
    ty, tx = np.divmod(destination, SIDE)
    across, down = np.abs(tx - x), np.abs(ty - y)
    first = np.concatenate([[0], np.cumsum(across + down)])
    trip = np.repeat(np.arange(len(origin)), across + down)
    step = np.arange(len(trip)) - first[trip]
    over, under = np.minimum(step, across[trip]), np.maximum(step - across[trip], 0)
    junction = (y[trip] + under * np.sign(ty - y)[trip]) * SIDE + x[trip] + over * np.sign(tx - x)[trip]
    way = np.where(step < across[trip], np.where(tx > x, 0, 1)[trip], np.where(ty > y, 2, 3)[trip])
    return first.astype(np.int64), (4 * junction + way).astype(np.int32)


def day(wave):
    """Return a state before the first departure: 1,600 links of 200 m, 20,000 trips in 7.5 minutes, so that queues spill back."""
    roads, rows = np.arange(4 * SIDE * SIDE), np.arange(TRIPS)
    origin, destination = (below(draw(stream(1, q), rows), SIDE * SIDE) for q in ("origin", "destination"))
    first, route = grid_paths(origin, destination)
    trip = np.full((TRIPS, 8), -1, np.int64)
    trip[:, queue.AT], trip[:, queue.END], trip[:, queue.CAR] = first[:-1] - 1, first[1:], queue.THERE
    trip[:, queue.MEANT] = below(draw(stream(1, "depart"), rows), SPAN // 1000) * 1000
    crossing = (12_000 + below(draw(stream(1, "crossing"), roads), 8_000)).astype(np.int32)
    headway = (1_800 + 300 * below(draw(stream(1, "headway"), roads), 4)).astype(np.int32)
    room, waves = np.full(len(roads), 26, np.int32), np.full(len(roads), wave, np.int32)
    watched = np.zeros(len(roads), np.int64)
    order = np.argsort(trip[:, queue.MEANT], kind="stable").astype(np.int32)
    return queue.begin(crossing, headway, room, waves, watched, trip, route, order, 0, stuck=60_000, shift=2)


@pytest.mark.parametrize(
    ("wave", "answer"),
    [(40_000, (266_370, 10_394_285_899, 29)), (0, (266_370, 10_196_872_591, 0))],
    ids=["newell", "simple"],
)
def test_advance(benchmark, wave, answer):
    states = []

    def setup():
        states.append(day(wave))
        return (*states[-1], 86_400_000), {}

    benchmark.pedantic(queue.advance, setup=setup, rounds=5)
    last = states[-1]
    moves = int(last.flows[:, 0].sum())
    assert moves == len(last.route)
    assert (last.trip[:, queue.ARRIVED] >= 0).all()
    assert (moves, int(last.trip[:, queue.ARRIVED].sum()), int(last.clock[queue.FORCED])) == answer
    if benchmark.stats:
        benchmark.extra_info["moves a second"] = round(moves / benchmark.stats.stats.min)
