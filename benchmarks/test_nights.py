"""How fast nights away from home are inferred for 64 cases at once."""

import numpy as np

from alprsim.kernels import nights
from alprsim.tables import DAY

VEHICLES, DAYS, SITES = 2_000, 60, 200


def test_infer(benchmark):
    """Everybody is read every morning and evening at one place, half of them far from home; case k holds the last k days."""
    clock = np.array([7, 12, 17, 21], float) - 4
    time = np.tile((np.arange(DAYS)[:, None] * DAY + clock * 3600).reshape(-1), VEHICLES).astype(np.int32)
    site = np.repeat(np.arange(VEHICLES, dtype=np.int32) % SITES, DAYS * 4)
    held = (DAYS - time // DAY)[:, None] <= np.arange(64)
    masks = held @ (np.uint64(1) << np.arange(64, dtype=np.uint64))
    first = np.arange(VEHICLES + 1, dtype=np.int64) * DAYS * 4
    far = np.repeat(np.arange(VEHICLES)[:, None] % 2 == 0, SITES, axis=1)
    claims, cases = np.empty((3, VEHICLES * DAYS), np.int32), np.empty(VEHICLES * DAYS, np.uint64)
    told = np.arange(VEHICLES), first, time, site, masks, far, np.eye(SITES, dtype=np.bool_), 14 * 3600, 8 * 3600
    n = benchmark(nights.infer, *told, claims, cases)
    benchmark.extra_info["reads"] = len(time)
    assert n == VEHICLES // 2 * (DAYS - 1)
    assert (claims[nights.EVENING, :n] % 4 == 3).all()
    assert (claims[nights.MORNING, :n] == claims[nights.EVENING, :n] + 1).all()
    assert int(cases[n - 1]) == 2**64 - 4  # both days must be held
