"""Who is read together with whom: pairs of plates that pass the same cameras within moments, counted by hashing.

Reads come in order of (site, time), so whoever passes within the window stands near. Most pairs meet once: they are
counted into cells of one byte first, each pair into one, and only pairs whose cell came to the least are kept.
"""

import numpy as np

from alprsim.kernels._jit import (
    Int32,
    Int32Out,
    Int64,
    Int64Out,
    UInt8Out,
    UInt64,
    UInt64Out,
    draw,
    kernel,
    part_of_kernel,
)

CASES = 64
"""Sights a mask can tell apart."""

NONE = np.uint64(0)
BIT = np.uint64(1)
SHIFT = 2**32
FULL = 255
"""The most a cell counts to."""


@part_of_kernel
def _pair(one: int, other: int) -> int:
    """Return two plates as one number, the lower first."""
    low, high = min(one, other), max(one, other)
    return int(np.int64(low) * SHIFT + high)


@part_of_kernel
def _near(site: Int32, time: Int32, row: int, other: int, window: int) -> bool:
    return bool(site[other] == site[row] and np.int64(time[other]) - time[row] <= window)


@part_of_kernel
def _cell(pair: int, cells: int) -> int:
    place: int = int(draw(NONE, np.uint64(pair)) & np.uint64(cells - 1))  # any
    return place


@kernel
def count(site: Int32, time: Int32, plate: Int32, masks: UInt64, window: int) -> int:
    """Count the co-reads: two reads of different plates at one site, at most ``window`` apart, that some sight holds both.

    Parameters
    ----------
    site, time, plate : int32[n_reads], row of Sites, s, row of Plates
        In order of (site, time); readable plates only.
    masks : uint64[n_reads]
        Bit k: sight k holds the read.
    window : int, s
    """
    n = 0
    for row in range(len(site)):
        other = row + 1
        while other < len(site) and _near(site, time, row, other, window):
            n += plate[other] != plate[row] and masks[other] & masks[row] != NONE
            other += 1
    return n


@kernel
def sketch(site: Int32, time: Int32, plate: Int32, masks: UInt64, window: int, cells: UInt8Out) -> None:
    """Count every co-read into the cell of its pair, up to 255: no pair has more co-reads than its cell says.

    Parameters
    ----------
    site, time, plate, masks, window
        As `count`.
    cells : uint8[a power of two], added to
    """
    for row in range(len(site)):
        other = row + 1
        while other < len(site) and _near(site, time, row, other, window):
            if plate[other] != plate[row] and masks[other] & masks[row] != NONE:
                cell = _cell(_pair(plate[row], plate[other]), len(cells))
                if cells[cell] < FULL:
                    cells[cell] += 1
            other += 1


@kernel
def collect(
    site: Int32,
    time: Int32,
    plate: Int32,
    masks: UInt64,
    window: int,
    cells: UInt8Out,
    least: int,
    pair: Int64Out,
    where: Int32Out,
    both: UInt64Out,
) -> int:
    """List the co-reads of pairs whose cell counts at least ``least``; return how many there are.

    Parameters
    ----------
    site, time, plate, masks, window
        As `count`.
    cells : uint8
        The answer of `sketch`.
    least : int, 1 to 255
    pair, where, both : int64, int32, uint64[room], overwritten as far as there is room
        The two plates, the lower in the upper half; the site; the sights that hold both reads. 20 bytes a co-read.
    """
    n = 0
    for row in range(len(site)):
        other = row + 1
        while other < len(site) and _near(site, time, row, other, window):
            held = masks[other] & masks[row]
            if plate[other] != plate[row] and held != NONE:
                name = _pair(plate[row], plate[other])
                if cells[_cell(name, len(cells))] >= least:
                    if n < len(pair):
                        pair[n], where[n], both[n] = name, site[row], held
                    n += 1
            other += 1
    return n


@kernel
def ties(first: Int64, camera: Int32, both: UInt64, least: int, cameras: int, tied: UInt64Out) -> None:
    """Tell in which sights each pair has at least ``least`` co-reads, at ``cameras`` different cameras or more.

    Parameters
    ----------
    first : int64[n_pairs + 1]
        Pair p has the co-reads ``first[p]:first[p + 1]``.
    camera : int32[n_co_reads]
        In order, within a pair.
    both : uint64[n_co_reads]
        Bit k: sight k holds both reads.
    least, cameras : int, 1 or more
    tied : uint64[n_pairs], overwritten
        Bit k: it is a tie to sight k.
    """
    reads, places = np.empty(CASES, np.int32), np.empty(CASES, np.int32)
    for pair in range(len(first) - 1):
        reads[:] = 0
        places[:] = 0
        here = NONE
        for row in range(first[pair], first[pair + 1]):
            if row > first[pair] and camera[row] != camera[row - 1]:  # any: row > first[pair]
                here = NONE
            fresh = both[row] & ~here
            here |= fresh
            for case in range(CASES):
                reads[case] += np.int32((both[row] >> np.uint64(case)) & BIT)
                places[case] += np.int32((fresh >> np.uint64(case)) & BIT)
        tied[pair] = NONE
        for case in range(CASES):
            if reads[case] >= least and places[case] >= cameras:
                tied[pair] |= BIT << np.uint64(case)
