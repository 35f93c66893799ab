"""Which reads are under one name: against plain loops, and by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.measures import names
from alprsim.tables import UNLIMITED, Bucket, Reads

READS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 12), st.sampled_from([0, 3, 5, UNLIMITED]), st.integers(0, 3)), max_size=14
).map(sorted)  # fmt: skip
"""Vehicle, time, how long a name lasts, which of two sights hold it."""


def kept(reads):
    """Return the masks that are left of reads of up to three vehicles."""
    column = np.array(reads, np.int64).reshape(-1, 4).T
    first = np.searchsorted(column[0], np.arange(4)).astype(np.int64)
    table = Reads.of(time=column[1], site=column[0], plate=column[0], vehicle=column[0])
    bucket = Bucket(np.arange(3, dtype=np.int32), first, table, np.zeros(4, np.int64), None)
    return names.most_read(bucket, column[2].astype(np.int32), column[3].astype(np.uint64)).tolist()


def naive(reads):
    """Go through vehicles, sights and names one by one."""
    left = [0] * len(reads)
    for vehicle in range(3):
        for sight in (1, 2):
            of = {}
            for row, (car, time, lasts, mask) in enumerate(reads):
                if car == vehicle:
                    name = (-1, 0) if lasts == UNLIMITED else (lasts, time // lasts if lasts else 0)
                    of.setdefault(name, []).extend([row] if mask & sight else [])
            for row in max((of[name] for name in sorted(of)), key=len, default=()):
                left[row] |= sight
    return left


@settings(deadline=None, derandomize=True, max_examples=200)
@given(READS)
def test_only_the_most_read_name_is_left_as_plain_loops_say(reads):
    assert kept(reads) == naive(reads)


def test_a_name_lasts_for_good_or_as_long_as_a_record_says_and_a_plate_is_no_name():
    found = names.spells(np.full(5, 7, np.int32), np.array([0, 1, 3, 8, UNLIMITED], np.int32))
    assert [part.tolist() for part in found] == [[0, 1, 3, 8, -1], [0, 7, 2, 0, 0]]


def test_the_name_with_most_reads_is_left_each_sight_its_own():
    reads = [(0, 1, 3, 3), (0, 3, 3, 2), (0, 4, 3, 2), (0, 5, 3, 0), (1, 2, 3, 1), (1, 3, 3, 1)]
    assert kept(reads) == [1, 2, 2, 0, 1, 0]
    assert kept([(0, time, 0, 1) for time in range(9)]) == [1] * 9
    assert kept([(0, time, UNLIMITED, 1) for time in range(9)]) == [1] * 9
    assert kept([]) == []
