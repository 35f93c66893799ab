"""Routes read from next-turn trees.

All routes to one destination form a tree, so a byte a (destination, junction) holds every route of a region: 17,528
destinations × 18,108 junctions are 317 MB a cost vector, memory-mapped, where the routes of one day alone are 93 MB.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from alprsim.kernels import routes as kernels
from alprsim.tables import DAY, SLOT, Batch, Int32, Int64, Junctions, Network, Paths, Signposts, UInt64

Grid = np.ndarray[tuple[int, int], np.dtype[np.int32]]
Turns = np.ndarray[tuple[int, int], np.dtype[np.int8]]
Codes = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
Opened = TypeVar("Opened", Turns, Codes)

_MOST_EXITS = 127  # what an int8 numbers
_CURVE_STEP = 10.0  # m


class RouteError(ValueError):
    """Routes cannot be planned on these streets, or lead from one junction to another."""


class Streets(NamedTuple):
    """What trees are made on and read by: roads by tail, and the junctions that trees lead to."""

    first_road: Int64
    """[junctions + 1] junction j's exits are roads first_road[j]:first_road[j + 1]"""
    head: Int32
    column: Int32
    """[junctions] Where in a tree's row a junction's exit stands: junctions near one another lie together."""
    destinations: Int32
    """Junctions, ascending."""
    tree: Int32
    """[junctions] the row of a tree that leads to it, −1 none"""
    key: UInt64
    """[junctions] What draws know each by, whatever map it is on."""


def streets(network: Network) -> Streets:
    """Return the streets for trees to every junction that a place is reached from.

    Raises
    ------
    RouteError
        When a junction has more exits than a byte can number.
    """
    roads, junctions = network.roads, len(network.junctions)
    destinations = np.unique(network.places.junction)
    first_road = np.searchsorted(roads.tail, np.arange(junctions + 1)).astype(np.int64)
    exits = np.diff(first_road)
    if junctions and exits.max() > _MOST_EXITS:
        raise RouteError(f"junction {exits.argmax()} has {exits.max()} exits; at most {_MOST_EXITS} are allowed")
    tree = np.full(junctions, -1, np.int32)
    tree[destinations] = np.arange(len(destinations), dtype=np.int32)
    column = np.empty(junctions, np.int32)
    column[np.argsort(_along_a_curve(network.junctions), kind="stable")] = np.arange(junctions, dtype=np.int32)
    return Streets(first_road, roads.head, column, destinations, tree, network.junctions.osm_id.astype(np.uint64))


def _along_a_curve(junctions: Junctions) -> Int64:
    """Return each junction's place on a Z-order curve (Morton 1966), so that a way's bytes lie in few lines of a cache."""
    place = np.zeros(len(junctions), np.int64)
    for bit, coordinate in enumerate((junctions.x, junctions.y)):
        step = np.floor((coordinate - coordinate.min(initial=np.inf)) / _CURVE_STEP).astype(np.int64)
        for level in range(31):
            place |= (step >> level & 1) << (2 * level + bit)
    return place


class Routes(NamedTuple):
    """Each pair's alternatives: at junction j toward destination d take exit ``turns[tree[d], j]`` of the set in force."""

    streets: Streets
    sets: tuple[Path | Turns, ...]
    """Each int8[destinations, junctions], or the .npy file of it."""
    in_force: Int32
    """[alternatives, 96] Which of the sets is an alternative at a departure in a quarter hour; of the first: its period."""
    compared: tuple[Path | Codes, ...] = ()
    """Of each period, how much longer each alternative is: uint8[destinations × junctions, alternatives] as of
    ``kernels.alternatives.pack``, or the .npy file of it. Without, drivers are dealt evenly to the alternatives of a pair."""


def paths(routes: Routes, origin: Int32, destination: Int32, alternative: Int32, depart: Int32) -> tuple[Paths, Int32]:
    """Return the distinct routes between junctions, and which of them each trip drives.

    Two alternatives, or two periods, by the same roads share a route. One set of trees is open at a time, so that the
    memory is that of one.

    Parameters
    ----------
    origin, destination : int32[n]
        Junction rows; an equal pair has a route without roads.
    alternative : int32[n]
        That the driver takes.
    depart : int32[n], s
        Since the scenario's start, as planned.

    Raises
    ------
    RouteError
        When a pair is not joined, or nobody was expected to go to a destination.
    """
    n, trees = len(routes.streets.tree), max(len(routes.streets.destinations), 1)
    taken = routes.in_force[alternative, depart % DAY // SLOT].astype(np.int64)
    asked = (taken * trees + tree_of(routes.streets, destination)) * n + origin
    asked, route = np.unique(asked, return_inverse=True)
    rest, start = np.divmod(asked, n)
    taken, tree = np.divmod(rest, trees)
    start, tree = start.astype(np.int32), tree.astype(np.int32)
    end = routes.streets.destinations[tree]
    count, mark = np.zeros(len(start), np.int32), np.zeros(len(start), np.uint64)
    for turns, rows in _by_set(routes, taken):
        some = tree[rows], start[rows], end[rows]
        lost = kernels.count_roads(turns, *routes.streets[:3], *some, count[rows], mark[rows])
        if lost >= 0:
            raise RouteError(f"no way leads from junction {int(some[1][lost])} to junction {int(some[2][lost])}")
    kept, same = _distinct(start, tree, count, mark)
    taken, tree, start = taken[kept], tree[kept], start[kept]
    first = np.concatenate(([0], np.cumsum(count[kept], dtype=np.int64)))
    road = np.empty(first[-1], np.int32)
    for turns, rows in _by_set(routes, taken):
        kernels.fill_roads(turns, *routes.streets[:3], tree[rows], start[rows], first[rows.start : rows.stop + 1], road)
    return Paths(first, road), same[route].astype(np.int32)


def signposts(streets: Streets) -> Signposts:
    """Return the streets with their junctions numbered as the columns of the trees."""
    junction = np.argsort(streets.column).astype(np.int32)
    exits = np.diff(streets.first_road)[junction]
    first = np.concatenate(([0], np.cumsum(exits)))
    road = np.repeat(streets.first_road[junction] - first[:-1], exits) + np.arange(first[-1])
    return Signposts(first.astype(np.int32), streets.column[streets.head[road]], road.astype(np.int32))


def batches(
    routes: Routes, vehicle: Int32, origin: Int32, destination: Int32, alternative: Int32, depart: Int32
) -> Iterator[list[Batch]]:
    """Deal a day's trips to the sets of trees that they follow: every vehicle's first trip first.

    Then come the second ones, and so on, so that those told together share no vehicle. Within a set, trips to one
    destination come together: a tree's bytes are then read once, however little memory is at hand.

    Parameters
    ----------
    vehicle, depart
        In order, as in Trips.
    origin, destination, alternative
        As for ``paths``.

    Raises
    ------
    RouteError
        When nobody was expected to go to a destination.
    """
    streets = routes.streets
    tree = tree_of(streets, destination)
    taken = routes.in_force[alternative, depart % DAY // SLOT]
    of_batch = _nth(vehicle) * len(routes.sets) + taken
    order = _by_tree(of_batch, tree)
    sets = {number: mapped(routes.sets[number]) for number in np.flatnonzero(np.bincount(taken)).tolist()}
    together: list[Batch] = []
    start, now = 0, 0
    counts = np.bincount(of_batch)
    for number in np.flatnonzero(counts).tolist():
        turn, its_set = divmod(number, len(routes.sets))
        if turn != now:
            yield together
            together, now = [], turn
        rows = order[start : start + counts[number]]
        start += len(rows)
        ways = streets.column[origin[rows]], streets.column[destination[rows]], tree[rows]
        together.append(Batch(sets[its_set], rows, *ways))
    yield together


def _nth(vehicle: Int32) -> Int32:
    """Return the number of each trip among its vehicle's, which stand together."""
    rows = np.arange(len(vehicle), dtype=np.int32)
    return rows - np.maximum.accumulate(rows * (np.diff(vehicle, prepend=np.int32(-1)) != 0))


def _by_tree(of_batch: Int32, tree: Int32) -> Int32:
    """Return the rows by (batch, tree).

    As two keys of 16 bits, where they fit, since NumPy sorts those by radix: 24 ms for a million trips, 88 as one of 64.
    """
    order = np.lexsort([key.astype(np.min_scalar_type(key.max(initial=0))) for key in (tree, of_batch)])
    return order.astype(np.int32)


def period_of(routes: Routes, depart: Int32) -> Int32:
    """Return the period of the day in which each departure is."""
    period: Int32 = routes.in_force[0, depart % DAY // SLOT]
    return period


def tree_of(streets: Streets, destination: Int32) -> Int32:
    """Return the rows of the trees that lead to junctions, or raise a RouteError."""
    tree = streets.tree[destination]
    if len(tree) and tree.min() < 0:
        junction = int(destination[np.argmin(tree)])
        raise RouteError(f"junction {junction} is no place's access, so no route to it was planned")
    return tree


def opened(routes: Routes) -> Routes:
    """Return the same routes with their files mapped into memory, for who follows them day after day: mapped once, read once."""
    return routes._replace(
        sets=tuple(mapped(trees) for trees in routes.sets), compared=tuple(mapped(codes) for codes in routes.compared)
    )


def mapped(grid: Path | Opened) -> Opened:
    """Open trees, or comparisons of them, for reading."""
    return np.load(grid, mmap_mode="r") if isinstance(grid, Path) else grid


def _by_set(routes: Routes, taken: Int64) -> Iterator[tuple[Turns, slice]]:
    """Open one set after another, with the rows (ascending by set) that are read from it."""
    for number in np.unique(taken):
        yield mapped(routes.sets[number]), slice(*np.searchsorted(taken, [number, number + 1]))


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
