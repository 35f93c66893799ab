"""Plain twins of what siting counts: coverage, betweenness, and where a road enters a shape."""

import math
from itertools import combinations


def seen(items, site_of):
    """Return the set of things each site sees; items: (weight, routes), a route being a list of roads."""
    sites = {s for s in site_of if s >= 0}
    return {
        s: {i for i, (_, routes) in enumerate(items) if any(site_of[road] == s for route in routes for road in route)}
        for s in sites
    }


def worth(items, found):
    return sum(items[i][0] for i in found)


def greedy(items, site_of, k):
    """Return (site, gain) in the order picked; ties go to the first site."""
    sees, known, picked = seen(items, site_of), set(), []
    for _ in range(k):
        best = max(sorted(sees), key=lambda s: worth(items, sees[s] - known), default=None)
        if best is None or not worth(items, sees[best] - known):
            break
        picked.append((best, worth(items, sees[best] - known)))
        known |= sees[best]
    return picked


def most_seen(items, site_of, k):
    """Return the weight that the best k sites see, by trying all of them."""
    sees = seen(items, site_of)
    groups = combinations(sorted(sees), min(k, len(sees)))
    return max(worth(items, set().union(*(sees[s] for s in group))) for group in groups)


def betweenness(roads, n, sources):
    """Return for each road the junctions that shortest ways from the sources reach by it, by listing every such way.

    roads: (tail, head, cost), costs at least 1.
    """
    total = [0.0] * len(roads)
    for source in sources:
        ways = {j: [] for j in range(n)}
        _extend(roads, source, (), 0, {source}, ways)
        for target, found in ways.items():
            if target != source and found:
                least = min(cost for cost, _ in found)
                best = [driven for cost, driven in found if cost == least]
                for driven in best:
                    for road in driven:
                        total[road] += 1 / len(best)
    return total


def _extend(roads, here, driven, cost, been, ways):
    ways[here].append((cost, driven))
    for number, (tail, head, more) in enumerate(roads):
        if tail == here and head not in been:
            _extend(roads, head, (*driven, number), cost + more, been | {head}, ways)


def entry(tail, head, at, reach, bearings, angle, steps=4000):
    """Return how far along the straight road it comes into the shape, None if it does not or begins inside; by small steps.

    bearings: the way each wedge of ``angle`` degrees looks; none: a disc.
    """
    inside = [
        _inside(
            *(t + (h - t) * step / steps - a for t, h, a in zip(tail, head, at, strict=True)), reach, bearings, angle
        )
        for step in range(steps + 1)
    ]
    if inside[0]:
        return None
    return next((step / steps for step, is_in in enumerate(inside) if is_in), None)


def _inside(x, y, reach, bearings, angle):
    if math.hypot(x, y) > reach:
        return False
    bearing = math.degrees(math.atan2(x, y))
    return not bearings or any(abs((bearing - b + 180) % 360 - 180) <= angle / 2 for b in bearings)
