"""Grouping rows by a small integer key: one counting pass, one placing pass, order within a group kept."""

import numpy as np

from alprsim.kernels._jit import Int32, Int64, Int64Out, kernel


@kernel
def group(key: Int32, first: Int64Out) -> Int64:
    """Order rows by key, keeping the order within each key.

    Parameters
    ----------
    key : int32[n], 0 … len(first) − 2
    first : int64[n_keys + 1], zeros
        Written: key k's rows stand at first[k]:first[k + 1] of the answer.

    Returns
    -------
    int64[n]
        The rows in order.
    """
    for row in range(len(key)):
        first[key[row] + 1] += 1
    for k in range(len(first) - 1):
        first[k + 1] += first[k]
    place = first[:-1].copy()
    order = np.empty(len(key), np.int64)
    for row in range(len(key)):
        order[place[key[row]]] = row
        place[key[row]] += 1
    return order
