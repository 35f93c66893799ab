"""Which roads people take: the quickest way, with what the others' driving does to it, kept as next-turn trees.

All routes to one destination form a tree, so a byte a (destination, junction) holds every route of a region: 20,000
destinations × 20,000 junctions are 400 MB, memory-mapped, where the routes themselves would be several times that.

Drivers are dealt to groups. The first takes the quickest way on empty roads, each next one the quickest under the mean
volumes of those before it in each road's busiest hour: the method of successive averages, stopped after as many steps as
there are groups. Every driver keeps to the group's ways all day; that the morning's and the evening's quickest may
differ is left out.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from alprsim.kernels import routes as kernels
from alprsim.randomness import below, draw, stream
from alprsim.tables import Float64, Int32, Int64, Network, Paths, Roads, UInt64

_HOURS = 24

Grid = np.ndarray[tuple[int, int], np.dtype[np.int32]]

_CHUNK = 128  # trees at a time: 128 × 20,000 junctions × 12 B = 31 MB
_SMALL = 2_000_000  # tree cells below which a second process costs more than it saves


class RouteError(ValueError):
    """No way leads from one junction to another."""


class Routes(NamedTuple):
    """Every route to every destination: take exit ``turns[group × destinations + tree[destination], junction]``."""

    turns: np.ndarray[tuple[int, int], np.dtype[np.int8]]
    tree: Int32
    first_road: Int64
    head: Int32
    groups: int


class Demand(NamedTuple):
    """A day's trips between junctions, against which routes are planned."""

    origin: Int32
    destination: Int32
    hour: Int32
    """0 to 23, of the departure."""


def plan(
    network: Network, demand: Demand, *, groups: int, jobs: int = 1, file: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Routes, Float64]:  # fmt: skip
    """Find each group's quickest routes to every junction that a place is reached from, and what roads then carry.

    Parameters
    ----------
    network
        Its roads must be strongly connected.
    demand
        A weekday's trips; whose they are does not matter.
    groups
        Of drivers, 1 or more: steps of the method of successive averages.
    jobs
        Processes to use; the answer is the same for any number.
    file
        Where to keep the trees (.npy, memory-mapped); in memory if None.
    progress
        Called with the share done.

    Returns
    -------
    Routes
    float64[n_roads]
        Vehicles in each road's busiest hour (by hour of departure), by all groups together.

    Raises
    ------
    RouteError
        When a trip's ends are not joined.
    """
    roads, n = network.roads, len(network.junctions)
    destinations = np.unique(network.places.junction)
    tree = np.full(n, -1, np.int32)
    tree[destinations] = np.arange(len(destinations), dtype=np.int32)
    first_road = np.searchsorted(roads.tail, np.arange(n + 1)).astype(np.int64)
    shape = (groups * len(destinations), n)
    turns = np.lib.format.open_memmap(file, "w+", np.int8, shape) if file else np.empty(shape, np.int8)
    routes = Routes(turns, tree, first_road, roads.head, groups)
    volume = np.zeros((_HOURS, len(roads)), np.int64)
    busiest = np.zeros(len(roads))
    cost, row = roads.crossing, 0
    for group in range(groups):
        for toward in _trees(_reversed_graph(roads, cost, n), destinations, jobs):
            kernels.next_turns(toward, first_road, roads.head, cost, row, turns)
            row += len(toward)
            if progress:
                progress(row / shape[0])
        _load(routes, demand, group, volume)
        busiest = volume.max(axis=0) / (group + 1)
        cost = congested(roads, busiest)
    return routes, busiest


def congested(roads: Roads, volume: NDArray[np.float64]) -> Int32:
    """Return the time (ms) to cross each road in an hour with that volume: of a day, its own busiest.

    t = t₀ (1 + 0.15 (v / c)⁴), of the Bureau of Public Roads (Traffic Assignment Manual, 1964).
    """
    use = volume * roads.headway / 3_600_000
    return np.minimum(roads.crossing * (1 + 0.15 * use**2 * use**2), 2**30).astype(np.int32)


def reopen(routes: Routes, file: Path) -> Routes:
    """Return the same routes, reading the trees from the file they were kept in (for another process)."""
    return routes._replace(turns=np.load(file, mmap_mode="r"))


def group_of(key: UInt64, groups: int) -> Int32:
    """Deal drivers to groups by the keys of their vehicles."""
    return below(draw(stream(0, "which ways a driver takes"), key), groups).astype(np.int32)


def paths(routes: Routes, origin: Int32, destination: Int32, group: Int32) -> tuple[Paths, Int32]:
    """Return the distinct routes between junctions, and which of them each trip drives.

    Parameters
    ----------
    origin, destination : int32[n]
        Junction rows; an equal pair has a route without roads.
    group : int32[n]
        Of the driver.

    Raises
    ------
    RouteError
        When a pair is not joined, or nobody was expected to go to a destination.
    """
    n = len(routes.tree)
    asked = (origin.astype(np.int64) * n + destination) * routes.groups + group
    asked, route = np.unique(asked, return_inverse=True)
    pair, group = np.divmod(asked, routes.groups)
    start, end = (part.astype(np.int32) for part in np.divmod(pair, n))
    tree = _rows(routes, end, group.astype(np.int32))
    count = np.zeros(len(start), np.int32)
    lost = kernels.count_roads(routes.turns, routes.first_road, routes.head, tree, start, end, count)
    if lost >= 0:
        raise RouteError(f"no way leads from junction {int(start[lost])} to junction {int(end[lost])}")
    first = np.concatenate(([0], np.cumsum(count, dtype=np.int64)))
    road = np.empty(first[-1], np.int32)
    kernels.fill_roads(routes.turns, routes.first_road, routes.head, tree, start, first, road)
    return Paths(first, road), route.astype(np.int32)


def _rows(routes: Routes, destination: Int32, group: Int32) -> Int32:
    tree = routes.tree[destination]
    if len(tree) and tree.min() < 0:
        junction = int(destination[np.argmin(tree)])
        raise RouteError(f"junction {junction} is no place's access, so no route to it was planned")
    return (group * (len(routes.turns) // routes.groups) + tree).astype(np.int32)


def _load(routes: Routes, demand: Demand, group: int, volume: NDArray[np.int64]) -> None:
    """Add what the roads would carry in each hour of departure if everybody drove as this group."""
    everybody = np.full(len(demand.origin), group, np.int32)
    driven, route = paths(routes, demand.origin, demand.destination, everybody)
    n_routes = len(driven.first) - 1
    roads = np.repeat(np.arange(n_routes), np.diff(driven.first))
    for hour in range(_HOURS):
        trips = np.bincount(route[demand.hour == hour], minlength=n_routes)
        volume[hour] += np.bincount(driven.road, weights=trips[roads], minlength=volume.shape[1]).astype(np.int64)


def _reversed_graph(roads: Roads, cost: Int32, n: int) -> csr_array:
    """Give the graph of roads driven backwards, cost in ms; of parallel roads the cheapest."""
    order = np.lexsort((cost, roads.tail, roads.head))
    head, tail, cost = roads.head[order], roads.tail[order], cost[order]
    first = np.ones(len(head), np.bool_)
    first[1:] = (head[1:] != head[:-1]) | (tail[1:] != tail[:-1])
    return csr_array((cost[first].astype(np.float64), (head[first], tail[first])), shape=(n, n))


def _trees(graph: csr_array, destinations: Int32, jobs: int) -> Iterator[Grid]:
    chunks = [destinations[i : i + _CHUNK] for i in range(0, len(destinations), _CHUNK)]
    if jobs <= 1 or len(destinations) * graph.shape[0] < _SMALL:
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
