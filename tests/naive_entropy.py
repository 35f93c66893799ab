"""How regular a sequence of cameras is, in bits, by plain loops, where the end counts as a camera of its own.

It is n log2 n / Σ Λ, where Λ at each read is the length of the shortest run of cameras from there that was not seen before
(Kontoyiannis, Algoet, Suhov & Wyner 1998; Song, Qu, Blumm & Barabási 2010).
"""

import math
from collections.abc import Hashable, Sequence


def random(cameras: Sequence[Hashable]) -> float:
    """Return log2 of how many cameras there are: all equally likely (Song et al. 2010); NaN of nothing."""
    return math.log2(len(set(cameras))) if cameras else math.nan


def uncorrelated(cameras: Sequence[Hashable]) -> float:
    """Return the entropy of how often each camera reads, in no order; NaN of nothing."""
    n = len(cameras)
    counts = [cameras.count(camera) for camera in dict.fromkeys(cameras)]
    return sum(-many / n * math.log2(many / n) for many in counts) if n else math.nan


def real(cameras: Sequence[Hashable]) -> float:
    """Return the entropy of the sequence, in its order, as Lempel and Ziv's parsing estimates it; NaN below 3 reads."""
    n = len(cameras)
    return n * math.log2(n) / sum(_unseen(cameras, at) for at in range(n)) if n >= 3 else math.nan


def _unseen(cameras: Sequence[Hashable], at: int) -> int:
    left = len(cameras) - at
    for length in range(1, left + 1):
        run = cameras[at : at + length]
        if not any(cameras[start : start + length] == run for start in range(at - length + 1)):
            return length
    return left + 1
