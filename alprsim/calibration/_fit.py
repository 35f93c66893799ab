"""Scales of volumes by non-negative least squares, and what a scale is worth: one count left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from alprsim.tables import Float64

Grid = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class Fitted(NamedTuple):
    """What matching counts comes to."""

    scale: Float64
    """Of each volume."""
    modelled: Float64
    """Each count with those scales."""


def fit(load: Grid, fixed: Float64, counted: Float64, allowed: Float64, *, prior: Float64, spread: float) -> Fitted:
    """Scale volumes so that counted roads carry what was counted, as far as the volumes' own likelihood lets them.

    Minimises Σ ((fixed + load · s − counted) / allowed)² + Σ ((s − prior) / spread)² over s ≥ 0 (Lawson & Hanson 1974).
    Without its second part four counts could not tell ninety volumes apart; with it each volume moves as little as the
    counts ask for, and one that no counted road carries does not move.

    Parameters
    ----------
    load : float64[n_counts, n_volumes]
        Vehicles of each volume, at scale 1, that pass where and when was counted.
    fixed : float64[n_counts]
        Those whose volume is not scaled.
    counted, allowed : float64[n_counts]
    prior : float64[n_volumes]
        The scales expected before counting.
    spread : float, above 0
        How far a scale lies from the expected one when that weighs as much as a count missed by what is allowed.
    """
    if spread <= 0:
        raise ValueError(f"spread must be above 0, not {spread:g}")
    matrix = np.concatenate([load / allowed[:, None], np.eye(load.shape[1]) / spread])
    aim = np.concatenate([(counted - fixed) / allowed, prior / spread])
    scale = np.asarray(nnls(matrix, aim)[0]) if load.shape[1] else np.empty(0)
    return Fitted(scale, fixed + load @ scale)


def leave_one_out(
    load: Grid, fixed: Float64, counted: Float64, allowed: Float64, *, prior: Float64, spread: float
) -> Float64:
    """Return what each count would be by the scales that all others give; with a single count by the expected scales."""
    told = np.empty(len(counted))
    for out in range(len(counted)):
        kept: NDArray[Any] = np.arange(len(counted)) != out
        found = fit(load[kept], fixed[kept], counted[kept], allowed[kept], prior=prior, spread=spread)
        told[out] = fixed[out] + load[out] @ found.scale
    return told
