"""Draws that belong to (seed, question, row keys): adding a camera, a policy or a vehicle changes nobody else's.

Every random number is a hash, never the next of a shared stream and never of a row number. The NumPy form here and the
kernel form in ``kernels/_jit.py`` give the same bits, from integer arithmetic alone.
"""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def stream(seed: int, question: str) -> np.uint64:
    """Return the 64-bit stream of one question ("who works where") under one seed; keys are then drawn from it."""
    digest = hashlib.sha256(f"{seed}\0{question}".encode()).digest()
    return np.uint64(int.from_bytes(digest[:8], "little"))


def draw(base: np.uint64 | NDArray[np.uint64], *keys: ArrayLike) -> NDArray[np.uint64]:
    """Draw 64 bits for each row from ``base`` (a stream or earlier draws) and the row's integer keys, broadcast together."""
    bits = np.asarray(base, np.uint64)
    with np.errstate(over="ignore"):
        for key in keys:
            bits = _mix(bits + (np.asarray(key).astype(np.uint64) + np.uint64(1)) * _GOLDEN)
    return bits


def uniform(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Turn drawn bits into float64 in [0, 1)."""
    return np.asarray((bits >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def below(bits: NDArray[np.uint64], n: ArrayLike) -> NDArray[np.int64]:
    """Turn drawn bits into integers in [0, n), n < 2³²."""
    return np.asarray(((bits >> np.uint64(32)) * np.asarray(n).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)


def choose(bits: NDArray[np.uint64], weights: ArrayLike) -> NDArray[np.int64]:
    """Choose an index for each draw with probability in proportion to ``weights`` (1-D, none negative, some positive)."""
    cumulative = np.cumsum(np.asarray(weights, np.float64))
    return np.asarray(np.searchsorted(cumulative, uniform(bits) * cumulative[-1], side="right"), np.int64)


def _mix(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
