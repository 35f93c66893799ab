"""How unevenly cars are laid open, from the least to the most, by how long everything is kept: ``distribution.parquet``."""

from __future__ import annotations

import pyarrow as pa

from alprsim import parquet
from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import distribution
from alprsim.tables import Measured


class Distribution:
    """What each resident's car shows to who holds every camera's reads, at the last moment; no case changes it."""

    def __init__(self, asked: Asked, _every: Lenses) -> None:
        self._asked = asked
        self._windows = distribution.lengths(asked.moments[-1])
        self._parts: list[distribution.Counted] = []

    def add(self, look: Look) -> None:
        """Count one bucket, once."""
        if look.lens == 0 and look.moment == len(self._asked.moments) - 1:
            self._parts.append(distribution.count(look.opened, self._asked.people, self._windows, look.put.moment))

    def rows(self) -> list[Measured]:
        """Write the table; a distribution is of no case, so the tidy table has no row of it."""
        columns = distribution.table(self._parts, self._windows, self._asked.people.towns)
        parquet.write(pa.table(columns), self._asked.folder / "distribution.parquet")
        return []
