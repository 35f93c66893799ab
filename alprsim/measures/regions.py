"""The fewest zones in which a car is as surely as asked for, whether it stands or is under way.

Nobody who looks at reads knows which of the two: a car is under way one moment in a hundred, so that a region for all that is
believed could leave out every street between the places and still be right 99 times in 100.
"""

import numpy as np

from alprsim.tables import Float64, Int64

SLIGHT = 1e-4
"""A case, standing or under way, less likely than this is not looked at."""

WEIGHTS = np.linspace(0.0, 1.0, 9)
"""Weights tried of the one case against the other when zones are put in order."""


def fewest(belief: Float64, share: float) -> Float64:
    """Return how much of each zone lies in the region, [rows, zones]: whole zones, and of the last as much as is needed.

    Of regions of one size it is that which comes of less weight of the last case.

    Parameters
    ----------
    belief : float64[cases, rows, zones]
        How likely each zone is, in each case. The region holds the share of each case that may be.
    """
    total = belief.sum(axis=2, keepdims=True)
    likely = belief / np.maximum(total, 1e-300)
    asked = np.where(total > SLIGHT, share, 0.0)
    best: Float64 = np.ones_like(belief[0])
    for weight in WEIGHTS.tolist() if len(belief) > 1 else [0.0]:  # any: len(belief) > 1
        order = np.argsort(-(likely[0] + weight * (likely[-1] - likely[0])), axis=1, kind="stable")
        tried = _filled(likely, asked, order)
        smaller = tried.sum(axis=1) < best.sum(axis=1)
        best[smaller] = tried[smaller]
    return best


def _filled(likely: Float64, asked: Float64, order: Int64) -> Float64:
    """Take zones in an order until there is enough of each case."""
    mass = np.take_along_axis(likely, order[None], axis=2)
    before = np.cumsum(mass, axis=2) - mass
    part = np.where(mass > 0, np.clip((asked - before) / np.maximum(mass, 1e-300), 0.0, 1.0), 0.0).max(axis=0)
    inside: Float64 = np.empty_like(part)
    np.put_along_axis(inside, order, part, axis=1)
    return inside
