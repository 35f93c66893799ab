"""Plain twins of static assignment: every path written out, every cost worked out anew from the flows."""


def cost(curve, volume):
    base, rise, power, capacity = curve
    return base + rise * (volume / capacity) ** power


def slope(curve, volume):
    _, rise, power, capacity = curve
    return power * rise / capacity * (volume / capacity) ** (power - 1) if power else 0.0


def simple_paths(links, first_thru, origin, destination):
    """links: (tail, head). Yield every path without a node twice, as links; nodes below first_thru are not passed."""
    stack = [((), (origin,))]
    while stack:
        path, nodes = stack.pop()
        if nodes[-1] == destination:
            yield path
        elif nodes[-1] >= first_thru or len(nodes) == 1:
            stack += [
                ((*path, row), (*nodes, head))
                for row, (tail, head) in enumerate(links)
                if tail == nodes[-1] and head not in nodes
            ]


def way(before, source, destination):
    """Return the nodes from source to destination, or None where they are not joined."""
    nodes = [destination]
    while nodes[-1] != source:
        nodes.append(before[nodes[-1]])
        if nodes[-1] < 0:
            return None
    return nodes[::-1]


def volumes(n_links, pairs, flow):
    """pairs: a list of paths for each pair; flow: a list of vehicles for each pair."""
    total = [0.0] * n_links
    for paths, vehicles in zip(pairs, flow, strict=True):
        for path, driven in zip(paths, vehicles, strict=True):
            for link in path:
                total[link] += driven
    return total


def shift(pairs, curve, flow, sweeps, enough):
    """Return the flows after shifting each pair's vehicles to its cheapest path, and the last sweep's excess cost."""
    flow = [list(vehicles) for vehicles in flow]
    excess = 0.0

    def now(path, function=cost):
        volume = volumes(len(curve), pairs, flow)
        return sum(function(curve[link], volume[link]) for link in path)

    def only(one, other):
        return [link for link in one if link not in other]

    for _ in range(sweeps):
        excess = 0.0
        for paths, vehicles in zip(pairs, flow, strict=True):
            costs = [now(path) for path in paths]
            best = costs.index(min(costs))
            for i, path in enumerate(paths):
                here, there = only(path, paths[best]), only(paths[best], path)
                both, first = vehicles[i] + vehicles[best], now(here) - now(there)
                if i == best or not vehicles[i] or first <= 0:
                    continue
                start = vehicles[i]
                excess += start * first
                for _ in range(20):
                    difference, steep = now(here) - now(there), now(here, slope) + now(there, slope)
                    if abs(difference) <= first / 2:
                        break
                    kept = (vehicles[i] - difference / steep) if steep else start * (difference < 0)
                    kept = min(start, max(0.0, kept))
                    if kept == vehicles[i]:
                        break
                    vehicles[i], vehicles[best] = kept, both - kept
        if excess <= enough:
            break
    return flow, excess
