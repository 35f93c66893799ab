"""How fast a town's streets grow."""

import numpy as np

from alprsim import randomness
from alprsim.kernels import streets

SIDE = 60  # cells of 100 m


def grown():
    """Grow 600 junctions between four main roads round a square of 5 km and one across it."""
    corner = np.array(
        [(500.0, 500.0), (5500.0, 500.0), (5500.0, 5500.0), (500.0, 5500.0), (3000.0, 500.0), (3000.0, 5500.0)]
    )
    point, edge, used = np.zeros((9000, 2)), np.full((15_000, 3), -1, np.int32), np.array([6, 7])
    point[:6], edge[:7] = corner, [(0, 4, 3), (4, 1, 3), (1, 2, 3), (2, 5, 3), (5, 3, 3), (3, 0, 3), (4, 5, 3)]
    stage = (6, 0.12, 4.0, 0, 600, 0.22, 0.07, 0, 0.35, 0.6, 0.35, 0.3, 0.12)
    spacing, density = np.full((SIDE, SIDE), 250.0), np.cumsum(np.ones(SIDE * SIDE))
    frame, stream = np.array([0.0, 0.0, 100.0]), randomness.stream(1, "streets")
    attempts = streets.grow(point, edge, used, spacing, density, frame, np.array([stage], np.float64), stream)
    return attempts, edge[: used[1]]


def test_grow(benchmark):
    attempts, edge = benchmark(grown)
    degree = np.bincount(edge[edge[:, 2] >= 0][:, :2].ravel())
    assert np.count_nonzero((degree > 0) & (degree != 2)) in (600, 601)
    assert attempts < 10_000
    benchmark.extra_info["attempts"] = attempts
