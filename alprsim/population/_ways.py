"""The quickest ways on empty roads, for what a population's trips come to in kilometres and minutes."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from alprsim.tables import Float64, Int32, Roads


def quickest(roads: Roads, origin: Int32, destination: Int32) -> tuple[Float64, Float64]:
    """Return the kilometres and minutes of the quickest way, at free flow, of each pair of junctions.

    A pair that no way joins has infinite minutes and not-a-number kilometres.
    """
    n = int(
        max(roads.tail.max(initial=0), roads.head.max(initial=0), origin.max(initial=0), destination.max(initial=0))
    )
    n += 1
    order = np.lexsort((roads.crossing, roads.head, roads.tail))  # of parallel roads the quickest first
    pair = roads.tail[order].astype(np.int64) * n + roads.head[order]
    pair, first = np.unique(pair, return_index=True)
    length, crossing = roads.length[order][first].astype(np.float64), roads.crossing[order][first].astype(np.float64)
    graph = csr_array((crossing, np.divmod(pair, n)), shape=(n, n))
    km, minutes = np.zeros(len(origin)), np.zeros(len(origin))
    for start in np.unique(origin):
        rows = np.flatnonzero(origin == start)
        time, before = dijkstra(graph, indices=int(start), return_predecessors=True)
        minutes[rows] = time[destination[rows]] / 60_000
        at, metres = destination[rows].astype(np.int64), np.zeros(len(rows))
        metres[np.isinf(minutes[rows])] = np.nan
        moving = (at != start) & ~np.isnan(metres)
        while moving.any():
            came = before[at[moving]].astype(np.int64)
            metres[moving] += length[np.searchsorted(pair, came * n + at[moving])]
            at[moving] = came
            moving &= at != start
        km[rows] = metres / 1000
    return km, minutes
