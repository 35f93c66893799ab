"""Which roads people take: the quickest way at free flow, kept as one next-turn tree for each place people go to.

All routes to one destination form a tree, so a byte a (destination, junction) holds every route of a region:
20,000 destinations × 20,000 junctions are 400 MB, memory-mapped, where the routes themselves would be several times that.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from alprsim.kernels import routes as kernels
from alprsim.tables import Int32, Int64, Network, Paths, Roads

Grid = np.ndarray[tuple[int, int], np.dtype[np.int32]]
_CHUNK = 128  # trees at a time: 128 × 20,000 junctions × 12 B = 31 MB
_SMALL = 2_000_000  # tree cells below which a second process costs more than it saves


class RouteError(ValueError):
    """No way leads from one junction to another."""


class Routes(NamedTuple):
    """Every route to every destination: take exit ``turns[tree[destination], junction]`` until you arrive."""

    turns: np.ndarray[tuple[int, int], np.dtype[np.int8]]
    tree: Int32
    first_road: Int64
    head: Int32


def plan(
    network: Network, *, jobs: int = 1, file: Path | None = None, progress: Callable[[float], None] | None = None
) -> Routes:
    """Find the quickest routes at free flow to every junction that a place is reached from.

    Parameters
    ----------
    network
        Its roads must be strongly connected.
    jobs
        Processes to use; the answer is the same for any number.
    file
        Where to keep the trees (.npy, memory-mapped); in memory if None.
    progress
        Called with the share done.
    """
    roads = network.roads
    n = len(network.junctions)
    destinations = np.unique(network.places.junction)
    tree = np.full(n, -1, np.int32)
    tree[destinations] = np.arange(len(destinations), dtype=np.int32)
    first_road = np.searchsorted(roads.tail, np.arange(n + 1)).astype(np.int64)
    shape = (len(destinations), n)
    turns = np.lib.format.open_memmap(file, "w+", np.int8, shape) if file else np.empty(shape, np.int8)
    graph = _reversed_graph(roads, n)
    chunks = [destinations[i : i + _CHUNK] for i in range(0, len(destinations), _CHUNK)]
    row = 0
    for toward in _trees(graph, chunks, jobs if len(destinations) * n > _SMALL else 1):
        kernels.next_turns(toward, first_road, roads.head, roads.crossing, row, turns)
        row += len(toward)
        if progress:
            progress(row / max(1, len(destinations)))
    return Routes(turns, tree, first_road, roads.head)


def reopen(routes: Routes, file: Path) -> Routes:
    """Return the same routes, reading the trees from the file they were kept in (for another process)."""
    return routes._replace(turns=np.load(file, mmap_mode="r"))


def paths(routes: Routes, origin: Int32, destination: Int32) -> tuple[Paths, Int32]:
    """Return the distinct routes between junctions, and which of them each pair drives.

    Parameters
    ----------
    origin, destination : int32[n]
        Junction rows; an equal pair has a route without roads.

    Raises
    ------
    RouteError
        When a pair is not joined, or nobody was expected to go to a destination.
    """
    n = len(routes.tree)
    pairs, route = np.unique(origin.astype(np.int64) * n + destination, return_inverse=True)
    start = (pairs // n).astype(np.int32)
    end = (pairs % n).astype(np.int32)
    tree = routes.tree[end]
    if len(tree) and tree.min() < 0:
        raise RouteError(f"junction {int(end[np.argmin(tree)])} is no place's access, so no route to it was planned")
    count = np.zeros(len(pairs), np.int32)
    lost = kernels.count_roads(routes.turns, routes.first_road, routes.head, tree, start, end, count)
    if lost >= 0:
        raise RouteError(f"no way leads from junction {int(start[lost])} to junction {int(end[lost])}")
    first = np.concatenate(([0], np.cumsum(count, dtype=np.int64)))
    road = np.empty(first[-1], np.int32)
    kernels.fill_roads(routes.turns, routes.first_road, routes.head, tree, start, first, road)
    return Paths(first, road), route.astype(np.int32)


def _reversed_graph(roads: Roads, n: int) -> csr_array:
    """Give the graph of roads driven backwards, cost in ms; of parallel roads the cheapest."""
    order = np.lexsort((roads.crossing, roads.tail, roads.head))
    head, tail, cost = roads.head[order], roads.tail[order], roads.crossing[order]
    first = np.ones(len(head), np.bool_)
    first[1:] = (head[1:] != head[:-1]) | (tail[1:] != tail[:-1])
    return csr_array((cost[first].astype(np.float64), (head[first], tail[first])), shape=(n, n))


def _trees(graph: csr_array, chunks: list[Int32], jobs: int) -> Iterator[Grid]:
    if jobs <= 1:
        for chunk in chunks:
            yield _toward(graph, chunk)
        return
    with ProcessPoolExecutor(jobs, get_context("forkserver"), _keep, (graph,)) as pool:
        yield from pool.map(_toward_kept, chunks)


def _toward(graph: csr_array, destinations: Int32) -> Grid:
    _, toward = dijkstra(graph, indices=destinations, return_predecessors=True)
    return np.ascontiguousarray(toward, np.int32)


_kept: list[csr_array] = []


def _keep(graph: csr_array) -> None:
    _kept[:] = [graph]


def _toward_kept(destinations: Int32) -> Grid:
    return _toward(_kept[0], destinations)
