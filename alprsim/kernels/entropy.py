"""How much of a car's sequence of cameras is new: at each read, the shortest run of cameras not seen before."""

import numpy as np

from alprsim.kernels._jit import Int32, Int64, Int64Out, kernel


@kernel
def unseen(first: Int64, camera: Int32, total: Int64Out) -> None:
    """Add up, over the reads of each sequence, the length of the shortest run from there that no run wholly before it equals.

    Where even the rest of the sequence was seen before, the end counts as a camera of its own: one more than what is left.
    Time grows with the square of a sequence's length.

    Parameters
    ----------
    first : int64[n + 1]
        Sequence k is ``camera[first[k]:first[k + 1]]``.
    camera : int32[n_reads]
    total : int64[n]
        The answer.
    """
    longest = 0  # any
    for k in range(len(total)):
        longest = max(longest, first[k + 1] - first[k])
    # How far the runs from each earlier read and from this one agree.
    common = np.empty(longest + 1, np.int64)  # any
    for k in range(len(total)):
        begin, n = first[k], first[k + 1] - first[k]
        common[:] = 0
        total[k] = 0
        for at in range(n - 1, -1, -1):
            best = 0
            for start in range(at):
                common[start] = common[start + 1] + 1 if camera[begin + start] == camera[begin + at] else 0
                best = max(best, min(int(common[start]), at - start))
            total[k] += best + 1
