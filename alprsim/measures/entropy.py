"""How regular a car's sequence of cameras is, in bits, and what share of it anybody could foresee: an annex to prediction.

An entropy estimated from few reads is too low (2.48 bits at 20 reads of a source with 3.00, 2.74 at 500), so a shorter window
looks more predictable than it is. It is never a hit rate: nobody guesses here.

The real entropy is n log2 n / Σ Λ, where Λ at each read is the length of the shortest run of cameras from there that was not
seen before (Kontoyiannis, Algoet, Suhov & Wyner 1998; Song, Qu, Blumm & Barabási 2010). Programs differ in what Λ is where
the sequence ends before any such run does; the convention here is *shortest unseen*: the end is a camera of its own.
"""

from typing import NamedTuple

import numpy as np

from alprsim.kernels import entropy as kernels
from alprsim.tables import Float64, Int32, Int64

LEAST = 20
"""Reads that a sequence must have. Assumption: with fewer even the bias is anybody's guess."""

MOST = 500
"""The latest reads that are looked at. Assumption: time grows with their square, and the bias falls slowly."""

_HALVINGS = 48
"""Of an interval within (0, 1]: as exact as its numbers."""


class Bounds(NamedTuple):
    """Of each sequence."""

    real: Float64
    """bits: of its order."""
    uncorrelated: Float64
    """bits: of how often each camera reads."""
    random: Float64
    """bits: were its cameras equally likely."""
    predictability: Float64
    """The share of reads that no predictor could exceed, had its source the real entropy."""


def latest(target: Int64, camera: Int32, n_targets: int) -> tuple[Int64, Int32]:
    """Return the last reads of each target that has enough, one after another, and where each begins: [sequences + 1].

    Parameters
    ----------
    target : int64[n_reads], rising
    camera : int32[n_reads]
        In order of time within a target.
    """
    edges = np.searchsorted(target, np.arange(n_targets + 1))  # any
    many = np.diff(edges)
    enough = many >= LEAST
    kept = np.where(enough, np.minimum(many, MOST), 0)
    rows = np.arange(len(target)) >= (edges[1:] - kept)[target]
    return np.append(0, np.cumsum(kept[enough])).astype(np.int64), camera[rows]


def bounds(first: Int64, camera: Int32) -> Bounds:
    """Return what each sequence's order, its cameras' shares and their number say: sequence k is ``first[k]:first[k + 1]``."""
    n, total = np.diff(first), np.empty(len(first) - 1, np.int64)
    kernels.unseen(first, camera, total)
    of, times = _times(first, camera)
    share = times / n[of]
    different = np.bincount(of, minlength=len(n))
    real = n * np.log2(n) / total
    uncorrelated = np.bincount(of, -share * np.log2(share), len(n)).astype(np.float64)
    return Bounds(real, uncorrelated, np.log2(different), predictability(real, different))


def predictability(entropy: Float64, cameras: Int64) -> Float64:
    """Return the Π of Fano's inequality: entropy = H(Π) + (1 − Π) log2(cameras − 1); 1 of one camera, at least 1 / cameras.

    Source: Song, Qu, Blumm & Barabási 2010, Limits of Predictability in Human Mobility, Science 327:1018.
    """
    several = np.maximum(cameras, 2)
    low, high = 1 / several, np.ones(len(several))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        miss = 1 - middle
        found = -middle * np.log2(middle) - miss * np.log2(miss) + miss * np.log2(several - 1)
        above = found > entropy  # any
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(cameras == 1, 1.0, low)


def _times(first: Int64, camera: Int32) -> tuple[Int64, Int64]:
    """Return the sequence of each of its cameras, and how often that read it."""
    of = np.repeat(np.arange(len(first) - 1), np.diff(first))
    both = of * (int(camera.max(initial=0)) + 1) + camera  # any
    fresh, times = np.unique(both, return_index=True, return_counts=True)[1:]
    return of[fresh], times
