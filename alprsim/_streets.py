"""The streets of one generated town: its main roads, the streets grown between them, and how many there should be.

The rules are measured on real streets (OpenStreetMap, Danbury 2025-12-04: 2,108 junctions; Mansfield 2025-11-07: 641; the
shoreline from Guilford to Old Saybrook 2025-11-15, without its hills: 2,245; © OpenStreetMap contributors, ODbL 1.0) and
stand beside each figure. Fitted to Danbury alone: dead ends, four-way junctions, how streets grow. To Danbury and Mansfield:
the blocks that streets do not cut, triangles, classes of road, bends, patches. To all three: how density falls. So Mansfield's
dead ends and four-way junctions, and all of the shoreline but its density, are predictions.
`tests/verification/test_generated_streets.py` has them beside the real ones.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from alprsim import randomness
from alprsim.kernels import streets as kernel
from alprsim.tables import Float64, Int32, Int64, RoadKind, UInt64

Bool = NDArray[np.bool_]

CELL = 100.0
"""Side of the raster's cells, in metres."""

_CUT_BLOCKS = 0.7
"""Census blocks a km² that water, railways and town lines cut off rather than streets: Danbury has 695 blocks, and 634
faces in its street graph (edges − junctions + 1), Mansfield 308 and 201: 0.53 and 0.90 a km²."""

_DEAD_ENDS, _FOUR_WAY, _FACES = 0.24, 0.072, 5.5
"""Danbury's shares of junctions that are dead ends, and that join four roads or more, the triangles' aside; its faces a
km². Mansfield 0.214 and 0.069; the shoreline 0.285 and 0.081: those who live by the sea live at the end of a street."""

_DEAD_ENDS_A_FACE, _FOUR_WAY_A_FACE = -0.0044, 0.0052
"""How these shares change with density: from the second to the densest fifth of Danbury's junctions (20 to 65 junctions
a km² within 500 m, 15 faces) dead ends fall from 0.242 to 0.176 and four-way junctions rise from 0.042 to 0.120."""

_ISLANDS = 1.2e-4
"""Triangles of streets less than 250 m round, a metre of street, where a side street forks before it joins: 64 in Danbury
and 32 in Mansfield, 0.120 and 0.123 a km (on the shoreline 0.074)."""

_LENGTH = 1.0
"""Metres of street over √(junctions · area), self-loops aside: Danbury 1.08, Mansfield 0.94."""

_SECONDARY, _TERTIARY = 0.087, 0.105
"""Shares of street length by class: Danbury 0.095 and 0.105, Mansfield 0.081 and 0.109."""

_HALVED = 600.0
"""Metres from a main road at which there are half as many junctions a km² as beside it: about 1,000 in Danbury (27, 18, 16
and 10 a km² in steps of 500 m from a primary road), 600 in Mansfield (8, 4, 6, 2), 475 on the shoreline (21, 14, 9)."""

_EVEN = 1.3e-5
"""Junctions a m² below which patches are more marked than they are drawn, and above which less: see `field`."""

_GROWTH: dict[str, tuple[float, ...]] = {
    "secondary": (RoadKind.SECONDARY, 2.5, 40.0, 0.0, 0.0, 0.0, 0.05, 1, 0.4, 0.0, 0.02, 0.8, 1.0),
    "tertiary": (RoadKind.TERTIARY, 2.0, 20.0, 0.0, 0.0, 0.0, 0.05, 1, 0.4, 0.0, 0.04, 0.6, 0.8),
    "residential": (RoadKind.RESIDENTIAL, 0.12, 4.0, 0.0, 0.0, 0.0, 0.0, 0, 0.35, 0.6, 0.25, 0.30, 0.12),
}

WIGGLE = 1.05
"""Length of a street over that of the straight pieces it is drawn with: what bends within 50 m add. With the
bends of `_GROWTH` Danbury's circuity comes to 1.065 (real 1.077), Mansfield's to 1.077 (1.065)."""


class Target(NamedTuple):
    """What a town's streets should come to: junctions, and the triangles to draw (`islands`), each with two of them.

    The shares of dead ends and of junctions of four are of the other junctions.
    """

    junctions: float
    dead_ends: float
    four_way: float
    islands: float

    @property
    def grown(self) -> float:
        """Junctions before the triangles are drawn."""
        return self.junctions - 2 * self.islands


class Pieces(NamedTuple):
    """Straight pieces of street: piece i joins points ``tail[i]`` and ``head[i]`` and is of class ``kind[i]``."""

    xy: Float64
    tail: Int32
    head: Int32
    kind: Int32


class Field(NamedTuple):
    """How densely a town is built: junctions a cell of a raster, whose south-west corner is (west, south)."""

    density: Float64
    west: float
    south: float


def target(area_km2: float, blocks: int) -> Target:
    """Say how many junctions a town has, from its census blocks: by Euler's formula, faces / (mean degree / 2 − 1).

    The Census Bureau draws blocks along streets, so a town's number of blocks is a published count of the faces of its
    street graph. The rule gives Danbury 5 % too few junctions and Mansfield 11 % too many; with `_CUT_BLOCKS` from
    Danbury alone Mansfield gets 22 % too many, from Mansfield alone Danbury 9 % too few. Population density predicts
    worse: a power law through the two gives Old Saybrook 292 junctions, and 556 were counted in its shoreline alone.
    """
    faces = max(blocks - _CUT_BLOCKS * area_km2, 0.3 * blocks)
    denser = max(faces / area_km2 - _FACES, 0.0)
    dead_ends = max(_DEAD_ENDS + _DEAD_ENDS_A_FACE * denser, 0.10)
    four_way = min(_FOUR_WAY + _FOUR_WAY_A_FACE * denser, 0.25)
    junctions, islands = 0.0, 0.0
    for _ in range(4):  # each changes the other by a tenth at most
        others = 1 - 2 * islands / max(junctions, 1.0)
        junctions = faces / ((3 - others * (2 * dead_ends - four_way)) / 2 - 1)
        islands = _ISLANDS * _LENGTH * float(np.sqrt(junctions * area_km2 * 1e6))
    return Target(junctions, dead_ends, four_way, islands)


def field(
    inside: Float64, west: float, south: float, main: Float64, shore: Float64, goal: Target, stream: np.uint64 | UInt64
) -> Field:
    """Spread a town's junctions over its raster: denser along main roads and the shore, and in patches.

    `main` (float64[n, 2]) are points of old highways and the town's main street, `shore` the shore's, from west to east;
    with the distance r from the nearest of them density falls as 1 / (1 + r / `_HALVED`). Patches are the more marked
    the more rural the town: between one-kilometre squares density varies by 0.85 of its mean in Danbury and by 1.21 in
    Mansfield (standard deviations; generated 0.89 and 1.20, seeds 0 to 2). That denser towns are more even than Danbury
    is an assumption.
    """
    rows, columns = inside.shape
    y, x = south + CELL * (np.arange(rows) + 0.5), west + CELL * (np.arange(columns) + 0.5)
    place = np.stack(np.meshgrid(x, y), axis=2)
    away = np.minimum(cKDTree(main).query(place)[0], place[:, :, 1] - np.interp(place[:, :, 0], *shore.T))
    clumped = min(max(_EVEN * inside.sum() * CELL**2 / goal.junctions, 0.3), 2.0)
    density: Float64 = inside * _patches(x, y, stream, clumped) / (1.0 + np.maximum(away, 0.0) / _HALVED)
    return Field(density * (goal.junctions / density.sum()), west, south)


def _patches(
    x: NDArray[Any], y: NDArray[Any], stream: np.uint64 | UInt64, clumped: float, side: float = 900.0
) -> Float64:
    """Return a factor for each cell, interpolated between draws that belong to the corners of fixed squares."""
    i, j = np.floor(x / side).astype(np.int64), np.floor(y / side).astype(np.int64)
    u, v = x / side - i, y / side - j
    u, v = (u * u * (3 - 2 * u))[None, :], (v * v * (3 - 2 * v))[:, None]

    def corner(di: int, dj: int) -> Float64:
        bits = randomness.draw(stream, (i + di)[None, :], (j + dj)[:, None])
        return np.asarray(np.maximum(randomness.uniform(bits) * 2.2 - 0.2, 0.02) ** 2)

    west = corner(0, 0) * (1 - v) + corner(0, 1) * v
    east = corner(1, 0) * (1 - v) + corner(1, 1) * v
    patch = np.asarray(west * (1 - u) + east * u)
    if clumped < 1:
        return np.asarray(clumped * patch + (1 - clumped) * patch.mean())
    return np.asarray(
        patch + (clumped - 1) * patch * (patch - 1)
    )  # from the patches themselves (1) to their square (2)


def weld(pieces: Pieces, nearer: float = 10.0) -> tuple[Pieces, Int64]:
    """Make one of points nearer to each other than this, in metres; also return each point's place-holder."""
    n = len(pieces.xy)
    pairs = cKDTree(pieces.xy).query_pairs(nearer, output_type="ndarray").reshape(-1, 2)
    _, group = connected_components(
        coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n)), directed=False
    )
    _, first = np.unique(group, return_index=True)
    holder = first[group]
    tail, head = holder[pieces.tail].astype(np.int32), holder[pieces.head].astype(np.int32)
    apart = tail != head
    return Pieces(pieces.xy, tail[apart], head[apart], pieces.kind[apart]), holder


def cross(pieces: Pieces) -> Pieces:
    """Put a junction wherever two pieces cross."""
    a, b = pieces.xy[pieces.tail], pieces.xy[pieces.head]
    i, j, t, u = crossings(a, b, a, b)
    keep = i < j
    i, j, t, u = i[keep], j[keep], t[keep], u[keep]
    new = len(pieces.xy) + np.arange(len(i))
    xy = np.vstack([pieces.xy, a[i] + t[:, None] * (b[i] - a[i])])
    cut = np.concatenate([i, j])
    order = np.lexsort((np.concatenate([t, u]), cut))
    return _split(pieces._replace(xy=xy), cut[order], np.concatenate([new, new])[order])


def crossings(a: Float64, b: Float64, c: Float64, d: Float64) -> tuple[Int64, Int64, Float64, Float64]:
    """Find where lines a–b cross lines c–d inside both: rows of each, and how far along each."""
    ab, cd = (b - a)[:, None, :], (d - c)[None, :, :]
    ac = c[None, :, :] - a[:, None, :]
    cross = ab[..., 0] * cd[..., 1] - ab[..., 1] * cd[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (ac[..., 0] * cd[..., 1] - ac[..., 1] * cd[..., 0]) / cross
        u = (ac[..., 0] * ab[..., 1] - ac[..., 1] * ab[..., 0]) / cross
    hit = (t > 1e-6) & (t < 1 - 1e-6) & (u > 1e-6) & (u < 1 - 1e-6)
    i, j = np.nonzero(hit)
    return i, j, t[hit], u[hit]


def _split(pieces: Pieces, cut: Int64, at: Int64) -> Pieces:
    """Cut pieces at points: `cut` names the piece, ascending and in order along it, `at` the point."""
    stops: dict[int, list[int]] = {}
    for piece, point in zip(cut.tolist(), at.tolist(), strict=True):
        stops.setdefault(piece, []).append(point)
    tail, head, kind = [], [], []
    for piece in range(len(pieces.tail)):
        chain = [int(pieces.tail[piece]), *stops.get(piece, []), int(pieces.head[piece])]
        tail += chain[:-1]
        head += chain[1:]
        kind += [int(pieces.kind[piece])] * (len(chain) - 1)
    return Pieces(pieces.xy, np.array(tail, np.int32), np.array(head, np.int32), np.array(kind, np.int32))


def connect(pieces: Pieces) -> Pieces:
    """Join the pieces into one network: each stretch apart from the largest is joined to it by the shortest straight street."""
    while True:
        n = len(pieces.xy)
        graph = coo_array((np.ones(len(pieces.tail)), (pieces.tail, pieces.head)), shape=(n, n))
        _, part = connected_components(graph, directed=False)
        used = np.unique([pieces.tail, pieces.head])
        main = np.bincount(part[used]).argmax()
        inner, outer = used[part[used] == main], used[part[used] != main]
        if not len(outer):
            return pieces
        distance, nearest = cKDTree(pieces.xy[inner]).query(pieces.xy[outer])
        closest = int(np.argmin(distance))
        pieces = cross(street(pieces, int(outer[closest]), int(inner[np.asarray(nearest)[closest]]), RoadKind.TERTIARY))


def street(pieces: Pieces, tail: int, head: int, kind: int) -> Pieces:
    """Add a straight street between two points, in pieces of at most 200 m."""
    a, b = pieces.xy[tail], pieces.xy[head]
    n = int(np.ceil(np.sqrt(((b - a) ** 2).sum()) / 200.0))
    between = a + (b - a) * (np.arange(1, n) / n)[:, None]
    chain = np.array([tail, *range(len(pieces.xy), len(pieces.xy) + n - 1), head], np.int32)
    return Pieces(
        np.vstack([pieces.xy, between]),
        np.concatenate([pieces.tail, chain[:-1]]),
        np.concatenate([pieces.head, chain[1:]]),
        np.concatenate([pieces.kind, np.full(n, kind, np.int32)]),
    )


def grow(main: Pieces, barred: Float64, town: Field, goal: Target, stream: np.uint64) -> Pieces:
    """Grow a town's streets between its main roads. `barred`: float64[n, 4], lines that streets do not cross, x y x y."""
    junctions = int(goal.grown)
    points, pieces = len(main.xy) + 2 * len(barred), len(main.tail) + len(barred)
    xy, edge = np.zeros((points + 12 * junctions + 500, 2)), np.full((pieces + 20 * junctions + 1000, 3), -1, np.int32)
    xy[:points] = np.vstack([main.xy, barred.reshape(-1, 2)])
    edge[: len(main.tail)] = np.column_stack([main.tail, main.head, main.kind])
    edge[len(main.tail) : pieces, :2] = len(main.xy) + np.arange(2 * len(barred)).reshape(-1, 2)
    edge[len(main.tail) : pieces, 2] = kernel.BARRED
    used = np.array([points, pieces])
    spacing = np.where(town.density > 0, CELL / np.sqrt(np.maximum(town.density, 1e-9)), 0.0)
    frame = np.array([town.west, town.south, CELL])
    kernel.grow(xy, edge, used, spacing, np.cumsum(town.density), frame, _stages(main, town, goal), stream)
    edge = edge[: used[1]][(edge[: used[1], 2] >= 0) & (edge[: used[1], 2] != kernel.BARRED)]
    tail, head, kind = np.ascontiguousarray(edge.T)
    return Pieces(xy[: used[0]], tail, head, kind)


def _stages(main: Pieces, town: Field, goal: Target) -> Float64:
    """Say what each stage of growth should reach, given the main roads that are there."""
    area = np.count_nonzero(town.density) * CELL**2
    total = _LENGTH * np.sqrt(goal.junctions * area)
    length = np.sqrt(((main.xy[main.tail] - main.xy[main.head]) ** 2).sum(1))
    metres = {"secondary": _SECONDARY * total, "tertiary": _TERTIARY * total}
    stages = []
    for name, figures in _GROWTH.items():
        stage = dict(zip(kernel.STAGE, figures, strict=True))
        if name == "residential":
            stage |= {"junctions": goal.grown, "ends": goal.dead_ends, "four": goal.four_way}
        else:
            stage["metres"] = metres[name] - length[main.kind == stage["kind"]].sum()
        if name == "residential" or stage["metres"] > 0:
            stages.append([stage[column] for column in kernel.STAGE])
    return np.array(stages)


def simplify(pieces: Pieces, keep: Bool) -> tuple[Int64, Int64, Float64, Int64]:
    """Join pieces that meet at a bend into one street between junctions; return tails, heads, lengths, classes.

    A bend is a point of two pieces of one class that is not in `keep`. A street from a junction to itself, or beside
    another between the same two, keeps a bend or two as junctions: no two streets join the same junctions.
    """
    beside: list[list[tuple[int, int]]] = [[] for _ in range(len(pieces.xy))]
    for piece, (a, b) in enumerate(zip(pieces.tail.tolist(), pieces.head.tolist(), strict=True)):
        beside[a].append((b, piece))
        beside[b].append((a, piece))
    kind = pieces.kind.tolist()
    ends = [
        keep[v] or len(near) not in (0, 2) or (len(near) == 2 and kind[near[0][1]] != kind[near[1][1]])
        for v, near in enumerate(beside)
    ]
    taken: set[tuple[int, int]] = set()
    rows: list[tuple[int, int, float, int]] = []
    walked = [False] * len(kind)
    for start in (v for v, end in enumerate(ends) if end):
        for follow, piece in beside[start]:
            if walked[piece]:
                continue
            chain, code = [start, follow], kind[piece]
            walked[piece] = True
            while not ends[chain[-1]]:
                follow, piece = next(b for b in beside[chain[-1]] if not walked[b[1]])
                walked[piece] = True
                chain.append(follow)
            for part in _apart(chain, taken):
                rows.append((part[0], part[-1], _metres(pieces.xy[part]), code))
                taken.add((min(part[0], part[-1]), max(part[0], part[-1])))
    tail, head, length, codes = zip(*rows, strict=True)
    return np.array(tail), np.array(head), np.array(length), np.array(codes)


def _apart(chain: list[int], taken: set[tuple[int, int]]) -> list[list[int]]:
    """Divide a chain of points so that none of its parts joins what another street joins already."""
    a, b, n = chain[0], chain[-1], len(chain)
    if a == b:
        return [chain[: n // 3 + 1], chain[n // 3 : 2 * n // 3 + 1], chain[2 * n // 3 :]] if n > 3 else []
    if (min(a, b), max(a, b)) in taken:
        return [chain[: n // 2 + 1], chain[n // 2 :]] if n > 2 else []
    return [chain]


def _metres(xy: Float64) -> float:
    return float(WIGGLE * np.sqrt(((xy[1:] - xy[:-1]) ** 2).sum(1)).sum())
