"""How many of a car's sightings single it out among everybody's: an inverted index and early-stopping intersections."""

import numpy as np

from alprsim.kernels._jit import Int32, Int32GridOut, Int64, UInt64, draw, kernel, part_of_kernel

CASES = 64
"""Sights a mask can tell apart; scores have a column for each, used or not."""

NONE = np.uint64(0)
BIT = np.uint64(1)


@part_of_kernel
def _cell(time: Int32, site: Int32, row: int, bin_length: int, n_bins: int) -> int:
    cell: int = np.int64(site[row]) * n_bins + time[row] // bin_length
    return cell


@part_of_kernel
def _by_plate(plate: Int32, masks: UInt64) -> Int32:
    """Return the rows of readable plates held in some case, in order of plate, by counting."""
    most = -1
    for row in range(len(plate)):
        most = max(most, plate[row])
    following = np.zeros(most + 2, np.int64)  # any: 2
    for row in range(len(plate)):
        if plate[row] >= 0 and masks[row] != NONE:
            following[plate[row] + 1] += 1
    for value in range(most + 1):
        following[value + 1] += following[value]
    order = np.empty(following[most + 1], np.int32)
    for row in range(len(plate)):
        if plate[row] >= 0 and masks[row] != NONE:
            order[following[plate[row]]] = row
            following[plate[row]] += 1
    return order


@part_of_kernel
def _find(who: Int32, low: int, high: int, plate: int) -> int:
    """Return the first entry of ``low:high`` at or above ``plate`` (high: none)."""
    while low < high:
        middle = (low + high) // 2
        if who[middle] < plate:
            low = middle + 1
        else:
            high = middle
    return low


@part_of_kernel
def _same_choice(
    masks: UInt64, alias: Int32, order: Int64, waiting: np.uint64, points: int, chosen: Int64
) -> tuple[np.uint64, int]:
    """Choose the first cells, in order, that the lowest waiting case holds; return all cases that would choose the same.

    All are of the pseudonym of the first.
    """
    case = waiting & (~waiting + BIT)
    taken = 0
    for entry in order:
        if taken > 0 and alias[entry] != alias[chosen[0]]:
            continue
        if masks[entry] & case == NONE:
            waiting &= ~masks[entry]
            continue
        waiting &= masks[entry]
        chosen[taken] = entry
        taken += 1
        if taken == points:
            break
    return waiting, taken


@part_of_kernel
def _others(target: int, group: np.uint64, begin: int, end: int, who: Int32, seen: UInt64) -> np.uint64:
    """Return the cases in which somebody else is in the cell too, stopping when that is all of them."""
    others = NONE
    for entry in range(begin, end):
        if who[entry] != target:
            others |= seen[entry] & group
            if others == group:
                break
    return others


@part_of_kernel
def _gather(target: int, begin: int, end: int, who: Int32, seen: UInt64, with_whom: Int32, in_cases: UInt64) -> int:
    """Copy the others of one cell; return how many."""
    left = 0
    for entry in range(begin, end):
        if who[entry] != target:
            with_whom[left], in_cases[left] = who[entry], seen[entry]
            left += 1
    return left


@part_of_kernel
def _meet(
    group: np.uint64,
    begin: int,
    end: int,
    who: Int32,
    seen: UInt64,
    left: int,
    with_whom: Int32,
    in_cases: UInt64,
) -> int:
    """Keep, of the first ``left`` others, those who are in this cell too; return how many."""
    kept = 0
    for other in range(left):
        begin = _find(who, begin, end, with_whom[other])
        if begin == end:
            break
        both = in_cases[other] & seen[begin] & group
        if who[begin] == with_whom[other] and both != NONE:
            with_whom[kept], in_cases[kept] = with_whom[other], both
            kept += 1
    return kept


@part_of_kernel
def _add(scores: Int32GridOut, row: int, mask: np.uint64) -> None:
    for case in range(CASES):
        scores[row, case] += np.int32((mask >> np.uint64(case)) & BIT)


@kernel
def index(
    time: Int32, site: Int32, plate: Int32, masks: UInt64, bin_length: int, n_bins: int, n_sites: int
) -> tuple[Int64, Int32, UInt64]:
    """List who is seen in each cell, and in which cases: plates ascending, each once a cell.

    Two counting sorts, by plate and then by cell: O(reads + plates + cells); a held read costs 24 bytes with its mask.

    Parameters
    ----------
    time, site, plate : int32[n_reads], seconds; row of Sites; as recorded, −1 is unreadable and nobody's
        In any order.
    masks : uint64[n_reads]
        Bit k: sight k holds the read.
    bin_length, n_bins, n_sites : int
        Cell = site × n_bins + time // bin_length.

    Returns
    -------
    first : int64[n_sites × n_bins + 1]
        Cell c lists ``first[c]:first[c + 1]``.
    who : int32[n_entries]
        The plate.
    seen : uint64[n_entries]
        Bit k: case k holds a read of that plate in that cell.
    """
    order = _by_plate(plate, masks)
    cells = n_sites * n_bins
    first = np.zeros(cells + 1, np.int64)  # any: 1
    for place in range(len(order)):
        first[_cell(time, site, order[place], bin_length, n_bins) + 1] += 1
    for cell in range(cells):
        first[cell + 1] += first[cell]
    end = first[:cells].copy()
    who, seen = np.empty(len(order), np.int32), np.empty(len(order), np.uint64)
    for place in range(len(order)):
        row = order[place]
        cell = _cell(time, site, row, bin_length, n_bins)
        last = end[cell] - 1
        if last >= first[cell] and who[last] == plate[row]:
            seen[last] |= masks[row]
        else:
            who[last + 1], seen[last + 1] = plate[row], masks[row]
            end[cell] += 1
    entries = np.int64(0)
    for cell in range(cells):  # close the gaps that plates seen twice have left
        begin = first[cell]
        first[cell] = entries
        for entry in range(begin, end[cell]):
            who[entries], seen[entries] = who[entry], seen[entry]
            entries += 1
    first[cells] = entries
    return first, who[:entries], seen[:entries]


@kernel
def unique(
    base: UInt64,
    first_trace: Int64,
    alias: Int32,
    cell: Int64,
    key: UInt64,
    masks: UInt64,
    first: Int64,
    who: Int32,
    seen: UInt64,
    subsets: int,
    points: int,
    scores: Int32GridOut,
    able: Int32GridOut,
) -> None:
    """Count the random p-subsets of each target's held cells that no other plate shares, for p = 1 to ``points``.

    Cells are ordered by a draw that belongs to (target, subset, cell); a case takes the first p it holds: every
    p-subset is equally likely, p + 1 points include p, and cases that hold the same cells are asked the same. Cases
    with the same choice are answered together; a search stops as soon as a second member is known in all of them.

    Parameters
    ----------
    base : uint64[n_targets]
        To which the target's draws belong.
    first_trace : int64[n_targets + 1]
        Target i has cells ``first_trace[i]:first_trace[i + 1]`` of the next four, each once a pseudonym.
    alias : int32[n_trace]
        The pseudonym under which the target is in the cell, as in `who`; all cells of a subset are of one.
    cell : int64[n_trace]
    key : uint64[n_trace]
        To which the cell's draws belong.
    masks : uint64[n_trace]
        Bit k: case k holds a read of the target in the cell.
    first, who, seen
        The answer of `index`.
    subsets, points : int
    scores : int32[n_targets × points, 64], overwritten
        Row = target × points + p − 1. A case with fewer than p cells scores 0.
    able : int32[n_targets × points, 64], overwritten
        Subsets for which there were p cells to take.

    Source: de Montjoye, Hidalgo, Verleysen & Blondel 2013, "Unique in the Crowd".
    """
    scores[:] = 0
    able[:] = 0
    longest = 0  # any: 0
    for c in range(len(first) - 1):  # any: 1
        longest = max(longest, first[c + 1] - first[c])
    with_whom, in_cases = np.empty(longest, np.int32), np.empty(longest, np.uint64)
    chosen = np.empty(points, np.int64)
    for i in range(len(base)):
        trace, end = first_trace[i], first_trace[i + 1]
        held_cases = NONE
        for entry in range(trace, end):
            held_cases |= masks[entry]
        for subset in range(subsets):
            stream = draw(base[i], np.uint64(subset))
            priority = np.empty(end - trace, np.uint64)
            for entry in range(trace, end):
                priority[entry - trace] = draw(stream, key[entry])
            order = np.argsort(priority)
            waiting = held_cases
            while waiting != NONE:
                group, taken = _same_choice(masks[trace:end], alias[trace:end], order, waiting, points, chosen)
                waiting &= ~group
                left = 0  # any: 0
                me = alias[trace + chosen[0]]
                for p in range(taken):
                    c = cell[trace + chosen[p]]
                    if p == 0:
                        others = _others(me, group, first[c], first[c + 1], who, seen)
                    else:
                        if p == 1:
                            before = cell[trace + chosen[0]]
                            if first[before + 1] - first[before] > first[c + 1] - first[c]:  # any
                                before, c = c, before
                            left = _gather(me, first[before], first[before + 1], who, seen, with_whom, in_cases)
                        left = _meet(group, first[c], first[c + 1], who, seen, left, with_whom, in_cases)
                        others = NONE
                        for other in range(left):
                            others |= in_cases[other]
                    _add(scores, i * points + p, group & ~others)
                    _add(able, i * points + p, group)
