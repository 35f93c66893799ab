"""How fast home and work are guessed for 64 cases at once."""

import numpy as np

from alprsim.kernels.anchors import anchors
from alprsim.tables import DAY

VEHICLES, DAYS, SITES = 2_000, 60, 200


def test_anchors(benchmark):
    """Everybody lives by one site, works by another and shops at a third; case k holds the last k days."""
    clock = np.array([7, 7.5, 11, 17, 17.5, 20], float) - 4
    time = np.tile((np.arange(DAYS)[:, None] * DAY + clock * 3600).reshape(-1), VEHICLES).astype(np.int32)
    vehicle = np.repeat(np.arange(VEHICLES), DAYS * 6)
    which = np.tile([0, 1, 2, 1, 0, 0], VEHICLES * DAYS)
    site = ((vehicle * 3 + which) % SITES).astype(np.int32)
    held = (DAYS - time // DAY)[:, None] <= np.arange(64)
    masks = held @ (np.uint64(1) << np.arange(64, dtype=np.uint64))
    first = np.arange(VEHICLES + 1, dtype=np.int64) * DAYS * 6
    own = np.arange(VEHICLES) * 3 % SITES
    near = np.repeat(own[:, None] == np.arange(SITES), 2, axis=0)
    guess, until = np.empty((2 * VEHICLES, 64), np.int32), np.empty((2 * VEHICLES, 64), np.int32)
    benchmark(anchors, np.arange(VEHICLES), first, time, site, masks, near, 0, DAYS * DAY - 1, guess, until)
    benchmark.extra_info["reads"] = len(time)
    home, work = guess[::2], guess[1::2]
    assert (home[:, 0] == -1).all()
    assert (home[:, 1:] == own[:, None]).all()
    assert (work[:, -1] >= 0).all()
    assert (until[::2, 1:] == 1).all()
