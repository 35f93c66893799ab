"""Grouping rows by a small key: rows a second, the answer held against a stable sort."""

import numpy as np
import pytest

from alprsim.kernels import group as kernels
from alprsim.randomness import below, draw, stream

ROWS = 4_000_000


@pytest.mark.parametrize("keys", [256, 400_000], ids=["buckets", "vehicles"])
def test_group(benchmark, keys):
    key = below(draw(stream(1, "keys"), np.arange(ROWS)), keys).astype(np.int32)

    def zeros():
        return (key, np.zeros(keys + 1, np.int64)), {}

    order = benchmark.pedantic(kernels.group, setup=zeros, rounds=5)
    assert np.array_equal(order, np.argsort(key, kind="stable"))
    if benchmark.stats:
        benchmark.extra_info["rows/s"] = round(ROWS / benchmark.stats.stats.min)
