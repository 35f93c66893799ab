"""Whether what is held gives away where people live and work."""

from __future__ import annotations

from alprsim.inquiry._asked import SO_FAR, Asked, Lenses, Look, of_all_moments, so_far
from alprsim.measures import places
from alprsim.tables import DAY, Measured


class Homes:
    """Home and work of every case that hangs on nobody's grant."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        self._questions = asked.questions(every.lenses)
        network, settled = asked.world.network, asked.done.settlement
        self._home = places.homes(settled.vehicles, network.places, network.junctions)
        self._work = places.works(settled.vehicles, settled.people, network.places, network.junctions)
        within, days = asked.study.measures.near_home, asked.study.length // DAY
        self._sums = [
            [places.empty(asked.people, within=within, days=days) for _ in every.lenses] for _ in asked.moments
        ]

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        places.add(
            self._sums[look.moment][look.lens], look.seen, look.masks, so_far(look.put), self._asked.people,
            sites=self._asked.sites, home=self._home, work=self._work, first_weekday=self._asked.study.start.weekday(),
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows, and those of what was simulated so far."""
        every, people, seed = self._every, self._asked.people, self._asked.seed
        return [
            of_all_moments(self._sums, self._questions, suffix, lambda sums: places.rows(
                sums, every.place, every.cases, people, seed=seed)) for suffix in ("", SO_FAR)
        ]  # fmt: skip
