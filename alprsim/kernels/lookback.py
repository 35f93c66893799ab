"""Look-back queries: which reads were near an incident, and which policies still hold them when the question is asked."""

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels._jit import Int16, Int32, Int32Grid, Int64, Int64GridOut, kernel, part_of_kernel


@part_of_kernel
def _first_from(values: Int32, low: int, high: int, value: int) -> int:
    """Return the first row in [low, high) whose value is at least `value`; `high` if there is none."""
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def near_reads(time: Int32, site: Int32, first: Int64, moment: Int32, around: int) -> NDArray[np.int64]:
    """Pair each read with the incidents near its site at most `around` seconds before or after it.

    The incidents are indexed, not the reads: a read costs one binary search in whatever order reads come, so a bucket
    of them needs no sorting, and results of several buckets add up.

    Parameters
    ----------
    time, site : int32[n_reads], seconds and row of Sites
    first : int64[n_sites + 1]
        Site s has the incidents ``first[s]:first[s + 1]`` within its range.
    moment : int32[first[-1]], seconds
        When each of those happened, ascending within a site.
    around : int, seconds

    Returns
    -------
    int64[n_pairs, 2]
        Row of the read and row of `moment`, in order of reads.
    """
    pairs = np.empty((len(time) // 8 + 8, 2), np.int64)
    count = 0
    for read in range(len(time)):
        early, last = int(time[read]) - around, first[site[read] + 1]
        near = _first_from(moment, first[site[read]], last, early)
        while near < last and moment[near] <= early + 2 * around:
            if count == len(pairs):
                pairs = np.concatenate((pairs, pairs))
            pairs[count, 0], pairs[count, 1] = read, near
            count += 1
            near += 1
    return pairs[:count].copy()


@kernel
def obtainable(
    incident: Int32, lead: Int32, owner: Int16, query_age: Int32Grid, first: Int64, age: Int32, cases: Int64,
    found: Int64GridOut,
) -> None:  # fmt: skip
    """Set, for each incident and shape of query age, the bits of the policies that can obtain one of its useful reads.

    Parameters
    ----------
    incident : int32[n_pairs], row of `query_age`
    lead : int32[n_pairs], seconds
        How long before its incident the read was made; negative if after.
    owner : int16[n_pairs], row of Agencies
        Whose camera made it.
    query_age : int32[n_incidents, n_shapes], seconds
        How long after the incident the question is asked. A read made after the question does not count.
    first : int64[n_owners + 1]; age : int32[n_pieces], seconds; cases : int64[n_pieces], 64 bits each
        A lens: from its age on, and up to the next piece of its owner, a piece tells who can obtain a read.
    found : int64[n_incidents, n_shapes], written: bits are added, none is cleared
    """
    for pair in range(len(incident)):
        row, low, high = incident[pair], first[owner[pair]], first[owner[pair] + 1]
        for shape in range(query_age.shape[1]):
            read_age = int(query_age[row, shape]) + int(lead[pair])
            if read_age >= 0:
                found[row, shape] |= cases[_first_from(age, low, high, read_age + 1) - 1]
