"""Plain twins of kernels/routes.py and kernels/alternatives.py."""

import math
from statistics import NormalDist


def next_turns(toward, roads, n):
    """toward: next junction a (tree, junction), negative none; roads: (tail, head, cost) by tail. Exits to take, −1 none."""

    def turn(junction, following):
        exits = [(head, cost) for tail, head, cost in roads if tail == junction]
        right = [(cost, place) for place, (head, cost) in enumerate(exits) if head == following]
        return min(right)[1] if right and following >= 0 else -1

    return [[turn(junction, tree[junction]) for junction in range(n)] for tree in toward]


def route(turns, roads, origin, destination):
    """Return the roads driven from origin to destination by the turns of one tree, None where no way leads there."""
    driven, junction = [], origin
    while junction != destination:
        if turns[junction] < 0:
            return None
        road = [number for number, (tail, *_) in enumerate(roads) if tail == junction][turns[junction]]
        driven.append(road)
        junction = roads[road][1]
    return driven


def toward(roads, n, destination):
    """Return the next junction on a way of fewest roads to the destination, −9999 at it and where there is none."""
    away, following = {destination: 0}, [-9999] * n
    for _ in range(n):
        for tail, head, _cost in roads:
            if head in away and tail not in away:
                away[tail], following[tail] = away[head] + 1, head
    return following


QUARTER, SLOTS = 900_000, 96


def driven_until(roads, depart, time):
    """Return when a trip along these roads arrives; time: [quarter hour][road], ms."""
    for road in roads:
        depart += time[depart // QUARTER % SLOTS][road]
    return depart


def left_by(now, road, time):
    """Return the soonest that a road is left, waiting before it for up to a day allowed."""
    quarter = now // QUARTER
    waited = [(q * QUARTER) + time[q % SLOTS][road] for q in range(quarter + 1, quarter + SLOTS + 1)]
    return min([now + time[quarter % SLOTS][road], *waited])


def soonest(roads, n, origin, destination, depart, time):
    """Return the soonest arrival, by going over all roads until nothing improves; None where no way leads there."""
    known = {origin: depart}
    for _ in range(n):
        for number, (tail, head, *_) in enumerate(roads):
            if tail in known:
                known[head] = min(known.get(head, 1 << 62), left_by(known[tail], number, time))
    return known.get(destination)


def weighed(ways, cost):
    """ways: the roads of each alternative of a pair, None: no way. Each one's (excess, apart), −1 if none or told before."""
    known = [(sum(cost[road] for road in way), number) for number, way in enumerate(ways) if way is not None]
    if not known:
        return [(-1, -1)] * len(ways)
    least, best = min(known)
    found = []
    for number, way in enumerate(ways):
        if way is None or (number != best and (way == ways[best] or way in ways[:number])):
            found.append((-1, -1))
        else:
            apart = sum(cost[road] for road in set(way) ^ set(ways[best]))
            found.append((sum(cost[road] for road in way) - least, apart))
    return found


NORMAL = NormalDist()


def told(weights, deviation):
    """weights: (excess, apart) of each alternative; deviation: of an error a root ms. (level, halvings) or a word of each.

    Of 31 levels each is a 62nd of the drivers who prefer the quickest of two, up from a half.
    """
    most = max([1, *(apart for _, apart in weights)])

    def one(excess, apart):
        if apart <= 0:
            return "never" if apart < 0 else "quickest"
        prefer = NORMAL.cdf(excess / (deviation * apart**0.5))
        halvings = min(round(math.log2(most / apart)), 7)
        return (min(int(62 * (prefer - 0.5)), 30), halvings) if prefer <= 0.996 else "never"

    return [one(*weight) for weight in weights]


def taken(words, errors):
    """words: as `told`; errors: one of each alternative, deviation 1. The alternative that seems quickest."""
    best = words.index("quickest") if "quickest" in words else 0
    seems = {best: 0.0}
    for number, word in enumerate(words):
        if isinstance(word, tuple):
            level, halvings = word
            longer = NORMAL.inv_cdf(0.5 + (level + 0.5) / 62)
            seems[number] = (longer + (errors[number] - errors[best]) / 2**0.5) / 2 ** (halvings / 2)
    return min(seems, key=lambda number: (seems[number], number != best))
