"""How much coarser times and places hide people in a crowd: how often a few sightings single a car out, cell by cell size.

Of every resident's car, one random set of p cells for each size of cell, against everybody, exactly counted. Beside what is
measured, the law that was published of telephones: unicity = α − (v h)^β, v the antennas merged and h the hours. α is no unicity
of any cell: at one antenna and one hour the law says α − 1. What it misses is told
beside: above `POOR` it is no law of these cells.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alprsim.kernels import crowd as kernels
from alprsim.kernels import unicity
from alprsim.measures.crowd import Crowd
from alprsim.measures.question import Answer, Case, of_cases, ratio, tidy
from alprsim.tables import Bool, Float64, Int32, Int64, Measured, UInt64

HOUR = 3600

EXPONENTS = np.arange(1, 2001) / 1000
"""Exponents tried: β is found to 0.001, and 0.001 or 2 is its bound."""

POOR = 0.05
"""Root mean square of what a law may miss, as a share, that describes the cells. Assumption."""


class Sums(NamedTuple):
    """What was found so far through one lens, over moments."""

    asked: Int64
    """[sizes, points, 64]: targets × moments."""
    eligible: Int64
    """[sizes, points, 64]: those with at least p cells."""
    unique: Int64
    """[sizes, points, 64]: those that nobody shares all p with."""
    sizes: Int64
    """[sizes, points, 64]: sum over the eligible of how many share them, themselves included."""


class Cell(NamedTuple):
    """One size of cell."""

    seconds: int
    metres: float
    """The side of a square; 0 the camera's site."""
    sites: float
    """Mean number of sites in one that has any: v of the law."""

    @property
    def name(self) -> str:
        """As statistics have it."""
        return f"{self.seconds}s_{self.metres:g}m"

    @property
    def scale(self) -> float:
        """Return v × h."""
        return self.sites * self.seconds / HOUR


class Law(NamedTuple):
    """Unicity = α − (v h)^β, of one number of points; α and β are NaN where the cells do not tell them."""

    alpha: float
    beta: float
    residual: float
    """Root of the mean square of what the law misses, as a share."""


def published(points: int) -> float:
    """Return β as published: 0.157 − 0.007 p; α was given by no figure of its own.

    Source: de Montjoye, Hidalgo, Verleysen & Blondel 2013, Scientific Reports 3:1376: 6,500 antennas, 1.5 million people,
    15 months. It has halving the resolution cost 9.3 % at p = 4 and 6.2 % at p = 10, as 2^β − 1 does.
    """
    return 0.157 - 0.007 * points


def fit(scale: Float64, share: Float64) -> Law:
    """Fit the law by least squares; NaN where fewer than three sizes of cell tell.

    Only laws are tried that say a share at every one of these cells, neither below 0 nor above 1: α is the best of those. Both
    are withheld where β stands on its bound: the cells do not tell it.
    """
    told = ~np.isnan(share)
    if len(np.unique(scale[told])) < 3:
        return Law(np.nan, np.nan, np.nan)
    powers = scale[told] ** EXPONENTS[:, None]
    least, most = powers.max(axis=1), 1 + powers.min(axis=1)
    free = (share[told] + powers).mean(axis=1)
    alphas = np.clip(free, least, most)
    missed = np.sqrt(((alphas[:, None] - powers - share[told]) ** 2).mean(axis=1))
    missed[least > most] = np.inf
    best = int(missed.argmin())
    if best in (0, len(EXPONENTS) - 1):
        return Law(np.nan, np.nan, float(missed[best]))
    return Law(float(alphas[best]), float(EXPONENTS[best]), float(missed[best]))


def empty(sizes: int, points: int) -> Sums:
    """Return sums of nothing."""
    return Sums(*(np.zeros((sizes, points, unicity.CASES), np.int64) for _ in range(4)))


def add(
    sums: Sums, crowd: Crowd, ranges: Int64, base: UInt64, bits: Sequence[int], *, size: int,
    also: Sequence[tuple[Sums, Bool]] = (),
) -> None:  # fmt: skip
    """Add what some sights hold alike at one moment, in one size of cell.

    Parameters
    ----------
    ranges : int64[2 × targets]
        The answer of `Known.read_targets`.
    base : uint64[targets]
        The answer of `uniqueness.draws`.
    also
        Other sums, and which of the targets (bool[n]) are added to them too.
    """
    every = sharing(crowd, ranges, base, points=sums.asked.shape[1])
    for one, mine in ((sums, np.ones(len(base), np.bool_)), *also):
        shared = every[mine]
        one.asked[size][:, bits] += len(shared)
        one.eligible[size][:, bits] += (shared > 0).sum(axis=0)[:, None]
        one.unique[size][:, bits] += (shared == 1).sum(axis=0)[:, None]
        one.sizes[size][:, bits] += shared.sum(axis=0, dtype=np.int64)[:, None]


def sharing(crowd: Crowd, ranges: Int64, base: UInt64, *, points: int) -> Int32:
    """Return how many share the first 1, 2, … of each target's cells in a random order: [targets, points]; 0 it has no more."""
    answer = np.empty((len(base), points), np.int32)
    kernels.sizes(
        ranges, base, *crowd, answer,
    )  # fmt: skip
    return answer


def rows(sums: Sequence[Sums], place: Int32, cases: Sequence[Case], cells: Sequence[Cell], *, seed: int) -> Measured:
    """Write the sums of all lenses as tidy rows of town "all"; case c stands at lens × 64 + bit ``place[c]``.

    Statistics, for each p: ``p4_3600s_250m`` (a car with fewer than p cells scores 0), the same ``_eligible_only`` and
    ``_sharing`` (of those with p cells, the mean number of plates that share them); and the law fitted to the second of
    them, since those telephones all had more than p points: ``p4_fitted_alpha`` and ``p4_fitted_beta`` (as `fit` tells them) and
    ``p4_fitted_residual``, beside ``p4_published_beta``.
    """
    asked, eligible, unique, sizes = (
        of_cases([part[None] for part in by_lens], place)[0]  # any: 0
        for by_lens in zip(*sums, strict=True)
    )
    answers = []
    for p in range(asked.shape[1]):
        shares, of_eligible = ratio(unique[:, p], asked[:, p]), ratio(unique[:, p], eligible[:, p])
        for s, cell in enumerate(cells):
            name, n = f"p{p + 1}_{cell.name}", eligible[s, p]
            answers += [
                _answer(name, "share", shares[s], asked[s, p]),
                _answer(f"{name}_eligible_only", "share", of_eligible[s], n),
                _answer(f"{name}_sharing", "plates", ratio(sizes[s, p], n), n),
            ]
        laws = np.array([fit(np.array([cell.scale for cell in cells]), of_case) for of_case in of_eligible.T]).reshape(
            -1,  # any: 1
            3,
        )
        n = asked[:, p].min(axis=0)
        for part, values in zip(("alpha", "beta", "residual"), laws.T, strict=True):
            answers.append(_answer(f"p{p + 1}_fitted_{part}", "", values, np.where(np.isnan(values), 0, n)))
        known = np.full(len(cases), published(p + 1))
        answers.append(_answer(f"p{p + 1}_published_beta", "", known, n))
    return tidy(answers, cases, ["all"], seed=seed)


def _answer(statistic: str, unit: str, value: Float64, n: Int64) -> Answer:
    return Answer("unicity_scaling", statistic, unit, value[None], n[None])
