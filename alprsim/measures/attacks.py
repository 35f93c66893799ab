"""How far somebody can be told from everybody else by who knows a little of where they were, as scikit-mobility asks it.

For who compares ours with other programs' figures, from Python; no run asks it, since every choice of what is known is tried
against everybody. A *trace* is a car's reads in order, its places, or its places with their counts; what is *known* is part of
one. After Pellungrini et al. 2017, and equal to scikit-mobility 1.3.1, whose frequency attack is as tolerant as a share of the
trace's own count, not of what is known.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TypeVar

Place = Hashable
Counts = Mapping[Place, int]
"""How often a place was visited."""

Trace = TypeVar("Trace")
Element = TypeVar("Element")


def in_order(known: Sequence[Place], trace: Sequence[Place]) -> bool:
    """Tell whether the known places were visited in this order (location sequence attack)."""
    left = iter(trace)
    return all(place in left for place in known)


def as_often(known: Sequence[Place], trace: Sequence[Place]) -> bool:
    """Tell whether each known place was visited so often at least (location attack)."""
    have = Counter(trace)
    return all(have[place] >= many for place, many in Counter(known).items())


def at_all(known: Sequence[Place], trace: Sequence[Place]) -> bool:
    """Tell whether all known places were visited (unique location attack)."""
    return set(known) <= set(trace)


def counts_within(known: Sequence[tuple[Place, int | Fraction]], counts: Counts, tolerance: float) -> bool:
    """Tell whether each known place has its count, to a share ``tolerance`` of the trace's own (frequency attack)."""
    return all(
        place in counts and counts[place] * (1 - tolerance) <= many <= counts[place] * (1 + tolerance)
        for place, many in known
    )


def shares_within(known: Sequence[tuple[Place, Fraction]], counts: Counts, tolerance: float) -> bool:
    """Tell whether each known place has its share of visits, to a share ``tolerance`` of the trace's own (probability attack)."""
    whole = sum(counts.values())
    return counts_within([(place, share * whole) for place, share in known], counts, tolerance)


def in_proportion(known: Sequence[tuple[Place, int]], counts: Counts) -> bool:
    """Tell whether the known places were visited in the same proportion to the one visited most (proportion attack)."""
    if any(place not in counts for place, _ in known):
        return False
    most, others = max(many for _, many in known), max(counts[place] for place, _ in known)
    return all(many * others == counts[place] * most for place, many in known)


def risk(
    target: Sequence[Element], everybody: Sequence[Trace], points: int, fits: Callable[[Sequence[Element], Trace], bool]
) -> float:
    """Return the largest 1 / (how many traces fit) over choices of ``points`` elements of the target, all if it has fewer.

    The target is one of everybody; 0 where nothing is known of it.
    """
    known = combinations(target, min(points, len(target)))
    return max((1 / sum(fits(choice, trace) for trace in everybody) for choice in known), default=0.0)
