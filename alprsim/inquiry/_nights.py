"""Whether what is held tells those who know a car's registered address on which nights it slept elsewhere."""

from __future__ import annotations

from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import nights, places, question
from alprsim.tables import Measured


class Nights:
    """Nights away of every case."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        network, spec = asked.world.network, asked.study.measures.nights
        self._rule = nights.Rule(spec.evening, spec.morning, spec.away, spec.area)
        self._home = places.homes(asked.done.settlement.vehicles, network.places, network.junctions)
        self._places = places.spots(network.places, network.junctions)
        self._together = nights.near_each_other(asked.sites, spec.area)
        self._cars, self._lives = ([nights.empty(len(asked.people.towns)) for _ in every.lenses] for _ in range(2))

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        nights.add(
            self._cars[look.lens], self._lives[look.lens], look.seen, look.masks, look.put, self._asked.people,
            drivers=look.drivers, sites=self._asked.sites, home=self._home, places=self._places,
            together=self._together, rule=self._rule,
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows: of vehicles, and of people."""
        every, towns, seed = self._every, self._asked.people.towns, self._asked.seed
        return [
            nights.rows(sums, every.place, every.named(), towns, seed=seed, who=who)
            for sums, who in ((self._cars, question.VEHICLES), (self._lives, question.PEOPLE))
        ]
