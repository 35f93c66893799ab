"""Which of yesterday's pseudonyms is today's: how many profiles fit a car's better than its own, and how many as well."""

import numpy as np

from alprsim.kernels._jit import Int32, Int32Out, Int64, kernel, part_of_kernel


@part_of_kernel
def _fit(dot: int, length: int) -> float:
    """Return the squared cosine, but for the target's own length: exact fractions that are equal stay equal."""
    return np.float64(dot) * np.float64(dot) / np.float64(length) if dot > 0 else 0.0


@part_of_kernel
def _meet(
    begin: int, end: int, cell: Int64, weight: Int64, first: Int64, who: Int32, weight_of: Int64, dots: Int64, met: Int32
) -> int:  # fmt: skip
    """Add up what a target shares with each candidate that it meets in a cell; return how many it meets."""
    n = 0
    for entry in range(begin, end):
        here = cell[entry]
        for place in range(first[here], first[here + 1]):
            candidate = who[place]
            if dots[candidate] == 0:
                met[n] = candidate
                n += 1
            dots[candidate] += weight[entry] * weight_of[place]
    return n


@kernel
def link(
    first_target: Int64,
    cell: Int64,
    weight: Int64,
    own: Int32,
    first: Int64,
    who: Int32,
    weight_of: Int64,
    length: Int64,
    better: Int32Out,
    tied: Int32Out,
) -> None:
    """Count the candidates whose profile fits each target's better than the right one's, and those that fit it as well.

    A profile is a sparse vector of whole weights over cells; the fit is the cosine of two. Candidates are found through an
    index by cell, so a target costs the length of the lists of its cells. Exact while dot products stay below 9.4e7.

    Parameters
    ----------
    first_target : int64[n_targets + 1]
        Target t has ``first_target[t]:first_target[t + 1]`` of the next two, each cell once.
    cell, weight : int64[n_entries]
        Weights above 0.
    own : int32[n_targets], row of candidates
        The right one; −1: it is not among them.
    first : int64[n_cells + 1]
        Cell c lists ``first[c]:first[c + 1]`` of the next two.
    who, weight_of : int32, int64[n_listed]
        The candidates, each once a cell, and their weights there, above 0.
    length : int64[n_candidates]
        The sum of the squares of each candidate's weights.
    better, tied : int32[n_targets], overwritten
        `tied` counts the right one too; 0 where it is not there or shares no cell: nothing points to it.
    """
    dots, met = np.zeros(len(length), np.int64), np.empty(len(length), np.int32)
    for target in range(len(own)):
        better[target] = tied[target] = 0
        if own[target] < 0:
            continue
        n = _meet(first_target[target], first_target[target + 1], cell, weight, first, who, weight_of, dots, met)
        right = _fit(dots[own[target]], length[own[target]])
        for row in range(n):
            fit = _fit(dots[met[row]], length[met[row]])
            better[target] += fit > right > 0
            tied[target] += fit == right
            dots[met[row]] = 0
