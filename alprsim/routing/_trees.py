"""Trees of quickest ways to every destination, by scipy's shortest paths: a set of trees a cost vector."""

import shutil
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


class Order(NamedTuple):
    """Trees to grow."""

    cost: Int32
    """[roads] ms, positive"""
    trees: Path | Turns
    """The set they belong to."""
    rows: Int32
    """Which of its rows."""


class _Work(NamedTuple):
    streets: Streets
    graphs: tuple[csr_array, ...]
    orders: tuple[Order, ...]

    def grow(self, number: int, start: int, end: int) -> int:
        """Write the trees from place ``start`` to ``end`` of one order; return how many."""
        streets, (cost, trees, rows) = self.streets, self.orders[number]
        turns = opened(trees)
        some = rows[start:end]
        _, toward = dijkstra(self.graphs[number], indices=streets.destinations[some], return_predecessors=True)
        toward = np.ascontiguousarray(toward, np.int32)
        kernels.next_turns(toward, *streets[:3], cost, some, turns)
        return end - start


def grow(
    streets: Streets, tail: Int32, orders: Sequence[Order], *, jobs: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> None:  # fmt: skip
    """Grow trees by their cost vectors into their sets.

    Parameters
    ----------
    streets
    tail : int32[roads]
    orders
        On several processes only if all sets lie in files.
    jobs
        Processes; the answer is the same for any number.
    progress
        Called with the share done.
    """
    graphs = tuple(_reversed_graph(tail, streets.head, order.cost, len(streets.tree)) for order in orders)
    work = _Work(streets, graphs, tuple(orders))
    chunks = [
        (number, start, min(start + _CHUNK, len(order.rows)))
        for number, order in enumerate(orders)
        for start in range(0, len(order.rows), _CHUNK)
    ]
    total, done = sum(len(order.rows) for order in orders), 0
    if jobs <= 1 or total * len(streets.tree) < _SMALL or not all(isinstance(order.trees, Path) for order in orders):
        for chunk in chunks:
            done += work.grow(*chunk)
            progress(done / total)
        return
    with ProcessPoolExecutor(jobs, get_context("forkserver"), _keep, (work,)) as pool:
        for finished in as_completed([pool.submit(_grow_kept, *chunk) for chunk in chunks]):
            done += finished.result()
            progress(done / total)


def opened(trees: Path | Turns) -> Turns:
    """Open a set for reading and writing."""
    return np.load(trees, mmap_mode="r+") if isinstance(trees, Path) else trees


def blank(streets: Streets, file: Path | None) -> Path | Turns:
    """Make a set without trees, in memory if no file is given."""
    shape = (len(streets.destinations), len(streets.tree))
    if file is None:
        return np.empty(shape, np.int8)
    file.unlink(missing_ok=True)  # what lies there may be a kept plan's file by a second name
    np.lib.format.open_memmap(file, "w+", np.int8, shape)
    return file


def copied(trees: Path | Turns, file: Path | None) -> Path | Turns:
    """Return a copy of a set, in memory if no file is given."""
    if file is None or not isinstance(trees, Path):
        return np.array(trees)
    file.unlink(missing_ok=True)
    shutil.copyfile(trees, file)
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


def _grow_kept(number: int, start: int, end: int) -> int:
    return _kept[0].grow(number, start, end)
