"""Alternatives on a grid of streets: weighed where the answer is known, packed, and chosen among as drivers' odds are."""

import time

import numpy as np
import pytest

from alprsim.kernels import alternatives as kernels
from alprsim.kernels import routes
from alprsim.routing import _drivers
from benchmarks.test_routes import COLUMN, JUNCTIONS, SIDE, grid

__all__ = ["grid"]

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # others' work on the machine does not count

TREES, TRIPS = 16, 1_000_000
COST = 1000  # ms a street


def turned(grid):
    """Return three alternatives to 16 corners: along the row first, the column first, and the row first again."""
    first_road, head, destination, toward = grid
    row, column = np.divmod(np.arange(JUNCTIONS), SIDE)
    to_row, to_column = np.divmod(destination[:TREES, None], SIDE)
    down = np.where(row != to_row, SIDE * np.sign(to_row - row), np.sign(to_column - column))
    other = np.where(down == 0, -9999, np.arange(JUNCTIONS) + down).astype(np.int32)
    turns = np.empty((3, TREES, JUNCTIONS), np.int8)
    rows, cost = np.arange(TREES, dtype=np.int32), np.full(len(head), COST, np.int32)
    for way, following in enumerate((toward[:TREES], other, toward[:TREES])):
        routes.next_turns(np.ascontiguousarray(following), first_road, head, COLUMN, cost, rows, turns[way])
    return turns


def test_weigh(benchmark, grid):
    """Every junction of 16 trees: two ways as long, apart but where one of the blocks' counts is zero, and one told before."""
    first_road, head, destination, _ = grid
    turns, n = turned(grid), JUNCTIONS
    tree = np.repeat(np.arange(TREES, dtype=np.int32), n)
    origin, end = np.tile(np.arange(n, dtype=np.int32), TREES), np.repeat(destination[:TREES], n)
    excess, apart = (np.empty((len(tree), 3), np.int32) for _ in range(2))
    space = (
        np.empty((kernels.WAY_ROWS, 3, n), np.int32), np.empty((3, n), np.uint64),
        np.empty((kernels.JUNCTION_ROWS, n), np.int32),
    )  # fmt: skip
    roads = first_road.astype(np.int32), head, np.full(len(head), COST, np.int32)
    benchmark(kernels.weigh, turns, tree, origin, end, *roads, *space, excess, apart)
    blocks = [np.abs(a - b) for a, b in zip(np.divmod(origin, SIDE), np.divmod(end, SIDE), strict=True)]
    corner = (blocks[0] > 0) & (blocks[1] > 0)
    assert np.array_equal(apart[:, 1], np.where(corner, 2 * COST * (blocks[0] + blocks[1]), -1))
    assert np.array_equal(excess[:, 1], np.where(corner, 0, -1))
    assert not excess[:, 0].any()
    assert (excess[:, 2] == -1).all()
    if benchmark.stats:
        benchmark.extra_info["pairs/s"] = round(len(tree) / benchmark.stats.stats.min)


def weights():
    """Return a million pairs: the quickest, one by a deviation longer, one as long whose error is half as large."""
    apart = np.tile(np.array([0, 1_600_000, 400_000], np.int32), (TRIPS, 1))
    excess = np.tile(np.array([0, round(float(_drivers.deviation(apart[0, 1:2], 0.1)[0])), 0], np.int32), (TRIPS, 1))
    return excess, apart


def test_pack(benchmark):
    codes = benchmark(_drivers.packed, *weights(), 0.1)
    assert (codes == codes[0]).all()
    assert codes[0, 0] == kernels.QUICKEST
    assert np.divmod(codes[0, 1:], kernels.LEVELS)[0].tolist() == [0, 2]
    assert codes[0, 1] % kernels.LEVELS == int(62 * (0.841345 - 0.5))
    if benchmark.stats:
        benchmark.extra_info["pairs/s"] = round(TRIPS / benchmark.stats.stats.min)


def test_choose(benchmark):
    """A million drivers, each at a pair of their own, of whose two ways one is longer by a deviation."""
    excess, apart = (column[:, :2].copy() for column in weights())
    codes = _drivers.packed(excess, apart, 0.1)
    key, choice = np.arange(TRIPS, dtype=np.uint64), np.empty(TRIPS, np.int32)
    drivers = np.arange(TRIPS), key, key, key + np.uint64(1), _drivers._BASE, _drivers.DEVIATE, _drivers._MEANING
    benchmark(kernels.choose, codes, *drivers, choice)
    assert (choice == 1).mean() == pytest.approx(0.1587, abs=0.01)  # one beyond a deviation, within what a level rounds
    if benchmark.stats:
        benchmark.extra_info["trips/s"] = round(TRIPS / benchmark.stats.stats.min)
