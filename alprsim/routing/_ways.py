"""Routes read from next-turn trees.

All routes to one destination form a tree, so a byte a (destination, junction) holds every route of a region: 17,528
destinations × 18,108 junctions are 317 MB a cost vector, memory-mapped, where the routes of one day alone are 93 MB.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alprsim.kernels import routes as kernels
from alprsim.randomness import below, draw, stream
from alprsim.tables import DAY, SLOT, Int32, Int64, Paths, Roads, UInt64

Grid = np.ndarray[tuple[int, int], np.dtype[np.int32]]
Turns = np.ndarray[tuple[int, int], np.dtype[np.int8]]


_MOST_EXITS = 127  # what an int8 numbers


class RouteError(ValueError):
    """Routes cannot be planned on these streets, or lead from one junction to another."""


class Streets(NamedTuple):
    """What trees are made on and read by: roads by tail, and the junctions that trees lead to."""

    first_road: Int64
    """[junctions + 1] junction j's exits are roads first_road[j]:first_road[j + 1]"""
    head: Int32
    destinations: Int32
    """Junctions, ascending."""
    tree: Int32
    """[junctions] the row of a tree that leads to it, −1 none"""


def streets(roads: Roads, junctions: int, destinations: Int32) -> Streets:
    """Return the streets for trees to these junctions.

    Raises
    ------
    RouteError
        When a junction has more exits than a byte can number.
    """
    first_road = np.searchsorted(roads.tail, np.arange(junctions + 1)).astype(np.int64)
    exits = np.diff(first_road)
    if junctions and exits.max() > _MOST_EXITS:
        raise RouteError(f"junction {exits.argmax()} has {exits.max()} exits; at most {_MOST_EXITS} are allowed")
    tree = np.full(junctions, -1, np.int32)
    tree[destinations] = np.arange(len(destinations), dtype=np.int32)
    return Streets(first_road, roads.head, destinations, tree)


class Routes(NamedTuple):
    """Every way of every group: at junction j toward destination d take exit ``turns[tree[d], j]`` of the set in force."""

    streets: Streets
    sets: tuple[Path | Turns, ...]
    """Each int8[destinations, junctions], or the .npy file of it."""
    in_force: Int32
    """[groups, 96] Which of the sets a group takes when it departs in a quarter hour of the day."""


def group_of(key: UInt64, groups: int) -> Int32:
    """Deal drivers to groups by the keys of their vehicles."""
    return below(draw(stream(0, "which ways a driver takes"), key), groups).astype(np.int32)


def paths(routes: Routes, origin: Int32, destination: Int32, group: Int32, depart: Int32) -> tuple[Paths, Int32]:
    """Return the distinct routes between junctions, and which of them each trip drives.

    Two groups, or two periods, that take the same roads share a route. One set of trees is open at a time, so that the
    memory is that of one.

    Parameters
    ----------
    origin, destination : int32[n]
        Junction rows; an equal pair has a route without roads.
    group : int32[n]
        Of the driver.
    depart : int32[n], s
        Since the scenario's start, as planned.

    Raises
    ------
    RouteError
        When a pair is not joined, or nobody was expected to go to a destination.
    """
    n, trees = len(routes.streets.tree), max(len(routes.streets.destinations), 1)
    taken = routes.in_force[group, depart % DAY // SLOT].astype(np.int64)
    asked = (taken * trees + _tree(routes.streets, destination)) * n + origin
    asked, route = np.unique(asked, return_inverse=True)
    rest, start = np.divmod(asked, n)
    taken, tree = np.divmod(rest, trees)
    start, tree = start.astype(np.int32), tree.astype(np.int32)
    end = routes.streets.destinations[tree]
    count, mark = np.zeros(len(start), np.int32), np.zeros(len(start), np.uint64)
    for turns, rows in _opened(routes, taken):
        some = tree[rows], start[rows], end[rows]
        lost = kernels.count_roads(turns, *routes.streets[:2], *some, count[rows], mark[rows])
        if lost >= 0:
            raise RouteError(f"no way leads from junction {int(some[1][lost])} to junction {int(some[2][lost])}")
    kept, same = _distinct(start, tree, count, mark)
    taken, tree, start = taken[kept], tree[kept], start[kept]
    first = np.concatenate(([0], np.cumsum(count[kept], dtype=np.int64)))
    road = np.empty(first[-1], np.int32)
    for turns, rows in _opened(routes, taken):
        kernels.fill_roads(turns, *routes.streets[:2], tree[rows], start[rows], first[rows.start : rows.stop + 1], road)
    return Paths(first, road), same[route].astype(np.int32)


def _tree(streets: Streets, destination: Int32) -> Int32:
    tree = streets.tree[destination]
    if len(tree) and tree.min() < 0:
        junction = int(destination[np.argmin(tree)])
        raise RouteError(f"junction {junction} is no place's access, so no route to it was planned")
    return tree


def _opened(routes: Routes, taken: Int64) -> Iterator[tuple[Turns, slice]]:
    """Open one set after another, with the rows (ascending by set) that are read from it."""
    for number in np.unique(taken):
        trees = routes.sets[number]
        turns = np.load(trees, mmap_mode="r") if isinstance(trees, Path) else trees
        yield turns, slice(*np.searchsorted(taken, [number, number + 1]))


def _distinct(start: Int32, tree: Int32, count: Int32, mark: UInt64) -> tuple[np.ndarray, Int64]:
    """Return which rows are the first of their route, and the number of each row's route among those.

    One pair's routes are the same when their marks are: two of 64 bits differ, or one chance in 2⁶⁴ was met.
    """
    order = np.argsort(mark, kind="stable")
    follows = np.zeros(len(order), np.bool_)
    follows[1:] = True
    for column in (mark, tree, start, count):
        follows[1:] &= column[order[1:]] == column[order[:-1]]
    kept = np.zeros(len(order), np.bool_)
    kept[order[~follows]] = True
    leader = np.maximum.accumulate(np.where(follows, 0, np.arange(len(order))))
    number = np.cumsum(kept) - 1
    same = np.empty(len(order), np.int64)
    same[order] = number[order[leader]]
    return kept, same
