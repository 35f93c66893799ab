"""Shortest paths read from trees, and vehicles shifted between paths until none is quicker: static user equilibrium.

The shift is gradient projection on path flows (Jayakrishnan, Tsai, Prashker & Rajadhyaksha 1994), one pair of an origin
and a destination after another, each seeing what those before it did. Costs are c(v) = base + rise · (v / capacity)^power.
"""

import numpy as np

from alprsim.kernels._jit import (
    Float64Grid,
    Float64GridOut,
    Float64Out,
    Int8Out,
    Int32,
    Int32Grid,
    Int32Out,
    Int64,
    Int64Out,
    kernel,
    part_of_kernel,
)

BASE, RISE, POWER, CAPACITY = range(4)  # columns of `curve`
VOLUME, COST, SLOPE = range(3)  # columns of `state`
APART, CHEAPEST, SHARED = range(3)  # where a link lies, seen from the two paths that are compared

_NEWTON = 20  # steps at most for one pair of paths: bounds the work where costs are steep


@kernel
def count_links(before: Int32Grid, tree: Int32, source: Int32, destination: Int32, count: Int64Out) -> int:
    """Count the links of each pair's shortest path; return the first pair that is not joined, or −1.

    Parameters
    ----------
    before : int32[n_trees, n_nodes]
        The node before each one on the way from the tree's source; negative at the source and where there is no way.
    tree, source, destination : int32[n_pairs]
        The row of ``before``, and the two ends.
    count : int64[n_pairs]
        Written.
    """
    for pair in range(len(tree)):
        node = destination[pair]
        links = 0
        while node != source[pair]:
            node = before[tree[pair], node]
            if node < 0:
                return pair
            links += 1
        count[pair] = links
    return -1


@kernel
def fill_links(
    before: Int32Grid, tree: Int32, destination: Int32, first_arc: Int64, arc_head: Int32, arc_link: Int32,
    first: Int64, link: Int32Out,
) -> None:  # fmt: skip
    """Write the links of each pair's shortest path, from source to destination, to ``link[first[p]:first[p + 1]]``.

    Node n's arcs are ``first_arc[n]:first_arc[n + 1]``, at most one to each ``arc_head``; ``arc_link`` is the link that
    the arc stands for: of parallel ones the cheapest.
    """
    for pair in range(len(tree)):
        node = destination[pair]
        for place in range(first[pair + 1] - 1, first[pair] - 1, -1):
            tail = before[tree[pair], node]
            for arc in range(first_arc[tail], first_arc[tail + 1]):
                if arc_head[arc] == node:
                    link[place] = arc_link[arc]
            node = tail


@part_of_kernel
def _evaluate(curve: Float64Grid, state: Float64GridOut, link: int) -> None:
    power = curve[link, POWER]
    use = state[link, VOLUME] / curve[link, CAPACITY]
    if power == 0.0:
        state[link, COST] = curve[link, BASE] + curve[link, RISE]
        state[link, SLOPE] = 0.0
    else:
        steep = curve[link, RISE] * use ** (power - 1.0)
        state[link, COST] = curve[link, BASE] + steep * use
        state[link, SLOPE] = power * steep / curve[link, CAPACITY]


@kernel
def evaluate(curve: Float64Grid, state: Float64GridOut) -> None:
    """Write the COST and SLOPE of every link at its VOLUME.

    Parameters
    ----------
    curve : float64[n_links, 4]
        BASE, RISE (units of cost), POWER (0 or at least 1), CAPACITY (vehicles).
    state : float64[n_links, 3]
        VOLUME (vehicles) is read; COST and SLOPE (cost a vehicle) are written.
    """
    for link in range(len(curve)):
        _evaluate(curve, state, link)


@part_of_kernel
def _load(curve: Float64Grid, state: Float64GridOut, link: int, vehicles: float) -> None:
    """Add vehicles to a link; what rounding leaves below nothing is nothing."""
    state[link, VOLUME] = max(0.0, state[link, VOLUME] + vehicles)
    _evaluate(curve, state, link)


@part_of_kernel
def _cheapest(start: int, end: int, first_link: Int64, link: Int32, state: Float64GridOut) -> int:
    best, least = start, np.inf
    for path in range(start, end):
        cost = 0.0
        for place in range(first_link[path], first_link[path + 1]):
            cost += state[link[place], COST]
        if cost < least:
            best, least = path, cost
    return best


@part_of_kernel
def _balance(
    path: int, best: int, first_link: Int64, link: Int32, curve: Float64Grid, state: Float64GridOut, flow: Float64Out,
    where: Int8Out,
) -> float:  # fmt: skip
    """Shift vehicles from one path to the cheapest; return the excess cost before."""
    for place in range(first_link[path], first_link[path + 1]):
        if where[link[place]] == CHEAPEST:
            where[link[place]] = SHARED
    vehicles: float = flow[path]
    first_difference, moved = 0.0, 0.0
    for step in range(_NEWTON):
        difference, slope = 0.0, 0.0
        for place in range(first_link[path], first_link[path + 1]):
            if where[link[place]] == APART:
                difference += state[link[place], COST]
                slope += state[link[place], SLOPE]
        for place in range(first_link[best], first_link[best + 1]):
            if where[link[place]] == CHEAPEST:
                difference -= state[link[place], COST]
                slope += state[link[place], SLOPE]
        if step == 0:
            first_difference = max(0.0, difference)
        if abs(difference) <= first_difference / 2 or first_difference == 0.0:
            break
        target = vehicles if difference > 0.0 else 0.0  # without a slope
        if slope > 0.0:
            target = min(vehicles, max(0.0, moved + difference / slope))
        if target == moved:
            break
        for place in range(first_link[path], first_link[path + 1]):
            if where[link[place]] == APART:
                _load(curve, state, link[place], moved - target)
        for place in range(first_link[best], first_link[best + 1]):
            if where[link[place]] == CHEAPEST:
                _load(curve, state, link[place], target - moved)
        moved = target
    for place in range(first_link[path], first_link[path + 1]):
        if where[link[place]] == SHARED:
            where[link[place]] = CHEAPEST
    flow[path] = vehicles - moved
    flow[best] += moved
    return vehicles * first_difference


@kernel
def shift(
    first_path: Int64, first_link: Int64, link: Int32, curve: Float64Grid, state: Float64GridOut, flow: Float64Out,
    sweeps: int, enough: float,
) -> float:  # fmt: skip
    """Shift each pair's vehicles from its dearer paths to its cheapest, in order, until little is to be gained.

    Between two paths Newton steps on the difference of their costs follow each other until it is half of what it was or
    the dearer path is empty; only links of one path alone count.

    Parameters
    ----------
    first_path : int64[n_pairs + 1]
        Pair p owns paths first_path[p]:first_path[p + 1].
    first_link : int64[n_paths + 1], link : int32
        Path q drives ``link[first_link[q]:first_link[q + 1]]``, each link once.
    curve : float64[n_links, 4]
        As in ``evaluate``.
    state : float64[n_links, 3]
        Read and written: volumes as the paths' flows make them, cost and slope as ``evaluate`` leaves them.
    flow : float64[n_paths]
        Read and written, vehicles.
    sweeps : int
        Over all pairs, at most.
    enough : float
        The excess cost at which to stop: Σ flow × (cost − cheapest known path's cost), as met on the way.

    Returns
    -------
    float
        The excess cost that the last sweep met.
    """
    where = np.zeros(len(curve), np.int8)
    excess = 0.0
    for _ in range(sweeps):
        excess = 0.0
        for pair in range(len(first_path) - 1):
            if first_path[pair + 1] - first_path[pair] > 1:
                best = _cheapest(first_path[pair], first_path[pair + 1], first_link, link, state)
                for place in range(first_link[best], first_link[best + 1]):
                    where[link[place]] = CHEAPEST
                for path in range(first_path[pair], first_path[pair + 1]):
                    if path != best and flow[path] > 0.0:
                        excess += _balance(path, best, first_link, link, curve, state, flow, where)
                for place in range(first_link[best], first_link[best + 1]):
                    where[link[place]] = APART
        if excess <= enough:
            break
    return excess
