"""Plain twin of the street kernel: every lookup goes through all pieces of street laid so far."""

import bisect
from math import sqrt

from alprsim.randomness import draw, uniform

BARRED, CURB = 100, 12.0


class Streets:
    """points: [(x, y)]; edges: [(tail, head, class)]; class −1 was cut, BARRED is a motorway."""

    def __init__(self, points, edges, room):
        self.points, self.edges, self.room = list(points), list(edges), room

    def degree(self, v):
        return sum((a == v) + (b == v) for a, b, kind in self.edges if kind not in (-1, BARRED))

    def counts(self):
        degrees = [self.degree(v) for v in range(len(self.points))]
        return [degrees.count(d) for d in range(9)]

    def cut(self, e, place):
        a, b, kind = self.edges[e]
        v = len(self.points)
        self.points.append(place)
        self.edges[e] = (a, b, -1)
        self.edges += [(a, v, kind), (v, b, kind)]
        return v

    def nearest(self, x, y):
        best = None
        for e, (a, b, kind) in enumerate(self.edges):
            if kind < 0:
                continue
            (ax, ay), (bx, by) = self.points[a], self.points[b]
            dx, dy = bx - ax, by - ay
            t = min(max(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
            gap = (ax + t * dx - x) ** 2 + (ay + t * dy - y) ** 2
            if best is None or gap < best[0]:
                best = gap, e, ax + t * dx, ay + t * dy
        return best

    def first_hit(self, p, q, start, over):
        (px, py), (qx, qy) = p, q
        length, best = sqrt((qx - px) ** 2 + (qy - py) ** 2), (2.0, -1)
        for e, (a, b, kind) in enumerate(self.edges):
            if kind < 0 or (over and kind == BARRED) or start in (a, b):
                continue
            (ax, ay), (bx, by) = self.points[a], self.points[b]
            cross = (qx - px) * (by - ay) - (qy - py) * (bx - ax)
            if cross == 0:
                continue
            t = ((ax - px) * (by - ay) - (ay - py) * (bx - ax)) / cross
            u = ((ax - px) * (qy - py) - (ay - py) * (qx - px)) / cross
            if t * length > 0.5 and t <= 1 and 0 <= u <= 1 and t < best[0]:
                best = t, e
        return best

    def room_at(self, v, dx, dy):
        for a, b, kind in self.edges:
            if kind >= 0 and v in (a, b):
                other = self.points[b if a == v else a]
                ex, ey = other[0] - self.points[v][0], other[1] - self.points[v][1]
                dot = ex * dx + ey * dy
                if dot > 0 and dot * dot > 0.25 * (ex * ex + ey * ey) * (dx * dx + dy * dy):
                    return False
        return True

    def joint(self, e, x, y, dx, dy, near, four):
        a, b, _ = self.edges[e]
        away = {v: sqrt((self.points[v][0] - x) ** 2 + (self.points[v][1] - y) ** 2) for v in (a, b)}
        v = a if away[a] < away[b] else b
        degree = self.degree(v)
        joins = (degree == 2 and away[v] < 2 * CURB) or (degree == 3 and four and away[v] < near)
        if joins and self.room_at(v, dx, dy):
            return v
        return -2 if away[v] < CURB else -1

    def walk(self, place, heading, start, reach, stage, apart, bend):
        """Return (places passed, heading, piece met or −1, way to it), or None if the way is blocked."""
        step, clear, over = stage["step"] * apart, stage["clear"] * apart, stage["over"] > 0
        path, walked, (dx, dy) = [place], 0.0, heading
        while walked < reach and len(path) < self.room:
            x, y = path[-1]
            h = min(step, reach - walked + 1.0)
            qx, qy = x + dx * h, y + dy * h
            t, hit = self.first_hit(
                (x, y), (qx + dx * clear, qy + dy * clear), start if len(path) == 1 and start >= 0 else None, over
            )
            if hit >= 0:
                a, b, kind = self.edges[hit]
                ex, ey = self.points[b][0] - self.points[a][0], self.points[b][1] - self.points[a][1]
                dot = ex * dx + ey * dy
                slanted = dot * dot > 0.6 * (ex * ex + ey * ey) * (dx * dx + dy * dy)
                return None if kind == BARRED or slanted else (path, (dx, dy), hit, t * (h + clear))
            for side in ((-dy * clear, dx * clear), (dy * clear, -dx * clear)):
                if self.first_hit((qx, qy), (qx + side[0], qy + side[1]), None, over)[1] >= 0:
                    return None
            path.append((qx, qy))
            walked += h
            norm = sqrt((dx - bend * dy) ** 2 + (dy + bend * dx) ** 2)
            dx, dy = (dx - bend * dy) / norm, (dy + bend * dx) / norm
        return path, (dx, dy), -1, 0.0

    def attempt(self, town, stage, bits):
        """town: (spacing by row and column, cumulative density, (west, south, side)). Return the metres laid."""
        spacing, cumulative, (west, south, side) = town
        draws = [float(uniform(draw(bits, k))) for k in range(5)]
        row, column = divmod(bisect.bisect_right(cumulative, draws[0] * cumulative[-1]), len(spacing[0]))
        x, y, apart = west + side * (column + draws[1]), south + side * (row + draws[2]), spacing[row][column]
        gap, e, fx, fy = self.nearest(x, y)
        if sqrt(gap) < stage["apart"] * apart or self.edges[e][2] == BARRED:
            return 0.0
        counts = self.counts()
        junctions = counts[1] + sum(counts[3:7])
        ends, four = counts[1] < stage["ends"] * junctions, sum(counts[4:7]) < stage["four"] * junctions
        near = stage["near"] * apart
        start = self.joint(e, fx, fy, x - fx, y - fy, near, four)
        if start == -2:
            return 0.0
        if start >= 0:
            fx, fy = self.points[start]
        far = sqrt((x - fx) ** 2 + (y - fy) ** 2)
        reach = far * (1.0 + stage["longer"] * draws[3]) if ends else stage["reach"] * apart
        bend = stage["bend"] * (2.0 * draws[4] - 1.0)
        walked = self.walk((fx, fy), ((x - fx) / far, (y - fy) / far), start, reach, stage, apart, bend)
        if walked is None:
            return 0.0
        path, (dx, dy), hit, ahead = walked
        if (hit == -1) != ends or len(path) + 1 >= self.room or hit == e:
            return 0.0
        if not all(inside(spacing, px - west, py - south, side) for px, py in path[1:]):
            return 0.0
        finish = -1
        if hit >= 0:
            path.append((path[-1][0] + dx * ahead, path[-1][1] + dy * ahead))
            finish = self.joint(hit, *path[-1], -dx, -dy, near, four)
            if finish == -2 or (finish >= 0 and finish == start):
                return 0.0
        return self.lay(path, start, e, finish, hit, int(stage["kind"]))

    def lay(self, path, start, e, finish, hit, kind):
        v, metres = start if start >= 0 else self.cut(e, path[0]), 0.0
        for place in path[1:]:
            if place is path[-1] and hit >= 0:
                w = finish if finish >= 0 else self.cut(hit, place)
            else:
                w = len(self.points)
                self.points.append(place)
            self.edges.append((v, w, kind))
            metres += sqrt(sum((p - q) ** 2 for p, q in zip(self.points[w], self.points[v], strict=True)))
            v = w
        return metres


def inside(spacing, x, y, side):
    row, column = int(y / side), int(x / side)
    return x >= 0 and y >= 0 and row < len(spacing) and column < len(spacing[0]) and spacing[row][column] > 0


def grow(points, edges, spacing, cumulative, frame, stages, stream, attempts):
    """Return points and edges after so many attempts at most."""
    streets, n = Streets(points, edges, room=80), 0
    for stage in stages:
        laid = 0.0
        while n < attempts:
            counts = streets.counts()
            junctions = counts[1] + sum(counts[3:7])
            if laid >= stage["metres"] if stage["metres"] > 0 else junctions >= stage["junctions"]:
                break
            n += 1
            laid += streets.attempt((spacing, cumulative, frame), stage, draw(stream, n))
    return streets.points, streets.edges, n
