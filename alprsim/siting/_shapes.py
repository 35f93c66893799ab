"""The roads that enter a reader's wedge or disc, as other studies count what a camera sees.

A wedge has its tip at the camera and opens the way the lens looks; a disc surrounds it. A camera watches each direction of each
road whose straight line begins outside the shape and comes into it, whatever its class and whichever way it runs, from the point
of entry on. So whoever drives into the shape is read once; who starts a trip inside it is not read until coming back.
"""

import numpy as np

from alprsim.siting._ground import Ground, Watch
from alprsim.tables import Float64

_TOUCH = 1e-7
"""Of a road's length: shorter stretches inside a shape only touch it; a road that begins so near its rim begins outside."""


def entries(
    ground: Ground, point: Float64, reach: float, ways: tuple[float, ...], angle: float
) -> list[Watch]:  # fmt: skip
    """Return the roads that enter the wedges at a point, or the disc if no way is given, each at its first entry.

    Parameters
    ----------
    point : float64[2], metres
    reach : metres, of the wedge or disc
    ways : degrees clockwise from north, one a wedge
    angle : degrees that a wedge spans, at most 180
    """
    begins = []
    for way in ways or (None,):
        begin, end = _chord(ground, point, reach)
        for side in (-1, 1) if way is not None else ():
            edge = np.radians((way or 0.0) + side * angle / 2)
            outward = side * np.array([np.cos(edge), -np.sin(edge)])  # to the right of the edge, or to its left
            begin, end = _clip(ground, point, outward, begin, end)
        begins.append(np.where((end > _TOUCH) & (begin < end - _TOUCH), begin, np.inf))
    begin = np.min(begins, axis=0)
    enters = np.flatnonzero((begin >= -_TOUCH) & (begin < 1))
    begin = np.maximum(begin, 0)
    return [Watch(road, along) for road, along in zip(enters.tolist(), begin[enters].tolist(), strict=True)]


def _chord(ground: Ground, point: Float64, reach: float) -> tuple[Float64, Float64]:
    """Return the stretch of each road's line within a distance of the point, in parts of its length, until its end at most.

    Empty where end < begin; a road that begins inside has a negative begin.
    """
    run, start = ground.head - ground.tail, ground.tail - point
    square = np.maximum((run**2).sum(axis=1), 1e-9)
    half = (run * start).sum(axis=1) / square
    root = half**2 - ((start**2).sum(axis=1) - reach**2) / square
    width = np.sqrt(np.maximum(root, 0))
    begin, end = -half - width, np.minimum(-half + width, 1)
    return np.where(root > 0, begin, 1.0), np.where(root > 0, end, 0.0)


def _clip(
    ground: Ground, point: Float64, outward: Float64, begin: Float64, end: Float64
) -> tuple[Float64, Float64]:  # fmt: skip
    """Cut off what lies outward of a line through the point (Liang & Barsky 1984)."""
    start, slope = (ground.tail - point) @ outward, (ground.head - ground.tail) @ outward
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -start / slope
    begin = np.where(slope < 0, np.fmax(begin, crossing), begin)
    end = np.where(slope > 0, np.fmin(end, crossing), end)
    return begin, np.where((slope == 0) & (start > 0), -1.0, end)
