"""Hot lists: when each plate is on one, and which reads find theirs there."""

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels._jit import BoolGrid, Float64, Int16, Int32, Int64, draw, kernel, part_of_kernel, uniform

LN2 = 0.6931471805599453
_TOP = np.uint64(1 << 63)
_ONE = np.uint64(1)


@part_of_kernel
def _exponential(bits: np.uint64, tail: Float64) -> float:
    """Turn drawn bits into an exponential variable of mean 1, by comparisons, additions and products alone.

    Each leading one bit is a half-life passed; what is left of the bits gives the place within the next one.
    """
    halves = 0
    while bits & _TOP:
        bits = bits << _ONE
        halves += 1
    at = uniform(bits << _ONE) * (len(tail) - 1)
    step = int(at)
    return float(halves * LN2 + tail[step] + (at - step) * (tail[step + 1] - tail[step]))


@kernel
def spells(
    stream: np.uint64, key: Int64, off: float, wanted: float, stale: float, length: int, tail: Float64
) -> NDArray[np.int64]:
    """Let each plate be off a list, rightly on it, on it still although no longer wanted, off it again, and so on.

    The three times are exponential with those means (s, rounded up; a mean of 0 takes none), so at second 0 a plate is in
    each state with probability in proportion to its mean, and what is left of the time is exponential again.

    Parameters
    ----------
    stream : uint64
        Of the seed and the list.
    key : int64[n]
        To which each plate's draws belong.
    off, wanted, stale : s
    length : s
        Spells that begin before it are returned.
    tail : float64[k + 1]
        −ln(1 − x / 2) at x = 0, 1 / k, … 1.

    Returns
    -------
    int64[n_spells, 4]
        Row of `key`; since when it is on the list (0 if before), until when rightly, until when at all; in order.
    """
    spell = np.empty((len(key) // 64 + 8, 4), np.int64)
    count = 0
    for row in range(len(key)):
        bits = draw(stream, np.uint64(key[row]))
        number = np.uint64(1)
        state = uniform(draw(bits, np.uint64(0))) * (off + wanted + stale)
        listed, rightly = 0, state < wanted
        if state >= wanted + stale:
            listed, rightly = int(np.ceil(off * _exponential(draw(bits, number), tail))), True
        while listed < length:
            until = listed
            if rightly:
                until += int(np.ceil(wanted * _exponential(draw(bits, number + np.uint64(1)), tail)))
            removed = until + int(np.ceil(stale * _exponential(draw(bits, number + np.uint64(2)), tail)))
            if count == len(spell):
                spell = np.concatenate((spell, spell))
            spell[count, 0], spell[count, 1], spell[count, 2], spell[count, 3] = row, listed, until, removed
            count += 1
            number += np.uint64(3)
            listed, rightly = removed + int(np.ceil(off * _exponential(draw(bits, number), tail))), True
    return spell[:count].copy()


@kernel
def match(
    time: Int32, site: Int32, plate: Int32, first: Int64, alerts_from: Int32, alerts_until: Int32, hot_list: Int16,
    matched: BoolGrid,
) -> NDArray[np.int64]:  # fmt: skip
    """Pair each read with the listings of its recorded plate that its reader's copy holds at that moment.

    A plate on no list, which nearly all are, costs two look-ups; one on lists, a scan of its few spells in order.

    Parameters
    ----------
    time, site, plate : int32[n_reads], seconds, row of Sites and of Plates (−1: nobody's)
    first : int64[n_plates + 1]
        Plate p has the listings ``first[p]:first[p + 1]``.
    alerts_from, alerts_until : int32[n_listings], seconds, half-open
    hot_list : int16[n_listings]
    matched : bool[n_sites, n_lists]
        Whether reads there are matched against the list.

    Returns
    -------
    int64[n_pairs, 2]
        Row of the read and of the listing, in order.
    """
    pairs = np.empty((len(time) // 64 + 8, 2), np.int64)
    count = 0
    for read in range(len(time)):
        if plate[read] < 0:
            continue
        for listing in range(first[plate[read]], first[plate[read] + 1]):
            inside = alerts_from[listing] <= time[read] < alerts_until[listing]
            if inside and matched[site[read], hot_list[listing]]:
                if count == len(pairs):
                    pairs = np.concatenate((pairs, pairs))
                pairs[count, 0], pairs[count, 1] = read, listing
                count += 1
    return pairs[:count].copy()
