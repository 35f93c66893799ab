"""Look-back queries: which reads were near an incident, and which policies still hold them when the question is asked."""

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels._jit import Int16, Int32, Int32Grid, Int64, Int64Grid, Int64GridOut, kernel, part_of_kernel

UNLIMITED = 2**31 - 1
NEVER = 2**62
"""s: when a hold is filed that is not."""

PERIOD, FROM_PHASE, TO_PHASE, BEGIN, BEGIN_CLOCK, END, END_CLOCK, DELAY = range(8)
"""Columns of a rule; a clock says that begin or end counts from the start of the capture's period, not from the capture."""
RULE = 8


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
    pairs = np.empty((len(time) // 8 + 8, 2), np.int64)  # any
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


@part_of_kernel
def _open(rules: Int32Grid, rule: int, time: int, asked: int, held: int) -> bool:
    """Tell whether one rule lets a read captured at `time` be obtained by who asks at `asked` and had it held from `held` on."""
    served, base = asked + rules[rule, DELAY], time
    # A period of one second has one phase, and is as none.
    if rules[rule, PERIOD] > 0:  # any: 0
        phase = time % rules[rule, PERIOD]
        if phase < rules[rule, FROM_PHASE] or phase >= rules[rule, TO_PHASE]:
            return False
        base = time - phase
    begin = rules[rule, BEGIN] + (base if rules[rule, BEGIN_CLOCK] else time)
    if begin > served:
        return False
    end = rules[rule, END] + (base if rules[rule, END_CLOCK] else time)
    kept = min(served, max(held, begin, time))  # a hold finds what is there, and what comes while it lasts
    return bool(rules[rule, END] == UNLIMITED or kept < end)


@kernel
def obtainable(
    incident: Int32, time: Int32, stream: Int16, asked: Int64Grid, held: Int64Grid, first: Int64, rules: Int32Grid,
    cases: Int64, found: Int64GridOut,
) -> None:  # fmt: skip
    """Set, for each incident and shape of query age, the bits of the policies that can obtain one of its useful reads.

    O(rules of a stream) a pair and shape; rules whose policies all have their bit already are passed over.

    Parameters
    ----------
    incident : int32[n_pairs], row of `asked`
    time : int32[n_pairs], seconds
        When each pair's read was made.
    stream : int16[n_pairs]
        Of reads that all policies treat alike.
    asked : int64[n_incidents, n_shapes], seconds
        When the question is asked. A read made after that does not count.
    held : int64[n_incidents, n_shapes], seconds
        From when on nothing about the incident is deleted: what an agency has then, or gets later, it has when it answers;
        `NEVER`: no hold.
    first : int64[n_streams + 1]; rules : int32[n_rules, RULE], seconds; cases : int64[n_rules], 64 bits each
        A lens of ``sight``: a stream's rules, and who each is of. A period of 0: the time of capture does not matter.
    found : int64[n_incidents, n_shapes], written: bits are added, none is cleared
    """
    for pair in range(len(incident)):
        row, made = incident[pair], int(time[pair])
        for shape in range(asked.shape[1]):
            if asked[row, shape] < made:
                continue
            for rule in range(first[stream[pair]], first[stream[pair] + 1]):
                if cases[rule] & ~found[row, shape] and _open(rules, rule, made, asked[row, shape], held[row, shape]):
                    found[row, shape] |= cases[rule]
