"""Where traffic goes when everybody knows the roads: static user equilibrium, in which no trip has a quicker way left.

It proves the route choice of this project on networks whose answer is published (Sioux Falls, Anaheim). Wardrop's first
principle (1952) is the minimum of Beckmann's objective (Beckmann, McGuire & Winsten 1956), reached by gradient projection
on path flows (Jayakrishnan et al. 1994): shortest paths by SciPy, the shifts between paths in ``kernels/assignment.py``.
"""

import logging
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from alprsim.kernels import assignment as kernels
from alprsim.tables import Float64, Int32, Int64, Paths, Table, column

_log = logging.getLogger("alprsim.assignment")

_SWEEPS = 100
"""Over all pairs between two searches for new paths, at most."""

_ENOUGH = 0.01
"""Share of the excess cost at which the known paths are balanced well enough to search for new ones: of 0.3, 0.1, 0.03,
0.01 and 0.001 about the quickest to gaps of 1e-6 and 1e-12 on both Sioux Falls and Anaheim."""


class AssignmentError(ValueError):
    """A network or a demand that has no equilibrium: what was found, what is allowed."""


class Links(Table):
    """Links of a static network; time, length and toll in the source's own units, capacity in vehicles a period."""

    tail: Int32 = column("node", "it leaves, from 0")
    head: Int32 = column("node", "it reaches, from 0")
    capacity: Float64 = column("vehicles", "in the period that the demand is of")
    length: Float64 = column("the source's", "along the link")
    free_flow_time: Float64 = column("the source's", "to cross when empty")
    b: Float64 = column("", "share by which a volume at capacity lengthens the time")
    power: Float64 = column("", "of the ratio of volume to capacity")
    toll: Float64 = column("the source's", "money")
    kind: Int32 = column("", "the source's own number of its type")


class TripTable(Table):
    """Vehicles from zone to zone in one period; zone z is node z."""

    origin: Int32 = column("zone", "from, from 0")
    destination: Int32 = column("zone", "to, from 0")
    vehicles: Float64 = column("vehicles", "in the period")


class StaticNetwork(NamedTuple):
    """Links between nodes 0 to nodes − 1, of which the first `zones` are where trips start and end."""

    links: Links
    nodes: int
    zones: int
    first_thru: int
    """Nodes below it are centroids: trips start and end there, none passes through."""


class Iteration(NamedTuple):
    """One search for shortest paths."""

    gap: float
    """Relative gap: (cost of all trips − cost if each had today's shortest path) / cost of all trips."""
    objective: float
    """Beckmann's: the sum over links of the integral of cost up to the volume."""
    paths: int


class Equilibrium(NamedTuple):
    """Volumes at which no trip has a cheaper way, to the stated gap."""

    volume: Float64
    """float64[links], vehicles"""
    cost: Float64
    """float64[links], at that volume; tolls and lengths in it as weighted"""
    paths: Paths
    """Every path in use, as rows of links, ordered by pair."""
    pair: Int32
    """int32[paths]: the row of the trip table that drives it"""
    flow: Float64
    """float64[paths], vehicles"""
    iterations: tuple[Iteration, ...]
    converged: bool
    stopped: str
    """Why it stopped, in words."""

    @property
    def gap(self) -> float:
        """The relative gap at the end."""
        return self.iterations[-1].gap

    @property
    def objective(self) -> float:
        """Beckmann's objective at the end."""
        return self.iterations[-1].objective


class _Arcs(NamedTuple):
    """The graph that paths are searched in: parallel links are one arc; a centroid's way out is a node of its own."""

    first: Int64
    head: Int32
    group: Int64
    """Of `link`: where each arc's links start."""
    link: Int64
    """Links by (tail, head)."""
    nodes: int


class _Trips(NamedTuple):
    """Pairs with vehicles between two different zones."""

    pair: Int64
    """Rows of the trip table."""
    origin: Int32
    destination: Int32
    vehicles: Float64
    source: Int32
    """Where its search starts: the origin, or a centroid's way out."""
    tree: Int32
    """Which search that is."""


class _Known(NamedTuple):
    """The paths found so far, by trip."""

    paths: Paths
    trip: Int64
    flow: Float64


def assign(
    network: StaticNetwork, demand: TripTable, *, gap: float = 1e-6, iterations: int = 100, toll_weight: float = 0.0,
    length_weight: float = 0.0,
) -> Equilibrium:  # fmt: skip
    """Find the volumes at which no trip has a cheaper path.

    A link costs free_flow_time × (1 + b × (volume / capacity)^power) + toll_weight × toll + length_weight × length.
    Trips within a zone use no link and are left out (and said).

    Parameters
    ----------
    network, demand
        In one period.
    gap
        The relative gap to stop at.
    iterations
        Searches for shortest paths, at most; where the gap is then above `gap` the result says so, and a warning is logged.
    toll_weight, length_weight
        Time units for one unit of toll, of length.

    Raises
    ------
    AssignmentError
        A gap below 0 or no number, a link or a zone that does not exist, a capacity that is not above 0, a negative figure,
        a power between 0 and 1, two zones with trips but no way between them.
    """
    _check(network, demand)
    if not gap >= 0:  # nor not a number
        raise AssignmentError(f"gap must be 0 or more, not {gap}")
    if iterations < 1:
        raise AssignmentError(f"iterations must be at least 1, not {iterations}")
    curve = _curve(network.links, toll_weight, length_weight)
    arcs, trips = _arcs(network), _trips(network, demand)
    state = np.zeros((len(curve), 3))
    kernels.evaluate(curve, state)
    known = _all_or_nothing(trips, _search(arcs, trips, state)[1])
    done: list[Iteration] = []
    while True:
        state = _load(known, curve)
        least, paths = _search(arcs, trips, state)
        spent = float(state[:, kernels.VOLUME] @ state[:, kernels.COST])
        excess = max(0.0, spent - float(trips.vehicles @ least))
        done.append(Iteration(excess / spent if spent else 0.0, _objective(curve, state), len(known.flow)))
        if done[-1].gap <= gap or len(done) == iterations:
            return _equilibrium(trips, known, state, tuple(done), gap)
        known = _with(known, paths, least, state[:, kernels.COST])
        first_path = np.searchsorted(known.trip, np.arange(len(trips.pair) + 1)).astype(np.int64)
        kernels.shift(
            first_path, known.paths.first, known.paths.road, curve, state, known.flow, _SWEEPS, _ENOUGH * excess
        )
        known = _take(known, np.flatnonzero(known.flow))


def _check(network: StaticNetwork, demand: TripTable) -> None:
    """Refuse what no equilibrium can be found for."""
    links = network.links
    for name, low, high in (("tail", 0, network.nodes - 1), ("head", 0, network.nodes - 1), ("power", 0, np.inf)):
        _within(f"Links.{name}", getattr(links, name), low, high)
    for name in ("length", "free_flow_time", "b", "toll"):
        _within(f"Links.{name}", getattr(links, name), 0, np.inf)
    _within("Links.capacity", links.capacity, np.nextafter(0, 1), np.inf)
    between = (links.power > 0) & (links.power < 1)
    if between.any():  # its slope at volume 0 is without bound
        row = int(np.argmax(between))
        raise AssignmentError(f"Links.power must be 0 or at least 1; row {row} is {links.power[row]:g}")
    if not 1 <= network.zones <= network.nodes:
        raise AssignmentError(f"zones must be 1 to {network.nodes}, the number of nodes, not {network.zones}")
    _within("TripTable.origin", demand.origin, 0, network.zones - 1)
    _within("TripTable.destination", demand.destination, 0, network.zones - 1)
    _within("TripTable.vehicles", demand.vehicles, 0, np.inf)


def _within(name: str, values: NDArray[np.generic], low: float, high: float) -> None:
    wrong = ~((values >= low) & (values <= high) & np.isfinite(values))  # type: ignore[operator]
    if wrong.any():
        row = int(np.argmax(wrong))
        allowed = f"{low:g} to {high:g}" if np.isfinite(high) else "above 0" if low > 0 else "0 or more, and finite"
        raise AssignmentError(f"{name} must be {allowed}; row {row} is {values[row]:g}")


def _curve(links: Links, toll_weight: float, length_weight: float) -> NDArray[np.float64]:
    """Return the columns that ``kernels.evaluate`` reads."""
    curve = np.empty((len(links), 4))
    curve[:, kernels.BASE] = links.free_flow_time + toll_weight * links.toll + length_weight * links.length
    curve[:, kernels.RISE] = links.free_flow_time * links.b
    curve[:, kernels.POWER] = links.power
    curve[:, kernels.CAPACITY] = links.capacity
    return curve


def _objective(curve: NDArray[np.float64], state: NDArray[np.float64]) -> float:
    base, rise, power, capacity = curve.T
    volume = state[:, kernels.VOLUME]
    return float(np.sum(base * volume + rise * capacity * (volume / capacity) ** (power + 1) / (power + 1)))


def _arcs(network: StaticNetwork) -> _Arcs:
    links, nodes = network.links, network.nodes
    tail = np.where(links.tail < network.first_thru, links.tail + nodes, links.tail)
    link = np.lexsort((links.head, tail))
    new = np.ones(len(link), np.bool_)
    new[1:] = np.diff(tail[link]).astype(np.bool_) | np.diff(links.head[link]).astype(np.bool_)
    group = np.flatnonzero(new)
    first = np.searchsorted(tail[link[group]], np.arange(nodes + network.first_thru + 1))
    return _Arcs(first.astype(np.int64), links.head[link[group]], group, link, nodes + network.first_thru)


def _trips(network: StaticNetwork, demand: TripTable) -> _Trips:
    """Return the pairs that drive, by origin."""
    inside = (demand.origin == demand.destination) & (demand.vehicles > 0)
    if inside.any():
        _log.info("%g vehicles within a zone left out: they use no link", demand.vehicles[inside].sum())
    pair = np.flatnonzero((demand.vehicles > 0) & ~inside)
    pair = pair[np.argsort(demand.origin[pair], kind="stable")]
    origin = demand.origin[pair]
    source = np.where(origin < network.first_thru, origin + network.nodes, origin).astype(np.int32)
    tree = np.unique(source, return_inverse=True)[1].astype(np.int32)
    return _Trips(pair, origin, demand.destination[pair], demand.vehicles[pair], source, tree)


def _search(arcs: _Arcs, trips: _Trips, state: NDArray[np.float64]) -> tuple[Float64, Paths]:
    """Return the cost of each trip's cheapest path, and the path."""
    cost = state[:, kernels.COST]
    link = _cheapest(arcs, cost)
    graph = csr_array((cost[link], arcs.head, arcs.first), shape=(arcs.nodes, arcs.nodes))
    least, before = dijkstra(graph, indices=np.unique(trips.source), return_predecessors=True)
    before = np.ascontiguousarray(before, np.int32)
    count = np.zeros(len(trips.pair), np.int64)
    lost = kernels.count_links(before, trips.tree, trips.source, trips.destination, count)
    if lost >= 0:
        zones = f"zone {trips.origin[lost]} to zone {trips.destination[lost]}"
        raise AssignmentError(f"no way leads from {zones}, between which {trips.vehicles[lost]:g} vehicles go")
    first = np.concatenate(([0], np.cumsum(count)))
    driven = np.empty(first[-1], np.int32)
    kernels.fill_links(before, trips.tree, trips.destination, arcs.first, arcs.head, link, first, driven)
    return least[trips.tree, trips.destination], Paths(first, driven)


def _cheapest(arcs: _Arcs, cost: Float64) -> Int32:
    """Return the link that each arc stands for: the cheapest, of equal ones the first."""
    arc = np.repeat(np.arange(len(arcs.group)), np.diff(arcs.group, append=len(arcs.link)))
    order = np.lexsort((arcs.link, cost[arcs.link], arc))
    return arcs.link[order[arcs.group]].astype(np.int32)


def _all_or_nothing(trips: _Trips, paths: Paths) -> _Known:
    """Put every trip on its cheapest path."""
    return _Known(paths, np.arange(len(trips.pair)), trips.vehicles.copy())


def _with(known: _Known, paths: Paths, least: Float64, cost: Float64) -> _Known:
    """Add each trip's cheapest path where it is cheaper than all that are known, without vehicles."""
    each = np.add.reduceat(cost[known.paths.road], known.paths.first[:-1])
    cheapest = np.minimum.reduceat(each, np.flatnonzero(np.diff(known.trip, prepend=-1)))
    both = _Known(
        Paths(
            np.concatenate((known.paths.first, known.paths.first[-1] + paths.first[1:])),
            np.concatenate((known.paths.road, paths.road)),
        ),
        np.concatenate((known.trip, np.arange(len(least)))),
        np.concatenate((known.flow, np.zeros(len(least)))),
    )
    rows = np.concatenate((np.arange(len(known.trip)), len(known.trip) + np.flatnonzero(least < cheapest)))
    return _take(both, rows[np.argsort(both.trip[rows], kind="stable")])


def _take(known: _Known, rows: Int64) -> _Known:
    count = np.diff(known.paths.first)[rows]
    first = np.concatenate(([0], np.cumsum(count)))
    place = np.arange(first[-1]) + np.repeat(known.paths.first[rows] - first[:-1], count)
    return _Known(Paths(first, known.paths.road[place]), known.trip[rows], known.flow[rows])


def _load(known: _Known, curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return volumes, costs and slopes as the paths' flows make them: afresh, so that rounding does not add up."""
    state = np.zeros((len(curve), 3))
    vehicles = np.repeat(known.flow, np.diff(known.paths.first))
    state[:, kernels.VOLUME] = np.bincount(known.paths.road, weights=vehicles, minlength=len(curve))
    kernels.evaluate(curve, state)
    return state


def _equilibrium(
    trips: _Trips, known: _Known, state: NDArray[np.float64], done: tuple[Iteration, ...], gap: float
) -> Equilibrium:
    converged = done[-1].gap <= gap
    stopped = f"gap {done[-1].gap:.2g} {'≤' if converged else 'still above'} {gap:g} after {len(done)} iterations"
    if not converged:
        _log.warning("static assignment: %s, the most allowed", stopped)
    return Equilibrium(
        volume=state[:, kernels.VOLUME].copy(), cost=state[:, kernels.COST].copy(), paths=known.paths,
        pair=trips.pair[known.trip].astype(np.int32), flow=known.flow, iterations=done, converged=converged,
        stopped=stopped,
    )  # fmt: skip
