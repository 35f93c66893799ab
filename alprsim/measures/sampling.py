"""How far a figure of some drawn cars may be off by the draw: what one car scores at several moments counts as one draw."""

import numpy as np

from alprsim.measures.question import ratio
from alprsim.tables import Float64, Int32, Int64


def error_of_mean(own: Int32 | Int64 | Float64, asked: Int64) -> Float64:
    """Return the standard error of the mean score over targets and moments.

    Parameters
    ----------
    own : [targets, …]
        What each target scored over all moments.
    asked : int64[…]
        Targets × moments: every target is asked at each.
    """
    mean = own.sum(axis=0) / max(len(own), 1)
    return ratio(np.sqrt(((own - mean) ** 2).sum(axis=0)), asked)


def error_of_ratio(part: Int64 | Float64, whole: Int64) -> Float64:
    """Return the standard error of the sum of parts over the sum of wholes, linearised; both [targets, …], over all moments."""
    total = whole.sum(axis=0)
    share = np.nan_to_num(ratio(part.sum(axis=0), total))
    return ratio(np.sqrt(((part - share * whole) ** 2).sum(axis=0)), total)


def error_of_sums(share: Float64, squares: Int64, whole: Int64 | Float64) -> Float64:
    """Return the same of sums over targets already made: of each one's part squared, part times whole, and whole squared.

    Parameters
    ----------
    share, whole : [groups, cases]
        The sum of parts over that of wholes, and the latter.
    squares : int64[groups, 3, cases]
    """
    own, both, theirs = np.moveaxis(squares, 1, 0)
    return ratio(np.sqrt(np.maximum(own - 2 * share * both + share**2 * theirs, 0.0)), whole)
