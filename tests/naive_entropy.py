"""How regular a sequence of cameras is, in bits, by plain loops, with every convention of its estimate by name.

All conventions estimate n log2 n / Σ Λ, where Λ at each read is the length of the shortest run of cameras from there that was
not seen before (Kontoyiannis, Algoet, Suhov & Wyner 1998; Song, Qu, Blumm & Barabási 2010). They differ in what Λ is where
the sequence ends before any such run does, and in whether an earlier run may reach into the present one.
"""

import math
from collections.abc import Hashable, Sequence
from typing import Literal

Convention = Literal["shortest unseen", "zero at end", "scikit-mobility", "fastmob"]
"""*shortest unseen*: Λ counts the end as a camera of its own, unlike any (ours, and the definition). *zero at end*: Λ is 0.
*scikit-mobility* 1.3.1: as the first, but the second read counts 2 always, the last 1 (2 in Λ of both), and the end counts
one more where it is met after two cameras or more. *fastmob* 0.3.2: Λ is what is left, and earlier runs may overlap."""


def random(cameras: Sequence[Hashable]) -> float:
    """Return log2 of how many cameras there are: all equally likely (Song et al. 2010); NaN of nothing."""
    return math.log2(len(set(cameras))) if cameras else math.nan


def uncorrelated(cameras: Sequence[Hashable]) -> float:
    """Return the entropy of how often each camera reads, in no order; NaN of nothing."""
    n = len(cameras)
    counts = [cameras.count(camera) for camera in dict.fromkeys(cameras)]
    return sum(-many / n * math.log2(many / n) for many in counts) if n else math.nan


def real(cameras: Sequence[Hashable], convention: Convention = "shortest unseen") -> float:
    """Return the entropy of the sequence, in its order, as Lempel and Ziv's parsing estimates it; NaN below 3 reads."""
    n = len(cameras)
    if n < 3:
        return math.nan
    if convention == "scikit-mobility":
        total = 3 + sum(_of_scikit_mobility(cameras, at) for at in range(1, n - 1))
    else:
        total = sum(_unseen(cameras, at, convention) for at in range(n))
    return n * math.log2(n) / total


def _unseen(cameras: Sequence[Hashable], at: int, convention: Convention) -> int:
    left = len(cameras) - at
    reach = len(cameras) if convention == "fastmob" else at
    for length in range(1, left + 1):
        if not _seen(cameras, at, length, reach):
            return length
    return {"zero at end": 0, "fastmob": left}.get(convention, left + 1)


def _of_scikit_mobility(cameras: Sequence[Hashable], at: int) -> int:
    length = 1
    while _seen(cameras, at, length, at):
        length += 1
        if at + length == len(cameras):
            return length + 1
    return length


def _seen(cameras: Sequence[Hashable], at: int, length: int, reach: int) -> bool:
    """Tell whether the run was there before: from an earlier read on, and wholly before ``reach``."""
    run = cameras[at : at + length]
    return any(cameras[start : start + length] == run for start in range(min(at, reach - length + 1)))
