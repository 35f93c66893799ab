"""How many cars share a few sightings with one of them, exactly, for everybody: lists of who was where, bits where many were."""

import numpy as np

from alprsim.kernels._jit import BoolOut, Int32, Int32GridOut, Int64, UInt64, draw, kernel, part_of_kernel

CROWDED = 32
"""A cell with more than one in so many of all is a row of bits as well: it takes no more memory than its list."""

LOPSIDED = 16
"""A list so many times longer than the other is searched for each of the other's; else the longer one is marked."""

BIT = np.uint64(1)


@part_of_kernel
def _ones(word: np.uint64) -> int:
    """Count the bits set, in parallel halves (Knuth 4A, 7.1.3)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))  # type: ignore[return-value]


@part_of_kernel
def _has(bits: UInt64, start: int, one: int) -> bool:
    there: bool = (bits[start + (one >> 6)] >> np.uint64(one & 63)) & BIT == BIT
    return there


@kernel
def index(
    time: Int32, site: Int32, who: Int32, n_who: int, bin_length: int, n_bins: int, n_sites: int
) -> tuple[Int32, Int64, Int32, Int64, UInt64]:
    """List who was in each cell: rising, each once; of crowded cells also as a row of bits.

    Two passes, one that counts and one that places: a read costs 8 bytes.

    Parameters
    ----------
    time, site, who : int32[n_reads], seconds; row of Sites; 0 … n_who − 1, rising
    n_who, bin_length, n_bins, n_sites : int
        Cell = site × n_bins + time // bin_length; fewer than 2³¹.

    Returns
    -------
    cell : int32[n_reads]
    first : int64[n_sites × n_bins + 1]
        Cell c lists ``first[c]:first[c + 1]``.
    member : int32[n_entries]
    row : int64[n_sites × n_bins]
        Where the cell's bits begin in `bits`; −1 it has none.
    bits : uint64[n_rows × words], words = n_who / 64 rounded up
    """
    cells, words = n_sites * n_bins, (n_who + 63) // 64  # any: 63
    first = np.zeros(cells + 1, np.int64)
    last = np.full(cells, -1, np.int32)  # any: 1
    cell = np.empty(len(time), np.int32)
    for read in range(len(time)):
        c = np.int64(site[read]) * n_bins + time[read] // bin_length
        cell[read] = c
        if last[c] != who[read]:
            last[c] = who[read]
            first[c + 1] += 1
    row = np.full(cells, -1, np.int64)  # any: 1
    rows = 0  # any: 0
    for c in range(cells):
        if first[c + 1] * CROWDED > n_who:
            row[c] = rows * words
            rows += 1  # any: 1
        first[c + 1] += first[c]
    member, bits = np.empty(first[cells], np.int32), np.zeros(rows * words, np.uint64)
    end = first[:cells].copy()
    for read in range(len(time)):
        c, one = cell[read], who[read]
        if end[c] == first[c] or member[end[c] - 1] != one:
            member[end[c]] = one
            end[c] += 1
            if row[c] >= 0:
                bits[row[c] + (one >> 6)] |= BIT << np.uint64(one & 63)
    return cell, first, member, row, bits


@part_of_kernel
def _priority(
    base: np.uint64, read: int, who: Int32, site: Int32, cell: Int32, site_key: UInt64, n_bins: int, span: UInt64
) -> np.uint64:
    """Draw what orders a target's cells: of the site, the time bin and, if there are such, the span of the pseudonym."""
    key = draw(site_key[site[read]], np.uint64(cell[read] - np.int64(site[read]) * n_bins))
    if len(span) and span[who[read]] != np.uint64(0):
        key = draw(key, span[who[read]])
    return draw(base, key)


@part_of_kernel
def _first_cell(
    base: np.uint64,
    begin: int,
    end: int,
    who: Int32,
    site: Int32,
    cell: Int32,
    site_key: UInt64,
    n_bins: int,
    span: UInt64,
) -> int:
    """Return the read of the cell that is drawn first."""
    lowest, found = _priority(base, begin, who, site, cell, site_key, n_bins, span), begin
    for read in range(begin + 1, end):
        priority = _priority(base, read, who, site, cell, site_key, n_bins, span)
        if priority < lowest:  # any: priority < lowest
            lowest, found = priority, read
    return found


@part_of_kernel
def _draw_cells(
    base: np.uint64, begin: int, end: int, who: Int32, site: Int32, cell: Int32, site_key: UInt64, n_bins: int, span: UInt64,
    lowest: UInt64, chosen: Int64,
) -> int:  # fmt: skip
    """Choose the first of the distinct cells, as many as ``chosen`` has room for, in the order of draws; return how many."""
    taken, points = 0, len(chosen)
    for read in range(begin, end):
        priority = _priority(base, read, who, site, cell, site_key, n_bins, span)
        if taken == points and priority >= lowest[taken - 1]:  # any: priority >= lowest[taken - 1]
            continue
        place = taken
        while place > 0 and lowest[place - 1] > priority:
            place -= 1
        if place > 0 and chosen[place - 1] == cell[read]:
            continue
        taken = min(taken + 1, points)
        for later in range(taken - 1, place, -1):
            lowest[later], chosen[later] = lowest[later - 1], chosen[later - 1]
        lowest[place], chosen[place] = priority, cell[read]
    return taken


@part_of_kernel
def _both_bits(bits: UInt64, one: int, other: UInt64, begin: int, words: int, left: UInt64) -> int:
    """Write who is in two rows of bits to ``left``; return how many."""
    count = 0
    for word in range(words):
        left[word] = bits[one + word] & other[begin + word]
        count += _ones(left[word])
    return count


@part_of_kernel
def _listed(member: Int32, begin: int, end: int, bits: UInt64, start: int, left: Int32) -> int:
    """Write who of a list is in a row of bits to ``left``, which may be the list itself; return how many."""
    kept = 0
    for entry in range(begin, end):
        one = member[entry]
        if _has(bits, start, one):
            left[kept] = one
            kept += 1
    return kept


@part_of_kernel
def _searched(few: Int32, begin: int, end: int, many: Int32, low: int, high: int, left: Int32) -> int:
    """Write who of a short list is in a long one to ``left``, by bisection; return how many."""
    kept = 0
    for entry in range(begin, end):
        one, top = few[entry], high
        while low < top:
            middle = (low + top) // 2
            if many[middle] < one:
                low = middle + 1
            else:
                top = middle
        if low == high:
            break
        if many[low] == one:
            left[kept] = one
            kept += 1
    return kept


@part_of_kernel
def _both_lists(one: Int32, begin: int, end: int, other: Int32, low: int, high: int, marks: UInt64, left: Int32) -> int:
    """Write who is in two lists to ``left``, which may be the first of them; return how many. ``marks`` is empty, and left so."""
    if (end - begin) * LOPSIDED < high - low:  # any: (end - begin) * LOPSIDED < high - low
        return _searched(one, begin, end, other, low, high, left)
    for entry in range(low, high):
        marks[other[entry] >> 6] |= BIT << np.uint64(other[entry] & 63)
    kept = _listed(one, begin, end, marks, 0, left)
    for entry in range(low, high):
        marks[other[entry] >> 6] = np.uint64(0)
    return kept


@part_of_kernel
def _shared(
    chosen: Int64, taken: int, first: Int64, member: Int32, row: Int64, bits: UInt64, marks: UInt64, both: UInt64,
    left: Int32, sizes: Int32,
) -> None:  # fmt: skip
    """Write how many are in the first 1, 2, … ``taken`` of the cells to ``sizes``."""
    words = len(marks)
    c = chosen[0]
    count, in_bits = first[c + 1] - first[c], row[c] >= 0
    sizes[0] = count
    for p in range(1, taken):
        c = chosen[p]
        begin, end = first[c], first[c + 1]
        if count == 1:
            pass
        elif p == 1 and in_bits and row[c] >= 0:
            count = _both_bits(bits, row[chosen[0]], bits, row[c], words, both)
        elif p == 1 and in_bits:
            count, in_bits = _listed(member, begin, end, bits, row[chosen[0]], left), False
        elif p == 1 and row[c] >= 0:  # any: row[c] >= 0; 0
            count = _listed(member, first[chosen[0]], first[chosen[0] + 1], bits, row[c], left)
        elif p == 1 and count <= end - begin:  # any: count <= end - begin
            before = first[chosen[0]]
            count = _both_lists(member, before, before + count, member, begin, end, marks, left)
        elif p == 1:
            before = first[chosen[0]]
            count = _both_lists(member, begin, end, member, before, before + count, marks, left)
        elif in_bits and row[c] >= 0:
            count = _both_bits(bits, row[c], both, 0, words, both)
        elif in_bits:
            count, in_bits = _listed(member, begin, end, both, 0, left), False
        elif row[c] >= 0:  # any: row[c] >= 0; 0
            count = _listed(left, 0, count, bits, row[c], left)
        else:
            count = _both_lists(left, 0, count, member, begin, end, marks, left)
        sizes[p] = count


@kernel
def sizes(
    first_read: Int64, base: UInt64, who: Int32, site: Int32, site_key: UInt64, n_bins: int, span: UInt64,
    cell: Int32, first: Int64, member: Int32, row: Int64, bits: UInt64, n_who: int, answer: Int32GridOut,
) -> None:  # fmt: skip
    """Count, for each target, how many share the first p cells of a random order of its own, itself included.

    The first cell is any of the target's; the others are of those under the same pseudonym.

    Parameters
    ----------
    first_read : int64[n_targets × 2]
        Target i has the reads ``first_read[2 i]:first_read[2 i + 1]``.
    base : uint64[n_targets]
        To which the target's draws belong.
    who, site : int32[n_reads]
    n_bins, n_who : int
        As for `index`.
    site_key : uint64[n_sites]
        To which the draws of a site belong.
    span : uint64[n_who], or nothing
        To which the draws of a pseudonym belong; 0: to its cells alone.
    cell, first, member, row, bits
        The answer of `index`.
    answer : int32[n_targets, points], overwritten
        0 where there are fewer than p cells.
    """
    points = answer.shape[1]
    lowest, chosen = np.empty(points, np.uint64), np.empty(points, np.int64)
    words = (n_who + 63) // 64  # any: 63
    marks, both = np.zeros(words, np.uint64), np.empty(words, np.uint64)
    left = np.empty(n_who // CROWDED + 1, np.int32)  # any: 1
    answer[:] = 0
    for i in range(len(base)):
        begin, end = first_read[2 * i], first_read[2 * i + 1]
        if begin == end:
            continue
        if who[begin] != who[end - 1]:
            mine = who[_first_cell(base[i], begin, end, who, site, cell, site_key, n_bins, span)]
            while who[begin] != mine:
                begin += 1
            while who[end - 1] != mine:
                end -= 1
        taken = _draw_cells(base[i], begin, end, who, site, cell, site_key, n_bins, span, lowest, chosen)
        _shared(chosen, taken, first, member, row, bits, marks, both, left, answer[i])


@part_of_kernel
def _cells(begin: int, end: int, cell: Int32, first: Int64) -> Int64:
    """Return the distinct cells of some reads, those with fewest in them first; of equals the lowest."""
    found = np.unique(cell[begin:end]).astype(np.int64)
    many = np.empty(len(found), np.int64)
    for n in range(len(found)):
        many[n] = (first[found[n] + 1] - first[found[n]]) * len(found) + n
    many.sort()
    return found[many % len(found)]


@part_of_kernel
def _in_all(cells: Int64, first: Int64, member: Int32) -> int:
    """Return how many are in all of the cells: no choice of them leaves fewer."""
    left = member[first[cells[0]] : first[cells[0] + 1]].copy()
    count = len(left)
    for n in range(1, len(cells)):
        if count == 1:
            break
        count = _searched(left, 0, count, member, first[cells[n]], first[cells[n] + 1], left)
    return count


@part_of_kernel
def _mark(few: Int32, many: Int32, bits: UInt64, row: int, marks: UInt64, start: int) -> int:
    """Set the bits of those of ``few``, by their place in it, who are among ``many`` as well; return how many."""
    count, place = 0, 0
    for n in range(len(few)):
        if row >= 0:  # any: row >= 0; 0
            there = _has(bits, row, few[n])
        else:
            while place < len(many) and many[place] < few[n]:
                place += 1
            there = place < len(many) and many[place] == few[n]
        if there:
            marks[start + (n >> 6)] |= BIT << np.uint64(n & 63)
            count += 1
    return count


@part_of_kernel
def _triples(marks: UInt64, rows: int, words: int, least: int, floor: int, most: int) -> tuple[int, int]:
    """Return the fewest in two of ``rows`` rows of bits, not above ``least``, and the steps that it took to find it."""
    steps = 0
    for a in range(rows - 1):
        for b in range(a + 1, rows):
            if least <= floor or steps >= most:
                return least, steps
            count = 0
            for word in range(words):
                count += _ones(marks[a * words + word] & marks[b * words + word])
            least = min(least, count)
            steps += words
    return least, steps


@part_of_kernel
def _fewest(
    cells: Int64, first: Int64, member: Int32, row: Int64, bits: UInt64, most: int, best: Int32
) -> bool:  # fmt: skip
    """Lower ``best`` to the fewest who share 1, 2, … of the cells; return whether the search was cut short.

    Each cell in turn, the emptiest first, is taken with those after it: its members in each of them are a row of bits, and
    two rows at once are three cells. It ends as soon as nothing can be found that singles out better than all cells do.
    """
    points, n = len(best), len(cells)
    best[:] = np.minimum(best, first[cells[0] + 1] - first[cells[0]])
    if points == 1 or n == 1 or best[0] == 1:  # any: 0
        return False
    floor, steps = _in_all(cells, first, member), 0
    for a in range(n - 1):
        if best[1] <= floor:
            break
        if steps >= most:
            return True
        few = member[first[cells[a]] : first[cells[a] + 1]]
        words, rows = (len(few) + 63) // 64, n - a - 1  # any: 63
        marks = np.zeros(rows * words, np.uint64)
        for b in range(rows):
            c = cells[a + 1 + b]
            many = member[first[c] : first[c + 1]]
            best[1:] = np.minimum(best[1:], _mark(few, many, bits, row[c], marks, b * words))
            steps += len(few) + (0 if row[c] >= 0 else len(many))
        if points > 2 and best[2] > floor:  # any: best[2] > floor
            best[2], taken = _triples(marks, rows, words, best[2], floor, most - steps)
            steps += taken
    return steps >= most and best[points - 1] > floor


@kernel
def worst(
    first_read: Int64, who: Int32, cell: Int32, first: Int64, member: Int32, row: Int64, bits: UInt64, most: int,
    answer: Int32GridOut, cut: BoolOut,
) -> None:  # fmt: skip
    """Find, for each target, the fewest who share up to p cells of one of its pseudonyms, itself included: p to 3.

    Exact unless a search was cut short after about ``most`` steps a pseudonym: then it is at most that few.

    Parameters
    ----------
    first_read, who, cell, first, member, row, bits
        As for `sizes`.
    most : int
        A step is one member of a list looked at, or one word of 64 bits.
    answer : int32[n_targets, points ≤ 3], overwritten
        0 where the target has no cell.
    cut : bool[n_targets], overwritten
    """
    none = np.int32(2**31 - 1)  # any: 1
    answer[:] = none
    cut[:] = False
    for i in range(len(answer)):
        begin, end = first_read[2 * i], first_read[2 * i + 1]
        while begin < end:
            stop = begin
            while stop < end and who[stop] == who[begin]:
                stop += 1
            cells = _cells(begin, stop, cell, first)
            cut[i] |= _fewest(cells, first, member, row, bits, most, answer[i])
            begin = stop
        if answer[i, 0] == none:
            answer[i] = 0
