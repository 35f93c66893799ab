"""Plain twins of measure 7: which cars and moments are asked about, and what given beliefs score, one number at a time."""

from math import hypot, sqrt

from alprsim.randomness import below, draw, stream

WEIGHTS = [eighth / 8 for eighth in range(9)]


def targets(keys, resident, count, seed):
    """Return the resident cars with the lowest draws of their keys, in order of their rows."""
    drawn = [(int(draw(stream(seed, "position target"), key)), int(key), row) for row, key in enumerate(keys)]
    return sorted(row for _, _, row in sorted(one for one in drawn if resident[one[2]])[:count])


def instants(key, under_way, moment, count, seed):
    """Return (step, asked at random, of those parked, drawn under way) of each moment asked about, a set with repeats."""
    found = []
    for nth in range(count):
        step = 1 + int(below(draw(stream(seed, "position instant"), key, moment, nth), len(under_way) - 1))
        found.append((step, True, not under_way[step], False))
    drives = [step for step in range(1, len(under_way)) if under_way[step]]
    drives.sort(key=lambda step: (int(draw(stream(seed, "position under way"), key, moment, step)), step))
    found += [(step, False, False, True) for step in drives[: (count + 2) // 3]]
    return sorted(found)


def region(stands, goes, share):
    """Return how much of each zone belongs to the fewest that hold a share of each case."""
    cases = [[part / sum(case) for part in case] for case in (stands, goes) if sum(case) > 1e-4]
    best = None
    for weight in WEIGHTS:
        worth = [(1 - weight) * cases[0][zone] + weight * cases[-1][zone] for zone in range(len(stands))]
        held, inside = [0.0] * len(cases), [0.0] * len(stands)
        for zone in sorted(range(len(stands)), key=lambda zone: -worth[zone]):
            for case, mass in enumerate(cases):
                if held[case] < share and mass[zone] > 0:
                    inside[zone] = max(inside[zone], min(1.0, (share - held[case]) / mass[zone]))
                held[case] += mass[zone]
        if best is None or sum(inside) < sum(best):
            best = inside
    return best


def scores(points, stands, goes, truth, within, share):
    """Score one moment; points: (x, y, zone, share of the zone), truth: (x, y, zone).

    Returns the expected error and that of the best guess, m; how much is held likely near and in the right zone; how much of
    the right zone the region holds, and the zones in it; whether the best guess is near, and in the right zone.
    """
    many = len(stands)
    belief = [one + other for one, other in zip(stands, goes, strict=True)]
    middle = [
        (
            sum(x * part for x, _, of, part in points if of == zone),
            sum(y * part for _, y, of, part in points if of == zone),
        )
        for zone in range(many)
    ]
    expected = sum(belief[of] * part * hypot(x - truth[0], y - truth[1]) for x, y, of, part in points)
    near = sum(belief[of] * part for x, y, of, part in points if hypot(x - truth[0], y - truth[1]) <= within)
    cost = [
        sum(belief[other] * hypot(x - middle[other][0], y - middle[other][1]) for other in range(many))
        for x, y in middle
    ]
    guess = cost.index(min(cost))
    off = hypot(middle[guess][0] - truth[0], middle[guess][1] - truth[1])
    inside = region(stands, goes, share)
    right = truth[2]
    return [expected, off, near, belief[right], inside[right], sum(inside), float(off <= within), float(guess == right)]


def mean_and_error(by_car):
    """Return the mean over all moments of all cars, and its standard error from having drawn the cars."""
    n = sum(len(car) for car in by_car)
    mean = sum(sum(car) for car in by_car) / n
    return mean, sqrt(sum((sum(car) - len(car) * mean) ** 2 for car in by_car)) / n


def ratio_and_error(mine, others):
    """Return one's sum over the other's, and its standard error from having drawn the cars, both known of each."""
    share = sum(map(sum, mine)) / sum(map(sum, others))
    off = sum((sum(one) - share * sum(other)) ** 2 for one, other in zip(mine, others, strict=True))
    return share, sqrt(off) / sum(map(sum, others))
