"""Plain twins of what is asked of everybody: sets of who was where, one target and one choice at a time."""

from collections import Counter
from itertools import combinations

from alprsim.randomness import draw
from alprsim.tables import UNLIMITED


def pseudonym(plate, time, lasts):
    """Return who a read is of, for a viewer: a plate, for good or during one span of ``lasts`` seconds (0: the plate itself)."""
    return (plate, lasts, 0 if lasts in (0, UNLIMITED) else time // lasts)


def members(reads, time_bin):
    """Return {cell: who was in it} of reads (time, site, who)."""
    found = {}
    for time, site, who in reads:
        found.setdefault((site, time // time_bin), set()).add(who)
    return found


def sharing(reads, mine, base, key, time_bin, points):
    """Return how many share the first 1, 2, … cells, in the order of draws, of one target, who has the pseudonyms ``mine``."""
    cells = members(reads, time_bin)
    own = [(cell, who) for cell in cells for who in mine if who in cells[cell]]
    own.sort(key=lambda one: int(draw(base, key(*one))))
    own = [cell for cell, who in own if who == own[0][1]]
    return [
        len(set.intersection(*(cells[cell] for cell in own[:p]))) if p <= len(own) else 0 for p in range(1, points + 1)
    ]


def fewest(reads, mine, time_bin, points):
    """Return the fewest who share up to 1, 2, … cells of one of the pseudonyms ``mine``; 0 where there is none."""
    cells = members(reads, time_bin)
    found = []
    for p in range(1, points + 1):
        sizes = [0x7FFFFFFF]
        for who in mine:
            own = [here for here in cells.values() if who in here]
            sizes += [len(set.intersection(*choice)) for choice in combinations(own, min(p, len(own))) if choice]
        found.append(min(sizes))
    return found if found[0] < 0x7FFFFFFF else [0] * points


def top(cameras, n):
    """Return the set of the n cameras that occur most, of equals the lower ones; None where there are fewer."""
    counts = Counter(cameras)
    order = sorted(counts, key=lambda camera: (-counts[camera], camera))
    return frozenset(order[:n]) if n <= len(order) else None
