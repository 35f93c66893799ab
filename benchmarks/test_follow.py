"""A day along signposts on a grid of streets, where every trip must arrive as its blocks say: link moves a second."""

import time

import numpy as np
import pytest

from alprsim.kernels import follow
from benchmarks.test_routes import JUNCTIONS, ROUTES, asked, grid, planned

__all__ = ["grid"]

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # others' work on the machine does not count


def test_follow(benchmark, grid):
    """Streets take 10 s, and 15 s in the first quarter hour; one road in 64 is watched; trips sorted by tree."""
    first_road, head, *_ = grid
    tree, origin, destination, blocks = asked(grid)
    order = np.argsort(tree, kind="stable").astype(np.int32)
    trips = np.arange(ROUTES, dtype=np.int32), order, origin[order], destination[order], tree[order]
    crossing = np.full((len(head), follow.SLOTS_A_DAY), 10_000, np.int32)
    crossing[:, 0] = 15_000
    watched = np.arange(len(head)) % 64 == 0
    turns, begins = planned(grid), np.zeros(ROUTES, np.int64)
    ready, depart, arrive = np.zeros(ROUTES, np.int64), np.empty(ROUTES, np.int64), np.empty(ROUTES, np.int64)
    lanes = np.zeros(follow.LANES * follow.LANE_COLUMNS, np.int64)
    counters = np.zeros(follow.COUNTERS, np.int64)
    log = np.empty(2_000_000, np.int64), np.empty(2_000_000, np.int32), np.empty(2_000_000, np.int32)

    def setup():
        ready[:], lanes[:], counters[:] = 0, 0, 0

    rows = (*trips, begins, turns.ravel(), first_road.astype(np.int32), head, crossing.ravel(), watched)
    lost = benchmark.pedantic(
        follow.follow, args=(*rows, ready, depart, arrive, lanes, counters, *log), setup=setup, rounds=5
    )  # fmt: skip
    assert lost == -1
    blocks = blocks[order]
    assert np.array_equal(arrive, blocks * 10_000 + np.minimum(blocks, 60) * 5_000)
    assert counters[follow.MOVES] == blocks.sum()
    assert len(head) == 4 * JUNCTIONS - 400
    passed = counters[follow.PASSED]
    assert 0.9 < 64 * passed / blocks.sum() < 1.1
    assert watched[log[1][:passed]].all()
    if benchmark.stats:
        benchmark.extra_info["moves a second"] = round(int(blocks.sum()) / benchmark.stats.stats.min)
