"""Which few cameras read a plate most: one pass over its reads."""

import numpy as np

from alprsim.kernels._jit import Int32, Int64Out, kernel


@kernel
def favourites(who: Int32, camera: Int32, n_cameras: int, most: int, answer: Int64Out) -> None:
    """Name the set of the 1, 2, … ``most`` cameras that read each plate most often; of equals those with the lower number.

    Parameters
    ----------
    who : int32[n_reads], 0 … n_who − 1, rising
    camera : int32[n_reads], 0 … n_cameras − 1
    most : int
        ``n_cameras ** most`` is below 2⁶³.
    answer : int64[n_who × most], overwritten
        Equal numbers are equal sets: the cameras, rising, are its digits to the base ``n_cameras``. −1: so many never read it.

    Source: Zang & Bolot 2011, "Anonymization of location data does not work": the top N of a person's cells.
    """
    answer[:] = -1
    count = np.zeros(n_cameras, np.int64)
    seen = np.empty(n_cameras, np.int32)
    top = np.empty(most, np.int64)
    begin = 0
    while begin < len(who):
        end, different = begin, 0
        while end < len(who) and who[end] == who[begin]:
            if count[camera[end]] == 0:
                seen[different] = camera[end]
                different += 1
            count[camera[end]] += 1  # any: 1
            end += 1
        for n in range(min(most, different)):
            best = seen[0]
            for k in range(1, different):
                one = seen[k]
                if count[one] > count[best] or (count[one] == count[best] and one < best):  # any: one < best
                    best = one
            count[best] = -1  # any: 1
            place = n
            while place > 0 and top[place - 1] > best:  # any: top[place - 1] > best
                top[place] = top[place - 1]
                place -= 1
            top[place] = best
            name = np.int64(0)
            for k in range(n + 1):
                name = name * n_cameras + top[k]
            answer[who[begin] * most + n] = name
        for k in range(different):
            count[seen[k]] = 0
        begin = end
