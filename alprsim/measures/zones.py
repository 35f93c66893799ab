"""The map as a tracker knows it: zones of streets, how long it takes between them, and which cameras lie on the way."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from alprsim.tables import Bool, Float64, Int32, Int64, Junctions, PlaceKind, Places, Roads, Sites

MOST_BEYOND = 16
"""Zones for what lies beyond the simulated streets; gateways are put together where there are more."""

SPREAD = 4
"""Junctions of a zone that stand for it when ways are looked for."""

DETOURS = ((0.95, 30.0), (0.05, 300.0))
"""Shares of ways, and the s of detour past a camera that make them e times rarer: few go far out of their way. Assumption."""

SMOOTH, POWERS = 2.0, (0.5, 1.0, 2.0, 4.0, 8.0)
"""Trips that what the streets alone say counts for, and powers of it that are tried. Assumption."""


class Zones(NamedTuple):
    """Streets zones first, then those beyond. What is in a zone is spread over its points, as its places are."""

    streets: int
    """How many are of streets."""
    of_junction: Int32
    of_place: Int32
    x: Float64
    """[points] m: junctions, then gateways."""
    y: Float64
    zone: Int32
    """[points], rising."""
    share: Float64
    """[points]: of all that is in its zone; a zone's add up to 1."""
    junction: Int32
    """[points]"""

    @property
    def many(self) -> int:
        """How many there are."""
        return int(self.zone[-1]) + 1


class Travel(NamedTuple):
    """Between zones at free flow, s, and past each site."""

    between: Float64
    """[zones, zones]"""
    to_site: Float64
    """[zones, sites]"""
    from_site: Float64
    """[zones, sites]: from the site to the zone."""
    past: Float64
    """[sites, zones, zones]: the share of ways between two zones that pass a site; zeros for sites not asked about."""


def cut(junctions: Junctions, places: Places, count: int) -> Zones:
    """Cut the junctions in halves, at the median across the longer side, until there are `count` zones or about as many.

    Gateways have zones of their own: a car beyond one is known to be nowhere nearer than that. A place weighs as it attracts
    (a home area its residents), and every junction as one beside.
    """
    beyond = places.kind == PlaceKind.BEYOND
    of_junction = _halved(junctions.x, junctions.y, count)
    streets = int(of_junction.max(initial=-1)) + 1
    gates = np.unique(places.junction[beyond])
    of_gate = _halved(junctions.x[gates], junctions.y[gates], MOST_BEYOND) + np.int32(streets)
    of_place = of_junction[places.junction]
    of_place[beyond] = of_gate[np.searchsorted(gates, places.junction[beyond])]
    weight = 1.0 + np.bincount(places.junction[~beyond], places.weight[~beyond], len(junctions))
    outside = np.bincount(places.junction[beyond], places.weight[beyond], len(junctions))[gates] + 1.0
    junction = np.concatenate([np.arange(len(junctions)), gates])
    zone, mass = np.concatenate([of_junction, of_gate]), np.concatenate([weight, outside])
    order = np.argsort(zone, kind="stable")
    junction, zone, mass = junction[order].astype(np.int32), zone[order], mass[order]
    share = mass / np.bincount(zone, mass)[zone]
    return Zones(streets, of_junction, of_place, junctions.x[junction], junctions.y[junction], zone, share, junction)


def under(zones: Zones, junctions: Junctions, x: Float64, y: Float64) -> Int32:
    """Return the zone of the junction next to each point."""
    apart = np.hypot(junctions.x - x[:, None], junctions.y - y[:, None])
    found: Int32 = zones.of_junction[apart.argmin(axis=1)]
    return found


def travel(zones: Zones, roads: Roads, sites: Sites, asked: Bool) -> Travel:
    """Find the quickest ways on empty roads between a few junctions of every zone, and what passing each site would add.

    Parameters
    ----------
    asked : bool[sites]
        Of which sites to say what share of ways passes them.
    """
    few, zone = standing_for(zones)
    streets = graph(roads, len(zones.of_junction))
    there = np.asarray(dijkstra(streets, indices=few), np.float64)
    back = np.asarray(dijkstra(streets.T.tocsr(), indices=few), np.float64)
    n, mean = zones.many, _mean_by(zone)
    tail, head = roads.tail[sites.road], roads.head[sites.road]
    crossing = roads.crossing[sites.road] / 1000.0
    direct = there[:, few]
    past = np.zeros((len(sites), n, n))
    for site in np.flatnonzero(asked).tolist():
        around = there[:, tail[site], None] + crossing[site] + back[None, :, head[site]] - direct
        driven = sum(share * np.exp(-np.maximum(around, 0) / detour) for share, detour in DETOURS)
        past[site] = mean @ driven @ mean.T
    to_site, from_site = mean @ (there[:, tail] + crossing), mean @ back[:, head]
    return Travel(mean @ direct @ mean.T, to_site, from_site, past)


def learned(past: Float64, pair: Int64, passes: Bool) -> Float64:
    """Return what share of ways between two zones passes each site, [sites, zones, zones], learned from some trips.

    What `travel` says, to the power under which those trips are likeliest, counts for `SMOOTH` trips between each two zones.

    Parameters
    ----------
    past : float64[sites, zones, zones]
        Of `travel`.
    pair : int64[trips], zone × zones + zone
    passes : bool[sites, trips]
        Whether it drove past.
    """
    sites, zones, _ = past.shape
    flat = np.clip(past.reshape(sites, zones * zones), 1e-6, 1.0 - 1e-6)
    said = flat[:, pair]
    fit = [np.log(np.where(passes, said**power, 1.0 - said**power)).sum() for power in POWERS]
    n = np.bincount(pair, minlength=flat.shape[1]).astype(np.float64)
    seen = np.array([np.bincount(pair, row, flat.shape[1]) for row in passes]).reshape(flat.shape)
    shares: Float64 = (seen + SMOOTH * flat ** POWERS[int(np.argmax(fit))]) / (n + SMOOTH)
    return shares.reshape(past.shape)


def _halved(x: Float64, y: Float64, count: int) -> Int32:
    """Return which part each point falls into; equal points are never parted."""
    part = np.zeros(len(x), np.int32)
    waiting = [np.arange(len(x))] if len(x) else []
    finished: list[np.ndarray] = []
    while waiting and len(waiting) + len(finished) < count:
        waiting.sort(key=len)
        rows = waiting.pop()
        along = x[rows] if np.ptp(x[rows]) >= np.ptp(y[rows]) else y[rows]
        low = along <= np.sort(along)[(len(rows) - 1) // 2]
        if low.all():
            low = along < along.max()
        if low.any() and not low.all():
            waiting += [rows[low], rows[~low]]
        else:
            finished.append(rows)
    for number, rows in enumerate(sorted(finished + waiting, key=lambda rows: int(rows[0]))):
        part[rows] = number
    return part


def standing_for(zones: Zones) -> tuple[Int32, Int32]:
    """Return a few junctions of each zone, at equal steps of what is in it, and their zones."""
    kept = []
    for zone in range(zones.many):
        rows = np.flatnonzero(zones.zone == zone)
        up_to = np.cumsum(zones.share[rows])
        rows = rows[np.searchsorted(up_to, (np.arange(SPREAD) + 0.5) / SPREAD * up_to[-1])]
        kept.append(np.unique(rows))
    rows = np.concatenate(kept)
    return zones.junction[rows], zones.zone[rows]


def graph(roads: Roads, junctions: int) -> csr_matrix:
    """Return the seconds that each pair of neighbouring junctions takes; of several roads the quickest."""
    order = np.lexsort((roads.crossing, roads.head, roads.tail))
    tail, head = roads.tail[order], roads.head[order]
    first = np.flatnonzero((np.diff(tail, prepend=-1) != 0) | (np.diff(head, prepend=-1) != 0))  # any: 1
    seconds = np.maximum(roads.crossing[order][first], 1) / 1000.0
    return csr_matrix((seconds, (tail[first], head[first])), shape=(junctions, junctions))


def _mean_by(zone: Int32) -> Float64:
    """Return the matrix that averages rows by zone."""
    picks = (np.arange(zone[-1] + 1)[:, None] == zone).astype(np.float64)
    mean: Float64 = picks / picks.sum(axis=1, keepdims=True)
    return mean
