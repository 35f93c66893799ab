"""Trees of quickest ways to every destination, by scipy's shortest paths: a set of trees a cost vector."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from alprsim.kernels import routes as kernels
from alprsim.routing._ways import Streets, Turns
from alprsim.tables import Int32

_CHUNK = 128  # trees at a time: scipy's answer of 128 × 20,000 junctions is 31 MB
_SMALL = 40_000_000  # cells, 5 s of one process: below, starting others (2.5 s) costs more than it saves


class _Work(NamedTuple):
    """Cost vectors, and where the trees of each go."""

    streets: Streets
    costs: tuple[Int32, ...]
    graphs: tuple[csr_array, ...]
    sets: tuple[Path | Turns, ...]

    def grow(self, which: int, start: int, end: int) -> int:
        """Write the trees from row ``start`` to ``end`` of one cost vector; return how many."""
        streets, cost, trees = self.streets, self.costs[which], self.sets[which]
        turns = np.load(trees, mmap_mode="r+") if isinstance(trees, Path) else trees
        destinations = streets.destinations[start:end]
        _, toward = dijkstra(self.graphs[which], indices=destinations, return_predecessors=True)
        toward = np.ascontiguousarray(toward, np.int32)
        kernels.next_turns(toward, streets.first_road, streets.head, cost, start, turns)
        return end - start


def grow(
    streets: Streets, tail: Int32, costs: Sequence[Int32], files: Sequence[Path | None], *, jobs: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[Path | Turns, ...]:  # fmt: skip
    """Grow the trees to every destination for each cost vector.

    Parameters
    ----------
    streets
    tail : int32[roads]
    costs : int32[roads] each, ms, positive
    files
        Where each set goes (.npy); in memory if None.
    jobs
        Processes; the answer is the same for any number.
    progress
        Called with the share done.
    """
    shape = (len(streets.destinations), len(streets.tree))
    sets = tuple(_blank(file, shape) for file in files)
    graphs = tuple(_reversed_graph(tail, streets.head, cost, len(streets.tree)) for cost in costs)
    work = _Work(streets, tuple(costs), graphs, sets)
    starts = range(0, shape[0], _CHUNK)
    chunks = [(which, start, min(start + _CHUNK, shape[0])) for which in range(len(costs)) for start in starts]
    total, done = len(costs) * shape[0], 0
    if jobs <= 1 or total * shape[1] < _SMALL or None in files:
        for chunk in chunks:
            done += work.grow(*chunk)
            progress(done / total)
        return sets
    with ProcessPoolExecutor(jobs, get_context("forkserver"), _keep, (work,)) as pool:
        for finished in as_completed([pool.submit(_grow_kept, *chunk) for chunk in chunks]):
            done += finished.result()
            progress(done / total)
    return sets


def _blank(file: Path | None, shape: tuple[int, int]) -> Path | Turns:
    if file is None:
        return np.empty(shape, np.int8)
    file.unlink(missing_ok=True)  # what lies there may be a kept plan's file by a second name
    np.lib.format.open_memmap(file, "w+", np.int8, shape)
    return file


def _reversed_graph(tail: Int32, head: Int32, cost: Int32, n: int) -> csr_array:
    """Give the graph of roads driven backwards; of parallel roads the cheapest."""
    order = np.lexsort((cost, tail, head))
    head, tail, cost = head[order], tail[order], cost[order]
    first = np.ones(len(head), np.bool_)
    first[1:] = (head[1:] != head[:-1]) | (tail[1:] != tail[:-1])
    return csr_array((cost[first].astype(np.float64), (head[first], tail[first])), shape=(n, n))


_kept: list[_Work] = []


def _keep(work: _Work) -> None:
    _kept[:] = [work]


def _grow_kept(which: int, start: int, end: int) -> int:
    return _kept[0].grow(which, start, end)
