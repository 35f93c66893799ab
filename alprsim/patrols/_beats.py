"""Beats: the streets that a car drives, in parts of about equal length, each of which can be driven around."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from alprsim import randomness
from alprsim.tables import Float64, Int32, Int64, Network, RoadKind, Roads, UInt64

MOTORWAYS = (RoadKind.MOTORWAY, RoadKind.RAMP)

ARTERIALS = (RoadKind.MOTORWAY, RoadKind.TRUNK, RoadKind.PRIMARY, RoadKind.SECONDARY, RoadKind.TERTIARY)

LEAST = 0.5
"""Share of a beat's street length that must hang together; the rest of it is not driven."""

Mask = NDArray[np.bool_]


class PatrolError(ValueError):
    """A car or trailer cannot do what it was asked for: which group, the rule, and what was found."""


class Streets(NamedTuple):
    """What cars know of every road: its other direction (−1 none), and one number and one key for both of them."""

    reverse: Int32
    segment: Int32
    key: UInt64


class Beat(NamedTuple):
    """Roads that lead to one another without leaving them: `ahead` are those that may follow each, by road."""

    road: Int32
    arterial: Mask
    """Row for row with `road`."""
    ahead: dict[int, list[int]]


def streets(network: Network) -> Streets:
    """Find each road's other direction: of several between two junctions, the next in length to the next in length."""
    roads = network.roads
    n = max(int(roads.head.max(initial=0)), int(roads.tail.max(initial=0))) + 1
    there = roads.tail.astype(np.int64) * n + roads.head
    back = roads.head.astype(np.int64) * n + roads.tail
    order = np.lexsort((roads.length, there))
    ends = there[order]
    nth = np.empty(len(roads), np.int64)
    nth[order] = np.arange(len(roads)) - np.searchsorted(ends, ends)
    found = np.searchsorted(ends, back) + nth
    known = (found < np.searchsorted(ends, back, side="right")) & (roads.tail != roads.head)
    reverse = np.where(known, order[np.minimum(found, len(roads) - 1)], -1).astype(np.int32)
    rows = np.arange(len(roads), dtype=np.int32)
    ends = np.sort(network.junctions.osm_id[np.column_stack((roads.tail, roads.head))], axis=1)
    key = randomness.draw(randomness.stream(0, "the key of a street"), ends[:, 0], ends[:, 1], nth)
    segment = np.where(known, np.minimum(rows, reverse), rows).astype(np.int32)
    return Streets(reverse, segment, key)


def beats(network: Network, towns: list[int], n: int, *, motorways: bool, label: str) -> list[Beat]:
    """Cut the streets of some towns (none named: all) into ``n`` beats.

    Halved again and again across their longer side, where half the length lies on each side; both directions of a street
    fall together. Of each part, the roads between junctions that can all be reached from one another are driven.

    Raises
    ------
    PatrolError
        A part has no such roads, or they are less than half of its length.
    """
    roads, junctions = network.roads, network.junctions
    takes = np.isin(junctions.town[roads.tail], towns) if towns else np.ones(len(roads), np.bool_)
    if not motorways:
        takes &= ~np.isin(roads.kind, MOTORWAYS)
    middle = np.column_stack(
        [(of[roads.tail] + of[roads.head]) / 2 for of in (junctions.x, junctions.y)],
    )
    parts = _halved(np.flatnonzero(takes), middle, roads.length.astype(np.float64), n)
    return [_round(roads, part, len(junctions), f"{label}: beat {i + 1} of {n}") for i, part in enumerate(parts)]


def _halved(rows: Int64, middle: Float64, length: Float64, n: int) -> list[Int64]:
    if n == 1 or not len(rows):
        return [rows] * n
    at = middle[rows]
    along = at[:, int(np.argmax(np.ptp(at, axis=0)))]
    order = np.argsort(along, kind="stable")
    total = np.cumsum(length[rows[order]])
    border = along[order[np.searchsorted(total, total[-1] * (n // 2) / n)]]
    below = along <= border
    return [
        *_halved(rows[below], middle, length, n // 2),
        *_halved(rows[~below], middle, length, n - n // 2),
    ]


def _round(roads: Roads, rows: Int64, junctions: int, label: str) -> Beat:
    """Keep the largest part of the roads that can be driven around, by length."""
    tail, head, length = roads.tail[rows], roads.head[rows], roads.length[rows].astype(np.float64)
    graph = coo_array((np.ones(len(rows)), (tail, head)), shape=(junctions, junctions))
    _, part = connected_components(graph, connection="strong")
    within = part[tail] == part[head]
    lengths = np.bincount(part[tail[within]], length[within], minlength=1)
    if lengths.max() < LEAST * length.sum() or not lengths.max():
        raise PatrolError(
            f"{label}: at least {LEAST:.0%} of its {length.sum() / 1000:.1f} km of street must lead to one another; "
            f"{lengths.max() / 1000:.1f} km do"
        )
    road = rows[within & (part[tail] == int(np.argmax(lengths)))].astype(np.int32)
    return Beat(road, np.isin(roads.kind[road], ARTERIALS), _ahead(roads, road))


def _ahead(roads: Roads, road: Int32) -> dict[int, list[int]]:
    """Return which roads follow each; back where one came from only at a dead end."""
    leaving: dict[int, list[int]] = {}
    for row, tail in zip(road.tolist(), roads.tail[road].tolist(), strict=True):
        leaving.setdefault(tail, []).append(row)
    head = roads.head.tolist()
    ahead = {}
    for row, tail in zip(road.tolist(), roads.tail[road].tolist(), strict=True):
        follow = leaving[head[row]]
        ahead[row] = [road for road in follow if head[road] != tail] or follow
    return ahead
