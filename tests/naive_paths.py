"""Plain twins of ways rebuilt: every way walked anew, every claim held against every road that was driven."""

import math
from collections import Counter
from itertools import pairwise

import networkx as nx


def quickest(streets, one, other):
    """streets: (tail, head, metres, ms) a road. Return the roads between two roads, and s from middle to middle."""
    graph = nx.DiGraph()
    for row, (tail, head, _, ms) in enumerate(streets):
        if not graph.has_edge(tail, head) or ms < graph[tail][head]["ms"]:
            graph.add_edge(tail, head, ms=ms, row=row)
    nodes = nx.shortest_path(graph, streets[one][1], streets[other][0], weight="ms")
    way = [graph[a][b]["row"] for a, b in pairwise(nodes)]
    return way, (sum(streets[row][3] for row in way) + streets[one][3] // 2 + streets[other][3] // 2) / 1000


def taken(paths, watched):
    """Return {(one, other): {way between: drivers}} of watched roads; paths: (drivers, roads)."""
    ways = {}
    for drivers, path in paths:
        for i, one in enumerate(path):
            for j in range(i + 1, len(path)):
                if one in watched and path[j] in watched:
                    ways.setdefault((one, path[j]), Counter())[tuple(path[i + 1 : j])] += drivers
    return ways


def claims(reads, streets, learned, *, minimum, factor, tolerance):
    """Return (road, moment, off) of every road claimed; reads held: (time, road, step); learned: {pair: way}."""
    claimed, before = [], None
    for read in sorted(reads, key=lambda read: read[:2]):
        time, road, step = read
        passed = False
        if before is not None:
            gap, known = time - before[0], max(step, before[2])
            if before[1] == road:
                passed = gap <= max(minimum, known)
            else:
                way, lasts = quickest(streets, before[1], road)
                if gap <= max(minimum, math.ceil(lasts * factor), known):
                    way = learned.get((before[1], road), way)
                    ends = [streets[row][3] // 2 for row in (before[1], road)]
                    whole, far = sum(ends) + sum(streets[row][3] for row in way), ends[0]
                    for row in way:
                        moment = before[0] + gap * (far + streets[row][3] // 2) // whole
                        claimed.append((row, moment, max(tolerance, known)))
                        far += streets[row][3]
        if not passed:
            claimed.append((road, time, max(tolerance, step)))
        before = read
    return claimed


def driven(trips, streets):
    """trips: (depart, arrive, roads). Return (trip, road, when half of it was crossed) of every road driven."""
    rows = []
    for trip, (depart, arrive, path) in enumerate(trips):
        far, whole = 0, sum(streets[row][3] for row in path)
        for row in path:
            rows.append((trip, row, depart + (arrive - depart) * (far + streets[row][3] // 2) // whole))
            far += streets[row][3]
    return rows


def tally(trips, streets, claimed, *, window, now, horizon, drivers=None, keeper=None, who=None):
    """Return {time: [right, wrong, driven, trips rebuilt, trips]} in decimetres, of stock, horizon and window.

    Of one person ``who`` alone, if said: ``drivers`` made the trips, and the plate names ``keeper``.
    """
    drivers = drivers or [None] * len(trips)
    theirs = [driver == who for driver in drivers]
    roads = driven(trips, streets)
    size = [round(metres * 10) for _, _, metres, _ in streets]
    found, wrong = set(), []  # wrong: (length, late, trip)
    for road, moment, off in claimed:
        near = [(abs(when - moment), n) for n, (_, row, when) in enumerate(roads) if row == road]
        near = min((one for one in near if one[0] <= off), default=None)
        if near and roads[near[1]][2] <= now:
            trip = roads[near[1]][0]
            if near[1] not in found:
                found.add(near[1])
            else:
                wrong.append((size[road], trips[trip][0] > now - horizon, trip, theirs[trip]))
        else:
            under = [trip for trip, (depart, arrive, _) in enumerate(trips) if depart <= moment < arrive]
            before = [n for n, (depart, _, _) in enumerate(trips) if depart <= moment]
            mine = theirs[(under or before)[-1]] if under or before else keeper == who
            wrong.append((size[road], moment > now - horizon, under[0] if under else None, mine))
    answer = {}
    for name, inside, errs in (
        ("stock", lambda depart: True, sum(length for length, _, _, mine in wrong if mine)),
        (
            "horizon",
            lambda depart: depart > now - horizon,
            sum(length for length, late, _, mine in wrong if late and mine),
        ),
        ("window", lambda depart: now - depart < window, sum(length for length, _, _, mine in wrong if mine)),
    ):
        counts = [0, errs, 0, 0, 0]
        for trip, (depart, _, _) in enumerate(trips):
            mine = [n for n, (of, _, when) in enumerate(roads) if of == trip and when <= now]
            if depart <= now and inside(depart) and mine and theirs[trip]:
                went = sum(size[roads[n][1]] for n in mine)
                right = sum(size[roads[n][1]] for n in mine if n in found)
                missed = sum(length for length, _, of, _ in wrong if of == trip)
                counts[0] += right
                counts[2] += went
                counts[3] += 5 * right >= 4 * went and 5 * missed <= right + missed
                counts[4] += 1
        answer[name] = counts
    return answer
