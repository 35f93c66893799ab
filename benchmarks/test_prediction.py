"""How fast everybody's ways are counted and a thousand cars' next cameras guessed."""

import numpy as np
import pytest

from alprsim.kernels import prediction as kernels
from alprsim.randomness import below, draw, stream

READS, CARS, CAMERAS, ASKED = 1_000_000, 2_500, 200, 40


@pytest.fixture(scope="module")
def steps():
    """Make every car go round its own ten cameras, in a tenth of its steps to any."""
    rows = np.arange(READS)
    car, turn = rows // (READS // CARS), rows % (READS // CARS)
    usual = below(draw(stream(1, "round"), car, turn % 10), CAMERAS)
    stray = below(draw(stream(1, "stray"), rows), 10) == 0
    camera = np.where(stray, below(draw(stream(1, "where"), rows), CAMERAS), usual).astype(np.int32)
    same = car[1:] == car[:-1]
    return car[:-1][same], camera[:-1][same], (turn[:-1][same] % 24).astype(np.int32), camera[1:][same]


def test_ways(benchmark, steps):
    _, *step = steps
    first, to, hourly = benchmark(kernels.ways, *step, CAMERAS)
    benchmark.extra_info["reads"] = READS
    assert hourly[:, 24].sum() == len(step[0])
    assert first[-1] == len(to) == len(np.unique(step[0].astype(np.int64) * CAMERAS + step[2]))


def test_predict(benchmark, steps):
    car, *step = steps
    everybody = kernels.ways(*step, CAMERAS)
    begin = np.searchsorted(car, np.arange(CARS + 1)).astype(np.int64)
    asked = np.arange(CARS + 1, dtype=np.int64) * ASKED
    mine = (begin[:-1, None] + np.arange(ASKED)).reshape(-1)
    guess = np.empty(CARS * ASKED, np.int32)
    benchmark(kernels.predict, begin, *step, asked, step[0][mine], step[1][mine], *everybody, guess)
    benchmark.extra_info["reads"] = READS
    benchmark.extra_info["guesses"] = len(guess)
    assert (guess == step[2][mine]).mean() > 0.7  # nine of ten from a camera of the round, nine of ten to one
