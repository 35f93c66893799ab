"""Whether what is held tells those who know a car's registered address on which nights it slept elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.measures import apart, nights, places, question
from alprsim.measures.question import Residents
from alprsim.tables import Measured


class Nights:
    """Nights away of every case."""

    def __init__(self, asked: Asked, every: Lenses, also: Sequence[Residents] = ()) -> None:
        self._asked, self._every, self._people = asked, every, [asked.people, *also]
        network, spec = asked.world.network, asked.study.measures.nights
        self._rule = nights.Rule(spec.evening, spec.morning, spec.away, spec.area)
        self._home = places.homes(asked.done.settlement.vehicles, network.places, network.junctions)
        self._places = places.spots(network.places, network.junctions)
        self._together = nights.near_each_other(asked.sites, spec.area)
        self._cars, self._lives = (
            [[nights.empty(len(one.towns)) for _ in every.lenses] for one in self._people] for _ in range(2)
        )

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        if look.lens >= len(self._every.lenses):
            return
        every = zip(self._people, self._cars, self._lives, strict=True)
        (people, cars, lives), *also = [(one, cars[look.lens], they[look.lens]) for one, cars, they in every]
        nights.add(
            cars, lives, look.seen, look.masks, look.put, people, drivers=look.drivers, sites=self._asked.sites,
            home=self._home, places=self._places, together=self._together, rule=self._rule, also=also,
        )  # fmt: skip

    def rows(self) -> list[Measured]:
        """Return the rows: of vehicles, and of people."""
        return self.rows_of(0)

    def rows_of(self, number: int) -> list[Measured]:
        """Return the rows by home town, or by other groups."""
        every, towns, seed = self._every, self._people[number].towns, self._asked.seed
        return [
            nights.rows(sums[number], every.place, every.named(), towns, seed=seed, who=who)
            for sums, who in ((self._cars, question.VEHICLES), (self._lives, question.PEOPLE))
        ]

    lives = staticmethod(apart.everybody)
