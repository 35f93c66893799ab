"""How far one car's reads reach: the sizes of a life on the map that the mobility literature reports.

For who compares ours with other programs' figures; on the Earth as a sphere of 6,371 km, as scikit-mobility has it.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from alprsim.tables import Float64

EARTH = 6371.0
"""km."""

Point = tuple[float, float]
"""Latitude and longitude, degrees."""


def distance(one: Float64, other: Float64) -> Float64:
    """Return the distance (km) by haversine between points [n, 2]."""
    (lat, lon), (lat2, lon2) = np.radians(one).T, np.radians(other).T
    half = np.sin((lat2 - lat) / 2) ** 2 + np.cos(lat) * np.cos(lat2) * np.sin((lon2 - lon) / 2) ** 2
    return np.asarray(2 * EARTH * np.arcsin(np.sqrt(half)))


def radius_of_gyration(points: Sequence[Point]) -> float:
    """Return the root of the mean square distance (km) from the mean latitude and longitude (González et al. 2008)."""
    where = np.array(points, np.float64)
    return float(np.sqrt((distance(where, np.broadcast_to(where.mean(axis=0), where.shape)) ** 2).mean()))


def radius_of_top(points: Sequence[Point], k: int) -> float:
    """Return the radius of gyration (km) of the reads at the k places with most; of equals those that came first.

    Source: Pappalardo et al. 2015, returners and explorers.
    """
    top = {place for place, _ in Counter(points).most_common(k)}
    return radius_of_gyration([point for point in points if point in top])


def steps(points: Sequence[Point]) -> Float64:
    """Return the distances (km) from each read to the next."""
    legs = np.array(list(pairwise(points)), np.float64).reshape(-1, 2, 2)
    return distance(legs[:, 0], legs[:, 1])


def most_read(points: Sequence[Point]) -> Point:
    """Return the place with most reads; of equals that of lowest latitude, then longitude."""
    counts = Counter(points)
    return min(counts, key=lambda point: (-counts[point], point))
