"""Plain twins of journeys known from end to end: which are asked about, which ends are right, and shares, one at a time."""

from math import sqrt

from alprsim.randomness import draw, stream


def drawn(trips, zone_of, clock, key, moment, count, seed):
    """Return (step before, step after, from, to) of each journey asked about, and how many there were.

    trips: (depart, arrive, origin, destination), in order; clock: start, step, steps.
    """
    start, step, steps = clock
    begins = [start + nth * step for nth in range(steps + 1)]
    found = []
    for depart, arrive, origin, destination in trips:
        if start < depart and arrive <= begins[-1] and zone_of[origin] != zone_of[destination]:
            before = max(nth for nth, begin in enumerate(begins) if begin < depart)
            after = min(nth for nth, begin in enumerate(begins) if begin >= arrive)
            found.append((depart, before, after, zone_of[origin], zone_of[destination]))
    chosen = sorted(found, key=lambda one: int(draw(stream(seed, "journey"), key, moment, one[0])))[:count]
    return [one[1:] for one in sorted(chosen)], len(found)


def standing(likely, asked, journeys):
    """Return which ends of each journey are where a car that stands most probably is; likely: a row a step asked about."""
    found = []
    for before, after, origin, destination in journeys:
        guesses = [likely[asked.index(step)] for step in (before, after)]
        here, there = (chances.index(max(chances)) for chances in guesses)
        found.append([here == origin, there == destination])
    return found


def nearest(journeys, clock, reads, prior):
    """Return the same of the nearest read in time, of equals the first; reads: (time, zone)."""
    if not reads:
        return prior
    start, step, _ = clock
    found = []
    for before, after, *ends in journeys:
        moments = [start + nth * step for nth in (before, after)]
        guesses = [min(reads, key=lambda read, moment=moment: abs(read[0] - moment))[1] for moment in moments]
        found.append([guess == end for guess, end in zip(guesses, ends, strict=True)])
    return found


def share_and_error(cars, right):
    """Return the share of all journeys that is known, and its standard error from having drawn the cars.

    cars: of each, (how many journeys there were, those asked about) at each moment; right: what of one counts as known.
    """
    known, whole = [], []
    for moments in cars:
        known.append(sum(many * sum(map(right, asked)) / len(asked) for many, asked in moments if asked))
        whole.append(sum(many for many, _ in moments))
    share = sum(known) / sum(whole)
    off = sum((part - share * n) ** 2 for part, n in zip(known, whole, strict=True))
    return share, sqrt(off) / sum(whole)
