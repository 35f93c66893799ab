"""How fast one car is tracked through a week of quarter hours, in one case: 68 zones, 14 reads, every home it may have."""

import numpy as np

from alprsim.kernels import tracker

ZONES, STEPS, READS = 68, 672, 14


def track(homes, hours, hour, to, begin, pairs, pair, still, read, asked):
    """Weigh each home and look back from each: what one target in one case costs, once."""
    alpha, later = (np.empty((STEPS + 1, 1 + 2 * ZONES)) for _ in range(2))
    chance, moved = np.empty(STEPS), np.zeros((len(asked), ZONES, ZONES))
    posterior, arrivals = np.zeros((len(asked), ZONES)), np.zeros((2, ZONES))
    for home in range(homes):
        tracker.forward(home, hours, hour, to, begin, pairs, pair, still, read, alpha, chance)
        tracker.backward(
            home, 1 / homes, hours, hour, to, pairs, pair, still, read, alpha, chance, asked, later, posterior,
            arrivals,
        )  # fmt: skip
        tracker.flows(home, 1 / homes, hours, hour, to, pairs, pair, read, alpha, chance, later, asked - 1, moved)
    return posterior, moved


def test_tracker(benchmark):
    """Every read is on the way from zone 0 to zone 1, so after each the car is in zone 1, and before in zone 0."""
    hours = np.array([[0.03, 0.3, 0.05, 0.3, 0.2, 0.7]])
    hour, pair = np.zeros(STEPS, np.int32), np.zeros(STEPS, np.int32)
    pair[24::48] = 1
    to = np.full((ZONES, 2 * ZONES), 1 / ZONES)
    pairs = np.ones((2, ZONES, ZONES))
    pairs[1] = 1e-9
    pairs[1, 0, 1] = 0.9
    still = np.stack([np.ones(ZONES), np.full(ZONES, 1e-9)])
    after = np.flatnonzero(pair).astype(np.int32) + 1
    begin = np.array([0.9, 0.05, 0.05])
    posterior, moved = benchmark(
        track, ZONES, hours, hour, to, begin, pairs.reshape(-1, ZONES), pair, still, np.array([False, True]), after
    )
    benchmark.extra_info["reads"] = READS
    assert len(after) == READS
    assert np.allclose(posterior.sum(axis=1), 1)
    assert (posterior[:, 1] > 0.99).all()
    assert (moved[:, 0, 1] > 0.99).all()
