"""Which reads are under one name: where pseudonyms change, a car's reads fall apart into those of several strangers."""

import numpy as np

from alprsim.measures.question import BITS
from alprsim.tables import UNLIMITED, Bucket, Int32, Int64, UInt64


def spells(time: Int32, rotation: Int32) -> tuple[Int64, Int64]:
    """Return how long the name lasts under which each read stands, −1 for good, 0 the plate, and which of its spells it is.

    Records that change names after different times, or never, are not linked with each other.

    Parameters
    ----------
    rotation : int32[n_reads]
        As `question.Resolution`.
    """
    lasts = rotation.astype(np.int64)
    lasts[lasts == UNLIMITED] = -1
    return lasts, np.where(lasts > 0, time // np.maximum(lasts, 1), 0)


def most_read(bucket: Bucket, rotation: Int32, masks: UInt64) -> UInt64:
    """Return the masks with, of each vehicle and to each sight, only the reads of the name under which it holds most.

    Of equals the plate comes after a name for good and before one that changes, and an earlier one before a later.

    Parameters
    ----------
    bucket : Bucket
        With true times: names change by them.
    rotation : int32[n_reads]
    masks : uint64[n_reads]
        The answer of `question.held`.
    """
    owner = np.repeat(np.arange(len(bucket.vehicle)), np.diff(bucket.first_read))
    order = np.lexsort((*spells(bucket.reads.time, rotation)[::-1], owner))
    columns = [column[order] for column in (owner, *spells(bucket.reads.time, rotation))]
    changes = np.any([np.diff(column, prepend=-2) != 0 for column in columns], axis=0)  # any: 2
    fresh = np.flatnonzero(changes)
    name = np.empty(len(order), np.int64)
    name[order] = np.cumsum(changes) - 1
    answer = np.zeros(len(masks), np.uint64)
    for bit in np.flatnonzero(np.bitwise_or.reduce(masks, initial=np.uint64(0)) >> BITS & np.uint64(1)):  # any: 0
        held = masks >> np.uint64(bit) & np.uint64(1)
        many = np.add.reduceat(held[order].astype(np.int64), fresh)
        by_owner = np.lexsort((-many, columns[0][fresh]))
        best = np.zeros(len(fresh), np.bool_)
        best[by_owner[np.diff(columns[0][fresh][by_owner], prepend=-1) != 0]] = True  # any: 1
        answer |= np.where(best[name], held << np.uint64(bit), np.uint64(0))
    return answer
