"""Small triangles between generated streets, where a side street forks before it joins another: a rural junction's green."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from alprsim import randomness
from alprsim._streets import Bool, Pieces, crossings
from alprsim.tables import Float64, Int64, UInt64

_SET_BACK, _HALF_BASE, _ROOM = (20.0, 60.0), 0.3, 12.0
"""Where such a side street forks, and half the triangle's base over that; what stays of each piece: metres. The sides
have medians of 29, 50 and 62 m in Danbury, 20, 35 and 43 m in Mansfield; these give 24, 42 and 42 m."""


def lay(streets: Pieces, held: set[int], number: float, stream: np.uint64 | UInt64) -> Pieces:
    """Let the side street of some junctions of three fork, so that a small triangle lies between the roads.

    Junctions are taken by their draws, as long as their three pieces have room and none belongs to one taken before;
    those in `held` stay as they are.
    """
    at, piece, other = _threes(streets, held)
    bits = randomness.draw(stream, at)
    corner, stem, roomy = _corners(streets, at, other, randomness.uniform(randomness.draw(bits, 0)))
    tail, head = streets.xy[streets.tail], streets.xy[streets.head]
    tree, reach = cKDTree((tail + head) / 2), 2 * _SET_BACK[1] + float(np.sqrt(((tail - head) ** 2).sum(1)).max()) / 2
    taken: set[int] = set()
    chosen: list[int] = []
    for i in np.argsort(bits, kind="stable").tolist():
        if len(chosen) >= int(number):
            break
        own = piece[i].tolist()
        if not roomy[i] or not taken.isdisjoint(own):
            continue
        near = np.setdiff1d(np.array(tree.query_ball_point(corner[i, 0], reach), np.int64), own)
        legs = corner[i][~stem[i]], np.repeat(corner[i][stem[i]], 2, axis=0)
        if not len(crossings(*legs, tail[near], head[near])[0]):
            taken.update(own)
            chosen.append(i)
    return _forked(streets, at[chosen], piece[chosen], other[chosen], corner[chosen], stem[chosen])


def _threes(streets: Pieces, held: set[int]) -> tuple[Int64, Int64, Int64]:
    """Find the junctions of three that are not held: their points, the three pieces there and those pieces' other ends."""
    ends = np.concatenate([streets.tail, streets.head]).astype(np.int64)
    degree = np.bincount(ends, minlength=len(streets.xy))
    degree[list(held)] = 0
    order = np.argsort(ends, kind="stable")
    entry = order[degree[ends[order]] == 3].reshape(-1, 3)
    n = len(streets.tail)
    return ends[entry[:, 0]], entry % n, ends[(entry + n) % (2 * n)]


def _corners(streets: Pieces, at: Int64, other: Int64, size: Float64) -> tuple[Float64, Bool, Bool]:
    """Place a triangle's corners on each junction's three pieces; say which piece is the side street, and if they have room.

    The side street is the piece that the straightest way through the junction leaves out.
    """
    way = streets.xy[other] - streets.xy[at][:, None, :]
    length = np.sqrt((way**2).sum(2))
    unit = way / length[:, :, None]
    bent = np.stack([(unit[:, i] * unit[:, j]).sum(1) for i, j in ((1, 2), (0, 2), (0, 1))], 1)
    stem = np.arange(3) == bent.argmin(1)[:, None]
    cut = np.where(stem, 1.0, _HALF_BASE) * (_SET_BACK[0] + (_SET_BACK[1] - _SET_BACK[0]) * size)[:, None]
    return streets.xy[at][:, None, :] + cut[:, :, None] * unit, stem, np.all(length > cut + _ROOM, axis=1)


def _forked(streets: Pieces, at: Int64, piece: Int64, other: Int64, corner: Float64, stem: Bool) -> Pieces:
    """Cut the three pieces of each junction at the triangle's corners, and join the stem's to the two others."""
    new = len(streets.xy) + np.arange(3 * len(at)).reshape(-1, 3)
    kind = streets.kind[piece]
    stay = np.delete(np.arange(len(streets.tail)), piece.ravel())
    base, top = new[~stem], np.repeat(new[stem], 2)
    parts = [
        (streets.tail[stay], streets.head[stay], streets.kind[stay]),
        (new.ravel(), other.ravel(), kind.ravel()),
        (np.repeat(at, 2), base, kind[~stem]),
        (base, top, np.repeat(kind[stem], 2)),
    ]
    tail, head, kinds = (np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True))
    return Pieces(np.vstack([streets.xy, corner.reshape(-1, 2)]), tail, head, kinds)
