"""What agencies' transparency portals would say of a simulated month."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from alprsim import parquet
from alprsim.inquiry._asked import Asked
from alprsim.tables import DAY, ROVING, Reads

PORTAL_DAYS = 30
"""Over which agencies' transparency portals count the vehicles detected."""


def save(asked: Asked, reads: Reads) -> None:
    """Write what agencies' transparency portals would say: different plates in the last 30 days, and over how many cameras.

    They are of cameras that stand: what patrol cars read is in no portal's count of cameras. A shorter run counts the days
    it has.
    """
    length = asked.study.length
    days = min(PORTAL_DAYS, length // DAY)
    cameras, sites = asked.done.placement.cameras, asked.done.placement.sites
    stands = ~np.isin(cameras.kind, ROVING)
    recent = (reads.time >= length - days * DAY) & (reads.time < length) & stands[sites.camera[reads.site]]
    owner = cameras.agency[sites.camera[reads.site[recent]]].astype(np.int64)
    pairs = np.unique(owner << 32 | reads.plate[recent])
    n = len(asked.world.agencies)
    table = {
        "agency": asked.world.agencies.name,
        "kind": asked.world.agencies.kind,
        "cameras": np.bincount(cameras.agency[stands], minlength=n),
        "days": np.full(n, days),
        "plates": np.bincount(pairs >> 32, minlength=n),
    }
    parquet.write(pa.table(table), asked.folder / "portals.parquet")
