"""How fast the entropy of a thousand cars' sequences is estimated."""

import numpy as np
import pytest

from alprsim.kernels import entropy as kernels
from alprsim.measures import entropy
from alprsim.randomness import below, draw, stream

CARS, READS, CAMERAS = 1000, 500, 8


@pytest.fixture(scope="module")
def sequences():
    """Make cars whose reads are random, and every second one that goes round."""
    camera = below(draw(stream(1, "camera"), np.arange(CARS * READS)), CAMERAS).reshape(CARS, READS)
    camera[::2] = np.arange(READS) % CAMERAS
    return np.arange(CARS + 1) * READS, camera.reshape(-1).astype(np.int32)


def test_unseen(benchmark, sequences):
    total = np.empty(CARS, np.int64)
    benchmark(kernels.unseen, *sequences, total)
    benchmark.extra_info["reads"] = CARS * READS
    assert len(set(total[::2].tolist())) == 1
    assert (total[::2] > 20 * total[1::2]).all()


def test_bounds(benchmark, sequences):
    found = benchmark(entropy.bounds, *sequences)
    benchmark.extra_info["reads"] = CARS * READS
    assert found.real[1::2].mean() == pytest.approx(2.74, abs=0.01)
    assert (found.real[::2] < 0.2).all()
    assert found.random == pytest.approx(3)
