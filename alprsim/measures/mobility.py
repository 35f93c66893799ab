"""One car's reads as the mobility literature sizes them up: how far they reach, and how regular they are.

For who compares ours with other programs' figures, from Python; no run asks it. On the Earth as a sphere of 6,371 km, as
scikit-mobility has it. Entropy is n log2 n / Σ Λ, where Λ at each read is the length of the shortest run of cameras from there
that was not seen before (`entropy`); conventions differ in what Λ is where the sequence ends before any such run does, and in
whether an earlier run may reach into the present one.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from alprsim.tables import Float64

EARTH = 6371.0
"""km."""

Point = tuple[float, float]
"""Latitude and longitude, degrees."""

Convention = Literal["shortest unseen", "zero at end", "scikit-mobility", "fastmob"]
"""*shortest unseen*: Λ counts the end as a camera of its own, unlike any (ours, and the definition). *zero at end*: Λ is 0.
*scikit-mobility* 1.3.1: as the first, but the second read counts 2 always, the last 1 (2 in Λ of both), and the end counts
one more where it is met after two cameras or more. *fastmob* 0.3.2: Λ is what is left, and earlier runs may overlap."""


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
    legs = np.array(list(pairwise(points)), np.float64).reshape(-1, 2, 2)  # any: 1
    return distance(legs[:, 0], legs[:, 1])


def most_read(points: Sequence[Point]) -> Point:
    """Return the place with most reads; of equals that of lowest latitude, then longitude."""
    counts = Counter(points)
    return min(counts, key=lambda point: (-counts[point], point))


def entropy_in_order(cameras: Sequence[Hashable], convention: Convention = "shortest unseen") -> float:
    """Return the entropy of the sequence, in its order, as Lempel and Ziv's parsing estimates it; NaN below 3 reads."""
    n = len(cameras)
    if n < 3:
        return math.nan
    if convention == "scikit-mobility":
        total = 3 + sum(_of_scikit_mobility(cameras, at) for at in range(1, n - 1))
    else:
        total = sum(_unseen(cameras, at, convention) for at in range(n))
    return n * math.log2(n) / total


def _unseen(cameras: Sequence[Hashable], at: int, convention: Convention) -> int:
    left = len(cameras) - at
    reach = len(cameras) if convention == "fastmob" else at
    for length in range(1, left + 1):
        if not _seen(cameras, at, length, reach):
            return length
    return {"zero at end": 0, "fastmob": left}.get(convention, left + 1)


def _of_scikit_mobility(cameras: Sequence[Hashable], at: int) -> int:
    length = 1
    while _seen(cameras, at, length, at):
        length += 1
        if at + length == len(cameras):
            return length + 1
    return length


def _seen(cameras: Sequence[Hashable], at: int, length: int, reach: int) -> bool:
    """Tell whether the run was there before: from an earlier read on, and wholly before ``reach``."""
    run = cameras[at : at + length]
    return any(cameras[start : start + length] == run for start in range(min(at, reach - length + 1)))
