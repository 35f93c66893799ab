"""Plain twins of kernels/routes.py."""


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
