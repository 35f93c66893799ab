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
