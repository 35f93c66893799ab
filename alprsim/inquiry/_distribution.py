"""How unevenly cars are laid open, from the least to the most: by how long everything is kept, and to each viewer."""

from __future__ import annotations

from alprsim import parquet
from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import distribution, question
from alprsim.tables import Distribution as ByWindow
from alprsim.tables import Measured


class Distribution:
    """What each resident's car shows at the last moment: to who holds every camera's reads, and to each viewer.

    ``distribution.parquet`` and ``viewers_distribution.parquet``; of every case that hangs on nobody's grant.
    """

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every.certain()
        self._windows = distribution.lengths(asked.moments[-1])
        self._parts: list[distribution.Counted] = []
        self._held = [distribution.nothing(len(asked.people.towns)) for _ in self._every.lenses]

    def add(self, look: Look) -> None:
        """Count one bucket, once, and through each lens."""
        if look.moment < len(self._asked.moments) - 1 or look.lens >= len(self._held):
            return
        people = self._asked.people
        if look.lens == 0:
            self._parts.append(distribution.count(look.opened, people, self._windows, look.put.moment))
        town = question.home_towns(people, look.opened.bucket.vehicle)
        self._held[look.lens] = distribution.add(
            self._held[look.lens], look.opened, look.masks, look.put, town, dated=look.dated
        )

    def rows(self) -> list[Measured]:
        """Write the tables; the tidy table has no row of a distribution."""
        every, towns, folder = self._every, self._asked.people.towns, self._asked.folder
        columns = distribution.table(self._parts, self._windows, towns)
        parquet.save(ByWindow.of(**columns), folder / "distribution.parquet")
        so_far = [~put.measured for put in self._asked.questions(every.lenses)[-1]]
        found = distribution.of_viewers(self._held, so_far, every.place, every.cases, towns)
        parquet.save(found, folder / "viewers_distribution.parquet")
        return []
