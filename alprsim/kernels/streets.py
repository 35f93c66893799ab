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
    below,
    draw,
    kernel,
    part_of_kernel,
    uniform,
)

BARRED = 100
"""The class, in `edge`, of a line that streets do not join: a motorway."""

_SIDE = 200.0
"""Side of the squares, in metres, in which pieces of street are looked up."""

_CURB = 12.0
"""No two junctions of a street are nearer than this, in metres."""

_NOTHING = 1e18


class _Net(NamedTuple):
    """What has been laid so far, and the squares in which each piece of it is found."""

    point: NDArray[Any]
    edge: NDArray[Any]
    used: NDArray[Any]
    degree: NDArray[Any]  # roads at each point
    count: NDArray[Any]  # points by their degree
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
    net.count[net.degree[v]] -= 1
    net.degree[v] += more
    net.count[net.degree[v]] += 1


@part_of_kernel
def _add_point(net, x, y):  # type: ignore[no-untyped-def]
    v = net.used[0]
    net.point[v, 0] = x
    net.point[v, 1] = y
    net.used[0] = v + 1
    net.count[0] += 1
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
    """Find the piece of street nearest to a place, and how far along it the foot of the perpendicular lies."""
    row0, column0 = _square(net, x, y)
    best, piece, along = _NOTHING, -1, 0.0
    for ring in range(max(net.grid[0], net.grid[1])):
        if best < ((ring - 1) * _SIDE) ** 2 and ring > 0:
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
                    if gap < best:
                        best, piece, along = gap, e, t
    return piece, along, np.sqrt(best)


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
                if t * length > 0.5 and t <= 1.0 and t < best and 0.0 <= u <= 1.0:
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
def _joint(net, e, t, near, four, dx, dy):  # type: ignore[no-untyped-def]
    """Choose where a street in direction (dx, dy) away from the joint joins piece e: an end of it, or −1 for a new point, or −2 for nowhere."""
    a, b = net.edge[e, 0], net.edge[e, 1]
    ax, ay = net.point[a]
    bx, by = net.point[b]
    length = np.sqrt((bx - ax) ** 2 + (by - ay) ** 2)
    v = a if t < 0.5 else b
    away = min(t, 1.0 - t) * length
    if away < near and (net.degree[v] == 2 or (net.degree[v] == 3 and four)) and _room_at(net, v, dx, dy):
        return v
    return -2 if away < _CURB else -1


@part_of_kernel
def _walk(net, path, x, y, dx, dy, start, reach, step, bend, clear, over):  # type: ignore[no-untyped-def]
    """Walk from (x, y) until another street is met; return the number of bends, the piece met or −1, −2 if blocked, and how far along the last step."""
    path[0, 0], path[0, 1] = x, y
    n, walked = 1, 0.0
    while walked < reach and n < len(path) - 1:
        h = min(step, reach - walked + 1e-9)
        qx, qy = x + dx * h, y + dy * h
        hit, t = _first_hit(net, x, y, qx + dx * clear, qy + dy * clear, start if n == 1 else -1, over)
        if hit >= 0:
            if net.edge[hit, 2] == BARRED or _slanted(net, hit, dx, dy):
                return n, -2, 0.0
            return n, hit, t * (h + clear)
        left, _ = _first_hit(net, qx, qy, qx - dy * clear, qy + dx * clear, -1, over)
        right, _ = _first_hit(net, qx, qy, qx + dy * clear, qy - dx * clear, -1, over)
        if left >= 0 or right >= 0:
            return n, -2, 0.0
        path[n, 0], path[n, 1] = qx, qy
        n += 1
        walked += h
        x, y = qx, qy
        dx, dy = dx - bend * dy, dy + bend * dx
        norm = np.sqrt(dx * dx + dy * dy)
        dx, dy = dx / norm, dy / norm
    return n, -1, 0.0


@part_of_kernel
def _inside(spacing, frame, x, y):  # type: ignore[no-untyped-def]
    column, row = np.int64((x - frame[0]) / frame[2]), np.int64((y - frame[1]) / frame[2])
    if x < frame[0] or y < frame[1] or row >= spacing.shape[0] or column >= spacing.shape[1]:
        return 0.0
    return spacing[row, column]


@part_of_kernel
def _place(spacing, cumulative, frame, bits):  # type: ignore[no-untyped-def]
    """Draw a place by density."""
    cell = np.searchsorted(cumulative, uniform(draw(bits, np.uint64(0))) * cumulative[-1], side="right")
    row, column = cell // spacing.shape[1], cell % spacing.shape[1]
    x = frame[0] + frame[2] * (column + uniform(draw(bits, np.uint64(1))))
    y = frame[1] + frame[2] * (row + uniform(draw(bits, np.uint64(2))))
    return x, y, spacing[row, column]


@part_of_kernel
def _try(net, spacing, cumulative, stage, bits, path):  # type: ignore[no-untyped-def]
    """Make one attempt at a street; return the metres laid, 0.0 if it does not fit."""
    x, y, apart = _place(spacing, cumulative, net.frame, bits)
    e, t, gap = _nearest(net, x, y)
    if e < 0 or gap < stage[1] * apart or net.edge[e, 2] == BARRED:
        return 0.0
    junctions = net.count[1] + net.count[3] + net.count[4] + net.count[5] + net.count[6]
    end = net.count[1] < stage[5] * junctions
    four = net.count[4] + net.count[5] + net.count[6] < stage[6] * junctions
    a, b = net.edge[e, 0], net.edge[e, 1]
    fx = net.point[a, 0] + t * (net.point[b, 0] - net.point[a, 0])
    fy = net.point[a, 1] + t * (net.point[b, 1] - net.point[a, 1])
    start = _joint(net, e, t, stage[8] * apart if four else 2 * _CURB, four, x - fx, y - fy)
    if start == -2:
        return 0.0
    if start >= 0:
        fx, fy = net.point[start]
    far = np.sqrt((x - fx) ** 2 + (y - fy) ** 2)
    dx, dy = (x - fx) / far, (y - fy) / far
    if end:
        reach = far * (stage[9] + stage[10] * uniform(draw(bits, np.uint64(3))))
    else:
        reach = stage[2] * apart
    bend = stage[11] * (2.0 * uniform(draw(bits, np.uint64(4))) - 1.0)
    step = stage[12] * apart
    clear = stage[13] * apart
    n, hit, last = _walk(net, path, fx, fy, dx, dy, start, reach, step, bend, clear, stage[7] > 0)
    if hit == -2 or (hit == -1) != end:
        return 0.0
    for i in range(1, n):
        if _inside(spacing, net.frame, path[i, 0], path[i, 1]) <= 0.0:
            return 0.0
    return _lay(net, path, n, e, start, hit, last, four, np.int64(stage[0]), stage[8] * apart)


@part_of_kernel
def _lay(net, path, n, e, start, hit, last, four, kind, near):  # type: ignore[no-untyped-def]
    """Write the street walked: its start, its bends, and the joint at its end if it met another."""
    finish = -1
    if hit >= 0:
        if hit == e and start < 0:
            return 0.0
        if n > 1:
            dx, dy = path[n - 1, 0] - path[n - 2, 0], path[n - 1, 1] - path[n - 2, 1]
        else:
            dx, dy = path[0, 0], path[0, 1]
    return 0.0
