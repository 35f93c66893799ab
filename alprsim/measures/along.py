"""Where on its way a car is that drives from one zone to another, or past a camera, so long after it left or was read."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from alprsim.measures.zones import Zones, graph, standing_for
from alprsim.tables import Bool, Float32, Float64, Int16, Int32, Int64, Roads, Sites

BEAT = 30
"""s: how finely what is driven before and after a read is told. Assumption."""


PACES = 0.7, 0.85, 1.0, 1.15, 1.3
"""Times the speed on empty roads at which cars may drive, an assumption; how likely each is, a car's reads tell (`paces`)."""

EVEN = np.full(len(PACES), 1 / len(PACES))


class Along(NamedTuple):
    """The quickest ways on empty roads between some junctions of each zone, their ends, and from and to each site."""

    zone: Int32
    """[ends]"""
    share: Float32
    """[zones, zones, zones]: of the time that it takes from the first to the second, what is spent in the third."""
    after: Int16
    """[sites, ends, beats]: 1 + the zone in which a car is that was at the site and is bound for an end; 0: it has arrived."""
    before: Int16
    """[sites, ends, beats]: the same of one that comes from an end, so long before the site; 0: it has not left."""
    of_site: Int32
    """[sites]: the zone of each."""
    takes: Float64
    """[sites, sites]: s from having been read at the first to being read at the second; 0 where it tells no pace: on the same
    road, out of reach, or not asked about."""

    def at(self, site: int, seconds: float, astray: float, pace: Float64, *, back: bool) -> Float64:
        """Return where a car is, [zones bound for (or left), zones]: a row adds up to the share that is still on the way.

        Parameters
        ----------
        astray : float
            The share of cars that may be anywhere between the site and the other end.
        pace : float64[paces]
            How likely each of `PACES` is; they add up to 1.
        """
        table, many, here = self.before if back else self.after, len(self.share), self.of_site[site]
        beats = np.minimum(np.array(PACES) * (seconds / BEAT), table.shape[2] - 1).astype(np.int64)
        where = self.zone * (many + 1) + table[site][:, beats].T
        likely = np.repeat(pace, len(self.zone))
        cell = np.bincount(where.ravel(), likely, many * (many + 1)).reshape(many, many + 1)
        found = cell[:, 1:] / cell.sum(axis=1, keepdims=True)
        anywhere = self.share[:, here] if back else self.share[here]
        mixed: Float64 = found + astray * (found.sum(axis=1, keepdims=True) * anywhere - found)
        return mixed


def find(zones: Zones, roads: Roads, sites: Sites, asked: Bool, longest: int) -> Along:
    """Find the ways, those from and to a site up to ``longest`` s from it, of the sites asked about; zeros for others."""
    ends, zone = standing_for(zones)
    streets = graph(roads, len(zones.of_junction))
    far, tree = dijkstra(streets, indices=ends, return_predecessors=True)
    back, onward = dijkstra(streets.T.tocsr(), indices=ends, return_predecessors=True)
    before, after = (np.zeros((len(sites), len(ends), longest // BEAT + 1), np.int16) for _ in range(2))  # any: 1
    which = np.flatnonzero(asked)
    tail, head = roads.tail[sites.road[which]], roads.head[sites.road[which]]
    passes = roads.crossing[sites.road[which]] / 1000.0
    of = zones.of_junction
    after[which] = _passed(np.asarray(onward), np.asarray(back), head, 0.0 * passes, of, after.shape[2])
    before[which] = _passed(np.asarray(tree), np.asarray(far), tail, passes, of, before.shape[2])
    shares = _shares(np.asarray(tree), np.asarray(far), ends, zone, of)
    return Along(zone, shares, after, before, of[roads.tail[sites.road]], _takes(streets, roads, sites, which))


def _takes(streets: csr_matrix, roads: Roads, sites: Sites, which: Int64) -> Float64:
    """Return how long it takes from one site past the other by the quickest way; zeros as `Along.takes` says."""
    road, takes = sites.road[which], np.zeros((len(sites), len(sites)))
    if len(which):
        crossing = roads.crossing[road] / 1000.0
        into = crossing * np.clip(sites.offset[which] / np.maximum(roads.length[road], 1e-3), 0.0, 1.0)
        between = np.asarray(dijkstra(streets, indices=roads.head[road]))[:, roads.tail[road]]
        apart = (crossing - into)[:, None] + between + into
        takes[np.ix_(which, which)] = np.where(np.isfinite(apart) & (road[:, None] != road), apart, 0.0)
    return takes


def _edges(
    tree: Int32, far: Float64, root: Int64, node: Int64
) -> Iterator[tuple[NDArray[np.integer], Int64, Int32, Float64]]:
    """Walk from nodes to the roots of their trees, all at once: which of them, from where, to where, s."""
    rows, node = np.arange(len(node)), node.copy()
    while len(rows):
        there = tree[root[rows], node[rows]]
        rows, there = rows[there >= 0], there[there >= 0]
        here = node[rows]
        yield rows, here, there, far[root[rows], here] - far[root[rows], there]
        node[rows] = there


def _passed(tree: Int32, far: Float64, start: Int32, begun: Float64, of: Int32, beats: int) -> Int16:
    """Return 1 + the zone at each beat of the ways from each start to the root of each tree, [starts, roots, beats].

    The first half of a road counts as at the junction where it begins, the other half as at the next.
    """
    roots = len(tree)
    node, root = np.repeat(start, roots).astype(np.int64), np.tile(np.arange(roots), len(start))
    found = np.zeros((len(node), beats), np.int16)
    now = np.repeat(begun, roots)
    reached = np.isfinite(far[root, node])
    _fill(found, np.flatnonzero(reached), 0.0 * now[reached], now[reached], of[node[reached]])
    for rows, here, there, seconds in _edges(tree, far, root, node):
        half = now[rows] + seconds / 2
        _fill(found, rows, now[rows], half, of[here])
        _fill(found, rows, half, now[rows] + seconds, of[there])
        now[rows] += seconds
    return found.reshape(len(start), roots, beats)


def _fill(found: Int16, rows: NDArray[np.integer], since: Float64, until: Float64, zone: Int32) -> None:
    """Write down a zone at the beats of some rows from `since` to before `until`."""
    low, high = (np.minimum(np.ceil(s / BEAT), found.shape[1]).astype(np.int64) for s in (since, until))
    while len(rows):
        more = low < high
        rows, low, high, zone = rows[more], low[more], high[more], zone[more]
        found[rows, low] = zone + 1
        low = low + 1


def _shares(tree: Int32, far: Float64, ends: Int32, zone: Int32, of: Int32) -> Float32:
    """Return what share of the time between two zones is spent in each; of a road, as much at each of its junctions."""
    many, each = int(zone[-1]) + 1, len(ends)
    root, goal = np.repeat(np.arange(each), each), np.tile(np.arange(each), each)
    pair = zone[root].astype(np.int64) * many + zone[goal]
    spent = np.zeros(many**3)
    spent[pair * many + of[ends[goal]]] += 1e-9
    for rows, here, there, seconds in _edges(tree, far, root, ends[goal].astype(np.int64)):
        for junction in (here, there):
            np.add.at(spent, pair[rows] * many + of[junction], seconds)
    by_zone = spent.reshape(many, many, many)
    shares: Float32 = (by_zone / by_zone.sum(axis=2, keepdims=True)).astype(np.float32)
    return shares
