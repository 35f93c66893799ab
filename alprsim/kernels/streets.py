"""Streets grown one at a time between a town's main roads, until it has its number of junctions."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels._jit import (
    Float64,
    Float64Grid,
    Float64GridOut,
    Int32GridOut,
    Int64Out,
    draw,
    kernel,
    part_of_kernel,
    uniform,
)

BARRED = 100
"""The class, in `edge`, of a line that streets do not join: a motorway."""

STAGE = (
    "kind", "apart", "reach", "metres", "junctions", "ends", "four", "over", "near", "longer", "bend", "step", "clear",
)  # fmt: skip
"""What a stage asks for, column by column: the class of its streets; how far a place must be from the nearest road; how
far a connection may go; metres to lay, else junctions to reach; the shares of junctions that are dead ends and that join
four roads or more; 1 if bridges over motorways are built; how near an existing junction is used for a fourth road; how
much longer a dead end is than its place is far (0 to this, uniformly); the largest bend a step; a step; the free strip
at a street's sides. Lengths are in spacings of the place."""

_SIDE = 200.0
"""Side of the squares, in metres, in which pieces of street are looked up."""

_CURB = 12.0
"""No two junctions of a street are nearer than this, in metres."""

_KIND, _APART, _REACH, _METRES, _JUNCTIONS, _ENDS, _FOUR, _OVER, _NEAR, _LONGER, _BEND, _STEP, _CLEAR = range(13)


class _Net(NamedTuple):
    """What has been laid so far, and the squares in which each piece of it is found."""

    point: NDArray[Any]
    edge: NDArray[Any]
    used: NDArray[Any]
    degree: NDArray[Any]  # roads at each point
    tally: NDArray[Any]  # points by their degree
    first: NDArray[Any]  # entry of each square, then `following` it; −1 ends the list
    following: NDArray[Any]
    entry: NDArray[Any]  # the piece an entry stands for
    grid: NDArray[Any]  # rows, columns, entries used
    frame: NDArray[Any]


@part_of_kernel
def _square(net, x, y):  # type: ignore[no-untyped-def]
    column = min(max(np.int64((x - net.frame[0]) / _SIDE), 0), net.grid[1] - 1)
    row = min(max(np.int64((y - net.frame[1]) / _SIDE), 0), net.grid[0] - 1)
    return row, column


@part_of_kernel
def _register(net, e):  # type: ignore[no-untyped-def]
    ax, ay = net.point[net.edge[e, 0]]
    bx, by = net.point[net.edge[e, 1]]
    row0, column0 = _square(net, min(ax, bx), min(ay, by))
    row1, column1 = _square(net, max(ax, bx), max(ay, by))
    for row in range(row0, row1 + 1):
        for column in range(column0, column1 + 1):
            n = net.grid[2]
            net.entry[n] = e
            net.following[n] = net.first[row * net.grid[1] + column]
            net.first[row * net.grid[1] + column] = n
            net.grid[2] = n + 1


@part_of_kernel
def _touch(net, v, more):  # type: ignore[no-untyped-def]
    net.tally[net.degree[v]] -= 1
    net.degree[v] += more
    net.tally[net.degree[v]] += 1


@part_of_kernel
def _add_point(net, x, y):  # type: ignore[no-untyped-def]
    v = net.used[0]
    net.point[v, 0] = x
    net.point[v, 1] = y
    net.used[0] = v + 1
    net.tally[0] += 1
    return v


@part_of_kernel
def _add_edge(net, a, b, kind):  # type: ignore[no-untyped-def]
    e = net.used[1]
    net.edge[e, 0] = a
    net.edge[e, 1] = b
    net.edge[e, 2] = kind
    net.used[1] = e + 1
    _register(net, e)
    if kind != BARRED:
        _touch(net, a, 1)
        _touch(net, b, 1)


@part_of_kernel
def _cut(net, e, x, y):  # type: ignore[no-untyped-def]
    """Put a point into a piece of street: the piece becomes two."""
    a, b, kind = net.edge[e, 0], net.edge[e, 1], net.edge[e, 2]
    net.edge[e, 2] = -1
    _touch(net, a, -1)
    _touch(net, b, -1)
    v = _add_point(net, x, y)
    _add_edge(net, a, v, kind)
    _add_edge(net, v, b, kind)
    return v


@part_of_kernel
def _nearest(net, x, y):  # type: ignore[no-untyped-def]
    """Find the piece of street nearest to a place, its point nearest to it, and the distance."""
    row0, column0 = _square(net, x, y)
    best, piece, foot_x, foot_y = 1e18, -1, x, y
    for ring in range(max(net.grid[0], net.grid[1])):
        if ring > 0 and best < ((ring - 1) * _SIDE) ** 2:
            break
        for row in range(max(row0 - ring, 0), min(row0 + ring, net.grid[0] - 1) + 1):
            edge_row = row == row0 - ring or row == row0 + ring
            for column in range(max(column0 - ring, 0), min(column0 + ring, net.grid[1] - 1) + 1):
                if not edge_row and column != column0 - ring and column != column0 + ring:
                    continue
                n = net.first[row * net.grid[1] + column]
                while n >= 0:
                    e = net.entry[n]
                    n = net.following[n]
                    if net.edge[e, 2] < 0:
                        continue
                    ax, ay = net.point[net.edge[e, 0]]
                    bx, by = net.point[net.edge[e, 1]]
                    dx, dy = bx - ax, by - ay
                    t = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)
                    t = min(max(t, 0.0), 1.0)
                    gap = (ax + t * dx - x) ** 2 + (ay + t * dy - y) ** 2
                    if gap < best or (gap == best and e < piece):
                        best, piece, foot_x, foot_y = gap, e, ax + t * dx, ay + t * dy
    return piece, foot_x, foot_y, np.sqrt(best)


@part_of_kernel
def _first_hit(net, px, py, qx, qy, start, over):  # type: ignore[no-untyped-def]
    """Find the first piece of street that the line from p to q meets, more than half a metre from p."""
    row0, column0 = _square(net, min(px, qx), min(py, qy))
    row1, column1 = _square(net, max(px, qx), max(py, qy))
    length = np.sqrt((qx - px) ** 2 + (qy - py) ** 2)
    best, piece = 2.0, -1
    for row in range(row0, row1 + 1):
        for column in range(column0, column1 + 1):
            n = net.first[row * net.grid[1] + column]
            while n >= 0:
                e = net.entry[n]
                n = net.following[n]
                a, b, kind = net.edge[e, 0], net.edge[e, 1], net.edge[e, 2]
                if kind < 0 or (over and kind == BARRED) or a == start or b == start:
                    continue
                ax, ay = net.point[a]
                bx, by = net.point[b]
                cross = (qx - px) * (by - ay) - (qy - py) * (bx - ax)
                if cross == 0.0:
                    continue
                t = ((ax - px) * (by - ay) - (ay - py) * (bx - ax)) / cross
                u = ((ax - px) * (qy - py) - (ay - py) * (qx - px)) / cross
                if t * length > 0.5 and t <= 1.0 and 0.0 <= u <= 1.0 and (t < best or (t == best and e < piece)):
                    best, piece = t, e
    return piece, best


@part_of_kernel
def _slanted(net, e, dx, dy):  # type: ignore[no-untyped-def]
    """Whether a street in direction (dx, dy) meets a piece at less than about 40 degrees."""
    a, b = net.edge[e, 0], net.edge[e, 1]
    ex, ey = net.point[b, 0] - net.point[a, 0], net.point[b, 1] - net.point[a, 1]
    dot = ex * dx + ey * dy
    return dot * dot > 0.6 * (ex * ex + ey * ey) * (dx * dx + dy * dy)


@part_of_kernel
def _room_at(net, v, dx, dy):  # type: ignore[no-untyped-def]
    """Whether no road at point v leaves within about 60 degrees of direction (dx, dy)."""
    x, y = net.point[v]
    row, column = _square(net, x, y)
    n = net.first[row * net.grid[1] + column]
    while n >= 0:
        e = net.entry[n]
        n = net.following[n]
        a, b = net.edge[e, 0], net.edge[e, 1]
        if net.edge[e, 2] < 0 or (a != v and b != v):
            continue
        other = b if a == v else a
        ex, ey = net.point[other, 0] - x, net.point[other, 1] - y
        dot = ex * dx + ey * dy
        if dot > 0 and dot * dot > 0.25 * (ex * ex + ey * ey) * (dx * dx + dy * dy):
            return False
    return True


@part_of_kernel
def _joint(net, e, x, y, dx, dy, near, four):  # type: ignore[no-untyped-def]
    """Choose how a street that leaves towards (dx, dy) joins piece e at (x, y).

    Return the end of e to join it at, −1 for a new junction at (x, y), or −2 if it cannot.
    """
    a, b = net.edge[e, 0], net.edge[e, 1]
    to_a = np.sqrt((net.point[a, 0] - x) ** 2 + (net.point[a, 1] - y) ** 2)
    to_b = np.sqrt((net.point[b, 0] - x) ** 2 + (net.point[b, 1] - y) ** 2)
    v, away = (a, to_a) if to_a < to_b else (b, to_b)
    joins = (net.degree[v] == 2 and away < 2 * _CURB) or (net.degree[v] == 3 and four and away < near)
    if joins and _room_at(net, v, dx, dy):
        return v
    return -2 if away < _CURB else -1


@part_of_kernel
def _walk(net, path, heading, start, reach, stage, apart, bend):  # type: ignore[no-untyped-def]
    """Walk from path[0] until another street is met; return the points passed, the piece met, and how far ahead it is.

    The piece is −1 if none was met within reach, −2 if the way is blocked or another street lies alongside.
    """
    step, clear, over = stage[_STEP] * apart, stage[_CLEAR] * apart, stage[_OVER] > 0
    x, y = path[0]
    n, walked = 1, 0.0
    while walked < reach and n < len(path):
        h = min(step, reach - walked + 1.0)
        dx, dy = heading
        qx, qy = x + dx * h, y + dy * h
        hit, t = _first_hit(net, x, y, qx + dx * clear, qy + dy * clear, start if n == 1 else -1, over)
        if hit >= 0:
            blocked = net.edge[hit, 2] == BARRED or _slanted(net, hit, dx, dy)
            return n, -2 if blocked else hit, t * (h + clear)
        left, _ = _first_hit(net, qx, qy, qx - dy * clear, qy + dx * clear, -1, over)
        right, _ = _first_hit(net, qx, qy, qx + dy * clear, qy - dx * clear, -1, over)
        if left >= 0 or right >= 0:
            return n, -2, 0.0
        path[n, 0], path[n, 1] = qx, qy
        n += 1
        walked += h
        x, y = qx, qy
        norm = np.sqrt((dx - bend * dy) ** 2 + (dy + bend * dx) ** 2)
        heading[0], heading[1] = (dx - bend * dy) / norm, (dy + bend * dx) / norm
    return n, -1, 0.0


@part_of_kernel
def _inside(spacing, frame, path, n):  # type: ignore[no-untyped-def]
    """Whether the street walked stays in the town."""
    for i in range(1, n):
        x, y = path[i, 0] - frame[0], path[i, 1] - frame[1]
        row, column = np.int64(y / frame[2]), np.int64(x / frame[2])
        if x < 0 or y < 0 or row >= spacing.shape[0] or column >= spacing.shape[1] or spacing[row, column] <= 0:
            return False
    return True


@part_of_kernel
def _lay(net, path, n, start, e, finish, hit, kind):  # type: ignore[no-untyped-def]
    """Write the street walked and return its length: `start` and `finish` are points, or −1 to cut e and hit there."""
    v = start if start >= 0 else _cut(net, e, path[0, 0], path[0, 1])
    metres = 0.0
    for i in range(1, n):
        if i == n - 1 and hit >= 0:
            w = finish if finish >= 0 else _cut(net, hit, path[i, 0], path[i, 1])
        else:
            w = _add_point(net, path[i, 0], path[i, 1])
        _add_edge(net, v, w, kind)
        metres += np.sqrt((net.point[w, 0] - net.point[v, 0]) ** 2 + (net.point[w, 1] - net.point[v, 1]) ** 2)
        v = w
    return metres


@part_of_kernel
def _junctions(net):  # type: ignore[no-untyped-def]
    return net.tally[1] + net.tally[3] + net.tally[4] + net.tally[5] + net.tally[6]


@part_of_kernel
def _try(net, spacing, cumulative, stage, bits, path, heading):  # type: ignore[no-untyped-def]
    """Make one attempt at a street; return the metres laid, 0.0 if it does not fit."""
    cell = np.searchsorted(cumulative, uniform(draw(bits, np.uint64(0))) * cumulative[-1], side="right")
    row, column = cell // spacing.shape[1], cell % spacing.shape[1]
    x = net.frame[0] + net.frame[2] * (column + uniform(draw(bits, np.uint64(1))))
    y = net.frame[1] + net.frame[2] * (row + uniform(draw(bits, np.uint64(2))))
    apart = spacing[row, column]
    e, fx, fy, gap = _nearest(net, x, y)
    if e < 0 or gap < stage[_APART] * apart or net.edge[e, 2] == BARRED:
        return 0.0
    junctions = _junctions(net)
    ends = net.tally[1] < stage[_ENDS] * junctions
    four = net.tally[4] + net.tally[5] + net.tally[6] < stage[_FOUR] * junctions
    near = stage[_NEAR] * apart
    start = _joint(net, e, fx, fy, x - fx, y - fy, near, four)
    if start == -2:
        return 0.0
    if start >= 0:
        fx, fy = net.point[start]
    far = np.sqrt((x - fx) ** 2 + (y - fy) ** 2)
    path[0, 0], path[0, 1], heading[0], heading[1] = fx, fy, (x - fx) / far, (y - fy) / far
    reach = far * (1.0 + stage[_LONGER] * uniform(draw(bits, np.uint64(3)))) if ends else stage[_REACH] * apart
    bend = stage[_BEND] * (2.0 * uniform(draw(bits, np.uint64(4))) - 1.0)
    n, hit, ahead = _walk(net, path, heading, start, reach, stage, apart, bend)
    if hit == -2 or (hit == -1) != ends or n + 1 >= len(path) or hit == e or not _inside(spacing, net.frame, path, n):
        return 0.0
    finish = -1
    if hit >= 0:
        path[n, 0], path[n, 1] = path[n - 1, 0] + heading[0] * ahead, path[n - 1, 1] + heading[1] * ahead
        finish = _joint(net, hit, path[n, 0], path[n, 1], -heading[0], -heading[1], near, four)
        if finish == -2 or (finish >= 0 and finish == start):
            return 0.0
        n += 1
    return _lay(net, path, n, start, e, finish, hit, np.int32(stage[_KIND]))


@kernel
def grow(
    point: Float64GridOut,
    edge: Int32GridOut,
    used: Int64Out,
    spacing: Float64Grid,
    cumulative: Float64,
    frame: Float64,
    stages: Float64Grid,
    stream: np.uint64,
) -> int:
    """Lay streets from the nearest road towards places that are far from any, until each stage has what it asks for.

    A stage draws places by density; from the foot of the perpendicular on the nearest road a street sets out through the
    place. It is kept if it then meets another road (a connection) or stays clear of all to its end (a dead end),
    whichever the stage lacks, and if no other street lies alongside it.

    Parameters
    ----------
    point : float64[n, 2], metres
        Junctions and bends; the first ``used[0]`` are given, the others are written.
    edge : int32[m, 3]
        Tail, head and class of each piece of street; the first ``used[1]`` are given. A class of −1 is no street any
        more: it was cut in two by a junction. Class `BARRED` is a motorway.
    used : int64[2]
        Rows of `point` and `edge` in use.
    spacing : float64[rows, columns], metres
        How far apart streets lie around each cell of the town's raster; 0 outside the town.
    cumulative : float64[rows · columns]
        Running sum of the density of places over the raster.
    frame : float64[3], metres
        The raster's west and south edge, and the side of a cell.
    stages : float64[n_stages, 13]
        One row a stage, in the columns of `STAGE`.
    stream : uint64
        What the draws belong to, with the number of the attempt.

    Returns
    -------
    int
        Attempts made. A stage gives up after 20,000 fruitless attempts in a row.

    """
    rows = np.int64(spacing.shape[0] * frame[2] / _SIDE) + 1
    columns = np.int64(spacing.shape[1] * frame[2] / _SIDE) + 1
    net = _Net(
        point, edge, used, np.zeros(len(point), np.int64), np.zeros(16, np.int64), np.full(rows * columns, -1, np.int64),
        np.empty(12 * len(edge), np.int64), np.empty(12 * len(edge), np.int64), np.array([rows, columns, 0]), frame,
    )  # fmt: skip
    net.tally[0] = used[0]
    for e in range(used[1]):
        _register(net, e)
        if edge[e, 2] != BARRED:
            _touch(net, edge[e, 0], 1)
            _touch(net, edge[e, 1], 1)
    path, heading = np.empty((80, 2)), np.empty(2)
    attempts = 0
    for s in range(len(stages)):
        laid, fruitless = 0.0, 0
        while fruitless < 20_000 and used[0] + len(path) < len(point) and used[1] + 2 * len(path) < len(edge):
            done = laid >= stages[s, _METRES] if stages[s, _METRES] > 0 else _junctions(net) >= stages[s, _JUNCTIONS]
            if done:
                break
            attempts += 1
            metres = _try(net, spacing, cumulative, stages[s], draw(stream, np.uint64(attempts)), path, heading)
            laid += metres
            fruitless = 0 if metres > 0 else fruitless + 1
    return attempts
