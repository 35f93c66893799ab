"""Shortest-path trees as next turns, and the routes read from them."""

import numpy as np

from alprsim.kernels._jit import Int8Grid, Int8GridOut, Int32, Int32Grid, Int32Out, Int64, kernel


@kernel
def next_turns(toward: Int32Grid, first_road: Int64, head: Int32, cost: Int32, row: int, turns: Int8GridOut) -> None:
    """Turn trees of next junctions into trees of next roads, as the road's place among its junction's exits.

    Parameters
    ----------
    toward : int32[n_trees, n_junctions]
        The next junction on the way to the tree's destination; negative at the destination and where there is none.
    first_road : int64[n_junctions + 1]
        Junction j's exits are roads first_road[j]:first_road[j + 1].
    head : int32[n_roads], cost : int32[n_roads]
        Where each road leads, and its cost; of parallel roads the cheapest (then the first) is taken.
    row : int
        The row of ``turns`` that the first tree is written to.
    turns : int8[n_trees, n_junctions]
        Written: the exit to take, −1 none.
    """
    for tree in range(toward.shape[0]):
        for junction in range(toward.shape[1]):
            best = -1
            following = toward[tree, junction]
            if following >= 0:
                for road in range(first_road[junction], first_road[junction + 1]):
                    if head[road] == following and (best < 0 or cost[road] < cost[best]):
                        best = road
            turns[row + tree, junction] = -1 if best < 0 else best - first_road[junction]


@kernel
def count_roads(
    turns: Int8Grid, first_road: Int64, head: Int32, tree: Int32, origin: Int32, destination: Int32, count: Int32Out
) -> int:
    """Count the roads of each route; return the first route that does not arrive, or −1.

    ``tree[r]`` is the row of ``turns`` that leads to ``destination[r]``.
    """
    for route in range(len(origin)):
        junction = origin[route]
        roads = 0
        while junction != destination[route]:
            turn = turns[tree[route], junction]
            if turn < 0:
                return route
            junction = head[first_road[junction] + turn]
            roads += 1
        count[route] = roads
    return -1


@kernel
def fill_roads(
    turns: Int8Grid, first_road: Int64, head: Int32, tree: Int32, origin: Int32, first: Int64, road: Int32Out
) -> None:
    """Write the roads of each route to ``road[first[r]:first[r + 1]]``."""
    for route in range(len(origin)):
        junction = origin[route]
        for place in range(first[route], first[route + 1]):
            taken = np.int32(first_road[junction] + turns[tree[route], junction])
            road[place] = taken
            junction = head[taken]
