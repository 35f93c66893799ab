"""Over which stretch of time a record that was kept coarse leaves open when its read was made, and whether that is one day."""

import numpy as np

from alprsim.measures.question import Resolution
from alprsim.tables import DAY, Int16, Int32, UInt64


def spans(time: Int32, stream: Int16, seen: Resolution | None) -> tuple[Int32, Int32] | None:
    """Return the first and the last second in which each read may have been made, as a sight knows it; None: all exactly.

    Parameters
    ----------
    time : int32[n_reads], s
    stream : int16[n_reads], row of `seen`
    """
    if seen is None or not np.any(seen.time_step > 1):  # any: seen.time_step > 1
        return None
    step = np.maximum(seen.time_step[stream].astype(np.int64), 1)
    first = time // step * step
    return first.astype(np.int32), np.minimum(first + step - 1, np.iinfo(np.int32).max).astype(np.int32)


def dated(masks: UInt64, time: Int32, stream: Int16, seen: Resolution | None) -> UInt64 | None:
    """Return the masks without those reads that may be of two days (04:00 to 04:00); None where every read is of one.

    Parameters
    ----------
    masks : uint64[n_reads]
        The answer of `question.held`.
    """
    straddle = seen is not None and np.any(DAY % np.maximum(seen.time_step, 1))  # any: 1
    left_open = spans(time, stream, seen) if straddle else None
    if left_open is None:
        return None
    first, last = left_open
    return np.where(first // DAY == last // DAY, masks, np.uint64(0))
