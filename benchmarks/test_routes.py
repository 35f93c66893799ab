"""Next-turn trees on a grid of streets, and the routes read from them, which must be as short as a grid allows."""

import numpy as np
import pytest

from alprsim.kernels import routes
from alprsim.randomness import below, draw, stream
from alprsim.routing import _trees, _ways

SIDE = 100
JUNCTIONS, TREES, ROUTES = SIDE * SIDE, 128, 200_000
COLUMN = np.arange(JUNCTIONS, dtype=np.int32)


@pytest.fixture(scope="module")
def grid():
    """Streets by tail between 10,000 corners, all alike, and 128 trees that lead along the row, then the column."""
    row, column = np.divmod(np.arange(JUNCTIONS, dtype=np.int32), SIDE)
    ends = [
        np.column_stack((np.arange(JUNCTIONS)[inside], np.arange(JUNCTIONS)[inside] + step))
        for step, inside in ((1, column < SIDE - 1), (-1, column > 0), (SIDE, row < SIDE - 1), (-SIDE, row > 0))
    ]
    tail, head = np.concatenate(ends).astype(np.int32).T
    order = np.lexsort((head, tail))
    first_road = np.searchsorted(tail[order], np.arange(JUNCTIONS + 1)).astype(np.int64)
    destination = below(draw(stream(1, "trees"), np.arange(TREES)), JUNCTIONS).astype(np.int32)
    to_row, to_column = np.divmod(destination[:, None], SIDE)
    along = np.where(column != to_column, np.sign(to_column - column), SIDE * np.sign(to_row - row))
    toward = np.where(along == 0, -9999, np.arange(JUNCTIONS) + along).astype(np.int32)
    return first_road, np.ascontiguousarray(head[order]), destination, toward


def planned(grid):
    first_road, head, _, toward = grid
    turns = np.empty((TREES, JUNCTIONS), np.int8)
    rows = np.arange(TREES, dtype=np.int32)
    routes.next_turns(toward, first_road, head, COLUMN, np.full(len(head), 1000, np.int32), rows, turns)
    return turns


def asked(grid):
    """Return each route's tree, origin, destination and shortest length."""
    bits = draw(stream(1, "routes"), np.arange(ROUTES))
    tree, origin = below(bits, TREES).astype(np.int32), below(draw(bits, 1), JUNCTIONS).astype(np.int32)
    destination = grid[2][tree]
    blocks = sum(np.abs(a - b) for a, b in zip(np.divmod(origin, SIDE), np.divmod(destination, SIDE), strict=True))
    return tree, origin, destination, blocks


def test_next_turns(benchmark, grid):
    turns = benchmark(planned, grid)
    first_road, head, _, toward = grid
    taken = head[first_road[:-1] + np.maximum(turns, 0)]
    assert np.array_equal(np.where(turns < 0, -9999, taken), toward)
    if benchmark.stats:
        benchmark.extra_info["cells/s"] = round(turns.size / benchmark.stats.stats.min)


def test_count_roads(benchmark, grid):
    first_road, head, *_ = grid
    tree, origin, destination, blocks = asked(grid)
    count, mark = np.empty(ROUTES, np.int32), np.empty(ROUTES, np.uint64)
    lost = benchmark(
        routes.count_roads, planned(grid), first_road, head, COLUMN, tree, origin, destination, count, mark
    )
    assert lost == -1
    assert np.array_equal(count, blocks)
    pairs = np.unique((origin.astype(np.int64) * JUNCTIONS + destination)[origin != destination])
    assert len(np.unique(mark[origin != destination])) == len(pairs)
    if benchmark.stats:
        benchmark.extra_info["roads/s"] = round(int(count.sum()) / benchmark.stats.stats.min)


def test_fill_roads(benchmark, grid):
    first_road, head, *_ = grid
    tree, origin, destination, blocks = asked(grid)
    first = np.concatenate([[0], np.cumsum(blocks, dtype=np.int64)])
    road = np.full(first[-1], -1, np.int32)
    benchmark(routes.fill_roads, planned(grid), first_road, head, COLUMN, tree, origin, first, road)
    far = blocks > 0
    assert np.array_equal(head[road[first[1:][far] - 1]], destination[far])
    starts = np.searchsorted(first_road, road[first[:-1][far]], side="right") - 1
    assert np.array_equal(starts, origin[far])
    if benchmark.stats:
        benchmark.extra_info["roads/s"] = round(len(road) / benchmark.stats.stats.min)


SAME_HOURS = 400  # trips whose soonest arrival is looked for


def test_quickest(benchmark, grid):
    """Streets that take 10 s and, in the second hour, 20 s: a trip at 0:50 that takes longer than 10 minutes feels it."""
    first_road, head, *_ = grid
    _, origin, destination, blocks = (column[:SAME_HOURS] for column in asked(grid))
    time = np.full((routes.SLOTS_A_DAY, len(head)), 10_000, np.int32)
    time[4:8] = 20_000
    depart, arrive = np.full(SAME_HOURS, 50 * 60_000), np.empty(SAME_HOURS, np.int64)
    ends = np.ascontiguousarray(origin), np.ascontiguousarray(destination)
    lost = benchmark(routes.quickest, first_road, head, time, time, *ends, depart, arrive)
    assert lost == -1
    late = np.maximum(blocks - 60, 0)
    assert np.array_equal(arrive - depart, blocks * 10_000 + np.minimum(late, 180) * 10_000)
    if benchmark.stats:
        benchmark.extra_info["trips/s"] = round(SAME_HOURS / benchmark.stats.stats.min)


def test_drive(benchmark, grid):
    first_road, head, *_ = grid
    tree, origin, _, blocks = asked(grid)
    first = np.concatenate([[0], np.cumsum(blocks, dtype=np.int64)])
    road = np.empty(first[-1], np.int32)
    routes.fill_roads(planned(grid), first_road, head, COLUMN, tree, origin, first, road)
    time = np.full((routes.SLOTS_A_DAY, len(head)), 10_000, np.int32)
    time[0] = 15_000
    depart, arrive = np.zeros(ROUTES, np.int64), np.empty(ROUTES, np.int64)
    benchmark(routes.drive, first[:-1], first[1:], road, depart, time, arrive)
    assert np.array_equal(arrive, blocks * 10_000 + np.minimum(blocks, 60) * 5_000)
    if benchmark.stats:
        benchmark.extra_info["roads/s"] = round(len(road) / benchmark.stats.stats.min)


def test_betweenness(benchmark, grid):
    """Each junction is reached from a pivot by ways of as many streets: together as many as it is blocks away."""
    first_road, head, *_ = grid
    pivots = np.arange(0, JUNCTIONS, JUNCTIONS // TREES, dtype=np.int32)

    def zeros():
        return (
            first_road,
            head,
            np.full(len(head), 1000, np.int32),
            pivots,
            np.zeros(len(head)),
            np.zeros(len(head)),
        ), {}

    kept = []

    def run(*arrays):
        routes.betweenness(*arrays)
        kept[:] = [arrays[-2]]

    benchmark.pedantic(run, setup=zeros, rounds=3)
    row, column = np.divmod(np.arange(JUNCTIONS), SIDE)
    from_row, from_column = np.divmod(pivots, SIDE)
    blocks = np.abs(row - from_row[:, None]) + np.abs(column - from_column[:, None])
    assert kept[0].sum() == pytest.approx(blocks.sum() / len(pivots))
    if benchmark.stats:
        benchmark.extra_info["junctions/s"] = round(len(pivots) * JUNCTIONS / benchmark.stats.stats.min)


def test_grow(benchmark, grid):
    """Trees by scipy, to the same destinations: on a grid every way that turns toward its destination is shortest."""
    first_road, head, *_ = grid
    tree, origin, destination, blocks = asked(grid)
    tail = np.repeat(np.arange(JUNCTIONS, dtype=np.int32), np.diff(first_road))
    number = np.full(JUNCTIONS, -1, np.int32)
    laid = _ways.Streets(first_road, head, COLUMN, grid[2], number)
    cost, rows = np.full(len(head), 1000, np.int32), np.arange(TREES, dtype=np.int32)
    trees = _trees.blank(laid, None)
    benchmark(_trees.grow, laid, tail, [_trees.Order(cost, trees, rows)])
    count, mark = np.empty(ROUTES, np.int32), np.empty(ROUTES, np.uint64)
    assert routes.count_roads(trees, first_road, head, COLUMN, tree, origin, destination, count, mark) == -1
    assert np.array_equal(count, blocks)
    if benchmark.stats:
        benchmark.extra_info["trees/s"] = round(TREES / benchmark.stats.stats.min)
