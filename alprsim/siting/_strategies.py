"""Strategies: roads in order of preference."""

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from alprsim import randomness
from alprsim.kernels import routes as kernels
from alprsim.siting._ground import Ground, SitingError, Task, Work, by_flow, inside, takes
from alprsim.tables import Float64, Int64, PlaceKind, RoadKind

PIVOTS = 4000
"""Junctions from which quickest ways are counted, at most: drawn by their own numbers. The eight departments' 18,474
junctions take 2.1 ms each, so 8 s; the error is told with the result."""

# No library beside ours: there a pivot takes igraph 1.0, whose licence is the GPL, 5.8 ms, and rustworkx 0.18 knows no weights.

BANDWIDTH = 300.0
"""Metres over which a place counts to a hot spot: the Gaussian's standard deviation. Assumption."""


def _busiest(work: Work, task: Task) -> Int64:
    return by_flow(work.ground, inside(work.ground, task) & takes(work.ground, task))


def _gateways(work: Work, task: Task) -> Int64:
    """Return the roads that cross the town's boundary or lead beyond the map, the busiest first; then the town's others.

    So where a town has fewer gateways than cameras, the rest of them stand on its busiest roads.
    """
    ground = work.ground
    places = ground.network.places
    beyond = places.junction[places.kind == PlaceKind.BEYOND]
    roads = ground.network.roads
    starts, ends = ground.from_town == task.town, ground.to_town == task.town
    leads_out = np.isin(roads.tail, beyond) | np.isin(roads.head, beyond)
    crosses = leads_out if task.town < 0 else (starts != ends) | (leads_out & starts)
    able = takes(ground, task)
    others = inside(ground, task) & able & ~crosses
    return np.concatenate([by_flow(ground, crosses & able), by_flow(ground, others)])


def _random(work: Work, task: Task) -> Int64:
    """Return the roads with traffic in an order drawn for each by its junctions."""
    ground = work.ground
    pool = np.flatnonzero(inside(ground, task) & takes(ground, task) & (ground.flow > 0))
    drawn = randomness.draw(randomness.stream(work.seed, f"random sites of {task.agency}"), ground.name[pool])
    return pool[np.argsort(drawn, kind="stable")]


def _near_places(work: Work, task: Task) -> Int64:
    """Return the roads at the junctions of one kind of place: each place's busiest, then each one's second busiest."""
    near = task.group.near
    if near is None:
        raise SitingError(f"{task.label}: siting near_places needs `near`, a kind of place")
    ground = work.ground
    network = ground.network
    at = np.unique(network.places.junction[network.places.kind == PlaceKind[near.upper()]])
    road = by_flow(ground, inside(ground, task) & takes(ground, task))
    junction = np.concatenate((network.roads.tail[road], network.roads.head[road]))
    rank = np.tile(np.arange(len(road)), 2)
    touching = np.flatnonzero(np.isin(junction, at))
    touching = touching[np.lexsort((rank[touching], junction[touching]))]
    junction, rank = junction[touching], rank[touching]
    turn = np.arange(len(junction)) - np.searchsorted(junction, junction)
    question = randomness.stream(work.seed, f"which {near} gets a camera of {task.agency}")
    drawn = randomness.draw(question, network.junctions.osm_id[junction])
    ranked = road[rank[np.lexsort((drawn, turn))]]
    return ranked[np.sort(np.unique(ranked, return_index=True)[1])]


def _hot_spots(work: Work, task: Task) -> Int64:
    """Return the roads in order of how many places of the chosen kinds lie around their middle.

    The density is a sum of Gaussians with the bandwidth as standard deviation, cut off at three of them. It tells where such
    places cluster; where crimes happen no table here says.
    """
    ground, group = work.ground, task.group
    if not group.kinds:
        raise SitingError(f"{task.label}: siting hot_spots needs `kinds`, kinds of place")
    places, junctions = ground.network.places, ground.network.junctions
    at = places.junction[np.isin(places.kind, [PlaceKind[kind.upper()] for kind in group.kinds])]
    road = by_flow(ground, inside(ground, task) & takes(ground, task))
    density = _density(
        ground.middle[road], np.column_stack((junctions.x[at], junctions.y[at])), group.bandwidth or BANDWIDTH
    )
    ranked = np.lexsort((np.arange(len(road)), -density))
    return road[ranked[density[ranked] > 0]]


def _density(points: Float64, places: Float64, bandwidth: float) -> Float64:
    if not len(points) or not len(places):
        return np.zeros(len(points))
    near = cKDTree(points).sparse_distance_matrix(cKDTree(places), 3 * bandwidth, output_type="coo_matrix")
    weight = np.exp(-0.5 * (near.data / bandwidth) ** 2)
    # A place at the very middle of a road has distance 0, which a sparse matrix keeps when it is made by coordinates.
    return np.round(np.bincount(near.row, weight, len(points)), 9)


def _betweenness(work: Work, task: Task) -> Int64:
    """Return the roads by how many pairs of junctions the quickest way at free flow leads over them, from drawn pivots."""
    ground = work.ground
    between, error = work.between()
    roads = np.flatnonzero(inside(ground, task) & takes(ground, task) & (between > 0))
    ranked = roads[np.lexsort((ground.name[roads], -between[roads]))]
    top = ranked[: max(task.asked, 1)]
    n = len(ground.network.junctions)
    if n > PIVOTS and len(top):
        work.told.append(
            f"{task.label}: betweenness from {PIVOTS:,} of {n:,} junctions; standard error of its {len(top)} highest roads: "
            f"{np.median(error[top] / between[top]):.1%} (median)"
        )
    return ranked


def betweenness(ground: Ground) -> tuple[Float64, Float64]:
    """Return each road's betweenness, pairs of junctions, and its standard error; from at most PIVOTS junctions it is exact."""
    roads, n = ground.network.roads, len(ground.network.junctions)
    drawn = randomness.draw(randomness.stream(0, "pivots of betweenness"), ground.network.junctions.osm_id)
    pivot = np.sort(np.argsort(drawn, kind="stable")[:PIVOTS]).astype(np.int32)
    first = np.searchsorted(roads.tail, np.arange(n + 1)).astype(np.int64)
    mean, spread = np.zeros(len(roads)), np.zeros(len(roads))
    kernels.betweenness(first, roads.head, roads.crossing, pivot, mean, spread)
    k = len(pivot)
    variance = spread / max(k - 1, 1) / k * (1 - k / n)  # drawn without replacement
    return mean * n, np.sqrt(variance) * n


def _motorways(work: Work, task: Task) -> Int64:
    """Return the motorways, the busiest first."""
    ground = work.ground
    return by_flow(ground, inside(ground, task) & ~task.barred & (ground.network.roads.kind == RoadKind.MOTORWAY))


RANKS: dict[str, Callable[[Work, Task], Int64]] = {
    "busiest": _busiest, "gateways": _gateways, "random": _random, "near_places": _near_places, "hot_spots": _hot_spots,
    "betweenness": _betweenness, "motorways": _motorways,
}  # fmt: skip
