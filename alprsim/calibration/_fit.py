"""Scales of volumes by non-negative least squares, and what a scale is worth: GEH and one count left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from alprsim.tables import Float64, RoadKind

GEH = 5.0
"""An hourly count is matched when its GEH is below this; a model when 85 % of its hourly counts are (UK Department for
Transport, TAG unit M3.1; FHWA, Traffic Analysis Toolbox III)."""

SHARE = 0.85

DAILY = {
    **dict.fromkeys((RoadKind.MOTORWAY, RoadKind.TRUNK, RoadKind.RAMP), 0.07),
    **dict.fromkeys((RoadKind.PRIMARY, RoadKind.SECONDARY), 0.15),
    **dict.fromkeys((RoadKind.TERTIARY, RoadKind.UNCLASSIFIED, RoadKind.RESIDENTIAL), 0.25),
}
"""Share of a daily count by which the model may miss it: freeway 7 %, arterial 15 %, collector 25 % (FHWA, Calibration and
Adjustment of System Planning Models, 1990, as remembered)."""

Grid = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class Fitted(NamedTuple):
    """What matching counts comes to."""

    scale: Float64
    """Of each volume."""
    modelled: Float64
    """Each count with those scales."""


def geh(modelled: ArrayLike, counted: ArrayLike) -> Float64:
    """Return √(2 (m − c)² / (m + c)), of hourly volumes; 0 where both are 0."""
    m, c = np.asarray(modelled, np.float64), np.asarray(counted, np.float64)
    return np.sqrt(2 * (m - c) ** 2 / np.where(m + c > 0, m + c, 1.0))


def allowed(counted: ArrayLike, hourly: ArrayLike, kind: ArrayLike) -> Float64:
    """Return by how much each count may be missed: for an hour about a GEH of 5, for a day its class's share.

    A count of nothing may be missed by as much as one of a single vehicle.
    """
    c = np.maximum(np.asarray(counted, np.float64), 1.0)
    share = np.array([DAILY[kind] for kind in RoadKind])[np.asarray(kind, np.int64)]
    return np.asarray(np.where(hourly, GEH * np.sqrt(c), share * c))


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
