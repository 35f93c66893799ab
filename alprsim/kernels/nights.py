"""Nights that a car seems to have slept away from home: its last read of an evening and its first of the next morning."""

import numpy as np

from alprsim.kernels._jit import BoolGrid, Int32, Int32GridOut, Int64, UInt64, UInt64Out, kernel

DAY = 86_400
"""Seconds in a day (as tables.DAY), from 04:00."""

NONE = np.uint64(0)

ROW, EVENING, MORNING = range(3)
"""Rows of ``claims``: whose, between which two reads."""


@kernel
def infer(
    rows: Int64, first_read: Int64, time: Int32, site: Int32, masks: UInt64, far: BoolGrid, together: BoolGrid,
    evening: int, morning: int, claims: Int32GridOut, held: UInt64Out,
) -> int:  # fmt: skip
    """Infer nights away from home from two held reads in a row, for every case at once.

    The first is of one day (04:00 to 04:00), the second of the next; the evening and the morning are late and early
    enough, both cameras are far from the registered address and near each other.

    Parameters
    ----------
    rows : int64[n]
        Which vehicles of the bucket.
    first_read : int64[n_vehicles + 1]
        Vehicle v owns reads ``first_read[v]:first_read[v + 1]``, in order of time.
    time, site : int32[n_reads], seconds since 04:00 of the first day; row of Sites
    masks : uint64[n_reads]
        Bit k: case k holds the read.
    far : bool[n, n_sites]
        Which sites are far from the home of each of ``rows``.
    together : bool[n_sites, n_sites]
        Which sites are near each other.
    evening, morning : int, seconds since 04:00
        The first read is not before, the second is before.
    claims : int32[3, room], overwritten
        Whose (place in ``rows``), the two reads.
    held : uint64[room], overwritten
        The cases that hold both reads and none between.

    Returns
    -------
    How many claims there are; where that is more than there is room for, the later ones were not written.
    """
    n = 0
    for row in range(len(rows)):
        last = first_read[rows[row] + 1]
        for start in range(first_read[rows[row]], last):
            if time[start] % DAY < evening or not far[row, site[start]]:
                continue
            waiting, noon = masks[start], (time[start] // DAY + 1) * DAY + morning
            for end in range(start + 1, last):
                if waiting == NONE or time[end] >= noon:
                    break
                pair = waiting & masks[end]
                waiting &= ~masks[end]
                if time[end] < noon - morning or not far[row, site[end]] or not together[site[start], site[end]]:
                    continue
                if pair != NONE:
                    if n < len(held):
                        claims[ROW, n], claims[EVENING, n], claims[MORNING, n], held[n] = row, start, end, pair
                    n += 1
    return n
