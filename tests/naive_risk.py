"""Attacks as scikit-mobility names them, by trying every choice of what is known against everybody: plain, and slow."""

from collections import Counter
from itertools import combinations


def subsequence(known, trace):
    left = iter(trace)
    return all(place in left for place in known)


def multiset(known, trace):
    have = Counter(trace)
    return all(have[place] >= many for place, many in Counter(known).items())


def subset(known, trace):
    return set(known) <= set(trace)


def frequencies(known, counts, tolerance):
    """Whether each known (place, count) is one of the counts, to a share ``tolerance`` of that count, not of what is known."""
    return all(
        place in counts and counts[place] * (1 - tolerance) <= many <= counts[place] * (1 + tolerance)
        for place, many in known
    )


def proportions(known, counts):
    """Whether the known places were visited in the same proportion to the one visited most."""
    if any(place not in counts for place, _ in known):
        return False
    most, others = max(many for _, many in known), max(counts[place] for place, _ in known)
    return all(many * others == counts[place] * most for place, many in known)


def risk(target, everybody, points, fits):
    """Return the largest 1 / (how many traces fit) over choices of ``points`` elements of the target (all, if fewer)."""
    known = combinations(target, min(points, len(target)))
    return max((1 / sum(fits(choice, trace) for trace in everybody) for choice in known), default=0)
