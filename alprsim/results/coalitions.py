"""Who matters when only some opt out: exact values of all subsets, by number, by order, and each one's own share.

Subset S of n members is the number whose bit i is set where member i opts out. A value is what a viewer still sees, so
opting out makes it *fall*; the whole fall is that of all n.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class ByNumber(NamedTuple):
    """The subsets of each size k = 0 … n."""

    least: Values
    mean: Values
    most: Values
    lowest: list[int]
    """The subset that leaves the least; of equal ones the first."""
    highest: list[int]


class Order(NamedTuple):
    """An order of opting out."""

    members: list[int]
    values: Values
    """[n + 1]: what is seen before anybody, after the first, …"""


def size(values: Values) -> int:
    """Return the number of members; values are of all their subsets.

    Raises
    ------
    ValueError
        The number of values is no power of two.
    """
    n = len(values).bit_length() - 1
    if len(values) != 1 << n:
        raise ValueError(f"values must be of every subset, a power of two of them, not {len(values)}")
    return n


def by_number(values: Values) -> ByNumber:
    """Return the least, mean and most over the subsets of each size, and which they are."""
    n = size(values)
    of_size = [[s for s in range(len(values)) if s.bit_count() == k] for k in range(n + 1)]
    lowest = [min(subsets, key=lambda s: (values[s], s)) for subsets in of_size]
    highest = [max(subsets, key=lambda s: (values[s], -s)) for subsets in of_size]
    mean = np.array([math.fsum(values[subsets]) / len(subsets) for subsets in of_size])
    return ByNumber(values[lowest], mean, values[highest], lowest, highest)


def best_order(values: Values) -> Order:
    """Return the order whose values add up to the least: exact, over all orders, by the best way to reach each subset."""
    return _extreme(values, 1.0)


def worst_order(values: Values) -> Order:
    """Return the order whose values add up to the most."""
    return _extreme(values, -1.0)


def greedy_order(values: Values) -> Order:
    """Return the order in which each next member is the one whose opting out leaves the least."""
    n, here = size(values), 0
    members: list[int] = []
    for _ in range(n):
        left = [i for i in range(n) if not here >> i & 1]
        members.append(min(left, key=lambda i: (values[here | 1 << i], i)))
        here |= 1 << members[-1]
    return _order(values, members)


def tipping(fallen: Values, whole: float, share: float) -> int | None:
    """Return the smallest k at which a share of the whole fall is reached; None where it never is, or nothing falls."""
    if not whole > 0:
        return None
    reached = np.flatnonzero(fallen >= share * whole * (1 - 1e-12))
    return int(reached[0]) if len(reached) else None


def shapley(values: Values) -> Values:
    """Return each member's exact Shapley value of the fall: its mean marginal fall over all orders; they add up to it all.

    Shapley, L. S. (1953), A value for n-person games.
    """
    n = size(values)
    weights = [math.factorial(k) * math.factorial(n - 1 - k) / math.factorial(n) for k in range(n)]
    return np.array([
        math.fsum(
            weights[s.bit_count()] * (values[s] - values[s | 1 << i]) for s in range(len(values)) if not s >> i & 1
        )
        for i in range(n)
    ])  # fmt: skip


def first_movers(values: Values) -> Values:
    """Return what each takes away that opts out alone."""
    return np.array([values[0] - values[1 << i] for i in range(size(values))])


def last_movers(values: Values) -> Values:
    """Return what each takes away that opts out when all others have."""
    everybody = len(values) - 1
    return np.array([values[everybody & ~(1 << i)] - values[everybody] for i in range(size(values))])


def _extreme(values: Values, sign: float) -> Order:
    n = size(values)
    best = np.full(len(values), math.inf)
    last = np.full(len(values), -1)
    best[0] = 0.0
    for s in range(1, len(values)):
        for i in range(n):
            if s >> i & 1 and (total := best[s & ~(1 << i)] + sign * values[s]) < best[s]:
                best[s], last[s] = total, i
    members: list[int] = []
    here = len(values) - 1
    while here:
        members.insert(0, int(last[here]))
        here &= ~(1 << members[0])
    return _order(values, members)


def _order(values: Values, members: list[int]) -> Order:
    steps = [0]
    for i in members:
        steps.append(steps[-1] | 1 << i)
    return Order(members, values[steps])
