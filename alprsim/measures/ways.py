"""The ways that a viewer takes a car to have driven from one camera to the next: the quickest, or the one most drivers take.

They are kept in a table of the pairs of cameras that occur, so that no street is walked for a read.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from alprsim.kernels import legs
from alprsim.randomness import draw, stream
from alprsim.tables import Bool, Int32, Int64, Paths, Roads

MS = 1000
_CHUNK = 128
"""Origins whose quickest ways are found at a time: scipy's answer of 128 × 20,000 junctions is 31 MB."""


class Learned(NamedTuple):
    """The way that most drivers take between two watched roads: pair ``code[i]`` has row i of `ways`, its ends left out."""

    code: Int64
    """Rising: from × roads + to."""
    ways: Paths


class Table(NamedTuple):
    """What is known of pairs of watched roads, as `legs.walk` takes it."""

    factor: NDArray[np.uint64]
    pairs: Int64
    """[places, 2]: ``from × roads + to``; row × 2³² + s: reads of the pair further apart are not of one leg."""


def learn(driven: Paths, trips: Int64, watched: Bool) -> Learned:
    """Count which way drivers take between each two watched roads that any of them drives, the one after the other.

    Of ways that equally many take, that whose roads draw the lower sum.

    Parameters
    ----------
    driven : Paths
        What drivers of a usual day drive.
    trips : int64[n_paths]
        How many drive each.
    watched : bool[n_roads]
    """
    place = np.flatnonzero(watched[driven.road])
    path = np.searchsorted(driven.first, place, side="right") - 1
    road = driven.road[place].astype(np.int64)
    marks = draw(stream(0, "roads of a way"), driven.road)  # any
    passed = np.concatenate([np.zeros(1, np.uint64), np.cumsum(marks, dtype=np.uint64)])
    parts = [np.zeros((5, 0), np.int64)]
    for apart in range(1, len(place)):
        one = np.flatnonzero(path[apart:] == path[:-apart])
        if not len(one):
            break
        other = one + apart
        mark = (passed[place[other]] - passed[place[one] + 1]).view(np.int64)
        taken = trips[path[one]]
        parts.append(_summed(np.stack([road[one] * len(watched) + road[other], mark, taken, place[one], place[other]])))
    code, mark, taken, start, end = _summed(np.concatenate(parts, axis=1))
    order = np.lexsort((mark, -taken, code))
    best = order[np.flatnonzero(np.diff(code[order], prepend=-1))]  # any
    return Learned(code[best], _cut(driven.road, start[best] + 1, end[best]))


def _summed(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Add up the drivers, row 2, of equal (code, mark), rows 0 and 1."""
    rows = rows[:, np.lexsort((rows[1], rows[0]))]
    fresh = np.ones(rows.shape[1], np.bool_)
    fresh[1:] = np.any(rows[:2, 1:] != rows[:2, :-1], axis=0)
    first = np.flatnonzero(fresh)
    summed = rows[:, first]
    if len(first):
        summed[2] = np.add.reduceat(rows[2], first)
    return summed


def _cut(road: Int32, start: Int64, end: Int64) -> Paths:
    """Return pieces of a row of roads as paths."""
    first = np.concatenate([[0], np.cumsum(end - start)]).astype(np.int64)
    at = np.arange(first[-1]) + np.repeat(start - first[:-1], np.diff(first))
    return Paths(first, road[at].astype(np.int32))


def pieces(paths: Paths, rows: NDArray[np.integer]) -> Paths:
    """Return some paths, in the order given."""
    return _cut(paths.road, paths.first[rows], paths.first[np.asarray(rows) + 1])


class Ways:
    """Ways between watched roads, found when a pair first occurs: quickest at free flow, and as drivers take them.

    Where no driver of the usual day passes both, theirs is the quickest too.

    Parameters
    ----------
    minimum, factor : s, times
        Reads belong to one leg if they lie no further apart than the quickest way takes, times the factor, or the minimum.
    """

    def __init__(self, roads: Roads, learned: Learned, *, minimum: int, factor: float) -> None:
        self._roads, self._learned = roads, learned
        self.minimum, self._factor = minimum, factor
        self._code = np.zeros(0, np.int64)
        nothing = Paths(np.zeros(1, np.int64), np.zeros(0, np.int32))
        self.quickest = self.drivers = nothing
        """By the rows that the table tells; the watched roads themselves left out."""
        self._graph, self._arc, self._road = _graph(roads)
        self._limit = np.zeros(0, np.int32)
        self.table = self._tabled()
        self.longest = max(minimum, int(np.ceil(self._widest() * factor)))
        """s: no pair's limit is above this."""

    def __len__(self) -> int:
        return len(self._code)

    def know(self, code: Int64) -> None:
        """Find the ways of the pairs, ``from × roads + to``, that are not known yet."""
        fresh = np.setdiff1d(code, self._code)
        if not len(fresh):
            return
        quickest, lasts = self._find(fresh)
        found = np.isfinite(lasts)
        fresh, quickest, lasts = fresh[found], pieces(quickest, np.flatnonzero(found)), lasts[found]
        limits = np.maximum(self.minimum, np.ceil(lasts * self._factor)).astype(np.int32)
        self._code = np.concatenate([self._code, fresh])
        self.quickest = joined(self.quickest, quickest)
        self.drivers = joined(self.drivers, self._taken(fresh, quickest))
        self._limit = np.concatenate([self._limit, limits])
        self.table = self._tabled()

    def _tabled(self) -> Table:
        buckets = 1 << (len(self._code) // 3 + 1).bit_length()  # any
        table = Table(np.zeros(buckets, np.uint64), np.empty((4 * buckets, 2), np.int64))  # any
        legs.enter(self._code, self._limit, *table)
        return table

    def _widest(self) -> float:
        """Return seconds that no quickest way between two roads exceeds: out of one junction and into it, at most."""
        if not len(self._roads):
            return 0.0
        out, back = (dijkstra(graph, indices=0) for graph in (self._graph, self._graph.T))
        reached = (float(far[np.isfinite(far)].max()) for far in (out, back))
        return (sum(reached) + 2 * int(self._roads.crossing.max())) / MS

    def _find(self, code: Int64) -> tuple[Paths, NDArray[np.float64]]:
        """Return the quickest way of each pair, and the seconds from the middle of its first road to that of its last."""
        roads = self._roads
        one, other = np.divmod(code, len(roads))
        origins, origin = np.unique(roads.head[one], return_inverse=True)
        ways: list[Int32] = [np.zeros(0, np.int32)] * len(code)  # any: 0
        lasts = np.full(len(code), np.inf)
        for low in range(0, len(origins), _CHUNK):
            far, before = dijkstra(self._graph, indices=origins[low : low + _CHUNK], return_predecessors=True)
            for row in np.flatnonzero((origin >= low) & (origin < low + _CHUNK)).tolist():
                tree, end = origin[row] - low, int(roads.tail[other[row]])
                lasts[row] = (
                    far[tree, end] + int(roads.crossing[one[row]] // 2 + roads.crossing[other[row]] // 2)
                ) / MS
                if np.isfinite(lasts[row]):
                    ways[row] = self._back(before[tree], end)
        first = np.concatenate([[0], np.cumsum([len(way) for way in ways])]).astype(np.int64)
        return Paths(first, np.concatenate(ways)), lasts

    def _back(self, before: Int32, end: int) -> Int32:
        """Read one way off a tree of quickest ways, from its end."""
        arcs, (junctions, _) = [], self._graph.shape
        while before[end] >= 0:
            arcs.append(int(before[end]) * junctions + end)
            end = int(before[end])
        return self._road[np.searchsorted(self._arc, np.array(arcs[::-1], np.int64))]

    def _taken(self, code: Int64, quickest: Paths) -> Paths:
        """Return the ways as drivers take them: where none passes both, the quickest."""
        known = np.searchsorted(self._learned.code, code)
        has = np.append(self._learned.code, -1)[known] == code  # any: 1
        every = joined(quickest, self._learned.ways)
        return pieces(every, np.where(has, len(code) + known, np.arange(len(code))))


def joined(one: Paths, other: Paths) -> Paths:
    """Return the paths of both, one's first."""
    return Paths(np.concatenate([one.first, one.first[-1] + other.first[1:]]), np.concatenate([one.road, other.road]))


def _graph(roads: Roads) -> tuple[csr_array, Int64, Int32]:
    """Return the streets for scipy, the quickest road where several join two junctions; arcs, rising, and their roads."""
    junctions = int(max(roads.tail.max(initial=-1), roads.head.max(initial=-1))) + 1  # any: 1
    arc = roads.tail.astype(np.int64) * junctions + roads.head
    order = np.lexsort((roads.crossing, arc))
    order = order[np.flatnonzero(np.diff(arc[order], prepend=-1))]  # any
    cost = roads.crossing[order].astype(np.float64)
    graph = csr_array((cost, (roads.tail[order], roads.head[order])), shape=(junctions, junctions))
    return graph, arc[order], order.astype(np.int32)
